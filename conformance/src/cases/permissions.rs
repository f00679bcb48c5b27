//! What the administrator has not consented to, or not any more (403, 7504).

use bot_reference::Flaw;
use graph_fake::manifest::Deed;
use serde_json::json;

use super::{hours, minutes, secs};
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    journal::{self, Exchange},
    rule::{Rule, Sourced},
    stage::{Call, ROLES, Stage},
};

/// In reading order.
pub const CASES: &[&Case] = &[
    &PROMPTS,
    &TONES,
    &RECORD,
    &INVITE,
    &TRANSFER,
    &CREATE,
    &MUTE,
    &KEEP_ALIVE,
    &WITHDRAWN,
    &CONSENT_AGAIN,
    &INVITATION,
    &INVITATION_DECLINED,
    &DROPPED,
];

const REFUSED: Rule = Rule {
    id: "permission.refused",
    contract: Some("R-046"),
    sourced: Sourced::Observed,
    says: "What the administrator has not consented to is refused with 403, code 7504; asking again does not help, and \
           the call goes on.",
    source: "microsoft-graph-comms-samples issues 276, 538, 685 and 850",
};

const MEDIA: Rule = Rule {
    id: "permission.media",
    contract: Some("R-036"),
    sourced: Sourced::Documented,
    says: "Recording and tones need Calls.AccessMedia.All; a bot without it can still speak.",
    source: "https://learn.microsoft.com/graph/api/call-subscribetotone",
};

const CONSENT: Rule = Rule {
    id: "permission.consent",
    contract: Some("R-022"),
    sourced: Sourced::Documented,
    says: "Permissions come and go by the administrator's consent: what was refused may be granted next time.",
    source: "microsoft-graph-comms-samples, docs/articles/calls/register-calling-bot",
};

const JOINING: Rule = Rule {
    id: "permission.join",
    contract: Some("R-032"),
    sourced: Sourced::Documented,
    says: "To answer an invitation into a group call a bot needs Calls.JoinGroupCall.All or its relative for guests; \
           what it may not answer it can always reject.",
    source: "https://learn.microsoft.com/graph/api/call-answer",
};

const DROP: Rule = Rule {
    id: "permission.dropped",
    contract: Some("R-172"),
    sourced: Sourced::Documented,
    says: "A bot that may not join group calls is dropped when somebody makes one of its call.",
    source: "microsoft-graph-comms-samples, docs/articles/calls",
};

/// Attempts that a bot may make before it has understood.
const ATTEMPTS_MAX: usize = 3;

/// The same thing is not asked over and over.
pub(super) fn understood(asked: &[Exchange]) -> Result<(), Wrong> {
    let same = |one: &Exchange| {
        asked.iter().filter(|other| other.op == one.op && other.body == one.body).count()
    };
    match asked.iter().find(|one| same(one) > ATTEMPTS_MAX) {
        None => Ok(()),
        Some(one) => {
            let expected = format!("at most {ATTEMPTS_MAX} attempts at what is not permitted");
            Err(Wrong::bot(expected, format!("there were {} of '{}'", same(one), one.op)))
        }
    }
}

/// Refused, the bot understands, stays, and takes the next call.
async fn stays(stage: &Stage, call: &Call, op: &str) -> Result<(), Wrong> {
    stage.is_refused(call, op, 1, secs(60)).await?;
    stage.let_pass(minutes(1)).await;
    understood(&stage.requests(call, op).await?)?;
    stage.expect_state(call, "established").await?;
    stage.expect_alive().await
}

/// Somebody asks for what is not permitted any more.
async fn asked_in_vain(stage: &Stage, deed: Deed, role: &str, op: &str) -> Result<(), Wrong> {
    let call = stage.is_in_call_with("Alice").await?;
    stage.let_pass(secs(15)).await;
    stage.consents(false, &[role]).await?;
    stage.asks_bot_in_vain(&call, deed).await?;
    stays(stage, &call, op).await
}

/// Nothing can be said.
pub const PROMPTS: Case = Case {
    id: "permissions/prompts-refused",
    title: "A bot that may not speak stays in the call",
    level: Level::Should,
    rule: &REFUSED,
    profile: Profile::ServiceHosted,
    needs: &[Need::Faults],
    steps: &[
        "Alice rings; every playPrompt is refused with 403.",
        "A minute later the bot has tried none of them more than 3 times, and is still there.",
        "It takes the next call.",
    ],
    limit: secs(300),
    kills: &[Flaw::LeavesOnRefusal, Flaw::RetriesRefusals],
    story: |stage| {
        Box::pin(async move {
            stage.fails("playPrompt", 1_000, 403, None).await?;
            let call = stage.is_in_call_with("Alice").await?;
            stays(stage, &call, "playPrompt").await
        })
    },
};

/// Nothing can be heard.
pub const TONES: Case = Case {
    id: "permissions/tones-refused",
    title: "A bot that may not hear keys stays in the call, and speaks",
    level: Level::Should,
    rule: &MEDIA,
    profile: Profile::Tones,
    needs: &[],
    steps: &[
        "The administrator withdraws Calls.AccessMedia.All; Alice rings.",
        "The bot says something; its subscription to tones is refused with 403, code 7504.",
        "A minute later it has tried that at most 3 times, and is still there; it takes the next call.",
    ],
    limit: secs(300),
    kills: &[Flaw::LeavesOnRefusal, Flaw::RetriesRefusals],
    story: |stage| {
        Box::pin(async move {
            stage.consents(false, &["Calls.AccessMedia.All"]).await?;
            let call = stage.is_in_call_with("Alice").await?;
            stage.expect_done(&call, "playPrompt", 1, secs(20)).await?;
            stays(stage, &call, "subscribeToTone").await
        })
    },
};

/// Nothing can be kept.
pub const RECORD: Case = Case {
    id: "permissions/record-refused",
    title: "A bot that may not record any more stays in the call",
    level: Level::Should,
    rule: &MEDIA,
    profile: Profile::Recording,
    needs: &[Need::Asked(Deed::Record)],
    steps: &[
        "Alice's call is established; the administrator withdraws Calls.AccessMedia.All.",
        "Alice asks the bot to record her: refused with 403, code 7504.",
        "A minute later the bot has tried at most 3 times, and is still there; it takes the next call.",
    ],
    limit: secs(300),
    kills: &[Flaw::LeavesOnRefusal, Flaw::RetriesRefusals],
    story: |stage| {
        let role = "Calls.AccessMedia.All";
        Box::pin(async move { asked_in_vain(stage, Deed::Record, role, "recordResponse").await })
    },
};

/// Nobody can be brought in.
pub const INVITE: Case = Case {
    id: "permissions/invite-refused",
    title: "A bot that may not invite any more stays in the call",
    level: Level::Should,
    rule: &REFUSED,
    profile: Profile::Escalation,
    needs: &[Need::Asked(Deed::Invite)],
    steps: &[
        "Alice's call is established; the administrator withdraws Calls.InitiateGroupCall.All.",
        "Alice asks the bot to bring a colleague in: refused with 403, code 7504.",
        "A minute later the bot has tried at most 3 times, and is still there; it takes the next call.",
    ],
    limit: secs(300),
    kills: &[Flaw::LeavesOnRefusal, Flaw::RetriesRefusals],
    story: |stage| {
        let role = "Calls.InitiateGroupCall.All";
        Box::pin(async move { asked_in_vain(stage, Deed::Invite, role, "invite").await })
    },
};

/// Nobody can be put through.
pub const TRANSFER: Case = Case {
    id: "permissions/transfer-refused",
    title: "A bot that may not transfer any more stays in the call",
    level: Level::Should,
    rule: &REFUSED,
    profile: Profile::Transfer,
    needs: &[Need::Asked(Deed::Transfer)],
    steps: &[
        "Alice's call is established; the administrator withdraws Calls.Initiate.All.",
        "Alice asks the bot to put her through: refused with 403, code 7504.",
        "A minute later the bot has tried at most 3 times, and is still there; it takes the next call.",
    ],
    limit: secs(300),
    kills: &[Flaw::LeavesOnRefusal, Flaw::RetriesRefusals],
    story: |stage| {
        let role = "Calls.Initiate.All";
        Box::pin(async move { asked_in_vain(stage, Deed::Transfer, role, "transfer").await })
    },
};

/// Nobody can be called.
pub const CREATE: Case = Case {
    id: "permissions/call-refused",
    title: "A bot that may not call anybody any more goes on with the call it is in",
    level: Level::Should,
    rule: &REFUSED,
    profile: Profile::Callable,
    needs: &[Need::Asked(Deed::GroupCall)],
    steps: &[
        "Alice's call is established; the administrator withdraws Calls.InitiateGroupCall.All.",
        "Alice asks the bot for a group call with a colleague: refused with 403, code 7504.",
        "A minute later the bot has tried at most 3 times, and is still there; it takes the next call.",
    ],
    limit: secs(300),
    kills: &[Flaw::RetriesRefusals],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.let_pass(secs(15)).await;
            stage.consents(false, &["Calls.InitiateGroupCall.All"]).await?;
            stage.asks_bot_to(&call, Deed::GroupCall).await?;
            stage.happens(secs(30), |lines| !journal::creates(lines).is_empty()).await?;
            stage.let_pass(minutes(1)).await;
            let asked = stage.creates().await?;
            understood(&asked)?;
            if asked.is_empty() {
                return Err(Wrong::bot("a call to be asked for", "the bot asked for none"));
            }
            stage.expect_state(&call, "established").await?;
            stage.expect_alive().await
        })
    },
};

/// Not even that.
pub const MUTE: Case = Case {
    id: "permissions/mute-refused",
    title: "A bot that may not mute itself stays in the meeting",
    level: Level::Should,
    rule: &REFUSED,
    profile: Profile::GroupCalls,
    needs: &[Need::Faults, Need::Asked(Deed::Mute)],
    steps: &[
        "The bot is in a meeting; Alice asks it to mute itself: refused with 403.",
        "A minute later the bot has tried at most 3 times, and is still there; it takes the next call.",
    ],
    limit: secs(300),
    kills: &[Flaw::LeavesOnRefusal, Flaw::RetriesRefusals],
    story: |stage| {
        Box::pin(async move {
            let (_, call) = stage.is_in_a_meeting().await?;
            stage.fails("mute", 1_000, 403, None).await?;
            stage.asks_bot_in_vain(&call, Deed::Mute).await?;
            stays(stage, &call, "mute").await
        })
    },
};

/// Once.
pub const KEEP_ALIVE: Case = Case {
    id: "permissions/keep-alive-refused",
    title: "A keepAlive that is refused once is not the end",
    level: Level::Should,
    rule: &CONSENT,
    profile: Profile::Callable,
    needs: &[Need::Faults, Need::VirtualTime],
    steps: &[
        "Alice's call is established; the next keepAlive is refused with 403.",
        "Two hours later the call goes on: no two keepAlives that worked were more than 45 minutes apart.",
    ],
    limit: hours(3),
    kills: &[Flaw::LeavesOnRefusal],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            let from = stage.now();
            stage.fails("keepAlive", 1, 403, None).await?;
            stage.let_pass(hours(2)).await;
            let kept = stage.requests(&call, "keepAlive").await?;
            journal::gaps_under(&kept, from, stage.now(), minutes(45))?;
            stage.expect_state(&call, "established").await
        })
    },
};

/// Nothing at all, and then everything again.
pub const WITHDRAWN: Case = Case {
    id: "permissions/withdrawn-in-a-call",
    title: "A bot whose permissions are all withdrawn stays, and works again when they are given back",
    level: Level::Should,
    rule: &CONSENT,
    profile: Profile::Tones,
    needs: &[Need::Asked(Deed::Menu)],
    steps: &[
        "Alice's call is established; calls are checked again, and all permissions are withdrawn.",
        "She asks the bot to say something: refused with 403, code 7504. The bot stays.",
        "The administrator consents again; she asks once more, and the bot speaks.",
    ],
    limit: secs(300),
    kills: &[Flaw::LeavesOnRefusal, Flaw::RemembersRefusals],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.bot_listens(&call).await?;
            stage.let_pass(secs(15)).await;
            stage.switches(json!({"checksCallsAgain": true})).await?;
            stage.consents(false, &ROLES).await?;
            stage.asks_bot_to(&call, Deed::Menu).await?;
            stage.is_refused(&call, "playPrompt", 1, secs(20)).await?;
            stage.let_pass(secs(30)).await;
            stage.expect_state(&call, "established").await?;
            stage.consents(true, &ROLES).await?;
            stage.expect_service(&call).await
        })
    },
};

/// The next time.
pub const CONSENT_AGAIN: Case = Case {
    id: "permissions/consent-again",
    title: "What was refused for want of a permission is asked again when somebody wants it again",
    level: Level::Should,
    rule: &CONSENT,
    profile: Profile::Escalation,
    needs: &[Need::Asked(Deed::Invite)],
    steps: &[
        "Alice's call is established; without Calls.InitiateGroupCall.All the bot is refused an invitation.",
        "The administrator consents again.",
        "She asks for it again: the bot invites, and Graph takes it.",
    ],
    limit: secs(300),
    kills: &[Flaw::RemembersRefusals, Flaw::LeavesOnRefusal],
    story: |stage| {
        Box::pin(async move {
            let role = ["Calls.InitiateGroupCall.All"];
            let call = stage.is_in_call_with("Alice").await?;
            stage.let_pass(secs(15)).await;
            stage.consents(false, &role).await?;
            stage.asks_bot_in_vain(&call, Deed::Invite).await?;
            stage.is_refused(&call, "invite", 1, secs(20)).await?;
            stage.let_pass(secs(30)).await;
            stage.expect_no_end(&call).await?;
            let refused = stage.requests(&call, "invite").await?.len();
            stage.consents(true, &role).await?;
            stage.asks_bot_to(&call, Deed::Invite).await?;
            stage.expect_done(&call, "invite", refused + 1, secs(20)).await.map(drop)
        })
    },
};

/// The bot, which may join no group call, is invited to one.
async fn uninvited(stage: &Stage) -> Result<Call, Wrong> {
    stage.consents(false, &["Calls.JoinGroupCall.All", "Calls.JoinGroupCallAsGuest.All"]).await?;
    let meeting = stage.holds_meeting("Carol", &["Alice", "Carol"]).await?;
    stage.is_invited(&meeting, "Alice").await
}

/// It may not.
pub const INVITATION: Case = Case {
    id: "permissions/invitation-refused",
    title: "A bot that may not join a meeting understands it, and lives on",
    level: Level::Should,
    rule: &JOINING,
    profile: Profile::GroupCalls,
    needs: &[],
    steps: &[
        "The administrator withdraws Calls.JoinGroupCall.All and its relative; Alice invites the bot into a meeting.",
        "If the bot answers, it is refused with 403, code 7504: it tries at most 3 times.",
        "It takes the next call.",
    ],
    limit: secs(180),
    kills: &[Flaw::RetriesRefusals],
    story: |stage| {
        Box::pin(async move {
            let call = uninvited(stage).await?;
            stage.let_pass(secs(30)).await;
            understood(&stage.requests(&call, "answer").await?)?;
            stage.expect_alive().await
        })
    },
};

/// And says so.
pub const INVITATION_DECLINED: Case = Case {
    id: "permissions/invitation-declined",
    title: "A bot rejects what it may not answer",
    level: Level::May,
    rule: &JOINING,
    profile: Profile::GroupCalls,
    needs: &[],
    steps: &[
        "The administrator withdraws Calls.JoinGroupCall.All and its relative; Alice invites the bot into a meeting.",
        "The bot rejects the call, instead of letting people wait.",
    ],
    limit: secs(180),
    kills: &[Flaw::LetsRingWhatItMayNotAnswer],
    story: |stage| {
        Box::pin(async move {
            let call = uninvited(stage).await?;
            stage.expect_done(&call, "reject", 1, secs(10)).await.map(drop)
        })
    },
};

/// Out.
pub const DROPPED: Case = Case {
    id: "permissions/dropped-by-escalation",
    title: "A bot that is dropped from a call that has become a conference says nothing more",
    level: Level::Must,
    rule: &DROP,
    profile: Profile::Escalation,
    needs: &[],
    steps: &[
        "The administrator withdraws Calls.JoinGroupCall.All; Alice's call is established.",
        "She brings Carol in: the bot is dropped, 403 with subcode 7504.",
        "In the next ten minutes it asks nothing about this call; it takes the next one.",
    ],
    limit: minutes(15),
    kills: &[Flaw::PlaysPromptAfterEscalationDrop],
    story: |stage| {
        Box::pin(async move {
            stage.consents(false, &["Calls.JoinGroupCall.All"]).await?;
            let call = stage.is_in_call_with("Alice").await?;
            stage.let_pass(secs(15)).await;
            stage.brings_in(&call, "Carol").await?;
            let end = stage.hears_of_the_end(&call).await?;
            stage.expect_quiet(&call, end, minutes(10)).await?;
            stage.expect_alive().await
        })
    },
};

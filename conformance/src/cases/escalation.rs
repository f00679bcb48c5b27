//! A call of two becomes a conference: by others, and by the bot itself.

use bot_reference::Flaw;
use graph_fake::manifest::Deed;
use serde_json::json;

use super::{hours, minutes, secs};
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    journal,
    rule::{Rule, Sourced},
    stage::{Call, Stage},
};

/// In reading order.
pub const CASES: &[&Case] = &[
    &SERVES_ON,
    &KEPT_ALIVE,
    &NO_SECOND_GREETING,
    &WAITS_FOR_AUDIO,
    &NOBODY_LISTED,
    &PUTS_THROUGH,
    &ALREADY_THERE,
    &DECLINED,
    &NO_ANSWER,
    &NOT_TWICE,
    &REPLY_LOST,
];

const GOES_ON: Rule = Rule {
    id: "escalation.goesOn",
    contract: Some("R-170"),
    sourced: Sourced::Documented,
    says: "A call of two can become a conference; media is moved, and the bot goes on with the same call.",
    source: "microsoft-graph-comms-samples, docs/articles/calls; call ids persist as far as is known",
};

const NO_ROSTER: Rule = Rule {
    id: "escalation.noRoster",
    contract: Some("R-174"),
    sourced: Sourced::Observed,
    says: "After an escalation rosters do not come, and the list of participants may be empty.",
    source: "microsoft-graph-comms-samples issues 102, 140 and 166",
};

const AUDIO_AGAIN: Rule = Rule {
    id: "escalation.audioAgain",
    contract: Some("R-170"),
    sourced: Sourced::Documented,
    says: "While media is moved there is no audio; that it becomes active again is no beginning.",
    source: "microsoft-graph-comms-samples, docs/articles/calls",
};

const INVITATION_FAILS: Rule = Rule {
    id: "escalation.invitationFails",
    contract: Some("R-224"),
    sourced: Sourced::Observed,
    says: "An invitation ends with a failed operation, after a minute where nobody answers; the call goes on.",
    source: "microsoft-graph-comms-samples issue 408",
};

const INVITED_ONCE: Rule = Rule {
    id: "escalation.invitedOnce",
    contract: Some("R-075"),
    sourced: Sourced::Documented,
    says: "The same person cannot be invited twice.",
    source: "https://learn.microsoft.com/graph/api/resources/call",
};

const NOT_REPEATED: Rule = Rule {
    id: "escalation.notRepeated",
    contract: Some("R-275"),
    sourced: Sourced::Prudent,
    says: "An invitation whose reply is lost may have been heard, and there is no key that makes it idempotent: it is \
           not repeated.",
    source: "a second invitation rings somebody twice",
};

/// Alice brings Carol into her call with the bot, and Carol is there.
async fn escalated(stage: &Stage) -> Result<Call, Wrong> {
    let call = stage.is_in_call_with("Alice").await?;
    stage.let_pass(secs(15)).await;
    stage.brings_in(&call, "Carol").await?;
    stage.let_pass(secs(5)).await;
    Ok(call)
}

/// As if nothing had happened.
pub const SERVES_ON: Case = Case {
    id: "escalation/serves-on",
    title: "A bot goes on when somebody else makes a conference of its call",
    level: Level::Must,
    rule: &GOES_ON,
    profile: Profile::Escalation,
    needs: &[Need::Asked(Deed::Menu)],
    steps: &[
        "Alice's call is established; she brings Carol in, and the call is a conference.",
        "No roster comes.",
        "Alice asks the bot to say something, and it does, in the same call.",
    ],
    limit: secs(180),
    kills: &[Flaw::TakesEscalationForTheEnd, Flaw::WaitsForRoster],
    story: |stage| {
        Box::pin(async move {
            let call = escalated(stage).await?;
            stage.expect_conference(&call).await?;
            stage.expect_service(&call).await?;
            stage.expect_state(&call, "established").await
        })
    },
};

/// For hours.
pub const KEPT_ALIVE: Case = Case {
    id: "escalation/kept-alive",
    title: "A bot keeps a call alive that has become a conference",
    level: Level::Must,
    rule: &crate::rules::KEEP_ALIVE,
    profile: Profile::Escalation,
    needs: &[Need::VirtualTime],
    steps: &[
        "Alice's call is established; she brings Carol in.",
        "In the next three hours no two keepAlives are more than 45 minutes apart, and the call goes on.",
    ],
    limit: hours(4),
    kills: &[Flaw::TakesEscalationForTheEnd],
    story: |stage| {
        Box::pin(async move {
            let call = escalated(stage).await?;
            let from = stage.now();
            stage.let_pass(hours(3)).await;
            let kept = stage.requests(&call, "keepAlive").await?;
            journal::gaps_under(&kept, from, stage.now(), minutes(45))?;
            stage.expect_state(&call, "established").await
        })
    },
};

/// It has greeted.
pub const NO_SECOND_GREETING: Case = Case {
    id: "escalation/no-second-greeting",
    title: "A bot does not begin anew when audio becomes active again",
    level: Level::Should,
    rule: &AUDIO_AGAIN,
    profile: Profile::Escalation,
    needs: &[Need::Speaks],
    steps: &[
        "Alice's call is established, and the bot has said what it says first.",
        "She brings Carol in: audio goes and comes back.",
        "In the next half minute the bot says nothing.",
    ],
    limit: secs(180),
    kills: &[Flaw::PromptsAgain],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.expect_done(&call, "playPrompt", 1, secs(20)).await?;
            stage.let_pass(secs(30)).await;
            let before = stage.mark().await?;
            stage.brings_in(&call, "Carol").await?;
            stage.expect_no(&call, &["playPrompt"], before, secs(30)).await
        })
    },
};

/// A moment of silence.
pub const WAITS_FOR_AUDIO: Case = Case {
    id: "escalation/waits-for-audio",
    title: "A bot says nothing while its call moves into a conference",
    level: Level::Should,
    rule: &AUDIO_AGAIN,
    profile: Profile::Escalation,
    needs: &[Need::Asked(Deed::Menu)],
    steps: &[
        "Alice's call is established; she asks the bot to say something.",
        "While it speaks she brings Carol in, and moving the media takes 5 seconds.",
        "No playPrompt is refused. She asks it to say something once more, and it does.",
    ],
    limit: secs(180),
    kills: &[Flaw::PromptsIntoSilence],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.bot_listens(&call).await?;
            stage.let_pass(secs(20)).await;
            stage.switches(json!({"retargetMs": 5_000})).await?;
            stage.asks_bot_to(&call, Deed::Menu).await?;
            let begun = stage.requests(&call, "playPrompt").await?.len();
            stage.expect_done(&call, "playPrompt", begun, secs(10)).await?;
            stage.brings_in(&call, "Carol").await?;
            stage.let_pass(secs(20)).await;
            let asked = stage.requests(&call, "playPrompt").await?;
            if let Some(refused) = asked.iter().find(|asked| !asked.worked()) {
                let code = refused.code.as_deref().unwrap_or("no answer");
                return Err(Wrong::bot("no prompt to be refused", format!("one was: {code}")));
            }
            stage.expect_service(&call).await
        })
    },
};

/// An empty list is no news.
pub const NOBODY_LISTED: Case = Case {
    id: "escalation/nobody-listed",
    title: "A bot that is shown an empty list of participants stays",
    level: Level::Should,
    rule: &NO_ROSTER,
    profile: Profile::Escalation,
    needs: &[Need::Asked(Deed::Participants)],
    steps: &[
        "Alice's call is established; she brings Carol in.",
        "She asks the bot who is there: the list is empty.",
        "A minute later the bot is still there.",
    ],
    limit: secs(240),
    kills: &[Flaw::LeavesWhenAlone],
    story: |stage| {
        Box::pin(async move {
            let call = escalated(stage).await?;
            let before = stage.mark().await?;
            stage.asks_bot_to(&call, Deed::Participants).await?;
            stage.expect_done(&call, "listParticipants", 1, secs(10)).await?;
            stage.expect_no(&call, &["delete"], before, minutes(1)).await?;
            stage.expect_state(&call, "established").await
        })
    },
};

/// Without a roster.
pub const PUTS_THROUGH: Case = Case {
    id: "escalation/puts-through",
    title: "A bot puts somebody through from a call that has become a conference",
    level: Level::Should,
    rule: &super::transfer::WHOM,
    profile: Profile::Escalation,
    needs: &[Need::Asked(Deed::Transfer)],
    steps: &[
        "Alice's call is established; she brings Carol in.",
        "She asks the bot to put her through: it says whom, and Graph takes the transfer.",
    ],
    limit: secs(180),
    kills: &[Flaw::TransfersNobody],
    story: |stage| {
        Box::pin(async move {
            let call = escalated(stage).await?;
            stage.asks_bot_to(&call, Deed::Transfer).await?;
            stage.expect_done(&call, "transfer", 1, secs(10)).await.map(drop)
        })
    },
};

/// Once is enough.
pub const ALREADY_THERE: Case = Case {
    id: "escalation/already-there",
    title: "A bot brings a colleague in, and does not go when asked for the same again",
    level: Level::Should,
    rule: &INVITED_ONCE,
    profile: Profile::Escalation,
    needs: &[Need::Asked(Deed::Invite)],
    steps: &[
        "Alice's call is established; she asks the bot to bring Bob in: the invitation is accepted, and Bob comes.",
        "She asks for the same again. If the bot invites him once more, Graph refuses that.",
        "A minute later the bot is still there.",
    ],
    limit: secs(240),
    kills: &[Flaw::LeavesOnRefusal],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.asks_bot_to(&call, Deed::Invite).await?;
            stage.expect_done(&call, "invite", 1, secs(10)).await?;
            stage.let_pass(secs(10)).await;
            stage.expect_conference(&call).await?;
            stage.asks_bot_to(&call, Deed::Invite).await?;
            stage.let_pass(minutes(1)).await;
            stage.expect_state(&call, "established").await
        })
    },
};

/// Alice asks for Bob, who reacts like this; a minute and a half later the bot is still there.
async fn comes_to_nothing(stage: &Stage, how: &str) -> Result<(), Wrong> {
    let call = stage.is_in_call_with("Alice").await?;
    stage.reacts("Bob", how, None).await?;
    let before = stage.mark().await?;
    stage.asks_bot_to(&call, Deed::Invite).await?;
    stage.expect_done(&call, "invite", 1, secs(10)).await?;
    stage.expect_no(&call, &["delete"], before, secs(100)).await?;
    stage.expect_state(&call, "established").await?;
    stage.expect_alive().await
}

/// No.
pub const DECLINED: Case = Case {
    id: "escalation/colleague-declines",
    title: "A bot stays with its caller when the colleague declines",
    level: Level::Should,
    rule: &INVITATION_FAILS,
    profile: Profile::Escalation,
    needs: &[Need::Asked(Deed::Invite)],
    steps: &[
        "Alice's call is established; she asks the bot to bring Bob in, who declines.",
        "A minute and a half later the bot is still there, and takes the next call.",
    ],
    limit: secs(240),
    kills: &[Flaw::LeavesWhenInviteFails],
    story: |stage| Box::pin(async move { comes_to_nothing(stage, "decline").await }),
};

/// Nobody at home.
pub const NO_ANSWER: Case = Case {
    id: "escalation/colleague-does-not-answer",
    title: "A bot stays with its caller when the colleague does not answer",
    level: Level::Should,
    rule: &INVITATION_FAILS,
    profile: Profile::Escalation,
    needs: &[Need::Asked(Deed::Invite)],
    steps: &[
        "Alice's call is established; she asks the bot to bring Bob in, who does not answer: it fails after a minute.",
        "A minute and a half later the bot is still there, and takes the next call.",
    ],
    limit: secs(240),
    kills: &[Flaw::LeavesWhenInviteFails],
    story: |stage| Box::pin(async move { comes_to_nothing(stage, "ignore").await }),
};

/// It rings already.
pub const NOT_TWICE: Case = Case {
    id: "escalation/not-invited-twice",
    title: "A bot does not invite a colleague again who is being rung",
    level: Level::Should,
    rule: &INVITED_ONCE,
    profile: Profile::Escalation,
    needs: &[Need::Asked(Deed::Invite)],
    steps: &[
        "Alice's call is established; she asks the bot to bring Bob in, who does not answer.",
        "While Bob is rung she asks for it twice more.",
        "The bot has invited Bob once.",
    ],
    limit: secs(240),
    kills: &[Flaw::InvitesWhileRinging],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.reacts("Bob", "ignore", None).await?;
            for _ in 0..3 {
                stage.asks_bot_to(&call, Deed::Invite).await?;
                stage.let_pass(secs(10)).await;
            }
            invited_once(stage, &call).await
        })
    },
};

async fn invited_once(stage: &Stage, call: &Call) -> Result<(), Wrong> {
    match stage.requests(call, "invite").await?.len() {
        1 => stage.expect_state(call, "established").await,
        many => Err(Wrong::bot("one invitation", format!("there were {many}"))),
    }
}

/// Nobody knows whether it was heard.
pub const REPLY_LOST: Case = Case {
    id: "escalation/invite-reply-lost",
    title: "A bot does not repeat an invitation whose reply was lost",
    level: Level::Should,
    rule: &NOT_REPEATED,
    profile: Profile::Escalation,
    needs: &[Need::Faults, Need::Asked(Deed::Invite)],
    steps: &[
        "Alice's call is established; she asks the bot to bring Bob in.",
        "Graph hears the invitation, and its reply is lost.",
        "A minute later the bot has invited Bob once, and is still there.",
    ],
    limit: secs(240),
    kills: &[Flaw::InvitesTwiceOnLostReply],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.goes_wrong(json!([{"graph": {"op": "invite", "loseReply": true}}])).await?;
            stage.asks_bot_to(&call, Deed::Invite).await?;
            stage.let_pass(minutes(1)).await;
            invited_once(stage, &call).await
        })
    },
};

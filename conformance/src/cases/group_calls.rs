//! The bot in meetings: it is invited, muted, put out, left behind.

use bot_reference::Flaw;
use graph_fake::manifest::Deed;
use serde_json::json;

use super::{hours, minutes, secs};
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    journal::Exchange,
    rule::{Rule, Sourced},
    stage::Stage,
};

/// In reading order.
pub const CASES: &[&Case] = &[
    &INVITED,
    &TWO_MEETINGS,
    &MUTES_ITSELF,
    &MUTED_BY_OTHERS,
    &INVITER_LEAVES,
    &REMOVED,
    &ENDED_BY_ORGANIZER,
    &END_IS_LOST,
];

const INVITATION: Rule = Rule {
    id: "group.invitation",
    contract: Some("R-111"),
    sourced: Sourced::Documented,
    says: "An invitation into a conference is an incoming call with chatInfo and meetingInfo; it is answered once \
           and in time, as any other.",
    source: "https://learn.microsoft.com/graph/api/call-answer",
};

const MUTE: Rule = Rule {
    id: "group.mute",
    contract: Some("R-210"),
    sourced: Sourced::Documented,
    says: "mute and unmute concern the bot itself, in group calls.",
    source: "https://learn.microsoft.com/graph/api/call-mute",
};

const MUTED: Rule = Rule {
    id: "group.mutedByOthers",
    contract: Some("R-203"),
    sourced: Sourced::Prudent,
    says: "A bot that a person has muted stays muted until a person wants it to be heard.",
    source: "isMuted in the roster does not say by whom; in meetings people decide who is heard",
};

const STAYS: Rule = Rule {
    id: "group.stays",
    contract: Some("R-090"),
    sourced: Sourced::Documented,
    says: "A group call lasts until all have left; whoever invited the bot may leave before.",
    source: "https://learn.microsoft.com/graph/api/resources/call",
};

const REMOVAL: Rule = Rule {
    id: "group.removed",
    contract: Some("R-198"),
    sourced: Sourced::Prudent,
    says: "A bot that was put out of a conference does not come back by itself.",
    source: "microsoft-graph-comms-samples issue 750: bots that came again until it worked were banned",
};

const ENDS_UNHEARD: Rule = Rule {
    id: "group.endUnheard",
    contract: Some("R-303"),
    sourced: Sourced::Observed,
    says: "The end of a call may never be told; a 404 says the same.",
    source: "microsoft-graph-comms-samples issues 537 and 824, msteams-docs issue 9186",
};

/// In.
pub const INVITED: Case = Case {
    id: "group-calls/invitation-answered",
    title: "A bot that is invited into a meeting answers in time, and once",
    level: Level::Must,
    rule: &INVITATION,
    profile: Profile::GroupCalls,
    needs: &[],
    steps: &[
        "Alice is in Carol's meeting, and invites the bot: it hears of a call with chatInfo and meetingInfo.",
        "The bot answers within 15 seconds, and the call is established.",
        "It has answered once.",
    ],
    limit: secs(120),
    kills: &[Flaw::AnswersMeetingsTwice],
    story: |stage| {
        Box::pin(async move {
            let (_, call) = stage.is_in_a_meeting().await?;
            stage.let_pass(secs(10)).await;
            match stage.requests(&call, "answer").await?.len() {
                1 => stage.expect_state(&call, "established").await,
                many => Err(Wrong::bot("one answer", format!("there were {many}"))),
            }
        })
    },
};

/// Both.
pub const TWO_MEETINGS: Case = Case {
    id: "group-calls/two-meetings",
    title: "A bot in one meeting takes the invitation to another",
    level: Level::Should,
    rule: &crate::rules::SEVERAL_CALLS,
    profile: Profile::GroupCalls,
    needs: &[],
    steps: &[
        "The bot is in Carol's meeting.",
        "Bob invites it to his own: it answers there too.",
        "Bob's meeting ends; the bot is still in Carol's.",
    ],
    limit: secs(180),
    kills: &[Flaw::OneCallOnly],
    story: |stage| {
        Box::pin(async move {
            let (_, first) = stage.is_in_a_meeting().await?;
            let meeting = stage.holds_meeting("Bob", &["Bob"]).await?;
            let second = stage.is_invited(&meeting, "Bob").await?;
            stage.is_answered(&second).await?;
            stage.does_in(&meeting, "Bob", "endMeeting").await?;
            stage.hears_of_the_end(&second).await?;
            stage.let_pass(secs(30)).await;
            stage.expect_state(&first, "established").await
        })
    },
};

/// Silent when it should be, and heard when it should be.
pub const MUTES_ITSELF: Case = Case {
    id: "group-calls/mutes-itself",
    title: "A bot mutes and unmutes itself when it is asked to",
    level: Level::Must,
    rule: &MUTE,
    profile: Profile::GroupCalls,
    needs: &[Need::Asked(Deed::Mute), Need::Asked(Deed::Unmute)],
    steps: &[
        "The bot is in a meeting.",
        "Alice asks it to mute itself: Graph takes one 'mute'.",
        "She asks it to unmute itself: Graph takes one 'unmute'.",
    ],
    limit: secs(180),
    kills: &[Flaw::NeverUnmutes],
    story: |stage| {
        Box::pin(async move {
            let (_, call) = stage.is_in_a_meeting().await?;
            stage.asks_bot_to(&call, Deed::Mute).await?;
            stage.expect_done(&call, "mute", 1, secs(10)).await?;
            stage.let_pass(secs(5)).await;
            stage.asks_bot_to(&call, Deed::Unmute).await?;
            stage.expect_done(&call, "unmute", 1, secs(10)).await?;
            Ok(())
        })
    },
};

/// They had their reasons.
pub const MUTED_BY_OTHERS: Case = Case {
    id: "group-calls/muted-by-others",
    title: "A bot that was muted by somebody does not unmute itself",
    level: Level::Should,
    rule: &MUTED,
    profile: Profile::GroupCalls,
    needs: &[],
    steps: &[
        "The bot is in a meeting.",
        "Alice mutes it, and the roster says so.",
        "In the next two minutes the bot does not unmute itself, and does not leave.",
    ],
    limit: secs(240),
    kills: &[Flaw::UnmutesItself],
    story: |stage| {
        Box::pin(async move {
            let (_, call) = stage.is_in_a_meeting().await?;
            stage.let_pass(secs(10)).await;
            let before = stage.mark().await?;
            stage.acts(&call, "muteBot").await?;
            stage.expect_no(&call, &["unmute", "delete"], before, minutes(2)).await?;
            stage.expect_state(&call, "established").await
        })
    },
};

/// The others are still there.
pub const INVITER_LEAVES: Case = Case {
    id: "group-calls/inviter-leaves",
    title: "A bot stays in a meeting when whoever invited it leaves",
    level: Level::Should,
    rule: &STAYS,
    profile: Profile::GroupCalls,
    needs: &[],
    steps: &[
        "Alice has invited the bot into Carol's meeting, and Bob joins.",
        "Alice leaves.",
        "Two minutes later the bot is still there.",
    ],
    limit: secs(240),
    kills: &[Flaw::LeavesWithInviter],
    story: |stage| {
        Box::pin(async move {
            let (meeting, call) = stage.is_in_a_meeting().await?;
            stage.does_in(&meeting, "Bob", "join").await?;
            stage.let_pass(secs(10)).await;
            stage.acts(&call, "leave").await?;
            stage.let_pass(minutes(2)).await;
            stage.expect_state(&call, "established").await
        })
    },
};

/// Out.
pub const REMOVED: Case = Case {
    id: "group-calls/removed",
    title: "A bot that is removed from a meeting is silent, and does not come back",
    level: Level::Should,
    rule: &REMOVAL,
    profile: Profile::GroupCalls,
    needs: &[],
    steps: &[
        "The bot is in a meeting; Alice removes it, and it takes the notification of the end.",
        "In the next ten minutes it asks nothing about this call, and begins none.",
        "It takes the next call.",
    ],
    limit: minutes(15),
    kills: &[Flaw::ReturnsWhenRemoved, Flaw::KeepsTalkingAfterEnd],
    story: |stage| {
        Box::pin(async move {
            let (_, call) = stage.is_in_a_meeting().await?;
            stage.let_pass(secs(10)).await;
            stage.acts(&call, "removeBot").await?;
            stays_away(stage, &call).await
        })
    },
};

/// For all.
pub const ENDED_BY_ORGANIZER: Case = Case {
    id: "group-calls/ended-by-organizer",
    title: "A bot whose meeting was ended for all is silent, and begins no other",
    level: Level::Should,
    rule: &REMOVAL,
    profile: Profile::GroupCalls,
    needs: &[],
    steps: &[
        "The bot is in a meeting; Carol, whose meeting it is, ends it for all.",
        "In the next ten minutes it asks nothing about this call, and begins none.",
        "It takes the next call.",
    ],
    limit: minutes(15),
    kills: &[Flaw::ReturnsWhenRemoved, Flaw::KeepsTalkingAfterEnd],
    story: |stage| {
        Box::pin(async move {
            let (meeting, call) = stage.is_in_a_meeting().await?;
            stage.let_pass(secs(10)).await;
            stage.does_in(&meeting, "Carol", "endMeeting").await?;
            stays_away(stage, &call).await
        })
    },
};

async fn stays_away(stage: &Stage, call: &crate::stage::Call) -> Result<(), Wrong> {
    let end = stage.hears_of_the_end(call).await?;
    stage.expect_quiet(call, end, minutes(10)).await?;
    if !stage.creates().await?.is_empty() {
        return Err(Wrong::bot("no call of the bot's own", "it began one"));
    }
    stage.expect_alive().await
}

/// Nobody says so.
pub const END_IS_LOST: Case = Case {
    id: "group-calls/end-is-lost",
    title: "A bot to which Graph says 404 knows that its call is over",
    level: Level::Should,
    rule: &ENDS_UNHEARD,
    profile: Profile::GroupCalls,
    needs: &[Need::VirtualTime, Need::Faults],
    steps: &[
        "The bot is in a meeting; everybody leaves, and the notification of the end is lost.",
        "Once Graph has answered 404, the bot asks nothing more about this call, three hours long.",
        "It takes the next call.",
    ],
    limit: hours(4),
    kills: &[Flaw::NeverForgetsEndedCalls],
    story: |stage| {
        Box::pin(async move {
            let (_, call) = stage.is_in_a_meeting().await?;
            stage.let_pass(secs(10)).await;
            let lost = json!([{"notification": {"of": "ended", "callId": call.id, "lose": true}}]);
            stage.goes_wrong(lost).await?;
            stage.acts(&call, "leave").await?;
            stage.does(&call, "Carol", "leave").await?;
            stage.is_over(&call, secs(10)).await?;
            stage.let_pass(hours(3)).await;

            let asked = stage.requests(&call, "").await?;
            let told = |asked: &Exchange| asked.status == Some(404);
            let after = asked.iter().skip_while(|asked| !told(asked));
            // What was on its way then may still come.
            let mut late = after.clone().skip(1).filter(|asked| {
                after.clone().next().is_some_and(|first| asked.at > first.at + secs(10))
            });
            match late.next() {
                None => stage.expect_alive().await,
                Some(late) => {
                    let actual = format!("the bot asked for '{}'", late.op);
                    Err(Wrong::bot("nothing more after a 404", actual))
                }
            }
        })
    },
};

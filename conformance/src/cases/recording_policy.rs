//! Bots that have to record people, by policy.

use bot_reference::Flaw;

use super::{minutes, secs};
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    rule::{Rule, Sourced},
    stage::{Call, Stage},
};

/// In reading order.
pub const CASES: &[&Case] =
    &[&IN_FIVE_SECONDS, &REPORTED, &SAYS_NOTHING, &BOTH_RECORDED, &REFUSED, &NOT_ELSEWHERE];

const FIVE_SECONDS: Rule = Rule {
    id: "policy.fiveSeconds",
    contract: Some("R-102"),
    sourced: Sourced::Documented,
    says: "A bot that has to record somebody by policy answers within 5 seconds; without it they are not let into \
           their call.",
    source: "https://learn.microsoft.com/graph/api/call-answer",
};

const STATUS: Rule = Rule {
    id: "policy.status",
    contract: Some("R-290"),
    sourced: Sourced::Documented,
    says: "Before anything is recorded, updateRecordingStatus has succeeded; people see then that they are recorded.",
    source: "https://learn.microsoft.com/graph/api/call-updaterecordingstatus",
};

const UNHEARD: Rule = Rule {
    id: "policy.unheard",
    contract: Some("R-292"),
    sourced: Sourced::Prudent,
    says: "A recorder is not a party to the conversation: it says nothing.",
    source: "microsoft-graph-comms-samples, the policy recording sample only receives",
};

const STAYS: Rule = Rule {
    id: "policy.stays",
    contract: Some("R-292"),
    sourced: Sourced::Observed,
    says: "When the recorder leaves, whoever it records is put out of the call: a refusal is no reason to leave.",
    source: "microsoft-graph-comms-samples issues 444, 489 and 526",
};

const POLICY_ONLY: Rule = Rule {
    id: "policy.only",
    contract: Some("R-291"),
    sourced: Sourced::Observed,
    says: "updateRecordingStatus is for calls under a policy; in others it is refused with 8506.",
    source: "microsoft-graph-comms-samples issues 444, 489 and 515",
};

/// Alice, who must be recorded, rings Bob, and the bot is there.
async fn recorded(stage: &Stage) -> Result<Call, Wrong> {
    stage.must_be_recorded("Alice").await?;
    let call = stage.rings("Alice", "Bob").await?;
    stage.is_answered(&call).await?;
    Ok(call)
}

/// Hurry.
pub const IN_FIVE_SECONDS: Case = Case {
    id: "recording-policy/in-five-seconds",
    title: "A bot that has to record somebody answers within 5 seconds",
    level: Level::Must,
    rule: &FIVE_SECONDS,
    profile: Profile::RecordingPolicy,
    needs: &[],
    steps: &[
        "Alice must be recorded; she rings Bob, and the bot is rung first.",
        "The bot answers within 5 seconds, and its call is established.",
    ],
    limit: secs(120),
    kills: &[Flaw::AnswersRecordersLate],
    story: |stage| {
        Box::pin(async move {
            let call = recorded(stage).await?;
            stage.let_pass(secs(10)).await;
            stage.expect_state(&call, "established").await
        })
    },
};

/// People have to know.
pub const REPORTED: Case = Case {
    id: "recording-policy/reported",
    title: "A bot says that it records as soon as there is something to record",
    level: Level::Must,
    rule: &STATUS,
    profile: Profile::RecordingPolicy,
    needs: &[],
    steps: &[
        "Alice must be recorded; she rings Bob, the bot answers, and audio is active.",
        "Within 10 seconds Graph takes 'updateRecordingStatus' with the status 'recording', once.",
    ],
    limit: secs(120),
    kills: &[Flaw::NeverSaysThatItRecords],
    story: |stage| {
        Box::pin(async move {
            let call = recorded(stage).await?;
            stage.audio_flows(&call).await?;
            let told = stage.expect_done(&call, "updateRecordingStatus", 1, secs(10)).await?;
            let status = told.body["status"].as_str().unwrap_or_default().to_owned();
            if !status.eq_ignore_ascii_case("recording") {
                return Err(Wrong::bot("the status 'recording'", format!("it was '{status}'")));
            }
            stage.let_pass(secs(20)).await;
            match stage.requests(&call, "updateRecordingStatus").await?.len() {
                1 => Ok(()),
                many => Err(Wrong::bot("one report", format!("there were {many}"))),
            }
        })
    },
};

/// Quiet.
pub const SAYS_NOTHING: Case = Case {
    id: "recording-policy/says-nothing",
    title: "A bot that records people says nothing to them",
    level: Level::Must,
    rule: &UNHEARD,
    profile: Profile::RecordingPolicy,
    needs: &[],
    steps: &[
        "Alice must be recorded; she rings Bob, and the bot answers.",
        "In the next minute it asks for no prompt, record of its own, invitation or transfer.",
    ],
    limit: secs(180),
    kills: &[Flaw::GreetsWhomItRecords],
    story: |stage| {
        Box::pin(async move {
            let since = stage.mark().await?;
            let call = recorded(stage).await?;
            let heard = ["playPrompt", "recordResponse", "invite", "transfer"];
            stage.expect_no(&call, &heard, since, minutes(1)).await?;
            stage.expect_state(&call, "established").await
        })
    },
};

/// Each with a recorder.
pub const BOTH_RECORDED: Case = Case {
    id: "recording-policy/both-recorded",
    title: "Of two people who must both be recorded, a bot records both",
    level: Level::Should,
    rule: &FIVE_SECONDS,
    profile: Profile::RecordingPolicy,
    needs: &[],
    steps: &[
        "Alice and Bob must be recorded; she rings him, and the bot is rung for each of them.",
        "Both of its calls are established.",
    ],
    limit: secs(120),
    kills: &[Flaw::OneCallOnly],
    story: |stage| {
        Box::pin(async move {
            stage.must_be_recorded("Bob").await?;
            recorded(stage).await?;
            stage.let_pass(secs(20)).await;
            let state = stage.control().state().await?;
            let calls = state["calls"].as_array().into_iter().flatten();
            let there = calls.filter(|call| call["state"] == "established").count();
            match there {
                2 => Ok(()),
                other => Err(Wrong::bot("two established calls", format!("there are {other}"))),
            }
        })
    },
};

/// It stays all the same.
pub const REFUSED: Case = Case {
    id: "recording-policy/report-refused",
    title: "A bot whose report is refused does not leave those whom it has to record",
    level: Level::Should,
    rule: &STAYS,
    profile: Profile::RecordingPolicy,
    needs: &[Need::Faults],
    steps: &[
        "Alice must be recorded; she rings Bob, and the bot answers.",
        "Its 'updateRecordingStatus' is refused with 403.",
        "A minute later its call goes on.",
    ],
    limit: secs(180),
    kills: &[Flaw::LeavesOnRefusal],
    story: |stage| {
        Box::pin(async move {
            stage.fails("updateRecordingStatus", 1_000, 403, None).await?;
            let call = recorded(stage).await?;
            stage.is_refused(&call, "updateRecordingStatus", 1, secs(20)).await?;
            stage.let_pass(minutes(1)).await;
            stage.expect_state(&call, "established").await
        })
    },
};

/// Nobody asked for it.
pub const NOT_ELSEWHERE: Case = Case {
    id: "recording-policy/not-elsewhere",
    title: "A bot reports no recording in calls without a policy",
    level: Level::Should,
    rule: &POLICY_ONLY,
    profile: Profile::RecordingPolicy,
    needs: &[],
    steps: &[
        "Alice, who need not be recorded, rings the bot itself.",
        "In the next minute it does not ask for 'updateRecordingStatus'.",
    ],
    limit: secs(180),
    kills: &[Flaw::SaysEverywhereThatItRecords],
    story: |stage| {
        Box::pin(async move {
            let since = stage.mark().await?;
            let call = stage.is_in_call_with("Alice").await?;
            stage.expect_no(&call, &["updateRecordingStatus"], since, minutes(1)).await
        })
    },
};

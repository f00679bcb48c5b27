//! Records that the bot makes of what people say.

use bot_reference::Flaw;
use graph_fake::manifest::Deed;
use serde_json::json;

use super::{USUAL, minutes, secs};
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    journal::Line,
    rule::{Rule, Sourced},
    rules,
    stage::{Call, Stage},
};

/// In reading order.
pub const CASES: &[&Case] = &[&STOP_TONE, &ACCEPTED, &SILENCE, &TOO_LONG, &REFUSED, &HUNG_UP];

const STOPS: Rule = Rule {
    id: "record.stopTone",
    contract: Some("R-247"),
    sourced: Sourced::Documented,
    says: "A record ends with one of its stopTones, which are characters: '#'.",
    source: "https://learn.microsoft.com/graph/api/call-record",
};

const LIMITS: Rule = Rule {
    id: "record.limits",
    contract: Some("R-243"),
    sourced: Sourced::Documented,
    says: "A record lasts 1 to 120 seconds; what is out of range is refused.",
    source: "https://learn.microsoft.com/graph/api/call-record",
};

const GOES_ON: Rule = Rule {
    id: "record.goesOn",
    contract: Some("R-246"),
    sourced: Sourced::Documented,
    says: "A record may end in silence, too long, or not be made at all: the call goes on.",
    source: "https://learn.microsoft.com/graph/api/resources/recordoperation, completionReason",
};

const RECORDS: Case = Case {
    profile: Profile::Recording,
    rule: &GOES_ON,
    needs: &[Need::Asked(Deed::Record)],
    ..USUAL
};

/// Alice's call, in which she has asked for a record.
async fn asked(stage: &Stage) -> Result<Call, Wrong> {
    let call = stage.is_in_call_with("Alice").await?;
    stage.bot_listens(&call).await?;
    stage.let_pass(secs(3)).await;
    stage.asks_bot_to(&call, Deed::Record).await?;
    Ok(call)
}

/// The same, and it has begun.
async fn recorded(stage: &Stage) -> Result<Call, Wrong> {
    let call = asked(stage).await?;
    stage.bot_does(&call, "recordResponse", 1, secs(10)).await?;
    Ok(call)
}

/// Whether the bot was told that a record of this call is over.
fn is_over<'a>(call: &'a Call) -> impl Fn(&[Line]) -> bool + 'a {
    |lines| {
        lines.iter().any(|line| {
            let kind = line.detail.pointer("/body/value/0/resourceData/@odata.type");
            let kind = kind.and_then(serde_json::Value::as_str).unwrap_or_default();
            line.kind == "notification"
                && line.call_id.as_ref() == Some(&call.id)
                && kind.to_ascii_lowercase().contains("recordoperation")
        })
    }
}

async fn ends_within(stage: &Stage, call: &Call, limit: u64) -> Result<(), Wrong> {
    match stage.happens(secs(limit), is_over(call)).await? {
        true => Ok(()),
        false => {
            let expected = format!("the record to be over within {limit} seconds");
            Err(Wrong::bot(expected, "it was not"))
        }
    }
}

const STOP_TONE: Case = Case {
    id: "recording/stop-tone",
    title: "A record ends when # is pressed",
    level: Level::Must,
    rule: &STOPS,
    steps: &[
        "Alice asks the bot to record her; she speaks, and presses # three seconds later.",
        "The record is over within two seconds, and the call goes on.",
    ],
    kills: &[Flaw::RecordsWithoutStopTone],
    story: |stage| {
        Box::pin(async move {
            let call = recorded(stage).await?;
            speaks(stage, &call, 20).await?;
            stage.let_pass(secs(3)).await;
            stage.presses(&call, &["pound"]).await?;
            ends_within(stage, &call, 2).await?;
            stage.expect_survival(&call, secs(10)).await
        })
    },
    ..RECORDS
};

async fn speaks(stage: &Stage, call: &Call, seconds: u64) -> Result<(), Wrong> {
    let body = json!({"by": call.by.id, "action": "speak", "durationMs": seconds * 1_000});
    Ok(stage.control().act_with(&call.id, body).await?)
}

const ACCEPTED: Case = Case {
    id: "recording/within-limits",
    title: "A bot asks for records that Graph makes",
    level: Level::Must,
    rule: &LIMITS,
    steps: &[
        "Alice asks the bot to record her.",
        "Within 10 seconds Graph has accepted a recordResponse, and refused none.",
    ],
    kills: &[Flaw::RecordsTooLong],
    story: |stage| {
        Box::pin(async move {
            let call = recorded(stage).await?;
            let asked = stage.requests(&call, "recordResponse").await?;
            match asked.iter().find(|asked| !asked.worked()) {
                None => Ok(()),
                Some(refused) => {
                    let code = refused.code.as_deref().unwrap_or("no answer");
                    Err(Wrong::bot("no record to be refused", format!("one was: {code}")))
                }
            }
        })
    },
    ..RECORDS
};

const SILENCE: Case = Case {
    id: "recording/nobody-speaks",
    title: "A bot stays in the call when there was nothing to record",
    steps: &[
        "Alice asks the bot to record her, and says nothing; the record ends as failed.",
        "Half a minute later the call is still there.",
    ],
    kills: &[Flaw::HangsUpOnFailedOperation],
    story: |stage| {
        Box::pin(async move {
            let call = recorded(stage).await?;
            ends_within(stage, &call, 130).await?;
            stage.expect_survival(&call, secs(30)).await
        })
    },
    ..RECORDS
};

const TOO_LONG: Case = Case {
    id: "recording/speaks-too-long",
    title: "A record of somebody who does not stop comes to its end",
    rule: &LIMITS,
    steps: &[
        "Alice asks the bot to record her, and speaks for three minutes.",
        "The record is over after at most two of them and a few seconds; the call goes on.",
    ],
    limit: minutes(10),
    kills: &[Flaw::RecordsTooLong],
    story: |stage| {
        Box::pin(async move {
            let call = recorded(stage).await?;
            speaks(stage, &call, 180).await?;
            ends_within(stage, &call, 130).await?;
            stage.expect_survival(&call, secs(30)).await
        })
    },
    ..RECORDS
};

const REFUSED: Case = Case {
    id: "recording/refused",
    title: "A bot that may not record stays in the call",
    needs: &[Need::Asked(Deed::Record), Need::Faults],
    steps: &[
        "recordResponse will be refused with 403.",
        "Alice asks the bot to record her. Half a minute later the call is still there.",
    ],
    kills: &[Flaw::LeavesOnRefusal],
    story: |stage| {
        Box::pin(async move {
            stage.fails("recordResponse", 1_000, 403, None).await?;
            let call = asked(stage).await?;
            stage.expect_survival(&call, secs(30)).await
        })
    },
    ..RECORDS
};

const HUNG_UP: Case = Case {
    id: "recording/caller-hangs-up",
    title: "A bot whose caller hangs up in a record asks no more",
    rule: &rules::SILENCE_AFTER_END,
    steps: &[
        "Alice asks the bot to record her, and hangs up three seconds later: there will be no end of the record.",
        "In the next five minutes the bot asks nothing about this call. Carol rings; her call is established.",
    ],
    limit: minutes(10),
    kills: &[Flaw::KeepsTalkingAfterEnd],
    story: |stage| {
        Box::pin(async move {
            let call = recorded(stage).await?;
            stage.let_pass(secs(3)).await;
            stage.hangs_up(&call).await?;
            stage.expect_silence_after_end(&call, minutes(5)).await?;
            stage.expect_alive().await
        })
    },
    ..RECORDS
};

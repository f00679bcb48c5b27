//! Leaving a call.

use bot_reference::Flaw;
use serde_json::json;

use super::{minutes, secs};
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    journal::{Line, exchanges},
    rules,
    stage::{Call, Stage, was_taken},
};

/// In reading order.
pub const CASES: &[&Case] = &[&SILENCE, &LATE_INVITATION];

/// What is over is over.
pub const SILENCE: Case = Case {
    id: "ending/silence-after-the-end",
    title: "A bot asks nothing for a call that has ended",
    level: Level::Should,
    rule: &rules::SILENCE_AFTER_END,
    profile: Profile::Callable,
    needs: &[],
    steps: &[
        "Alice's call is established.",
        "Alice hangs up, and the bot takes the notification of it.",
        "In the next half hour the bot asks nothing about this call.",
    ],
    limit: minutes(60),
    kills: &[Flaw::KeepsTalkingAfterEnd],
    story: |stage| {
        Box::pin(async move {
            let call = ended(stage).await?;
            stage.let_pass(minutes(30)).await;

            let lines = stage.journal().await?;
            let end = end_was_taken(&lines, &call.id).unwrap_or_default();
            let after = exchanges(&lines[end..], &call.id, "");
            match after.first() {
                None => Ok(()),
                Some(late) => {
                    Err(Wrong::bot("silence", format!("the bot asked for '{}'", late.op)))
                }
            }
        })
    },
};

/// Alice's call, after she has hung up and the bot has taken notice.
async fn ended(stage: &Stage) -> Result<Call, Wrong> {
    let call = stage.rings_the_bot(&stage.person("Alice")).await?;
    stage.is_answered(&call).await?;
    stage.let_pass(secs(10)).await;

    stage.hangs_up(&call).await?;
    let told = |lines: &[Line]| end_was_taken(lines, &call.id).is_some();
    if !stage.happens(secs(30), told).await? {
        return Err(Wrong::bot("the bot to take the notification of the end", "it did not"));
    }
    Ok(call)
}

/// An invitation that was on its way too long.
pub const LATE_INVITATION: Case = Case {
    id: "ending/late-invitation",
    title: "A bot does not answer a call that it knows to be over",
    level: Level::Should,
    rule: &rules::SILENCE_AFTER_END,
    profile: Profile::Callable,
    needs: &[Need::Tokens],
    steps: &[
        "Alice's call is established; she hangs up, and the bot takes the notification of it.",
        "The notification that she rings comes once more.",
        "In the next half minute the bot asks nothing about this call.",
    ],
    limit: secs(180),
    kills: &[Flaw::AnswersAfterEnd],
    story: |stage| {
        Box::pin(async move {
            let call = ended(stage).await?;
            let before = stage.requests(&call, "").await?.len();

            let data = json!({"@odata.type": "#microsoft.graph.call", "state": "incoming"});
            let entry = json!({"changeType": "created", "resourceData": data});
            stage.notifies(&call.id, None, entry).await?;
            stage.let_pass(secs(30)).await;

            match &stage.requests(&call, "").await?[before..] {
                [] => Ok(()),
                [late, ..] => {
                    Err(Wrong::bot("silence", format!("the bot asked for '{}'", late.op)))
                }
            }
        })
    },
};

/// Where in the journal the bot had taken the last notification of a call.
fn end_was_taken(lines: &[Line], call: &str) -> Option<usize> {
    let end = lines.iter().find(|line| {
        line.call_id.as_deref() == Some(call)
            && line.kind == "notification"
            && line.detail["changeType"] == "deleted"
            && line.detail["resourceUrl"].as_str().is_some_and(|url| url.ends_with(call))
    })?;
    if !was_taken(lines, end) {
        return None;
    }
    let delivery = &end.detail["deliveryId"];
    lines.iter().position(|line| {
        line.kind == "delivered"
            && line.call_id.as_deref() == Some(call)
            && line.detail["deliveryId"] == *delivery
    })
}

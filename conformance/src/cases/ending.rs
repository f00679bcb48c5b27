//! Leaving a call.

use bot_reference::Flaw;
use serde_json::json;

use super::{minutes, secs};
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    rules,
    stage::{Call, Stage},
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
            let call = hung_up(stage).await?;
            stage.expect_silence_after_end(&call, minutes(30)).await
        })
    },
};

/// Alice's call, after she has hung up.
async fn hung_up(stage: &Stage) -> Result<Call, Wrong> {
    let call = stage.is_in_call_with("Alice").await?;
    stage.let_pass(secs(10)).await;
    stage.hangs_up(&call).await?;
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
            let call = hung_up(stage).await?;
            stage.end_is_known(&call).await?;
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

//! Staying in a call.

use bot_reference::Flaw;
use serde_json::json;

use super::{USUAL, hours, minutes, secs};
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    journal::gaps_under,
    rules,
    stage::{Call, Stage},
};

/// In reading order.
pub const CASES: &[&Case] =
    &[&THREE_HOURS, &EACH_CALL, &REPLY_LOST, &FAILS_FOR_A_WHILE, &THROTTLED, &ON_HOLD, &GONE];

/// A call nobody hangs up is still there after three hours, because the bot keeps it alive.
pub const THREE_HOURS: Case = Case {
    id: "keep-alive/three-hours",
    title: "A bot keeps its call alive for three hours",
    level: Level::Must,
    rule: &rules::KEEP_ALIVE,
    profile: Profile::Callable,
    needs: &[Need::VirtualTime],
    steps: &[
        "Alice's call is established.",
        "Three hours pass.",
        "The call is still there, and no gap between keepAlives was over 45 minutes.",
    ],
    limit: hours(4),
    kills: &[Flaw::NeverKeepsAlive],
    story: |stage| {
        Box::pin(async move {
            let call = stage.rings_the_bot(&stage.person("Alice")).await?;
            stage.is_answered(&call).await?;

            stage.let_pass(hours(3)).await;

            stage.expect_state(&call, "established").await?;
            let kept = stage.requests(&call, "keepAlive").await?;
            gaps_under(&kept, call.rung_at, stage.now(), minutes(45))
        })
    },
};

const LONG: Case = Case {
    rule: &rules::KEEP_ALIVE,
    needs: &[Need::VirtualTime, Need::Faults],
    limit: hours(4),
    ..USUAL
};

/// No gap between two keepAlives that worked was too long, and the call is still there.
async fn was_kept_alive(stage: &Stage, call: &Call) -> Result<(), Wrong> {
    stage.expect_state(call, "established").await?;
    let kept = stage.requests(call, "keepAlive").await?;
    gaps_under(&kept, call.rung_at, stage.now(), minutes(45))
}

/// Each.
pub const EACH_CALL: Case = Case {
    id: "keep-alive/each-call",
    title: "A bot keeps each of its calls alive, by its own clock",
    level: Level::Must,
    needs: &[Need::VirtualTime],
    steps: &[
        "Alice, Bob and Carol ring, twenty minutes apart; their calls are established.",
        "Two hours pass.",
        "All calls are still there, and in none was a gap between keepAlives over 45 minutes.",
    ],
    kills: &[Flaw::KeepsOneCallAlive],
    story: |stage| {
        Box::pin(async move {
            let mut calls = Vec::new();
            for name in ["Alice", "Bob", "Carol"] {
                calls.push(stage.is_in_call_with(name).await?);
                stage.let_pass(minutes(20)).await;
            }
            stage.let_pass(hours(2)).await;
            for call in &calls {
                was_kept_alive(stage, call).await?;
            }
            Ok(())
        })
    },
    ..LONG
};

/// A lost reply.
pub const REPLY_LOST: Case = Case {
    id: "keep-alive/reply-lost",
    title: "A bot that missed the reply to its keepAlive sends the next one in time",
    steps: &[
        "Alice's call is established; the reply to the first keepAlive will be lost.",
        "Two hours pass. The call is still there.",
    ],
    kills: &[Flaw::KeepAliveDrifts],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.goes_wrong(json!([{"graph": {"op": "keepAlive", "loseReply": true}}])).await?;
            stage.let_pass(hours(2)).await;
            was_kept_alive(stage, &call).await
        })
    },
    ..LONG
};

/// A bad quarter of an hour.
pub const FAILS_FOR_A_WHILE: Case = Case {
    id: "keep-alive/fails-for-a-while",
    title: "A bot whose keepAlive failed tries again before 45 minutes are over",
    steps: &[
        "Alice's call is established; the next six keepAlives will fail with 503.",
        "Two hours pass. The call is still there.",
    ],
    kills: &[Flaw::NoSecondKeepAlive],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.fails("keepAlive", 6, 503, None).await?;
            stage.let_pass(hours(2)).await;
            was_kept_alive(stage, &call).await
        })
    },
    ..LONG
};

/// Throttled.
pub const THROTTLED: Case = Case {
    id: "keep-alive/throttled-for-minutes",
    title: "A bot whose keepAlive is throttled for five minutes sends it after them",
    steps: &[
        "Alice's call is established; the next keepAlive will be throttled: 429, Retry-After 300.",
        "Two hours pass. No keepAlive came within the five minutes, and the call is still there.",
    ],
    kills: &[Flaw::NoSecondKeepAlive, Flaw::IgnoresRetryAfterInCalls],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.fails("keepAlive", 1, 429, Some(300)).await?;
            stage.let_pass(hours(2)).await;
            if let [first, second, ..] = stage.requests(&call, "keepAlive").await?.as_slice() {
                let waited = second.at.saturating_sub(first.at);
                if waited < minutes(5) {
                    let actual = format!("it was {} s", waited.as_secs());
                    return Err(Wrong::bot("300 seconds of patience", actual));
                }
            }
            was_kept_alive(stage, &call).await
        })
    },
    ..LONG
};

/// On hold.
pub const ON_HOLD: Case = Case {
    id: "keep-alive/on-hold",
    title: "A bot on hold keeps its call alive",
    needs: &[Need::VirtualTime, Need::Tokens],
    steps: &[
        "Alice's call is established; the bot is told that it is on hold, and that its audio is inactive.",
        "Two hours pass. The call is still there.",
    ],
    kills: &[Flaw::TakesHoldForTheEnd],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.audio_flows(&call).await?;
            stage.acts(&call, "hold").await?;
            let data = json!({"state": "hold", "mediaState": {"audio": "inactive"}});
            stage.is_told_of(&call, "updated", data).await?;
            stage.let_pass(hours(2)).await;
            was_kept_alive(stage, &call).await
        })
    },
    ..LONG
};

/// Whose end was lost.
pub const GONE: Case = Case {
    id: "keep-alive/forgets-what-is-gone",
    title: "A bot that learns from 404 that its call is over asks no more",
    rule: &rules::CALLS_VANISH,
    steps: &[
        "Alice's call is established; she hangs up, and the notification of that is lost.",
        "An hour passes; the bot's keepAlive is answered with 404.",
        "In the next two hours the bot asks nothing about this call. Carol rings; her call is established.",
    ],
    kills: &[Flaw::NeverForgetsEndedCalls],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.let_pass(secs(20)).await;
            let plan = json!([{"notification": {"of": "ended", "lose": true}}]);
            stage.goes_wrong(plan).await?;
            stage.hangs_up(&call).await?;
            stage.let_pass(hours(1)).await;
            let before = stage.requests(&call, "").await?.len();
            stage.let_pass(hours(2)).await;
            match &stage.requests(&call, "").await?[before..] {
                [] => stage.expect_alive().await,
                [late, ..] => {
                    Err(Wrong::bot("silence", format!("the bot asked for '{}'", late.op)))
                }
            }
        })
    },
    ..LONG
};

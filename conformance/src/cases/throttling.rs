//! When Graph is busy.

use std::time::Duration;

use bot_reference::Flaw;

use super::{minutes, secs};
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    rules,
};

/// In reading order.
pub const CASES: &[&Case] = &[&WAITS_AS_TOLD, &GIVES_UP];

/// What the fake asks for, in seconds.
const RETRY_AFTER: u32 = 3;
/// Attempts after which a bot should have seen that it does not work.
const ATTEMPTS_MAX: usize = 20;

/// As told.
pub const WAITS_AS_TOLD: Case = Case {
    id: "throttling/waits-as-told",
    title: "A throttled bot waits as long as it is told, and tries again",
    level: Level::Must,
    rule: &rules::RETRY_AFTER,
    profile: Profile::Callable,
    needs: &[Need::Faults],
    steps: &[
        "The first answer will be throttled: 429, Retry-After 3.",
        "Alice rings the bot.",
        "The bot answers again no sooner than 3 seconds later, and the call is established.",
    ],
    limit: secs(120),
    kills: &[Flaw::IgnoresRetryAfter],
    story: |stage| {
        Box::pin(async move {
            stage.fails("answer", 1, 429, Some(RETRY_AFTER)).await?;
            let call = stage.rings_the_bot(&stage.person("Alice")).await?;

            stage.is_answered(&call).await?;

            let answers = stage.requests(&call, "answer").await?;
            let [first, second, ..] = answers.as_slice() else {
                return Err(Wrong::bot("a second answer", "there was none"));
            };
            let told = first.answered_at.unwrap_or(first.at);
            let waited = second.at.saturating_sub(told);
            match waited >= Duration::from_secs(RETRY_AFTER.into()) {
                true => Ok(()),
                false => Err(Wrong::bot("3 seconds of patience", format!("it was {waited:?}"))),
            }
        })
    },
};

/// An end.
pub const GIVES_UP: Case = Case {
    id: "throttling/gives-up",
    title: "A bot gives up a request that keeps failing, and keeps the call",
    level: Level::Should,
    rule: &rules::BOUNDED_RETRIES,
    profile: Profile::ServiceHosted,
    needs: &[Need::Faults],
    steps: &[
        "Every playPrompt will fail with 503.",
        "Alice's call is established, and ten minutes pass.",
        "The bot has tried at most 20 times, and the call is still there.",
    ],
    limit: minutes(30),
    kills: &[Flaw::RetriesForever, Flaw::GivesUpCallOn503],
    story: |stage| {
        Box::pin(async move {
            stage.fails("playPrompt", 1_000_000, 503, None).await?;
            let call = stage.rings_the_bot(&stage.person("Alice")).await?;
            stage.is_answered(&call).await?;

            stage.let_pass(minutes(10)).await;

            let tries = stage.requests(&call, "playPrompt").await?.len();
            if tries > ATTEMPTS_MAX {
                return Err(Wrong::bot("at most 20 attempts", format!("there were {tries}")));
            }
            stage.expect_state(&call, "established").await
        })
    },
};

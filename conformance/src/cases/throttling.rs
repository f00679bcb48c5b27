//! When Graph is busy.

use std::time::Duration;

use bot_reference::Flaw;
use graph_fake::manifest::Deed;

use super::{USUAL, minutes, secs};
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    journal::Exchange,
    rule::{Rule, Sourced},
    rules,
};

/// In reading order.
pub const CASES: &[&Case] =
    &[&WAITS_AS_TOLD, &GIVES_UP, &IN_THE_CALL, &UNAVAILABLE, &UNTOLD, &HANGING_UP, &NO_POLLING];

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

const BACK_OFF: Rule = Rule {
    id: "throttling.backOff",
    contract: Some("R-352"),
    sourced: Sourced::Documented,
    says: "Where Retry-After is missing a bot waits before it tries again, and longer each time.",
    source: "https://learn.microsoft.com/graph/throttling",
};

const NO_STORM: Rule = Rule {
    id: "throttling.noPolling",
    contract: Some("R-351"),
    sourced: Sourced::Documented,
    says: "What notifications tell is not asked for again and again.",
    source: "https://learn.microsoft.com/graph/best-practices-concept",
};

/// The second attempt came no sooner than told.
fn waited(attempts: &[Exchange], least: Duration) -> Result<(), Wrong> {
    let [first, second, ..] = attempts else {
        return Err(Wrong::bot("a second attempt", "there was none"));
    };
    let waited = second.at.saturating_sub(first.answered_at.unwrap_or(first.at));
    if waited >= least {
        return Ok(());
    }
    Err(Wrong::bot(format!("{least:?} of patience"), format!("it was {waited:?}")))
}

const LATER: Case =
    Case { rule: &rules::RETRY_AFTER, needs: &[Need::Faults], limit: secs(180), ..USUAL };

/// A prompt.
pub const IN_THE_CALL: Case = Case {
    id: "throttling/in-the-call",
    title: "A throttled prompt is played when the time that Graph names is over",
    profile: Profile::ServiceHosted,
    steps: &[
        "The first playPrompt will be throttled: 429, Retry-After 5.",
        "Alice's call is established; the bot asks again no sooner than 5 seconds later, and the prompt plays.",
    ],
    kills: &[Flaw::IgnoresRetryAfterInCalls],
    story: |stage| {
        Box::pin(async move {
            stage.fails("playPrompt", 1, 429, Some(5)).await?;
            let call = stage.is_in_call_with("Alice").await?;
            stage.bot_does(&call, "playPrompt", 1, secs(60)).await?;
            waited(&stage.requests(&call, "playPrompt").await?, secs(5))
        })
    },
    ..LATER
};

/// 503 says so too.
pub const UNAVAILABLE: Case = Case {
    id: "throttling/unavailable",
    title: "A bot waits as long as a 503 says",
    steps: &[
        "The first answer will fail: 503, Retry-After 4.",
        "Alice rings; the bot answers again no sooner than 4 seconds later, and the call is established.",
    ],
    kills: &[Flaw::IgnoresRetryAfterOf503],
    story: |stage| {
        Box::pin(async move {
            stage.fails("answer", 1, 503, Some(4)).await?;
            let call = stage.is_in_call_with("Alice").await?;
            waited(&stage.requests(&call, "answer").await?, secs(4))
        })
    },
    ..LATER
};

/// Nothing was said.
pub const UNTOLD: Case = Case {
    id: "throttling/no-time-named",
    title: "A throttled bot that is not told how long to wait waits all the same",
    rule: &BACK_OFF,
    steps: &[
        "The first three answers will be throttled: 429 without Retry-After.",
        "Alice rings; her call is established in time, and between attempts the bot waited for a fifth of a second.",
    ],
    kills: &[Flaw::RetriesAtOnce],
    story: |stage| {
        Box::pin(async move {
            stage.fails("answer", 3, 429, None).await?;
            let call = stage.is_in_call_with("Alice").await?;
            let attempts = stage.requests(&call, "answer").await?;
            attempts.windows(2).try_for_each(|pair| waited(pair, Duration::from_millis(200)))
        })
    },
    ..LATER
};

/// Leaving.
pub const HANGING_UP: Case = Case {
    id: "throttling/hanging-up",
    title: "A bot that is throttled when it hangs up hangs up later",
    profile: Profile::Tones,
    needs: &[Need::Faults, Need::Asked(Deed::HangUp)],
    steps: &[
        "Alice asks the bot to hang up; that is throttled: 429, Retry-After 3.",
        "Within half a minute the call is over all the same.",
    ],
    kills: &[Flaw::HangsUpOnce],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.bot_listens(&call).await?;
            stage.fails("delete", 1, 429, Some(RETRY_AFTER)).await?;
            stage.asks_bot_to(&call, Deed::HangUp).await?;
            stage.expect_end(&call, secs(30)).await
        })
    },
    ..LATER
};

/// Requests that a call may cost in ten quiet minutes.
const QUIET_MAX: usize = 30;

/// No storm.
pub const NO_POLLING: Case = Case {
    id: "throttling/no-polling",
    title: "A call in which nothing happens costs few requests",
    rule: &NO_STORM,
    needs: &[],
    steps: &[
        "Alice's call is established, and ten minutes pass.",
        "The bot has sent at most 30 requests for it.",
    ],
    limit: minutes(15),
    kills: &[Flaw::PollsTheCall],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.let_pass(minutes(10)).await;
            let sent = stage.requests(&call, "").await?.len();
            if sent > QUIET_MAX {
                let expected = format!("at most {QUIET_MAX} requests");
                return Err(Wrong::bot(expected, format!("there were {sent}")));
            }
            Ok(())
        })
    },
    ..LATER
};

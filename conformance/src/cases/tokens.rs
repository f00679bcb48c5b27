//! Access tokens.

use bot_reference::Flaw;
use serde_json::json;

use super::{USUAL, hours, minutes, secs};
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    rule::{Rule, Sourced},
    rules,
};

/// In reading order.
pub const CASES: &[&Case] = &[
    &OUTLIVE_THE_FIRST,
    &REUSED,
    &REFUSED_ONCE,
    &REFUSED_FOR_GOOD,
    &NONE_TO_BE_HAD,
    &OF_THE_TENANT,
];

/// An hour is short.
pub const OUTLIVE_THE_FIRST: Case = Case {
    id: "tokens/outlive-the-first",
    title: "A call outlives the bot's first access token",
    level: Level::Must,
    rule: &rules::RENEW_TOKEN,
    profile: Profile::Callable,
    needs: &[Need::VirtualTime, Need::TokensExpire],
    steps: &[
        "Alice's call is established.",
        "Two and a half hours pass; an access token is valid for one.",
        "The call is still there.",
    ],
    limit: hours(4),
    kills: &[Flaw::NeverRefreshesToken],
    story: |stage| {
        Box::pin(async move {
            let call = stage.rings_the_bot(&stage.person("Alice")).await?;
            stage.is_answered(&call).await?;

            stage.let_pass(minutes(150)).await;

            stage.expect_state(&call, "established").await
        })
    },
};

/// Tokens a bot may ask for within half an hour: one, and one more if two requests began at once.
const TOKENS_MAX: usize = 2;

/// One token, many requests.
pub const REUSED: Case = Case {
    id: "tokens/reused",
    title: "A bot uses its access token for more than one request",
    level: Level::Should,
    rule: &rules::REUSE_TOKEN,
    profile: Profile::Callable,
    needs: &[],
    steps: &[
        "Alice, Bob and Carol ring; all calls are established.",
        "Half an hour passes.",
        "The bot has asked for at most two access tokens.",
    ],
    limit: hours(1),
    kills: &[Flaw::TokenPerRequest],
    story: |stage| {
        Box::pin(async move {
            for name in ["Alice", "Bob", "Carol"] {
                let call = stage.rings_the_bot(&stage.person(name)).await?;
                stage.is_answered(&call).await?;
            }

            stage.let_pass(minutes(30)).await;

            let asked = stage.journal().await?.iter().filter(|line| line.kind == "token").count();
            match asked {
                0..=TOKENS_MAX => Ok(()),
                _ => Err(Wrong::bot("at most two token requests", format!("there were {asked}"))),
            }
        })
    },
};

const REPLACE: Rule = Rule {
    id: "token.replace",
    contract: Some("R-021"),
    sourced: Sourced::Documented,
    says: "A 401 means that the access token is no good: a new one is asked for and the request is repeated once, not \
           for ever.",
    source: "https://learn.microsoft.com/graph/errors",
};

const TENANT: Rule = Rule {
    id: "token.tenant",
    contract: Some("R-048"),
    sourced: Sourced::Observed,
    says: "Access tokens are asked for at the authority of the call's tenant; with one of another, or of 'common', \
           Graph refuses (7505).",
    source: "microsoft-graph-docs issues 7080 and 29",
};

const AGAIN: Case = Case { rule: &REPLACE, needs: &[Need::Faults], limit: secs(180), ..USUAL };

/// Once.
pub const REFUSED_ONCE: Case = Case {
    id: "tokens/refused-once",
    title: "A bot whose access token is refused answers with a new one",
    steps: &[
        "The first answer will be refused with 401.",
        "Alice rings; her call is established within 15 seconds.",
    ],
    kills: &[Flaw::GivesUpOn401],
    story: |stage| {
        Box::pin(async move {
            stage.fails("answer", 1, 401, None).await?;
            stage.is_in_call_with("Alice").await.map(drop)
        })
    },
    ..AGAIN
};

/// Always.
pub const REFUSED_FOR_GOOD: Case = Case {
    id: "tokens/refused-for-good",
    title: "A bot whose every access token is refused does not ask for ever",
    profile: Profile::ServiceHosted,
    steps: &[
        "Every playPrompt will be refused with 401.",
        "Alice's call is established, and half a minute passes.",
        "The bot has tried at most ten times, with at most ten tokens, and the call is still there.",
    ],
    kills: &[Flaw::RenewsForEver],
    story: |stage| {
        Box::pin(async move {
            stage.fails("playPrompt", 1_000_000, 401, None).await?;
            let call = stage.is_in_call_with("Alice").await?;
            stage.let_pass(secs(30)).await;
            let tries = stage.count(&call, "playPrompt").await?;
            let lines = stage.journal().await?;
            let tokens = lines.iter().filter(|line| line.kind == "token").count();
            if tries.max(tokens) > 10 {
                let actual = format!("there were {tries}, and {tokens} tokens");
                return Err(Wrong::bot("at most ten attempts", actual));
            }
            stage.expect_state(&call, "established").await
        })
    },
    ..AGAIN
};

/// For a while.
pub const NONE_TO_BE_HAD: Case = Case {
    id: "tokens/none-to-be-had",
    title: "A bot that gets no access token at first answers in time all the same",
    rule: &rules::RENEW_TOKEN,
    steps: &[
        "The token endpoint answers 503 once, then 429 with Retry-After 2.",
        "The bot's first request will be refused with 401, so that it needs a token.",
        "Alice rings; her call is established within 15 seconds.",
    ],
    kills: &[Flaw::GivesUpWithoutToken],
    story: |stage| {
        Box::pin(async move {
            let throttled = json!({"status": 429, "retryAfterSeconds": 2});
            let plan = json!([
                {"token": {"reply": {"status": 503}}},
                {"token": {"nth": 2, "reply": throttled}},
                {"graph": {"op": "answer", "reply": {"status": 401}}},
            ]);
            stage.goes_wrong(plan).await?;
            stage.is_in_call_with("Alice").await.map(drop)
        })
    },
    ..AGAIN
};

/// Of whom.
pub const OF_THE_TENANT: Case = Case {
    id: "tokens/of-the-tenant",
    title: "A bot asks its tenant for access tokens, and nobody else",
    rule: &TENANT,
    steps: &[
        "The bot's first request will be refused with 401, so that it needs a token.",
        "Alice rings; her call is established.",
        "Every token that was asked for was asked of the bot's tenant.",
    ],
    kills: &[Flaw::AsksCommonForTokens],
    story: |stage| {
        Box::pin(async move {
            stage.fails("answer", 1, 401, None).await?;
            stage.is_in_call_with("Alice").await?;
            let lines = stage.journal().await?;
            let mut asked = lines.iter().filter(|line| line.kind == "token");
            match asked.find(|line| line.detail["tenantId"] != stage.tenant()) {
                None => Ok(()),
                Some(line) => {
                    let actual = format!("it was asked of {}", line.detail["tenantId"]);
                    Err(Wrong::bot("a token of the bot's tenant", actual))
                }
            }
        })
    },
    ..AGAIN
};

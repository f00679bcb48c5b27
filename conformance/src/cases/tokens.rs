//! Access tokens.

use bot_reference::Flaw;

use super::{hours, minutes};
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    rules,
};

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

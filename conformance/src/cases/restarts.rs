//! A bot that crashes and comes back.

use bot_reference::Flaw;
use graph_fake::manifest::Deed;

use super::{USUAL, hours, minutes, secs};
use crate::{
    case::{Case, Need, Profile},
    failure::Wrong,
    rule::{Rule, Sourced},
    rules,
};

/// In reading order.
pub const CASES: &[&Case] = &[&GOES_ON, &NO_SECOND_GREETING, &KEYS_ONCE, &ENDED_MEANWHILE];

const REMEMBERS: Rule = Rule {
    id: "restart.remembers",
    contract: Some("R-260"),
    sourced: Sourced::Documented,
    says: "A bot may crash: what it must know of its calls to go on with them outlives it.",
    source: "microsoft-graph-comms-samples, StateManagement; the overview of calls says to store what a call came with",
};

const AFTERWARDS: Rule = Rule {
    id: "restart.nothingTwice",
    contract: None,
    sourced: Sourced::Prudent,
    says: "What was said or done before a crash is not said or done again after it.",
    source: "callers are still there, and notifications may come again",
};

/// How long the bot's machine is off.
const DOWN: std::time::Duration = secs(20);

const CRASHES: Case =
    Case { rule: &REMEMBERS, needs: &[Need::Restart, Need::VirtualTime], limit: hours(2), ..USUAL };

const GOES_ON: Case = Case {
    id: "restart/goes-on",
    title: "A bot that crashed looks after its calls again",
    steps: &[
        "Alice's call is established; the bot crashes, and comes back 20 seconds later.",
        "An hour passes, in which nothing is told of the call. It is still there.",
    ],
    kills: &[Flaw::ForgetsCallsInCrash, Flaw::SavesTooSeldom],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.let_pass(secs(15)).await;
            stage.bot_is_down_for(DOWN).await?;
            stage.expect_survival(&call, minutes(60)).await
        })
    },
    ..CRASHES
};

const NO_SECOND_GREETING: Case = Case {
    id: "restart/greets-once",
    title: "A bot that crashed does not begin its call anew",
    rule: &AFTERWARDS,
    profile: Profile::ServiceHosted,
    steps: &[
        "Alice's call is established, and the bot has said what it says first.",
        "The bot crashes, and comes back 20 seconds later.",
        "In the next minute it neither answers nor plays anything.",
    ],
    kills: &[Flaw::GreetsAgainAfterCrash],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.bot_does(&call, "playPrompt", 1, secs(20)).await?;
            stage.let_pass(secs(20)).await;
            stage.bot_is_down_for(DOWN).await?;
            stage.expect_silence(&call, secs(60)).await
        })
    },
    ..CRASHES
};

const KEYS_ONCE: Case = Case {
    id: "restart/keys-once",
    title: "A bot that crashed does not act again on a key from before",
    rule: &AFTERWARDS,
    profile: Profile::Tones,
    needs: &[Need::Restart, Need::Asked(Deed::Menu), Need::Tokens],
    steps: &[
        "Alice asks for the menu; the bot says it.",
        "The bot crashes, and comes back 20 seconds later. The notification of Alice's key comes once more.",
        "In the next half minute the bot asks nothing about this call.",
    ],
    kills: &[Flaw::ForgetsTonesInCrash],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.asks_bot_to(&call, Deed::Menu).await?;
            stage.let_pass(secs(20)).await;
            stage.bot_is_down_for(DOWN).await?;
            stage.let_pass(secs(5)).await;
            stage.is_told_of_key(&call, 1, Deed::Menu).await?;
            stage.expect_silence(&call, secs(30)).await
        })
    },
    ..CRASHES
};

const ENDED_MEANWHILE: Case = Case {
    id: "restart/ended-meanwhile",
    title: "A bot forgets a call that ended while it was away",
    rule: &rules::CALLS_VANISH,
    steps: &[
        "Alice's call is established. The bot crashes, and Alice hangs up before it comes back 2 minutes later.",
        "In the hour after its first half hour the bot asks nothing about this call.",
        "Carol rings; her call is established.",
    ],
    limit: hours(3),
    kills: &[Flaw::NeverForgetsEndedCalls],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.let_pass(secs(15)).await;
            stage.bot_goes_down()?;
            stage.let_pass(secs(1)).await;
            stage.hangs_up(&call).await?;
            stage.let_pass(minutes(2)).await;
            stage.bot_comes_up()?;
            stage.let_pass(minutes(30)).await;
            let before = stage.requests(&call, "").await?.len();
            stage.let_pass(minutes(60)).await;
            match &stage.requests(&call, "").await?[before..] {
                [] => stage.expect_alive().await,
                [late, ..] => {
                    Err(Wrong::bot("silence", format!("the bot asked for '{}'", late.op)))
                }
            }
        })
    },
    ..CRASHES
};

//! Many calls.

use bot_reference::Flaw;

use super::{USUAL, minutes, secs};
use crate::{
    case::Case,
    failure::Wrong,
    rule::{Rule, Sourced},
};

/// In reading order.
pub const CASES: &[&Case] = &[&AT_ONCE, &IN_TURN];

const MANY: Rule = Rule {
    id: "call.many",
    contract: Some("R-350"),
    sourced: Sourced::Documented,
    says: "An application may be in a hundred calls at a time; a bot takes at least twenty, and calls that are over \
           count no more.",
    source: "https://learn.microsoft.com/graph/throttling-limits",
};

/// Calls at a time.
const CALLS: usize = 20;
/// Tokens that may be asked for: one, and one more if two requests began at once.
const TOKENS_MAX: usize = 2;

const AT_ONCE: Case = Case {
    id: "scale/twenty-calls",
    title: "A bot takes twenty calls at a time",
    rule: &MANY,
    steps: &[
        "Twenty calls come in, one every half second.",
        "All are established, with at most two access tokens.",
        "All callers hang up; the bot asks nothing more about any of these calls.",
    ],
    limit: minutes(10),
    kills: &[Flaw::TenCallsOnly],
    story: |stage| {
        Box::pin(async move {
            let mut calls = Vec::new();
            for name in ["Alice", "Bob", "Carol"].into_iter().cycle().take(CALLS) {
                calls.push(stage.rings_the_bot(&stage.person(name)).await?);
                stage.let_pass(std::time::Duration::from_millis(500)).await;
            }
            for call in &calls {
                stage.is_answered(call).await?;
            }
            let lines = stage.journal().await?;
            let tokens = lines.iter().filter(|line| line.kind == "token").count();
            if tokens > TOKENS_MAX {
                return Err(Wrong::bot("at most two tokens", format!("there were {tokens}")));
            }
            for call in &calls {
                stage.hangs_up(call).await?;
            }
            stage.let_pass(secs(5)).await;
            for call in &calls {
                stage.end_is_known(call).await?;
            }
            stage.expect_silence(&calls[0], secs(60)).await?;
            stage.expect_silence(&calls[CALLS - 1], secs(60)).await
        })
    },
    ..USUAL
};

const IN_TURN: Case = Case {
    id: "scale/thirty-in-turn",
    title: "A bot takes thirty calls one after the other",
    rule: &MANY,
    steps: &["Thirty times somebody rings, is answered, and hangs up a second later."],
    limit: minutes(15),
    kills: &[Flaw::CountsEndedCalls],
    story: |stage| {
        Box::pin(async move {
            for name in ["Alice", "Bob", "Carol"].into_iter().cycle().take(30) {
                let call = stage.is_in_call_with(name).await?;
                stage.let_pass(secs(1)).await;
                stage.hangs_up(&call).await?;
                stage.let_pass(secs(1)).await;
            }
            Ok(())
        })
    },
    ..USUAL
};

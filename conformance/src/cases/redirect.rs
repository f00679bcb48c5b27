//! Whoever rings is sent to somebody else, without being answered.

use bot_reference::Flaw;

use super::{minutes, secs};
use crate::{
    case::{Case, Level, Profile},
    failure::Wrong,
    journal::{Line, exchanges},
    rule::{Rule, Sourced},
    stage::{Call, Stage, state_in},
};

/// In reading order.
pub const CASES: &[&Case] = &[&IN_TIME, &TARGET_DOES_NOT_ANSWER, &REFUSED];

const BEFORE_THE_ANSWER: Rule = Rule {
    id: "redirect.beforeTheAnswer",
    contract: Some("R-124"),
    sourced: Sourced::Documented,
    says: "A call is redirected before it is answered, within 15 seconds; the bot's part is over then, whatever becomes \
           of it.",
    source: "https://learn.microsoft.com/graph/api/call-redirect",
};

const NOT_LEFT_RINGING: Rule = Rule {
    id: "redirect.notLeftRinging",
    contract: Some("R-034"),
    sourced: Sourced::Prudent,
    says: "A redirect needs Calls.Initiate.All; whoever cannot be sent elsewhere is answered, or rejected.",
    source: "https://learn.microsoft.com/graph/api/call-redirect; an ignored call rings in vain",
};

/// Alice rings, and the bot redirects her; none if it does not redirect calls like hers.
async fn redirected(stage: &Stage) -> Result<Option<Call>, Wrong> {
    let call = stage.rings_the_bot(&stage.person("Alice")).await?;
    let decided = |lines: &[Line]| {
        let asked = exchanges(lines, &call.id, "");
        asked.iter().any(|asked| matches!(asked.op.as_str(), "answer" | "redirect" | "reject"))
    };
    stage.happens(secs(15), decided).await?;
    let asked = stage.requests(&call, "redirect").await?;
    Ok((!asked.is_empty()).then_some(call))
}

/// Elsewhere.
pub const IN_TIME: Case = Case {
    id: "redirect/in-time",
    title: "A bot that redirects a call does it in time, and is done with it",
    level: Level::Must,
    rule: &BEFORE_THE_ANSWER,
    profile: Profile::Redirects,
    needs: &[],
    steps: &[
        "Alice rings; unless the bot redirects her, the story is over.",
        "Graph takes the redirect, and the bot's call ends.",
        "The bot has not answered it, and asks nothing more about it.",
    ],
    limit: secs(300),
    kills: &[Flaw::AnswersRedirected],
    story: |stage| Box::pin(async move { is_done(stage).await }),
};

async fn is_done(stage: &Stage) -> Result<(), Wrong> {
    let Some(call) = redirected(stage).await? else { return Ok(()) };
    stage.expect_done(&call, "redirect", 1, secs(15)).await?;
    stage.hears_of_the_end(&call).await?;
    stage.let_pass(minutes(2)).await;
    let asked = stage.requests(&call, "").await?;
    match asked.iter().find(|asked| asked.op == "answer" || asked.status == Some(404)) {
        None => Ok(()),
        Some(late) => {
            let actual = format!("the bot asked for '{}'", late.op);
            Err(Wrong::bot("nothing more after the redirect", actual))
        }
    }
}

/// Not its business.
pub const TARGET_DOES_NOT_ANSWER: Case = Case {
    id: "redirect/target-does-not-answer",
    title: "A bot has nothing to do with a redirected call that nobody takes",
    level: Level::Should,
    rule: &BEFORE_THE_ANSWER,
    profile: Profile::Redirects,
    needs: &[],
    steps: &[
        "Alice rings, the bot sends her to Bob, and Bob does not answer.",
        "The bot has not answered her call, and asks nothing more about it.",
    ],
    limit: secs(300),
    kills: &[Flaw::AnswersRedirected],
    story: |stage| {
        Box::pin(async move {
            stage.reacts("Bob", "ignore", None).await?;
            is_done(stage).await
        })
    },
};

/// Here, then.
pub const REFUSED: Case = Case {
    id: "redirect/refused",
    title: "A bot that may not redirect answers, or rejects",
    level: Level::Should,
    rule: &NOT_LEFT_RINGING,
    profile: Profile::Redirects,
    needs: &[],
    steps: &[
        "The administrator withdraws Calls.Initiate.All; Alice rings.",
        "If the bot redirects her, it is refused with 403, code 7504.",
        "Within 15 seconds it has answered or rejected her call: she does not hear that nobody can be reached.",
    ],
    limit: secs(180),
    kills: &[Flaw::LeavesRefusedRedirect],
    story: |stage| {
        Box::pin(async move {
            stage.consents(false, &["Calls.Initiate.All"]).await?;
            let Some(call) = redirected(stage).await? else { return Ok(()) };
            let decided = |lines: &[Line]| {
                let rejected = exchanges(lines, &call.id, "reject");
                state_in(lines, &call.id) == Some("established")
                    || rejected.iter().any(|asked| asked.worked())
            };
            match stage.happens(secs(15), decided).await? {
                true => Ok(()),
                false => Err(Wrong::bot("the call to be answered, or rejected", "it rang in vain")),
            }
        })
    },
};

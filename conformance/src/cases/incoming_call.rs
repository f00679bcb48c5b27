//! Somebody rings.

use bot_reference::Flaw;

use super::secs;
use crate::{
    case::{Case, Level, Profile},
    failure::Wrong,
    journal::Line,
    rules,
    stage::{Stage, was_taken},
};

/// In reading order.
pub const CASES: &[&Case] =
    &[&ANSWERED_IN_TIME, &ACKNOWLEDGED_IN_TIME, &ANSWERED_ONCE, &TWO_AT_ONCE, &CALLER_GIVES_UP];

/// The bot answers before the caller hears that it cannot be reached.
pub const ANSWERED_IN_TIME: Case = Case {
    id: "incoming-call/answered-in-time",
    title: "A bot answers within 15 seconds",
    level: Level::Must,
    rule: &rules::ANSWER_WITHIN,
    profile: Profile::Callable,
    needs: &[],
    steps: &["Alice rings the bot.", "The call is established within 15 seconds."],
    limit: secs(120),
    kills: &[Flaw::NeverAnswers, Flaw::AnswersLate],
    story: |stage| {
        Box::pin(async move {
            let call = stage.rings_the_bot(&stage.person("Alice")).await?;

            stage.is_answered(&call).await?;

            let answers = stage.requests(&call, "answer").await?;
            match answers.iter().any(|answer| answer.worked()) {
                true => Ok(()),
                false => Err(Wrong::bot("an accepted answer", format!("{answers:?}"))),
            }
        })
    },
};

/// The acknowledgement does not wait for the answer.
pub const ACKNOWLEDGED_IN_TIME: Case = Case {
    id: "incoming-call/acknowledged-in-time",
    title: "A bot acknowledges the notification within 5 seconds",
    level: Level::Must,
    rule: &rules::ACKNOWLEDGE_WITHIN,
    profile: Profile::Callable,
    needs: &[],
    steps: &["Alice rings the bot.", "Its notification is answered with a 2xx within 5 seconds."],
    limit: secs(120),
    kills: &[Flaw::AcknowledgesLate],
    story: |stage| {
        Box::pin(async move {
            let call = stage.rings_the_bot(&stage.person("Alice")).await?;

            let taken = |lines: &[Line]| {
                let mut told = lines.iter().filter(|line| line.kind == "notification");
                told.any(|line| line.call_id.as_ref() == Some(&call.id) && was_taken(lines, line))
            };
            match stage.happens(secs(5), taken).await? {
                true => Ok(()),
                false => Err(Wrong::bot("a 2xx within 5 seconds", "there was none")),
            }
        })
    },
};

/// Once is enough.
pub const ANSWERED_ONCE: Case = Case {
    id: "incoming-call/answered-once",
    title: "A bot answers a call once",
    level: Level::Should,
    rule: &rules::ANSWER_ONCE,
    profile: Profile::Callable,
    needs: &[],
    steps: &["Alice rings the bot.", "The call is established.", "One answer was sent, not more."],
    limit: secs(120),
    kills: &[Flaw::AnswersTwice],
    story: |stage| {
        Box::pin(async move {
            let call = stage.rings_the_bot(&stage.person("Alice")).await?;
            stage.is_answered(&call).await?;

            stage.let_pass(secs(5)).await;

            match stage.requests(&call, "answer").await?.len() {
                1 => Ok(()),
                sent => Err(Wrong::bot("one answer", format!("{sent} were sent"))),
            }
        })
    },
};

/// Callers do not wait for each other.
pub const TWO_AT_ONCE: Case = Case {
    id: "incoming-call/two-at-once",
    title: "A bot in a call takes another one",
    level: Level::Must,
    rule: &rules::SEVERAL_CALLS,
    profile: Profile::Callable,
    needs: &[],
    steps: &["Alice rings the bot.", "Bob rings too.", "Both calls are established."],
    limit: secs(120),
    kills: &[Flaw::OneCallOnly, Flaw::OneCallOfTwoOnly],
    story: |stage| {
        Box::pin(async move {
            let alices = stage.rings_the_bot(&stage.person("Alice")).await?;
            let bobs = stage.rings_the_bot(&stage.person("Bob")).await?;

            stage.is_answered(&alices).await?;
            stage.is_answered(&bobs).await?;

            stage.expect_state(&alices, "established").await
        })
    },
};

/// A 404 is an answer like any other.
pub const CALLER_GIVES_UP: Case = Case {
    id: "incoming-call/caller-gives-up",
    title: "A bot survives a caller who hangs up while it answers",
    level: Level::Must,
    rule: &rules::CALLS_VANISH,
    profile: Profile::Callable,
    needs: &[],
    steps: &[
        "Alice rings the bot and hangs up at once, so that the bot's answer finds no call.",
        "Carol rings.",
        "Carol's call is established.",
    ],
    limit: secs(180),
    kills: &[Flaw::CrashesOnLateAnswer, Flaw::CrashesOnNotFound],
    story: |stage| {
        Box::pin(async move {
            let call = stage.rings_the_bot(&stage.person("Alice")).await?;
            stage.hangs_up(&call).await?;
            stage.let_pass(secs(20)).await;
            heard_of_no_second_life(stage, &call).await?;

            stage.expect_alive().await
        })
    },
};

async fn heard_of_no_second_life(stage: &Stage, call: &crate::Call) -> Result<(), Wrong> {
    let worked = stage.requests(call, "answer").await?.iter().any(|answer| answer.worked());
    match worked {
        // The bot was faster than the caller: nothing to be learnt about 404, and nothing wrong.
        true => Ok(()),
        false => stage.expect_state(call, "terminated").await,
    }
}

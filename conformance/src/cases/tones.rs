//! Keys that people press.

use bot_reference::Flaw;
use serde_json::json;

use super::secs;
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    journal::{Line, exchanges},
    rules,
};

/// In reading order.
pub const CASES: &[&Case] = &[&ONCE];

/// Once.
pub const ONCE: Case = Case {
    id: "tones/once",
    title: "A key that is told twice is acted on once",
    level: Level::Should,
    rule: &rules::TONE_ONCE,
    profile: Profile::ServiceHosted,
    needs: &[Need::Tokens],
    steps: &[
        "Alice's call is established; if the bot subscribes to tones within half a minute, Alice presses 9.",
        "A quarter of a minute later the notification of that key comes once more.",
        "In the next quarter of a minute the bot asks nothing about this call.",
    ],
    limit: secs(180),
    kills: &[Flaw::ActsTwiceOnRepeatedTone],
    story: |stage| {
        Box::pin(async move {
            let call = stage.rings_the_bot(&stage.person("Alice")).await?;
            stage.is_answered(&call).await?;
            let listens = |lines: &[Line]| {
                exchanges(lines, &call.id, "subscribeToTone").iter().any(|asked| asked.worked())
            };
            if !stage.happens(secs(30), listens).await? {
                // Nothing says that a bot has to care for keys.
                return Ok(());
            }
            stage.presses(&call, &["tone9"]).await?;
            stage.let_pass(secs(15)).await;
            let before = stage.requests(&call, "").await?.len();

            let tone = json!({"sequenceId": 1, "tone": "tone9"});
            let data = json!({"state": "established", "toneInfo": tone});
            let entry = json!({"changeType": "updated", "resourceData": data});
            stage.notifies(&call.id, None, entry).await?;
            stage.let_pass(secs(15)).await;

            match &stage.requests(&call, "").await?[before..] {
                [] => Ok(()),
                [twice, ..] => {
                    Err(Wrong::bot("nothing new", format!("the bot asked for '{}'", twice.op)))
                }
            }
        })
    },
};

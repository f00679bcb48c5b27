//! How notifications are read.

use bot_reference::Flaw;
use serde_json::json;

use super::secs;
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    journal::Line,
    rules,
};

/// In reading order.
pub const CASES: &[&Case] = &[&UNKNOWN_MEMBERS, &ID_FROM_RESOURCE_URL];

/// Graph grows.
pub const UNKNOWN_MEMBERS: Case = Case {
    id: "notifications/unknown-members",
    title: "Members that a bot does not know are let through",
    level: Level::Must,
    rule: &rules::TOLERATE_MEMBERS,
    profile: Profile::Callable,
    needs: &[Need::Tokens],
    steps: &[
        "Alice's call is established.",
        "The platform sends an update with members that nobody has heard of.",
        "The bot answers 2xx, and the call goes on.",
    ],
    limit: secs(180),
    kills: &[Flaw::RejectsUnknownMembers],
    story: |stage| {
        Box::pin(async move {
            let call = stage.rings_the_bot(&stage.person("Alice")).await?;
            stage.is_answered(&call).await?;

            let entry = json!({
                "@odata.type": "#microsoft.graph.commsNotification",
                "changeType": "updated",
                "weather": {"@odata.type": "#microsoft.graph.forecast", "rain": [0, 1, null]},
                "resourceData": {
                    "@odata.type": "#microsoft.graph.call", "state": "established", "mood": "good",
                },
            });
            let status = stage.notifies(&call.id, None, entry).await?;

            if !(200..300).contains(&status) {
                return Err(Wrong::bot("a 2xx", format!("the bot answered {status}")));
            }
            stage.let_pass(secs(2)).await;
            stage.expect_state(&call, "established").await
        })
    },
};

/// Updates are partial.
pub const ID_FROM_RESOURCE_URL: Case = Case {
    id: "notifications/id-from-resource-url",
    title: "A bot knows which call an update is about without an id in its data",
    level: Level::Must,
    rule: &rules::RESOURCE_URL,
    profile: Profile::ServiceHosted,
    needs: &[],
    steps: &[
        "Alice's call is established and its audio active; the updates carry no id in resourceData.",
        "The bot plays its prompt within 10 seconds.",
    ],
    limit: secs(120),
    kills: &[Flaw::ReadsIdFromResourceData],
    story: |stage| {
        Box::pin(async move {
            let call = stage.rings_the_bot(&stage.person("Alice")).await?;
            stage.is_answered(&call).await?;
            stage.audio_flows(&call).await?;

            let plays = |lines: &[Line]| {
                let prompts = crate::journal::exchanges(lines, &call.id, "playPrompt");
                prompts.iter().any(|prompt| prompt.worked())
            };
            match stage.happens(secs(10), plays).await? {
                true => Ok(()),
                false => Err(Wrong::bot("a prompt within 10 seconds", "the bot said nothing")),
            }
        })
    },
};

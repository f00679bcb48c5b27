//! Staying in a call.

use bot_reference::Flaw;

use super::{hours, minutes};
use crate::{
    case::{Case, Level, Need, Profile},
    journal::gaps_under,
    rules,
};

/// In reading order.
pub const CASES: &[&Case] = &[&THREE_HOURS];

/// A call nobody hangs up is still there after three hours, because the bot keeps it alive.
pub const THREE_HOURS: Case = Case {
    id: "keep-alive/three-hours",
    title: "A bot keeps its call alive for three hours",
    level: Level::Must,
    rule: &rules::KEEP_ALIVE,
    profile: Profile::Callable,
    needs: &[Need::VirtualTime],
    steps: &[
        "Alice's call is established.",
        "Three hours pass.",
        "The call is still there, and no gap between keepAlives was over 45 minutes.",
    ],
    limit: hours(4),
    kills: &[Flaw::NeverKeepsAlive],
    story: |stage| {
        Box::pin(async move {
            let call = stage.rings_the_bot(&stage.person("Alice")).await?;
            stage.is_answered(&call).await?;

            stage.let_pass(hours(3)).await;

            stage.expect_state(&call, "established").await?;
            let kept = stage.requests(&call, "keepAlive").await?;
            gaps_under(&kept, call.rung_at, stage.now(), minutes(45))
        })
    },
};

//! Video that the bot handles itself, over the open transport (docs/media-transport.md).
//!
//! What these bots show has the barcode of a test pattern, with the time in it, so that it is known whether it moves.

use bot_reference::Flaw;
use serde_json::Value;

use super::{app_hosted::session, secs};
use crate::{
    case::{Case, Level, Profile},
    failure::Wrong,
    rule::{Rule, Sourced},
    stage::{Call, Stage},
};

/// In reading order.
pub const CASES: &[&Case] = &[&SHOWS, &WATCHES];

const SEEN: Rule = Rule {
    id: "appHostedVideo.seen",
    contract: Some("R-281"),
    sourced: Sourced::Documented,
    says: "What a bot sends as video people see: frames that can be decoded, and that move.",
    source: "microsoft-graph-comms-samples, docs/articles/media; issues 24 and 391",
};

const SUBSCRIBED: Rule = Rule {
    id: "appHostedVideo.subscribed",
    contract: Some("R-282"),
    sourced: Sourced::Documented,
    says: "A bot sees whom it subscribes to, by the media source id of the roster.",
    source: "microsoft-graph-comms-samples issues 142 and 732",
};

/// It moves.
pub const SHOWS: Case = Case {
    id: "app-hosted-video/shows-moving-pictures",
    title: "People see what a bot shows, and it moves",
    level: Level::Must,
    rule: &SEEN,
    profile: Profile::AppHostedVideo,
    needs: &[],
    steps: &[
        "Alice rings the bot with video, and it answers.",
        "In 12 seconds she has seen at least 60 frames of it; one in twenty of them at most could not be decoded.",
        "The times in their barcodes go on for at least 5 seconds.",
    ],
    limit: secs(120),
    kills: &[Flaw::FreezesVideo],
    story: |stage| {
        Box::pin(async move {
            let call = stage.rings_with_video("Alice").await?;
            stage.is_answered(&call).await?;
            stage.let_pass(secs(12)).await;
            let seen = stage.control().look(&format!("/calls/{}/seen", call.id)).await?;
            let streams = seen["streams"].as_array().into_iter().flatten();
            let Some(video) = streams.clone().find(|one| one["sharing"] == false) else {
                return Err(Wrong::bot("video of the bot's", "nobody saw any"));
            };
            let count = |name: &str| video[name].as_u64().unwrap_or_default();
            let (decoded, undecodable) = (count("decoded"), count("undecodable"));
            if decoded < 60 || undecodable * 20 > decoded {
                let actual = format!("{decoded} were decoded, and {undecodable} could not be");
                return Err(Wrong::bot("60 frames and more that can be decoded", actual));
            }
            let times = video["barcodes"].as_array().into_iter().flatten().map(|one| {
                let time = |name: &str| one[name].as_u64().unwrap_or_default();
                time("lastMs").saturating_sub(time("firstMs"))
            });
            match times.sum::<u64>() {
                5_000.. => Ok(()),
                ms => Err(Wrong::bot("pictures that move", format!("they moved for {ms} ms"))),
            }
        })
    },
};

/// Packets of video that were sent to the bot.
async fn shown_to_it(stage: &Stage, call: &Call) -> Result<u64, Wrong> {
    let session = session(stage, call).await?;
    let streams = session["toBot"].as_array().into_iter().flatten();
    let video = streams.filter(|one| one["channel"] == "video");
    Ok(video.filter_map(|one: &Value| one["packets"].as_u64()).sum())
}

/// It looks.
pub const WATCHES: Case = Case {
    id: "app-hosted-video/watches-who-shows-themselves",
    title: "A bot subscribes to somebody who turns their camera on",
    level: Level::Must,
    rule: &SUBSCRIBED,
    profile: Profile::AppHostedVideo,
    needs: &[],
    steps: &[
        "The bot is in a meeting; nobody's camera is on.",
        "Carol turns hers on, which the roster says.",
        "Within 10 seconds the bot has subscribed to it: at least 50 packets of video have come to it.",
    ],
    limit: secs(120),
    kills: &[Flaw::WatchesNobody],
    story: |stage| {
        Box::pin(async move {
            let (_, call) = stage.is_in_a_meeting().await?;
            stage.let_pass(secs(5)).await;
            let before = shown_to_it(stage, &call).await?;
            stage.does(&call, "Carol", "startVideo").await?;
            stage.let_pass(secs(10)).await;
            match shown_to_it(stage, &call).await? - before {
                50.. => Ok(()),
                packets => {
                    let actual = format!("{packets} packets came");
                    Err(Wrong::bot("the bot to look at Carol", actual))
                }
            }
        })
    },
};

//! When a bot speaks.

use bot_reference::Flaw;
use graph_fake::manifest::Deed;
use serde_json::json;

use super::{USUAL, minutes, secs};
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    journal::{Line, exchanges},
    rule::{Rule, Sourced},
    rules,
    stage::{Call, Stage},
};

/// In reading order.
pub const CASES: &[&Case] = &[
    &WAIT_FOR_AUDIO,
    &ONCE,
    &RIGHT_FORMAT,
    &FAILED_DOWNLOAD,
    &REPLY_LOST,
    &END_LOST,
    &CANCELLED,
    &IN_SILENCE,
    &AFTER_THE_END,
];

/// Audio first.
pub const WAIT_FOR_AUDIO: Case = Case {
    id: "prompts/wait-for-audio",
    title: "A bot plays its prompt when audio flows, not before",
    level: Level::Must,
    rule: &rules::AUDIO_FIRST,
    profile: Profile::ServiceHosted,
    needs: &[],
    steps: &[
        "Alice's call is established; its audio becomes active a moment later.",
        "No playPrompt is refused, and one is accepted.",
    ],
    limit: secs(120),
    kills: &[Flaw::PromptsTooEarly],
    story: |stage| {
        Box::pin(async move {
            let call = stage.rings_the_bot(&stage.person("Alice")).await?;
            stage.is_answered(&call).await?;
            stage.audio_flows(&call).await?;

            stage.let_pass(secs(10)).await;

            let prompts = stage.requests(&call, "playPrompt").await?;
            if let Some(refused) = prompts.iter().find(|prompt| !prompt.worked()) {
                let code = refused.code.as_deref().unwrap_or("no answer");
                return Err(Wrong::bot("no prompt to be refused", format!("one was: {code}")));
            }
            match prompts.is_empty() {
                false => Ok(()),
                true => Err(Wrong::bot("a prompt", "the bot said nothing")),
            }
        })
    },
};

/// Once.
pub const ONCE: Case = Case {
    id: "prompts/once",
    title: "A notification that comes twice does not make a bot speak twice",
    level: Level::Should,
    rule: &rules::PROMPT_ONCE,
    profile: Profile::ServiceHosted,
    needs: &[],
    steps: &[
        "Alice's call is established, and the bot begins its prompt.",
        "The notification of active audio is sent once more.",
        "The bot does not begin another prompt while the first one plays.",
    ],
    limit: secs(120),
    kills: &[Flaw::PromptsAgain],
    story: |stage| {
        Box::pin(async move {
            let call = stage.rings_the_bot(&stage.person("Alice")).await?;
            stage.is_answered(&call).await?;
            let begun = |lines: &[Line]| !exchanges(lines, &call.id, "playPrompt").is_empty();
            if !stage.happens(secs(15), begun).await? {
                return Err(Wrong::bot("a prompt", "the bot said nothing"));
            }

            stage.repeats_last_notification(&call).await?;
            let over =
                |lines: &[Line]| lines.iter().filter(|line| is_end_of_prompt(line)).count() > 0;
            stage.happens(secs(60), over).await?;

            let ended =
                stage.journal().await?.iter().find(|line| is_end_of_prompt(line)).map(Line::at);
            let prompts = stage.requests(&call, "playPrompt").await?;
            let begun = prompts.iter().filter(|prompt| ended.is_none_or(|ended| prompt.at < ended));
            match begun.count() {
                1 => Ok(()),
                count => Err(Wrong::bot("one prompt", format!("{count} were begun"))),
            }
        })
    },
};

fn is_end_of_prompt(line: &Line) -> bool {
    let url = line.detail["resourceUrl"].as_str().unwrap_or_default();
    line.kind == "notification" && url.contains("/operations/")
}

const FORMAT: Rule = Rule {
    id: "prompt.format",
    contract: Some("R-232"),
    sourced: Sourced::Documented,
    says: "A prompt is a WAV file of 16 bit, 16 kHz, mono, which the platform can fetch.",
    source: "https://learn.microsoft.com/graph/api/resources/mediainfo",
};

const GOES_ON: Rule = Rule {
    id: "prompt.goesOn",
    contract: Some("R-233"),
    sourced: Sourced::Prudent,
    says: "A prompt that failed, was cancelled, or whose end is never told costs no call, and the bot goes on.",
    source: "operations end as 'failed' too; notifications may be lost",
};

const NOT_TWICE: Rule = Rule {
    id: "prompt.notRepeated",
    contract: Some("R-275"),
    sourced: Sourced::Prudent,
    says: "A prompt whose reply was lost may be playing: it is not asked for again.",
    source: "Graph has no idempotency keys",
};

const IN_SOUND: Rule = Rule {
    id: "prompt.inSound",
    contract: Some("R-156"),
    sourced: Sourced::Observed,
    says: "While audio is inactive, as on hold, nothing is played; it waits.",
    source: "microsoft-graph-comms-samples, the IVR samples look at mediaState.audio",
};

const SPEAKS: Case = Case { profile: Profile::ServiceHosted, rule: &GOES_ON, ..USUAL };
const IS_ASKED: Case =
    Case { profile: Profile::Tones, needs: &[Need::Asked(Deed::Menu)], ..SPEAKS };

/// Alice's call, in which the bot has begun its first prompt.
async fn begins_to_speak(stage: &Stage) -> Result<Call, Wrong> {
    let call = stage.is_in_call_with("Alice").await?;
    stage.bot_does(&call, "playPrompt", 1, secs(20)).await?;
    Ok(call)
}

/// Of the right kind.
pub const RIGHT_FORMAT: Case = Case {
    id: "prompts/right-format",
    title: "A bot's prompts can be fetched and played",
    level: Level::Must,
    rule: &FORMAT,
    steps: &[
        "Alice's call is established; the bot plays its prompt.",
        "Within a minute the bot is told that the operation is over, and it was 'completed'.",
    ],
    kills: &[Flaw::PromptsInWrongFormat],
    story: |stage| {
        Box::pin(async move {
            let call = begins_to_speak(stage).await?;
            let about = |line: &Line| line.call_id.as_ref() == Some(&call.id);
            let end = |lines: &[Line]| {
                let end = lines.iter().find(|line| about(line) && is_end_of_prompt(line))?;
                end.detail.pointer("/body/value/0/resourceData/status").cloned()
            };
            stage.happens(secs(60), |lines| end(lines).is_some()).await?;
            match end(&stage.journal().await?) {
                Some(status) if status == "completed" => Ok(()),
                Some(status) => Err(Wrong::bot("a prompt that is completed", status.to_string())),
                None => Err(Wrong::bot("the end of a prompt within a minute", "there was none")),
            }
        })
    },
    ..SPEAKS
};

/// Not fetched.
pub const FAILED_DOWNLOAD: Case = Case {
    id: "prompts/failed-download",
    title: "A bot whose prompt cannot be fetched stays in the call",
    needs: &[Need::Faults],
    steps: &[
        "The platform will fail to fetch the first prompt.",
        "Alice's call is established. A minute after the bot's prompt has failed, it is still there.",
    ],
    kills: &[Flaw::HangsUpOnFailedOperation],
    story: |stage| {
        Box::pin(async move {
            stage.goes_wrong(json!([{"prompt": {"error": "download"}}])).await?;
            let call = begins_to_speak(stage).await?;
            stage.expect_survival(&call, secs(60)).await
        })
    },
    ..SPEAKS
};

/// A lost reply.
pub const REPLY_LOST: Case = Case {
    id: "prompts/reply-lost",
    title: "A bot that missed the reply to a playPrompt does not say it twice",
    rule: &NOT_TWICE,
    needs: &[Need::Faults],
    steps: &[
        "Alice's call is established; Graph hears the bot's first playPrompt, and its reply is lost.",
        "Until the bot is told the end of that prompt it asks for no further one.",
    ],
    kills: &[Flaw::RepeatsLostPrompts],
    story: |stage| {
        Box::pin(async move {
            stage.goes_wrong(json!([{"graph": {"op": "playPrompt", "loseReply": true}}])).await?;
            let call = stage.is_in_call_with("Alice").await?;
            let over = |lines: &[Line]| lines.iter().any(is_end_of_prompt);
            if !stage.happens(secs(60), over).await? {
                return Err(Wrong::bot("a prompt", "none came to its end"));
            }
            let lines = stage.journal().await?;
            let end = lines.iter().position(is_end_of_prompt).unwrap_or_default();
            match exchanges(&lines[..end], &call.id, "playPrompt").len() {
                0 | 1 => Ok(()),
                asked => Err(Wrong::bot("one playPrompt", format!("there were {asked}"))),
            }
        })
    },
    ..SPEAKS
};

/// A lost end.
pub const END_LOST: Case = Case {
    id: "prompts/end-lost",
    title: "A bot does not wait for ever for the end of a prompt",
    profile: Profile::Tones,
    needs: &[Need::Faults, Need::Simulated],
    steps: &[
        "Alice's call is established; no end of a prompt is told.",
        "Within five minutes the bot listens to keys.",
    ],
    limit: minutes(10),
    kills: &[Flaw::HangsOnLostOperationEnd],
    story: |stage| {
        Box::pin(async move {
            let plan = json!([{"notification": {"of": "operation", "times": 1_000, "lose": true}}]);
            stage.goes_wrong(plan).await?;
            let call = begins_to_speak(stage).await?;
            stage.bot_does(&call, "subscribeToTone", 1, minutes(5)).await.map(drop)
        })
    },
    ..SPEAKS
};

/// Cancelled.
pub const CANCELLED: Case = Case {
    id: "prompts/cancelled",
    title: "A bot that stops a prompt goes on at once",
    needs: &[Need::Asked(Deed::Story), Need::Asked(Deed::StopStory), Need::Asked(Deed::Menu)],
    steps: &[
        "Alice asks the bot for its story, and two seconds later to stop it: it cancels the prompt.",
        "She asks for the menu: the bot plays a prompt within 10 seconds.",
    ],
    kills: &[Flaw::DeafAfterCancel],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.bot_listens(&call).await?;
            let before = stage.count(&call, "playPrompt").await?;
            stage.asks_bot_to(&call, Deed::Story).await?;
            stage.bot_does(&call, "playPrompt", before + 1, secs(10)).await?;
            stage.let_pass(secs(2)).await;
            stage.asks_bot_to(&call, Deed::StopStory).await?;
            stage.bot_does(&call, "cancelMediaProcessing", 1, secs(5)).await?;
            stage.asks_bot_to(&call, Deed::Menu).await?;
            stage.bot_does(&call, "playPrompt", before + 2, secs(10)).await.map(drop)
        })
    },
    ..IS_ASKED
};

/// On hold.
pub const IN_SILENCE: Case = Case {
    id: "prompts/on-hold",
    title: "A bot on hold keeps its prompts until it is heard again",
    rule: &IN_SOUND,
    needs: &[Need::Asked(Deed::Menu), Need::Tokens],
    steps: &[
        "Alice puts the bot on hold; its audio is inactive.",
        "A key comes late that asks for the menu. In the next 20 seconds no playPrompt is refused.",
        "Alice takes the bot off hold: it plays the prompt within 10 seconds.",
    ],
    kills: &[Flaw::PromptsIntoSilence],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.bot_listens(&call).await?;
            stage.let_pass(secs(5)).await;
            stage.acts(&call, "hold").await?;
            stage.let_pass(secs(2)).await;
            let before = stage.count(&call, "playPrompt").await?;
            stage.is_told_of_key(&call, 1, Deed::Menu).await?;
            stage.let_pass(secs(20)).await;
            let asked = stage.requests(&call, "playPrompt").await?;
            if asked.iter().any(|prompt| !prompt.worked()) {
                return Err(Wrong::bot("no prompt to be refused", "one was"));
            }
            stage.acts(&call, "resume").await?;
            stage.bot_does(&call, "playPrompt", before + 1, secs(10)).await.map(drop)
        })
    },
    ..IS_ASKED
};

/// Never after the end.
pub const AFTER_THE_END: Case = Case {
    id: "prompts/caller-hangs-up-in-one",
    title: "A bot whose caller hangs up in a prompt says no more",
    rule: &rules::SILENCE_AFTER_END,
    steps: &[
        "Alice's call is established; she hangs up while the bot's first prompt plays, the end of which is never told.",
        "In the next five minutes the bot asks nothing about this call. Carol rings; her call is established.",
    ],
    limit: minutes(10),
    kills: &[Flaw::KeepsTalkingAfterEnd],
    story: |stage| {
        Box::pin(async move {
            let call = begins_to_speak(stage).await?;
            stage.hangs_up(&call).await?;
            stage.expect_silence_after_end(&call, minutes(5)).await?;
            stage.expect_alive().await
        })
    },
    ..SPEAKS
};

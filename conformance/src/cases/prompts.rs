//! When a bot speaks.

use bot_reference::Flaw;

use super::secs;
use crate::{
    case::{Case, Level, Profile},
    failure::Wrong,
    journal::{Line, exchanges},
    rules,
};

/// In reading order.
pub const CASES: &[&Case] = &[&WAIT_FOR_AUDIO, &ONCE];

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

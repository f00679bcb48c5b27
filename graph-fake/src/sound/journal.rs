//! Sounds as lines of the journal.

use graph_api::Timestamp;
use platform::{MediaEvent, Prompt};
use serde_json::{Value, json};

/// What the journal says of a sound, and since when it is there: the line itself may be written later.
pub fn detail(at: Timestamp, event: &MediaEvent) -> Value {
    let prompt = |prompt: &Prompt| json!({"uri": prompt.uri, "resourceId": prompt.resource_id});
    let mut detail = match event {
        MediaEvent::PromptBegan(operation, played) => {
            json!({"event": "promptBegan", "operationId": operation.0, "prompt": prompt(played)})
        }
        MediaEvent::PromptsLooped(operation, played) => {
            let prompts: Vec<Value> = played.iter().map(prompt).collect();
            json!({"event": "promptsLooped", "operationId": operation.0, "prompts": prompts})
        }
        MediaEvent::PromptEnded(operation) => {
            json!({"event": "promptEnded", "operationId": operation.0})
        }
        MediaEvent::Beeped(operation) => json!({"event": "beep", "operationId": operation.0}),
        MediaEvent::RecordBegan(operation) => {
            json!({"event": "recordBegan", "operationId": operation.0})
        }
        MediaEvent::RecordEnded(operation, kept) => {
            json!({"event": "recordEnded", "operationId": operation.0, "kept": kept})
        }
        MediaEvent::Spoke(who, length) => {
            let length = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
            json!({"event": "spoke", "by": who, "durationMs": length})
        }
        MediaEvent::Pressed(who, tone) => json!({"event": "pressed", "by": who, "tone": tone}),
        MediaEvent::Sent(tone) => json!({"event": "sent", "tone": tone}),
        MediaEvent::HoldMusic(who, heard, music) => {
            let music = music.as_ref().map(prompt);
            json!({"event": "holdMusic", "by": who, "heard": heard, "prompt": music})
        }
        MediaEvent::Entered(conference) => {
            json!({"event": "entered", "conferenceId": conference.to_string()})
        }
        MediaEvent::BotSilenced(silent) => json!({"event": "botSilenced", "silent": silent}),
        MediaEvent::BrokeOff(who) => json!({"event": "brokeOff", "by": who}),
    };
    detail["sinceMs"] = at.as_millis().into();
    detail
}

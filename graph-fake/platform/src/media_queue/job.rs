//! What the queue is given to do.

use std::{collections::VecDeque, time::Duration};

use graph_api::{MediaInfo, Tone};

use crate::options::Options;

/// What is to be played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// Where it is.
    pub uri: String,
    /// Its cache key.
    pub resource_id: Option<String>,
}

impl From<&MediaInfo> for Prompt {
    fn from(info: &MediaInfo) -> Self {
        Self { uri: info.uri.clone(), resource_id: info.resource_id.clone() }
    }
}

/// What the queue is given to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// playPrompt.
    Play {
        /// In this order.
        prompts: VecDeque<Prompt>,
        /// Again and again until cancelled.
        endless: bool,
    },
    /// recordResponse.
    Record(Box<RecordJob>),
}

/// recordResponse, with the defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordJob {
    /// Played first.
    pub prompt: Option<Prompt>,
    /// Ends whatever runs or waits.
    pub barge_in: bool,
    /// How long nobody may speak, from the end of prompt and beep.
    pub initial_silence: Duration,
    /// How long they may fall silent afterwards.
    pub max_silence: Duration,
    /// How long it may become.
    pub max_duration: Duration,
    /// Whether a beep announces it.
    pub beep: bool,
    /// What ends it.
    pub stop_tones: Vec<Tone>,
}

/// The switches that the queue obeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueOptions {
    /// See [`Options::cancelled_prompts_complete`].
    pub cancelled_prompts_complete: bool,
    /// See [`Options::bad_prompts_complete`].
    pub bad_prompts_complete: bool,
}

impl From<&Options> for QueueOptions {
    fn from(options: &Options) -> Self {
        Self {
            cancelled_prompts_complete: options.cancelled_prompts_complete,
            bad_prompts_complete: options.bad_prompts_complete,
        }
    }
}

/// The key that a stop tone names. Stop tones are characters, not tone names; letters are read in
/// either case. `None` for anything else.
pub fn stop_tone(text: &str) -> Option<Tone> {
    Some(match text {
        "0" => Tone::Tone0,
        "1" => Tone::Tone1,
        "2" => Tone::Tone2,
        "3" => Tone::Tone3,
        "4" => Tone::Tone4,
        "5" => Tone::Tone5,
        "6" => Tone::Tone6,
        "7" => Tone::Tone7,
        "8" => Tone::Tone8,
        "9" => Tone::Tone9,
        "*" => Tone::Star,
        "#" => Tone::Pound,
        "A" | "a" => Tone::A,
        "B" | "b" => Tone::B,
        "C" | "c" => Tone::C,
        "D" | "d" => Tone::D,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    ///
    #[test]
    fn stop_tones_are_characters() {
        let all: Vec<Tone> = "0123456789*#ABCD"
            .chars()
            .map(|character| stop_tone(&character.to_string()).unwrap())
            .collect();
        assert_eq!(all.len(), 16);
        assert!(all.iter().enumerate().all(|(n, tone)| !all[..n].contains(tone)), "{all:?}");
        assert_eq!((&all[7], &all[10], &all[11]), (&Tone::Tone7, &Tone::Star, &Tone::Pound));
        assert_eq!(stop_tone("d"), Some(Tone::D));
        for bad in ["", "tone1", "pound", "12", "E", " ", "#\u{301}"] {
            assert_eq!(stop_tone(bad), None, "{bad}");
        }
    }
}

//! What was heard and said in one call, for whoever asks how the bot is.

use std::collections::VecDeque;

use serde::Serialize;

/// Markers and keys that are named; the latest.
pub(super) const LATEST_MAX: usize = 32;

/// Counts of one call's media, and the latest of what was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    /// Frames that came, without those that were made up.
    pub frames_heard: u64,
    /// Markers that were heard.
    pub markers_heard: u64,
    /// Keys that were heard.
    pub keys_heard: u64,
    /// Greetings and answers that were said to their end.
    pub said: u64,
    /// Keys that were pressed.
    pub keys_pressed: u64,
    /// What was not said or pressed, because too much waited.
    pub left_unsaid: u64,
    /// Ids of the latest markers, the oldest first.
    pub latest_markers: VecDeque<u32>,
    /// The latest keys in Graph's words, the oldest first.
    pub latest_keys: VecDeque<&'static str>,
    /// Media source id of who has the word.
    pub dominant_speaker: Option<u32>,
    /// Media source ids of who is heard.
    pub active_speakers: Vec<u32>,
}

/// Puts one more at the end; the oldest goes.
pub(super) fn note<T>(latest: &mut VecDeque<T>, one: T, max: usize) {
    if latest.len() >= max {
        latest.pop_front();
    }
    latest.push_back(one);
}

//! What the contract leaves open (its rules marked N), as switches with defaults.

use std::time::Duration;

use crate::flaw::Flaw;

/// Switches of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// From the answer (or the callee's answer) to `established`. R-093 proposes none; a moment by default,
    /// so that a bot which does not wait for `established` fails here as it would there.
    pub set_up: Duration,
    /// From `established` to `mediaState.audio: active`.
    pub audio_start: Duration,
    /// How long an incoming call may wait for its answer.
    pub answer_within: Duration,
    /// How long the bot may take to acknowledge an incoming call.
    pub acknowledge_within: Duration,
    /// How long an outgoing call rings when the bot does not say.
    pub ring: Duration,
    /// Longest gap between keepAlives.
    pub keep_alive: Duration,
    /// Calls an application may have at a time.
    pub calls_per_app: usize,
    /// Accept `http` callback URIs (clients.md 4: an opt-in for localhost).
    pub http_callbacks: bool,
    /// A planted fault, to show that the tests of the platform can fail.
    pub flaw: Option<Flaw>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            set_up: Duration::from_millis(100),
            audio_start: Duration::from_millis(100),
            answer_within: Duration::from_secs(15),
            acknowledge_within: Duration::from_secs(5),
            ring: Duration::from_secs(60),
            keep_alive: Duration::from_secs(45 * 60),
            calls_per_app: 100,
            http_callbacks: false,
            flaw: None,
        }
    }
}

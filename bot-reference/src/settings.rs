//! How the bot behaves.

use std::time::Duration;

use graph_api::Guid;

use crate::Flaw;

/// How the bot behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Calls at a time; further ones are rejected as busy.
    pub max_calls: usize,
    /// Between two keepAlives; Graph asks for one every 15 minutes.
    pub keep_alive_every: Duration,
    /// Longest call; the bot hangs up then.
    pub max_call: Duration,
    /// The user whom the bot invites, and puts callers through to; without one these keys are sorry.
    pub colleague: Option<Guid>,
    /// Ask for rosters as changes, not as full lists.
    pub delta_roster: bool,
    /// A planted fault.
    pub flaw: Option<Flaw>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_calls: 100,
            keep_alive_every: Duration::from_secs(15 * 60),
            max_call: Duration::from_secs(4 * 3_600),
            colleague: None,
            delta_roster: false,
            flaw: None,
        }
    }
}

impl Settings {
    /// Whether this fault is planted.
    pub(crate) fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }
}

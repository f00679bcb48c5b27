//! How the bot behaves.

use std::{net::SocketAddr, time::Duration};

use graph_api::Guid;

use crate::Flaw;

/// Who handles the media of the bot's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hosting {
    /// Graph: it plays prompts, records, and tells of tones.
    #[default]
    ServiceHosted,
    /// The bot: it hears and speaks itself, over the open media transport (docs/media-transport.md).
    AppHosted,
}

/// What the bot does with a key that it hears in media of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keys {
    /// Presses it back.
    #[default]
    Echo,
    /// What its menu says: Graph tells of no keys where media is app-hosted.
    Menu,
}

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
    /// The user to whom whoever rings is sent, instead of being answered.
    pub redirects_to: Option<Guid>,
    /// Ask for rosters as changes, not as full lists.
    pub delta_roster: bool,
    /// Who handles the media.
    pub media: Hosting,
    /// Video sockets of each call whose media the bot hosts, at most 10, and screen sharing beside them; 0 for neither.
    /// The first one sends too. Those with even numbers receive H.264, the others pictures (NV12; R-283).
    pub video: u8,
    /// What keys do that are heard in media of the bot's own.
    pub keys: Keys,
    /// Where media is received when it is app-hosted: one socket for all calls; port 0 takes any free one.
    pub media_listen: SocketAddr,
    /// Where the platform is told to send media; port 0 is the bound one. If absent, the bound address, or, where
    /// that is every address, the one of the host of the public URL.
    pub media_address: Option<SocketAddr>,
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
            redirects_to: None,
            delta_roster: false,
            media: Hosting::ServiceHosted,
            video: 0,
            keys: Keys::Echo,
            media_listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            media_address: None,
            flaw: None,
        }
    }
}

impl Settings {
    /// Whether the bot handles its media itself.
    pub const fn is_app_hosted(&self) -> bool {
        matches!(self.media, Hosting::AppHosted)
    }

    /// Whether the bot sees and shows anything.
    pub(crate) const fn sees(&self) -> bool {
        self.is_app_hosted() && self.video > 0
    }

    /// Whether this fault is planted.
    pub(crate) fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }
}

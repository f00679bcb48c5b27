//! The media of one call, as the wire shows it.

use std::time::Duration;

use graph_api::Timestamp;

use super::{
    super::{World, ledger::Call, paths::short, weather::Trouble},
    hearing::Ear,
    reading::Declared,
};

/// How much later than what it tells of a notification may leave: a connection has to be made first.
pub(super) const GRACE: Duration = Duration::from_millis(500);

/// One session.
#[derive(Debug)]
pub(super) struct Session {
    pub declared: Declared,
    /// The call, once it is known.
    pub call: Option<String>,
    /// The call in which it is answered; a call that is made has no id yet.
    pub asked_for: Option<String>,
    /// Graph has refused every request that declared it so far.
    pub refused: bool,
    /// When the platform sent media last, and when the bot did.
    pub platform_at: Option<Timestamp>,
    pub bot_at: Option<Timestamp>,
    /// Whether the bot may send audio, as it was told last, and since when.
    pub told: Option<(bool, Timestamp)>,
    /// Since when the bot knows that the call is over.
    pub over_at: Option<Timestamp>,
    /// The platform sent media while the call was not seen to have any: since when.
    pub doubt: Option<(Timestamp, u64)>,
    /// What the platform sends, and what the bot sends.
    pub ear: Ear,
    pub mouth: Ear,
}

impl Session {
    pub fn new(declared: Declared, asked_for: Option<String>) -> Self {
        Self {
            declared,
            call: None,
            asked_for,
            refused: false,
            platform_at: None,
            bot_at: None,
            told: None,
            over_at: None,
            doubt: None,
            ear: Ear::new(),
            mouth: Ear::new(),
        }
    }

    /// The call, as it is named in a sentence.
    pub fn name(&self) -> String {
        short(self.call.as_deref().unwrap_or_default())
    }

    /// The call, as the ledger knows it.
    pub fn known<'w>(&self, world: &'w World) -> Option<&'w Call> {
        world.ledger.call(self.call.as_ref()?)
    }

    /// Since when audio is active, if Graph says so and nothing waits to say otherwise.
    pub fn audio_since(&self, world: &World) -> Option<Timestamp> {
        let call = self.known(world)?;
        let over = call.ended.is_some() || call.doom.is_some();
        match call.audio {
            Some((true, since)) if !over && call.is_quiet() => Some(since),
            _ => None,
        }
    }

    /// Whether something may hide what Graph would say of the call since then.
    pub fn is_hidden(&self, world: &World, since: Timestamp) -> bool {
        let id = self.call.as_deref().unwrap_or_default();
        // Notifications of a call wait for each other: whichever is held up, or repeated, holds up what is behind it.
        let may = |kind| {
            let troubles = [Trouble::Lost, Trouble::Delayed, Trouble::Reordered, Trouble::Repeated];
            troubles.into_iter().any(|trouble| world.weather.may(trouble, kind, id, since))
        };
        // On links that lose packets, or are long, each of them takes its time.
        !world.facts.links_are_calm
            || ["call", "incoming", "operation", "tone", "roster", "ended"].into_iter().any(may)
            || world.weather.may(Trouble::Network, "", id, since)
    }

    /// Whether the bot may send audio: it was told so in this life of its program, or not otherwise until just now.
    pub fn may_send(&self, world: &World, at: Timestamp) -> bool {
        let Some((may, since)) = self.told else { return false };
        let mut crashes = world.facts.restarts.iter();
        // It is gone with the step that follows.
        let crashed = crashes.any(|crash| crash.down > since && crash.down + GRACE <= at);
        !crashed && (may || at <= since + GRACE)
    }
}

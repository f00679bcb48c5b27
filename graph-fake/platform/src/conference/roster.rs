//! What a leg is told of the roster.

use std::sync::Arc;

use super::Conference;
use crate::{flaw::Flaw, input::ParticipantId, notification::Roster, view::ParticipantView};

/// What changed since the last look, the same for every leg.
#[derive(Debug, Clone, PartialEq)]
pub struct RosterChange {
    full: Vec<Arc<ParticipantView>>,
    delta: Vec<Arc<ParticipantView>>,
}

impl Conference {
    /// Those who changed, and those who left, since the last time this was asked; `None`: nothing did.
    pub fn take_change(&mut self) -> Option<RosterChange> {
        let quiet = std::mem::take(&mut self.quiet);
        if self.changed.is_empty() && self.gone.is_empty() {
            return None;
        }
        self.sequence += 1;
        let mut delta = Vec::new();
        for id in std::mem::take(&mut self.changed) {
            delta.extend(self.participants.iter().find(|p| p.id == id).cloned());
        }
        delta.append(&mut self.gone);
        (!quiet).then(|| RosterChange { full: self.visible(None), delta })
    }

    /// The next change is not told to anybody (R-198, as a switch).
    pub fn hush(&mut self) {
        self.quiet = true;
    }

    /// Everybody whom this participant may see: themselves, and everybody else who is not hidden. Somebody in
    /// the lobby sees nobody but themselves.
    pub fn visible(&self, to: Option<ParticipantId>) -> Vec<Arc<ParticipantView>> {
        let waits = to.is_some_and(|id| self.lobby.iter().any(|(_, other)| *other == id));
        let waits = waits && self.flaw != Some(Flaw::LobbySeesAll);
        let hides = |p: &ParticipantView| p.hidden && self.flaw != Some(Flaw::ShowsHidden);
        let shown = |p: &&Arc<ParticipantView>| Some(p.id) == to || (!hides(p) && !waits);
        self.participants.iter().filter(shown).cloned().collect()
    }

    /// Whether `id` is in the roster that `to` sees.
    pub fn sees(&self, to: ParticipantId, id: ParticipantId) -> bool {
        let waits = self.lobby.iter().any(|(_, other)| *other == to);
        to == id || (!waits && self.participant(id).is_some_and(|p| !p.hidden))
    }
}

impl RosterChange {
    /// What one leg is told: all of it, or what changed. `first`: nothing was told before.
    pub fn told_to(
        &self,
        me: ParticipantId,
        conference: &Conference,
        delta: bool,
        first: bool,
        sequence: u64,
    ) -> Option<Roster> {
        let hidden = conference.participant(me).is_none_or(|p| p.hidden || p.in_lobby);
        let whole = || if hidden { conference.visible(Some(me)) } else { self.full.clone() };
        // What happens to those whom it does not see is nothing to it.
        let waits = conference.participant(me).is_some_and(|p| p.in_lobby);
        let blind = waits && conference.flaw != Some(Flaw::LobbySeesAll);
        let hides = |p: &ParticipantView| p.hidden && conference.flaw != Some(Flaw::ShowsHidden);
        let seen = |p: &&Arc<ParticipantView>| p.id == me || !(hides(p) || blind);
        let changed: Vec<_> = self.delta.iter().filter(seen).cloned().collect();
        if changed.is_empty() && !first {
            return None;
        }
        if !delta {
            return Some(Roster::Full(whole()));
        }
        let changed = if first { whole() } else { changed };
        Some(Roster::Delta { sequence, changed })
    }
}

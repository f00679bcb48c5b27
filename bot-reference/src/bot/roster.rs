//! Who is in a conference, from full lists and changes.

use std::collections::BTreeMap;

use graph_api::Guid;

use crate::entry::{RosterNews, SEATS_MAX, Seat, Streams};

/// Participants by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Roster {
    seats: BTreeMap<Guid, Seat>,
    sequence: u64,
    /// How often it has changed.
    changes: u64,
}

impl Roster {
    /// Takes news in; false if some went missing before them, so that the whole has to be asked for.
    pub(super) fn hear(&mut self, news: &RosterNews) -> bool {
        match news {
            RosterNews::Full(all) => self.replace(all),
            // Told before.
            RosterNews::Delta { sequence, .. } if *sequence <= self.sequence => {}
            RosterNews::Delta { sequence, changed } => {
                let whole = *sequence == self.sequence + 1;
                if *sequence == 1 {
                    self.seats.clear();
                }
                self.sequence = *sequence;
                self.change(changed);
                return whole;
            }
        }
        true
    }

    /// This is everybody.
    pub(super) fn replace(&mut self, all: &[Seat]) {
        self.seats.clear();
        self.change(all);
    }

    /// Another number is another roster.
    pub(super) const fn changes(&self) -> u64 {
        self.changes
    }

    fn change(&mut self, changed: &[Seat]) {
        self.changes = self.changes.wrapping_add(1);
        for seat in changed {
            if seat.gone {
                self.seats.remove(&seat.participant);
            } else if self.seats.len() < SEATS_MAX {
                self.seats.insert(seat.participant, *seat);
            }
        }
    }

    /// Whether these changes were told before.
    pub(super) fn has_heard(&self, news: &RosterNews) -> bool {
        matches!(news, RosterNews::Delta { sequence, .. } if *sequence <= self.sequence)
    }

    /// Whether nobody is known.
    pub(super) fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// Whether no user is known.
    pub(super) fn has_no_people(&self) -> bool {
        self.seats.values().all(|seat| seat.user.is_none())
    }

    /// The participant that a user is.
    pub(super) fn participant(&self, user: Guid) -> Option<Guid> {
        let found = self.seats.values().find(|seat| seat.user == Some(user));
        found.map(|seat| seat.participant)
    }

    /// What can be heard and seen of a participant.
    pub(super) fn streams(&self, participant: Guid) -> Option<Streams> {
        self.seats.get(&participant).map(|seat| seat.streams)
    }

    /// Everybody, in the order of their ids.
    pub(super) fn seats(&self) -> impl Iterator<Item = &Seat> {
        self.seats.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_noticed_and_repeats_are_not_taken_twice() {
        let id = Guid::from_u128;
        let seat =
            |n, gone| Seat { participant: id(n), user: Some(id(n + 10)), gone, ..Seat::default() };
        let delta =
            |sequence, changed: &[Seat]| RosterNews::Delta { sequence, changed: changed.into() };
        let mut roster = Roster::default();
        assert!(roster.hear(&delta(1, &[seat(1, false), seat(2, false)])));
        assert!(roster.hear(&delta(2, &[seat(2, true)])));
        assert!(roster.hear(&delta(1, &[seat(2, false)])), "told before");
        assert_eq!([roster.participant(id(11)), roster.participant(id(12))], [Some(id(1)), None]);
        assert!(!roster.hear(&delta(4, &[seat(4, false)])), "the third is missing");
        assert!(roster.hear(&RosterNews::Full(vec![seat(5, false)])));
        assert_eq!(roster.participant(id(11)), None);
    }
}

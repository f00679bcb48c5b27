//! Who is in a conference: full lists and what has changed in them.

use graph_api::Guid;
use serde_json::Value;

/// Participants that are remembered of one roster.
pub(crate) const SEATS_MAX: usize = 1_000;

/// Somebody in a conference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seat {
    /// The id as a participant.
    pub participant: Guid,
    /// The user; none for bots, telephones and guests.
    pub user: Option<Guid>,
    /// Is not heard, whoever has seen to that.
    pub muted: bool,
    /// Has left, or was removed.
    pub gone: bool,
}

/// What a roster notification says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RosterNews {
    /// Everybody.
    Full(Vec<Seat>),
    /// What has changed since the one before; the first of them is everybody.
    Delta {
        /// Counts from 1.
        sequence: u64,
        /// Who came, changed, or went.
        changed: Vec<Seat>,
    },
}

impl RosterNews {
    /// Reads the data of a roster notification; none if it is neither kind.
    pub fn of(data: &Value) -> Option<Self> {
        if let Some(all) = data.as_array() {
            return Some(Self::Full(seats(all)));
        }
        let sequence = data.get("sequenceNumber")?.as_u64()?;
        let changed = seats(data.get("participants")?.as_array()?);
        Some(Self::Delta { sequence, changed })
    }
}

impl RosterNews {
    /// Those who are named.
    pub fn seats(&self) -> &[Seat] {
        match self {
            Self::Full(seats) | Self::Delta { changed: seats, .. } => seats,
        }
    }
}

/// Reads participants; those without an id are left out.
pub fn seats(participants: &[Value]) -> Vec<Seat> {
    participants.iter().take(SEATS_MAX).filter_map(seat).collect()
}

fn seat(one: &Value) -> Option<Seat> {
    let guid = |path: &str| one.pointer(path)?.as_str()?.parse().ok();
    Some(Seat {
        participant: guid("/id")?,
        user: guid("/info/identity/user/id"),
        muted: one.get("isMuted").and_then(Value::as_bool).unwrap_or_default(),
        gone: one.get("removedState").is_some_and(|removed| !removed.is_null()),
    })
}

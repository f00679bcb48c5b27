//! What the reference knows of a conference: who sits there, and who is rung. No updates, no numbers of changes: what
//! a bot must be told is the difference between what it sees now and what it saw.

use std::time::Duration;

use graph_api::Timestamp;

/// Somebody: a user by number, a bot by number, or a bot under a guest's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    User(usize),
    Bot(usize),
    Guest(usize),
    Named(usize),
}

impl Who {
    pub fn name(self) -> String {
        match self {
            Self::User(user) => ["Dana", "Kim", "Nein", "Sleeper"][user].to_owned(),
            Self::Bot(bot) | Self::Guest(bot) => ["Ada", "Bob"][bot].to_owned(),
            Self::Named(_) => "Guest".to_owned(),
        }
    }
}

/// Somebody who is in.
#[derive(Debug, Clone)]
pub struct Seat {
    pub id: usize,
    pub who: Who,
    pub leg: Option<usize>,
    pub own_mute: bool,
    pub server_mute: bool,
    pub waits_until: Option<Timestamp>,
    pub video: bool,
    pub shares: bool,
    pub hidden: bool,
}

impl Seat {
    /// The entry as a bot can tell entries apart.
    pub fn entry(&self) -> String {
        let marks = [
            (self.server_mute, " server-muted"),
            (self.own_mute && !self.server_mute, " muted"),
            (self.waits_until.is_some(), " lobby"),
            (self.video, " video"),
            (self.shares, " shares"),
        ];
        let marks: String = marks.into_iter().filter(|(on, _)| *on).map(|(_, mark)| mark).collect();
        self.who.name() + &marks
    }
}

/// Somebody who is on the way.
#[derive(Debug, Clone)]
pub struct Ringing {
    pub who: Who,
    /// The leg of a bot.
    pub leg: Option<usize>,
    /// When a user picks up, or declines.
    pub reacts: Option<(Timestamp, bool)>,
    pub until: Timestamp,
    /// Of which leg, and which of its operations.
    pub by: Option<(usize, usize)>,
    pub hidden: bool,
    pub replaces: Option<usize>,
}

impl Ringing {
    /// When something happens by itself.
    pub fn due(&self) -> Option<Timestamp> {
        match (self.leg, self.reacts) {
            (Some(_), _) => None,
            (None, Some((at, _))) => Some(at.min(self.until)),
            (None, None) => Some(self.until),
        }
    }
}

/// A conference.
#[derive(Debug, Clone, Default)]
pub struct Room {
    pub meeting: bool,
    pub chat: bool,
    pub seats: Vec<Seat>,
    pub rings: Vec<Ringing>,
    pub had_people: bool,
    pub called: bool,
    pub hold: Option<usize>,
    pub over: bool,
}

impl Room {
    pub fn expects(&self, who: Who) -> bool {
        let there = self.seats.iter().any(|seat| seat.who == who);
        there || self.rings.iter().any(|ring| ring.who == who)
    }

    pub fn people(&self) -> usize {
        self.seats.iter().filter(|seat| matches!(seat.who, Who::User(_))).count()
    }

    pub fn last_of(&self, who: Who) -> Option<usize> {
        self.seats.iter().rposition(|seat| seat.who == who)
    }

    pub fn first_of(&self, who: Who) -> Option<usize> {
        self.seats.iter().position(|seat| seat.who == who)
    }

    /// The seats that the one at this leg sees, by id.
    pub fn seen_by(&self, leg: usize) -> Vec<&Seat> {
        let Some(me) = self.seats.iter().find(|seat| seat.leg == Some(leg)) else {
            return Vec::new();
        };
        let seen = |seat: &&Seat| seat.id == me.id || !seat.hidden && me.waits_until.is_none();
        self.seats.iter().filter(seen).collect()
    }

    /// Why it is over, if it is: everybody left (5010), or nobody came who was called together (5013).
    pub fn ends(&self, legs: usize) -> Option<(i32, i32)> {
        if self.over || !self.rings.is_empty() || self.people() > 0 {
            return None;
        }
        if self.had_people {
            return Some((200, 5010));
        }
        let nobody = self.called && !self.meeting && self.seats.len() <= 1 && legs <= 1;
        nobody.then_some((200, 5013))
    }
}

/// How a user reacts who is rung at `now`.
pub fn reaction(user: usize, now: Timestamp) -> Option<(Timestamp, bool)> {
    match user {
        0 | 1 => Some((now + Duration::from_secs(1), true)),
        2 => Some((now, false)),
        _ => None,
    }
}

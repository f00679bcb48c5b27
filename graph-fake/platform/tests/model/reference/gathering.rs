//! What is known of the conference that a call of two became: who was asked in, who came, who left.

use std::time::Duration;

use super::{
    super::{moment::Moment, transition::Person},
    RING,
};

/// Somebody who was asked in, or was there from the beginning.
#[derive(Debug, Clone)]
pub struct Guest {
    pub who: Person,
    pub asked: Moment,
    /// Need not be rung: was there, or is fetched from another call.
    pub at_once: bool,
    /// By hand: came, or declined.
    pub by_hand: Option<(Moment, bool)>,
    pub left: Option<Moment>,
    /// By themselves.
    pub muted: bool,
}

impl Guest {
    pub fn new(who: Person, asked: Moment, at_once: bool) -> Self {
        Self { who, asked, at_once, by_hand: None, left: None, muted: false }
    }

    /// When it was decided whether they come, and whether they do; by themselves or by hand.
    pub fn decided(&self) -> (Moment, bool) {
        if let Some(by_hand) = self.by_hand {
            return by_hand;
        }
        if self.at_once {
            return (self.asked.after(Duration::ZERO), true);
        }
        reaction(self.who, self.asked)
    }

    pub fn pending(&self, t: Moment) -> bool {
        self.decided().0 > t
    }

    pub fn present(&self, t: Moment) -> bool {
        let (at, comes) = self.decided();
        comes && at <= t && self.left.is_none_or(|left| left > t)
    }
}

/// When somebody who is rung without end reacts or is given up, and whether they pick up.
pub fn reaction(who: Person, rung: Moment) -> (Moment, bool) {
    match who {
        Person::Answers => (rung.after(Duration::from_millis(300)), true),
        Person::Declines | Person::Busy | Person::Offline | Person::Unknown => {
            (rung.after(Duration::ZERO), false)
        }
        Person::Ignores => (rung.after(RING), false),
    }
}

/// The conference.
#[derive(Debug, Clone)]
pub struct Gathering {
    pub since: Moment,
    pub guests: Vec<Guest>,
}

impl Gathering {
    /// The other end is there; the bot is too, but does not count.
    pub fn new(since: Moment, peer: Person, muted: bool) -> Self {
        let by_hand = Some((since, true));
        Self { since, guests: vec![Guest { by_hand, muted, ..Guest::new(peer, since, true) }] }
    }

    /// Whether somebody is in it or on the way.
    pub fn expects(&self, who: Person, t: Moment) -> bool {
        self.guests.iter().any(|guest| guest.who == who && (guest.present(t) || guest.pending(t)))
    }

    /// Who of that name came last, of those who are there.
    pub fn present(&mut self, who: Person, t: Moment) -> Option<&mut Guest> {
        let there = self.guests.iter_mut().filter(|guest| guest.who == who && guest.present(t));
        there.max_by_key(|guest| guest.decided().0)
    }

    /// Who of that name was asked first, of those who are still on the way.
    pub fn pending(&mut self, who: Person, t: Moment) -> Option<&mut Guest> {
        self.guests.iter_mut().find(|guest| guest.who == who && guest.pending(t))
    }

    /// When nobody was left and nobody on the way, if that is by `t`.
    pub fn deserted(&self, t: Moment) -> Option<Moment> {
        let changes = self.guests.iter().flat_map(|guest| [Some(guest.decided().0), guest.left]);
        let empty =
            |at: &Moment| !self.guests.iter().any(|guest| guest.present(*at) || guest.pending(*at));
        changes.flatten().filter(|at| *at <= t).filter(empty).min()
    }
}

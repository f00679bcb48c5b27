//! What is known of one call, and of one redirected caller.

use std::time::Duration;

use super::{
    super::{
        moment::Moment,
        transition::{Person, Who},
        view::Codes,
    },
    KEEP_ALIVE, RING,
    gathering::{Gathering, reaction},
    media::Media,
};

/// How a call ended: result and terminationReason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct End {
    pub result: Option<Codes>,
    pub reason: Option<&'static str>,
}

impl End {
    pub const fn with(code: i32, subcode: i32) -> Self {
        Self { result: Some((code, subcode)), reason: Some("CallTerminated") }
    }
}

/// Whose call it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    Bot,
    OtherBot,
}

/// How it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Somebody rings the bot, which acknowledges that or stays silent.
    In { silent: bool },
    /// The bot rings somebody for so long.
    Out { ring: Duration },
}

/// A transfer that was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Transferred {
    pub begun: Moment,
    pub target: Person,
    pub onto: Option<usize>,
}

/// A call.
#[derive(Debug, Clone)]
pub struct Facts {
    pub owner: Owner,
    pub began: Moment,
    pub peer: Person,
    pub way: Way,
    pub app_hosted: bool,
    /// Which redirected caller it is a leg of.
    pub hunt: Option<usize>,
    pub answered: Option<Moment>,
    pub kept: Option<Moment>,
    /// Somebody ended it, and whether `terminating` was told first.
    pub ended: Option<(Moment, End, bool)>,
    pub holds: Vec<(Moment, bool)>,
    pub transfers: Vec<Transferred>,
    pub gathering: Option<Gathering>,
    /// The peer has muted themselves.
    pub muted: bool,
    pub media: Media,
}

impl Facts {
    pub fn new(owner: Owner, began: Moment, peer: Person, way: Way) -> Self {
        Self {
            owner,
            began,
            peer,
            way,
            app_hosted: false,
            hunt: None,
            answered: None,
            kept: None,
            ended: None,
            holds: Vec::new(),
            transfers: Vec::new(),
            gathering: None,
            muted: false,
            media: Media::default(),
        }
    }

    pub fn incoming(&self) -> bool {
        matches!(self.way, Way::In { .. })
    }

    /// When somebody answers if nothing comes between.
    pub fn would_answer(&self) -> Option<Moment> {
        let (at, picks_up) = reaction(self.peer, self.began);
        let by_itself = (!self.incoming() && picks_up).then_some(at);
        [self.answered, by_itself].into_iter().flatten().min()
    }

    /// When and how it ends if nobody answers.
    pub fn unanswered(&self) -> (Moment, End) {
        let secs = |secs| self.began.after(Duration::from_secs(secs));
        let unreached = End::with(408, 8544);
        match self.way {
            Way::In { silent: true } => (secs(5), unreached),
            Way::In { silent: false } => (secs(15), unreached),
            Way::Out { ring } => {
                let at_once = self.began.after(Duration::ZERO);
                match self.peer {
                    Person::Declines => (at_once, End::with(603, 0)),
                    Person::Busy => (at_once, End::with(486, 8539)),
                    Person::Offline | Person::Unknown => (at_once, End::with(480, 10_037)),
                    Person::Answers | Person::Ignores => {
                        (self.began.after(ring), End::with(487, 10_004))
                    }
                }
            }
        }
    }

    /// When nobody has cared for it for too long.
    pub fn lapse(&self) -> Option<(Moment, End)> {
        let since = if self.incoming() { self.answered } else { Some(self.began) };
        let since = since.max(self.kept)?;
        Some((since.after(KEEP_ALIVE), End::with(408, 8537)))
    }
}

/// A caller who was sent elsewhere.
#[derive(Debug, Clone)]
pub struct Hunt {
    pub origin: usize,
    pub began: Moment,
    pub until: Moment,
    pub people: Vec<Hunted>,
    pub legs: Vec<usize>,
    /// The caller hung up before anybody answered.
    pub gave_up: Option<Moment>,
}

/// A person who is rung for that caller.
#[derive(Debug, Clone, Copy)]
pub struct Hunted {
    pub who: Person,
    pub voicemail: bool,
    pub by_hand: Option<(Moment, bool)>,
}

impl Hunted {
    /// When they react, and whether they pick up; `None`: never.
    pub fn reacts(&self, rung: Moment) -> Option<(Moment, bool)> {
        if self.by_hand.is_some() {
            return self.by_hand;
        }
        if self.voicemail {
            return Some((rung.after(Duration::from_nanos(1)), true));
        }
        let (at, picks_up) = reaction(self.who, rung);
        (at != rung.after(RING)).then_some((at, picks_up))
    }
}

impl Hunt {
    /// When a person picked up first, if that is by `t` and before the caller gave up.
    pub fn found(&self, t: Moment) -> Option<Moment> {
        let reacts = self.people.iter().filter_map(|person| person.reacts(self.began));
        let picked_up = reacts.filter(|(_, picks_up)| *picks_up).map(|(at, _)| at);
        picked_up.filter(|at| *at <= t && *at < self.until).min()
    }

    /// Who of that name still rings.
    pub fn ringing(&mut self, who: Person, t: Moment) -> Option<&mut Hunted> {
        let began = self.began;
        let still = |person: &Hunted| person.reacts(began).is_none_or(|(at, _)| at > t);
        self.people.iter_mut().find(|person| person.who == who && still(person))
    }

    /// Whether any person still rings.
    pub fn anybody(&self, t: Moment) -> bool {
        self.people.iter().any(|one| one.reacts(self.began).is_none_or(|(at, _)| at > t))
    }
}

/// The other app of the same tenant, or the other tenant: whoever asks for a call of this owner.
pub fn asks(who: Who, owner: Owner) -> Owner {
    match (who, owner) {
        (Who::Owner | Who::Bare, owner) => owner,
        (Who::OtherApp, Owner::Bot) => Owner::OtherBot,
        (Who::OtherApp, Owner::OtherBot) => Owner::Bot,
        (Who::OtherTenant, _) => Owner::Bot,
    }
}

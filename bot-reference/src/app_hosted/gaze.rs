//! Whom the bot looks at: which video socket is subscribed to which media source id.
//!
//! A socket that nobody needs looks at whoever sends video and is not looked at yet. When somebody has the word who is not
//! seen, the socket goes to them that was given to anybody, or had the word last, the longest ago. Without a
//! roster there are no media source ids: there the first socket looks at whoever is at the other end.

use std::collections::BTreeMap;

use media::transport::{Channel, Flow, NOBODY, SHARING};

use crate::{Flaw, Scene};

/// Whom a socket looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Sees {
    /// Nobody.
    #[default]
    Nobody,
    /// The other end, in a call without a roster.
    Peer,
    /// A media source id.
    Source(u32),
}

#[derive(Debug, Clone, Copy, Default)]
struct Socket {
    /// It may subscribe: the platform has said that it receives.
    active: bool,
    wanted: Sees,
    /// What the platform was asked for, since it may be asked.
    asked: Sees,
    /// Slots until it is asked again for what it refused.
    rests: u32,
    /// When it was given to somebody, or whom it shows had the word, last.
    used: u64,
}

/// Slots of 20 ms after which what was refused is asked for again.
const AGAIN_AFTER: u32 = 50;

/// Who looks at whom in one call.
#[derive(Debug)]
pub(super) struct Gaze {
    flaw: Option<Flaw>,
    /// By their ids; -1 is screen sharing.
    sockets: BTreeMap<i8, Socket>,
    scene: Option<Scene>,
    /// Who has the word, by the id of their audio.
    speaker: Option<u32>,
    turn: u64,
}

impl Gaze {
    /// With so many video sockets, and one for screens.
    pub(super) fn new(sockets: u8, flaw: Option<Flaw>) -> Self {
        let ids = (0..).take(sockets.into()).chain([SHARING]);
        let sockets = ids.map(|id| (id, Socket::default())).collect();
        Self { flaw, sockets, scene: None, speaker: None, turn: 0 }
    }

    /// What can be seen is this.
    pub(super) fn scene(&mut self, scene: Scene) {
        self.scene = Some(scene);
        self.settle();
    }

    /// A socket may subscribe, or must not any more: then it begins again.
    pub(super) fn flows(&mut self, channel: Channel, socket: Option<u8>, receive: Flow) {
        let id = match channel {
            Channel::Video => socket.and_then(|socket| i8::try_from(socket).ok()),
            Channel::ScreenSharing => Some(SHARING),
            Channel::Audio => None,
        };
        if let Some(socket) = id.and_then(|id| self.sockets.get_mut(&id)) {
            socket.active = receive == Flow::Active;
            (socket.asked, socket.rests) = (Sees::Nobody, 0);
        }
    }

    /// The platform refuses something, or did not answer: `what` is `subscribe 0`.
    pub(super) fn refused(&mut self, what: &str) {
        let id = what.strip_prefix("subscribe ").and_then(|id| id.parse().ok());
        if let Some(socket) = id.and_then(|id: i8| self.sockets.get_mut(&id)) {
            (socket.asked, socket.rests) = (Sees::Nobody, AGAIN_AFTER);
        }
    }

    /// `DominantSpeakerChanged`: the media source id of somebody's audio, or nobody's.
    pub(super) fn has_the_word(&mut self, speaker: u32) {
        if self.flaw != Some(Flaw::FollowsNobody) {
            self.speaker = Some(speaker).filter(|who| *who != NOBODY);
            self.settle();
        }
    }

    /// What each socket is to look at.
    fn settle(&mut self) {
        let Some(scene) = &self.scene else { return };
        let screen = scene.people.iter().find_map(|one| one.sharing);
        let (screen, peer) = match scene.roster {
            true => (screen.map_or(Sees::Nobody, Sees::Source), false),
            false => (Sees::Peer, true),
        };
        let speaker = scene.people.iter().find(|one| one.heard_as == self.speaker);
        let speaker = speaker.filter(|_| self.speaker.is_some()).and_then(|one| one.video);
        let senders: Vec<u32> = scene.people.iter().filter_map(|one| one.video).collect();
        for (id, socket) in &mut self.sockets {
            let goes = match socket.wanted {
                Sees::Source(source) => !senders.contains(&source),
                Sees::Peer => !peer,
                Sees::Nobody => false,
            };
            if *id == SHARING {
                socket.wanted = screen;
            } else if peer {
                socket.wanted = if *id == 0 { Sees::Peer } else { Sees::Nobody };
            } else if goes {
                socket.wanted = Sees::Nobody;
            }
        }
        if let Some(speaker) = speaker {
            self.give(speaker, true);
        }
        for sender in senders {
            self.give(sender, false);
        }
    }

    /// Shows somebody: where they are shown already, where nobody is, or, for who has the word, where it is missed least.
    fn give(&mut self, source: u32, has_the_word: bool) {
        self.turn += 1;
        let turn = self.turn;
        let mut sockets: Vec<&mut Socket> =
            self.sockets.iter_mut().filter(|(id, _)| **id != SHARING).map(|(_, it)| it).collect();
        sockets.sort_by_key(|socket| (socket.wanted != Sees::Nobody, socket.used));
        if let Some(shows) = sockets.iter_mut().find(|it| it.wanted == Sees::Source(source)) {
            if has_the_word {
                shows.used = turn;
            }
        } else if let Some(first) = sockets.first_mut()
            && (has_the_word || first.wanted == Sees::Nobody)
        {
            (first.wanted, first.used) = (Sees::Source(source), turn);
        }
    }

    /// What the platform is to be asked for in the slot that begins, of which socket.
    pub(super) fn asks(&mut self) -> Vec<(i8, Sees)> {
        if self.flaw == Some(Flaw::WatchesNobody) {
            return Vec::new();
        }
        let mut asks = Vec::new();
        for (id, socket) in &mut self.sockets {
            if socket.rests > 0 {
                socket.rests -= 1;
            } else if socket.active && socket.asked != socket.wanted {
                socket.asked = socket.wanted;
                asks.push((*id, socket.wanted));
            }
        }
        asks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sight;

    fn person(n: u32) -> Sight {
        Sight { heard_as: Some(n), video: Some(n + 100), sharing: None }
    }

    fn group(people: &[Sight]) -> Scene {
        Scene { roster: true, people: people.to_vec(), ..Scene::default() }
    }

    fn active(sockets: u8, flaw: Option<Flaw>) -> Gaze {
        let mut gaze = Gaze::new(sockets, flaw);
        for socket in 0..sockets {
            gaze.flows(Channel::Video, Some(socket), Flow::Active);
        }
        gaze.flows(Channel::ScreenSharing, None, Flow::Active);
        gaze
    }

    fn sees(gaze: &Gaze) -> Vec<Sees> {
        gaze.sockets.iter().filter(|(id, _)| **id >= 0).map(|(_, it)| it.wanted).collect()
    }

    const fn of(n: u32) -> Sees {
        Sees::Source(n + 100)
    }

    #[test]
    fn whoever_has_the_word_is_seen_in_place_of_the_least_recent() {
        let mut gaze = active(2, None);
        gaze.scene(group(&[1, 2, 3].map(person)));
        assert_eq!(gaze.asks(), [(0, of(1)), (1, of(2))]);
        assert_eq!(gaze.asks(), [], "once");
        for (speaker, seen) in [(1, [1, 2]), (3, [1, 3]), (2, [2, 3]), (3, [2, 3]), (1, [1, 3])] {
            gaze.has_the_word(speaker);
            assert_eq!(sees(&gaze), seen.map(of), "{speaker} has the word");
        }
        for nobody in [NOBODY, 77] {
            gaze.has_the_word(nobody);
            assert_eq!(sees(&gaze), [of(1), of(3)]);
        }
        let mut blind = active(1, Some(Flaw::FollowsNobody));
        blind.scene(group(&[1, 2].map(person)));
        blind.has_the_word(2);
        assert_eq!(sees(&blind), [of(1)]);
    }

    #[test]
    fn who_stops_is_let_go_and_who_has_the_word_and_begins_is_seen() {
        let mut gaze = active(2, None);
        let quiet = Sight { video: None, ..person(3) };
        gaze.has_the_word(3);
        gaze.scene(group(&[person(1), person(2), quiet]));
        assert_eq!(sees(&gaze), [of(1), of(2)]);
        gaze.scene(group(&[1, 2, 3].map(person)));
        assert_eq!(sees(&gaze), [of(3), of(2)]);
        gaze.asks();
        gaze.scene(group(&[person(2)]));
        assert_eq!(gaze.asks(), [(0, Sees::Nobody)]);
    }

    /// A roster comes after all, and a screen is shown in it.
    #[test]
    fn a_roster_begins_anew() {
        let mut gaze = active(2, None);
        gaze.scene(Scene::default());
        assert_eq!(gaze.asks(), [(SHARING, Sees::Peer), (0, Sees::Peer)]);
        gaze.scene(group(&[]));
        assert_eq!(gaze.asks(), [(SHARING, Sees::Nobody), (0, Sees::Nobody)]);
        gaze.scene(group(&[Sight { sharing: Some(300), ..person(1) }]));
        assert_eq!(gaze.asks(), [(SHARING, Sees::Source(300)), (0, of(1))]);
    }

    /// Before `VideoReceiveStatusChanged` says active a subscription is an error (contract media 3.1).
    #[test]
    fn nothing_is_asked_before_it_may_be_and_all_of_it_again_afterwards() {
        let mut gaze = Gaze::new(1, None);
        gaze.scene(group(&[person(1)]));
        assert_eq!(gaze.asks(), []);
        for _ in 0..2 {
            gaze.flows(Channel::Video, Some(0), Flow::Active);
            assert_eq!(gaze.asks(), [(0, of(1))]);
            gaze.flows(Channel::Video, Some(0), Flow::Inactive);
            assert_eq!(gaze.asks(), []);
        }
        gaze.flows(Channel::Video, Some(9), Flow::Active);
        assert_eq!(gaze.asks(), [], "there is no such socket");
    }

    #[test]
    fn what_was_refused_is_asked_for_again_after_a_while() {
        let mut gaze = active(1, None);
        gaze.scene(group(&[person(1)]));
        assert_eq!(gaze.asks(), [(0, of(1))]);
        for what in ["subscribe 0", "subscribe 7", "subscribe x", "", "unsubscribe 0"] {
            gaze.refused(what);
        }
        let asked: Vec<bool> = (0..200).map(|_| !gaze.asks().is_empty()).collect();
        assert_eq!(asked.iter().position(|asks| *asks), Some(AGAIN_AFTER as usize));
        assert_eq!(asked.iter().filter(|asks| **asks).count(), 1);
    }
}

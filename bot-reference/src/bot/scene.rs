//! What can be seen in a call, and whether the bot shows its screen: what rosters say, for the bot's own media.

use super::line::{Job, Line, Turn};
use crate::ask::{Ask, Effect};

/// Somebody in a conference, as far as media goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    /// Media source id of the audio: whom `DominantSpeakerChanged` means.
    pub heard_as: Option<u32>,
    /// Media source id of video that comes.
    pub video: Option<u32>,
    /// Media source id of a screen that is shown.
    pub sharing: Option<u32>,
}

/// What can be seen in a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scene {
    /// It has a roster: what is seen has a media source id. A call of two has none, nor has what becomes of it when
    /// others are brought in.
    pub roster: bool,
    /// The bot's own media source ids, in a roster.
    pub own: Option<Sight>,
    /// The others who can be heard or seen, in the order of their ids.
    pub people: Vec<Sight>,
    /// The bot shows its screen.
    pub shares: bool,
}

/// Whether the bot shows its screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Screen {
    /// The role that was asked for last is sharer.
    wanted: bool,
    /// Graph has said yes, and nobody else shares.
    pub on: bool,
    /// A roster has shown it.
    shown: bool,
}

/// Everything that a scene is made of, but for the roster's content: as long as it is the same, so is the scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Looked {
    roster: u64,
    group: bool,
    escalated: bool,
    own: Option<graph_api::Guid>,
    shares: bool,
}

impl Line {
    /// Shows the bot's screen, or stops that: at once, whatever Graph makes of it.
    pub(super) fn share(&mut self, turn: &mut Turn<'_>) {
        let on = !self.screen.wanted;
        self.screen = Screen { wanted: on, ..Screen::default() };
        turn.ask(Ask::Share(on));
    }

    /// Graph has answered.
    pub(super) fn may_share(&mut self, on: bool, sure: bool) {
        // A later wish has an answer of its own.
        if on && self.screen.wanted {
            (self.screen.on, self.screen.wanted) = (sure, sure);
            self.who_shares();
        }
        self.then(if sure { &Job::SORRY[1..] } else { &Job::SORRY });
    }

    /// A roster came: one shares at a time, and whoever begins ends what others share.
    pub(super) fn who_shares(&mut self) {
        let mine = self.own.and_then(|own| self.roster.streams(own));
        let mine = mine.and_then(|streams| streams.sharing).is_some_and(|stream| stream.sends);
        let shares = |one: &crate::entry::Seat| one.streams.sharing.is_some_and(|it| it.sends);
        let others =
            self.roster.seats().any(|one| Some(one.participant) != self.own && shares(one));
        let Screen { wanted, on, shown } = self.screen;
        self.screen = match (mine, shown) {
            (true, _) => Screen { wanted, on: wanted, shown: wanted },
            (false, true) => Screen::default(),
            // It may be a roster of before: the next one tells.
            (false, false) => Screen { wanted, on: on && !others, shown },
        };
    }

    /// Tells the bot's own media what has changed of what can be seen.
    pub(super) fn look_around(&mut self, turn: &mut Turn<'_>) {
        if !turn.settings.sees() || !self.connected {
            return;
        }
        let looked_at = Some(Looked {
            roster: self.roster.changes(),
            group: self.group,
            escalated: self.escalated,
            own: self.own,
            shares: self.screen.on && !self.leaving,
        });
        if self.looked_at == looked_at {
            return;
        }
        self.looked_at = looked_at;
        let scene = self.surroundings();
        if self.scene.as_deref() != Some(&scene) {
            self.scene = Some(Box::new(scene));
            turn.effects.push(Effect::Scene(turn.call));
        }
    }

    fn surroundings(&self) -> Scene {
        let roster = self.group && !self.escalated || self.roster.seats().next().is_some();
        let shares = self.screen.on && !self.leaving;
        if !roster {
            return Scene { roster, shares, ..Scene::default() };
        }
        let own = self.own.and_then(|own| self.roster.streams(own)).map(|own| {
            let source = |stream: Option<crate::entry::Stream>| stream.map(|stream| stream.source);
            Sight {
                heard_as: source(own.audio),
                video: source(own.video),
                sharing: source(own.sharing),
            }
        });
        let others = self.roster.seats().filter(|one| Some(one.participant) != self.own);
        let people = others.map(|one| {
            let sends = |stream: Option<crate::entry::Stream>| stream.filter(|it| it.sends);
            let source = |stream| sends(stream).map(|stream| stream.source);
            Sight {
                // Whoever is muted may be heard again before a roster says so.
                heard_as: one.streams.audio.map(|stream| stream.source),
                video: source(one.streams.video),
                sharing: source(one.streams.sharing),
            }
        });
        let seen = |one: &Sight| one.heard_as.or(one.video).or(one.sharing).is_some();
        Scene { roster, own, people: people.filter(seen).collect(), shares }
    }
}

#[cfg(test)]
mod tests {
    use graph_api::{Guid, Timestamp};

    use super::*;
    use crate::{
        Bot, Entry, Facts, Hosting, Input, Key, Outcome, RosterNews, Seat, Settings, State, Stream,
        Streams, Subject,
    };

    const CALL: Guid = Guid::from_u128(1);
    const OWN: Guid = Guid::from_u128(2);
    const OTHER: Guid = Guid::from_u128(3);

    /// A bot, and what it does.
    struct Life(Bot);

    impl Life {
        fn in_a_group(video: u8) -> Self {
            let settings = Settings { media: Hosting::AppHosted, video, ..Settings::default() };
            let mut life = Self(Bot::new(settings));
            let ring = Facts { state: Some(State::Incoming), ..Facts::default() };
            life.does(Input::Notified(Entry { call: CALL, subject: Subject::Incoming(ring) }));
            life.told(Subject::Updated(Facts {
                state: Some(State::Established),
                audio: Some(true),
                group: true,
                own: Some(OWN),
                ..Facts::default()
            }));
            life
        }

        fn does(&mut self, input: Input) -> Vec<Effect> {
            self.0.handle(Timestamp::from_secs(1), input)
        }

        fn told(&mut self, subject: Subject) -> Vec<Effect> {
            self.does(Input::Notified(Entry { call: CALL, subject }))
        }

        /// A roster of the bot and somebody, who share their screens or not.
        fn roster(&mut self, own: bool, other: bool) -> Vec<Effect> {
            let seat = |participant, first, sends| {
                let stream = |source, sends| Some(Stream { source, sends });
                let streams = Streams {
                    audio: stream(first, true),
                    video: stream(first + 1, participant == OTHER),
                    sharing: stream(first + 2, sends),
                };
                Seat { participant, streams, ..Seat::default() }
            };
            let all = vec![seat(OWN, 10, own), seat(OTHER, 20, other)];
            self.told(Subject::Roster(RosterNews::Full(all)))
        }

        fn presses_nine(&mut self) -> Vec<Effect> {
            self.does(Input::Heard { call: CALL, key: Key::Digit(9) })
        }

        fn answered(&mut self, on: bool, outcome: Outcome) -> Vec<Effect> {
            self.does(Input::Answered { call: CALL, ask: Ask::Share(on), outcome })
        }

        fn shares(&self) -> bool {
            self.0.scene(CALL).shares
        }
    }

    const SCENE: [Effect; 1] = [Effect::Scene(CALL)];
    const fn share(on: bool) -> [Effect; 1] {
        [Effect::Ask(CALL, Ask::Share(on))]
    }

    #[test]
    fn rosters_say_who_can_be_seen() {
        let mut life = Life::in_a_group(2);
        assert_eq!(life.0.scene(CALL), Scene { roster: true, ..Scene::default() });
        assert_eq!(life.roster(false, true), SCENE);
        let own = Some(Sight { heard_as: Some(10), video: Some(11), sharing: Some(12) });
        let other = Sight { heard_as: Some(20), video: Some(21), sharing: Some(22) };
        let scene = Scene { roster: true, own, people: vec![other], shares: false };
        assert_eq!(life.0.scene(CALL), scene);
        assert_eq!(life.roster(false, true), [], "nothing new");
        let mut blind = Life::in_a_group(0);
        assert_eq!((blind.roster(false, true), blind.presses_nine()), (vec![], vec![]));
    }

    #[test]
    fn a_call_of_two_has_a_scene_of_its_own() {
        let settings = Settings { media: Hosting::AppHosted, video: 1, ..Settings::default() };
        let mut life = Life(Bot::new(settings));
        let ring = Facts { state: Some(State::Incoming), ..Facts::default() };
        life.told(Subject::Incoming(ring));
        let there = Facts { state: Some(State::Established), ..Facts::default() };
        assert_eq!(life.told(Subject::Updated(there)), SCENE);
        assert_eq!(life.presses_nine(), [], "of two, nobody can share");
        let group = Facts { group: true, ..there };
        assert_eq!(life.told(Subject::Updated(group)), [], "R-173: no roster comes");
        assert_eq!(life.presses_nine(), share(true));
        assert_eq!(life.roster(false, false), SCENE, "unless one does");
        assert!(life.0.scene(CALL).roster);
    }

    /// the key makes the bot the sharer, and again a viewer.
    #[test]
    fn it_shares_when_graph_has_said_yes() {
        let mut life = Life::in_a_group(2);
        life.roster(false, false);
        assert_eq!(life.presses_nine(), share(true));
        assert!(!life.shares());
        assert_eq!(life.answered(true, Outcome::Done), SCENE);
        assert!(life.shares());
        assert_eq!(life.roster(true, false), []);
        assert_eq!(life.presses_nine(), [share(false)[0], SCENE[0]], "at once");
        assert!(!life.shares());
        assert_eq!(life.answered(false, Outcome::Done), []);
        life.presses_nine();
        assert_eq!(life.answered(true, Outcome::Refused), []);
        assert_eq!(life.presses_nine(), share(true), "it was refused: asked anew");
    }

    /// a new sharer replaces the old one; a roster of before does not end what has just begun.
    #[test]
    fn it_stops_when_another_shares() {
        let mut life = Life::in_a_group(2);
        life.roster(false, true);
        life.presses_nine();
        life.answered(true, Outcome::Done);
        assert!(!life.shares(), "nobody has said yet that the other does not share any more");
        assert_eq!(life.roster(true, false), SCENE);
        assert!(life.shares());
        life.roster(false, true);
        assert!(!life.shares());
        life.roster(true, false);
        assert!(!life.shares(), "it is over");
        assert_eq!(life.presses_nine(), share(true));
    }
}

//! What holds in any order of events.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{
    prelude::*,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};

use super::*;
use crate::{
    Hosting,
    ask::Prompt,
    entry::{Facts, Key, Press, RosterNews, SEATS_MAX, Seat, State, Stream, Streams, Subject},
};

/// Bytes of memory that one call may take.
const CALL_BYTES: usize = 2_048;

/// The bot as a participant, and somebody else.
const OWN: Guid = Guid::from_u128(79);
const OTHER: Guid = Guid::from_u128(80);

/// What happens in a life.
#[derive(Debug, Clone)]
enum Step {
    Input(Input),
    /// Something that was asked and is not answered yet is answered so; which one is drawn.
    Reply(usize, Outcome),
    Restart,
}

fn facts() -> impl Strategy<Value = Facts> {
    let state = prop::sample::select(vec![
        None,
        Some(State::Incoming),
        Some(State::Establishing),
        Some(State::Established),
        Some(State::Established),
        Some(State::Hold),
        Some(State::Transferring),
        Some(State::Other),
    ]);
    let key = prop_oneof![
        4 => (0..10_u8).prop_map(Key::Digit),
        1 => Just(Key::Star),
        1 => Just(Key::Pound),
        1 => Just(Key::Other),
    ];
    let press = prop::option::of((0..12_u64, key))
        .prop_map(|press| press.map(|(sequence, key)| Press { sequence, key }));
    let audio = prop::sample::select(vec![None, Some(true), Some(true), Some(false)]);
    (state, audio, press, any::<bool>(), any::<bool>()).prop_map(
        |(state, audio, press, group, failed)| Facts {
            recorded: group && failed,
            state,
            audio,
            press,
            group,
            failed,
            peer: Some(Guid::from_u128(90)),
            participant: None,
            own: Some(OWN),
        },
    )
}

fn subject() -> impl Strategy<Value = Subject> {
    let name = prop::sample::select(vec!["greeting", "menu", "sorry", "story", "record", "invite"]);
    let context = (name, 0..12_u32).prop_map(|(name, n)| format!("{name}-{n}"));
    let stream = || prop::option::of((0..9_u32, any::<bool>()));
    let streams = (stream(), stream(), stream()).prop_map(|all| {
        let of = |one: Option<(u32, bool)>| one.map(|(source, sends)| Stream { source, sends });
        Streams { audio: of(all.0), video: of(all.1), sharing: of(all.2) }
    });
    let who = prop::sample::select(vec![OWN, OTHER]);
    let seat = (who, streams, any::<bool>()).prop_map(|(participant, streams, gone)| Seat {
        participant,
        gone,
        streams,
        ..Seat::default()
    });
    prop_oneof![
        2 => facts().prop_map(Subject::Incoming),
        8 => facts().prop_map(Subject::Updated),
        1 => Just(Subject::Ended),
        4 => (prop::option::of(context), any::<bool>())
            .prop_map(|(context, worked)| Subject::OperationEnded { context, worked }),
        2 => (0..5_u64, prop::collection::vec(seat, 0..3)).prop_map(|(sequence, changed)| {
            Subject::Roster(match sequence {
                0 => RosterNews::Full(changed),
                _ => RosterNews::Delta { sequence, changed },
            })
        }),
        1 => Just(Subject::Other),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        6 => Just(Outcome::Done),
        3 => (4..7_u128).prop_map(|call| Outcome::Created {
            call: Guid::from_u128(call),
            own: Some(OWN),
        }),
        4 => facts().prop_map(Outcome::Found),
        1 => Just(Outcome::Listed(Vec::new())),
        1 => Just(Outcome::Gone),
        2 => Just(Outcome::Refused),
        2 => Just(Outcome::Unsure),
        2 => Just(Outcome::Unreached(None)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let call = || (0..4_u128).prop_map(Guid::from_u128);
    prop_oneof![
        8 => (call(), subject())
            .prop_map(|(call, subject)| Step::Input(Input::Notified(Entry { call, subject }))),
        8 => (any::<usize>(), outcome()).prop_map(|(which, outcome)| Step::Reply(which, outcome)),
        2 => Just(Step::Input(Input::Deadline)),
        2 => (call(), 0..10_u8).prop_map(|(call, digit)| {
            Step::Input(Input::Heard { call, key: Key::Digit(digit) })
        }),
        1 => Just(Step::Restart),
    ]
}

/// A bot, and what a bystander knows of its life.
struct Life {
    bot: Bot,
    asked: Vec<(Guid, Ask)>,
    /// Ended, as far as the bot can know.
    over: BTreeSet<Guid>,
    /// Answered, and not in vain.
    answered: BTreeSet<Guid>,
    /// The keys that were told of each call.
    tones: BTreeMap<Guid, BTreeSet<u64>>,
}

fn settings(flaw: Option<Flaw>, media: Hosting) -> Settings {
    let colleague = Some(Guid::from_u128(91));
    Settings { max_calls: 3, colleague, flaw, media, video: 2, ..Settings::default() }
}

impl Life {
    fn new(flaw: Option<Flaw>, media: Hosting) -> Self {
        Self {
            bot: Bot::new(settings(flaw, media)),
            asked: Vec::new(),
            over: BTreeSet::new(),
            answered: BTreeSet::new(),
            tones: BTreeMap::new(),
        }
    }

    fn goes_on(&mut self, now: Timestamp, step: Step) -> Result<(), TestCaseError> {
        let input = match step {
            Step::Restart => return self.restarts(),
            Step::Input(input) => input,
            Step::Reply(_, _) if self.asked.is_empty() => return Ok(()),
            Step::Reply(which, outcome) => {
                let (call, ask) = self.asked.remove(which % self.asked.len());
                let outcome = self.fits(ask, outcome);
                let vain = matches!(outcome, Outcome::Unsure | Outcome::Unreached(_));
                if ask == Ask::Answer && vain {
                    self.answered.remove(&call);
                }
                if outcome == Outcome::Gone && !matches!(ask, Ask::Call { .. }) {
                    self.over.insert(call);
                }
                Input::Answered { call, ask, outcome }
            }
        };
        if let Input::Notified(Entry { call, subject: Subject::Ended }) = &input {
            self.over.insert(*call);
        }
        let repeated = self.repeated_tone(&input);
        let before = self.bot.clone();
        let effects = self.bot.handle(now, input);
        for effect in &effects {
            let Effect::Ask(call, ask) = effect else { continue };
            let again = repeated == Some(*call) && is_of_key(*ask);
            prop_assert!(!again, "{effect:?} from {before:?}");
        }
        effects.into_iter().try_for_each(|effect| self.sees(effect))?;
        let due = self.bot.next_deadline();
        prop_assert_eq!(due.is_some(), self.bot.calls() > 0);
        prop_assert!(due.is_none_or(|due| due > now), "{due:?} at {now:?}");
        self.is_bounded()
    }

    /// What Graph would not say to this is left out.
    fn fits(&self, ask: Ask, outcome: Outcome) -> Outcome {
        let begins = matches!(ask, Ask::Call { .. });
        let of_read = matches!(outcome, Outcome::Found(_));
        let of_list = matches!(outcome, Outcome::Listed(_));
        let dead = matches!(&outcome, Outcome::Created { call, .. } if self.over.contains(call));
        let of_call = matches!(outcome, Outcome::Created { .. });
        let (looks, done) = (ask == Ask::Look, outcome == Outcome::Done);
        if looks && (of_list || of_call) {
            Outcome::Gone
        } else if looks && done {
            Outcome::Unreached(None)
        } else if begins && (dead || of_list || of_read) {
            Outcome::Refused
        } else if begins && done {
            Outcome::Unsure
        } else if (of_call && !begins) || (of_read && !looks) {
            Outcome::Done
        } else {
            outcome
        }
    }

    /// The call of which a key is told that was told before, while the bot knew the call.
    fn repeated_tone(&mut self, input: &Input) -> Option<Guid> {
        let Input::Notified(Entry { call, subject: Subject::Updated(facts) }) = input else {
            return None;
        };
        let press = facts.press.filter(|_| self.bot.knows(*call))?;
        let new = self.tones.entry(*call).or_default().insert(press.sequence);
        (!new).then_some(*call)
    }

    fn sees(&mut self, effect: Effect) -> Result<(), TestCaseError> {
        match effect {
            Effect::Ask(call, ask) => {
                if !matches!(ask, Ask::Call { .. } | Ask::Reject) {
                    prop_assert!(!self.over.contains(&call), "{ask:?} after the end");
                }
                let aloud = matches!(
                    ask,
                    Ask::Play(..) | Ask::Record(_) | Ask::CancelMedia | Ask::Subscribe
                );
                let own = self.bot.settings.is_app_hosted();
                prop_assert!(!(aloud && own), "{ask:?} of a Graph that has no media");
                if ask == Ask::Answer {
                    prop_assert!(self.answered.insert(call), "answered twice");
                }
                self.asked.push((call, ask));
            }
            Effect::Forget(call) => {
                // Whatever made the bot forget it.
                self.over.insert(call);
                self.tones.remove(&call);
            }
            Effect::Scene(call) => {
                prop_assert!(self.bot.settings.sees(), "nothing is seen");
                prop_assert!(self.bot.scene(call).people.len() <= SEATS_MAX);
            }
            Effect::Crash => prop_assert!(false, "no fault is planted"),
        }
        Ok(())
    }

    fn is_bounded(&self) -> Result<(), TestCaseError> {
        prop_assert!(self.bot.calls() <= self.bot.settings.max_calls);
        prop_assert!(self.bot.looks.len() <= LOOKS_MAX && self.bot.ended.len() <= ENDED_MAX);
        prop_assert!(self.bot.memory().len() <= CALL_BYTES * (self.bot.settings.max_calls + 1));
        Ok(())
    }

    /// No call is lost, and each is looked at, or hung up if the bot hosted its media; what was asked is not answered
    /// any more.
    fn restarts(&mut self) -> Result<(), TestCaseError> {
        let memory = self.bot.memory();
        let (bot, effects) =
            Bot::restore(self.bot.settings.clone(), &memory).expect("its own memory");
        prop_assert!(bot.calls.keys().eq(self.bot.calls.keys()));
        let own = bot.settings.is_app_hosted();
        let first = |(call, line): (&Guid, &Line)| {
            Effect::Ask(*call, if own && line.taken { Ask::HangUp } else { Ask::Look })
        };
        prop_assert!(effects.iter().copied().eq(bot.calls.iter().map(first)), "{:?}", effects);
        prop_assert_eq!(bot.next_deadline(), self.bot.next_deadline());
        self.bot = bot;
        // The answer may not have left before the crash.
        for (call, _) in self.asked.drain(..).filter(|(_, ask)| *ask == Ask::Answer) {
            self.answered.remove(&call);
        }
        let again =
            Bot::restore(self.bot.settings.clone(), &self.bot.memory()).expect("its own memory").0;
        prop_assert_eq!(&again.calls, &self.bot.calls);
        effects.into_iter().try_for_each(|effect| self.sees(effect))
    }
}

/// What only a key makes the bot ask for, and at once. (It hangs up at other times too.)
fn is_of_key(ask: Ask) -> bool {
    match ask {
        Ask::Invite(..)
        | Ask::Transfer { .. }
        | Ask::CancelMedia
        | Ask::Mute
        | Ask::Unmute
        | Ask::Share(_)
        | Ask::Participants { aloud: true }
        | Ask::Call { .. } => true,
        Ask::Play(Prompt::Greeting | Prompt::Menu | Prompt::Sorry | Prompt::Story, _)
        | Ask::Record(_)
        | Ask::Answer
        | Ask::Reject
        | Ask::Redirect(_)
        | Ask::Recording
        | Ask::Look
        | Ask::Subscribe
        | Ask::Participants { aloud: false }
        | Ask::KeepAlive
        | Ask::HangUp => false,
    }
}

/// One life from its first step to its last.
fn lives(flaw: Option<Flaw>, media: Hosting, steps: Vec<(Step, u64)>) -> Result<(), TestCaseError> {
    let (mut life, mut now) = (Life::new(flaw, media), 0);
    for (step, wait) in steps {
        now += wait;
        life.goes_on(Timestamp::from_secs(now), step)?;
    }
    Ok(())
}

fn steps() -> impl Strategy<Value = Vec<(Step, u64)>> {
    prop::collection::vec((step(), 0..400_u64), 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// In any order of events no call is answered twice, none is spoken to after its end, no key is acted on
    /// twice, the bot always knows when to wake up while it has calls, and its memory is bounded; a restart at any
    /// point loses no call.
    #[test]
    fn never_twice_never_after_the_end_and_never_lost(steps in steps()) {
        lives(None, Hosting::ServiceHosted, steps)?;
    }

    /// The same where media is app-hosted; and Graph is never asked to say or hear anything, and after a restart no
    /// call that was taken is kept.
    #[test]
    fn nor_asked_aloud_where_media_is_the_bots_own(steps in steps()) {
        lives(None, Hosting::AppHosted, steps)?;
    }
}

/// A property that no fault breaks would say nothing.
#[test]
fn and_each_of_these_can_be_broken() {
    for flaw in [
        Flaw::AnswersTwice,
        Flaw::KeepsTalkingAfterEnd,
        Flaw::ActsTwiceOnRepeatedTone,
        Flaw::AnswersAfterEnd,
        Flaw::ForgetsCallsInCrash,
        Flaw::ForgetsTonesInCrash,
        Flaw::PlaysPromptAfterEscalationDrop,
    ] {
        let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut runner = TestRunner::new_with_rng(
            ProptestConfig { max_shrink_iters: 0, cases: 2_000, ..config },
            rng,
        );
        let outcome =
            runner.run(&steps(), |steps| lives(Some(flaw), Hosting::ServiceHosted, steps));
        assert!(outcome.is_err(), "nothing notices {}", flaw.id());
    }
}

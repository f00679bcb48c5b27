//! Random histories, compared with a model that knows no deadlines: it lives through every millisecond and
//! counts.

use std::{collections::VecDeque, time::Duration};

use graph_api::Tone;
use proptest::{prelude::*, strategy::ValueTree as _};

use super::player::{Player, id, uri};
use crate::{
    input::FetchError,
    media_queue::{Job, RecordJob, WAITING_MAX},
};

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    /// playPrompt with so many prompts.
    Play(usize, bool),
    Record(RecordJob),
    Cancel,
    /// Somebody speaks for so many milliseconds.
    Speak(u64),
    Press(Tone),
    /// The oldest download is so many milliseconds long, or fails.
    Fetched(Option<u64>),
    /// So many milliseconds pass.
    Wait(u64),
    HangUp,
}

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn record_step() -> impl Strategy<Value = Step> {
    let lengths = (1..40_u64, 1..40_u64, 1..60_u64);
    let switches = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2));
    (lengths, switches).prop_map(|((initial, silence, longest), (prompt, beep, barge_in))| {
        Step::Record(RecordJob {
            prompt: prompt.then(|| uri("")),
            barge_in,
            initial_silence: ms(initial),
            max_silence: ms(silence),
            max_duration: ms(longest),
            beep,
            stop_tones: vec![Tone::Pound],
        })
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1..4_usize, prop::bool::weighted(0.1)).prop_map(|(n, end)| Step::Play(n, end)),
        4 => record_step(),
        1 => Just(Step::Cancel),
        4 => (1..60_u64).prop_map(Step::Speak),
        2 => prop_oneof![Just(Tone::Pound), Just(Tone::Star)].prop_map(Step::Press),
        6 => prop::option::weighted(0.9, 1..60_u64).prop_map(Step::Fetched),
        8 => prop_oneof![1..30_u64, Just(500), 1..700_u64].prop_map(Step::Wait),
        1 => prop::bool::weighted(0.1).prop_map(|h| if h { Step::HangUp } else { Step::Wait(1) }),
    ]
}

/// An operation as the model knows it.
#[derive(Debug, Clone)]
struct Task {
    n: u128,
    prompts: VecDeque<String>,
    endless: bool,
    record: Option<RecordJob>,
}

/// What the first task is at.
#[derive(Debug, Default)]
enum At {
    #[default]
    Nothing,
    Loading,
    Playing(u64),
    Looping,
    Beeping(u64),
    Recording {
        lasted: u64,
        quiet: u64,
        spoken: bool,
    },
}

/// The model. Ends are `(milliseconds, operation, completionReason)`.
#[derive(Debug, Default)]
struct Model {
    now: u64,
    tasks: VecDeque<Task>,
    at: At,
    /// Milliseconds that each voice has left.
    voices: Vec<u64>,
    ends: Vec<(u64, u128, &'static str)>,
}

impl Model {
    fn push(&mut self, task: Task, barge_in: bool) {
        if barge_in {
            self.cancel();
        }
        self.tasks.push_back(task);
        if self.tasks.len() == 1 {
            self.next();
        }
    }

    fn cancel(&mut self) {
        for task in std::mem::take(&mut self.tasks) {
            let record = task.record.is_some();
            let reason = if record { "operationCanceled" } else { "mediaOperationCanceled" };
            self.ends.push((self.now, task.n, reason));
        }
        self.at = At::Nothing;
    }

    fn end(&mut self, reason: &'static str) {
        let task = self.tasks.pop_front().unwrap();
        self.ends.push((self.now, task.n, reason));
        self.next();
    }

    /// The first task goes on behind whatever it was at.
    fn next(&mut self) {
        let Some(task) = self.tasks.front() else {
            self.at = At::Nothing;
            return;
        };
        let beeped = matches!(self.at, At::Beeping(_));
        match &task.record {
            _ if !task.prompts.is_empty() => self.at = At::Loading,
            Some(job) if job.beep && !beeped => self.at = At::Beeping(500),
            Some(_) => self.at = At::Recording { lasted: 0, quiet: 0, spoken: false },
            None if task.endless => self.at = At::Looping,
            None => self.end("completedSuccessfully"),
        }
    }

    fn fetched(&mut self, uri: &str, length: Option<u64>) {
        let awaited = matches!(self.at, At::Loading)
            && self.tasks[0].prompts.front().is_some_and(|front| front == uri);
        match length {
            Some(length) if awaited => self.at = At::Playing(length),
            None if awaited => {
                let record = self.tasks[0].record.is_some();
                self.end(if record { "playPromptFailed" } else { "unknown" });
            }
            Some(_) | None => {}
        }
    }

    fn press(&mut self, tone: &Tone) {
        if matches!(self.at, At::Recording { .. }) && *tone == Tone::Pound {
            self.at = At::Nothing;
            self.end("stopToneDetected");
        }
    }

    fn tick(&mut self) {
        self.now += 1;
        let speaking = !self.voices.is_empty();
        self.voices.iter_mut().for_each(|left| *left -= 1);
        self.voices.retain(|left| *left > 0);
        match &mut self.at {
            At::Playing(1) => {
                self.tasks[0].prompts.pop_front();
                self.next();
            }
            At::Beeping(1) => self.next(),
            At::Playing(left) | At::Beeping(left) => *left -= 1,
            At::Recording { lasted, quiet, spoken } => {
                *lasted += 1;
                *spoken |= speaking;
                *quiet = if speaking { 0 } else { *quiet + 1 };
                let (lasted, quiet, spoken) = (ms(*lasted), ms(*quiet), *spoken);
                let job = self.tasks[0].record.clone().unwrap();
                let reason = if !spoken && quiet >= job.initial_silence {
                    "initialSilenceTimeout"
                } else if lasted >= job.max_duration {
                    "maxRecordDurationReached"
                } else if spoken && quiet >= job.max_silence {
                    "maxSilenceTimeout"
                } else {
                    return;
                };
                self.at = At::Nothing;
                self.end(reason);
            }
            At::Nothing | At::Loading | At::Looping => {}
        }
    }
}

/// A history told to both.
#[derive(Default)]
struct Both {
    player: Player,
    model: Model,
    pushed: u128,
}

impl Both {
    fn step(&mut self, step: Step) {
        match step {
            Step::Play(count, endless) => {
                let uris: Vec<String> = (0..count).map(|at| self.uri(at)).collect();
                let prompts = uris.iter().map(|text| uri(text)).collect();
                self.push(Job::Play { prompts, endless }, uris.into(), endless, None);
            }
            Step::Record(mut job) => {
                let text = self.uri(0);
                job.prompt = job.prompt.map(|_| uri(&text));
                let uris = job.prompt.iter().map(|prompt| prompt.uri.clone()).collect();
                self.push(Job::Record(Box::new(job.clone())), uris, false, Some(job));
            }
            Step::Cancel => {
                self.player.cancel();
                self.model.cancel();
            }
            Step::Speak(length) => {
                self.player.speak(ms(length));
                self.model.voices.push(length);
            }
            Step::Press(tone) => {
                self.player.press(&tone);
                self.model.press(&tone);
            }
            Step::Fetched(length) => {
                let outcome = length.map(ms).ok_or(FetchError::Download);
                if let Some(prompt) = self.player.fetched(outcome) {
                    self.model.fetched(&prompt.uri, length);
                }
            }
            Step::Wait(length) => {
                self.player.wait(ms(length));
                (0..length).for_each(|_| self.model.tick());
            }
            Step::HangUp => {
                self.player.hang_up();
                let (now, ends) = (self.model.now, std::mem::take(&mut self.model.ends));
                self.model = Model { now, ends, ..Model::default() };
            }
        }
        if matches!(self.model.at, At::Loading) {
            let awaited = self.model.tasks[0].prompts.front().unwrap();
            assert!(self.player.wanted.iter().any(|(_, prompt)| prompt.uri == *awaited));
        }
    }

    /// No two prompts share a URI.
    fn uri(&self, at: usize) -> String {
        format!("{}/{at}", self.pushed)
    }

    fn push(
        &mut self,
        job: Job,
        prompts: VecDeque<String>,
        endless: bool,
        record: Option<RecordJob>,
    ) {
        if self.model.tasks.len() > WAITING_MAX {
            return;
        }
        let (n, barge_in) = (self.pushed, record.as_ref().is_some_and(|job| job.barge_in));
        self.pushed += 1;
        self.player.push(n, job);
        self.model.push(Task { n, prompts, endless, record }, barge_in);
    }

    fn compare(&self) {
        let ends: Vec<_> = self
            .player
            .ends()
            .iter()
            .map(|(at, operation, ending)| (*at, *operation, ending.reason))
            .collect();
        let wanted: Vec<_> =
            self.model.ends.iter().map(|(at, n, reason)| (ms(*at), id(*n), *reason)).collect();
        assert_eq!(ends, wanted);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// the queue ends the same operations at the same times and for the
    /// same reasons; each ends once at most, and when all is cancelled none is left.
    #[test]
    fn every_history_ends_as_the_model_says(steps in prop::collection::vec(step(), 1..80)) {
        let mut both = Both::default();
        let mut hung_up = false;
        for step in steps {
            hung_up |= matches!(step, Step::HangUp);
            both.step(step);
            both.compare();
        }
        both.step(Step::Cancel);
        both.compare();
        let mut ended: Vec<_> = both.player.ends().iter().map(|(_, id, _)| *id).collect();
        if !hung_up {
            prop_assert_eq!(ended.len() as u128, both.pushed);
        }
        let count = ended.len();
        ended.sort();
        ended.dedup();
        prop_assert_eq!(ended.len(), count, "an operation ended twice");
    }
}

/// The histories above do reach every ending.
#[test]
fn the_histories_reach_every_ending() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut reasons = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let steps = prop::collection::vec(step(), 80).new_tree(&mut runner).unwrap().current();
        let mut both = Both::default();
        steps.into_iter().for_each(|step| both.step(step));
        reasons.extend(both.model.ends.iter().map(|(_, _, reason)| *reason));
    }
    let wanted = [
        "completedSuccessfully",
        "initialSilenceTimeout",
        "maxRecordDurationReached",
        "maxSilenceTimeout",
        "mediaOperationCanceled",
        "operationCanceled",
        "playPromptFailed",
        "stopToneDetected",
        "unknown",
    ];
    assert!(reasons.iter().eq(&wanted), "{reasons:?}");
}

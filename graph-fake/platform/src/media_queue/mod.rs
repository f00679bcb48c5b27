//! Prompts and recordings, one operation at a time and in order.
//!
//! Each prompt is downloaded before it is played; a download with a `resourceId` is kept for the life of
//! the call. What anything sounds like is not known here, only how long it lasts and who speaks.

mod ending;
mod event;
mod job;
mod library;
#[cfg(test)]
mod tests;

use std::{collections::VecDeque, time::Duration};

use graph_api::{Timestamp, Tone};

use crate::input::{FetchError, FetchId, OperationId};
use ending::RecordEnd;
use library::{Library, Loaded};

pub use ending::Ending;
pub use event::{MediaEvent, Wish};
pub use job::{Job, Prompt, QueueOptions, RecordJob, stop_tone};

/// Operations that may wait behind the running one.
pub const WAITING_MAX: usize = 64;
/// How long the beep before a recording lasts. Documented nowhere; ours.
pub const BEEP: Duration = Duration::from_millis(500);
/// The shortest that anything lasts, so that a handled deadline always moves.
const SHORTEST: Duration = Duration::from_nanos(1);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    /// The next prompt is being downloaded.
    Loading,
    Playing {
        until: Timestamp,
    },
    /// All prompts of an endless operation have been heard once; nothing changes until it is cancelled.
    Looping,
    Beeping {
        until: Timestamp,
    },
    Recording {
        began: Timestamp,
    },
}

/// the one that runs; all others wait.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Running {
    operation: OperationId,
    /// Not heard yet; the first one is being loaded or played.
    prompts: VecDeque<Prompt>,
    /// Heard already; kept for endless operations only.
    heard: Vec<Prompt>,
    endless: bool,
    record: Option<Box<RecordJob>>,
    stage: Stage,
}

impl Running {
    fn new(operation: OperationId, job: Job) -> Self {
        let (prompts, endless, record) = match job {
            Job::Play { prompts, endless } => (prompts, endless, None),
            Job::Record(job) => (job.prompt.clone().into_iter().collect(), false, Some(job)),
        };
        Self { operation, prompts, heard: Vec::new(), endless, record, stage: Stage::Loading }
    }

    /// What is heard no more when the operation is cut off now.
    fn cut(&self) -> Option<MediaEvent> {
        match self.stage {
            Stage::Playing { .. } | Stage::Looping => Some(MediaEvent::PromptEnded(self.operation)),
            Stage::Recording { .. } => Some(MediaEvent::RecordEnded(self.operation, false)),
            Stage::Loading | Stage::Beeping { .. } => None,
        }
    }
}

/// Pieces of speech that are remembered of one call.
const SPEECH_MAX: usize = 1_024;

/// The queue of one call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaQueue {
    options: QueueOptions,
    running: Option<Running>,
    waiting: VecDeque<(OperationId, Job)>,
    library: Library,
    /// When somebody speaks, from when until when: in order, and never two at a time.
    speech: Vec<(Timestamp, Timestamp)>,
}

/// The queue has no place left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl MediaQueue {
    /// An empty queue that obeys these switches.
    pub fn new(options: QueueOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// Appends an operation; it starts at once if nothing runs. A record with barge-in ends
    /// whatever runs or waits first, in the order of the queue.
    ///
    /// # Errors
    /// [`Full`] if [`WAITING_MAX`] operations wait.
    pub fn push(
        &mut self,
        now: Timestamp,
        operation: OperationId,
        job: Job,
    ) -> Result<Vec<Wish>, Full> {
        let barges_in = matches!(&job, Job::Record(record) if record.barge_in);
        let mut wishes = if barges_in { self.cancel(now) } else { Vec::new() };
        if self.waiting.len() >= WAITING_MAX {
            return Err(Full);
        }
        self.waiting.push_back((operation, job));
        if self.running.is_none() {
            self.start_next(now, &mut wishes);
        }
        Ok(wishes)
    }

    /// Asks for prompts before they are used, once for each `resourceId`; failures stay silent until then.
    pub fn prefetch(&mut self, prompts: impl IntoIterator<Item = Prompt>) -> Vec<Wish> {
        let mut asked: Vec<Prompt> = Vec::new();
        for prompt in prompts {
            let new = asked.iter().all(|other| other.resource_id != prompt.resource_id);
            if prompt.resource_id.is_some() && new && self.library.find(&prompt).is_none() {
                asked.push(prompt);
            }
        }
        asked.into_iter().map(Wish::Fetch).collect()
    }

    /// The platform names a download that was wished for.
    pub fn fetch_started(&mut self, fetch: FetchId, prompt: Prompt) {
        self.library.started(fetch, prompt);
    }

    /// A download is over.
    pub fn fetched(
        &mut self,
        now: Timestamp,
        fetch: FetchId,
        outcome: Result<Duration, FetchError>,
    ) -> Vec<Wish> {
        let mut wishes = Vec::new();
        let Some((asked, outcome)) = self.library.arrived(fetch, outcome) else { return wishes };
        let Some(running) = &self.running else { return wishes };
        let Some(wanted) = running.prompts.front() else { return wishes };
        if running.stage != Stage::Loading {
            return wishes;
        }
        let same_key = asked.resource_id.is_some() && asked.resource_id == wanted.resource_id;
        let same = asked == *wanted;
        match outcome {
            Ok(loaded) if same || same_key => self.play(now, loaded, &mut wishes),
            Err(error) if same => {
                let record = running.record.is_some();
                self.end_running(now, Ending::bad_prompt(record, error, self.options), &mut wishes);
            }
            Ok(_) | Err(_) => {}
        }
        wishes
    }

    /// Ends everything that runs or waits, in the order of the queue.
    pub fn cancel(&mut self, now: Timestamp) -> Vec<Wish> {
        let mut wishes = Vec::new();
        if let Some(running) = self.running.take() {
            wishes.extend(running.cut().map(|event| Wish::Note(now, event)));
            let ending = Ending::cancelled(running.record.is_some(), self.options);
            wishes.push(Wish::Ended(running.operation, Box::new(ending)));
        }
        for (operation, job) in std::mem::take(&mut self.waiting) {
            let ending = Ending::cancelled(matches!(job, Job::Record(_)), self.options);
            wishes.push(Wish::Ended(operation, Box::new(ending)));
        }
        wishes
    }

    /// The call is over: everything is dropped without an ending, recordings included.
    /// What was heard is heard no more.
    pub fn hang_up(&mut self, now: Timestamp) -> Vec<Wish> {
        let cut = self.running.take().and_then(|running| running.cut());
        *self = Self::new(self.options);
        cut.map(|event| Wish::Note(now, event)).into_iter().collect()
    }

    /// Somebody on the other side speaks, or will, from then until then. Several may; silence is when all have ended.
    pub fn speech(&mut self, now: Timestamp, from: Timestamp, until: Timestamp) {
        let since = match &self.running {
            Some(Running { stage: Stage::Recording { began }, .. }) => *began,
            Some(_) | None => now,
        };
        self.speech.retain(|(_, until)| *until > since);
        if until <= from || self.speech.len() >= SPEECH_MAX {
            return;
        }
        let (before, mut after): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.speech).into_iter().partition(|(_, end)| *end < from);
        let later = after.partition_point(|(begin, _)| *begin <= until);
        let behind = after.split_off(later);
        let from = after.first().map_or(from, |(begin, _)| from.min(*begin));
        let until = after.last().map_or(until, |(_, end)| until.max(*end));
        self.speech = before;
        self.speech.push((from, until));
        self.speech.extend(behind);
    }

    /// Somebody on the other side presses a key: a stop tone ends the recording that runs, any other key
    /// leaves it alone and is no speech.
    pub fn tone(&mut self, now: Timestamp, tone: &Tone) -> Vec<Wish> {
        let mut wishes = Vec::new();
        let Some(running) = &self.running else { return wishes };
        let stops = running.record.as_ref().is_some_and(|job| job.stop_tones.contains(tone));
        if stops && matches!(running.stage, Stage::Recording { .. }) {
            self.end_recording(now, RecordEnd::StopTone, &mut wishes);
        }
        wishes
    }

    /// When the prompt, the beep or the recording that runs ends if nobody does anything.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        match self.running.as_ref()?.stage {
            Stage::Playing { until } | Stage::Beeping { until } => Some(until),
            Stage::Recording { .. } => self.recording_ends().map(|(at, _)| at),
            Stage::Loading | Stage::Looping => None,
        }
    }

    /// What was due at `due` happens, by that time, however late it is now.
    pub fn on_deadline(&mut self, due: Timestamp) -> Vec<Wish> {
        let mut wishes = Vec::new();
        let Some(running) = &mut self.running else { return wishes };
        match running.stage {
            Stage::Playing { .. } => {
                wishes.push(Wish::Note(due, MediaEvent::PromptEnded(running.operation)));
                running.prompts.pop_front();
                self.go_on(due, &mut wishes);
            }
            Stage::Beeping { .. } => self.begin_recording(due, &mut wishes),
            Stage::Recording { .. } => {
                if let Some((_, end)) = self.recording_ends() {
                    self.end_recording(due, end, &mut wishes);
                }
            }
            Stage::Loading | Stage::Looping => {}
        }
        wishes
    }

    /// When the recording ends by itself, and why. R-245: silence counts from its beginning, later from
    /// the end of what was said last. Who never spoke left nothing to keep, so that initial silence wins
    /// where it ends together with the longest duration, as it does with the defaults of both.
    fn recording_ends(&self) -> Option<(Timestamp, RecordEnd)> {
        let running = self.running.as_ref()?;
        let (job, Stage::Recording { began }) = (running.record.as_ref()?, &running.stage) else {
            return None;
        };
        let longest = *began + job.max_duration.max(SHORTEST);
        let mut silent = *began + job.initial_silence.max(SHORTEST);
        let mut end = RecordEnd::InitialSilence;
        for (from, until) in self.speech.iter().filter(|(_, until)| *until > *began) {
            // A pause that is longer than it may be ends it, whatever is said afterwards.
            if *from >= silent {
                break;
            }
            silent = *until + job.max_silence.max(SHORTEST);
            end = RecordEnd::MaxSilence;
        }
        Some(match silent.cmp(&longest) {
            std::cmp::Ordering::Less => (silent, end),
            std::cmp::Ordering::Equal if end == RecordEnd::InitialSilence => (silent, end),
            std::cmp::Ordering::Equal | std::cmp::Ordering::Greater => {
                (longest, RecordEnd::MaxDuration)
            }
        })
    }

    fn end_recording(&mut self, now: Timestamp, end: RecordEnd, wishes: &mut Vec<Wish>) {
        if let Some(running) = &self.running {
            let event = MediaEvent::RecordEnded(running.operation, end.kept());
            wishes.push(Wish::Note(now, event));
            self.end_running(now, Ending::record(end), wishes);
        }
    }

    fn end_running(&mut self, now: Timestamp, ending: Ending, wishes: &mut Vec<Wish>) {
        if let Some(running) = self.running.take() {
            wishes.push(Wish::Ended(running.operation, Box::new(ending)));
        }
        self.start_next(now, wishes);
    }

    fn start_next(&mut self, now: Timestamp, wishes: &mut Vec<Wish>) {
        if let Some((operation, job)) = self.waiting.pop_front() {
            self.running = Some(Running::new(operation, job));
            self.go_on(now, wishes);
        }
    }

    /// The next prompt; when there is none left: beep and recording, the loop, or the end.
    fn go_on(&mut self, now: Timestamp, wishes: &mut Vec<Wish>) {
        let Some(running) = &mut self.running else { return };
        let operation = running.operation;
        if !running.prompts.is_empty() {
            self.load(now, wishes);
        } else if let Some(record) = &running.record {
            if record.beep {
                running.stage = Stage::Beeping { until: now + BEEP };
                wishes.push(Wish::Note(now, MediaEvent::Beeped(operation)));
            } else {
                self.begin_recording(now, wishes);
            }
        } else if running.endless && !running.heard.is_empty() {
            running.stage = Stage::Looping;
            let heard = std::mem::take(&mut running.heard);
            wishes.push(Wish::Note(now, MediaEvent::PromptsLooped(operation, heard)));
        } else {
            self.end_running(now, Ending::played(), wishes);
        }
    }

    /// Plays the first prompt of the running operation, or asks for it.
    fn load(&mut self, now: Timestamp, wishes: &mut Vec<Wish>) {
        let Some(running) = &mut self.running else { return };
        running.stage = Stage::Loading;
        let Some(prompt) = running.prompts.front() else { return };
        match self.library.find(prompt) {
            Some(loaded) => self.play(now, loaded, wishes),
            None if self.library.is_under_way(prompt) => {}
            None => wishes.push(Wish::Fetch(prompt.clone())),
        }
    }

    fn play(&mut self, now: Timestamp, loaded: Loaded, wishes: &mut Vec<Wish>) {
        if let Some(running) = &mut self.running {
            running.stage = Stage::Playing { until: now + loaded.length.max(SHORTEST) };
            if running.endless {
                running.heard.push(loaded.prompt.clone());
            }
            let event = MediaEvent::PromptBegan(running.operation, loaded.prompt);
            wishes.push(Wish::Note(now, event));
        }
    }

    /// Who is in the middle of a sentence when the recording begins has spoken in it.
    fn begin_recording(&mut self, now: Timestamp, wishes: &mut Vec<Wish>) {
        if let Some(running) = &mut self.running {
            running.stage = Stage::Recording { began: now };
            wishes.push(Wish::Note(now, MediaEvent::RecordBegan(running.operation)));
        }
    }
}

//! Prompts, one operation at a time.
//!
//! Each prompt is downloaded before it is played; a download with a `resourceId` is kept for the life of
//! the call. What the sound is like is not known here, only how long it lasts.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use graph_api::{Guid, MediaInfo, ResultInfo, Timestamp, Tone};

use crate::input::{FetchError, FetchId, OperationId};

/// Operations that may wait behind the running one.
pub const WAITING_MAX: usize = 64;
/// Prompts kept by `resourceId`.
const LIBRARY_MAX: usize = 256;

/// What is to be played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// Where it is.
    pub uri: String,
    /// Its cache key.
    pub resource_id: Option<String>,
}

impl From<&MediaInfo> for Prompt {
    fn from(info: &MediaInfo) -> Self {
        Self { uri: info.uri.clone(), resource_id: info.resource_id.clone() }
    }
}

/// What the queue is given to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// playPrompt.
    Play {
        /// In this order.
        prompts: VecDeque<Prompt>,
        /// Again and again until cancelled.
        endless: bool,
    },
    /// recordResponse.
    Record(Box<RecordJob>),
}

/// recordResponse, with the defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordJob {
    /// Played first.
    pub prompt: Option<Prompt>,
    /// Ends whatever runs or waits.
    pub barge_in: bool,
    /// How long nobody may speak, from the end of prompt and beep.
    pub initial_silence: Duration,
    /// How long they may fall silent afterwards.
    pub max_silence: Duration,
    /// How long it may become.
    pub max_duration: Duration,
    /// Whether a beep announces it.
    pub beep: bool,
    /// What ends it.
    pub stop_tones: Vec<Tone>,
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// `completed`, or else `failed`.
    pub well: bool,
    /// Code, subcode, message.
    pub result: ResultInfo,
    /// `completionReason`.
    pub reason: &'static str,
    /// Whether there is a recording to fetch.
    pub recorded: bool,
}

/// What is heard and said in a call, for those who make sound of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaEvent {
    /// A prompt began.
    PromptBegan(OperationId, Prompt),
    /// It ended, or was cut off.
    PromptEnded(OperationId),
    /// The beep before a recording.
    Beeped(OperationId),
    /// A recording began.
    RecordBegan(OperationId),
    /// It ended; kept or thrown away.
    RecordEnded(OperationId, bool),
    /// A person speaks for so long.
    Spoke(Guid, Duration),
    /// A person pressed a key.
    Pressed(Guid, Tone),
    /// The bot pressed a key.
    Sent(Tone),
    /// Somebody hears hold music, or hears it no more.
    HoldMusic(Guid, bool),
}

/// What the queue asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Download this; report with the id that the platform gives it.
    Fetch(Prompt),
    /// An operation is over.
    Ended(OperationId, Box<Ending>),
    /// Something is heard.
    Note(MediaEvent),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    Loading,
    Playing { until: Timestamp },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Running {
    operation: OperationId,
    /// The first one is being loaded or played.
    prompts: VecDeque<Prompt>,
    stage: Stage,
}

/// The queue of one call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaQueue {
    running: Option<Running>,
    waiting: VecDeque<(OperationId, VecDeque<Prompt>)>,
    library: BTreeMap<String, Duration>,
    fetching: BTreeMap<FetchId, Prompt>,
}

/// The queue has no place left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl MediaQueue {
    /// Appends an operation; it starts at once if nothing runs.
    pub fn push(
        &mut self,
        now: Timestamp,
        operation: OperationId,
        job: Job,
    ) -> Result<Vec<Wish>, Full> {
        let Job::Play { prompts, .. } = job else { return Err(Full) };
        if self.waiting.len() >= WAITING_MAX {
            return Err(Full);
        }
        self.waiting.push_back((operation, prompts));
        let mut wishes = Vec::new();
        if self.running.is_none() {
            self.start_next(now, &mut wishes);
        }
        Ok(wishes)
    }

    /// Asks for prompts before they are used; failures stay silent until then.
    pub fn prefetch(&mut self, prompts: impl IntoIterator<Item = Prompt>) -> Vec<Wish> {
        prompts.into_iter().filter(|p| p.resource_id.is_some()).map(Wish::Fetch).collect()
    }

    /// The platform names a download that was wished for.
    pub fn fetch_started(&mut self, fetch: FetchId, prompt: Prompt) {
        self.fetching.insert(fetch, prompt);
    }

    /// A download is over.
    pub fn fetched(
        &mut self,
        now: Timestamp,
        fetch: FetchId,
        outcome: Result<Duration, FetchError>,
    ) -> Vec<Wish> {
        let mut wishes = Vec::new();
        let Some(prompt) = self.fetching.remove(&fetch) else { return wishes };
        if let (Ok(length), Some(key)) = (&outcome, &prompt.resource_id)
            && (self.library.len() < LIBRARY_MAX || self.library.contains_key(key))
        {
            self.library.insert(key.clone(), *length);
        }
        let awaited = self.running.as_ref().is_some_and(|running| {
            running.stage == Stage::Loading && running.prompts.front() == Some(&prompt)
        });
        if awaited {
            match outcome {
                Ok(length) => self.play(now, length),
                Err(error) => self.end_running(now, ending(failure(error)), &mut wishes),
            }
        }
        wishes
    }

    /// Ends everything that runs or waits, in the order of the queue.
    pub fn cancel(&mut self, _now: Timestamp) -> Vec<Wish> {
        Vec::new()
    }

    /// Somebody on the other side speaks from now until then.
    pub fn speech(&mut self, _now: Timestamp, _until: Timestamp) {}

    /// Somebody on the other side presses a key.
    pub fn tone(&mut self, _now: Timestamp, _tone: &Tone) -> Vec<Wish> {
        Vec::new()
    }

    /// When the prompt that is playing ends.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        match self.running.as_ref()?.stage {
            Stage::Playing { until } => Some(until),
            Stage::Loading => None,
        }
    }

    /// The prompt that was playing has ended at `due`.
    pub fn on_deadline(&mut self, due: Timestamp) -> Vec<Wish> {
        let mut wishes = Vec::new();
        let Some(running) = &mut self.running else { return wishes };
        running.prompts.pop_front();
        if running.prompts.is_empty() {
            let done = ResultInfo::new(200, 0, "Action completed successfully.");
            self.end_running(due, ending(done), &mut wishes);
        } else {
            self.load(due, &mut wishes);
        }
        wishes
    }

    fn end_running(&mut self, now: Timestamp, ending: Ending, wishes: &mut Vec<Wish>) {
        if let Some(running) = self.running.take() {
            wishes.push(Wish::Ended(running.operation, Box::new(ending)));
        }
        self.start_next(now, wishes);
    }

    fn start_next(&mut self, now: Timestamp, wishes: &mut Vec<Wish>) {
        if let Some((operation, prompts)) = self.waiting.pop_front() {
            self.running = Some(Running { operation, prompts, stage: Stage::Loading });
            self.load(now, wishes);
        }
    }

    /// Plays the first prompt of the running operation, or asks for it. Every length is at least one
    /// nanosecond, so that a handled deadline always moves.
    fn load(&mut self, now: Timestamp, wishes: &mut Vec<Wish>) {
        let Some(running) = &mut self.running else { return };
        running.stage = Stage::Loading;
        let Some(prompt) = running.prompts.front().cloned() else { return };
        match prompt.resource_id.as_ref().and_then(|key| self.library.get(key)) {
            Some(length) => {
                let length = *length;
                self.play(now, length);
            }
            None if self.fetching.values().any(|under_way| *under_way == prompt) => {}
            None => wishes.push(Wish::Fetch(prompt)),
        }
    }

    fn play(&mut self, now: Timestamp, length: Duration) {
        if let Some(running) = &mut self.running {
            running.stage = Stage::Playing { until: now + length.max(Duration::from_nanos(1)) };
        }
    }
}

/// a prompt that cannot be played fails its operation.
fn failure(error: FetchError) -> ResultInfo {
    match error {
        FetchError::Format => ResultInfo::new(400, 8535, "Action failed, invalid file format."),
        FetchError::Download => ResultInfo::new(400, 8536, "Action failed, file download failed."),
    }
}

fn ending(result: ResultInfo) -> Ending {
    Ending { well: result.code == 200, result, reason: "completedSuccessfully", recorded: false }
}

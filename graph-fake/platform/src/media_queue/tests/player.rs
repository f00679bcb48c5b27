//! Somebody who owns a queue: names its downloads, keeps its deadlines, writes down what it wants.

use std::time::Duration;

use graph_api::{Guid, Timestamp, Tone};

use crate::{
    input::{FetchError, FetchId, OperationId},
    media_queue::{Ending, Job, MediaEvent, MediaQueue, Prompt, QueueOptions, RecordJob, Wish},
};

/// The owner of a queue; its times count from the beginning.
#[derive(Default)]
pub struct Player {
    pub queue: MediaQueue,
    pub now: Timestamp,
    /// Downloads under way, oldest first.
    pub wanted: Vec<(FetchId, Prompt)>,
    /// What was heard, and since when.
    pub notes: Vec<(Duration, MediaEvent)>,
    ends: Vec<(Duration, OperationId, Ending)>,
    fetches: u64,
}

pub fn id(n: u128) -> OperationId {
    OperationId(Guid::from_u128(n))
}

pub const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub fn uri(uri: &str) -> Prompt {
    Prompt { uri: uri.to_owned(), resource_id: None }
}

/// Five seconds for the first word, two between words, ten in all, with a beep.
pub fn record() -> RecordJob {
    RecordJob {
        prompt: None,
        barge_in: false,
        initial_silence: secs(5),
        max_silence: secs(2),
        max_duration: secs(10),
        beep: true,
        stop_tones: Vec::new(),
    }
}

impl Player {
    pub fn with(options: QueueOptions) -> Self {
        Self { queue: MediaQueue::new(options), ..Self::default() }
    }

    pub fn push(&mut self, n: u128, job: Job) {
        let wishes = self.queue.push(self.now, id(n), job).unwrap();
        self.grant(self.time(), wishes);
    }

    pub fn play(&mut self, n: u128, uris: &[&str]) {
        let prompts = uris.iter().map(|text| uri(text)).collect();
        self.push(n, Job::Play { prompts, endless: false });
    }

    pub fn record(&mut self, n: u128, job: RecordJob) {
        self.push(n, Job::Record(Box::new(job)));
    }

    /// Time passes; every deadline is kept at its time, and moves.
    pub fn wait(&mut self, by: Duration) {
        let until = self.now + by;
        while let Some(due) = self.queue.next_deadline().filter(|due| *due <= until) {
            assert!(due >= self.now, "a deadline lies in the past");
            self.now = due;
            let wishes = self.queue.on_deadline(due);
            let next = self.queue.next_deadline();
            assert!(next.is_none_or(|next| next > due), "a handled deadline must move");
            self.grant(self.time(), wishes);
        }
        self.now = until;
    }

    pub fn speak(&mut self, length: Duration) {
        self.queue.speech(self.now, self.now, self.now + length);
    }

    pub fn press(&mut self, tone: &Tone) {
        let wishes = self.queue.tone(self.now, tone);
        self.grant(self.time(), wishes);
    }

    pub fn cancel(&mut self) {
        let wishes = self.queue.cancel(self.now);
        self.grant(self.time(), wishes);
    }

    pub fn hang_up(&mut self) {
        let wishes = self.queue.hang_up(self.now);
        self.grant(self.time(), wishes);
    }

    /// The oldest download ends so.
    pub fn fetched(&mut self, outcome: Result<Duration, FetchError>) -> Option<Prompt> {
        if self.wanted.is_empty() {
            return None;
        }
        let (fetch, prompt) = self.wanted.remove(0);
        let wishes = self.queue.fetched(self.now, fetch, outcome);
        self.grant(self.time(), wishes);
        Some(prompt)
    }

    /// Everything that is under way arrives, with this length; their URIs.
    pub fn fetch_all(&mut self, length: Duration) -> Vec<String> {
        let count = self.wanted.len();
        (0..count).filter_map(|_| self.fetched(Ok(length))).map(|prompt| prompt.uri).collect()
    }

    pub fn fail_all(&mut self, error: FetchError) {
        for _ in 0..self.wanted.len() {
            self.fetched(Err(error));
        }
    }

    /// What ended, and when.
    pub fn ends(&self) -> &[(Duration, OperationId, Ending)] {
        &self.ends
    }

    pub fn time(&self) -> Duration {
        self.now.saturating_since(Timestamp::default())
    }

    pub fn grant(&mut self, at: Duration, wishes: Vec<Wish>) {
        for wish in wishes {
            match wish {
                Wish::Fetch(prompt) => {
                    self.fetches += 1;
                    let fetch = FetchId(self.fetches);
                    self.queue.fetch_started(fetch, prompt.clone());
                    self.wanted.push((fetch, prompt));
                }
                Wish::Ended(operation, ending) => self.ends.push((at, operation, *ending)),
                Wish::Note(since, event) => {
                    let since = since.saturating_since(Timestamp::default());
                    assert_eq!(since, at, "{event:?} happened when it was due");
                    self.notes.push((since, event));
                }
            }
        }
    }
}

//! What is known of operations, keys and speech in a call, and what follows from that.

use std::time::Duration;

use graph_api::Tone;
use platform::FetchError;

use super::super::{moment::Moment, requests::KEPT, transition::Recording, view::Codes};

/// What an operation is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Work {
    /// Done before the reply.
    Done,
    Prompts {
        count: usize,
        endless: bool,
    },
    /// The prompt that is downloaded once.
    Kept,
    Record(Recording),
    /// Keys, which take so long.
    Keys(Duration),
    /// Asks the n-th guest in.
    Invite(usize),
    Gallery,
}

/// An operation.
#[derive(Debug, Clone)]
pub struct Operation {
    pub asked: Moment,
    pub work: Work,
    pub cancelled: Option<Moment>,
    /// Of its prompts: when the download ended, and how long the prompt is.
    pub fetched: Vec<(Moment, Result<Duration, FetchError>)>,
}

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OperationEnd {
    pub at: Moment,
    pub well: bool,
    pub result: Option<Codes>,
    pub reason: Option<&'static str>,
}

impl OperationEnd {
    fn new(at: Moment, well: bool, result: Codes, reason: &'static str) -> Self {
        Self { at, well, result: Some(result), reason: Some(reason) }
    }
}

/// Everything about media that happened in a call.
#[derive(Debug, Clone, Default)]
pub struct Media {
    pub operations: Vec<Operation>,
    /// Downloads of the kept prompt that are over.
    pub kept: Vec<(Moment, Result<Duration, FetchError>)>,
    pub subscribed: Option<Moment>,
    /// Keys, when they are pressed; some may lie ahead.
    pub presses: Vec<(Moment, Tone)>,
    /// From when to when somebody spoke, where it could be heard.
    pub speech: Vec<(Moment, Moment)>,
}

impl Media {
    /// An operation was asked for; its number.
    pub fn ask(&mut self, asked: Moment, work: Work) -> usize {
        let (cancelled, fetched) = (None, Vec::new());
        self.operations.push(Operation { asked, work, cancelled, fetched });
        self.operations.len() - 1
    }

    /// When each operation of the queue, and each that presses keys, ended by itself or was cancelled, if that
    /// is by `t`. The rest: `None`. `audio` says whether sound flowed at a moment.
    pub fn ends(&self, t: Moment, audio: &dyn Fn(Moment) -> bool) -> Vec<Option<OperationEnd>> {
        let mut ends = Vec::new();
        // When the queue, and the keys, are free for the next one; `None`: never yet.
        let (mut queue, mut keys) = (Some(None), Some(None));
        for operation in &self.operations {
            let free = match operation.work {
                Work::Prompts { .. } | Work::Kept | Work::Record(_) => &mut queue,
                Work::Keys(_) => &mut keys,
                Work::Done | Work::Invite(_) | Work::Gallery => {
                    ends.push(None);
                    continue;
                }
            };
            let begins = free.map(|free: Option<Moment>| free.unwrap_or(operation.asked));
            let begins = begins.map(|free| free.max(operation.asked));
            let natural = begins.and_then(|begins| self.natural_end(operation, begins, audio));
            let cut = operation.cancelled.filter(|at| natural.is_none_or(|end| end.at > *at));
            let end = cut.map(|at| operation.cut(at)).or(natural).filter(|end| end.at <= t);
            *free = end.map(|end| Some(end.at));
            ends.push(end);
        }
        ends
    }

    fn natural_end(
        &self,
        operation: &Operation,
        begins: Moment,
        audio: &dyn Fn(Moment) -> bool,
    ) -> Option<OperationEnd> {
        match operation.work {
            Work::Prompts { count, endless } => {
                let (at, last) = operation.fetched.last().copied()?;
                let played = operation.fetched.len() == count && !endless;
                (played || last.is_err()).then(|| played_out(at, last))
            }
            Work::Kept => {
                // what is there is played at once, what is not there when it has come.
                let there = self.kept.iter().find(|(at, got)| got.is_ok() && *at <= begins);
                let there = there.map(|(_, got)| (begins, *got));
                let came = || self.kept.iter().find(|(at, _)| *at > begins).copied();
                there.or_else(came).map(|(at, got)| played_out(at, got))
            }
            Work::Record(how) => {
                let mut begins = begins;
                if how == Recording::Prompted {
                    match operation.fetched.last().copied()? {
                        (at, Err(_)) => {
                            let why = "playPromptFailed";
                            return Some(OperationEnd::new(at, false, (500, 8511), why));
                        }
                        (at, Ok(length)) => begins = at.after(length),
                    }
                }
                Some(self.recording_ends(how, begins, audio))
            }
            Work::Keys(time) => Some(OperationEnd {
                at: begins.after(time),
                well: true,
                result: None,
                reason: Some("completedSuccessfully"),
            }),
            Work::Done | Work::Invite(_) | Work::Gallery => None,
        }
    }

    /// of all that may end a recording, what comes first.
    fn recording_ends(
        &self,
        how: Recording,
        prompt_over: Moment,
        audio: &dyn Fn(Moment) -> bool,
    ) -> OperationEnd {
        let secs = Duration::from_secs;
        let (beep, initial, silence, longest) = match how {
            Recording::Plain | Recording::TooLong => (true, secs(5), secs(5), secs(5)),
            Recording::Prompted => (true, secs(4), secs(3), secs(20)),
            Recording::BargesIn => (false, secs(2), secs(1), secs(6)),
        };
        let begins = if beep { prompt_over.after(platform::BEEP) } else { prompt_over };
        let mut silent_from = None;
        for (from, until) in self.speech.iter().filter(|(_, until)| *until > begins) {
            let gone = silent_from.map_or(begins.after(initial), |at: Moment| at.after(silence));
            if *from < gone {
                silent_from = silent_from.max(Some(*until));
            }
        }
        let mut ends = vec![OperationEnd::new(
            begins.after(longest),
            true,
            (200, 8515),
            "maxRecordDurationReached",
        )];
        ends.insert(
            0,
            match silent_from {
                None => {
                    let at = begins.after(initial);
                    OperationEnd::new(at, false, (400, 8510), "initialSilenceTimeout")
                }
                Some(at) => {
                    OperationEnd::new(at.after(silence), true, (200, 8509), "maxSilenceTimeout")
                }
            },
        );
        let stops = matches!(how, Recording::Prompted | Recording::BargesIn);
        let stop = self
            .presses
            .iter()
            .find(|(at, tone)| stops && *tone == Tone::Pound && *at >= begins && audio(*at));
        ends.extend(
            stop.map(|(at, _)| OperationEnd::new(*at, true, (200, 8514), "stopToneDetected")),
        );
        ends.into_iter().min_by_key(|end| end.at).expect("there is always a longest duration")
    }

    /// Which prompt of which operation must be under way at `t`.
    pub fn awaited(&self, t: Moment, audio: &dyn Fn(Moment) -> bool) -> Option<(usize, usize)> {
        let ends = self.ends(t, audio);
        let queued =
            |work: Work| matches!(work, Work::Prompts { .. } | Work::Kept | Work::Record(_));
        let number =
            (0..ends.len()).find(|at| ends[*at].is_none() && queued(self.operations[*at].work))?;
        let operation = &self.operations[number];
        if operation.work == Work::Kept {
            let begins = operation.asked.max(self.free(number, &ends));
            let there = self.kept.iter().any(|(at, got)| got.is_ok() || *at > begins);
            return (!there).then_some((KEPT, 0));
        }
        let count = match operation.work {
            Work::Prompts { count, .. } => count,
            Work::Record(Recording::Prompted) => 1,
            _ => 0,
        };
        let playing = operation
            .fetched
            .last()
            .is_some_and(|(at, length)| length.is_ok_and(|length| at.after(length) > t));
        let next = operation.fetched.len();
        (!playing && next < count).then_some((number, next))
    }

    /// When the queue was free for this operation; those before it have ended.
    fn free(&self, number: usize, ends: &[Option<OperationEnd>]) -> Moment {
        let queued = |at: &usize| !matches!(self.operations[*at].work, Work::Keys(_));
        let before = (0..number).filter(queued).filter_map(|at| ends[at]);
        before.map(|end| end.at).max().unwrap_or(self.operations[number].asked)
    }

    /// Ends whatever runs or waits; keys too, unless a record barges in.
    pub fn cancel(&mut self, now: Moment, keys: bool, audio: &dyn Fn(Moment) -> bool) {
        let ends = self.ends(now, audio);
        for (operation, end) in self.operations.iter_mut().zip(ends) {
            let concerned = match operation.work {
                Work::Prompts { .. } | Work::Kept | Work::Record(_) => true,
                Work::Keys(_) => keys,
                Work::Done | Work::Invite(_) | Work::Gallery => false,
            };
            if concerned && end.is_none() {
                operation.cancelled = Some(now);
            }
        }
    }

    /// the keys that the bot hears of, with their numbers.
    pub fn heard<'a>(
        &'a self,
        audio: &'a dyn Fn(Moment) -> bool,
    ) -> impl Iterator<Item = (Moment, i64, Tone)> + 'a {
        let since = self.subscribed;
        let heard = self
            .presses
            .iter()
            .filter(move |(at, _)| since.is_some_and(|since| since < *at) && audio(*at));
        heard.zip(1..).map(|((at, tone), number)| (*at, number, tone.clone()))
    }
}

/// How playing ends with the last download.
fn played_out(at: Moment, last: Result<Duration, FetchError>) -> OperationEnd {
    match last {
        Err(FetchError::Download) => OperationEnd::new(at, false, (400, 8536), "unknown"),
        Err(FetchError::Format) => OperationEnd::new(at, false, (400, 8535), "unknown"),
        Ok(length) => OperationEnd::new(at.after(length), true, (200, 0), "completedSuccessfully"),
    }
}

impl Operation {
    ///
    fn cut(&self, at: Moment) -> OperationEnd {
        match self.work {
            Work::Record(_) => OperationEnd::new(at, false, (400, 8508), "operationCanceled"),
            Work::Prompts { .. } | Work::Kept => {
                OperationEnd::new(at, false, (400, 8508), "mediaOperationCanceled")
            }
            Work::Keys(_) | Work::Done | Work::Invite(_) | Work::Gallery => OperationEnd {
                at,
                well: true,
                result: None,
                reason: Some("mediaOperationCanceled"),
            },
        }
    }
}

//! What is heard and said in calls, from what the platform tells: recordings, and what people heard.
//!
//! Only events and downloaded prompts are kept; samples are made when somebody asks for them.

mod call;
mod journal;
mod pieces;
mod score;
#[cfg(test)]
mod tests;
mod track;
mod voice;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use graph_api::{Guid, Timestamp};
use media::{
    Prompt,
    audio::{FRAME_PERIOD, Pcm16K},
};
use platform::{CallId, MediaEvent, MediaFacts, OperationId};

use call::{CallSound, Recorded};

pub use call::Heard;

pub use journal::detail;
pub use pieces::pieces;
pub use score::Score;
pub use voice::{Clip, Said, Voice, frequency_of, keypad};

/// How much is kept. Where a limit is passed, the call that ended first is forgotten, or else the oldest.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Calls.
    pub calls: usize,
    /// Calls that have ended.
    pub ended: usize,
    /// Sounds of all calls together.
    pub layers: usize,
    /// Bytes of prompts, and of what people and app-hosted bots say, of all calls together.
    pub bytes: usize,
}

impl Limits {
    /// Of a running fake.
    pub const DEFAULT: Self = Self { calls: 4_096, ended: 256, layers: 262_144, bytes: 256 << 20 };
}

/// URIs whose prompt is looked for before another copy is kept.
const SHARED_MAX: usize = 4_096;

/// The sound of all calls.
#[derive(Debug)]
pub struct Sound {
    limits: Limits,
    /// How long a recording can be fetched after its call has ended.
    recording_kept: Duration,
    calls: BTreeMap<CallId, CallSound>,
    /// Calls that run, oldest first, and calls that have ended, in the order of their ends.
    running: VecDeque<CallId>,
    ended: VecDeque<CallId>,
    recordings: BTreeMap<OperationId, CallId>,
    layers: usize,
    bytes: Arc<AtomicUsize>,
    /// A prompt that many calls play is kept once.
    shared: BTreeMap<String, Weak<Clip>>,
}

impl Sound {
    /// Nothing yet. Recordings vanish so long after their call has ended.
    pub fn new(recording_kept: Duration) -> Self {
        Self::with_limits(recording_kept, Limits::DEFAULT)
    }

    /// The same with other limits.
    pub fn with_limits(recording_kept: Duration, limits: Limits) -> Self {
        Self {
            limits,
            recording_kept,
            calls: BTreeMap::new(),
            running: VecDeque::new(),
            ended: VecDeque::new(),
            recordings: BTreeMap::new(),
            layers: 0,
            bytes: Arc::default(),
            shared: BTreeMap::new(),
        }
    }

    /// Something was heard or said at this time, which may lie behind or (for keys that the bot sends) ahead.
    pub fn note(&mut self, at: Timestamp, call: CallId, event: &MediaEvent) {
        self.note_saying(at, call, event, None);
    }

    /// The same; `voice`: what is said, where somebody speaks otherwise than in the usual tone.
    pub fn note_saying(
        &mut self,
        at: Timestamp,
        call: CallId,
        event: &MediaEvent,
        voice: Option<Voice>,
    ) {
        let sound = self.call(call);
        let before = sound.len();
        let recorded = sound.note(at, event, voice);
        let more = sound.len() - before;
        self.layers += more;
        if let Some(Recorded { operation, dropped }) = recorded {
            self.recordings.insert(operation, call);
            dropped.and_then(|id| self.recordings.remove(&id));
        }
        self.limit(call);
    }

    /// What is said, for [`Sound::note_saying`]: kept once, however many calls hear it.
    pub fn voice(&self, said: Said) -> Voice {
        match said {
            Said::Sine(hertz) => Voice::Sine(hertz),
            Said::Samples(samples) => Voice::Clips(vec![Arc::new(Clip::new(samples, &self.bytes))]),
        }
    }

    /// A prompt was downloaded for a call: to be told before the platform is, which may play it at once.
    pub fn prompt_loaded(&mut self, call: CallId, uri: String, prompt: Prompt) {
        let known = self.shared.get(&uri).and_then(Weak::upgrade);
        let clip = known.filter(|clip| clip.samples() == prompt.samples()).unwrap_or_else(|| {
            if self.shared.len() >= SHARED_MAX {
                self.shared.retain(|_, clip| clip.strong_count() > 0);
            }
            let clip = Arc::new(Clip::new(prompt.samples().into(), &self.bytes));
            if self.shared.len() < SHARED_MAX {
                self.shared.insert(uri.clone(), Arc::downgrade(&clip));
            }
            clip
        });
        self.call(call).put_prompt(uri, clip);
        self.limit(call);
    }

    /// What an app-hosted bot says in the 20 ms that begin `at`.
    pub fn bot_says(&mut self, at: Timestamp, call: CallId, frame: &Pcm16K) {
        let bytes = self.bytes.clone();
        let sound = self.call(call);
        let before = sound.len();
        sound.bot_says(at, frame, &bytes);
        let more = sound.len().saturating_sub(before);
        self.layers += more;
        self.limit(call);
    }

    /// What there is to hear for the bot of this call in the 20 ms that begin then: everybody but itself, and
    /// nobody in the lobby.
    pub fn heard_by_bot(&self, call: CallId, from: Timestamp, facts: MediaFacts) -> Heard {
        let to = from + FRAME_PERIOD;
        if facts.in_lobby {
            return Heard::default();
        }
        let nothing = CallSound::default();
        let own = self.calls.get(&call).unwrap_or(&nothing);
        let twin = facts.twin.and_then(|twin| Some((twin, self.calls.get(&twin)?)));
        let beside: Vec<_> = self.beside(call, own).chain(twin).collect();
        own.heard_by_bot(from, to, &beside)
    }

    /// The calls of other bots in the same conference.
    fn beside(&self, call: CallId, own: &CallSound) -> impl Iterator<Item = (CallId, &CallSound)> {
        let at = own.conference().map(|(at, _)| at);
        let calls = at.is_some().then_some(&self.calls).into_iter().flatten();
        let others = calls
            .filter(move |(id, other)| **id != call && other.conference().map(|(at, _)| at) == at);
        others.map(|(id, other)| (*id, other))
    }

    /// A call is over.
    pub fn call_ended(&mut self, at: Timestamp, call: CallId) {
        let Some(sound) = self.calls.get_mut(&call).filter(|sound| sound.ended.is_none()) else {
            return;
        };
        sound.end(at);
        self.running.retain(|id| *id != call);
        self.ended.push_back(call);
        if self.ended.len() > self.limits.ended {
            self.forget_one(call);
        }
        self.expire(at);
    }

    /// The recording of an operation, until some time after its call has ended.
    pub fn recording(&self, now: Timestamp, operation: OperationId) -> Option<(CallId, Score)> {
        let id = *self.recordings.get(&operation)?;
        let call = self.calls.get(&id)?;
        let alive = call.ended.is_none_or(|ended| now < ended + self.recording_kept);
        Some((id, call.take(operation).filter(|_| alive)?.clone()))
    }

    /// What a person has heard in a call so far, with what other bots in the same conference said there.
    /// `None`: nothing was heard or said in such a call.
    pub fn heard(&self, now: Timestamp, call: CallId, user: Guid) -> Option<Score> {
        let own = self.calls.get(&call)?;
        let beside: Vec<&CallSound> = self.beside(call, own).map(|(_, other)| other).collect();
        Some(own.heard(now, user, &beside))
    }

    fn call(&mut self, id: CallId) -> &mut CallSound {
        self.calls.entry(id).or_insert_with(|| {
            self.running.push_back(id);
            CallSound::default()
        })
    }

    /// Forgets calls until the limits are kept; this one last.
    fn limit(&mut self, busy: CallId) {
        while self.calls.len() > self.limits.calls
            || self.layers > self.limits.layers
            || self.bytes.load(Ordering::Relaxed) > self.limits.bytes
        {
            if !self.forget_one(busy) {
                return;
            }
        }
    }

    /// Forgets the call that ended first, or else the oldest one; false if there is none.
    fn forget_one(&mut self, busy: CallId) -> bool {
        let oldest = self.ended.pop_front().or_else(|| {
            let at = self.running.iter().position(|id| *id != busy).unwrap_or(0);
            self.running.remove(at)
        });
        let Some(call) = oldest.and_then(|id| self.calls.remove(&id)) else { return false };
        self.layers -= call.len();
        for operation in call.takes() {
            self.recordings.remove(&operation);
        }
        true
    }

    /// Lets go of recordings that nobody can fetch any more.
    fn expire(&mut self, now: Timestamp) {
        let (calls, kept) = (&mut self.calls, self.recording_kept);
        for id in &self.ended {
            let old = |call: &&mut CallSound| call.ended.is_some_and(|ended| ended + kept <= now);
            if let Some(call) = calls.get_mut(id).filter(|call| old(call)) {
                for operation in call.drop_takes() {
                    self.recordings.remove(&operation);
                }
            }
        }
    }
}

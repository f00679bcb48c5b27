//! Mixes a meeting: to each member everybody but itself, 20 ms at a time.

use std::time::Duration;

use thiserror::Error;

use super::{
    frame::{FRAME_PERIOD, Pcm16K, SAMPLES_16K},
    kernel::{Kernel, Sum},
    speaker::{DominantChanged, NO_SPEAKER, SPEAKERS_MAX, SpeakerConfig, SpeakerDetector, Top},
    unmixed::{UnmixedBuffer, UnmixedBuffers},
};

/// Members that a meeting may have, unless the caller sets another limit.
pub const MEMBERS_MAX: usize = 1_000;

/// Whom a mix holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MixPolicy {
    /// The four loudest, as Teams does: they hear each other, all others share one mix.
    #[default]
    LoudestFour,
    /// Everybody.
    Everyone,
}

/// How a meeting is mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MixerConfig {
    /// Whom a mix holds.
    pub policy: MixPolicy,
    /// Members at the most.
    pub members_max: usize,
    /// When somebody counts as speaking.
    pub speaker: SpeakerConfig,
    /// For so long after a member's first frame its unmixed buffers carry the timestamp 0, as the real
    /// platform does for the first 4 to 5 s. Zero: never.
    pub timestamps_after: Duration,
}

impl Default for MixerConfig {
    /// The four loudest of at most 1,000, timestamps from the start.
    fn default() -> Self {
        Self {
            policy: MixPolicy::default(),
            members_max: MEMBERS_MAX,
            speaker: SpeakerConfig::default(),
            timestamps_after: Duration::ZERO,
        }
    }
}

/// A member's place. It is given again after the member left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(usize);

/// Why somebody cannot join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MixerError {
    /// As many as may be are there.
    #[error("the meeting is full: {0} members")]
    Full(usize),
    /// The source id belongs to another member, or stands for none.
    #[error("the source id {0} is taken or means none")]
    SourceId(u32),
}

/// One meeting.
#[derive(Debug, Clone)]
pub struct Mixer {
    config: MixerConfig,
    kernel: Kernel,
    members: Vec<Option<Member>>,
    frames: Vec<Pcm16K>,
    /// Whether the member's frame is heard this tick.
    counts: Vec<bool>,
    energies: Vec<u32>,
    speakers: SpeakerDetector,
    sum: Sum,
    shared: Pcm16K,
    /// The members of the mix, and what each of them hears.
    mixed: Top,
    own: [Pcm16K; SPEAKERS_MAX],
    /// What each member hears under [`MixPolicy::Everyone`].
    each: Vec<Pcm16K>,
    /// Frames that came for this tick; those of the last tick are stale.
    arrived: Vec<bool>,
    /// Who is there and not muted.
    audible: Vec<bool>,
    /// Members whose timestamps are not told yet.
    undated: usize,
}

#[derive(Debug, Clone, Copy)]
struct Member {
    source: u32,
    /// The sender's timestamp of its frame, in 100 ns.
    timestamp: u64,
    /// When its first frame was mixed.
    first_heard: Option<Duration>,
    /// Whether the timestamp may be told.
    dated: bool,
}

impl Mixer {
    /// A meeting without members.
    pub fn new(config: MixerConfig) -> Self {
        Self {
            config,
            kernel: Kernel::new(),
            members: Vec::new(),
            frames: Vec::new(),
            counts: Vec::new(),
            energies: Vec::new(),
            speakers: SpeakerDetector::new(config.speaker),
            sum: [0; SAMPLES_16K],
            shared: Pcm16K::SILENCE,
            mixed: Top::default(),
            own: [Pcm16K::SILENCE; SPEAKERS_MAX],
            each: Vec::new(),
            arrived: Vec::new(),
            audible: Vec::new(),
            undated: 0,
        }
    }

    /// Lets somebody in with the media source id that others see.
    ///
    /// # Errors
    /// See [`MixerError`].
    pub fn join(&mut self, source: u32) -> Result<MemberId, MixerError> {
        let known = self.members.iter().flatten();
        if source == NO_SPEAKER || known.clone().any(|member| member.source == source) {
            return Err(MixerError::SourceId(source));
        }
        if known.count() >= self.config.members_max {
            return Err(MixerError::Full(self.config.members_max));
        }
        let free = self.members.iter().position(Option::is_none);
        let place = free.unwrap_or_else(|| {
            self.members.push(None);
            self.frames.push(Pcm16K::SILENCE);
            self.counts.push(false);
            self.arrived.push(false);
            self.audible.push(false);
            self.energies.push(0);
            if self.config.policy == MixPolicy::Everyone {
                self.each.push(Pcm16K::SILENCE);
            }
            self.members.len() - 1
        });
        self.members[place] =
            Some(Member { source, timestamp: 0, first_heard: None, dated: false });
        self.audible[place] = true;
        self.undated += 1;
        self.speakers.join(place, source);
        Ok(MemberId(place))
    }

    /// Lets a member go. What it said in this tick is not heard.
    pub fn leave(&mut self, member: MemberId) {
        let gone = self.members[member.0].take();
        self.undated -= usize::from(gone.is_some_and(|member| !member.dated));
        self.audible[member.0] = false;
        self.counts[member.0] = false;
        self.arrived[member.0] = false;
        if let Some(each) = self.each.get_mut(member.0) {
            *each = Pcm16K::SILENCE;
        }
        self.speakers.leave(member.0);
    }

    /// Whether the others hear a member.
    pub fn set_muted(&mut self, member: MemberId, muted: bool) {
        self.audible[member.0] = self.members[member.0].is_some() && !muted;
    }

    /// What a member says in the next tick, with the sender's timestamp in 100 ns. Who gives nothing is
    /// silent; a second frame takes the place of the first.
    pub fn put(&mut self, member: MemberId, frame: &Pcm16K, timestamp: u64) {
        let Some(known) = &mut self.members[member.0] else { return };
        known.timestamp = timestamp;
        self.frames[member.0] = *frame;
        self.arrived[member.0] = true;
    }

    /// As [`Self::put`], for a frame that is made in place.
    pub fn put_with(&mut self, member: MemberId, timestamp: u64, fill: impl FnOnce(&mut Pcm16K)) {
        let Some(known) = &mut self.members[member.0] else { return };
        known.timestamp = timestamp;
        fill(&mut self.frames[member.0]);
        self.arrived[member.0] = true;
    }

    /// Mixes what was given since the last tick. Says whether the dominant speaker changed.
    pub fn tick(&mut self, now: Duration) -> Option<DominantChanged> {
        let places = self.arrived.iter_mut().zip(&self.audible).zip(&mut self.counts);
        for ((arrived, audible), counts) in places {
            *counts = *arrived & *audible;
            *arrived = false;
        }
        if self.undated > 0 {
            self.date(now);
        }
        let (frames, counts) = (&self.frames, &self.counts);
        match self.config.policy {
            MixPolicy::Everyone => {
                self.kernel.energies_and_sum(frames, counts, &mut self.energies, &mut self.sum);
                self.kernel.minus(&self.sum, frames, counts, &mut self.each);
                self.speakers.update(now, &self.energies)
            }
            MixPolicy::LoudestFour => {
                self.kernel.energies(frames, counts, &mut self.energies);
                let changed = self.speakers.update(now, &self.energies);
                self.mix_loudest();
                changed
            }
        }
    }

    /// What a member hears of the last tick.
    pub fn heard_by(&self, member: MemberId) -> &Pcm16K {
        match self.config.policy {
            MixPolicy::Everyone => &self.each[member.0],
            MixPolicy::LoudestFour => {
                let own = self.mixed.iter().position(|speaker| speaker == member.0);
                own.map_or(&self.shared, |own| &self.own[own])
            }
        }
    }

    /// The mix that all who are not in it share: under [`MixPolicy::LoudestFour`] one buffer serves them.
    pub fn shared(&self) -> &Pcm16K {
        &self.shared
    }

    /// Whether a member hears [`Self::shared`].
    pub fn hears_shared(&self, member: MemberId) -> bool {
        self.config.policy == MixPolicy::LoudestFour
            && !self.mixed.iter().any(|speaker| speaker == member.0)
    }

    /// `ActiveSpeakers` of a member's buffer: at most four source ids, never its own.
    pub fn active_speakers(&self, receiver: MemberId) -> impl Iterator<Item = u32> + '_ {
        self.speakers.active_for(receiver.0)
    }

    /// `IsSilence` of a member's buffer.
    pub fn is_silence(&self, receiver: MemberId) -> bool {
        self.speakers.is_silent_for(receiver.0)
    }

    /// Who speaks.
    pub fn speakers(&self) -> &SpeakerDetector {
        &self.speakers
    }

    /// The unmixed buffers of a member: the loudest four others of the last tick who speak.
    pub fn unmixed(&self, receiver: MemberId) -> UnmixedBuffers<'_> {
        let mut buffers = UnmixedBuffers::default();
        for place in self.speakers.loudest().without(receiver.0) {
            if let Some(member) = &self.members[place] {
                buffers.push(UnmixedBuffer {
                    active_speaker_id: member.source,
                    data: &self.frames[place],
                    original_sender_timestamp: if member.dated { member.timestamp } else { 0 },
                });
            }
        }
        buffers
    }

    /// How long a tick is.
    pub const PERIOD: Duration = FRAME_PERIOD;

    /// Lets the timestamps of those be told who have been heard for long enough.
    fn date(&mut self, now: Duration) {
        for (member, counts) in self.members.iter_mut().zip(&self.counts) {
            if let Some(member) = member.as_mut().filter(|member| *counts && !member.dated) {
                let first = *member.first_heard.get_or_insert(now);
                member.dated = now >= first + self.config.timestamps_after;
                self.undated -= usize::from(member.dated);
            }
        }
    }

    fn mix_loudest(&mut self) {
        self.mixed = self.speakers.loudest();
        let mut loudest = [Pcm16K::SILENCE; SPEAKERS_MAX];
        let mut counts = [false; SPEAKERS_MAX];
        for (index, place) in self.mixed.iter().enumerate() {
            loudest[index] = self.frames[place];
            counts[index] = true;
        }
        self.kernel.sum(&loudest, &counts, &mut self.sum);
        self.kernel.minus(&self.sum, &loudest, &counts, &mut self.own);
        for (out, sum) in self.shared.0.iter_mut().zip(&self.sum) {
            *out = (*sum).clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        }
    }
}

#[cfg(test)]
mod tests;

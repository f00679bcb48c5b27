//! The adaptive jitter buffer of one audio source: a fixed ring, pulled every 20 ms.
//!
//! A packet with the extended sequence number `n` lies in slot `n & 63`, in place; nothing is allocated
//! after [`AudioJitter::new`]. The delay aims at the 0.97 quantile of the relative arrival delay of the
//! last 10 s, between 20 and 200 ms, and moves by at most one frame a second: a frame is put in
//! (stretched) or two are blended into one (shrunk). What is missing when its turn comes is concealed.

use std::time::Duration;

use super::{
    conceal::Concealer,
    delay::DelayEstimator,
    frame::{BYTES_16K, FRAME_PERIOD, Pcm16K},
    sequence::{Fit, Sequence},
};

/// Slots of the ring.
const SLOTS: u64 = 64;
/// A frame in microseconds.
const FRAME_MICROS: i64 = FRAME_PERIOD.as_micros() as i64;
/// The least time between two changes of the delay.
const STEP: Duration = Duration::from_secs(1);
/// Slots without a packet in the buffer before the source counts as silent.
const PATIENCE: u32 = 3;

/// How a buffer is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JitterConfig {
    /// Units of the timestamp in a second.
    pub clock_rate: u32,
    /// How long the first packet waits.
    pub initial_delay: Duration,
    /// The least delay.
    pub min_delay: Duration,
    /// The greatest.
    pub max_delay: Duration,
    /// Whether missing frames are made up. Unmixed audio goes without (contract, media section 2).
    pub conceal: bool,
}

impl Default for JitterConfig {
    /// 16 kHz, 60 ms at first, then 20 to 200 ms, with concealment.
    fn default() -> Self {
        let millis = Duration::from_millis;
        Self {
            clock_rate: crate::SAMPLE_RATE,
            initial_delay: millis(60),
            min_delay: millis(20),
            max_delay: millis(200),
            conceal: true,
        }
    }
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Push {
    /// Kept.
    Taken,
    /// Dropped: it is already there.
    Duplicate,
    /// Dropped: its turn is over.
    Late,
    /// Dropped: more than the ring ahead of what is played next, or longer than a slot.
    TooFar,
}

/// What one slot of 20 ms is filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Played {
    /// The source's frame.
    Frame {
        /// Its sequence number.
        sequence: u16,
        /// Its timestamp.
        timestamp: u32,
    },
    /// A frame made up from the last one.
    Concealed,
    /// The source's frame is missing and silence stands for it: longer than can be concealed, or
    /// concealment is off.
    Missing,
    /// The source is silent, or has not begun.
    Idle,
}

/// Counts since the start. `pushed` is the sum of `played`, `late`, `duplicates`, `too_far`, `discarded`
/// and what is in the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JitterStats {
    /// Packets that came.
    pub pushed: u64,
    /// Packets that were played, those that were blended into another included.
    pub played: u64,
    /// Packets whose turn was over.
    pub late: u64,
    /// Packets that were there already.
    pub duplicates: u64,
    /// Packets too far ahead, or too long.
    pub too_far: u64,
    /// Packets that waited when the source restarted.
    pub discarded: u64,
    /// Packets that were taken although a later one had come before them.
    pub reordered: u64,
    /// Numbers that were given up.
    pub lost: u64,
    /// Slots that were made up.
    pub concealed: u64,
    /// Slots of silence in place of a frame.
    pub missing: u64,
    /// Slots without anything expected.
    pub idle: u64,
    /// Slots put in to grow the delay; they count as concealed or missing, too.
    pub stretched: u64,
    /// Frames blended away to shrink the delay.
    pub shrunk: u64,
    /// Times that the source restarted: other numbers, or [`AudioJitter::restart`].
    pub restarts: u64,
}

/// The buffer of one source.
#[derive(Debug, Clone)]
pub struct AudioJitter {
    config: JitterConfig,
    slots: Box<[Slot; SLOTS as usize]>,
    sequence: Sequence,
    /// Whether frames are being handed out; otherwise when that begins.
    playing: bool,
    resume_at: Duration,
    buffered: u64,
    delay: DelayEstimator,
    /// The newest timestamp on the wire, and unwrapped, in units of the clock.
    newest: Option<(u32, i64)>,
    changed: Duration,
    empty_slots: u32,
    concealer: Concealer,
    stats: JitterStats,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    /// The extended number plus one; 0 is nobody.
    holds: u64,
    timestamp: u32,
    length: u16,
    media: i64,
    bytes: [u8; BYTES_16K],
}

const EMPTY: Slot = Slot { holds: 0, timestamp: 0, length: 0, media: 0, bytes: [0; BYTES_16K] };

impl AudioJitter {
    /// An empty buffer.
    ///
    /// # Panics
    /// If the clock rate is 0, or the least delay is greater than the greatest.
    pub fn new(config: JitterConfig) -> Self {
        assert!(config.clock_rate > 0, "a clock that stands still tells no time");
        assert!(config.min_delay <= config.max_delay, "the least is not more than the greatest");
        Self {
            config,
            slots: Box::new([EMPTY; SLOTS as usize]),
            sequence: Sequence::default(),
            playing: false,
            resume_at: Duration::ZERO,
            buffered: 0,
            delay: DelayEstimator::new(),
            newest: None,
            changed: Duration::ZERO,
            empty_slots: 0,
            concealer: Concealer::new(config.conceal),
            stats: JitterStats::default(),
        }
    }

    /// Puts a packet in that arrived at `now`, counted from the same moment as in [`Self::pull`].
    pub fn push(&mut self, now: Duration, sequence: u16, timestamp: u32, payload: &[u8]) -> Push {
        self.stats.pushed += 1;
        if payload.len() > BYTES_16K {
            self.stats.too_far += 1;
            return Push::TooFar;
        }
        let number = match self.sequence.fit(sequence, self.playing, self.buffered == 0, SLOTS) {
            Fit::Here(number) => number,
            Fit::Restart(number) => {
                self.forget();
                self.sequence.start(number);
                number
            }
            Fit::Late => {
                self.stats.late += 1;
                // It came too late for the delay there is: just that tells how long to wait.
                if !self.sequence.is_suspicious() {
                    self.note_arrival(now, timestamp);
                }
                return Push::Late;
            }
            Fit::TooFar => {
                self.stats.too_far += 1;
                return Push::TooFar;
            }
        };
        let index = (number % SLOTS) as usize;
        if self.slots[index].holds == number + 1 {
            self.stats.duplicates += 1;
            return Push::Duplicate;
        }
        self.stats.reordered += u64::from(self.sequence.take(number, self.playing));
        let media = self.note_arrival(now, timestamp);
        if !self.playing && self.buffered == 0 {
            self.resume_at = self.start_time(now, media);
        }
        let slot = &mut self.slots[index];
        slot.bytes[..payload.len()].copy_from_slice(payload);
        (slot.holds, slot.timestamp, slot.media) = (number + 1, timestamp, media);
        slot.length = payload.len() as u16;
        self.buffered += 1;
        Push::Taken
    }

    /// Fills the slot that begins at `now` from packets that hold linear PCM of 16 kHz. Call every 20 ms.
    /// Packets of another length than 640 bytes play as silence.
    pub fn pull(&mut self, now: Duration) -> (Played, &Pcm16K) {
        self.pull_with(now, |payload, frame| {
            if frame.fill_from(payload).is_err() {
                *frame = Pcm16K::SILENCE;
            }
        })
    }

    /// As [`Self::pull`], with another codec: `decode` turns a payload into the whole frame. It is called
    /// once for each packet, in order.
    pub fn pull_with(
        &mut self,
        now: Duration,
        mut decode: impl FnMut(&[u8], &mut Pcm16K),
    ) -> (Played, &Pcm16K) {
        let played = self.advance(now, &mut decode);
        match played {
            Played::Frame { .. } => {}
            Played::Concealed => self.stats.concealed += 1,
            Played::Missing => self.stats.missing += 1,
            Played::Idle => self.stats.idle += 1,
        }
        (played, self.concealer.frame())
    }

    /// Another source takes this one's place, as a new SSRC does: what waits is discarded.
    pub fn restart(&mut self) {
        self.forget();
        self.sequence = Sequence::default();
    }

    /// What the delay aims at now.
    pub fn target_delay(&self) -> Duration {
        let quantile = Duration::from_micros(self.delay.quantile().unsigned_abs());
        // A frame that arrives just after its slot began waits for none: half a frame covers the phase.
        (quantile + FRAME_PERIOD / 2).clamp(self.config.min_delay, self.config.max_delay)
    }

    /// Packets that wait.
    pub fn buffered(&self) -> u64 {
        self.buffered
    }

    /// The counts.
    pub fn stats(&self) -> JitterStats {
        self.stats
    }

    fn forget(&mut self) {
        for slot in self.slots.iter_mut() {
            slot.holds = 0;
        }
        self.stats.discarded += self.buffered;
        self.stats.restarts += 1;
        self.buffered = 0;
        self.playing = false;
        self.newest = None;
        self.delay.clear();
    }

    /// Unwraps the timestamp and tells the estimator; says the media time in microseconds.
    fn note_arrival(&mut self, now: Duration, timestamp: u32) -> i64 {
        let (wire, ticks) = self.newest.unwrap_or((timestamp, 0));
        let here = ticks + i64::from(timestamp.wrapping_sub(wire) as i32);
        if here >= ticks {
            self.newest = Some((timestamp, here));
        }
        let media = here.wrapping_mul(1_000_000) / i64::from(self.config.clock_rate);
        self.delay.note(micros(now), media);
        media
    }

    /// When the source is heard (again): by its timestamps, but neither in the past nor later than the
    /// delay after this arrival.
    fn start_time(&self, now: Duration, media: i64) -> Duration {
        if self.newest.is_none() || self.stats.played == 0 {
            return now + self.config.initial_delay;
        }
        let target = self.target_delay();
        let by_clock = self.delay.least() + media + micros(target);
        Duration::from_micros(by_clock.max(0).unsigned_abs()).clamp(now, now + target)
    }

    fn advance(&mut self, now: Duration, decode: &mut impl FnMut(&[u8], &mut Pcm16K)) -> Played {
        if !self.playing {
            if self.buffered == 0 || now < self.resume_at {
                self.concealer.silence();
                return Played::Idle;
            }
            self.begin(now);
        }
        let next = self.sequence.next();
        if !self.holds(next) {
            return self.without(now);
        }
        self.empty_slots = 0;
        let lag = micros(now) - self.slot(next).media - self.delay.least();
        let target = micros(self.target_delay());
        let may_change = now >= self.changed + STEP;
        if may_change && lag + FRAME_MICROS <= target {
            self.changed = now;
            self.stats.stretched += 1;
            return self.concealer.conceal();
        }
        let played = self.play(decode);
        if may_change && lag >= target + 2 * FRAME_MICROS && self.holds(self.sequence.next()) {
            self.changed = now;
            self.stats.shrunk += 1;
            self.concealer.keep();
            self.play(decode);
            self.concealer.blend();
        }
        played
    }

    fn begin(&mut self, now: Duration) {
        self.playing = true;
        self.changed = now;
        self.empty_slots = 0;
        while !self.holds(self.sequence.next()) {
            self.sequence.advance();
        }
    }

    /// The next frame is not there.
    fn without(&mut self, now: Duration) -> Played {
        if self.buffered > 0 {
            self.empty_slots = 0;
            self.stats.lost += 1;
            self.sequence.advance();
            return self.concealer.conceal();
        }
        self.empty_slots += 1;
        if self.empty_slots > PATIENCE {
            self.playing = false;
            self.concealer.silence();
            return Played::Idle;
        }
        // Nothing waits. If the delay may grow, the frame gets its chance in the next slot.
        let target = self.target_delay();
        if now >= self.changed + STEP && target > self.config.min_delay && self.empty_slots == 1 {
            self.changed = now;
            self.stats.stretched += 1;
        } else {
            self.stats.lost += 1;
            self.sequence.advance();
        }
        self.concealer.conceal()
    }

    fn play(&mut self, decode: &mut impl FnMut(&[u8], &mut Pcm16K)) -> Played {
        let number = self.sequence.next();
        let slot = &mut self.slots[(number % SLOTS) as usize];
        slot.holds = 0;
        decode(&slot.bytes[..usize::from(slot.length)], self.concealer.fresh());
        let timestamp = slot.timestamp;
        self.buffered -= 1;
        self.stats.played += 1;
        self.sequence.advance();
        Played::Frame { sequence: number as u16, timestamp }
    }

    fn slot(&self, number: u64) -> &Slot {
        &self.slots[(number % SLOTS) as usize]
    }

    fn holds(&self, number: u64) -> bool {
        self.slot(number).holds == number + 1
    }
}

/// Times stay far below 292,000 years.
fn micros(time: Duration) -> i64 {
    time.as_secs().wrapping_mul(1_000_000) as i64 + i64::from(time.subsec_micros())
}

#[cfg(test)]
mod tests;

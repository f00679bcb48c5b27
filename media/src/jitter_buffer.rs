//! Puts the packets of one audio source back in order and hands them out when they are due.
//!
//! A frame is due at the delay after the first packet's arrival, plus the time between their
//! timestamps, but never later than the delay after its own arrival: so a wrong timestamp cannot
//! stop the stream. A missing frame is given up when it would have been due and a later one is there;
//! without a later one, nobody can tell loss from silence.

use std::time::Duration;

use bytes::Bytes;

/// How a buffer is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JitterConfig {
    /// Units of the timestamp in a second.
    pub clock_rate: u32,
    /// What one packet holds.
    pub period: Duration,
    /// How long the first packet waits.
    pub delay: Duration,
    /// Packets between the oldest and the newest that are kept at the most, 1..=4096.
    pub depth: usize,
}

impl Default for JitterConfig {
    /// 20 ms of 16 kHz a packet, 60 ms of delay, 64 packets.
    fn default() -> Self {
        Self {
            clock_rate: crate::SAMPLE_RATE,
            period: Duration::from_millis(20),
            delay: Duration::from_millis(60),
            depth: 64,
        }
    }
}

/// A packet that is played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its sequence number on the wire.
    pub sequence: u16,
    /// Its timestamp on the wire.
    pub timestamp: u32,
    /// The media.
    pub payload: Bytes,
}

/// What there is to play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pop {
    /// The next frame.
    Frame(Frame),
    /// The next frame did not come in time and is given up.
    Lost {
        /// Its sequence number.
        sequence: u16,
    },
    /// Nothing is due.
    NotYet,
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Push {
    /// Kept.
    Taken,
    /// Dropped: it is already there.
    Duplicate,
    /// Dropped: it, or those behind it, have been handed out or given up.
    Late,
    /// Dropped: too far ahead of what is to be played next.
    TooFar,
}

/// Counts since the start. `pushed` is the sum of `played`, `duplicates`, `late`, `too_far` and what
/// is in the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JitterStats {
    /// Packets that came.
    pub pushed: u64,
    /// Frames handed out.
    pub played: u64,
    /// Frames given up.
    pub lost: u64,
    /// Frames that were passed over because the stream went on beyond the depth.
    pub skipped: u64,
    /// Packets that were there already.
    pub duplicates: u64,
    /// Packets whose turn was over.
    pub late: u64,
    /// Packets too far ahead.
    pub too_far: u64,
    /// Packets that were taken although a later one had come before them.
    pub reordered: u64,
}

/// The buffer of one source.
#[derive(Debug, Clone)]
pub struct JitterBuffer {
    config: JitterConfig,
    /// A ring: the packet with extended number `n` is at `n % depth`.
    slots: Vec<Option<Slot>>,
    stream: Option<Stream>,
    buffered: usize,
    stats: JitterStats,
}

#[derive(Debug, Clone)]
struct Slot {
    frame: Frame,
    /// Nanoseconds; may lie before the start.
    due: i128,
}

#[derive(Debug, Clone, Copy)]
struct Stream {
    /// The extended number that is played next.
    next: u64,
    highest: u64,
    /// The highest packet's timestamp on the wire and unwrapped, counted from the first packet's.
    highest_timestamp: u32,
    highest_ticks: i64,
    /// When the tick 0 is due, in nanoseconds.
    origin: i128,
    /// Whether a frame has been played or given up.
    playing: bool,
}

impl JitterBuffer {
    /// An empty buffer.
    ///
    /// # Panics
    /// If the clock rate is 0 or the depth is not in 1..=4096.
    pub fn new(config: JitterConfig) -> Self {
        assert!(config.clock_rate > 0, "a clock that stands still tells no time");
        assert!((1..=4096).contains(&config.depth), "depth {} is out of range", config.depth);
        Self {
            config,
            slots: vec![None; config.depth],
            stream: None,
            buffered: 0,
            stats: JitterStats::default(),
        }
    }

    /// Puts a packet in. `arrival` counts from any fixed moment, the same as in [`Self::pop`].
    pub fn push(
        &mut self,
        sequence: u16,
        timestamp: u32,
        arrival: Duration,
        payload: Bytes,
    ) -> Push {
        self.stats.pushed += 1;
        let latest = (arrival + self.config.delay).as_nanos() as i128;
        let frame = Frame { sequence, timestamp, payload };
        let depth = self.slots.len() as u64;
        let stream = self.stream.get_or_insert(Stream::at(sequence.into(), timestamp, latest));
        let number = stream.extend(sequence);
        let behind = number.is_none_or(|number| number < stream.next);
        let room_before =
            number.is_some_and(|number| stream.highest - number.min(stream.highest) < depth);
        if behind && (stream.playing || !room_before) {
            self.stats.late += 1;
            return Push::Late;
        }
        let number = number.expect("a number below the first is behind");
        if number >= stream.next + depth {
            if self.buffered > 0 {
                self.stats.too_far += 1;
                return Push::TooFar;
            }
            // A long outage: what lies between will not come, the stream goes on here.
            self.stats.skipped += number - stream.next;
            *stream = Stream::at(number, timestamp, latest);
        }
        let slot = &mut self.slots[(number % depth) as usize];
        if slot.is_some() {
            self.stats.duplicates += 1;
            return Push::Duplicate;
        }
        stream.next = stream.next.min(number);
        self.stats.reordered += u64::from(number < stream.highest);
        let due = stream.due(number, timestamp, self.config.clock_rate).min(latest);
        *slot = Some(Slot { frame, due });
        self.buffered += 1;
        Push::Taken
    }

    /// The next frame if it is due at `now`. Call until it says [`Pop::NotYet`].
    pub fn pop(&mut self, now: Duration) -> Pop {
        let Some(due) = self.head_due().filter(|due| *due <= now.as_nanos() as i128) else {
            return Pop::NotYet;
        };
        let stream = self.stream.as_mut().expect("what is due belongs to a stream");
        let sequence = stream.next as u16;
        let taken = self.slots[(stream.next % self.config.depth as u64) as usize].take();
        stream.next += 1;
        stream.playing = true;
        let Some(Slot { frame, due: own }) = taken else {
            self.stats.lost += 1;
            return Pop::Lost { sequence };
        };
        assert_eq!((frame.sequence, own), (sequence, due), "a slot holds the number it stands for");
        self.buffered -= 1;
        self.stats.played += 1;
        Pop::Frame(frame)
    }

    /// When [`Self::pop`] will have something, unless another packet changes that.
    pub fn next_deadline(&self) -> Option<Duration> {
        let due = self.head_due()?.max(0);
        Some(Duration::from_nanos(u64::try_from(due).unwrap_or(u64::MAX)))
    }

    /// Packets that wait.
    pub fn len(&self) -> usize {
        self.buffered
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.buffered == 0
    }

    /// The counts.
    pub fn stats(&self) -> JitterStats {
        self.stats
    }

    /// When the next frame is played or given up; none if nothing waits.
    fn head_due(&self) -> Option<i128> {
        if self.buffered == 0 {
            return None;
        }
        let next = self.stream.as_ref().expect("packets belong to a stream").next;
        let depth = self.slots.len() as u64;
        let waiting = (0..depth).find_map(|ahead| {
            let slot = self.slots[((next + ahead) % depth) as usize].as_ref()?;
            Some(slot.due - i128::from(ahead) * self.config.period.as_nanos() as i128)
        });
        Some(waiting.expect("a buffer that is not empty holds a packet"))
    }
}

impl Stream {
    fn at(number: u64, timestamp: u32, due: i128) -> Self {
        Self {
            next: number,
            highest: number,
            highest_timestamp: timestamp,
            highest_ticks: 0,
            origin: due,
            playing: false,
        }
    }

    /// The number nearest to the highest one with these low bits; none if it would be negative.
    fn extend(&self, sequence: u16) -> Option<u64> {
        let distance = sequence.wrapping_sub(self.highest as u16) as i16;
        self.highest.checked_add_signed(distance.into())
    }

    /// When a packet is due by its timestamp.
    fn due(&mut self, number: u64, timestamp: u32, clock_rate: u32) -> i128 {
        let change = timestamp.wrapping_sub(self.highest_timestamp) as i32;
        let ticks = self.highest_ticks + i64::from(change);
        if number > self.highest {
            self.highest = number;
            self.highest_timestamp = timestamp;
            self.highest_ticks = ticks;
        }
        self.origin + i128::from(ticks) * 1_000_000_000 / i128::from(clock_rate)
    }
}

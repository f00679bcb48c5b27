//! Whole, decodable frames out of the packets of one source.
//!
//! Packets are taken in the order of their sequence numbers; those that come early wait, at most a
//! window of them and at most for a while. A gap that is given up makes the frame it is in, and all
//! behind it up to the next key frame, unusable: none of them is handed out, and a key frame is asked
//! for. A frame ends with the marker, or where the next timestamp begins.
//!
//! After each [`FrameAssembler::push`], call [`FrameAssembler::poll`] until nothing comes, and then
//! [`FrameAssembler::poll_key_frame_request`].

use std::time::Duration;

use super::{
    building::{Building, Damage},
    depacketize::Payload,
    reorder::Reorder,
};
use crate::{RtpPacket, SequenceUnwrapper};

/// A jump this far ahead is another stream, not a gap (RFC 3550 section A.1, `MAX_DROPOUT`).
const JUMP: u64 = 3_000;
/// So many packets in a row that are behind are another stream as well.
const BEHIND_IN_A_ROW: u32 = 100;

/// How an assembler is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssemblerConfig {
    /// Packets that may wait for one before them; rounded up to a power of two, at most 4 096.
    pub window: usize,
    /// How long the first of them waits.
    pub max_wait: Duration,
    /// The longest frame, in bytes of Annex B.
    pub max_frame_len: usize,
    /// Between two requests for a key frame.
    pub key_frame_interval: Duration,
    /// Whether each frame is searched for start codes inside its units, by which a sender could smuggle
    /// in units of other kinds. May be left out for packets of one's own [`crate::Packetizer`].
    pub check_units: bool,
    #[doc(hidden)]
    pub flaw: Flaw,
}

impl Default for AssemblerConfig {
    /// 64 packets, 100 ms, 2 MiB, 300 ms, units are checked.
    fn default() -> Self {
        Self {
            window: 64,
            max_wait: Duration::from_millis(100),
            max_frame_len: 2 << 20,
            key_frame_interval: Duration::from_millis(300),
            check_units: true,
            flaw: Flaw::None,
        }
    }
}

/// A mistake that the tests must notice.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flaw {
    #[default]
    None,
    /// Goes on behind a gap as if nothing were missing.
    IgnoreGaps,
    /// Hands out frames that refer to a lost one.
    NoKeyFrameWait,
    /// Takes packets again that it has taken.
    TakeDuplicates,
    /// Every loss asks for a key frame at once.
    EveryLossAsks,
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// Used, or it waits for those before it.
    Taken,
    /// It had come before.
    Duplicate,
    /// It had been given up.
    Late,
    /// Too far ahead, and a frame has not been fetched that had to go first.
    TooFar,
}

/// A whole frame that can be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssembledFrame<'a> {
    /// Its timestamp on the wire.
    pub timestamp: u32,
    /// Whether it refers to no frame before it.
    pub key_frame: bool,
    /// NAL units of types 7, 8, 5 and 1 behind start codes of four bytes.
    pub annex_b: &'a [u8],
}

/// Counts since the start.
///
/// `packets = used + waiting + duplicates + late + too_far + discarded`, and
/// `begun = frames + lost_frames + skipped_frames + without_picture`, but for the frame under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AssemblerStats {
    /// Packets that came.
    pub packets: u64,
    /// Packets taken in their turn.
    pub used: u64,
    /// Packets that wait now.
    pub waiting: u64,
    /// Packets that had come before.
    pub duplicates: u64,
    /// Packets that had been given up.
    pub late: u64,
    /// Packets too far ahead.
    pub too_far: u64,
    /// Packets that waited when the stream jumped.
    pub discarded: u64,
    /// Packets given up.
    pub lost_packets: u64,
    /// Payloads that RFC 6184 does not allow.
    pub malformed: u64,
    /// NAL units left out: of other types than 7, 8, 5 and 1.
    pub dropped_units: u64,
    /// Frames of which a packet was taken.
    pub begun: u64,
    /// Frames handed out, or ready to be.
    pub frames: u64,
    /// Of these, key frames.
    pub key_frames: u64,
    /// Frames that are not whole, or damaged, or too long.
    pub lost_frames: u64,
    /// Whole frames that cannot be decoded without a key frame.
    pub skipped_frames: u64,
    /// Frames without a slice; their parameter sets go before the next frame.
    pub without_picture: u64,
    /// Key frames asked for.
    pub key_frame_requests: u64,
}

/// Builds the frames of one source.
#[derive(Debug, Clone)]
pub struct FrameAssembler {
    config: AssemblerConfig,
    unwrapper: SequenceUnwrapper,
    /// The packet whose turn it is.
    next: Option<u64>,
    /// Bit `n`: the packet `n + 1` before `next` came.
    seen: u64,
    behind_in_a_row: u32,
    waiting: Reorder,
    /// Since when the first packet behind `next` waits.
    missing_since: Option<Duration>,
    building: Building,
    frame: Option<Open>,
    /// Packets are missing directly before the next one.
    after_gap: bool,
    has_parameters: (bool, bool),
    /// No frame can be decoded before the next key frame.
    awaiting_key: bool,
    wants_key_frame: bool,
    last_request: Option<Duration>,
    /// A frame to be fetched; its bytes are in `building`, and nothing is taken before it is.
    ready: Option<Ready>,
    /// What is in `building` has been fetched.
    fetched: bool,
    stats: AssemblerStats,
}

/// The frame under way.
#[derive(Debug, Clone, Copy)]
struct Open {
    timestamp: u32,
    lost: bool,
}

/// A frame to be fetched.
#[derive(Debug, Clone, Copy)]
struct Ready {
    timestamp: u32,
    key_frame: bool,
}

impl FrameAssembler {
    /// An assembler; the first packet it gets is the first of the stream.
    pub fn new(config: AssemblerConfig) -> Self {
        Self {
            config,
            unwrapper: SequenceUnwrapper::default(),
            next: None,
            seen: 0,
            behind_in_a_row: 0,
            waiting: Reorder::new(config.window),
            missing_since: None,
            building: Building::new(config.max_frame_len),
            frame: None,
            after_gap: false,
            has_parameters: (false, false),
            awaiting_key: true,
            wants_key_frame: false,
            last_request: None,
            ready: None,
            fetched: false,
            stats: AssemblerStats::default(),
        }
    }

    /// The counts so far.
    pub fn stats(&self) -> AssemblerStats {
        AssemblerStats {
            waiting: self.waiting.len() as u64,
            dropped_units: self.building.dropped_units,
            ..self.stats
        }
    }

    /// Takes a packet of the source, at `now` since the start.
    pub fn push(&mut self, now: Duration, packet: &RtpPacket<'_>) -> Pushed {
        self.stats.packets += 1;
        let sequence = self.unwrapper.unwrap(packet.header.sequence);
        let next = *self.next.get_or_insert(sequence);
        if sequence < next {
            return self.behind(sequence, next, packet);
        }
        self.behind_in_a_row = 0;
        let mut next = next;
        if sequence - next >= JUMP {
            self.jump(sequence);
            next = sequence;
        }
        while sequence - next >= self.waiting.window() && self.ready.is_none() {
            self.give_up(sequence);
            next = self.next.unwrap_or(sequence);
        }
        if sequence == next && self.may_take(packet.header.timestamp) {
            self.take(packet.header.timestamp, packet.header.marker, packet.payload);
            self.take_waiting();
            return Pushed::Taken;
        }
        if sequence - next >= self.waiting.window() {
            self.stats.too_far += 1;
            return Pushed::TooFar;
        }
        if !self.waiting.insert(sequence, now, packet) {
            self.stats.duplicates += 1;
            return Pushed::Duplicate;
        }
        self.missing_since.get_or_insert(now);
        Pushed::Taken
    }

    /// The next frame at `now`; to be called until there is none.
    pub fn poll(&mut self, now: Duration) -> Option<AssembledFrame<'_>> {
        if self.ready.is_none() {
            self.take_waiting();
        }
        while self.ready.is_none() && self.gap_deadline().is_some_and(|due| due <= now) {
            self.give_up(u64::MAX);
        }
        let Ready { timestamp, key_frame } = self.ready.take()?;
        self.fetched = true;
        Some(AssembledFrame { timestamp, key_frame, annex_b: self.building.bytes() })
    }

    /// Whether to ask the sender for a key frame now: it is needed, and the last request is an interval
    /// ago. Asking again is part of it, until one comes.
    pub fn poll_key_frame_request(&mut self, now: Duration) -> bool {
        let due = self.request_deadline().is_some_and(|due| due <= now);
        if due {
            self.last_request = Some(now);
            self.stats.key_frame_requests += 1;
        }
        due
    }

    /// When to poll next, if nothing comes before; in the past if at once.
    pub fn poll_timeout(&self) -> Option<Duration> {
        if self.ready.is_some() {
            return Some(Duration::ZERO);
        }
        [self.gap_deadline(), self.request_deadline()].into_iter().flatten().min()
    }

    /// Asks for a key frame although none is missing: the application wants one.
    pub fn want_key_frame(&mut self) {
        self.wants_key_frame = true;
    }

    fn gap_deadline(&self) -> Option<Duration> {
        Some(self.missing_since?.saturating_add(self.config.max_wait))
    }

    fn request_deadline(&self) -> Option<Duration> {
        if !self.wants_key_frame {
            return None;
        }
        let last = self.last_request.filter(|_| self.config.flaw != Flaw::EveryLossAsks);
        Some(
            last.map_or(Duration::ZERO, |last| last.saturating_add(self.config.key_frame_interval)),
        )
    }

    /// A packet whose turn is over.
    fn behind(&mut self, sequence: u64, next: u64, packet: &RtpPacket<'_>) -> Pushed {
        self.behind_in_a_row += 1;
        if self.behind_in_a_row >= BEHIND_IN_A_ROW {
            // The sender has begun anew with lower numbers.
            self.behind_in_a_row = 0;
            self.jump(sequence);
            self.take(packet.header.timestamp, packet.header.marker, packet.payload);
            return Pushed::Taken;
        }
        let back = next - sequence - 1;
        if back < 64 && self.seen >> back & 1 == 1 {
            self.stats.duplicates += 1;
            if self.config.flaw == Flaw::TakeDuplicates {
                self.consume(packet.header.timestamp, packet.header.marker, packet.payload);
            }
            return Pushed::Duplicate;
        }
        self.stats.late += 1;
        Pushed::Late
    }

    /// Goes on at `sequence` and knows nothing of what was before.
    fn jump(&mut self, sequence: u64) {
        self.stats.discarded += self.waiting.clear() as u64;
        self.missing_since = None;
        self.seen = 0;
        self.next = Some(sequence);
        self.gap();
    }

    /// Gives up what is missing before the next packet that waits, or before `or`.
    fn give_up(&mut self, or: u64) {
        let Some(next) = self.next else { return };
        let to = self.waiting.first_behind(next).unwrap_or(u64::MAX).min(or);
        self.missing_since = None;
        if to == u64::MAX {
            return;
        }
        let missing = to - next;
        if missing > 0 {
            self.stats.lost_packets += missing;
            self.seen =
                u32::try_from(missing).ok().and_then(|by| self.seen.checked_shl(by)).unwrap_or(0);
            self.next = Some(to);
            self.gap();
        }
        self.take_waiting();
    }

    /// Takes those that wait and whose turn it is, up to the end of a frame.
    fn take_waiting(&mut self) {
        while let Some(next) = self.next
            && let Some(timestamp) = self.waiting.timestamp(next)
            && self.may_take(timestamp)
            && let Some(slot) = self.waiting.take(next)
        {
            self.take(slot.timestamp, slot.marker, &slot.payload);
            self.waiting.give_back(next, slot);
        }
        // Those behind wait since they came, not since it was their turn.
        self.missing_since = self.next.and_then(|next| self.waiting.first_arrival(next));
    }

    /// Whether a packet can be taken without overwriting a frame that has not been fetched. Ends the
    /// frame under way if the packet is of another.
    fn may_take(&mut self, timestamp: u32) -> bool {
        if self.ready.is_none() && self.frame.is_some_and(|frame| frame.timestamp != timestamp) {
            self.close();
        }
        self.ready.is_none()
    }

    /// The packet whose turn it is.
    fn take(&mut self, timestamp: u32, marker: bool, payload: &[u8]) {
        self.next = self.next.map(|next| next + 1);
        self.seen = self.seen << 1 | 1;
        self.stats.used += 1;
        self.consume(timestamp, marker, payload);
    }

    fn consume(&mut self, timestamp: u32, marker: bool, payload: &[u8]) {
        let ignore_gaps = self.config.flaw == Flaw::IgnoreGaps;
        if std::mem::take(&mut self.fetched) {
            self.building.clear();
        }
        if self.frame.is_some_and(|frame| frame.timestamp != timestamp) {
            self.close();
        }
        let after_gap = std::mem::take(&mut self.after_gap);
        let mut frame = self.frame.unwrap_or_else(|| {
            self.stats.begun += 1;
            // Behind a gap, only a parameter set or a delimiter shows that nothing of the frame is missing.
            let lost = after_gap
                && !matches!(Payload::parse(payload).and_then(Payload::begins), Some(7 | 9));
            Open { timestamp, lost }
        });
        if !frame.lost
            && let Err(damage) = self.building.push(payload, ignore_gaps)
        {
            frame.lost = true;
            self.stats.malformed += u64::from(damage == Damage::Malformed);
        }
        self.frame = Some(frame);
        if marker {
            self.close();
        }
    }

    /// The frame under way is over.
    fn close(&mut self) {
        let Some(frame) = self.frame.take() else { return };
        let has = self.building.has();
        if frame.lost || self.building.is_open() {
            self.stats.lost_frames += 1;
            return self.lose();
        }
        if !has.slice {
            self.stats.without_picture += 1;
            return;
        }
        if self.config.check_units && !self.building.is_clean() {
            self.stats.malformed += 1;
            self.stats.lost_frames += 1;
            return self.lose();
        }
        let (sps, pps) = self.has_parameters;
        let parameters = (sps || has.sps, pps || has.pps);
        if self.awaiting_key && !(has.idr && parameters == (true, true)) {
            self.stats.skipped_frames += 1;
            return self.lose();
        }
        self.has_parameters = parameters;
        self.awaiting_key = false;
        self.wants_key_frame &= !has.idr;
        self.stats.frames += 1;
        self.stats.key_frames += u64::from(has.idr);
        self.ready = Some(Ready { timestamp: frame.timestamp, key_frame: has.idr });
    }

    /// Packets are missing.
    fn gap(&mut self) {
        if self.config.flaw == Flaw::IgnoreGaps {
            return;
        }
        if let Some(frame) = &mut self.frame {
            frame.lost = true;
        }
        self.after_gap = true;
        self.lose();
    }

    /// What follows cannot be decoded.
    fn lose(&mut self) {
        // A whole frame that waits to be fetched stays.
        if self.ready.is_none() {
            self.building.clear();
            self.fetched = false;
        }
        if self.config.flaw != Flaw::NoKeyFrameWait {
            self.awaiting_key = true;
        }
        self.wants_key_frame = true;
    }
}

#[cfg(test)]
mod tests;

//! The payload `telephone-event` (RFC 4733 section 2.3) and what a receiver makes of it.

use std::time::Duration;

use thiserror::Error;

use super::dtmf::Tone;

/// Bytes of one event.
pub const EVENT_LEN: usize = 4;
/// A timestamp this far behind the newest, in seconds, is not old: the sender restarted.
const OLD_SECONDS: i32 = 10;

/// One event block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TelephoneEvent {
    /// The event code, 0 to 255; 0 to 16 are [`Tone`]s.
    pub event: u8,
    /// The E bit: the event is over, the duration is final.
    pub end: bool,
    /// Power in dBm0 without the sign, 0 to 63; less is louder.
    pub volume: u8,
    /// How long the event has lasted, in units of the timestamp.
    pub duration: u16,
}

/// Bytes that are no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a telephone-event payload is a multiple of 4 bytes, not {0}")]
pub struct EventSize(pub usize);

impl TelephoneEvent {
    /// Reads a payload. Of several blocks (RFC 4733 section 2.5.1.5) the first is read.
    ///
    /// # Errors
    /// Empty, or not whole blocks. The reserved bit is ignored, as the RFC says.
    pub fn parse(payload: &[u8]) -> Result<Self, EventSize> {
        let (blocks, rest) = payload.as_chunks::<EVENT_LEN>();
        let [event, flags, high, low] = match blocks.first() {
            Some(first) if rest.is_empty() => *first,
            Some(_) | None => return Err(EventSize(payload.len())),
        };
        let duration = u16::from_be_bytes([high, low]);
        Ok(Self { event, end: flags & 0x80 != 0, volume: flags & 0x3f, duration })
    }

    /// The payload; the reserved bit is 0.
    pub fn to_bytes(self) -> [u8; EVENT_LEN] {
        let [high, low] = self.duration.to_be_bytes();
        [self.event, u8::from(self.end) << 7 | self.volume & 0x3f, high, low]
    }
}

/// A tone that began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToneStarted {
    /// Which.
    pub tone: Tone,
    /// The RTP timestamp of its start.
    pub timestamp: u32,
    /// When the first packet of it arrived.
    pub at: Duration,
}

/// A tone that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToneEnded {
    /// Which.
    pub tone: Tone,
    /// The RTP timestamp of its start.
    pub timestamp: u32,
    /// The longest duration that was reported.
    pub duration: Duration,
    /// Whether its end was never reported: another tone began, or nothing came any more.
    pub end_lost: bool,
}

/// What one packet, or the time, brought about; in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heard {
    /// The tone before, whose end was lost.
    pub before: Option<ToneEnded>,
    /// A tone began.
    pub started: Option<ToneStarted>,
    /// The tone is over.
    pub ended: Option<ToneEnded>,
}

/// Hears tones in the packets of one source: each timestamp is one tone, whatever is lost, doubled or
/// reordered (RFC 4733 section 2.5.2).
#[derive(Debug, Clone)]
pub struct ToneReceiver {
    clock_rate: u32,
    timeout: Duration,
    current: Option<Current>,
    /// The newest tone's timestamp: what is not newer has been told.
    newest: Option<u32>,
    ignored: u64,
}

#[derive(Debug, Clone, Copy)]
struct Current {
    tone: Tone,
    timestamp: u32,
    duration: u16,
    heard_last: Duration,
}

impl ToneReceiver {
    /// A receiver for timestamps of `clock_rate` units a second. A tone of which nothing is heard for
    /// `timeout` is over.
    ///
    /// # Panics
    /// If the clock rate is 0.
    pub fn new(clock_rate: u32, timeout: Duration) -> Self {
        assert!(clock_rate > 0, "a clock that stands still measures nothing");
        Self { clock_rate, timeout, current: None, newest: None, ignored: 0 }
    }

    /// A packet that arrived at `now`: its RTP timestamp and payload.
    ///
    /// # Errors
    /// The payload is none; it counts as not received.
    pub fn push(
        &mut self,
        now: Duration,
        timestamp: u32,
        payload: &[u8],
    ) -> Result<Heard, EventSize> {
        let packet = TelephoneEvent::parse(payload)?;
        let Some(tone) = Tone::from_event(packet.event) else {
            self.ignored += 1;
            return Ok(Heard::default());
        };
        let mut heard = Heard::default();
        let current = self.current.filter(|current| current.timestamp == timestamp);
        let mut current = if let Some(known) = current {
            known
        } else {
            if !self.is_new(timestamp) {
                self.ignored += 1;
                return Ok(heard);
            }
            heard.before = self.current.take().map(|before| self.ended(before, true));
            heard.started = Some(ToneStarted { tone, timestamp, at: now });
            self.newest = Some(timestamp);
            Current { tone, timestamp, duration: 0, heard_last: now }
        };
        current.duration = current.duration.max(packet.duration);
        current.heard_last = now;
        self.current = Some(current).filter(|_| !packet.end);
        heard.ended = packet.end.then(|| self.ended(current, false));
        Ok(heard)
    }

    /// The end of a tone of which nothing has been heard for too long.
    pub fn poll(&mut self, now: Duration) -> Option<ToneEnded> {
        self.next_deadline().filter(|deadline| *deadline <= now)?;
        self.current.take().map(|current| self.ended(current, true))
    }

    /// When [`Self::poll`] will have something, unless a packet comes.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.current.map(|current| current.heard_last + self.timeout)
    }

    /// Packets that said nothing new: ends repeated, old tones, events that are no tones.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    fn is_new(&self, timestamp: u32) -> bool {
        let Some(newest) = self.newest else { return true };
        let ahead = timestamp.wrapping_sub(newest) as i32;
        ahead > 0 || ahead < -(self.clock_rate as i32).saturating_mul(OLD_SECONDS)
    }

    fn ended(&self, current: Current, end_lost: bool) -> ToneEnded {
        let nanos = u64::from(current.duration) * 1_000_000_000 / u64::from(self.clock_rate);
        ToneEnded {
            tone: current.tone,
            timestamp: current.timestamp,
            duration: Duration::from_nanos(nanos),
            end_lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn receiver() -> ToneReceiver {
        ToneReceiver::new(16_000, at(200))
    }

    fn packet(event: u8, end: bool, duration: u16) -> [u8; 4] {
        TelephoneEvent { event, end, volume: 10, duration }.to_bytes()
    }

    #[test]
    fn one_tone_is_told_once() {
        let mut receiver = receiver();
        let first = receiver.push(at(0), 1_000, &packet(5, false, 320)).unwrap();
        let started = first.started.unwrap();
        assert_eq!((started.tone.event(), started.at, first.ended), (5, at(0), None));
        assert_eq!(receiver.push(at(20), 1_000, &packet(5, false, 640)), Ok(Heard::default()));
        let last = receiver.push(at(40), 1_000, &packet(5, true, 960)).unwrap();
        let ended = last.ended.unwrap();
        assert_eq!((ended.duration, ended.end_lost), (at(60), false));
        for _ in 0..2 {
            assert_eq!(receiver.push(at(60), 1_000, &packet(5, true, 960)), Ok(Heard::default()));
        }
        assert_eq!(receiver.ignored(), 2);
    }

    #[test]
    fn an_end_alone_is_a_tone() {
        let heard = receiver().push(at(0), 7, &packet(11, true, 1_600)).unwrap();
        assert_eq!(heard.started.unwrap().tone.graph_name(), "pound");
        assert_eq!(heard.ended.unwrap().duration, at(100));
    }

    #[test]
    fn a_lost_end_is_made_up_by_the_next_tone_or_by_time() {
        let mut receiver = receiver();
        receiver.push(at(0), 0, &packet(1, false, 320)).unwrap();
        let next = receiver.push(at(300), 4_800, &packet(2, false, 320)).unwrap();
        assert!(next.before.is_some_and(|ended| ended.end_lost && ended.tone.event() == 1));
        assert_eq!(receiver.next_deadline(), Some(at(500)));
        assert_eq!(receiver.poll(at(499)), None);
        assert!(receiver.poll(at(500)).is_some_and(|ended| ended.tone.event() == 2));
        assert_eq!(receiver.push(at(510), 4_800, &packet(2, true, 640)), Ok(Heard::default()));
    }

    #[test]
    fn an_old_packet_does_not_bring_an_old_tone_back() {
        let mut receiver = receiver();
        receiver.push(at(0), 0, &packet(1, true, 1_600)).unwrap();
        receiver.push(at(200), 3_200, &packet(2, false, 320)).unwrap();
        assert_eq!(receiver.push(at(210), 0, &packet(1, true, 1_600)), Ok(Heard::default()));
        let restarted = receiver.push(at(220), 0x9000_0000, &packet(3, false, 320)).unwrap();
        assert!(restarted.started.is_some(), "far behind: the sender restarted");
    }

    proptest! {
        #[test]
        fn blocks_come_back(event: u8, end: bool, volume in 0..64_u8, duration: u16) {
            let block = TelephoneEvent { event, end, volume, duration };
            prop_assert_eq!(TelephoneEvent::parse(&block.to_bytes()), Ok(block));
        }

        /// Whatever comes, starts and ends alternate and no tone is told twice.
        #[test]
        fn starts_and_ends_alternate(
            packets in prop::collection::vec((0..8_u32, any::<bool>(), 0..40_u8), 0..60),
        ) {
            let mut receiver = receiver();
            let (mut open, mut seen) = (None, Vec::new());
            for (step, (slot, end, event)) in packets.into_iter().enumerate() {
                let payload = packet(event, end, 320);
                let heard = receiver.push(at(step as u64), slot * 1_600, &payload).unwrap();
                if let Some(before) = heard.before {
                    prop_assert_eq!(open.take(), Some(before.timestamp));
                }
                if let Some(started) = heard.started {
                    prop_assert!(open.is_none() && !seen.contains(&started.timestamp));
                    seen.push(started.timestamp);
                    open = Some(started.timestamp);
                }
                if let Some(ended) = heard.ended {
                    prop_assert_eq!(open.take(), Some(ended.timestamp));
                }
            }
        }
    }
}

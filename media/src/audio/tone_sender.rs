//! Sends tones as `telephone-event` packets (RFC 4733 section 2.5.1): sans-IO, on a schedule.

use std::{collections::VecDeque, time::Duration};

use thiserror::Error;

use super::{dtmf::Tone, telephone_event::TelephoneEvent};

/// Packets that say the end (RFC 4733 section 2.5.1.4).
const ENDS: u32 = 3;
/// Tones that may wait.
const QUEUE_MAX: usize = 64;

/// How tones are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToneConfig {
    /// Units of the timestamp in a second.
    pub clock_rate: u32,
    /// From one packet of a tone to the next.
    pub interval: Duration,
    /// How long a tone lasts.
    pub length: Duration,
    /// Silence between tones; the repeated ends lie in it.
    pub gap: Duration,
    /// Power in dBm0 without the sign, 0 to 63.
    pub volume: u8,
}

impl Default for ToneConfig {
    /// 16 kHz, a packet every 20 ms, tones of 100 ms, gaps of 80 ms, −10 dBm0.
    fn default() -> Self {
        let millis = Duration::from_millis;
        let (interval, length, gap) = (millis(20), millis(100), millis(80));
        Self { clock_rate: crate::SAMPLE_RATE, interval, length, gap, volume: 10 }
    }
}

/// Why tones cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ToneError {
    /// An interval, length or clock rate of zero.
    #[error("an interval, a length and a clock rate must be more than zero")]
    Zero,
    /// The duration has 16 bits.
    #[error("the tone does not fit the 16 bits of its duration")]
    TooLong,
    /// The next tone would begin before the last end is sent.
    #[error("the gap is shorter than two intervals")]
    GapTooShort,
    /// 64 tones wait.
    #[error("too many tones wait")]
    QueueFull,
}

/// A packet to send now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TonePacket {
    /// The RTP marker: the first packet of a tone.
    pub marker: bool,
    /// The RTP timestamp: the start of the tone, for all of its packets.
    pub timestamp: u32,
    /// The payload.
    pub event: TelephoneEvent,
    /// When it was due.
    pub due: Duration,
}

/// The tones of one source.
#[derive(Debug, Clone)]
pub struct ToneSender {
    config: ToneConfig,
    base: u32,
    waiting: VecDeque<(Tone, Duration)>,
    /// The tone that is being sent, when it began, and how many of its packets are out.
    current: Option<(Tone, Duration, u32)>,
    free_from: Duration,
}

impl ToneSender {
    /// A sender; `base` is the RTP timestamp of the moment zero.
    ///
    /// # Errors
    /// See [`ToneError`].
    pub fn new(config: ToneConfig, base: u32) -> Result<Self, ToneError> {
        let zero = config.interval.is_zero() || config.length.is_zero() || config.clock_rate == 0;
        if zero {
            return Err(ToneError::Zero);
        }
        if ticks(config.length, config.clock_rate) > u64::from(u16::MAX) {
            return Err(ToneError::TooLong);
        }
        if config.gap < config.interval * (ENDS - 1) {
            return Err(ToneError::GapTooShort);
        }
        let waiting = VecDeque::with_capacity(QUEUE_MAX);
        Ok(Self { config, base, waiting, current: None, free_from: Duration::ZERO })
    }

    /// Lets a tone begin at `from`, or when those before it and the gap are over.
    ///
    /// # Errors
    /// Too many wait.
    pub fn queue(&mut self, from: Duration, tone: Tone) -> Result<(), ToneError> {
        if self.waiting.len() == QUEUE_MAX {
            return Err(ToneError::QueueFull);
        }
        self.waiting.push_back((tone, from));
        Ok(())
    }

    /// The next packet if it is due. Call until there is none.
    pub fn poll(&mut self, now: Duration) -> Option<TonePacket> {
        let due = self.next_deadline().filter(|due| *due <= now)?;
        let (tone, began, sent) = match self.current {
            Some(current) => current,
            None => (self.waiting.pop_front()?.0, due, 0),
        };
        let updates = self.packets_until_end();
        let end = sent + 1 >= updates;
        let lasted = (self.config.interval * (sent + 1)).min(self.config.length);
        let event = TelephoneEvent {
            event: tone.event(),
            end,
            volume: self.config.volume.min(63),
            duration: ticks(lasted, self.config.clock_rate) as u16,
        };
        let timestamp = self.base.wrapping_add(ticks(began, self.config.clock_rate) as u32);
        self.current = Some((tone, began, sent + 1)).filter(|_| sent + 1 < updates + ENDS - 1);
        self.free_from = began + self.config.length + self.config.gap;
        Some(TonePacket { marker: sent == 0, timestamp, event, due })
    }

    /// When [`Self::poll`] has the next packet.
    pub fn next_deadline(&self) -> Option<Duration> {
        match self.current {
            Some((_, began, sent)) => Some(began + self.config.interval * sent),
            None => self.waiting.front().map(|(_, from)| (*from).max(self.free_from)),
        }
    }

    /// Whether nothing is being sent and nothing waits.
    pub fn is_idle(&self) -> bool {
        self.current.is_none() && self.waiting.is_empty()
    }

    /// Packets of a tone up to the first that says its end.
    fn packets_until_end(&self) -> u32 {
        let packets = self.config.length.as_nanos().div_ceil(self.config.interval.as_nanos());
        u32::try_from(packets).unwrap_or(u32::MAX - ENDS)
    }
}

fn ticks(time: Duration, clock_rate: u32) -> u64 {
    (time.as_nanos() * u128::from(clock_rate) / 1_000_000_000) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::telephone_event::ToneReceiver, *};

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn tone(event: u8) -> Tone {
        Tone::from_event(event).unwrap()
    }

    fn all(sender: &mut ToneSender) -> Vec<TonePacket> {
        std::iter::from_fn(|| {
            let due = sender.next_deadline()?;
            if let Some(early) = due.checked_sub(Duration::from_nanos(1)) {
                assert_eq!(sender.clone().poll(early), None);
            }
            sender.poll(due)
        })
        .collect()
    }

    #[test]
    fn the_packets_of_a_tone() {
        let mut sender = ToneSender::new(ToneConfig::default(), 500).unwrap();
        sender.queue(at(1_000), tone(7)).unwrap();
        let packets = all(&mut sender);
        let seen: Vec<_> = packets
            .iter()
            .map(|packet| {
                let event = packet.event;
                (packet.due.as_millis(), packet.marker, event.end, event.duration)
            })
            .collect();
        assert_eq!(
            seen,
            [
                (1_000, true, false, 320),
                (1_020, false, false, 640),
                (1_040, false, false, 960),
                (1_060, false, false, 1_280),
                (1_080, false, true, 1_600),
                (1_100, false, true, 1_600),
                (1_120, false, true, 1_600),
            ]
        );
        assert!(packets.iter().all(|packet| packet.timestamp == 16_500));
        assert!(sender.is_idle());
    }

    #[test]
    fn tones_keep_their_gap() {
        let mut sender = ToneSender::new(ToneConfig::default(), 0).unwrap();
        for event in [1, 2, 3] {
            sender.queue(at(0), tone(event)).unwrap();
        }
        let starts: Vec<_> = all(&mut sender)
            .into_iter()
            .filter(|packet| packet.marker)
            .map(|packet| (packet.due, packet.event.event))
            .collect();
        assert_eq!(starts, [(at(0), 1), (at(180), 2), (at(360), 3)]);
    }

    #[test]
    fn impossible_settings_are_named() {
        let refuse = |config| ToneSender::new(config, 0).map(drop).unwrap_err();
        let fine = ToneConfig::default();
        assert_eq!(refuse(ToneConfig { length: Duration::ZERO, ..fine }), ToneError::Zero);
        assert_eq!(refuse(ToneConfig { length: at(4_200), ..fine }), ToneError::TooLong);
        assert_eq!(refuse(ToneConfig { gap: at(39), ..fine }), ToneError::GapTooShort);
        let mut sender = ToneSender::new(fine, 0).unwrap();
        for _ in 0..64 {
            sender.queue(at(0), tone(0)).unwrap();
        }
        assert_eq!(sender.queue(at(0), tone(0)), Err(ToneError::QueueFull));
    }

    proptest! {
        /// What is sent is heard, in order and once, as long as one packet of each tone arrives; the
        /// copies may come twice and out of order within a tone.
        #[test]
        fn what_is_sent_is_heard(
            events in prop::collection::vec(0..17_u8, 1..12),
            lost in prop::collection::vec(any::<bool>(), 84),
            kept in prop::collection::vec(0..7_usize, 12),
            swap: bool, length in 81..100_u64,
        ) {
            let config = ToneConfig { length: at(length), ..ToneConfig::default() };
            let mut sender = ToneSender::new(config, u32::MAX - 3_000).unwrap();
            for event in &events {
                sender.queue(at(0), tone(*event)).unwrap();
            }
            let mut packets = all(&mut sender);
            prop_assert_eq!(packets.len(), events.len() * 7);
            if swap {
                packets.chunks_mut(7).for_each(|tone| tone.swap(3, 4));
            }
            let mut receiver = ToneReceiver::new(16_000, at(200));
            let mut heard = Vec::new();
            for (index, packet) in packets.iter().enumerate() {
                if lost[index] && index % 7 != kept[index / 7] {
                    continue;
                }
                for _ in 0..2 {
                    let bytes = packet.event.to_bytes();
                    let news = receiver.push(packet.due, packet.timestamp, &bytes).unwrap();
                    heard.extend(news.started.map(|started| started.tone.event()));
                }
            }
            prop_assert_eq!(heard, events);
        }
    }
}

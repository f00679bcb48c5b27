//! All that is counted of one received audio stream: the receiver report of RFC 3550 and what a bot
//! developer asks beyond it.

use std::time::Duration;

use super::{
    FRAME_PERIOD,
    e_model::{CodecImpairment, Conditions, Quality, rate},
    jitter::JitterStats,
};
use crate::receive_stats::{Arrival, ReceiveStats, Report};

/// Numbers behind the highest whose arrival is remembered.
const REMEMBERED: u16 = 128;

/// Counts of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamCounts {
    /// Packets, duplicates included.
    pub packets: u64,
    /// Their payloads' bytes.
    pub bytes: u64,
    /// Packets that had come before.
    pub duplicates: u64,
    /// Packets that came after a higher number, for the first time.
    pub reordered: u64,
    /// Holes in the numbers when they were first seen; reordering fills some later.
    pub gaps: u64,
    /// The longest hole, in packets.
    pub longest_gap: u64,
    /// Packets that came too late to be played.
    pub late: u64,
    /// What was made up.
    pub concealed: Duration,
    /// Silence in place of frames.
    pub missing: Duration,
    /// Frames played.
    pub played: u64,
}

/// One stream.
#[derive(Debug, Clone)]
pub struct StreamStats {
    clock_rate: u32,
    reception: ReceiveStats,
    counts: StreamCounts,
    highest: Option<u16>,
    /// Bit `n`: the number `n` below the highest has come.
    seen: u128,
    jitter_sum: u64,
    jitter_max: u32,
    jitter_samples: u64,
    loss_max: u8,
}

impl StreamStats {
    /// Statistics of a stream whose timestamps count `clock_rate` units a second.
    ///
    /// # Panics
    /// If the clock rate is 0.
    pub fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate,
            reception: ReceiveStats::new(clock_rate),
            counts: StreamCounts::default(),
            highest: None,
            seen: 0,
            jitter_sum: 0,
            jitter_max: 0,
            jitter_samples: 0,
            loss_max: 0,
        }
    }

    /// Takes note of a packet that arrived at `now` with `bytes` of payload.
    pub fn received(&mut self, now: Duration, sequence: u16, timestamp: u32, bytes: usize) {
        self.counts.packets += 1;
        self.counts.bytes += bytes as u64;
        if self.reception.received(now, sequence, timestamp) == Arrival::Counted {
            let jitter = self.reception.jitter();
            self.jitter_sum += u64::from(jitter);
            self.jitter_samples += 1;
            self.jitter_max = self.jitter_max.max(jitter);
        }
        let Some(highest) = self.highest else {
            (self.highest, self.seen) = (Some(sequence), 1);
            return;
        };
        let ahead = sequence.wrapping_sub(highest);
        if ahead == 0 {
            self.counts.duplicates += 1;
        } else if ahead < 0x8000 {
            self.seen = self.seen.checked_shl(ahead.into()).unwrap_or(0) | 1;
            self.highest = Some(sequence);
            // A jump is a restart (RFC 3550 A.1), not a hole.
            if ahead > 1 && ahead < 3_000 {
                self.counts.gaps += 1;
                self.counts.longest_gap = self.counts.longest_gap.max(u64::from(ahead) - 1);
            }
        } else {
            self.behind(sequence, ahead.wrapping_neg());
        }
    }

    /// Takes over what a jitter buffer counted of this stream.
    pub fn played(&mut self, buffer: &JitterStats) {
        let frames = |count: u64| FRAME_PERIOD * u32::try_from(count).unwrap_or(u32::MAX);
        self.counts.late = buffer.late;
        self.counts.played = buffer.played;
        self.counts.concealed = frames(buffer.concealed);
        self.counts.missing = frames(buffer.missing);
    }

    /// The figures of a receiver report; the next one's fraction starts here.
    pub fn report(&mut self) -> Report {
        let report = self.reception.report();
        self.loss_max = self.loss_max.max(report.fraction_lost);
        report
    }

    /// The counts.
    pub fn counts(&self) -> StreamCounts {
        self.counts
    }

    /// Packets that should have come.
    pub fn expected(&self) -> u64 {
        self.reception.expected()
    }

    /// Share of the expected packets that never came, 0 to 1.
    pub fn loss(&self) -> f64 {
        let expected = self.expected();
        let lost = u64::try_from(self.reception.cumulative_lost()).unwrap_or(0);
        if expected == 0 { 0.0 } else { lost as f64 / expected as f64 }
    }

    /// The greatest loss of any interval between two reports, 0 to 1.
    pub fn loss_max(&self) -> f64 {
        f64::from(self.loss_max) / 256.0
    }

    /// The mean of the interarrival jitter (RFC 3550 A.8) over all packets.
    pub fn jitter_mean(&self) -> Duration {
        self.time(self.jitter_sum.checked_div(self.jitter_samples).unwrap_or(0))
    }

    /// The greatest interarrival jitter.
    pub fn jitter_max(&self) -> Duration {
        self.time(self.jitter_max.into())
    }

    /// An estimate of how the stream sounds: what was concealed or missing counts as lost. The burst
    /// ratio is the mean hole against that of random loss.
    pub fn quality(&self, delay: Duration, codec: CodecImpairment) -> Quality {
        let made_up = self.counts.concealed + self.counts.missing;
        let heard = FRAME_PERIOD.as_secs_f64() * self.counts.played as f64 + made_up.as_secs_f64();
        let unheard = if heard > 0.0 { made_up.as_secs_f64() / heard } else { 0.0 };
        let loss = unheard.max(self.loss());
        let lost = loss * self.expected() as f64;
        let hole = if self.counts.gaps == 0 { 1.0 } else { lost / self.counts.gaps as f64 };
        rate(&Conditions { delay, loss, burst_ratio: (hole * (1.0 - loss)).max(1.0), codec })
    }

    fn time(&self, units: u64) -> Duration {
        Duration::from_nanos(units * 1_000_000_000 / u64::from(self.clock_rate))
    }

    fn behind(&mut self, sequence: u16, distance: u16) {
        if distance >= REMEMBERED {
            // Too old to know: a sender that restarted, or a packet of long ago.
            (self.highest, self.seen) = (Some(sequence), 1);
            return;
        }
        let bit = 1_u128 << distance;
        if self.seen & bit != 0 {
            self.counts.duplicates += 1;
        } else {
            self.seen |= bit;
            self.counts.reordered += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn feed(numbers: impl IntoIterator<Item = u16>) -> StreamStats {
        let mut stats = StreamStats::new(16_000);
        for (n, sequence) in (0_u64..).zip(numbers) {
            let now = Duration::from_millis(20) * n as u32;
            stats.received(now, sequence, u32::from(sequence) * 320, 640);
        }
        stats
    }

    #[test]
    fn what_there_is_to_count() {
        let stats = feed([1, 2, 3, 5, 4, 5, 9, 10, 10, 2]);
        let counts = stats.counts();
        assert_eq!((counts.packets, counts.bytes), (10, 6_400));
        assert_eq!((counts.duplicates, counts.reordered), (3, 1));
        assert_eq!((counts.gaps, counts.longest_gap), (2, 3));
    }

    #[test]
    fn loss_and_quality() {
        let mut stats = feed((0..1_000).filter(|n| n % 20 != 7));
        assert!((stats.loss() - 0.05).abs() < 0.002, "{}", stats.loss());
        assert!(stats.report().fraction_lost == 12 && (stats.loss_max() - 0.047).abs() < 0.001);
        let buffer = JitterStats { played: 950, concealed: 50, late: 2, ..JitterStats::default() };
        stats.played(&buffer);
        assert_eq!(stats.counts().concealed, Duration::from_secs(1));
        let quality = stats.quality(Duration::from_millis(100), CodecImpairment::G711_CONCEALED);
        assert!((quality.r - (93.2 - 2.4 - 95.0 * 5.0 / 30.1)).abs() < 0.3, "{quality:?}");
        assert!(stats.jitter_max() >= stats.jitter_mean());
    }

    proptest! {
        /// Against a set that remembers everything, within the window.
        #[test]
        fn duplicates_and_reordering(numbers in prop::collection::vec(65_480..65_600_u32, 1..120)) {
            let numbers: Vec<u16> = numbers.into_iter().map(|n| n as u16).collect();
            let counts = feed(numbers.iter().copied()).counts();
            let (mut known, mut duplicates, mut reordered) = (Vec::new(), 0, 0);
            let order = |n: u16| n.wrapping_sub(65_480);
            for number in numbers {
                if known.contains(&order(number)) {
                    duplicates += 1;
                } else if known.iter().any(|other| *other > order(number)) {
                    reordered += 1;
                }
                known.push(order(number));
            }
            prop_assert_eq!((counts.duplicates, counts.reordered), (duplicates, reordered));
        }
    }
}

//! What a receiver knows about one source: extended sequence numbers, loss and interarrival jitter
//! (RFC 3550 sections 6.4.1, A.1, A.3 and A.8).

use std::time::Duration;

/// Packets in a row that make a source valid (RFC 3550 A.1, `MIN_SEQUENTIAL`).
const PROBATION: u16 = 2;
/// A gap up to this is loss, beyond it a jump (RFC 3550 A.1, `MAX_DROPOUT`).
const DROPOUT_MAX: u16 = 3000;
/// A packet so far behind is still reordered, not a jump (RFC 3550 A.1, `MAX_MISORDER`).
const MISORDER_MAX: u16 = 100;
/// The cumulative loss has 24 bits and a sign (RFC 3550 section 6.4.1).
const LOST_LIMITS: (i64, i64) = (-0x80_0000, 0x7f_ffff);

/// How a packet fits to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Counted. In order, behind a tolerable gap, reordered or a duplicate: RFC 3550 does not tell
    /// them apart.
    Counted,
    /// Not counted: the source has not shown two packets in a row yet.
    Probation,
    /// Not counted: far from what was expected; the next one decides whether the sender restarted.
    Jump,
}

/// The figures of a receiver report (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Share lost since the last report, in 256ths.
    pub fraction_lost: u8,
    /// Lost since the start; negative if duplicates outnumber the loss.
    pub cumulative_lost: i32,
    /// Cycles of 2^16 and, in the low half, the highest sequence number.
    pub highest_sequence: u32,
    /// Interarrival jitter in units of the timestamp.
    pub jitter: u32,
}

/// Reception of one source.
#[derive(Debug, Clone)]
pub struct ReceiveStats {
    clock_rate: u32,
    sequence: Option<Sequence>,
    received: u64,
    expected_before: u64,
    received_before: u64,
    transit: Option<u32>,
    /// Sixteen times the jitter, as in RFC 3550 A.8: the integer form keeps four bits of fraction.
    jitter: u32,
}

#[derive(Debug, Clone, Copy)]
struct Sequence {
    /// Packets that are still to come in a row before anything counts.
    probation: u16,
    base: u16,
    highest: u16,
    cycles: u64,
    /// What a restarted sender would send next.
    after_jump: Option<u16>,
}

impl ReceiveStats {
    /// Statistics of a source whose timestamps count `clock_rate` units a second.
    ///
    /// # Panics
    /// If the clock rate is 0.
    pub fn new(clock_rate: u32) -> Self {
        assert!(clock_rate > 0, "a clock that stands still measures nothing");
        Self {
            clock_rate,
            sequence: None,
            received: 0,
            expected_before: 0,
            received_before: 0,
            transit: None,
            jitter: 0,
        }
    }

    /// Takes note of a packet that arrived at `now`, counted from any fixed moment.
    pub fn received(&mut self, now: Duration, sequence: u16, timestamp: u32) -> Arrival {
        let arrival = self.count(sequence);
        if arrival == Arrival::Counted {
            self.note_transit(now, timestamp);
        }
        arrival
    }

    /// Packets that should have come: from the first that counts to the highest.
    pub fn expected(&self) -> u64 {
        let Some(known) = self.sequence.filter(|known| known.probation == 0) else { return 0 };
        known.extended() - u64::from(known.base) + 1
    }

    /// Packets that counted, duplicates included.
    pub fn received_packets(&self) -> u64 {
        self.received
    }

    /// Interarrival jitter in units of the timestamp (RFC 3550 A.8).
    pub fn jitter(&self) -> u32 {
        self.jitter >> 4
    }

    /// Expected less received, within what a receiver report can say (RFC 3550 A.3).
    pub fn cumulative_lost(&self) -> i32 {
        let lost = self.expected() as i64 - self.received as i64;
        lost.clamp(LOST_LIMITS.0, LOST_LIMITS.1) as i32
    }

    /// Writes a report; the next one's fraction starts here.
    pub fn report(&mut self) -> Report {
        let (expected, received) = (self.expected(), self.received);
        let expected_now = expected - self.expected_before;
        let lost_now = expected_now as i64 - (received - self.received_before) as i64;
        (self.expected_before, self.received_before) = (expected, received);
        let fraction_lost = if expected_now == 0 || lost_now <= 0 {
            0
        } else {
            ((lost_now << 8) / expected_now as i64).min(255) as u8
        };
        Report {
            fraction_lost,
            cumulative_lost: self.cumulative_lost(),
            highest_sequence: self.sequence.map_or(0, |known| known.extended() as u32),
            jitter: self.jitter(),
        }
    }

    fn count(&mut self, sequence: u16) -> Arrival {
        let Some(known) = &mut self.sequence else {
            let probation = PROBATION - 1;
            self.sequence = Some(Sequence { probation, ..Sequence::at(sequence) });
            return Arrival::Probation;
        };
        if known.probation > 0 {
            if sequence == known.highest.wrapping_add(1) {
                known.probation -= 1;
                known.highest = sequence;
                if known.probation == 0 {
                    self.restart(sequence);
                    return Arrival::Counted;
                }
            } else {
                known.probation = PROBATION - 1;
                known.highest = sequence;
            }
            return Arrival::Probation;
        }
        let ahead = sequence.wrapping_sub(known.highest);
        if ahead < DROPOUT_MAX {
            known.cycles += u64::from(sequence < known.highest) << 16;
            known.highest = sequence;
        } else if ahead <= u16::MAX - MISORDER_MAX {
            if known.after_jump != Some(sequence) {
                known.after_jump = Some(sequence.wrapping_add(1));
                return Arrival::Jump;
            }
            self.restart(sequence);
            return Arrival::Counted;
        }
        self.received += 1;
        Arrival::Counted
    }

    /// Starts to count with this packet as the first.
    fn restart(&mut self, sequence: u16) {
        self.sequence = Some(Sequence::at(sequence));
        self.received = 1;
        self.expected_before = 0;
        self.received_before = 0;
        self.transit = None;
    }

    fn note_transit(&mut self, now: Duration, timestamp: u32) {
        let arrival = now.as_nanos() * u128::from(self.clock_rate) / 1_000_000_000;
        // Both clocks count modulo 2^32; only differences matter.
        let transit = (arrival as u32).wrapping_sub(timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let change = (transit.wrapping_sub(before) as i32).unsigned_abs();
            let decay = self.jitter.saturating_add(8) >> 4;
            self.jitter = self.jitter.saturating_add(change).saturating_sub(decay);
        }
    }
}

impl Sequence {
    fn at(sequence: u16) -> Self {
        Self { probation: 0, base: sequence, highest: sequence, cycles: 0, after_jump: None }
    }

    fn extended(self) -> u64 {
        self.cycles + u64::from(self.highest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20 ms of audio at 16 kHz.
    const STEP: u32 = 320;

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A source that has passed its probation: 99 does not count, 100 does.
    fn valid() -> ReceiveStats {
        let mut stats = ReceiveStats::new(16_000);
        assert_eq!(stats.received(at(0), 99, 99 * STEP), Arrival::Probation);
        assert_eq!(stats.received(at(20), 100, 100 * STEP), Arrival::Counted);
        stats
    }

    #[test]
    fn a_source_counts_after_two_packets_in_a_row() {
        let mut stats = ReceiveStats::new(16_000);
        for sequence in [5, 7, 9, 9] {
            assert_eq!(stats.received(at(0), sequence, 0), Arrival::Probation);
        }
        assert_eq!(stats.expected(), 0);
        assert_eq!(stats.received(at(0), 10, 0), Arrival::Counted);
        assert_eq!((stats.expected(), stats.received_packets()), (1, 1));
    }

    #[test]
    fn loss_is_what_was_expected_and_did_not_come() {
        let mut stats = valid();
        // 101 and 104 are missing; 103 comes before 102.
        for sequence in [103, 102, 105] {
            stats.received(at(20), sequence, 0);
        }
        assert_eq!((stats.expected(), stats.received_packets()), (6, 4));
        let report = stats.report();
        assert_eq!(report.cumulative_lost, 2);
        assert_eq!(report.fraction_lost, 85, "2 * 256 / 6");
        assert_eq!(report.highest_sequence, 105);
        // 106 to 109 without loss: the fraction is of this interval, the sum of all.
        for sequence in 106..=109 {
            stats.received(at(20), sequence, 0);
        }
        let report = stats.report();
        assert_eq!((report.fraction_lost, report.cumulative_lost), (0, 2));
        assert_eq!(stats.report().fraction_lost, 0, "nothing was expected");
    }

    #[test]
    fn duplicates_make_loss_negative() {
        let mut stats = valid();
        for _ in 0..3 {
            stats.received(at(20), 100, 0);
        }
        let report = stats.report();
        assert_eq!((report.cumulative_lost, report.fraction_lost), (-3, 0));
    }

    #[test]
    fn sequence_numbers_are_extended_over_the_wrap() {
        let mut stats = ReceiveStats::new(16_000);
        for sequence in [65_533, 65_534, 65_535, 1, 0, 65_535, 2] {
            stats.received(at(0), sequence, 0);
        }
        assert_eq!(stats.report().highest_sequence, 0x1_0002);
        assert_eq!((stats.expected(), stats.received_packets()), (5, 6));
    }

    #[test]
    fn a_jump_counts_once_a_second_packet_confirms_it() {
        let mut stats = valid();
        assert_eq!(stats.received(at(40), 30_000, 0), Arrival::Jump);
        assert_eq!(stats.received(at(40), 101, 0), Arrival::Counted, "one stray packet");
        assert_eq!(stats.expected(), 2);
        assert_eq!(stats.received(at(40), 30_000, 0), Arrival::Jump);
        assert_eq!(stats.received(at(40), 30_001, 0), Arrival::Counted);
        assert_eq!((stats.expected(), stats.received_packets()), (1, 1));
        assert_eq!(stats.received(at(40), 33_001, 0), Arrival::Jump, "a gap of 3000 is a jump");
        assert_eq!(stats.received(at(40), 33_000, 0), Arrival::Counted, "2999 is not");
        assert_eq!(stats.received(at(40), 32_901, 0), Arrival::Counted, "99 behind is reordered");
        assert_eq!(stats.received(at(40), 32_900, 0), Arrival::Counted, "100 behind as well");
        assert_eq!(stats.received(at(40), 32_899, 0), Arrival::Jump, "101 behind is not");
    }

    #[test]
    fn jitter_follows_the_integer_form_of_the_rfc() {
        let mut stats = valid();
        // On time: no change of transit.
        stats.received(at(40), 101, 101 * STEP);
        assert_eq!(stats.jitter, 0);
        // 10 ms late, 160 units: 0 + 160 - (0 + 8) / 16 = 160, a sixteenth of which is 10.
        stats.received(at(70), 102, 102 * STEP);
        assert_eq!((stats.jitter, stats.jitter()), (160, 10));
        // On time again, so 160 units the other way: 160 + 160 - 168 / 16 = 310, which is 19.
        stats.received(at(80), 103, 103 * STEP);
        assert_eq!((stats.jitter, stats.jitter()), (310, 19));
        // Constant transit lets it fade: 310 - 318 / 16 = 291.
        stats.received(at(100), 104, 104 * STEP);
        assert_eq!((stats.jitter, stats.jitter()), (291, 18));
    }

    #[test]
    fn jitter_does_not_notice_that_timestamps_wrap() {
        let mut stats = ReceiveStats::new(16_000);
        let start = u32::MAX - STEP;
        for index in 0..6_u16 {
            let timestamp = start.wrapping_add(u32::from(index) * STEP);
            stats.received(at(20 * u64::from(index)), index, timestamp);
        }
        assert_eq!(stats.jitter(), 0);
    }
}

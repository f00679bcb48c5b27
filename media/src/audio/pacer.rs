//! When a stream sends: moments in integers, without drift, and how late they were met.
//!
//! Event `k` is due at `start + phase + k * period`. Lateness is counted against that moment also while
//! a sender catches up, so a stall shows in every packet that it delayed (no coordinated omission).

use std::time::Duration;

/// Nanoseconds in a second.
const SECOND: u128 = 1_000_000_000;

/// Moments at a steady rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// When the event 0 is due.
    first: Duration,
    /// `per / of` events a second.
    per: u32,
    of: u32,
}

impl Schedule {
    /// `events` every `seconds` seconds, from `first` on: 30,000 every 1,001 for NTSC video.
    ///
    /// # Panics
    /// If either is 0.
    pub fn new(first: Duration, events: u32, seconds: u32) -> Self {
        assert!(events > 0 && seconds > 0, "a schedule has a rate");
        Self { first, per: events, of: seconds }
    }

    /// 50 frames of audio a second. Of `streams` streams number `index` gets its share of the 20 ms as
    /// phase, so that they do not all send at once.
    ///
    /// # Panics
    /// If there are no streams.
    pub fn audio(start: Duration, index: u32, streams: u32) -> Self {
        assert!(streams > 0, "there is at least this stream");
        let phase = super::FRAME_PERIOD.as_nanos() * u128::from(index % streams);
        Self::new(start + nanos(phase / u128::from(streams)), 50, 1)
    }

    /// When event `index` is due.
    pub fn due(&self, index: u64) -> Duration {
        let since = u128::from(index) * SECOND * u128::from(self.of) / u128::from(self.per);
        self.first + nanos(since)
    }

    /// When packet `packet` of the `packets` of event `index` is due: spread evenly over the first
    /// `share` 256ths of the interval, so that a video frame is no burst and is out before the next.
    pub fn due_within(&self, index: u64, packet: u32, packets: u32, share: u8) -> Duration {
        let (begin, next) = (self.due(index), self.due(index + 1));
        let interval = (next - begin).as_nanos() * u128::from(share) / 256;
        begin + nanos(interval * u128::from(packet) / u128::from(packets.max(1)))
    }
}

fn nanos(nanos: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// How late events were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lateness {
    /// Events that happened.
    pub events: u64,
    /// Of these, how many were later than the tolerance.
    pub late: u64,
    /// Events that were due and never happened; late by the full wait.
    pub missed: u64,
    /// The latest.
    pub max: Duration,
    /// The sum over all.
    pub total: Duration,
}

impl Lateness {
    fn count(&mut self, lateness: Duration, tolerance: Duration) {
        self.late += u64::from(lateness > tolerance);
        self.max = self.max.max(lateness);
        self.total += lateness;
    }

    /// The mean over all events, the missed ones included.
    pub fn mean(&self) -> Duration {
        let count = self.events + self.missed;
        if count == 0 {
            return Duration::ZERO;
        }
        nanos(self.total.as_nanos() / u128::from(count))
    }
}

/// An event that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Its number.
    pub index: u64,
    /// When it should have happened.
    pub due: Duration,
    /// How much later that is now.
    pub lateness: Duration,
}

/// Hands out the events of a schedule, one after the other.
#[derive(Debug, Clone)]
pub struct Pacer {
    schedule: Schedule,
    tolerance: Duration,
    next: u64,
    lateness: Lateness,
}

impl Pacer {
    /// A pacer at event 0. More than `tolerance` behind counts as late.
    pub fn new(schedule: Schedule, tolerance: Duration) -> Self {
        Self { schedule, tolerance, next: 0, lateness: Lateness::default() }
    }

    /// When the next event is due.
    pub fn next_deadline(&self) -> Duration {
        self.schedule.due(self.next)
    }

    /// The next event if it is due. Call until there is none: what was delayed is not left out.
    pub fn poll(&mut self, now: Duration) -> Option<Due> {
        let due = self.next_deadline();
        let lateness = now.checked_sub(due)?;
        let index = self.next;
        self.next += 1;
        self.lateness.events += 1;
        self.lateness.count(lateness, self.tolerance);
        Some(Due { index, due, lateness })
    }

    /// Ends the stream at `now`: what was due and did not happen is missed.
    pub fn close(&mut self, now: Duration) -> Lateness {
        while let Some(lateness) = now.checked_sub(self.next_deadline()) {
            self.next += 1;
            self.lateness.missed += 1;
            self.lateness.count(lateness, self.tolerance);
        }
        self.lateness
    }

    /// The lateness so far.
    pub fn lateness(&self) -> Lateness {
        self.lateness
    }

    /// The schedule.
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn no_drift_at_thirty_frames_a_second() {
        let video = Schedule::new(at(5), 30, 1);
        assert_eq!(video.due(1), Duration::from_nanos(5_000_000 + 33_333_333));
        assert_eq!(video.due(30 * 3_600), at(5) + Duration::from_secs(3_600));
        let slow = Schedule::new(Duration::ZERO, 15, 8);
        assert_eq!(slow.due(15), Duration::from_secs(8), "1.875 frames a second");
    }

    #[test]
    fn streams_share_the_interval() {
        let due: Vec<_> = (0..4).map(|index| Schedule::audio(at(100), index, 4).due(0)).collect();
        assert_eq!(due, [at(100), at(105), at(110), at(115)]);
    }

    #[test]
    fn a_stall_is_late_for_all_that_it_delayed() {
        let mut pacer = Pacer::new(Schedule::audio(Duration::ZERO, 0, 1), at(5));
        assert_eq!(pacer.poll(at(0)).map(|due| due.lateness), Some(at(0)));
        assert_eq!(pacer.poll(at(19)), None);
        let late: Vec<_> = std::iter::from_fn(|| pacer.poll(at(80))).collect();
        let lateness: Vec<_> = late.iter().map(|due| due.lateness).collect();
        assert_eq!(lateness, [at(60), at(40), at(20), at(0)]);
        assert_eq!(pacer.lateness().late, 3);
        let end = pacer.close(at(125));
        assert_eq!((end.events, end.missed, end.late, end.max), (5, 2, 4, at(60)));
        assert_eq!(end.mean(), (at(120) + at(25) + at(5)) / 7);
    }

    proptest! {
        /// The packets of a frame are in order, begin with it and leave before the next.
        #[test]
        fn a_frame_is_spread_within_its_interval(
            rate in 1..121_u32, index in 0..1_000_000_u64, packets in 1..200_u32, share: u8,
        ) {
            let schedule = Schedule::new(at(3), rate, 1);
            let due: Vec<_> =
                (0..packets).map(|k| schedule.due_within(index, k, packets, share)).collect();
            prop_assert!(due.is_sorted());
            prop_assert_eq!(due[0], schedule.due(index));
            prop_assert!(due[due.len() - 1] < schedule.due(index + 1));
        }

        /// Polled at whatever moments, each event comes once and never early.
        #[test]
        fn every_event_comes_once(mut moments in prop::collection::vec(0..2_000_u64, 1..50)) {
            moments.sort_unstable();
            let mut pacer = Pacer::new(Schedule::new(at(7), 50, 1), at(1));
            let mut expected = 0;
            for moment in moments {
                while let Some(due) = pacer.poll(at(moment)) {
                    prop_assert_eq!(due.index, expected);
                    prop_assert_eq!(due.due + due.lateness, at(moment));
                    expected += 1;
                }
                prop_assert!(pacer.next_deadline() > at(moment));
            }
        }
    }
}

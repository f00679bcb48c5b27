//! A clock that is wrong: by an offset, and more so, or less, with every second.

use std::sync::Arc;

use graph_api::Timestamp;
use tokio::sync::watch;

/// Parts per billion of a clock that runs at the right speed.
const RIGHT: i128 = 1_000_000_000;
/// The most that a clock may be too fast or too slow, in parts per million.
const PPM_MAX: f64 = 500_000.0;

/// How wrong a host's clock is; right at first. Cheap to clone; all clones are the same.
#[derive(Debug, Clone)]
pub struct Skew(Arc<watch::Sender<Line>>);

/// What a clock shows: a straight line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// When it was set, in nanoseconds of true time.
    from: i128,
    /// What was shown then, in nanoseconds.
    shown: i128,
    /// How many nanoseconds are shown for each true second.
    speed: i128,
}

impl Line {
    const fn at(&self, truth: i128) -> i128 {
        self.shown + ((truth - self.from) * self.speed).div_euclid(RIGHT)
    }
}

fn nanos(time: Timestamp) -> i128 {
    i128::from(time.as_nanos())
}

fn time(nanos: i128) -> Timestamp {
    Timestamp::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
}

impl Default for Skew {
    fn default() -> Self {
        Self(Arc::new(watch::channel(Line { from: 0, shown: 0, speed: RIGHT }).0))
    }
}

impl Skew {
    /// From `truth` on the clock shows `offset_ns` nanoseconds more than the truth, and gains `drift_ppm`
    /// microseconds with each true second (loses, if negative; at most half a second).
    pub fn set(&self, truth: Timestamp, offset_ns: i64, drift_ppm: f64) {
        let drift = drift_ppm.clamp(-PPM_MAX, PPM_MAX) * 1_000.0;
        let from = nanos(truth);
        let line = Line {
            from,
            shown: from + i128::from(offset_ns),
            speed: RIGHT + drift.round() as i128,
        };
        let _ = self.0.send_replace(line);
    }

    /// At `truth` the clock jumps by `by_ns` nanoseconds, and goes on as fast as before.
    pub fn step(&self, truth: Timestamp, by_ns: i64) {
        let from = nanos(truth);
        self.0.send_modify(|line| {
            *line = Line { from, shown: line.at(from) + i128::from(by_ns), ..*line };
        });
    }

    /// What the clock shows at a true time.
    pub fn shown(&self, truth: Timestamp) -> Timestamp {
        time(self.0.borrow().at(nanos(truth)))
    }

    /// The first true time, not before the last change, at which the clock shows `shown` or more.
    pub fn truth(&self, shown: Timestamp) -> Timestamp {
        let line = *self.0.borrow();
        let left = (nanos(shown) - line.shown).max(0) * RIGHT;
        // Rounded up, as both are positive.
        time(line.from + (left + line.speed - 1) / line.speed)
    }

    pub(crate) fn changes(&self) -> watch::Receiver<Line> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Clock;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn a_line_and_back() {
        let skew = Skew::default();
        assert_eq!((skew.shown(at(5)), skew.truth(at(5))), (at(5), at(5)));
        skew.set(at(100), -2_000_000_000, 200.0);
        assert_eq!(skew.shown(at(100)), at(98));
        // 200 µs for each of 1,000 seconds.
        assert_eq!(skew.shown(at(1_100)), at(1_098) + SECOND / 5);
        let truth = skew.truth(at(1_098) + SECOND / 5);
        assert_eq!(truth, at(1_100));
        skew.step(at(1_100), 3_000_000_000);
        assert_eq!(skew.shown(at(1_100)), at(1_101) + SECOND / 5);
        assert_eq!(skew.shown(at(2_100)), at(2_101) + SECOND * 2 / 5);
        // What has been shown long ago is there.
        assert_eq!(skew.truth(at(7)), at(1_100));
    }

    #[test]
    fn the_way_back_is_the_first_time() {
        let skew = Skew::default();
        for drift in [-333_333.3, -1.0, 0.7, 499_999.9] {
            skew.set(at(10), 123, drift);
            for nanos in 0..1_000 {
                let shown = Timestamp::from_nanos(at(10).as_nanos() + 1_000 + nanos * 7);
                let truth = skew.truth(shown);
                assert!(skew.shown(truth) >= shown, "{drift}: {shown:?}");
                let before = Timestamp::from_nanos(truth.as_nanos() - 1);
                assert!(skew.shown(before) < shown, "{drift}: {shown:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_fast_clock_wakes_early_and_a_step_wakes_at_once() {
        let skew = Skew::default();
        let (truth, clock) = (Clock::starting_at(at(0)), Clock::skewed(at(0), skew.clone()));
        clock.sleep_until(at(10)).await;
        assert_eq!((truth.now(), clock.now()), (at(10), at(10)));
        skew.set(truth.now(), 0, 250_000.0);
        clock.sleep_until(at(20)).await;
        assert_eq!((truth.now(), clock.now()), (at(18), at(20)));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(at(1_000)).await }
        });
        truth.sleep_until(at(19)).await;
        assert!(!sleeper.is_finished());
        skew.step(truth.now(), 1_000_000_000_000);
        sleeper.await.unwrap();
        assert_eq!(truth.now(), at(19));
        assert!(clock.advance(SECOND).is_err() && !clock.is_manual());
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_put_back_is_waited_for_longer() {
        let skew = Skew::default();
        let (truth, clock) = (Clock::starting_at(at(100)), Clock::skewed(at(100), skew.clone()));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(at(110)).await }
        });
        truth.sleep_until(at(105)).await;
        skew.step(truth.now(), -20_000_000_000);
        sleeper.await.unwrap();
        assert_eq!(truth.now(), at(130));
    }
}

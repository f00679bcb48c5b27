//! How long an audio jitter buffer should wait: a quantile of the relative arrival delay.

/// Packets that the window holds: 10 s at 50 packets a second, and some more.
const WINDOW: usize = 512;
/// The window's length.
const WINDOW_MICROS: i64 = 10_000_000;
/// Packets between two looks at the window.
const EVERY: u32 = 50;
/// The greatest transits that are looked for: more than 3 % of the window.
const GREATEST: usize = 16;
/// A packet that is off by more tells of another clock, not of jitter.
const JUMP_MICROS: i64 = 2_000_000;

/// The relative delays of the last 10 s. Integer arithmetic; times in microseconds.
#[derive(Debug, Clone)]
pub(super) struct DelayEstimator {
    /// Arrival, and arrival less media time.
    ring: Box<[(i64, i64); WINDOW]>,
    count: usize,
    until_look: u32,
    least: i64,
    quantile: i64,
}

impl DelayEstimator {
    pub(super) fn new() -> Self {
        Self {
            ring: Box::new([(0, 0); WINDOW]),
            count: 0,
            until_look: EVERY,
            least: 0,
            quantile: 0,
        }
    }

    /// Forgets everything: another stream, another clock.
    pub(super) fn clear(&mut self) {
        (self.count, self.until_look, self.least, self.quantile) = (0, EVERY, 0, 0);
    }

    /// Takes note of a packet; says whether its clock jumped, which starts the window anew.
    pub(super) fn note(&mut self, arrival: i64, media: i64) -> bool {
        let transit = arrival - media;
        let jumped = self.count > 0 && (transit - self.least).abs() > JUMP_MICROS;
        if jumped {
            self.clear();
        }
        self.ring[self.count % WINDOW] = (arrival, transit);
        self.least = if self.count == 0 { transit } else { self.least.min(transit) };
        self.count += 1;
        self.until_look -= 1;
        if self.until_look == 0 {
            self.until_look = EVERY;
            self.look(arrival);
        }
        jumped
    }

    /// The shortest transit in the window.
    pub(super) fn least(&self) -> i64 {
        self.least
    }

    /// The 0.97 quantile of the delay beyond the shortest transit.
    pub(super) fn quantile(&self) -> i64 {
        self.quantile
    }

    fn look(&mut self, now: i64) {
        let known = &self.ring[..self.count.min(WINDOW)];
        let mut greatest = [i64::MIN; GREATEST];
        let (mut least, mut total) = (i64::MAX, 0);
        for (arrival, transit) in known {
            if now - arrival > WINDOW_MICROS {
                continue;
            }
            total += 1;
            least = least.min(*transit);
            if *transit > greatest[0] {
                let place = greatest.iter().take_while(|known| **known < *transit).count();
                greatest[..place].rotate_left(1);
                greatest[place - 1] = *transit;
            }
        }
        // The smallest delay that leaves no more than 3 % above it. The newest packet is never old.
        let above = total * 3 / 100;
        self.least = least;
        self.quantile = greatest[GREATEST - 1 - above] - least;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantile(delay: impl Fn(i64) -> i64) -> i64 {
        let mut estimator = DelayEstimator::new();
        for n in 0..500 {
            estimator.note(1_000_000 + n * 20_000 + delay(n), n * 20_000);
        }
        estimator.quantile()
    }

    #[test]
    fn the_quantile_leaves_three_in_a_hundred() {
        assert_eq!(quantile(|_| 0), 0);
        assert_eq!(quantile(|n| n % 10 * 5_000), 45_000);
        assert_eq!(quantile(|n| i64::from(n % 50 == 0) * 150_000), 0, "2 % late ones");
        assert_eq!(quantile(|n| i64::from(n % 20 == 0) * 150_000), 150_000, "5 %");
        assert_eq!(quantile(|n| i64::from(n % 20 == 0) * 900_000), 900_000, "5 % very late");
    }

    #[test]
    fn old_packets_do_not_count() {
        let mut estimator = DelayEstimator::new();
        for n in 0..1_200 {
            let delay = if n < 500 { n % 2 * 90_000 } else { 0 };
            // The sender's clock is ahead: transits are negative.
            estimator.note(n * 20_000 + delay, n * 20_000 + 7_000_000);
        }
        assert_eq!((estimator.quantile(), estimator.least()), (0, -7_000_000));
    }

    #[test]
    fn silence_makes_packets_old() {
        let mut estimator = DelayEstimator::new();
        for n in 0..100 {
            let (pause, delay) = if n < 50 { (0, n % 2 * 90_000) } else { (30_000_000, 0) };
            estimator.note(pause + n * 20_000 + delay, pause + n * 20_000 + 500_000);
        }
        assert_eq!((estimator.quantile(), estimator.least()), (0, -500_000));
    }

    #[test]
    fn another_clock_starts_anew() {
        let mut estimator = DelayEstimator::new();
        assert!(!estimator.note(0, 0));
        assert!(estimator.note(20_000, 90_000_000));
        assert_eq!(estimator.least(), 20_000 - 90_000_000);
    }
}

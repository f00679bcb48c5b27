//! Time as the programs see it: nanoseconds since 1970, anchored once, or moved by hand.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use graph_api::Timestamp;
use thiserror::Error;
use tokio::{sync::watch, time::Instant};

use crate::skew::Skew;

/// The clock of one program. Cheap to clone; all clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock(Kind);

#[derive(Debug, Clone)]
enum Kind {
    /// Runs with tokio's clock: real outside the simulator, virtual inside it.
    Running { anchor: Timestamp, since: Instant },
    /// Runs with tokio's clock too, but shows something else.
    Skewed { anchor: Timestamp, since: Instant, skew: Skew },
    /// Stands still until it is moved (`--clock virtual`, R-305).
    Manual { anchor: Timestamp, now: Arc<watch::Sender<Timestamp>> },
}

/// Why a clock cannot be moved.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ClockError {
    /// Only a manual clock can be moved.
    #[error("this clock runs by itself and cannot be moved")]
    RunsByItself,
}

impl Clock {
    /// Starts at the machine's wall clock and then follows the monotonic clock, so that a stepped
    /// wall clock moves no deadline.
    pub fn real() -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self::starting_at(Timestamp::from_duration(unix))
    }

    /// Starts at `anchor` and follows tokio's clock; what the simulator gives its hosts.
    pub fn starting_at(anchor: Timestamp) -> Self {
        Self(Kind::Running { anchor, since: Instant::now() })
    }

    /// Starts at `anchor`, the true time, follows tokio's clock and shows what `skew` makes of it.
    pub fn skewed(anchor: Timestamp, skew: Skew) -> Self {
        Self(Kind::Skewed { anchor, since: Instant::now(), skew })
    }

    /// Stands at `anchor` until [`Clock::advance`] moves it.
    pub fn manual(anchor: Timestamp) -> Self {
        Self(Kind::Manual { anchor, now: Arc::new(watch::channel(anchor).0) })
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::Running { anchor, since } => *anchor + since.elapsed(),
            Kind::Skewed { anchor, since, skew } => skew.shown(*anchor + since.elapsed()),
            Kind::Manual { now, .. } => *now.borrow(),
        }
    }

    /// The same time, were nobody ever to set it: what programs measure by, a monotonic clock. It is not what
    /// [`Clock::now`] shows where that is skewed.
    #[must_use]
    pub fn steady(&self) -> Self {
        match &self.0 {
            Kind::Skewed { anchor, since, .. } => {
                Self(Kind::Running { anchor: *anchor, since: *since })
            }
            Kind::Running { .. } | Kind::Manual { .. } => self.clone(),
        }
    }

    /// Whether [`Clock::advance`] works.
    pub fn is_manual(&self) -> bool {
        matches!(self.0, Kind::Manual { .. })
    }

    /// Moves a manual clock forward and wakes whoever waits for a time that has come.
    pub fn advance(&self, by: Duration) -> Result<Timestamp, ClockError> {
        match &self.0 {
            Kind::Running { .. } | Kind::Skewed { .. } => Err(ClockError::RunsByItself),
            Kind::Manual { now, .. } => {
                now.send_modify(|now| *now = *now + by);
                Ok(*now.borrow())
            }
        }
    }

    /// Takes a manual clock back to where it stood at first; a clock that runs goes on. Whoever sleeps until a time
    /// that has not come sleeps until it comes.
    pub fn rewind(&self) {
        if let Kind::Manual { anchor, now } = &self.0 {
            now.send_replace(*anchor);
        }
    }

    /// Returns once the clock shows `until` or later.
    pub async fn sleep_until(&self, until: Timestamp) {
        match &self.0 {
            Kind::Running { anchor, since } => {
                tokio::time::sleep_until(*since + (until.saturating_since(*anchor))).await;
            }
            Kind::Skewed { anchor, since, skew } => {
                let mut changes = skew.changes();
                loop {
                    changes.mark_unchanged();
                    let due = skew.truth(until).saturating_since(*anchor);
                    tokio::select! {
                        biased;
                        () = tokio::time::sleep_until(*since + due) => return,
                        // The sender lives as long as `self`: there was a change.
                        _ = changes.changed() => {}
                    }
                }
            }
            Kind::Manual { now, .. } => {
                let mut receiver = now.subscribe();
                // The sender lives as long as `self`, so waiting cannot fail before the time comes.
                let _ = receiver.wait_for(|now| *now >= until).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_running_clock_follows_tokio() {
        let clock = Clock::starting_at(Timestamp::from_secs(1_000));
        clock.sleep_until(Timestamp::from_secs(1_007)).await;
        assert_eq!(clock.now(), Timestamp::from_secs(1_007));
        assert_eq!(clock.advance(Duration::from_secs(1)), Err(ClockError::RunsByItself));
    }

    #[tokio::test(start_paused = true)]
    async fn a_steady_clock_is_not_set() {
        let skew = Skew::default();
        let clock = Clock::skewed(Timestamp::from_secs(1_000), skew.clone());
        let steady = clock.steady();
        skew.set(clock.now(), 60_000_000_000, 0.0);
        assert_eq!(clock.now(), Timestamp::from_secs(1_060));
        steady.sleep_until(Timestamp::from_secs(1_007)).await;
        assert_eq!(steady.now(), Timestamp::from_secs(1_007));
        assert_eq!(clock.now(), Timestamp::from_secs(1_067));
    }

    #[tokio::test(start_paused = true)]
    async fn a_manual_clock_moves_by_hand_only() {
        let clock = Clock::manual(Timestamp::from_secs(10));
        let waiter = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(Timestamp::from_secs(12)).await }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(1)).unwrap();
        tokio::task::yield_now().await;
        assert!(!waiter.is_finished());
        clock.advance(Duration::from_secs(1)).unwrap();
        waiter.await.unwrap();
        clock.rewind();
        assert_eq!(clock.now(), Timestamp::from_secs(10));
    }
}

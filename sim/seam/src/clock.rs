//! Time as the programs see it: nanoseconds since 1970, anchored once, or moved by hand.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
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
    Manual(Arc<Manual>),
}

/// A clock that somebody moves.
#[derive(Debug)]
struct Manual {
    anchor: Timestamp,
    now: watch::Sender<Standing>,
    /// What programs beside this clock go by, if that is another one.
    machine: Option<Clock>,
    /// How many sleep until when.
    sleepers: Mutex<BTreeMap<Timestamp, usize>>,
}

/// Where a clock stands that somebody moves.
#[derive(Debug, Clone, Copy)]
struct Standing {
    at: Timestamp,
    /// Since when it runs with tokio's clock as well, if it does.
    since: Option<Instant>,
}

impl Standing {
    fn now(self) -> Timestamp {
        self.at + self.since.map(|since| since.elapsed()).unwrap_or_default()
    }

    /// The same so much later.
    fn later(self, by: Duration) -> Self {
        Self { at: self.now() + by, since: self.since.map(|_| Instant::now()) }
    }
}

/// Somebody sleeps until a time; dropped when they do no more.
struct Sleeper<'a>(&'a Manual, Timestamp);

impl<'a> Sleeper<'a> {
    fn new(clock: &'a Manual, until: Timestamp) -> Self {
        let mut all = clock.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        *all.entry(until).or_default() += 1;
        Self(clock, until)
    }
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        let mut all = self.0.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(many) = all.get_mut(&self.1) {
            *many -= 1;
            if *many == 0 {
                all.remove(&self.1);
            }
        }
    }
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
        Self::moved_by_hand(anchor, None)
    }

    /// Stands at the machine's time until [`Clock::advance`] moves it, and still knows the machine's time: tokens are
    /// dated by it, since programs that go by the machine's clock have to believe them.
    pub fn manual_beside_machine() -> Self {
        let machine = Self::real();
        Self::moved_by_hand(machine.now(), Some(machine))
    }

    fn moved_by_hand(anchor: Timestamp, machine: Option<Self>) -> Self {
        let (now, sleepers) =
            (watch::channel(Standing { at: anchor, since: None }).0, Mutex::default());
        Self(Kind::Manual(Arc::new(Manual { anchor, now, machine, sleepers })))
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::Running { anchor, since } => *anchor + since.elapsed(),
            Kind::Skewed { anchor, since, skew } => skew.shown(*anchor + since.elapsed()),
            Kind::Manual(manual) => manual.now.borrow().now(),
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
            Kind::Running { .. } | Kind::Manual(_) => self.clone(),
        }
    }

    /// What programs beside this clock go by: the machine's time where the clock was made beside it, and its own
    /// otherwise.
    pub fn machine(&self) -> Timestamp {
        match &self.0 {
            Kind::Manual(manual) => manual.machine.as_ref().map_or_else(|| self.now(), Self::now),
            Kind::Running { .. } | Kind::Skewed { .. } => self.now(),
        }
    }

    /// The first time that somebody who sleeps on a manual clock waits for; none if nobody does, or the clock runs by
    /// itself.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let Kind::Manual(manual) = &self.0 else { return None };
        let all = manual.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        all.keys().next().copied()
    }

    /// Whether [`Clock::advance`] works.
    pub fn is_manual(&self) -> bool {
        matches!(self.0, Kind::Manual(_))
    }

    /// Moves a manual clock forward and wakes whoever waits for a time that has come.
    pub fn advance(&self, by: Duration) -> Result<Timestamp, ClockError> {
        match &self.0 {
            Kind::Running { .. } | Kind::Skewed { .. } => Err(ClockError::RunsByItself),
            Kind::Manual(manual) => {
                manual.now.send_modify(|now| *now = now.later(by));
                Ok(self.now())
            }
        }
    }

    /// From now on a manual clock runs by itself, and can be moved ahead all the same. Whoever sleeps on it wakes no
    /// sooner than it is moved, be it by nothing.
    ///
    /// # Errors
    /// Other clocks run already.
    pub fn run(&self) -> Result<(), ClockError> {
        let Kind::Manual(manual) = &self.0 else { return Err(ClockError::RunsByItself) };
        manual.now.send_modify(|now| {
            now.since.get_or_insert_with(Instant::now);
        });
        Ok(())
    }

    /// Takes a manual clock back to where it stood at first; a clock that runs goes on. Whoever sleeps until a time
    /// that has not come sleeps until it comes.
    pub fn rewind(&self) {
        if let Kind::Manual(manual) = &self.0 {
            manual.now.send_modify(|now| {
                now.at = manual.anchor;
                now.since = now.since.map(|_| Instant::now());
            });
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
            Kind::Manual(manual) => {
                let mut receiver = manual.now.subscribe();
                let _sleeper = Sleeper::new(manual, until);
                // The sender lives as long as `self`, so waiting cannot fail before the time comes.
                let _ = receiver.wait_for(|now| now.now() >= until).await;
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

    #[tokio::test(start_paused = true)]
    async fn who_sleeps_on_a_manual_clock_is_known_until_they_wake_or_give_up() {
        let clock = Clock::manual(Timestamp::from_secs(10));
        let sleep = |until: u64| {
            let clock = clock.clone();
            tokio::spawn(async move { clock.sleep_until(Timestamp::from_secs(until)).await })
        };
        let (first, second) = (sleep(12), sleep(11));
        tokio::task::yield_now().await;
        assert_eq!(clock.next_wake(), Some(Timestamp::from_secs(11)));
        clock.advance(Duration::from_secs(1)).unwrap();
        second.await.unwrap();
        assert_eq!(clock.next_wake(), Some(Timestamp::from_secs(12)));
        first.abort();
        assert!(first.await.is_err());
        assert_eq!(clock.next_wake(), None);
        assert_eq!(Clock::real().next_wake(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_manual_clock_beside_the_machine_knows_both_times() {
        let clock = Clock::manual_beside_machine();
        let start = clock.now();
        clock.advance(Duration::from_secs(7_200)).unwrap();
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(clock.machine(), start + Duration::from_secs(3));
        assert_eq!(clock.now(), start + Duration::from_secs(7_200));
        clock.run().unwrap();
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(clock.now(), start + Duration::from_secs(7_205));
        clock.advance(Duration::from_secs(10)).unwrap();
        assert_eq!(clock.now(), start + Duration::from_secs(7_215), "it jumps, and runs on");
        let alone = Clock::manual(Timestamp::from_secs(10));
        assert_eq!(alone.machine(), alone.now());
    }
}

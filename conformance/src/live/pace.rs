//! Time on real sockets. The fake's clock runs with the machine's as long as something happens, and jumps once nothing is on its way and nobody has done anything for a moment.

use std::time::Duration;

use graph_api::Timestamp;
use graph_fake::{Activity, Watch};
use seam::Clock;
use tokio::time::Instant;

/// How often it is looked what happened, in real time.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Real time without anything happening, after which the clock jumps to what is due next while time passes.
const QUIET: Duration = Duration::from_millis(300);
/// The same while a bot's reaction is waited for: it may have to think.
const QUIET_WAITING: Duration = Duration::from_millis(1_500);
/// Before it is said that a bot did not react, it has been quiet for so long, in real time.
const PATIENCE: Duration = Duration::from_secs(3);
/// While time passes, so much of it is real for a bot whose timers are.
const REAL_PASSING: Duration = Duration::from_secs(3);
/// And so much for a bot that lives in virtual time, since it has to think all the same.
const REAL_THINKING: Duration = Duration::from_secs(1);
/// A bot has so much real time to react: the libraries that it uses sleep on the machine's clock, whatever it does.
const REAL_WAITING: Duration = Duration::from_secs(20);

/// How time passes for the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tempo {
    /// The bot sleeps on the fake's clock: no silence is too long.
    Virtual,
    /// The bot sleeps on its own clock: its reactions are waited for in real time, and long silences are cut short.
    Mixed,
    /// Nothing jumps: media of the bot's own flows.
    Real,
}

/// What time passes for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// Something that the bot has to do.
    Reaction,
    /// Nothing in particular.
    Passing,
}

/// Moves the clock of one fake.
#[derive(Clone)]
pub struct Pace {
    clock: Clock,
    watch: Watch,
    tempo: Tempo,
}

impl Pace {
    /// Moves this clock, which is the fake's that is watched.
    pub const fn new(clock: Clock, watch: Watch, tempo: Tempo) -> Self {
        Self { clock, watch, tempo }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Real time that has to pass before the clock may jump.
    fn real(&self, what: For, all: Duration) -> Duration {
        match (self.tempo, what) {
            (Tempo::Real, _) => Duration::MAX,
            (Tempo::Virtual | Tempo::Mixed, For::Reaction) => all.min(REAL_WAITING),
            (Tempo::Virtual, For::Passing) => all.min(REAL_THINKING),
            (Tempo::Mixed, For::Passing) => all.min(REAL_PASSING),
        }
    }

    /// Lets time pass until `until`; see [`Passing::step`].
    pub(crate) fn pass(&self, until: Timestamp, what: For) -> Passing<'_> {
        let real = self.real(what, until.saturating_since(self.now()));
        let (begun, since) = (Instant::now(), Instant::now());
        Passing { pace: self, until, what, real, begun, seen: None, since }
    }

    /// Lets time pass, whatever happens.
    pub async fn let_pass(&self, time: Duration) {
        let mut passing = self.pass(self.now() + time, For::Passing);
        while passing.step().await {}
    }

    async fn jump(&self, by: Duration) {
        self.clock.advance(by).expect("the stage's clock is moved by hand");
        // A platform that broke is told of by whatever is asked of it next.
        let _ = self.watch.settle().await;
    }

    async fn look(&self) -> Activity {
        let broken = Activity { under_way: 0, lines: 0 };
        self.watch.look().await.unwrap_or(broken)
    }
}

/// Time that passes.
pub(crate) struct Passing<'a> {
    pace: &'a Pace,
    until: Timestamp,
    what: For,
    /// Real time that has to pass before the clock may jump.
    real: Duration,
    begun: Instant,
    /// How many lines the journal had.
    seen: Option<u64>,
    /// When something happened last.
    since: Instant,
}

impl Passing<'_> {
    /// Until something happened (true), or time is over (false).
    pub async fn step(&mut self) -> bool {
        let (quiet_for, patience) = match self.what {
            For::Reaction => (QUIET_WAITING, PATIENCE),
            For::Passing => (QUIET, QUIET),
        };
        let pace = self.pace;
        loop {
            let activity = pace.look().await;
            if self.seen != Some(activity.lines) {
                (self.seen, self.since) = (Some(activity.lines), Instant::now());
                return true;
            }
            let now = pace.now();
            if now >= self.until {
                return false;
            }
            let quiet = self.since.elapsed();
            let next = pace.clock.next_wake().filter(|wake| *wake > now && *wake < self.until);
            let enough = if next.is_some() { quiet_for } else { patience };
            if activity.under_way == 0 && self.begun.elapsed() >= self.real && quiet >= enough {
                pace.jump(next.unwrap_or(self.until).saturating_since(now)).await;
                self.since = Instant::now();
            } else {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }
}

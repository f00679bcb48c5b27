//! Sweeps: many drawn worlds, each lived through under the invariants; what breaks one is made small and written down.

mod difference;
mod finding;
mod json;

use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use sim::{
    life::{Broken, Lived, live, shrink},
    plan::{Plan, plan_of, tree},
};

use crate::{select::Shard, worlds};

pub use difference::first_difference;
pub use finding::{Finding, token_of, write_world};
pub use json::json;

/// Findings that are made small in one sweep; of further ones with the same invariant only the seed is told.
const SHRUNK_MAX: usize = 20;

/// What to sweep.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// The first seed.
    pub from: u64,
    /// How many seeds.
    pub seeds: u64,
    /// Which part of them.
    pub shard: Option<Shard>,
    /// Worlds at a time.
    pub jobs: usize,
    /// Begin no world later than this.
    pub within: Option<Duration>,
    /// A fault to plant in the bot.
    pub bot_flaw: Option<String>,
    /// A fault to plant in the platform.
    pub platform_flaw: Option<String>,
    /// Live through each world twice and compare.
    pub twice: bool,
    /// Make findings small.
    pub shrinks: bool,
    /// Where findings are written, if anywhere.
    pub out: Option<PathBuf>,
    /// Stop at the first finding.
    pub first_only: bool,
}

/// One world of a sweep.
#[derive(Debug, Clone)]
pub struct Swept {
    /// Its seed.
    pub seed: u64,
    /// The hash of everything on its wires.
    pub trace_hash: u64,
    /// Events on its wires.
    pub events: u64,
    /// Virtual time.
    pub simulated: Duration,
}

/// What came of a sweep.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What was asked.
    pub sweep: Sweep,
    /// The worlds that were lived through, by seed.
    pub worlds: Vec<Swept>,
    /// What was broken, by seed.
    pub findings: Vec<Finding>,
    /// Whether every world was lived through.
    pub finished: bool,
    /// Real time.
    pub wall: Duration,
}

impl Outcome {
    /// The hash of all trace hashes, in the order of seeds.
    pub fn trace_hash(&self) -> u64 {
        worlds::combined(self.worlds.iter().map(|world| world.trace_hash))
    }

    /// Virtual time of all worlds together.
    pub fn simulated(&self) -> Duration {
        self.worlds.iter().map(|world| world.simulated).sum()
    }

    /// Events on the wires of all worlds together.
    pub fn events(&self) -> u64 {
        self.worlds.iter().map(|world| world.events).sum()
    }
}

/// Is told how far it has come.
pub trait Watcher: Sync {
    /// So many worlds will be lived through.
    fn begins(&self, worlds: usize);
    /// One more is over.
    fn over(&self);
    /// Something was broken.
    fn found(&self, finding: &Finding);
    /// All are over.
    fn ends(&self);
}

impl Sweep {
    /// The plan of one seed, with what is to be planted.
    pub fn plan(&self, seed: u64) -> Plan {
        let (bot_flaw, platform_flaw) = (self.bot_flaw.clone(), self.platform_flaw.clone());
        Plan { bot_flaw, platform_flaw, ..plan_of(seed) }
    }

    fn seeds(&self) -> Vec<u64> {
        let all = (0..self.seeds).map(|offset| self.from.wrapping_add(offset));
        let mine = |(number, _): &(usize, u64)| self.shard.is_none_or(|part| part.takes(*number));
        all.enumerate().filter(mine).map(|(_, seed)| seed).collect()
    }

    /// Lives through them all; `stop` ends it early, with what was done until then.
    pub fn run(&self, watcher: &dyn Watcher, stop: &AtomicBool) -> Outcome {
        let (begun, seeds) = (Instant::now(), self.seeds());
        watcher.begins(seeds.len());
        let work = Work { sweep: self, watcher, stop, shrunk: AtomicUsize::new(0), begun };
        let done = worlds::each(&seeds, self.jobs, || work.is_over(), |seed| work.one(*seed));
        watcher.ends();
        let (worlds, findings): (Vec<Swept>, Vec<Option<Finding>>) = done.into_iter().unzip();
        let findings = findings.into_iter().flatten().collect();
        let (finished, wall) = (worlds.len() == seeds.len(), begun.elapsed());
        Outcome { sweep: self.clone(), worlds, findings, finished, wall }
    }
}

struct Work<'a> {
    sweep: &'a Sweep,
    watcher: &'a dyn Watcher,
    stop: &'a AtomicBool,
    shrunk: AtomicUsize,
    begun: Instant,
}

impl Work<'_> {
    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
            || self.sweep.within.is_some_and(|within| self.begun.elapsed() >= within)
    }

    fn one(&self, seed: u64) -> (Swept, Option<Finding>) {
        let plan = self.sweep.plan(seed);
        let Lived { mut broken, trace_hash, events, simulated, .. } = live(&plan, false);
        if self.sweep.twice && broken.is_none() {
            broken = differs(&plan, trace_hash);
        }
        let world = Swept { seed, trace_hash, events, simulated };
        let finding = broken.map(|broken| self.finding(plan, broken));
        if let Some(finding) = &finding {
            self.watcher.found(finding);
            if self.sweep.first_only {
                self.stop.store(true, Ordering::Relaxed);
            }
        }
        self.watcher.over();
        (world, finding)
    }

    /// Makes it small, unless there are many already.
    fn finding(&self, plan: Plan, broken: Broken) -> Finding {
        let seed = plan.seed;
        let token = token_of(&plan);
        let small = self.sweep.shrinks
            && broken.invariant != DETERMINISM
            && self.shrunk.fetch_add(1, Ordering::Relaxed) < SHRUNK_MAX;
        let (plan, broken, worlds) = if small {
            let shrunk = shrink(plan, broken, Some(tree(seed)));
            (shrunk.plan, shrunk.broken, shrunk.worlds)
        } else {
            (plan, broken, 0)
        };
        let mut finding =
            Finding { seed, token, plan, broken, worlds, files: Vec::new(), lost: None };
        if let Some(out) = &self.sweep.out {
            finding.write(out);
        }
        finding
    }
}

/// What a world breaks that is another one when it is lived through again.
pub const DETERMINISM: &str = "determinism";

/// Lives through a plan once more; what was broken if it was another world.
fn differs(plan: &Plan, trace_hash: u64) -> Option<Broken> {
    let again = live(plan, false);
    (again.trace_hash != trace_hash).then(|| Broken {
        invariant: DETERMINISM.to_owned(),
        text: format!(
            "the trace hash is {trace_hash:016x} once and {:016x} the next time",
            again.trace_hash
        ),
        at: Duration::ZERO,
        seq: None,
    })
}

//! Sweeps: many drawn worlds, each lived through under the invariants; what breaks one is made small and written down.

mod difference;
mod finding;
mod json;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use sim::{
    life::{Broken, Lived, live, shrink},
    plan::{Plan, plan_of, tree},
};

use crate::{Stop, report::saved::Ended, select::Shard, worlds};

pub use difference::first_difference;
pub use finding::{Finding, PLAN_MAX, free_name, token_of, write_world};
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
    /// Worlds that were to be lived through.
    pub planned: usize,
    /// Why it ended.
    pub ended: Ended,
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
pub trait Watcher {
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

    /// Its last seed, if there is one: seeds do not begin anew after the greatest.
    pub fn last(&self) -> Option<u64> {
        self.from.checked_add(self.seeds.saturating_sub(1))
    }

    fn seeds(&self) -> Vec<u64> {
        let all = (0..self.seeds).map(|offset| self.from.wrapping_add(offset));
        let mine = |(number, _): &(usize, u64)| self.shard.is_none_or(|part| part.takes(*number));
        all.enumerate().filter(mine).map(|(_, seed)| seed).collect()
    }

    /// Lives through them all; `stop` ends it early, with what was done until then.
    pub fn run(&self, watcher: &dyn Watcher, stop: &Stop) -> Outcome {
        let (begun, seeds) = (Instant::now(), self.seeds());
        let planned = seeds.len();
        watcher.begins(planned);
        let work = Arc::new(Work {
            sweep: self.clone(),
            stop: stop.clone(),
            enough: AtomicBool::new(false),
            shrunk: AtomicUsize::new(0),
            begun,
        });
        let more = {
            let work = work.clone();
            move || !work.is_over()
        };
        let act = move |seed: &u64, tell: &dyn Fn(News)| work.one(*seed, tell);
        let (mut worlds, mut findings) = (BTreeMap::new(), BTreeMap::new());
        worlds::each(seeds, self.jobs, stop, more, act, |number, news| match news {
            News::Lived(world) => {
                worlds.insert(number, world);
                watcher.over();
            }
            News::Broke(finding) => drop(findings.insert(number, *finding)),
            News::Told(finding) => {
                watcher.found(&finding);
                findings.insert(number, *finding);
            }
        });
        watcher.ends();
        let worlds: Vec<Swept> = worlds.into_values().collect();
        let findings: Vec<Finding> = findings.into_values().collect();
        let ended = match worlds.len() == planned {
            true => Ended::All,
            false if stop.is_asked() => Ended::Interrupted,
            false if self.first_only && !findings.is_empty() => Ended::First,
            false => Ended::Time,
        };
        Outcome { sweep: self.clone(), worlds, findings, planned, ended, wall: begun.elapsed() }
    }
}

/// What whoever lives through a world has to tell, in this order.
enum News {
    /// A world is over.
    Lived(Swept),
    /// It broke something, which is written down and may become smaller.
    Broke(Box<Finding>),
    /// It does not become smaller any more.
    Told(Box<Finding>),
}

struct Work {
    sweep: Sweep,
    stop: Stop,
    /// Something was found, and that is enough.
    enough: AtomicBool,
    shrunk: AtomicUsize,
    begun: Instant,
}

impl Work {
    fn is_over(&self) -> bool {
        self.enough.load(Ordering::Relaxed)
            || self.sweep.within.is_some_and(|within| self.begun.elapsed() >= within)
    }

    fn one(&self, seed: u64, tell: &dyn Fn(News)) {
        let plan = self.sweep.plan(seed);
        let Lived { mut broken, trace_hash, events, simulated, .. } = live(&plan, false);
        if self.sweep.twice {
            // Nothing can be said of a world that is another one each time.
            broken = differs(&plan, trace_hash).or(broken);
        }
        if broken.is_some() && self.sweep.first_only && self.enough.swap(true, Ordering::Relaxed) {
            // Another world was the first; this one was not asked for any more.
            return;
        }
        tell(News::Lived(Swept { seed, trace_hash, events, simulated }));
        if let Some(broken) = broken {
            self.finding(plan, broken, tell);
        }
    }

    /// Writes it down as it is, and then makes it small, unless there are many already.
    fn finding(&self, plan: Plan, broken: Broken, tell: &dyn Fn(News)) {
        let seed = plan.seed;
        let small = self.sweep.shrinks
            && broken.invariant != DETERMINISM
            && self.shrunk.fetch_add(1, Ordering::Relaxed) < SHRUNK_MAX;
        let mut finding = Box::new(Finding::new(plan, broken));
        let write = |finding: &mut Finding| {
            self.sweep.out.iter().for_each(|out| finding.write(out));
        };
        write(&mut finding);
        if small && !self.stop.is_asked() {
            tell(News::Broke(finding.clone()));
            let (plan, broken) = (finding.plan.clone(), finding.broken.clone());
            let hurried = || self.stop.is_asked();
            let shrunk = shrink(plan, broken, Some(tree(seed)), &hurried);
            finding.worlds = Some(shrunk.worlds);
            if shrunk.plan != finding.plan {
                (finding.plan, finding.broken) = (shrunk.plan, shrunk.broken);
                write(&mut finding);
            }
        }
        tell(News::Told(finding));
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

#[cfg(test)]
mod tests {
    use super::*;

    struct Nobody;

    impl Watcher for Nobody {
        fn begins(&self, _: usize) {}
        fn over(&self) {}
        fn found(&self, _: &Finding) {}
        fn ends(&self) {}
    }

    fn sweep(from: u64, seeds: u64) -> Sweep {
        Sweep {
            from,
            seeds,
            shard: None,
            jobs: 4,
            within: None,
            bot_flaw: None,
            platform_flaw: None,
            twice: false,
            shrinks: false,
            out: None,
            first_only: false,
        }
    }

    #[test]
    fn it_is_known_why_a_sweep_ended() {
        let ended = |sweep: Sweep, stop: &Stop| {
            let outcome = sweep.run(&Nobody, stop);
            (outcome.ended, outcome.worlds.len(), outcome.planned)
        };
        let (go, stop) = (Stop::default(), Stop::default());
        stop.ask();
        let within = Some(Duration::ZERO);
        assert_eq!(ended(Sweep { within, ..sweep(100, 5) }, &go), (Ended::Time, 0, 5));
        assert_eq!(ended(Sweep { within, ..sweep(100, 5) }, &stop), (Ended::Interrupted, 0, 5));
        let shard = "4/4".parse().ok();
        assert_eq!(ended(Sweep { shard, ..sweep(100, 3) }, &go), (Ended::All, 0, 0));
        assert_eq!(sweep(u64::MAX, 1).last(), Some(u64::MAX));
        assert_eq!(sweep(u64::MAX, 2).last(), None);
    }

    /// However many worlds are under way when the first one breaks something.
    #[test]
    fn the_first_finding_is_the_only_one() {
        let bot_flaw = Some("never-answers".to_owned());
        let sweep = Sweep { bot_flaw, first_only: true, ..sweep(1_000, 40) };
        let outcome = sweep.run(&Nobody, &Stop::default());
        assert_eq!((outcome.findings.len(), outcome.ended), (1, Ended::First));
    }
}

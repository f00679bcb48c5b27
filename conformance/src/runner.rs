//! Plays the selected cases, several worlds at a time, and puts the reports into one order.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use bot_reference::Flaw;

use crate::{
    Stop,
    case::Case,
    select::Shard,
    simulated::{CaseReport, Verdict, rehearse_case},
    worlds,
};

/// What to play.
#[derive(Clone)]
pub struct Plan {
    /// Which cases.
    pub cases: Vec<&'static Case>,
    /// The first seed.
    pub seed: u64,
    /// How many seeds, one after the other.
    pub seeds: u64,
    /// Which part of it all.
    pub shard: Option<Shard>,
    /// Worlds at a time.
    pub jobs: usize,
    /// A fault to plant.
    pub flaw: Option<Flaw>,
}

/// Is told how far it has come.
pub trait Progress {
    /// So many worlds will be played.
    fn begins(&self, worlds: usize);
    /// One more is over.
    fn over(&self, report: &CaseReport);
    /// All are over.
    fn ends(&self);
}

/// Says nothing.
pub struct Silent;

impl Progress for Silent {
    fn begins(&self, _: usize) {}
    fn over(&self, _: &CaseReport) {}
    fn ends(&self) {}
}

/// Everything that came of it.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The first seed.
    pub seed: u64,
    /// How many.
    pub seeds: u64,
    /// The part that was played.
    pub shard: Option<Shard>,
    /// The planted fault.
    pub flaw: Option<Flaw>,
    /// Reports in the catalogue's order, then by seed.
    pub reports: Vec<CaseReport>,
    /// The hash of all trace hashes in that order.
    pub trace_hash: u64,
    /// Whether it was stopped before everything was played.
    pub interrupted: bool,
    /// Real time.
    pub wall: Duration,
}

impl Summary {
    /// Worlds with such a verdict.
    pub fn count(&self, wanted: impl Fn(&Verdict) -> bool) -> usize {
        self.reports.iter().filter(|report| wanted(&report.verdict)).count()
    }

    /// Virtual time of all worlds together.
    pub fn simulated(&self) -> Duration {
        self.reports.iter().map(|report| report.simulated).sum()
    }

    /// Events on the wires of all worlds together.
    pub fn events(&self) -> u64 {
        self.reports.iter().map(|report| report.events).sum()
    }

    /// Passed, failed, skipped and broken worlds.
    pub fn counts(&self) -> [usize; 4] {
        [
            self.count(|verdict| *verdict == Verdict::Passed),
            self.count(|verdict| matches!(verdict, Verdict::Failed(_))),
            self.count(|verdict| matches!(verdict, Verdict::Skipped(_))),
            self.count(|verdict| matches!(verdict, Verdict::Broken(_))),
        ]
    }
}

/// Plays a plan; `stop` ends it early, with what was played until then.
pub fn run(plan: &Plan, progress: &dyn Progress, stop: &Stop) -> Summary {
    let begun = Instant::now();
    let all = plan.cases.iter().flat_map(|&case| {
        (0..plan.seeds).map(move |offset| (case, plan.seed.wrapping_add(offset)))
    });
    let mine = |(number, _): &(usize, _)| plan.shard.is_none_or(|shard| shard.takes(*number));
    let jobs: Vec<(&'static Case, u64)> =
        all.enumerate().filter(mine).map(|(_, job)| job).collect();
    let (planned, flaw) = (jobs.len(), plan.flaw);
    progress.begins(planned);
    let mut played = BTreeMap::new();
    let act = move |&(case, seed): &(&'static Case, u64), tell: &dyn Fn(CaseReport)| {
        tell(rehearse_case(case, seed, flaw));
    };
    worlds::each(
        jobs,
        plan.jobs,
        stop,
        || true,
        act,
        |number, report| {
            progress.over(&report);
            played.insert(number, report);
        },
    );
    progress.ends();
    let reports: Vec<CaseReport> = played.into_values().collect();
    let trace_hash = worlds::combined(reports.iter().map(|report| report.trace_hash));
    Summary {
        seed: plan.seed,
        seeds: plan.seeds,
        shard: plan.shard,
        flaw,
        interrupted: reports.len() < planned,
        reports,
        trace_hash,
        wall: begun.elapsed(),
    }
}

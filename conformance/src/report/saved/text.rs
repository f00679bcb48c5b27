//! A merged report for people; the last line counts.

use std::fmt::Write as _;

use super::{RunFile, Saved, Seed, SweepFile, shape::Ending};
use crate::select::Shard;

/// What failed, what is missing, and the counts.
pub fn merged_text(saved: &Saved) -> String {
    let mut out = String::new();
    match saved {
        Saved::Run(run) => run_text(&mut out, run),
        Saved::Sweep(sweep) => sweep_text(&mut out, sweep),
    }
    out
}

fn put(out: &mut String, line: &str) {
    writeln!(out, "{line}").expect("memory can be written to");
}

fn run_text(out: &mut String, run: &RunFile) {
    for case in &run.cases {
        let (id, seed) = (&case.id, case.seed.value);
        let reason =
            |name: &str| case.reason.get(name).and_then(|text| text.as_str()).unwrap_or("?");
        match case.verdict {
            Ending::Passed | Ending::Skipped => {}
            Ending::Broken => put(out, &format!("broken {id} (seed {seed}): {}", reason("why"))),
            Ending::Failed => {
                put(out, &format!("failed {id} (seed {seed})"));
                put(out, &format!("  expected: {}", reason("expected")));
                put(out, &format!("    actual: {}", reason("actual")));
                put(out, &format!("    replay: conformance run --case {id} --seed {seed}"));
            }
        }
    }
    facts(
        out,
        run.seed,
        run.seeds,
        run.trace_hash.map(|hash| hash.to_string()),
        run.worlds,
        run.events,
    );
    missing(out, &run.missing);
    if run.broken > 0 {
        put(out, &format!("{} broken", run.broken));
    }
    put(out, &format!("{} passed, {} failed, {} skipped", run.passed, run.failed, run.skipped));
}

fn sweep_text(out: &mut String, sweep: &SweepFile) {
    for finding in &sweep.findings {
        let (invariant, seed) = (&finding.invariant, finding.seed.value);
        put(out, &format!("found {invariant} (seed {seed}): {}", finding.text));
        put(out, &format!("  replay: conformance replay {}", finding.token));
    }
    let hash = sweep.trace_hash.map(|hash| hash.to_string());
    facts(out, sweep.seed, sweep.seeds, hash, sweep.worlds, sweep.events);
    missing(out, &sweep.missing);
    if !sweep.finished && sweep.missing.is_empty() {
        put(out, "not finished: time ran out before all seeds were played");
    }
    put(out, &format!("{} worlds, {} findings", sweep.worlds, sweep.findings.len()));
}

fn facts(
    out: &mut String,
    seed: Seed,
    seeds: u64,
    hash: Option<String>,
    worlds: usize,
    events: u64,
) {
    let (first, last) = (seed.value, seed.value.wrapping_add(seeds.saturating_sub(1)));
    let hash = hash.unwrap_or_else(|| "not known".to_owned());
    put(
        out,
        &format!("seeds {first} to {last}, trace hash {hash}, {worlds} worlds, {events} events"),
    );
}

fn missing(out: &mut String, missing: &[Shard]) {
    if !missing.is_empty() {
        let names: Vec<String> = missing.iter().map(ToString::to_string).collect();
        put(out, &format!("missing: {}", names.join(", ")));
    }
}

//! A merged report for people; the last line counts.

use std::fmt::Write as _;

use super::{RunFile, Saved, Seed, SweepFile, shape::Ending};
use crate::{
    report::{count, quoted},
    select::Shard,
    sweep::DETERMINISM,
};

/// What failed, what is missing, and the counts. `program` is what this program was called as.
pub fn merged_text(saved: &Saved, program: &str) -> String {
    let mut out = String::new();
    match saved {
        Saved::Run(run) => run_text(&mut out, run, program),
        Saved::Sweep(sweep) => sweep_text(&mut out, sweep, program),
    }
    out
}

fn put(out: &mut String, line: &str) {
    writeln!(out, "{line}").expect("memory can be written to");
}

fn run_text(out: &mut String, run: &RunFile, program: &str) {
    let flaw =
        run.flaw.as_ref().map(|flaw| format!(" --flaw {}", quoted(flaw))).unwrap_or_default();
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
                let id = quoted(id);
                put(out, &format!("    replay: {program} run --case {id} --seed {seed}{flaw}"));
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
    if run.interrupted {
        put(out, &format!("not finished: interrupted after {}", count(run.worlds, "world")));
    }
    if run.broken > 0 {
        put(out, &format!("{} broken", run.broken));
    }
    put(out, &format!("{} passed, {} failed, {} skipped", run.passed, run.failed, run.skipped));
}

fn sweep_text(out: &mut String, sweep: &SweepFile, program: &str) {
    for finding in &sweep.findings {
        let (invariant, seed) = (&finding.invariant, finding.seed.value);
        put(out, &format!("found {invariant} (seed {seed}): {}", finding.text));
        put(out, &format!("  replay: {program} replay {}", quoted(&finding.token)));
    }
    let hash = sweep.trace_hash.map(|hash| hash.to_string());
    facts(out, sweep.seed, sweep.seeds, hash, sweep.worlds, sweep.events);
    missing(out, &sweep.missing);
    if sweep.flaws() != "none" {
        put(out, &format!("planted: {}", sweep.flaws()));
    }
    if let Some(why) =
        sweep.unfinished().filter(|_| sweep.missing.is_empty() || sweep.interrupted())
    {
        put(out, &format!("not finished: {why}"));
    }
    let differ = sweep.findings.iter().any(|finding| finding.invariant == DETERMINISM);
    let twice = if differ { "not all the same" } else { "the same" };
    let twice = if sweep.check_determinism {
        format!(", each lived through twice, {twice}")
    } else {
        String::new()
    };
    put(
        out,
        &format!(
            "{}{twice}, {}",
            count(sweep.worlds, "world"),
            count(sweep.findings.len(), "finding")
        ),
    );
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
        &format!(
            "seeds {first} to {last}, trace hash {hash}, {}, {events} events",
            count(worlds, "world")
        ),
    );
}

fn missing(out: &mut String, missing: &[Shard]) {
    if !missing.is_empty() {
        let names: Vec<String> = missing.iter().map(ToString::to_string).collect();
        put(out, &format!("missing: {}", names.join(", ")));
    }
}

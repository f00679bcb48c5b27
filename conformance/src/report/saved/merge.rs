//! One report from those of shards.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    CaseRow, RunFile, Saved, SavedError, Seconds, SweepFile, VERSION, Word, combined, shape::Ending,
};
use crate::select::Shard;

/// Most shards of a run.
const SHARDS: usize = 1_000_000;

/// A report and where it was.
type Part<T> = (PathBuf, T);

/// Puts the reports of shards together: those of one kind, one range of seeds and one number of shards, each shard at
/// most once. Shards that are missing are named in the result. Without missing shards the result is what one run
/// without shards would have said, except for the time on the wall, which is that of the slowest shard.
///
/// # Errors
/// Reports that do not belong together: the first that differs from those before it.
pub fn merge(parts: Vec<Part<Saved>>) -> Result<Saved, SavedError> {
    let missing = together(&parts)?;
    let (mut runs, mut sweeps) = (Vec::new(), Vec::new());
    for (file, saved) in parts {
        match saved {
            Saved::Run(run) => runs.push((file, run)),
            Saved::Sweep(sweep) => sweeps.push((file, sweep)),
        }
    }
    if sweeps.is_empty() {
        merge_runs(runs, missing).map(Saved::Run)
    } else {
        merge_sweeps(sweeps, missing).map(Saved::Sweep)
    }
}

const fn kind(saved: &Saved) -> &'static str {
    match saved {
        Saved::Run(_) => "run",
        Saved::Sweep(_) => "sweep",
    }
}

/// Checks that all are parts of one thing; the shards that are missing.
fn together(parts: &[Part<Saved>]) -> Result<Vec<Shard>, SavedError> {
    let nothing = || SavedError::new(Path::new("report merge"), "", "no reports were given");
    let (first_file, first) = parts.first().ok_or_else(nothing)?;
    let (seed, seeds, shard) = first.range();
    let name = first_file.display();
    let mut taken: BTreeMap<usize, &Path> = BTreeMap::new();
    for (file, saved) in parts {
        let other = |key: &str, here: String, there: String| {
            Err(SavedError::new(file, key, format!("is {here}, but {there} in {name}")))
        };
        let (its_seed, its_seeds, its_shard) = saved.range();
        if kind(saved) != kind(first) {
            return other("kind", kind(saved).to_owned(), kind(first).to_owned());
        }
        if its_seed.value != seed.value {
            return other("seed", its_seed.value.to_string(), seed.value.to_string());
        }
        if its_seeds != seeds {
            return other("seeds", its_seeds.to_string(), seeds.to_string());
        }
        if !saved.missing().is_empty() {
            return Err(SavedError::new(file, "missing", "is merged, and incomplete"));
        }
        match (its_shard, shard) {
            (None, _) if parts.len() > 1 => {
                return Err(SavedError::new(
                    file,
                    "shard",
                    "is null: it is whole, and there are others",
                ));
            }
            (None, _) => {}
            (Some(its), Some(shard)) if its.of() != shard.of() => {
                return other("shard", its.to_string(), shard.to_string());
            }
            (Some(its), _) if its.of() > SHARDS => {
                let why = format!("is {its}; {SHARDS} shards are the limit");
                return Err(SavedError::new(file, "shard", why));
            }
            (Some(its), _) => {
                if let Some(before) = taken.insert(its.number(), file) {
                    let why = format!("is {its}, and so is {}", before.display());
                    return Err(SavedError::new(file, "shard", why));
                }
            }
        }
    }
    Ok(shard.map_or_else(Vec::new, |shard| {
        let absent = shard.all().filter(|shard| !taken.contains_key(&shard.number()));
        absent.collect()
    }))
}

fn total(seconds: impl Iterator<Item = Seconds>) -> Seconds {
    Seconds(seconds.fold(Duration::ZERO, |sum, Seconds(one)| sum.saturating_add(one)))
}

fn merge_runs(parts: Vec<Part<RunFile>>, missing: Vec<Shard>) -> Result<RunFile, SavedError> {
    let first = &parts[0].1;
    let (seed, seeds, flaw) = (first.seed, first.seeds, first.flaw.clone());
    let wall = parts.iter().map(|(_, run)| run.wall_seconds).max().unwrap_or_default();
    same_flaw(&parts)?;
    let interrupted = parts.iter().any(|(_, run)| run.interrupted);
    if interrupted {
        let cases = in_order(parts)?;
        let whole = whole_run(cases, (seed, seeds), flaw, wall, missing);
        return Ok(RunFile { interrupted, trace_hash: None, ..whole });
    }
    let mut jobs: BTreeMap<usize, CaseRow> = BTreeMap::new();
    let mut ids: BTreeMap<u64, String> = BTreeMap::new();
    let files: Vec<(usize, PathBuf)> = parts
        .iter()
        .map(|(file, run)| (run.shard.map_or(1, Shard::number), file.clone()))
        .collect();
    for (file, run) in parts {
        let (number, of) = run.shard.map_or((1, 1), |shard| (shard.number(), shard.of()));
        for (n, case) in run.cases.into_iter().enumerate() {
            let job = n * of + number - 1;
            let offset = job as u64 % seeds.max(1);
            let wanted = seed.value.wrapping_add(offset);
            if case.seed.value != wanted {
                let why = format!("is {}, but {wanted} is next in this shard", case.seed.value);
                return Err(SavedError::new(&file, format!("cases[{n}].seed"), why));
            }
            let id = ids.entry(job as u64 / seeds.max(1)).or_insert_with(|| case.id.clone());
            if *id != case.id {
                let why = format!("is {}, but other shards played {id} here", case.id);
                return Err(SavedError::new(&file, format!("cases[{n}].id"), why));
            }
            jobs.insert(job, case);
        }
    }
    if missing.is_empty() {
        no_gaps(&jobs, seeds.max(1), &files)?;
    }
    Ok(whole_run(jobs.into_values().collect(), (seed, seeds), flaw, wall, missing))
}

fn other_flaw(file: &Path, key: &str, its: Option<&String>, first: Option<&String>) -> SavedError {
    let name = |flaw: Option<&String>| flaw.cloned().unwrap_or_else(|| "null".to_owned());
    SavedError::new(file, key, format!("is {}, but {} in other shards", name(its), name(first)))
}

fn same_flaw(parts: &[Part<RunFile>]) -> Result<(), SavedError> {
    let first = parts[0].1.flaw.as_ref();
    match parts.iter().find(|(_, run)| run.flaw.as_ref() != first) {
        Some((file, run)) => Err(other_flaw(file, "flaw", run.flaw.as_ref(), first)),
        None => Ok(()),
    }
}

/// The worlds of parts of which some were interrupted: where each belongs is told by its case and its seed, not by its
/// place.
fn in_order(parts: Vec<Part<RunFile>>) -> Result<Vec<CaseRow>, SavedError> {
    let (seed, seeds) = (parts[0].1.seed, parts[0].1.seeds);
    let mut ids: Vec<String> = Vec::new();
    let mut rows = BTreeMap::new();
    for (file, run) in parts {
        for (n, case) in run.cases.into_iter().enumerate() {
            let known = ids.iter().position(|id| *id == case.id);
            let place = known.unwrap_or_else(|| {
                ids.push(case.id.clone());
                ids.len() - 1
            });
            let offset = case.seed.value.wrapping_sub(seed.value);
            if offset >= seeds {
                let why = format!("{} is not among the {seeds} seeds", case.seed.value);
                return Err(SavedError::new(&file, format!("cases[{n}].seed"), why));
            }
            if rows.insert((place, offset), case).is_some() {
                let why = "was played by another shard, too";
                return Err(SavedError::new(&file, format!("cases[{n}]"), why));
            }
        }
    }
    Ok(rows.into_values().collect())
}

/// Every case has all its seeds; else the report that ends too early.
fn no_gaps(
    jobs: &BTreeMap<usize, CaseRow>,
    seeds: u64,
    files: &[(usize, PathBuf)],
) -> Result<(), SavedError> {
    let first_absent = (0..).zip(jobs.keys()).find(|(n, job)| n != *job).map(|(n, _)| n);
    if first_absent.is_none() && (jobs.len() as u64).is_multiple_of(seeds) {
        return Ok(());
    }
    let number = first_absent.unwrap_or(jobs.len()) % files.len() + 1;
    let file =
        files.iter().find(|(its, _)| *its == number).map_or(Path::new("?"), |(_, file)| file);
    Err(SavedError::new(file, "cases", "holds fewer worlds than this shard has"))
}

fn whole_run(
    cases: Vec<CaseRow>,
    (seed, seeds): (super::Seed, u64),
    flaw: Option<String>,
    wall_seconds: Seconds,
    missing: Vec<Shard>,
) -> RunFile {
    let hash = combined(cases.iter().map(|case| case.trace_hash));
    let mut run = RunFile {
        kind: Word::Run,
        version: VERSION,
        seed,
        seeds,
        shard: None,
        flaw,
        trace_hash: missing.is_empty().then_some(hash),
        simulated_seconds: total(cases.iter().map(|case| case.simulated_seconds)),
        wall_seconds,
        worlds: cases.len(),
        events: cases.iter().fold(0, |sum, case| sum.saturating_add(case.events)),
        passed: 0,
        failed: 0,
        skipped: 0,
        broken: 0,
        interrupted: false,
        missing,
        cases,
    };
    run.passed = run.count(Ending::Passed);
    run.failed = run.count(Ending::Failed);
    run.skipped = run.count(Ending::Skipped);
    run.broken = run.count(Ending::Broken);
    run
}

fn merge_sweeps(parts: Vec<Part<SweepFile>>, missing: Vec<Shard>) -> Result<SweepFile, SavedError> {
    if let ([(_, whole)], []) = (&*parts, &*missing)
        && whole.shard.is_none()
    {
        return Ok(whole.clone());
    }
    let first = &parts[0].1;
    let (seed, seeds) = (first.seed, first.seeds);
    let mut hashes = BTreeMap::new();
    for (file, part) in &parts {
        for (key, its, first) in [
            ("bot_flaw", &part.bot_flaw, &first.bot_flaw),
            ("platform_flaw", &part.platform_flaw, &first.platform_flaw),
        ] {
            if its != first {
                return Err(other_flaw(file, key, its.as_ref(), first.as_ref()));
            }
        }
        for (n, &(seed, hash)) in part.hashes.iter().flatten().enumerate() {
            if hashes.insert(part.offset(seed), (seed, hash)).is_some() {
                let why = format!("{} was played by another shard, too", seed.value);
                return Err(SavedError::new(file, format!("hashes[{n}][0]"), why));
            }
        }
    }
    let told = missing.is_empty() && parts.iter().all(|(_, part)| part.hashes.is_some());
    let hashes: Option<Vec<_>> = told.then(|| hashes.into_values().collect());
    let all = || parts.iter().map(|(_, part)| part);
    let mut findings: Vec<_> = all().flat_map(|part| part.findings.iter().cloned()).collect();
    let place = |seed: super::Seed| seed.value.wrapping_sub(first.seed.value);
    findings.sort_by(|a, b| (place(a.seed), &a.invariant).cmp(&(place(b.seed), &b.invariant)));
    Ok(SweepFile {
        kind: Word::Sweep,
        version: VERSION,
        seed,
        seeds,
        shard: None,
        bot_flaw: first.bot_flaw.clone(),
        platform_flaw: first.platform_flaw.clone(),
        check_determinism: all().all(|part| part.check_determinism),
        ended: all().filter_map(|part| part.ended).max(),
        finished: missing.is_empty() && all().all(|part| part.finished),
        worlds: all().fold(0, |sum, part| sum.saturating_add(part.worlds)),
        events: all().fold(0, |sum, part| sum.saturating_add(part.events)),
        simulated_seconds: total(all().map(|part| part.simulated_seconds)),
        wall_seconds: all().map(|part| part.wall_seconds).max().unwrap_or_default(),
        trace_hash: hashes
            .as_ref()
            .map(|hashes: &Vec<_>| combined(hashes.iter().map(|(_, hash)| *hash))),
        hashes,
        missing,
        findings,
    })
}

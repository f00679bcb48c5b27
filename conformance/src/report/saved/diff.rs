//! What changed from one report to another.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
};

use super::{RunFile, Saved, SavedError, SweepFile, shape::Finding};

/// What changed, one line each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diff {
    /// Failed and does no more.
    pub better: Vec<String>,
    /// Did not fail and does now.
    pub worse: Vec<String>,
    /// Only in the second report, because the first did not look there.
    pub new: Vec<String>,
    /// Only in the first report, because the second did not look there.
    pub gone: Vec<String>,
    /// What else differs.
    pub notes: Vec<String>,
}

impl Diff {
    /// For people; the last line counts.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let lists = [
            ("better", &self.better),
            ("worse", &self.worse),
            ("new", &self.new),
            ("gone", &self.gone),
        ];
        for (word, lines) in lists {
            for line in lines {
                put(&mut out, &format!("{word:6} {line}"));
            }
        }
        for note in &self.notes {
            put(&mut out, note);
        }
        let counts = lists.map(|(word, lines)| format!("{} {word}", lines.len()));
        put(&mut out, &counts.join(", "));
        out
    }
}

fn put(out: &mut String, line: &str) {
    writeln!(out, "{line}").expect("memory can be written to");
}

/// Compares two reports of one kind.
///
/// # Errors
/// Different kinds; the second is named.
pub fn diff(before: &Saved, after: &Saved, after_file: &Path) -> Result<Diff, SavedError> {
    let mut diff = match (before, after) {
        (Saved::Run(before), Saved::Run(after)) => runs(before, after),
        (Saved::Sweep(before), Saved::Sweep(after)) => sweeps(before, after),
        (Saved::Run(_), Saved::Sweep(_)) | (Saved::Sweep(_), Saved::Run(_)) => {
            let why = "is not that of the first report: runs and sweeps cannot be compared";
            return Err(SavedError::new(after_file, "kind", why));
        }
    };
    warn(&mut diff, before, after);
    diff.notes.push(match (before.trace_hash(), after.trace_hash()) {
        (Some(a), Some(b)) if a == b => format!("trace hash: {a} in both"),
        (Some(a), Some(b)) => format!("trace hash: {a}, then {b}"),
        (None, _) | (_, None) => "trace hash: not known of both".to_owned(),
    });
    Ok(diff)
}

/// What makes a comparison worth less.
fn warn(diff: &mut Diff, before: &Saved, after: &Saved) {
    let seeds = |saved: &Saved| {
        let (seed, seeds, shard) = saved.range();
        let shard = shard.map(|shard| format!(", shard {shard}")).unwrap_or_default();
        format!("{seeds} from {}{shard}", seed.value)
    };
    let (then, now) = (seeds(before), seeds(after));
    if then != now {
        diff.notes.push(format!("warning: not the same seeds: {then}, then {now}"));
    }
    for (which, saved) in [("first", before), ("second", after)] {
        let missing = saved.missing().len();
        let unfinished = match saved {
            Saved::Run(run) => run.interrupted.then(|| "it was interrupted".to_owned()),
            Saved::Sweep(sweep) => sweep.unfinished().filter(|_| missing == 0),
        };
        let shards = (missing > 0).then(|| format!("{missing} shards are missing"));
        for why in unfinished.into_iter().chain(shards) {
            diff.notes.push(format!("warning: the {which} report is not finished: {why}"));
        }
    }
}

fn runs(before: &RunFile, after: &RunFile) -> Diff {
    let mut diff = Diff::default();
    if before.flaw != after.flaw {
        let name = |flaw: &Option<String>| flaw.clone().unwrap_or_else(|| "none".to_owned());
        diff.notes.push(format!("flaw: {}, then {}", name(&before.flaw), name(&after.flaw)));
    }
    let known: BTreeMap<(&str, u64), _> =
        before.cases.iter().map(|case| ((&*case.id, case.seed.value), case.verdict)).collect();
    let mut seen = BTreeSet::new();
    for case in &after.cases {
        let key = (&*case.id, case.seed.value);
        seen.insert(key);
        let (id, seed, now) = (&case.id, case.seed.value, case.verdict.word());
        match known.get(&key) {
            None => diff.new.push(format!("{id} (seed {seed}): {now}")),
            Some(was) => {
                let line = format!("{id} (seed {seed}): {}, then {now}", was.word());
                match case.verdict.cmp(was) {
                    std::cmp::Ordering::Less => diff.better.push(line),
                    std::cmp::Ordering::Equal => {}
                    std::cmp::Ordering::Greater => diff.worse.push(line),
                }
            }
        }
    }
    let lost = before.cases.iter().filter(|case| !seen.contains(&(&*case.id, case.seed.value)));
    let line = |case: &super::CaseRow| {
        format!("{} (seed {}): {}", case.id, case.seed.value, case.verdict.word())
    };
    diff.gone.extend(lost.map(line));
    diff
}

/// The seeds of which a sweep can say that nothing was found.
struct Covered<'a> {
    sweep: &'a SweepFile,
    /// None if all of its range was.
    seeds: Option<BTreeSet<u64>>,
}

impl<'a> Covered<'a> {
    fn new(sweep: &'a SweepFile) -> Self {
        let hashed =
            sweep.hashes.as_ref().map(|hashes| hashes.iter().map(|(seed, _)| seed.value).collect());
        let seeds = match (hashed, sweep.finished) {
            (Some(seeds), _) => Some(seeds),
            (None, true) => None,
            (None, false) => Some(BTreeSet::new()),
        };
        Self { sweep, seeds }
    }

    fn has(&self, finding: &Finding) -> bool {
        match (&self.seeds, self.sweep.offset(finding.seed)) {
            (_, None) => false,
            (Some(seeds), Some(_)) => seeds.contains(&finding.seed.value),
            (None, Some(offset)) => usize::try_from(offset)
                .is_ok_and(|job| self.sweep.shard.is_none_or(|shard| shard.takes(job))),
        }
    }
}

fn sweeps(before: &SweepFile, after: &SweepFile) -> Diff {
    let mut diff = Diff::default();
    if before.flaws() != after.flaws() {
        diff.notes.push(format!("planted: {}, then {}", before.flaws(), after.flaws()));
    }
    let keys = |sweep: &SweepFile| -> BTreeSet<(String, u64)> {
        sweep.findings.iter().map(|f| (f.invariant.clone(), f.seed.value)).collect()
    };
    let (had, has) = (keys(before), keys(after));
    let line = |f: &Finding| format!("{} (seed {}): {}", f.invariant, f.seed.value, f.text);
    let (then, now) = (Covered::new(before), Covered::new(after));
    for finding in &after.findings {
        if !had.contains(&(finding.invariant.clone(), finding.seed.value)) {
            let list = if then.has(finding) { &mut diff.worse } else { &mut diff.new };
            list.push(line(finding));
        }
    }
    for finding in &before.findings {
        if !has.contains(&(finding.invariant.clone(), finding.seed.value)) {
            let list = if now.has(finding) { &mut diff.better } else { &mut diff.gone };
            list.push(line(finding));
        }
    }
    diff
}

//! For people: a table by topic, failures in full, and the one line that counts at the end.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{case_of, count};
use crate::{
    case::Case,
    runner::Summary,
    simulated::{CaseReport, Verdict},
};

pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const MEH: Style = AnsiColor::Yellow.on_default();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const HEAD: Style = Style::new().bold();

/// The table, the failures and the last line. With `quiet`, only failures and the last line. `program` is what this
/// program was called as.
pub fn table(summary: &Summary, quiet: bool, program: &str) -> String {
    let mut out = String::new();
    if !quiet {
        rows(&mut out, summary);
    }
    let flaw = summary.flaw.map(|flaw| format!(" --flaw {}", flaw.id())).unwrap_or_default();
    let again = |id: &str, seed: u64| format!("{program} run --case {id} --seed {seed}{flaw}");
    for report in &summary.reports {
        failure(&mut out, report, &again);
    }
    last_lines(&mut out, summary);
    out
}

fn rows(out: &mut String, summary: &Summary) {
    let width = summary.reports.iter().map(|report| name(report).len()).max().unwrap_or(0);
    let mut topic = "";
    for report in &summary.reports {
        let case = case_of(report.case);
        if case.topic() != topic {
            topic = case.topic();
            line(out, &format!("{HEAD}{topic}{HEAD:#}"));
        }
        let (style, word) = match &report.verdict {
            Verdict::Passed => (GOOD, "ok  "),
            Verdict::Failed(_) => (BAD, "FAIL"),
            Verdict::Skipped(_) => (MEH, "skip"),
            Verdict::Broken(_) => (BAD, "BROKEN"),
        };
        let seed = if summary.seeds > 1 { format!(" seed {}", report.seed) } else { String::new() };
        let title = case.title;
        let time = format!("{:.1} s", report.simulated.as_secs_f64());
        line(
            out,
            &format!(
                "  {style}{word}{style:#} {:width$}  {title}{seed} {DIM}({time}){DIM:#}",
                name(report)
            ),
        );
    }
    line(out, "");
}

fn name(report: &CaseReport) -> &'static str {
    report.case.split_once('/').map_or(report.case, |(_, name)| name)
}

fn failure(out: &mut String, report: &CaseReport, again: &dyn Fn(&str, u64) -> String) {
    let case = case_of(report.case);
    let (seed, id) = (report.seed, case.id);
    match &report.verdict {
        Verdict::Passed => {}
        Verdict::Skipped(why) => line(out, &format!("{MEH}skipped{MEH:#} {id}: {why}")),
        Verdict::Broken(why) => {
            line(out, &format!("{BAD}broken{BAD:#} {id} (seed {seed}): {why}"));
            line(out, "  This is a fault of the suite or of the fake, not of the bot.");
        }
        Verdict::Failed(failure) => {
            line(out, &format!("{BAD}failed{BAD:#} {id} (seed {seed}): {}", case.title));
            line(out, &format!("  {}", case.rule.says));
            let contract = case.rule.contract.map(|id| format!(", {id}")).unwrap_or_default();
            let sourced = case.rule.sourced.word();
            line(out, &format!("  {DIM}{sourced}{contract}: {}{DIM:#}", case.rule.source));
            line(out, &format!("  expected: {}", failure.expected));
            line(out, &format!("    actual: {}", failure.actual));
            line(out, &format!("    replay: {}", again(id, seed)));
        }
    }
}

fn last_lines(out: &mut String, summary: &Summary) {
    let simulated = summary.simulated().as_secs_f64();
    let wall = summary.wall.as_secs_f64();
    let seeds = match summary.seeds {
        1 => format!("seed {}", summary.seed),
        n => format!("seeds {} to {}", summary.seed, summary.seed.wrapping_add(n - 1)),
    };
    let flaw = summary.flaw.map(|flaw| format!(", flaw {}", flaw.id())).unwrap_or_default();
    line(
        out,
        &format!(
            "{seeds}{flaw}, trace hash {:016x}, {}, {} events",
            summary.trace_hash,
            count(summary.reports.len(), "world"),
            summary.events(),
        ),
    );
    line(
        out,
        &format!(
            "{simulated:.0} simulated seconds in {wall:.2} s: {:.0} simulated seconds per wall second",
            simulated / wall.max(1e-9),
        ),
    );
    let [passed, failed, skipped, broken] = summary.counts();
    if summary.interrupted {
        line(out, &format!("{MEH}interrupted{MEH:#}: not everything was played"));
    }
    if broken > 0 {
        line(out, &format!("{broken} broken"));
    }
    line(out, &format!("{passed} passed, {failed} failed, {skipped} skipped"));
}

/// The catalogue, one line a case.
pub fn list(cases: &[&'static Case]) -> String {
    let width = cases.iter().map(|case| case.id.len()).max().unwrap_or(0);
    let mut out = String::new();
    for case in cases {
        let (level, sourced) = (case.level.word(), case.rule.sourced.word());
        line(&mut out, &format!("{:width$}  {level:6}  {sourced:10}  {}", case.id, case.title));
    }
    out
}

/// One case in full.
pub fn explain(case: &Case) -> String {
    let mut out = String::new();
    let rule = case.rule;
    line(&mut out, &format!("{HEAD}{}{HEAD:#}  {}", case.id, case.title));
    line(&mut out, "");
    line(&mut out, rule.says);
    let contract = rule.contract.map(|id| format!(" ({id})")).unwrap_or_default();
    line(&mut out, &format!("{}{contract}, {}: {}", rule.id, rule.sourced.word(), rule.source));
    line(&mut out, "");
    line(&mut out, &format!("level    {}", case.level.word()));
    line(&mut out, &format!("profile  {}", case.profile.id()));
    let needs: Vec<&str> = case.needs.iter().map(|need| need.word()).collect();
    let needs = if needs.is_empty() { "nothing special".to_owned() } else { needs.join(", ") };
    line(&mut out, &format!("needs    {needs}"));
    line(&mut out, "");
    for (number, step) in case.steps.iter().enumerate() {
        line(&mut out, &format!("{}. {step}", number + 1));
    }
    line(&mut out, "");
    if case.kills.is_empty() {
        line(&mut out, "Played on real sockets only (`bot --manifest`).");
        return out;
    }
    line(&mut out, "Faults of the reference bot that it notices:");
    for flaw in case.kills {
        line(&mut out, &format!("  {}  {}", flaw.id(), flaw.explain()));
    }
    out
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("memory can be written to");
}

//! For people, on a terminal.

use std::fmt::Write as _;

use anstyle::Style;

use super::{Outcome, Row, Sheet};
use crate::report::console::{BAD, DIM, GOOD, HEAD, MEH};

impl Sheet {
    /// The table, what went wrong, and the line that counts. With `quiet`, without the table.
    pub fn table(&self, quiet: bool) -> String {
        let mut out = String::new();
        if !quiet {
            self.list(&mut out);
        }
        for row in &self.rows {
            self.wrong(&mut out, row);
        }
        if let Some((why, said)) = &self.not_started {
            line(&mut out, &format!("{BAD}not started{BAD:#} {}: {why}", self.title));
            last_words(&mut out, said);
        }
        for (name, value) in self.facts.iter().filter(|_| !quiet) {
            line(&mut out, &format!("{DIM}{name}: {value}{DIM:#}"));
        }
        line(&mut out, &format!("{DIM}{:.1} s of real time{DIM:#}", self.wall.as_secs_f64()));
        for more in self.beside() {
            line(&mut out, &format!("{MEH}{more}{MEH:#}"));
        }
        line(&mut out, &self.counted());
        out
    }

    fn list(&self, out: &mut String) {
        let name = |row: &Row| row.case.id.split_once('/').map_or(row.case.id, |(_, name)| name);
        let width = self.rows.iter().map(|row| name(row).len()).max().unwrap_or(0);
        let mut topic = "";
        for row in &self.rows {
            if row.case.topic() != topic {
                topic = row.case.topic();
                line(out, &format!("{HEAD}{topic}{HEAD:#}"));
            }
            let (style, word) = shown(row.outcome);
            let time = if row.outcome == Outcome::Skipped {
                row.note.clone().unwrap_or_default()
            } else {
                format!("{:.1} s", row.took.as_secs_f64())
            };
            let (name, title) = (name(row), row.case.title);
            line(
                out,
                &format!("  {style}{word}{style:#} {name:width$}  {title} {DIM}({time}){DIM:#}"),
            );
        }
        line(out, "");
    }

    fn wrong(&self, out: &mut String, row: &Row) {
        let (style, id) = (shown(row.outcome).0, row.case.id);
        let note = row.note.as_deref().unwrap_or_default();
        match row.outcome {
            Outcome::Passed | Outcome::Skipped | Outcome::FailedAsExpected => return,
            Outcome::PassedUnexpectedly => {
                let why = if note.is_empty() { String::new() } else { format!(" ({note})") };
                line(out, &format!("{style}passed unexpectedly{style:#} {id}{why}"));
                line(out, "  It is in the file of expected failures: take it out.");
                return;
            }
            Outcome::Broken => {
                line(out, &format!("{style}broken{style:#} {id}: {note}"));
                line(out, "  This is a fault of the suite or of the fake, not of the bot.");
                return;
            }
            Outcome::Failed => {
                line(out, &format!("{style}failed{style:#} {id}: {}", row.case.title))
            }
        }
        let rule = row.case.rule;
        let contract = rule.contract.map(|id| format!(", {id}")).unwrap_or_default();
        line(out, &format!("  {}", rule.says));
        line(out, &format!("  {DIM}{}{contract}: {}{DIM:#}", rule.sourced.word(), rule.source));
        if let Some(trouble) = row.trouble {
            line(out, &format!("   the bot: {}", trouble.word()));
        }
        if let Some(failure) = &row.failure {
            line(out, &format!("  expected: {}", failure.expected));
            line(out, &format!("    actual: {}", failure.actual));
        }
        last_words(out, &row.said);
        line(out, &format!("     again: {} {id}", self.again));
    }
}

fn last_words(out: &mut String, said: &[String]) {
    if !said.is_empty() {
        line(out, "  the bot's last lines:");
    }
    for words in said {
        line(out, &format!("    | {words}"));
    }
}

const fn shown(outcome: Outcome) -> (Style, &'static str) {
    match outcome {
        Outcome::Passed => (GOOD, "ok    "),
        Outcome::Failed => (BAD, "FAIL  "),
        Outcome::FailedAsExpected => (MEH, "xfail "),
        Outcome::PassedUnexpectedly => (BAD, "XPASS "),
        Outcome::Skipped => (MEH, "skip  "),
        Outcome::Broken => (BAD, "BROKEN"),
    }
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("memory can be written to");
}

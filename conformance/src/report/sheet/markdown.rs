//! Markdown, for the summary of a CI job.

use std::fmt::Write as _;

use sim::ladder::Ladder;

use super::{Outcome, Row, Sheet};

/// Most arrows of a ladder.
const ARROWS: usize = 40;
/// Ladders of so many failures; CI systems take a mebibyte.
const LADDERS: usize = 10;

impl Sheet {
    /// A table, and each failure in full, with its ladder folded away.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        put(&mut out, &format!("## {}\n", text(&self.title)));
        put(&mut out, &format!("**{}**\n", self.counted()));
        for more in self.beside() {
            put(&mut out, &format!("- {}", text(&more)));
        }
        for (name, value) in &self.facts {
            put(&mut out, &format!("- {}: {}", text(name), text(value)));
        }
        if let Some((why, said)) = &self.not_started {
            put(&mut out, &format!("\n### Not started\n\n{}", text(why)));
            lines(&mut out, said);
        }
        put(&mut out, "\n| | case | level | |\n|---|---|---|---|");
        for row in &self.rows {
            let known = "passed, though it is in the file of expected failures";
            let detail = if row.outcome == Outcome::PassedUnexpectedly {
                Some(known.to_owned())
            } else {
                row.sentence().or_else(|| row.note.clone())
            };
            let detail = text(&detail.unwrap_or_else(|| row.case.title.to_owned()));
            let (mark, id, level) = (mark(row.outcome), row.case.id, row.case.level.word());
            put(&mut out, &format!("| {mark} | `{id}` | {level} | {detail} |"));
        }
        let failed = self.rows.iter().filter(|row| row.outcome == Outcome::Failed);
        for (number, row) in failed.enumerate() {
            self.failure(&mut out, row, number < LADDERS);
        }
        out
    }

    fn failure(&self, out: &mut String, row: &Row, ladder: bool) {
        let rule = row.case.rule;
        put(out, &format!("\n### `{}`: {}\n", row.case.id, text(row.case.title)));
        let contract = rule.contract.map(|id| format!(", {id}")).unwrap_or_default();
        put(out, &format!("> {} ({}{contract})\n", text(rule.says), rule.sourced.word()));
        if let Some(trouble) = row.trouble {
            put(out, &format!("- the bot **{}**", trouble.word()));
        }
        if let Some(failure) = &row.failure {
            put(out, &format!("- expected: {}", text(&failure.expected)));
            put(out, &format!("- actual: {}", text(&failure.actual)));
        }
        put(out, &format!("- again: `{} {}`", self.again, row.case.id));
        lines(out, &row.said);
        if ladder && !row.wire.is_empty() {
            let diagram = Ladder::new(&row.wire, &[]).at_most(ARROWS).mermaid();
            put(out, "\n<details><summary>Ladder</summary>\n");
            put(out, &format!("```mermaid\n{}\n```\n\n</details>", diagram.trim_end()));
        }
    }
}

const fn mark(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "✅",
        Outcome::Failed | Outcome::PassedUnexpectedly => "❌",
        Outcome::FailedAsExpected => "🟡",
        Outcome::Skipped => "⏭️",
        Outcome::Broken => "💥",
    }
}

/// Text as text: no table ends, no tags.
fn text(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r'], " ")
}

fn lines(out: &mut String, said: &[String]) {
    if said.is_empty() {
        return;
    }
    put(out, "\n~~~text");
    for words in said {
        let words: String = words.chars().filter(|letter| !letter.is_control()).collect();
        put(out, &words.replace("~~~", "~ ~ ~"));
    }
    put(out, "~~~");
}

fn put(out: &mut String, line: &str) {
    writeln!(out, "{line}").expect("memory can be written to");
}

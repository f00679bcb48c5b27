//! For machines: the same shape as a run's, so that both are compared by `report diff`.

use serde_json::{Value, json};

use super::{Outcome, Row, Sheet};
use crate::{report::saved::VERSION, worlds};

impl Sheet {
    /// One object. What was expected is said beside the verdicts, which are those of a run.
    pub fn json(&self) -> Value {
        let cases: Vec<Value> = self.rows.iter().map(row).collect();
        let count = |word: &str| self.rows.iter().filter(|row| verdict(row) == word).count();
        let facts: serde_json::Map<String, Value> =
            self.facts.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let took: f64 = self.rows.iter().map(|row| row.took.as_secs_f64()).sum();
        let hash = worlds::combined(self.rows.iter().map(|_| 0));
        let mut object = json!({
            "kind": "run",
            "version": VERSION,
            "stage": "live",
            "bot": self.title,
            "facts": facts,
            "seed": 1,
            "seeds": 1,
            "shard": null,
            "flaw": null,
            "trace_hash": format!("{hash:016x}"),
            "simulated_seconds": took,
            "wall_seconds": self.wall.as_secs_f64(),
            "worlds": cases.len(),
            "events": self.rows.iter().map(|row| row.wire.len()).sum::<usize>(),
            "passed": count("passed"),
            "failed": count("failed"),
            "skipped": count("skipped"),
            "broken": count("broken"),
            "failed_as_expected": self.count(Outcome::FailedAsExpected),
            "passed_unexpectedly": self.count(Outcome::PassedUnexpectedly),
            "cases": cases,
        });
        if let Some((why, said)) = &self.not_started {
            object["not_started"] = json!({"why": why, "last_lines": said});
        }
        if self.interrupted {
            object["interrupted"] = true.into();
        }
        object
    }
}

const fn verdict(row: &Row) -> &'static str {
    match row.outcome {
        Outcome::Passed | Outcome::PassedUnexpectedly => "passed",
        Outcome::Failed | Outcome::FailedAsExpected => "failed",
        Outcome::Skipped => "skipped",
        Outcome::Broken => "broken",
    }
}

fn row(row: &Row) -> Value {
    let reason = match (&row.failure, &row.note) {
        (Some(failure), _) => json!({"expected": failure.expected, "actual": failure.actual}),
        (None, Some(why)) => json!({"why": why}),
        (None, None) => Value::Null,
    };
    let mut object = json!({
        "id": row.case.id, "title": row.case.title, "level": row.case.level.word(),
        "rule": row.case.rule.id, "seed": row.seed, "verdict": verdict(row), "reason": reason,
        "trace_hash": format!("{:016x}", 0), "events": row.wire.len(),
        "simulated_seconds": row.took.as_secs_f64(),
    });
    if let Some(trouble) = row.trouble {
        object["trouble"] = trouble.word().into();
    }
    if matches!(row.outcome, Outcome::FailedAsExpected | Outcome::PassedUnexpectedly) {
        object["expected_failure"] = row.note.clone().unwrap_or_default().into();
    }
    if !row.media.figures.is_empty() {
        let figures = row.media.figures.iter().map(|(name, value)| (name.clone(), json!(value)));
        object["media"] = Value::Object(figures.collect());
    }
    if !row.said.is_empty() {
        object["last_lines"] = json!(row.said);
    }
    object
}

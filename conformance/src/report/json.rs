//! For machines: stable names, one object.

use serde_json::{Value, json};

use super::case_of;
use crate::{case::Case, runner::Summary, simulated::Verdict};

/// A run as one object (`--json`).
pub fn summary(summary: &Summary) -> Value {
    let cases: Vec<Value> = summary
        .reports
        .iter()
        .map(|report| {
            let case = case_of(report.case);
            let (verdict, reason) = match &report.verdict {
                Verdict::Passed => ("passed", Value::Null),
                Verdict::Failed(failure) => {
                    ("failed", json!({"expected": failure.expected, "actual": failure.actual}))
                }
                Verdict::Skipped(why) => ("skipped", json!({"why": why})),
                Verdict::Broken(why) => ("broken", json!({"why": why})),
            };
            json!({
                "id": case.id, "title": case.title, "level": case.level.word(),
                "rule": case.rule.id, "seed": report.seed, "verdict": verdict, "reason": reason,
                "trace_hash": hex(report.trace_hash), "events": report.events,
                "simulated_seconds": report.simulated.as_secs_f64(),
            })
        })
        .collect();
    let [passed, failed, skipped, broken] = summary.counts();
    let mut object = json!({
        "kind": "run",
        "version": super::saved::VERSION,
        "seed": summary.seed,
        "seeds": summary.seeds,
        "shard": summary.shard.map(|shard| shard.to_string()),
        "flaw": summary.flaw.map(|flaw| flaw.id()),
        "trace_hash": hex(summary.trace_hash),
        "simulated_seconds": summary.simulated().as_secs_f64(),
        "wall_seconds": summary.wall.as_secs_f64(),
        "worlds": summary.reports.len(),
        "events": summary.events(),
        "passed": passed, "failed": failed, "skipped": skipped, "broken": broken,
        "cases": cases,
    });
    if summary.interrupted {
        object["interrupted"] = true.into();
    }
    object
}

/// The catalogue as one object (`list --json`).
pub fn catalogue(cases: &[&'static Case]) -> Value {
    let entries: Vec<Value> = cases
        .iter()
        .map(|case| {
            json!({
                "id": case.id, "title": case.title, "level": case.level.word(),
                "profile": case.profile.id(),
                "needs": case.needs.iter().map(|need| need.word()).collect::<Vec<_>>(),
                "rule": {
                    "id": case.rule.id, "contract": case.rule.contract,
                    "sourced": case.rule.sourced.word(), "says": case.rule.says,
                    "source": case.rule.source,
                },
                "steps": case.steps,
                "kills": case.kills.iter().map(|flaw| flaw.id()).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({"cases": entries})
}

fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}

//! A sweep for machines.

use serde_json::{Value, json};

use super::Outcome;
use crate::report::saved::Ended;

/// The report; `report merge` puts several of them together.
pub fn json(outcome: &Outcome) -> Value {
    let hex = |hash: u64| format!("{hash:016x}");
    let hashes: Vec<Value> = outcome
        .worlds
        .iter()
        .map(|world| json!([world.seed.to_string(), hex(world.trace_hash)]))
        .collect();
    let findings: Vec<Value> = outcome
        .findings
        .iter()
        .map(|finding| {
            json!({
                "invariant": finding.broken.invariant,
                "seed": finding.seed,
                "token": finding.token,
                "text": finding.broken.text,
                "faults": finding.plan.faults.len(),
                "events": finding.plan.deeds.len(),
                "files": finding.files,
            })
        })
        .collect();
    json!({
        "kind": "sweep",
        "version": 1,
        "seed": outcome.sweep.from,
        "seeds": outcome.sweep.seeds,
        "shard": outcome.sweep.shard.map(|shard| shard.to_string()),
        "bot_flaw": outcome.sweep.bot_flaw,
        "platform_flaw": outcome.sweep.platform_flaw,
        "check_determinism": outcome.sweep.twice,
        "finished": outcome.ended == Ended::All,
        "ended": outcome.ended,
        "worlds": outcome.worlds.len(),
        "events": outcome.events(),
        "simulated_seconds": outcome.simulated().as_secs_f64(),
        "wall_seconds": outcome.wall.as_secs_f64(),
        "trace_hash": hex(outcome.trace_hash()),
        "hashes": hashes,
        "findings": findings,
    })
}

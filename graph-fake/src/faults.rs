//! What goes wrong on purpose: the fault plan that a test puts in place.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Faults that a plan may hold.
pub const FAULTS_MAX: usize = 1_000;

/// One entry of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// A request to Graph is answered with an error instead of being heard.
    pub graph: GraphFault,
}

/// Which requests, and with what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GraphFault {
    /// The action as in the path: `answer`, `playPrompt`, `keepAlive`, …; `create`, `get`, `delete`; or
    /// `token` for the token endpoint.
    pub op: String,
    /// The first occurrence that fails, counted from 1 since the plan was put in place.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many occurrences fail.
    #[serde(default = "one")]
    pub times: u64,
    /// The answer.
    pub reply: FaultReply,
}

/// The answer that a fault gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FaultReply {
    /// The HTTP status, 400 to 599.
    pub status: u16,
    /// Seconds for a `Retry-After` header.
    #[serde(default)]
    pub retry_after_seconds: Option<u32>,
}

const fn one() -> u64 {
    1
}

/// The plan in force, and how often each of its operations was seen.
#[derive(Debug, Default)]
pub struct FaultPlan {
    entries: Vec<(Fault, u64)>,
}

impl FaultPlan {
    /// Puts a plan in place of the old one; counting starts anew.
    ///
    /// # Errors
    /// In words, naming the entry, when a value is out of range.
    pub fn replace(&mut self, faults: Vec<Fault>) -> Result<(), String> {
        if faults.len() > FAULTS_MAX {
            return Err(format!("a plan holds at most {FAULTS_MAX} faults"));
        }
        for (at, fault) in faults.iter().enumerate() {
            let GraphFault { nth, times, reply, .. } = &fault.graph;
            if *nth == 0 || *times == 0 {
                return Err(format!("[{at}].graph: 'nth' and 'times' count from 1"));
            }
            if !(400..=599).contains(&reply.status) {
                return Err(format!("[{at}].graph.reply.status: must be 400 to 599"));
            }
        }
        self.entries = faults.into_iter().map(|fault| (fault, 0)).collect();
        Ok(())
    }

    /// An operation is about to be heard: the answer to give instead, if any.
    pub fn strikes(&mut self, op: &str) -> Option<FaultReply> {
        let mut struck = None;
        for (fault, seen) in self.entries.iter_mut().filter(|(fault, _)| fault.graph.op == op) {
            *seen += 1;
            let GraphFault { nth, times, reply, .. } = &fault.graph;
            if struck.is_none() && *seen >= *nth && *seen - *nth < *times {
                struck = Some(reply.clone());
            }
        }
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(op: &str, nth: u64, times: u64) -> Fault {
        let reply = FaultReply { status: 429, retry_after_seconds: Some(2) };
        Fault { graph: GraphFault { op: op.to_owned(), nth, times, reply } }
    }

    #[test]
    fn the_nth_occurrence_and_the_ones_after_it() {
        let mut plan = FaultPlan::default();
        plan.replace(vec![fault("answer", 2, 2)]).unwrap();
        let struck: Vec<bool> = (0..5).map(|_| plan.strikes("answer").is_some()).collect();
        assert_eq!(struck, [false, true, true, false, false]);
        assert_eq!(plan.strikes("reject"), None);
    }

    #[test]
    fn bad_plans_are_refused_whole() {
        let mut plan = FaultPlan::default();
        plan.replace(vec![fault("get", 1, 1)]).unwrap();
        assert!(plan.replace(vec![fault("get", 0, 1)]).unwrap_err().contains("[0]"));
        assert!(plan.strikes("get").is_some(), "the old plan is still in force");
    }
}

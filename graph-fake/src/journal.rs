//! What happened, in order: every request, response, notification attempt, state change and act.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use graph_api::Timestamp;
use platform::CallId;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Notify;

/// Lines kept; older ones are dropped, and `seq` shows the gap.
const LINES_MAX: usize = 200_000;

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Counts from 1 since the last reset.
    pub seq: u64,
    /// Milliseconds since 1970 on the fake's clock.
    pub at_ms: u64,
    /// The call it is about.
    pub call_id: Option<String>,
    /// What kind of event.
    pub kind: &'static str,
    /// Who did it.
    pub from: &'static str,
    /// To whom.
    pub to: &'static str,
    /// The rest, by kind.
    pub detail: Value,
}

/// Who did it, and to whom.
#[derive(Debug, Clone, Copy)]
pub struct Route(pub &'static str, pub &'static str);

/// The journal of one fake. Cheap to clone; clones write to the same journal.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    inner: Arc<Mutex<Inner>>,
    grew: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Inner {
    lines: VecDeque<Line>,
    next_seq: u64,
}

impl Journal {
    /// Appends a line.
    pub fn write(
        &self,
        at: Timestamp,
        call: Option<CallId>,
        kind: &'static str,
        route: Route,
        detail: Value,
    ) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.next_seq += 1;
        let line = Line {
            seq: inner.next_seq,
            at_ms: at.as_millis(),
            call_id: call.map(|id| id.to_string()),
            kind,
            from: route.0,
            to: route.1,
            detail,
        };
        inner.lines.push_back(line);
        if inner.lines.len() > LINES_MAX {
            inner.lines.pop_front();
        }
        drop(inner);
        self.grew.notify_waiters();
    }

    /// Lines after `since`, at most `most`, oldest first.
    pub fn since(&self, since: u64, most: usize) -> Vec<Line> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let first = inner.lines.front().map_or(1, |line| line.seq);
        let skip = since.saturating_add(1).saturating_sub(first);
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        inner.lines.iter().skip(skip).take(most).cloned().collect()
    }

    /// Forgets everything and counts from 1 again.
    pub fn reset(&self) {
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = Inner::default();
    }

    /// Waits for the next line; what a stream of the journal sleeps on.
    pub async fn grown(&self) {
        self.grew.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_goes_on_where_it_stopped() {
        let journal = Journal::default();
        for n in 0..5 {
            let at = Timestamp::from_secs(n);
            journal.write(at, None, "act", Route("people", "graph"), Value::Null);
        }
        let seqs = |since, most| -> Vec<u64> {
            journal.since(since, most).iter().map(|line| line.seq).collect()
        };
        assert_eq!(seqs(0, 2), [1, 2]);
        assert_eq!(seqs(2, 10), [3, 4, 5]);
        assert_eq!(seqs(99, 10), [0_u64; 0]);
        assert_eq!(seqs(u64::MAX, 10), [0_u64; 0]);
        journal.reset();
        assert_eq!(journal.since(0, 10), []);
    }
}

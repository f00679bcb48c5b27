//! What happened, in order: every request, response, notification attempt, state change and act.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use graph_api::{Guid, Timestamp};
use platform::CallId;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::Notify;
use utoipa::ToSchema;

/// Lines kept; older ones are dropped, and `seq` shows the gap.
const LINES_MAX: usize = 200_000;

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
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
    lines: VecDeque<Arc<Kept>>,
    next_seq: u64,
}

/// A line as it is kept: most are never read, so text is made of them when somebody asks.
#[derive(Debug)]
struct Kept {
    seq: u64,
    at: Timestamp,
    call: Option<CallId>,
    kind: &'static str,
    route: Route,
    detail: Detail,
}

/// The rest of a line.
#[derive(Debug)]
pub enum Detail {
    /// As it will be shown.
    Shown(Value),
    /// Of a request.
    Request {
        /// The request's id.
        id: Guid,
        /// The action.
        op: &'static str,
        /// The HTTP method.
        method: String,
        /// The path as it came.
        path: String,
        /// The body as it came.
        body: Bytes,
    },
    /// Of a response.
    Response {
        /// The request's id.
        id: Guid,
        /// The action.
        op: &'static str,
        /// The HTTP status.
        status: u16,
        /// `error.code`.
        code: Option<&'static str>,
        /// The body, unless it is an error's.
        body: Bytes,
    },
}

impl Detail {
    fn shown(&self) -> Value {
        // What is no JSON is shown as null.
        let read = |body: &Bytes| serde_json::from_slice::<Value>(body).unwrap_or_default();
        match self {
            Self::Shown(value) => value.clone(),
            Self::Request { id, op, method, path, body } => json!({
                "requestId": id, "op": op, "method": method, "path": path, "body": read(body),
            }),
            Self::Response { id, op, status, code, body } => json!({
                "requestId": id, "op": op, "status": status, "code": code, "body": read(body),
            }),
        }
    }
}

impl Kept {
    fn line(&self) -> Line {
        Line {
            seq: self.seq,
            at_ms: self.at.as_millis(),
            call_id: self.call.map(|id| id.to_string()),
            kind: self.kind,
            from: self.route.0,
            to: self.route.1,
            detail: self.detail.shown(),
        }
    }
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
        self.keep(at, call, kind, route, Detail::Shown(detail));
    }

    /// The same without making text of it.
    pub fn keep(
        &self,
        at: Timestamp,
        call: Option<CallId>,
        kind: &'static str,
        route: Route,
        detail: Detail,
    ) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.next_seq += 1;
        let line = Kept { seq: inner.next_seq, at, call, kind, route, detail };
        inner.lines.push_back(Arc::new(line));
        let full = inner.lines.len() > LINES_MAX;
        let oldest = if full { inner.lines.pop_front() } else { None };
        drop(inner);
        drop(oldest);
        self.grew.notify_waiters();
    }

    /// How many lines were written since the last reset.
    pub fn written(&self) -> u64 {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).next_seq
    }

    /// Lines after `since`, at most `most`, oldest first.
    pub fn since(&self, since: u64, most: usize) -> Vec<Line> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let first = inner.lines.front().map_or(1, |line| line.seq);
        let skip = since.saturating_add(1).saturating_sub(first);
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let kept: Vec<Arc<Kept>> = inner.lines.iter().skip(skip).take(most).cloned().collect();
        // Nobody waits for the lock while text is made.
        drop(inner);
        kept.iter().map(|line| line.line()).collect()
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

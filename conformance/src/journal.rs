//! What happened, as the fake wrote it down, and what can be asked of it.

use std::{collections::BTreeSet, time::Duration};

use serde::Deserialize;
use serde_json::Value;

use crate::failure::Wrong;

/// One line.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Counts from 1.
    pub seq: u64,
    /// Milliseconds since 1970.
    pub at_ms: u64,
    /// The call that it is about.
    pub call_id: Option<String>,
    /// What kind of event.
    pub kind: String,
    /// The rest.
    #[serde(default)]
    pub detail: Value,
}

/// A request of the bot and the answer it got.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// When the request came.
    pub at: Duration,
    /// When it was answered; none if it was not, yet.
    pub answered_at: Option<Duration>,
    /// Which action.
    pub op: String,
    /// The status of the answer.
    pub status: Option<u64>,
    /// The error code of the answer.
    pub code: Option<String>,
    /// The body of the request.
    pub body: Value,
}

impl Exchange {
    /// Whether it was answered with a 2xx.
    pub fn worked(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

impl Line {
    /// The time of a line.
    pub fn at(&self) -> Duration {
        Duration::from_millis(self.at_ms)
    }
}

/// The bot's requests of one action for one call, oldest first; an empty `op` takes every action.
pub fn exchanges(lines: &[Line], call: &str, op: &str) -> Vec<Exchange> {
    asked(lines, op, |line| line.call_id.as_deref() == Some(call))
}

fn asked(lines: &[Line], op: &str, about: impl Fn(&Line) -> bool) -> Vec<Exchange> {
    let about = |line: &&Line| about(line);
    let mut found = Vec::new();
    for request in lines.iter().filter(about).filter(|line| line.kind == "request") {
        let name = request.detail["op"].as_str().unwrap_or_default();
        if !op.is_empty() && op != name {
            continue;
        }
        let id = &request.detail["requestId"];
        let answer = lines.iter().find(|line| {
            line.kind == "response" && line.detail["requestId"] == *id && line.seq > request.seq
        });
        found.push(Exchange {
            at: request.at(),
            answered_at: answer.map(Line::at),
            op: name.to_owned(),
            status: answer.and_then(|line| line.detail["status"].as_u64()),
            code: answer.and_then(|line| line.detail["code"].as_str().map(str::to_owned)),
            body: request.detail["body"].clone(),
        });
    }
    found
}

/// The bot's requests to begin calls, oldest first.
pub fn creates(lines: &[Line]) -> Vec<Exchange> {
    asked(lines, "create", |_| true)
}

/// Calls that the bot has begun, and when, oldest first.
pub fn begun(lines: &[Line]) -> Vec<(String, Duration)> {
    let mut seen = BTreeSet::new();
    let mut begun = Vec::new();
    for line in lines.iter().filter(|line| line.kind == "callState") {
        let Some(id) = &line.call_id else { continue };
        if seen.insert(id) && line.detail["to"] != "incoming" {
            begun.push((id.clone(), line.at()));
        }
    }
    begun
}

/// No two successful exchanges, nor `from` and the first, nor the last and `to`, may be further apart.
///
/// # Errors
/// The first gap that is too long.
pub fn gaps_under(
    exchanges: &[Exchange],
    from: Duration,
    to: Duration,
    longest: Duration,
) -> Result<(), Wrong> {
    let mut last = from;
    let worked = exchanges.iter().filter(|exchange| exchange.worked()).map(|exchange| exchange.at);
    for at in worked.chain([to]) {
        let gap = at.saturating_sub(last);
        if gap > longest {
            return Err(Wrong::bot(
                format!("no gap of more than {} minutes", longest.as_secs() / 60),
                format!("there was one of {} minutes", gap.as_secs() / 60),
            ));
        }
        last = at;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(seq: u64, kind: &str, detail: Value) -> Line {
        let call_id = Some("c".to_owned());
        Line { seq, at_ms: seq * 60_000, call_id, kind: kind.to_owned(), detail }
    }

    #[test]
    fn requests_find_their_answers() {
        let lines = [
            line(1, "request", json!({"requestId": "a", "op": "answer"})),
            line(2, "request", json!({"requestId": "b", "op": "get"})),
            line(3, "response", json!({"requestId": "a", "status": 409, "code": "8519"})),
        ];
        let answers = exchanges(&lines, "c", "answer");
        assert_eq!((answers.len(), answers[0].status), (1, Some(409)));
        assert_eq!(exchanges(&lines, "c", "").len(), 2);
        assert_eq!(exchanges(&lines, "other", ""), []);
    }

    #[test]
    fn the_longest_gap_counts() {
        let lines = [
            line(30, "request", json!({"requestId": "a", "op": "keepAlive"})),
            line(31, "response", json!({"requestId": "a", "status": 200})),
        ];
        let found = exchanges(&lines, "c", "keepAlive");
        let minutes = |m: u64| Duration::from_secs(m * 60);
        assert!(gaps_under(&found, minutes(0), minutes(60), minutes(30)).is_ok());
        assert!(gaps_under(&found, minutes(0), minutes(61), minutes(30)).is_err());
        assert!(gaps_under(&[], minutes(0), minutes(46), minutes(45)).is_err());
    }
}

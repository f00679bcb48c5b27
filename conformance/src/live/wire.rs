//! What the journal of a fake says was said, as messages of a wire, so that a ladder can be drawn of it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use graph_api::Timestamp;
use serde_json::{Value, json};
use sim::{
    EPOCH,
    wire::{Http, Message, Way},
};

use crate::journal::Line;

/// The messages of a case, with times from its beginning.
pub fn messages(lines: &[Line]) -> Vec<Message> {
    let begun = lines.first().map_or(0, |line| line.at_ms);
    let mut read = Reading { begun, messages: Vec::new(), asked: BTreeMap::new() };
    for line in lines {
        read.line(line);
    }
    read.messages
}

struct Reading {
    begun: u64,
    messages: Vec<Message>,
    /// Where a request is, by its id, or that of its delivery.
    asked: BTreeMap<String, u64>,
}

impl Reading {
    fn line(&mut self, line: &Line) {
        let detail = &line.detail;
        let text = |name: &str| detail[name].as_str().unwrap_or_default().to_owned();
        match line.kind.as_str() {
            "request" => {
                let (method, path) = (text("method"), text("path"));
                let http = request(&method, &path, &detail["body"]);
                self.asked(line, ("bot", Way::Received), http, text("requestId"));
            }
            "response" => {
                let body = match (&detail["body"], detail["code"].as_str()) {
                    (Value::Null, Some(code)) => json!({"error": {"code": code}}),
                    (body, _) => body.clone(),
                };
                self.answered(line, ("bot", Way::Sent), &text("requestId"), Some(&body));
            }
            "notification" | "legacyNotification" => {
                let path = text("url").parse::<http::Uri>().ok();
                let path = path.map_or_else(|| "/".to_owned(), |uri| uri.path().to_owned());
                let http = request("POST", &path, &detail["body"]);
                self.asked(line, ("bot", Way::Sent), http, delivery(detail));
            }
            "delivered" | "legacyDelivered" => {
                self.answered(line, ("bot", Way::Received), &delivery(detail), None);
            }
            "act" => {
                let call = line.call_id.as_deref().unwrap_or("-");
                let http = request("POST", &format!("/calls/{call}/actions"), detail);
                self.asked(line, ("people", Way::Received), http, format!("act {}", line.seq));
            }
            _ => {}
        }
    }

    fn asked(&mut self, line: &Line, (peer, way): (&str, Way), http: Http, key: String) {
        let seq = self.push(line, (peer, way), http, line.seq);
        self.asked.insert(key, seq);
    }

    fn answered(&mut self, line: &Line, at: (&str, Way), key: &str, body: Option<&Value>) {
        let Some(to) = self.asked.get(key).copied() else { return };
        let status = line.detail["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        let body = body.unwrap_or(&line.detail["body"]);
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let http = match status {
            Some(status) => Http::Response { to, status, headers: Vec::new(), body },
            None => Http::Broken { to: Some(to) },
        };
        self.push(line, at, http, to);
    }

    /// Connections are not in the journal: each exchange has its own.
    fn push(&mut self, line: &Line, at: (&str, Way), http: Http, connection: u64) -> u64 {
        let (peer, way) = at;
        let since = Duration::from_millis(line.at_ms.saturating_sub(self.begun));
        let at: Timestamp = EPOCH + since;
        let (host, peer): (Arc<str>, Arc<str>) = ("graph".into(), peer.into());
        self.messages.push(Message {
            seq: line.seq,
            at,
            host,
            peer,
            port: 443,
            connection,
            way,
            http,
        });
        line.seq
    }
}

fn delivery(detail: &Value) -> String {
    format!("{} {}", detail["deliveryId"], detail["attempt"])
}

fn request(method: &str, target: &str, body: &Value) -> Http {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    Http::Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: Vec::new(),
        body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(seq: u64, kind: &str, detail: Value) -> Line {
        let call_id = Some("1b3d5f70-0000-4000-8000-000000000001".to_owned());
        Line { seq, at_ms: 5_000 + seq * 10, call_id, kind: kind.to_owned(), detail }
    }

    #[test]
    fn requests_notifications_and_their_answers_are_found() {
        let lines = [
            line(1, "act", json!({"action": "ring"})),
            line(
                2,
                "notification",
                json!({"deliveryId": 7, "attempt": 1, "url": "http://b:1/api", "body": {}}),
            ),
            line(3, "delivered", json!({"deliveryId": 7, "attempt": 1, "status": 202})),
            line(
                4,
                "request",
                json!({"requestId": "r", "method": "POST", "path": "/v1.0/x", "body": {}}),
            ),
            line(5, "response", json!({"requestId": "r", "status": 404, "code": "8522"})),
            line(
                6,
                "notification",
                json!({"deliveryId": 8, "attempt": 1, "url": "http://b:1/api", "body": {}}),
            ),
            line(7, "delivered", json!({"deliveryId": 8, "attempt": 1, "error": "refused"})),
            line(8, "callState", json!({})),
        ];
        let read = messages(&lines);
        let tos: Vec<Option<u64>> = read
            .iter()
            .map(|message| match &message.http {
                Http::Request { .. } => None,
                Http::Response { to, .. } => Some(*to),
                Http::Broken { to } => *to,
            })
            .collect();
        assert_eq!(tos, [None, None, Some(2), None, Some(4), None, Some(6)]);
        assert!(
            matches!(&read[4].http, Http::Response { body, .. } if body.ends_with(b"\"8522\"}}"))
        );
        assert_eq!(read[0].at, EPOCH);
    }
}

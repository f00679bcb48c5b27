//! Wires made by hand.

#![allow(dead_code)]

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use sim::{
    EPOCH,
    wire::{Http, Message, Way},
};

/// A wire in the making.
#[derive(Default)]
pub struct Wire(pub Vec<Message>);

/// Two ends of a connection: names, port, and the connection's number at each.
#[derive(Clone, Copy)]
pub struct Link(pub &'static str, pub &'static str, pub u16, pub u64, pub u64);

impl Link {
    /// The same connection, from the other end.
    pub fn back(self) -> Self {
        Self(self.1, self.0, self.2, self.4, self.3)
    }
}

impl Wire {
    fn push(&mut self, at: u64, way: Way, link: Link, http: Http) -> u64 {
        let seq = self.0.len() as u64 + 1;
        self.0.push(Message {
            seq,
            at: EPOCH + Duration::from_millis(at),
            host: Arc::from(link.0),
            peer: Arc::from(link.1),
            port: link.2,
            connection: link.3,
            way,
            http,
        });
        seq
    }

    /// Leaves, and comes 20 ms later. Both numbers.
    pub fn passes(&mut self, at: u64, link: Link, http: impl Fn(bool) -> Http) -> (u64, u64) {
        let sent = self.push(at, Way::Sent, link, http(true));
        (sent, self.push(at + 20, Way::Received, link.back(), http(false)))
    }

    /// Leaves, and that was it.
    pub fn lost(&mut self, at: u64, link: Link, http: Http) -> u64 {
        self.push(at, Way::Sent, link, http)
    }

    /// A request and its response.
    pub fn asks(&mut self, at: u64, link: Link, request: Http, status: u16, body: &Value) -> u64 {
        let (asked, came) = self.passes(at, link, |_| request.clone());
        self.passes(at + 20, link.back(), |sent| {
            response(if sent { came } else { asked }, status, body)
        });
        asked
    }
}

pub fn request(method: &str, target: &str, body: &Value) -> Http {
    let headers = vec![
        ("authorization".to_owned(), "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl".to_owned()),
        ("content-type".to_owned(), "application/json".to_owned()),
    ];
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    Http::Request { method: method.to_owned(), target: target.to_owned(), headers, body }
}

pub fn response(to: u64, status: u16, body: &Value) -> Http {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    Http::Response { to, status, headers: Vec::new(), body }
}

/// A request that is told to a bot.
pub fn told(entries: &[(&str, &str, Value)]) -> Http {
    let value: Vec<Value> = entries
        .iter()
        .map(|(change, resource, data)| {
            json!({"changeType": change, "resourceUrl": format!("/communications/calls/{CALL}{resource}"),
                   "resourceData": data})
        })
        .collect();
    request("POST", "/api/calls", &json!({"value": value}))
}

pub const CALL: &str = "3b1f5a00-7c21-4e6d-9f10-a2c4d6e8f001";
pub const PEOPLE: Link = Link("people", "graph.example", 8_090, 1, 1);
pub const BOT: Link = Link("bot.example", "graph.example", 443, 1, 2);
pub const HOOK: Link = Link("graph.example", "bot.example", 443, 3, 2);

/// A user rings, the bot answers, one notification is lost, and one comes that must not. Its number, too.
pub fn short_call() -> (Vec<Message>, u64) {
    let mut wire = Wire::default();
    let rings =
        request("POST", "/calls", &json!({"from": {"user": "ann"}, "to": [{"app": "<b>bot</b>"}]}));
    wire.asks(0, PEOPLE, rings, 201, &json!({"callId": CALL, "callChainId": "c"}));
    let incoming = json!({"@odata.type": "#microsoft.graph.call", "state": "incoming", "id": CALL});
    wire.asks(40, HOOK, told(&[("created", "", incoming)]), 202, &Value::Null);
    wire.asks(80, PEOPLE, request("GET", "/journal?since=0", &Value::Null), 200, &json!([]));
    let token = request("POST", "/tenant/oauth2/v2.0/token", &json!({"client_secret": "hunter2"}));
    wire.asks(120, BOT, token, 200, &json!({"access_token": "hunter3"}));
    let answer = request(
        "POST",
        &format!("/v1.0/communications/calls/{CALL}/answer"),
        &json!({"callbackUri": "x"}),
    );
    wire.asks(160, BOT, answer, 202, &Value::Null);
    let established = json!({"@odata.type": "#microsoft.graph.call", "state": "established"});
    let people = json!([{"id": "1"}, {"id": "2"}, {"id": "3"}]);
    let both = told(&[("updated", "", established), ("updated", "/participants", people)]);
    let lost = wire.lost(240, Link("graph.example", "bot.example", 443, 4, 9), both);
    let cut = Link("graph.example", "bot.example", 443, 4, 9);
    wire.lost(10_240, cut, Http::Broken { to: Some(lost) });
    let prompt = json!({"@odata.type": "#microsoft.graph.playPromptOperation", "status": "completed",
                        "resultInfo": {"code": 200, "subcode": 0}, "clientContext": "</script><script>alert(1)"});
    let early = told(&[("deleted", "/operations/57dab8b1894c409ab240bd8beae78896", prompt)]);
    let wrong = wire.asks(3_723_004, HOOK, early, 202, &Value::Null);
    (wire.0, wrong + 1)
}

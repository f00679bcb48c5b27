//! Wires made by hand.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use graph_api::Timestamp;
use serde_json::{Value, json};

use crate::{
    invariants::Facts,
    wire::{Http, Message, Packet, Way},
};

pub const CALL: &str = "c1";
pub const APP: &str = "b0";
pub const TENANT: &str = "7e";
/// Where the platform's media is, and the bot's.
pub const PLATFORM_MEDIA: &str = "10.0.0.1:50000";
pub const BOT_MEDIA: &str = "10.0.0.2:50000";
pub const GRAPH: &str = "graph.example";
const BOT: &str = "bot.example";
const PEOPLE: &str = "people";

/// A wire as it grows.
#[derive(Clone)]
pub struct Tale {
    pub facts: Facts,
    pub messages: Vec<Message>,
    pub packets: Vec<Packet>,
    pub at: Timestamp,
    /// The roles in the bot's token.
    pub roles: Vec<String>,
    etag: u64,
    deliveries: u64,
}

impl Tale {
    pub fn new() -> Self {
        let facts = Facts::new(APP, TENANT);
        let roles = facts.roles.iter().cloned().collect();
        let at = Timestamp::from_secs(1_000);
        Self { facts, messages: Vec::new(), packets: Vec::new(), at, roles, etag: 0, deliveries: 0 }
    }

    /// A user has rung the bot, it has answered, and audio flows.
    pub fn of_two() -> Self {
        let mut tale = Self::new();
        tale.rings(json!({"state": "incoming"}));
        tale.asks("/answer", answer(), 202, Value::Null);
        tale.updated(json!({"state": "establishing"}));
        tale.updated(json!({"state": "established"}));
        tale.updated(json!({"state": "established", "mediaState": {"audio": "active"}}));
        tale
    }

    /// A user rings the bot.
    pub fn rings(&mut self, data: Value) {
        let ring = json!({"from": {"user": "u1"}, "to": [{"app": APP}]});
        self.control("POST", "/calls", ring, 201, json!({"callId": CALL}));
        self.notified("created", "", data);
    }

    pub fn wait(&mut self, secs: u64) {
        self.at = self.at + Duration::from_secs(secs);
    }

    fn one(&mut self, host: &str, peer: &str, port: u16, way: Way, http: Http) -> u64 {
        self.at = self.at + Duration::from_millis(20);
        let seq = self.next_seq();
        let (host, peer, at) = (host.into(), peer.into(), self.at);
        self.messages.push(Message { seq, at, host, peer, port, connection: 1, way, http });
        seq
    }

    fn next_seq(&self) -> u64 {
        (self.messages.len() + self.packets.len()) as u64 + 1
    }

    /// A datagram of the platform (`true`) or of the bot, as who sends it sees it; no time passes.
    pub fn packet(&mut self, by_platform: bool, bytes: Vec<u8>) {
        let (host, from, to) = match by_platform {
            true => (GRAPH, PLATFORM_MEDIA, BOT_MEDIA),
            false => (BOT, BOT_MEDIA, PLATFORM_MEDIA),
        };
        self.datagram(host, Way::Sent, (from, to), bytes);
    }

    /// A datagram of the platform, when it leaves and when it comes.
    pub fn told(&mut self, bytes: Vec<u8>) {
        self.packet(true, bytes.clone());
        self.datagram(BOT, Way::Received, (PLATFORM_MEDIA, BOT_MEDIA), bytes);
    }

    pub fn datagram(&mut self, host: &str, way: Way, (from, to): (&str, &str), bytes: Vec<u8>) {
        let (seq, at, host) = (self.next_seq(), self.at, host.into());
        let address = |text: &str| text.parse().expect("an address");
        let (from, to, bytes) = (address(from), address(to), bytes.into());
        self.packets.push(Packet { seq, at, host, way, from, to, bytes });
    }

    /// A request of the bot about the call, and what Graph says to it.
    pub fn asks(&mut self, action: &str, body: Value, status: u16, reply: Value) {
        let (sent, asked) = self.begins("POST", action, body);
        self.replies(sent, asked, status, reply);
    }

    /// The request alone: its numbers at the bot and at Graph.
    pub fn begins(&mut self, method: &str, action: &str, body: Value) -> (u64, u64) {
        let path = format!("/v1.0/communications/calls/{CALL}{action}");
        self.begins_at(method, &path, body)
    }

    pub fn begins_at(&mut self, method: &str, path: &str, body: Value) -> (u64, u64) {
        let claims = json!({"appid": APP, "tid": TENANT, "roles": self.roles});
        let headers = vec![field("authorization", &format!("Bearer {}", jwt(&claims)))];
        let http = request(method, path, headers, &body);
        let sent = self.one(BOT, GRAPH, 443, Way::Sent, http.clone());
        let asked = self.one(GRAPH, BOT, 443, Way::Received, http);
        (sent, asked)
    }

    pub fn replies(&mut self, sent: u64, asked: u64, status: u16, reply: Value) {
        let ids = vec![field("request-id", "r"), field("client-request-id", "r")];
        self.replies_with(sent, asked, status, ids, reply);
    }

    /// Graph's answer breaks off.
    pub fn breaks_off(&mut self, sent: u64, asked: u64) {
        self.one(GRAPH, BOT, 443, Way::Sent, Http::Broken { to: Some(asked) });
        self.one(BOT, GRAPH, 443, Way::Received, Http::Broken { to: Some(sent) });
    }

    pub fn replies_with(
        &mut self,
        sent: u64,
        asked: u64,
        status: u16,
        headers: Vec<(String, String)>,
        reply: Value,
    ) {
        let answer = |to| response(to, status, headers.clone(), &reply);
        self.one(GRAPH, BOT, 443, Way::Sent, answer(asked));
        self.one(BOT, GRAPH, 443, Way::Received, answer(sent));
    }

    /// People use the control API.
    pub fn control(&mut self, method: &str, path: &str, body: Value, status: u16, reply: Value) {
        let ask = request(method, path, Vec::new(), &body);
        let asked = self.one(GRAPH, PEOPLE, 8_090, Way::Received, ask);
        self.one(GRAPH, PEOPLE, 8_090, Way::Sent, response(asked, status, Vec::new(), &reply));
    }

    pub fn acts(&mut self, action: Value) {
        self.control("POST", &format!("/calls/{CALL}/actions"), action, 202, Value::Null);
    }

    pub fn hangs_up(&mut self) {
        self.acts(json!({"by": "u1", "action": "hangup"}));
    }

    pub fn invites(&mut self) {
        self.acts(json!({"by": "u1", "action": {"invite": {"user": "u2"}}}));
    }

    pub fn faults(&mut self, plan: Value) {
        self.control("PUT", "/faults", plan, 204, Value::Null);
    }

    pub fn grants(&mut self, roles: &[&str]) {
        let path = format!("/tenants/{TENANT}/apps/{APP}");
        self.control("PUT", &path, json!({"roles": roles}), 204, Value::Null);
    }

    /// An entry with a new etag, not sent yet.
    pub fn entry(&mut self, change: &str, below: &str, mut data: Value) -> Value {
        if data.is_object() {
            self.etag += 1;
            data["@odata.etag"] = format!("W/\"{}\"", self.etag).into();
        }
        let url = format!("/communications/calls/{CALL}{below}");
        json!({"changeType": change, "resourceUrl": url, "resourceData": data})
    }

    /// A new notification that the bot takes.
    pub fn notified(&mut self, change: &str, below: &str, data: Value) {
        let entry = self.entry(change, below, data);
        self.delivered(&entry);
    }

    pub fn updated(&mut self, data: Value) {
        self.notified("updated", "", data);
    }

    pub fn ends(&mut self) {
        self.notified("deleted", "", json!({"state": "terminated"}));
    }

    /// Delivered under a new message id, and taken.
    pub fn delivered(&mut self, entry: &Value) {
        self.deliveries += 1;
        let message = format!("m{}", self.deliveries);
        self.attempt(&message, entry, Some(202));
    }

    /// One attempt; without a status the bot says nothing, and the connection breaks.
    pub fn attempt(&mut self, message: &str, entry: &Value, status: Option<u16>) {
        let http = envelope(message, "genuine", entry);
        let sent = self.one(GRAPH, BOT, 443, Way::Sent, http.clone());
        let told = self.one(BOT, GRAPH, 443, Way::Received, http);
        let answer = |to| match status {
            Some(status) => response(to, status, Vec::new(), &Value::Null),
            None => Http::Broken { to: Some(to) },
        };
        self.one(BOT, GRAPH, 443, Way::Sent, answer(told));
        self.one(GRAPH, BOT, 443, Way::Received, answer(sent));
    }

    /// A stranger notifies.
    pub fn stranger(&mut self, token: &str, entry: &Value, status: u16) {
        let told = self.one(BOT, PEOPLE, 443, Way::Received, envelope("x", token, entry));
        self.one(BOT, PEOPLE, 443, Way::Sent, response(told, status, Vec::new(), &Value::Null));
    }

    /// A prompt is taken.
    pub fn plays(&mut self, id: &str) {
        let body = json!({"prompts": [{}], "clientContext": id});
        self.asks("/playPrompt", body, 200, operation(id, "running"));
    }

    pub fn operation_ends(&mut self, id: &str) {
        let below = format!("/operations/{id}");
        self.notified("deleted", &below, operation(id, "completed"));
    }
}

pub fn answer() -> Value {
    json!({"mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"}})
}

pub fn operation(id: &str, status: &str) -> Value {
    json!({"@odata.type": "#microsoft.graph.playPromptOperation", "id": id, "status": status})
}

pub fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn jwt(claims: &Value) -> String {
    format!("e30.{}.x", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn envelope(message: &str, token: &str, entry: &Value) -> Http {
    let headers = vec![
        field("authorization", &format!("Bearer {token}")),
        field("x-microsoft-skype-message-id", message),
    ];
    request("POST", "/api/calls", headers, &json!({"value": [entry]}))
}

fn request(method: &str, path: &str, headers: Vec<(String, String)>, body: &Value) -> Http {
    let (headers, body) = written(headers, body);
    Http::Request { method: method.to_owned(), target: path.to_owned(), headers, body }
}

fn response(to: u64, status: u16, headers: Vec<(String, String)>, body: &Value) -> Http {
    let (headers, body) = written(headers, body);
    Http::Response { to, status, headers, body }
}

/// A text is a body that calls itself JSON and may be none.
fn written(mut headers: Vec<(String, String)>, body: &Value) -> (Vec<(String, String)>, Vec<u8>) {
    if body.is_null() {
        return (headers, Vec::new());
    }
    headers.push(field("content-type", "application/json;charset=utf-8"));
    let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
    (headers, text.into_bytes())
}

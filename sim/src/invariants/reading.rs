//! From messages to what they mean: requests find their responses, bodies are read as JSON.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use graph_api::Timestamp;
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use super::{
    bounded::Bounded,
    events::{Asked, Control, Delivery, Entry, Event, Exchange, Token},
    facts::Facts,
    ledger::Ledger,
    paths::{canonical, locate, resource, segments},
};
use crate::wire::{Http, Message, Way};

/// Requests that wait for their responses.
const OPEN_MAX: usize = 10_000;

/// Pairs and reads.
pub(super) struct Reader {
    graph: String,
    graph_port: u16,
    control_port: u16,
    bot: String,
    bot_port: u16,
    open: Bounded<u64, Open>,
}

enum Open {
    /// Graph is asked, as Graph or (`true`) as the bot sees it.
    Asked(Arc<Asked>, bool),
    Control(Box<Control>),
    /// Graph notifies, as Graph or (`true`) as the bot sees it.
    Delivery(Arc<Delivery>, bool),
}

impl Reader {
    pub fn new(facts: &Facts) -> Self {
        let Facts { graph, graph_port, control_port, bot, bot_port, .. } = facts.clone();
        Self { graph, graph_port, control_port, bot, bot_port, open: Bounded::new(OPEN_MAX) }
    }

    /// What a message means; nothing, if it concerns nobody here.
    pub fn read(&mut self, message: &Message, ledger: &Ledger) -> Option<Event> {
        match &message.http {
            Http::Request { method, target, headers, body } => {
                self.request(message, method, target, headers, body, ledger)
            }
            Http::Response { to, status, headers, body } => {
                let open = self.open.remove(to)?;
                ended(open, message, Some(*status), headers, body)
            }
            Http::Broken { to } => {
                let open = self.open.remove(&(*to)?)?;
                ended(open, message, None, &[], &[])
            }
        }
    }

    fn request(
        &mut self,
        message: &Message,
        method: &str,
        target: &str,
        headers: &[(String, String)],
        body: &[u8],
        ledger: &Ledger,
    ) -> Option<Event> {
        let Message { seq, at, way, port, .. } = *message;
        let here = |host: &str| &*message.host == host;
        let (graph, bot) = (here(&self.graph), here(&self.bot));
        let to_graph = (graph && way == Way::Received)
            || (bot && way == Way::Sent && *message.peer == *self.graph);
        if to_graph && port == self.graph_port {
            let asked = Arc::new(asked(seq, at, method, target, headers, body)?);
            self.open.insert(seq, Open::Asked(asked.clone(), bot));
            return Some(if bot { Event::BotAsked(asked) } else { Event::Asked(asked) });
        }
        if graph && way == Way::Received && port == self.control_port {
            let control = |path| Control {
                asked_seq: seq,
                asked_at: at,
                seq,
                at,
                method: method.to_owned(),
                path,
                body: json(body),
                status: None,
                reply: Value::Null,
            };
            self.open.insert(seq, Open::Control(Box::new(control(segments(target)))));
            return Some(Event::ControlAsked(control(segments(target))));
        }
        let told = bot && way == Way::Received && port == self.bot_port;
        if method == "POST" && (told || (graph && way == Way::Sent)) {
            let delivery = Arc::new(delivery(message, headers, body, ledger)?);
            self.open.insert(seq, Open::Delivery(delivery.clone(), told));
            return Some(if told { Event::Told(delivery) } else { Event::Notified(delivery) });
        }
        None
    }
}

/// A request has its response, or will have none.
fn ended(
    open: Open,
    message: &Message,
    status: Option<u16>,
    headers: &[(String, String)],
    body: &[u8],
) -> Option<Event> {
    let Message { seq, at, .. } = *message;
    match open {
        Open::Asked(asked, by_bot) => {
            let named = |name: &str| header(headers, name).map(str::to_owned);
            let (request_id, client_id) = (named("request-id"), named("client-request-id"));
            let retry_after =
                header(headers, "retry-after").and_then(|text| text.trim().parse().ok());
            let body = json(body);
            let exchange =
                Exchange { asked, seq, at, status, request_id, client_id, retry_after, body };
            Some(if by_bot { Event::BotHeard(exchange) } else { Event::Replied(exchange) })
        }
        Open::Control(control) => {
            Some(Event::ControlDone(Control { seq, at, status, reply: json(body), ..*control }))
        }
        Open::Delivery(delivery, true) => Some(Event::Took(delivery, status?, seq, at)),
        Open::Delivery(delivery, false) => Some(Event::Acknowledged(delivery, status)),
    }
}

fn asked(
    seq: u64,
    at: Timestamp,
    method: &str,
    target: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> Option<Asked> {
    let located = locate(method, target)?;
    Some(Asked {
        seq,
        at,
        target: target.to_owned(),
        op: located.op,
        call: located.call,
        token: bearer(headers).and_then(token),
        client_id: header(headers, "client-request-id").map(str::to_owned),
        body: json(body),
    })
}

fn delivery(
    message: &Message,
    headers: &[(String, String)],
    body: &[u8],
    ledger: &Ledger,
) -> Option<Delivery> {
    let body = json(body);
    let id = header(headers, "x-microsoft-skype-message-id").unwrap_or_default().to_owned();
    let mut entries: Vec<Entry> = Vec::new();
    for written in body["value"].as_array()? {
        let url = written["resourceUrl"].as_str().or_else(|| written["resource"].as_str());
        let Some((call, below, own)) = url.and_then(resource) else { continue };
        let hash = xxh3_64(written.to_string().as_bytes());
        let in_batch = entries.iter().any(|other| other.call == call && other.hash == hash);
        entries.push(Entry {
            fresh: !in_batch && !ledger.was_sent(&call, hash),
            explained: ledger.explains(&call, &id),
            change: written["changeType"].as_str().unwrap_or_default().to_ascii_lowercase(),
            data: written["resourceData"].clone(),
            id: own,
            call,
            below,
            hash,
        });
    }
    Some(Delivery {
        seq: message.seq,
        at: message.at,
        to: message.peer.clone(),
        message: id,
        token: bearer(headers).unwrap_or_default().to_owned(),
        entries,
    })
}

/// The first header of a name in lower case.
pub(super) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
}

fn bearer(headers: &[(String, String)]) -> Option<&str> {
    let (scheme, token) = header(headers, "authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The claims of a JWT, unchecked: whether it is good is the platform's to say, what it says is on the wire.
fn token(text: &str) -> Option<Token> {
    let claims = URL_SAFE_NO_PAD.decode(text.split('.').nth(1)?.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let id = |name: &str| claims[name].as_str().map(canonical);
    let roles = claims["roles"].as_array().into_iter().flatten().filter_map(Value::as_str);
    Some(Token {
        app: id("appid").unwrap_or_default(),
        tenant: id("tid").unwrap_or_default(),
        roles: roles.map(str::to_owned).collect(),
        delegated: claims["scp"].is_string(),
    })
}

fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

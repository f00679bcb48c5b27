//! What messages mean.

use std::{collections::BTreeSet, sync::Arc};

use graph_api::Timestamp;
use serde_json::Value;

/// A request to Graph.
#[derive(Debug)]
pub(super) struct Asked {
    pub seq: u64,
    pub at: Timestamp,
    /// Path and query.
    pub target: String,
    /// The action, as a fault plan names it; `other` outside of the calls API.
    pub op: String,
    /// The call, if it is about one.
    pub call: Option<String>,
    pub token: Option<Token>,
    pub client_id: Option<String>,
    /// Null if it is not JSON.
    pub body: Value,
}

/// What an access token says.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub app: String,
    pub tenant: String,
    pub roles: BTreeSet<String>,
    /// A user's, without roles.
    pub delegated: bool,
}

/// A request to Graph with its response.
#[derive(Debug)]
pub(super) struct Exchange {
    pub asked: Arc<Asked>,
    pub seq: u64,
    pub at: Timestamp,
    /// None: the connection broke.
    pub status: Option<u16>,
    pub request_id: Option<String>,
    pub client_id: Option<String>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// Null if it is not JSON.
    pub body: Value,
}

impl Exchange {
    pub fn worked(&self) -> bool {
        worked(self.status)
    }
}

/// Whether a status is a 2xx.
pub(super) fn worked(status: Option<u16>) -> bool {
    status.is_some_and(|status| (200..300).contains(&status))
}

/// A request of the control API with its response.
#[derive(Debug)]
pub(super) struct Control {
    pub asked_seq: u64,
    pub asked_at: Timestamp,
    pub seq: u64,
    pub at: Timestamp,
    pub method: String,
    /// The segments of the path.
    pub path: Vec<String>,
    pub body: Value,
    pub status: Option<u16>,
    pub reply: Value,
}

/// A notification on its way.
#[derive(Debug)]
pub(super) struct Delivery {
    pub seq: u64,
    pub at: Timestamp,
    /// The peer.
    pub to: Arc<str>,
    /// `X-Microsoft-Skype-Message-ID`.
    pub message: String,
    /// What stands behind `Bearer`; empty if nothing does.
    pub token: String,
    pub entries: Vec<Entry>,
}

/// One entry of a notification.
#[derive(Debug)]
pub(super) struct Entry {
    pub call: String,
    /// The collection below the call, in lower case.
    pub below: Option<String>,
    /// The id in that collection.
    pub id: Option<String>,
    /// In lower case.
    pub change: String,
    pub data: Value,
    /// Of all its text.
    pub hash: u64,
    /// Nothing of the same text was sent for this call before.
    pub fresh: bool,
    /// Why it is sent again is known.
    pub explained: bool,
}

impl Entry {
    /// Whether it is about the call itself, and not about a participant who joins it for recording.
    pub fn is_of_call(&self) -> bool {
        let kind = self.data["@odata.type"].as_str().unwrap_or_default();
        self.below.is_none() && (kind.is_empty() || kind.ends_with(".call"))
    }

    /// The state that it tells; `terminated` of a deleted call.
    pub fn state(&self) -> Option<&str> {
        match self.is_of_call() {
            true if self.change == "deleted" => Some("terminated"),
            true => self.data["state"].as_str(),
            false => None,
        }
    }

    /// Whether it tells of a key that somebody pressed.
    pub fn is_key(&self) -> bool {
        !self.data["toneInfo"].is_null()
    }

    pub fn is_terminal(&self) -> bool {
        self.state() == Some("terminated")
    }
}

/// What a message means.
#[derive(Debug)]
pub(super) enum Event {
    /// Graph was asked.
    Asked(Arc<Asked>),
    /// Graph answered, or its connection broke.
    Replied(Exchange),
    /// Graph sent a notification.
    Notified(Arc<Delivery>),
    /// Graph heard how it was taken; none: the connection broke.
    Acknowledged(Arc<Delivery>, Option<u16>),
    /// The bot got a notification.
    Told(Arc<Delivery>),
    /// The bot answered one, with this status, in this message.
    Took(Arc<Delivery>, u16, u64, Timestamp),
    /// The bot asked Graph.
    BotAsked(Arc<Asked>),
    /// The bot heard Graph's answer.
    BotHeard(Exchange),
    /// People want something of the control API.
    ControlAsked(Control),
    /// They got it, or not.
    ControlDone(Control),
}

impl Event {
    /// The number of its message.
    pub fn seq(&self) -> u64 {
        match self {
            Self::Asked(asked) | Self::BotAsked(asked) => asked.seq,
            Self::Replied(exchange) | Self::BotHeard(exchange) => exchange.seq,
            Self::Notified(delivery) | Self::Told(delivery) | Self::Acknowledged(delivery, _) => {
                delivery.seq
            }
            Self::Took(_, _, seq, _) => *seq,
            Self::ControlAsked(control) | Self::ControlDone(control) => control.seq,
        }
    }
}

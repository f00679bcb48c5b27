//! The form of what is said.

use serde::de::IgnoredAny;

use super::{
    Event, Violation, World, bounded::Bounded, events::Exchange, facts::Facts, reading::header,
};
use crate::wire::{Http, Message, Way};

pub(super) const ID: &str = "well-formed";

/// Characters of a client's request id that are echoed; what is longer need not be.
const ECHOED_MAX: usize = 128;

/// clients.md 13 and 17: what calls itself JSON is JSON and not empty; every response of Graph has `request-id` and
/// echoes `client-request-id`; it fails with a 5xx only where a fault plan says so.
pub(super) struct Form {
    /// HEAD requests: their responses have headers for a body that they do not have.
    heads: Bounded<u64, ()>,
}

impl Default for Form {
    fn default() -> Self {
        Self { heads: Bounded::new(1_000) }
    }
}

impl Form {
    /// What can be said of a message by itself.
    pub fn on_message(&mut self, message: &Message, facts: &Facts, out: &mut Vec<Violation>) {
        let (headers, body, of_head) = match &message.http {
            Http::Request { method, headers, body, .. } => {
                if method == "HEAD" {
                    self.heads.insert(message.seq, ());
                }
                (headers, body, false)
            }
            Http::Response { to, headers, body, .. } => {
                (headers, body, self.heads.remove(to).is_some())
            }
            Http::Broken { .. } => return,
        };
        let judged = [&facts.graph, &facts.bot].into_iter().any(|host| **host == *message.host);
        let kind = header(headers, "content-type").unwrap_or_default().to_ascii_lowercase();
        let promised = kind.split(';').next().is_some_and(|kind| kind.trim() == "application/json");
        if !judged || message.way != Way::Sent || of_head || !promised {
            return;
        }
        if let Err(why) = serde_json::from_slice::<IgnoredAny>(body) {
            let text = format!("{} calls JSON what is none: {why}", message.host);
            out.push(Violation { invariant: ID, at: message.at, seq: message.seq, text });
        }
    }

    /// What has to be said of Graph's responses.
    pub fn on_event(&self, event: &Event, world: &World, out: &mut Vec<Violation>) {
        let Event::Replied(exchange) = event else { return };
        let Some(status) = exchange.status else { return };
        let mut wrong = Vec::new();
        if exchange.request_id.is_none() {
            wrong.push("has no request-id".to_owned());
        }
        if !is_echoed(exchange) {
            wrong.push("does not echo client-request-id".to_owned());
        }
        if status >= 500 && !world.weather.explains(&exchange.asked.op, status, exchange.asked.at) {
            wrong.push("is no fault of the plan".to_owned());
        }
        for wrong in wrong {
            let text = format!("the {status} to {} {wrong}", exchange.asked.target);
            out.push(Violation { invariant: ID, at: exchange.at, seq: exchange.seq, text });
        }
    }
}

fn is_echoed(exchange: &Exchange) -> bool {
    let asked = exchange.asked.client_id.as_deref();
    let asked = asked.filter(|id| id.len() <= ECHOED_MAX && id.is_ascii());
    match (asked, exchange.client_id.as_deref()) {
        (Some(asked), Some(echo)) => asked == echo,
        (None, echo) => echo.is_some(),
        (Some(_), None) => false,
    }
}

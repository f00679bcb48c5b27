//! Every operation ends once.

use graph_api::Timestamp;

use super::{
    Check, Event, Violation, World,
    bounded::Bounded,
    events::{Delivery, Entry, Exchange},
    paths::{canonical, short},
    weather::Trouble,
};

pub(super) const ID: &str = "operations-end-once";

/// what was completed or failed in its reply has no notification, everything else has exactly one
/// `deleted`; none is owed once the call has ended, nor for a prompt that plays for ever.
#[derive(Default)]
pub(super) struct Operations(Bounded<(String, String), Operation>);

#[derive(Debug)]
struct Operation {
    what: String,
    seq: u64,
    at: Timestamp,
    /// It was over when it was answered.
    was_final: bool,
    endless: bool,
    ended: bool,
}

impl Check for Operations {
    fn on(&mut self, event: &Event, world: &mut World, out: &mut Vec<Violation>) {
        match event {
            Event::Replied(exchange) if exchange.worked() => self.begun(exchange),
            Event::Notified(delivery) => {
                for entry in &delivery.entries {
                    out.extend(self.told(delivery, entry, world));
                }
            }
            _ => {}
        }
    }

    fn missing(&self, world: &World, out: &mut Vec<Violation>) {
        for ((id, _), operation) in self.0.iter() {
            let Operation { what, seq, at, was_final, endless, ended } = operation;
            let call = world.ledger.call(id);
            // A call that must end is missed elsewhere; with it, its operations need no end.
            let over = call.is_none_or(|call| call.ended.is_some() || call.doom.is_some());
            let excused = world.weather.may(Trouble::Lost, "operation", id, *at)
                || world.weather.may(Trouble::Network, "", id, *at);
            if !(*was_final || *endless || *ended || over || excused) {
                let text = format!("{what} on call {} was begun and has not ended", short(id));
                out.push(Violation { invariant: ID, at: *at, seq: *seq, text });
            }
        }
    }
}

impl Operations {
    fn begun(&mut self, exchange: &Exchange) {
        let Exchange { asked, seq, at, body, .. } = exchange;
        let kind = body["@odata.type"].as_str().unwrap_or_default();
        let (Some(call), Some(id)) = (&asked.call, body["id"].as_str()) else { return };
        if asked.op == "getOperation" || !kind.ends_with("peration") {
            return;
        }
        let status = body["status"].as_str().unwrap_or_default().to_ascii_lowercase();
        let operation = Operation {
            what: asked.op.clone(),
            seq: *seq,
            at: *at,
            was_final: matches!(status.as_str(), "completed" | "failed"),
            endless: asked.body["loop"] == true,
            ended: false,
        };
        let ended = self.0.get_mut(&(call.clone(), canonical(id))).is_some_and(|known| known.ended);
        self.0.insert((call.clone(), canonical(id)), Operation { ended, ..operation });
    }

    fn told(&mut self, delivery: &Delivery, entry: &Entry, world: &World) -> Option<Violation> {
        let id = entry.id.clone().filter(|_| entry.below.as_deref() == Some("operations"))?;
        let call = world.ledger.call(&entry.call)?;
        let may = |of: Trouble| world.weather.may(of, "operation", &entry.call, call.first_at);
        let again = !entry.fresh && (entry.explained || may(Trouble::Repeated));
        let key = (entry.call.clone(), id);
        let wrong = match self.0.get_mut(&key) {
            _ if entry.change != "deleted" => Some("is told of before its end"),
            Some(operation) if operation.was_final => {
                Some("had ended in its reply, and ends again")
            }
            Some(operation) if operation.ended => (!again).then_some("ends twice"),
            Some(operation) => {
                operation.ended = true;
                None
            }
            None => {
                // A reply that is late is overtaken by what did not wait for it.
                let late = world.weather.holds_replies(call.first_at);
                if late {
                    let (seq, at) = (delivery.seq, delivery.at);
                    let what = "an operation".to_owned();
                    let (was_final, endless, ended) = (false, false, true);
                    let known = Operation { what, seq, at, was_final, endless, ended };
                    self.0.insert(key, known);
                }
                (!call.reply_lost && !again && !late)
                    .then_some("ends, and nobody was told of it before")
            }
        };
        let text =
            format!("an operation on call {} {}: {}", short(&entry.call), wrong?, entry.data);
        Some(Violation { invariant: ID, at: delivery.at, seq: delivery.seq, text })
    }
}

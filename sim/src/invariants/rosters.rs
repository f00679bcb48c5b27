//! No roster between two.

use super::{Check, Event, Violation, World, ledger::Birth, paths::short};

pub(super) const ID: &str = "no-roster-of-two";

/// a call born peer-to-peer has no roster notification and an empty list of
/// participants, before its escalation and after it.
pub(super) struct Rosters;

impl Check for Rosters {
    fn on(&mut self, event: &Event, world: &mut World, out: &mut Vec<Violation>) {
        let peer = |id: &str| world.ledger.call(id).is_some_and(|call| call.birth == Birth::Peer);
        match event {
            Event::Notified(delivery) => {
                for entry in &delivery.entries {
                    if entry.below.as_deref() == Some("participants") && peer(&entry.call) {
                        let text = format!("call {} has a roster notification", short(&entry.call));
                        let (at, seq) = (delivery.at, delivery.seq);
                        out.push(Violation { invariant: ID, at, seq, text });
                    }
                }
            }
            Event::Replied(exchange) if exchange.worked() => {
                let Some(id) = exchange.asked.call.as_deref() else { return };
                let listed = exchange.asked.op == "listParticipants";
                let some = exchange.body["value"].as_array().is_none_or(|list| !list.is_empty());
                if listed && some && peer(id) {
                    let text = format!("call {} lists participants", short(id));
                    let (at, seq) = (exchange.at, exchange.seq);
                    out.push(Violation { invariant: ID, at, seq, text });
                }
            }
            _ => {}
        }
    }
}

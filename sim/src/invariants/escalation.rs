//! Whoever may not join does not stay.

use graph_api::Timestamp;

use super::{
    Check, Event, Violation, World,
    bounded::Bounded,
    events::{Control, Entry, worked},
    ledger::{Birth, action},
    paths::short,
    weather::Trouble,
};

pub(super) const ID: &str = "escalation-drops";

/// when people invite somebody into a peer-to-peer call and the bot has not been granted
/// Calls.JoinGroupCall.All, it is told of the retarget at most (`inactive`), then of its end, and can do nothing
/// any more.
#[derive(Default)]
pub(super) struct Escalation {
    /// Invitations under way: whether the call was quiet when they came, and a peer-to-peer one.
    asked: Bounded<u64, bool>,
    /// Calls that must end: what ordered it.
    dropped: Bounded<String, Dropped>,
}

#[derive(Debug)]
struct Dropped {
    seq: u64,
    at: Timestamp,
    /// Nothing older was under way then.
    quiet: bool,
}

impl Check for Escalation {
    fn on(&mut self, event: &Event, world: &mut World, out: &mut Vec<Violation>) {
        match event {
            Event::ControlAsked(asked) => {
                let Some((id, "invite")) = action(asked) else { return };
                let call = world.ledger.call(&id);
                if let Some(call) = call.filter(|c| c.birth == Birth::Peer && !c.escalated) {
                    self.asked.insert(asked.seq, call.is_quiet());
                }
            }
            Event::ControlDone(done) => self.invited(done, world),
            Event::Notified(delivery) => {
                for entry in delivery.entries.iter().filter(|entry| entry.fresh) {
                    if self.stays(entry, world) {
                        let id = short(&entry.call);
                        let text = format!(
                            "call {id} goes on after an escalation that ends it for its bot"
                        );
                        let (at, seq) = (delivery.at, delivery.seq);
                        out.push(Violation { invariant: ID, at, seq, text });
                    }
                }
            }
            Event::Replied(exchange) if exchange.worked() => {
                let Some(id) = &exchange.asked.call else { return };
                let dropped = self.dropped.get(id);
                if dropped.is_some_and(|dropped| exchange.asked.seq > dropped.seq) {
                    let text = format!(
                        "{} succeeds on call {} after an escalation that ends it for its bot",
                        exchange.asked.op,
                        short(id)
                    );
                    let (at, seq) = (exchange.at, exchange.seq);
                    out.push(Violation { invariant: ID, at, seq, text });
                }
            }
            _ => {}
        }
    }

    fn missing(&self, world: &World, out: &mut Vec<Violation>) {
        for (id, Dropped { seq, at, .. }) in self.dropped.iter() {
            let call = world.ledger.call(id);
            // Whoever hung up is waited for elsewhere.
            let over = call.is_none_or(|call| call.ended.is_some() || call.doom.is_some());
            let excused = world.weather.may(Trouble::Lost, "ended", id, *at)
                || world.weather.may(Trouble::Network, "", id, *at);
            if !over && !excused {
                let text = format!(
                    "call {} was escalated, its bot may not join group calls, and it has not ended",
                    short(id)
                );
                out.push(Violation { invariant: ID, at: *at, seq: *seq, text });
            }
        }
    }
}

impl Escalation {
    /// Whether a bot that may not is told of more than the retarget and the end.
    fn stays(&self, entry: &Entry, world: &World) -> bool {
        let Some(dropped) = self.dropped.get(&entry.call) else { return false };
        let late = |trouble| world.weather.may(trouble, "call", &entry.call, Timestamp::default());
        let retarget = entry.data["mediaState"]["audio"] == "inactive";
        let told = entry.state() == Some("established") && !retarget;
        dropped.quiet && told && !late(Trouble::Delayed) && !late(Trouble::Reordered)
    }

    fn invited(&mut self, done: &Control, world: &mut World) {
        let Some(quiet) = self.asked.remove(&done.asked_seq) else { return };
        let Some((id, _)) = action(done).filter(|_| worked(done.status)) else { return };
        let Some(call) = world.ledger.call(&id) else { return };
        let app = call.app.clone().unwrap_or_else(|| super::paths::canonical(&world.facts.app));
        let tenant =
            call.tenant.clone().unwrap_or_else(|| super::paths::canonical(&world.facts.tenant));
        let any = ["Calls.JoinGroupCall.All"];
        if !world.grants.granted(&tenant, &app, &any, done.asked_at, done.at) {
            self.dropped.insert(id, Dropped { seq: done.seq, at: done.at, quiet });
        }
    }
}

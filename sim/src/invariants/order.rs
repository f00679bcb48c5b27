//! First things first.

use graph_api::Timestamp;

use super::{
    Check, Event, Violation, World,
    bounded::Bounded,
    events::{Delivery, Entry},
    paths::{canonical, short},
    weather::Trouble,
};

pub(super) const ID: &str = "notifications-in-order";

/// clients.md 24 and 26, R-201, R-253: notifications of one call are first sent in the order in which things
/// happened, as `@odata.etag`, tones and delta rosters number them, and none before the 201 that makes the call.
#[derive(Default)]
pub(super) struct Order {
    calls: Bounded<String, Numbers>,
    /// Calls that were told of and neither rang nor were in a reply.
    early: Bounded<String, (u64, Timestamp)>,
    known: Bounded<String, ()>,
}

/// The last numbers of one call.
#[derive(Debug, Default)]
struct Numbers {
    etag: Option<u64>,
    tone: Option<u64>,
    roster: Option<u64>,
}

impl Check for Order {
    fn on(&mut self, event: &Event, world: &mut World, out: &mut Vec<Violation>) {
        match event {
            Event::Notified(delivery) => {
                for entry in &delivery.entries {
                    if entry.change == "created" && entry.is_of_call() {
                        self.known.insert(entry.call.clone(), ());
                    } else if !self.known.contains(&entry.call) && !self.early.contains(&entry.call)
                    {
                        self.early.insert(entry.call.clone(), (delivery.seq, delivery.at));
                    }
                    if entry.fresh {
                        out.extend(self.numbered(delivery, entry, world));
                    }
                }
            }
            Event::Replied(exchange) if exchange.worked() && exchange.asked.op == "create" => {
                let Some(id) = exchange.body["id"].as_str().map(canonical) else { return };
                if let Some((seq, at)) = self.early.remove(&id) {
                    let text =
                        format!("call {} is told of before the reply that makes it", short(&id));
                    out.push(Violation { invariant: ID, at, seq, text });
                }
                self.known.insert(id, ());
            }
            _ => {}
        }
    }
}

impl Order {
    fn numbered(&mut self, delivery: &Delivery, entry: &Entry, world: &World) -> Option<Violation> {
        let data = &entry.data;
        let etag = data["@odata.etag"].as_str().and_then(number);
        let tone = data["toneInfo"]["sequenceId"].as_u64();
        let delta =
            data["@odata.type"].as_str().is_some_and(|kind| kind.ends_with("deltaParticipants"));
        let roster = data["sequenceNumber"].as_u64().filter(|_| delta);
        let numbers = self.calls.entry(&entry.call, Numbers::default);
        let wrong = [
            ("its etag", &mut numbers.etag, etag, false),
            ("its tone", &mut numbers.tone, tone, true),
            ("its roster", &mut numbers.roster, roster, true),
        ]
        .into_iter()
        .filter_map(|(what, last, next, strict)| back(what, last, next, strict));
        let said: Vec<String> = wrong.collect();
        let since = world.ledger.call(&entry.call)?.first_at;
        if said.is_empty() || world.weather.may(Trouble::Reordered, "", &entry.call, since) {
            return None;
        }
        let text = format!("call {}: {}", short(&entry.call), said.join(", "));
        Some(Violation { invariant: ID, at: delivery.at, seq: delivery.seq, text })
    }
}

/// Notes a number; says so, if it goes back (or, `strict`, does not go on).
fn back(what: &str, last: &mut Option<u64>, next: Option<u64>, strict: bool) -> Option<String> {
    let next = next?;
    let before = last.replace(next.max(last.unwrap_or_default()))?;
    (next < before || (strict && next == before))
        .then(|| format!("{what} has number {next} after number {before}"))
}

/// The number in `W/"17"`.
fn number(etag: &str) -> Option<u64> {
    etag.trim_start_matches("W/").trim_matches('"').parse().ok()
}

//! Only forward.

use super::{Check, Event, Violation, World, bounded::Bounded, paths::short, weather::Trouble};

pub(super) const ID: &str = "progress-forward";

/// R-150, clients.md 25: incoming, establishing, ringing, established, transferring, transferAccepted,
/// terminating, terminated; back only from a transfer that failed, and redirecting only before an answer.
#[derive(Default)]
pub(super) struct Progress(Bounded<String, String>);

impl Check for Progress {
    fn on(&mut self, event: &Event, world: &mut World, out: &mut Vec<Violation>) {
        let Event::Notified(delivery) = event else { return };
        for entry in delivery.entries.iter().filter(|entry| entry.fresh) {
            let Some(state) = entry.state() else { continue };
            let since = world.ledger.call(&entry.call).map_or(delivery.at, |call| call.first_at);
            let swapped = world.weather.may(Trouble::Reordered, "", &entry.call, since);
            let last = self.0.entry(&entry.call, String::new);
            if !is_forward(last, state) && !swapped {
                let text = format!("call {} goes from {last} to {state}", short(&entry.call));
                out.push(Violation { invariant: ID, at: delivery.at, seq: delivery.seq, text });
            }
            if last != "terminated" {
                state.clone_into(last);
            }
        }
    }
}

fn is_forward(from: &str, to: &str) -> bool {
    match (from, to) {
        // What comes after the end is another invariant's.
        ("terminated", _) => true,
        ("transferring" | "transferAccepted", "established") => true,
        (from, "redirecting") => matches!(from, "" | "incoming" | "redirecting"),
        ("redirecting", to) => to == "terminated",
        (from, to) => match (rank(from), rank(to)) {
            (Some(from), Some(to)) => from <= to,
            _ => from.is_empty(),
        },
    }
}

fn rank(state: &str) -> Option<u8> {
    Some(match state {
        "incoming" => 0,
        "establishing" => 1,
        "ringing" => 2,
        "established" | "hold" => 3,
        "transferring" => 4,
        "transferAccepted" => 5,
        "terminating" => 6,
        "terminated" => 7,
        _ => return None,
    })
}

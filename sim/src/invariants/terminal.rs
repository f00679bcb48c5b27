//! One end.

use super::{
    Check, Event, Violation, World,
    bounded::Bounded,
    events::{Delivery, Entry},
    paths::short,
    weather::Trouble,
};

pub(super) const ID: &str = "one-end";

/// clients.md 25: a call has exactly one terminal notification, nothing new comes after it, and
/// what must end does end. The same bytes again are a repetition, which a retry, the fault plan or people explain.
#[derive(Default)]
pub(super) struct Terminal(Bounded<String, ()>);

impl Check for Terminal {
    fn on(&mut self, event: &Event, world: &mut World, out: &mut Vec<Violation>) {
        let Event::Notified(delivery) = event else { return };
        for entry in &delivery.entries {
            if self.0.contains(&entry.call) {
                out.extend(self.after_the_end(delivery, entry, world));
            } else if entry.is_terminal() {
                self.0.insert(entry.call.clone(), ());
            }
        }
    }

    fn missing(&self, world: &World, out: &mut Vec<Violation>) {
        for (id, call) in world.ledger.calls() {
            let Some(doom) = call.doom.as_ref().filter(|_| call.ended.is_none()) else { continue };
            if world.weather.may(Trouble::Lost, "ended", id, doom.at)
                || world.weather.may(Trouble::Network, "", id, doom.at)
            {
                continue;
            }
            let text =
                format!("call {} {} and has had no terminal notification", short(id), doom.why);
            out.push(Violation { invariant: ID, at: doom.at, seq: doom.seq, text });
        }
    }
}

impl Terminal {
    fn after_the_end(
        &self,
        delivery: &Delivery,
        entry: &Entry,
        world: &World,
    ) -> Option<Violation> {
        let since = world.ledger.call(&entry.call)?.first_at;
        let may = |trouble, of| world.weather.may(trouble, of, &entry.call, since);
        let what = match (entry.is_terminal(), entry.fresh) {
            (true, true) => "has a second terminal notification, and another one",
            (true, false) if !entry.explained && !may(Trouble::Repeated, "ended") => {
                "has its terminal notification again, without a reason"
            }
            (false, true) if !may(Trouble::Reordered, "") => "is told something new after its end",
            _ => return None,
        };
        let text = format!("call {} {what}: {}", short(&entry.call), entry.data);
        Some(Violation { invariant: ID, at: delivery.at, seq: delivery.seq, text })
    }
}

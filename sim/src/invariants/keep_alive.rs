//! Signs of life.

use std::{collections::BTreeSet, time::Duration};

use graph_api::Timestamp;

use super::{
    Check, Event, Violation, World,
    bounded::Bounded,
    events::{Delivery, worked},
    paths::short,
};

pub(super) const ID: &str = "kept-alive";

///
const LONGEST: Duration = Duration::from_secs(45 * 60);

/// the subcode of a call that nobody kept alive.
const LAPSED: u64 = 8_537;

/// from its being established a call has a successful keepAlive at least every 45 minutes, unless
/// something kept the bot from Graph.
#[derive(Default)]
pub(super) struct KeepAlive {
    /// When each established call was last kept alive.
    last: Bounded<String, Timestamp>,
    due: BTreeSet<(Timestamp, String)>,
}

impl Check for KeepAlive {
    fn on(&mut self, event: &Event, world: &mut World, out: &mut Vec<Violation>) {
        self.lapse(event, world, out);
        match event {
            Event::Notified(delivery) => self.cleaned_up(delivery, world, out),
            Event::Took(delivery, status, _, at) if worked(Some(*status)) => {
                for entry in &delivery.entries {
                    // What the platform did not send is another invariant's.
                    let call = world.ledger.call(&entry.call);
                    let sent = world.ledger.was_sent(&entry.call, entry.hash)
                        && call.is_some_and(|call| call.ended.is_none());
                    if entry.state() == Some("established")
                        && sent
                        && !self.last.contains(&entry.call)
                    {
                        self.alive(&entry.call, *at);
                    }
                    if entry.is_terminal() {
                        self.forget(&entry.call);
                    }
                }
            }
            Event::BotHeard(heard) => {
                let Some(id) = heard.asked.call.as_ref().filter(|id| self.last.contains(id)) else {
                    return;
                };
                match (heard.asked.op.as_str(), heard.status) {
                    ("keepAlive", status) if worked(status) => self.alive(id, heard.at),
                    ("delete", status) if worked(status) => self.forget(id),
                    (_, Some(404)) => self.forget(id),
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

impl KeepAlive {
    fn alive(&mut self, id: &String, at: Timestamp) {
        self.forget(id);
        self.last.insert(id.clone(), at);
        self.due.insert((at + LONGEST, id.clone()));
    }

    /// the platform has given a call up; its clock may be a little ahead of the bot's.
    fn cleaned_up(&mut self, delivery: &Delivery, world: &World, out: &mut Vec<Violation>) {
        for entry in delivery.entries.iter().filter(|entry| entry.is_terminal()) {
            let Some(last) = self.last.get(&entry.call).copied() else { continue };
            if entry.data["resultInfo"]["subcode"] != LAPSED {
                continue;
            }
            self.forget(&entry.call);
            if !world.weather.bars_the_bot(last) {
                let text = format!("call {} ends because nobody kept it alive", short(&entry.call));
                out.push(Violation { invariant: ID, at: delivery.at, seq: delivery.seq, text });
            }
        }
    }

    fn forget(&mut self, id: &String) {
        if let Some(last) = self.last.remove(id) {
            self.due.remove(&(last + LONGEST, id.clone()));
        }
    }

    /// Whatever is due by now has not been kept alive.
    fn lapse(&mut self, event: &Event, world: &World, out: &mut Vec<Violation>) {
        let seq = seq_of(event);
        while let Some((due, id)) = self.due.first().filter(|(due, _)| *due < world.now).cloned() {
            self.due.remove(&(due, id.clone()));
            let Some(last) = self.last.remove(&id) else { continue };
            let ended = world.ledger.call(&id).and_then(|call| call.ended);
            let lapsed = ended.is_none_or(|(_, at)| at >= due);
            if lapsed && !world.weather.bars_the_bot(last) {
                let text = format!("call {} was not kept alive for 45 minutes", short(&id));
                out.push(Violation { invariant: ID, at: due, seq, text });
            }
        }
    }
}

fn seq_of(event: &Event) -> u64 {
    match event {
        Event::Asked(asked) | Event::BotAsked(asked) => asked.seq,
        Event::Replied(exchange) | Event::BotHeard(exchange) => exchange.seq,
        Event::Notified(delivery) | Event::Told(delivery) | Event::Acknowledged(delivery, _) => {
            delivery.seq
        }
        Event::Took(_, _, seq, _) => *seq,
        Event::ControlAsked(control) | Event::ControlDone(control) => control.seq,
    }
}

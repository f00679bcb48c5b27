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

/// How long before the end whoever does his best has tried once more: R-300 advises to try every 15 minutes.
const TO_THE_LAST: Duration = Duration::from_secs(20 * 60);

/// the subcode of a call that nobody kept alive.
const LAPSED: u64 = 8_537;

/// from its being established a call has a successful keepAlive at least every 45 minutes, unless
/// something kept the bot from Graph.
#[derive(Default)]
pub(super) struct KeepAlive {
    /// When each established call was last kept alive.
    last: Bounded<String, Timestamp>,
    due: BTreeSet<(Timestamp, String)>,
    /// Calls of which the bot knows that they are over: what is told of them again revives none.
    gone: Bounded<String, ()>,
    /// When the bot last tried to, which errors of Graph's do not keep it from.
    tried: Bounded<String, Timestamp>,
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
                        && !self.gone.contains(&entry.call)
                    {
                        self.alive(&entry.call, *at);
                    }
                    if entry.is_terminal() {
                        self.forget(&entry.call);
                    }
                }
            }
            Event::BotAsked(asked) if asked.op == "keepAlive" => {
                let Some(id) = asked.call.as_ref().filter(|id| self.last.contains(id)) else {
                    return;
                };
                let before = self.tried.get(id).copied().unwrap_or_default();
                self.tried.insert(id.clone(), asked.at);
                let apart = asked.at.saturating_since(before);
                if before > Timestamp::default()
                    && apart > LONGEST
                    && !world.weather.keeps_from_asking(before)
                {
                    let minutes = apart.as_secs() / 60;
                    let text = format!(
                        "the bot tries to keep call {} alive only after {minutes} minutes",
                        short(id)
                    );
                    out.push(Violation { invariant: ID, at: asked.at, seq: asked.seq, text });
                }
            }
            Event::BotHeard(heard) => {
                let Some(id) = heard.asked.call.as_ref().filter(|id| self.last.contains(id)) else {
                    return;
                };
                match (heard.asked.op.as_str(), heard.status) {
                    ("keepAlive", status) if worked(status) => self.alive(id, heard.at),
                    ("delete", Some(200..300)) | (_, Some(404)) => {
                        self.gone.insert(id.clone(), ());
                        self.forget(id);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

impl KeepAlive {
    fn alive(&mut self, id: &String, at: Timestamp) {
        self.forget_last(id);
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
            let excused = self.is_excused(&entry.call, last, world);
            self.forget(&entry.call);
            if !excused {
                let text = format!("call {} ends because nobody kept it alive", short(&entry.call));
                out.push(Violation { invariant: ID, at: delivery.at, seq: delivery.seq, text });
            }
        }
    }

    /// Whether something kept the bot from Graph, or Graph from hearing it though it tried to the last.
    fn is_excused(&self, id: &String, last: Timestamp, world: &World) -> bool {
        let tried = self.tried.get(id).is_some_and(|at| *at + TO_THE_LAST >= world.now);
        world.weather.keeps_from_asking(last) || (tried && world.weather.bars_the_bot(last))
    }

    fn forget(&mut self, id: &String) {
        self.tried.remove(id);
        self.forget_last(id);
    }

    fn forget_last(&mut self, id: &String) {
        if let Some(last) = self.last.remove(id) {
            self.due.remove(&(last + LONGEST, id.clone()));
        }
    }

    /// Whatever is due by now has not been kept alive.
    fn lapse(&mut self, event: &Event, world: &World, out: &mut Vec<Violation>) {
        let seq = event.seq();
        while let Some((due, id)) = self.due.first().filter(|(due, _)| *due < world.now).cloned() {
            self.due.remove(&(due, id.clone()));
            let Some(last) = self.last.remove(&id) else { continue };
            let excused = self.is_excused(&id, last, world);
            let ended = world.ledger.call(&id).and_then(|call| call.ended);
            let lapsed = ended.is_none_or(|(_, at)| at >= due);
            if lapsed && !excused {
                let text = format!("call {} was not kept alive for 45 minutes", short(&id));
                out.push(Violation { invariant: ID, at: due, seq, text });
            }
        }
    }
}

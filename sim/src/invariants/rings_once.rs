//! Nobody is rung twice because a reply was lost.

use std::time::Duration;

use graph_api::Timestamp;

use super::{
    Check, Event, Violation, World,
    bounded::Bounded,
    events::{Asked, Entry, worked},
};

pub(super) const ID: &str = "bot-rings-nobody-twice";

/// How long it counts as the same attempt.
const SAME: Duration = Duration::from_secs(60);

/// A call or an invitation that Graph has begun, and of which the bot does not know whether it has: it is looked for, and
/// not asked for again. Nothing of Graph's would tell the two apart: people would be rung twice.
#[derive(Default)]
pub(super) struct RingsOnce {
    /// Requests whose outcome the bot does not know, since when.
    open: Bounded<String, Timestamp>,
    /// Those that Graph has heard, when, and has not refused.
    begun: Bounded<String, Timestamp>,
    /// The last key that the bot was told of: people may want something again.
    key: Timestamp,
}

impl Check for RingsOnce {
    fn on(&mut self, event: &Event, _: &mut World, out: &mut Vec<Violation>) {
        match event {
            Event::Asked(asked) => {
                if let Some(rings) = rings(asked) {
                    self.begun.insert(rings, asked.at);
                }
            }
            // What has no reply may have been carried out all the same.
            Event::Replied(exchange) if exchange.status.is_some() && !exchange.worked() => {
                if let Some(rings) = rings(&exchange.asked) {
                    self.begun.remove(&rings);
                }
            }
            Event::BotHeard(heard) if heard.status.is_some() => {
                if let Some(rings) = rings(&heard.asked) {
                    self.open.remove(&rings);
                }
            }
            Event::Took(delivery, status, _, at)
                if worked(Some(*status)) && delivery.entries.iter().any(Entry::is_key) =>
            {
                self.key = *at;
            }
            Event::BotAsked(asked) => self.asked(asked, out),
            _ => {}
        }
    }
}

impl RingsOnce {
    fn asked(&mut self, asked: &Asked, out: &mut Vec<Violation>) {
        let Some(rings) = rings(asked) else { return };
        let again = self.open.get(&rings).is_some_and(|since| {
            let begun = self.begun.get(&rings).is_some_and(|at| at >= since);
            begun && self.key <= *since && asked.at <= *since + SAME
        });
        if again {
            let text = format!("the bot asks {} again, though people are rung already", asked.op);
            out.push(Violation { invariant: ID, at: asked.at, seq: asked.seq, text });
        }
        self.open.insert(rings, asked.at);
    }
}

/// Whom a request rings.
fn rings(asked: &Asked) -> Option<String> {
    let whom = match asked.op.as_str() {
        "create" => asked.body["targets"].to_string(),
        "invite" => asked.body["participants"].to_string(),
        _ => return None,
    };
    Some(format!("{} {} {whom}", asked.op, asked.call.as_deref().unwrap_or_default()))
}

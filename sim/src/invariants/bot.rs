//! What the bot owes its calls.

use std::time::Duration;

use graph_api::Timestamp;

use super::{
    Check, Event, Violation, World,
    bounded::Bounded,
    events::{Delivery, Entry, Exchange, worked},
    paths::short,
    weather::Trouble,
};

pub(super) const ANSWERS_ONCE: &str = "bot-answers-once";
pub(super) const REACTS: &str = "bot-reacts";
pub(super) const LEAKS_NOTHING: &str = "bot-leaks-nothing";

/// How long a call that the bot has heard of may ring before it is the bot's fault that nobody answered: R-102 with
/// a second for the way.
const RINGS: Duration = Duration::from_secs(14);
/// How long requests may be under way when a call ends.
const GRACE: Duration = Duration::from_secs(2);
/// The same where links may be slow: as long as the bot tries to reach Graph.
const GRACE_IF_SLOW: Duration = Duration::from_secs(20);

/// once the bot has seen that its answer was taken, it does not answer again.
#[derive(Default)]
pub(super) struct AnswersOnce(Bounded<String, ()>);

impl Check for AnswersOnce {
    fn on(&mut self, event: &Event, _: &mut World, out: &mut Vec<Violation>) {
        match event {
            // A conflict says that an earlier answer was taken whose reply was lost.
            Event::BotHeard(heard)
                if heard.asked.op == "answer" && (heard.worked() || heard.status == Some(409)) =>
            {
                if let Some(id) = &heard.asked.call {
                    self.0.insert(id.clone(), ());
                }
            }
            Event::BotAsked(asked) if asked.op == "answer" => {
                let Some(id) = asked.call.as_ref().filter(|id| self.0.contains(id)) else { return };
                let text = format!("the bot answers call {} again", short(id));
                let (at, seq) = (asked.at, asked.seq);
                out.push(Violation { invariant: ANSWERS_ONCE, at, seq, text });
            }
            _ => {}
        }
    }
}

/// a call that the bot has heard of is answered, rejected or redirected before nobody waits any more.
#[derive(Default)]
pub(super) struct Reacts(Bounded<String, Timestamp>);

impl Check for Reacts {
    fn on(&mut self, event: &Event, world: &mut World, out: &mut Vec<Violation>) {
        match event {
            Event::Took(delivery, status, _, at) if worked(Some(*status)) => {
                let rung = |entry: &&Entry| entry.is_of_call() && entry.state() == Some("incoming");
                for entry in delivery.entries.iter().filter(rung) {
                    self.0.entry(&entry.call, || *at);
                }
            }
            Event::BotAsked(asked) => {
                if let Some(id) = &asked.call {
                    // Whatever comes later, the bot has reacted.
                    self.0.insert(id.clone(), Timestamp::default());
                }
            }
            Event::Notified(delivery) => {
                for entry in delivery.entries.iter().filter(|entry| entry.is_terminal()) {
                    let Some(since) = self.0.remove(&entry.call) else { continue };
                    let rang = since > Timestamp::default() && delivery.at >= since + RINGS;
                    if rang && !world.weather.bars_the_bot(since) {
                        let text = format!(
                            "the bot let call {} ring until nobody waited any more",
                            short(&entry.call)
                        );
                        let (at, seq) = (delivery.at, delivery.seq);
                        out.push(Violation { invariant: REACTS, at, seq, text });
                    }
                }
            }
            _ => {}
        }
    }
}

/// two seconds after the bot has taken the terminal notification, or a 404, it asks nothing more of
/// the call; and of every call that ended, it takes the notification that says so.
#[derive(Default)]
pub(super) struct LeaksNothing {
    /// Calls that are over for the bot, since when.
    over: Bounded<String, Timestamp>,
    /// Terminal notifications for the bot that it has not taken.
    untold: Bounded<String, (u64, Timestamp)>,
    /// Those that it has refused: they do not come again.
    refused: Bounded<String, ()>,
    /// Tokens that the platform has sent: what a stranger is refused is no matter of the platform's.
    genuine: Bounded<String, ()>,
}

impl Check for LeaksNothing {
    fn on(&mut self, event: &Event, world: &mut World, out: &mut Vec<Violation>) {
        match event {
            Event::Notified(delivery) if *delivery.to == *world.facts.bot => self.sent(delivery),
            Event::Took(delivery, status, _, at) if worked(Some(*status)) => {
                self.took(delivery, *at)
            }
            Event::Took(delivery, status, ..)
                if is_refusal(*status) && self.genuine.contains(&delivery.token) =>
            {
                for entry in delivery.entries.iter().filter(|entry| entry.is_terminal()) {
                    self.refused.insert(entry.call.clone(), ());
                }
            }
            Event::BotHeard(heard) if is_gone(heard) => {
                if let Some(id) = &heard.asked.call {
                    self.over.entry(id, || heard.at);
                }
            }
            Event::BotAsked(asked) => {
                let Some(id) = &asked.call else { return };
                let Some(since) = self.over.get(id) else { return };
                // On a link that is slow or stands still a request is long under way before it is seen to leave.
                let slow = world.weather.may(Trouble::Network, "", id, *since);
                if asked.at > *since + if slow { GRACE_IF_SLOW } else { GRACE } {
                    let text =
                        format!("the bot asks {} of call {}, which is over", asked.op, short(id));
                    let (at, seq) = (asked.at, asked.seq);
                    out.push(Violation { invariant: LEAKS_NOTHING, at, seq, text });
                }
            }
            _ => {}
        }
    }

    fn missing(&self, world: &World, out: &mut Vec<Violation>) {
        for (id, (seq, at)) in self.untold.iter() {
            let may = |trouble| world.weather.may(trouble, "", id, *at);
            // Whoever cannot check a token for now says so, and is asked again; a refusal is the bot's own.
            let keys = may(Trouble::Keys) && !self.refused.contains(id);
            if !may(Trouble::Network) && !keys {
                let text = format!("the bot has not taken the end of call {}", short(id));
                out.push(Violation { invariant: LEAKS_NOTHING, at: *at, seq: *seq, text });
            }
        }
    }
}

impl LeaksNothing {
    fn sent(&mut self, delivery: &Delivery) {
        self.genuine.insert(delivery.token.clone(), ());
        for entry in delivery.entries.iter().filter(|entry| entry.is_terminal()) {
            if !self.over.contains(&entry.call) {
                self.untold.entry(&entry.call, || (delivery.seq, delivery.at));
            }
        }
    }

    fn took(&mut self, delivery: &Delivery, at: Timestamp) {
        for entry in delivery.entries.iter().filter(|entry| entry.is_terminal()) {
            // What only a forged notification says has not been sent, and ends nothing.
            if self.untold.remove(&entry.call).is_some() {
                self.over.entry(&entry.call, || at);
            }
        }
    }
}

/// A 404 for the call, not for something in it.
fn is_gone(heard: &Exchange) -> bool {
    let code = heard.body["error"]["code"].as_str();
    let inside = ["getParticipant", "participantDelete", "participantMute", "getOperation"];
    let below = inside.contains(&heard.asked.op.as_str()) || heard.asked.op.ends_with("s");
    // A participant, an operation or a meeting that is not found has codes of its own (errors.md 3).
    let of_the_call = code.is_none_or(|code| code == "8522");
    heard.status == Some(404) && of_the_call && (code.is_some() || !below)
}

/// Whether the platform takes this for a refusal, and does not try again.
fn is_refusal(status: u16) -> bool {
    (400..500).contains(&status) && status != 408 && status != 429
}

//! What must be true of every world, read from the wire and from nothing else, in two phases: what must never be
//! seen ([`Judge::on`]), and what must have been seen once everything has healed ([`Judge::pending`],
//! [`Judge::over`]).
//!
//! The platform is judged by what its host sent, the bot by what its host received and sent, both against a
//! reading of the contract that shares no code with either. What a fault plan explains is excused, nothing else.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "an invariant names the events that it is about"
)]

mod bot;
mod bounded;
mod crash;
mod escalation;
mod events;
mod facts;
mod forged;
mod form;
mod grants;
mod keep_alive;
mod ledger;
mod media;
mod operations;
mod order;
mod packets;
mod paths;
mod permissions;
mod progress;
mod reading;
mod retry_after;
mod rings_once;
mod rosters;
mod terminal;
#[cfg(test)]
mod tests;
mod weather;

use graph_api::Timestamp;

use crate::wire::{Message, Packet};
use events::Event;
pub use facts::{Excuses, Facts, Restart};
use grants::Grants;
use ledger::Ledger;
use reading::Reader;
use weather::Weather;

/// All invariants: their names, and what they say.
pub const INVARIANTS: &[(&str, &str)] = &[
    (terminal::ID, "A call has one terminal notification, and nothing new comes after it."),
    (progress::ID, "The progress of a call never goes backwards."),
    (operations::ID, "Every operation that was begun ends exactly once."),
    (permissions::ID, "No verb succeeds without its permission, in the token and granted."),
    (escalation::ID, "A bot that may not join does not survive another's escalation."),
    (rosters::ID, "A call born peer-to-peer never has a roster."),
    (media::ID, "Prompts and records are taken on service-hosted calls with active audio only."),
    (order::ID, "Notifications of a call are in order, and after the reply that makes it."),
    (forged::ID, "The bot refuses forged tokens, and does nothing on their word."),
    (bot::ANSWERS_ONCE, "The bot answers no call again that it has answered."),
    (bot::REACTS, "The bot lets no call ring until nobody waits any more."),
    (bot::LEAKS_NOTHING, "The bot leaves ended calls alone, and is told of everything that ended."),
    (crash::TAKES_UP, "After a crash the bot takes up the calls that it is in."),
    (crash::REPEATS_NOTHING, "After a crash the bot greets nobody anew, and no key counts twice."),
    (retry_after::ID, "The bot asks nothing again before `Retry-After` is over."),
    (rings_once::ID, "The bot rings nobody twice because a reply was lost."),
    (packets::TO_WHOM, "Media goes to calls alone that declared it, are on and not on hold."),
    (
        packets::FROM_WHOM,
        "The bot sends media in its calls alone, and while it was told that it may.",
    ),
    (packets::FLOWS, "While audio is active both ends send it, and what is said reaches the bot."),
    (packets::STAYS, "What is said is heard in that call alone, and from nobody who is muted."),
    (packets::ANSWERS, "The bot answers a marker that it hears."),
    (keep_alive::ID, "Calls are kept alive at least every 45 minutes."),
    (
        form::ID,
        "JSON is JSON, Graph's responses have their ids, and Graph does not fail by itself.",
    ),
];

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which of [`INVARIANTS`].
    pub invariant: &'static str,
    /// When.
    pub at: Timestamp,
    /// The number of the message that shows it.
    pub seq: u64,
    /// What happened, in a sentence.
    pub text: String,
}

/// What is known when an event is judged; the event is in the ledger already.
struct World {
    facts: Facts,
    weather: Weather,
    ledger: Ledger,
    grants: Grants,
    now: Timestamp,
}

/// One invariant.
trait Check: Send {
    /// What must never be.
    fn on(&mut self, event: &Event, world: &mut World, out: &mut Vec<Violation>);

    /// What must be, and is not yet.
    fn missing(&self, _world: &World, _out: &mut Vec<Violation>) {}
}

/// Reads the wire of one world.
pub struct Judge {
    reader: Reader,
    form: form::Form,
    world: World,
    packets: packets::Packets,
    checks: Vec<Box<dyn Check>>,
}

impl Judge {
    /// Before the first message.
    pub fn new(facts: Facts) -> Self {
        let checks: Vec<Box<dyn Check>> = vec![
            Box::new(terminal::Terminal::default()),
            Box::new(progress::Progress::default()),
            Box::new(operations::Operations::default()),
            Box::new(permissions::Permissions),
            Box::new(escalation::Escalation::default()),
            Box::new(rosters::Rosters),
            Box::new(media::Media::default()),
            Box::new(order::Order::default()),
            Box::new(forged::Forged::default()),
            Box::new(bot::AnswersOnce::default()),
            Box::new(bot::Reacts::default()),
            Box::new(bot::LeaksNothing::default()),
            Box::new(crash::TakesUp::default()),
            Box::new(crash::RepeatsNothing::default()),
            Box::new(retry_after::WaitsAsTold::default()),
            Box::new(rings_once::RingsOnce::default()),
            Box::new(keep_alive::KeepAlive::default()),
        ];
        let world = World {
            weather: Weather::new(&facts.plan),
            ledger: Ledger::default(),
            grants: Grants::new(&facts),
            now: Timestamp::default(),
            facts,
        };
        let (reader, form) = (Reader::new(&world.facts), form::Form::default());
        Self { reader, form, world, packets: packets::Packets::default(), checks }
    }

    /// Reads one datagram, in the order of the wire, and says what is wrong about it.
    pub fn on_packet(&mut self, packet: &Packet) -> Vec<Violation> {
        let mut out = Vec::new();
        self.world.now = self.world.now.max(packet.at);
        self.packets.on_packet(packet, &self.world, &mut out);
        out
    }

    /// Reads one message, in the order of the wire, and says what is wrong about it.
    pub fn on(&mut self, message: &Message) -> Vec<Violation> {
        let mut out = Vec::new();
        let world = &mut self.world;
        world.now = world.now.max(message.at);
        self.form.on_message(message, &world.facts, &mut out);
        let Some(event) = self.reader.read(message, &world.ledger) else { return out };
        match &event {
            Event::ControlAsked(asked) => {
                world.grants.asked(asked);
                if is_plan(asked) {
                    world.weather.planned(asked);
                }
            }
            Event::ControlDone(done) => {
                world.grants.done(done);
                if is_plan(done) && events::worked(done.status) {
                    world.weather.replaced(done);
                }
            }
            _ => {}
        }
        world.ledger.on(&event);
        self.form.on_event(&event, world, &mut out);
        for check in &mut self.checks {
            check.on(&event, world, &mut out);
        }
        self.packets.on(&event, world, &mut out);
        out
    }

    /// From now on nothing of [`Facts::plan`] goes wrong any more; what begins later has no excuse.
    pub fn healed(&mut self, at: Timestamp) {
        self.world.weather.heal(at);
    }

    /// What is still missing, in words; empty once everything that began has come to its end.
    pub fn pending(&self, now: Timestamp) -> Vec<String> {
        let told = |missing: Violation| {
            let waited = now.saturating_since(missing.at).as_secs();
            format!("{} (for {waited} s)", missing.text)
        };
        self.missing().into_iter().map(told).collect()
    }

    /// The end of the world: what is missing now is missing for good.
    pub fn over(&self) -> Vec<Violation> {
        self.missing()
    }

    fn missing(&self) -> Vec<Violation> {
        let mut out = Vec::new();
        for check in &self.checks {
            check.missing(&self.world, &mut out);
        }
        out
    }
}

fn is_plan(control: &events::Control) -> bool {
    control.method == "PUT" && control.path == ["faults"]
}

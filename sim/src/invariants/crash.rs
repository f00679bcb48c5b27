//! What survives a crash of the bot: its calls go on without it (R-302 ends them only if nobody keeps them alive), so it
//! takes them up again, and does nothing twice because it has forgotten that it was done.

use std::{collections::BTreeSet, time::Duration};

use graph_api::Timestamp;

use super::{
    Check, Event, Violation, World,
    bounded::Bounded,
    events::{Asked, Delivery, Exchange, worked},
    facts::Restart,
    paths::short,
    weather::Trouble,
};

pub(super) const TAKES_UP: &str = "bot-takes-up-its-calls";
pub(super) const REPEATS_NOTHING: &str = "bot-repeats-nothing-after-a-crash";

/// How soon after it begins anew the bot has asked about a call, or acted in it.
const SOON: Duration = Duration::from_secs(30);
/// How old a call is that the bot certainly had written down before it crashed.
const OLD: Duration = Duration::from_secs(2);
/// How soon after a key the bot does what the key means.
const AT_ONCE: Duration = Duration::from_secs(2);

/// Calls that were answered are asked about after a crash.
#[derive(Default)]
pub(super) struct TakesUp {
    /// Restarts that were dealt with.
    passed: usize,
    /// Calls that the bot knows it is in, since when.
    known: Bounded<String, Timestamp>,
    /// Calls of which the bot knows that they are over: what is told of them again revives none.
    gone: Bounded<String, ()>,
    /// Calls that it owes a look, and until when.
    owed: BTreeSet<String>,
    due: Timestamp,
}

impl Check for TakesUp {
    fn on(&mut self, event: &Event, world: &mut World, out: &mut Vec<Violation>) {
        self.time_passes(event, world, out);
        match event {
            Event::BotHeard(heard) => self.heard(heard),
            Event::BotAsked(asked) => {
                if let Some(id) = &asked.call {
                    self.owed.remove(id);
                }
            }
            Event::Notified(delivery) => {
                for entry in delivery.entries.iter().filter(|entry| entry.is_terminal()) {
                    self.over(&entry.call);
                }
            }
            Event::Took(delivery, status, _, at) if worked(Some(*status)) => {
                let is_on = |id: &String| world.ledger.call(id).is_some_and(|c| c.ended.is_none());
                for entry in &delivery.entries {
                    let on = is_on(&entry.call) && !self.gone.contains(&entry.call);
                    if entry.state() == Some("established") && on {
                        self.known.entry(&entry.call, || *at);
                    }
                }
            }
            _ => {}
        }
    }
}

impl TakesUp {
    fn over(&mut self, id: &String) {
        self.gone.insert(id.clone(), ());
        self.known.remove(id);
        self.owed.remove(id);
    }

    fn heard(&mut self, heard: &Exchange) {
        let Some(id) = &heard.asked.call else { return };
        match (heard.asked.op.as_str(), heard.status) {
            ("answer", status) if worked(status) => drop(self.known.entry(id, || heard.at)),
            ("delete" | "reject" | "redirect", status) if worked(status) => self.over(id),
            (_, Some(404)) => self.over(id),
            _ => {}
        }
    }

    fn time_passes(&mut self, event: &Event, world: &World, out: &mut Vec<Violation>) {
        while let Some(restart) = world.facts.restarts.get(self.passed) {
            if world.now < restart.up {
                break;
            }
            self.passed += 1;
            // The one before was too short.
            self.owed.clear();
            if !is_disturbed(world, restart) {
                let old = |since: &Timestamp| *since + OLD <= restart.down;
                let calls = self.known.iter().filter(|(_, since)| old(since));
                self.owed = calls.map(|(id, _)| id.clone()).collect();
                self.due = restart.up + SOON;
            }
        }
        if !self.owed.is_empty() && world.now >= self.due {
            for id in std::mem::take(&mut self.owed) {
                let text = format!(
                    "the bot crashed, and has not looked at call {} since it began anew",
                    short(&id)
                );
                let (at, seq) = (self.due, event.seq());
                out.push(Violation { invariant: TAKES_UP, at, seq, text });
            }
        }
        let down = world.facts.restarts.get(self.passed).is_some_and(|next| world.now >= next.down);
        if down {
            self.owed.clear();
        }
    }
}

/// Whether something else keeps the bot from Graph, or its clock from being right.
fn is_disturbed(world: &World, restart: &Restart) -> bool {
    let until = restart.up + SOON;
    let storms = world.facts.storms.iter().any(|(from, to)| *from <= until && *to >= restart.down);
    storms || world.weather.may(Trouble::Token, "", "", restart.down)
}

/// What has been done in a call, as the bot knows.
#[derive(Debug, Default)]
struct Deeds {
    /// The first prompt that was taken.
    greeting: Option<String>,
    /// Keys that were taken, and what was done at once; the last few.
    keys: Vec<(u64, Timestamp, Vec<String>)>,
    /// The last time that the bot was told something new.
    news: Timestamp,
}

/// Keys of a call that are remembered.
const KEYS_MAX: usize = 64;

/// What the bot knew to be done it does not do again because it crashed: it greets nobody anew, and a key that it is told
/// of again is no new key.
#[derive(Default)]
pub(super) struct RepeatsNothing {
    calls: Bounded<String, Deeds>,
    /// Keys that were told again since the last restart: the call, the key, when.
    again: Vec<(String, u64, Timestamp)>,
}

impl Check for RepeatsNothing {
    fn on(&mut self, event: &Event, world: &mut World, out: &mut Vec<Violation>) {
        match event {
            Event::BotHeard(heard) if heard.status.is_some() => self.heard(heard),
            Event::BotAsked(asked) => self.asked(asked, world, out),
            Event::Took(delivery, status, _, at) if worked(Some(*status)) => {
                self.took(delivery, *at, world)
            }
            _ => {}
        }
    }
}

impl RepeatsNothing {
    fn heard(&mut self, heard: &Exchange) {
        let (Some(id), Some(deed)) = (&heard.asked.call, deed(&heard.asked)) else { return };
        let deeds = self.calls.entry(id, Deeds::default);
        if heard.asked.op == "playPrompt" && heard.worked() {
            deeds.greeting.get_or_insert_with(|| deed.clone());
        }
        let soon = |at: Timestamp| heard.asked.at >= at && heard.asked.at <= at + AT_ONCE;
        for (.., done) in deeds.keys.iter_mut().filter(|(_, at, _)| soon(*at)) {
            done.push(deed.clone());
        }
    }

    fn took(&mut self, delivery: &Delivery, at: Timestamp, world: &World) {
        for entry in &delivery.entries {
            let deeds = self.calls.entry(&entry.call, Deeds::default);
            let known = deeds.keys.iter().find(|(key, ..)| *key == entry.hash);
            let crashed =
                |since: Timestamp| last_restart(world, at).is_some_and(|r| r.down > since);
            match known {
                Some((key, since, _)) if crashed(*since) => {
                    self.again.push((entry.call.clone(), *key, at));
                }
                Some(_) => {}
                None => {
                    deeds.news = at;
                    if entry.is_key() && deeds.keys.len() < KEYS_MAX {
                        deeds.keys.push((entry.hash, at, Vec::new()));
                    }
                }
            }
        }
    }

    fn asked(&mut self, asked: &Asked, world: &World, out: &mut Vec<Violation>) {
        let (Some(id), Some(deed)) = (&asked.call, deed(asked)) else { return };
        let Some(restart) = last_restart(world, asked.at) else { return };
        let Some(deeds) = self.calls.get(id) else { return };
        let quiet = deeds.news < restart.down;
        let mut broken = |what: &str| {
            let text = format!("the bot crashed, and {what} call {} once more", short(id));
            let (at, seq) = (asked.at, asked.seq);
            out.push(Violation { invariant: REPEATS_NOTHING, at, seq, text });
        };
        if quiet && deeds.greeting.as_ref() == Some(&deed) {
            broken("greets");
        }
        self.again.retain(|(_, _, at)| *at + AT_ONCE >= asked.at);
        let told_again = |key: &u64| self.again.iter().any(|(call, k, _)| call == id && k == key);
        let done = |(key, _, done): &&(u64, Timestamp, Vec<String>)| {
            told_again(key) && done.contains(&deed)
        };
        if quiet && deeds.keys.iter().any(|key| done(&key)) {
            broken("does what a key meant in");
        }
    }
}

/// The last time before `at` that the bot began anew.
fn last_restart(world: &World, at: Timestamp) -> Option<&Restart> {
    world.facts.restarts.iter().rfind(|restart| restart.up <= at)
}

/// What a request does that people notice, without what is made up for each request.
fn deed(asked: &Asked) -> Option<String> {
    let what = match asked.op.as_str() {
        "playPrompt" => asked.body["prompts"].to_string(),
        "recordResponse" | "transfer" | "delete" | "mute" | "unmute" => String::new(),
        "invite" => asked.body["participants"].to_string(),
        _ => return None,
    };
    Some(format!("{} {what}", asked.op))
}

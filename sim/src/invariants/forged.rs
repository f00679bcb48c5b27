//! Strangers.

use xxhash_rust::xxh3::xxh3_64;

use super::{
    Check, Event, Violation, World,
    bounded::Bounded,
    events::{Control, worked},
    paths::{canonical, short},
    weather::Trouble,
};

pub(super) const ID: &str = "forged-tokens-refused";

/// Tokens that are remembered.
const TOKENS_MAX: usize = 100_000;

/// notifications.md 4: a notification whose token the platform has not issued for delivery is
/// answered with 401 or 403, and what only such a one names is never asked for.
pub(super) struct Forged {
    /// Sent by the platform, or made without a fault by `POST /callback-tokens`.
    genuine: Bounded<u64, ()>,
    /// Made with faults there.
    faulty: Bounded<u64, ()>,
    /// Calls that the bot knows from the platform, or from a reply.
    known: Bounded<String, ()>,
    /// Calls that forged notifications named.
    named: Bounded<String, ()>,
}

impl Default for Forged {
    fn default() -> Self {
        let tokens = || Bounded::new(TOKENS_MAX);
        let (known, named) = (Bounded::default(), Bounded::default());
        Self { genuine: tokens(), faulty: tokens(), known, named }
    }
}

impl Check for Forged {
    fn on(&mut self, event: &Event, world: &mut World, out: &mut Vec<Violation>) {
        match event {
            Event::ControlDone(done) => self.made(done),
            Event::Notified(delivery) => {
                self.genuine.insert(hash(&delivery.token), ());
            }
            Event::Told(delivery) => {
                let forged = self.is_forged(&delivery.token);
                let calls = if forged { &mut self.named } else { &mut self.known };
                for entry in &delivery.entries {
                    calls.insert(entry.call.clone(), ());
                }
            }
            Event::Took(delivery, status, seq, at)
                if self.is_forged(&delivery.token) && !matches!(status, 401 | 403) =>
            {
                // Without the platform's keys nobody can tell.
                let cannot_tell = [Trouble::Keys, Trouble::Network]
                    .map(|trouble| world.weather.may(trouble, "", "", delivery.at));
                if *status == 503 && cannot_tell.contains(&true) {
                    return;
                }
                let text =
                    format!("the bot answers {status} to a notification with a forged token");
                out.push(Violation { invariant: ID, at: *at, seq: *seq, text });
            }
            Event::BotHeard(heard) if heard.worked() && heard.asked.op == "create" => {
                if let Some(id) = heard.body["id"].as_str() {
                    self.known.insert(canonical(id), ());
                }
            }
            Event::BotAsked(asked) => {
                let Some(id) = &asked.call else { return };
                if self.named.contains(id) && !self.known.contains(id) {
                    let text = format!(
                        "the bot asks {} of call {}, which only a forged notification named",
                        asked.op,
                        short(id)
                    );
                    out.push(Violation { invariant: ID, at: asked.at, seq: asked.seq, text });
                }
            }
            _ => {}
        }
    }
}

impl Forged {
    fn made(&mut self, done: &Control) {
        let token = done.reply["token"].as_str().filter(|_| worked(done.status));
        let Some(token) = token.filter(|_| done.path == ["callback-tokens"]) else { return };
        let body = &done.body;
        let named = |name: &str| !body[name].is_null();
        let short = body["expiresInSeconds"].as_i64().is_some_and(|secs| secs <= 0);
        let key = body["key"].as_str().is_some_and(|key| key != "platform");
        let omits = body["omit"].as_array().is_some_and(|list| !list.is_empty());
        let faulty = named("audience") || named("issuer") || short || key || omits;
        let tokens = if faulty { &mut self.faulty } else { &mut self.genuine };
        tokens.insert(hash(token), ());
    }

    /// Once genuine tokens had to be forgotten, only what is known to be faulty is forged.
    fn is_forged(&self, token: &str) -> bool {
        let token = hash(token);
        self.faulty.contains(&token)
            || (self.genuine.forgotten == 0 && !self.genuine.contains(&token))
    }
}

fn hash(token: &str) -> u64 {
    xxh3_64(token.as_bytes())
}

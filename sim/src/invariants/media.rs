//! What needs audio.

use std::{collections::VecDeque, time::Duration};

use graph_api::Timestamp;

use super::{Check, Event, Violation, World, paths::short, weather::Trouble};

pub(super) const ID: &str = "media-needs-audio";

/// How much later than the reply the notification may leave that shows why it was right: a connection has to be
/// made first.
const GRACE: Duration = Duration::from_millis(500);
/// Replies that wait for that.
const DOUBTS_MAX: usize = 1_000;

/// prompts, records and tones are for service-hosted calls alone, prompts and records only
/// once audio has become active.
#[derive(Default)]
pub(super) struct Media(VecDeque<Doubt>);

/// A prompt was taken, and the wire has not shown active audio.
#[derive(Debug)]
struct Doubt {
    call: String,
    what: String,
    at: Timestamp,
    seq: u64,
}

impl Check for Media {
    fn on(&mut self, event: &Event, world: &mut World, out: &mut Vec<Violation>) {
        self.resolve(world, out);
        let Event::Replied(exchange) = event else { return };
        let asked = &exchange.asked;
        let gated = matches!(asked.op.as_str(), "playPrompt" | "recordResponse" | "record");
        if !exchange.worked() || !(gated || asked.op == "subscribeToTone") {
            return;
        }
        let Some(id) = &asked.call else { return };
        let Some(call) = world.ledger.call(id) else { return };
        let (at, seq) = (exchange.at, exchange.seq);
        if call.service_hosted == Some(false) {
            let text = format!("{} on call {}, which is app-hosted", asked.op, short(id));
            out.push(Violation { invariant: ID, at, seq, text });
        } else if gated && !call.had_audio && self.0.len() < DOUBTS_MAX {
            let (call, what) = (id.clone(), asked.op.clone());
            self.0.push_back(Doubt { call, what, at, seq });
        }
    }
}

impl Media {
    fn resolve(&mut self, world: &World, out: &mut Vec<Violation>) {
        let mut doubts = std::mem::take(&mut self.0);
        doubts.retain(|doubt| {
            let Some(call) = world.ledger.call(&doubt.call) else { return false };
            let may = |trouble| world.weather.may(trouble, "call", &doubt.call, call.first_at);
            let hidden = [Trouble::Lost, Trouble::Delayed, Trouble::Reordered].into_iter().any(may)
                || world.weather.may(Trouble::Network, "", &doubt.call, call.first_at);
            if call.had_audio || hidden {
                return false;
            }
            // Behind a delivery that is not acknowledged the notification may still wait.
            if world.now <= doubt.at + GRACE || !call.is_quiet() {
                return call.ended.is_none();
            }
            let text = format!(
                "{} on call {} before its audio was active",
                doubt.what,
                short(&doubt.call)
            );
            out.push(Violation { invariant: ID, at: doubt.at, seq: doubt.seq, text });
            false
        });
        self.0 = doubts;
    }
}

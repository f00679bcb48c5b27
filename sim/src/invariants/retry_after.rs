//! Whoever is told to wait waits.

use std::time::Duration;

use graph_api::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

use super::{Check, Event, Violation, World, bounded::Bounded, events::Asked};

pub(super) const ID: &str = "bot-waits-as-told";

/// How far the bot's clock may be ahead over the longest wait, and the way of the reply.
const SLACK: Duration = Duration::from_millis(300);

/// what was refused with `Retry-After` is not asked again before that time.
#[derive(Default)]
pub(super) struct WaitsAsTold {
    /// Requests that were refused: when, and when they may come again.
    until: Bounded<u64, (Timestamp, Timestamp)>,
}

impl Check for WaitsAsTold {
    fn on(&mut self, event: &Event, world: &mut World, out: &mut Vec<Violation>) {
        match event {
            Event::BotHeard(heard) if matches!(heard.status, Some(429 | 503)) => {
                let Some(seconds) = heard.retry_after else { return };
                let until = heard.at + Duration::from_secs(seconds);
                self.until.insert(same(&heard.asked), (heard.at, until));
            }
            Event::BotAsked(asked) => {
                let Some((since, until)) = self.until.remove(&same(asked)) else { return };
                // Whoever begins anew, or whose clock is wrong, cannot know.
                let excused =
                    |(from, to): &(Timestamp, Timestamp)| *from <= asked.at && *to >= since;
                let restarted =
                    world.facts.restarts.iter().any(|r| r.down <= asked.at && r.up >= since);
                if asked.at + SLACK < until && !restarted && !world.facts.storms.iter().any(excused)
                {
                    let early = until.saturating_since(asked.at).as_millis();
                    let text = format!("the bot asks {} again {early} ms before it may", asked.op);
                    let (at, seq) = (asked.at, asked.seq);
                    out.push(Violation { invariant: ID, at, seq, text });
                }
            }
            _ => {}
        }
    }
}

/// What makes it the same request: everything but what is made up for each try.
fn same(asked: &Asked) -> u64 {
    xxh3_64(format!("{} {} {}", asked.op, asked.target, asked.body).as_bytes())
}

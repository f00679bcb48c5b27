//! What survives a restart, as bytes.

use std::collections::BTreeMap;

use graph_api::Guid;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Bot, Line, Plan};
use crate::{
    Flaw, Settings,
    ask::{Ask, Effect},
};

/// The form of the bytes.
const VERSION: u32 = 1;
/// Ended calls that survive.
const ENDED_KEPT: usize = 64;

/// A memory that cannot be read.
#[derive(Debug, Error)]
pub enum BadMemory {
    /// Not what this bot writes.
    #[error("it is not a memory of this bot: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// Written by another version.
    #[error("it has version {0} and this bot reads version {VERSION}")]
    Version(u32),
}

#[derive(Serialize)]
struct Kept<'a> {
    version: u32,
    calls: &'a BTreeMap<Guid, Line>,
    ended: Vec<Guid>,
    plans: &'a BTreeMap<u32, Plan>,
    last_plan: u32,
}

#[derive(Deserialize)]
struct Read {
    version: u32,
    calls: BTreeMap<Guid, Line>,
    ended: Vec<Guid>,
    plans: BTreeMap<u32, Plan>,
    last_plan: u32,
}

impl Bot {
    /// What must survive: the same bytes as long as nothing of it has changed. At most about 2 KiB a call.
    ///
    /// # Panics
    /// Never: all of it can be written as JSON.
    pub fn memory(&self) -> Vec<u8> {
        let skipped = self.ended.len().saturating_sub(ENDED_KEPT);
        let kept = Kept {
            version: VERSION,
            calls: &self.calls,
            ended: self.ended.iter().skip(skipped).copied().collect(),
            plans: &self.plans,
            last_plan: self.last_plan,
        };
        serde_json::to_vec(&kept).expect("maps with text keys are JSON")
    }

    /// The bot that wrote this, and what it does first: it looks at each of its calls. One that hosts the media of
    /// its calls hangs up those that it had taken: their media ended with the one before it (contract, media
    /// section 5).
    ///
    /// What is due is due still. A call that was about to begin is not begun again, since it may have been: if it
    /// was, a notification will tell.
    ///
    /// # Errors
    /// See [`BadMemory`].
    pub fn restore(settings: Settings, memory: &[u8]) -> Result<(Self, Vec<Effect>), BadMemory> {
        let read: Read = serde_json::from_slice(memory)?;
        if read.version != VERSION {
            return Err(BadMemory::Version(read.version));
        }
        let mut bot = Self::new(settings);
        let mut effects = Vec::new();
        if bot.has(Flaw::ForgetsCallsInCrash) {
            return Ok((bot, effects));
        }
        bot.last_plan = read.last_plan;
        bot.ended = read.ended.into();
        for (call, mut line) in read.calls {
            if bot.has(Flaw::GreetsAgainAfterCrash) {
                line.opened = false;
            }
            if bot.has(Flaw::ForgetsTonesInCrash) {
                line.heard = super::heard::Heard::default();
            }
            let ask = if bot.settings.is_app_hosted() { line.lose_media() } else { Ask::Look };
            line.looking = ask == Ask::Look;
            bot.calls.insert(call, line);
            effects.push(Effect::Ask(call, ask));
        }
        if bot.has(Flaw::CallsBackAgainAfterCrash) {
            for plan in read.plans.into_values() {
                bot.plan(plan, &mut effects);
            }
        }
        Ok((bot, effects))
    }
}

//! What the bot does, as a pure function of what it is told and when.

mod answered;
mod heard;
mod keys;
mod line;
mod notified;
mod planted;
#[cfg(test)]
mod properties;
mod roster;
mod saved;
mod scene;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use graph_api::{Guid, Timestamp};

use crate::{
    Flaw, Settings,
    ask::{Ask, Effect, Outcome},
    entry::{Entry, Key},
};
use line::{Line, Turn};

pub(crate) use line::{INVITE, RECORD};
pub use saved::BadMemory;
pub use scene::{Scene, Sight};

/// Ended calls that are still known, so that a late or repeated notification does not revive them.
const ENDED_MAX: usize = 1_000;
/// Calls that nobody knows and that are being asked about.
const LOOKS_MAX: usize = 64;
/// Notifications that wait for what comes of that.
const WAITING_MAX: usize = 16;

/// What happens to the bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A notification that was believed.
    Notified(Entry),
    /// Graph answered, or will not.
    Answered {
        /// The call.
        call: Guid,
        /// What had been asked.
        ask: Ask,
        /// The answer.
        outcome: Outcome,
    },
    /// A key was heard in media of the bot's own.
    Heard {
        /// The call.
        call: Guid,
        /// Which.
        key: Key,
    },
    /// Time has passed.
    Deadline,
}

/// A call that the bot is about to begin, or may have begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Plan {
    /// The call in which it was wished for.
    origin: Guid,
    to: Guid,
    also: Option<Guid>,
}

/// The bot. Bugs panic; whatever Graph or a stranger says is dealt with.
#[derive(Debug, Clone)]
pub struct Bot {
    settings: Settings,
    calls: BTreeMap<Guid, Line>,
    ended: VecDeque<Guid>,
    /// Calls that are being asked about, and what was said of them meanwhile.
    looks: BTreeMap<Guid, Vec<Entry>>,
    plans: BTreeMap<u32, Plan>,
    last_plan: u32,
    /// Calls that this life of the bot may have begun and that nothing was heard of.
    unsure: u32,
}

impl Bot {
    /// Without calls.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            calls: BTreeMap::new(),
            ended: VecDeque::new(),
            looks: BTreeMap::new(),
            plans: BTreeMap::new(),
            last_plan: 0,
            unsure: 0,
        }
    }

    /// Calls that are going on.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Whether this call is one of them.
    pub fn knows(&self, call: Guid) -> bool {
        self.calls.contains_key(&call)
    }

    /// What can be seen in a call, as [`Effect::Scene`] announced it.
    pub fn scene(&self, call: Guid) -> Scene {
        let scene = self.calls.get(&call).and_then(|line| line.scene.as_deref());
        scene.cloned().unwrap_or_default()
    }

    /// When the bot wants to be woken.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.calls.values().map(|line| line.next(&self.settings)).min()
    }

    /// Lets something happen; what follows is to be carried out in order, after the memory was saved.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Notified(entry) => self.notified(now, entry, &mut effects),
            Input::Answered { call, ask, outcome } => {
                self.answered(now, call, ask, outcome, &mut effects);
            }
            Input::Heard { call, key } => self.heard(now, call, key, &mut effects),
            Input::Deadline => {}
        }
        // Afterwards: what has just ended is not spoken to any more, however much was due.
        for call in self.calls.keys().copied().collect::<Vec<_>>() {
            self.with_line(now, call, &mut effects, Line::wake);
        }
        if self.has(Flaw::KeepsOneCallAlive) {
            let first = self.calls.keys().next();
            let others = |effect: &Effect| matches!(effect, Effect::Ask(call, Ask::KeepAlive) if Some(call) != first);
            effects.retain(|effect| !others(effect));
        }
        effects
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.settings.has(flaw)
    }

    /// Lets something happen to one call, if it is there; then it goes on with what it has to do.
    fn with_line<T>(
        &mut self,
        now: Timestamp,
        call: Guid,
        effects: &mut Vec<Effect>,
        act: impl FnOnce(&mut Line, &mut Turn<'_>) -> T,
    ) -> Option<T> {
        let line = self.calls.get_mut(&call)?;
        let mut turn = Turn { now, call, settings: &self.settings, effects };
        let done = act(line, &mut turn);
        line.go_on(&mut turn);
        Some(done)
    }

    /// As many calls as there may be, those included that are about to begin.
    fn is_full(&self) -> bool {
        let calls = self.calls.len() + self.plans.len();
        let (calls, most) = match self.settings.flaw {
            Some(Flaw::TenCallsOnly) => (calls, 10),
            Some(Flaw::CountsEndedCalls) => (calls + self.ended.len(), 20),
            _ => (calls, self.settings.max_calls),
        };
        calls >= most
    }

    /// A call of the bot's own, from now on.
    fn look_after(&mut self, now: Timestamp, call: Guid, line: Line, effects: &mut Vec<Effect>) {
        if self.calls.len() >= self.settings.max_calls {
            self.remember_ended(call);
            effects.push(Effect::Ask(call, Ask::HangUp));
            return;
        }
        self.calls.insert(call, line);
        self.with_line(now, call, effects, |_, _| ());
    }

    /// A call is over; whoever is to be called back is called back.
    fn forget(&mut self, call: Guid, effects: &mut Vec<Effect>) {
        if let Some(line) = self.calls.remove(&call) {
            effects.push(Effect::Forget(call));
            if let Some(peer) = line.peer.filter(|_| line.call_back) {
                self.plan(Plan { origin: call, to: peer, also: None }, effects);
            }
        }
        self.remember_ended(call);
    }

    fn plan(&mut self, plan: Plan, effects: &mut Vec<Effect>) {
        self.last_plan = self.last_plan.wrapping_add(1);
        self.plans.insert(self.last_plan, plan);
        let Plan { origin, to, also } = plan;
        effects.push(Effect::Ask(origin, Ask::Call { plan: self.last_plan, to, also }));
    }

    fn remember_ended(&mut self, call: Guid) {
        self.looks.remove(&call);
        if self.ended.contains(&call) {
            return;
        }
        self.ended.push_back(call);
        if self.ended.len() > ENDED_MAX {
            self.ended.pop_front();
        }
    }
}

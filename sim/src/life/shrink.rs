//! Making a plan that breaks something as small as it can be made: first by what the strategy knows (proptest), then
//! by leaving out whatever is not needed, alone or in chunks (delta debugging), then by making what is left simpler.

use std::time::Duration;

use proptest::strategy::ValueTree;

use super::{Broken, live};
use crate::plan::{Fault, Media, Plan, What};

/// Worlds that are lived through for one shrinking, at the most.
const WORLDS_MAX: usize = 600;
/// Of these, by proptest.
const BY_STRATEGY_MAX: usize = 250;

/// A plan that breaks something, and cannot be made smaller.
#[derive(Debug, Clone)]
pub struct Shrunk {
    /// The plan.
    pub plan: Plan,
    /// What it breaks.
    pub broken: Broken,
    /// Worlds that were lived through for it.
    pub worlds: usize,
}

struct Shrinker<'a> {
    /// Whether somebody waits for the end.
    hurried: &'a dyn Fn() -> bool,
    invariant: String,
    best: (Plan, Broken),
    worlds: usize,
}

impl Shrinker<'_> {
    /// Whether this plan breaks the same thing; if so it is the best so far.
    fn takes(&mut self, plan: Plan) -> bool {
        if self.worlds >= WORLDS_MAX || plan == self.best.0 || (self.hurried)() {
            return false;
        }
        self.worlds += 1;
        match live(&plan, false).broken {
            Some(broken) if broken.invariant == self.invariant => {
                self.best = (plan, broken);
                true
            }
            _ => false,
        }
    }

    fn plan(&self) -> &Plan {
        &self.best.0
    }

    /// What proptest leaves out and makes smaller.
    fn by_strategy(&mut self, mut tree: impl ValueTree<Value = Plan>) {
        let (bot_flaw, platform_flaw) =
            (self.plan().bot_flaw.clone(), self.plan().platform_flaw.clone());
        while self.worlds < BY_STRATEGY_MAX && !(self.hurried)() && tree.simplify() {
            loop {
                let (bot_flaw, platform_flaw) = (bot_flaw.clone(), platform_flaw.clone());
                let plan = Plan { bot_flaw, platform_flaw, ..tree.current() };
                let over = |worlds| worlds >= BY_STRATEGY_MAX || (self.hurried)();
                if self.takes(plan) || over(self.worlds) || !tree.complicate() {
                    break;
                }
            }
        }
    }

    /// Leaves out chunks of a list, ever smaller ones, until nothing can be left out.
    fn without_chunks<T: Clone>(
        &mut self,
        get: impl Fn(&Plan) -> Vec<T>,
        with: impl Fn(&Plan, Vec<T>) -> Plan,
    ) -> bool {
        let (mut shrank, mut chunk) = (false, get(self.plan()).len());
        while chunk > 0 {
            let mut at = 0;
            while at < get(self.plan()).len() {
                let all = get(self.plan());
                let end = (at + chunk).min(all.len());
                let rest = all[..at].iter().chain(&all[end..]).cloned().collect();
                let smaller = with(self.plan(), rest);
                if self.takes(smaller) {
                    shrank = true;
                } else {
                    at = end;
                }
            }
            chunk /= 2;
        }
        shrank
    }

    fn drop_entries(&mut self) -> bool {
        let faults = self.without_chunks(
            |plan| plan.faults.clone(),
            |plan, faults| Plan { faults, ..plan.clone() },
        );
        let deeds = self.without_chunks(
            |plan| plan.deeds.clone(),
            |plan, deeds| Plan { deeds, ..plan.clone() },
        );
        faults || deeds
    }

    /// What is left becomes plainer, one thing at a time.
    fn simplify(&mut self) -> bool {
        let before = self.plan().clone();
        self.takes(Plan { links: None, ..self.plan().clone() });
        self.takes(Plan { batch: 1, ..self.plan().clone() });
        self.takes(Plan { media: Media::ServiceHosted, ..self.plan().clone() });
        self.without_chunks(
            |plan| plan.withheld.clone(),
            |plan, withheld| Plan { withheld, ..plan.clone() },
        );
        for at in 0..self.plan().faults.len() {
            for plainer in plainer_faults(&self.plan().faults[at]) {
                let mut plan = self.plan().clone();
                plan.faults[at] = plainer;
                self.takes(plan);
            }
            self.shorten(at);
        }
        for at in 0..self.plan().deeds.len() {
            self.plainer_deed(at);
        }
        self.sooner();
        *self.plan() != before
    }

    /// Halves the time that a fault lasts as long as that is enough, down to a tenth of a second.
    #[expect(clippy::wildcard_enum_match_arm, reason = "others last no time")]
    fn shorten(&mut self, at: usize) {
        loop {
            let mut plan = self.plan().clone();
            let lasts = match &mut plan.faults[at] {
                Fault::Link(fault) => &mut fault.for_ms,
                Fault::Outage(fault) | Fault::MediaOutage(fault) => &mut fault.for_ms,
                Fault::Crash(fault) => &mut fault.for_ms,
                Fault::Clock(fault) => &mut fault.for_ms,
                _ => return,
            };
            *lasts = (*lasts / 200) * 100;
            if *lasts == 0 || !self.takes(plan) {
                return;
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "others are plain")]
    fn plainer_deed(&mut self, at: usize) {
        let mut plan = self.plan().clone();
        match &mut plan.deeds[at].what {
            What::Press { keys } if keys.len() > 1 => keys.truncate(1),
            What::Meet { with } if !with.is_empty() => with.clear(),
            What::Speak { ms } if *ms > 1_000 => *ms = 1_000,
            _ => {}
        }
        self.takes(plan);
        // Round times are easier to read.
        let mut plan = self.plan().clone();
        let ms = &mut plan.deeds[at].at_ms;
        *ms -= *ms % 1_000;
        self.takes(plan);
    }

    /// Heals as soon as everything has happened.
    fn sooner(&mut self) {
        let plan = self.plan().clone();
        let ends = plan.faults.iter().filter_map(|fault| fault.window().map(|(_, end)| end));
        let last = plan.deeds.iter().map(|deed| deed.at_ms).chain(ends).max().unwrap_or(0);
        for spare in [5_000, 20_000] {
            let heal_at_ms = (last + spare).min(plan.heal_at_ms);
            if self.takes(Plan { heal_at_ms, ..plan.clone() }) {
                return;
            }
        }
    }
}

/// The same kind of fault, plainer: the first occurrence, one of them, every kind of notification.
#[expect(clippy::wildcard_enum_match_arm, reason = "others are not counted")]
fn plainer_faults(fault: &Fault) -> Vec<Fault> {
    let mut all = Vec::new();
    let mut add = |change: &dyn Fn(&mut u64, &mut u64)| {
        let mut fault = fault.clone();
        let counts = match &mut fault {
            Fault::Graph(fault) => (&mut fault.nth, &mut fault.times),
            Fault::Token(fault) | Fault::Keys(fault) => (&mut fault.nth, &mut fault.times),
            Fault::Notification(fault) => (&mut fault.nth, &mut fault.times),
            Fault::Roster(fault) => (&mut fault.nth, &mut fault.times),
            Fault::Prompt(fault) => (&mut fault.nth, &mut fault.times),
            _ => return,
        };
        change(counts.0, counts.1);
        all.push(fault);
    };
    add(&|_, times| *times = 1);
    add(&|nth, _| *nth = 1);
    all
}

/// Makes a plan that breaks something smaller, as long as it breaks the same. `tree` is the one that it was drawn
/// from, if it was drawn. Once `hurried` says so it lives through no further world, and the smallest so far is it.
pub fn shrink(
    plan: Plan,
    broken: Broken,
    tree: Option<impl ValueTree<Value = Plan>>,
    hurried: &dyn Fn() -> bool,
) -> Shrunk {
    let invariant = broken.invariant.clone();
    let mut shrinker = Shrinker { hurried, invariant, best: (plan, broken), worlds: 0 };
    if let Some(tree) = tree {
        shrinker.by_strategy(tree);
    }
    while shrinker.drop_entries() | shrinker.simplify() {}
    let Shrinker { best: (plan, broken), worlds, .. } = shrinker;
    Shrunk { plan, broken, worlds }
}

/// When something broke, for people: `12.340 s`.
pub fn seconds(at: Duration) -> String {
    format!("{}.{:03} s", at.as_secs(), at.subsec_millis())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::plan::{plan_of, tree};

    /// Whoever is in a hurry gets the smallest plan so far, after the world that was under way.
    #[test]
    fn shrinking_stops_when_it_is_told() {
        let bot_flaw = Some("trusts-any-signature".to_owned());
        let plan = Plan { bot_flaw, ..plan_of(4) };
        let broken = live(&plan, false).broken.expect("this seed shows it");
        let asked = Cell::new(0);
        let hurried = || {
            asked.set(asked.get() + 1);
            asked.get() > 4
        };
        let shrunk = shrink(plan.clone(), broken.clone(), Some(tree(4)), &hurried);
        assert!(shrunk.worlds <= 4, "{}", shrunk.worlds);
        let same = shrink(plan.clone(), broken, Some(tree(4)), &|| true);
        assert_eq!((same.worlds, same.plan), (0, plan));
    }
}

//! Lets the platform and the reference live through the same history, and compares what a bot can see.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

use platform::Flaw;

use super::{
    choose::Choose,
    reference::Reference,
    system::{Shell, System},
    transition::{Asked, Recording, Transition},
    view::{Reply, Told},
};

/// The two disagree.
#[derive(Debug)]
pub struct Mismatch(pub String);

/// Both, side by side.
struct Pair {
    system: System,
    reference: Reference,
    steps: Vec<Transition>,
    /// Calls that were over when they were compared last: how much was told of them.
    over: Vec<Option<usize>>,
}

impl Pair {
    fn new(flaw: Option<Flaw>) -> Self {
        let system = System::new(flaw);
        let reference = Reference::new(system.now);
        Self { system, reference, steps: Vec::new(), over: Vec::new() }
    }

    /// A panic of the platform is a difference too: the reference never panics.
    fn step(&mut self, transition: Transition) -> Result<(), Mismatch> {
        self.steps.push(transition);
        let stepped = catch_unwind(AssertUnwindSafe(|| self.take(transition)));
        stepped.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map_or("", String::as_str);
            Err(self.mismatch(&format!("panicked: {text}")))
        })
    }

    fn take(&mut self, transition: Transition) -> Result<(), Mismatch> {
        self.system.prepare(&transition, Shell::Punctual);
        self.reference.is_now(self.system.now);
        let wanted = self.reference.apply(&transition);
        let (got, fetched) = self.system.apply(&transition, Shell::Punctual);
        if let (Some((call, operation, prompt)), Transition::Fetched(outcome)) =
            (fetched, transition)
        {
            self.reference.fetched(call, operation, prompt, outcome);
        }
        if got != wanted {
            return Err(self.mismatch(&format!("reply: {got:?}, expected {wanted:?}")));
        }
        self.compare()
    }

    fn mismatch(&self, what: &str) -> Mismatch {
        let steps: Vec<String> = self.steps.iter().map(|step| format!("  {step:?}\n")).collect();
        Mismatch(format!("\n{}{what}", steps.concat()))
    }

    fn compare(&mut self) -> Result<(), Mismatch> {
        self.reference.is_now(self.system.now);
        self.over.resize(self.reference.made(), None);
        for (call, seen) in self.system.seen.iter().enumerate() {
            // A notification that a silent bot does not answer holds back those behind it.
            if self.system.unanswered.iter().any(|(_, held)| *held == call) {
                continue;
            }
            let told = &seen.told;
            if self.over[call] == Some(told.len()) {
                continue;
            }
            let wanted = self.reference.all_told(call);
            if *told != wanted {
                let text = format!("call {call}:\n{told:?}\nexpected\n{wanted:?}");
                return Err(self.mismatch(&text));
            }
            self.over[call] = self.reference.is_over(call).then_some(told.len());
            if let Some((operation, prompt)) = self.reference.awaits(call)
                && !self.system.waits_for((call, operation, prompt))
            {
                let text = format!("call {call}: prompt {operation}-{prompt} is not downloaded");
                return Err(self.mismatch(&text));
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Mismatch> {
        self.system.unsilence();
        self.compare()
    }
}

/// Draws a history and runs it against the reference.
///
/// # Errors
/// The first difference, with the shortest history found that leads to one.
pub fn history(
    choices: &mut dyn Choose,
    length: usize,
    flaw: Option<Flaw>,
) -> Result<(), Mismatch> {
    let mut pair = Pair::new(flaw);
    for _ in 0..length {
        let transition = Transition::choose(choices, pair.reference.made());
        if let Err(mismatch) = pair.step(transition) {
            return Err(shrunk(pair.steps, mismatch, flaw));
        }
    }
    pair.finish().map_err(|mismatch| shrunk(pair.steps, mismatch, flaw))
}

/// Runs a given history; steps that name calls which were never made are left out.
///
/// # Errors
/// The first difference.
pub fn given(steps: &[Transition], flaw: Option<Flaw>) -> Result<(), Mismatch> {
    let mut pair = Pair::new(flaw);
    for step in steps {
        if step.is_possible(pair.reference.made()) {
            pair.step(*step)?;
        }
    }
    pair.finish()
}

/// Leaves out steps, one after another, as long as there is still a difference.
fn shrunk(mut steps: Vec<Transition>, mut mismatch: Mismatch, flaw: Option<Flaw>) -> Mismatch {
    let mut at = steps.len();
    while at > 0 {
        at -= 1;
        let mut fewer = steps.clone();
        fewer.remove(at);
        if let Err(other) = given(&fewer, flaw) {
            (steps, mismatch) = (fewer, other);
            at = at.min(steps.len());
        }
    }
    mismatch
}

/// Runs one history twice, with a punctual shell and with a late one: the story must be the same.
///
/// # Errors
/// Both stories, if they differ.
pub fn late_caller(
    choices: &mut dyn Choose,
    length: usize,
    flaw: Option<Flaw>,
) -> Result<(), Mismatch> {
    let (mut punctual, mut late) = (System::new(flaw), System::new(flaw));
    let mut steps = Vec::new();
    for _ in 0..length {
        let transition = Transition::choose(choices, punctual.seen.len());
        // When a download starts depends on when the shell hears of it, and when a broken connection is tried
        // again on when it broke; that is the world's delay, not the platform's.
        let worldly = match transition {
            Transition::Ring { silent } => silent,
            Transition::Ask { verb, .. } => {
                matches!(verb, Asked::Prompt(..) | Asked::Kept | Asked::Record(Recording::Prompted))
            }
            _ => false,
        };
        if worldly {
            continue;
        }
        steps.push(transition);
        punctual.prepare(&transition, Shell::Punctual);
        late.prepare(&transition, Shell::Late);
        punctual.apply(&transition, Shell::Punctual);
        late.apply(&transition, Shell::Late);
    }
    let (on_time, too_late) = (punctual.story(), late.story());
    if on_time != too_late {
        return Err(Mismatch(format!("{steps:?}\non time: {on_time:#?}\nlate: {too_late:#?}")));
    }
    Ok(())
}

/// Adds everything that is told and refused in a drawn history, in words; tones without their numbers.
pub fn all_told(choices: &mut dyn Choose, length: usize, words: &mut BTreeSet<String>) {
    let mut system = System::new(None);
    for _ in 0..length {
        let transition = Transition::choose(choices, system.seen.len());
        if let (Some(reply @ Reply::Refused(..)), _) = system.apply(&transition, Shell::Punctual) {
            words.insert(format!("{reply:?}"));
        }
    }
    for told in system.seen.iter().flat_map(|seen| &seen.told) {
        words.insert(match told {
            Told::Operation { well, result, reason, .. } => {
                format!("operation {well} {result:?} {reason:?}")
            }
            Told::Tone(..) => "tone".to_owned(),
            other => format!("{other:?}"),
        });
    }
}

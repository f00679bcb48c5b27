//! Calls of two, and what becomes of them: the platform against a reference that was thought up differently,
//! compared through what a bot sees (R-060 to to
//!
#![expect(clippy::wildcard_enum_match_arm, reason = "what a model forgets, its histories find out")]

mod model {
    pub mod choose;
    pub mod flaws;
    pub mod moment;
    pub mod openings;
    pub mod reference;
    pub mod requests;
    pub mod run;
    pub mod system;
    pub mod transition;
    pub mod view;
}

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering},
};

use model::{
    choose::{Choose, Exhaustive, Given, Seeded},
    flaws::is_of_two,
    openings::openings,
    run::{Mismatch, all_told, given, history, late_caller},
    transition::Transition,
};
use platform::Flaw;
use proptest::prelude::*;

/// What happens after the opening of an enumerated history.
const SHORT: usize = 2;
/// Steps of a drawn history, and how many are drawn.
const LONG: usize = 50;
const DRAWN: u64 = 20_000;

/// Tries all numbers below `count` on several threads; the first one that fails, if any does.
fn first_failure(
    count: u64,
    try_one: impl Fn(u64) -> Result<(), Mismatch> + Sync,
) -> Option<String> {
    let (next, failed) = (AtomicU64::new(0), AtomicU64::new(u64::MAX));
    let threads = std::thread::available_parallelism().map_or(2, usize::from).min(4);
    let work = || {
        let mut found = None;
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count || number > failed.load(Ordering::Relaxed) {
                return found;
            }
            if let Err(Mismatch(text)) = try_one(number) {
                failed.fetch_min(number, Ordering::Relaxed);
                found = Some((number, text));
            }
        }
    };
    let found: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        all.into_iter().map(|one| one.join().expect("no history panics")).collect()
    });
    let first = found.into_iter().flatten().min_by_key(|(number, _)| *number);
    first.map(|(number, text)| format!("{number}: {text}"))
}

/// From every place that a call can be in, everything that can happen, twice.
#[test]
fn every_short_history() {
    let openings = openings();
    let mut choices = Exhaustive::default();
    let mut all = Vec::new();
    while choices.next_run() {
        let opening = &openings[choices.below(openings.len() as u32) as usize];
        let menu = Transition::menu(opening.call);
        let mut steps = opening.steps.clone();
        steps.extend([(); SHORT].map(|()| menu[choices.below(menu.len() as u32) as usize]));
        all.push(steps);
    }
    assert!((100_000..1_000_000).contains(&all.len()), "{} histories", all.len());
    let at = |number| &all[usize::try_from(number).expect("small")];
    let failed = first_failure(all.len() as u64, |number| given(at(number), None));
    assert!(failed.is_none(), "history {}", failed.unwrap_or_default());
}

#[test]
fn many_long_histories() {
    let failed = first_failure(DRAWN, |seed| history(&mut Seeded(seed), LONG, None));
    assert!(failed.is_none(), "seed {}", failed.unwrap_or_default());
}

#[test]
fn a_late_caller_sees_the_same_story() {
    let failed = first_failure(DRAWN, |seed| late_caller(&mut Seeded(seed), LONG, None));
    assert!(failed.is_none(), "seed {}", failed.unwrap_or_default());
}

proptest! {
    /// The same model on choices that proptest can make smaller: a failure shrinks to a short history.
    #[test]
    fn drawn_by_proptest(choices in prop::collection::vec(any::<u16>(), 0..120)) {
        let outcome = history(&mut Given(choices.iter()), LONG, None);
        prop_assert!(outcome.is_ok(), "{}", outcome.unwrap_err().0);
    }
}

/// Histories that never get anywhere would agree with anything: everything that a call of two can be told of
/// its end, of its operations and of its state must have been told, and every refusal given.
#[test]
fn the_histories_reach_everything() {
    let mut told = BTreeSet::new();
    for seed in 0..5_000 {
        all_told(&mut Seeded(seed), LONG, &mut told);
    }
    let reached: BTreeSet<&str> = told.iter().map(String::as_str).collect();
    let wanted: BTreeSet<&str> = include_str!("model/reached.txt").lines().collect();
    let missing: Vec<_> = wanted.difference(&reached).collect();
    let unforeseen: Vec<_> = reached.difference(&wanted).collect();
    assert!(missing.is_empty() && unforeseen.is_empty(), "-{missing:#?}\n+{unforeseen:#?}");
}

/// A test that cannot fail proves nothing: each planted fault must be noticed.
#[test]
fn every_planted_fault_is_noticed() {
    let mine = Flaw::ALL.into_iter().filter(|flaw| is_of_two(*flaw));
    let unnoticed: Vec<Flaw> = mine.filter(|flaw| !is_noticed(*flaw)).collect();
    assert!(unnoticed.is_empty(), "{unnoticed:?}");
}

fn is_noticed(flaw: Flaw) -> bool {
    (0..DRAWN).any(|seed| {
        let noticed = || {
            history(&mut Seeded(seed), LONG, Some(flaw)).is_err()
                || late_caller(&mut Seeded(seed), LONG, Some(flaw)).is_err()
        };
        // A fault may also trip one of the platform's own assertions.
        std::panic::catch_unwind(noticed).unwrap_or(true)
    })
}

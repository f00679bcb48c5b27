//! The platform against a reference that was thought up differently, compared through what a bot sees.

mod model {
    pub mod choose;
    pub mod reference;
    pub mod run;
    pub mod transition;
    pub mod view;
}

use model::{
    choose::{Exhaustive, Given, Seeded},
    run::{Mismatch, history, late_caller},
};
use platform::Flaw;
use proptest::prelude::*;

/// Steps of an enumerated history.
const SHORT: usize = 4;
/// Steps of a drawn one, and how many are drawn.
const LONG: usize = 40;
const DRAWN: u64 = 5_000;

fn told(mismatch: Mismatch) -> ! {
    panic!("{}", mismatch.0)
}

#[test]
fn every_short_history() {
    let mut choices = Exhaustive::default();
    let mut runs = 0_u64;
    while choices.next_run() {
        history(&mut choices, SHORT, None).unwrap_or_else(|mismatch| told(mismatch));
        runs += 1;
    }
    assert!(runs > 10_000, "only {runs} histories");
}

#[test]
fn many_long_histories() {
    for seed in 0..DRAWN {
        history(&mut Seeded(seed), LONG, None)
            .unwrap_or_else(|mismatch| panic!("seed {seed}: {}", mismatch.0));
    }
}

#[test]
fn a_late_caller_sees_the_same_story() {
    for seed in 0..DRAWN {
        late_caller(&mut Seeded(seed), LONG, None)
            .unwrap_or_else(|mismatch| panic!("seed {seed}: {}", mismatch.0));
    }
}

proptest! {
    /// The same model on choices that proptest can make smaller: a failure shrinks to a short history.
    #[test]
    fn drawn_by_proptest(choices in prop::collection::vec(any::<u16>(), 0..120)) {
        let outcome = history(&mut Given(choices.iter()), LONG, None);
        prop_assert!(outcome.is_ok(), "{}", outcome.unwrap_err().0);
    }
}

/// A test that cannot fail proves nothing: each planted fault must be noticed.
#[test]
fn every_planted_fault_is_noticed() {
    let unnoticed: Vec<Flaw> = Flaw::ALL.into_iter().filter(|flaw| !is_noticed(*flaw)).collect();
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

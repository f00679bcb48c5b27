//! Conferences against a reference that was thought up differently, compared through what bots see: replies, states,
//! operations, and every roster..

#[path = "model/choose.rs"]
mod choose;

mod group_model {
    pub mod reference;
    pub mod robust;
    pub mod rooms;
    pub mod system;
    pub mod transition;
}

use choose::{Exhaustive, Given, Seeded};
use group_model::system::{Mismatch, history, late_shell, short_history};
use platform::Flaw;
use proptest::prelude::*;

/// Steps of an enumerated history.
const SHORT: usize = 3;
/// Steps of a drawn one, and how many are drawn.
const LONG: usize = 40;
const DRAWN: u64 = 20_000;

/// The faults that concern conferences, and those of single calls that show here too.
const FLAWS: [Flaw; 26] = [
    Flaw::IgnoresWithdrawal,
    Flaw::AnswersLate,
    Flaw::AnswersTwice,
    Flaw::ForgetsKeepAlive,
    Flaw::NeverLapses,
    Flaw::RemembersEndedCalls,
    Flaw::SkipsTerminating,
    Flaw::EndsOperationsAloud,
    Flaw::HidesFailure,
    Flaw::ActsAtWakeUp,
    Flaw::IgnoresOwner,
    Flaw::AnswersWithoutPermission,
    Flaw::ActsWithoutPermission,
    Flaw::JoinsWithoutPermission,
    Flaw::InvitesWithoutPermission,
    Flaw::SurvivesEscalation,
    Flaw::RosterAfterEscalation,
    Flaw::MutesAloud,
    Flaw::RemovesWithoutAllowance,
    Flaw::HoldsSeveral,
    Flaw::WrongEndCode,
    Flaw::TellsOperationTwice,
    Flaw::TellsFinishedOperations,
    Flaw::LobbySeesAll,
    Flaw::KeepsReplacedCall,
    Flaw::ShowsHidden,
];

fn told(mismatch: Mismatch) -> ! {
    panic!("{}", mismatch.0)
}

#[test]
fn every_short_history() {
    let mut choices = Exhaustive::default();
    let mut runs = 0_u64;
    while choices.next_run() {
        short_history(&mut choices, SHORT).unwrap_or_else(|mismatch| told(mismatch));
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
fn a_late_shell_sees_the_same_story() {
    for seed in 0..DRAWN / 4 {
        late_shell(&mut Seeded(seed), LONG, None)
            .unwrap_or_else(|mismatch| panic!("seed {seed}: {}", mismatch.0));
    }
}

proptest! {
    /// The same model on choices that proptest can make smaller: a failure shrinks to a short history.
    #[test]
    fn drawn_by_proptest(choices in prop::collection::vec(any::<u16>(), 0..160)) {
        let outcome = history(&mut Given(choices.iter()), LONG, None);
        prop_assert!(outcome.is_ok(), "{}", outcome.unwrap_err().0);
    }
}

/// A test that cannot fail proves nothing: each planted fault must be noticed.
#[test]
fn every_planted_fault_is_noticed() {
    let unnoticed: Vec<Flaw> = FLAWS.into_iter().filter(|flaw| !is_noticed(*flaw)).collect();
    assert!(unnoticed.is_empty(), "{unnoticed:?}");
}

fn is_noticed(flaw: Flaw) -> bool {
    (0..DRAWN).any(|seed| {
        let noticed = || {
            history(&mut Seeded(seed), LONG, Some(flaw)).is_err()
                || late_shell(&mut Seeded(seed), LONG, Some(flaw)).is_err()
        };
        // A fault may also trip one of the platform's own assertions.
        std::panic::catch_unwind(noticed).unwrap_or(true)
    })
}

#[test]
fn nonsense_does_no_harm() {
    for seed in 0..3_000 {
        group_model::robust::anything(&mut Seeded(seed), 60);
    }
}

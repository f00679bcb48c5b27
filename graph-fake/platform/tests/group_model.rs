//! Conferences against a reference that was thought up differently, compared through what bots see: replies, states,
//! operations, and every roster..

#[path = "model/choose.rs"]
mod choose;

mod group_model {
    pub mod anything;
    pub mod asks;
    pub mod beginnings;
    pub mod reference;
    pub mod robust;
    pub mod rooms;
    pub mod system;
    pub mod transition;
    pub mod wording;
}

use choose::{Exhaustive, Given, Seeded};
use group_model::system::{Mismatch, history, late_shell, short_history, words_of_history};
use platform::Flaw;
use proptest::prelude::*;

/// Steps of an enumerated history.
const SHORT: usize = 3;
/// Steps of a drawn one, and how many are drawn.
const LONG: usize = 60;
const DRAWN: u64 = 20_000;

/// The faults that concern conferences, and those of single calls that show here too.
const FLAWS: [Flaw; 35] = [
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
    Flaw::SeveralShare,
    Flaw::WaitsForEver,
    Flaw::OutlivesPeople,
    Flaw::InvitesTwice,
    Flaw::MutesItselfToo,
    Flaw::SeveralWithoutChat,
    Flaw::SkipsNumbers,
    Flaw::GuestsSurvive,
    Flaw::ActsFromLobby,
];

/// Replies and notifications that histories must reach.
const WORDS: [&str; 33] = [
    "201",
    "202",
    "204",
    "400 8501",
    "400 8523",
    "400 8548",
    "400 8585",
    "403 7504",
    "403 7505",
    "403 7507",
    "403 Forbidden",
    "404 8522",
    "404 8543",
    "409 8519",
    "act",
    "audio off",
    "audio on",
    "delta",
    "ended 200/4521",
    "ended 200/5001",
    "ended 200/5010",
    "ended 200/5013",
    "ended 200/5300",
    "ended 200/5855",
    "ended 200/7000",
    "ended 403/7504",
    "ended 408/8537",
    "ended 408/8544",
    "ended 487/0",
    "operation completed",
    "operation failed 412/9999",
    "roster",
    "terminating",
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

/// A comparison of nothing would never differ: the histories must reach all of this.
#[test]
fn histories_reach_everything() {
    let mut words = std::collections::BTreeMap::<String, u64>::new();
    for seed in 0..2_000 {
        for told in words_of_history(&mut Seeded(seed), LONG) {
            let number = |word: &str| word.len() == 1 && word.chars().all(|c| c.is_ascii_digit());
            let word = told.split(' ').filter(|word| !number(word)).collect::<Vec<_>>().join(" ");
            *words.entry(word).or_default() += 1;
        }
    }
    let reached = |what: &str| {
        let several = words.range(what.to_owned()..).take_while(|(word, _)| word.starts_with(what));
        several.map(|(_, times)| times).sum::<u64>()
    };
    let unreached: Vec<_> = WORDS.into_iter().filter(|word| reached(word) < 5).collect();
    assert!(unreached.is_empty(), "{unreached:?}");
    for mark in [" server-muted", " muted", " lobby", " video", " shares", " Left", " Removed"] {
        assert!(words.keys().any(|word| word.contains(mark)), "{mark}");
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
    let mut done = std::collections::BTreeSet::new();
    for seed in 0..2_000 {
        done.extend(group_model::robust::anything(&mut Seeded(seed), 120));
    }
    // Of some sixty verbs and acts nearly all must have got past the door.
    assert!(done.len() >= 50, "only {done:?}");
}

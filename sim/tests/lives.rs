//! Drawn lives: none of them breaks an invariant, a plan is a run to the byte, and what was found once stays mended.

use std::path::{Path, PathBuf};

use proptest::{
    prelude::*,
    test_runner::{Config, FileFailurePersistence},
};
use sim::{
    life::{live, seconds},
    plan::{Plan, plan_of, plans},
};

/// Where plans are kept that once broke something.
fn corpus() -> Vec<(PathBuf, Plan)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|file| file.extension().is_some_and(|kind| kind == "json")).collect();
    files.sort();
    let read = |file: PathBuf| {
        let text = std::fs::read_to_string(&file).unwrap();
        let plan = Plan::read(&file.display().to_string(), &text).unwrap_or_else(|e| panic!("{e}"));
        (file, plan)
    };
    files.into_iter().map(read).collect()
}

/// In words, if this plan breaks something.
fn broken(plan: &Plan) -> Option<String> {
    let broken = live(plan, false).broken?;
    Some(format!("{} at {}: {}", broken.invariant, seconds(broken.at), broken.text))
}

#[test]
fn what_was_found_once_stays_mended() {
    let corpus = corpus();
    assert!(!corpus.is_empty());
    for (file, plan) in corpus {
        assert_eq!(broken(&plan), None, "{}", file.display());
    }
}

#[test]
fn a_plan_is_a_run() {
    for seed in 0..20 {
        let plan = plan_of(seed);
        assert_eq!(live(&plan, false).trace_hash, live(&plan, true).trace_hash, "{seed}");
    }
    let hash = |seed| live(&Plan { seed, ..plan_of(3) }, false).trace_hash;
    assert_ne!(hash(3), hash(4), "the seed counts");
}

proptest! {
    #![proptest_config(Config {
        cases: 150,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lives.regressions")))),
        max_shrink_iters: 300,
        ..Config::default()
    })]

    /// Any scenario under any plan; what fails is kept in a file beside this one, and tried first the next time.
    #[test]
    fn no_life_breaks_an_invariant(plan in any::<u64>().prop_flat_map(plans)) {
        prop_assert_eq!(broken(&plan), None, "{}", plan.to_json());
    }
}

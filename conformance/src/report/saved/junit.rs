//! A merged report as JUnit XML.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{CaseRow, RunFile, Saved, SweepFile, shape::Ending};
use crate::select::Shard;

/// One suite a topic for runs, one for sweeps with a test for each finding. Shards that are missing are errors.
///
/// # Panics
/// Never: the report is written to memory.
pub fn junit(saved: &Saved) -> String {
    let mut report = Report::new("conformance");
    let mut suites = match saved {
        Saved::Run(run) => run_suites(run),
        Saved::Sweep(sweep) => vec![sweep_suite(sweep)],
    };
    suites.extend(missing_suite(saved.missing()));
    if matches!(saved, Saved::Run(run) if run.interrupted) {
        let mut suite = TestSuite::new("interrupted");
        let status = bad(NonSuccessKind::Error, "interrupted", "not everything was played");
        suite.add_test_case(TestCase::new("all worlds", status));
        suites.push(suite);
    }
    report.add_test_suites(suites);
    report.to_string().expect("memory can be written to")
}

fn bad(kind: NonSuccessKind, word: &str, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(word).set_message(message);
    status
}

fn missing_suite(missing: &[Shard]) -> Option<TestSuite> {
    let mut suite = TestSuite::new("shards");
    for shard in missing {
        let status = bad(NonSuccessKind::Error, "missing", "there is no report of this shard");
        let mut test = TestCase::new(format!("shard {shard}"), status);
        test.set_classname("shards");
        suite.add_test_case(test);
    }
    (!missing.is_empty()).then_some(suite)
}

fn run_suites(run: &RunFile) -> Vec<TestSuite> {
    let mut suites: Vec<TestSuite> = Vec::new();
    for case in &run.cases {
        let topic = case.id.split('/').next().unwrap_or_default();
        let name = match run.seeds {
            1 => case.id.clone(),
            _ => format!("{} (seed {})", case.id, case.seed.value),
        };
        let mut test = TestCase::new(name, status(case));
        test.set_classname(topic).set_time(case.simulated_seconds.0);
        match suites.iter_mut().find(|suite| suite.name.as_str() == topic) {
            Some(suite) => {
                suite.add_test_case(test);
            }
            None => {
                let mut suite = TestSuite::new(topic);
                suite.add_test_case(test);
                suites.push(suite);
            }
        }
    }
    suites
}

fn status(case: &CaseRow) -> TestCaseStatus {
    let reason = |name: &str| case.reason.get(name).and_then(|text| text.as_str()).unwrap_or("?");
    let rule = case.more.get("rule").and_then(|rule| rule.as_str()).unwrap_or("rule");
    match case.verdict {
        Ending::Passed => TestCaseStatus::success(),
        Ending::Skipped => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(reason("why"));
            status
        }
        Ending::Failed => {
            let why = format!("expected: {}; actual: {}", reason("expected"), reason("actual"));
            bad(NonSuccessKind::Failure, rule, &why)
        }
        Ending::Broken => bad(NonSuccessKind::Error, "broken", reason("why")),
    }
}

fn sweep_suite(sweep: &SweepFile) -> TestSuite {
    let mut suite = TestSuite::new("sweep");
    let name = format!("{} seeds from {}", sweep.seeds, sweep.seed.value);
    let status = match sweep.unfinished().filter(|_| sweep.interrupted()) {
        Some(why) => bad(NonSuccessKind::Error, "interrupted", &why),
        None => TestCaseStatus::success(),
    };
    let mut played = TestCase::new(name, status);
    played.set_classname("sweep").set_time(sweep.simulated_seconds.0);
    suite.add_test_case(played);
    for finding in &sweep.findings {
        let mut status = bad(NonSuccessKind::Failure, &finding.invariant, &finding.text);
        status.set_description(format!("conformance replay {}", finding.token));
        let mut test = TestCase::new(format!("seed {}", finding.seed.value), status);
        test.set_classname(finding.invariant.as_str());
        suite.add_test_case(test);
    }
    suite
}

//! JUnit XML, as CI systems read it.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::case_of;
use crate::{runner::Summary, simulated::Verdict};

/// A run as JUnit: one suite a topic. Times are virtual, so that the same run gives the same file.
///
/// # Panics
/// Never: the report is written to memory.
pub fn junit(summary: &Summary) -> String {
    let mut report = Report::new("conformance");
    let mut suites: Vec<TestSuite> = Vec::new();
    for result in &summary.reports {
        let case = case_of(result.case);
        let status = match &result.verdict {
            Verdict::Passed => TestCaseStatus::success(),
            Verdict::Failed(failure) => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_type(case.rule.id).set_message(failure.to_string());
                status.set_description(format!("{} ({})", case.rule.says, case.rule.source));
                status
            }
            Verdict::Skipped(why) => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(why.as_str());
                status
            }
            Verdict::Broken(why) => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
                status.set_message(why.as_str());
                status
            }
        };
        let name = match summary.seeds {
            1 => case.id.to_owned(),
            _ => format!("{} (seed {})", case.id, result.seed),
        };
        let mut test = TestCase::new(name, status);
        test.set_classname(case.topic()).set_time(result.simulated);
        match suites.iter_mut().find(|suite| suite.name.as_str() == case.topic()) {
            Some(suite) => {
                suite.add_test_case(test);
            }
            None => {
                let mut suite = TestSuite::new(case.topic());
                suite.add_test_case(test);
                suites.push(suite);
            }
        }
    }
    report.add_test_suites(suites);
    report.to_string().expect("memory can be written to")
}

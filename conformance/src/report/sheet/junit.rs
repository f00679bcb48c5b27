//! JUnit XML, as CI systems read it.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use sim::ladder::Ladder;

use super::{Outcome, Row, Sheet};

/// Most arrows of a ladder in a test's output.
const ARROWS: usize = 60;

impl Sheet {
    /// One suite a topic; times are those of the stage. A failure's output has its ladder as Mermaid, and the bot's
    /// last lines.
    ///
    /// # Panics
    /// Never: the report is written to memory.
    pub fn junit(&self) -> String {
        let mut report = Report::new(self.title.as_str());
        let mut suites: Vec<TestSuite> = Vec::new();
        for row in &self.rows {
            let topic = row.case.topic();
            let mut test = TestCase::new(row.case.id, status(row));
            test.set_classname(topic).set_time(row.took);
            if row.outcome == Outcome::Failed && !row.wire.is_empty() {
                let ladder = Ladder::new(&row.wire, &[]).at_most(ARROWS).mermaid();
                test.set_system_out(ladder);
            }
            if !row.said.is_empty() {
                test.set_system_err(row.said.join("\n"));
            }
            let known = suites.iter().position(|suite| suite.name.as_str() == topic);
            let place = known.unwrap_or_else(|| {
                suites.push(TestSuite::new(topic));
                suites.len() - 1
            });
            suites[place].add_test_case(test);
        }
        if let Some((why, said)) = &self.not_started {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_type("not-started").set_message(why.as_str());
            let mut test = TestCase::new("start", status);
            test.set_system_err(said.join("\n"));
            let mut suite = TestSuite::new("start");
            suite.add_test_case(test);
            suites.push(suite);
        }
        if self.interrupted {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_type("interrupted").set_message("interrupted: not everything was played");
            let mut suite = TestSuite::new("end");
            suite.add_test_case(TestCase::new("everything is played", status));
            suites.push(suite);
        }
        report.add_test_suites(suites);
        report.to_string().expect("memory can be written to")
    }
}

fn status(row: &Row) -> TestCaseStatus {
    let rule = row.case.rule;
    let note = row.note.clone().unwrap_or_default();
    match row.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(rule.id).set_message(row.sentence().unwrap_or_default());
            status.set_description(format!("{} ({})", rule.says, rule.source));
            status
        }
        Outcome::PassedUnexpectedly => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type("unexpected-pass");
            status.set_message("passed, though it is in the file of expected failures");
            status
        }
        Outcome::FailedAsExpected => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(format!("failed as expected: {note}"));
            status
        }
        Outcome::Skipped => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(note);
            status
        }
        Outcome::Broken => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(note);
            status
        }
    }
}

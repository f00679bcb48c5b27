//! What came of cases, whatever stage they were played on, and its spellings: a page, Markdown, JUnit, JSON and a table.

mod console;
mod html;
mod json;
mod junit;
mod markdown;
#[cfg(test)]
mod tests;

use std::time::Duration;

use sim::wire::Message;

use crate::{case::Case, failure::Failure, runner::Summary, simulated::Verdict};

/// What came of a case, beside what was expected of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The bot did what it had to.
    Passed,
    /// It did not.
    Failed,
    /// It did not, and that was known.
    FailedAsExpected,
    /// It did, though it was said that it would not: the expectation is out of date.
    PassedUnexpectedly,
    /// It was not played.
    Skipped,
    /// The suite, or the fake, broke.
    Broken,
}

impl Outcome {
    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::FailedAsExpected => "failed as expected",
            Self::PassedUnexpectedly => "passed unexpectedly",
            Self::Skipped => "skipped",
            Self::Broken => "broken",
        }
    }
}

/// What a bot did that no case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Its process ended.
    Died,
    /// It answers nothing any more.
    Hung,
    /// Its webhook answers with a page for people.
    AnsweredHtml,
    /// It asks without an end.
    Flooded,
}

impl Trouble {
    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Died => "died",
            Self::Hung => "hung",
            Self::AnsweredHtml => "answered HTML",
            Self::Flooded => "flooded",
        }
    }
}

/// What somebody heard in a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Sound {
    /// Who.
    pub who: String,
    /// The beginning of the call's id.
    pub call: String,
    /// How long it lasts.
    pub seconds: f64,
    /// How loud it is, from 0 to 100, in columns of the same length.
    pub peaks: Vec<u8>,
}

/// What was heard in the calls of a case.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Media {
    /// By whom.
    pub sounds: Vec<Sound>,
    /// Figures of all calls together, by name: prompts, records, keys, packets.
    pub figures: Vec<(String, u64)>,
}

/// One case.
#[derive(Debug, Clone)]
pub struct Row {
    /// Which.
    pub case: &'static Case,
    /// The seed of its world; 1 on real sockets.
    pub seed: u64,
    /// What came of it.
    pub outcome: Outcome,
    /// What should have been, and what was.
    pub failure: Option<Failure>,
    /// What else the bot did.
    pub trouble: Option<Trouble>,
    /// Why it was skipped, why the suite broke, or why a failure was expected.
    pub note: Option<String>,
    /// Time on the stage.
    pub took: Duration,
    /// The last lines of the bot, where they may help.
    pub said: Vec<String>,
    /// What was heard.
    pub media: Media,
    /// What was said on the wire, for a ladder.
    pub wire: Vec<Message>,
}

impl Row {
    /// A case that was not played.
    pub fn skipped(case: &'static Case, why: String) -> Self {
        Self {
            case,
            seed: 1,
            outcome: Outcome::Skipped,
            failure: None,
            trouble: None,
            note: Some(why),
            took: Duration::ZERO,
            said: Vec::new(),
            media: Media::default(),
            wire: Vec::new(),
        }
    }

    /// What went wrong, on one line.
    fn sentence(&self) -> Option<String> {
        let trouble = self.trouble.map(|trouble| format!("the bot {}: ", trouble.word()));
        let failure = self.failure.as_ref()?;
        Some(format!("{}{failure}", trouble.unwrap_or_default()))
    }
}

/// All of them.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Whose.
    pub title: String,
    /// What a reader should know, by name.
    pub facts: Vec<(String, String)>,
    /// The cases in their order.
    pub rows: Vec<Row>,
    /// Why the bot could not be played with at all, and its last lines.
    pub not_started: Option<(String, Vec<String>)>,
    /// Whether it was stopped before everything was played.
    pub interrupted: bool,
    /// How one case is played again; its id comes behind it.
    pub again: String,
    /// Real time.
    pub wall: Duration,
}

impl Sheet {
    /// A run on the simulated stage. `wire`: what was said in a world, where a ladder is wanted.
    pub fn of(
        summary: &Summary,
        program: &str,
        wire: impl Fn(&'static Case, u64) -> Vec<Message>,
    ) -> Self {
        let flaw = summary.flaw.map(|flaw| format!(" --flaw {}", flaw.id())).unwrap_or_default();
        let rows = summary.reports.iter().map(|report| {
            let case = super::case_of(report.case);
            let (outcome, failure, note) = match &report.verdict {
                Verdict::Passed => (Outcome::Passed, None, None),
                Verdict::Failed(failure) => (Outcome::Failed, Some(failure.clone()), None),
                Verdict::Skipped(why) => (Outcome::Skipped, None, Some(why.clone())),
                Verdict::Broken(why) => (Outcome::Broken, None, Some(why.clone())),
            };
            let wire =
                if outcome == Outcome::Failed { wire(case, report.seed) } else { Vec::new() };
            Row {
                seed: report.seed,
                outcome,
                failure,
                note,
                took: report.simulated,
                wire,
                ..Row::skipped(case, String::new())
            }
        });
        let mut facts = vec![
            ("stage".to_owned(), "simulated".to_owned()),
            ("bot".to_owned(), "the reference bot".to_owned()),
            ("seed".to_owned(), summary.seed.to_string()),
            ("trace hash".to_owned(), format!("{:016x}", summary.trace_hash)),
        ];
        facts.extend(summary.flaw.map(|flaw| ("planted fault".to_owned(), flaw.id().to_owned())));
        Self {
            title: "Conformance of the reference bot".to_owned(),
            facts,
            rows: rows.collect(),
            not_started: None,
            interrupted: summary.interrupted,
            again: format!("{program} run --seed {}{flaw} --case", summary.seed),
            wall: summary.wall,
        }
    }

    /// Cases with such an outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.rows.iter().filter(|row| row.outcome == outcome).count()
    }

    /// Passed, failed (what passed unexpectedly among them), skipped.
    pub fn counts(&self) -> [usize; 3] {
        let failed = self.count(Outcome::Failed) + self.count(Outcome::PassedUnexpectedly);
        [self.count(Outcome::Passed), failed, self.count(Outcome::Skipped)]
    }

    /// The exit code of cli.md that it stands for.
    pub fn code(&self) -> u8 {
        match (self.interrupted, self.not_started.is_some(), self.count(Outcome::Broken)) {
            (true, _, _) => 130,
            (false, true, _) => 3,
            (false, false, 1..) => 4,
            (false, false, 0) => u8::from(self.counts()[1] > 0),
        }
    }

    /// `3 passed, 1 failed, 2 skipped`.
    fn counted(&self) -> String {
        let [passed, failed, skipped] = self.counts();
        format!("{passed} passed, {failed} failed, {skipped} skipped")
    }

    /// What the counts do not say.
    fn beside(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.interrupted {
            lines.push("interrupted: not everything was played".to_owned());
        }
        for (outcome, count) in
            [Outcome::Broken, Outcome::FailedAsExpected, Outcome::PassedUnexpectedly]
                .map(|outcome| (outcome, self.count(outcome)))
        {
            if count > 0 {
                lines.push(format!("{count} {}", outcome.word()));
            }
        }
        lines
    }
}

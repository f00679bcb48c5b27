//! Why a story did not come out as it should.

use std::fmt;

use thiserror::Error;

use crate::control::ControlError;

/// The bot broke a rule: what was expected, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct Failure {
    /// What should have been.
    pub expected: String,
    /// What was.
    pub actual: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, but {}", self.expected, self.actual)
    }
}

/// What ends a story early.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Wrong {
    /// The bot's doing.
    #[error(transparent)]
    Bot(#[from] Failure),
    /// The suite's own trouble; never held against the bot.
    #[error("the stage broke: {0}")]
    Stage(#[from] ControlError),
}

impl Wrong {
    /// A failure of the bot.
    pub fn bot(expected: impl Into<String>, actual: impl Into<String>) -> Self {
        Self::Bot(Failure { expected: expected.into(), actual: actual.into() })
    }
}

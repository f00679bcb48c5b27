//! A case: a story, and what it is for.

use std::{fmt, time::Duration};

use bot_reference::Flaw;
use seam::BoxFuture;

use crate::{failure::Wrong, rule::Rule, stage::Stage};

/// What a verdict on this case weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// A bot that fails this does not work in Teams.
    Must,
    /// It works, until something goes wrong.
    Should,
}

impl Level {
    /// In one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Should => "should",
        }
    }
}

/// What a bot claims to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Takes calls.
    Callable,
    /// Takes calls and says something first, with Graph's prompts.
    ServiceHosted,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Callable, Self::ServiceHosted];

    /// Its name on a command line.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Callable => "callable",
            Self::ServiceHosted => "service-hosted",
        }
    }
}

/// What a case cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Hours have to pass.
    VirtualTime,
    /// Signed with keys that the test can misuse.
    Tokens,
    /// Requests have to fail on demand.
    Faults,
    /// Access tokens have to expire in virtual time.
    TokensExpire,
}

impl Need {
    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::VirtualTime => "virtual time",
            Self::Tokens => "forged tokens",
            Self::Faults => "faults on demand",
            Self::TokensExpire => "access tokens that expire in virtual time",
        }
    }
}

/// A story; it borrows its stage.
pub type Story = for<'a> fn(&'a Stage) -> BoxFuture<'a, Result<(), Wrong>>;

/// One case.
#[derive(Clone, Copy)]
pub struct Case {
    /// `topic/what-happens`; never changes.
    pub id: &'static str,
    /// A sentence.
    pub title: &'static str,
    /// What it weighs.
    pub level: Level,
    /// What it tests.
    pub rule: &'static Rule,
    /// Which bots it is for.
    pub profile: Profile,
    /// What it cannot do without.
    pub needs: &'static [Need],
    /// What happens, for readers.
    pub steps: &'static [&'static str],
    /// Longest virtual time.
    pub limit: Duration,
    /// Faults of the reference bot that it must notice.
    pub kills: &'static [Flaw],
    /// What happens.
    pub story: Story,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Case").field(&self.id).finish()
    }
}

impl Case {
    /// The part of the id before the slash.
    pub fn topic(&self) -> &'static str {
        self.id.split_once('/').map_or(self.id, |(topic, _)| topic)
    }
}

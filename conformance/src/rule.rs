//! What is demanded, by whom, and how well that is known.

/// How well a rule is sourced. There is no RFC here, and saying so is part of the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sourced {
    /// A page of Microsoft's says so.
    Documented,
    /// The samples or recorded traffic show it, or a maintainer said it.
    Observed,
    /// Any careful bot would.
    Prudent,
}

impl Sourced {
    /// In one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
            Self::Prudent => "prudent",
        }
    }
}

/// One demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Its own name; never changes.
    pub id: &'static str,
    /// Its number among the rules that the fake follows, where it is one of Graph's.
    pub contract: Option<&'static str>,
    /// How well it is known.
    pub sourced: Sourced,
    /// In words.
    pub says: &'static str,
    /// Where that comes from.
    pub source: &'static str,
}

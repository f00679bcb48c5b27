//! Which cases to play.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    case::{Case, Profile},
    cases,
};

/// Part K of N, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shard {
    number: usize,
    of: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("'{text}' is no K/N with K from 1 to N");
        let (number, of) = text.split_once('/').ok_or_else(bad)?;
        let (number, of) = (number.parse().map_err(|_| bad())?, of.parse().map_err(|_| bad())?);
        if number == 0 || number > of {
            return Err(bad());
        }
        Ok(Self { number, of })
    }
}

impl TryFrom<String> for Shard {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl Shard {
    /// K, from 1.
    pub const fn number(self) -> usize {
        self.number
    }

    /// N.
    pub const fn of(self) -> usize {
        self.of
    }

    /// All N parts.
    pub fn all(self) -> impl Iterator<Item = Self> {
        (1..=self.of).map(move |number| Self { number, of: self.of })
    }

    /// Whether the n-th of all jobs (from 0) belongs to this part.
    pub const fn takes(self, job: usize) -> bool {
        job % self.of == self.number - 1
    }
}

/// Nothing matched: a mistake on the command line, not a success (exit code 2).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct NothingSelected(String);

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Globs over ids, or topics; none takes all.
    pub globs: Vec<String>,
    /// Only cases for this kind of bot. `service-hosted` includes what every callable bot must do.
    pub profile: Option<Profile>,
}

impl Selection {
    /// The cases, in the catalogue's order.
    ///
    /// # Errors
    /// A glob that is none, or matches nothing.
    pub fn cases(&self) -> Result<Vec<&'static Case>, NothingSelected> {
        self.among(&cases::ALL)
    }

    /// The same of these cases.
    ///
    /// # Errors
    /// As [`Selection::cases`].
    pub fn among(&self, all: &[&'static Case]) -> Result<Vec<&'static Case>, NothingSelected> {
        let mut patterns = Vec::new();
        for text in &self.globs {
            let pattern = glob::Pattern::new(text)
                .map_err(|error| NothingSelected(format!("--case {text}: {error}")))?;
            if !all.iter().any(|case| matches(case, text, &pattern)) {
                let known: Vec<&str> = all.iter().map(|case| case.id).collect();
                let why = format!("no case matches '{text}'; there are {}", known.join(", "));
                return Err(NothingSelected(why));
            }
            patterns.push((text, pattern));
        }
        let wanted = |case: &&Case| {
            let by_id = patterns.is_empty()
                || patterns.iter().any(|(text, pattern)| matches(case, text, pattern));
            by_id && self.profile.is_none_or(|profile| claims(profile, case.profile))
        };
        let found: Vec<&'static Case> = all.iter().copied().filter(wanted).collect();
        if found.is_empty() {
            return Err(NothingSelected("no case matches the selection".to_owned()));
        }
        Ok(found)
    }
}

fn matches(case: &Case, text: &str, pattern: &glob::Pattern) -> bool {
    case.topic() == text || pattern.matches(case.id)
}

fn claims(bot: Profile, case: Profile) -> bool {
    bot == case || (bot, case) == (Profile::ServiceHosted, Profile::Callable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(globs: &[&str], profile: Option<Profile>) -> Result<Vec<&'static str>, NothingSelected> {
        let globs = globs.iter().map(|&glob| glob.to_owned()).collect();
        let cases = Selection { globs, profile }.cases()?;
        Ok(cases.iter().map(|case| case.id).collect())
    }

    #[test]
    fn by_id_by_glob_and_by_topic() {
        assert_eq!(ids(&["prompts/once"], None).unwrap(), ["prompts/once"]);
        assert_eq!(ids(&["prompts"], None).unwrap(), ids(&["prompts/*"], None).unwrap());
        assert_eq!(ids(&[], None).unwrap().len(), cases::ALL.len());
        assert!(ids(&["prompts"], Some(Profile::Callable)).is_err());
        assert!(ids(&["nothing*"], None).unwrap_err().to_string().contains("prompts/once"));
        assert!(ids(&["["], None).is_err());
    }

    #[test]
    fn shards_share_out_everything() {
        let shards: Vec<Shard> = (1..=3).map(|k| format!("{k}/3").parse().unwrap()).collect();
        assert!((0..20).all(|job| shards.iter().filter(|shard| shard.takes(job)).count() == 1));
        for bad in ["0/3", "4/3", "1", "a/b", "1/0"] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }
}

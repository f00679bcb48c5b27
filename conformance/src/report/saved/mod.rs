//! Reports that were written before: they are read again, merged when they are shards of one run, and compared.
//!
//! Both kinds that have shards are known: `run --json` and `sweep --json`. Whatever does not fit is told with file
//! and key.

mod diff;
mod junit;
mod merge;
mod shape;
#[cfg(test)]
mod tests;
mod text;

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use thiserror::Error;

use serde_json::Value;
use sim::plan::{plain, shown};

use super::files::read_at_most;
use crate::worlds;

pub use diff::{Diff, diff};
pub use junit::junit as merged_junit;
pub use merge::merge;
pub use shape::{
    CaseRow, Ended, Ending, Finding, Hash, RunFile, Saved, Seconds, Seed, SweepFile, Word,
};
pub use text::merged_text;

/// The form of the reports that is written and read.
pub const VERSION: u64 = 1;

/// Reports beyond this size, in mebibytes, are not read.
const SIZE: u64 = 64;

/// A report that cannot be used: which file, which key, why (exit code 2).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}: {}{why}", file.display(), if key.is_empty() { String::new() } else { format!("{key}: ") })]
pub struct SavedError {
    /// The file.
    pub file: PathBuf,
    /// The key, as `cases[3].seed`; empty if it is about the whole file.
    pub key: String,
    /// What is wrong.
    pub why: String,
}

impl SavedError {
    fn new(file: &Path, key: impl Into<String>, why: impl Into<String>) -> Self {
        Self { file: file.to_owned(), key: key.into(), why: why.into() }
    }
}

/// Reads a report, and checks that it agrees with itself.
///
/// # Errors
/// A file that cannot be read, is no such report, or contradicts itself.
pub fn read(file: &Path) -> Result<Saved, SavedError> {
    let bad = |why: std::io::Error| SavedError::new(file, "", why.to_string());
    parse(file, &read_at_most(file, SIZE).map_err(bad)?)
}

/// What a file is that is no report, if that can be told.
fn something_else(bytes: &[u8]) -> Option<&'static str> {
    if bytes.trim_ascii().is_empty() {
        return Some("is empty; a report is what `run --json` or `sweep --json` writes");
    }
    let value: Value = serde_json::from_slice(bytes).ok()?;
    if value.get("kind").is_some() {
        None
    } else if value.get("healAtMs").is_some() {
        Some("is a plan and no report; `replay` lives through it")
    } else {
        Some(
            "is no report: that is an object with a 'kind', which `run --json` or `sweep --json` writes",
        )
    }
}

/// Reads a report from memory.
///
/// # Errors
/// As [`read`].
pub fn parse(file: &Path, bytes: &[u8]) -> Result<Saved, SavedError> {
    // A byte order mark is let through.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Some(why) = something_else(bytes) {
        return Err(SavedError::new(file, "", why));
    }
    let head: shape::Head = typed(file, bytes)?;
    if head.version != VERSION {
        let why = format!("{} is none that is known; there is {VERSION}", head.version);
        return Err(SavedError::new(file, "version", why));
    }
    let saved = match head.kind {
        Word::Run => Saved::Run(typed(file, bytes)?),
        Word::Sweep => Saved::Sweep(typed(file, bytes)?),
    };
    match &saved {
        Saved::Run(run) => run.check(),
        Saved::Sweep(sweep) => sweep.check(),
    }
    .map_err(|(key, why)| SavedError::new(file, key, why))?;
    Ok(saved)
}

/// The ids of the cases that failed, or broke, in a run or with a bot.
///
/// # Errors
/// As [`read`], and of reports that have no cases.
pub fn failed(file: &Path) -> Result<Vec<String>, SavedError> {
    match read(file)? {
        Saved::Run(run) => {
            let bad = |case: &&CaseRow| matches!(case.verdict, Ending::Failed | Ending::Broken);
            Ok(run.cases.iter().filter(bad).map(|case| case.id.clone()).collect())
        }
        Saved::Sweep(_) => {
            Err(SavedError::new(file, "kind", "is that of a sweep, which has no cases"))
        }
    }
}

fn typed<T: DeserializeOwned>(file: &Path, bytes: &[u8]) -> Result<T, SavedError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let key = error.path().to_string().split('.').map(shown).collect::<Vec<_>>().join(".");
        let key = if matches!(&*key, "" | "." | "?") { String::new() } else { key };
        SavedError::new(file, key, plain(&error.into_inner().to_string()))
    })?;
    json.end().map_err(|error| SavedError::new(file, "", plain(&error.to_string())))?;
    Ok(value)
}

/// A report as it is written.
///
/// # Panics
/// Never: every key is text.
pub fn json(saved: &Saved) -> String {
    serde_json::to_string_pretty(saved).expect("reports can be written as JSON") + "\n"
}

/// The hash of hashes, as a run combines those of its worlds.
fn combined(hashes: impl IntoIterator<Item = Hash>) -> Hash {
    Hash(worlds::combined(hashes.into_iter().map(|Hash(hash)| hash)))
}

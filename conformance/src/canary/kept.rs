//! Where a bot may have kept something, and whether it was allowed to.

use std::{
    fmt, fs, io,
    io::Read as _,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Serialize;
use thiserror::Error;
use walkdir::WalkDir;

use super::{Canary, Finding, Scanner, scan::BYTES_MAX};
use crate::{
    failure::Wrong,
    journal::{Line, exchanges},
};

/// Files of one directory that are looked at.
const FILES_MAX: usize = 10_000;
/// Directories within directories.
const DEPTH_MAX: usize = 32;
/// Bytes of all files together.
const ALL_BYTES_MAX: u64 = 1 << 30;
/// Findings that are named in a verdict.
const NAMED_MAX: usize = 5;

/// Something that a bot has kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Where: a file, or a request.
    pub place: String,
    /// What.
    pub finding: Finding,
}

impl fmt::Display for Kept {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.finding)
    }
}

/// What was found in files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    /// What of what was given.
    pub kept: Vec<Kept>,
    /// Files that were read.
    pub files: usize,
    /// Bytes in them.
    pub bytes: u64,
}

/// A directory cannot be looked through to its end: then nobody knows.
#[derive(Debug, Error)]
pub enum LookError {
    /// It, or something in it, cannot be read.
    #[error("{}: {why}", path.display())]
    Unreadable {
        /// What.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// There is more than is looked at.
    #[error("{}: {what}", path.display())]
    TooMuch {
        /// Where.
        path: PathBuf,
        /// What there is too much of.
        what: String,
    },
}

/// Looks through all files below a directory, in the order of their names. What a link leads to is not below it.
///
/// # Errors
/// See [`LookError`].
pub fn look_through(directory: &Path, canary: &Canary) -> Result<Looked, LookError> {
    let mut looked = Looked::default();
    for entry in WalkDir::new(directory).sort_by_file_name() {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(directory).to_owned();
            LookError::Unreadable { path, why: error.into() }
        })?;
        let too_much = |what: String| LookError::TooMuch { path: entry.path().to_owned(), what };
        if entry.depth() > DEPTH_MAX {
            return Err(too_much(format!("deeper than {DEPTH_MAX} directories")));
        }
        if !entry.file_type().is_file() {
            continue;
        }
        looked.files += 1;
        if looked.files > FILES_MAX {
            return Err(too_much(format!("more than {FILES_MAX} files")));
        }
        let unreadable = |why| LookError::Unreadable { path: entry.path().to_owned(), why };
        let (found, len) = read(entry.path(), canary).map_err(unreadable)?;
        looked.bytes += len;
        if len > BYTES_MAX || looked.bytes > ALL_BYTES_MAX {
            let (one, all) = (BYTES_MAX >> 20, ALL_BYTES_MAX >> 20);
            return Err(too_much(format!(
                "a file above {one} MiB, or all of them above {all} MiB"
            )));
        }
        let place = entry.path().display().to_string();
        let found = found.into_iter().map(|finding| Kept { place: place.clone(), finding });
        looked.kept.extend(found);
    }
    Ok(looked)
}

fn read(path: &Path, canary: &Canary) -> io::Result<(Vec<Finding>, u64)> {
    let file = fs::File::open(path)?;
    let about = file.metadata()?;
    if about.len() > BYTES_MAX {
        return Ok((Vec::new(), about.len()));
    }
    // It may grow meanwhile: one more tells that there is more.
    let mut file = file.take(BYTES_MAX + 1);
    let (mut scanner, mut piece) = (Scanner::new(canary), vec![0; 64 << 10]);
    loop {
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(len) => scanner.feed(&piece[..len]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let scan = scanner.finish();
    Ok((scan.findings, scan.bytes))
}

/// What the bodies of a bot's requests about a call held, while it did not record.
pub fn uploads(lines: &[Line], call: &str, canary: &Canary) -> Vec<Kept> {
    let recording = Recording::of(lines, call);
    let asked = exchanges(lines, call, "");
    let asked = asked.into_iter().filter(|exchange| !recording.allows(exchange.at));
    let kept = asked.flat_map(|exchange| {
        let found = canary.find(exchange.body.to_string().as_bytes());
        found.into_iter().map(move |finding| Kept { place: exchange.op.clone(), finding })
    });
    kept.collect()
}

/// When a bot records by policy: from the success of updateRecordingStatus `recording` until it says anything else; it has
/// to stop before it says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recording(Vec<(Duration, Option<Duration>)>);

impl Recording {
    /// In this call.
    pub fn of(lines: &[Line], call: &str) -> Self {
        let mut all: Vec<(Duration, Option<Duration>)> = Vec::new();
        for exchange in exchanges(lines, call, "updateRecordingStatus") {
            let records = exchange.body["status"] == "recording";
            match (records, exchange.answered_at.filter(|_| exchange.worked())) {
                (true, Some(from)) if all.last().is_none_or(|last| last.1.is_some()) => {
                    all.push((from, None));
                }
                (true, _) => {}
                (false, _) => {
                    if let Some((_, until @ None)) = all.last_mut() {
                        *until = Some(exchange.at);
                    }
                }
            }
        }
        Self(all)
    }

    /// Whether it records at this time.
    pub fn allows(&self, at: Duration) -> bool {
        self.0.iter().any(|(from, until)| at >= *from && until.is_none_or(|until| at < until))
    }

    /// Whether it has ever recorded: then files may hold what it recorded.
    pub fn happened(&self) -> bool {
        !self.0.is_empty()
    }
}

/// Nothing that was heard or seen may be kept.
///
/// # Errors
/// What was found, the first few places.
pub fn verdict(kept: &[Kept]) -> Result<(), Wrong> {
    if kept.is_empty() {
        return Ok(());
    }
    let places: Vec<String> = kept.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    let more = kept.len().saturating_sub(NAMED_MAX);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    let found = format!("there is {}{more}", places.join("; "));
    Err(Wrong::bot("nothing that was heard or seen to be kept (R-284, R-361)", found))
}

//! What reports look like.

use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Value};

use super::combined;
use crate::select::Shard;

/// A kind of report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Word {
    /// `run --json`.
    Run,
    /// `sweep --json`.
    Sweep,
}

/// What tells how to read the rest.
#[derive(Deserialize)]
pub(super) struct Head {
    pub kind: Word,
    pub version: u64,
}

/// Why a sweep ended; later ones say more of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ended {
    /// All seeds were played.
    All,
    /// Something was found, and that was enough.
    First,
    /// Time was over.
    Time,
    /// Somebody stopped it.
    Interrupted,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Saved {
    /// Of cases.
    Run(RunFile),
    /// Of random worlds.
    Sweep(SweepFile),
}

/// A hash, as 16 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hash(pub u64);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits =
            text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let read = digits.then(|| u64::from_str_radix(&text, 16).ok()).flatten();
        let bad = || D::Error::custom(format!("'{text}' is no hash of 16 hexadecimal digits"));
        read.map(Self).ok_or_else(bad)
    }
}

/// A seed, which may be a number or, since not every reader of JSON has 64 bits, its digits. It stays what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seed {
    /// The seed.
    pub value: u64,
    /// Written in quotes.
    quoted: bool,
}

impl Serialize for Seed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.quoted {
            serializer.collect_str(&self.value)
        } else {
            serializer.serialize_u64(self.value)
        }
    }
}

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (read, quoted) = match Value::deserialize(deserializer)? {
            Value::String(text) => (text.parse().ok(), true),
            Value::Number(number) => (number.as_u64(), false),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => (None, false),
        };
        let value =
            read.ok_or_else(|| D::Error::custom("is no seed: a whole number below 2^64"))?;
        Ok(Self { value, quoted })
    }
}

/// A span of time in seconds, to the nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Seconds(pub Duration);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0.as_secs_f64())
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        Duration::try_from_secs_f64(seconds).map(Self).map_err(D::Error::custom)
    }
}

/// What `run --json` writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the words of the report")]
pub struct RunFile {
    pub kind: Word,
    pub version: u64,
    pub seed: Seed,
    pub seeds: u64,
    pub shard: Option<Shard>,
    pub flaw: Option<String>,
    /// None if shards are missing.
    pub trace_hash: Option<Hash>,
    pub simulated_seconds: Seconds,
    pub wall_seconds: Seconds,
    pub worlds: usize,
    pub events: u64,
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
    pub broken: usize,
    /// Shards that a merged report has not seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Shard>,
    /// Somebody stopped it before everything was played.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    pub cases: Vec<CaseRow>,
}

/// How a case ended; later is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words of the report")]
pub enum Ending {
    Passed,
    Skipped,
    Failed,
    Broken,
}

impl Ending {
    /// As reports spell it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Broken => "broken",
        }
    }
}

/// One case with one seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the words of the report")]
pub struct CaseRow {
    pub id: String,
    pub seed: Seed,
    pub verdict: Ending,
    pub reason: Value,
    pub trace_hash: Hash,
    pub events: u64,
    pub simulated_seconds: Seconds,
    /// Title, level, rule, and what later versions add.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What `sweep --json` writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the words of the report")]
pub struct SweepFile {
    pub kind: Word,
    pub version: u64,
    pub seed: Seed,
    pub seeds: u64,
    pub shard: Option<Shard>,
    #[serde(default)]
    pub bot_flaw: Option<String>,
    #[serde(default)]
    pub platform_flaw: Option<String>,
    /// Whether every world was lived through twice.
    #[serde(default)]
    pub check_determinism: bool,
    /// Whether all seeds were played.
    pub finished: bool,
    /// Why it ended; reports of earlier versions do not say.
    #[serde(default)]
    pub ended: Option<Ended>,
    pub worlds: usize,
    pub events: u64,
    pub simulated_seconds: Seconds,
    pub wall_seconds: Seconds,
    /// None if it cannot be told.
    pub trace_hash: Option<Hash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hashes: Option<Vec<(Seed, Hash)>>,
    /// Shards that a merged report has not seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Shard>,
    pub findings: Vec<Finding>,
}

/// A world in which an invariant did not hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the words of the report")]
pub struct Finding {
    pub invariant: String,
    pub seed: Seed,
    pub token: String,
    pub text: String,
    /// Faults, events, files, and what later versions add.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A key, and what is wrong with it.
type Complaint = (String, String);

fn complain(key: &str, why: String) -> Result<(), Complaint> {
    Err((key.to_owned(), why))
}

/// How far a seed is from the first one, if the range reaches it.
fn offset(seed: u64, first: Seed, seeds: u64) -> Option<u64> {
    Some(seed.wrapping_sub(first.value)).filter(|offset| *offset < seeds)
}

impl RunFile {
    /// Cases that ended so.
    pub fn count(&self, ending: Ending) -> usize {
        self.cases.iter().filter(|case| case.verdict == ending).count()
    }

    pub(super) fn check(&self) -> Result<(), Complaint> {
        let all = [
            ("worlds", self.worlds, self.cases.len()),
            ("passed", self.passed, self.count(Ending::Passed)),
            ("failed", self.failed, self.count(Ending::Failed)),
            ("skipped", self.skipped, self.count(Ending::Skipped)),
            ("broken", self.broken, self.count(Ending::Broken)),
        ];
        for (key, said, counted) in all {
            if said != counted {
                return complain(key, format!("is {said}, but 'cases' holds {counted}"));
            }
        }
        let counted = combined(self.cases.iter().map(|case| case.trace_hash));
        match self.trace_hash {
            Some(said) if said != counted => {
                complain("trace_hash", format!("is {said}, but that of 'cases' is {counted}"))
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl SweepFile {
    /// Seeds that it was to play.
    pub fn planned(&self) -> u64 {
        let before = |shard: Shard| self.seeds.saturating_sub(shard.number() as u64 - 1);
        self.shard.map_or(self.seeds, |shard| before(shard).div_ceil(shard.of() as u64))
    }

    /// Whether somebody stopped it before all seeds were played.
    pub fn interrupted(&self) -> bool {
        !self.finished && self.ended == Some(Ended::Interrupted)
    }

    /// What is planted, in words.
    pub fn flaws(&self) -> String {
        let one = |kind: &str, name: &Option<String>| Some(format!("{kind}:{}", name.as_ref()?));
        let all = [one("bot", &self.bot_flaw), one("platform", &self.platform_flaw)];
        let all: Vec<String> = all.into_iter().flatten().collect();
        if all.is_empty() { "none".to_owned() } else { all.join("+") }
    }

    /// What a reader should know of the seeds that were not played; nothing if all were.
    pub fn unfinished(&self) -> Option<String> {
        if self.finished {
            return None;
        }
        let (played, planned) = (self.worlds, self.planned());
        Some(match self.ended {
            Some(Ended::Interrupted) => format!("interrupted after {played} of {planned} seeds"),
            Some(Ended::First) => {
                format!("ended with the first finding, after {played} of {planned} seeds")
            }
            Some(Ended::All | Ended::Time) | None => {
                format!("time ran out after {played} of {planned} seeds")
            }
        })
    }

    /// How far a seed is from the first one, if it is one of these.
    pub(super) fn offset(&self, seed: Seed) -> Option<u64> {
        offset(seed.value, self.seed, self.seeds)
    }

    pub(super) fn check(&self) -> Result<(), Complaint> {
        let outside = |seed: Seed| {
            format!("{} is not among the {} seeds from {}", seed.value, self.seeds, self.seed.value)
        };
        for (n, finding) in self.findings.iter().enumerate() {
            if self.offset(finding.seed).is_none() {
                return complain(&format!("findings[{n}].seed"), outside(finding.seed));
            }
        }
        let Some(hashes) = &self.hashes else { return Ok(()) };
        if hashes.len() != self.worlds {
            let why = format!("holds {}, but 'worlds' is {}", hashes.len(), self.worlds);
            return complain("hashes", why);
        }
        let mut before = None;
        for (n, (seed, _)) in hashes.iter().enumerate() {
            let Some(offset) = self.offset(*seed) else {
                return complain(&format!("hashes[{n}][0]"), outside(*seed));
            };
            if before.is_some_and(|before| before >= offset) {
                return complain(
                    &format!("hashes[{n}][0]"),
                    "is not after the seed before it".to_owned(),
                );
            }
            before = Some(offset);
        }
        let counted = combined(hashes.iter().map(|(_, hash)| *hash));
        match self.trace_hash {
            Some(said) if said != counted => {
                complain("trace_hash", format!("is {said}, but that of 'hashes' is {counted}"))
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl Saved {
    /// First seed, number of seeds, shard.
    pub(super) const fn range(&self) -> (Seed, u64, Option<Shard>) {
        match self {
            Self::Run(run) => (run.seed, run.seeds, run.shard),
            Self::Sweep(sweep) => (sweep.seed, sweep.seeds, sweep.shard),
        }
    }

    /// Shards that were not there when it was merged.
    pub fn missing(&self) -> &[Shard] {
        match self {
            Self::Run(run) => &run.missing,
            Self::Sweep(sweep) => &sweep.missing,
        }
    }

    /// Its hash, if it has one.
    pub const fn trace_hash(&self) -> Option<Hash> {
        match self {
            Self::Run(run) => run.trace_hash,
            Self::Sweep(sweep) => sweep.trace_hash,
        }
    }

    /// The exit code that it stands for: 4 if the suite broke, 1 if anything failed, is missing or was
    /// interrupted.
    pub fn code(&self) -> u8 {
        let (broken, failed) = match self {
            Self::Run(run) => (run.broken > 0, run.failed > 0 || run.interrupted),
            Self::Sweep(sweep) => (false, !sweep.findings.is_empty() || sweep.interrupted()),
        };
        match (broken, failed || !self.missing().is_empty()) {
            (true, _) => 4,
            (false, true) => 1,
            (false, false) => 0,
        }
    }
}

//! `graph-fake doctor`: looks at everything between a fake and a bot, and says what is wrong and how to mend it. Teams
//! says less: a call that cannot be set up ends with 500 and a number.

mod callback;
mod certificate;
mod fake;
mod media;
mod ports;
mod tls_end;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use serde::Serialize;

use crate::manifest::Manifest;

/// How long anything may take to answer.
const LIMIT: Duration = Duration::from_secs(5);
/// How far two clocks may be apart: what Bot Framework's libraries allow when they read tokens.
const SKEW_MAX: u64 = 300;

/// How it is with one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// As it should be.
    Good,
    /// It could not be looked at, or may be meant so.
    Unsure,
    /// No call will work.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub what: String,
    /// How it is.
    pub health: Health,
    /// What was seen.
    pub seen: String,
    /// How to mend it; empty where nothing is to be mended.
    pub mend: String,
}

impl Finding {
    fn good(what: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { what: what.into(), health: Health::Good, seen: seen.into(), mend: String::new() }
    }

    fn unsure(what: impl Into<String>, seen: impl Into<String>, mend: impl Into<String>) -> Self {
        let (what, seen, mend) = (what.into(), seen.into(), mend.into());
        Self { what, health: Health::Unsure, seen, mend }
    }

    fn bad(what: impl Into<String>, seen: impl Into<String>, mend: impl Into<String>) -> Self {
        let (what, seen, mend) = (what.into(), seen.into(), mend.into());
        Self { what, health: Health::Bad, seen, mend }
    }
}

/// Where a fake is, or will be.
#[derive(Debug, Clone)]
pub struct Site {
    /// Identity and Graph, with TLS.
    pub https: SocketAddr,
    /// The same without.
    pub http: SocketAddr,
    /// The control API.
    pub control: SocketAddr,
    /// The folder of its authority, if it keeps one.
    pub ca_dir: Option<PathBuf>,
}

/// Looks at everything, in the order in which a call needs it.
pub async fn examine(manifest: &Manifest, site: &Site) -> Vec<Finding> {
    let mut found = ports::look(site).await;
    found.extend(fake::authority(site));
    found.extend(fake::trust(manifest));
    found.extend(fake::running(site).await);
    found.extend(callback::look(manifest).await);
    found.extend(media::look(manifest).await);
    found
}

/// Everything that was found, for people; the last line counts.
pub fn told(found: &[Finding]) -> String {
    let width = found.iter().map(|finding| finding.what.len()).max().unwrap_or(0);
    let mut out = String::new();
    for Finding { what, health, seen, mend } in found {
        let word = match health {
            Health::Good => "ok   ",
            Health::Unsure => "?    ",
            Health::Bad => "BAD  ",
        };
        out.push_str(&format!("{word}{what:width$}  {seen}\n"));
        if !mend.is_empty() {
            out.push_str(&format!("     {:width$}  mend: {mend}\n", ""));
        }
    }
    let count = |health| found.iter().filter(|finding| finding.health == health).count();
    let (good, unsure, bad) = (count(Health::Good), count(Health::Unsure), count(Health::Bad));
    out.push_str(&format!("{good} ok, {unsure} unsure, {bad} bad\n"));
    out
}

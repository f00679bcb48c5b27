//! `bot.toml`: what a bot that somebody else wrote is, how it is started, and what it claims.

mod placeholders;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{body, config::reading};

pub use placeholders::{PLACEHOLDERS, Places};

/// Bytes of a manifest.
const FILE_MAX: u64 = 1 << 20;
/// Longest time that a bot may take to come up, in seconds: ten minutes.
const READY_MAX: u64 = 600;

/// What a bot claims to do; cases of the conformance suite that no claim covers are skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// Takes calls.
    IncomingCall,
    /// Takes calls, says something first with `playPrompt`, and listens to keys: the three of them.
    Ivr,
    /// Says something first, with `playPrompt`.
    Prompts,
    /// Subscribes to tones.
    Tones,
    /// Records with `recordResponse`.
    Recording,
    /// Takes part in group calls and meetings.
    GroupCall,
    /// Goes on when a call of two becomes a conference.
    Escalation,
    /// Transfers and redirects calls.
    Transfer,
    /// Hears and says audio itself.
    AppHostedAudio,
    /// Sees and shows video itself.
    AppHostedVideo,
    /// Records by policy.
    RecordingPolicy,
}

impl Claim {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::IncomingCall,
        Self::Ivr,
        Self::Prompts,
        Self::Tones,
        Self::Recording,
        Self::GroupCall,
        Self::Escalation,
        Self::Transfer,
        Self::AppHostedAudio,
        Self::AppHostedVideo,
        Self::RecordingPolicy,
    ];

    /// Its name in manifests.
    pub const fn word(self) -> &'static str {
        match self {
            Self::IncomingCall => "incoming-call",
            Self::Ivr => "ivr",
            Self::Prompts => "prompts",
            Self::Tones => "tones",
            Self::Recording => "recording",
            Self::GroupCall => "group-call",
            Self::Escalation => "escalation",
            Self::Transfer => "transfer",
            Self::AppHostedAudio => "app-hosted-audio",
            Self::AppHostedVideo => "app-hosted-video",
            Self::RecordingPolicy => "recording-policy",
        }
    }

    /// Whether whoever claims this claims that too.
    pub fn covers(self, other: Self) -> bool {
        self == other
            || (self == Self::Ivr
                && matches!(other, Self::IncomingCall | Self::Prompts | Self::Tones))
    }
}

/// What a bot can be told to do: `POST {driver}/{action}` with JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DriverAction {
    /// `{"user": id}`: ring somebody. Answers `{"callId"}`.
    PlaceCall,
    /// `{"joinWebUrl", "threadId", "organizer", "tenantId"}`: join a meeting. Answers `{"callId"}`.
    JoinMeeting,
    /// `{"callId", "user"}`: invite somebody.
    Invite,
    /// `{"callId"}`: mute the bot itself.
    Mute,
    /// `{"callId"}`: unmute it.
    Unmute,
    /// `{"callId"}`: hang up.
    HangUp,
}

impl DriverAction {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::PlaceCall, Self::JoinMeeting, Self::Invite, Self::Mute, Self::Unmute, Self::HangUp];

    /// Its name in manifests and URLs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::PlaceCall => "placeCall",
            Self::JoinMeeting => "joinMeeting",
            Self::Invite => "invite",
            Self::Mute => "mute",
            Self::Unmute => "unmute",
            Self::HangUp => "hangUp",
        }
    }
}

/// Whose clock the bot's own timers follow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BotClock {
    /// The machine's. Cases in which hours pass are skipped.
    #[default]
    Machine,
    /// The fake's: the bot sleeps by `POST {clock}` with `{"ms": N}`.
    Fake,
}

/// How a bot is started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Command {
    /// The program and its arguments, with [`PLACEHOLDERS`].
    pub argv: Vec<String>,
    /// Where it runs, seen from the manifest's folder, which it is if absent.
    #[serde(default)]
    pub cwd: Option<PathBuf>,
    /// Its environment beside the suite's own, with [`PLACEHOLDERS`].
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

/// When a bot is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Ready {
    /// A path that answers 2xx then; without it, its port takes connections.
    #[serde(default)]
    pub path: Option<String>,
    /// How long to wait for that, in seconds.
    #[serde(default = "thirty")]
    pub timeout: u64,
}

const fn thirty() -> u64 {
    30
}

impl Default for Ready {
    fn default() -> Self {
        Self { path: None, timeout: thirty() }
    }
}

/// Where a bot that handles its media itself is reached, for `graph-fake doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MediaEndpoint {
    /// The public name that its media platform is set up with.
    pub fqdn: String,
    /// The public TCP port.
    pub port: u16,
    /// The certificate of its media platform (PEM), seen from the manifest's folder.
    pub certificate: PathBuf,
}

/// A manifest. TOML; paths are seen from its folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Manifest {
    /// What the bot is called in reports.
    pub name: String,
    /// What it claims to do.
    pub profiles: BTreeSet<Claim>,
    /// Where it is, as `https://localhost:9441`. With a command, a free port of this machine if absent.
    #[serde(default)]
    pub url: Option<String>,
    /// The path of its webhook.
    #[serde(default = "api_calls")]
    pub callback: String,
    /// Certificates (PEM) to trust where its URL is https.
    #[serde(default)]
    pub trust: Vec<PathBuf>,
    /// Whose clock its timers follow.
    #[serde(default)]
    pub clock: BotClock,
    /// Cases that are known to fail: one id a line, with the reason behind `#`.
    #[serde(default)]
    pub expected_failures: Option<PathBuf>,
    /// The path below which it can be told to do something.
    #[serde(default)]
    pub driver: Option<String>,
    /// What it can be told to do; everything else it must refuse.
    #[serde(default)]
    pub actions: BTreeSet<DriverAction>,
    /// How it is started; without it, it runs already at its URL.
    #[serde(default)]
    pub command: Option<Command>,
    /// When it is there.
    #[serde(default)]
    pub ready: Ready,
    /// Where its own media is.
    #[serde(default)]
    pub media: Option<MediaEndpoint>,
    /// The manifest's folder.
    #[serde(skip)]
    pub folder: PathBuf,
}

fn api_calls() -> String {
    "/api/calls".to_owned()
}

/// A manifest that cannot be used: which file, which line and key, why (exit code 2).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct ManifestError {
    file: String,
    why: String,
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.why)
    }
}

/// A value that can be read and cannot be used.
struct Mistake {
    /// The key, or another text of its line.
    near: &'static str,
    why: String,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// Names the file, the line, the key, and what was probably meant.
    pub fn read(file: &Path) -> Result<Self, ManifestError> {
        let bad = |why: String| ManifestError { file: file.display().to_string(), why };
        let size = std::fs::metadata(file).map_err(|error| bad(error.to_string()))?.len();
        if size > FILE_MAX {
            return Err(bad(format!("larger than {FILE_MAX} bytes")));
        }
        let bytes = std::fs::read(file).map_err(|error| bad(error.to_string()))?;
        let text = String::from_utf8(body::unmarked(&bytes).to_vec());
        let text = text.map_err(|_| bad("is no UTF-8".to_owned()))?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = std::path::absolute(folder.unwrap_or(Path::new(".")));
        let folder = folder.map_err(|error| bad(error.to_string()))?;
        Self::parse(&text, folder).map_err(bad)
    }

    fn parse(text: &str, folder: PathBuf) -> Result<Self, String> {
        let mut manifest: Self = reading::toml(text)?;
        manifest.folder = folder;
        manifest.check().map_err(|Mistake { near, why }| {
            let at = text.lines().position(|line| line.trim_start().starts_with(near));
            let line = at.map(|line| format!("line {}: ", line + 1)).unwrap_or_default();
            format!("{line}{why}")
        })?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), Mistake> {
        let mistake = |near, why: &str| Err(Mistake { near, why: why.to_owned() });
        if self.name.trim().is_empty() || self.name.len() > 100 {
            return mistake("name", "name: 1 to 100 characters");
        }
        if self.profiles.is_empty() {
            return mistake("profiles", "profiles: what does it do? At least 'incoming-call'");
        }
        if self.command.is_none() && self.url.is_none() {
            return mistake("name", "neither 'command' (how to start it) nor 'url' (where it is)");
        }
        if let Some(url) = &self.url {
            let told = |why: String| Err(Mistake { near: "url", why: format!("url: {why}") });
            match url.parse::<http::Uri>() {
                Err(error) => return told(error.to_string()),
                Ok(uri) if uri.host().is_none() || uri.scheme().is_none() => {
                    return told(format!("'{url}' is not of the form https://host:port"));
                }
                Ok(_) if url.ends_with('/') => {
                    return told("no slash at the end; 'callback' begins with one".to_owned());
                }
                Ok(_) => {}
            }
        }
        let paths = [
            ("callback", Some(&self.callback)),
            ("driver", self.driver.as_ref()),
            ("path", self.ready.path.as_ref()),
        ];
        for (key, path) in paths {
            if path.is_some_and(|path| !path.starts_with('/')) {
                return Err(Mistake { near: key, why: format!("{key}: begins with a slash") });
            }
        }
        if self.driver.is_none() && !self.actions.is_empty() {
            return mistake("actions", "actions: there is no 'driver' to tell them to");
        }
        if !(1..=READY_MAX).contains(&self.ready.timeout) {
            return mistake("timeout", "ready.timeout: 1 to 600 seconds");
        }
        self.command.as_ref().map_or(Ok(()), check_command)
    }

    /// A file that the manifest names.
    pub fn file(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// Whether one of its profiles covers this one.
    pub fn claims(&self, wanted: Claim) -> bool {
        self.profiles.iter().any(|claim| claim.covers(wanted))
    }

    /// How long it may take to come up.
    pub const fn patience(&self) -> Duration {
        Duration::from_secs(self.ready.timeout)
    }
}

fn check_command(command: &Command) -> Result<(), Mistake> {
    if command.argv.first().is_none_or(|program| program.trim().is_empty()) {
        return Err(Mistake { near: "argv", why: "command.argv: names no program".to_owned() });
    }
    for word in &command.argv {
        placeholders::check(word)
            .map_err(|why| Mistake { near: "argv", why: format!("command.argv: {why}") })?;
    }
    for (name, value) in &command.env {
        placeholders::check(value).map_err(|why| Mistake {
            near: "[command.env]",
            why: format!("command.env.{name}: {why}"),
        })?;
    }
    Ok(())
}

//! A case: a story, and what it is for.

use std::{fmt, time::Duration};

use bot_reference::Flaw;
use graph_fake::manifest::Deed;
use seam::BoxFuture;

use crate::{failure::Wrong, rule::Rule, stage::Stage};

/// What a verdict on this case weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// A bot that fails this does not work in Teams.
    Must,
    /// It works, until something goes wrong.
    Should,
    /// Good manners.
    May,
}

impl Level {
    /// In one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::May => "may",
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
    /// Is service-hosted, and listens to keys.
    Tones,
    /// Is service-hosted, and records when it is asked to.
    Recording,
    /// Takes part in group calls and meetings.
    GroupCalls,
    /// Takes part in group calls, and wants to hear of their rosters by changes.
    DeltaRosters,
    /// Goes on when a call of two becomes a conference.
    Escalation,
    /// Puts callers through.
    Transfer,
    /// Sends whoever rings to somebody else.
    Redirects,
    /// Records by policy.
    RecordingPolicy,
    /// Hears and says audio itself.
    AppHosted,
    /// Sees and shows video itself, too.
    AppHostedVideo,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Callable,
        Self::ServiceHosted,
        Self::Tones,
        Self::Recording,
        Self::GroupCalls,
        Self::DeltaRosters,
        Self::Escalation,
        Self::Transfer,
        Self::Redirects,
        Self::RecordingPolicy,
        Self::AppHosted,
        Self::AppHostedVideo,
    ];

    /// What else a bot is that is this.
    pub const fn builds_on(self) -> Option<Self> {
        match self {
            Self::Callable => None,
            Self::ServiceHosted
            | Self::GroupCalls
            | Self::Escalation
            | Self::Transfer
            | Self::Redirects
            | Self::RecordingPolicy
            | Self::AppHosted => Some(Self::Callable),
            Self::DeltaRosters => Some(Self::GroupCalls),
            Self::AppHostedVideo => Some(Self::AppHosted),
            Self::Tones | Self::Recording => Some(Self::ServiceHosted),
        }
    }

    /// Whether a bot that claims this claims `other` too.
    pub fn implies(self, other: Self) -> bool {
        self == other || self.builds_on().is_some_and(|basis| basis.implies(other))
    }

    /// Its name on a command line.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Callable => "callable",
            Self::ServiceHosted => "service-hosted",
            Self::Tones => "tones",
            Self::Recording => "recording",
            Self::GroupCalls => "group-calls",
            Self::DeltaRosters => "delta-rosters",
            Self::Escalation => "escalation",
            Self::Transfer => "transfer",
            Self::Redirects => "redirects",
            Self::RecordingPolicy => "recording-policy",
            Self::AppHosted => "app-hosted",
            Self::AppHostedVideo => "app-hosted-video",
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
    /// The platform has to sign with a new key from one moment to the next, for good. Libraries look for new keys now
    /// and then, so that a bot might hear nothing for hours.
    KeyExchange,
    /// Minutes have to pass in which the bot waits for what never comes. Played on the simulated stage alone so far.
    Simulated,
    /// The bot has to crash and come back.
    Restart,
    /// The bot has to do this when somebody in the call asks for it.
    Asked(Deed),
    /// The bot says something first, whatever kind of call it is, with Graph's prompts.
    Speaks,
}

impl Need {
    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Asked(deed) => deed.word(),
            Self::KeyExchange => "signing keys that are exchanged",
            Self::Speaks => "a bot that says something first",
            Self::Simulated => "the simulated stage",
            Self::Restart => "a bot that crashes and comes back",
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

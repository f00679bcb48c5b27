//! What goes wrong, at a time or at the n-th occurrence.

use graph_fake::faults::{GraphFault, PromptFault, RosterFault, TamperFault, TokenFault};
use serde::{Deserialize, Serialize};

use crate::link::LinkConfig;

/// A host of the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum End {
    /// The bot.
    Bot,
    /// The fake Graph.
    Graph,
}

/// The way from one to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Between {
    /// What the bot sends.
    BotToGraph,
    /// What the platform sends.
    GraphToBot,
    /// Both.
    BotAndGraph,
}

impl Between {
    /// From whom to whom.
    pub fn directions(self) -> impl Iterator<Item = (End, End)> {
        let (there, back) = ((End::Bot, End::Graph), (End::Graph, End::Bot));
        let all = match self {
            Self::BotToGraph => vec![there],
            Self::GraphToBot => vec![back],
            Self::BotAndGraph => vec![there, back],
        };
        all.into_iter()
    }
}

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fault {
    /// A link is not what it was for a time.
    Link(LinkFault),
    /// Nothing passes for a time.
    Outage(Outage),
    /// No datagram passes for a time; everything else does.
    MediaOutage(Outage),
    /// The bot's program is gone for a time, and then begins anew.
    Crash(Crash),
    /// A clock is wrong for a time.
    Clock(WrongClock),
    /// Requests to Graph fail, or their replies are late or lost.
    Graph(GraphFault),
    /// The token endpoint fails.
    Token(TokenFault),
    /// The keys by which tokens are checked are out of reach.
    Keys(TokenFault),
    /// Notifications are lost, repeated, late or overtaken.
    Notification(TamperFault),
    /// Rosters are.
    Roster(RosterFault),
    /// Prompts cannot be downloaded.
    Prompt(PromptFault),
    /// A permission is withdrawn, or granted.
    Permission(PermissionFault),
}

/// A link for a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkFault {
    /// From when on, in milliseconds since the beginning.
    pub at_ms: u64,
    /// For how long, in milliseconds.
    pub for_ms: u64,
    /// Which.
    pub on: Between,
    /// What it is like meanwhile.
    pub config: LinkConfig,
}

/// Nothing passes for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outage {
    /// From when on, in milliseconds since the beginning.
    pub at_ms: u64,
    /// For how long, in milliseconds.
    pub for_ms: u64,
    /// Where.
    pub on: Between,
}

/// The bot's program is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Crash {
    /// When, in milliseconds since the beginning.
    pub at_ms: u64,
    /// It begins anew so much later, in milliseconds.
    pub for_ms: u64,
}

/// A clock is wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WrongClock {
    /// From when on, in milliseconds since the beginning.
    pub at_ms: u64,
    /// For how long, in milliseconds.
    pub for_ms: u64,
    /// Whose.
    pub of: End,
    /// How far it is ahead, in milliseconds; behind, if negative.
    #[serde(default)]
    pub offset_ms: f64,
    /// How much faster it runs, in parts per million.
    #[serde(default)]
    pub drift_ppm: f64,
}

/// A permission changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PermissionFault {
    /// When, in milliseconds since the beginning.
    pub at_ms: u64,
    /// Which, as in `Calls.Initiate.All`.
    pub role: String,
    /// `true` grants it, otherwise it is withdrawn.
    #[serde(default)]
    pub grant: bool,
}

impl Fault {
    /// Its kind, as it is written.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Link(_) => "link",
            Self::Outage(_) => "outage",
            Self::MediaOutage(_) => "mediaOutage",
            Self::Crash(_) => "crash",
            Self::Clock(_) => "clock",
            Self::Graph(_) => "graph",
            Self::Token(_) => "token",
            Self::Keys(_) => "keys",
            Self::Notification(_) => "notification",
            Self::Roster(_) => "roster",
            Self::Prompt(_) => "prompt",
            Self::Permission(_) => "permission",
        }
    }

    /// From when to when, in milliseconds since the beginning, if it has a time.
    pub const fn window(&self) -> Option<(u64, u64)> {
        match self {
            Self::Link(LinkFault { at_ms, for_ms, .. })
            | Self::Outage(Outage { at_ms, for_ms, .. })
            | Self::MediaOutage(Outage { at_ms, for_ms, .. })
            | Self::Crash(Crash { at_ms, for_ms })
            | Self::Clock(WrongClock { at_ms, for_ms, .. }) => {
                Some((*at_ms, at_ms.saturating_add(*for_ms)))
            }
            Self::Permission(PermissionFault { at_ms, .. }) => Some((*at_ms, *at_ms)),
            Self::Graph(_)
            | Self::Token(_)
            | Self::Keys(_)
            | Self::Notification(_)
            | Self::Roster(_)
            | Self::Prompt(_) => None,
        }
    }
}

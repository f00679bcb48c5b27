//! The entries of a plan, as a test writes them.
//!
//! `nth` and `times` are written out in each kind of entry. Flattened into one struct they would be read from a buffer,
//! and a mistake in them would be told without the name of the member (`a_mistake_in_a_plan_is_named_to_the_member`).

use graph_api::Guid;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One entry of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Fault {
    /// A request to Graph is answered with an error instead of being heard, or its reply is late or lost.
    Graph(GraphFault),
    /// The token endpoint answers with an error.
    Token(TokenFault),
    /// The documents and keys by which tokens are checked are answered with an error.
    Keys(TokenFault),
    /// A notification is lost, repeated, held back or overtaken.
    Notification(TamperFault),
    /// A roster notification is lost, repeated or late.
    Roster(RosterFault),
    /// A prompt cannot be downloaded, or is no prompt.
    Prompt(PromptFault),
    /// A permission is withdrawn or granted at a time.
    Permission(PermissionFault),
}

/// Which requests, and what happens to them: exactly one of `reply`, `delayMs` and `loseReply`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct GraphFault {
    /// The action as in the path: `answer`, `playPrompt`, `keepAlive`, …; `create`, `get`, `delete`,
    /// `participantMute`, `audioRoutingGroupCreate`, …; or `token` for the token endpoint.
    pub op: String,
    /// The first occurrence that fails, counted from 1 since the plan was put in place.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many occurrences fail.
    #[serde(default = "one")]
    pub times: u64,
    /// The answer; the request is not heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<FaultReply>,
    /// The request is heard, and its reply leaves so much later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// `true`: the request is heard, and its reply breaks off.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lose_reply: bool,
}

/// A fault of the token endpoint, or of the documents and keys beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenFault {
    /// The first request that fails, counted from 1 since the plan was put in place.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many requests fail.
    #[serde(default = "one")]
    pub times: u64,
    /// The answer.
    pub reply: FaultReply,
}

/// The answer that a fault gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FaultReply {
    /// The HTTP status, 400 to 599.
    pub status: u16,
    /// Seconds for a `Retry-After` header.
    #[serde(default)]
    pub retry_after_seconds: Option<u32>,
}

/// What happens to notifications: exactly one of `lose`, `repeat`, `delayMs` and `overtakenBy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TamperFault {
    /// Of which kind.
    #[serde(default)]
    pub of: KindName,
    /// Of which call; of any, if absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub call_id: Option<Guid>,
    /// The first occurrence, counted from 1 since the plan was put in place.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many occurrences.
    #[serde(default = "one")]
    pub times: u64,
    /// `true`: it never leaves.
    #[serde(default)]
    pub lose: bool,
    /// It is sent this many times more.
    #[serde(default)]
    pub repeat: Option<u32>,
    /// It leaves so much later, and those behind it wait.
    #[serde(default)]
    pub delay_ms: Option<u64>,
    /// So many of those behind it leave first.
    #[serde(default)]
    pub overtaken_by: Option<u32>,
}

/// Kinds of notifications.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum KindName {
    /// All.
    #[default]
    Any,
    /// An incoming call.
    Incoming,
    /// An update of a call.
    Call,
    /// A tone.
    Tone,
    /// A roster.
    Roster,
    /// The end of an operation.
    Operation,
    /// The end of a call.
    Ended,
}

/// What happens to rosters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RosterFault {
    /// What.
    pub what: RosterTrouble,
    /// Of which call; of any, if absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub call_id: Option<Guid>,
    /// The first roster, counted from 1 since the plan was put in place.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many rosters.
    #[serde(default = "one")]
    pub times: u64,
}

/// What can happen to a roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum RosterTrouble {
    /// It never comes.
    Loss,
    /// It never comes, which a delta roster shows by a gap in its sequence numbers.
    Gap,
    /// It comes twice.
    Repeat,
    /// The next one comes before it.
    Late,
}

/// Downloads that fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromptFault {
    /// Of exactly this URI; of any, if absent.
    #[serde(default)]
    pub uri: Option<String>,
    /// The first download, counted from 1 since the plan was put in place.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many downloads.
    #[serde(default = "one")]
    pub times: u64,
    /// How.
    #[serde(default)]
    pub error: PromptTrouble,
}

/// How a download fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PromptTrouble {
    /// It does not come.
    #[default]
    Download,
    /// What comes is no WAV file of the right form.
    Format,
}

/// A permission that changes by itself: `atMs` or `afterMs`, one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PermissionFault {
    /// Whose.
    #[schema(value_type = String)]
    pub app: Guid,
    /// In which tenant; in all that have it, if absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub tenant: Option<Guid>,
    /// The role.
    pub role: String,
    /// Milliseconds since 1970 on the fake's clock, as `GET /journal` shows them.
    #[serde(default)]
    pub at_ms: Option<u64>,
    /// Milliseconds from now.
    #[serde(default)]
    pub after_ms: Option<u64>,
    /// `true` grants it, otherwise it is withdrawn.
    #[serde(default)]
    pub grant: bool,
}

const fn one() -> u64 {
    1
}

//! The rules that the cases of several topics test; a topic has further ones of its own beside its cases.

use crate::rule::{Rule, Sourced};

/// The answer clock.
pub const ANSWER_WITHIN: Rule = Rule {
    id: "call.answerWithin",
    contract: Some("R-102"),
    sourced: Sourced::Documented,
    says: "An incoming call must be answered within 15 seconds, or the caller hears that the callee \
           cannot be reached.",
    source: "https://learn.microsoft.com/graph/api/call-answer",
};

/// The acknowledgement clock.
pub const ACKNOWLEDGE_WITHIN: Rule = Rule {
    id: "notification.acknowledge",
    contract: Some("R-103"),
    sourced: Sourced::Observed,
    says: "The notification of an incoming call must be acknowledged with a 2xx within 5 seconds; the \
           work comes after the acknowledgement.",
    source: "microsoftgraph/microsoft-graph-comms-samples issue 191, a maintainer's answer",
};

/// One answer.
pub const ANSWER_ONCE: Rule = Rule {
    id: "call.answerOnce",
    contract: Some("R-110"),
    sourced: Sourced::Prudent,
    says: "A call is answered once, even when its notification comes again.",
    source: "a second answer is refused with 409; notifications may be repeated",
};

/// Calls do not wait for each other.
pub const SEVERAL_CALLS: Rule = Rule {
    id: "call.several",
    contract: None,
    sourced: Sourced::Prudent,
    says: "A bot in a call takes, or at least rejects, the next one.",
    source: "incoming calls are independent of each other; an ignored one rings in vain",
};

/// A call may be gone.
pub const CALLS_VANISH: Rule = Rule {
    id: "call.gone",
    contract: Some("R-302"),
    sourced: Sourced::Documented,
    says: "A call that has ended is answered with 404, also when it ended a moment ago; the bot goes on.",
    source: "https://learn.microsoft.com/graph/api/call-keepalive",
};

/// Whose notifications count.
pub const VALIDATE_TOKENS: Rule = Rule {
    id: "notification.token",
    contract: Some("R-310"),
    sourced: Sourced::Documented,
    says: "Every notification carries a token of the platform, signed with a key of its metadata, for this \
           bot; anything else is refused with 401 or 403 and has no effect.",
    source: "microsoft-graph-comms-samples, docs/articles/calls/calling-notifications",
};

/// The tenant claim.
pub const TENANT_CLAIM: Rule = Rule {
    id: "notification.tokenTenant",
    contract: Some("R-312"),
    sourced: Sourced::Observed,
    says: "A notification token without a tid claim is refused.",
    source: "microsoft-graph-comms-samples, AuthenticationProvider.cs",
};

/// Tolerance.
pub const TOLERATE_MEMBERS: Rule = Rule {
    id: "notification.unknownMembers",
    contract: None,
    sourced: Sourced::Prudent,
    says: "Members that the bot does not know are let through: Graph adds some at any time.",
    source: "https://learn.microsoft.com/graph/use-the-api (evolvable contracts)",
};

/// Partial updates.
pub const RESOURCE_URL: Rule = Rule {
    id: "notification.resourceUrl",
    contract: Some("R-314"),
    sourced: Sourced::Observed,
    says: "The call is named by resourceUrl; the id in resourceData may be missing.",
    source: "microsoft-graph-comms-samples issue 616, recorded traffic",
};

/// Audio first.
pub const AUDIO_FIRST: Rule = Rule {
    id: "prompt.afterAudio",
    contract: Some("R-156"),
    sourced: Sourced::Observed,
    says: "A prompt is played when the call is established and its audio is active, not before.",
    source: "microsoft-graph-comms-samples, the IVR samples wait for mediaState.audio",
};

/// Repeats.
pub const PROMPT_ONCE: Rule = Rule {
    id: "prompt.once",
    contract: None,
    sourced: Sourced::Prudent,
    says: "A notification that comes twice does not make the bot speak twice.",
    source: "delivery is retried when an acknowledgement is lost",
};

/// Keys.
pub const TONE_ONCE: Rule = Rule {
    id: "tone.once",
    contract: Some("R-253"),
    sourced: Sourced::Prudent,
    says: "A key is acted on once, however often its notification comes; sequenceId tells.",
    source: "delivery is retried when an acknowledgement is lost; sequenceId counts up in each call",
};

/// Staying in the call.
pub const KEEP_ALIVE: Rule = Rule {
    id: "call.keepAlive",
    contract: Some("R-300"),
    sourced: Sourced::Documented,
    says: "keepAlive is sent at least every 45 minutes, or the call ends.",
    source: "https://learn.microsoft.com/graph/api/call-keepalive",
};

/// Leaving it.
pub const SILENCE_AFTER_END: Rule = Rule {
    id: "call.silenceAfterEnd",
    contract: Some("R-302"),
    sourced: Sourced::Prudent,
    says: "Nothing is asked for a call whose end has been told.",
    source: "every such request is answered with 404",
};

/// Tokens expire.
pub const RENEW_TOKEN: Rule = Rule {
    id: "token.renew",
    contract: Some("R-021"),
    sourced: Sourced::Documented,
    says: "An access token is renewed before, or when, it expires.",
    source: "https://learn.microsoft.com/entra/identity-platform/access-tokens",
};

/// Tokens are for reuse.
pub const REUSE_TOKEN: Rule = Rule {
    id: "token.reuse",
    contract: None,
    sourced: Sourced::Documented,
    says: "An access token is used until it is about to expire; the token endpoint throttles others.",
    source: "https://learn.microsoft.com/entra/identity-platform/reference-breaking-changes",
};

/// Throttling.
pub const RETRY_AFTER: Rule = Rule {
    id: "throttling.retryAfter",
    contract: Some("R-352"),
    sourced: Sourced::Documented,
    says: "A throttled request (429) is repeated no sooner than Retry-After says.",
    source: "https://learn.microsoft.com/graph/throttling",
};

/// An end to it.
pub const BOUNDED_RETRIES: Rule = Rule {
    id: "throttling.giveUp",
    contract: None,
    sourced: Sourced::Prudent,
    says: "A request that keeps failing is given up after a bounded number of attempts.",
    source: "https://learn.microsoft.com/graph/best-practices-concept",
};

/// All of these.
pub const ALL: &[&Rule] = &[
    &ANSWER_WITHIN,
    &ACKNOWLEDGE_WITHIN,
    &ANSWER_ONCE,
    &SEVERAL_CALLS,
    &CALLS_VANISH,
    &VALIDATE_TOKENS,
    &TENANT_CLAIM,
    &TOLERATE_MEMBERS,
    &RESOURCE_URL,
    &AUDIO_FIRST,
    &PROMPT_ONCE,
    &TONE_ONCE,
    &KEEP_ALIVE,
    &SILENCE_AFTER_END,
    &RENEW_TOKEN,
    &REUSE_TOKEN,
    &RETRY_AFTER,
    &BOUNDED_RETRIES,
];

//! The catalogue, in reading order.

mod authentication;
mod ending;
mod incoming_call;
mod keep_alive;
mod notifications;
mod prompts;
mod throttling;
mod tokens;
mod tones;

use std::time::Duration;

use crate::case::Case;

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

const fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3_600)
}

/// Every case.
pub const ALL: [&Case; 23] = [
    &incoming_call::ANSWERED_IN_TIME,
    &incoming_call::ACKNOWLEDGED_IN_TIME,
    &incoming_call::ANSWERED_ONCE,
    &incoming_call::TWO_AT_ONCE,
    &incoming_call::CALLER_GIVES_UP,
    &authentication::NO_TOKEN,
    &authentication::FORGED_SIGNATURE,
    &authentication::WRONG_AUDIENCE,
    &authentication::EXPIRED,
    &authentication::WRONG_ISSUER,
    &authentication::NO_TENANT,
    &notifications::UNKNOWN_MEMBERS,
    &notifications::ID_FROM_RESOURCE_URL,
    &prompts::WAIT_FOR_AUDIO,
    &prompts::ONCE,
    &tones::ONCE,
    &keep_alive::THREE_HOURS,
    &ending::SILENCE,
    &ending::LATE_INVITATION,
    &tokens::OUTLIVE_THE_FIRST,
    &tokens::REUSED,
    &throttling::WAITS_AS_TOLD,
    &throttling::GIVES_UP,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bot_reference::Flaw;

    use super::*;
    use crate::rules;

    #[test]
    fn ids_are_unique_and_speak_of_a_topic() {
        let ids: BTreeSet<&str> = ALL.iter().map(|case| case.id).collect();
        assert_eq!(ids.len(), ALL.len());
        let plain = |c: char| c.is_ascii_lowercase() || matches!(c, '-' | '/');
        assert!(ids.iter().all(|id| id.matches('/').count() == 1 && id.chars().all(plain)));
    }

    #[test]
    fn every_rule_has_a_case_and_every_flaw_too() {
        for rule in rules::ALL {
            assert!(ALL.iter().any(|case| case.rule == rule), "{}", rule.id);
        }
        for flaw in Flaw::ALL {
            let killed = ALL.iter().any(|case| case.kills.contains(flaw));
            assert!(killed != flaw.needs_faults(), "either a case or the sweep: {}", flaw.id());
        }
        assert!(ALL.iter().all(|case| !case.kills.is_empty() && !case.steps.is_empty()));
    }
}

//! The catalogue, in reading order.

mod app_hosted;
mod app_hosted_video;
mod authentication;
mod callers;
mod ending;
mod escalation;
mod group_calls;
mod incoming_call;
mod keep_alive;
mod notifications;
mod operations;
mod order;
mod outgoing;
mod permissions;
mod prompts;
mod recording;
mod recording_policy;
mod redirect;
mod restarts;
mod roster;
mod scale;
mod throttling;
mod tokens;
mod tokens_of_notifications;
mod tones;
mod transfer;
mod wire;

use std::time::Duration;

use crate::{
    case::{Case, Level, Profile},
    rules,
};

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

const fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3_600)
}

/// What most cases have in common; the rest is each one's own.
const USUAL: Case = Case {
    id: "",
    title: "",
    level: Level::Should,
    rule: &rules::ANSWER_WITHIN,
    profile: Profile::Callable,
    needs: &[],
    steps: &[],
    limit: secs(300),
    kills: &[],
    story: |_| Box::pin(async { Ok(()) }),
};

/// The topics, in reading order: the cases of one file each.
const TOPICS: &[&[&Case]] = &[
    incoming_call::CASES,
    callers::CASES,
    authentication::CASES,
    tokens_of_notifications::CASES,
    notifications::CASES,
    order::CASES,
    wire::CASES,
    prompts::CASES,
    recording::CASES,
    tones::CASES,
    keep_alive::CASES,
    ending::CASES,
    tokens::CASES,
    throttling::CASES,
    restarts::CASES,
    scale::CASES,
    operations::CASES,
    group_calls::CASES,
    roster::CASES,
    escalation::CASES,
    permissions::CASES,
    transfer::CASES,
    redirect::CASES,
    outgoing::CASES,
    recording_policy::CASES,
    app_hosted::CASES,
    app_hosted_video::CASES,
];

const COUNT: usize = {
    let (mut count, mut topic) = (0, 0);
    while topic < TOPICS.len() {
        count += TOPICS[topic].len();
        topic += 1;
    }
    count
};

/// Every case.
pub const ALL: [&Case; COUNT] = {
    let mut all = [TOPICS[0][0]; COUNT];
    let (mut count, mut topic) = (0, 0);
    while topic < TOPICS.len() {
        let mut case = 0;
        while case < TOPICS[topic].len() {
            all[count] = TOPICS[topic][case];
            count += 1;
            case += 1;
        }
        topic += 1;
    }
    all
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bot_reference::Flaw;

    use super::*;

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
            assert!(ALL.iter().any(|case| case.rule == *rule), "{}", rule.id);
        }
        for flaw in Flaw::ALL {
            let killed = ALL.iter().any(|case| case.kills.contains(flaw));
            assert!(killed || flaw.needs_faults(), "a case or the sweep: {}", flaw.id());
        }
        for must in ALL.iter().filter(|case| case.level == Level::Must) {
            let others = |flaw: &&Flaw| {
                let mut others = ALL.iter().filter(|case| case.kills.contains(*flaw));
                others.all(|other| other.topic() == must.topic())
            };
            assert!(must.kills.iter().any(|flaw| others(&flaw)), "its own flaw: {}", must.id);
        }
        for (one, other) in ALL.iter().flat_map(|one| ALL.iter().map(move |other| (one, other))) {
            let same = one.rule.id == other.rule.id;
            assert_eq!(same, one.rule == other.rule, "two rules are called {}", one.rule.id);
        }
        assert!(ALL.iter().all(|case| !case.kills.is_empty() && !case.steps.is_empty()));
    }
}

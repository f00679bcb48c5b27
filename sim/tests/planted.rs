//! A sweep that finds nothing proves nothing: each of these planted faults is found within two hundred seeds, here at
//! the seed that a sweep named, and the same world without the fault breaks nothing.

use sim::{
    life::live,
    plan::{Plan, plan_of},
};

/// Faults of the bot, a seed that shows them, and the invariant that they break.
const OF_THE_BOT: [(&str, u64, &str); 12] = [
    ("never-answers", 0x3, "bot-reacts"),
    ("answers-late", 0x3, "bot-reacts"),
    ("one-call-only", 0x7, "bot-reacts"),
    ("trusts-any-signature", 0x12, "forged-tokens-refused"),
    ("accepts-missing-token", 0x2a, "forged-tokens-refused"),
    ("ignores-audience", 0x37, "forged-tokens-refused"),
    ("ignores-expiry", 0x11, "forged-tokens-refused"),
    ("ignores-issuer", 0x1f, "forged-tokens-refused"),
    ("ignores-missing-tenant", 0x12, "forged-tokens-refused"),
    ("crashes-on-not-found", 0xa, "one-end"),
    ("refuses-without-keys", 0x18, "bot-leaks-nothing"),
    ("never-keeps-alive", 0xbb, "kept-alive"),
];

/// Faults of the platform, likewise.
const OF_THE_PLATFORM: [(&str, u64, &str); 10] = [
    ("CallsWithoutPermission", 0x49, "permission-for-every-verb"),
    ("ActsWithoutPermission", 0x9, "permission-for-every-verb"),
    ("JoinsWithoutPermission", 0x49, "permission-for-every-verb"),
    ("AnswersWithoutPermission", 0xa6, "permission-for-every-verb"),
    ("SurvivesEscalation", 0xa, "escalation-drops"),
    ("GuestsSurvive", 0xa, "escalation-drops"),
    ("RemembersEndedCalls", 0xa, "escalation-drops"),
    ("RosterAfterEscalation", 0x3, "no-roster-of-two"),
    ("TellsOperationTwice", 0x0, "operations-end-once"),
    ("TellsFinishedOperations", 0x0, "operations-end-once"),
];

fn broken(plan: &Plan) -> Option<String> {
    live(plan, false).broken.map(|broken| broken.invariant)
}

#[test]
fn planted_faults_of_the_bot_are_found() {
    for (flaw, seed, invariant) in OF_THE_BOT {
        let plan = Plan { bot_flaw: Some(flaw.to_owned()), ..plan_of(seed) };
        assert!(plan.bot_flaw().is_some(), "{flaw}");
        assert_eq!(broken(&plan).as_deref(), Some(invariant), "{flaw} in seed {seed:#x}");
        assert_eq!(broken(&plan_of(seed)), None, "seed {seed:#x} without {flaw}");
    }
}

#[test]
fn planted_faults_of_the_platform_are_found() {
    for (flaw, seed, invariant) in OF_THE_PLATFORM {
        let plan = Plan { platform_flaw: Some(flaw.to_owned()), ..plan_of(seed) };
        assert!(plan.platform_flaw().is_some(), "{flaw}");
        assert_eq!(broken(&plan).as_deref(), Some(invariant), "{flaw} in seed {seed:#x}");
        assert_eq!(broken(&plan_of(seed)), None, "seed {seed:#x} without {flaw}");
    }
}

//! A sweep that finds nothing proves nothing: each of these planted faults is found within eleven hundred seeds, most of
//! them within a hundred, here at
//! the seed that a sweep named, and the same world without the fault breaks nothing.

use sim::{
    life::live,
    plan::{Plan, plan_of},
};

/// Faults of the bot, the first seed that shows them, and the invariant that they break.
const OF_THE_BOT: [(&str, u64, &str); 24] = [
    ("never-answers", 0x5, "bot-reacts"),
    ("answers-late", 0x5, "bot-reacts"),
    ("one-call-only", 0x28, "bot-reacts"),
    ("trusts-any-signature", 0x4, "forged-tokens-refused"),
    ("accepts-missing-token", 0xb, "forged-tokens-refused"),
    ("ignores-audience", 0x3, "forged-tokens-refused"),
    ("ignores-expiry", 0x4, "forged-tokens-refused"),
    ("ignores-issuer", 0x39, "forged-tokens-refused"),
    ("ignores-missing-tenant", 0x2, "forged-tokens-refused"),
    ("crashes-on-not-found", 0x1f, "one-end"),
    ("refuses-without-keys", 0x18, "bot-leaks-nothing"),
    ("never-keeps-alive", 0x6d, "kept-alive"),
    ("forgets-calls-in-crash", 0x0, "bot-takes-up-its-calls"),
    ("greets-again-after-crash", 0x0, "bot-repeats-nothing-after-a-crash"),
    ("saves-too-seldom", 0x0, "bot-takes-up-its-calls"),
    ("calls-back-again-after-crash", 0x23, "bot-rings-nobody-twice"),
    ("retries-answer-after-success", 0xbd, "bot-answers-once"),
    ("never-forgets-ended-calls", 0x2d, "bot-leaks-nothing"),
    ("trusts-cached-keys-forever", 0x43, "bot-leaks-nothing"),
    ("ignores-retry-after-of-503", 0x4b, "bot-waits-as-told"),
    ("invites-twice-on-lost-reply", 0x2a, "bot-rings-nobody-twice"),
    ("keep-alive-drifts", 0x263, "kept-alive"),
    ("forgets-tones-in-crash", 0x233, "bot-repeats-nothing-after-a-crash"),
    ("leaks-call-on-failed-transfer", 0x1d8, "kept-alive"),
];

/// Faults of the platform, likewise.
const OF_THE_PLATFORM: [(&str, u64, &str); 10] = [
    ("CallsWithoutPermission", 0x401, "permission-for-every-verb"),
    ("ActsWithoutPermission", 0x8, "permission-for-every-verb"),
    ("JoinsWithoutPermission", 0x165, "permission-for-every-verb"),
    ("AnswersWithoutPermission", 0x8, "permission-for-every-verb"),
    ("SurvivesEscalation", 0x3e2, "escalation-drops"),
    ("GuestsSurvive", 0x3e2, "escalation-drops"),
    ("RemembersEndedCalls", 0x3e2, "escalation-drops"),
    ("RosterAfterEscalation", 0xe, "no-roster-of-two"),
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

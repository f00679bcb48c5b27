//! Lives of an app-hosted bot: what is planted in its media is found by who reads the packets.

use sim::{
    life::live,
    plan::{Between, Deed, Fault, Media, Outage, Person, Plan, What},
};

fn deed(at_ms: u64, by: Person, call: usize, what: What) -> Deed {
    Deed { at_ms, by, call, what }
}

/// Alice rings, says something, mutes herself, is put on hold, and brings in Bob; somebody else has a meeting meanwhile.
fn story() -> Plan {
    let say = |at, by, call, marker| deed(at, by, call, What::Say { marker });
    let alice = |at, what| deed(at, Person::Alice, 0, what);
    let meet = What::Meet { with: vec![Person::Bob] };
    Plan {
        heal_at_ms: 40_000,
        media: Media::AppHosted,
        deeds: vec![
            alice(0, What::Ring),
            deed(500, Person::Carol, 1, meet),
            say(6_000, Person::Alice, 0, 1),
            say(8_000, Person::Carol, 1, 2),
            alice(10_000, What::Mute),
            say(11_000, Person::Alice, 0, 3),
            alice(13_000, What::Unmute),
            alice(14_000, What::Hold),
            alice(18_000, What::Resume),
            alice(20_000, What::Invite { whom: Person::Bob }),
            say(26_000, Person::Bob, 0, 4),
            alice(28_000, What::MuteBot),
            say(30_000, Person::Alice, 0, 5),
            deed(34_000, Person::Carol, 1, What::Hangup),
        ],
        ..Plan::quiet(3)
    }
}

fn broken(plan: &Plan) -> Option<String> {
    live(plan, false).broken.map(|broken| format!("{}: {}", broken.invariant, broken.text))
}

#[test]
fn nothing_is_wrong_with_the_bot_as_it_is() {
    assert_eq!(broken(&story()), None);
}

#[test]
fn packets_that_are_lost_break_nothing() {
    let lost = Outage { at_ms: 7_000, for_ms: 12_000, on: Between::BotAndGraph };
    let plan = Plan { faults: vec![Fault::MediaOutage(lost)], ..story() };
    assert_eq!(broken(&plan), None);
}

#[test]
fn planted_faults_of_media_are_found() {
    for (flaw, invariant) in [
        ("deaf-to-markers", "bot-answers-markers"),
        ("leaks-media-session", "bot-sends-when-it-may"),
        ("sends-no-silence", "media-flows"),
    ] {
        let plan = Plan { bot_flaw: Some(flaw.to_owned()), ..story() };
        assert!(plan.bot_flaw().is_some(), "{flaw}");
        let found = broken(&plan).unwrap_or_default();
        assert!(found.starts_with(invariant), "{flaw}: {found}");
    }
}

#[test]
fn a_planted_fault_of_the_platform_is_found() {
    let plan = Plan { platform_flaw: Some("HearsTheMuted".to_owned()), ..story() };
    assert!(plan.platform_flaw().is_some());
    let found = broken(&plan).unwrap_or_default();
    assert!(found.starts_with("sound-stays-in-its-call"), "{found}");
}

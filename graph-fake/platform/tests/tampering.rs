//! What a fault plan does to notifications, as the shell sees it of the whole platform.

use std::time::Duration;

use graph_api::{Guid, Modality, Timestamp};
use platform::{
    Act, Admin, Application, Delivery, DeliveryOutcome, Effect, Event, Input, NotificationFault,
    NotificationKind, OnCall, Options, Outputs, Platform, Tampering, User, What, Who,
};

const TENANT: Guid = Guid::from_u128(1);
const BOT: Guid = Guid::from_u128(2);
const USER: Guid = Guid::from_u128(3);

fn at(millis: u64) -> Timestamp {
    Timestamp::from_secs(1_000) + Duration::from_millis(millis)
}

/// A bot that is rung under this plan.
fn ring(legacy_first_notification: bool, plan: Vec<NotificationFault>) -> (Platform, Outputs) {
    let mut platform = Platform::new(1, Options::default());
    let callback_uri = Some("https://bot.example/".to_owned());
    let application =
        Application { callback_uri, legacy_first_notification, ..Application::new("Bot") };
    let entry = User::new("Dana", OnCall::Ignore);
    let inputs = [
        Input::Admin(Box::new(Admin::PutApplication { tenant: TENANT, app: BOT, application })),
        Input::Admin(Box::new(Admin::PutUser { tenant: TENANT, user: USER, entry })),
        Input::NotificationFaults(plan),
    ];
    for input in inputs {
        assert_eq!(platform.handle(at(0), input).effects, []);
    }
    let act = Act::Ring {
        from: USER,
        to: vec![Who::Application(BOT)],
        tenant: TENANT,
        modalities: vec![Modality::Audio],
        call: None,
    };
    let out = platform.handle(at(0), Input::Act(act));
    (platform, out)
}

fn fault(of: NotificationKind, what: Tampering) -> Vec<NotificationFault> {
    vec![NotificationFault { of, call: None, nth: 1, times: 1, what }]
}

fn deliveries(out: &Outputs) -> Vec<Delivery> {
    let delivery = |effect: &Effect| match effect {
        Effect::Deliver(delivery) => Some((**delivery).clone()),
        Effect::Fetch { .. } | Effect::Happened(_) => None,
    };
    out.effects.iter().filter_map(delivery).collect()
}

fn tampered(out: &Outputs) -> Vec<&'static str> {
    let word = |effect: &Effect| match effect {
        Effect::Happened(Event::Tampered { what, delivery: Some(_), .. }) => Some(*what),
        Effect::Deliver(_) | Effect::Fetch { .. } | Effect::Happened(_) => None,
    };
    out.effects.iter().filter_map(word).collect()
}

/// a bot that never hears of a call loses it.
#[test]
fn a_lost_incoming_call_ends_unacknowledged() {
    let (mut platform, out) = ring(false, fault(NotificationKind::Incoming, Tampering::Lose));
    assert_eq!((tampered(&out), deliveries(&out)), (vec!["lost"], vec![]));
    assert_eq!(platform.undelivered(), 0);
    let out = platform.handle(at(5_000), Input::Deadline);
    let [end] = &deliveries(&out)[..] else { panic!("{out:?}") };
    let What::CallEnded(view) = &end.notifications[0].what else { panic!("{end:?}") };
    assert_eq!(view.result.as_ref().map(|result| result.subcode), Some(8544));
}

#[test]
fn a_delayed_incoming_call_comes_when_the_time_has_come() {
    let delay = Tampering::Delay(Duration::from_secs(3));
    let (mut platform, out) = ring(false, fault(NotificationKind::Any, delay));
    assert_eq!((tampered(&out), deliveries(&out)), (vec!["delayed"], vec![]));
    assert_eq!(platform.next_deadline(), Some(at(3_000)));
    let late = platform.handle(at(4_000), Input::Deadline);
    let [delivery] = &deliveries(&late)[..] else { panic!("{late:?}") };
    let heard = DeliveryOutcome::answered(202);
    let out =
        platform.handle(at(4_000), Input::Delivered { delivery: delivery.id, outcome: heard });
    assert_eq!(out.effects, []);
    assert_eq!(platform.next_deadline(), Some(at(15_000)), "acknowledged: R-102 is next");
}

///
#[test]
fn only_where_the_channel_is_set_so_the_older_format_comes_first() {
    for legacy in [true, false] {
        let (_, out) = ring(legacy, Vec::new());
        let told: Vec<bool> = deliveries(&out).iter().map(|delivery| delivery.legacy).collect();
        assert_eq!(told, [legacy]);
    }
}

/// what is changed later counts for what is sent later.
#[test]
fn changed_options_reach_what_is_sent() {
    let (mut platform, first) = ring(false, Vec::new());
    assert_eq!(deliveries(&first)[0].limit, Duration::from_secs(5));
    let acknowledge_within = Duration::from_secs(2);
    platform.set_options(Options { acknowledge_within, ..Options::default() });
    let act = Act::Ring {
        from: USER,
        to: vec![Who::Application(BOT)],
        tenant: TENANT,
        modalities: vec![Modality::Audio],
        call: None,
    };
    let second = platform.handle(at(1), Input::Act(act));
    assert_eq!(deliveries(&second)[0].limit, acknowledge_within);
}

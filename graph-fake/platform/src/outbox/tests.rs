use std::collections::{BTreeMap, VecDeque};

use graph_api::{CallState, Tone};
use proptest::prelude::*;

use super::*;
use crate::{
    notification::{Roster, Update},
    view::{CallView, Observation},
    who::{Person, Who},
};

const OK: DeliveryOutcome = DeliveryOutcome::answered(202);

fn call(number: u64) -> CallId {
    CallId(Guid::from_u128(number.into()))
}

fn at(secs: u64) -> Timestamp {
    Timestamp::from_secs(1_000 + secs)
}

fn address() -> Address {
    Address {
        callback_uri: "https://bot.example/".into(),
        app: Guid::from_u128(1),
        tenant: Guid::from_u128(2),
        chain: Guid::from_u128(3),
        legacy: true,
    }
}

fn outbox(batch: usize) -> Outbox {
    Outbox::new(&Options { batch, ..Options::default() })
}

fn push(outbox: &mut Outbox, now: Timestamp, id: CallId, etag: u64, what: What) -> Outcome {
    let notification = Notification { call: id, etag, what };
    outbox.push(now, address(), Guid::from_u128(etag.into()), notification)
}

fn update() -> What {
    What::CallUpdated(Box::new(Update::state(CallState::Established)))
}

fn tone() -> What {
    What::Tone(1, Tone::Tone1)
}

fn view() -> Box<CallView> {
    let person = Person { who: Who::User(Guid::from_u128(9)), name: "A".into(), tenant: None };
    let source = crate::Party { participant: ParticipantId(Guid::from_u128(8)), person };
    let observed = ParticipantId(Guid::from_u128(7));
    let user = Guid::from_u128(9);
    let observation = Observation { observed, user, other: None, policy: Guid::from_u128(6) };
    Box::new(CallView {
        observation: Some(Arc::new(observation)),
        ..crate::render::samples::incoming(source)
    })
}

/// The numbers of what is sent.
fn sent(outcome: &Outcome) -> Vec<u64> {
    let notifications = outcome.send.iter().flat_map(|delivery| &delivery.notifications);
    notifications.map(|notification| notification.etag).collect()
}

fn delivery(outcome: &Outcome) -> DeliveryId {
    outcome.send.as_ref().expect("something is sent").id
}

/// Lets everything through at this time; the numbers in the order in which they arrive.
fn drain(outbox: &mut Outbox, now: Timestamp, first: Outcome) -> Vec<u64> {
    let (mut arrived, mut next) = (Vec::new(), first);
    while let Some(delivery) = &next.send {
        arrived.extend(sent(&next));
        next = outbox.delivered(now, delivery.id, &OK);
    }
    arrived
}

fn faults(outbox: &mut Outbox, of: NotificationKind, what: Tampering) {
    outbox.set_faults(vec![NotificationFault { of, call: None, nth: 2, times: 1, what }]);
}

#[test]
fn attempts_wait_one_second_then_two_then_end() {
    //
    let mut outbox = outbox(1);
    let first = push(&mut outbox, at(0), call(1), 1, update());
    assert_eq!(sent(&push(&mut outbox, at(0), call(1), 2, tone())), [0_u64; 0], "one at a time");
    let id = delivery(&first);
    for (now, wait) in [(0, 1), (1, 2)] {
        let unavailable = DeliveryOutcome::answered(503);
        assert_eq!(outbox.delivered(at(now), id, &unavailable), Outcome::default());
        assert_eq!(outbox.next_deadline(), Some((at(now + wait), call(1))));
        assert_eq!(sent(&outbox.on_deadline()), [1]);
    }
    let last = outbox.delivered(at(3), id, &DeliveryOutcome::NoAnswer);
    assert_eq!((last.gave_up.clone(), sent(&last)), (vec![(call(1), id)], vec![2]));
    assert_eq!(outbox.pending(), 1);
}

#[test]
fn what_is_refused_is_not_tried_again() {
    for status in [400, 401, 403, 404, 410, 302, 307] {
        let mut outbox = outbox(1);
        let first = push(&mut outbox, at(0), call(1), 1, update());
        let location = Some("https://elsewhere.example/".to_owned());
        let how = DeliveryOutcome::Answered { status, location, joining: None };
        let refused = outbox.delivered(at(0), delivery(&first), &how);
        assert_eq!(refused.gave_up.len(), 1, "{status}");
        assert_eq!((outbox.pending(), outbox.next_deadline()), (0, None), "{status}");
    }
}

#[test]
fn an_incoming_call_is_sent_elsewhere_once() {
    // R-106; after that the older form is not asked for again.
    let mut outbox = outbox(10);
    let first = push(&mut outbox, at(0), call(1), 1, What::Incoming(view()));
    let sent = first.send.clone().unwrap();
    assert!(sent.legacy);
    assert_eq!(sent.limit, Duration::from_secs(5));
    let location = Some("https://elsewhere.example/".to_owned());
    let moved = DeliveryOutcome::Answered { status: 307, location, joining: None };
    let again = outbox.delivered(at(0), sent.id, &moved).send.unwrap();
    assert_eq!((&*again.callback_uri, again.legacy), ("https://elsewhere.example/", false));
    let twice = outbox.delivered(at(0), sent.id, &moved);
    assert_eq!((twice.gave_up.len(), twice.acknowledged), (1, None));
}

#[test]
fn neighbours_share_an_envelope_but_not_with_the_incoming_one() {
    //
    let mut outbox = outbox(3);
    let first = push(&mut outbox, at(0), call(1), 1, What::Incoming(view()));
    for etag in 2..=6 {
        assert_eq!(push(&mut outbox, at(0), call(1), etag, update()).send, None);
    }
    let second = outbox.delivered(at(0), delivery(&first), &OK);
    assert_eq!((second.acknowledged, sent(&second)), (Some(call(1)), vec![2, 3, 4]));
    assert_eq!(outbox.pending(), 5);
    let third = outbox.delivered(at(0), delivery(&second), &OK);
    assert_eq!((third.acknowledged, sent(&third)), (None, vec![5, 6]));
    let lost = outbox.delivered(at(0), delivery(&third), &DeliveryOutcome::answered(400));
    assert_eq!((lost.gave_up.len(), outbox.pending()), (2, 0), "all of them are given up");
    let again = outbox.repeat_last(at(0), call(1), Guid::from_u128(99)).unwrap();
    assert_eq!(sent(&again), [4], "the last that was delivered");
    let mut elsewhere = address();
    elsewhere.callback_uri = "https://other.example/".into();
    push(&mut outbox, at(0), call(1), 7, update());
    let notification = Notification { call: call(1), etag: 8, what: update() };
    let _ = outbox.push(at(0), elsewhere, Guid::from_u128(8), notification);
    let next = outbox.delivered(at(0), delivery(&again), &OK);
    assert_eq!(sent(&next), [7], "each goes where it is to go");
}

#[test]
fn a_join_is_answered_once_and_in_time() {
    //
    let answered = |status, joining| DeliveryOutcome::Answered { status, location: None, joining };
    let mut outbox = outbox(5);
    let joining = || What::ParticipantJoining(view());
    let first = push(&mut outbox, at(0), call(1), 1, joining());
    assert_eq!(first.send.as_ref().map(|delivery| delivery.limit), Some(Duration::from_secs(5)));
    push(&mut outbox, at(0), call(1), 2, joining());
    let busy = Some(JoinAnswer::Reject);
    let done = outbox.delivered(at(4), delivery(&first), &answered(200, busy.clone()));
    assert_eq!((done.joined.clone(), sent(&done)), (Some((call(1), busy)), vec![2]));
    assert_eq!(done.joiner, Some(ParticipantId(Guid::from_u128(7))));
    // The second one's time counts from when it left, and passes.
    assert_eq!(outbox.next_deadline(), Some((at(9), call(1))));
    let late = outbox.on_deadline();
    assert_eq!(late.joined, Some((call(1), None)));
    let accept = answered(200, Some(JoinAnswer::Accept));
    let too_late = outbox.delivered(at(10), delivery(&done), &accept);
    assert_eq!((too_late.joined, outbox.pending()), (None, 0));
    // Without a body, or refused: no answer.
    for status in [202, 403] {
        let asked = push(&mut outbox, at(20), call(1), 3, joining());
        let none = outbox.delivered(at(20), delivery(&asked), &answered(status, None));
        assert_eq!(none.joined, Some((call(1), None)), "{status}");
    }
    assert_eq!(outbox.next_deadline(), None);
}

#[test]
fn a_join_is_not_asked_again_when_its_time_is_over() {
    let mut outbox = outbox(1);
    let asked = push(&mut outbox, at(0), call(1), 1, What::ParticipantJoining(view()));
    let id = delivery(&asked);
    let _ = outbox.delivered(at(3), id, &DeliveryOutcome::NoAnswer);
    assert_eq!(outbox.on_deadline().send.unwrap().limit, Duration::from_secs(1), "what is left");
    let _ = outbox.delivered(at(4), id, &DeliveryOutcome::NoAnswer);
    let over = outbox.on_deadline();
    assert_eq!((over.joined, over.gave_up), (Some((call(1), None)), vec![(call(1), id)]));
    assert_eq!((outbox.next_deadline(), outbox.pending()), (None, 0));
    // Nor if the time passes while the question is under way.
    let asked = push(&mut outbox, at(10), call(1), 2, What::ParticipantJoining(view()));
    assert_eq!(outbox.on_deadline().joined, Some((call(1), None)));
    let broken = outbox.delivered(at(16), delivery(&asked), &DeliveryOutcome::NoAnswer);
    assert_eq!((broken.gave_up.len(), broken.joined), (1, None));
    assert_eq!(outbox.next_deadline(), None);
}

#[test]
fn a_lost_notification_never_leaves() {
    let mut outbox = outbox(1);
    faults(&mut outbox, NotificationKind::Any, Tampering::Lose);
    let first = push(&mut outbox, at(0), call(1), 1, update());
    let lost = push(&mut outbox, at(0), call(1), 2, What::ParticipantJoining(view()));
    assert_eq!(lost.tampered, [(call(1), DeliveryId(2), "lost")]);
    push(&mut outbox, at(0), call(1), 3, update());
    assert_eq!(drain(&mut outbox, at(0), first), [1, 3]);
    let over = outbox.on_deadline();
    assert_eq!(over.joined, Some((call(1), None)), "nobody answers what nobody heard");
}

#[test]
fn a_repeated_notification_comes_in_an_envelope_of_its_own() {
    let mut outbox = outbox(10);
    faults(&mut outbox, NotificationKind::Tone, Tampering::Repeat(2));
    let first = push(&mut outbox, at(0), call(1), 1, update());
    push(&mut outbox, at(0), call(1), 2, tone());
    let struck = push(&mut outbox, at(0), call(1), 3, tone());
    assert_eq!(struck.tampered, [(call(1), DeliveryId(3), "repeated")]);
    push(&mut outbox, at(0), call(1), 4, tone());
    let mut envelopes = vec![];
    let mut next = first;
    while let Some(delivery) = next.send.clone() {
        envelopes.push(sent(&next));
        next = outbox.delivered(at(0), delivery.id, &OK);
    }
    assert_eq!(envelopes, [vec![1], vec![2, 3], vec![3], vec![3], vec![4]]);
}

#[test]
fn a_delayed_notification_holds_back_those_behind_it() {
    let mut outbox = outbox(10);
    faults(&mut outbox, NotificationKind::Call, Tampering::Delay(Duration::from_secs(7)));
    let first = push(&mut outbox, at(0), call(1), 1, update());
    let struck = push(&mut outbox, at(0), call(1), 2, update());
    assert_eq!(struck.tampered, [(call(1), DeliveryId(2), "delayed")]);
    push(&mut outbox, at(0), call(1), 3, update());
    assert_eq!(drain(&mut outbox, at(5), first), [1]);
    assert_eq!(outbox.next_deadline(), Some((at(12), call(1))), "from when it would have left");
    assert_eq!(sent(&push(&mut outbox, at(6), call(1), 4, update())), [0_u64; 0]);
    let late = outbox.on_deadline();
    assert_eq!(sent(&late), [2, 3, 4]);
    // Nor does it leave earlier in the envelope of one before it.
    faults(&mut outbox, NotificationKind::Call, Tampering::Delay(Duration::from_secs(7)));
    push(&mut outbox, at(12), call(1), 5, update());
    push(&mut outbox, at(12), call(1), 6, update());
    assert_eq!(drain(&mut outbox, at(12), late), [2, 3, 4, 5]);
    assert_eq!(outbox.next_deadline(), Some((at(19), call(1))));
}

#[test]
fn an_overtaken_notification_leaves_after_so_many_others() {
    let mut outbox = outbox(1);
    faults(&mut outbox, NotificationKind::Any, Tampering::Overtaken(2));
    let first = push(&mut outbox, at(0), call(1), 1, update());
    let struck = push(&mut outbox, at(0), call(1), 2, update());
    assert_eq!(struck.tampered, [(call(1), DeliveryId(2), "overtaken")]);
    assert_eq!(outbox.pending(), 2);
    for etag in 3..=5 {
        push(&mut outbox, at(0), call(1), etag, update());
    }
    assert_eq!(drain(&mut outbox, at(0), first), [1, 3, 4, 2, 5]);
    assert_eq!((outbox.next_deadline(), outbox.pending()), (None, 0));
}

#[test]
fn nobody_waits_forever_to_be_overtaken() {
    let mut outbox = outbox(1);
    faults(&mut outbox, NotificationKind::Any, Tampering::Overtaken(9));
    let first = push(&mut outbox, at(0), call(1), 1, update());
    push(&mut outbox, at(0), call(1), 2, update());
    assert_eq!(drain(&mut outbox, at(1), first), [1]);
    assert_eq!(outbox.next_deadline(), Some((at(10), call(1))));
    let late = outbox.on_deadline();
    assert_eq!(drain(&mut outbox, at(10), late), [2]);
    // The end of the call lets it out as well, behind the end.
    faults(&mut outbox, NotificationKind::Any, Tampering::Overtaken(9));
    let first = push(&mut outbox, at(20), call(1), 3, update());
    push(&mut outbox, at(20), call(1), 4, update());
    push(&mut outbox, at(20), call(1), 5, What::CallEnded(view()));
    assert_eq!(drain(&mut outbox, at(20), first), [3, 5, 4]);
    assert_eq!((outbox.next_deadline(), outbox.pending()), (None, 0));
}

#[test]
fn a_plan_counts_what_it_names() {
    let fault =
        |of, call, nth, times| NotificationFault { of, call, nth, times, what: Tampering::Lose };
    let mut outbox = outbox(1);
    outbox.set_faults(vec![
        fault(NotificationKind::Tone, Some(call(2)), 2, 2),
        fault(NotificationKind::Roster, None, 1, 1),
    ]);
    let mut struck = Vec::new();
    let roster = || What::Roster(Roster::Full(Vec::new()));
    let story = [
        (2, tone()),
        (1, tone()),
        (2, update()),
        (2, tone()),
        (2, tone()),
        (2, tone()),
        (1, roster()),
        (1, roster()),
    ];
    for (etag, (number, what)) in (1..).zip(story) {
        if !push(&mut outbox, at(0), call(number), etag, what).tampered.is_empty() {
            struck.push(etag);
        }
    }
    assert_eq!(struck, [4, 5, 7]);
}

#[test]
fn a_call_holds_a_thousand_and_gives_up_the_oldest() {
    let mut outbox = outbox(1);
    let first = push(&mut outbox, at(0), call(1), 0, update());
    for etag in 1..=1_000 {
        assert_eq!(push(&mut outbox, at(0), call(1), etag, update()).gave_up, []);
    }
    let full = push(&mut outbox, at(0), call(1), 1_001, update());
    assert_eq!(full.gave_up, [(call(1), DeliveryId(2))]);
    assert_eq!(outbox.pending(), 1_001);
    let arrived = drain(&mut outbox, at(0), first);
    assert_eq!((arrived.len(), arrived[1]), (1_001, 2));
}

#[test]
fn ended_calls_are_forgotten_when_they_are_done() {
    let mut outbox = outbox(1);
    let slow: Vec<Outcome> =
        (0..1_500).map(|n| push(&mut outbox, at(0), call(n), 1, update())).collect();
    (0..1_500).for_each(|n| outbox.retire(call(n)));
    assert_eq!(outbox.queues.len(), 1_500, "none of them is done");
    for first in slow {
        drain(&mut outbox, at(0), first);
    }
    (1_500..4_000).for_each(|n| outbox.retire(call(n)));
    assert_eq!((outbox.queues.len(), outbox.retired.len()), (0, RETIRED_MAX));
}

/// What happens to an outbox.
#[derive(Debug, Clone)]
enum Step {
    Push {
        call: u64,
        joining: bool,
    },
    /// The oldest delivery under way is answered; 0: not at all.
    Report(u16),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let status = prop_oneof![4 => Just(202), 1 => Just(0), 1 => Just(503), 1 => Just(404)];
    let step = prop_oneof![
        4 => (0..3_u64, prop::bool::weighted(0.2))
            .prop_map(|(call, joining)| Step::Push { call, joining }),
        4 => status.prop_map(Step::Report),
        1 => (0..8_u64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 0..120)
}

/// What became of everything, by call.
#[derive(Default)]
struct Seen {
    under_way: VecDeque<Delivery>,
    delivered: BTreeMap<CallId, Vec<u64>>,
    gave_up: Vec<DeliveryId>,
    joined: usize,
}

impl Seen {
    fn take(&mut self, outcome: Outcome, batch: usize) {
        self.gave_up.extend(outcome.gave_up.iter().map(|(_, id)| *id));
        self.joined += usize::from(outcome.joined.is_some());
        assert_eq!(outcome.tampered, []);
        let Some(delivery) = outcome.send else { return };
        let call = delivery.notifications[0].call;
        assert!((1..=batch).contains(&delivery.notifications.len()));
        assert!(delivery.notifications.iter().all(|one| one.call == call));
        assert!((1..=ATTEMPTS_MAX).contains(&delivery.attempt));
        let same = self.under_way.iter().any(|other| other.notifications[0].call == call);
        assert!(!same, "one under way for each call");
        self.under_way.push_back(delivery);
    }

    fn report(&mut self, outbox: &mut Outbox, now: Timestamp, status: u16, batch: usize) {
        let Some(delivery) = self.under_way.pop_front() else { return };
        let how = match status {
            0 => DeliveryOutcome::NoAnswer,
            status => DeliveryOutcome::answered(status),
        };
        if status == 202 {
            let arrived = self.delivered.entry(delivery.notifications[0].call).or_default();
            arrived.extend(delivery.notifications.iter().map(|one| one.etag));
        }
        let outcome = outbox.delivered(now, delivery.id, &how);
        self.take(outcome, batch);
        let twice = outbox.delivered(now, delivery.id, &how);
        if self.under_way.iter().all(|other| other.id != delivery.id) {
            assert_eq!(twice, Outcome::default(), "what is not under way changes nothing");
        }
    }
}

proptest! {
    /// Whatever the bot answers: each notification arrives once or is given up once, those of a call in
    /// order, one envelope at a time, and each join is answered once.
    #[test]
    fn everything_arrives_once_or_is_given_up_once(steps in steps(), batch in 1..4_usize) {
        let mut outbox = outbox(batch);
        let mut seen = Seen::default();
        let (mut now, mut pushed, mut joins) = (0, 0, 0);
        for step in steps {
            match step {
                Step::Push { call: number, joining } => {
                    pushed += 1;
                    joins += usize::from(joining);
                    let what = if joining { What::ParticipantJoining(view()) } else { update() };
                    let outcome = push(&mut outbox, at(now), call(number), pushed, what);
                    seen.take(outcome, batch);
                }
                Step::Report(status) => seen.report(&mut outbox, at(now), status, batch),
                Step::Wait(secs) => {
                    now += secs;
                    while outbox.next_deadline().is_some_and(|(due, _)| due <= at(now)) {
                        let outcome = outbox.on_deadline();
                        seen.take(outcome, batch);
                    }
                }
            }
        }
        while outbox.pending() > 0 || outbox.next_deadline().is_some() {
            if seen.under_way.is_empty() {
                let outcome = outbox.on_deadline();
                seen.take(outcome, batch);
            } else {
                now += 1;
                seen.report(&mut outbox, at(now), 202, batch);
            }
        }
        let arrived: Vec<u64> = seen.delivered.values().flatten().copied().collect();
        let mut once = arrived.clone();
        once.extend(seen.gave_up.iter().map(|id| id.0));
        once.sort_unstable();
        prop_assert_eq!(once, (1..=pushed).collect::<Vec<_>>());
        for arrived in seen.delivered.values() {
            prop_assert!(arrived.is_sorted(), "{:?}", arrived);
        }
        prop_assert_eq!(seen.joined, joins);
        prop_assert_eq!(outbox.questions.len() + outbox.under_way.len(), 0);
    }
}

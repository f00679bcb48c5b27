//! What holds whatever comes, from wherever, in any order.

use std::time::Duration;

use graph_api::Guid;
use media::{
    RtpHeader,
    audio::{FRAME_PERIOD, Marker, Pcm16K, Played, Tone},
    transport::{
        Blob, BotEvent, Channel, DATAGRAM_MAX, Dropped, Flow, Leg, Message, Outgoing, SHARING,
    },
};
use proptest::prelude::*;

use super::{
    conversation::Conversation,
    report::LATEST_MAX,
    sessions::{Habits, Owner, SHOWN_MAX, Sessions},
};
use crate::{Keys, Scene, Sight};

/// Video and screen sharing as the platform tells of them, and packets that may be anything; socket 9 is not there.
fn video(leg: &mut Leg, bytes: &[u8]) {
    for (socket, byte) in [0, 1, SHARING, 9].into_iter().zip(bytes) {
        let (source_id, format) = (Some(u32::from(*byte)), None);
        leg.tell(&Message::Subscribed { socket, source_id, format });
        leg.want_key_frame(socket);
        leg.begin_video(socket);
        let header = RtpHeader {
            payload_type: 96 + byte % 8,
            sequence: (*byte).into(),
            marker: byte % 2 == 0,
            timestamp: u32::from(*byte) * 1_000,
            ssrc: 5,
        };
        leg.send_video_packet(socket, header, bytes);
    }
    let what = String::from_utf8_lossy(bytes).into_owned();
    leg.tell(&Message::Refused { what, why: String::new() });
    leg.tell(&Message::DominantSpeaker { current: bytes.len() as u32, history: Vec::new() });
}

/// Who is there, and what they send.
fn scene() -> impl Strategy<Value = Scene> {
    let source = || prop::option::of(0..9_u32);
    let sight = (source(), source(), source()).prop_map(|(heard_as, video, sharing)| Sight {
        heard_as,
        video,
        sharing,
    });
    let own = prop::option::of(sight.clone());
    (any::<bool>(), own, prop::collection::vec(sight, 0..6), any::<bool>())
        .prop_map(|(roster, own, people, shares)| Scene { roster, own, people, shares })
}

/// What happens to all sessions.
#[derive(Debug, Clone)]
enum Step {
    Open(Owner),
    Close(Owner),
    Begun(Owner, u128),
    Unsure(Owner),
    /// From one of two platforms.
    Noise(bool, Vec<u8>),
    /// What a platform sends for the session that was opened so long ago; it lives or it does not.
    Real {
        from: bool,
        which: usize,
        ssrc: u32,
        flip: Option<(usize, u8)>,
    },
    Slots(u32),
}

fn owner() -> impl Strategy<Value = Owner> {
    let call = || (0..6_u128).prop_map(Guid::from_u128);
    prop_oneof![
        call().prop_map(Owner::Call),
        (call(), 0..3_u32).prop_map(|(origin, plan)| Owner::Plan(origin, plan)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = prop::collection::vec(any::<u8>(), 0..80);
    let real = (any::<bool>(), 0..8_usize, 0..4_u32, prop::option::of((0..400_usize, 1..=255_u8)));
    prop_oneof![
        4 => owner().prop_map(Step::Open),
        2 => owner().prop_map(Step::Close),
        1 => (owner(), 0..6_u128).prop_map(|(plan, call)| Step::Begun(plan, call)),
        1 => owner().prop_map(Step::Unsure),
        2 => (any::<bool>(), bytes).prop_map(|(from, bytes)| Step::Noise(from, bytes)),
        8 => real.prop_map(|(from, which, ssrc, flip)| Step::Real { from, which, ssrc, flip }),
        4 => (1..40_u32).prop_map(Step::Slots),
    ]
}

fn platform(which: bool) -> std::net::SocketAddr {
    ([127, 0, 0, 1], if which { 40_000 } else { 40_001 }).into()
}

/// What a platform sends in the beginning, with every bit of it possibly wrong.
fn datagrams(now: Duration, blob: &Blob, ssrc: u32, flip: Option<(usize, u8)>) -> Vec<Vec<u8>> {
    let mut leg = Leg::new(now, &Guid::from_u128(ssrc.into()).to_string(), blob.clone(), ssrc);
    let mut all = Vec::new();
    leg.set_active(now, true);
    leg.send_audio(&Pcm16K::SILENCE, &[1, 2]);
    leg.send_key(now, Tone::from_event(5).unwrap()).unwrap();
    leg.transmit(now, |datagram| all.push(datagram.to_vec()));
    for datagram in &mut all {
        if let Some((place, by)) = flip {
            let place = place % datagram.len();
            datagram[place] ^= by;
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Nothing panics; a session is there from its opening to its end and sends at most what a slot may hold; what is
    /// shown is bounded; and closing everything leaves nothing.
    #[test]
    fn whatever_comes_sessions_begin_and_end(steps in prop::collection::vec(step(), 0..80)) {
        let mut sessions = Sessions::new(Guid::from_u128(1), ([127, 0, 0, 1], 9).into(), Habits::flawed(None));
        let (mut blobs, mut owners, mut out, mut slot) = (Vec::new(), Vec::new(), Outgoing::default(), 0);
        for step in steps {
            let now = FRAME_PERIOD * slot;
            match step {
                Step::Open(owner) => {
                    let blob = sessions.open(owner).expect("there is room");
                    prop_assert_eq!(sessions.open(owner), Some(blob.clone()));
                    blobs.push(Blob::read(&blob).expect("a good blob").expect("ours"));
                    owners.push(owner);
                }
                Step::Close(owner) => sessions.close(owner),
                Step::Begun(plan, call) => {
                    sessions.begun(plan, Guid::from_u128(call));
                }
                Step::Unsure(plan) => sessions.unsure(now, plan),
                Step::Noise(from, bytes) => sessions.receive(now, platform(from), &bytes),
                Step::Real { from, which, ssrc, flip } => {
                    let Some(blob) = blobs.iter().rev().nth(which) else { continue };
                    for datagram in datagrams(now, blob, ssrc, flip) {
                        sessions.receive(now, platform(from), &datagram);
                    }
                }
                Step::Slots(slots) => {
                    for _ in 0..slots {
                        sessions.slot(FRAME_PERIOD * slot, &mut out);
                        slot += 1;
                        prop_assert!(out.iter().all(|(_, datagram)| datagram.len() <= DATAGRAM_MAX));
                        prop_assert!(out.iter().count() <= 4_096);
                        out.clear();
                    }
                }
            }
            let shown = sessions.to_json();
            let listed = |name: &str| shown[name].as_array().map_or(0, Vec::len);
            prop_assert!(listed("live") <= SHOWN_MAX && listed("over") <= SHOWN_MAX);
        }
        // A session may be of two owners at once: the plan that it was, and the call that it became.
        for owner in owners {
            sessions.close(owner);
        }
        prop_assert!(sessions.is_empty(), "{}", sessions.to_json());
        let before = sessions.to_json()["strangers"].as_u64();
        sessions.receive(FRAME_PERIOD, platform(true), b"x");
        prop_assert_eq!(sessions.to_json()["strangers"].as_u64(), before.map(|count| count + 1));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    /// Whatever a platform says of video, in whatever order, and whatever it sends as such, nothing panics, what is sent
    /// fits into datagrams, and what is shown has all sockets.
    #[test]
    fn whatever_is_told_of_video_sockets_stay(
        steps in prop::collection::vec(
            (prop::option::of(scene()), any::<bool>(), prop::collection::vec(any::<u8>(), 0..60)),
            1..30,
        ),
    ) {
        let habits = Habits { video: 2, keys: Keys::Menu, ..Habits::flawed(None) };
        let mut sessions = Sessions::new(Guid::from_u128(1), ([127, 0, 0, 1], 9).into(), habits);
        let call = Guid::from_u128(5);
        let blob = sessions.open(Owner::Call(call)).expect("there is room");
        let blob = Blob::read(&blob).expect("a good blob").expect("ours");
        let own = blob.address;
        let mut leg = Leg::new(Duration::ZERO, &call.to_string(), blob, 7_000);
        let mut out = Outgoing::default();
        for (slot, (scene, active, bytes)) in (0..).zip(steps) {
            let now = FRAME_PERIOD * slot;
            if let Some(scene) = scene {
                sessions.scene(call, scene);
            }
            leg.set_active(now, active);
            video(&mut leg, &bytes);
            leg.transmit(now, |datagram| sessions.receive(now, platform(true), datagram));
            sessions.slot(now, &mut out);
            prop_assert!(out.iter().all(|(_, datagram)| datagram.len() <= DATAGRAM_MAX));
            for (_, datagram) in out.iter() {
                // Nothing is sent that a platform would not take.
                prop_assert!(matches!(leg.receive(now, own, datagram), Ok(()) | Err(Dropped::Inactive)));
            }
            out.clear();
            leg.drain_video(|_, _| ());
            leg.wishes();
        }
        let shown = sessions.to_json()["live"][0]["video"]["sockets"].clone();
        prop_assert_eq!(shown.as_array().map(Vec::len), Some(3));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Nothing is said and no key is pressed while media does not flow, keys come back in their order and once each, and
    /// what is remembered is bounded.
    #[test]
    fn a_conversation_is_silent_until_it_may_speak(
        steps in prop::collection::vec((0..6_u8, 0..17_u8, any::<u32>()), 0..300),
    ) {
        let mut conversation = Conversation::new(None, Keys::Echo);
        let (mut active, mut told, mut pressed) = (false, Vec::new(), Vec::new());
        for (slot, (kind, tone, number)) in (0..).zip(steps) {
            match kind {
                0 | 1 => {
                    active = kind == 0;
                    let send = if active { Flow::Active } else { Flow::Inactive };
                    let (channel, receive) = (Channel::Audio, Flow::Active);
                    conversation.told(&BotEvent::Status { channel, socket: None, send, receive });
                }
                2 => {
                    let key = Tone::from_event(tone).unwrap();
                    told.push(key);
                    conversation.told(&BotEvent::Tone(key));
                }
                3 => conversation.told(&BotEvent::DominantSpeaker { current: number }),
                4 => {
                    let (channel, send) = (Channel::Video, Flow::Active);
                    conversation.told(&BotEvent::Status { channel, socket: None, send, receive: send });
                }
                _ => {}
            }
            let samples = Marker::new(number >> 8).unwrap().samples();
            let frame = Pcm16K(*samples[..].first_chunk().unwrap());
            let heard = (Played::Concealed, &frame);
            let slot = conversation.slot(FRAME_PERIOD * slot, heard, &[number; 20]);
            prop_assert_eq!(slot.frame.is_some(), active);
            prop_assert!(active || slot.press.is_none());
            pressed.extend(slot.press);
        }
        // Of 64 that wait the further ones are lost; so the order is that of a part.
        let mut rest = told.iter();
        prop_assert!(pressed.iter().all(|key| rest.any(|other| other == key)));
        prop_assert!(told.len() > 64 || pressed.len() + 64 >= told.len());
        let report = conversation.report();
        prop_assert!(report.latest_keys.len() <= LATEST_MAX && report.active_speakers.len() <= 4);
        prop_assert_eq!((report.keys_heard, report.frames_heard), (told.len() as u64, 0));
    }
}

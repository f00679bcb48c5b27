//! Conversations with platforms that are the other end of the transport, slot by slot.

use std::net::SocketAddr;

use graph_api::Guid;
use media::{
    audio::{FRAME_PERIOD, Marker, MarkerDetector, Pcm16K, SAMPLES_16K, Tone},
    transport::{Blob, Leg, Message, NOBODY, Outgoing},
};
use serde_json::Value;

use super::{
    ANSWER, ANSWERED_BELOW, GREETING,
    sessions::{Habits, Owner, SESSIONS_MAX, SHOWN_MAX, Sessions, UNSURE_MAX},
};
use crate::Flaw;

const BOT: &str = "127.0.0.1:50000";
const PLATFORM: &str = "127.0.0.1:40000";
const APP: Guid = Guid::from_u128(1);

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

fn call(n: u128) -> Guid {
    Guid::from_u128(0x100 + n)
}

fn key(event: u8) -> Tone {
    Tone::from_event(event).unwrap()
}

/// The platform's end of one call, and what it hears.
struct Far {
    leg: Leg,
    ear: MarkerDetector,
    /// Slot and id.
    markers: Vec<(u32, u32)>,
    keys: Vec<Tone>,
    saying: Vec<Pcm16K>,
}

impl Far {
    fn of(sessions: &mut Sessions, slot: u32, n: u128, first_ssrc: u32) -> Self {
        let blob = Blob::read(&sessions.open(Owner::Call(call(n))).unwrap()).unwrap().unwrap();
        let now = FRAME_PERIOD * slot;
        let mut leg = Leg::new(now, &call(n).to_string(), blob, first_ssrc);
        leg.set_active(now, true);
        let ear = MarkerDetector::new();
        Self { leg, ear, markers: Vec::new(), keys: Vec::new(), saying: Vec::new() }
    }

    fn says(&mut self, marker: u32) {
        let samples = Marker::new(marker).unwrap().samples();
        let frames = samples.as_chunks::<SAMPLES_16K>().0.iter().rev();
        self.saying.splice(0..0, frames.map(|frame| Pcm16K(*frame)));
    }

    fn ids(&self) -> Vec<u32> {
        self.markers.iter().map(|(_, id)| *id).collect()
    }
}

/// A bot and a platform, whose datagrams all arrive.
struct World {
    sessions: Sessions,
    far: Vec<Far>,
    slot: u32,
    out: Outgoing,
}

impl World {
    fn new(flaw: Option<Flaw>, calls: u128) -> Self {
        let mut sessions = Sessions::new(APP, at(BOT), Habits::flawed(flaw));
        let far = (0..calls).map(|n| Far::of(&mut sessions, 0, n, 7_000 + 10 * n as u32));
        let far = far.collect();
        Self { sessions, far, slot: 0, out: Outgoing::default() }
    }

    fn goes_on(&mut self, slots: u32) {
        for _ in 0..slots {
            let now = FRAME_PERIOD * self.slot;
            for far in &mut self.far {
                far.leg.send_audio(&far.saying.pop().unwrap_or(Pcm16K::SILENCE), &[11]);
                far.leg.transmit(now, |datagram| {
                    self.sessions.receive(now, at(PLATFORM), datagram);
                });
            }
            self.sessions.slot(now, &mut self.out);
            for (to, datagram) in self.out.iter() {
                assert_eq!(to, at(PLATFORM));
                let taken = self.far.iter_mut().filter(|far| is_of(far, datagram));
                taken.for_each(|far| far.leg.receive(now, at(BOT), datagram).unwrap());
            }
            self.out.clear();
            for far in &mut self.far {
                let heard = far.ear.push(now, far.leg.pull_audio(now).1);
                far.markers.extend(heard.map(|heard| (self.slot, heard.marker.id())));
                far.keys.extend(std::iter::from_fn(|| far.leg.pull_key()));
            }
            self.slot += 1;
        }
    }

    fn shown(&self, n: usize) -> Value {
        let id = serde_json::json!(call(n as u128));
        let health = self.sessions.to_json();
        let live = health["live"].as_array().unwrap();
        live.iter().find(|session| session["callId"] == id).cloned().unwrap()
    }
}

fn is_of(far: &Far, datagram: &[u8]) -> bool {
    let place = if media::transport::is_rtcp(datagram) { 4 } else { 8 };
    let ssrc = u32::from_be_bytes(*datagram[place..].first_chunk().unwrap());
    far.leg.is_of(at(BOT), ssrc)
}

#[test]
fn it_greets_once_and_answers_markers_in_order() {
    let mut world = World::new(None, 1);
    world.goes_on(100);
    assert_eq!(world.far[0].ids(), [GREETING]);
    let heard_in = world.far[0].markers[0].0;
    assert!((70..90).contains(&heard_in), "after a second of tone: {heard_in}");
    for id in [5, ANSWERED_BELOW, ANSWERED_BELOW - 1, GREETING] {
        world.far[0].says(id);
    }
    world.goes_on(200);
    for active in [false, true] {
        world.far[0].leg.set_active(FRAME_PERIOD * world.slot, active);
        world.goes_on(100);
    }
    let answers = [GREETING, 5 | ANSWER, (ANSWERED_BELOW - 1) | ANSWER];
    assert_eq!(world.far[0].ids(), answers, "neither answers nor greetings are answered");
    let shown = world.shown(0);
    assert_eq!(shown["markersHeard"], 4);
    assert_eq!(shown["latestMarkers"][1], ANSWERED_BELOW);
    assert_eq!((&shown["said"], &shown["activeSpeakers"][0]), (&3.into(), &11.into()));
    assert!(shown["framesHeard"].as_u64().unwrap() > 250, "{shown}");
}

#[test]
fn keys_are_pressed_back_and_who_has_the_word_is_noted() {
    let mut world = World::new(None, 1);
    world.goes_on(5);
    let now = FRAME_PERIOD * world.slot;
    for event in [5, 11] {
        world.far[0].leg.send_key(now, key(event)).unwrap();
    }
    world.far[0].leg.tell(&Message::DominantSpeaker { current: 12, history: Vec::new() });
    world.goes_on(60);
    assert_eq!(world.far[0].keys, [key(5), key(11)]);
    let shown = world.shown(0);
    assert_eq!(shown["latestKeys"], serde_json::json!(["tone5", "pound"]));
    assert_eq!((&shown["dominantSpeaker"], &shown["keysPressed"]), (&12.into(), &2.into()));
    world.far[0].leg.tell(&Message::DominantSpeaker { current: NOBODY, history: Vec::new() });
    world.goes_on(1);
    assert_eq!(world.shown(0)["dominantSpeaker"], Value::Null);
}

/// A hold in the middle of the marker of the greeting, and of a key.
#[test]
fn what_a_hold_interrupts_is_said_afterwards() {
    let mut world = World::new(None, 1);
    world.goes_on(60);
    world.far[0].leg.set_active(FRAME_PERIOD * world.slot, false);
    world.goes_on(1);
    world.far[0].leg.send_key(FRAME_PERIOD * world.slot, key(7)).unwrap();
    world.goes_on(50);
    assert_eq!((world.far[0].ids(), world.far[0].keys.len()), (vec![], 0));
    world.far[0].leg.set_active(FRAME_PERIOD * world.slot, true);
    world.goes_on(100);
    assert_eq!((world.far[0].ids(), &world.far[0].keys[..]), (vec![GREETING], &[key(7)][..]));
}

/// One platform, one address, one socket: what is told of one call is told of no other.
#[test]
fn calls_do_not_hear_each_other() {
    let mut world = World::new(None, 3);
    world.far[2].leg.set_active(std::time::Duration::ZERO, false);
    world.goes_on(100);
    world.far[0].says(20);
    world.far[1].says(21);
    world.far[1].leg.send_key(FRAME_PERIOD * world.slot, key(1)).unwrap();
    world.far[1].leg.tell(&Message::DominantSpeaker { current: 12, history: Vec::new() });
    world.goes_on(80);
    let heard: Vec<Vec<u32>> = world.far.iter().map(Far::ids).collect();
    assert_eq!(heard, [vec![GREETING, 20 | ANSWER], vec![GREETING, 21 | ANSWER], vec![]]);
    assert_eq!(world.far.iter().map(|far| far.keys.len()).collect::<Vec<_>>(), [0, 1, 0]);
    assert_eq!(world.shown(0)["dominantSpeaker"], Value::Null);
    assert_eq!(world.sessions.to_json()["strangers"], 0, "nothing comes ahead of its announcement");
}

/// A platform may use an SSRC again when its call is over.
#[test]
fn what_is_over_is_forgotten() {
    let mut world = World::new(None, 1);
    world.goes_on(10);
    world.sessions.close(Owner::Call(call(0)));
    world.far[0] = Far::of(&mut world.sessions, world.slot, 1, 7_000);
    world.far[0].says(5);
    world.goes_on(150);
    assert_eq!(world.far[0].ids(), [GREETING, 5 | ANSWER]);
}

/// The planted faults are heard.
#[test]
fn planted_faults_of_media_are_real() {
    let mut deaf = World::new(Some(Flaw::DeafToMarkers), 1);
    deaf.far[0].says(5);
    deaf.goes_on(200);
    assert_eq!(deaf.far[0].ids(), [GREETING]);
    let mut twice = World::new(Some(Flaw::EchoesKeysTwice), 1);
    twice.far[0].leg.send_key(FRAME_PERIOD * 5, key(5)).unwrap();
    twice.goes_on(60);
    assert_eq!(twice.far[0].keys, [key(5), key(5)]);
    for (flaw, left) in [(None, 0), (Some(Flaw::LeaksMediaSession), 1)] {
        let mut world = World::new(flaw, 1);
        world.goes_on(10);
        world.sessions.close(Owner::Call(call(0)));
        let shown = world.sessions.to_json();
        assert_eq!((&shown["sessions"], world.sessions.is_empty()), (&left.into(), left == 0));
        let before = shown["strangers"].as_u64().unwrap();
        world.far[0].keys.clear();
        world.goes_on(1);
        let strangers = world.sessions.to_json()["strangers"].as_u64().unwrap();
        assert_eq!(
            strangers > before,
            left == 0,
            "what comes for a call that is over is a stranger's"
        );
    }
}

#[test]
fn sessions_are_unlike_each_other_and_the_same_in_every_life() {
    let mut sessions = Sessions::new(APP, at(BOT), Habits::flawed(None));
    let owners: Vec<Owner> = (0..SESSIONS_MAX as u128 / 2)
        .flat_map(|n| [Owner::Call(call(n)), Owner::Plan(call(n), n as u32 % 3)])
        .collect();
    let blobs: Vec<String> = owners.iter().map(|owner| sessions.open(*owner).unwrap()).collect();
    let read = |text: &String| Blob::read(text).unwrap().unwrap();
    let ids: std::collections::BTreeSet<String> =
        blobs.iter().map(|text| read(text).session).collect();
    let ssrcs: std::collections::BTreeSet<u32> =
        blobs.iter().map(|text| read(text).audio.ssrc).collect();
    assert_eq!((ids.len(), ssrcs.len()), (SESSIONS_MAX, SESSIONS_MAX));
    assert_eq!(sessions.open(owners[7]).as_ref(), Some(&blobs[7]), "answered once more");
    assert_eq!(sessions.open(Owner::Call(call(9_999))), None, "there is an end");
    assert!(sessions.to_json()["live"].as_array().unwrap().len() <= SHOWN_MAX);
    let mut again = Sessions::new(APP, at(BOT), Habits::flawed(None));
    assert_eq!(again.open(owners[3]).as_ref(), Some(&blobs[3]));
    let mut other = Sessions::new(Guid::from_u128(2), at(BOT), Habits::flawed(None));
    assert_ne!(read(&other.open(owners[3]).unwrap()).session, read(&blobs[3]).session);
}

#[test]
fn two_calls_never_share_an_ssrc() {
    let empty = Sessions::new(APP, at(BOT), Habits::flawed(None));
    let mut seen = std::collections::BTreeMap::new();
    let drawn = (0..200_000).map(|n| (n, empty.draw(Owner::Call(call(n))).1));
    let twins: Vec<u128> =
        drawn.flat_map(|(n, ssrc)| seen.insert(ssrc, n).map(|twin| [twin, n])).flatten().collect();
    assert!(twins.len() > 1, "of so many some draw the same");
    let mut sessions = Sessions::new(APP, at(BOT), Habits::flawed(None));
    let blobs = twins.iter().map(|n| sessions.open(Owner::Call(call(*n))).unwrap());
    let ssrcs = blobs.map(|text| Blob::read(&text).unwrap().unwrap().audio.ssrc);
    assert_eq!(ssrcs.collect::<std::collections::BTreeSet<u32>>().len(), twins.len());
}

/// The reply to a create was lost: the platform says which call it has become, or nobody ever does.
#[test]
fn a_call_that_may_have_begun_is_waited_for() {
    let plan = Owner::Plan(call(0), 1);
    let mut lost = Sessions::new(APP, at(BOT), Habits::flawed(None));
    let blob = Blob::read(&lost.open(plan).unwrap()).unwrap().unwrap();
    lost.unsure(FRAME_PERIOD, plan);
    let mut out = Outgoing::default();
    lost.slot(UNSURE_MAX, &mut out);
    assert!(!lost.is_empty());
    let mut leg = Leg::new(UNSURE_MAX, &call(5).to_string(), blob, 7_000);
    leg.transmit(UNSURE_MAX, |datagram| lost.receive(UNSURE_MAX, at(PLATFORM), datagram));
    lost.slot(UNSURE_MAX * 2 - FRAME_PERIOD, &mut out);
    assert_eq!(lost.to_json()["live"][0]["callId"], serde_json::json!(call(5)));
    lost.slot(UNSURE_MAX * 2, &mut out);
    assert!(lost.is_empty(), "the platform has been silent for so long");
    let mut begun = Sessions::new(APP, at(BOT), Habits::flawed(None));
    begun.open(plan).unwrap();
    begun.begun(plan, call(6));
    begun.slot(UNSURE_MAX * 9, &mut out);
    begun.close(Owner::Call(call(6)));
    assert!(begun.is_empty());
    assert_eq!(begun.to_json()["over"][0]["callId"], serde_json::json!(call(6)));
}

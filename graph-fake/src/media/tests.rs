//! The plane alone, with bots at the other end.

mod apart;
mod carrier;
mod quality;
mod video;

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use graph_api::{Guid, Timestamp};
use media::{
    audio::{FRAME_PERIOD, Marker, MarkerDetector, Pcm16K, SAMPLES_16K, Tone},
    transport::{Blob, BotEvent, BotMedia, Message, Outgoing},
};
use platform::{CallId, ConferenceId, MediaEvent, MediaFacts};

use super::{Cast, Picture, Plane, Speaker};
use crate::sound::{Said, Sound};

const ALICE: Guid = Guid::from_u128(1);
const BOB: Guid = Guid::from_u128(2);
const PLATFORM: &str = "127.0.0.1:40000";

/// A call of two in which media flows.
const FACTS: MediaFacts =
    MediaFacts { active: true, in_lobby: false, conference: None, twin: None };

/// Of two bots that talk each has the other one.
fn facts_of(facts: MediaFacts, id: CallId) -> MediaFacts {
    let other = if id == call(1) { call(2) } else { call(1) };
    MediaFacts { twin: facts.twin.map(|_| other), ..facts }
}

/// Media source ids: of people ten times their number, of bots a hundred times.
fn source(_: CallId, who: Speaker) -> u32 {
    match who {
        Speaker::Person(who) => who.as_u128() as u32 * 10,
        Speaker::Bot(call) => call.0.as_u128() as u32 * 100,
    }
}

fn call(n: u128) -> CallId {
    CallId(Guid::from_u128(n))
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// A bot, and what it has heard.
struct Bot {
    media: BotMedia,
    call: CallId,
    detector: MarkerDetector,
    markers: Vec<u32>,
    events: Vec<BotEvent>,
    speakers: Vec<u32>,
    says: Vec<Pcm16K>,
    /// Markers of those who are heard apart, and how many were at a time at the most.
    apart: BTreeMap<u32, (MarkerDetector, Vec<u32>)>,
    together: usize,
}

impl Bot {
    fn new(n: u16) -> Self {
        Self::with(n, "")
    }

    /// `audio`: more of its audio.
    fn with(n: u16, audio: &str) -> Self {
        let text = format!(
            r#"{{"rehearsal": {{"v": 1, "address": "127.0.0.1:{}", "session": "{n:032x}",
                "audio": {{"ssrc": 1000{audio}}}}}}}"#,
            50_000 + n,
        );
        let media = BotMedia::new(Blob::read(&text).unwrap().unwrap());
        let (detector, call) = (MarkerDetector::new(), call(u128::from(n)));
        let (markers, events, speakers, says, apart, together) = Default::default();
        Self { media, call, detector, markers, events, speakers, says, apart, together }
    }

    fn address(&self) -> SocketAddr {
        self.media.blob().address
    }

    fn say(&mut self, marker: u32) {
        let samples = Marker::new(marker).unwrap().samples();
        let frames = samples.as_chunks::<SAMPLES_16K>().0.iter().rev();
        self.says = frames.map(|chunk| Pcm16K(*chunk)).collect();
    }
}

/// The platform's side, and all bots.
struct Stage {
    plane: Plane,
    sound: Sound,
    bots: Vec<Bot>,
    now: Timestamp,
    facts: MediaFacts,
    pressed: Vec<(CallId, Tone)>,
    lost: Vec<CallId>,
    /// Nothing comes from the first bot.
    dead: bool,
    /// How many datagrams went each way so far, and one of how many is lost, if any.
    sent: (u64, u64),
    lossy: Option<u64>,
}

impl Stage {
    fn new(bots: u16) -> Self {
        Self::of((1..=bots).map(Bot::new).collect())
    }

    fn of(bots: Vec<Bot>) -> Self {
        let (mut plane, now) = (Plane::default(), Timestamp::from_secs(1_000));
        plane.opens();
        for bot in &bots {
            assert!(plane.open(now, bot.call, bot.media.blob().clone()));
        }
        let sound = Sound::new(Duration::from_secs(60));
        Self {
            plane,
            sound,
            bots,
            now,
            facts: FACTS,
            pressed: Vec::new(),
            lost: Vec::new(),
            dead: false,
            sent: (0, 0),
            lossy: None,
        }
    }

    /// So many slots of 20 ms.
    fn pass(&mut self, slots: u32) {
        for _ in 0..slots {
            self.slot();
        }
    }

    fn slot(&mut self) {
        let Self { plane, sound, bots, now, facts, pressed, sent, lossy, lost: gone, dead } = self;
        let lost = |n: &mut u64| {
            *n += 1;
            lossy.is_some_and(|of| n.is_multiple_of(of))
        };
        let mut out = Outgoing::default();
        let mut ticked =
            plane.tick(*now, sound, |id| Some(facts_of(*facts, id)), source, |_| Cast::default());
        pressed.append(&mut ticked.pressed);
        gone.append(&mut ticked.lost);
        ticked.pictures.iter_mut().for_each(Picture::work);
        plane.send(*now, ticked.pictures, &mut out);
        let since = Duration::from_nanos(now.as_nanos());
        for (to, datagram) in out.iter() {
            if lost(&mut sent.0) {
                continue;
            }
            let bot = bots.iter_mut().find(|bot| bot.address() == to).unwrap();
            bot.media.receive(since, address(PLATFORM), datagram).unwrap();
        }
        for bot in bots {
            while let Some(event) = bot.media.poll() {
                bot.events.push(event);
            }
            let (_, frame, speakers) = bot.media.pull_audio(since);
            bot.speakers = speakers.to_vec();
            bot.markers.extend(bot.detector.push(since, frame).map(|heard| heard.marker.id()));
            let (apart, mut together, mut said) = (&mut bot.apart, 0, Vec::new());
            bot.media.pull_unmixed(since, |who, frame| {
                let new = || (MarkerDetector::new(), Vec::new());
                let (detector, markers) = apart.entry(who).or_insert_with(new);
                markers.extend(detector.push(since, frame).map(|heard| heard.marker.id()));
                together += 1;
                said.push(who);
            });
            for (_, (detector, markers)) in apart.iter_mut().filter(|(who, _)| !said.contains(who))
            {
                let silence = detector.push(since, &Pcm16K::SILENCE);
                markers.extend(silence.map(|heard| heard.marker.id()));
            }
            bot.together = bot.together.max(together);
            let frame = bot.says.pop().unwrap_or(Pcm16K::SILENCE);
            bot.media.send_audio(&frame);
            let from = bot.media.blob().address;
            bot.media.transmit(since, |datagram| {
                let unheard = *dead && bot.call == call(1);
                if !lost(&mut sent.1) && !unheard {
                    plane.receive(*now, from, datagram);
                }
            });
        }
        self.now = self.now + FRAME_PERIOD;
    }

    fn says(&mut self, n: u128, who: Guid, marker: u32) {
        let said = Said::Samples(Marker::new(marker).unwrap().samples().into());
        let voice = self.sound.voice(said);
        let event = MediaEvent::Spoke(who, Duration::from_millis(400));
        self.sound.note_saying(self.now, call(n), &event, Some(voice));
    }

    fn heard_by(&self, n: u128, who: Guid) -> Vec<u32> {
        let score = self.sound.heard(self.now, call(n), who);
        score.map(|score| score.markers()).unwrap_or_default().iter().map(|(id, _)| *id).collect()
    }
}

#[test]
fn a_person_and_a_bot_hear_each_other() {
    let mut stage = Stage::new(1);
    stage.pass(10);
    stage.says(1, ALICE, 4_711);
    stage.bots[0].say(42);
    stage.pass(12);
    assert_eq!(stage.bots[0].speakers, [10], "who is heard, by the media source id");
    stage.pass(100);
    assert_eq!(stage.bots[0].markers, [4_711]);
    assert_eq!((stage.heard_by(1, ALICE), stage.heard_by(1, BOB)), (vec![42], vec![4_711, 42]));
    let dominant: Vec<u32> = stage.bots[0]
        .events
        .iter()
        .filter_map(|event| match event {
            BotEvent::DominantSpeaker { current } => Some(*current),
            BotEvent::Began { .. }
            | BotEvent::Status { .. }
            | BotEvent::Tone(_)
            | BotEvent::KeyFrameNeeded { .. }
            | BotEvent::Subscribed { .. }
            | BotEvent::Quality { .. }
            | BotEvent::Refused { .. } => None,
        })
        .collect();
    assert_eq!(dominant, [10, u32::MAX]);
    let shown = stage.plane.shown(call(1)).unwrap();
    assert_eq!((shown.lost, shown.dropped, shown.active), (0, [0; 5], true));
}

#[test]
fn keys_go_both_ways() {
    let mut stage = Stage::new(1);
    stage.pass(10);
    let five = Tone::from_event(5).unwrap();
    stage.plane.press(stage.now, call(1), five);
    let now = Duration::from_nanos(stage.now.as_nanos());
    stage.bots[0].media.send_key(now, Tone::from_event(11).unwrap()).unwrap();
    stage.pass(20);
    assert!(stage.bots[0].events.contains(&BotEvent::Tone(five)));
    assert_eq!(stage.pressed, [(call(1), Tone::from_event(11).unwrap())]);
}

#[test]
fn bots_of_a_conference_hear_each_other_and_not_themselves() {
    let mut stage = Stage::new(3);
    let room = ConferenceId(Guid::from_u128(77));
    for n in [1, 2] {
        stage.sound.note(stage.now, call(n), &MediaEvent::Entered(room));
    }
    stage.facts.conference = Some(room);
    stage.pass(10);
    stage.bots[0].say(11);
    stage.pass(60);
    stage.bots[1].say(22);
    stage.pass(60);
    let markers: Vec<&[u32]> = stage.bots.iter().map(|bot| &bot.markers[..]).collect();
    assert_eq!(markers, [&[22][..], &[11], &[]]);
}

#[test]
fn nothing_flows_while_the_call_is_not_active() {
    let mut stage = Stage::new(1);
    stage.facts.active = false;
    stage.pass(10);
    stage.says(1, ALICE, 1);
    stage.bots[0].say(2);
    stage.pass(60);
    assert_eq!((stage.bots[0].markers.len(), stage.heard_by(1, BOB)), (0, vec![1]));
    assert_eq!(stage.plane.shown(call(1)).unwrap().packets_sent, 0);
    stage.facts.active = true;
    stage.pass(20);
    stage.says(1, ALICE, 3);
    stage.pass(60);
    assert_eq!(stage.bots[0].markers, [3]);
}

#[test]
fn a_silenced_bot_is_not_heard() {
    let mut stage = Stage::new(1);
    stage.pass(10);
    stage.sound.note(stage.now, call(1), &MediaEvent::BotSilenced(true));
    stage.bots[0].say(5);
    stage.pass(60);
    stage.sound.note(stage.now, call(1), &MediaEvent::BotSilenced(false));
    stage.bots[0].say(6);
    stage.pass(60);
    assert_eq!(stage.heard_by(1, ALICE), [6]);
}

#[test]
fn strangers_reach_no_call() {
    let mut stage = Stage::new(2);
    stage.pass(10);
    let mut taken = Vec::new();
    let samples = Pcm16K([9_000; SAMPLES_16K]);
    stage.bots[0].media.send_audio(&samples);
    stage.bots[0].media.transmit(Duration::ZERO, |datagram| taken.push(datagram.to_vec()));
    let (now, mut forged) = (stage.now, taken[0].clone());
    stage.plane.receive(now, address("127.0.0.1:1"), &taken[0]);
    forged[9] ^= 0xff;
    let from = stage.bots[0].address();
    stage.plane.receive(now, from, &forged);
    stage.plane.receive(now, from, &taken[0][..5]);
    stage.plane.receive(now, from, &[]);
    let drops = stage.plane.drops();
    assert_eq!((drops.source, drops.ssrc, drops.form), (1, 1, 2));
    stage.pass(60);
    assert_eq!((stage.heard_by(1, ALICE), stage.heard_by(2, ALICE)), (vec![], vec![]));
    let received = |n| stage.plane.shown(call(n)).unwrap().packets_received;
    assert_eq!(received(1), received(2), "each its own");
}

#[test]
fn what_is_taken_is_not_given_twice_and_what_is_over_is_forgotten() {
    let mut stage = Stage::new(1);
    let blob = stage.bots[0].media.blob().clone();
    assert!(!stage.plane.open(stage.now, call(9), blob.clone()), "its SSRC is another call's");
    assert!(stage.plane.open(stage.now, call(1), blob.clone()), "it is open");
    assert!(stage.plane.next_tick().is_some());
    stage.plane.close(call(1));
    assert_eq!((stage.plane.next_tick(), stage.plane.shown(call(1))), (None, None));
    assert!(stage.plane.open(stage.now, call(9), blob));
    stage.plane.reset();
    assert_eq!(stage.plane.next_tick(), None);
    let mut nothing = Plane::default();
    let blob = stage.bots[0].media.blob().clone();
    assert!(!nothing.open(stage.now, call(1), blob), "without a socket there is no media");
}

#[test]
fn a_late_tick_makes_up_for_what_was_missed() {
    let mut stage = Stage::new(1);
    stage.pass(10);
    stage.says(1, ALICE, 99);
    stage.pass(5);
    // The platform is kept from its work for 100 ms.
    stage.now = stage.now + FRAME_PERIOD * 5;
    stage.pass(60);
    assert_eq!(stage.bots[0].markers, [99]);
}

/// R-289: half a minute without a word while media flows, and not before, nor on hold, nor if nobody minds.
#[test]
fn a_bot_of_which_nothing_comes_is_missed() {
    let mut stage = Stage::new(2);
    stage.dead = true;
    stage.pass(200);
    assert!(stage.lost.is_empty(), "nobody minds");
    stage.dead = false;
    stage.pass(10);
    stage.plane.lose_after(Duration::from_secs(3));
    stage.dead = true;
    stage.pass(100);
    stage.facts.active = false;
    stage.pass(200);
    stage.facts.active = true;
    stage.pass(145);
    assert!(stage.lost.is_empty(), "not yet");
    stage.pass(20);
    assert_eq!(stage.lost, [call(1)], "once, and not the other one");
}

//! The plane alone, with bots at the other end.

mod video;

use std::{net::SocketAddr, time::Duration};

use graph_api::{Guid, Timestamp};
use media::{
    audio::{FRAME_PERIOD, Marker, MarkerDetector, Pcm16K, SAMPLES_16K, Tone},
    transport::{Blob, BotEvent, BotMedia, Outgoing},
};
use platform::{CallId, ConferenceId, MediaEvent, MediaFacts};

use super::{Drawing, Plane};
use crate::sound::{Said, Sound};

const ALICE: Guid = Guid::from_u128(1);
const BOB: Guid = Guid::from_u128(2);
const PLATFORM: &str = "127.0.0.1:40000";

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
}

impl Bot {
    fn new(n: u16) -> Self {
        let text = format!(
            r#"{{"rehearsal": {{"v": 1, "address": "127.0.0.1:{}", "session": "{:032x}",
                "audio": {{"ssrc": 1000}}}}}}"#,
            50_000 + n,
            n
        );
        let media = BotMedia::new(Blob::read(&text).unwrap().unwrap());
        let (detector, call) = (MarkerDetector::new(), call(u128::from(n)));
        let (markers, events, speakers, says) = Default::default();
        Self { media, call, detector, markers, events, speakers, says }
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
    active: bool,
    conference: Option<ConferenceId>,
    pressed: Vec<(CallId, Tone)>,
}

impl Stage {
    fn new(bots: u16) -> Self {
        let (mut plane, now) = (Plane::default(), Timestamp::from_secs(1_000));
        plane.opens();
        let bots: Vec<Bot> = (1..=bots).map(Bot::new).collect();
        for bot in &bots {
            assert!(plane.open(now, bot.call, bot.media.blob().clone()));
        }
        let sound = Sound::new(Duration::from_secs(60));
        Self { plane, sound, bots, now, active: true, conference: None, pressed: Vec::new() }
    }

    /// So many slots of 20 ms.
    fn pass(&mut self, slots: u32) {
        for _ in 0..slots {
            self.slot();
        }
    }

    fn slot(&mut self) {
        let Self { plane, sound, bots, now, active, conference, pressed } = self;
        let mut out = Outgoing::default();
        let facts = |_| {
            Some(MediaFacts { active: *active, in_lobby: false, conference: *conference })
        };
        let source = |_, who: Guid| who.as_u128() as u32 * 10;
        let mut ticked = plane.tick(*now, sound, facts, source, |_| Vec::new());
        pressed.append(&mut ticked.pressed);
        ticked.drawings.iter_mut().for_each(Drawing::draw);
        plane.send(*now, ticked.drawings, &mut out);
        let since = Duration::from_nanos(now.as_nanos());
        for (to, datagram) in out.iter() {
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
            let frame = bot.says.pop().unwrap_or(Pcm16K::SILENCE);
            bot.media.send_audio(&frame);
            let from = bot.media.blob().address;
            bot.media.transmit(since, |datagram| plane.receive(*now, from, datagram));
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
    stage.conference = Some(room);
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
    stage.active = false;
    stage.pass(10);
    stage.says(1, ALICE, 1);
    stage.bots[0].say(2);
    stage.pass(60);
    assert_eq!((stage.bots[0].markers.len(), stage.heard_by(1, BOB)), (0, vec![1]));
    assert_eq!(stage.plane.shown(call(1)).unwrap().packets_sent, 0);
    stage.active = true;
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

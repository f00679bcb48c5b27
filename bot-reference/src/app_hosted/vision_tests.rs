//! What the bot sees and shows, with platforms at the other end that carry video as the blob declares it.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use graph_api::Guid;
use media::{
    AssemblerConfig, Barcode, DecoderLimits, FrameAssembler, H264Decoder, H264Encoder,
    H264EncoderConfig, I420, PacketSlab, Packetizer, RtpPacket, TestPattern,
    audio::{FRAME_PERIOD, Pcm16K, Tone},
    transport::{Blob, Direction, Leg, Message, Outgoing, PT_VIDEO, Receive, SHARING, Wish},
};
use serde_json::Value;

use super::sessions::{Habits, Owner, Sessions};
use crate::{Flaw, Key, Keys, Scene, Sight};

const CALL: Guid = Guid::from_u128(0x100);
const APP: Guid = Guid::from_u128(1);
/// When the bot's time begins, in ms since 1970.
const BEGAN_MS: u64 = 1_767_225_600_000;
/// The bot's own media source id.
const OWN: u32 = 77;
/// Slots between two frames of a person.
const FRAME_SLOTS: u32 = 3;

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

fn bot() -> SocketAddr {
    at("127.0.0.1:50000")
}

fn habits(flaw: Option<Flaw>) -> Habits {
    Habits { video: 2, keys: Keys::Menu, began_ms: BEGAN_MS, flaw }
}

/// Somebody who sends video.
struct Person {
    source: u32,
    pattern: TestPattern,
    encoder: H264Encoder,
    packetizer: Packetizer,
}

impl Person {
    fn new(source: u32) -> Self {
        let config =
            H264EncoderConfig { key_frame_period: 0, ..H264EncoderConfig::new(15.0, 150_000) };
        Self {
            source,
            pattern: TestPattern::new(320, 180, source).unwrap(),
            encoder: H264Encoder::new(config).unwrap(),
            packetizer: Packetizer::new(source, PT_VIDEO, 0),
        }
    }
}

/// What the platform sees of the bot on one socket.
struct View {
    assembler: FrameAssembler,
    decoder: H264Decoder,
    /// Slot, whether it is a key frame, source and time.
    frames: Vec<(u32, bool, u32, u64)>,
}

impl View {
    fn new() -> Self {
        let decoder = H264Decoder::new(DecoderLimits::default()).unwrap();
        let assembler = FrameAssembler::new(AssemblerConfig::default());
        Self { assembler, decoder, frames: Vec::new() }
    }
}

/// A bot and a platform.
struct World {
    sessions: Sessions,
    leg: Leg,
    people: Vec<Person>,
    /// Whom each socket was subscribed to.
    watched: BTreeMap<i8, u32>,
    wishes: Vec<Wish>,
    seen: BTreeMap<i8, View>,
    slot: u32,
    out: Outgoing,
    /// The next packet of video to the bot is lost.
    loses: bool,
}

impl World {
    fn new(flaw: Option<Flaw>, people: &[u32]) -> Self {
        let mut sessions = Sessions::new(APP, bot(), habits(flaw));
        let blob = Blob::read(&sessions.open(Owner::Call(CALL)).unwrap()).unwrap().unwrap();
        let leg = Leg::new(Duration::ZERO, &CALL.to_string(), blob, 7_000);
        let mut world = Self {
            sessions,
            leg,
            people: people.iter().copied().map(Person::new).collect(),
            watched: BTreeMap::new(),
            wishes: Vec::new(),
            seen: [(0, View::new()), (SHARING, View::new())].into(),
            slot: 0,
            out: Outgoing::default(),
            loses: false,
        };
        world.tells(|_| {});
        world
    }

    /// Tells the bot who is there.
    fn tells(&mut self, change: impl FnOnce(&mut Scene)) {
        let sight = |one: &Person| Sight {
            heard_as: Some(one.source + 1_000),
            video: Some(one.source),
            sharing: None,
        };
        let people = self.people.iter().map(sight).collect();
        let own = Some(Sight { heard_as: None, video: Some(OWN), sharing: Some(OWN + 1) });
        let mut scene = Scene { roster: true, own, people, shares: false };
        change(&mut scene);
        self.sessions.scene(CALL, scene);
    }

    fn is_active(&mut self, active: bool) {
        self.leg.set_active(FRAME_PERIOD * self.slot, active);
    }

    fn has_the_word(&mut self, source: u32) {
        let current = source + 1_000;
        self.leg.tell(&Message::DominantSpeaker { current, history: Vec::new() });
    }

    fn goes_on(&mut self, slots: u32) {
        for _ in 0..slots {
            self.films();
            let (now, platform) = (FRAME_PERIOD * self.slot, at("127.0.0.1:40000"));
            self.leg.send_audio(&Pcm16K::SILENCE, &[]);
            let (sessions, loses) = (&mut self.sessions, &mut self.loses);
            self.leg.transmit(now, |datagram| {
                let video = datagram[1] & 0x7f == PT_VIDEO;
                if !(video && std::mem::take(loses)) {
                    sessions.receive(now, platform, datagram);
                }
            });
            self.sessions.slot(now, &mut self.out);
            for (_, datagram) in self.out.iter() {
                self.leg.receive(now, bot(), datagram).unwrap();
            }
            self.out.clear();
            self.attends();
            self.slot += 1;
        }
    }

    /// Whoever is watched is drawn.
    fn films(&mut self) {
        let now = FRAME_PERIOD * self.slot;
        if !self.slot.is_multiple_of(FRAME_SLOTS) {
            return;
        }
        for person in &mut self.people {
            let sockets = self.watched.iter().filter(|(_, source)| **source == person.source);
            let sockets: Vec<i8> = sockets.map(|(socket, _)| *socket).collect();
            let time = now + Duration::from_millis(BEGAN_MS);
            let mut annex_b = Vec::new();
            let picture = person.pattern.draw(self.slot.into(), time);
            person.encoder.encode(picture, now, &mut annex_b).unwrap();
            let mut slab = PacketSlab::new(64, person.packetizer.slot_len());
            if !annex_b.is_empty() {
                let timestamp = self.slot * 1_800;
                person.packetizer.packetize(&annex_b, timestamp, &mut slab).unwrap();
            }
            for datagram in slab.iter() {
                let packet = RtpPacket::parse(datagram).unwrap();
                for socket in &sockets {
                    self.leg.send_video_packet(*socket, packet.header, packet.payload);
                }
            }
        }
    }

    /// Does what the bot wishes, and looks at what it shows.
    fn attends(&mut self) {
        for wish in self.leg.wishes() {
            match &wish {
                Wish::Subscribe(socket, source, _) => {
                    let source_id = *source;
                    self.watched.extend(source.map(|source| (*socket, source)));
                    self.leg.begin_video(*socket);
                    let format = Some("320x180@15".to_owned());
                    self.leg.tell(&Message::Subscribed { socket: *socket, source_id, format });
                    self.needs_key_frame(source.unwrap_or_default());
                }
                Wish::Unsubscribe(socket) => {
                    self.watched.remove(socket);
                    let (socket, source_id, format) = (*socket, None, None);
                    self.leg.tell(&Message::Subscribed { socket, source_id, format });
                }
                Wish::KeyFrame(socket) => {
                    let source = self.watched.get(socket).copied().unwrap_or_default();
                    self.needs_key_frame(source);
                }
                Wish::Limit(..) | Wish::Bye => {}
            }
            self.wishes.push(wish);
        }
        let (now, slot, seen) = (FRAME_PERIOD * self.slot, self.slot, &mut self.seen);
        self.leg.drain_video(|socket, packet| {
            seen.get_mut(&socket).unwrap().assembler.push(now, packet);
        });
        let mut picture = I420::default();
        for sight in seen.values_mut() {
            while let Some(frame) = sight.assembler.poll(now) {
                assert!(sight.decoder.decode(frame.annex_b, &mut picture).unwrap());
                let read = Barcode::read(&picture).expect("a barcode").barcode;
                sight.frames.push((slot, frame.key_frame, read.source(), read.time_ms()));
            }
        }
    }

    fn needs_key_frame(&mut self, source: u32) {
        for person in self.people.iter_mut().filter(|one| one.source == source) {
            person.encoder.force_key_frame();
        }
    }

    fn frames(&self, socket: i8) -> &[(u32, bool, u32, u64)] {
        &self.seen[&socket].frames
    }

    fn shown(&self) -> Value {
        self.sessions.to_json()["live"][0]["video"].clone()
    }

    /// What the bot says of a socket.
    fn socket(&self, id: i8) -> Value {
        let shown = self.shown();
        let all = shown["sockets"].as_array().unwrap();
        all.iter().find(|one| one["socket"] == id).cloned().unwrap()
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

#[test]
fn sockets_are_declared_as_the_documentation_has_them() {
    let mut sessions = Sessions::new(APP, bot(), habits(None));
    let blob = Blob::read(&sessions.open(Owner::Call(CALL)).unwrap()).unwrap().unwrap();
    let [first, second] = &blob.video[..] else { panic!("{blob:?}") };
    assert_eq!((first.direction, first.receive), (Direction::SendReceive, Receive::H264));
    assert_eq!((second.direction, second.receive), (Direction::ReceiveOnly, Receive::Nv12));
    let formats = |channel: &media::transport::VideoChannel| {
        channel.send.iter().map(|one| String::from(*one)).collect::<Vec<_>>()
    };
    // One of 320 x 180 has to be there, and 1.875 frames a second of a screen (contract media 3).
    assert_eq!(formats(first)[0], "320x180@15");
    assert!(formats(blob.screen_sharing.as_ref().unwrap()).contains(&"640x360@1.875".to_owned()));
    let mut many = Sessions::new(APP, bot(), Habits { video: 99, ..habits(None) });
    let text = many.open(Owner::Call(CALL)).unwrap();
    assert!(Blob::read(&text).is_err(), "more than there may be is not hidden");
    let none = Sessions::new(APP, bot(), Habits { video: 0, ..habits(None) });
    let text = { none }.open(Owner::Call(CALL)).unwrap();
    assert!(Blob::read(&text).unwrap().unwrap().screen_sharing.is_none());
}

/// One socket takes H.264 and one pictures: each frame is whole, of whom it should be, and later than the one before.
#[test]
fn several_people_are_seen_at_once() {
    let mut world = World::new(None, &[11, 12]);
    world.is_active(true);
    world.goes_on(100);
    for (socket, source) in [(0, 11), (1, 12)] {
        let seen = world.socket(socket);
        assert_eq!((&seen["source"], &seen["sources"]), (&source.into(), &vec![source].into()));
        assert!(number(&seen["frames"]) > 25, "{seen}");
        assert_eq!(seen["markers"], seen["frames"]);
        for wrong in ["strangers", "repeated", "unread", "undecodable"] {
            assert_eq!(seen[wrong], 0, "{seen}");
        }
        assert!(number(&seen["latestDelayMs"]) <= 60, "{seen}");
        assert_eq!(seen["keyFrames"], 1, "{seen}");
    }
    assert_ne!(world.socket(0)["pictures"], world.socket(1)["pictures"]);
    assert_eq!(world.socket(SHARING)["frames"], 0);
    let mut blind = World::new(Some(Flaw::WatchesNobody), &[11, 12]);
    blind.is_active(true);
    blind.goes_on(100);
    assert_eq!(blind.socket(0)["frames"], 0);
}

#[test]
fn a_lost_packet_is_asked_for_as_a_key_frame() {
    let mut world = World::new(None, &[11]);
    world.is_active(true);
    world.goes_on(50);
    world.loses = true;
    world.goes_on(50);
    assert!(world.wishes.contains(&Wish::KeyFrame(0)), "{:?}", world.wishes);
    let seen = world.socket(0);
    assert_eq!((&seen["keyFrames"], &seen["undecodable"]), (&2.into(), &0.into()), "{seen}");
}

#[test]
fn whoever_has_the_word_is_seen() {
    let follow = |flaw| {
        let mut world = World::new(flaw, &[11, 12, 13]);
        world.is_active(true);
        world.goes_on(30);
        world.has_the_word(12);
        world.goes_on(10);
        world.has_the_word(13);
        world.goes_on(60);
        world
    };
    let world = follow(None);
    assert_eq!(world.watched, [(0, 13), (1, 12)].into(), "11 had the word least recently");
    let first = world.socket(0);
    assert_eq!(first["sources"], serde_json::json!([11, 13]));
    assert_eq!((&first["strangers"], &first["undecodable"]), (&0.into(), &0.into()), "{first}");
    let asked: Vec<&Wish> =
        world.wishes.iter().filter(|wish| matches!(wish, Wish::Subscribe(..))).collect();
    assert_eq!(asked.len(), 3, "nothing is asked for twice: {asked:?}");
    assert_eq!(follow(Some(Flaw::FollowsNobody)).watched, [(0, 11), (1, 12)].into());
}

#[test]
fn its_video_is_seen_while_it_may_send() {
    let show = |flaw| {
        let mut world = World::new(flaw, &[]);
        world.goes_on(20);
        assert_eq!(world.frames(0), [], "nothing before it is active");
        world.is_active(true);
        world.goes_on(100);
        world
    };
    let mut world = show(None);
    let frames = world.frames(0).to_vec();
    assert!((28..=31).contains(&frames.len()), "15 a second: {}", frames.len());
    assert!(frames[0].1, "the first is a key frame");
    assert!(frames.iter().all(|(_, _, source, _)| *source == OWN));
    for (slot, _, _, time) in &frames {
        assert_eq!(*time, (BEGAN_MS + 20 * u64::from(*slot)) & 0xff_ffff_ffff);
    }
    let sent = &world.shown()["sent"];
    assert_eq!((number(&sent["frames"]), &sent["discarded"]), (frames.len() as u64, &0.into()));
    world.is_active(false);
    world.goes_on(50);
    let held = world.frames(0).len();
    assert!(held <= frames.len() + 1, "nothing while it is held: {held}");
    world.is_active(true);
    world.goes_on(10);
    assert!(world.frames(0)[held].1, "it goes on with a key frame");
    let times = |world: &World| world.frames(0).iter().map(|it| it.3).collect::<Vec<_>>();
    let rises = |times: &[u64]| times.windows(2).all(|pair| pair[0] < pair[1]);
    assert!(rises(&times(&world)));
    assert!(!rises(&times(&show(Some(Flaw::FreezesVideo)))), "the planted fault is seen");
}

/// `VideoKeyFrameNeeded`: at once, whatever the rate; but not as often as anybody likes.
#[test]
fn key_frames_come_when_they_are_needed() {
    let needed = |flaw| {
        let mut world = World::new(flaw, &[]);
        world.is_active(true);
        world.tells(|scene| scene.shares = true);
        world.goes_on(50);
        let begun = [0, SHARING].map(|socket| world.frames(socket).len());
        for socket in [0, SHARING] {
            assert!(world.leg.want_key_frame(socket));
        }
        let asked = world.slot;
        world.goes_on(10);
        [0, SHARING].map(|socket| {
            let late = &world.frames(socket)[begun[usize::from(socket != 0)]..];
            late.iter().find(|frame| frame.1).map(|frame| frame.0 - asked)
        })
    };
    assert_eq!(needed(None), [Some(0); 2], "in the same 20 ms");
    assert_eq!(needed(Some(Flaw::IgnoresKeyFrameRequests)), [None; 2]);
    let mut world = World::new(None, &[]);
    world.is_active(true);
    world.goes_on(50);
    for _ in 0..50 {
        world.leg.want_key_frame(0);
        world.goes_on(1);
    }
    let keys = world.frames(0).iter().filter(|frame| frame.1).count();
    assert!((2..=11).contains(&keys), "{keys} in a second");
}

#[test]
fn its_screen_is_seen_while_it_shares() {
    let share = |flaw| {
        let mut world = World::new(flaw, &[]);
        world.is_active(true);
        world.goes_on(50);
        assert_eq!(world.frames(SHARING), [], "not before it is the sharer");
        world.tells(|scene| scene.shares = true);
        world.goes_on(100);
        let shown = world.frames(SHARING).len();
        world.tells(|scene| scene.shares = false);
        world.goes_on(50);
        (world, shown)
    };
    let (mut world, shown) = share(None);
    assert!((7..=9).contains(&shown), "3.75 a second: {shown}");
    assert_eq!(world.frames(SHARING).len(), shown, "and not afterwards");
    assert!(world.frames(SHARING).iter().all(|frame| frame.2 == OWN + 1));
    world.tells(|scene| scene.shares = true);
    world.goes_on(1);
    assert!(world.frames(SHARING)[shown].1, "a key frame for whoever begins to look");
    let (flawed, shown) = share(Some(Flaw::KeepsSharing));
    assert!(flawed.frames(SHARING).len() > shown);
}

#[test]
fn the_screen_of_another_is_seen() {
    let mut world = World::new(None, &[11, 12]);
    world.is_active(true);
    world.tells(|scene| {
        scene.people[1] = Sight { video: None, sharing: Some(12), ..scene.people[1] };
    });
    world.goes_on(60);
    assert_eq!(world.watched, [(SHARING, 12), (0, 11)].into());
    assert!(number(&world.socket(SHARING)["markers"]) > 10);
    world.tells(|scene| scene.people.truncate(1));
    world.goes_on(60);
    assert_eq!(world.watched, [(0, 11)].into());
}

#[test]
fn keys_of_the_menu_are_handed_on_and_not_pressed_back() {
    let press = |flaw| {
        let mut world = World::new(flaw, &[]);
        world.is_active(true);
        world.goes_on(5);
        world.leg.send_key(FRAME_PERIOD * world.slot, Tone::from_event(9).unwrap()).unwrap();
        world.goes_on(60);
        assert_eq!(world.leg.pull_key(), None);
        (world.sessions.key(), world.sessions.key())
    };
    assert_eq!(press(None), (Some((CALL, Key::Digit(9))), None), "once");
    assert_eq!(press(Some(Flaw::DeafToMenu)), (None, None));
}

/// The reply to a create was lost, and a roster comes before the platform says whose session it is.
#[test]
fn a_scene_waits_for_its_session() {
    let plan = Owner::Plan(CALL, 1);
    let mut sessions = Sessions::new(APP, bot(), habits(None));
    let blob = Blob::read(&sessions.open(plan).unwrap()).unwrap().unwrap();
    sessions.unsure(FRAME_PERIOD, plan);
    let sight = Sight { heard_as: None, video: Some(11), sharing: None };
    let scene = Scene { roster: true, people: vec![sight], ..Scene::default() };
    let new = Guid::from_u128(9);
    sessions.scene(new, scene.clone());
    for stranger in 0..1_000 {
        sessions.scene(Guid::from_u128(1_000 + stranger), scene.clone());
    }
    let mut leg = Leg::new(Duration::ZERO, &new.to_string(), blob, 7_000);
    leg.set_active(Duration::ZERO, true);
    let mut out = Outgoing::default();
    let mut wishes = Vec::new();
    for slot in 0..5 {
        let now = FRAME_PERIOD * slot;
        leg.transmit(now, |datagram| sessions.receive(now, at("127.0.0.1:40000"), datagram));
        sessions.slot(now, &mut out);
        out.iter().for_each(|(_, datagram)| leg.receive(now, bot(), datagram).unwrap());
        out.clear();
        wishes.extend(leg.wishes());
    }
    assert_eq!(wishes, [Wish::Subscribe(0, Some(11), "SD360p".to_owned())]);
}

/// The planted fault keeps what it hears; nobody else does.
#[test]
fn nothing_that_was_heard_is_kept() {
    for (flaw, keeps) in [(None, false), (Some(Flaw::PersistsWhatItHears), true)] {
        let mut world = World::new(flaw, &[]);
        world.is_active(true);
        world.goes_on(10);
        let loud = Pcm16K([7; media::audio::SAMPLES_16K]);
        for _ in 0..10 {
            world.leg.send_audio(&loud, &[]);
            world.goes_on(1);
        }
        assert_eq!(!world.sessions.kept().is_empty(), keeps);
    }
}

//! Who sees whom.

use std::{net::SocketAddr, time::Duration};

use graph_api::{Guid, Timestamp};
use media::{
    Barcode, DecoderLimits, FIXED_LEN, H264Decoder, H264Encoder, H264EncoderConfig, I420,
    TestPattern,
    audio::FRAME_PERIOD,
    transport::{Blob, BotEvent, BotMedia, Outgoing, PT_VIDEO, SHARING},
};
use platform::{CallId, ConferenceId, MediaFacts, ParticipantId};

use super::{FACTS, PLATFORM, address, call, facts_of};
use crate::{
    media::{Cast, Picture, Plane, SeenStream, Sender},
    sound::Sound,
};

/// A bot that sends pictures of its own, and reads the barcodes of what it sees.
pub(super) struct Bot {
    pub media: BotMedia,
    call: CallId,
    decoder: H264Decoder,
    encoder: H264Encoder,
    pattern: TestPattern,
    pub sends: bool,
    /// Socket, source and time of every frame.
    pub seen: Vec<(i8, u32, u64)>,
    /// And its width.
    pub widths: Vec<usize>,
    pub events: Vec<BotEvent>,
}

pub(super) struct Stage {
    plane: Plane,
    sound: Sound,
    pub bots: Vec<Bot>,
    pub senders: Vec<Sender>,
    now: Timestamp,
    pub facts: MediaFacts,
    people: bool,
    /// Packets of video to bots, and which of them is lost.
    packets: u64,
    lost: Option<u64>,
    /// One of so many is lost.
    pub lossy: Option<u64>,
}

impl Bot {
    fn new(n: u32) -> Self {
        let text = format!(
            r#"{{"rehearsal": {{"v": 1, "address": "127.0.0.1:{}", "session": "{n:032x}",
                "audio": {{"ssrc": 1000}}, "video": [{{"ssrc": 2000, "send": ["320x180@15"]}},
                {{"ssrc": 2001, "direction": "receiveOnly"}}],
                "screenSharing": {{"ssrc": 3000, "direction": "receiveOnly"}}}}}}"#,
            50_000 + n,
        );
        let config =
            H264EncoderConfig { key_frame_period: 0, ..H264EncoderConfig::new(15.0, 150_000) };
        Self {
            media: BotMedia::new(Blob::read(&text).unwrap().unwrap()),
            call: call(n.into()),
            decoder: H264Decoder::new(DecoderLimits::default()).unwrap(),
            encoder: H264Encoder::new(config).unwrap(),
            pattern: TestPattern::new(320, 180, 100 * n).unwrap(),
            sends: false,
            seen: Vec::new(),
            widths: Vec::new(),
            events: Vec::new(),
        }
    }

    fn address(&self) -> SocketAddr {
        self.media.blob().address
    }

    fn look(&mut self, now: Duration) {
        let mut picture = I420::default();
        while let Some((socket, frame)) = self.media.poll_video(now) {
            if self.decoder.decode(frame.annex_b, &mut picture).unwrap() {
                let read = Barcode::read(&picture).expect("a barcode").barcode;
                self.seen.push((socket, read.source(), read.time_ms()));
                self.widths.push(picture.width);
            }
        }
        while let Some(event) = self.media.poll() {
            if event == (BotEvent::KeyFrameNeeded { socket: 0 }) {
                self.encoder.force_key_frame();
            }
            self.events.push(event);
        }
    }

    fn film(&mut self, slot: u64, now: Duration) {
        if self.sends && slot.is_multiple_of(4) {
            let mut annex_b = Vec::new();
            self.encoder.encode(self.pattern.draw(slot / 4, now), now, &mut annex_b).unwrap();
            if !annex_b.is_empty() {
                self.media.send_video(0, &annex_b, slot as u32 * 1_800).unwrap();
            }
        }
    }
}

impl Stage {
    pub fn new(bots: u32) -> Self {
        let (mut plane, now) = (Plane::default(), Timestamp::from_secs(1_000));
        plane.opens();
        let bots: Vec<Bot> = (1..=bots).map(Bot::new).collect();
        for bot in &bots {
            assert!(plane.open(now, bot.call, bot.media.blob().clone()));
        }
        let sound = Sound::new(Duration::from_secs(60));
        let (senders, packets, lost) = (Vec::new(), 0, None);
        let facts = MediaFacts { conference: Some(ConferenceId(Guid::from_u128(7))), ..FACTS };
        Self { plane, sound, bots, senders, now, facts, people: false, packets, lost, lossy: None }
    }

    pub fn pass(&mut self, slots: u64) {
        for _ in 0..slots {
            self.slot();
        }
    }

    fn slot(&mut self) {
        let Self { plane, sound, bots, senders, now, facts, people, packets, lost, lossy } = self;
        let mut out = Outgoing::default();
        let cast = |_| Cast { senders: senders.clone(), people: *people };
        let mut ticked = plane.tick(*now, sound, |id| Some(facts_of(*facts, id)), |_, _| 0, cast);
        ticked.pictures.iter_mut().for_each(Picture::work);
        plane.send(*now, ticked.pictures, &mut out);
        let since = Duration::from_nanos(now.as_nanos());
        for (to, datagram) in out.iter() {
            if datagram[1] & 0x7f == PT_VIDEO && datagram.len() > FIXED_LEN {
                *packets += 1;
                if *lost == Some(*packets) || lossy.is_some_and(|of| packets.is_multiple_of(of)) {
                    continue;
                }
            }
            let bot = bots.iter_mut().find(|bot| bot.address() == to).unwrap();
            bot.media.receive(since, address(PLATFORM), datagram).unwrap();
        }
        let slot = now.as_nanos() / 20_000_000;
        for bot in bots {
            bot.look(since);
            bot.film(slot, since);
            let from = bot.address();
            bot.media.transmit(since, |datagram| plane.receive(*now, from, datagram));
        }
        self.now = self.now + FRAME_PERIOD;
    }

    /// Only those, from now on.
    fn seen_afresh(&mut self, slots: u64) -> Vec<(i8, u32, u64)> {
        self.bots[0].seen.clear();
        self.pass(slots);
        self.bots[0].seen.clone()
    }
}

pub(super) const fn person(source: u32, sharing: bool) -> Sender {
    Sender {
        source,
        sharing,
        participant: ParticipantId(Guid::from_u128(source as u128)),
        bot: None,
    }
}

pub(super) fn bot(n: u32) -> Sender {
    let participant = ParticipantId(Guid::from_u128(n.into()));
    Sender { source: 100 * n, sharing: false, participant, bot: Some(call(n.into())) }
}

fn subscribed(socket: i8, source_id: Option<u32>) -> BotEvent {
    let format = if socket == SHARING { "640x360@3.75" } else { "320x180@15" };
    let format = source_id.map(|_| format.to_owned());
    BotEvent::Subscribed { socket, source_id, format }
}

#[test]
fn a_bot_sees_the_person_that_it_wants_to_see_and_the_screen() {
    let mut stage = Stage::new(2);
    stage.senders = vec![person(11, false), person(12, false), person(13, true)];
    stage.pass(10);
    stage.bots[0].media.subscribe(1, Some(12), "SD180p");
    stage.pass(100);
    let seen = &stage.bots[0].seen;
    assert!((24..=31).contains(&seen.len()), "{}", seen.len());
    assert!(seen.iter().all(|(socket, source, _)| (*socket, *source) == (1, 12)));
    assert!(seen.windows(2).all(|pair| pair[0].2 < pair[1].2), "later and later");
    assert!(seen[0].2 >= 1_000_200, "drawn for whoever watches");
    assert_eq!(stage.bots[1].seen, [], "who asks for nothing gets nothing");
    // Screen sharing instead; the decoder is one for everything here, so it is alone.
    stage.bots[0].media.unsubscribe(1);
    stage.bots[0].media.subscribe(SHARING, Some(13), "HD1080p");
    stage.pass(10);
    stage.bots[0].seen.clear();
    stage.pass(100);
    let seen = &stage.bots[0].seen;
    assert!((5..=9).contains(&seen.len()), "{}", seen.len());
    assert!(seen.iter().all(|(socket, source, _)| (*socket, *source) == (SHARING, 13)));
    stage.senders.clear();
    stage.pass(10);
    stage.bots[0].seen.clear();
    stage.pass(50);
    assert_eq!(stage.bots[0].seen, []);
    let told: Vec<&BotEvent> =
        stage.bots[0].events.iter().filter(|e| matches!(e, BotEvent::Subscribed { .. })).collect();
    let expected = [
        subscribed(1, Some(12)),
        subscribed(SHARING, Some(13)),
        subscribed(1, None),
        subscribed(SHARING, None),
    ];
    assert!(told.len() == 4 && expected.iter().all(|one| told.contains(&one)), "{told:?}");
    assert_eq!(told.last(), Some(&&subscribed(SHARING, None)), "it is told when it is over");
}

#[test]
fn bots_of_a_conference_see_each_other_and_key_frames_are_asked_for() {
    let mut stage = Stage::new(3);
    stage.senders = vec![bot(1), bot(2), bot(3)];
    for one in &mut stage.bots {
        one.sends = true;
    }
    stage.pass(20);
    assert!(stage.bots.iter().all(|bot| bot.seen.is_empty()), "nobody has asked yet");
    stage.bots[0].media.subscribe(0, Some(200), "HD720p");
    stage.bots[1].media.subscribe(0, Some(100), "HD720p");
    stage.pass(100);
    for (watcher, source) in [(0, 200), (1, 100)] {
        let seen = &stage.bots[watcher].seen;
        assert!(seen.len() > 20, "{}", seen.len());
        assert!(seen.iter().all(|(_, from, _)| *from == source));
        assert!(seen.windows(2).all(|pair| pair[0].2 < pair[1].2));
        assert!(stage.bots[watcher].events.contains(&BotEvent::KeyFrameNeeded { socket: 0 }));
    }
    let needed = BotEvent::KeyFrameNeeded { socket: 0 };
    assert!(stage.bots[2].seen.is_empty() && !stage.bots[2].events.contains(&needed));
    // One leaves: the other is told, and gets nothing more.
    stage.plane.close(call(2));
    stage.senders.remove(1);
    stage.bots.remove(1);
    stage.pass(10);
    stage.bots[0].seen.clear();
    stage.pass(30);
    assert_eq!(stage.bots[0].seen, []);
    assert_eq!(stage.bots[0].events.last(), Some(&subscribed(0, None)));
}

#[test]
fn a_lost_packet_costs_less_than_a_second() {
    let mut stage = Stage::new(1);
    stage.senders = vec![person(11, false)];
    stage.pass(10);
    stage.bots[0].media.subscribe(0, Some(11), "SD180p");
    stage.pass(50);
    let before = stage.bots[0].seen.last().copied().expect("it has seen something");
    stage.lost = Some(stage.packets + 1);
    stage.pass(60);
    let stats = stage.bots[0].media.video_stats(0).unwrap();
    assert_eq!(stats.lost_packets, 1);
    assert!(stats.key_frame_requests >= 1 && stats.key_frames == 2, "{stats:?}");
    let later = stage.bots[0].seen.iter().filter(|one| one.2 > before.2);
    let times: Vec<u64> = std::iter::once(before.2).chain(later.map(|one| one.2)).collect();
    let gap = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    assert!((100..1_000).contains(&gap), "{gap} ms");
}

#[test]
fn nothing_flows_before_it_may_and_what_is_impossible_is_refused() {
    let mut stage = Stage::new(1);
    stage.senders = vec![person(11, false), bot(1)];
    stage.facts.active = false;
    stage.pass(10);
    let refused = |what: &str, why: &str| BotEvent::Refused { what: what.into(), why: why.into() };
    let ask = |stage: &mut Stage, socket, source, resolution| {
        stage.bots[0].media.subscribe(socket, source, resolution);
        stage.pass(10);
        let mut events = stage.bots[0].events.iter().rev();
        events.find(|e| !matches!(e, BotEvent::Status { .. })).cloned()
    };
    let no = Some(refused("subscribe 0", "video is not active"));
    assert_eq!(ask(&mut stage, 0, Some(11), "SD180p"), no);
    stage.facts.active = true;
    stage.pass(10);
    let no = Some(refused("subscribe 5", "there is no such socket"));
    assert_eq!(ask(&mut stage, 5, Some(11), "SD180p"), no);
    let no = Some(refused("subscribe 0", "there is no such resolution"));
    assert_eq!(ask(&mut stage, 0, Some(11), "UHD"), no);
    assert_eq!(ask(&mut stage, 0, Some(100), "SD180p"), Some(subscribed(0, None)), "itself");
    assert_eq!(ask(&mut stage, 0, Some(99), "SD180p"), Some(subscribed(0, None)), "nobody");
    assert_eq!((stage.packets, stage.bots[0].seen.len()), (0, 0));
    // Whoever is not there yet is seen as soon as they begin.
    stage.senders.push(person(99, false));
    stage.pass(30);
    assert_eq!(stage.bots[0].events.last(), Some(&subscribed(0, Some(99))));
    assert!(!stage.bots[0].seen.is_empty());
}

#[test]
fn strangers_are_seen_by_nobody() {
    let mut stage = Stage::new(2);
    stage.senders = vec![bot(1), bot(2)];
    stage.pass(10);
    stage.bots[1].media.subscribe(0, Some(100), "SD180p");
    stage.pass(10);
    let (now, from) = (stage.now, stage.bots[0].address());
    let mut forged = vec![0x80, 0x80 | PT_VIDEO, 0, 0, 0, 0, 0, 0, 0, 0, 0x07, 0xd0, 0x67, 1];
    stage.plane.receive(now, address("127.0.0.1:1"), &forged);
    forged[11] = 0xd1;
    stage.plane.receive(now, from, &forged);
    forged[11] = 0xee;
    stage.plane.receive(now, from, &forged);
    let drops = stage.plane.drops();
    assert_eq!((drops.source, drops.ssrc), (1, 1));
    assert_eq!(stage.plane.shown(call(1)).unwrap().dropped, [0, 0, 0, 0, 1], "it only receives");
    stage.pass(10);
    assert_eq!(stage.packets, 0);
}

/// Contract, media section 3.1: in a call of two nobody is named; what the person shows is seen, and so is the bot.
#[test]
fn in_a_call_of_two_each_sees_the_other() {
    let mut stage = Stage::new(1);
    stage.facts = FACTS;
    stage.people = true;
    stage.senders = vec![bot(1)];
    stage.bots[0].sends = true;
    stage.pass(10);
    stage.bots[0].media.subscribe(0, None, "SD180p");
    stage.pass(10);
    assert!(stage.bots[0].events.contains(&subscribed(0, None)), "the camera is off");
    stage.senders = vec![bot(1), person(0, false)];
    let seen = stage.seen_afresh(60);
    assert!((14..=19).contains(&seen.len()), "{}", seen.len());
    assert!(seen.iter().all(|(socket, source, _)| (*socket, *source) == (0, 0)));
    assert!(stage.bots[0].events.contains(&subscribed(0, Some(0))));
    let [SeenStream { decoded, undecodable, width, height, barcodes, .. }] =
        &stage.plane.seen(call(1))[..]
    else {
        panic!("one channel sends");
    };
    assert_eq!((*undecodable, *width, *height), (0, 320, 180));
    assert!((15..=20).contains(decoded), "{decoded}");
    assert_eq!((barcodes.len(), barcodes[0].source_id, barcodes[0].frames), (1, 100, *decoded));
    assert!(barcodes[0].first_ms >= 1_000_000 && barcodes[0].last_ms >= 1_001_500);
    let seen = stage.plane.seen(call(1));
    assert_eq!(stage.plane.close(call(1)), seen, "it is known at the end");
}

#[test]
fn what_nobody_looks_at_is_not_decoded() {
    let mut stage = Stage::new(1);
    stage.senders = vec![bot(1)];
    stage.bots[0].sends = true;
    stage.pass(50);
    assert_eq!(stage.plane.seen(call(1)), []);
    assert!(!stage.bots[0].events.contains(&BotEvent::KeyFrameNeeded { socket: 0 }));
}

/// R-170: whoever was seen before is seen afterwards, under another number, however many there are.
#[test]
fn an_escalation_changes_nobody_that_is_seen() {
    let mut stage = Stage::new(1);
    (stage.facts, stage.people) = (FACTS, true);
    let alice = ParticipantId(Guid::from_u128(77));
    let of_alice = |source| Sender { participant: alice, ..person(source, false) };
    stage.senders = vec![bot(1), of_alice(0)];
    stage.bots[0].sends = true;
    stage.pass(10);
    stage.bots[0].media.subscribe(0, None, "SD180p");
    stage.pass(60);
    let before = stage.bots[0].seen.len();
    assert!(before > 12);
    let decoded = |stage: &Stage| stage.plane.seen(call(1))[0].decoded;
    let seen_before = decoded(&stage);
    // Audio and video are away for 100 ms.
    stage.facts =
        MediaFacts { active: false, conference: Some(ConferenceId(Guid::from_u128(7))), ..FACTS };
    stage.senders = vec![person(3, false), bot(1), of_alice(8)];
    stage.pass(5);
    stage.facts.active = true;
    stage.pass(60);
    let seen = &stage.bots[0].seen;
    assert!(seen[before..].iter().all(|(_, source, _)| *source == 8), "{seen:?}");
    let gap = seen.windows(2).map(|pair| pair[1].2 - pair[0].2).max().unwrap();
    assert!(gap < 400, "{gap} ms");
    assert!(decoded(&stage) > seen_before + 12, "people go on seeing the bot");
    assert_eq!(stage.plane.seen(call(1)).len(), 1);
}

/// R-088: two bots that talk.
#[test]
fn two_bots_in_a_call_of_two_see_each_other() {
    let mut stage = Stage::new(2);
    stage.facts = MediaFacts { twin: Some(call(1)), ..FACTS };
    stage.senders = vec![bot(1), bot(2)];
    stage.bots[0].sends = true;
    stage.pass(10);
    stage.bots[1].media.subscribe(0, None, "SD180p");
    stage.pass(60);
    assert!(stage.bots[1].seen.len() > 10);
    assert!(stage.bots[1].seen.iter().all(|(_, source, _)| *source == 100));
}

/// R-082.
#[test]
fn nobody_is_seen_from_the_lobby() {
    let mut stage = Stage::new(1);
    stage.senders = vec![person(11, false)];
    stage.facts.in_lobby = true;
    stage.pass(10);
    stage.bots[0].media.subscribe(0, Some(11), "SD180p");
    stage.pass(40);
    assert_eq!((stage.packets, stage.bots[0].events.last()), (0, Some(&subscribed(0, None))));
    stage.facts.in_lobby = false;
    stage.pass(40);
    assert!(stage.packets > 0);
    stage.facts.in_lobby = true;
    stage.pass(10);
    let before = stage.packets;
    stage.pass(40);
    assert_eq!((stage.packets, stage.bots[0].events.last()), (before, Some(&subscribed(0, None))));
}

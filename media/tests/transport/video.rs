//! Video, and what is said about it.

use std::time::Duration;

use media::{
    PacketSlab, Packetizer, RtpHeader, RtpPacket,
    transport::{BotEvent, Channel, Dropped, Flow, Message, PT_VIDEO, SHARING, Wish},
};

use super::{BOT, PLATFORM, Pair, at};

/// Audio, and two video sockets and screen sharing.
const VIDEO: &str = r#"{"ssrc": 1000}, "video": [{"ssrc": 2000, "send": ["320x180@15"]},
    {"ssrc": 2001, "direction": "receiveOnly"}],
    "screenSharing": {"ssrc": 3000, "direction": "receiveOnly"}"#;

/// A frame that refers to none, or to those before.
fn frame(key: bool, tag: u8) -> Vec<u8> {
    let parameters: &[u8] = &[0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3];
    let slice = [0, 0, 0, 1, if key { 0x65 } else { 0x41 }];
    [if key { parameters } else { &[] }, &slice, &[tag; 3_000]].concat()
}

fn with_video() -> Pair {
    let mut pair = Pair::new(VIDEO);
    pair.leg.set_active(pair.now, true);
    pair.exchange();
    pair.exchange();
    while pair.bot.poll().is_some() {}
    pair
}

/// The platform's packets of a frame, as a source has numbered them.
fn packets(packetizer: &mut Packetizer, annex_b: &[u8], timestamp: u32) -> Vec<Vec<u8>> {
    let mut slab = PacketSlab::new(16, packetizer.slot_len());
    packetizer.packetize(annex_b, timestamp, &mut slab).unwrap();
    slab.iter().map(<[u8]>::to_vec).collect()
}

impl Pair {
    /// The frames that the bot has, with their sockets.
    fn frames(&mut self) -> Vec<(i8, Vec<u8>)> {
        let mut frames = Vec::new();
        while let Some((socket, frame)) = self.bot.poll_video(self.now) {
            frames.push((socket, frame.annex_b.to_vec()));
        }
        frames
    }

    fn forward(&mut self, socket: i8, datagrams: &[Vec<u8>]) {
        for datagram in datagrams {
            let packet = RtpPacket::parse(datagram).unwrap();
            assert!(self.leg.send_video_packet(socket, packet.header, packet.payload));
        }
    }
}

#[test]
fn video_arrives_whole_both_ways() {
    let mut pair = with_video();
    assert_eq!(pair.bot.send_video(0, &frame(true, 9), 90), Ok(true));
    assert_eq!(pair.bot.send_video(1, &frame(true, 9), 90), Ok(false), "it only receives");
    assert!(pair.bot.send_video(5, &frame(true, 9), 90).is_err());
    assert!(pair.bot.send_video(0, &vec![0; (1 << 20) + 1], 90).is_err());
    pair.exchange();
    let mut taken = Vec::new();
    pair.leg.drain_video(|socket, packet| taken.push((socket, packet.header)));
    assert_eq!(taken.len(), 4, "the parameter sets, and three pieces");
    for (place, (socket, header)) in taken.iter().enumerate() {
        let sequence = u16::try_from(place).unwrap();
        let (ssrc, marker) = (2_000, place == 3);
        let payload_type = PT_VIDEO;
        assert_eq!(*socket, 0);
        assert_eq!(*header, RtpHeader { marker, payload_type, sequence, timestamp: 90, ssrc });
    }
    let mut source = Packetizer::new(1, 33, 500);
    for (socket, tag) in [(0, 1), (1, 2), (SHARING, 3)] {
        let datagrams = packets(&mut source, &frame(true, tag), 7);
        pair.forward(socket, &datagrams);
        pair.exchange();
        assert_eq!(pair.frames(), [(socket, frame(true, tag))]);
    }
    assert_eq!(pair.leg.video_counts().sent, 12);
    let header = RtpHeader { marker: true, payload_type: 0, sequence: 0, timestamp: 0, ssrc: 0 };
    assert!(!pair.leg.send_video_packet(2, header, &[1]), "there is no such socket");
}

#[test]
fn another_source_goes_on_with_the_same_numbers() {
    let mut pair = with_video();
    for (first, tag) in [(50_000, 1), (100, 2), (49_990, 3)] {
        pair.leg.begin_video(0);
        let mut source = Packetizer::new(1, PT_VIDEO, first);
        for (key, later) in [(true, 0), (false, 6_000)] {
            let datagrams = packets(&mut source, &frame(key, tag), u32::from(first) * 7 + later);
            pair.forward(0, &datagrams);
            pair.exchange();
            assert_eq!(pair.frames(), [(0, frame(key, tag))]);
        }
    }
    assert_eq!(pair.bot.video_stats(0).unwrap().lost_packets, 0);
}

#[test]
fn key_frames_are_asked_for_both_ways() {
    let mut pair = with_video();
    assert!(pair.leg.want_key_frame(0) && !pair.leg.want_key_frame(1));
    pair.exchange();
    assert_eq!(pair.bot.poll(), Some(BotEvent::KeyFrameNeeded { socket: 0 }));
    assert!(pair.bot.request_key_frame(SHARING) && !pair.bot.request_key_frame(7));
    pair.exchange();
    assert_eq!(pair.leg.wishes(), [Wish::KeyFrame(SHARING)]);
    // A frame of which a packet is lost asks by itself, again and again until one comes.
    pair.bot.request_key_frame(SHARING);
    let mut source = Packetizer::new(1, PT_VIDEO, 0);
    let first = packets(&mut source, &frame(true, 1), 0);
    pair.forward(1, &first);
    let mut damaged = packets(&mut source, &frame(false, 2), 6_000);
    damaged.remove(1);
    pair.forward(1, &damaged);
    let mut asked = 0;
    for ms in 0..40 {
        pair.now = Duration::from_millis(1_000 + ms * 20);
        pair.exchange();
        pair.frames();
        asked += pair.leg.wishes().iter().filter(|wish| **wish == Wish::KeyFrame(1)).count();
    }
    assert_eq!(asked, 3, "after 100 ms, and every 300 ms");
    let whole = packets(&mut source, &frame(true, 3), 12_000);
    pair.forward(1, &whole);
    pair.exchange();
    assert_eq!(pair.frames(), [(1, frame(true, 3))]);
}

#[test]
fn who_wants_to_see_somebody_asks_until_there_is_an_answer() {
    let mut pair = with_video();
    pair.bot.subscribe(0, Some(5), "HD720p");
    pair.bot.subscribe(0, Some(6), "SD180p");
    let mut times = Vec::new();
    let mut pass = |pair: &mut Pair, from: u64, to: u64| {
        for ms in (from..to).step_by(20) {
            pair.now = Duration::from_millis(ms);
            pair.exchange();
            times.extend(pair.leg.wishes().into_iter().map(|wish| (ms, wish)));
        }
        std::mem::take(&mut times)
    };
    let wish = Wish::Subscribe(0, Some(6), "SD180p".to_owned());
    let expected = [0, 500, 1_000].map(|ms| (ms, wish.clone()));
    assert_eq!(pass(&mut pair, 0, 1_200), expected, "the latest, and nothing else");
    let told = |source_id| Message::Subscribed { socket: 0, source_id, format: None };
    pair.leg.tell(&told(Some(5)));
    assert_eq!(pass(&mut pair, 1_200, 1_600).len(), 1, "that answers the other one");
    pair.leg.tell(&told(Some(6)));
    assert_eq!(pass(&mut pair, 1_600, 3_000), []);
    pair.bot.unsubscribe(0);
    assert_eq!(pass(&mut pair, 3_000, 3_020), [(3_000, Wish::Unsubscribe(0))]);
    pair.leg.tell(&told(None));
    assert_eq!(pass(&mut pair, 3_020, 5_000), []);
    pair.bot.subscribe(9, None, "SD180p");
    pair.leg.tell(&Message::Refused { what: "subscribe 9".to_owned(), why: "no".to_owned() });
    assert_eq!(pass(&mut pair, 5_000, 9_000), []);
    while pair.bot.poll().is_some() {}
    pair.bot.subscribe(1, Some(5), "SD180p");
    assert_eq!(pass(&mut pair, 10_000, 40_000).len(), 20, "not for ever");
    let why = "nobody answered".to_owned();
    let events: Vec<_> = std::iter::from_fn(|| pair.bot.poll()).collect();
    assert_eq!(events, [BotEvent::Refused { what: "subscribe 1".to_owned(), why }]);
}

#[test]
fn video_before_it_may_be_sent_is_dropped_and_so_are_strangers() {
    let mut pair = Pair::new(VIDEO);
    pair.exchange();
    pair.exchange();
    assert_eq!(pair.bot.send_video(0, &frame(true, 1), 0), Ok(false), "the bot's end discards it");
    assert!(!pair.leg.want_key_frame(0));
    let mut source = Packetizer::new(2_000, PT_VIDEO, 0);
    let good = packets(&mut source, &frame(true, 1), 0).remove(0);
    let packet = RtpPacket::parse(&good).unwrap();
    assert!(!pair.leg.send_video_packet(0, packet.header, packet.payload));
    let (now, leg) = (pair.now, &mut pair.leg);
    assert_eq!(leg.receive(now, at(BOT), &good), Err(Dropped::Inactive));
    leg.set_active(now, true);
    pair.exchange();
    let (now, leg) = (pair.now, &mut pair.leg);
    let changed = |place: usize, byte: u8| {
        let mut datagram = good.clone();
        datagram[place] = byte;
        datagram
    };
    assert_eq!(leg.receive(now, at(BOT), &changed(1, 96)), Err(Dropped::Kind));
    assert_eq!(leg.receive(now, at(BOT), &changed(11, 0xd1)), Err(Dropped::Inactive), "2001");
    assert_eq!(leg.receive(now, at(BOT), &changed(11, 0xd2)), Err(Dropped::Ssrc));
    assert_eq!(leg.receive(now, at(PLATFORM), &good), Err(Dropped::Source));
    let mut taken = 0;
    leg.drain_video(|_, _| taken += 1);
    assert_eq!(taken, 0);
    assert_eq!(leg.receive(now, at(BOT), &good), Ok(()));
    leg.drain_video(|_, _| taken += 1);
    assert_eq!(taken, 1);
    let (channel, socket) = (Channel::ScreenSharing, None);
    let (send, receive) = (Flow::Inactive, Flow::Active);
    let told = BotEvent::Status { channel, socket, send, receive };
    assert!(std::iter::from_fn(|| pair.bot.poll()).any(|event| event == told));
}

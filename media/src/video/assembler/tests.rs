use std::panic::catch_unwind;

use bytes::Bytes;
use proptest::prelude::*;
use rtp::{codecs::h264::H264Packet, packetizer::Depacketizer as _};

use super::*;
use crate::{PacketSlab, Packetizer, RtpHeader, nal_units, video::packetizer};

/// A frame as it is handed out: its timestamp, whether it is a key frame, its bytes.
type Out = (u32, bool, Vec<u8>);

fn at(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn small() -> AssemblerConfig {
    AssemblerConfig { window: 16, max_frame_len: 1 << 16, ..AssemblerConfig::default() }
}

fn key(fill: u8, len: usize) -> Vec<u8> {
    let mut annex_b = vec![0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3, 0, 0, 0, 1, 0x65];
    annex_b.resize(annex_b.len() + len, fill | 1);
    annex_b
}

fn delta(fill: u8, len: usize) -> Vec<u8> {
    let mut annex_b = vec![0, 0, 0, 1, 0x41];
    annex_b.resize(annex_b.len() + len, fill | 1);
    annex_b
}

/// The packets of frames 3 000 ticks apart.
fn packets(frames: &[Vec<u8>], first_sequence: u16, first_timestamp: u32) -> Vec<Vec<u8>> {
    let mut packetizer = Packetizer::with_max_payload(7, 96, first_sequence, 200);
    let mut slab = PacketSlab::new(4_000, packetizer.slot_len());
    for (index, frame) in frames.iter().enumerate() {
        let timestamp = first_timestamp.wrapping_add(index as u32 * 3_000);
        packetizer.packetize(frame, timestamp, &mut slab).unwrap();
    }
    slab.iter().map(<[u8]>::to_vec).collect()
}

/// All frames of these packets, each millisecond one packet, and then as long as something waits.
fn assemble(assembler: &mut FrameAssembler, packets: &[Vec<u8>]) -> Vec<Out> {
    let mut out = Vec::new();
    let mut drain = |assembler: &mut FrameAssembler, now| {
        while let Some(frame) = assembler.poll(now) {
            out.push((frame.timestamp, frame.key_frame, frame.annex_b.to_vec()));
        }
    };
    for (index, packet) in packets.iter().enumerate() {
        let now = at(index as u64);
        assembler.push(now, &RtpPacket::parse(packet).unwrap());
        drain(assembler, now);
    }
    drain(assembler, at(1_000_000));
    check_sums(assembler);
    out
}

fn check_sums(assembler: &FrameAssembler) {
    let stats = assembler.stats();
    let AssemblerStats { packets, used, waiting, duplicates, late, too_far, discarded, .. } = stats;
    assert_eq!(packets, used + waiting + duplicates + late + too_far + discarded, "{stats:?}");
    let AssemblerStats { begun, frames, lost_frames, skipped_frames, without_picture, .. } = stats;
    let under_way = u64::from(assembler.frame.is_some());
    let ended = frames + lost_frames + skipped_frames + without_picture;
    assert_eq!(begun, ended + under_way, "{stats:?}");
}

/// The same units behind start codes of four bytes.
fn canonical(annex_b: &[u8]) -> Vec<u8> {
    nal_units(annex_b).flat_map(|unit| [&[0, 0, 0, 1][..], unit].concat()).collect()
}

/// Moves every packet at most `reach` places; the first stays.
fn shuffled(packets: &[Vec<u8>], delays: &[u8], reach: usize) -> Vec<Vec<u8>> {
    let mut order: Vec<(usize, usize)> = (0..packets.len())
        .map(|index| {
            let delay = usize::from(delays[index % delays.len()]) % (reach + 1);
            (if index == 0 { 0 } else { index + delay }, index)
        })
        .collect();
    order.sort_unstable();
    order.into_iter().map(|(_, index)| packets[index].clone()).collect()
}

fn call() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(packetizer::tests::frame(), 1..8)
        .prop_map(|rest| [vec![key(7, 900)], rest].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// What goes in comes out, frame for frame, over the wrap of both numbers.
    #[test]
    fn frames_come_back(frames in call(), first_sequence: u16, first_timestamp: u32) {
        let packets = packets(&frames, first_sequence, first_timestamp);
        let out = assemble(&mut FrameAssembler::new(small()), &packets);
        let expected: Vec<Vec<u8>> = frames.iter().map(|frame| canonical(frame)).collect();
        prop_assert_eq!(out.iter().map(|(_, _, bytes)| bytes.clone()).collect::<Vec<_>>(), expected);
        let steps = out.windows(2).map(|two| two[1].0.wrapping_sub(two[0].0));
        prop_assert!(steps.into_iter().all(|step| step == 3_000));
    }

    /// Any order within the window, with every packet twice, gives the same frames, each once.
    #[test]
    fn order_and_duplicates_do_not_matter(
        frames in call(), delays in prop::collection::vec(any::<u8>(), 1..50), twice: bool,
    ) {
        let packets = packets(&frames, 65_500, 0);
        let expected = assemble(&mut FrameAssembler::new(small()), &packets);
        let mut mixed = shuffled(&packets, &delays, 15);
        if twice {
            mixed = mixed.iter().flat_map(|packet| [packet.clone(), packet.clone()]).collect();
        }
        let mut assembler = FrameAssembler::new(small());
        prop_assert_eq!(assemble(&mut assembler, &mixed), expected);
        prop_assert_eq!(assembler.stats().duplicates, if twice { packets.len() as u64 } else { 0 });
        prop_assert_eq!(assembler.stats().lost_packets, 0);
    }

    /// Whatever is lost: only frames that were sent come out, whole, in order, each once, and every delta
    /// frame directly behind the one before it.
    #[test]
    fn loss_never_shows(
        frames in call(), lost in prop::collection::vec(0..12_u8, 1..60),
        delays in prop::collection::vec(any::<u8>(), 1..50),
    ) {
        prop_assert!(loss_is_hidden(Flaw::None, &frames, &lost, &delays));
    }

    /// No payloads make it panic, or hand out units that a call does not carry.
    #[test]
    fn whatever_the_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        crate::fuzzing::h264_depacketize(&bytes);
        crate::fuzzing::h264_round_trip(&bytes);
    }

    /// Where the `rtp` crate gives a frame from packets that are all there, it is the same.
    #[test]
    fn agrees_with_the_rtp_crate(frames in call()) {
        let packets = packets(&frames, 0, 0);
        let ours = assemble(&mut FrameAssembler::new(small()), &packets);
        let mut theirs = H264Packet::default();
        let mut all = Vec::new();
        for packet in &packets {
            let payload = RtpPacket::parse(packet).unwrap().payload;
            if payload.len() <= 2 {
                // Theirs refuses the shortest slices.
                all.extend_from_slice(&[&[0, 0, 0, 1], payload].concat());
                continue;
            }
            all.extend_from_slice(&theirs.depacketize(&Bytes::copy_from_slice(payload)).unwrap());
        }
        prop_assert_eq!(ours.into_iter().flat_map(|(_, _, bytes)| bytes).collect::<Vec<_>>(), all);
    }
}

/// Whether an assembler with this flaw still hands out nothing but what it may.
fn loss_is_hidden(flaw: Flaw, frames: &[Vec<u8>], lost: &[u8], delays: &[u8]) -> bool {
    let packets = packets(frames, 65_500, 0);
    let kept: Vec<Vec<u8>> = packets
        .iter()
        .enumerate()
        .filter(|(index, _)| *index == 0 || lost[index % lost.len()] != 0)
        .map(|(_, packet)| packet.clone())
        .collect();
    let kept = shuffled(&kept, delays, 5);
    let twice: Vec<Vec<u8>> = kept.iter().flat_map(|one| [one.clone(), one.clone()]).collect();
    let mut assembler = FrameAssembler::new(AssemblerConfig { flaw, ..small() });
    let out = assemble(&mut assembler, &twice);
    let mut before = None;
    for (timestamp, key_frame, bytes) in out {
        let index = (timestamp / 3_000) as usize;
        let whole = frames.get(index).is_some_and(|frame| canonical(frame) == bytes);
        let in_order = before.is_none_or(|before| before < index);
        let decodable = key_frame || before.is_some_and(|before| before + 1 == index);
        if !(whole && in_order && decodable) {
            return false;
        }
        before = Some(index);
    }
    true
}

/// The property above can fail: each mistake breaks it within a few tries.
#[test]
fn the_properties_notice_mistakes() {
    let frames = [key(1, 900), delta(2, 900), delta(3, 900), key(4, 100), delta(5, 100)];
    let breaks = |flaw| {
        (0..40_u8).any(|round| {
            // In some rounds nothing is lost: what waits for a lost packet is not taken twice.
            let lost = (0..17).map(|at| (at * 5 + round) % if round < 20 { 11 } else { 20 });
            let lost: Vec<u8> = lost.collect();
            !loss_is_hidden(flaw, &frames, &lost, &[round % 2 * 3, 0])
        })
    };
    assert!(!breaks(Flaw::None));
    assert!(breaks(Flaw::IgnoreGaps));
    assert!(breaks(Flaw::NoKeyFrameWait));
    assert!(breaks(Flaw::TakeDuplicates));
}

/// `rtp` 0.17.2 `codecs/h264/mod.rs:239` reads behind the end of a cut STAP-A.
#[test]
fn the_rtp_crates_panic_on_a_cut_aggregate_does_not_exist_here() {
    let payload: &[u8] = &[0x18, 0x00, 0x01, 0x09, 0x07];
    let theirs = catch_unwind(|| {
        H264Packet::default().depacketize(&Bytes::from_static(&[0x18, 0, 1, 9, 7]))
    });
    assert!(theirs.is_err(), "the trap is there");
    assert_eq!(Payload::parse(payload), None);
    let mut assembler = FrameAssembler::new(small());
    let header = RtpHeader { marker: true, payload_type: 96, sequence: 1, timestamp: 0, ssrc: 7 };
    assembler.push(at(0), &RtpPacket { header, payload });
    assert_eq!(assembler.stats().malformed, 1);
    assert!(assembler.poll(at(0)).is_none());
}

/// Without its middle fragment, the `rtp` crate gives 8 802 of 10 000 bytes and no error.
#[test]
fn the_rtp_crates_silent_truncation_does_not_exist_here() {
    let mut packets = packets(&[key(1, 10), delta(2, 2_000), delta(3, 10), key(4, 10)], 0, 0);
    let whole = packets.clone();
    packets.remove(5);
    let mut theirs = H264Packet::default();
    let mut truncated = 0;
    for packet in &packets[2..packets.len() - 3] {
        let payload = Bytes::copy_from_slice(RtpPacket::parse(packet).unwrap().payload);
        truncated += theirs.depacketize(&payload).unwrap().len();
    }
    assert!(truncated > 1_500 && truncated < 2_005, "the trap is there: {truncated} of 2 005");
    let mut assembler = FrameAssembler::new(small());
    let out = assemble(&mut assembler, &packets);
    assert_eq!(out.iter().map(|one| one.0).collect::<Vec<_>>(), [0, 9_000]);
    let stats = assembler.stats();
    assert_eq!((stats.lost_packets, stats.lost_frames, stats.skipped_frames), (1, 1, 1));
    assert_eq!(assemble(&mut FrameAssembler::new(small()), &whole).len(), 4);
}

#[test]
fn a_key_frame_is_asked_for_once_an_interval() {
    let requests = |flaw| {
        let frames: Vec<Vec<u8>> = [vec![key(1, 10)], vec![delta(1, 10); 100]].concat();
        let mut packets = packets(&frames, 0, 0);
        packets.remove(5);
        let mut assembler = FrameAssembler::new(AssemblerConfig { flaw, ..small() });
        let mut asked = Vec::new();
        for (index, packet) in packets.iter().enumerate() {
            let now = at(index as u64 * 10);
            assembler.push(now, &RtpPacket::parse(packet).unwrap());
            while assembler.poll(now).is_some() {}
            if assembler.poll_key_frame_request(now) {
                asked.push(now.as_millis());
            }
        }
        assert_eq!(assembler.stats().key_frame_requests, asked.len() as u64);
        asked
    };
    // Packet 6 comes at 50 ms and waits 100 ms for 5.
    assert_eq!(requests(Flaw::None), [150, 450, 750]);
    assert!(requests(Flaw::EveryLossAsks).len() > 3, "the check can fail");
}

#[test]
fn an_asked_for_key_frame_ends_the_asking() {
    let packets = packets(&[key(1, 10), key(2, 10)], 0, 0);
    let mut assembler = FrameAssembler::new(small());
    assert_eq!(assembler.poll_timeout(), None);
    assemble(&mut assembler, &packets[..2]);
    assert!(!assembler.poll_key_frame_request(at(1)), "none is missing");
    assembler.want_key_frame();
    assert!(assembler.poll_key_frame_request(at(1)));
    assert_eq!(assembler.poll_timeout(), Some(at(301)));
    for packet in &packets[2..] {
        assembler.push(at(2), &RtpPacket::parse(packet).unwrap());
    }
    assert_eq!(assembler.poll_timeout(), Some(Duration::ZERO));
    assert!(assembler.poll(at(2)).is_some_and(|frame| frame.key_frame));
    assert_eq!(assembler.poll_timeout(), None);
}

#[test]
fn a_missing_packet_is_waited_for_and_no_longer() {
    let packets = packets(&[key(1, 10), delta(2, 10), delta(3, 10)], 0, 0);
    let mut assembler = FrameAssembler::new(small());
    assemble(&mut assembler, &packets[..2]);
    assembler.push(at(5), &RtpPacket::parse(&packets[3]).unwrap());
    assert_eq!(assembler.poll_timeout(), Some(at(105)));
    assert!(assembler.poll(at(104)).is_none());
    assert_eq!(assembler.stats().lost_packets, 0);
    assert!(assembler.poll(at(105)).is_none());
    // Nothing shows that the second packet is the beginning of its frame.
    assert_eq!((assembler.stats().lost_packets, assembler.stats().lost_frames), (1, 1));
    assert_eq!(assembler.push(at(106), &RtpPacket::parse(&packets[2]).unwrap()), Pushed::Late);
}

#[test]
fn frames_that_are_not_fetched_are_not_overwritten() {
    let frames: Vec<Vec<u8>> = [vec![key(1, 10)], vec![delta(1, 10); 30]].concat();
    let packets = packets(&frames, 0, 0);
    let mut assembler = FrameAssembler::new(small());
    let pushed: Vec<Pushed> = packets
        .iter()
        .map(|packet| assembler.push(at(0), &RtpPacket::parse(packet).unwrap()))
        .collect();
    // The key frame is ready, 16 wait, the rest has no place.
    assert_eq!(pushed.iter().filter(|one| **one == Pushed::Taken).count(), 2 + 16);
    assert!(pushed[18..].iter().all(|one| *one == Pushed::TooFar));
    let mut fetched = 0;
    while assembler.poll(at(0)).is_some() {
        fetched += 1;
    }
    assert_eq!(fetched, 17);
    check_sums(&assembler);
}

#[test]
fn a_sender_that_begins_anew_is_followed() {
    let before = packets(&[key(1, 10), delta(2, 10)], 40_000, 0);
    for first in [20_000, 39_000, 50_000] {
        let frames: Vec<Vec<u8>> =
            [vec![key(3, 10)], vec![delta(4, 10); 120], vec![key(5, 10)]].concat();
        let after = packets(&frames, first, 900_000);
        let mut assembler = FrameAssembler::new(small());
        let out = assemble(&mut assembler, &[before.clone(), after].concat());
        let last = out.last().unwrap();
        assert_eq!((last.0, last.1), (900_000 + 121 * 3_000, true), "from {first}");
    }
}

#[test]
fn the_marker_is_not_needed() {
    let mut packets = packets(&[key(1, 400), delta(2, 10), delta(3, 10)], 0, 0);
    for packet in &mut packets {
        packet[1] &= 0x7f;
    }
    let out = assemble(&mut FrameAssembler::new(small()), &packets);
    assert_eq!(out.len(), 2, "the last one has no end yet");
    // One without, directly before one with: both are whole, none overwrites the other.
    packets[4][1] |= 0x80;
    let last = packets.len() - 1;
    packets[last][1] |= 0x80;
    assert_eq!(assemble(&mut FrameAssembler::new(small()), &packets).len(), 3);
}

#[test]
fn frames_that_are_too_long_are_lost() {
    let packets = packets(&[key(1, 10), delta(2, 5_000), key(3, 10)], 0, 0);
    let config = AssemblerConfig { max_frame_len: 4_000, ..small() };
    let mut assembler = FrameAssembler::new(config);
    assert_eq!(assemble(&mut assembler, &packets).len(), 2);
    assert_eq!((assembler.stats().lost_frames, assembler.stats().malformed), (1, 0));
}

#[test]
fn a_unit_that_hides_in_another_is_noticed() {
    // A slice whose payload holds a start code and an SEI.
    let header = RtpHeader { marker: true, payload_type: 96, sequence: 2, timestamp: 1, ssrc: 7 };
    let hidden = RtpPacket { header, payload: &[0x41, 9, 0, 0, 1, 6, 5] };
    for check_units in [true, false] {
        let config = AssemblerConfig { check_units, ..small() };
        let mut assembler = FrameAssembler::new(config);
        assemble(&mut assembler, &packets(&[key(1, 10)], 0, 0));
        assembler.push(at(0), &hidden);
        assert_eq!(assembler.poll(at(0)).is_none(), check_units);
        let lost = u64::from(check_units);
        assert_eq!((assembler.stats().malformed, assembler.stats().lost_frames), (lost, lost));
    }
}

#[test]
fn units_out_of_place_are_refused() {
    let refused: [&[u8]; 12] = [
        &[],
        &[0x18],                // STAP-A without a unit
        &[0x18, 0, 0],          // an empty unit
        &[0x18, 0, 2, 0x41],    // a unit that is cut
        &[0x18, 0, 1, 0x18],    // an aggregate in an aggregate
        &[0x18, 0, 1, 0xc1],    // damaged
        &[0x1c],                // FU-A without its header
        &[0x1c, 0xc5, 1],       // both first and last
        &[0x1c, 0x98, 1],       // an aggregate in fragments
        &[0x1d, 0x85, 0, 0, 1], // FU-B
        &[0x00, 1],             // no type
        &[0xc1, 1],             // damaged
    ];
    for payload in refused {
        assert_eq!(Payload::parse(payload), None, "{payload:?}");
    }
    assert_eq!(Payload::parse(&[0x1c, 0x85]).and_then(Payload::begins), Some(5), "may be empty");
}

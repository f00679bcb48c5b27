//! Nothing is allocated per packet once memory has been warmed up: exactly nothing.

use std::time::Duration;

use allocation_counter::measure;
use media::{
    AssemblerConfig, Compound, Extensions, FrameAssembler, FrameRate, Layer, PacketSlab,
    Packetizer, ReportBlock, Router, RouterConfig, RtcpPacket, RtcpWriter, RtpHeader, RtpPacket,
    SocketKey, VideoFormat, VideoResolution, Wanted, write_one_byte_extensions,
};

const FRAMES: u32 = 50;

/// Allocations of a second run; the first one warms up.
fn steady(mut run: impl FnMut()) -> u64 {
    run();
    measure(run).count_total
}

fn frame(key: bool, len: usize) -> Vec<u8> {
    let mut annex_b = vec![];
    if key {
        annex_b.extend([0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3]);
    }
    annex_b.extend([0, 0, 0, 1, if key { 0x65 } else { 0x41 }]);
    annex_b.resize(annex_b.len() + len, 0x55);
    annex_b
}

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(std::hint::black_box(vec![1_u8]))).count_total, 1);
}

#[test]
fn to_parse_and_to_write_rtp() {
    let header = RtpHeader { marker: true, payload_type: 96, sequence: 1, timestamp: 2, ssrc: 3 };
    let (mut slot, payload) = ([0; 1_500], [0x55; 1_200]);
    let allocated = steady(|| {
        let len = write_one_byte_extensions(header, &[(1, &[0; 8])], &payload, &mut slot).unwrap();
        assert_eq!(RtpPacket::parse(&slot[..len]).unwrap().payload.len(), 1_200);
        assert_eq!(Extensions::of(&slot[..len]).find(1), Some(&[0; 8][..]));
        let len = header.write_into(&payload, &mut slot).unwrap();
        assert!(RtpPacket::parse(&slot[..len]).is_ok());
    });
    assert_eq!(allocated, 0);
}

#[test]
fn to_write_and_to_read_rtcp() {
    let mut memory = [0; 500];
    let allocated = steady(|| {
        let mut writer = RtcpWriter::new(&mut memory);
        writer.receiver_report(1, &[ReportBlock::default(); 3]).unwrap();
        writer.cname(1, "bot@rehearsal").unwrap();
        writer.picture_loss(1, 2).unwrap();
        let reports = Compound::new(writer.written()).filter_map(Result::ok).map(|packet| {
            if let RtcpPacket::ReceiverReport { blocks, .. } = packet { blocks.count() } else { 0 }
        });
        assert_eq!(reports.sum::<usize>(), 3);
    });
    assert_eq!(allocated, 0);
}

#[test]
fn to_packetise_and_to_assemble() {
    let (key, delta) = (frame(true, 60_000), frame(false, 10_000));
    let mut packetizer = Packetizer::new(7, 96, 65_000);
    let mut slab = PacketSlab::new(64, packetizer.slot_len());
    let mut assembler = FrameAssembler::new(AssemblerConfig::default());
    let (mut timestamp, mut frames) = (0, 0);
    let allocated = steady(|| {
        for index in 0..FRAMES {
            slab.clear();
            timestamp += 3_000;
            let frame = if index % 10 == 0 { &key } else { &delta };
            packetizer.packetize(frame, timestamp, &mut slab).unwrap();
            // Neighbours change places, so that packets wait as well.
            let count = slab.len();
            for place in 0..count {
                let swapped = if place ^ 1 < count { place ^ 1 } else { place };
                let packet = RtpPacket::parse(slab.get(swapped).unwrap()).unwrap();
                assembler.push(Duration::ZERO, &packet);
                while let Some(frame) = assembler.poll(Duration::ZERO) {
                    frames += u32::from(frame.annex_b.len() > 10_000);
                }
            }
        }
    });
    // The very first pair of packets cannot be put right: nothing says that one is missing before it.
    assert!(frames >= FRAMES, "{frames} frames, {:?}", assembler.stats());
    assert_eq!(allocated, 0);
}

#[test]
fn to_route() {
    let mut router = Router::new(RouterConfig::default());
    let format = VideoFormat::h264(1280, 720, FrameRate::F30);
    router.publish(1, &[Layer { format, bits_per_second: 1, active: true }]).unwrap();
    for subscriber in 0..100 {
        let wanted =
            Wanted { source: 1, resolution: VideoResolution::HD720p, bandwidth_limit: 1_000 };
        router.subscribe(SocketKey { subscriber, socket: 0 }, 5, wanted).unwrap();
    }
    let mut slab = PacketSlab::new(10_000, 1_212);
    let mut header =
        RtpHeader { marker: true, payload_type: 96, sequence: 1, timestamp: 2, ssrc: 3 };
    let allocated = steady(|| {
        slab.clear();
        for index in 0..FRAMES {
            header.sequence += 1;
            let payload: &[u8] = if index % 10 == 0 { &[0x67, 1] } else { &[0x41; 100] };
            let packet = RtpPacket { header, payload };
            let done = router.route(Duration::ZERO, 1, 0, &packet, |forward| {
                forward.write(payload, &mut slab).unwrap();
            });
            assert_eq!(done, Ok(()));
            while router.poll_key_frame_request(Duration::ZERO).is_some() {}
        }
        assert_eq!(slab.len(), 5_000);
    });
    assert_eq!(allocated, 0);
}

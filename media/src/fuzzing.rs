//! The bodies of the fuzz targets, so that a stable compiler can run them as well.
//!
//! Each takes any bytes and panics if something that always holds does not.

use std::time::Duration;

use crate::{
    AssemblerConfig, Compound, Extensions, FrameAssembler, NalType, PacketSlab, Packetizer, Pushed,
    RtcpPacket, RtpHeader, RtpPacket, nal_units, rewrite_header,
};

pub use crate::fuzzing_audio::{telephone_event, wav};

/// Reads an RTP datagram, its extensions, and rewrites it.
pub fn rtp(datagram: &[u8]) {
    for (id, data) in Extensions::of(datagram) {
        assert!((1..=14).contains(&id) && (1..=16).contains(&data.len()));
    }
    let Ok(packet) = RtpPacket::parse(datagram) else { return };
    assert!(packet.payload.len() + crate::FIXED_LEN <= datagram.len());
    let mut copy = datagram.to_vec();
    let header = RtpHeader { sequence: !packet.header.sequence, ..packet.header };
    assert_eq!(rewrite_header(&mut copy, header), Ok(()));
    assert_eq!(RtpPacket::parse(&copy), Ok(RtpPacket { header, payload: packet.payload }));
}

/// Reads an RTCP datagram down to its last entry.
pub fn rtcp(datagram: &[u8]) {
    let mut failed = false;
    let mut entries = 0;
    for packet in Compound::new(datagram) {
        assert!(!failed, "something follows an error");
        let Ok(packet) = packet else {
            failed = true;
            continue;
        };
        entries += match packet {
            RtcpPacket::SenderReport { blocks, .. } | RtcpPacket::ReceiverReport { blocks, .. } => {
                blocks.count()
            }
            RtcpPacket::SourceDescription(chunks) => {
                chunks.items().count() + chunks.cnames().count()
            }
            RtcpPacket::Bye(bye) => bye.sources.count(),
            RtcpPacket::PictureLoss { .. } | RtcpPacket::Other { .. } => 1,
            RtcpPacket::FullIntra { entries, .. } => entries.count(),
            RtcpPacket::Nack { pairs, .. } => pairs.sequences().count(),
        };
    }
    // 17 sequence numbers in four bytes is the densest there is.
    assert!(entries <= datagram.len() * 5, "{entries} entries in {} bytes", datagram.len());
    assert_eq!(failed || datagram.is_empty(), Compound::checked(datagram).is_err());
}

/// Puts the bytes, as Annex B behind a key frame, into packets and takes them out again: what a call
/// carries of them comes back.
pub fn h264_round_trip(bytes: &[u8]) {
    let (shape, annex_b) = bytes.split_first().map_or((0, bytes), |(first, rest)| (*first, rest));
    let mut packetizer = Packetizer::with_max_payload(7, 96, 65_530, 16 + usize::from(shape));
    let mut slab = PacketSlab::new(annex_b.len() + 8, packetizer.slot_len());
    let first = [&KEY_FRAME[..], annex_b].concat();
    packetizer.packetize(&first, 0, &mut slab).expect("there is a key frame, and room");
    let sent: Vec<u8> = nal_units(&first)
        .filter(|unit| NalType::of(unit[0]).is_some())
        .flat_map(|unit| [&[0, 0, 0, 1][..], unit].concat())
        .collect();
    let damaged =
        nal_units(annex_b).any(|unit| NalType::of(unit[0]).is_some() && unit[0] & 0x80 != 0);
    let mut assembler = FrameAssembler::new(AssemblerConfig::default());
    let mut out = Vec::new();
    for packet in slab.iter() {
        let packet = RtpPacket::parse(packet).expect("what we write is a packet");
        assert_eq!(assembler.push(Duration::ZERO, &packet), Pushed::Taken);
        while let Some(frame) = assembler.poll(Duration::ZERO) {
            out.extend_from_slice(frame.annex_b);
        }
    }
    // The F bit of a fragmented unit goes with the indicator, and damaged units are refused.
    if damaged {
        assert!(out.is_empty());
    } else {
        assert_eq!(out, sent);
    }
}

/// Feeds the bytes as RTP payloads, each behind a byte of length and one that says how sequence number,
/// timestamp and marker go on; whatever comes out is made of what a call carries.
pub fn h264_depacketize(mut bytes: &[u8]) {
    let config = AssemblerConfig { window: 8, max_frame_len: 2_000, ..AssemblerConfig::default() };
    let mut assembler = FrameAssembler::new(config);
    let mut header =
        RtpHeader { marker: false, payload_type: 96, sequence: 65_530, timestamp: 0, ssrc: 7 };
    let mut now = Duration::ZERO;
    while let Some(([len, how], rest)) = bytes.split_first_chunk::<2>() {
        let (payload, behind) = rest.split_at(rest.len().min(usize::from(*len)));
        bytes = behind;
        let step = [1, 1, 1, 0, 2, 3, 9, 0xffff][usize::from(how & 7)];
        header.sequence = header.sequence.wrapping_add(step);
        header.timestamp = header.timestamp.wrapping_add(u32::from(how >> 3 & 1) * 3_000);
        header.marker = how & 0x10 != 0;
        now += Duration::from_millis(u64::from(how >> 5) * 20);
        assembler.push(now, &RtpPacket { header, payload });
        while let Some(frame) = assembler.poll(now) {
            assert!(frame.annex_b.len() <= config.max_frame_len);
            let mut kinds = nal_units(frame.annex_b).map(|unit| NalType::of(unit[0]));
            assert!(kinds.all(|kind| kind.is_some()), "{:?}", frame.annex_b);
        }
        assembler.poll_key_frame_request(now);
        let stats = assembler.stats();
        let counted = stats.used + stats.waiting + stats.duplicates + stats.late + stats.too_far;
        assert_eq!(stats.packets, counted + stats.discarded, "{stats:?}");
    }
}

/// SPS, PPS and an IDR slice.
const KEY_FRAME: [u8; 19] = [0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3, 0, 0, 0, 1, 0x65, 4];

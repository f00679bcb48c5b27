use bytes::Bytes;
use proptest::prelude::*;
use rtp::{codecs::h264::H264Payloader, packetizer::Payloader as _};

use super::*;
use crate::RtpPacket;

/// A NAL unit without start codes in it: no two zeros in a row, none at the end.
fn unit(kind: u8, len: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    (prop::collection::vec(1..=255_u8, len), any::<bool>()).prop_map(move |(mut bytes, zeros)| {
        let last = bytes.len().saturating_sub(1);
        if zeros {
            bytes.iter_mut().take(last).step_by(3).for_each(|byte| *byte = 0);
        }
        bytes.insert(0, 0x60 | kind);
        bytes
    })
}

/// A key frame or a delta frame of one to three slices, as Annex B.
pub(crate) fn frame() -> impl Strategy<Value = Vec<u8>> {
    let slices = prop::collection::vec(1..2_500_usize, 1..4);
    (any::<bool>(), unit(7, 1..40), unit(8, 1..20), slices, any::<bool>(), any::<u8>()).prop_map(
        |(key, sps, pps, slices, long, fill)| {
            let code: &[u8] = if long { &[0, 0, 0, 1] } else { &[0, 0, 1] };
            let mut annex_b = Vec::new();
            if key {
                annex_b.extend([code, &sps, code, &pps].concat());
            }
            for len in slices {
                annex_b.extend([code, &[if key { 0x65 } else { 0x41 }]].concat());
                annex_b.extend((0..len).map(|at| (at as u8 ^ fill) | 1));
            }
            annex_b
        },
    )
}

fn packets(annex_b: &[u8], max_payload: usize) -> PacketSlab {
    let mut packetizer = Packetizer::with_max_payload(7, 96, 65_534, max_payload);
    let mut slab = PacketSlab::new(2_000, packetizer.slot_len());
    packetizer.packetize(annex_b, 90_000, &mut slab).unwrap();
    slab
}

proptest! {
    /// Payload for payload what the `rtp` crate makes of the same frame.
    #[test]
    fn agrees_with_the_rtp_crate(annex_b in frame(), max_payload in 64..1_300_usize) {
        let slab = packets(&annex_b, max_payload);
        let ours: Vec<Vec<u8>> =
            slab.iter().map(|packet| RtpPacket::parse(packet).unwrap().payload.to_vec()).collect();
        let theirs =
            H264Payloader::default().payload(max_payload, &Bytes::from(annex_b)).unwrap();
        prop_assert_eq!(ours, theirs.iter().map(|payload| payload.to_vec()).collect::<Vec<_>>());
    }

    /// Headers count on over the wrap, the last packet has the marker, and no other.
    #[test]
    fn headers_are_in_order(annex_b in frame()) {
        let slab = packets(&annex_b, 200);
        for (index, packet) in slab.iter().enumerate() {
            let header = RtpPacket::parse(packet).unwrap().header;
            prop_assert_eq!(header.sequence, 65_534_u16.wrapping_add(index as u16));
            prop_assert_eq!((header.ssrc, header.payload_type, header.timestamp), (7, 96, 90_000));
            prop_assert_eq!(header.marker, index + 1 == slab.len());
            prop_assert!(packet.len() <= slab.slot_len());
        }
    }
}

#[test]
fn a_delta_frame_of_one_slice_is_one_run() {
    let annex_b = [&[0, 0, 0, 1, 0x41][..], &[0x55; 10_000]].concat();
    let slab = packets(&annex_b, MAX_PAYLOAD);
    assert_eq!(slab.len(), 9);
    assert_eq!(slab.runs(64).count(), 1);
}

#[test]
fn what_a_call_does_not_carry_is_left_out() {
    // AUD, SEI, slice, filler.
    let annex_b = [
        &[0, 0, 0, 1, 9, 0x10][..],
        &[0, 0, 1, 6, 5, 1, 2],
        &[0, 0, 1, 0x41, 3],
        &[0, 0, 1, 12, 255],
    ]
    .concat();
    let slab = packets(&annex_b, MAX_PAYLOAD);
    let payloads: Vec<&[u8]> =
        slab.iter().map(|packet| RtpPacket::parse(packet).unwrap().payload).collect();
    assert_eq!(payloads, [&[0x41, 3]]);
    let mut packetizer = Packetizer::new(7, 96, 5);
    let mut slab = PacketSlab::new(4, packetizer.slot_len());
    for nothing in [&[][..], &[1, 2, 3], &annex_b[..6]] {
        assert_eq!(packetizer.packetize(nothing, 0, &mut slab), Err(PacketizeError::Empty));
    }
    assert_eq!((packetizer.next_sequence(), slab.len()), (5, 0));
}

/// The `rtp` crate drops parameter sets that no slice follows, and one of two; ours are sent.
#[test]
fn lone_parameter_sets_are_not_dropped() {
    let lone = [0, 0, 0, 1, 0x67, 1, 2];
    let theirs = H264Payloader::default().payload(1_200, &Bytes::copy_from_slice(&lone)).unwrap();
    assert!(theirs.is_empty(), "the trap is there");
    assert_eq!(packets(&lone, MAX_PAYLOAD).len(), 1);
    let both = [&lone[..], &[0, 0, 0, 1, 0x68, 3]].concat();
    assert_eq!(packets(&both, MAX_PAYLOAD).len(), 1, "one STAP-A");
    let many = lone.repeat(20);
    assert_eq!(packets(&many, MAX_PAYLOAD).len(), 3, "8, 8 and 4");
}

#[test]
fn without_room_nothing_has_happened() {
    let mut packetizer = Packetizer::new(7, 96, 5);
    let mut slab = PacketSlab::new(3, packetizer.slot_len());
    let small = [0, 0, 0, 1, 0x41, 3];
    packetizer.packetize(&small, 0, &mut slab).unwrap();
    let large = [&small[..], &[0x55; 3_000]].concat();
    assert!(matches!(packetizer.packetize(&large, 0, &mut slab), Err(PacketizeError::NoRoom(_))));
    assert_eq!((packetizer.next_sequence(), slab.len()), (6, 1));
}

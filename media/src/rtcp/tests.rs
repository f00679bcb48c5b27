use bytes::Bytes;
use proptest::prelude::*;
use rtcp::{
    goodbye::Goodbye,
    packet::Packet as Theirs,
    payload_feedbacks::{
        full_intra_request::FullIntraRequest, picture_loss_indication::PictureLossIndication,
    },
    receiver_report::ReceiverReport,
    reception_report::ReceptionReport,
    sender_report::SenderReport,
    source_description::{SdesType, SourceDescription},
    transport_feedbacks::transport_layer_nack::TransportLayerNack,
};
use webrtc_util::marshal::Unmarshal;

use super::*;
use crate::Report;

fn block() -> impl Strategy<Value = ReportBlock> {
    (any::<[u32; 5]>(), any::<u8>(), -0x80_0000..0x80_0000_i32).prop_map(
        |([ssrc, highest_sequence, jitter, last, delay], fraction_lost, cumulative_lost)| {
            ReportBlock {
                ssrc,
                report: Report { fraction_lost, cumulative_lost, highest_sequence, jitter },
                last_sender_report: last,
                delay_since_last: delay,
            }
        },
    )
}

fn same_block(ours: &ReportBlock, theirs: &ReceptionReport) -> bool {
    ours.ssrc == theirs.ssrc
        && ours.report.fraction_lost == theirs.fraction_lost
        && ours.report.cumulative_lost as u32 & 0xff_ffff == theirs.total_lost
        && ours.report.highest_sequence == theirs.last_sequence_number
        && ours.report.jitter == theirs.jitter
        && ours.last_sender_report == theirs.last_sender_report
        && ours.delay_since_last == theirs.delay
}

fn all_theirs(datagram: &[u8]) -> Vec<Box<dyn Theirs + Send + Sync>> {
    rtcp::packet::unmarshal(&mut Bytes::copy_from_slice(datagram)).unwrap()
}

fn read(datagram: &[u8]) -> Vec<RtcpPacket<'_>> {
    Compound::checked(datagram).unwrap().map(Result::unwrap).collect()
}

proptest! {
    /// Reports and a name: the `rtcp` crate reads what we wrote, and so do we.
    #[test]
    fn reports_agree_with_the_rtcp_crate(
        blocks in prop::collection::vec(block(), 0..=31), ssrc: u32, ntp: u64,
        rtp_timestamp: u32, packets: u32, octets: u32, name in "[a-z0-9@.]{1,40}",
    ) {
        let info = SenderInfo { ntp, rtp_timestamp, packets, octets };
        let mut memory = [0xee; 2_000];
        let mut writer = RtcpWriter::new(&mut memory);
        writer.sender_report(ssrc, info, &blocks).unwrap();
        writer.receiver_report(!ssrc, &blocks).unwrap();
        writer.cname(ssrc, &name).unwrap();
        let theirs = all_theirs(writer.written());
        let sr = theirs[0].as_any().downcast_ref::<SenderReport>().unwrap();
        prop_assert_eq!((sr.ssrc, sr.ntp_time, sr.rtp_time), (ssrc, ntp, rtp_timestamp));
        prop_assert_eq!((sr.packet_count, sr.octet_count), (packets, octets));
        prop_assert_eq!(sr.reports.len(), blocks.len());
        prop_assert!(blocks.iter().zip(&sr.reports).all(|(ours, theirs)| same_block(ours, theirs)));
        let rr = theirs[1].as_any().downcast_ref::<ReceiverReport>().unwrap();
        prop_assert_eq!(rr.ssrc, !ssrc);
        prop_assert!(blocks.iter().zip(&rr.reports).all(|(ours, theirs)| same_block(ours, theirs)));
        let sdes = theirs[2].as_any().downcast_ref::<SourceDescription>().unwrap();
        prop_assert_eq!(sdes.chunks[0].items[0].sdes_type, SdesType::SdesCname);
        prop_assert_eq!(&sdes.chunks[0].items[0].text[..], name.as_bytes());

        let ours = read(writer.written());
        let RtcpPacket::SenderReport { ssrc: read_ssrc, info: read_info, blocks: read_blocks } =
            ours[0] else { panic!("{ours:?}") };
        prop_assert_eq!((read_ssrc, read_info), (ssrc, info));
        prop_assert_eq!(&read_blocks.collect::<Vec<_>>(), &blocks);
        let RtcpPacket::SourceDescription(chunks) = ours[2] else { panic!("{ours:?}") };
        prop_assert_eq!(chunks.cnames().collect::<Vec<_>>(), [(ssrc, name.as_bytes())]);
    }

    /// The feedback packets and BYE.
    #[test]
    fn feedback_agrees_with_the_rtcp_crate(
        sender: u32, media: u32, sources in prop::collection::vec(any::<u32>(), 0..=31),
        entries in prop::collection::vec(any::<(u32, u8)>(), 1..20),
        missing in prop::collection::btree_set(any::<u16>(), 1..200), reason in "[a-z ]{0,30}",
    ) {
        let pairs: Vec<(u16, u16)> = nack_pairs(missing.iter().copied()).collect();
        let mut memory = [0xee; 4_000];
        let mut writer = RtcpWriter::new(&mut memory);
        writer.picture_loss(sender, media).unwrap();
        writer.full_intra(sender, &entries).unwrap();
        writer.nack(sender, media, &pairs).unwrap();
        writer.bye(&sources, &reason).unwrap();
        let theirs = all_theirs(writer.written());
        let pli = theirs[0].as_any().downcast_ref::<PictureLossIndication>().unwrap();
        prop_assert_eq!((pli.sender_ssrc, pli.media_ssrc), (sender, media));
        let fir = theirs[1].as_any().downcast_ref::<FullIntraRequest>().unwrap();
        let read_entries: Vec<_> = fir.fir.iter().map(|one| (one.ssrc, one.sequence_number)).collect();
        prop_assert_eq!(&read_entries, &entries);
        let nack = theirs[2].as_any().downcast_ref::<TransportLayerNack>().unwrap();
        let asked: Vec<u16> = nack.nacks.iter().flat_map(|pair| pair.packet_list()).collect();
        prop_assert_eq!(&asked, &missing.iter().copied().collect::<Vec<_>>());
        let bye = theirs[3].as_any().downcast_ref::<Goodbye>().unwrap();
        prop_assert_eq!((&bye.sources, &bye.reason[..]), (&sources, reason.as_bytes()));

        let ours = read(writer.written());
        prop_assert_eq!(ours[0], RtcpPacket::PictureLoss { sender, media });
        let RtcpPacket::FullIntra { entries: ours_read, .. } = ours[1] else { panic!("{ours:?}") };
        prop_assert_eq!(&ours_read.collect::<Vec<_>>(), &entries);
        let RtcpPacket::Nack { pairs: ours_read, .. } = ours[2] else { panic!("{ours:?}") };
        prop_assert_eq!(ours_read.sequences().collect::<Vec<_>>(), asked);
        let RtcpPacket::Bye(ours_read) = ours[3] else { panic!("{ours:?}") };
        prop_assert_eq!(ours_read.sources.collect::<Vec<_>>(), sources);
        prop_assert_eq!(ours_read.reason, reason.as_bytes());
    }

    /// No bytes make it panic; every iterator ends.
    #[test]
    fn whatever_the_bytes(
        mut datagram in prop::collection::vec(any::<u8>(), 0..120), kind in 200..=207_u8, count in 0..32_u8,
    ) {
        crate::fuzzing::rtcp(&datagram);
        if datagram.len() >= 8 {
            datagram.truncate(datagram.len() / 4 * 4);
            let words = (datagram.len() / 4 - 1) as u8;
            datagram[..4].copy_from_slice(&[0x80 | count, kind, 0, words]);
        }
        crate::fuzzing::rtcp(&datagram);
    }
}

#[test]
fn what_does_not_hold_together_is_refused() {
    let mut memory = [0; 64];
    let mut writer = RtcpWriter::new(&mut memory);
    writer.picture_loss(1, 2).unwrap();
    let pli = writer.written().to_vec();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut packet = pli.clone();
        change(&mut packet);
        Compound::checked(&packet).err()
    };
    assert_eq!(with(&|_| ()), None);
    assert_eq!(with(&|packet| packet.truncate(0)), Some(RtcpError::TooShort));
    assert_eq!(with(&|packet| packet.truncate(11)), Some(RtcpError::TooShort));
    assert_eq!(with(&|packet| packet[0] = 0x41), Some(RtcpError::Version));
    assert_eq!(with(&|packet| packet[1] = 96), Some(RtcpError::Type(96)));
    assert_eq!(with(&|packet| packet[0] |= 0x20), Some(RtcpError::Padding), "2 is no whole word");
    assert_eq!(with(&|packet| packet.push(0x80)), Some(RtcpError::TooShort), "a second one, cut");
    // A report that announces one block more than it has.
    assert_eq!(
        with(&|packet| packet[..2].copy_from_slice(&[0x81, 201])),
        Some(RtcpError::TooShort)
    );
    // Padding before the last packet.
    let padded = [0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4];
    assert!(Compound::checked(&padded).is_ok());
    let both = [&padded[..], &pli].concat();
    assert_eq!(Compound::checked(&both).err(), Some(RtcpError::Padding));
}

#[test]
fn counts_have_bounds() {
    let mut memory = [0; 2_000];
    let mut writer = RtcpWriter::new(&mut memory);
    let blocks = [ReportBlock::default(); 32];
    assert_eq!(writer.receiver_report(1, &blocks), Err(RtcpError::TooMany(32)));
    assert_eq!(writer.bye(&[0; 32], ""), Err(RtcpError::TooMany(32)));
    assert_eq!(writer.nack(1, 2, &[]), Err(RtcpError::TooMany(0)));
    assert_eq!(writer.cname(1, &"n".repeat(256)), Err(RtcpError::TooMany(256)));
    assert!(writer.written().is_empty());
    let mut small = [0; 15];
    let mut writer = RtcpWriter::new(&mut small);
    assert_eq!(writer.picture_loss(1, 2), Ok(()));
    assert_eq!(writer.picture_loss(1, 2), Err(RtcpError::NoRoom(12)));
    assert_eq!(writer.written().len(), 12, "what was there stays");
}

#[test]
fn two_chunks_are_told_apart() {
    // A chunk without items, and one with a name, a note and a name.
    let body =
        [&[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, b'a', b'b', 7, 1, b'n', 1, 1, b'c', 0, 0][..]]
            .concat();
    let packet = [&[0x82, 202, 0, 6][..], &body].concat();
    let RtcpPacket::SourceDescription(chunks) = read(&packet)[0] else { panic!() };
    assert_eq!(chunks.cnames().collect::<Vec<_>>(), [(2, &b"ab"[..]), (2, &b"c"[..])]);
    assert_eq!(chunks.items().count(), 3);
}

#[test]
fn rtcp_is_told_from_rtp() {
    assert!(Compound::is_rtcp(&[0x80, 200]));
    assert!(!Compound::is_rtcp(&[0x80, 96]));
    assert!(!Compound::is_rtcp(&[0x80, 224]));
    assert!(!Compound::is_rtcp(&[0x00, 200]));
    assert!(!Compound::is_rtcp(&[0x80]));
}

/// Ours reads whole datagrams of theirs, byte for byte.
#[test]
fn their_packets_are_read() {
    let packets: Vec<Box<dyn Theirs + Send + Sync>> = vec![
        Box::new(ReceiverReport { ssrc: 9, ..ReceiverReport::default() }),
        Box::new(Goodbye { sources: vec![9], reason: Bytes::from_static(b"end") }),
    ];
    let datagram = rtcp::packet::marshal(&packets).unwrap();
    let ours = read(&datagram);
    assert!(matches!(ours[0], RtcpPacket::ReceiverReport { ssrc: 9, .. }));
    let RtcpPacket::Bye(bye) = ours[1] else { panic!("{ours:?}") };
    assert_eq!((bye.sources.collect::<Vec<_>>(), bye.reason), (vec![9], &b"end"[..]));
    assert!(SenderReport::unmarshal(&mut datagram.clone()).is_err(), "the oracle tells them apart");
}

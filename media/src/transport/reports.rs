//! Sender and receiver reports (RFC 3550 section 6.4) of one end: what it says of what it receives, and what the other end
//! says of what it sends.

use std::{collections::BTreeMap, time::Duration};

use super::{DATAGRAM_MAX, is_rtcp};
use crate::{
    FIXED_LEN, ReceiveStats, Report, ReportBlock, ReportBlocks, RtcpPacket, RtcpWriter, RtpHeader,
    SenderInfo,
};

/// Between two reports.
const EVERY: Duration = Duration::from_secs(1);
/// Streams of one direction: audio, four unmixed, ten sockets, screen sharing, and some to spare.
const STREAMS_MAX: usize = 24;

/// How one stream does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamReport {
    /// Packets that were received, or sent.
    pub packets: u64,
    /// Their payloads' bytes.
    pub bytes: u64,
    /// Packets that did not arrive; fewer than none if more came twice.
    pub lost: i32,
    /// Of these, those between the last two reports, in 256ths of all.
    pub fraction_lost: u8,
    /// Interarrival jitter (RFC 3550 A.8).
    pub jitter: Duration,
    /// From this end to the other and back, of what is sent and was reported.
    pub round_trip: Option<Duration>,
    /// Whether the receiver has reported; what is received reports itself.
    pub reported: bool,
}

#[derive(Debug)]
struct Received {
    clock_rate: u32,
    stats: ReceiveStats,
    packets: u64,
    bytes: u64,
    fraction_lost: u8,
    /// The timestamp that counts for the jitter, and when.
    newest: Option<(u32, Duration)>,
    /// The middle of the NTP time of the last sender report, and when it came.
    sender_report: Option<(u32, Duration)>,
}

#[derive(Debug)]
struct Sent {
    clock_rate: u32,
    packets: u64,
    bytes: u64,
    newest: (u32, Duration),
    reported: Option<(Report, Option<Duration>)>,
}

/// What is reported by one end, and to it.
#[derive(Debug)]
pub(super) struct Reports {
    /// In whose name.
    own: u32,
    /// The canonical name (RFC 3550 section 6.5.1).
    name: String,
    received: BTreeMap<u32, Received>,
    sent: BTreeMap<u32, Sent>,
    due: Option<Duration>,
}

impl Reports {
    pub(super) fn new(own: u32, name: String) -> Self {
        let (received, sent) = (BTreeMap::new(), BTreeMap::new());
        Self { own, name, received, sent, due: None }
    }

    /// A packet of a stream that belongs here. `timed`: its timestamp says when it was made, which that of a key does not.
    pub(super) fn received(
        &mut self,
        now: Duration,
        header: RtpHeader,
        payload: &[u8],
        (clock_rate, timed): (u32, bool),
    ) {
        if self.received.len() >= STREAMS_MAX && !self.received.contains_key(&header.ssrc) {
            return;
        }
        let stream = self.received.entry(header.ssrc).or_insert_with(|| Received {
            clock_rate,
            stats: ReceiveStats::new(clock_rate),
            packets: 0,
            bytes: 0,
            fraction_lost: 0,
            newest: None,
            sender_report: None,
        });
        stream.packets += 1;
        stream.bytes += payload.len() as u64;
        let timestamp = match stream.newest {
            Some((timestamp, at)) if !timed => {
                timestamp.wrapping_add(ticks(now.saturating_sub(at), stream.clock_rate))
            }
            _ => header.timestamp,
        };
        stream.newest = Some((timestamp, now));
        stream.stats.received(now, header.sequence, timestamp);
        self.due.get_or_insert(now + EVERY);
    }

    /// A datagram that goes out.
    pub(super) fn sends(&mut self, now: Duration, datagram: &[u8], clock_rate: impl Fn(u8) -> u32) {
        if is_rtcp(datagram) || datagram.len() < FIXED_LEN {
            return;
        }
        let word = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|n| datagram[at + n]));
        let (timestamp, ssrc) = (word(4), word(8));
        if self.sent.len() >= STREAMS_MAX && !self.sent.contains_key(&ssrc) {
            return;
        }
        let clock_rate = clock_rate(datagram[1] & 0x7f);
        let new = Sent { clock_rate, packets: 0, bytes: 0, newest: (0, now), reported: None };
        let stream = self.sent.entry(ssrc).or_insert(new);
        stream.packets += 1;
        stream.bytes += (datagram.len() - FIXED_LEN) as u64;
        stream.newest = (timestamp, now);
        self.due.get_or_insert(now + EVERY);
    }

    /// A report of the other end. The streams of this end that it speaks of.
    pub(super) fn take(&mut self, now: Duration, packet: RtcpPacket<'_>) -> Vec<u32> {
        let blocks: ReportBlocks<'_> = match packet {
            RtcpPacket::SenderReport { ssrc, info, blocks } => {
                if let Some(stream) = self.received.get_mut(&ssrc) {
                    stream.sender_report = Some(((info.ntp >> 16) as u32, now));
                }
                blocks
            }
            RtcpPacket::ReceiverReport { blocks, .. } => blocks,
            RtcpPacket::SourceDescription(_)
            | RtcpPacket::Bye(_)
            | RtcpPacket::PictureLoss { .. }
            | RtcpPacket::FullIntra { .. }
            | RtcpPacket::Nack { .. }
            | RtcpPacket::Other { .. } => return Vec::new(),
        };
        let mut spoken_of = Vec::new();
        for block in blocks {
            let Some(stream) = self.sent.get_mut(&block.ssrc) else { continue };
            let way = (ntp(now) >> 16) as u32;
            let way = way.wrapping_sub(block.last_sender_report);
            let way = way.wrapping_sub(block.delay_since_last);
            // Clocks that disagree make it negative.
            let known = block.last_sender_report != 0 && way < 1 << 31;
            let round_trip =
                known.then(|| Duration::from_nanos((u64::from(way) * 1_000_000_000) >> 16));
            stream.reported = Some((block.report, round_trip));
            spoken_of.push(block.ssrc);
        }
        spoken_of
    }

    /// The report that is due, if there is one.
    pub(super) fn transmit(&mut self, now: Duration, out: impl FnOnce(&[u8])) {
        if self.due.is_none_or(|due| due > now) {
            return;
        }
        self.due = Some(now + EVERY);
        let mut buffer = [0; DATAGRAM_MAX];
        let mut writer = RtcpWriter::new(&mut buffer);
        let blocks: Vec<ReportBlock> =
            self.received.iter_mut().map(|(ssrc, stream)| stream.block(*ssrc, now)).collect();
        // What is received is said once, in the first packet.
        let mut blocks = Some(&blocks[..]);
        for (ssrc, stream) in &self.sent {
            let said = blocks.take().unwrap_or_default();
            // At most 24 of each fit.
            let _ = writer.sender_report(*ssrc, stream.info(now), said);
        }
        if let Some(blocks) = blocks {
            let _ = writer.receiver_report(self.own, blocks);
        }
        let _ = writer.cname(self.own, &self.name);
        out(writer.written());
    }

    pub(super) const fn next_deadline(&self) -> Option<Duration> {
        self.due
    }

    /// How a stream of the other end arrives.
    pub(super) fn from(&self, ssrc: u32) -> StreamReport {
        let Some(stream) = self.received.get(&ssrc) else { return StreamReport::default() };
        StreamReport {
            packets: stream.packets,
            bytes: stream.bytes,
            lost: stream.stats.cumulative_lost(),
            fraction_lost: stream.fraction_lost,
            jitter: time(stream.stats.jitter(), stream.clock_rate),
            round_trip: None,
            reported: true,
        }
    }

    /// How a stream of this end arrives, as the other end says.
    pub(super) fn to(&self, ssrc: u32) -> StreamReport {
        let Some(stream) = self.sent.get(&ssrc) else { return StreamReport::default() };
        let (report, round_trip) = stream.reported.unwrap_or_default();
        StreamReport {
            packets: stream.packets,
            bytes: stream.bytes,
            lost: report.cumulative_lost,
            fraction_lost: report.fraction_lost,
            jitter: time(report.jitter, stream.clock_rate),
            round_trip,
            reported: stream.reported.is_some(),
        }
    }
}

impl Received {
    fn block(&mut self, ssrc: u32, now: Duration) -> ReportBlock {
        let report = self.stats.report();
        self.fraction_lost = report.fraction_lost;
        let (last_sender_report, since) = self.sender_report.unwrap_or((0, now));
        let delay_since_last = ticks(now.saturating_sub(since), 1 << 16);
        ReportBlock { ssrc, report, last_sender_report, delay_since_last }
    }
}

impl Sent {
    fn info(&self, now: Duration) -> SenderInfo {
        let (timestamp, at) = self.newest;
        SenderInfo {
            ntp: ntp(now),
            rtp_timestamp: timestamp.wrapping_add(ticks(now.saturating_sub(at), self.clock_rate)),
            packets: self.packets as u32,
            octets: self.bytes as u32,
        }
    }
}

/// Seconds as 32.32 fixed point, counted from anywhere: each end compares its own only.
fn ntp(now: Duration) -> u64 {
    (now.as_secs() << 32) | ((u64::from(now.subsec_nanos()) << 32) / 1_000_000_000)
}

fn ticks(time: Duration, rate: u32) -> u32 {
    (time.as_nanos() * u128::from(rate) / 1_000_000_000) as u32
}

fn time(ticks: u32, rate: u32) -> Duration {
    Duration::from_nanos(u64::from(ticks) * 1_000_000_000 / u64::from(rate.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Compound, RtpPacket};

    fn packet(ssrc: u32, sequence: u16) -> Vec<u8> {
        let timestamp = u32::from(sequence) * 320;
        let header = RtpHeader { marker: false, payload_type: 96, sequence, timestamp, ssrc };
        [&header.to_bytes()[..], &[0; 100]].concat()
    }

    /// What one end says of the other's packets is what arrived, and the way there and back is as long as it is.
    #[test]
    fn each_end_learns_how_it_arrives() {
        let ms = Duration::from_millis;
        let (mut one, mut other) = (Reports::new(1, "one".into()), Reports::new(2, "b".into()));
        let mut on_the_way: Vec<(Duration, bool, Vec<u8>)> = Vec::new();
        for n in 0..300_u16 {
            let now = ms(20) * u32::from(n);
            let (arrived, later) = on_the_way.into_iter().partition(|(at, ..)| *at <= now);
            on_the_way = later;
            for (at, to_one, bytes) in arrived {
                let end = if to_one { &mut one } else { &mut other };
                for packet in Compound::new(&bytes) {
                    end.take(at, packet.unwrap());
                }
            }
            let sent = packet(1, n);
            one.sends(now, &sent, |_| 16_000);
            if n % 10 != 5 {
                let read = RtpPacket::parse(&sent).unwrap();
                other.received(now + ms(30), read.header, read.payload, (16_000, true));
            }
            one.transmit(now, |bytes| on_the_way.push((now + ms(40), false, bytes.to_vec())));
            other.transmit(now, |bytes| on_the_way.push((now + ms(80), true, bytes.to_vec())));
        }
        let (here, there) = (other.from(1), one.to(1));
        assert_eq!((here.packets, here.lost, here.bytes), (270, 30, 27_000));
        assert!((24..=27).contains(&there.fraction_lost) && there.reported, "{there:?}");
        assert!((20..30).contains(&there.lost), "{there:?}");
        let way = there.round_trip.expect("it is known");
        assert!(way >= ms(119) && way <= ms(121), "{way:?}");
        assert_eq!(here.jitter, Duration::ZERO);
        assert_eq!((one.from(2), other.to(1)), Default::default(), "nothing came the other way");
    }

    #[test]
    fn keys_are_no_jitter_and_strangers_do_not_fill_it() {
        let mut reports = Reports::new(1, String::new());
        for n in 0..50_u16 {
            let now = Duration::from_millis(20) * u32::from(n);
            let read = packet(7, n);
            let read = RtpPacket::parse(&read).unwrap();
            let timestamp = if n > 20 { 20 * 320 } else { read.header.timestamp };
            let header = RtpHeader { timestamp, ..read.header };
            reports.received(now, header, &[], (16_000, n <= 20));
        }
        assert_eq!(reports.from(7).jitter, Duration::ZERO);
        for ssrc in 0..100 {
            let header = RtpPacket::parse(&packet(ssrc, 1)).unwrap().header;
            reports.received(Duration::ZERO, header, &[], (16_000, true));
            reports.sends(Duration::ZERO, &packet(ssrc, 1), |_| 16_000);
        }
        assert_eq!((reports.received.len(), reports.sent.len()), (STREAMS_MAX, STREAMS_MAX));
        let mut written = 0;
        reports.transmit(EVERY, |bytes| written = bytes.len());
        assert!(written > STREAMS_MAX * (28 + 24) && written <= DATAGRAM_MAX, "{written}");
    }
}

//! Video at the platform's end: packets go through, nothing is decoded.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use super::{
    super::{PT_VIDEO, rtcp},
    Announced, Dropped, Leg, SHARING, VideoChannel, channels,
};
use crate::{Bandwidth, BandwidthEstimate, EstimateConfig, RtpHeader, RtpPacket};

/// Packets of the bot that wait to be fetched: a frame of 1 MiB, twice.
const WAITING_MAX: usize = 2_048;
/// Ticks of the RTP clock between two streams on one socket: a frame at 30 Hz.
const BETWEEN: u32 = 3_000;

/// Reports that have to be good before more is sent again.
const PATIENCE: usize = 5;
/// What is taken to be carried at the least, in bits a second: the smallest picture that people send.
const CARRIED_MIN: u32 = 200_000;

/// What the way to the bot carries, as its reports say.
#[derive(Debug)]
struct Carried {
    estimate: BandwidthEstimate,
    /// After the last few reports.
    latest: VecDeque<u32>,
}

/// Packets of one session's video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VideoCounts {
    /// From the bot.
    pub received: u64,
    /// To the bot.
    pub sent: u64,
    /// From the bot, lost here because nobody fetched them.
    pub lost: u64,
}

/// What is on its way, and where the streams to the bot are.
#[derive(Debug, Default)]
pub(super) struct VideoLegs {
    waiting: VecDeque<(i8, Vec<u8>)>,
    spare: Vec<Vec<u8>>,
    streams: BTreeMap<i8, Stream>,
    carried: BTreeMap<i8, Carried>,
    counts: VideoCounts,
}

/// One stream to the bot: whatever comes on a socket, its numbers go on.
#[derive(Debug, Clone, Copy, Default)]
struct Stream {
    newest: Option<(u16, u32)>,
    /// What is added to sequence numbers and timestamps.
    offset: (u16, u32),
    /// The next packet is the first of something else.
    fresh: bool,
}

impl Stream {
    fn header(&mut self, header: RtpHeader) -> RtpHeader {
        if std::mem::take(&mut self.fresh) {
            self.offset = match self.newest {
                None => (0, 0),
                Some((sequence, timestamp)) => (
                    sequence.wrapping_add(1).wrapping_sub(header.sequence),
                    timestamp.wrapping_add(BETWEEN).wrapping_sub(header.timestamp),
                ),
            };
        }
        let sequence = header.sequence.wrapping_add(self.offset.0);
        let timestamp = header.timestamp.wrapping_add(self.offset.1);
        let newer = |(newest, _): (u16, u32)| (1..0x8000).contains(&sequence.wrapping_sub(newest));
        if self.newest.is_none_or(newer) {
            self.newest = Some((sequence, timestamp));
        }
        RtpHeader { sequence, timestamp, payload_type: PT_VIDEO, ..header }
    }
}

impl Announced {
    /// The SSRC of a video socket; -1 is screen sharing.
    pub fn ssrc(&self, socket: i8) -> Option<u32> {
        match usize::try_from(socket) {
            Ok(place) => self.video.get(place).copied(),
            Err(_) => self.screen_sharing.filter(|_| socket == SHARING),
        }
    }

    /// The video socket of an SSRC.
    pub fn socket(&self, ssrc: u32) -> Option<i8> {
        let mut sockets =
            (0_i8..).zip(&self.video).chain(self.screen_sharing.iter().map(|one| (SHARING, one)));
        sockets.find_map(|(id, one)| (*one == ssrc).then_some(id))
    }
}

impl Leg {
    /// What the bot declared of a video socket; -1 is screen sharing.
    pub fn video_channel(&self, socket: i8) -> Option<&VideoChannel> {
        channels(&self.blob).find_map(|(id, channel)| (id == socket).then_some(channel))
    }

    /// Packets of video so far.
    pub const fn video_counts(&self) -> VideoCounts {
        self.videos.counts
    }

    /// What a video socket carries in bits a second, as the bot's reports say; down at once, up after five good reports.
    /// None: there was no report.
    pub fn video_estimate(&self, socket: i8) -> Option<u32> {
        self.videos.carried.get(&socket)?.latest.iter().copied().min()
    }

    /// The bot has reported on a stream to it.
    pub(super) fn estimate(&mut self, now: Duration, ssrc: u32) {
        let Some(socket) = self.announced.socket(ssrc) else { return };
        let report = self.reports.to(ssrc);
        let carried = self.videos.carried.entry(socket).or_insert_with(|| {
            let defaults = EstimateConfig::default();
            let bounds = Bandwidth { min: CARRIED_MIN, ..defaults.bounds };
            let config = EstimateConfig { bounds, ..defaults };
            Carried { estimate: BandwidthEstimate::new(config), latest: VecDeque::new() }
        });
        carried.estimate.report(now, report.fraction_lost, report.jitter);
        if carried.latest.len() >= PATIENCE {
            carried.latest.pop_front();
        }
        carried.latest.push_back(carried.estimate.bits_per_second());
    }

    pub(super) fn take_video(
        &mut self,
        packet: &RtpPacket<'_>,
        datagram: &[u8],
    ) -> Result<(), Dropped> {
        let ssrc = packet.header.ssrc;
        let declared = channels(&self.blob).find(|(_, channel)| channel.ssrc == ssrc);
        let (socket, channel) = declared.ok_or(Dropped::Ssrc)?;
        if !self.active || !channel.direction.sends() {
            return Err(Dropped::Inactive);
        }
        if packet.header.payload_type != PT_VIDEO || packet.payload.is_empty() {
            return Err(Dropped::Kind);
        }
        let VideoLegs { waiting, spare, counts, .. } = &mut self.videos;
        counts.received += 1;
        if waiting.len() >= WAITING_MAX {
            counts.lost += 1;
            spare.extend(waiting.pop_front().map(|(_, bytes)| bytes));
        }
        let mut bytes = spare.pop().unwrap_or_default();
        bytes.clear();
        bytes.extend(datagram);
        waiting.push_back((socket, bytes));
        Ok(())
    }

    /// Hands out the packets of video that have come from the bot, each with its socket.
    pub fn drain_video(&mut self, mut take: impl FnMut(i8, &RtpPacket<'_>)) {
        while let Some((socket, bytes)) = self.videos.waiting.pop_front() {
            // They were read when they came.
            if let Ok(packet) = RtpPacket::parse(&bytes) {
                take(socket, &packet);
            }
            self.videos.spare.push(bytes);
        }
    }

    /// Another stream begins on a socket: its numbers go on where those of the last one ended.
    pub fn begin_video(&mut self, socket: i8) {
        self.videos.streams.entry(socket).or_default().fresh = true;
    }

    /// Sends the bot a packet on a video socket, with numbers as in `header`; the SSRC is the announced one. Nothing while
    /// media does not flow there, and nothing before the bot has been heard of. Whether it was sent.
    pub fn send_video_packet(&mut self, socket: i8, header: RtpHeader, payload: &[u8]) -> bool {
        let receives = self.video_channel(socket).is_some_and(|one| one.direction.receives());
        let Some(ssrc) = self.announced.ssrc(socket) else { return false };
        if self.heard_at.is_none() || !self.active || !receives {
            return false;
        }
        let stream = self.videos.streams.entry(socket).or_default();
        let header = stream.header(RtpHeader { ssrc, ..header });
        let packet = self.out.push();
        packet.extend(header.to_bytes());
        packet.extend(payload);
        self.videos.counts.sent += 1;
        true
    }

    /// Asks the bot for a key frame of what it sends on a socket; whether it sends there.
    pub fn want_key_frame(&mut self, socket: i8) -> bool {
        let sends = self.video_channel(socket).filter(|one| one.direction.sends());
        let may = self.active && self.heard_at.is_some();
        let Some(media) = sends.map(|one| one.ssrc).filter(|_| may) else { return false };
        rtcp::write_picture_loss(self.announced.audio, media, self.out.push());
        true
    }
}

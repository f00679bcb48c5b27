//! Video at the bot's end: a socket for each that the blob declares, and what was asked of the platform.

use std::{collections::BTreeMap, time::Duration};

use thiserror::Error;

use super::{Blob, Message, PT_VIDEO, SHARING, VideoChannel, audio::Outbox, rtcp};
use crate::{
    AssembledFrame, AssemblerConfig, AssemblerStats, FrameAssembler, MAX_PAYLOAD, PacketSlab,
    PacketizeError, Packetizer, RtpPacket,
};

/// The longest frame, in bytes of Annex B.
const FRAME_MAX: usize = 1 << 20;
/// How often the platform is asked until it answers.
const ASKED_EVERY: Duration = Duration::from_millis(500);
/// How many times.
const ASKED_MAX: u32 = 20;
/// Packets that a frame may need beyond those that its length does: short units have packets of their own.
const SLOTS_MORE: usize = 32;

/// A frame cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VideoError {
    /// The blob declares no such socket.
    #[error("there is no video socket {0}")]
    UnknownSocket(i8),
    /// More than a frame may have.
    #[error("a frame of {0} bytes; at most 1 MiB are sent")]
    TooLong(usize),
    /// No frame that a call carries.
    #[error(transparent)]
    Packets(#[from] PacketizeError),
}

/// One socket.
#[derive(Debug)]
struct Socket {
    /// The SSRC on which the platform sends, once it has said so.
    theirs: Option<u32>,
    /// The SSRC on which the bot sends.
    ours: u32,
    assembler: FrameAssembler,
    packetizer: Packetizer,
}

/// A request that the platform has not answered.
#[derive(Debug)]
struct Ask {
    message: Message,
    /// When it is sent again; at once in the beginning.
    at: Option<Duration>,
    times: u32,
}

/// All sockets of a call; screen sharing is [`SHARING`].
#[derive(Debug)]
pub(super) struct Videos {
    /// In whose name the bot asks.
    sender: u32,
    sockets: BTreeMap<i8, Socket>,
    asks: BTreeMap<i8, Ask>,
    slab: PacketSlab,
}

/// The declared channels with their socket ids.
pub(super) fn channels(blob: &Blob) -> impl Iterator<Item = (i8, &VideoChannel)> {
    let sharing = blob.screen_sharing.iter().map(|channel| (SHARING, channel));
    (0_i8..).zip(&blob.video).chain(sharing)
}

impl Socket {
    fn new(channel: &VideoChannel) -> Self {
        let config = AssemblerConfig { max_frame_len: FRAME_MAX, ..AssemblerConfig::default() };
        Self {
            theirs: None,
            ours: channel.ssrc,
            assembler: FrameAssembler::new(config),
            packetizer: Packetizer::new(channel.ssrc, PT_VIDEO, 0),
        }
    }
}

impl Videos {
    pub(super) fn new(blob: &Blob) -> Self {
        let sockets = channels(blob).map(|(id, channel)| (id, Socket::new(channel))).collect();
        let (asks, slab) = (BTreeMap::new(), PacketSlab::new(0, 0));
        Self { sender: blob.audio.ssrc, sockets, asks, slab }
    }

    /// The platform has said on which SSRCs it sends.
    pub(super) fn announced(&mut self, video: &[u32], sharing: Option<u32>) {
        let ssrcs = (0_i8..).zip(video.iter().copied()).chain(sharing.map(|ssrc| (SHARING, ssrc)));
        for (id, ssrc) in ssrcs {
            if let Some(socket) = self.sockets.get_mut(&id) {
                socket.theirs = Some(ssrc);
            }
        }
    }

    /// A packet of the platform. None: of no SSRC that it announced; false: of another kind.
    pub(super) fn push(&mut self, now: Duration, packet: &RtpPacket<'_>) -> Option<bool> {
        let of = |socket: &&mut Socket| socket.theirs == Some(packet.header.ssrc);
        let socket = self.sockets.values_mut().find(of)?;
        let right = packet.header.payload_type == PT_VIDEO;
        if right {
            socket.assembler.push(now, packet);
        }
        Some(right)
    }

    /// The next whole frame of any socket.
    pub(super) fn poll(&mut self, now: Duration) -> Option<(i8, AssembledFrame<'_>)> {
        let sockets = self.sockets.iter_mut();
        sockets.filter_map(|(id, socket)| Some((*id, socket.assembler.poll(now)?))).next()
    }

    /// The socket that sends on this SSRC.
    pub(super) fn sends_on(&self, ssrc: u32) -> Option<i8> {
        self.sockets.iter().find_map(|(id, socket)| (socket.ours == ssrc).then_some(*id))
    }

    /// Puts a frame into packets.
    pub(super) fn send(
        &mut self,
        id: i8,
        annex_b: &[u8],
        timestamp: u32,
        out: &mut Outbox,
    ) -> Result<(), VideoError> {
        let socket = self.sockets.get_mut(&id).ok_or(VideoError::UnknownSocket(id))?;
        if annex_b.len() > FRAME_MAX {
            return Err(VideoError::TooLong(annex_b.len()));
        }
        let slots = annex_b.len() / (MAX_PAYLOAD - 2) + SLOTS_MORE;
        if self.slab.byte_capacity() < slots * socket.packetizer.slot_len() {
            self.slab = PacketSlab::new(slots, socket.packetizer.slot_len());
        }
        self.slab.clear();
        socket.packetizer.packetize(annex_b, timestamp, &mut self.slab)?;
        for packet in self.slab.iter() {
            out.push().extend(packet);
        }
        Ok(())
    }

    /// Asks the platform for something, again and again; the latest wish of a socket counts.
    pub(super) fn ask(&mut self, id: i8, message: Message) {
        self.asks.insert(id, Ask { message, at: None, times: 0 });
    }

    /// The platform has said what will come on a socket.
    pub(super) fn subscribed(&mut self, id: i8, source: Option<u32>) {
        let answered = match self.asks.get(&id).map(|ask| &ask.message) {
            Some(Message::Subscribe { source_id, .. }) => {
                source.is_none() || source_id.is_none() || *source_id == source
            }
            Some(_) => source.is_none(),
            None => false,
        };
        if answered {
            self.asks.remove(&id);
        }
    }

    /// The platform does not do what was asked.
    pub(super) fn refused(&mut self, what: &str) {
        self.asks.retain(|_, ask| what_of(&ask.message) != what);
    }

    /// The application wants a key frame; whether there is such a socket.
    pub(super) fn want_key_frame(&mut self, id: i8) -> bool {
        let socket = self.sockets.get_mut(&id);
        socket.map(|socket| socket.assembler.want_key_frame()).is_some()
    }

    /// What is to be asked by now. Answers what has been asked in vain often enough.
    pub(super) fn transmit(&mut self, now: Duration, out: &mut Outbox) -> Vec<String> {
        let mut in_vain = Vec::new();
        self.asks.retain(|_, ask| {
            if ask.at.is_some_and(|at| at > now) {
                return true;
            }
            if ask.times >= ASKED_MAX {
                in_vain.push(what_of(&ask.message));
                return false;
            }
            (ask.at, ask.times) = (Some(now + ASKED_EVERY), ask.times + 1);
            out.push().extend(ask.message.to_packet(self.sender));
            true
        });
        for socket in self.sockets.values_mut() {
            if let Some(theirs) = socket.theirs
                && socket.assembler.poll_key_frame_request(now)
            {
                rtcp::write_picture_loss(self.sender, theirs, out.push());
            }
        }
        in_vain
    }

    pub(super) fn next_deadline(&self) -> Option<Duration> {
        let asks = self.asks.values().map(|ask| ask.at.unwrap_or_default());
        let sockets = self.sockets.values().filter_map(|socket| socket.assembler.poll_timeout());
        asks.chain(sockets).min()
    }

    pub(super) fn stats(&self, id: i8) -> Option<AssemblerStats> {
        self.sockets.get(&id).map(|socket| socket.assembler.stats())
    }
}

/// A request as [`Message::Refused`] names it.
pub(super) fn what_of(message: &Message) -> String {
    match message {
        Message::Subscribe { socket, .. } => format!("subscribe {socket}"),
        Message::Unsubscribe { socket } => format!("unsubscribe {socket}"),
        Message::Limit { socket, .. } => format!("limit {socket}"),
        Message::Session { .. }
        | Message::Ready { .. }
        | Message::Status { .. }
        | Message::DominantSpeaker { .. }
        | Message::Subscribed { .. }
        | Message::Quality { .. }
        | Message::Refused { .. } => String::new(),
    }
}

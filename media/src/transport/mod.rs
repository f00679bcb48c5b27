//! The open media transport between a bot and the fake platform: docs/media-transport.md is what it follows.
//!
//! Both ends are here, sans-IO: [`BotMedia`] for whoever writes a bot, [`Leg`] for the platform. Datagrams and the time go
//! in, datagrams and events come out.

mod app;
mod audio;
mod blob;
mod bot;
mod drops;
mod leg;
mod outgoing;
mod reports;
mod rtcp;
mod stereo;
mod video;

pub use app::{AppError, Channel, Flow, Message, PAYLOAD_MAX};
pub use audio::{AudioReport, CONTRIBUTING_MAX};
pub use blob::{
    AudioChannel, AudioFormat, Blob, BlobError, Direction, Receive, VideoChannel, VideoSend,
};

pub use bot::{BotEvent, BotMedia};
pub use drops::{Dropped, Drops};
pub use leg::{Announced, Leg, VideoCounts, Wish};
pub use outgoing::Outgoing;
pub use reports::StreamReport;
pub use video::VideoError;

/// What a datagram may hold, in bytes: what is left of an Ethernet frame behind the headers of IPv6 and UDP.
pub const DATAGRAM_MAX: usize = 1_452;
/// Payload type of mono audio at 16 kHz.
pub const PT_AUDIO: u8 = 96;
/// Payload type of stereo audio at 44.1 kHz.
pub const PT_STEREO: u8 = 97;
/// Payload type of keys (RFC 4733).
pub const PT_EVENT: u8 = 101;
/// Payload type of H.264 (RFC 6184).
pub const PT_VIDEO: u8 = 102;
/// Video sockets of one call.
pub const VIDEO_SOCKETS_MAX: usize = 10;
/// Screen sharing, where a video socket is named.
pub const SHARING: i8 = -1;
/// Streams of unmixed audio: the loudest that are heard apart.
pub const UNMIXED_MAX: usize = 4;
/// Nobody, as a media source id.
pub const NOBODY: u32 = u32::MAX;

/// Whether a datagram is RTCP, and not RTP (RFC 5761 section 4).
pub fn is_rtcp(datagram: &[u8]) -> bool {
    datagram.get(1).is_some_and(|kind| (192..=223).contains(kind))
}

/// The SSRC of the sender of a datagram, of either kind (RFC 3550 sections 5.1 and 6.4); none if it is too short.
pub fn ssrc_of(datagram: &[u8]) -> Option<u32> {
    let at = if is_rtcp(datagram) { 4 } else { 8 };
    Some(u32::from_be_bytes(*datagram.get(at..)?.first_chunk()?))
}

/// Units of the timestamp in a second, by the payload type.
const fn clock_rate(payload_type: u8) -> u32 {
    match payload_type {
        PT_VIDEO => 90_000,
        PT_STEREO => 44_100,
        _ => crate::SAMPLE_RATE,
    }
}

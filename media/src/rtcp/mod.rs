//! RTCP (RFC 3550 section 6), with the feedback of RFC 4585 and RFC 5104: compound packets read in
//! place and written into memory that is there.

mod feedback;
mod read;
mod report;
mod write;

pub use feedback::{FullIntraEntries, NackPairs, NackSequences, nack_pairs};
pub use read::{Bye, Chunks, Compound, RtcpPacket, SdesItem, Sources};
pub use report::{ReportBlock, ReportBlocks, SenderInfo};
pub use write::RtcpWriter;

use thiserror::Error;

/// Sender report.
const SENDER_REPORT: u8 = 200;
/// Receiver report.
const RECEIVER_REPORT: u8 = 201;
/// Source description.
const SOURCE_DESCRIPTION: u8 = 202;
/// Goodbye.
const GOODBYE: u8 = 203;
/// Transport layer feedback (RFC 4585 section 6.2).
const TRANSPORT_FEEDBACK: u8 = 205;
/// Payload-specific feedback (RFC 4585 section 6.3).
const PAYLOAD_FEEDBACK: u8 = 206;
/// The formats of feedback.
const GENERIC_NACK: u8 = 1;
const PICTURE_LOSS: u8 = 1;
const FULL_INTRA: u8 = 4;
/// The SDES item of the canonical name.
const CNAME: u8 = 1;
/// Entries that the five bits of a header's count can say.
const MAX_COUNT: usize = 31;

/// Not RTCP, or not to be written as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RtcpError {
    /// Shorter than a header, than its length field, or than its count says.
    #[error("the packet is shorter than it says")]
    TooShort,
    /// Another version than 2.
    #[error("the RTCP version is not 2")]
    Version,
    /// Not the type of an RTCP packet, 192 to 223 (RFC 5761 section 4).
    #[error("{0} is not the type of an RTCP packet")]
    Type(u8),
    /// Padding that is zero, no multiple of four, longer than the packet, or not in the last packet.
    #[error("the padding is impossible")]
    Padding,
    /// More entries than a packet can hold.
    #[error("{0} entries; a packet holds fewer")]
    TooMany(usize),
    /// Does not fit into the memory given.
    #[error("no room for {0} bytes")]
    NoRoom(usize),
}

/// A 32-bit number in network order; zero behind the end.
fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.first_chunk()).copied().map_or(0, u32::from_be_bytes)
}

#[cfg(test)]
mod tests;

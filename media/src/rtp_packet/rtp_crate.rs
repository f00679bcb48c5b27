//! The public edge to the `rtp` crate's packets: the only file of the library that names them.

use bytes::Bytes;
use rtp::{header::Header, packet::Packet};
use thiserror::Error;

use crate::{RtpHeader, RtpPacket};

/// A packet of the `rtp` crate that is not one on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RtpCrateError {
    /// Another version than 2.
    #[error("the RTP version is {0}, not 2")]
    Version(u8),
    /// Payload types have 7 bits.
    #[error("{0} is not a payload type, 0 to 127 are")]
    PayloadType(u8),
}

impl From<RtpHeader> for Header {
    fn from(header: RtpHeader) -> Self {
        Self {
            version: 2,
            marker: header.marker,
            payload_type: header.payload_type,
            sequence_number: header.sequence,
            timestamp: header.timestamp,
            ssrc: header.ssrc,
            ..Self::default()
        }
    }
}

impl From<RtpPacket<'_>> for Packet {
    /// Copies the payload.
    fn from(packet: RtpPacket<'_>) -> Self {
        Self { header: packet.header.into(), payload: Bytes::copy_from_slice(packet.payload) }
    }
}

impl TryFrom<&Header> for RtpHeader {
    type Error = RtpCrateError;

    /// CSRCs and extensions are left behind.
    fn try_from(header: &Header) -> Result<Self, RtpCrateError> {
        if header.version != 2 {
            return Err(RtpCrateError::Version(header.version));
        }
        if header.payload_type > 0x7f {
            return Err(RtpCrateError::PayloadType(header.payload_type));
        }
        Ok(Self {
            marker: header.marker,
            payload_type: header.payload_type,
            sequence: header.sequence_number,
            timestamp: header.timestamp,
            ssrc: header.ssrc,
        })
    }
}

impl<'a> TryFrom<&'a Packet> for RtpPacket<'a> {
    type Error = RtpCrateError;

    /// Borrows the payload.
    fn try_from(packet: &'a Packet) -> Result<Self, RtpCrateError> {
        Ok(Self { header: (&packet.header).try_into()?, payload: &packet.payload })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let header =
            RtpHeader { marker: true, payload_type: 127, sequence: 1, timestamp: 2, ssrc: 3 };
        let ours = RtpPacket { header, payload: &[4, 5] };
        let mut theirs = Packet::from(ours);
        assert_eq!(RtpPacket::try_from(&theirs), Ok(ours));
        theirs.header.payload_type = 128;
        assert_eq!(RtpPacket::try_from(&theirs), Err(RtpCrateError::PayloadType(128)));
        theirs.header.version = 1;
        assert_eq!(RtpPacket::try_from(&theirs), Err(RtpCrateError::Version(1)));
    }
}

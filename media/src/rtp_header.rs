//! RTP headers (RFC 3550 section 5.1), read and written in place, without allocating.

use thiserror::Error;

/// Bytes of a header without CSRCs and extension.
pub const FIXED_LEN: usize = 12;

/// The fixed part of a header, as far as a receiver needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpHeader {
    /// The marker bit.
    pub marker: bool,
    /// The payload type, 0 to 127.
    pub payload_type: u8,
    /// The sequence number.
    pub sequence: u16,
    /// The timestamp, in units of the payload's clock rate.
    pub timestamp: u32,
    /// The synchronisation source.
    pub ssrc: u32,
}

/// A packet, split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpPacket<'a> {
    /// Its header.
    pub header: RtpHeader,
    /// Its payload, without padding.
    pub payload: &'a [u8],
}

/// Not an RTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RtpError {
    /// Shorter than its header says.
    #[error("the packet is shorter than its header says")]
    TooShort,
    /// Another version than 2.
    #[error("the RTP version is not 2")]
    Version,
    /// The padding is longer than the payload, or zero.
    #[error("the padding is impossible")]
    Padding,
}

impl<'a> RtpPacket<'a> {
    /// Splits a datagram.
    ///
    /// # Errors
    /// See [`RtpError`]; never panics, whatever the bytes are.
    #[inline]
    pub fn parse(datagram: &'a [u8]) -> Result<Self, RtpError> {
        let (fixed, rest) = datagram.split_at_checked(FIXED_LEN).ok_or(RtpError::TooShort)?;
        let [b0, b1, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] =
            *<&[u8; FIXED_LEN]>::try_from(fixed).map_err(|_| RtpError::TooShort)?;
        if b0 >> 6 != 2 {
            return Err(RtpError::Version);
        }
        let csrcs = usize::from(b0 & 0x0f) * 4;
        let mut payload = rest.get(csrcs..).ok_or(RtpError::TooShort)?;
        if b0 & 0x10 != 0 {
            let (head, after) = payload.split_at_checked(4).ok_or(RtpError::TooShort)?;
            let words = usize::from(u16::from_be_bytes([head[2], head[3]]));
            payload = after.get(words * 4..).ok_or(RtpError::TooShort)?;
        }
        if b0 & 0x20 != 0 {
            let padding = usize::from(*payload.last().ok_or(RtpError::Padding)?);
            let kept = payload.len().checked_sub(padding).filter(|_| padding > 0);
            payload = &payload[..kept.ok_or(RtpError::Padding)?];
        }
        let header = RtpHeader {
            marker: b1 & 0x80 != 0,
            payload_type: b1 & 0x7f,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
        };
        Ok(Self { header, payload })
    }
}

impl RtpHeader {
    /// The header's bytes: no CSRC, no extension, no padding.
    #[inline]
    pub fn to_bytes(self) -> [u8; FIXED_LEN] {
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.to_be_bytes();
        let [c0, c1, c2, c3] = self.ssrc.to_be_bytes();
        let b1 = u8::from(self.marker) << 7 | self.payload_type & 0x7f;
        [0x80, b1, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3]
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;
    use webrtc_util::marshal::{Marshal as _, Unmarshal as _};

    use super::*;

    fn by_the_oracle(datagram: &[u8]) -> Option<rtp::packet::Packet> {
        rtp::packet::Packet::unmarshal(&mut Bytes::copy_from_slice(datagram)).ok()
    }

    proptest! {
        /// What we write, the `rtp` crate reads as we meant it, and the other way round.
        #[test]
        fn agrees_with_the_rtp_crate(
            marker: bool, payload_type in 0..128_u8, sequence: u16, timestamp: u32, ssrc: u32,
            csrc in prop::collection::vec(any::<u32>(), 0..15),
            payload in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            let header = RtpHeader { marker, payload_type, sequence, timestamp, ssrc };
            let datagram = [&header.to_bytes()[..], &payload].concat();
            let read = by_the_oracle(&datagram).unwrap();
            prop_assert_eq!(read.header.sequence_number, sequence);
            prop_assert_eq!(read.header.marker, marker);
            prop_assert_eq!(read.header.ssrc, ssrc);
            prop_assert_eq!(&read.payload[..], &payload[..]);
            let mut theirs = read;
            theirs.header.csrc = csrc;
            let written = theirs.marshal().unwrap();
            let ours = RtpPacket::parse(&written).unwrap();
            prop_assert_eq!(ours.header, header);
            prop_assert_eq!(ours.payload, &payload[..]);
        }

        /// No bytes make it panic, and where both read a packet they read the same.
        #[test]
        fn whatever_the_bytes(mut datagram in prop::collection::vec(any::<u8>(), 0..80), two: bool) {
            if two && let Some(first) = datagram.first_mut() {
                *first = *first & 0x3f | 0x80;
            }
            if let Ok(ours) = RtpPacket::parse(&datagram)
                && let Some(theirs) = by_the_oracle(&datagram)
            {
                prop_assert_eq!(ours.header.timestamp, theirs.header.timestamp);
                prop_assert_eq!(ours.payload, &theirs.payload[..]);
            }
        }
    }

    #[test]
    fn impossible_padding_is_refused() {
        let header =
            RtpHeader { marker: false, payload_type: 0, sequence: 1, timestamp: 2, ssrc: 3 };
        let with = |tail: &[u8]| {
            let mut datagram = [&header.to_bytes()[..], tail].concat();
            datagram[0] |= 0x20;
            RtpPacket::parse(&datagram).map(|packet| packet.payload.len())
        };
        assert_eq!(with(&[9, 9, 2]), Ok(1));
        assert_eq!(with(&[9, 0]), Err(RtpError::Padding));
        assert_eq!(with(&[9, 4]), Err(RtpError::Padding));
        assert_eq!(with(&[]), Err(RtpError::Padding));
        assert_eq!(RtpPacket::parse(&[0x80; 11]), Err(RtpError::TooShort));
    }
}

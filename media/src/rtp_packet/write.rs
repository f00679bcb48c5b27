//! Writes RTP packets into memory that is there already (RFC 3550 section 5.1).

use thiserror::Error;

use crate::{FIXED_LEN, RtpError, RtpHeader};

/// The place given is too small for what is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{needed} bytes do not fit into {given}")]
pub struct NoRoom {
    /// Bytes that are needed.
    pub needed: usize,
    /// Bytes that there are.
    pub given: usize,
}

impl RtpHeader {
    /// Writes the header and `payload` to the front of `slot`; answers the packet's bytes.
    ///
    /// No CSRC, no extension, no padding.
    ///
    /// # Errors
    /// The slot is too small; nothing is written then.
    #[inline]
    pub fn write_into(self, payload: &[u8], slot: &mut [u8]) -> Result<usize, NoRoom> {
        let needed = FIXED_LEN + payload.len();
        let given = slot.len();
        let packet = slot.get_mut(..needed).ok_or(NoRoom { needed, given })?;
        let (head, body) = packet.split_at_mut(FIXED_LEN);
        head.copy_from_slice(&self.to_bytes());
        body.copy_from_slice(payload);
        Ok(needed)
    }
}

/// Replaces what a forwarder replaces (marker, payload type, sequence, timestamp, SSRC) in a packet
/// that is already in place; CSRCs, extension, padding and payload stay.
///
/// # Errors
/// Shorter than a fixed header, or another version than 2.
pub fn rewrite_header(datagram: &mut [u8], header: RtpHeader) -> Result<(), RtpError> {
    let fixed = datagram.get_mut(..FIXED_LEN).ok_or(RtpError::TooShort)?;
    if fixed[0] >> 6 != 2 {
        return Err(RtpError::Version);
    }
    fixed[1..].copy_from_slice(&header.to_bytes()[1..]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::RtpPacket;

    const HEADER: RtpHeader =
        RtpHeader { marker: true, payload_type: 96, sequence: 7, timestamp: 9, ssrc: 0x0102_0304 };

    #[test]
    fn a_slot_too_small_stays_as_it_is() {
        let mut slot = [7; 14];
        assert_eq!(HEADER.write_into(&[1; 3], &mut slot), Err(NoRoom { needed: 15, given: 14 }));
        assert_eq!(slot, [7; 14]);
        assert_eq!(HEADER.write_into(&[1; 2], &mut slot), Ok(14));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            payload in prop::collection::vec(any::<u8>(), 0..64), sequence: u16, room in 0..8_usize,
        ) {
            let header = RtpHeader { sequence, ..HEADER };
            let mut slot = vec![0xee; FIXED_LEN + payload.len() + room];
            let len = header.write_into(&payload, &mut slot).unwrap();
            let packet = RtpPacket::parse(&slot[..len]).unwrap();
            prop_assert_eq!((packet.header, packet.payload), (header, &payload[..]));
            prop_assert!(slot[len..].iter().all(|byte| *byte == 0xee), "bytes behind the packet");
            let other = RtpHeader { sequence: !sequence, ssrc: 5, marker: false, ..header };
            rewrite_header(&mut slot, other).unwrap();
            let packet = RtpPacket::parse(&slot[..len]).unwrap();
            prop_assert_eq!((packet.header, packet.payload), (other, &payload[..]));
        }
    }

    #[test]
    fn only_a_packet_is_rewritten() {
        assert_eq!(rewrite_header(&mut [0x80; 11], HEADER), Err(RtpError::TooShort));
        assert_eq!(rewrite_header(&mut [0x40; 12], HEADER), Err(RtpError::Version));
    }
}

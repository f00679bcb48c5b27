//! Header extensions with one-byte headers (RFC 8285 section 4.2).

use std::time::Duration;

use thiserror::Error;

use crate::{FIXED_LEN, RtpHeader};

/// The profile that marks one-byte headers.
const ONE_BYTE: u16 = 0xbede;
/// Bytes that one element can hold.
pub const MAX_EXTENSION_LEN: usize = 16;
/// Identifiers are 1 to 14; 15 ends the list, 0 is padding.
const LAST_ID: u8 = 14;

/// The elements of a packet's extension; empty for packets without, or of another profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extensions<'a> {
    rest: &'a [u8],
}

/// The extensions cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ExtensionError {
    /// Not 1 to 14.
    #[error("{0} is not an identifier of an extension, 1 to 14 are")]
    Id(u8),
    /// Empty or longer than 16 bytes.
    #[error("an extension of {0} bytes; 1 to 16 can be written")]
    Length(usize),
    /// The slot is too small.
    #[error("{0}")]
    NoRoom(#[from] crate::NoRoom),
}

impl<'a> Extensions<'a> {
    /// Those of a datagram. Whatever does not hold together reads as no extension.
    pub fn of(datagram: &'a [u8]) -> Self {
        Self { rest: Self::block(datagram).unwrap_or_default() }
    }

    fn block(datagram: &'a [u8]) -> Option<&'a [u8]> {
        let first = *datagram.first()?;
        if first >> 6 != 2 || first & 0x10 == 0 {
            return None;
        }
        let block = datagram.get(FIXED_LEN + usize::from(first & 0x0f) * 4..)?;
        let (head, rest) = block.split_at_checked(4)?;
        if u16::from_be_bytes([head[0], head[1]]) != ONE_BYTE {
            return None;
        }
        rest.get(..usize::from(u16::from_be_bytes([head[2], head[3]])) * 4)
    }

    /// What the first element of this identifier holds.
    pub fn find(mut self, id: u8) -> Option<&'a [u8]> {
        Iterator::find(&mut self, |(known, _)| *known == id).map(|(_, data)| data)
    }
}

impl<'a> Iterator for Extensions<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (head, after) = self.rest.split_first()?;
            let id = head >> 4;
            if *head == 0 {
                self.rest = after;
                continue;
            }
            // 15 stops (RFC 8285), 0 with a length is malformed: nothing behind it can be trusted.
            if id == 0 || id > LAST_ID {
                self.rest = &[];
                return None;
            }
            let Some((data, behind)) = after.split_at_checked(usize::from(head & 0x0f) + 1) else {
                self.rest = &[];
                return None;
            };
            self.rest = behind;
            return Some((id, data));
        }
    }
}

/// Writes a packet with `extensions`, `(identifier, data)`, to the front of `slot`; answers its bytes.
///
/// # Errors
/// An identifier or a length that one-byte headers cannot carry; the slot is too small.
pub fn write_one_byte_extensions(
    header: RtpHeader,
    extensions: &[(u8, &[u8])],
    payload: &[u8],
    slot: &mut [u8],
) -> Result<usize, ExtensionError> {
    let mut block = 0;
    for (id, data) in extensions {
        if *id == 0 || *id > LAST_ID {
            return Err(ExtensionError::Id(*id));
        }
        if data.is_empty() || data.len() > MAX_EXTENSION_LEN {
            return Err(ExtensionError::Length(data.len()));
        }
        block += 1 + data.len();
    }
    let padded = block.next_multiple_of(4);
    let body = FIXED_LEN + 4 + padded;
    let (needed, given) = (body + payload.len(), slot.len());
    let packet = slot.get_mut(..needed).ok_or(crate::NoRoom { needed, given })?;
    packet[..FIXED_LEN].copy_from_slice(&header.to_bytes());
    packet[0] |= 0x10;
    packet[FIXED_LEN..FIXED_LEN + 2].copy_from_slice(&ONE_BYTE.to_be_bytes());
    // The longest block, 14 elements of 17 bytes and repetitions aside, is far below 2^16 words; a list
    // long enough to pass it does not fit into a datagram, nor into a slot.
    let words = u16::try_from(padded / 4).map_err(|_| crate::NoRoom { needed, given })?;
    packet[FIXED_LEN + 2..FIXED_LEN + 4].copy_from_slice(&words.to_be_bytes());
    let mut at = FIXED_LEN + 4;
    for (id, data) in extensions {
        packet[at] = id << 4 | (data.len() - 1) as u8;
        packet[at + 1..at + 1 + data.len()].copy_from_slice(data);
        at += 1 + data.len();
    }
    packet[at..body].fill(0);
    packet[body..].copy_from_slice(payload);
    Ok(needed)
}

/// When the media was captured: the short form of abs-capture-time, 64 bits of NTP time (32.32 fixed
/// point seconds). Here the time since the start stands for the NTP time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AbsCaptureTime(pub u64);

impl AbsCaptureTime {
    /// Of a time since the start, rounded down to 2^-32 s.
    pub fn from_duration(since_start: Duration) -> Self {
        let fraction = (u64::from(since_start.subsec_nanos()) << 32) / 1_000_000_000;
        Self(since_start.as_secs() << 32 | fraction)
    }

    /// The time since the start, to the nearest nanosecond.
    pub fn to_duration(self) -> Duration {
        let nanos = ((self.0 & 0xffff_ffff) * 1_000_000_000 + (1 << 31)) >> 32;
        Duration::from_secs(self.0 >> 32) + Duration::from_nanos(nanos)
    }

    /// What goes into the extension.
    pub fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    /// Reads the extension; the long form's clock offset is passed over.
    pub fn from_bytes(data: &[u8]) -> Option<Self> {
        matches!(data.len(), 8 | 16).then_some(())?;
        Some(Self(u64::from_be_bytes(*data.first_chunk()?)))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;
    use webrtc_util::marshal::Unmarshal as _;

    use super::*;
    use crate::RtpPacket;

    const HEADER: RtpHeader =
        RtpHeader { marker: false, payload_type: 96, sequence: 7, timestamp: 9, ssrc: 3 };

    proptest! {
        /// What is written, the `rtp` crate and we read alike.
        #[test]
        fn agrees_with_the_rtp_crate(
            elements in prop::collection::vec(
                (1..=14_u8, prop::collection::vec(any::<u8>(), 1..=16)), 1..6),
            payload in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            let borrowed: Vec<(u8, &[u8])> =
                elements.iter().map(|(id, data)| (*id, &data[..])).collect();
            let mut slot = [0xee; 200];
            let len = write_one_byte_extensions(HEADER, &borrowed, &payload, &mut slot).unwrap();
            let ours: Vec<(u8, &[u8])> = Extensions::of(&slot[..len]).collect();
            prop_assert_eq!(&ours, &borrowed);
            prop_assert_eq!(RtpPacket::parse(&slot[..len]).unwrap().payload, &payload[..]);
            let theirs =
                rtp::packet::Packet::unmarshal(&mut Bytes::copy_from_slice(&slot[..len])).unwrap();
            let read: Vec<(u8, &[u8])> =
                theirs.header.extensions.iter().map(|one| (one.id, &one.payload[..])).collect();
            prop_assert_eq!(ours, read);
            for (id, _) in &elements {
                let first = borrowed.iter().find(|(known, _)| known == id).unwrap().1;
                prop_assert_eq!(Extensions::of(&slot[..len]).find(*id), Some(first));
            }
        }

        #[test]
        fn whatever_the_bytes_no_panic(mut datagram in prop::collection::vec(any::<u8>(), 0..60)) {
            if datagram.len() > 16 {
                datagram[0] = 0x90;
                datagram[12..14].copy_from_slice(&[0xbe, 0xde]);
                datagram[14] = 0;
            }
            for (id, data) in Extensions::of(&datagram) {
                prop_assert!((1..=14).contains(&id) && (1..=16).contains(&data.len()));
            }
        }

        #[test]
        fn capture_times_come_back(nanos in 0..10_u64.pow(18)) {
            let time = Duration::from_nanos(nanos);
            let read = AbsCaptureTime::from_bytes(&AbsCaptureTime::from_duration(time).to_bytes());
            prop_assert!(read.unwrap().to_duration().abs_diff(time) <= Duration::from_nanos(1));
        }
    }

    #[test]
    fn what_one_byte_headers_cannot_carry_is_refused() {
        let mut slot = [0; 64];
        let mut with =
            |id, data: &[u8]| write_one_byte_extensions(HEADER, &[(id, data)], &[], &mut slot);
        assert_eq!(with(0, &[1]), Err(ExtensionError::Id(0)));
        assert_eq!(with(15, &[1]), Err(ExtensionError::Id(15)));
        assert_eq!(with(1, &[]), Err(ExtensionError::Length(0)));
        assert_eq!(with(1, &[0; 17]), Err(ExtensionError::Length(17)));
        assert_eq!(with(1, &[0; 16]), Ok(12 + 4 + 20));
    }

    #[test]
    fn padding_is_passed_over_and_fifteen_ends() {
        let read = |block: [u8; 8]| {
            let mut datagram = [&HEADER.to_bytes()[..], &[0xbe, 0xde, 0, 2], &block].concat();
            datagram[0] |= 0x10;
            Extensions::of(&datagram).map(|(id, data)| (id, data.to_vec())).collect::<Vec<_>>()
        };
        assert_eq!(read([0x10, 7, 0, 0, 0x20, 8, 0, 0]), [(1, vec![7]), (2, vec![8])]);
        assert_eq!(read([0x10, 7, 0xf0, 1, 0x20, 8, 0, 0]), [(1, vec![7])]);
        assert_eq!(read([0x1f, 7, 0, 0, 0, 0, 0, 0]), [], "longer than the block");
    }
}

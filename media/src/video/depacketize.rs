//! What an RTP payload of H.264 holds (RFC 6184 section 5).

use super::packetizer::{FU_A, STAP_A};

/// A payload, taken apart; its lengths have been checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Payload<'a> {
    /// One NAL unit.
    Single(&'a [u8]),
    /// Several, each behind its length.
    Aggregate(Aggregate<'a>),
    /// A piece of one.
    Fragment {
        /// The first byte of the whole unit.
        first: u8,
        /// Whether it is the first piece.
        start: bool,
        /// Whether it is the last piece.
        end: bool,
        /// The piece.
        data: &'a [u8],
    },
}

/// The NAL units of an aggregation packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Aggregate<'a>(&'a [u8]);

impl<'a> Payload<'a> {
    /// Takes a payload apart; none if it is cut, damaged (its F bit says so), or of a type that
    /// non-interleaved mode does not have (section 5.4).
    #[inline]
    pub(super) fn parse(payload: &'a [u8]) -> Option<Self> {
        let (first, rest) = payload.split_first()?;
        if first & 0x80 != 0 {
            return None;
        }
        match first & 0x1f {
            1..=23 => Some(Self::Single(payload)),
            STAP_A => Aggregate::checked(rest).map(Self::Aggregate),
            FU_A => {
                let (header, data) = rest.split_first()?;
                let (start, end) = (header & 0x80 != 0, header & 0x40 != 0);
                // One fragment must not be both (section 5.8), nor hold what is no NAL unit.
                if (start && end) || !(1..=23).contains(&(header & 0x1f)) {
                    return None;
                }
                Some(Self::Fragment { first: first & 0x60 | header & 0x1f, start, end, data })
            }
            _ => None,
        }
    }

    /// The type of the NAL unit that begins here.
    pub(super) fn begins(self) -> Option<u8> {
        let first = match self {
            Self::Single(unit) => *unit.first()?,
            Self::Aggregate(mut units) => *units.next()?.first()?,
            Self::Fragment { first, start, .. } => start.then_some(first)?,
        };
        Some(first & 0x1f)
    }
}

impl<'a> Aggregate<'a> {
    /// None unless every length is there, and what it announces, and each unit is one.
    fn checked(units: &'a [u8]) -> Option<Self> {
        let mut rest = units;
        while !rest.is_empty() {
            let (size, after) = rest.split_first_chunk::<2>()?;
            let (unit, behind) = after.split_at_checked(usize::from(u16::from_be_bytes(*size)))?;
            let first = *unit.first()?;
            if first & 0x80 != 0 || !(1..=23).contains(&(first & 0x1f)) {
                return None;
            }
            rest = behind;
        }
        (!units.is_empty()).then_some(Self(units))
    }
}

impl<'a> Iterator for Aggregate<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (size, after) = self.0.split_first_chunk::<2>()?;
        let (unit, behind) = after.split_at_checked(usize::from(u16::from_be_bytes(*size)))?;
        self.0 = behind;
        Some(unit)
    }
}

/// Whether an RTP payload begins a key frame that needs nothing before it: with a sequence parameter
/// set, which encoders put in front of every IDR picture of a call.
pub fn starts_key_frame(payload: &[u8]) -> bool {
    Payload::parse(payload).and_then(Payload::begins) == Some(7)
}

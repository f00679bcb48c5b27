//! Annex B byte streams (H.264 annex B): NAL units behind start codes.

use memchr::memmem;

/// What stands in front of every NAL unit that we write.
pub(super) const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// The kinds of NAL unit that a call carries (contract media 3), H.264 table 7-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NalType {
    /// 1: a slice of a picture that refers to others.
    NonIdr,
    /// 5: a slice of a picture that refers to none.
    Idr,
    /// 7: sequence parameter set.
    Sps,
    /// 8: picture parameter set.
    Pps,
}

impl NalType {
    /// Of a NAL unit's first byte; none for kinds that a call does not carry.
    #[inline]
    pub fn of(first: u8) -> Option<Self> {
        match first & 0x1f {
            1 => Some(Self::NonIdr),
            5 => Some(Self::Idr),
            7 => Some(Self::Sps),
            8 => Some(Self::Pps),
            _ => None,
        }
    }
}

/// The NAL units of an Annex B stream, without start codes (H.264 annex B.1).
pub fn nal_units(annex_b: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut starts = memmem::find_iter(annex_b, &[0, 0, 1]).peekable();
    std::iter::from_fn(move || {
        let start = starts.next()? + 3;
        let end = starts.peek().copied().unwrap_or(annex_b.len());
        let unit = &annex_b[start..end.max(start)];
        // The zero of a four-byte start code, and trailing zeros, belong to no unit.
        let kept = unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Some(&unit[..kept])
    })
    .filter(|unit| !unit.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn units_come_back(
            units in prop::collection::vec(prop::collection::vec(1..=255_u8, 1..20), 0..8),
            long in any::<bool>(),
        ) {
            let code: &[u8] = if long { &[0, 0, 0, 1] } else { &[0, 0, 1] };
            let stream: Vec<u8> = units.iter().flat_map(|unit| [code, unit].concat()).collect();
            prop_assert_eq!(nal_units(&stream).map(<[u8]>::to_vec).collect::<Vec<_>>(), units);
        }

        #[test]
        fn whatever_the_bytes_no_panic(bytes in prop::collection::vec(0..3_u8, 0..60)) {
            prop_assert!(nal_units(&bytes).all(|unit| !unit.is_empty()));
        }
    }
}

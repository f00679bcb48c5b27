//! Feedback: generic NACK (RFC 4585 section 6.2.1) and full intra requests (RFC 5104 section 4.3.1).

use super::word;

/// Bytes of a full intra request's entry.
pub(super) const FIR_ENTRY_LEN: usize = 8;

/// The pairs of a generic NACK: a packet that is missing, and a mask of the 16 behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NackPairs<'a>(pub(super) &'a [u8]);

/// The sequence numbers that a generic NACK asks for.
#[derive(Debug, Clone)]
pub struct NackSequences<'a> {
    pairs: NackPairs<'a>,
    base: u16,
    /// Bit `n`: `base + n` is missing.
    mask: u32,
}

/// The entries of a full intra request: the source, and the request's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FullIntraEntries<'a>(pub(super) &'a [u8]);

impl Iterator for NackPairs<'_> {
    type Item = (u16, u16);

    fn next(&mut self) -> Option<(u16, u16)> {
        let (pair, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some((u16::from_be_bytes([pair[0], pair[1]]), u16::from_be_bytes([pair[2], pair[3]])))
    }
}

impl<'a> NackPairs<'a> {
    /// The sequence numbers, in the order of the packet; at most 17 a pair.
    pub fn sequences(self) -> NackSequences<'a> {
        NackSequences { pairs: self, base: 0, mask: 0 }
    }
}

impl Iterator for NackSequences<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        if self.mask == 0 {
            let (first, behind) = self.pairs.next()?;
            self.base = first;
            self.mask = u32::from(behind) << 1 | 1;
        }
        let offset = self.mask.trailing_zeros();
        self.mask &= self.mask - 1;
        Some(self.base.wrapping_add(offset as u16))
    }
}

/// Missing sequence numbers, in ascending order, as the pairs of a generic NACK.
pub fn nack_pairs(missing: impl IntoIterator<Item = u16>) -> impl Iterator<Item = (u16, u16)> {
    let mut missing = missing.into_iter().peekable();
    std::iter::from_fn(move || {
        let first = missing.next()?;
        let mut mask = 0;
        while let Some(next) = missing.peek() {
            let offset = next.wrapping_sub(first);
            if offset == 0 {
                missing.next();
                continue;
            }
            if offset > 16 {
                break;
            }
            mask |= 1 << (offset - 1);
            missing.next();
        }
        Some((first, mask))
    })
}

impl Iterator for FullIntraEntries<'_> {
    type Item = (u32, u8);

    fn next(&mut self) -> Option<(u32, u8)> {
        let (entry, rest) = self.0.split_at_checked(FIR_ENTRY_LEN)?;
        self.0 = rest;
        Some((word(entry, 0), entry[4]))
    }
}

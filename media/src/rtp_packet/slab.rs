//! Packets laid back to back in one block, so that a run of equal ones is one GSO send.

use crate::NoRoom;

/// Packets written one behind the other, without a gap.
///
/// The block and the list of ends are allocated once; [`Self::clear`] keeps both.
#[derive(Debug, Clone)]
pub struct PacketSlab {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    slot_len: usize,
    slots: usize,
}

/// Packets that one segmentation-offload send may carry: all of `segment` bytes, the last perhaps
/// shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run<'a> {
    /// The packets, back to back.
    pub bytes: &'a [u8],
    /// Bytes of every packet but the last.
    pub segment: usize,
}

impl PacketSlab {
    /// Room for `slots` packets of at most `slot_len` bytes each.
    pub fn new(slots: usize, slot_len: usize) -> Self {
        let bytes = vec![0; slots.saturating_mul(slot_len)];
        Self { bytes, ends: Vec::with_capacity(slots), slot_len, slots }
    }

    /// Forgets all packets, keeps the memory.
    pub fn clear(&mut self) {
        self.ends.clear();
    }

    /// Packets there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of the packets together.
    pub fn byte_len(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Bytes of the packets that there is room for.
    pub fn byte_capacity(&self) -> usize {
        self.bytes.len()
    }

    /// The longest packet that fits into a slot.
    pub fn slot_len(&self) -> usize {
        self.slot_len
    }

    /// The next `len` bytes, as one packet to be filled; what they hold before is unspecified.
    ///
    /// # Errors
    /// Longer than a slot, or all slots are taken.
    #[inline]
    pub fn packet(&mut self, len: usize) -> Result<&mut [u8], NoRoom> {
        let full = self.ends.len() >= self.slots;
        if full || len > self.slot_len {
            let given = if full { 0 } else { self.slot_len };
            return Err(NoRoom { needed: len, given });
        }
        let start = self.byte_len();
        let end = start + len;
        self.ends.push(end);
        Ok(&mut self.bytes[start..end])
    }

    /// Takes the packets behind the first `len` back.
    pub fn truncate(&mut self, len: usize) {
        self.ends.truncate(len);
    }

    /// A packet.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        self.bytes.get(self.start(index)..end)
    }

    /// The newest packet, to be changed.
    pub fn last_mut(&mut self) -> Option<&mut [u8]> {
        let start = self.start(self.ends.len().checked_sub(1)?);
        let end = self.byte_len();
        self.bytes.get_mut(start..end)
    }

    /// The packets, oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        (0..self.ends.len()).map(|index| &self.bytes[self.start(index)..self.ends[index]])
    }

    /// The packets as runs for segmentation offload, each of at most `max_segments` packets and 65 507
    /// bytes (the largest UDP payload). A frame of one slice is one run, up to those limits.
    pub fn runs(&self, max_segments: usize) -> impl Iterator<Item = Run<'_>> {
        let mut first = 0;
        std::iter::from_fn(move || {
            let start = self.start(first);
            let segment = *self.ends.get(first)? - start;
            let mut behind = first + 1;
            let mut end = self.ends[first];
            // A shorter packet may close a run, nothing may follow it.
            let mut open = true;
            while open && behind - first < max_segments.max(1) {
                let Some(next_end) = self.ends.get(behind) else { break };
                let len = next_end - end;
                if len > segment || next_end - start > MAX_RUN_LEN {
                    break;
                }
                open = len == segment;
                end = *next_end;
                behind += 1;
            }
            first = behind;
            Some(Run { bytes: &self.bytes[start..end], segment })
        })
    }

    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before])
    }
}

/// The largest UDP payload over IPv4.
const MAX_RUN_LEN: usize = 65_507;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(lens: &[usize]) -> PacketSlab {
        let mut slab = PacketSlab::new(lens.len(), 2_000);
        for (index, len) in lens.iter().enumerate() {
            slab.packet(*len).unwrap().fill(index as u8);
        }
        slab
    }

    #[test]
    fn equal_packets_and_a_shorter_last_one_are_one_run() {
        let slab = filled(&[20, 100, 100, 30, 100]);
        let runs: Vec<_> = slab.runs(64).map(|run| (run.segment, run.bytes.len())).collect();
        assert_eq!(runs, [(20, 20), (100, 230), (100, 100)]);
        assert_eq!(filled(&[10; 5]).runs(2).count(), 3);
    }

    #[test]
    fn a_run_is_no_longer_than_a_datagram_may_be() {
        let slab = filled(&[1_212; 64]);
        assert!(slab.runs(64).all(|run| run.bytes.len() <= MAX_RUN_LEN));
        assert_eq!(slab.runs(64).count(), 2);
    }

    #[test]
    fn there_are_no_more_slots_than_asked_for() {
        let mut slab = PacketSlab::new(1, 4);
        assert_eq!(slab.packet(5).unwrap_err(), NoRoom { needed: 5, given: 4 });
        assert!(slab.packet(4).is_ok());
        assert!(slab.packet(0).is_err());
        slab.clear();
        assert!(slab.packet(4).is_ok());
    }

    proptest! {
        /// Cut by its segments, the runs are the packets.
        #[test]
        fn the_runs_are_the_packets(
            lens in prop::collection::vec(prop_oneof![1..4_usize, Just(3)], 0..40), limit in 1..9_usize,
        ) {
            let slab = filled(&lens);
            let packets: Vec<&[u8]> = slab.iter().collect();
            let cut: Vec<&[u8]> =
                slab.runs(limit).flat_map(|run| run.bytes.chunks(run.segment)).collect();
            prop_assert_eq!(packets, cut);
            prop_assert!(slab.runs(limit).all(|run| run.bytes.chunks(run.segment).len() <= limit));
        }
    }
}

//! Packets that came before their turn.

use std::time::Duration;

use crate::RtpPacket;

/// A window of packets, found by extended sequence number; memory is kept once it was needed.
#[derive(Debug, Clone)]
pub(super) struct Reorder {
    slots: Box<[Slot]>,
    held: usize,
}

/// A packet that waits.
#[derive(Debug, Clone, Default)]
pub(super) struct Slot {
    /// Extended numbers are never zero; zero is an empty slot.
    sequence: u64,
    arrived: Duration,
    pub(super) timestamp: u32,
    pub(super) marker: bool,
    pub(super) payload: Vec<u8>,
}

impl Reorder {
    /// A window of this many packets, rounded up to a power of two.
    pub(super) fn new(window: usize) -> Self {
        let slots = vec![Slot::default(); window.clamp(1, 1 << 12).next_power_of_two()];
        Self { slots: slots.into(), held: 0 }
    }

    pub(super) fn window(&self) -> u64 {
        self.slots.len() as u64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held == 0
    }

    pub(super) fn len(&self) -> usize {
        self.held
    }

    fn index(&self, sequence: u64) -> usize {
        // The length is a power of two.
        (sequence as usize) & (self.slots.len() - 1)
    }

    /// Keeps a packet that is less than a window ahead; whether it is not there already.
    pub(super) fn insert(
        &mut self,
        sequence: u64,
        arrived: Duration,
        packet: &RtpPacket<'_>,
    ) -> bool {
        let index = self.index(sequence);
        let slot = &mut self.slots[index];
        if slot.sequence == sequence {
            return false;
        }
        debug_assert_eq!(slot.sequence, 0, "two packets of one window share a slot");
        slot.sequence = sequence;
        slot.arrived = arrived;
        slot.timestamp = packet.header.timestamp;
        slot.marker = packet.header.marker;
        slot.payload.clear();
        slot.payload.extend_from_slice(packet.payload);
        self.held += 1;
        true
    }

    /// The timestamp of a packet that waits.
    pub(super) fn timestamp(&self, sequence: u64) -> Option<u32> {
        let slot = &self.slots[self.index(sequence)];
        (slot.sequence == sequence).then_some(slot.timestamp)
    }

    /// Takes a packet out; its memory is to be given back with [`Self::give_back`].
    pub(super) fn take(&mut self, sequence: u64) -> Option<Slot> {
        let index = self.index(sequence);
        let slot = &mut self.slots[index];
        if slot.sequence != sequence {
            return None;
        }
        self.held -= 1;
        Some(std::mem::take(slot))
    }

    /// Keeps the memory of a packet that has been taken out.
    pub(super) fn give_back(&mut self, sequence: u64, slot: Slot) {
        let index = self.index(sequence);
        self.slots[index].payload = slot.payload;
    }

    /// The first packet behind `next`.
    pub(super) fn first_behind(&self, next: u64) -> Option<u64> {
        if self.is_empty() {
            return None;
        }
        (next..next + self.window())
            .find(|number| self.slots[self.index(*number)].sequence == *number)
    }

    /// When the first packet behind `next` came.
    pub(super) fn first_arrival(&self, next: u64) -> Option<Duration> {
        let first = self.first_behind(next)?;
        Some(self.slots[self.index(first)].arrived)
    }

    /// Drops all packets; how many.
    pub(super) fn clear(&mut self) -> usize {
        for slot in &mut self.slots {
            slot.sequence = 0;
        }
        std::mem::take(&mut self.held)
    }
}

//! One continuous stream out of the layers of a source.

use std::time::Duration;

use super::{CLOCK_RATE, SocketKey};
use crate::{FIXED_LEN, NoRoom, PacketSlab, RtpHeader};

/// Packets before the switch are left out, up to this many behind it.
const BEHIND: u16 = 0x8000;

/// A packet for a receiver: this header, and the payload of the packet that was routed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forward {
    /// Who gets it.
    pub to: SocketKey,
    /// With what header.
    pub header: RtpHeader,
}

impl Forward {
    /// Writes it behind what is in the slab: the payload's only copy.
    ///
    /// # Errors
    /// The slab is full.
    pub fn write(&self, payload: &[u8], slab: &mut PacketSlab) -> Result<(), NoRoom> {
        let slot = slab.packet(FIXED_LEN + payload.len())?;
        self.header.write_into(payload, slot).map(drop)
    }
}

/// The stream of a socket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outgoing {
    ssrc: u32,
    /// Where the layer of now begins: on the way in, and on the way out.
    first_in: (u16, u32),
    first_out: (u16, u32),
    /// The newest on the way out, and when.
    newest: Option<(u16, u32, Duration)>,
}

impl Outgoing {
    pub(super) fn new(ssrc: u32) -> Self {
        Self { ssrc, first_in: (0, 0), first_out: (0, 0), newest: None }
    }

    /// The packet of this header is the first of another layer.
    pub(super) fn switch(&mut self, now: Duration, header: RtpHeader) {
        self.first_in = (header.sequence, header.timestamp);
        self.first_out = match self.newest {
            None => self.first_in,
            Some((sequence, timestamp, at)) => {
                // Layers have clocks of their own, so the time between is that of arrival; at least a
                // tick, for two frames never share a timestamp.
                let passed =
                    now.saturating_sub(at).as_micros() * u128::from(CLOCK_RATE) / 1_000_000;
                let ticks = (passed as u32).max(1);
                (sequence.wrapping_add(1), timestamp.wrapping_add(ticks))
            }
        };
    }

    /// The header on the way out; none for packets from before the switch.
    pub(super) fn rewrite(&mut self, now: Duration, header: RtpHeader) -> Option<RtpHeader> {
        let ahead = header.sequence.wrapping_sub(self.first_in.0);
        let sequence = self.first_out.0.wrapping_add(ahead);
        let timestamp =
            self.first_out.1.wrapping_add(header.timestamp.wrapping_sub(self.first_in.1));
        let newer = match self.newest {
            None => true,
            Some((newest, ..)) => sequence.wrapping_sub(newest) as i16 > 0,
        };
        if newer {
            self.newest = Some((sequence, timestamp, now));
            // Long after the switch, nothing of before it comes any more; the first number follows, or
            // the newest would one day look as if it were before it.
            if ahead >= BEHIND / 2 {
                self.first_in = (header.sequence.wrapping_sub(BEHIND / 4), self.first_in.1);
                self.first_out = (sequence.wrapping_sub(BEHIND / 4), self.first_out.1);
            }
        }
        (ahead < BEHIND).then_some(RtpHeader { sequence, timestamp, ssrc: self.ssrc, ..header })
    }
}

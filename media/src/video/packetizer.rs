//! Puts H.264 frames into RTP packets (RFC 6184): single NAL units, STAP-A for parameter sets, FU-A.

use memchr::memmem;
use thiserror::Error;

use super::annex_b::NalType;
use crate::{FIXED_LEN, NoRoom, PacketSlab, RtpHeader};

/// The longest payload by default: with the headers of RTP, UDP and IPv6 it stays below 1 280 bytes.
pub const MAX_PAYLOAD: usize = 1_200;
/// Payloads are not cut smaller than this.
const MIN_PAYLOAD: usize = 16;
/// The types of RFC 6184 table 1.
pub(super) const STAP_A: u8 = 24;
pub(super) const FU_A: u8 = 28;
/// Parameter sets that are held back to be put into one packet.
const HELD: usize = 8;

/// Puts the frames of one stream into packets.
#[derive(Debug, Clone)]
pub struct Packetizer {
    ssrc: u32,
    payload_type: u8,
    sequence: u16,
    max_payload: usize,
    start_code: memmem::Finder<'static>,
}

/// A frame cannot be put into packets; the slab and the sequence number are as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PacketizeError {
    /// The slab is full or its slots are too short.
    #[error("the frame needs more than the slab has: {0}")]
    NoRoom(#[from] NoRoom),
    /// No NAL unit of a kind that a call carries.
    #[error("there is no NAL unit to send")]
    Empty,
}

/// Parameter sets that wait for the unit behind them.
struct Held<'a> {
    units: [&'a [u8]; HELD],
    count: usize,
}

impl Packetizer {
    /// A stream of this source and payload type, of payloads of at most [`MAX_PAYLOAD`] bytes.
    pub fn new(ssrc: u32, payload_type: u8, first_sequence: u16) -> Self {
        Self::with_max_payload(ssrc, payload_type, first_sequence, MAX_PAYLOAD)
    }

    /// As [`Self::new`], with payloads of at most `max_payload` bytes, 16 at the least.
    pub fn with_max_payload(
        ssrc: u32,
        payload_type: u8,
        first_sequence: u16,
        max_payload: usize,
    ) -> Self {
        let max_payload = max_payload.max(MIN_PAYLOAD);
        let start_code = memmem::Finder::new(&[0, 0, 1]);
        Self { ssrc, payload_type, sequence: first_sequence, max_payload, start_code }
    }

    /// Bytes that a slab's slot must have.
    pub fn slot_len(&self) -> usize {
        FIXED_LEN + self.max_payload
    }

    /// The sequence number of the next packet.
    pub fn next_sequence(&self) -> u16 {
        self.sequence
    }

    /// Appends the packets of a frame, Annex B, to `slab`; answers their number.
    ///
    /// NAL units of other types than 7, 8, 5 and 1 are left out. The last packet has the marker. The
    /// packets stand back to back, all of full length but the last of a unit, so those of a frame of one
    /// slice are one [`crate::Run`].
    ///
    /// # Errors
    /// No room, or nothing to send.
    pub fn packetize(
        &mut self,
        annex_b: &[u8],
        timestamp: u32,
        slab: &mut PacketSlab,
    ) -> Result<usize, PacketizeError> {
        let (packets_before, sequence_before) = (slab.len(), self.sequence);
        let done = self.write_units(annex_b, timestamp, slab);
        let written = slab.len() - packets_before;
        match done {
            Ok(()) if written > 0 => {
                if let Some(last) = slab.last_mut() {
                    last[1] |= 0x80;
                }
                Ok(written)
            }
            failed => {
                slab.truncate(packets_before);
                self.sequence = sequence_before;
                Err(failed.err().map_or(PacketizeError::Empty, Into::into))
            }
        }
    }

    fn write_units(
        &mut self,
        annex_b: &[u8],
        timestamp: u32,
        slab: &mut PacketSlab,
    ) -> Result<(), NoRoom> {
        let mut held = Held { units: [&[]; HELD], count: 0 };
        let finder = self.start_code.clone();
        let mut starts = finder.find_iter(annex_b);
        let mut next = starts.next();
        while let Some(start) = next {
            next = starts.next();
            let unit = trim(&annex_b[start + 3..next.unwrap_or(annex_b.len()).max(start + 3)]);
            match unit.first().and_then(|first| NalType::of(*first)) {
                None => {}
                Some(NalType::Sps | NalType::Pps) => {
                    if held.count == HELD {
                        self.write_held(&mut held, timestamp, slab)?;
                    }
                    held.units[held.count] = unit;
                    held.count += 1;
                }
                Some(NalType::Idr | NalType::NonIdr) => {
                    self.write_held(&mut held, timestamp, slab)?;
                    self.write_unit(unit, timestamp, slab)?;
                }
            }
        }
        self.write_held(&mut held, timestamp, slab)
    }

    /// Parameter sets go into one packet if there are several and they fit (RFC 6184 section 5.7.1).
    fn write_held(
        &mut self,
        held: &mut Held<'_>,
        timestamp: u32,
        slab: &mut PacketSlab,
    ) -> Result<(), NoRoom> {
        let units = &held.units[..std::mem::take(&mut held.count)];
        let len = 1 + units.iter().map(|unit| 2 + unit.len()).sum::<usize>();
        if units.len() < 2 || len > self.max_payload {
            return units.iter().try_for_each(|unit| self.write_unit(unit, timestamp, slab));
        }
        let mut place = &mut *self.packet(len, timestamp, slab)?;
        // The importance of a packet is the highest of its units, F is set if one has it.
        let importance = units.iter().map(|unit| unit[0] & 0x60).max().unwrap_or(0);
        let forbidden = units.iter().fold(0, |bits, unit| bits | unit[0] & 0x80);
        place[0] = forbidden | importance | STAP_A;
        place = &mut place[1..];
        for unit in units {
            let (size, rest) = place.split_at_mut(2);
            // Shorter than the payload, so below 2^16.
            size.copy_from_slice(&(unit.len() as u16).to_be_bytes());
            let (body, rest) = rest.split_at_mut(unit.len());
            body.copy_from_slice(unit);
            place = rest;
        }
        Ok(())
    }

    /// One unit: as it is if it fits (section 5.6), otherwise in fragments (section 5.8).
    fn write_unit(
        &mut self,
        unit: &[u8],
        timestamp: u32,
        slab: &mut PacketSlab,
    ) -> Result<(), NoRoom> {
        if unit.len() <= self.max_payload {
            self.packet(unit.len(), timestamp, slab)?.copy_from_slice(unit);
            return Ok(());
        }
        let indicator = unit[0] & 0xe0 | FU_A;
        let mut fu_header = 0x80 | unit[0] & 0x1f;
        let mut rest = &unit[1..];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(self.max_payload - 2));
            if later.is_empty() {
                fu_header |= 0x40;
            }
            let place = self.packet(2 + now.len(), timestamp, slab)?;
            place[0] = indicator;
            place[1] = fu_header;
            place[2..].copy_from_slice(now);
            fu_header &= 0x1f;
            rest = later;
        }
        Ok(())
    }

    /// The payload of a new packet, behind its header.
    #[inline]
    fn packet<'a>(
        &mut self,
        len: usize,
        timestamp: u32,
        slab: &'a mut PacketSlab,
    ) -> Result<&'a mut [u8], NoRoom> {
        // Slots that a slab could not hold would split runs; so all slots are as long as a packet is.
        let packet = slab.packet(FIXED_LEN + len)?;
        let header = RtpHeader {
            marker: false,
            payload_type: self.payload_type,
            sequence: self.sequence,
            timestamp,
            ssrc: self.ssrc,
        };
        self.sequence = self.sequence.wrapping_add(1);
        let (head, payload) = packet.split_at_mut(FIXED_LEN);
        head.copy_from_slice(&header.to_bytes());
        Ok(payload)
    }
}

/// Without the zeros behind: they belong to the next start code, or to no unit.
fn trim(unit: &[u8]) -> &[u8] {
    let kept = unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    &unit[..kept]
}

#[cfg(test)]
pub(super) mod tests;

//! 44.1 kHz stereo on the wire: a frame of 20 ms in three packets (docs/media-transport.md).

use crate::audio::{Downsampler, Pcm16K, Pcm44KStereo, SAMPLES_16K, SAMPLES_44K};

/// Packets of a frame.
pub(super) const PARTS: usize = 3;
/// Sample pairs of a packet.
pub(super) const PAIRS: usize = SAMPLES_44K / PARTS;
/// Bytes of a packet's payload.
pub(super) const PART_BYTES: usize = PAIRS * 4;

/// Puts frames together again, and makes 16 kHz mono of them. A frame of which a part is missing is missing.
#[derive(Debug)]
pub(super) struct StereoIn {
    frame: Box<Pcm44KStereo>,
    /// Which parts of which frame are there.
    there: (u64, [bool; PARTS]),
    /// The timestamp of a frame, and its number.
    known: Option<(u32, u64)>,
    downsampler: Box<Downsampler>,
    mono: Pcm16K,
}

impl StereoIn {
    pub(super) fn new() -> Self {
        Self {
            frame: Box::new(Pcm44KStereo([[0; 2]; SAMPLES_44K])),
            there: (0, [false; PARTS]),
            known: None,
            downsampler: Box::new(Downsampler::new()),
            mono: Pcm16K::SILENCE,
        }
    }

    /// One packet of [`PART_BYTES`]; the frame with its number when it is whole. `first`: it begins a frame.
    pub(super) fn push(
        &mut self,
        first: bool,
        timestamp: u32,
        payload: &[u8],
    ) -> Option<(u64, &Pcm16K)> {
        // Until a frame has begun, nobody knows where one does.
        let (origin, number) = match self.known {
            Some(known) => known,
            None if first => (timestamp, 1),
            None => return None,
        };
        let ahead = i64::from(timestamp.wrapping_sub(origin) as i32);
        let number = number.checked_add_signed(ahead.div_euclid(SAMPLES_44K as i64))?;
        let within = ahead.rem_euclid(SAMPLES_44K as i64) as usize;
        let part = within / PAIRS;
        if !within.is_multiple_of(PAIRS) || payload.len() != PART_BYTES {
            return None;
        }
        self.known = Some((timestamp.wrapping_sub(within as u32), number));
        if self.there.0 != number {
            self.there = (number, [false; PARTS]);
        }
        let pairs = self.frame.0[part * PAIRS..(part + 1) * PAIRS].iter_mut();
        for (pair, bytes) in pairs.zip(payload.as_chunks::<4>().0) {
            let [l0, l1, r0, r1] = *bytes;
            *pair = [i16::from_be_bytes([l0, l1]), i16::from_be_bytes([r0, r1])];
        }
        self.there.1[part] = true;
        if self.there.1 != [true; PARTS] {
            return None;
        }
        self.there.1 = [false; PARTS];
        self.downsampler.convert(&self.frame, &mut self.mono);
        Some((number, &self.mono))
    }
}

/// Samples of mono as the payload of one packet.
pub(super) fn mono_bytes(frame: &Pcm16K) -> [u8; SAMPLES_16K * 2] {
    let mut bytes = [0; SAMPLES_16K * 2];
    for (pair, sample) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(frame.0) {
        *pair = sample.to_be_bytes();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(value: i16) -> Vec<u8> {
        [value, value].iter().flat_map(|v| v.to_be_bytes()).collect::<Vec<_>>().repeat(PAIRS)
    }

    #[test]
    fn frames_are_whole_or_missing() {
        let mut stereo = StereoIn::new();
        let (pairs, frame) = (PAIRS as u32, SAMPLES_44K as u32);
        // It begins in the middle of a frame, just before the timestamps wrap.
        let origin = 0_u32.wrapping_sub(frame);
        let mut whole = Vec::new();
        for (at, first) in [
            (0_u32.wrapping_sub(pairs), false),
            (0, true),
            (pairs, false),
            (2 * pairs, false),
            (frame, true),
            // The second part is lost.
            (frame + 2 * pairs, false),
            (2 * frame + pairs, false),
            (2 * frame, true),
            (2 * frame + 2 * pairs, false),
            // Not where a part begins.
            (3 * frame + 1, false),
        ] {
            let pushed = stereo.push(first, origin.wrapping_add(at), &part(1_000));
            whole.extend(pushed.map(|(number, mono)| (number, mono.0[300])));
        }
        assert_eq!(whole.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 3]);
        assert!(whole.iter().all(|(_, sample)| (990..=1_010).contains(sample)), "{whole:?}");
        assert!(stereo.push(true, 9, &[0; 7]).is_none());
    }
}

//! Frames of 20 ms in the two formats of a bot's audio socket (contract, media section 2).

use std::time::Duration;

use thiserror::Error;

/// What one frame lasts.
pub const FRAME_PERIOD: Duration = Duration::from_millis(20);
/// Samples of a [`Pcm16K`] frame.
pub const SAMPLES_16K: usize = 320;
/// Bytes of a [`Pcm16K`] frame.
pub const BYTES_16K: usize = SAMPLES_16K * 2;
/// Samples of one channel of a [`Pcm44KStereo`] frame.
pub const SAMPLES_44K: usize = 882;
/// Bytes of a [`Pcm44KStereo`] frame.
pub const BYTES_44K_STEREO: usize = SAMPLES_44K * 4;
/// Units of a media timestamp (100 ns) in one frame.
pub const TICKS_PER_FRAME: u64 = 200_000;

/// Bytes that are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a frame of this format has {needed} bytes, there are {given}")]
pub struct FrameSize {
    /// What the format asks for.
    pub needed: usize,
    /// What was given.
    pub given: usize,
}

/// 20 ms at 16 kHz, 16 bit, mono: 320 samples, 640 bytes on the wire, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(align(32))]
pub struct Pcm16K(pub [i16; SAMPLES_16K]);

/// 20 ms at 44.1 kHz, 16 bit, stereo: 882 pairs of left and right, 3528 bytes, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pcm44KStereo(pub [[i16; 2]; SAMPLES_44K]);

impl Pcm16K {
    /// A frame of zeros.
    pub const SILENCE: Self = Self([0; SAMPLES_16K]);

    /// Reads the wire's bytes.
    ///
    /// # Errors
    /// Not exactly 640 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrameSize> {
        let mut frame = Self::SILENCE;
        frame.fill_from(bytes)?;
        Ok(frame)
    }

    /// Reads the wire's bytes in place.
    ///
    /// # Errors
    /// Not exactly 640 bytes; the frame is unchanged then.
    pub fn fill_from(&mut self, bytes: &[u8]) -> Result<(), FrameSize> {
        if bytes.len() != BYTES_16K {
            return Err(FrameSize { needed: BYTES_16K, given: bytes.len() });
        }
        for (sample, pair) in self.0.iter_mut().zip(bytes.as_chunks::<2>().0) {
            *sample = i16::from_le_bytes(*pair);
        }
        Ok(())
    }

    /// The wire's bytes.
    pub fn to_bytes(&self) -> [u8; BYTES_16K] {
        let mut bytes = [0; BYTES_16K];
        for (pair, sample) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *pair = sample.to_le_bytes();
        }
        bytes
    }
}

impl Default for Pcm16K {
    fn default() -> Self {
        Self::SILENCE
    }
}

impl Pcm44KStereo {
    /// A frame of zeros.
    pub const SILENCE: Self = Self([[0; 2]; SAMPLES_44K]);

    /// Reads the wire's bytes.
    ///
    /// # Errors
    /// Not exactly 3528 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrameSize> {
        if bytes.len() != BYTES_44K_STEREO {
            return Err(FrameSize { needed: BYTES_44K_STEREO, given: bytes.len() });
        }
        let mut frame = Self::SILENCE;
        for (pair, quad) in frame.0.iter_mut().zip(bytes.as_chunks::<4>().0) {
            let [l0, l1, r0, r1] = *quad;
            *pair = [i16::from_le_bytes([l0, l1]), i16::from_le_bytes([r0, r1])];
        }
        Ok(frame)
    }

    /// The wire's bytes.
    pub fn to_bytes(&self) -> [u8; BYTES_44K_STEREO] {
        let mut bytes = [0; BYTES_44K_STEREO];
        for (quad, [left, right]) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(self.0) {
            let ([l0, l1], [r0, r1]) = (left.to_le_bytes(), right.to_le_bytes());
            *quad = [l0, l1, r0, r1];
        }
        bytes
    }
}

impl Default for Pcm44KStereo {
    fn default() -> Self {
        Self::SILENCE
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_the_contracts() {
        assert_eq!((BYTES_16K, BYTES_44K_STEREO), (640, 3528));
        assert_eq!(
            Pcm16K::from_bytes(&[0; 639]),
            Err(FrameSize { needed: 640, given: 639 }),
            "one byte short"
        );
        assert!(Pcm44KStereo::from_bytes(&[0; 3529]).is_err());
        let mut frame = Pcm16K::SILENCE;
        frame.0[1] = 0x1234;
        assert_eq!(frame.to_bytes()[2..4], [0x34, 0x12], "little-endian");
    }

    proptest! {
        #[test]
        fn bytes_come_back(
            mono in prop::collection::vec(any::<u8>(), BYTES_16K),
            stereo in prop::collection::vec(any::<u8>(), BYTES_44K_STEREO),
        ) {
            prop_assert_eq!(&Pcm16K::from_bytes(&mono).unwrap().to_bytes()[..], &mono[..]);
            prop_assert_eq!(&Pcm44KStereo::from_bytes(&stereo).unwrap().to_bytes()[..], &stereo[..]);
        }
    }
}

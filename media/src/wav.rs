//! Prompts as WAV files: one channel, 16 bit linear PCM, 16,000 samples a second.

use std::{io::Cursor, time::Duration};

use thiserror::Error;

/// Samples of one channel in a second: what Teams plays and what a bot hears (contract R-232).
pub const SAMPLE_RATE: u32 = 16_000;

/// How much of a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WavLimits {
    /// Bytes of the file.
    pub bytes: usize,
    /// How long it may play.
    pub length: Duration,
}

impl Default for WavLimits {
    /// 30 minutes, and a file of 64 MiB, which is more than they need.
    fn default() -> Self {
        Self { bytes: 64 << 20, length: Duration::from_secs(30 * 60) }
    }
}

/// A prompt, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    samples: Vec<i16>,
}

/// Why a file cannot be played.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum WavError {
    /// Not a RIFF/WAVE file, or one that breaks off.
    #[error("not a readable WAV file: {0}")]
    Unreadable(String),
    /// A WAV file of another kind.
    #[error("{channels} channels, {bits} bits, {rate} Hz: must be mono, 16 bit PCM, 16000 Hz")]
    WrongFormat {
        /// Channels.
        channels: u16,
        /// Bits of a sample.
        bits: u16,
        /// Samples a second.
        rate: u32,
    },
    /// Nothing to hear.
    #[error("the file holds no samples")]
    Empty,
    /// More than the limit; 30 minutes by default.
    #[error("longer than {} s", limit.as_secs())]
    TooLong {
        /// The limit.
        limit: Duration,
    },
    /// A larger file than the limit.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
}

impl Prompt {
    /// Reads a file of at most 30 minutes.
    ///
    /// # Errors
    /// Says what is wrong with it; never panics, whatever the bytes are.
    pub fn read(bytes: &[u8]) -> Result<Self, WavError> {
        Self::read_within(bytes, WavLimits::default())
    }

    /// Reads a file within limits. What is set aside is as much as the file holds, whatever its header
    /// says.
    ///
    /// # Errors
    /// Says what is wrong with it; never panics, whatever the bytes are.
    pub fn read_within(bytes: &[u8], limits: WavLimits) -> Result<Self, WavError> {
        if bytes.len() > limits.bytes {
            return Err(WavError::TooLarge { limit: limits.bytes });
        }
        let unreadable = |error: hound::Error| WavError::Unreadable(error.to_string());
        let reader = hound::WavReader::new(Cursor::new(bytes)).map_err(unreadable)?;
        let spec = reader.spec();
        let right = spec.channels == 1
            && spec.bits_per_sample == 16
            && spec.sample_rate == SAMPLE_RATE
            && spec.sample_format == hound::SampleFormat::Int;
        if !right {
            return Err(WavError::WrongFormat {
                channels: spec.channels,
                bits: spec.bits_per_sample,
                rate: spec.sample_rate,
            });
        }
        let samples_max = limits.length.as_nanos() * u128::from(SAMPLE_RATE) / 1_000_000_000;
        if u128::from(reader.len()) > samples_max {
            return Err(WavError::TooLong { limit: limits.length });
        }
        let mut samples = Vec::with_capacity((reader.len() as usize).min(bytes.len() / 2));
        for sample in reader.into_samples() {
            samples.push(sample.map_err(unreadable)?);
        }
        if samples.is_empty() {
            return Err(WavError::Empty);
        }
        Ok(Self { samples })
    }

    /// How long it plays.
    pub fn duration(&self) -> Duration {
        let nanos = self.samples.len() as u128 * 1_000_000_000 / u128::from(SAMPLE_RATE);
        Duration::from_nanos(u64::try_from(nanos).expect("at most 30 minutes"))
    }

    /// The samples, 16,000 a second.
    pub fn samples(&self) -> &[i16] {
        &self.samples
    }
}

/// Writes samples as a WAV file that [`Prompt::read`] reads.
pub fn write_wav(samples: &[i16]) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = Cursor::new(Vec::with_capacity(44 + samples.len() * 2));
    let written = hound::WavWriter::new(&mut file, spec).and_then(|mut writer| {
        for sample in samples {
            writer.write_sample(*sample)?;
        }
        writer.finalize()
    });
    written.expect("writing to memory cannot fail");
    file.into_inner()
}

/// A sine of `frequency` Hz at a quarter of full scale.
pub fn tone(frequency: f64, length: Duration) -> Vec<i16> {
    let count = (length.as_secs_f64() * f64::from(SAMPLE_RATE)).round() as usize;
    let step = std::f64::consts::TAU * frequency / f64::from(SAMPLE_RATE);
    (0..count).map(|n| ((n as f64 * step).sin() * 8_191.0).round() as i16).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_tone_survives_the_file() {
        let samples = tone(440.0, Duration::from_millis(750));
        let prompt = Prompt::read(&write_wav(&samples)).unwrap();
        assert_eq!(prompt.samples(), samples);
        assert_eq!(prompt.duration(), Duration::from_millis(750));
    }

    /// anything but 16-bit mono of 16 kHz is refused by name.
    #[test]
    fn other_formats_are_named() {
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 44_100,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut file = Cursor::new(Vec::new());
        hound::WavWriter::new(&mut file, spec).unwrap().finalize().unwrap();
        let error = Prompt::read(&file.into_inner()).unwrap_err();
        assert_eq!(error, WavError::WrongFormat { channels: 2, bits: 16, rate: 44_100 });
        assert_eq!(Prompt::read(&write_wav(&[])), Err(WavError::Empty));
        assert!(matches!(Prompt::read(b"RIFF"), Err(WavError::Unreadable(_))));
    }

    #[test]
    fn limits_are_the_callers() {
        let file = write_wav(&[1; 1_600]);
        let limits = |bytes, millis| WavLimits { bytes, length: Duration::from_millis(millis) };
        assert!(Prompt::read_within(&file, limits(file.len(), 100)).is_ok());
        let short = Prompt::read_within(&file, limits(file.len(), 99)).unwrap_err();
        assert!(matches!(short, WavError::TooLong { .. }));
        let small = Prompt::read_within(&file, limits(file.len() - 1, 100)).unwrap_err();
        assert_eq!(small, WavError::TooLarge { limit: file.len() - 1 });
    }

    /// A header that promises more than there is costs no memory and is refused.
    #[test]
    fn a_header_that_lies_is_refused() {
        let mut file = write_wav(&[1; 100]);
        let at = file.len() - 200 - 4;
        file[at..at + 4].copy_from_slice(&56_000_000_u32.to_le_bytes());
        assert!(matches!(Prompt::read(&file), Err(WavError::Unreadable(_))));
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_no_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            cut in 0..100_usize,
            at in 0..44_usize,
        ) {
            let _ = Prompt::read(&bytes);
            let mut file = write_wav(&tone(300.0, Duration::from_millis(2)));
            file[at] ^= bytes.first().copied().unwrap_or(1);
            file.truncate(file.len() - cut);
            let _ = Prompt::read(&file);
        }
    }
}

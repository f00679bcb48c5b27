//! Prompts as WAV files: one channel, 16 bit linear PCM, 16,000 samples a second.

use std::{io::Cursor, time::Duration};

use thiserror::Error;

/// Samples of one channel in a second: what Teams plays and what a bot hears (contract R-232).
pub const SAMPLE_RATE: u32 = 16_000;

/// Longest prompt that is read, in samples: 30 minutes.
const SAMPLES_MAX: usize = 30 * 60 * SAMPLE_RATE as usize;

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
    /// More than 30 minutes.
    #[error("longer than 30 minutes")]
    TooLong,
}

impl Prompt {
    /// Reads a file.
    ///
    /// # Errors
    /// Says what is wrong with it; never panics, whatever the bytes are.
    pub fn read(bytes: &[u8]) -> Result<Self, WavError> {
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
        if reader.len() as usize > SAMPLES_MAX {
            return Err(WavError::TooLong);
        }
        let samples: Result<Vec<i16>, _> = reader.into_samples().collect();
        let samples = samples.map_err(unreadable)?;
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

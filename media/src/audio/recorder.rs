//! Recordings: frames into a WAV file of 16 kHz, 16 bit, mono, as they come.

use std::{
    io::{Seek, Write},
    time::Duration,
};

use thiserror::Error;

use super::frame::{FRAME_PERIOD, Pcm16K, SAMPLES_16K};

/// Why a recording does not go on.
#[derive(Debug, Error)]
pub enum RecordError {
    /// It is as long as it may be; what there is can be finished.
    #[error("the recording is as long as it may be")]
    Full,
    /// The file refuses.
    #[error("the recording cannot be written: {0}")]
    Write(#[from] hound::Error),
}

/// Writes a recording. Until [`Self::finish`] the header says what has been flushed.
pub struct Recorder<W: Write + Seek> {
    writer: hound::WavWriter<W>,
    frames: u32,
    frames_max: u32,
}

impl<W: Write + Seek> Recorder<W> {
    /// Starts a file that holds `length_max` at the most, cut to whole frames.
    ///
    /// # Errors
    /// The file refuses the header.
    pub fn new(file: W, length_max: Duration) -> Result<Self, RecordError> {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: crate::SAMPLE_RATE,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        // The sizes in a WAV file have 32 bits.
        let room = (u32::MAX - 64) / 2 / SAMPLES_16K as u32;
        let wanted = length_max.as_nanos() / FRAME_PERIOD.as_nanos();
        let frames_max = u32::try_from(wanted).unwrap_or(u32::MAX).min(room);
        Ok(Self { writer: hound::WavWriter::new(file, spec)?, frames: 0, frames_max })
    }

    /// Writes a frame.
    ///
    /// # Errors
    /// The recording is full, or the file refuses.
    pub fn write(&mut self, frame: &Pcm16K) -> Result<(), RecordError> {
        if self.frames == self.frames_max {
            return Err(RecordError::Full);
        }
        let mut writer = self.writer.get_i16_writer(SAMPLES_16K as u32);
        for sample in frame.0 {
            writer.write_sample(sample);
        }
        writer.flush()?;
        self.frames += 1;
        Ok(())
    }

    /// How long it is.
    pub fn length(&self) -> Duration {
        FRAME_PERIOD * self.frames
    }

    /// Brings the header up to date, so that a reader finds what was written so far.
    ///
    /// # Errors
    /// The file refuses.
    pub fn flush(&mut self) -> Result<(), RecordError> {
        Ok(self.writer.flush()?)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The file refuses.
    pub fn finish(self) -> Result<(), RecordError> {
        Ok(self.writer.finalize()?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::Prompt;

    #[test]
    fn a_recording_is_a_prompt() {
        let mut file = Cursor::new(Vec::new());
        let mut recorder = Recorder::new(&mut file, Duration::from_millis(70)).unwrap();
        for n in 1..=3 {
            recorder.write(&Pcm16K([n; 320])).unwrap();
        }
        assert!(matches!(recorder.write(&Pcm16K::SILENCE), Err(RecordError::Full)));
        assert_eq!(recorder.length(), Duration::from_millis(60));
        recorder.finish().unwrap();
        let bytes = file.into_inner();
        let prompt = Prompt::read(&bytes).unwrap();
        assert_eq!(prompt.samples().len(), 960);
        assert_eq!((prompt.samples()[0], prompt.samples()[959]), (1, 3));
    }

    #[test]
    fn what_is_flushed_can_be_read() {
        let mut file = Cursor::new(Vec::new());
        let mut recorder = Recorder::new(&mut file, Duration::MAX).unwrap();
        recorder.write(&Pcm16K([9; 320])).unwrap();
        recorder.flush().unwrap();
        std::mem::forget(recorder);
        assert_eq!(Prompt::read(file.get_ref()).unwrap().samples(), [9; 320]);
    }
}

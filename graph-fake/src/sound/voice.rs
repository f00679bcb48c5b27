//! What each source of sound is like, sample by sample.

use std::{
    f64::consts::TAU,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use graph_api::{Guid, Tone};
use media::SAMPLE_RATE;

use super::track::Track;

/// A quarter of full scale, as [`media::tone`] has it.
const LOUD: f64 = 8_191.0;

/// What somebody says otherwise than in the usual tone.
#[derive(Debug, Clone)]
pub enum Said {
    /// A steady tone of so many hertz.
    Sine(u32),
    /// These samples: a file, a marker.
    Samples(Arc<[i16]>),
}

/// Samples: a downloaded prompt, or what somebody says. It counts the bytes of all clips that live.
#[derive(Debug)]
pub struct Clip {
    samples: Arc<[i16]>,
    bytes: Arc<AtomicUsize>,
}

impl Clip {
    /// Counted in `bytes` for as long as it lives.
    pub fn new(samples: Arc<[i16]>, bytes: &Arc<AtomicUsize>) -> Self {
        bytes.fetch_add(size_of_val(&*samples), Ordering::Relaxed);
        Self { samples, bytes: bytes.clone() }
    }

    /// What it holds.
    pub fn samples(&self) -> &[i16] {
        &self.samples
    }
}

impl Drop for Clip {
    fn drop(&mut self) {
        self.bytes.fetch_sub(size_of_val(&*self.samples), Ordering::Relaxed);
    }
}

/// A source of sound.
#[derive(Debug, Clone)]
pub enum Voice {
    /// Prompts, one after the other.
    Clips(Vec<Arc<Clip>>),
    /// The same again and again.
    Loop(Vec<Arc<Clip>>),
    /// The beep before a recording.
    Beep,
    /// A person speaks: a steady tone, another one for another person.
    Speech(Guid),
    /// A steady tone of so many hertz.
    Sine(u32),
    /// What an app-hosted bot sends, as it arrives.
    Live(Track),
    /// A key is pressed: the two tones of its row and column (ITU-T Q.23).
    Key(Tone),
    /// Hold music.
    Music,
}

impl Voice {
    /// Adds the samples from this one on, clamped.
    pub fn add_to(&self, from: usize, samples: &mut [i16]) {
        if let Self::Live(track) = self {
            let mut said = vec![0; samples.len()];
            track.read(from, &mut said);
            for (sample, said) in samples.iter_mut().zip(said) {
                *sample = sample.saturating_add(said);
            }
            return;
        }
        for (at, sample) in samples.iter_mut().enumerate() {
            *sample = sample.saturating_add(self.sample(from + at));
        }
    }

    /// The sample so many samples after its beginning.
    fn sample(&self, at: usize) -> i16 {
        match self {
            Self::Clips(clips) => of_clips(clips, at),
            Self::Loop(clips) => {
                let length: usize = clips.iter().map(|clip| clip.samples.len()).sum();
                if length == 0 { 0 } else { of_clips(clips, at % length) }
            }
            Self::Beep => sine(1_000.0, at, 1.0),
            Self::Sine(hertz) => sine(f64::from(*hertz), at, 1.0),
            Self::Live(track) => {
                let mut one = [0];
                track.read(at, &mut one);
                one[0]
            }
            Self::Speech(person) => sine(frequency_of(*person), at, 1.0),
            Self::Key(tone) => match keypad(tone) {
                Some((row, column)) => sine(row, at, 0.5).saturating_add(sine(column, at, 0.5)),
                None => 0,
            },
            Self::Music => {
                const CHORD: [f64; 4] = [523.25, 659.25, 783.99, 659.25];
                let note = at / (SAMPLE_RATE as usize / 2);
                sine(CHORD[note % CHORD.len()], at, 0.5)
            }
        }
    }
}

fn of_clips(clips: &[Arc<Clip>], mut at: usize) -> i16 {
    for clip in clips {
        match clip.samples.get(at) {
            Some(sample) => return *sample,
            None => at -= clip.samples.len(),
        }
    }
    0
}

fn sine(frequency: f64, at: usize, loudness: f64) -> i16 {
    let step = TAU * frequency / f64::from(SAMPLE_RATE);
    ((at as f64 * step).sin() * LOUD * loudness).round() as i16
}

/// The pitch of a person's voice in Hz: between 300 and 890, in steps of 10, always the same for the same id.
pub fn frequency_of(person: Guid) -> f64 {
    let mixed = person.as_u128().wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) >> 96;
    300.0 + (mixed % 60) as f64 * 10.0
}

/// The frequencies of a key in Hz; none for a flash of the hook and for what is no key.
pub fn keypad(tone: &Tone) -> Option<(f64, f64)> {
    let (row, column) = match tone {
        Tone::Tone1 => (0, 0),
        Tone::Tone2 => (0, 1),
        Tone::Tone3 => (0, 2),
        Tone::A => (0, 3),
        Tone::Tone4 => (1, 0),
        Tone::Tone5 => (1, 1),
        Tone::Tone6 => (1, 2),
        Tone::B => (1, 3),
        Tone::Tone7 => (2, 0),
        Tone::Tone8 => (2, 1),
        Tone::Tone9 => (2, 2),
        Tone::C => (2, 3),
        Tone::Star => (3, 0),
        Tone::Tone0 => (3, 1),
        Tone::Pound => (3, 2),
        Tone::D => (3, 3),
        Tone::Flash | Tone::Unknown(_) => return None,
    };
    let rows = [697.0, 770.0, 852.0, 941.0];
    let columns = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
    Some((rows[row], columns[column]))
}

//! Sound for tests and load: something like speech, and noise. The same seed gives the same samples.

use std::{f64::consts::TAU, sync::OnceLock};

use super::frame::{Pcm16K, SAMPLES_16K};

/// Entries of the sine table.
const SINES: usize = 1 << 10;
/// Harmonics of a voice.
const HARMONICS: usize = 36;

fn sines() -> &'static [i16; SINES] {
    static TABLE: OnceLock<[i16; SINES]> = OnceLock::new();
    TABLE.get_or_init(|| {
        std::array::from_fn(|n| ((n as f64 / SINES as f64 * TAU).sin() * 16_384.0).round() as i16)
    })
}

/// Numbers without a pattern (xorshift; Marsaglia 2003).
#[derive(Debug, Clone)]
struct Noise(u32);

impl Noise {
    fn new(seed: u32) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9) ^ 0x5bd1_e995 | 1)
    }

    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    fn within(&mut self, low: u32, high: u32) -> u32 {
        low + (self.next() >> 8) % (high - low + 1)
    }
}

/// Something like speech: syllables of 100 to 300 ms, voiced ones with a gliding pitch, harmonics and
/// two formants, others as hiss, and pauses. Its effective value is between 900 and 4,000.
#[derive(Debug, Clone)]
pub struct SpeechLike {
    noise: Noise,
    sines: &'static [i16; SINES],
    /// The phase of the pitch, and its step and the step's change, in 2^-32 of a cycle.
    phase: u32,
    step: u32,
    glide: i32,
    kind: Sound,
    at: u32,
    length: u32,
    loudness: i32,
    weights: [i32; HARMONICS],
    pitch: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sound {
    Voiced,
    Hiss,
    Pause,
}

impl SpeechLike {
    /// A speaker; another seed is another voice and other words.
    pub fn new(seed: u32) -> Self {
        let mut noise = Noise::new(seed);
        let pitch = noise.within(95, 230);
        let mut speech = Self {
            noise,
            sines: sines(),
            phase: 0,
            step: 0,
            glide: 0,
            kind: Sound::Pause,
            at: 0,
            length: 0,
            loudness: 0,
            weights: [0; HARMONICS],
            pitch,
        };
        speech.syllable();
        speech
    }

    /// The next 20 ms.
    pub fn fill(&mut self, frame: &mut Pcm16K) {
        for sample in &mut frame.0 {
            *sample = self.sample();
        }
    }

    /// The next samples.
    pub fn samples(&mut self, count: usize) -> Vec<i16> {
        (0..count).map(|_| self.sample()).collect()
    }

    fn syllable(&mut self) {
        self.at = 0;
        self.kind = match self.noise.within(0, 9) {
            0..=6 => Sound::Voiced,
            7..=8 => Sound::Hiss,
            _ => Sound::Pause,
        };
        let (shortest, longest) = if self.kind == Sound::Voiced { (100, 300) } else { (50, 140) };
        self.length = 16 * self.noise.within(shortest, longest);
        self.loudness = self.noise.within(60, 100) as i32;
        let pitch = self.pitch * self.noise.within(85, 120) / 100;
        self.step = (u64::from(pitch) * (1 << 32) / 16_000) as u32;
        self.glide = self.noise.within(0, 24) as i32 * 16 - 192;
        let first = self.noise.within(300, 850) as i32;
        let second = self.noise.within(900, 2_400) as i32;
        for (number, weight) in (1..).zip(&mut self.weights) {
            let frequency = number * pitch as i32;
            let near = |formant: i32, width: i32| {
                let off = (frequency - formant) / width;
                4_096 / (1 + off * off)
            };
            let slope = 60_000 / (frequency + 400);
            let inside = frequency < 7_000;
            *weight = i32::from(inside) * (near(first, 90) + near(second, 130) / 3 + slope);
        }
    }

    fn sample(&mut self) -> i16 {
        if self.at == self.length {
            self.syllable();
        }
        let edge = self.at.min(self.length - self.at).min(480) as i32;
        self.at += 1;
        self.step = self.step.saturating_add_signed(self.glide);
        self.phase = self.phase.wrapping_add(self.step);
        let raw = match self.kind {
            Sound::Voiced => {
                let waves = (1_u32..).zip(&self.weights).filter(|(_, weight)| **weight > 0);
                let sum: i32 = waves
                    .map(|(number, weight)| {
                        let phase = self.phase.wrapping_mul(number) >> 22;
                        (i32::from(self.sines[phase as usize]) * weight) >> 14
                    })
                    .sum();
                sum / 2
            }
            Sound::Hiss => (self.noise.next() as i32 >> 16) / 12,
            Sound::Pause => (self.noise.next() as i32 >> 16) / 1_024,
        };
        (raw * self.loudness / 100 * edge / 480).clamp(-20_000, 20_000) as i16
    }
}

/// A frame of white noise, up to `amplitude`; `seed` gives the same again.
pub fn noise(seed: u32, amplitude: i16) -> Pcm16K {
    let mut noise = Noise::new(seed);
    Pcm16K(std::array::from_fn::<_, SAMPLES_16K, _>(|_| {
        (((noise.next() as i32 >> 16) * i32::from(amplitude)) >> 15) as i16
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn power(samples: &[i16]) -> f64 {
        let squares: f64 = samples.iter().map(|x| f64::from(*x).powi(2)).sum();
        (squares / samples.len() as f64).sqrt()
    }

    #[test]
    fn voices_differ_and_repeat_and_are_about_as_loud() {
        let speak = |seed| SpeechLike::new(seed).samples(160_000);
        assert_eq!(speak(1), speak(1));
        assert_ne!(speak(1), speak(2));
        for seed in 0..10 {
            let power = power(&speak(seed));
            assert!((900.0..4_000.0).contains(&power), "{seed}: {power}");
        }
    }

    #[test]
    fn noise_is_within_its_amplitude() {
        let frame = noise(3, 1_000);
        assert!(frame.0.iter().all(|sample| sample.abs() <= 1_000));
        assert!(power(&frame.0) > 400.0);
    }
}

//! 16 kHz mono and 44.1 kHz stereo into each other, frame by frame.
//!
//! The ratio is 441 / 160 and a frame of 320 samples gives 882, so every frame starts at the same
//! phase. A polyphase filter (a windowed sinc, Kaiser, β = 8) in 16-bit integers: the same bits on
//! every machine. The crate `rubato` was looked at and not taken: its fixed-ratio resampler goes
//! through `rustfft`, which picks its code by the processor, so floats differ in the last bits between
//! machines.

use std::{f64::consts::PI, sync::OnceLock};

use super::frame::{Pcm16K, Pcm44KStereo, SAMPLES_16K, SAMPLES_44K};

/// 16 kHz times this is 7.056 MHz, and so is 44.1 kHz times [`DOWN`].
const UP: usize = 441;
/// See [`UP`].
const DOWN: usize = 160;
/// Samples at 16 kHz that the filter spans; it delays by half of that, 1 ms.
const SPAN: usize = 32;
/// Samples at 44.1 kHz that make the same span, rounded up to whole vectors.
const SPAN_44K: usize = 96;
/// Where the filter cuts, in Hz: 0.92 of half the lower rate.
const CUT: f64 = 7_360.0;
/// A gain of one.
const UNITY: i32 = 1 << 14;

/// Mono at 16 kHz to stereo at 44.1 kHz; both channels are the same.
#[derive(Debug, Clone)]
pub struct Upsampler {
    /// The end of the frame before, then the frame.
    line: [i16; SPAN - 1 + SAMPLES_16K],
    phases: &'static [[i16; SPAN]],
}

/// Stereo at 44.1 kHz to mono at 16 kHz: the mean of both channels.
#[derive(Debug, Clone)]
pub struct Downsampler {
    line: [i16; SPAN_44K - 1 + SAMPLES_44K],
    phases: &'static [[i16; SPAN_44K]],
}

impl Upsampler {
    /// Silence lies before the first frame. The first use in a process computes the filter.
    pub fn new() -> Self {
        static PHASES: OnceLock<Vec<[i16; SPAN]>> = OnceLock::new();
        let phases = PHASES.get_or_init(|| filter::<SPAN>(UP, 16_000.0));
        Self { line: [0; SPAN - 1 + SAMPLES_16K], phases }
    }

    /// One frame; what comes out lags by 1 ms.
    pub fn convert(&mut self, frame: &Pcm16K, out: &mut Pcm44KStereo) {
        self.line.copy_within(SAMPLES_16K.., 0);
        self.line[SPAN - 1..].copy_from_slice(&frame.0);
        for (number, pair) in out.0.iter_mut().enumerate() {
            let position = number * DOWN;
            *pair = [weigh(&self.line[position / UP..], &self.phases[position % UP]); 2];
        }
    }
}

impl Downsampler {
    /// Silence lies before the first frame. The first use in a process computes the filter.
    pub fn new() -> Self {
        static PHASES: OnceLock<Vec<[i16; SPAN_44K]>> = OnceLock::new();
        let phases = PHASES.get_or_init(|| filter::<SPAN_44K>(DOWN, 44_100.0));
        Self { line: [0; SPAN_44K - 1 + SAMPLES_44K], phases }
    }

    /// One frame; what comes out lags by 1.1 ms.
    pub fn convert(&mut self, frame: &Pcm44KStereo, out: &mut Pcm16K) {
        self.line.copy_within(SAMPLES_44K.., 0);
        for (sample, [left, right]) in self.line[SPAN_44K - 1..].iter_mut().zip(&frame.0) {
            *sample = ((i32::from(*left) + i32::from(*right)) >> 1) as i16;
        }
        for (number, sample) in out.0.iter_mut().enumerate() {
            let position = number * UP;
            *sample = weigh(&self.line[position / DOWN..], &self.phases[position % DOWN]);
        }
    }
}

impl Default for Upsampler {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for Downsampler {
    fn default() -> Self {
        Self::new()
    }
}

/// The products cannot overflow: see [`filter`].
fn weigh<const TAPS: usize>(line: &[i16], phase: &[i16; TAPS]) -> i16 {
    let products = line[..TAPS].iter().zip(phase).map(|(x, h)| i32::from(*x) * i32::from(*h));
    let sum: i32 = products.sum();
    ((sum + UNITY / 2) / UNITY).clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// The filter for each of `up` positions between two input samples of `rate` Hz, latest sample last.
fn filter<const TAPS: usize>(up: usize, rate: f64) -> Vec<[i16; TAPS]> {
    let half = TAPS as f64 / 2.0;
    let phases = (0..up).map(|phase| {
        let mut taps = [0.0; TAPS];
        for (back, tap) in taps.iter_mut().rev().enumerate() {
            let at = back as f64 + phase as f64 / up as f64 - half;
            let x = 2.0 * CUT / rate * at * PI;
            let sinc = if x.abs() < 1e-9 { 1.0 } else { x.sin() / x };
            let inside = (1.0 - (at / half).powi(2)).max(0.0);
            *tap = sinc * bessel(8.0 * inside.sqrt());
        }
        let sum: f64 = taps.iter().sum();
        let taps = taps.map(|tap| (tap / sum * f64::from(UNITY)).round() as i16);
        let largest: i32 = taps.iter().map(|tap| i32::from(*tap).abs()).sum();
        assert!(largest < 4 * UNITY - 1, "full scale must not overflow 32 bits");
        taps
    });
    phases.collect()
}

/// The modified Bessel function of the first kind, order 0, by its power series.
fn bessel(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..32 {
        term *= (x / 2.0 / f64::from(n)).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Signal to everything else, in dB: the part of `samples` that is a sine of `frequency`.
    fn purity(samples: &[i16], frequency: f64, rate: f64) -> f64 {
        let (mut s, mut c, mut all) = (0.0, 0.0, 0.0);
        for (n, sample) in samples.iter().enumerate() {
            let angle = 2.0 * PI * frequency * n as f64 / rate;
            let x = f64::from(*sample);
            s += x * angle.sin();
            c += x * angle.cos();
            all += x * x;
        }
        let tone = 2.0 * (s * s + c * c) / samples.len() as f64;
        10.0 * (tone / (all - tone).max(1e-9)).log10()
    }

    fn sine(n: usize, frequency: f64, rate: f64) -> i16 {
        ((2.0 * PI * frequency * n as f64 / rate).sin() * 20_000.0).round() as i16
    }

    /// 2 s of a tone up and down again; the first frames hold the filter's start.
    fn there_and_back(frequency: f64) -> (Vec<i16>, Vec<i16>) {
        let (mut up, mut down) = (Upsampler::new(), Downsampler::new());
        let (mut high, mut low) = (Vec::new(), Vec::new());
        let mut middle = Pcm44KStereo::SILENCE;
        for frame in 0..100 {
            let start = frame * SAMPLES_16K;
            let mut pcm = Pcm16K(std::array::from_fn(|n| sine(start + n, frequency, 16_000.0)));
            up.convert(&pcm, &mut middle);
            assert!(middle.0.iter().all(|[left, right]| left == right));
            high.extend(middle.0.iter().map(|[left, _]| *left));
            down.convert(&middle, &mut pcm);
            low.extend_from_slice(&pcm.0);
        }
        (high.split_off(SAMPLES_44K * 50), low.split_off(SAMPLES_16K * 50))
    }

    #[test]
    fn a_tone_survives() {
        for frequency in [100.0, 440.0, 1_000.0, 3_400.0, 6_000.0] {
            let (high, low) = there_and_back(frequency);
            let (high, low) =
                (purity(&high, frequency, 44_100.0), purity(&low, frequency, 16_000.0));
            assert!(high > 60.0 && low > 60.0, "{frequency} Hz: {high:.1} dB, {low:.1} dB");
        }
    }

    #[test]
    fn levels_stay() {
        let (high, low) = there_and_back(1_000.0);
        let power = |samples: &[i16]| {
            let squares: f64 = samples.iter().map(|x| f64::from(*x).powi(2)).sum();
            squares / samples.len() as f64 / (20_000.0 * 20_000.0 / 2.0)
        };
        assert!((power(&high) - 1.0).abs() < 0.01 && (power(&low) - 1.0).abs() < 0.01);
    }

    /// What 16 kHz cannot hold must not come back as another tone.
    #[test]
    fn high_tones_do_not_fold() {
        let mut down = Downsampler::new();
        let mut out = Pcm16K::SILENCE;
        for frame in 0..4 {
            let start = frame * SAMPLES_44K;
            let pairs = std::array::from_fn(|n| [sine(start + n, 10_000.0, 44_100.0); 2]);
            down.convert(&Pcm44KStereo(pairs), &mut out);
        }
        assert!(out.0.iter().all(|sample| sample.abs() < 20), "60 dB down");
    }

    #[test]
    fn full_scale_is_clamped_not_wrapped() {
        let mut up = Upsampler::new();
        let mut out = Pcm44KStereo::SILENCE;
        let square =
            Pcm16K(std::array::from_fn(|n| if n / 16 % 2 == 0 { i16::MAX } else { i16::MIN }));
        up.convert(&square, &mut out);
        up.convert(&square, &mut out);
        let (low, high) = (out.0.iter().min().unwrap()[0], out.0.iter().max().unwrap()[0]);
        assert_eq!((low, high), (i16::MIN, i16::MAX));
    }
}

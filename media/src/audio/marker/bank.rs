//! The 32 tones: made from a table, and measured in windows of 40 ms that move by 10 ms.

use std::{f64::consts::TAU, sync::OnceLock};

/// Tones: 16 in the lower group, 16 in the upper.
pub(super) const TONES: usize = 32;
/// Samples of a step.
pub(super) const STEP: usize = 160;
/// Steps of a window.
const STEPS: usize = 4;
/// The greatest value of [`tone`].
pub(super) const UNITY: i32 = 512;
/// All tones are multiples of 50 Hz: the table repeats after 20 ms.
const PERIOD: usize = 320;

type Table = Vec<([i16; PERIOD], [i16; PERIOD])>;

/// Sines and cosines of the tones.
fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        (0..TONES)
            .map(|tone| {
                let cycles = frequency(tone) / 50;
                let wave = |at: usize, shift: f64| {
                    let angle = TAU * ((cycles * at % PERIOD) as f64 / PERIOD as f64 + shift);
                    (angle.sin() * f64::from(UNITY)).round() as i16
                };
                let wave = |shift| std::array::from_fn(|at| wave(at, shift));
                (wave(0.0), wave(0.25))
            })
            .collect()
    })
}

/// In Hz: 1000 to 1750 and 1850 to 2600.
fn frequency(tone: usize) -> usize {
    if tone < TONES / 2 { 1_000 + 50 * tone } else { 1_850 + 50 * (tone - TONES / 2) }
}

/// A sample of a tone.
pub(super) fn tone(tone: u8, at: usize) -> i32 {
    table()[usize::from(tone)].0[at % PERIOD].into()
}

/// What a window holds: the strongest tone of each group, and how much it stands out.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reading {
    /// The symbol: both tones.
    pub(super) symbol: u8,
    /// Whether both stand out at least twofold.
    pub(super) clear: bool,
    /// The power of both.
    pub(super) power: u64,
}

/// Measures all tones.
#[derive(Debug, Clone)]
pub(super) struct Bank {
    table: &'static Table,
    /// The last steps' parts: a sine and a cosine for each tone.
    steps: [[(i32, i32); TONES]; STEPS],
    count: usize,
}

impl Bank {
    pub(super) fn new() -> Self {
        Self { table: table(), steps: [[(0, 0); TONES]; STEPS], count: 0 }
    }

    /// Takes the next 10 ms and reads the window that ends with them.
    pub(super) fn read(&mut self, samples: &[i16; STEP]) -> Reading {
        let offset = self.count * STEP % PERIOD;
        let step = &mut self.steps[self.count % STEPS];
        for (part, (sine, cosine)) in step.iter_mut().zip(self.table) {
            // 2^15 · 2^9 · 160 · 2/π fits 32 bits.
            let against = |wave: &[i16; PERIOD]| {
                let wave = &wave[offset..offset + STEP];
                let products = samples.iter().zip(wave).map(|(x, w)| i32::from(*x) * i32::from(*w));
                products.fold(0_i32, i32::wrapping_add)
            };
            *part = (against(sine) >> 9, against(cosine) >> 9);
        }
        self.count += 1;
        let mut powers = [0_u64; TONES];
        for (tone, power) in powers.iter_mut().enumerate() {
            let (s, c) =
                self.steps.iter().map(|step| step[tone]).fold((0_i64, 0_i64), |sum, part| {
                    (sum.0 + i64::from(part.0), sum.1 + i64::from(part.1))
                });
            *power = (s * s + c * c).unsigned_abs();
        }
        let (low, high) = powers.split_at(TONES / 2);
        let (low, high) = (Peak::of(low), Peak::of(high));
        Reading {
            symbol: low.tone << 4 | high.tone,
            clear: low.clear() && high.clear(),
            power: low.power + high.power,
        }
    }
}

struct Peak {
    tone: u8,
    power: u64,
    second: u64,
}

impl Peak {
    fn of(powers: &[u64]) -> Self {
        let mut peak = Self { tone: 0, power: 0, second: 0 };
        for (tone, power) in (0..).zip(powers) {
            if *power > peak.power {
                peak = Self { tone, power: *power, second: peak.power };
            } else {
                peak.second = peak.second.max(*power);
            }
        }
        peak
    }

    /// Twofold, and not the rounding of silence.
    fn clear(&self) -> bool {
        self.power > 2 * self.second && self.power > 10_000
    }
}

//! Listens for markers in a stream of frames.

use std::time::Duration;

use super::{
    super::{FRAME_PERIOD, Pcm16K, SAMPLES_16K},
    Marker, SYMBOLS,
    bank::{Bank, Reading, STEP},
    decode::decode,
};

/// Steps of a symbol.
const SYMBOL_STEPS: usize = 4;
/// Readings that are kept: a marker's, up to the last symbol's.
const KEPT: usize = (SYMBOLS - 1) * SYMBOL_STEPS + 1;
/// Steps during which a better aligned reading of the same marker may follow.
const SETTLE: u32 = SYMBOL_STEPS as u32;
/// A step.
const STEP_TIME: Duration = Duration::from_millis(10);

/// A marker was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkerHeard {
    /// Which.
    pub marker: Marker,
    /// When that was certain, at the end of the step that decided.
    pub at: Duration,
    /// When the marker began, to within a step of 10 ms and what the codec delays.
    pub started: Duration,
    /// How many of its ten symbols were right: seven or more.
    pub symbols: usize,
}

/// Finds markers in one stream. Allocates nothing after its first use in a process.
#[derive(Debug, Clone)]
pub struct MarkerDetector {
    bank: Bank,
    readings: [Reading; KEPT],
    count: usize,
    candidate: Option<Candidate>,
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    heard: MarkerHeard,
    power: u64,
    age: u32,
}

impl MarkerDetector {
    /// A detector that has heard nothing.
    pub fn new() -> Self {
        let readings = [Reading::default(); KEPT];
        Self { bank: Bank::new(), readings, count: 0, candidate: None }
    }

    /// Listens to the frame that begins at `now`. Frames have to follow each other without a gap;
    /// missing ones are given as silence.
    pub fn push(&mut self, now: Duration, frame: &Pcm16K) -> Option<MarkerHeard> {
        let mut found = None;
        for (end, step) in (1..).zip(frame.0.as_chunks::<STEP>().0) {
            found = self.step(now + STEP_TIME * end, step).or(found);
        }
        found
    }

    fn step(&mut self, at: Duration, samples: &[i16; STEP]) -> Option<MarkerHeard> {
        self.readings[self.count % KEPT] = self.bank.read(samples);
        self.count += 1;
        let word: [Reading; SYMBOLS] =
            std::array::from_fn(|n| self.readings[(self.count + n * SYMBOL_STEPS) % KEPT]);
        if let Some((marker, symbols)) = decode(&word) {
            self.consider(at, marker, symbols, word.iter().map(|reading| reading.power >> 8).sum());
        }
        let candidate = self.candidate.as_mut()?;
        candidate.age += 1;
        if candidate.age < SETTLE {
            return None;
        }
        let heard = MarkerHeard { at, ..candidate.heard };
        self.candidate = None;
        Some(heard)
    }

    /// The alignment with the most right symbols counts, and of several the strongest.
    fn consider(&mut self, at: Duration, marker: Marker, symbols: usize, power: u64) {
        let length = FRAME_PERIOD * (Marker::SAMPLES / SAMPLES_16K) as u32;
        let started = at.saturating_sub(length);
        let heard = MarkerHeard { marker, at, started, symbols };
        let known = self.candidate.filter(|known| known.heard.marker == marker);
        let Some(known) = known else {
            self.candidate = Some(Candidate { heard, power, age: 0 });
            return;
        };
        if (symbols, power) > (known.heard.symbols, known.power) {
            self.candidate = Some(Candidate { heard, power, age: known.age });
        }
    }
}

impl Default for MarkerDetector {
    fn default() -> Self {
        Self::new()
    }
}

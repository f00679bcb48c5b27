//! What is heard in place of a missing frame: the last one, 6 dB softer each time, then silence.

use super::{
    frame::{Pcm16K, SAMPLES_16K},
    jitter::Played,
};

/// Frames in a row that are made up: 60 ms.
const FRAMES_MAX: u32 = 3;

/// The frame that is being played, and what to do without one.
#[derive(Debug, Clone)]
pub(super) struct Concealer {
    frame: Pcm16K,
    kept: Pcm16K,
    run: u32,
    on: bool,
}

impl Concealer {
    pub(super) fn new(on: bool) -> Self {
        Self { frame: Pcm16K::SILENCE, kept: Pcm16K::SILENCE, run: FRAMES_MAX, on }
    }

    pub(super) fn frame(&self) -> &Pcm16K {
        &self.frame
    }

    /// Where a real frame goes.
    pub(super) fn fresh(&mut self) -> &mut Pcm16K {
        self.run = 0;
        &mut self.frame
    }

    pub(super) fn silence(&mut self) {
        if self.run <= FRAMES_MAX {
            self.frame = Pcm16K::SILENCE;
        }
        self.run = FRAMES_MAX + 1;
    }

    pub(super) fn conceal(&mut self) -> Played {
        if !self.on || self.run >= FRAMES_MAX {
            self.silence();
            return Played::Missing;
        }
        self.run += 1;
        for sample in &mut self.frame.0 {
            *sample /= 2;
        }
        Played::Concealed
    }

    /// Puts the frame aside for [`Self::blend`].
    pub(super) fn keep(&mut self) {
        self.kept = self.frame;
    }

    /// Fades from the frame that was kept into the one that is there.
    pub(super) fn blend(&mut self) {
        let span = SAMPLES_16K as i32;
        let pairs = self.frame.0.iter_mut().zip(&self.kept.0);
        for (at, (new, old)) in (0_i32..).zip(pairs) {
            let mixed = (i32::from(*old) * (span - at) + i32::from(*new) * at) / span;
            *new = mixed as i16;
        }
    }
}

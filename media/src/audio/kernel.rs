//! The inner loops of mixing, compiled for AVX2 beside the build's own target and chosen once at run time.
//!
//! `pulp` holds the `unsafe` that calling such code needs; the loops are plain Rust that vectorises.

use pulp::{Arch, NullaryFnOnce};

use super::frame::{Pcm16K, SAMPLES_16K};

/// A sum of frames.
pub(super) type Sum = [i32; SAMPLES_16K];

/// Squares are summed without their lowest bits, so that 320 of full scale fit 32 bits.
const ENERGY_SHIFT: u32 = 8;

/// Frames that stay in the first-level cache: 10 KiB.
const NEAR: usize = 16;

/// The loops, for this processor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kernel(Arch);

impl Kernel {
    pub(super) fn new() -> Self {
        Self(Arch::new())
    }

    /// The energy of each frame that counts; 0 of the others.
    pub(super) fn energies(self, frames: &[Pcm16K], counts: &[bool], energies: &mut [u32]) {
        self.0.dispatch(Energies { frames, counts, energies });
    }

    /// Both [`Self::energies`] and [`Self::sum`], while each frame is near.
    pub(super) fn energies_and_sum(
        self,
        frames: &[Pcm16K],
        counts: &[bool],
        energies: &mut [u32],
        sum: &mut Sum,
    ) {
        self.0.dispatch(EnergiesAndSum { frames, counts, energies, sum });
    }

    /// The sum of the frames that count.
    pub(super) fn sum(self, frames: &[Pcm16K], counts: &[bool], sum: &mut Sum) {
        self.0.dispatch(SumUp { frames, counts, sum });
    }

    /// To each member the sum without its own frame, if that was in it.
    pub(super) fn minus(
        self,
        sum: &Sum,
        frames: &[Pcm16K],
        counts: &[bool],
        outputs: &mut [Pcm16K],
    ) {
        self.0.dispatch(Minus { sum, frames, counts, outputs });
    }
}

/// A frame's energy: the sum of its squares, in units of 256.
#[inline(always)]
fn energy(frame: &Pcm16K) -> u32 {
    // Two at a time is one instruction; their sum fits 32 bits without a sign.
    let squares = |[a, b]: &[i16; 2]| {
        let (a, b) = (i32::from(*a), i32::from(*b));
        (a * a).wrapping_add(b * b) as u32 >> ENERGY_SHIFT
    };
    frame.0.as_chunks::<2>().0.iter().map(squares).sum()
}

#[inline(always)]
fn clamp(value: i32) -> i16 {
    value.clamp(i16::MIN as i32, i16::MAX as i32) as i16
}

struct Energies<'a> {
    frames: &'a [Pcm16K],
    counts: &'a [bool],
    energies: &'a mut [u32],
}

impl NullaryFnOnce for Energies<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let members = self.frames.iter().zip(self.counts).zip(self.energies);
        for ((frame, counts), out) in members {
            *out = if *counts { energy(frame) } else { 0 };
        }
    }
}

struct SumUp<'a> {
    frames: &'a [Pcm16K],
    counts: &'a [bool],
    sum: &'a mut Sum,
}

impl NullaryFnOnce for SumUp<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        *self.sum = [0; SAMPLES_16K];
        add(self.frames, self.counts, self.sum);
    }
}

/// Adds the frames that count to the sum, four at a time: it is read and written a quarter as often.
#[inline(always)]
fn add(frames: &[Pcm16K], counts: &[bool], sum: &mut Sum) {
    let all = frames.iter().zip(counts);
    let mut heard = all.filter(|(_, counts)| **counts).map(|(frame, _)| &frame.0);
    while let Some(first) = heard.next() {
        let mut next = || heard.next().unwrap_or(&Pcm16K::SILENCE.0);
        let (second, third, fourth) = (next(), next(), next());
        let samples = first.iter().zip(second).zip(third.iter().zip(fourth));
        for (sum, ((a, b), (c, d))) in sum.iter_mut().zip(samples) {
            *sum += i32::from(*a) + i32::from(*b) + i32::from(*c) + i32::from(*d);
        }
    }
}

struct EnergiesAndSum<'a> {
    frames: &'a [Pcm16K],
    counts: &'a [bool],
    energies: &'a mut [u32],
    sum: &'a mut Sum,
}

impl NullaryFnOnce for EnergiesAndSum<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        *self.sum = [0; SAMPLES_16K];
        let blocks = self.frames.chunks(NEAR).zip(self.counts.chunks(NEAR));
        for ((frames, counts), energies) in blocks.zip(self.energies.chunks_mut(NEAR)) {
            Energies { frames, counts, energies }.call();
            add(frames, counts, self.sum);
        }
    }
}

struct Minus<'a> {
    sum: &'a Sum,
    frames: &'a [Pcm16K],
    counts: &'a [bool],
    outputs: &'a mut [Pcm16K],
}

impl NullaryFnOnce for Minus<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let mut everyone = Pcm16K::SILENCE;
        for (out, sum) in everyone.0.iter_mut().zip(self.sum) {
            *out = clamp(*sum);
        }
        let members = self.frames.iter().zip(self.counts).zip(self.outputs);
        for ((frame, counts), output) in members {
            if !*counts {
                *output = everyone;
                continue;
            }
            let samples = self.sum.iter().zip(&frame.0);
            for (out, (sum, own)) in output.0.iter_mut().zip(samples) {
                *out = clamp(*sum - i32::from(*own));
            }
        }
    }
}

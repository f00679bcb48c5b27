//! Markers in spoken audio: 24 bits that can be heard again at the other end of a call.
//!
//! A marker is ten symbols of 40 ms, two tones at a time: one of 16 from 1000 Hz and one of 16 from
//! 1850 Hz, 50 Hz apart, so a symbol is a byte and the whole lies within what G.711 carries. The bytes
//! are a Reed-Solomon code over GF(256): the values of a polynomial whose three coefficients are the
//! id, at ten places. Any three right symbols give the id, and seven of ten have to agree before a
//! marker is believed: three may be destroyed, and ten symbols of noise pass for a marker once in
//! 30 million trials. A mask keeps steady tones from being a code word.

mod bank;
mod decode;
mod detect;

pub use detect::{MarkerDetector, MarkerHeard};

use super::{SAMPLES_16K, field::times};

/// Symbols of a marker.
const SYMBOLS: usize = 10;
/// Samples of a symbol: 40 ms.
const SYMBOL: usize = 640;
/// Samples over which a symbol rises and falls: 2.5 ms.
const EDGE: usize = 40;
/// Amplitude of each of the two tones.
const AMPLITUDE: i32 = 4_500;
/// Added to the code words, so that no steady sound is near one.
const MASK: [u8; SYMBOLS] = [0x1b, 0xe4, 0x72, 0x8d, 0x36, 0xc9, 0x5f, 0xa0, 0x47, 0xf8];

/// What a marker says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Marker(u32);

impl Marker {
    /// Samples at 16 kHz: 400 ms, 20 frames.
    pub const SAMPLES: usize = SYMBOLS * SYMBOL;
    /// Frames of 20 ms.
    pub const FRAMES: usize = Self::SAMPLES / SAMPLES_16K;

    /// A marker with this id; none above 24 bits.
    pub fn new(id: u32) -> Option<Self> {
        (id < 1 << 24).then_some(Self(id))
    }

    /// The id.
    pub fn id(self) -> u32 {
        self.0
    }

    /// How the marker sounds: 400 ms at 16 kHz, about −11 dB of full scale. The same on every machine.
    pub fn samples(self) -> Vec<i16> {
        let mut samples = vec![0; Self::SAMPLES];
        self.add_to(&mut samples);
        samples
    }

    /// Adds the marker to what is there, from the first sample on, clamped.
    pub fn add_to(self, samples: &mut [i16]) {
        for (symbol, chunk) in self.symbols().into_iter().zip(samples.chunks_mut(SYMBOL)) {
            for (at, sample) in chunk.iter_mut().enumerate() {
                let edge = (at + 1).min(SYMBOL - at).min(EDGE) as i32;
                let tones = bank::tone(symbol >> 4, at) + bank::tone(16 + (symbol & 15), at);
                let value =
                    i32::from(*sample) + tones * AMPLITUDE / bank::UNITY * edge / EDGE as i32;
                *sample = value.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
            }
        }
    }

    fn symbols(self) -> [u8; SYMBOLS] {
        let [_, high, middle, low] = self.0.to_be_bytes();
        std::array::from_fn(|place| value([high, middle, low], place) ^ MASK[place])
    }

    fn from_coefficients([high, middle, low]: [u8; 3]) -> Self {
        Self(u32::from_be_bytes([0, high, middle, low]))
    }
}

/// The polynomial's value at a place.
fn value([high, middle, low]: [u8; 3], place: usize) -> u8 {
    let x = abscissa(place);
    low ^ times(x, middle ^ times(x, high))
}

/// Where the polynomial is taken.
fn abscissa(place: usize) -> u8 {
    place as u8 + 1
}

#[cfg(test)]
mod tests;

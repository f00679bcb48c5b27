//! Bytes that are written as text: runs of base64 and of hexadecimal digits.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::Wrapping;

/// Characters of a run that is worth opening: what is shorter holds no canary.
const RUN_MIN: usize = 100;
/// Characters of a run that are opened at a time; a longer one is opened in pieces.
const RUN_MAX: usize = 4 << 20;
/// Characters of a piece that are opened again with the next: three seconds of samples.
const OVERLAP: usize = 128 << 10;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What was opened: where the run begins, what it is, and what was in it.
type Opened = Vec<(u64, Wrapping, Vec<u8>)>;

/// Finds runs in a stream.
#[derive(Debug, Default)]
pub(super) struct Runs {
    /// The run that goes on, without line breaks, in the letters of the standard alphabet.
    run: Vec<u8>,
    began: u64,
}

impl Runs {
    /// More text, from this place on; what ended in it.
    pub(super) fn feed(&mut self, at: u64, text: &[u8]) -> Opened {
        let mut opened = Vec::new();
        for (place, byte) in (at..).zip(text) {
            let letter = match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => *byte,
                b'-' => b'+',
                b'_' => b'/',
                // Lines are broken at whatever width.
                b'\r' | b'\n' => continue,
                _ => {
                    opened.extend(self.close(0));
                    continue;
                }
            };
            if self.run.is_empty() {
                self.began = place;
            }
            self.run.push(letter);
            if self.run.len() >= RUN_MAX {
                opened.extend(self.close(OVERLAP));
            }
        }
        opened
    }

    /// There is no more text.
    pub(super) fn end(mut self) -> Opened {
        self.close(0)
    }

    /// Opens the run, however the text before it has moved it; so much of it stays.
    fn close(&mut self, stays: usize) -> Opened {
        let mut opened = Vec::new();
        if self.run.len() >= RUN_MIN {
            // Letters before it may have become part of the run.
            opened.extend((0..4).filter_map(|shift| {
                let letters = &self.run[shift..];
                let whole = letters.len() - usize::from(letters.len() % 4 == 1);
                let bytes = LENIENT.decode(&letters[..whole]).ok()?;
                Some((self.began, Wrapping::Base64, bytes))
            }));
            opened.extend((0..2).filter_map(|shift| {
                let pairs = self.run[shift..].as_chunks::<2>().0;
                let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
                Some((self.began, Wrapping::Hex, bytes.collect::<Option<Vec<u8>>>()?))
            }));
        }
        let gone = self.run.len().saturating_sub(stays);
        self.run.drain(..gone);
        self.began += gone as u64;
        opened
    }
}

fn digit(letter: u8) -> Option<u8> {
    let value = char::from(letter).to_digit(16)?;
    u8::try_from(value).ok()
}

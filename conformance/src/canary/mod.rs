//! Whether a bot keeps the media that it is given: it must not, nor data derived from it, unless a
//! successful updateRecordingStatus has said that it records.
//!
//! What the bot is given carries canaries: markers in what is said, barcodes in what is shown. Then everything that the
//! bot has written, its working directory and the bodies of its requests, is searched for them:
//!
//! | Form | How it is found |
//! |---|---|
//! | samples of 16 bits, either byte order, with a WAV header or without | runs of the very samples |
//! | such samples, louder, quieter, or mixed with others | the marker is heard in them |
//! | H.264, in whatever container | runs of the very bytes of slices |
//! | pictures whose luma is in rows: NV12, I420 and its relatives | the barcode is read, at whatever stride |
//!
//! All of that bare, as base64 of either alphabet, or as hexadecimal digits. What is compressed otherwise, encoded anew or
//! encrypted is not found: that nothing was found is no proof that nothing is kept.

mod kept;
mod scan;
#[cfg(test)]
mod tests;
mod wrapped;

use std::{collections::BTreeSet, fmt};

use aho_corasick::AhoCorasick;
use media::{audio::Marker, nal_units};
use serde::Serialize;
use thiserror::Error;

pub use kept::{Kept, LookError, Looked, Recording, look_through, uploads, verdict};
pub use scan::{BYTES_MAX, Scan, Scanner};

/// Samples of a run.
const RUN: usize = 32;
/// Samples from run to run: 20 ms, so that each frame that is kept holds one.
const RUN_EVERY: usize = 320;
/// Bytes of a run of H.264.
const SLICE_RUN: usize = 24;
/// Bytes from run to run.
const SLICE_RUN_EVERY: usize = 256;
/// Values that differ in a run: what is duller is found in anything.
const DISTINCT: usize = 12;
/// Runs of one canary.
const RUNS_MAX: usize = 20_000;
/// Bits of a source that a barcode has.
const SOURCE_MASK: u32 = (1 << 24) - 1;

/// What a bot is given.
#[derive(Debug, Clone, Copy)]
pub enum Given<'a> {
    /// Somebody says this marker.
    Marker(Marker),
    /// Somebody says these samples of 16 kHz.
    Samples(&'a [i16]),
    /// This frame is sent, or a part of one: Annex B.
    H264(&'a [u8]),
    /// Barcodes of this source are shown.
    Source(u32),
}

/// In what form something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Form {
    /// Samples of 16 bits, little-endian: what a WAV file holds.
    LittleEndian,
    /// The same, big-endian: what goes over the wire.
    BigEndian,
    /// Samples in which this marker can be heard.
    Marker(u32),
    /// H.264.
    H264,
    /// A picture with a barcode of this source.
    Picture(u32),
}

/// What it was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Wrapping {
    /// Nothing.
    Bare,
    /// Base64.
    Base64,
    /// Hexadecimal digits.
    Hex,
}

/// Something that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// In what form.
    pub form: Form,
    /// In what.
    pub wrapping: Wrapping,
    /// The byte near which it is; of what is wrapped, where that begins.
    pub at: u64,
}

impl fmt::Display for Form {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LittleEndian => out.write_str("samples, little-endian"),
            Self::BigEndian => out.write_str("samples, big-endian"),
            Self::Marker(id) => write!(out, "samples with marker {id}"),
            Self::H264 => out.write_str("H.264"),
            Self::Picture(source) => write!(out, "a picture of source {source}"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wrapping = match self.wrapping {
            Wrapping::Bare => "",
            Wrapping::Base64 => " as base64",
            Wrapping::Hex => " as hexadecimal digits",
        };
        write!(out, "{}{wrapping} at byte {}", self.form, self.at)
    }
}

/// Nothing can be searched for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadCanary {
    /// Everything given is too short, or too dull: silence is found everywhere.
    #[error("nothing that was given can be told from anything else")]
    Dull,
    /// More than can be searched for at once.
    #[error("more than {RUNS_MAX} runs of 20 ms of sound or 256 bytes of video")]
    TooMuch,
    /// The searcher cannot be built.
    #[error("{0}")]
    Search(String),
}

/// What a bot was given, made ready to be searched for.
#[derive(Debug, Clone)]
pub struct Canary {
    search: AhoCorasick,
    /// Which run is of which form.
    forms: Vec<Form>,
    markers: BTreeSet<u32>,
    sources: BTreeSet<u32>,
}

impl Canary {
    /// Of all that was given.
    ///
    /// # Errors
    /// See [`BadCanary`].
    pub fn new(given: &[Given<'_>]) -> Result<Self, BadCanary> {
        let mut runs: Vec<(Form, Vec<u8>)> = Vec::new();
        let (mut markers, mut sources) = (BTreeSet::new(), BTreeSet::new());
        for one in given {
            match one {
                Given::Marker(marker) => {
                    markers.insert(marker.id());
                    runs.extend(runs_of_samples(&marker.samples()));
                }
                Given::Samples(samples) => runs.extend(runs_of_samples(samples)),
                Given::H264(annex_b) => runs.extend(runs_of_slices(annex_b)),
                Given::Source(source) => {
                    sources.insert(source & SOURCE_MASK);
                }
            }
            if runs.len() > RUNS_MAX {
                return Err(BadCanary::TooMuch);
            }
        }
        if runs.is_empty() && markers.is_empty() && sources.is_empty() {
            return Err(BadCanary::Dull);
        }
        let search = AhoCorasick::new(runs.iter().map(|(_, bytes)| bytes));
        let search = search.map_err(|error| BadCanary::Search(error.to_string()))?;
        let forms = runs.into_iter().map(|(form, _)| form).collect();
        Ok(Self { search, forms, markers, sources })
    }

    /// Searches bytes that are all there.
    pub fn find(&self, bytes: &[u8]) -> Vec<Finding> {
        let mut scanner = Scanner::new(self);
        scanner.feed(bytes);
        scanner.finish().findings
    }
}

fn is_distinct<T: Ord>(run: &[T]) -> bool {
    run.iter().collect::<BTreeSet<_>>().len() >= DISTINCT
}

/// Every 20 ms a run, in both byte orders.
fn runs_of_samples(samples: &[i16]) -> Vec<(Form, Vec<u8>)> {
    let starts = samples.windows(RUN).step_by(RUN_EVERY).filter(|run| is_distinct(run));
    let both = starts.flat_map(|run| {
        let little = run.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let big = run.iter().flat_map(|sample| sample.to_be_bytes()).collect();
        [(Form::LittleEndian, little), (Form::BigEndian, big)]
    });
    both.collect()
}

/// Of each slice a run every so many bytes, behind its header. Parameter sets are the same in every stream.
fn runs_of_slices(annex_b: &[u8]) -> Vec<(Form, Vec<u8>)> {
    let slices =
        nal_units(annex_b).filter(|unit| matches!(unit.first().map(|it| it & 0x1f), Some(1 | 5)));
    let runs = slices.flat_map(|unit| {
        unit.get(16..).unwrap_or_default().windows(SLICE_RUN).step_by(SLICE_RUN_EVERY)
    });
    runs.filter(|run| is_distinct(run)).map(|run| (Form::H264, run.to_vec())).collect()
}

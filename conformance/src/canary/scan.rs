//! Searches a stream of bytes, in pieces of whatever length.

use std::time::Duration;

use media::{
    BARCODE_HEIGHT, BARCODE_WIDTH, Barcode, I420,
    audio::{FRAME_PERIOD, MarkerDetector, Pcm16K, SAMPLES_16K},
};

use super::{Canary, Finding, Form, Wrapping, wrapped::Runs};

/// Bytes of one stream that are looked at; what lies behind is not.
pub const BYTES_MAX: u64 = 64 << 20;
/// Bytes that are searched at a time.
const PIECE: usize = 256 << 10;
/// Bytes from row to row of a picture, at the most.
const STRIDE_MAX: usize = 1_920;
/// Bytes from the beginning of a barcode to its end, at the most.
const SPAN: usize = (BARCODE_HEIGHT - 1) * STRIDE_MAX + BARCODE_WIDTH;
/// Pixels of a barcode's block, across and down; 24 of them are a row, and the source.
const BLOCK: usize = 8;
/// Luma above which a pixel is bright, and below which it is dark: 235 and 16 as drawn.
const BRIGHT: u8 = 170;
const DARK: u8 = 85;
/// Bits of the source.
const SOURCE_BITS: usize = 24;

/// What came of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The first place of each form in each wrapping, sorted.
    pub findings: Vec<Finding>,
    /// Bytes that were given.
    pub bytes: u64,
    /// All of them were looked at.
    pub whole: bool,
}

/// Samples, in one byte order, from an even byte on or an odd one.
struct Ear {
    big_endian: bool,
    detector: MarkerDetector,
    /// Bytes of a frame that has begun.
    bytes: Vec<u8>,
    frames: u32,
}

/// A search that is under way.
pub struct Scanner<'a> {
    canary: &'a Canary,
    wrapping: Wrapping,
    /// Bytes that are not done with, and where the first of them lies.
    buffer: Vec<u8>,
    at: u64,
    given: u64,
    ears: Vec<Ear>,
    /// Absent within what is wrapped: a wrapping in a wrapping is not opened.
    runs: Option<Runs>,
    findings: Vec<Finding>,
}

impl<'a> Scanner<'a> {
    /// One that has seen nothing.
    pub fn new(canary: &'a Canary) -> Self {
        Self { runs: Some(Runs::default()), ..Self::within(canary, Wrapping::Bare) }
    }

    /// One that looks into a wrapping.
    pub(super) fn within(canary: &'a Canary, wrapping: Wrapping) -> Self {
        let ear = |big_endian, odd: usize| Ear {
            big_endian,
            detector: MarkerDetector::new(),
            // A byte before the first makes all others begin at the odd ones.
            bytes: vec![0; odd],
            frames: 0,
        };
        let all = [ear(false, 0), ear(false, 1), ear(true, 0), ear(true, 1)];
        let ears = all.into_iter().filter(|_| !canary.markers.is_empty()).collect();
        let (buffer, findings) = (Vec::new(), Vec::new());
        Self { canary, wrapping, buffer, at: 0, given: 0, ears, runs: None, findings }
    }

    /// More bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let room = BYTES_MAX.saturating_sub(self.given);
        self.given += bytes.len() as u64;
        let seen = usize::try_from(room).map_or(bytes, |room| &bytes[..room.min(bytes.len())]);
        for piece in seen.chunks(PIECE) {
            let begun = self.at + self.buffer.len() as u64;
            self.listen(begun, piece);
            self.open(begun, piece);
            self.buffer.extend_from_slice(piece);
            if self.buffer.len() >= PIECE + SPAN {
                self.search(false);
            }
        }
    }

    /// There are no more.
    pub fn finish(mut self) -> Scan {
        self.search(true);
        if let Some(runs) = self.runs.take() {
            self.found_in(runs.end());
        }
        for ear in &mut self.ears {
            // A marker is believed when what follows it makes no better one.
            for _ in 0..4 {
                let heard = ear.detector.push(ear.now(), &Pcm16K::SILENCE);
                ear.frames += 1;
                let heard = heard.map(|it| it.marker.id());
                if let Some(id) = heard.filter(|id| self.canary.markers.contains(id)) {
                    note(&mut self.findings, Form::Marker(id), self.wrapping, self.given);
                }
            }
        }
        self.findings.sort_unstable();
        let whole = self.given <= BYTES_MAX;
        Scan { findings: self.findings, bytes: self.given, whole }
    }

    fn listen(&mut self, at: u64, piece: &[u8]) {
        for ear in &mut self.ears {
            ear.bytes.extend_from_slice(piece);
            let whole = ear.bytes.len() / (2 * SAMPLES_16K) * 2 * SAMPLES_16K;
            let bytes: Vec<u8> = ear.bytes.drain(..whole).collect();
            for frame in bytes.as_chunks::<{ 2 * SAMPLES_16K }>().0 {
                let sample = |pair: &[u8; 2]| match ear.big_endian {
                    true => i16::from_be_bytes(*pair),
                    false => i16::from_le_bytes(*pair),
                };
                let pairs = frame.as_chunks::<2>().0;
                let samples = std::array::from_fn(|index| sample(&pairs[index]));
                let heard = ear.detector.push(ear.now(), &Pcm16K(samples));
                ear.frames = ear.frames.wrapping_add(1);
                let heard = heard.map(|it| it.marker.id());
                if let Some(id) = heard.filter(|id| self.canary.markers.contains(id)) {
                    note(&mut self.findings, Form::Marker(id), self.wrapping, at);
                }
            }
        }
    }

    /// Looks into what is wrapped.
    fn open(&mut self, at: u64, piece: &[u8]) {
        if let Some(runs) = &mut self.runs {
            let ended = runs.feed(at, piece);
            self.found_in(ended);
        }
    }

    fn found_in(&mut self, wrapped: Vec<(u64, Wrapping, Vec<u8>)>) {
        for (at, wrapping, bytes) in wrapped {
            let mut inner = Scanner::within(self.canary, wrapping);
            inner.feed(&bytes);
            for finding in inner.finish().findings {
                note(&mut self.findings, finding.form, wrapping, at);
            }
        }
    }

    /// Searches the buffer, and leaves in it what may be the beginning of something.
    fn search(&mut self, last: bool) {
        for hit in self.canary.search.find_overlapping_iter(&self.buffer) {
            let form = self.canary.forms[hit.pattern().as_usize()];
            note(&mut self.findings, form, self.wrapping, self.at + hit.start() as u64);
        }
        let end = self.buffer.len().saturating_sub(if last { BARCODE_WIDTH } else { SPAN });
        for source in &self.canary.sources {
            let form = Form::Picture(*source);
            let known = |one: &Finding| one.form == form && one.wrapping == self.wrapping;
            if !self.findings.iter().any(known)
                && let Some(at) = (0..=end).find(|at| is_picture(&self.buffer[*at..], *source))
            {
                note(&mut self.findings, form, self.wrapping, self.at + at as u64);
            }
        }
        if !last {
            self.buffer.drain(..end);
            self.at += end as u64;
        }
    }
}

impl Ear {
    fn now(&self) -> Duration {
        FRAME_PERIOD * self.frames
    }
}

/// The first place counts.
fn note(findings: &mut Vec<Finding>, form: Form, wrapping: Wrapping, at: u64) {
    match findings.iter_mut().find(|one| one.form == form && one.wrapping == wrapping) {
        Some(found) => found.at = found.at.min(at),
        None => findings.push(Finding { form, wrapping, at }),
    }
}

/// Whether the luma of a picture begins here whose barcode, in its top left corner, names this source.
fn is_picture(bytes: &[u8], source: u32) -> bool {
    let bit = |column: usize| source >> (SOURCE_BITS - 1 - column) & 1 == 1;
    let fits = |column: usize, pixel: u8| if bit(column) { pixel >= BRIGHT } else { pixel <= DARK };
    let middle = |column: usize| column * BLOCK + BLOCK / 2;
    if bytes.len() < BARCODE_WIDTH
        || !(0..SOURCE_BITS).rev().all(|column| fits(column, bytes[middle(column)]))
        || !(0..SOURCE_BITS).all(|column| fits(column, bytes[column * BLOCK + 1]))
    {
        return false;
    }
    let clear = |pixel: &u8| *pixel >= BRIGHT || *pixel <= DARK;
    let strides = (BARCODE_WIDTH..=STRIDE_MAX).step_by(2);
    strides.into_iter().any(|stride| {
        let row = |row: usize| bytes.get(row * stride..row * stride + BARCODE_WIDTH);
        let bits = |pixels: &[u8]| (0..SOURCE_BITS).all(|column| clear(&pixels[middle(column)]));
        let rows = [BLOCK + 4, 2 * BLOCK + 4, 3 * BLOCK + 4].map(row);
        rows.into_iter().all(|pixels| pixels.is_some_and(bits))
            && read(bytes, stride).is_some_and(|code| code.source() == source)
    })
}

/// The barcode of a picture with rows so far apart.
fn read(bytes: &[u8], stride: usize) -> Option<Barcode> {
    let mut picture = I420::black(BARCODE_WIDTH, BARCODE_HEIGHT).ok()?;
    let (luma, _, _) = picture.split_mut();
    let rows = luma.chunks_exact_mut(BARCODE_WIDTH).zip(bytes.chunks(stride));
    let mut copied = 0;
    for (to, from) in rows {
        to.copy_from_slice(from.get(..BARCODE_WIDTH)?);
        copied += 1;
    }
    Barcode::read(&picture).filter(|_| copied == BARCODE_HEIGHT).map(|read| read.barcode)
}

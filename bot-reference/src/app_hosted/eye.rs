//! What comes on one video socket: each frame is decoded, and its barcode says whose it is and when it was drawn.

use media::{
    AssembledFrame, Barcode, DecoderLimits, H264Decoder, I420, nal_units, transport::Receive,
};
use serde::Serialize;
use xxhash_rust::xxh3::Xxh3;

/// Bits of a time that a barcode has.
const TIME_MASK: u64 = (1 << 40) - 1;
/// Bits of a source that a barcode has.
const SOURCE_MASK: u32 = (1 << 24) - 1;
/// NAL units of which a frame may consist (contract media 3).
const NAL_TYPES: [u8; 4] = [1, 5, 7, 8];

/// Counts of one socket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Seen {
    /// Media source id of who comes, as the platform has said.
    pub source: Option<u32>,
    /// Frames.
    pub frames: u64,
    /// Of these, those that refer to none before.
    pub key_frames: u64,
    /// Bytes of H.264.
    pub bytes: u64,
    /// Frames whose barcode was read.
    pub markers: u64,
    /// Barcodes of neither whom the platform announced nor whom it announced before.
    pub strangers: u64,
    /// Frames whose barcode is not younger than the one before, of the same source.
    pub repeated: u64,
    /// Pictures without a barcode.
    pub unread: u64,
    /// Frames that cannot be decoded, or are not made as frames of a call are.
    pub undecodable: u64,
    /// How often the platform said that it stands still.
    pub frozen: u64,
    /// What the latest barcode says: the source.
    pub latest_source: Option<u32>,
    /// The time in it, ms.
    pub latest_time_ms: Option<u64>,
    /// How long ago that was.
    pub latest_delay_ms: Option<u64>,
    /// Sources whose barcodes were read; each once, the first ones.
    pub sources: Vec<u32>,
    /// XXH3 of all pictures, as the socket hands them over: NV12, or planes.
    pub pictures: String,
}

/// Sources that are named.
const SOURCES_MAX: usize = 16;

/// One socket.
pub(super) struct Eye {
    receive: Receive,
    /// None before the first frame, and where openh264 does not start.
    decoder: Option<H264Decoder>,
    picture: I420,
    nv12: Vec<u8>,
    hash: Xxh3,
    before: Option<u32>,
    seen: Seen,
}

impl Eye {
    pub(super) fn new(receive: Receive) -> Self {
        let (picture, nv12, hash) = (I420::default(), Vec::new(), Xxh3::new());
        Self { receive, decoder: None, picture, nv12, hash, before: None, seen: Seen::default() }
    }

    /// What was seen so far.
    pub(super) fn seen(&self) -> Seen {
        Seen { pictures: format!("{:016x}", self.hash.digest()), ..self.seen.clone() }
    }

    /// From now on this one comes, or nobody.
    pub(super) fn expects(&mut self, source: Option<u32>) {
        if self.seen.source != source {
            self.before = self.seen.source.or(self.before);
            self.seen.source = source;
        }
    }

    /// It stands still (`MediaStreamQualityChanged`, Detected).
    pub(super) fn freezes(&mut self) {
        self.seen.frozen += 1;
    }

    /// Looks at a frame at this time, in ms as barcodes count; false: a key frame is needed.
    pub(super) fn look(&mut self, now_ms: u64, frame: &AssembledFrame<'_>) -> bool {
        self.seen.frames += 1;
        self.seen.key_frames += u64::from(frame.key_frame);
        self.seen.bytes += frame.annex_b.len() as u64;
        let right = |unit: &[u8]| unit.first().is_some_and(|it| NAL_TYPES.contains(&(it & 0x1f)));
        if !nal_units(frame.annex_b).all(right) || !self.decode(frame.annex_b) {
            self.seen.undecodable += 1;
            return false;
        }
        match Barcode::read(&self.picture) {
            Some(read) => self.note(now_ms, read.barcode),
            None => self.seen.unread += 1,
        }
        true
    }

    /// The picture of a frame, handed over as the socket declares; false if there is none.
    fn decode(&mut self, annex_b: &[u8]) -> bool {
        if self.decoder.is_none() {
            self.decoder = H264Decoder::new(DecoderLimits::default()).ok();
        }
        let Some(decoder) = &mut self.decoder else { return false };
        if !matches!(decoder.decode(annex_b, &mut self.picture), Ok(true)) {
            return false;
        }
        match self.receive {
            Receive::H264 => self.hash.update(&self.picture.planes),
            Receive::Nv12 => {
                // Whoever wants pictures gets NV12, and reads that.
                let (width, height) = (self.picture.width, self.picture.height);
                self.nv12.resize(I420::nv12_len(width, height, width), 0);
                let written = self.picture.write_nv12(width, &mut self.nv12);
                self.hash.update(&self.nv12);
                let read = self.picture.read_nv12((width, height), width, &self.nv12);
                return written.and(read).is_ok();
            }
        }
        true
    }

    fn note(&mut self, now_ms: u64, barcode: Barcode) {
        let (source, time) = (barcode.source(), barcode.time_ms());
        let seen = &mut self.seen;
        seen.markers += 1;
        let known = [seen.source, self.before].into_iter().flatten();
        let known = known.map(|id| id & SOURCE_MASK).any(|id| id == source);
        // In a call of two nobody has a media source id.
        seen.strangers += u64::from(!known && seen.source.or(self.before).is_some());
        let same = seen.latest_source == Some(source);
        seen.repeated += u64::from(same && seen.latest_time_ms.is_some_and(|last| time <= last));
        seen.latest_source = Some(source);
        seen.latest_time_ms = Some(time);
        seen.latest_delay_ms = Some(now_ms.wrapping_sub(time) & TIME_MASK);
        if !seen.sources.contains(&source) && seen.sources.len() < SOURCES_MAX {
            seen.sources.push(source);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use media::{H264Encoder, H264EncoderConfig, TestPattern};

    use super::*;

    /// Frames of a source, drawn at these times.
    fn frames(source: u32, times: &[u64]) -> Vec<Vec<u8>> {
        let config =
            H264EncoderConfig { key_frame_period: 0, ..H264EncoderConfig::new(15.0, 200_000) };
        let mut encoder = H264Encoder::new(config).unwrap();
        let mut pattern = TestPattern::new(320, 180, source).unwrap();
        let draw = |(index, ms): (u64, &u64)| {
            let mut annex_b = Vec::new();
            let picture = pattern.draw(index, Duration::from_millis(*ms));
            encoder.encode(picture, Duration::from_millis(66 * index), &mut annex_b).unwrap();
            annex_b
        };
        (0..).zip(times).map(draw).collect()
    }

    fn look(eye: &mut Eye, annex_b: &[u8]) -> bool {
        eye.look(10_000, &AssembledFrame { timestamp: 0, key_frame: true, annex_b })
    }

    fn seen(receive: Receive, of: u32, frames: &[Vec<u8>]) -> Seen {
        let mut eye = Eye::new(receive);
        eye.expects(Some(of));
        frames.iter().for_each(|frame| assert!(look(&mut eye, frame)));
        eye.seen()
    }

    #[test]
    fn barcodes_are_compared_with_what_was_announced() {
        let all = frames(0x0100_0007, &[9_000, 9_066, 9_066, 9_132]);
        let right = seen(Receive::H264, 0x0100_0007, &all);
        assert_eq!((right.markers, right.strangers, right.repeated), (4, 0, 1));
        let latest = (right.latest_source, right.latest_time_ms, right.latest_delay_ms);
        assert_eq!(latest, (Some(7), Some(9_132), Some(868)), "a barcode has 24 bits of a source");
        assert_eq!(seen(Receive::H264, 8, &all).strangers, 4);
        let mut switched = Eye::new(Receive::Nv12);
        for source in [7, 8] {
            switched.expects(Some(source));
        }
        assert!(look(&mut switched, &all[0]), "what was under way may come still");
        assert_eq!(switched.seen().strangers, 0);
    }

    /// Raw frames are NV12: the same picture in another order of bytes.
    #[test]
    fn pictures_are_handed_over_as_declared() {
        let all = frames(7, &[1, 2, 3]);
        let [h264, nv12] = [Receive::H264, Receive::Nv12].map(|receive| seen(receive, 7, &all));
        assert_ne!(h264.pictures, nv12.pictures);
        assert_eq!((h264.markers, nv12.markers), (3, 3));
        assert_eq!(h264.pictures, seen(Receive::H264, 7, &all).pictures, "each time");
    }

    #[test]
    fn what_is_no_frame_of_a_call_needs_a_key_frame() {
        let all = frames(7, &[1, 2, 3]);
        let mut eye = Eye::new(Receive::H264);
        assert!(!look(&mut eye, &all[1]), "nothing before it");
        let sei = [&[0, 0, 0, 1, 6, 5, 1, 0, 0x80][..], &all[0]].concat();
        assert!(!look(&mut eye, &sei), "contract media 3: no SEI");
        assert!(!look(&mut eye, &[]) && !look(&mut eye, &[0, 0, 1, 0x65, 0xff]));
        assert_eq!((eye.seen().undecodable, eye.seen().markers), (4, 0));
        assert!(look(&mut eye, &all[0]));
    }
}

//! H.264 as a call carries it: encoded by openh264, as Annex B, and its NAL units.

use memchr::memmem;
use openh264::{
    decoder::Decoder,
    encoder::{BitRate, Encoder, EncoderConfig, FrameRate, IntraFramePeriod},
    formats::{YUVBuffer, YUVSource as _},
};
use thiserror::Error;

/// A frame, planar 4:2:0: `width * height` bytes of luma, a quarter of that of each chroma.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct I420 {
    /// Pixels across; even.
    pub width: usize,
    /// Pixels down; even.
    pub height: usize,
    /// Y, then U, then V, without padding.
    pub planes: Vec<u8>,
}

/// openh264 refuses.
#[derive(Debug, Error)]
pub enum CodecError {
    /// A frame of another shape than its planes.
    #[error("{width} x {height} needs {needed} bytes, there are {given}")]
    Shape {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
        /// Bytes that such a frame has.
        needed: usize,
        /// Bytes that were given.
        given: usize,
    },
    /// The codec's own error.
    #[error("openh264: {0}")]
    Codec(#[from] openh264::Error),
}

/// Encodes one stream.
pub struct H264Encoder(Encoder);

/// Decodes one stream.
pub struct H264Decoder(Decoder);

impl H264Encoder {
    /// An encoder for `frames_per_second` at about `bits_per_second`, with a key frame every two seconds.
    ///
    /// # Errors
    /// openh264 refuses the settings.
    pub fn new(frames_per_second: f32, bits_per_second: u32) -> Result<Self, CodecError> {
        let key_frames = (frames_per_second * 2.0) as u32;
        let config = EncoderConfig::new()
            .max_frame_rate(FrameRate::from_hz(frames_per_second))
            .bitrate(BitRate::from_bps(bits_per_second))
            .intra_frame_period(IntraFramePeriod::from_num_frames(key_frames));
        Ok(Self(Encoder::with_api_config(openh264::OpenH264API::from_source(), config)?))
    }

    /// Encodes a frame as Annex B: NAL units behind start codes.
    ///
    /// # Errors
    /// A frame of the wrong shape; the codec's own errors.
    pub fn encode(&mut self, frame: &I420) -> Result<Vec<u8>, CodecError> {
        let (width, height, given) = (frame.width, frame.height, frame.planes.len());
        let needed = width * height * 3 / 2;
        if needed != given || width % 2 != 0 || height % 2 != 0 {
            return Err(CodecError::Shape { width, height, needed, given });
        }
        let buffer = YUVBuffer::from_vec(frame.planes.clone(), width, height);
        Ok(self.0.encode(&buffer)?.to_vec())
    }
}

impl H264Decoder {
    /// A decoder.
    ///
    /// # Errors
    /// openh264 cannot start.
    pub fn new() -> Result<Self, CodecError> {
        Ok(Self(Decoder::new()?))
    }

    /// Decodes what belongs to one frame; none while the decoder waits for more.
    ///
    /// # Errors
    /// The codec's own; damaged input is an error, not a panic.
    pub fn decode(&mut self, annex_b: &[u8]) -> Result<Option<I420>, CodecError> {
        let Some(frame) = self.0.decode(annex_b)? else { return Ok(None) };
        let (width, height) = frame.dimensions();
        let (y, u, v) = frame.strides();
        let mut planes = Vec::with_capacity(width * height * 3 / 2);
        let chroma = width / 2;
        for (plane, stride, wide) in
            [(frame.y(), y, width), (frame.u(), u, chroma), (frame.v(), v, chroma)]
        {
            let rows = if wide == width { height } else { height / 2 };
            for row in plane.chunks(stride).take(rows) {
                planes.extend_from_slice(&row[..wide]);
            }
        }
        Ok(Some(I420 { width, height, planes }))
    }
}

/// The NAL units of an Annex B stream, without start codes (H.264 annex B.1).
pub fn nal_units(annex_b: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut starts = memmem::find_iter(annex_b, &[0, 0, 1]).peekable();
    std::iter::from_fn(move || {
        let start = starts.next()? + 3;
        let end = starts.peek().copied().unwrap_or(annex_b.len());
        let unit = &annex_b[start..end.max(start)];
        // The zero of a four-byte start code, and trailing zeros, belong to no unit.
        let kept = unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Some(&unit[..kept])
    })
    .filter(|unit| !unit.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn grey(luma: u8) -> I420 {
        let (width, height) = (160, 96);
        let mut planes = vec![luma; width * height];
        planes.resize(width * height * 3 / 2, 128);
        I420 { width, height, planes }
    }

    #[test]
    fn what_is_encoded_can_be_seen() {
        let mut encoder = H264Encoder::new(15.0, 200_000).unwrap();
        let mut decoder = H264Decoder::new().unwrap();
        let mut seen = Vec::new();
        for luma in (40..200).step_by(16) {
            let stream = encoder.encode(&grey(luma)).unwrap();
            if let Some(frame) = decoder.decode(&stream).unwrap() {
                assert_eq!((frame.width, frame.height), (160, 96));
                seen.push((luma, frame.planes[80 * 48]));
            }
        }
        assert!(seen.len() >= 8, "{seen:?}");
        assert!(seen.iter().all(|(sent, got)| sent.abs_diff(*got) < 24), "{seen:?}");
    }

    #[test]
    fn the_first_frame_brings_its_parameters() {
        let mut encoder = H264Encoder::new(15.0, 200_000).unwrap();
        let stream = encoder.encode(&grey(100)).unwrap();
        let kinds: Vec<u8> = nal_units(&stream).map(|unit| unit[0] & 0x1f).collect();
        assert_eq!(kinds, [7, 8, 5], "SPS, PPS, IDR");
    }

    #[test]
    fn a_frame_of_the_wrong_shape_is_refused() {
        let mut encoder = H264Encoder::new(15.0, 200_000).unwrap();
        let bad = I420 { planes: vec![0; 7], ..grey(0) };
        assert!(matches!(encoder.encode(&bad), Err(CodecError::Shape { given: 7, .. })));
    }

    proptest! {
        #[test]
        fn units_come_back(
            units in prop::collection::vec(prop::collection::vec(1..=255_u8, 1..20), 0..8),
            long in any::<bool>(),
        ) {
            let code: &[u8] = if long { &[0, 0, 0, 1] } else { &[0, 0, 1] };
            let stream: Vec<u8> = units.iter().flat_map(|unit| [code, unit].concat()).collect();
            prop_assert_eq!(nal_units(&stream).map(<[u8]>::to_vec).collect::<Vec<_>>(), units);
        }

        #[test]
        fn whatever_the_bytes_no_panic(bytes in prop::collection::vec(0..3_u8, 0..60)) {
            prop_assert!(nal_units(&bytes).all(|unit| !unit.is_empty()));
        }
    }
}

//! Encodes and decodes H.264 with openh264, one thread each, so that the same pictures give the same
//! bytes.

use std::time::Duration;

use openh264::{
    OpenH264API, Timestamp,
    decoder::{Decoder, DecoderConfig},
    encoder::{
        BitRate, Complexity, Encoder, EncoderConfig, FrameRate, FrameType, IntraFramePeriod,
        Profile, RateControlMode, UsageType,
    },
    formats::{YUVSlices, YUVSource as _},
};
use thiserror::Error;

use super::picture::{I420, PictureError};

/// openh264 refuses, or what it is given is out of bounds.
#[derive(Debug, Error)]
pub enum CodecError {
    /// A picture that is none, or of another size than the planes given.
    #[error("{0}")]
    Picture(#[from] PictureError),
    /// A frame longer than the limit.
    #[error("a frame of {given} bytes, at most {limit} are decoded")]
    TooLong {
        /// Bytes of the frame.
        given: usize,
        /// Bytes that are allowed.
        limit: usize,
    },
    /// A picture larger than the limit.
    #[error("a picture of {width} x {height}, at most {limit} pixels are decoded")]
    TooLarge {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
        /// Pixels that are allowed.
        limit: usize,
    },
    /// The codec's own error.
    #[error("openh264: {0}")]
    Codec(#[from] openh264::Error),
}

/// What is in the pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Content {
    /// What a camera sees.
    #[default]
    Camera,
    /// What a screen shows.
    Screen,
}

/// How an encoder is set up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct H264EncoderConfig {
    /// Frames per second at the most.
    pub frames_per_second: f32,
    /// Bits per second to keep; frames are left out where it is too little.
    pub bits_per_second: u32,
    /// What is in the pictures.
    pub content: Content,
    /// Frames from key frame to key frame; zero for none but the first and those asked for.
    pub key_frame_period: u32,
}

/// What came of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoded {
    /// A frame that refers to none before it, behind its parameter sets.
    Key,
    /// A frame that refers to those before it.
    Delta,
    /// Nothing: the bit rate had no room for it.
    Skipped,
}

/// Encodes one stream: Constrained Baseline, so no B frames.
///
/// A picture of another size than the one before begins anew with a key frame.
pub struct H264Encoder {
    encoder: Encoder,
    config: H264EncoderConfig,
    /// openh264 has been told the size; before, it must not be asked for anything.
    started: bool,
    key_frame_wanted: bool,
}

/// What a decoder takes at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecoderLimits {
    /// Bytes of a frame.
    pub frame_len: usize,
    /// Pixels of a picture.
    pub pixels: usize,
}

impl Default for DecoderLimits {
    /// 2 MiB and 1920 x 1088.
    fn default() -> Self {
        Self { frame_len: 2 << 20, pixels: 1920 * 1088 }
    }
}

/// Decodes one stream. Nothing is concealed: after a loss it fails until the next key frame.
pub struct H264Decoder {
    decoder: Decoder,
    limits: DecoderLimits,
}

impl H264EncoderConfig {
    /// A camera at this rate, with a key frame every two seconds.
    pub fn new(frames_per_second: f32, bits_per_second: u32) -> Self {
        Self {
            frames_per_second,
            bits_per_second,
            content: Content::Camera,
            key_frame_period: (frames_per_second * 2.0) as u32,
        }
    }

    fn start(self) -> Result<Encoder, openh264::Error> {
        let screen = self.content == Content::Screen;
        let usage =
            if screen { UsageType::ScreenContentRealTime } else { UsageType::CameraVideoRealTime };
        let config = EncoderConfig::new()
            .max_frame_rate(FrameRate::from_hz(self.frames_per_second))
            .bitrate(BitRate::from_bps(self.bits_per_second))
            .usage_type(usage)
            .rate_control_mode(RateControlMode::Bitrate)
            // Otherwise openh264 says on the terminal that it cannot keep the rate.
            .skip_frames(true)
            // Neither exists for screens; asked for, openh264 says so on the terminal.
            .adaptive_quantization(!screen)
            .background_detection(!screen)
            .complexity(Complexity::Low)
            .profile(Profile::Baseline)
            .num_threads(1)
            .intra_frame_period(IntraFramePeriod::from_num_frames(self.key_frame_period));
        Encoder::with_api_config(OpenH264API::from_source(), config)
    }
}

impl H264Encoder {
    /// An encoder.
    ///
    /// # Errors
    /// openh264 refuses the settings.
    pub fn new(config: H264EncoderConfig) -> Result<Self, CodecError> {
        Ok(Self { encoder: config.start()?, config, started: false, key_frame_wanted: false })
    }

    /// Makes the next frame a key frame.
    pub fn force_key_frame(&mut self) {
        self.key_frame_wanted = true;
    }

    /// Aims at another bit rate from the next frame on, which is a key frame.
    ///
    /// # Errors
    /// openh264 cannot start anew.
    pub fn set_bits_per_second(&mut self, bits_per_second: u32) -> Result<(), CodecError> {
        if bits_per_second != self.config.bits_per_second {
            self.config.bits_per_second = bits_per_second;
            self.encoder = self.config.start()?;
            self.started = false;
        }
        Ok(())
    }

    /// Encodes a picture captured at `time` since the start; `annex_b` is replaced by its NAL units
    /// behind start codes.
    ///
    /// # Errors
    /// A picture that is none; the codec's own errors.
    pub fn encode(
        &mut self,
        picture: &I420,
        time: Duration,
        annex_b: &mut Vec<u8>,
    ) -> Result<Encoded, CodecError> {
        picture.check()?;
        if std::mem::take(&mut self.key_frame_wanted) && self.started {
            self.encoder.force_intra_frame();
        }
        let (width, height) = (picture.width, picture.height);
        let strides = (width, width / 2, width / 2);
        let source = YUVSlices::new(picture.split(), (width, height), strides);
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX) & i64::MAX as u64;
        let stream = self.encoder.encode_at(&source, Timestamp::from_millis(millis))?;
        self.started = true;
        annex_b.clear();
        stream.write_vec(annex_b);
        Ok(match stream.frame_type() {
            FrameType::IDR | FrameType::I => Encoded::Key,
            FrameType::P | FrameType::IPMixed => Encoded::Delta,
            FrameType::Skip | FrameType::Invalid => Encoded::Skipped,
        })
    }
}

impl H264Decoder {
    /// A decoder.
    ///
    /// # Errors
    /// openh264 cannot start.
    pub fn new(limits: DecoderLimits) -> Result<Self, CodecError> {
        let config = DecoderConfig::new();
        let decoder = Decoder::with_api_config(OpenH264API::from_source(), config)?;
        Ok(Self { decoder, limits })
    }

    /// Decodes what belongs to one frame into `picture`; whether there is one: none while the decoder
    /// waits for more.
    ///
    /// # Errors
    /// Limits; the codec's own. Damaged input is an error, not a panic.
    pub fn decode(&mut self, annex_b: &[u8], picture: &mut I420) -> Result<bool, CodecError> {
        if annex_b.len() > self.limits.frame_len {
            return Err(CodecError::TooLong { given: annex_b.len(), limit: self.limits.frame_len });
        }
        let Some(frame) = self.decoder.decode(annex_b)? else { return Ok(false) };
        let (width, height) = frame.dimensions();
        if width.saturating_mul(height) > self.limits.pixels {
            return Err(CodecError::TooLarge { width, height, limit: self.limits.pixels });
        }
        let (y, u, v) = frame.strides();
        picture.copy_planes((width, height), [frame.y(), frame.u(), frame.v()], [y, u, v])?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TestPattern, nal_units};

    fn grey(luma: u8) -> I420 {
        let mut picture = I420::black(160, 96).unwrap();
        picture.split_mut().0.fill(luma);
        picture
    }

    fn kinds(stream: &[u8]) -> Vec<u8> {
        nal_units(stream).map(|unit| unit[0] & 0x1f).collect()
    }

    #[test]
    fn what_is_encoded_can_be_seen() {
        let mut encoder = H264Encoder::new(H264EncoderConfig::new(15.0, 200_000)).unwrap();
        let mut decoder = H264Decoder::new(DecoderLimits::default()).unwrap();
        let (mut seen, mut stream, mut picture) = (Vec::new(), Vec::new(), I420::default());
        for (index, luma) in (40..200).step_by(16).enumerate() {
            let time = Duration::from_millis(66 * index as u64);
            encoder.encode(&grey(luma), time, &mut stream).unwrap();
            if decoder.decode(&stream, &mut picture).unwrap() {
                assert_eq!((picture.width, picture.height), (160, 96));
                seen.push((luma, picture.planes[80 * 48]));
            }
        }
        assert!(seen.len() >= 8, "{seen:?}");
        assert!(seen.iter().all(|(sent, got)| sent.abs_diff(*got) < 24), "{seen:?}");
    }

    #[test]
    fn key_frames_come_when_asked_for_and_bring_their_parameters() {
        for content in [Content::Camera, Content::Screen] {
            let config = H264EncoderConfig {
                content,
                key_frame_period: 0,
                ..H264EncoderConfig::new(15.0, 300_000)
            };
            let mut encoder = H264Encoder::new(config).unwrap();
            let mut pattern = TestPattern::new(320, 180, 1).unwrap();
            let mut stream = Vec::new();
            let mut keys = Vec::new();
            encoder.force_key_frame();
            for index in 0..10 {
                match index {
                    4 => encoder.force_key_frame(),
                    7 => encoder.set_bits_per_second(100_000).unwrap(),
                    _ => {}
                }
                let time = Duration::from_millis(66 * index);
                let encoded = encoder.encode(pattern.draw(index, time), time, &mut stream).unwrap();
                match encoded {
                    Encoded::Key => {
                        keys.push(index);
                        assert_eq!(kinds(&stream), [7, 8, 5], "SPS, PPS, IDR");
                    }
                    Encoded::Delta => assert_eq!(kinds(&stream), [1]),
                    Encoded::Skipped => assert!(stream.is_empty()),
                }
            }
            assert_eq!(keys, [0, 4, 7], "{content:?}");
        }
    }

    #[test]
    fn a_picture_of_another_size_begins_anew() {
        let mut encoder = H264Encoder::new(H264EncoderConfig::new(15.0, 200_000)).unwrap();
        let mut decoder = H264Decoder::new(DecoderLimits::default()).unwrap();
        let (mut stream, mut picture) = (Vec::new(), I420::default());
        for (width, height) in [(320, 180), (640, 360), (180, 320)] {
            let mut pattern = TestPattern::new(width, height, 1).unwrap();
            let drawn = pattern.draw(0, Duration::ZERO);
            assert_eq!(encoder.encode(drawn, Duration::ZERO, &mut stream).unwrap(), Encoded::Key);
            assert!(decoder.decode(&stream, &mut picture).unwrap());
            assert_eq!((picture.width, picture.height), (width, height));
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_refused() {
        let mut encoder = H264Encoder::new(H264EncoderConfig::new(15.0, 200_000)).unwrap();
        let mut stream = Vec::new();
        let bad = I420 { planes: vec![0; 7], ..grey(0) };
        let refused = encoder.encode(&bad, Duration::ZERO, &mut stream);
        assert!(matches!(refused, Err(CodecError::Picture(PictureError::Short { given: 7, .. }))));
        encoder.encode(&grey(9), Duration::ZERO, &mut stream).unwrap();
        let mut picture = I420::default();
        let mut small = |frame_len, pixels| {
            let mut decoder = H264Decoder::new(DecoderLimits { frame_len, pixels }).unwrap();
            decoder.decode(&stream, &mut picture).unwrap_err()
        };
        assert!(matches!(small(4, 1 << 20), CodecError::TooLong { limit: 4, .. }));
        assert!(matches!(small(1 << 20, 4), CodecError::TooLarge { width: 160, .. }));
    }
}

//! The formats of video sockets (contract media 3): sizes and rates, what may be sent, and the bit
//! rates that go with them.

use std::{fmt, str::FromStr, time::Duration};

use thiserror::Error;

/// How a buffer holds its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColorFormat {
    /// Encoded, Annex B.
    H264,
    /// 4:2:0, luma and interleaved chroma.
    Nv12,
    /// Three bytes a pixel.
    Rgb24,
    /// 4:2:2, packed.
    Yuy2,
}

/// Frames per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FrameRate {
    /// 1.875.
    F1_875,
    /// 3.75.
    F3_75,
    /// 7.5.
    F7_5,
    /// 15.
    F15,
    /// 30.
    F30,
}

/// The format of a video buffer, as `{Color}_{W}x{H}_{fps}Fps`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct VideoFormat {
    /// How a buffer holds its pixels.
    pub color: ColorFormat,
    /// Pixels across.
    pub width: u16,
    /// Pixels down.
    pub height: u16,
    /// Frames per second.
    pub rate: FrameRate,
}

/// What a subscription asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum VideoResolution {
    /// 320 x 180.
    SD180p,
    /// 424 x 240.
    SD240p,
    /// 640 x 360.
    SD360p,
    /// 960 x 540.
    SD540p,
    /// 1280 x 720.
    HD720p,
    /// 1920 x 1080.
    HD1080p,
}

/// The bit rates of a format, bits per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bandwidth {
    /// Below it, the next smaller format is better.
    pub min: u32,
    /// Above it, nothing is gained.
    pub max: u32,
}

/// A name that is no format and no resolution.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is no video format")]
pub struct UnknownFormat(pub String);

use FrameRate::{F1_875, F3_75, F7_5, F15, F30};

/// The H.264 formats honoured on main video, the best first; others are ignored.
pub const H264_SEND_FORMATS: [VideoFormat; 10] = [
    VideoFormat::h264(1920, 1080, F30),
    VideoFormat::h264(1280, 720, F30),
    VideoFormat::h264(960, 540, F30),
    VideoFormat::h264(640, 360, F30),
    VideoFormat::h264(640, 360, F15),
    VideoFormat::h264(424, 240, F15),
    VideoFormat::h264(320, 180, F15),
    VideoFormat::h264(320, 180, F7_5),
    VideoFormat::h264(320, 180, F3_75),
    VideoFormat::h264(320, 180, F1_875),
];

/// The bit rates of [`H264_SEND_FORMATS`], in their order (contract media 3.4).
const H264_BANDWIDTHS: [(u32, u32); 10] = [
    (1_000_000, 4_000_000),
    (550_000, 2_500_000),
    (375_000, 1_500_000),
    (200_000, 800_000),
    (150_000, 250_000),
    (120_000, 220_000),
    (60_000, 200_000),
    (20_000, 100_000),
    (10_000, 25_000),
    (1_000, 12_500),
];

const ALL_RATES: &[FrameRate] = &[F1_875, F3_75, F7_5, F15, F30];

/// The H.264 formats that have a constant: 18.
const H264_KNOWN: &[(u16, u16, &[FrameRate])] = &[
    (1920, 1080, ALL_RATES),
    (1280, 720, ALL_RATES),
    (960, 540, &[F30]),
    (640, 360, &[F15, F30]),
    (424, 240, &[F15]),
    (320, 180, &[F1_875, F3_75, F7_5, F15]),
];

/// The formats of pixels that have a constant: 26 of each colour.
const PIXELS_KNOWN: &[(u16, u16, &[FrameRate])] = &[
    (1920, 1080, ALL_RATES),
    (1280, 720, ALL_RATES),
    (960, 540, &[F30]),
    (848, 480, &[F30]),
    (640, 360, &[F15, F30]),
    (480, 270, &[F15]),
    (424, 240, &[F15]),
    (320, 180, &[F15]),
    (1080, 1920, &[F30]),
    (720, 1280, &[F30]),
    (540, 960, &[F30]),
    (480, 848, &[F30]),
    (180, 320, &[F30]),
    (360, 640, &[F15, F30]),
    (270, 480, &[F15]),
    (240, 424, &[F15]),
];

impl FrameRate {
    /// Frames per second.
    pub fn hz(self) -> f32 {
        match self {
            F1_875 => 1.875,
            F3_75 => 3.75,
            F7_5 => 7.5,
            F15 => 15.0,
            F30 => 30.0,
        }
    }

    /// When frame `index` is due after the first, to the nanosecond below; never drifts.
    pub fn due(self, index: u64) -> Duration {
        // All rates are 30 Hz divided by a power of two.
        let thirtieths = u128::from(index)
            * match self {
                F1_875 => 16,
                F3_75 => 8,
                F7_5 => 4,
                F15 => 2,
                F30 => 1,
            };
        let nanos = thirtieths * 1_000_000_000 / 30;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Ticks of RTP's 90 kHz clock from frame to frame (RFC 6184 section 8.1); exact.
    pub fn rtp_ticks(self) -> u32 {
        match self {
            F1_875 => 48_000,
            F3_75 => 24_000,
            F7_5 => 12_000,
            F15 => 6_000,
            F30 => 3_000,
        }
    }

    fn name(self) -> &'static str {
        match self {
            F1_875 => "1_875",
            F3_75 => "3_75",
            F7_5 => "7_5",
            F15 => "15",
            F30 => "30",
        }
    }
}

impl ColorFormat {
    fn name(self) -> &'static str {
        match self {
            Self::H264 => "H264",
            Self::Nv12 => "NV12",
            Self::Rgb24 => "Rgb24",
            Self::Yuy2 => "Yuy2",
        }
    }
}

impl VideoFormat {
    /// An H.264 format.
    pub const fn h264(width: u16, height: u16, rate: FrameRate) -> Self {
        Self { color: ColorFormat::H264, width, height, rate }
    }

    /// The formats that have a constant: 96.
    pub fn known() -> impl Iterator<Item = Self> {
        let colors = [ColorFormat::H264, ColorFormat::Nv12, ColorFormat::Rgb24, ColorFormat::Yuy2];
        colors.into_iter().flat_map(|color| {
            let table = if color == ColorFormat::H264 { H264_KNOWN } else { PIXELS_KNOWN };
            table.iter().flat_map(move |(width, height, rates)| {
                rates.iter().map(move |rate| Self {
                    color,
                    width: *width,
                    height: *height,
                    rate: *rate,
                })
            })
        })
    }

    /// The bit rates of an H.264 format on main video; none if it is not one of
    /// [`H264_SEND_FORMATS`].
    pub fn bandwidth(self) -> Option<Bandwidth> {
        let index = H264_SEND_FORMATS.iter().position(|format| *format == self)?;
        let (min, max) = H264_BANDWIDTHS[index];
        Some(Bandwidth { min, max })
    }

    /// Bytes of a buffer of pixels; none for H.264.
    pub fn buffer_len(self) -> Option<usize> {
        let pixels = usize::from(self.width) * usize::from(self.height);
        match self.color {
            ColorFormat::H264 => None,
            ColorFormat::Nv12 => Some(pixels * 3 / 2),
            ColorFormat::Rgb24 => Some(pixels * 3),
            ColorFormat::Yuy2 => Some(pixels * 2),
        }
    }

    /// Pixels of a frame.
    pub fn pixels(self) -> u32 {
        u32::from(self.width) * u32::from(self.height)
    }
}

impl fmt::Display for VideoFormat {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { color, width, height, rate } = self;
        write!(out, "{}_{width}x{height}_{}Fps", color.name(), rate.name())
    }
}

impl FromStr for VideoFormat {
    type Err = UnknownFormat;

    /// The name of one of the 96 formats that have a constant.
    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        // Names are at most 24 bytes long, so what is kept of a wrong one is bounded.
        let wrong = || UnknownFormat(name.chars().take(40).collect());
        Self::known().find(|format| format.to_string() == name).ok_or_else(wrong)
    }
}

/// The formats of screen sharing, the best first: all of one size, at most 1920 x 1080; 1.875 frames a
/// second are mandatory.
pub fn vbss_send_formats(width: u16, height: u16) -> Option<[VideoFormat; 5]> {
    if width == 0 || height == 0 || width > 1920 || height > 1080 {
        return None;
    }
    Some([F30, F15, F7_5, F3_75, F1_875].map(|rate| VideoFormat::h264(width, height, rate)))
}

/// The bit rates of screen sharing at 1080p.
pub fn vbss_bandwidth(rate: FrameRate) -> Bandwidth {
    let (min, max) = match rate {
        F30 => (2_000_000, 4_000_000),
        F15 => (600_000, 3_000_000),
        F7_5 => (300_000, 700_000),
        F3_75 => (150_000, 350_000),
        F1_875 => (70_000, 200_000),
    };
    Bandwidth { min, max }
}

impl VideoResolution {
    /// All, the smallest first.
    pub const ALL: [Self; 6] =
        [Self::SD180p, Self::SD240p, Self::SD360p, Self::SD540p, Self::HD720p, Self::HD1080p];

    /// Pixels across and down.
    pub fn size(self) -> (u16, u16) {
        match self {
            Self::SD180p => (320, 180),
            Self::SD240p => (424, 240),
            Self::SD360p => (640, 360),
            Self::SD540p => (960, 540),
            Self::HD720p => (1280, 720),
            Self::HD1080p => (1920, 1080),
        }
    }

    /// Whether a format is no larger, whichever way it is held.
    pub fn holds(self, format: VideoFormat) -> bool {
        let (width, height) = self.size();
        let (long, short) = (format.width.max(format.height), format.width.min(format.height));
        long <= width && short <= height
    }
}

impl fmt::Display for VideoResolution {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self:?}")
    }
}

impl FromStr for VideoResolution {
    type Err = UnknownFormat;

    /// As in the API: `HD1080p`, or as in the research: `1080p`.
    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let lines = name.strip_prefix("HD").or_else(|| name.strip_prefix("SD")).unwrap_or(name);
        let found = Self::ALL.into_iter().find(|one| {
            let known = one.to_string();
            known == name || (lines == name && known[2..] == *lines)
        });
        found.ok_or_else(|| UnknownFormat(name.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_96_formats_with_names() {
        let all: Vec<VideoFormat> = VideoFormat::known().collect();
        assert_eq!(all.len(), 96);
        assert_eq!(all.iter().filter(|format| format.color == ColorFormat::H264).count(), 18);
        for format in all {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        let name = VideoFormat::h264(320, 180, F1_875).to_string();
        assert_eq!(name, "H264_320x180_1_875Fps");
        assert!("H264_320x180_30Fps".parse::<VideoFormat>().is_err());
    }

    #[test]
    fn what_may_be_sent_has_bit_rates() {
        for format in H264_SEND_FORMATS {
            let Bandwidth { min, max } = format.bandwidth().unwrap();
            assert!(min < max, "{format}");
            assert!(VideoFormat::known().any(|known| known == format));
        }
        assert_eq!(VideoFormat::h264(1280, 720, F15).bandwidth(), None);
        assert_eq!(vbss_bandwidth(F30), Bandwidth { min: 2_000_000, max: 4_000_000 });
        assert_eq!(vbss_send_formats(1920, 1080).unwrap()[4].rate, F1_875);
        assert_eq!(vbss_send_formats(2560, 1440), None);
    }

    #[test]
    fn frames_are_due_without_drift() {
        assert_eq!(F30.due(30), Duration::from_secs(1));
        assert_eq!(F1_875.due(15), Duration::from_secs(8));
        assert_eq!(F30.due(1), Duration::from_nanos(33_333_333));
        for rate in ALL_RATES {
            assert!((rate.hz() * rate.rtp_ticks() as f32 - 90_000.0).abs() < 1e-3);
        }
    }

    #[test]
    fn resolutions_have_names_and_hold_formats() {
        assert_eq!("HD1080p".parse(), Ok(VideoResolution::HD1080p));
        assert_eq!("240p".parse(), Ok(VideoResolution::SD240p));
        assert!("SD1080p".parse::<VideoResolution>().is_err());
        assert!("".parse::<VideoResolution>().is_err());
        assert!(VideoResolution::SD180p.holds(VideoFormat::h264(180, 320, F30)));
        assert!(!VideoResolution::SD360p.holds(VideoFormat::h264(960, 540, F30)));
        let nv12 = VideoFormat { color: ColorFormat::Nv12, ..VideoFormat::h264(320, 180, F15) };
        assert_eq!(nv12.buffer_len(), Some(86_400));
    }
}

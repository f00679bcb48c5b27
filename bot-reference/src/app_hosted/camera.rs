//! What the bot shows: a test pattern with a barcode, encoded as H.264, on its first video socket and as its screen.

use std::time::Duration;

use media::{
    Content, Encoded, H264Encoder, H264EncoderConfig, TestPattern, VideoFormat, vbss_bandwidth,
};
use serde::Serialize;

use crate::Flaw;

/// The least time between two key frames that were asked for.
const KEY_FRAMES_APART: Duration = Duration::from_millis(100);
/// Bits in a second where the documentation has no number.
const BITS: u32 = 200_000;
/// Ticks of video's RTP clock in a second.
const TICKS: u128 = 90_000;

/// Counts of what was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown {
    /// It sends now.
    pub on: bool,
    /// Frames that were sent.
    pub frames: u64,
    /// Of these, those that refer to none before.
    pub key_frames: u64,
    /// Key frames that were asked for.
    pub key_frames_asked: u64,
    /// Bytes of H.264.
    pub bytes: u64,
    /// Frames that the transport did not take.
    pub discarded: u64,
    /// The source in the barcodes.
    pub source: u32,
}

/// A film that is under way.
struct Film {
    pattern: TestPattern,
    encoder: H264Encoder,
    begun: Duration,
    /// The frame that is due next, and how many were drawn.
    next: u64,
    drawn: u64,
    last_key: Option<Duration>,
}

/// One thing that is shown.
pub(super) struct Camera {
    flaw: Option<Flaw>,
    format: VideoFormat,
    content: Content,
    film: Option<Film>,
    key_frame_wanted: bool,
    annex_b: Vec<u8>,
    shown: Shown,
}

impl Camera {
    /// What a camera would see, or a screen; `source` is what barcodes name.
    pub(super) fn new(
        format: VideoFormat,
        content: Content,
        source: u32,
        flaw: Option<Flaw>,
    ) -> Self {
        let shown = Shown { source, ..Shown::default() };
        let (film, annex_b) = (None, Vec::new());
        Self { flaw, format, content, film, key_frame_wanted: true, annex_b, shown }
    }

    /// What was shown so far.
    pub(super) const fn shown(&self) -> &Shown {
        &self.shown
    }

    /// Begins, goes on after a pause, or pauses. What goes on goes on with a key frame.
    pub(super) fn turn(&mut self, on: bool) {
        self.key_frame_wanted |= on && !self.shown.on;
        self.shown.on = on;
    }

    /// Barcodes name another source from now on.
    pub(super) fn is_of(&mut self, source: u32) {
        let VideoFormat { width, height, .. } = self.format;
        if let Some(film) = self.film.as_mut().filter(|_| self.shown.source != source)
            && let Ok(pattern) = TestPattern::new(width.into(), height.into(), source)
        {
            film.pattern = pattern;
        }
        self.shown.source = source;
    }

    /// Somebody who watches needs a key frame (`VideoKeyFrameNeeded`).
    pub(super) fn want_key_frame(&mut self) {
        self.shown.key_frames_asked += 1;
        self.key_frame_wanted |= self.flaw != Some(Flaw::IgnoresKeyFrameRequests);
    }

    /// The transport has taken a frame, or not.
    pub(super) fn sent(&mut self, taken: bool) {
        let (frames, bytes) = if taken { (1, self.annex_b.len() as u64) } else { (0, 0) };
        self.shown.frames += frames;
        self.shown.bytes += bytes;
        self.shown.discarded += u64::from(!taken);
    }

    /// The frame that is due at this time: Annex B, and its RTP timestamp. A key frame that is needed does not wait for
    /// the next frame. `now_ms` is the time as barcodes count it.
    pub(super) fn frame(&mut self, now: Duration, now_ms: u64) -> Option<(&[u8], u32)> {
        if !self.shown.on {
            return None;
        }
        if self.film.is_none() {
            self.film = Film::new(now, self.format, self.content, self.shown.source);
        }
        let film = self.film.as_mut()?;
        let passed = now.saturating_sub(film.begun);
        let due = self.format.rate.due(film.next) <= passed;
        let rested = film.last_key.is_none_or(|at| now.saturating_sub(at) >= KEY_FRAMES_APART);
        let key = self.key_frame_wanted && rested;
        if !due && !key {
            return None;
        }
        while self.format.rate.due(film.next) <= passed {
            film.next += 1;
        }
        if key {
            film.encoder.force_key_frame();
        }
        let frozen = self.flaw == Some(Flaw::FreezesVideo);
        let (index, drawn_ms) = if frozen { (0, 1) } else { (film.drawn, now_ms) };
        film.drawn += 1;
        let picture = film.pattern.draw(index, Duration::from_millis(drawn_ms));
        match film.encoder.encode(picture, passed, &mut self.annex_b) {
            Ok(Encoded::Key) => {
                self.key_frame_wanted = false;
                film.last_key = Some(now);
                self.shown.key_frames += 1;
            }
            Ok(Encoded::Delta) => {}
            // No room for it: a key frame is wanted still.
            Ok(Encoded::Skipped) => return None,
            Err(error) => {
                tracing::warn!(%error, "a frame cannot be encoded");
                return None;
            }
        }
        let ticks = passed.as_nanos() * TICKS / 1_000_000_000;
        Some((&self.annex_b, ticks as u32))
    }
}

impl Film {
    /// None: openh264 does not start, or it is no size of a picture.
    fn new(now: Duration, format: VideoFormat, content: Content, source: u32) -> Option<Self> {
        let bandwidth = match content {
            Content::Camera => format.bandwidth(),
            Content::Screen => Some(vbss_bandwidth(format.rate)),
        };
        let config = H264EncoderConfig {
            content,
            // Whoever needs one asks.
            key_frame_period: 0,
            ..H264EncoderConfig::new(format.rate.hz(), bandwidth.map_or(BITS, |it| it.max))
        };
        let encoder = H264Encoder::new(config).inspect_err(|error| {
            tracing::warn!(%error, "there is no encoder");
        });
        Some(Self {
            pattern: TestPattern::new(format.width.into(), format.height.into(), source).ok()?,
            encoder: encoder.ok()?,
            begun: now,
            next: 0,
            drawn: 0,
            last_key: None,
        })
    }
}

//! What a simulated person sends: a test pattern, with a barcode that says who and when.

use std::time::Duration;

use media::{
    Content, Encoded, FrameRate, H264Encoder, H264EncoderConfig, PacketSlab, Packetizer,
    TestPattern, VideoFormat, transport::PT_VIDEO,
};

/// Packets of a frame at the most.
const PACKETS_MAX: usize = 128;
/// Bits in a second, of a camera and of a screen.
const CAMERA_BITS: u32 = 150_000;
const SCREEN_BITS: u32 = 400_000;

/// A person's video, or the screen they share; encoded once, whoever watches.
pub(super) struct Person {
    pattern: TestPattern,
    encoder: H264Encoder,
    packetizer: Packetizer,
    slab: PacketSlab,
    annex_b: Vec<u8>,
    rate: FrameRate,
    begun: Duration,
    next: u64,
}

impl Person {
    /// 320 x 180 at 15 Hz, and 640 x 360 at 3.75 Hz for a screen.
    pub const fn format(sharing: bool) -> VideoFormat {
        match sharing {
            false => VideoFormat::h264(320, 180, FrameRate::F15),
            true => VideoFormat::h264(640, 360, FrameRate::F3_75),
        }
    }

    /// Begins now. None: the encoder cannot be had.
    pub fn new(now: Duration, source: u32, sharing: bool) -> Option<Self> {
        let VideoFormat { width, height, rate, .. } = Self::format(sharing);
        let (bits, content) = match sharing {
            false => (CAMERA_BITS, Content::Camera),
            true => (SCREEN_BITS, Content::Screen),
        };
        let config = H264EncoderConfig::new(rate.hz(), bits);
        // Key frames come when somebody needs one.
        let config = H264EncoderConfig { content, key_frame_period: 0, ..config };
        let packetizer = Packetizer::new(source, PT_VIDEO, 0);
        Some(Self {
            pattern: TestPattern::new(width.into(), height.into(), source).ok()?,
            encoder: H264Encoder::new(config).ok()?,
            slab: PacketSlab::new(PACKETS_MAX, packetizer.slot_len()),
            packetizer,
            annex_b: Vec::new(),
            rate,
            begun: now,
            next: 0,
        })
    }

    /// The next frame is a key frame.
    pub fn force_key_frame(&mut self) {
        self.encoder.force_key_frame();
    }

    /// Whether there is a frame to draw by now.
    pub fn is_due(&self, now: Duration) -> bool {
        self.rate.due(self.next) <= now.saturating_sub(self.begun)
    }

    /// Draws the frame that is due by now; of several, the latest.
    pub fn draw(&mut self, now: Duration) {
        self.slab.clear();
        let passed = now.saturating_sub(self.begun);
        while self.rate.due(self.next + 1) <= passed {
            self.next += 1;
        }
        let time = self.begun + self.rate.due(self.next);
        let picture = self.pattern.draw(self.next, time);
        let encoded = self.encoder.encode(picture, time, &mut self.annex_b);
        if matches!(encoded, Ok(Encoded::Key | Encoded::Delta)) {
            let timestamp = (self.next as u32).wrapping_mul(self.rate.rtp_ticks());
            // A frame that is too long is one that is lost.
            let _ = self.packetizer.packetize(&self.annex_b, timestamp, &mut self.slab);
        }
        self.next += 1;
    }

    /// The packets of the frame that was drawn last.
    pub fn packets(&self) -> impl Iterator<Item = &[u8]> {
        self.slab.iter()
    }
}

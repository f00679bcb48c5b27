//! What a simulated person sends: a test pattern, with a barcode that says who and when.

use std::time::Duration;

use media::{
    Content, Encoded, FrameRate, H264Encoder, H264EncoderConfig, Layer, PacketSlab, Packetizer,
    TestPattern, VideoFormat, transport::PT_VIDEO,
};

/// Packets of a frame at the most.
const PACKETS_MAX: usize = 256;
/// Of a camera: width, height, bits in a second; the best first.
const CAMERA: [(u16, u16, u32); 3] =
    [(1_280, 720, 800_000), (640, 360, 250_000), (320, 180, 150_000)];
/// Of a screen.
const SCREEN: [(u16, u16, u32); 1] = [(640, 360, 400_000)];

/// A person's video, or the screen they share: each quality that somebody gets is encoded once, whoever watches.
pub(super) struct Person {
    source: u32,
    sharing: bool,
    qualities: Vec<Option<Quality>>,
    rate: FrameRate,
    begun: Duration,
    next: u64,
}

/// One quality while it is sent.
struct Quality {
    pattern: TestPattern,
    encoder: H264Encoder,
    packetizer: Packetizer,
    slab: PacketSlab,
    annex_b: Vec<u8>,
}

impl Person {
    const fn rate(sharing: bool) -> FrameRate {
        if sharing { FrameRate::F3_75 } else { FrameRate::F15 }
    }

    /// The qualities that can be had: 1280 x 720, 640 x 360 and 320 x 180 at 15 Hz; of a screen 640 x 360 at 3.75 Hz.
    pub fn layers(sharing: bool) -> Vec<Layer> {
        let sizes: &[_] = if sharing { &SCREEN } else { &CAMERA };
        let layer = |&(width, height, bits_per_second): &(u16, u16, u32)| Layer {
            format: VideoFormat::h264(width, height, Self::rate(sharing)),
            bits_per_second,
            active: true,
        };
        sizes.iter().map(layer).collect()
    }

    /// Begins now; nothing is encoded yet.
    pub fn new(now: Duration, source: u32, sharing: bool) -> Self {
        let qualities = Self::layers(sharing).iter().map(|_| None).collect();
        Self { source, sharing, qualities, rate: Self::rate(sharing), begun: now, next: 0 }
    }

    /// These qualities are encoded from now on, and no others; each begins with a key frame.
    pub fn wanted(&mut self, wanted: impl Fn(usize) -> bool) {
        let layers = Self::layers(self.sharing);
        for (at, (quality, layer)) in self.qualities.iter_mut().zip(layers).enumerate() {
            if !wanted(at) {
                *quality = None;
            } else if quality.is_none() {
                *quality = Quality::new(self.source, self.sharing, layer);
            }
        }
    }

    /// The next frame of a quality is a key frame.
    pub fn force_key_frame(&mut self, at: usize) {
        if let Some(Some(quality)) = self.qualities.get_mut(at) {
            quality.encoder.force_key_frame();
        }
    }

    /// Whether there is a frame to draw by now.
    pub fn is_due(&self, now: Duration) -> bool {
        self.rate.due(self.next) <= now.saturating_sub(self.begun)
    }

    /// Draws the frame that is due by now; of several, the latest.
    pub fn draw(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.begun);
        while self.rate.due(self.next + 1) <= passed {
            self.next += 1;
        }
        let time = self.begun + self.rate.due(self.next);
        let timestamp = (self.next as u32).wrapping_mul(self.rate.rtp_ticks());
        for quality in self.qualities.iter_mut().flatten() {
            quality.draw(self.next, time, timestamp);
        }
        self.next += 1;
    }

    /// The packets of the frame that was drawn last, each with its quality.
    pub fn packets(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let qualities = self.qualities.iter().enumerate();
        let sent = qualities.filter_map(|(at, quality)| Some((at, quality.as_ref()?)));
        sent.flat_map(|(at, quality)| quality.slab.iter().map(move |packet| (at, packet)))
    }
}

impl Quality {
    /// None: the encoder cannot be had.
    fn new(
        source: u32,
        sharing: bool,
        Layer { format, bits_per_second, .. }: Layer,
    ) -> Option<Self> {
        let content = if sharing { Content::Screen } else { Content::Camera };
        let config = H264EncoderConfig::new(format.rate.hz(), bits_per_second);
        // Key frames come when somebody needs one.
        let config = H264EncoderConfig { content, key_frame_period: 0, ..config };
        let packetizer = Packetizer::new(source, PT_VIDEO, 0);
        Some(Self {
            pattern: TestPattern::new(format.width.into(), format.height.into(), source).ok()?,
            encoder: H264Encoder::new(config).ok()?,
            slab: PacketSlab::new(PACKETS_MAX, packetizer.slot_len()),
            packetizer,
            annex_b: Vec::new(),
        })
    }

    fn draw(&mut self, number: u64, time: Duration, timestamp: u32) {
        self.slab.clear();
        let picture = self.pattern.draw(number, time);
        let encoded = self.encoder.encode(picture, time, &mut self.annex_b);
        if matches!(encoded, Ok(Encoded::Key | Encoded::Delta)) {
            // A frame that is too long is one that is lost.
            let _ = self.packetizer.packetize(&self.annex_b, timestamp, &mut self.slab);
        }
    }
}

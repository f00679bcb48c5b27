//! What people see of a bot: its frames are put together and decoded, and the barcodes in them are read.

use std::{collections::BTreeMap, time::Duration};

use media::{
    AssemblerConfig, AssemblerStats, Barcode, DecoderLimits, FrameAssembler, H264Decoder, I420,
    RtpPacket,
};
use serde::Serialize;
use utoipa::ToSchema;

/// Frames that wait to be decoded; the stream begins anew behind more.
const FRAMES_MAX: usize = 64;
/// Bytes of a frame.
const FRAME_MAX: usize = 1 << 20;
/// Barcodes of other sources that are told apart in one stream.
const SOURCES_MAX: usize = 64;

/// What people see of one video channel of a bot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeenStream {
    /// Whether it is screen sharing.
    pub sharing: bool,
    /// Whole frames.
    pub frames: u64,
    /// Of these, key frames.
    pub key_frames: u64,
    /// Packets that never came.
    pub lost_packets: u64,
    /// Frames that were decoded.
    pub decoded: u64,
    /// Frames that could not be.
    pub undecodable: u64,
    /// Luma samples in a row of the last one.
    pub width: u64,
    /// Its rows.
    pub height: u64,
    /// The barcodes in them, by who is named there.
    pub barcodes: Vec<SeenBarcode>,
}

/// Barcodes that name one source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeenBarcode {
    /// The source that is named.
    pub source_id: u32,
    /// Frames.
    pub frames: u64,
    /// The time that the first one names, in milliseconds.
    pub first_ms: u64,
    /// The time that the last one names.
    pub last_ms: u64,
}

/// People who look at one video channel of a bot: all see the same.
pub(super) struct Viewer {
    sharing: bool,
    assembler: FrameAssembler,
    eye: Option<Eye>,
}

/// What decodes. It is taken away for that, since it takes a while.
pub(super) struct Eye {
    frames: Vec<Vec<u8>>,
    decoder: Option<H264Decoder>,
    picture: I420,
    /// A frame could not be decoded, so that none can before the next key frame.
    lost: bool,
    decoded: u64,
    undecodable: u64,
    barcodes: BTreeMap<u32, SeenBarcode>,
}

impl Viewer {
    /// Somebody looks from now on.
    pub fn new(sharing: bool) -> Self {
        let config = AssemblerConfig { max_frame_len: FRAME_MAX, ..AssemblerConfig::default() };
        let mut assembler = FrameAssembler::new(config);
        assembler.want_key_frame();
        let eye = Eye {
            frames: Vec::new(),
            decoder: H264Decoder::new(DecoderLimits::default()).ok(),
            picture: I420::default(),
            lost: false,
            decoded: 0,
            undecodable: 0,
            barcodes: BTreeMap::new(),
        };
        Self { sharing, assembler, eye: Some(eye) }
    }

    /// A packet of the bot.
    pub fn push(&mut self, now: Duration, packet: &RtpPacket<'_>) {
        self.assembler.push(now, packet);
    }

    /// Whether the bot is to be asked for a key frame now: not before it has sent something, which may be one.
    pub fn needs_key_frame(&mut self, now: Duration) -> bool {
        self.assembler.stats().packets > 0 && self.assembler.poll_key_frame_request(now)
    }

    /// The eye, if there is something for it to see.
    pub fn open(&mut self, now: Duration) -> Option<Eye> {
        let eye = self.eye.as_mut()?;
        while let Some(frame) = self.assembler.poll(now) {
            if eye.frames.len() >= FRAMES_MAX {
                eye.frames.clear();
                eye.lost = true;
            }
            if frame.key_frame || !eye.lost {
                eye.frames.push(frame.annex_b.to_vec());
                eye.lost = false;
            }
        }
        if eye.lost {
            self.assembler.want_key_frame();
        }
        self.eye.take_if(|eye| !eye.frames.is_empty())
    }

    /// It has seen that.
    pub fn close(&mut self, eye: Eye) {
        if eye.lost {
            self.assembler.want_key_frame();
        }
        self.eye = Some(eye);
    }

    /// All that was seen so far.
    pub fn seen(&self) -> SeenStream {
        let AssemblerStats { frames, key_frames, lost_packets, .. } = self.assembler.stats();
        let sharing = self.sharing;
        let seen = SeenStream { sharing, frames, key_frames, lost_packets, ..Default::default() };
        let Some(eye) = &self.eye else { return seen };
        SeenStream {
            decoded: eye.decoded,
            undecodable: eye.undecodable,
            width: eye.picture.width as u64,
            height: eye.picture.height as u64,
            barcodes: eye.barcodes.values().cloned().collect(),
            ..seen
        }
    }
}

impl Eye {
    /// Decodes what waits.
    pub fn look(&mut self) {
        for frame in std::mem::take(&mut self.frames) {
            let Some(decoder) = &mut self.decoder else { return };
            match decoder.decode(&frame, &mut self.picture) {
                Ok(true) => self.saw(),
                Ok(false) => {}
                Err(_) => {
                    self.undecodable += 1;
                    self.lost = true;
                }
            }
        }
    }

    fn saw(&mut self) {
        self.decoded += 1;
        let Some(reading) = Barcode::read(&self.picture) else { return };
        let (source_id, at) = (reading.barcode.source(), reading.barcode.time_ms());
        if self.barcodes.len() >= SOURCES_MAX && !self.barcodes.contains_key(&source_id) {
            return;
        }
        let new = SeenBarcode { source_id, frames: 0, first_ms: at, last_ms: at };
        let seen = self.barcodes.entry(source_id).or_insert(new);
        seen.frames += 1;
        seen.last_ms = at;
    }
}

//! H.264 video: its RTP payload (RFC 6184), the codec, the pictures and their formats.

mod annex_b;
mod assembler;
mod barcode;
mod building;
mod codec;
mod depacketize;
mod format;
mod packetizer;
mod pattern;
mod picture;
mod reorder;

pub use annex_b::{NalType, nal_units};
#[doc(hidden)]
pub use assembler::Flaw;
pub use assembler::{AssembledFrame, AssemblerConfig, AssemblerStats, FrameAssembler, Pushed};
pub use barcode::{BARCODE_HEIGHT, BARCODE_WIDTH, Barcode, BarcodeReading};
pub use codec::{
    CodecError, Content, DecoderLimits, Encoded, H264Decoder, H264Encoder, H264EncoderConfig,
};
pub use depacketize::starts_key_frame;
pub use format::{
    Bandwidth, ColorFormat, FrameRate, H264_SEND_FORMATS, UnknownFormat, VideoFormat,
    VideoResolution, vbss_bandwidth, vbss_send_formats,
};
pub use packetizer::{MAX_PAYLOAD, PacketizeError, Packetizer};
pub use pattern::TestPattern;
pub use picture::{I420, PictureError, luma_psnr};

//! The sans-IO real-time media pipeline.
//!
//! Nothing here opens a socket or reads a clock: packets and the time come in, packets and frames go out.

pub mod audio;
mod bandwidth;
#[doc(hidden)]
pub mod fuzzing;
mod fuzzing_audio;
mod receive_stats;
mod router;
mod rtcp;
mod rtp_header;
mod rtp_packet;
#[cfg(feature = "srtp")]
mod srtp;
pub mod transport;
mod video;
mod wav;

pub use bandwidth::{BandwidthEstimate, EstimateConfig, QualitySelection};
pub use receive_stats::{Arrival, ReceiveStats, Report};
pub use router::{
    Forward, KeyFrameRequest, Layer, Router, RouterConfig, RouterError, RouterStats, SocketKey,
    Wanted,
};
pub use rtcp::{
    Bye, Chunks, Compound, FullIntraEntries, NackPairs, NackSequences, ReportBlock, ReportBlocks,
    RtcpError, RtcpPacket, RtcpWriter, SdesItem, SenderInfo, Sources, nack_pairs,
};
pub use rtp_header::{FIXED_LEN, RtpError, RtpHeader, RtpPacket};
pub use rtp_packet::{
    AbsCaptureTime, ExtensionError, Extensions, MAX_EXTENSION_LEN, NoRoom, PacketSlab,
    RtpCrateError, Run, SequenceUnwrapper, TimestampUnwrapper, rewrite_header,
    write_one_byte_extensions,
};
#[cfg(feature = "srtp")]
pub use srtp::{SrtpContext, SrtpError, SrtpProfile};
#[doc(hidden)]
pub use video::Flaw;
pub use video::{
    AssembledFrame, AssemblerConfig, AssemblerStats, BARCODE_HEIGHT, BARCODE_WIDTH, Bandwidth,
    Barcode, BarcodeReading, CodecError, ColorFormat, Content, DecoderLimits, Encoded,
    FrameAssembler, FrameRate, H264_SEND_FORMATS, H264Decoder, H264Encoder, H264EncoderConfig,
    I420, MAX_PAYLOAD, NalType, PacketizeError, Packetizer, PictureError, Pushed, TestPattern,
    UnknownFormat, VideoFormat, VideoResolution, luma_psnr, nal_units, starts_key_frame,
    vbss_bandwidth, vbss_send_formats,
};
pub use wav::{Prompt, SAMPLE_RATE, WavError, WavLimits, tone, write_wav};

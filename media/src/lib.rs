//! The sans-IO real-time media pipeline.
//!
//! Nothing here opens a socket or reads a clock: packets and the time come in, packets and frames go out.

pub mod audio;
mod fuzzing_audio;
mod h264;
mod receive_stats;
mod rtp_header;
pub mod transport;
mod wav;

pub use h264::{CodecError, H264Decoder, H264Encoder, I420, nal_units};
pub use receive_stats::{Arrival, ReceiveStats, Report};
pub use rtp_header::{FIXED_LEN, RtpError, RtpHeader, RtpPacket};
pub use wav::{Prompt, SAMPLE_RATE, WavError, WavLimits, tone, write_wav};

/// What the fuzz targets run.
#[doc(hidden)]
pub mod fuzzing {
    pub use crate::fuzzing_audio::{telephone_event, wav};
}

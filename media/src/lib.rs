//! The sans-IO real-time media pipeline.
//!
//! Nothing here opens a socket or reads a clock: packets and the time come in, packets and frames go out.

mod jitter_buffer;
mod receive_stats;
mod rtp_header;
mod wav;

pub use jitter_buffer::{Frame, JitterBuffer, JitterConfig, JitterStats, Pop, Push};
pub use receive_stats::{Arrival, ReceiveStats, Report};
pub use rtp_header::{RTP_FIXED_HEADER, RtpError, RtpExtension, RtpHeader, RtpPacket};
pub use wav::{Prompt, SAMPLE_RATE, WavError, tone, write_wav};

//! The sans-IO real-time media pipeline.
//!
//! Nothing here opens a socket or reads a clock: packets and the time come in, packets and frames go out.

mod wav;

pub use wav::{Prompt, SAMPLE_RATE, WavError, tone, write_wav};

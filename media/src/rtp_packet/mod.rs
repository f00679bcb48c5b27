//! RTP packets beyond the fixed header (RFC 3550 section 5, RFC 8285): written into slabs, their
//! extensions, numbers that do not wrap.

mod extension;
mod rtp_crate;
mod slab;
mod unwrap;
mod write;

pub use extension::{
    AbsCaptureTime, ExtensionError, Extensions, MAX_EXTENSION_LEN, write_one_byte_extensions,
};
pub use rtp_crate::RtpCrateError;
pub use slab::{PacketSlab, Run};
pub use unwrap::{SequenceUnwrapper, TimestampUnwrapper};
pub use write::{NoRoom, rewrite_header};

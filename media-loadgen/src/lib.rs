//! Load for the real-time media pipeline: sessions that send on a schedule and listen to what comes back.
//!
//! The schedule is open: a packet is due when it is due, whatever became of the one before, and lateness
//! counts from then. A sender that falls behind shows as lateness and cannot hide it by sending less.

mod echo;
mod machine;
mod report;
mod schedule;
mod session;

pub use report::{Lateness, Report};
pub use schedule::{PACKET_EVERY, Schedule};
pub use session::{Config, LATE_AFTER, LoadError, SESSIONS_MAX, run};

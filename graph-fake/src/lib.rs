//! The fake Graph: identity, calls, signed notifications and a control API.
//!
//! This is the shell around [`platform`]: it reads HTTP, checks tokens, delivers notifications and
//! downloads prompts; what Teams would do is decided in the core alone. It binds no socket of its own:
//! whoever starts it brings a [`seam::Network`], real or simulated.

mod body;
pub mod config;
pub mod control;
pub mod doctor;
mod driver;
mod envelope;
pub mod faults;
mod flaw;
mod graph;
pub mod identity;
mod journal;
pub mod manifest;
mod media;
mod meetings;
mod notify;
mod objects;
pub mod options;
mod paths;
pub mod profile;
mod recordings;
mod serve;
pub mod sound;
pub mod stack;
mod throttle;
mod tls;
mod why;

pub use flaw::Flaw;
pub use journal::{Journal, Line};
pub use paths::OPS;
pub use platform::Options;
pub use serve::{Activity, Addresses, Fake, Listeners, Services, Setup, Tls, Watch, auto_advance};
pub use tls::Authority;

//! The shell on real sockets.

mod bad_input;
mod callbacks;
mod control_api;
mod flaws;
mod harness;
mod identity;
mod large_bodies;
mod notifications;

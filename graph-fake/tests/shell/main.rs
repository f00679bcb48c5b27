//! The shell on real sockets.

mod bad_input;
mod clients;
mod control_api;
mod flaws;
mod harness;
mod identity;
mod keys;
mod meetings;
mod notifications;

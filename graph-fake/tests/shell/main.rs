//! The shell on real sockets.

mod answers;
mod bad_input;
mod callbacks;
mod clients;
mod control_api;
mod described;
mod each_operation;
mod faults;
mod flaws;
mod harness;
mod identity;
mod keys;
mod large_bodies;
mod media;
mod meetings;
mod notifications;
mod operations;
mod prompts;
mod recordings;
mod shapes;
mod token_memory;
mod understood;
mod why;

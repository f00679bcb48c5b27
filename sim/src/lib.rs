//! The deterministic world: hosts, links and a clock, from one seed.
//!
//! [`World`] runs programs that reach the outside through [`seam`] alone inside turmoil. Every byte on
//! every wire, with its virtual time, goes into a running hash: two runs of one seed are the same run if
//! their hashes are the same, in whatever process, on whatever machine of one kind.
//!
//! [`rehearse`] puts the fake Graph, the reference bot and the story of a test into such a world.

mod control;
mod datagram;
mod fabric;
pub mod invariants;
pub mod ladder;
pub mod life;
pub mod link;
mod network;
pub mod plan;
mod rehearsal;
mod streams;
mod trace;
pub mod wire;
mod world;

pub use control::{Change, Control, ControlError};
pub use rehearsal::{BOT_HOST, CONTROL_URL, GRAPH_HOST, Rehearsal, bot_url, rehearse};
pub use trace::{Direction, Trace, TraceLine};
pub use world::{EPOCH, LONGEST_STEP, Seat, TICK, World, WorldError, WorldReport};

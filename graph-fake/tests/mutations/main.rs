//! A generator that mutates valid requests: whatever it sends, there is no 5xx, no panic, no answer out of shape,
//! and no change in anybody else's calls.

mod catalogue;
mod checks;
mod mutate;
mod network;
mod rng;
mod world;

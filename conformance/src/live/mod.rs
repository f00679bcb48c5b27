//! The live stage: the same stories as in the simulator, on real sockets, with any bot in any language.
//!
//! The fake runs in this process, on a clock that is moved by hand ([`Pace`]); the bot is a process that the suite
//! starts, or runs already. Every verdict comes from the fake's journal. A bot that dies, hangs, answers HTML or
//! floods is told so, and started again for the next case.

mod bot;
mod claims;
mod driver;
mod expected;
mod heard;
mod house;
mod pace;
mod play;
mod probe;
mod wire;

pub use bot::{Bot, Process, Running};
pub use claims::{kept_out, needed, tempo};
pub use driver::{CASES as DRIVER_CASES, Driver};
pub use expected::Expected;
pub use house::{House, HouseError, Site};
pub(crate) use pace::For;
pub use pace::{Pace, Tempo};
pub use play::{Plan, Told, play};
pub use wire::messages;

use crate::{case::Case, cases};

/// Every case that can be played here: the catalogue, and what a bot is told to do.
pub fn all_cases() -> Vec<&'static Case> {
    let driven = DRIVER_CASES.into_iter().map(|(case, _)| case);
    cases::ALL.into_iter().chain(driven).collect()
}

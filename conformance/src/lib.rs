//! The conformance suite: what Graph asks of a calling bot, as short stories that a bot must live through.
//!
//! A [`Case`] is a story with a stable id and the [`Rule`] that it tests. A [`Stage`] is what a story acts
//! on: people who ring and hang up, time that passes, and a journal of what the bot did. The judge reads raw
//! JSON; it shares no type with the fake or the bot, so that a mistake in one is not repeated in the other.

pub mod canary;
mod case;
pub mod cases;
pub mod contract;
mod control;
mod failure;
mod journal;
pub mod live;
pub mod report;
mod rule;
pub mod rules;
mod runner;
mod select;
mod simulated;
mod stage;
mod stop;
pub mod sweep;
mod worlds;

pub use case::{Case, Level, Need, Profile, Story};
pub use control::{Control, ControlError};
pub use failure::{Failure, Wrong};
pub use journal::{Exchange, Line, exchanges};
pub use rule::{Rule, Sourced};
pub use runner::{Plan, Progress, Silent, Summary, run};
pub use select::{NothingSelected, Selection, Shard};
pub use simulated::{CaseReport, Verdict, rehearse_case, wire_of};
pub use stage::{Call, Letter, Meeting, Person, Stage};
pub use stop::Stop;

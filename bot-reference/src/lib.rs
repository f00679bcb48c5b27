//! The reference bot: a service-hosted menu bot that does what Graph asks of a calling bot.
//!
//! It answers within the time, says its menu when audio flows, keeps calls alive, believes nobody who
//! cannot prove to be the platform, and waits as long as it is told. Each of these can be switched off
//! ([`Flaw`]): a conformance suite that does not notice has a hole.
//!
//! [`Bot`] is the whole of its behaviour and knows no clock and no socket; the rest carries that out.

mod bot;
mod entry;
mod flaw;
mod graph_client;
mod inbound;
mod server;
mod token_cache;

pub use bot::{Ask, Bot, Effect, Input, Outcome, Settings};
pub use entry::{BadNotification, Entry, Subject, read};
pub use flaw::Flaw;
pub use server::{BotConfig, BotError, run};

//! The reference bot: a menu bot that does what Graph asks of a calling bot. Its media is Graph's, or its own
//! ([`Hosting`]).
//!
//! It answers within the time, says its menu when audio flows, does what the keys of the menu say, keeps calls
//! alive, believes nobody who cannot prove to be the platform, waits as long as it is told, and finds its calls
//! again after a crash. Each of these can be switched off ([`Flaw`]): a conformance suite that does not notice has
//! a hole.
//!
//! [`Bot`] is the whole of its behaviour and knows no clock and no socket; the rest carries that out.

mod app_hosted;
mod ask;
mod bot;
mod entry;
mod flaw;
mod graph_client;
mod inbound;
mod memory;
mod requests;
mod server;
mod settings;
mod token_cache;

pub use ask::{Ask, Effect, Outcome, Prompt};
pub use bot::{BadMemory, Bot, Input, Scene, Sight};
pub use entry::{
    BadNotification, Entry, Facts, Key, Press, RosterNews, Seat, State, Stream, Streams, Subject,
    read,
};
pub use flaw::Flaw;
pub use memory::{FileMemory, InMemory, MEMORY_MAX, Memory};
pub use server::{BotConfig, BotError, run};
pub use settings::{Hosting, Keys, Settings};

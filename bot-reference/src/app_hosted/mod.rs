//! The media that the bot hosts itself, over the open media transport (docs/media-transport.md).
//!
//! What it does in each call, so that a test knows by ear whom it hears:
//!
//! - Once `AudioSendStatusChanged` says active it greets: 440 Hz for a second, then the marker [`GREETING`]. It greets
//!   once in a call. From then on it always sends, silence if nothing is to be said.
//! - A marker with an id below [`ANSWERED_BELOW`] is answered with that id `|` [`ANSWER`], in the order in which they
//!   were heard. Neither greetings nor answers are answered: two such bots fall silent.
//! - A key is pressed back. (Two such bots in one call would press for ever.)
//! - What is interrupted by a hold is said from its beginning when media flows again; keys wait too.
//! - It notes who has the word and who is heard; `GET /health` shows that, and what it has heard.
//!
//! [`Conversation`] is one call, [`Sessions`] all of them, both pure; [`AppHosted`] is the shell with the socket.

mod conversation;
mod mouth;
#[cfg(test)]
mod properties;
mod report;
mod sessions;
mod socket;
#[cfg(test)]
mod socket_tests;
#[cfg(test)]
mod tests;

pub(crate) use sessions::Owner;
pub(crate) use socket::AppHosted;

/// The marker at the end of the greeting.
pub(crate) const GREETING: u32 = 0x60_0001;
/// Markers below this one are answered.
pub(crate) const ANSWERED_BELOW: u32 = 0x40_0000;
/// What is added to the id of a marker that is answered.
pub(crate) const ANSWER: u32 = 0x80_0000;

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
//! - With `Keys::Menu` keys are not pressed back, but do what the menu says.
//!
//! And, with video sockets ([`crate::Settings::video`]):
//!
//! - Each socket looks at somebody of the roster who sends video; whoever has the word is always seen. A call of two, and
//!   what becomes of it, has no roster: there the first socket looks at whoever is at the other end. The screen of whoever shares is seen too.
//! - Each frame that comes is decoded; `GET /health` shows of whom the barcodes are, how many frames were wrong, and a
//!   hash of all pictures.
//! - Once `VideoSendStatusChanged` says active it shows a test pattern, 320 x 180 at 15 Hz, whose barcodes name its media
//!   source id in the roster (before there is one: its SSRC), and the time. Key frames come when they are needed.
//! - While it is the sharer of the call (key 9 of the menu) it sends the same as a screen, 640 x 360 at 3.75 Hz.
//!
//! [`Conversation`] is what is heard and said in one call, [`Vision`] what is seen and shown, [`Sessions`] all of them, all
//! pure; [`AppHosted`] is the shell with the socket.

mod camera;
mod conversation;
mod eye;
mod gaze;
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
mod vision;
#[cfg(test)]
mod vision_tests;

pub(crate) use sessions::Owner;
pub(crate) use socket::AppHosted;

/// The marker at the end of the greeting.
pub(crate) const GREETING: u32 = 0x60_0001;
/// Markers below this one are answered.
pub(crate) const ANSWERED_BELOW: u32 = 0x40_0000;
/// What is added to the id of a marker that is answered.
pub(crate) const ANSWER: u32 = 0x80_0000;

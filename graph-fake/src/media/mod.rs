//! The media platform: what app-hosted bots hear and say, by docs/media-transport.md.
//!
//! [`Plane`] is pure: datagrams and the time come in, datagrams go out, and pictures that are to be drawn in between; what people and service-hosted bots say it reads
//! in [`crate::sound`], and what app-hosted bots say it writes there. [`carry`] is the socket around it.

mod carrier;
mod person;
mod plane;
mod room;
mod session;
#[cfg(test)]
mod tests;
mod video;
mod viewer;
mod watcher;

pub use carrier::carry;
pub use plane::{Plane, Ticked};
pub use room::{Cast, Sender};
pub use session::{SessionShown, Speaker};
pub use video::Picture;
pub use viewer::SeenStream;

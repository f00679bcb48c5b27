//! The one seam between the programs and the world.
//!
//! The fake Graph and the reference bot reach sockets, TLS and time only through this crate, so that
//! the same code runs on real sockets ([`RealNetwork`]) and inside the simulator (which brings its own
//! [`Network`]). HTTP lives here too, once, because both sides of every exchange need the same limits.
//!
//! What is deliberately absent: no rule of Graph, no JSON, no randomness.

mod clock;
mod datagram;
mod http_client;
mod http_server;
mod linger;
mod network;
mod real;
mod skew;

pub use clock::{Clock, ClockError};
pub use datagram::{Arrival, DATAGRAM_MAX, Datagram};
pub use http_client::{HttpClient, SendError};
pub use http_server::{ServeLimits, serve};
pub use network::{BoxFuture, BoxIo, Io, Listener, Network, Target, listen_address, reachable};
pub use real::{RealNetwork, TlsTrust, interrupted};
pub use skew::Skew;
pub use tokio_rustls::TlsAcceptor;

//! What was said on the wires of a world: HTTP messages as each host saw them, in the order in which they were whole, and
//! the datagrams between them.
//!
//! Verdicts are read from here and from nothing else: what a program says of itself proves nothing.

mod collector;
mod half;
mod packet;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use graph_api::Timestamp;

pub use collector::{MESSAGES_MAX, PACKETS_MAX, Wire};
pub use half::{BODY_MAX, HEAD_MAX};
pub use packet::{Packet, Seen, in_order};

/// Which way a message went, for the host that saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// The host sent it.
    Sent,
    /// It came.
    Received,
}

/// One HTTP message, as one host saw it. A message between two hosts of the world is seen twice: when it left and,
/// unless it was lost, when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number in the world, from 1, in the order in which messages were whole; datagrams are counted with them.
    pub seq: u64,
    /// Virtual time at which its last byte was seen.
    pub at: Timestamp,
    /// Who saw it.
    pub host: Arc<str>,
    /// The other end, by its name in the world.
    pub peer: Arc<str>,
    /// The port of the service that was connected to, at whichever end it is.
    pub port: u16,
    /// The number of the connection on the host that saw it.
    pub connection: u64,
    /// Which way it went.
    pub way: Way,
    /// What it says.
    pub http: Http,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Http {
    /// A request.
    Request {
        /// `GET`.
        method: String,
        /// Path and query.
        target: String,
        /// Names in lower case, values as text, in their order.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// The final response to a request on the same connection.
    Response {
        /// The number of the request's message, as the same host saw it.
        to: u64,
        /// The status.
        status: u16,
        /// Names in lower case, values as text, in their order.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// The connection ended before this request had its response, or in the middle of a message.
    Broken {
        /// The number of the request's message, if there was a whole one.
        to: Option<u64>,
    },
}

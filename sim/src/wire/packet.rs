//! Datagrams.

use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use graph_api::Timestamp;

use super::{Message, Way};

/// One datagram, as one host saw it. Between two hosts of the world it is seen when it left and, each time that it came,
/// when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Its number among all that was seen; see [`Message::seq`].
    pub seq: u64,
    /// Virtual time at which it left or came.
    pub at: Timestamp,
    /// Who saw it.
    pub host: Arc<str>,
    /// Which way it went.
    pub way: Way,
    /// Where it is from.
    pub from: SocketAddr,
    /// Where it was sent; of one that came, where its receiver listens.
    pub to: SocketAddr,
    /// What it holds.
    pub bytes: Bytes,
}

/// A message or a datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// HTTP.
    Message(Message),
    /// UDP.
    Packet(Packet),
}

/// Messages and datagrams, each in the order of their numbers, as one sequence in that order.
pub fn in_order(messages: Vec<Message>, packets: Vec<Packet>) -> impl Iterator<Item = Seen> {
    let (mut messages, mut packets) =
        (messages.into_iter().peekable(), packets.into_iter().peekable());
    std::iter::from_fn(move || match (messages.peek(), packets.peek()) {
        (Some(message), Some(packet)) if packet.seq < message.seq => {
            packets.next().map(Seen::Packet)
        }
        (None, Some(_)) => packets.next().map(Seen::Packet),
        _ => messages.next().map(Seen::Message),
    })
}

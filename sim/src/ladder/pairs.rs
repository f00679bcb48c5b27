//! Which message that came is which message that was sent.
//!
//! Hosts number their connections each for themselves, so messages are compared by what they say. Once a request is
//! known on both ends, so is its connection, and equal answers on different connections are told apart.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use xxhash_rust::xxh3::Xxh3;

use crate::wire::{Http, Message, Way};

/// One message, seen once or twice; places in the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    /// Where it left.
    pub sent: Option<usize>,
    /// Where it came.
    pub came: Option<usize>,
}

impl Pair {
    /// Where it was seen first.
    pub fn first(self) -> usize {
        self.sent.or(self.came).expect("somebody has seen it")
    }
}

/// Sender, receiver, port and a hash of what is said.
type Key = (Arc<str>, Arc<str>, u16, u64);
/// A host and the number of one of its connections.
type End = (Arc<str>, u64);

/// The messages of a wire, in the order in which they were first seen. Broken connections stay alone.
pub(super) fn pair(wire: &[&Message]) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = Vec::new();
    let mut peers = Peers::default();
    // Requests first: they tell which connections belong together.
    for requests in [true, false] {
        let of_kind = |message: &Message| match message.http {
            Http::Request { .. } => requests,
            Http::Response { .. } => !requests,
            Http::Broken { .. } => false,
        };
        pair_kind(wire, of_kind, &mut peers, &mut pairs);
    }
    let broken = wire.iter().enumerate().filter(|(_, m)| matches!(m.http, Http::Broken { .. }));
    pairs.extend(broken.map(|(at, _)| Pair { sent: Some(at), came: None }));
    pairs.sort_by_key(|pair| pair.first());
    pairs
}

fn pair_kind(
    wire: &[&Message],
    of_kind: impl Fn(&Message) -> bool,
    peers: &mut Peers,
    pairs: &mut Vec<Pair>,
) {
    let broken: BTreeSet<u64> = wire.iter().filter_map(|message| broken(message)).collect();
    let mut waiting: BTreeMap<Key, VecDeque<usize>> = BTreeMap::new();
    for (at, message) in wire.iter().enumerate() {
        if of_kind(message) && message.way == Way::Sent {
            waiting.entry(key(message)).or_default().push_back(at);
        }
    }
    for (at, message) in wire.iter().enumerate() {
        if !of_kind(message) || message.way != Way::Received {
            continue;
        }
        let queue = waiting.entry(key(message)).or_default();
        let fits = |&(_, &sent): &(usize, &usize)| peers.fit(wire[sent], message);
        // Of equal requests, the one whose connection ended early is the one that was lost.
        let worth = |&(place, &sent): &(usize, &usize)| (broken.contains(&wire[sent].seq), place);
        let found = queue.iter().enumerate().filter(fits).min_by_key(worth);
        let sent = found.map(|(place, _)| place).and_then(|place| queue.remove(place));
        if let Some(sent) = sent {
            peers.know(wire[sent], message);
        }
        pairs.push(Pair { sent, came: Some(at) });
    }
    let lost = waiting.into_values().flatten();
    pairs.extend(lost.map(|at| Pair { sent: Some(at), came: None }));
}

fn broken(message: &Message) -> Option<u64> {
    match message.http {
        Http::Broken { to } => to,
        Http::Request { .. } | Http::Response { .. } => None,
    }
}

fn key(message: &Message) -> Key {
    let (from, to) = match message.way {
        Way::Sent => (&message.host, &message.peer),
        Way::Received => (&message.peer, &message.host),
    };
    (from.clone(), to.clone(), message.port, said(&message.http))
}

/// A hash of what is said, without numbers that only one end knows.
fn said(http: &Http) -> u64 {
    let mut hash = Xxh3::new();
    let mut part = |bytes: &[u8]| {
        hash.update(&(bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    match http {
        Http::Request { method, target, headers, body } => {
            part(method.as_bytes());
            part(target.as_bytes());
            headers.iter().for_each(|(name, value)| {
                part(name.as_bytes());
                part(value.as_bytes());
            });
            part(body);
        }
        Http::Response { status, headers, body, .. } => {
            part(&status.to_le_bytes());
            headers.iter().for_each(|(name, value)| {
                part(name.as_bytes());
                part(value.as_bytes());
            });
            part(body);
        }
        Http::Broken { .. } => {}
    }
    hash.digest()
}

/// Which connections are two ends of one.
#[derive(Default)]
struct Peers(BTreeMap<End, End>);

impl Peers {
    fn end(message: &Message) -> End {
        (message.host.clone(), message.connection)
    }

    /// Whether nothing known speaks against it.
    fn fit(&self, sent: &Message, came: &Message) -> bool {
        let (here, there) = (Self::end(sent), Self::end(came));
        self.0.get(&here).is_none_or(|known| *known == there)
            && self.0.get(&there).is_none_or(|known| *known == here)
    }

    fn know(&mut self, sent: &Message, came: &Message) {
        let (here, there) = (Self::end(sent), Self::end(came));
        self.0.insert(here.clone(), there.clone());
        self.0.insert(there, here);
    }
}

//! From the bytes of connections, as each host sees them, to messages.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use graph_api::Timestamp;

use super::{
    Http, Message, Packet, Way,
    half::{First, Half, Kind, Step, Whole},
};

/// Messages that may wait to be taken; further ones are only counted.
pub const MESSAGES_MAX: usize = 200_000;
/// Datagrams that may wait to be taken; further ones are only counted.
pub const PACKETS_MAX: usize = 200_000;
/// Requests that may wait for their responses on one connection.
const PENDING_MAX: usize = 1_000;

/// The wires of one world. Cheap to clone.
#[derive(Clone, Default)]
pub struct Wire(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    connections: BTreeMap<(Arc<str>, u64), Connection>,
    log: Log,
}

#[derive(Default)]
struct Log {
    messages: Vec<Message>,
    packets: Vec<Packet>,
    seq: u64,
    dropped: u64,
}

/// One end of a connection.
struct Connection {
    place: Place,
    /// Which way requests go.
    asks: Way,
    requests: Half,
    responses: Half,
    /// Requests without a response: their numbers, and whether they were HEADs.
    pending: VecDeque<(u64, bool)>,
    given_up: bool,
}

#[derive(Clone)]
struct Place {
    host: Arc<str>,
    peer: Arc<str>,
    port: u16,
    connection: u64,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire")
            .field("messages", &self.inner().log.messages.len())
            .finish_non_exhaustive()
    }
}

impl Wire {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A host has a connection now: it took one (`accepted`), or made one. `port` is the service's.
    /// A number that is used again is another connection; what was left of the old one is forgotten.
    pub fn opened(
        &self,
        host: &Arc<str>,
        connection: u64,
        peer: &Arc<str>,
        port: u16,
        accepted: bool,
    ) {
        let (host, peer) = (host.clone(), peer.clone());
        let place = Place { host: host.clone(), peer, port, connection };
        let asks = if accepted { Way::Received } else { Way::Sent };
        let new = Connection {
            place,
            asks,
            requests: Half::new(Kind::Requests),
            responses: Half::new(Kind::Responses),
            pending: VecDeque::new(),
            given_up: false,
        };
        self.inner().connections.insert((host, connection), new);
    }

    /// A host saw bytes. Those of a connection that is not open are ignored.
    pub fn bytes(&self, at: Timestamp, host: &Arc<str>, connection: u64, way: Way, bytes: &[u8]) {
        let Inner { connections, log } = &mut *self.inner();
        if let Some(open) = connections.get_mut(&(host.clone(), connection)) {
            open.bytes(at, way, bytes, log);
        }
    }

    /// A host saw a datagram leave it, or come.
    pub fn datagram(
        &self,
        at: Timestamp,
        host: &Arc<str>,
        way: Way,
        (from, to): (SocketAddr, SocketAddr),
        bytes: Bytes,
    ) {
        let log = &mut self.inner().log;
        log.seq += 1;
        if log.packets.len() >= PACKETS_MAX {
            log.dropped += 1;
            return;
        }
        let (seq, host) = (log.seq, host.clone());
        log.packets.push(Packet { seq, at, host, way, from, to, bytes });
    }

    /// A host's connection has ended, whichever end ended it.
    pub fn closed(&self, at: Timestamp, host: &Arc<str>, connection: u64) {
        let Inner { connections, log } = &mut *self.inner();
        if let Some(open) = connections.remove(&(host.clone(), connection)) {
            open.closed(at, log);
        }
    }

    /// All connections of a host have ended at once; in the order of their numbers.
    pub fn crashed(&self, at: Timestamp, host: &str) {
        let Inner { connections, log } = &mut *self.inner();
        for (_, open) in connections.extract_if(.., |(of, _), _| &**of == host) {
            open.closed(at, log);
        }
    }

    /// The messages so far, oldest first; they are not kept.
    pub fn take(&self) -> Vec<Message> {
        std::mem::take(&mut self.inner().log.messages)
    }

    /// The datagrams so far, oldest first; they are not kept.
    pub fn take_packets(&self) -> Vec<Packet> {
        std::mem::take(&mut self.inner().log.packets)
    }

    /// The messages since they were last taken, oldest first.
    pub fn messages(&self) -> Vec<Message> {
        self.inner().log.messages.clone()
    }

    /// Messages and datagrams that were not kept because [`MESSAGES_MAX`] or [`PACKETS_MAX`] others waited. Verdicts need
    /// all: it has to be 0.
    pub fn dropped(&self) -> u64 {
        self.inner().log.dropped
    }
}

impl Log {
    fn add(&mut self, at: Timestamp, place: &Place, way: Way, http: Http) -> u64 {
        self.seq += 1;
        if self.messages.len() >= MESSAGES_MAX {
            self.dropped += 1;
            return self.seq;
        }
        let Place { host, peer, port, connection } = place.clone();
        self.messages.push(Message { seq: self.seq, at, host, peer, port, connection, way, http });
        self.seq
    }
}

impl Connection {
    fn answers(&self) -> Way {
        match self.asks {
            Way::Sent => Way::Received,
            Way::Received => Way::Sent,
        }
    }

    fn bytes(&mut self, at: Timestamp, way: Way, bytes: &[u8], log: &mut Log) {
        if self.given_up {
            return;
        }
        let half = if way == self.asks { &mut self.requests } else { &mut self.responses };
        half.push(bytes);
        let fine = self.read_requests(at, log) && self.read_responses(at, log);
        if !fine || self.responses.is_too_full() {
            self.give_up(at, log);
        }
    }

    fn read_requests(&mut self, at: Timestamp, log: &mut Log) -> bool {
        loop {
            match self.requests.step(false) {
                Step::More => return true,
                Step::Garbage => return false,
                Step::Done(Whole { first: First::Request { method, target }, headers, body }) => {
                    let head = method == "HEAD";
                    let http = Http::Request { method, target, headers, body };
                    let seq = log.add(at, &self.place, self.asks, http);
                    self.pending.push_back((seq, head));
                    if self.pending.len() > PENDING_MAX {
                        return false;
                    }
                }
                Step::Done(Whole { first: First::Response { .. }, .. }) => return false,
            }
        }
    }

    /// A response that comes before its request is whole waits for it.
    fn read_responses(&mut self, at: Timestamp, log: &mut Log) -> bool {
        while let Some((_, head)) = self.pending.front() {
            match self.responses.step(*head) {
                Step::More => return true,
                Step::Garbage => return false,
                Step::Done(whole) => self.answered(at, whole, log),
            }
        }
        true
    }

    fn answered(&mut self, at: Timestamp, whole: Whole, log: &mut Log) {
        let Whole { first, headers, body } = whole;
        if let (First::Response { status }, Some((to, _))) = (first, self.pending.pop_front()) {
            let http = Http::Response { to, status, headers, body };
            log.add(at, &self.place, self.answers(), http);
        }
    }

    fn closed(mut self, at: Timestamp, log: &mut Log) {
        if self.given_up {
            return;
        }
        if !self.pending.is_empty()
            && let Some(whole) = self.responses.close()
        {
            self.answered(at, whole, log);
        }
        self.break_off(at, self.requests.is_amid(), log);
    }

    /// Nothing more is read here.
    fn give_up(&mut self, at: Timestamp, log: &mut Log) {
        self.break_off(at, true, log);
        self.given_up = true;
        self.requests = Half::new(Kind::Requests);
        self.responses = Half::new(Kind::Responses);
    }

    /// What has no response will have none; `amid`: and something was not even whole.
    fn break_off(&mut self, at: Timestamp, amid: bool, log: &mut Log) {
        let answers = self.answers();
        for (to, _) in std::mem::take(&mut self.pending) {
            log.add(at, &self.place, answers, Http::Broken { to: Some(to) });
        }
        if amid {
            log.add(at, &self.place, self.asks, Http::Broken { to: None });
        }
    }
}

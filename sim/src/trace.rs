//! What happened on the wires, as a running hash and, if wanted, as lines to compare.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use graph_api::Timestamp;
use xxhash_rust::xxh3::Xxh3;

/// Lines kept when lines are wanted; the hash always covers everything.
const LINES_MAX: usize = 1_000_000;

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// A connection was opened from here.
    Connect,
    /// A connection was taken here.
    Accept,
    /// Bytes left.
    Write,
    /// Bytes came.
    Read,
    /// A connection was closed.
    Close,
    /// A datagram was sent.
    Send,
    /// A datagram arrived, at the time that its link gave.
    Receive,
    /// A datagram will not arrive; the bytes say why, in words.
    Lost,
    /// Something a story noted.
    Note,
}

impl Direction {
    const fn word(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Accept => "accept",
            Self::Write => "write",
            Self::Read => "read",
            Self::Close => "close",
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Lost => "lost",
            Self::Note => "note",
        }
    }
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceLine {
    /// Virtual time.
    pub at: Timestamp,
    /// Whose.
    pub host: Arc<str>,
    /// Which way.
    pub direction: Direction,
    /// The number of the connection, or of the socket for datagrams, on its host.
    pub connection: u64,
    /// Bytes.
    pub len: usize,
    /// Hash of the bytes.
    pub hash: u64,
}

/// The trace of one world. Cheap to clone.
#[derive(Clone, Default)]
pub struct Trace(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    running: Xxh3,
    events: u64,
    lines: Option<Vec<TraceLine>>,
}

impl Trace {
    /// Keeps lines too, not only the hash.
    pub fn with_lines() -> Self {
        let trace = Self::default();
        trace.inner().lines = Some(Vec::new());
        trace
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an event.
    pub fn add(
        &self,
        at: Timestamp,
        host: &Arc<str>,
        direction: Direction,
        connection: u64,
        bytes: &[u8],
    ) {
        let mut inner = self.inner();
        inner.events += 1;
        inner.running.update(&at.as_nanos().to_le_bytes());
        inner.running.update(host.as_bytes());
        inner.running.update(direction.word().as_bytes());
        inner.running.update(&connection.to_le_bytes());
        inner.running.update(&(bytes.len() as u64).to_le_bytes());
        inner.running.update(bytes);
        if let Some(lines) = inner.lines.as_mut().filter(|lines| lines.len() < LINES_MAX) {
            let (host, len) = (host.clone(), bytes.len());
            let hash = xxhash_rust::xxh3::xxh3_64(bytes);
            lines.push(TraceLine { at, host, direction, connection, len, hash });
        }
    }

    /// The hash of everything so far.
    pub fn hash(&self) -> u64 {
        self.inner().running.digest()
    }

    /// Events so far.
    pub fn events(&self) -> u64 {
        self.inner().events
    }

    /// The lines, if they were wanted.
    pub fn lines(&self) -> Vec<TraceLine> {
        self.inner().lines.clone().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_an_event_counts() {
        let host: Arc<str> = "a".into();
        let other: Arc<str> = "b".into();
        let at = Timestamp::from_secs;
        let hash = |at, host: &Arc<str>, direction, connection, bytes: &[u8]| {
            let trace = Trace::default();
            trace.add(at, host, direction, connection, bytes);
            trace.hash()
        };
        let first = hash(at(1), &host, Direction::Read, 1, b"x");
        assert_eq!(first, hash(at(1), &host, Direction::Read, 1, b"x"));
        for changed in [
            hash(at(2), &host, Direction::Read, 1, b"x"),
            hash(at(1), &other, Direction::Read, 1, b"x"),
            hash(at(1), &host, Direction::Write, 1, b"x"),
            hash(at(1), &host, Direction::Read, 2, b"x"),
            hash(at(1), &host, Direction::Read, 1, b"y"),
        ] {
            assert_ne!(changed, first);
        }
    }
}

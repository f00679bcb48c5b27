//! Datagrams on their way out, in memory that is used again.

use std::net::SocketAddr;

/// Datagrams of one slot.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    bytes: Vec<u8>,
    /// To whom each goes, and where it ends.
    ends: Vec<(SocketAddr, usize)>,
}

impl Outgoing {
    /// One more.
    pub(super) fn push(&mut self, to: SocketAddr, datagram: &[u8]) {
        self.bytes.extend_from_slice(datagram);
        self.ends.push((to, self.bytes.len()));
    }

    /// All of them, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (SocketAddr, &[u8])> {
        let mut begin = 0;
        self.ends.iter().map(move |(to, end)| {
            let datagram = &self.bytes[begin..*end];
            begin = *end;
            (*to, datagram)
        })
    }

    /// They are sent.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

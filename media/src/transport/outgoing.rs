//! Datagrams on their way out, in memory that is used again.

use std::net::SocketAddr;

/// Datagrams that are to be sent, in order, each with where it goes.
#[derive(Debug, Default)]
pub struct Outgoing {
    bytes: Vec<u8>,
    /// To whom each goes, and where it ends.
    ends: Vec<(SocketAddr, usize)>,
}

impl Outgoing {
    /// One more.
    pub fn push(&mut self, to: SocketAddr, datagram: &[u8]) {
        self.bytes.extend_from_slice(datagram);
        self.ends.push((to, self.bytes.len()));
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = (SocketAddr, &[u8])> {
        let mut begin = 0;
        self.ends.iter().map(move |(to, end)| {
            let datagram = &self.bytes[begin..*end];
            begin = *end;
            (*to, datagram)
        })
    }

    /// They have been sent; their memory is kept.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_come_out_as_they_went_in() {
        let [one, other] = [1, 2].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let mut out = Outgoing::default();
        for (to, datagram) in [(one, &b"abc"[..]), (other, b""), (one, b"d")] {
            out.push(to, datagram);
        }
        let all: Vec<_> = out.iter().collect();
        assert_eq!(all, [(one, &b"abc"[..]), (other, b""), (one, b"d")]);
        out.clear();
        out.push(other, b"e");
        assert_eq!(out.iter().collect::<Vec<_>>(), [(other, &b"e"[..])]);
    }
}

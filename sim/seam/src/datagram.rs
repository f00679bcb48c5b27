//! Datagrams: UDP as the programs see it, and the real one.

use std::{io, net::SocketAddr};

use graph_api::Timestamp;
use tokio::net::UdpSocket;

use crate::{Clock, network::BoxFuture};

/// The largest datagram, in bytes: what IPv4 leaves of 65,535 after its own header and that of UDP.
pub const DATAGRAM_MAX: usize = 65_507;

/// A datagram that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Bytes that were put into the buffer; what did not fit into it is gone.
    pub len: usize,
    /// Who sent it.
    pub from: SocketAddr,
    /// When it arrived, to the nanosecond, on the host's clock. In the simulator a program is woken at the
    /// next whole millisecond, but this is when the link delivered.
    pub at: Timestamp,
}

/// A socket for datagrams. Sharing it between tasks is allowed; each datagram goes to one of them.
pub trait Datagram: Send + Sync + 'static {
    /// Sends one datagram and returns its length. That it has been sent does not mean that it arrives.
    ///
    /// # Errors
    /// As of a socket: a datagram of more than [`DATAGRAM_MAX`] bytes, no way to the network of `to`.
    fn send_to<'a>(&'a self, bytes: &'a [u8], to: SocketAddr) -> BoxFuture<'a, io::Result<usize>>;

    /// Waits for the next datagram. When the future is dropped, none is lost.
    ///
    /// # Errors
    /// As of a socket; an error does not mean that the socket is of no use any more.
    fn recv_from<'a>(&'a self, buf: &'a mut [u8]) -> BoxFuture<'a, io::Result<Arrival>>;

    /// The address that was bound, with the port the system chose if it was asked to.
    ///
    /// # Errors
    /// As of a socket.
    fn local_addr(&self) -> io::Result<SocketAddr>;
}

/// A socket of the kernel, whose buffers are bounded by the kernel.
pub(crate) struct RealDatagram {
    socket: UdpSocket,
    /// Anchored when the socket was bound, so that a stepped wall clock moves no arrival.
    clock: Clock,
}

impl RealDatagram {
    pub(crate) async fn bind(at: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(at)
            .await
            .map_err(|e| io::Error::new(e.kind(), format!("cannot bind {at}: {e}")))?;
        Ok(Self { socket, clock: Clock::real() })
    }
}

impl Datagram for RealDatagram {
    fn send_to<'a>(&'a self, bytes: &'a [u8], to: SocketAddr) -> BoxFuture<'a, io::Result<usize>> {
        Box::pin(self.socket.send_to(bytes, to))
    }

    fn recv_from<'a>(&'a self, buf: &'a mut [u8]) -> BoxFuture<'a, io::Result<Arrival>> {
        Box::pin(async move {
            let (len, from) = self.socket.recv_from(buf).await?;
            Ok(Arrival { len, from, at: self.clock.now() })
        })
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Network as _, RealNetwork, TlsTrust};

    #[tokio::test]
    async fn a_datagram_goes_there_and_an_answer_comes_back() {
        let network = RealNetwork::new(&TlsTrust::default()).unwrap();
        let local = network.lookup("127.0.0.1", 0).await.unwrap();
        let [a, b] =
            [network.datagram(local).await.unwrap(), network.datagram(local).await.unwrap()];
        let (from_a, to_b) = (a.local_addr().unwrap(), b.local_addr().unwrap());
        let before = Clock::real().now();
        assert_eq!(a.send_to(b"hello", to_b).await.unwrap(), 5);
        let mut buf = [0; 3];
        let arrival = b.recv_from(&mut buf).await.unwrap();
        assert_eq!((arrival.len, arrival.from, &buf), (3, from_a, b"hel"));
        let second = std::time::Duration::from_secs(1);
        assert!(arrival.at + second > before && arrival.at < Clock::real().now() + second);
        b.send_to(b"", from_a).await.unwrap();
        assert_eq!(a.recv_from(&mut buf).await.unwrap().len, 0);
        assert!(a.send_to(&vec![0; DATAGRAM_MAX + 1], to_b).await.is_err());
    }

    #[tokio::test]
    async fn an_address_that_is_taken_is_named() {
        let network = RealNetwork::new(&TlsTrust::default()).unwrap();
        let local = network.lookup("127.0.0.1", 0).await.unwrap();
        let taken = network.datagram(local).await.unwrap().local_addr().unwrap();
        let _first = network.datagram(taken).await.unwrap();
        let error = network.datagram(taken).await.err().unwrap();
        assert!(error.to_string().contains(&taken.to_string()), "{error}");
    }
}

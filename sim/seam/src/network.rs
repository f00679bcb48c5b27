//! What a world must offer: byte streams in and out, and datagrams.

use std::{
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _},
    pin::Pin,
};

use tokio::io::{AsyncRead, AsyncWrite};

use crate::datagram::Datagram;

/// A future on the heap; what an object-safe trait can return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A connected byte stream, real or simulated.
pub trait Io: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> Io for T {}

/// A byte stream whose kind does not matter any more.
pub type BoxIo = Box<dyn Io>;

/// Where a connection should go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// A host name, or an address in text.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// Whether the URL said `https`. A world without TLS (the simulator) treats the link itself as
    /// the secured channel, so that the URLs stay those that Graph demands.
    pub tls: bool,
}

/// Accepts connections on one address.
pub trait Listener: Send + 'static {
    /// Waits for the next connection. An error concerns that one connection, not the listener.
    fn accept(&mut self) -> BoxFuture<'_, io::Result<(BoxIo, SocketAddr)>>;
    /// The address that was bound, with the port the system chose if it was asked to.
    fn local_addr(&self) -> io::Result<SocketAddr>;
}

/// A world with sockets in it.
pub trait Network: Send + Sync + 'static {
    /// Opens a stream to `to`; errors as a socket would give them.
    fn connect(&self, to: Target) -> BoxFuture<'static, io::Result<BoxIo>>;
    /// Binds a listener.
    fn listen(&self, at: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Listener>>>;

    /// Binds a socket for datagrams. A world without any says `Unsupported`.
    fn datagram(&self, at: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Datagram>>> {
        let _ = at;
        Box::pin(async { Err(io::ErrorKind::Unsupported.into()) })
    }

    /// The address under which a host is reached, an IPv4 one if it has any. A world without names says
    /// `Unsupported`.
    fn lookup(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<SocketAddr>> {
        let _ = (host, port);
        Box::pin(async { Err(io::ErrorKind::Unsupported.into()) })
    }
}

/// Reads an address to listen on: `127.0.0.1:8443`, `[::1]:8443`, or a name of this machine, `localhost:8443`.
///
/// Of a name's addresses an IPv4 one is preferred: that is what clients are told to connect to.
///
/// # Errors
/// In words, for the command line: no port, or a name that nobody knows.
pub fn listen_address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let expected = "expected an address and a port, as in 127.0.0.1:8443 or localhost:8443";
    let port = text.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    if port.and_then(|(_, port)| port.parse::<u16>().ok()).is_none() {
        return Err(expected.to_owned());
    }
    let found: Vec<SocketAddr> =
        text.to_socket_addrs().map_err(|error| format!("{error}; {expected}"))?.collect();
    let found = found.iter().find(|address| address.is_ipv4()).or(found.first());
    found.copied().ok_or_else(|| expected.to_owned())
}

/// How a client on this machine reaches a listener: one that is bound to every address (`0.0.0.0`, `[::]`)
/// cannot be connected to under that name.
pub fn reachable(bound: SocketAddr) -> SocketAddr {
    let here = match bound.ip() {
        IpAddr::V4(any) if any.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(any) if any.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(here, bound.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_to_listen_on() {
        assert_eq!(listen_address("127.0.0.1:80"), Ok(SocketAddr::from(([127, 0, 0, 1], 80))));
        assert_eq!(listen_address("[::1]:80"), Ok(SocketAddr::from((Ipv6Addr::LOCALHOST, 80))));
        let local = listen_address("localhost:8443").unwrap();
        assert!(local.ip().is_loopback() && local.port() == 8_443, "{local}");
        for bad in ["", "nowhere", "nowhere:", "nowhere:x", ":80", "127.0.0.1", "127.0.0.1:65536"] {
            let why = listen_address(bad).unwrap_err();
            assert!(why.contains("localhost:8443"), "{bad}: {why}");
        }
    }

    #[test]
    fn every_address_is_reached_under_one() {
        for (bound, reached) in [
            ("0.0.0.0:9", "127.0.0.1:9"),
            ("[::]:9", "[::1]:9"),
            ("127.0.0.2:9", "127.0.0.2:9"),
            ("[::1]:9", "[::1]:9"),
            ("192.0.2.7:9", "192.0.2.7:9"),
        ] {
            assert_eq!(reachable(bound.parse().unwrap()), reached.parse().unwrap(), "{bound}");
        }
    }
}

//! What a world must offer: byte streams in and out.

use std::{future::Future, io, net::SocketAddr, pin::Pin};

use tokio::io::{AsyncRead, AsyncWrite};

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
}

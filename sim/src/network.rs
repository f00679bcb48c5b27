//! The simulated world's sockets, with every byte traced.
//!
//! Streams are turmoil's, as long as the world has no links of its own; then they are [`crate::streams`].
//! Datagrams always go over links.
//!
//! TLS stays outside: a link of the simulator is taken for the secured channel, so URLs keep their
//! `https` and nothing has to be encrypted that nobody can overhear.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use seam::{BoxFuture, BoxIo, Datagram, Io, Listener, Network, Target};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net::{TcpListener, TcpStream};

use crate::{
    datagram::SimDatagram,
    fabric::world_time,
    streams::{self, Local, StreamListener},
    trace::{Direction, Trace},
    wire::{Way, Wire},
};

/// One host's way to the others.
#[derive(Clone)]
pub(crate) struct SimNetwork {
    local: Local,
    trace: Trace,
    wire: Option<Wire>,
    /// Whether streams go over the world's links.
    shaped: bool,
    /// Connections and sockets of this host so far; their numbers in the trace.
    connections: Arc<AtomicU64>,
}

impl SimNetwork {
    pub(crate) fn new(local: Local, trace: Trace, wire: Option<Wire>, shaped: bool) -> Self {
        Self { local, trace, wire, shaped, connections: Arc::default() }
    }

    fn number(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed)
    }

    /// A connection that was made to a service.
    fn made(&self, to: &Target, stream: impl Io) -> BoxIo {
        let peer = Arc::from(to.host.as_str());
        let text = format!("{}:{}", to.host, to.port);
        self.open(Direction::Connect, (&peer, to.port), &text, stream)
    }

    /// A connection that was taken at one of this host's ports.
    fn taken(&self, port: u16, from: SocketAddr, stream: impl Io) -> BoxIo {
        let name = self.local.fabric.state().name_of(from.ip());
        let peer = name.unwrap_or_else(|| from.ip().to_string().into());
        self.open(Direction::Accept, (&peer, port), &from.to_string(), stream)
    }

    fn open(
        &self,
        direction: Direction,
        service: (&Arc<str>, u16),
        peer: &str,
        stream: impl Io,
    ) -> BoxIo {
        let (number, (with, port)) = (self.number(), service);
        let accepted = direction == Direction::Accept;
        if let Some(wire) = &self.wire {
            wire.opened(&self.local.host, number, with, port, accepted);
        }
        let stream = Traced { stream, network: self.clone(), number };
        stream.add(direction, peer.as_bytes());
        Box::new(stream)
    }
}

impl Network for SimNetwork {
    fn connect(&self, to: Target) -> BoxFuture<'static, io::Result<BoxIo>> {
        let network = self.clone();
        Box::pin(async move {
            if network.shaped {
                let stream = streams::connect(network.local.clone(), &to.host, to.port).await?;
                return Ok(network.made(&to, stream));
            }
            let stream = TcpStream::connect((to.host.as_str(), to.port)).await?;
            Ok(network.made(&to, stream))
        })
    }

    fn listen(&self, at: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Listener>>> {
        let network = self.clone();
        Box::pin(async move {
            if network.shaped {
                let listener = streams::listen(network.local.clone(), at)?;
                return Ok(Box::new(ShapedListener { listener, network }) as Box<dyn Listener>);
            }
            let listener = TcpListener::bind(at).await?;
            Ok(Box::new(SimListener { listener, network }) as Box<dyn Listener>)
        })
    }

    fn datagram(&self, at: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Datagram>>> {
        let Self { local, trace, wire, .. } = self.clone();
        let number = self.number();
        Box::pin(async move {
            let socket = SimDatagram::bind(at, local, trace, wire, number)?;
            Ok(Box::new(socket) as Box<dyn Datagram>)
        })
    }

    fn lookup(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<SocketAddr>> {
        let found = self.local.fabric.state().resolve(&self.local.host, host);
        let found = found.map(|(_, ip)| SocketAddr::new(ip, port));
        Box::pin(async move { found.ok_or_else(|| io::ErrorKind::NotFound.into()) })
    }
}

struct SimListener {
    listener: TcpListener,
    network: SimNetwork,
}

impl Listener for SimListener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<(BoxIo, SocketAddr)>> {
        Box::pin(async move {
            let (stream, from) = self.listener.accept().await?;
            let port = self.listener.local_addr()?.port();
            Ok((self.network.taken(port, from, stream), from))
        })
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

struct ShapedListener {
    listener: StreamListener,
    network: SimNetwork,
}

impl Listener for ShapedListener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<(BoxIo, SocketAddr)>> {
        Box::pin(async move {
            let (stream, from) = self.listener.accept().await;
            let port = self.listener.local_addr().port();
            Ok((self.network.taken(port, from, stream), from))
        })
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.listener.local_addr())
    }
}

struct Traced<S> {
    stream: S,
    network: SimNetwork,
    number: u64,
}

impl<S> Traced<S> {
    fn add(&self, direction: Direction, bytes: &[u8]) {
        let SimNetwork { local: Local { host, clock, .. }, trace, .. } = &self.network;
        let now = clock.now();
        trace.add(now, host, direction, self.number, bytes);
        let Some(wire) = &self.network.wire else { return };
        match direction {
            Direction::Write => wire.bytes(now, host, self.number, Way::Sent, bytes),
            Direction::Read => wire.bytes(now, host, self.number, Way::Received, bytes),
            Direction::Connect
            | Direction::Accept
            | Direction::Close
            | Direction::Send
            | Direction::Receive
            | Direction::Lost
            | Direction::Note => {}
        }
    }
}

impl<S> Drop for Traced<S> {
    fn drop(&mut self) {
        let SimNetwork { local, wire, .. } = &self.network;
        if let Some(wire) = wire {
            // A host that is torn down has no clock any more.
            wire.closed(world_time(local.now()), &local.host, self.number);
        }
    }
}

impl<S: Io> AsyncRead for Traced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        self.add(Direction::Read, &buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: Io> AsyncWrite for Traced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, buf))?;
        self.add(Direction::Write, &buf[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        self.add(Direction::Close, &[]);
        Poll::Ready(Ok(()))
    }
}

//! The simulated world's sockets: turmoil's streams, with every byte traced.
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

use seam::{BoxFuture, BoxIo, Clock, Listener, Network, Target};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net::{TcpListener, TcpStream};

use crate::trace::{Direction, Trace};

/// One host's way to the others.
#[derive(Clone)]
pub(crate) struct SimNetwork {
    host: Arc<str>,
    clock: Clock,
    trace: Trace,
    /// Connections of this host so far; their numbers in the trace.
    connections: Arc<AtomicU64>,
}

impl SimNetwork {
    pub(crate) fn new(host: Arc<str>, clock: Clock, trace: Trace) -> Self {
        Self { host, clock, trace, connections: Arc::default() }
    }

    fn open(&self, direction: Direction, peer: &str, stream: TcpStream) -> BoxIo {
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        let stream = Traced { stream, network: self.clone(), number };
        stream.add(direction, peer.as_bytes());
        Box::new(stream)
    }
}

impl Network for SimNetwork {
    fn connect(&self, to: Target) -> BoxFuture<'static, io::Result<BoxIo>> {
        let network = self.clone();
        Box::pin(async move {
            let stream = TcpStream::connect((to.host.as_str(), to.port)).await?;
            Ok(network.open(Direction::Connect, &format!("{}:{}", to.host, to.port), stream))
        })
    }

    fn listen(&self, at: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Listener>>> {
        let network = self.clone();
        Box::pin(async move {
            let listener = TcpListener::bind(at).await?;
            Ok(Box::new(SimListener { listener, network }) as Box<dyn Listener>)
        })
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
            Ok((self.network.open(Direction::Accept, &from.to_string(), stream), from))
        })
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

struct Traced {
    stream: TcpStream,
    network: SimNetwork,
    number: u64,
}

impl Traced {
    fn add(&self, direction: Direction, bytes: &[u8]) {
        let SimNetwork { host, clock, trace, .. } = &self.network;
        trace.add(clock.now(), host, direction, self.number, bytes);
    }
}

impl AsyncRead for Traced {
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

impl AsyncWrite for Traced {
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

//! One HTTP/1.1 client for everybody: bounded in time and in size, the same in every world.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connected, Connection},
    },
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use thiserror::Error;
use tokio::time::timeout;
use tower_service::Service;

use crate::network::{BoxFuture, BoxIo, Network, Target};

/// How long a pooled connection may lie idle before it is closed.
const POOL_IDLE: Duration = Duration::from_secs(20);
/// Idle connections kept for each host.
const POOL_SIZE: usize = 64;
/// Bytes of a response body, unless told otherwise.
const BODY_LIMIT: usize = 1 << 20;

/// Why no response came back.
#[derive(Debug, Error)]
pub enum SendError {
    /// Nobody could be reached; the request was not sent.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// No complete response within the limit.
    #[error("no response within {0:?}")]
    TimedOut(Duration),
    /// The response body was longer than the limit.
    #[error("the response is larger than {0} bytes")]
    TooLarge(usize),
    /// The connection broke before the response was complete.
    #[error("the connection broke: {0}")]
    Broken(String),
}

/// Sends requests over a [`Network`]. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct HttpClient {
    client: Client<Connector, Full<Bytes>>,
    limit: Duration,
    body_limit: usize,
}

impl HttpClient {
    /// A client whose whole exchange (connect, request, response) may take `limit`.
    pub fn new(network: Arc<dyn Network>, limit: Duration) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(POOL_SIZE)
            .build(Connector(network));
        Self { client, limit, body_limit: BODY_LIMIT }
    }

    /// The same client with another limit for the response body, in bytes.
    #[must_use]
    pub fn with_body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// The same client, sharing its connections, with another time limit.
    #[must_use]
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sends one request with an absolute URI and reads the whole response. Never follows redirects.
    ///
    /// # Errors
    /// See [`SendError`]; a response with an error status is not an error here.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, SendError> {
        let exchange = async {
            let response = self.client.request(request.map(Full::new)).await.map_err(|e| {
                let why = reason(&e);
                if e.is_connect() { SendError::Connect(why) } else { SendError::Broken(why) }
            })?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, self.body_limit).collect().await.map_err(|e| {
                if e.is::<http_body_util::LengthLimitError>() {
                    SendError::TooLarge(self.body_limit)
                } else {
                    SendError::Broken(e.to_string())
                }
            })?;
            Ok(Response::from_parts(parts, body.to_bytes()))
        };
        timeout(self.limit, exchange).await.unwrap_or(Err(SendError::TimedOut(self.limit)))
    }
}

/// The innermost cause: hyper's outer texts say only that something failed.
fn reason(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

#[derive(Clone)]
struct Connector(Arc<dyn Network>);

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Stream>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let tls = uri.scheme_str() == Some("https");
        let target = uri.host().map(|host| Target {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: uri.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            tls,
        });
        let network = self.0.clone();
        Box::pin(async move {
            let target = target.ok_or_else(|| {
                io::Error::new(io::ErrorKind::InvalidInput, "the URI names no host")
            })?;
            Ok(Stream(TokioIo::new(network.connect(target).await?)))
        })
    }
}

/// A stream as hyper wants it.
struct Stream(TokioIo<BoxIo>);

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl hyper::rt::Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl hyper::rt::Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

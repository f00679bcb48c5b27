//! One accept loop for everybody: HTTP/1.1, no `Date` of its own, and a limit on everything a client
//! can hold open.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{sync::Semaphore, time::timeout};
use tokio_rustls::TlsAcceptor;
use tower::{ServiceExt as _, service_fn};

use crate::{
    linger::linger,
    network::{BoxIo, Listener},
};

/// What a server tolerates.
#[derive(Debug, Clone, Copy)]
pub struct ServeLimits {
    /// Connections at a time; more wait in the listener's backlog.
    pub connections: usize,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// How long a request head may take once its first byte has come, or an idle connection may wait.
    pub head: Duration,
    /// Bytes of a request head.
    pub head_bytes: usize,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(30),
            head_bytes: 64 * 1_024,
        }
    }
}

/// Serves `router` on `listener` until the listener's world ends or the future is dropped.
///
/// A connection that never speaks, stops half-way or breaks costs only itself: handshakes and heads run
/// in a task of their own, each with a limit. Cannot fail; errors of single connections are traced.
pub async fn serve(
    mut listener: Box<dyn Listener>,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: ServeLimits,
) {
    let places = Arc::new(Semaphore::new(limits.connections));
    loop {
        // The semaphore is never closed, so a place always comes.
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let (stream, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, "a connection was lost while it was accepted");
                // Out of descriptors, most likely: give others the time to close theirs.
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
        let (tls, router) = (tls.clone(), router.clone());
        tokio::spawn(async move {
            if let Err(error) = connection(stream, from, tls, router, limits).await {
                tracing::debug!(%from, %error, "connection ended");
            }
            drop(place);
        });
    }
}

async fn connection(
    stream: BoxIo,
    from: SocketAddr,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: ServeLimits,
) -> io::Result<()> {
    let stream = match tls {
        None => stream,
        Some(tls) => {
            let handshake = timeout(limits.handshake, tls.accept(stream));
            Box::new(handshake.await.map_err(|_| io::ErrorKind::TimedOut)??) as BoxIo
        }
    };
    let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let router = router.clone();
        async move {
            let (mut parts, body) = request.into_parts();
            parts.extensions.insert(axum::extract::ConnectInfo(from));
            let (body, unread) = linger(&parts.headers, body);
            let body = axum::body::Body::new(body);
            let mut response = router.oneshot(http::Request::from_parts(parts, body)).await?;
            unread.tell(&mut response);
            Ok::<_, Infallible>(response)
        }
    });
    http1::Builder::new()
        // The wall clock must not reach the wire: whoever wants a Date sends the program's own time.
        .auto_date_header(false)
        // A client that has said all may close its half and still wants its answer.
        .half_close(true)
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(limits.head_bytes)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .await
        .map_err(io::Error::other)
}

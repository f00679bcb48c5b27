//! The moment at which a reply has left.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use tokio::sync::oneshot;

/// A body that says when it has been handed to the network: hyper drops it then, and so does a broken
/// connection. Notifications of the same request wait for that (clients.md 24).
pub struct Released {
    /// The body itself.
    pub content: Body,
    /// Dropped with it.
    pub _sent: Option<oneshot::Sender<()>>,
}

impl http_body::Body for Released {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.content).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.content.size_hint()
    }
}

/// The body of a reply that is lost: the connection ends in the middle of it.
pub struct BreaksOff;

impl http_body::Body for BreaksOff {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(Err(std::io::ErrorKind::BrokenPipe.into())))
    }
}

//! What becomes of a request body that nobody wants to read to its end.
//!
//! Closing a connection with unread bytes resets it, and the reset overtakes the answer that explains it: a
//! client that sends first and reads later would see a broken pipe instead of its 413. So the rest is read and
//! thrown away beside the answer, up to a limit (RFC 9112, section 9.6, asks for such a lingering close).

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Buf as _, Bytes};
use http::{HeaderMap, HeaderValue, Response, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;

/// Bytes that are thrown away for one request.
const LINGER_BYTES: usize = 64 << 20;
/// How long that may take.
const LINGER_TIME: Duration = Duration::from_secs(10);

/// A request body whose rest is thrown away when it is dropped.
pub(crate) struct Lingering<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
{
    /// None once it is over.
    rest: Option<B>,
    /// Whether anybody has wanted to read it.
    asked: Arc<AtomicBool>,
    /// The client waits for `100 Continue` before it sends any of it.
    waits: bool,
}

/// What the answer must say about the body of its request.
pub(crate) struct Unread {
    asked: Arc<AtomicBool>,
    waits: bool,
}

/// Wraps the body of a request with these headers.
pub(crate) fn linger<B>(headers: &HeaderMap, body: B) -> (Lingering<B>, Unread)
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
{
    let expected = headers.get(header::EXPECT).map(HeaderValue::as_bytes);
    let waits = expected.is_some_and(|what| what.eq_ignore_ascii_case(b"100-continue"));
    let asked = Arc::new(AtomicBool::new(false));
    let rest = Some(body).filter(|body| !body.is_end_stream());
    let unread = Unread { asked: asked.clone(), waits: waits && rest.is_some() };
    (Lingering { rest, asked, waits }, unread)
}

impl Unread {
    /// RFC 9110, section 10.1.1: a client that was never told to continue may or may not send its body, so
    /// nothing can follow on this connection, and the answer says so.
    pub(crate) fn tell<T>(&self, response: &mut Response<T>) {
        if self.waits && !self.asked.load(Ordering::Relaxed) {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

impl<B> Body for Lingering<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        self.asked.store(true, Ordering::Relaxed);
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let polled = Pin::new(rest).poll_frame(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.rest = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.rest.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl<B> Drop for Lingering<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
{
    fn drop(&mut self) {
        if self.is_end_stream() || self.waits && !self.asked.load(Ordering::Relaxed) {
            return;
        }
        // Without a runtime the connection is gone as well.
        if let (Some(rest), Ok(runtime)) = (self.rest.take(), tokio::runtime::Handle::try_current())
        {
            runtime.spawn(throw_away(rest, LINGER_BYTES, LINGER_TIME));
        }
    }
}

/// Reads on until the end, an error or a limit.
async fn throw_away<B: Body<Data = Bytes> + Unpin>(mut rest: B, most: usize, within: Duration) {
    let read = async {
        let mut seen = 0;
        while let Some(Ok(frame)) = rest.frame().await {
            seen += frame.data_ref().map_or(0, Bytes::remaining);
            if seen > most {
                return;
            }
        }
    };
    // Whatever made it end: the rest is dropped, and the connection closes.
    let _ = tokio::time::timeout(within, read).await;
}

#[cfg(test)]
mod tests {
    use std::{collections::VecDeque, io};

    use super::*;

    /// A body of equal pieces that says when it was dropped; silent after the last one if it `stays`.
    struct Pieces {
        left: VecDeque<Bytes>,
        stays: bool,
        dropped: tokio::sync::mpsc::UnboundedSender<usize>,
    }

    impl Body for Pieces {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
            match self.left.pop_front() {
                Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
                None if self.stays => Poll::Pending,
                None => Poll::Ready(None),
            }
        }
    }

    impl Drop for Pieces {
        fn drop(&mut self) {
            let _ = self.dropped.send(self.left.len());
        }
    }

    fn pieces(count: usize, stays: bool) -> (Pieces, tokio::sync::mpsc::UnboundedReceiver<usize>) {
        let (dropped, told) = tokio::sync::mpsc::unbounded_channel();
        let left = vec![Bytes::from_static(&[7; 1_000]); count].into();
        (Pieces { left, stays, dropped }, told)
    }

    fn expecting() -> HeaderMap {
        HeaderMap::from_iter([(header::EXPECT, HeaderValue::from_static("100-Continue"))])
    }

    #[tokio::test]
    async fn the_rest_is_read_to_its_end() {
        let (body, mut told) = pieces(500, false);
        let (mut body, _) = linger(&HeaderMap::new(), body);
        assert!(body.frame().await.is_some());
        drop(body);
        assert_eq!(told.recv().await, Some(0));
    }

    #[tokio::test(start_paused = true)]
    async fn neither_forever_nor_without_end() {
        let (body, mut told) = pieces(9, true);
        let begun = tokio::time::Instant::now();
        drop(linger(&HeaderMap::new(), body).0);
        assert_eq!(told.recv().await, Some(0));
        assert_eq!(begun.elapsed(), LINGER_TIME);
        let (body, mut told) = pieces(500, false);
        throw_away(body, 4_500, LINGER_TIME).await;
        assert_eq!(told.recv().await, Some(495));
    }

    #[tokio::test]
    async fn a_client_that_waits_to_be_asked_is_not_read() {
        let (body, mut told) = pieces(5, false);
        let (body, unread) = linger(&expecting(), body);
        let mut response = Response::new(());
        unread.tell(&mut response);
        assert_eq!(response.headers()[header::CONNECTION], "close");
        drop(body);
        assert_eq!(told.try_recv(), Ok(5), "dropped at once, with everything in it");

        let (body, mut told) = pieces(5, false);
        let (mut body, unread) = linger(&expecting(), body);
        assert!(body.frame().await.is_some());
        let mut response = Response::new(());
        unread.tell(&mut response);
        assert!(response.headers().is_empty(), "it was asked, and what comes can be read");
        drop(body);
        assert_eq!(told.recv().await, Some(0));
    }
}

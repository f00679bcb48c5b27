//! The bots' side of the world, in memory: every notification is acknowledged, and prompts are there.

use std::{io, net::SocketAddr, time::Duration};

use axum::{Router, body::Bytes, http::Uri};
use http::StatusCode;
use seam::{BoxFuture, BoxIo, Listener, Network, ServeLimits, Target};
use tokio::sync::mpsc;

/// Bytes on their way in one direction.
const PIPE: usize = 64 * 1_024;

/// Connects to one server, whatever the host is called.
pub struct Memory(mpsc::UnboundedSender<BoxIo>);

impl Memory {
    /// With the server running on the current runtime.
    pub fn start() -> Self {
        let (sender, incoming) = mpsc::unbounded_channel();
        let bots = Router::new().fallback(answer);
        let limits = ServeLimits { head: Duration::from_secs(600), ..ServeLimits::default() };
        tokio::spawn(seam::serve(Box::new(Incoming(incoming)), None, bots, limits));
        Self(sender)
    }
}

async fn answer(uri: Uri) -> (StatusCode, Bytes) {
    if uri.path().ends_with(".wav") {
        (StatusCode::OK, Bytes::from(prompt()))
    } else {
        (StatusCode::ACCEPTED, Bytes::new())
    }
}

/// A tenth of a second of silence, as R-232 wants it: mono, 16 bit, 16 kHz.
fn prompt() -> Vec<u8> {
    const DATA: u32 = 3_200;
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + DATA).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend([1_u16, 1].map(u16::to_le_bytes).concat());
    wav.extend([16_000_u32, 32_000].map(u32::to_le_bytes).concat());
    wav.extend([2_u16, 16].map(u16::to_le_bytes).concat());
    wav.extend(b"data");
    wav.extend(DATA.to_le_bytes());
    wav.resize(44 + 3_200, 0);
    wav
}

impl Network for Memory {
    fn connect(&self, _: Target) -> BoxFuture<'static, io::Result<BoxIo>> {
        let (near, far) = tokio::io::duplex(PIPE);
        let sent = self.0.send(Box::new(far));
        Box::pin(async move {
            sent.map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused))?;
            Ok(Box::new(near) as BoxIo)
        })
    }

    fn listen(&self, _: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Listener>>> {
        Box::pin(async { Err(io::Error::from(io::ErrorKind::Unsupported)) })
    }
}

struct Incoming(mpsc::UnboundedReceiver<BoxIo>);

impl Listener for Incoming {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<(BoxIo, SocketAddr)>> {
        Box::pin(async {
            match self.0.recv().await {
                Some(stream) => Ok((stream, SocketAddr::from(([127, 0, 0, 1], 1)))),
                None => std::future::pending().await,
            }
        })
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(SocketAddr::from(([127, 0, 0, 1], 443)))
    }
}

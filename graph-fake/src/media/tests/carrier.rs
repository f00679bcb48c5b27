//! The socket's task.

use std::{
    io,
    sync::{Arc, Mutex},
};

use seam::{Arrival, BoxFuture, Clock, Datagram, HttpClient, RealNetwork, TlsTrust};
use tokio::sync::mpsc;

use super::*;
use crate::{
    Journal, Options,
    config::Config,
    driver::{Driver, Parts, State},
    identity::{Identity, Keys},
    media::carry,
    notify::Notifier,
    recordings::Recordings,
    why::Refusals,
};

/// A socket on which one datagram comes, and then nothing but errors.
struct Broken {
    first: Mutex<Option<Vec<u8>>>,
    from: SocketAddr,
    clock: Clock,
    sent: mpsc::UnboundedSender<usize>,
}

impl Datagram for Broken {
    fn send_to<'a>(&'a self, bytes: &'a [u8], _: SocketAddr) -> BoxFuture<'a, io::Result<usize>> {
        self.sent.send(bytes.len()).unwrap();
        Box::pin(async move { Ok(bytes.len()) })
    }

    fn recv_from<'a>(&'a self, buf: &'a mut [u8]) -> BoxFuture<'a, io::Result<Arrival>> {
        let first = self.first.lock().unwrap().take();
        Box::pin(async move {
            let bytes = first.ok_or(io::ErrorKind::ConnectionReset)?;
            buf[..bytes.len()].copy_from_slice(&bytes);
            Ok(Arrival { len: bytes.len(), from: self.from, at: self.clock.now() })
        })
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(address(PLATFORM))
    }
}

fn driver(clock: &Clock, bot: &Bot) -> (Driver, Arc<tokio::sync::Notify>) {
    let identity = Arc::new(Identity::new(Keys::fixed()));
    let network = RealNetwork::new(&TlsTrust::default()).unwrap();
    let client = HttpClient::new(Arc::new(network), Duration::from_secs(1));
    let parts = Parts {
        clock: clock.clone(),
        journal: Journal::default(),
        notifier: Arc::new(Notifier::new(client)),
        recordings: Recordings::new(identity.clone()),
        identity,
        refusals: Refusals::default(),
        flaw: None,
    };
    let mut state = State::new(1, Config::default(), Options::default());
    let changed = state.plane.opens();
    assert!(state.plane.open(clock.now(), bot.call, bot.media.blob().clone()));
    (Driver::start(state, parts), changed)
}

/// Errors of the socket keep nothing from being sent in time.
#[tokio::test]
async fn a_socket_that_fails_goes_on_sending() {
    let (clock, bot) = (Clock::manual(Timestamp::from_secs(1_000)), Bot::new(1));
    let (driver, changed) = driver(&clock, &bot);
    let (sent, mut sends) = mpsc::unbounded_channel();
    let ready = Message::Ready { session: bot.media.blob().session.clone() }.to_packet(1_000);
    let first = Mutex::new(Some(ready));
    let socket = Broken { first, from: bot.address(), clock: clock.clone(), sent };
    tokio::spawn(carry(Box::new(socket), driver, clock.clone(), changed));
    let mut next = async || {
        let limit = Duration::from_secs(10);
        tokio::time::timeout(limit, sends.recv()).await.expect("it is sent").expect("it runs")
    };
    assert!(next().await > 100, "the session is announced");
    // By now the answer has come, and the first error.
    clock.advance(FRAME_PERIOD).unwrap();
    assert!(next().await > 0, "what flows is told with the next slot");
}

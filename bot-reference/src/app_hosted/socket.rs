//! The shell of app-hosted media: one socket, and the 20 ms of the clock.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use graph_api::{Guid, Timestamp};
use media::{
    audio::FRAME_PERIOD,
    transport::{DATAGRAM_MAX, Outgoing},
};
use seam::{Arrival, Clock, Datagram, Network};
use serde_json::Value;
use tokio::sync::{Notify, mpsc};

use super::sessions::{Habits, Owner, Sessions};
use crate::{Input, Scene, Settings};

/// Slots that are made up for after a stall; what is older is left out.
const CATCH_UP_MAX: u64 = 50;

/// The media that this bot hosts. All clones are the same.
#[derive(Clone)]
pub(crate) struct AppHosted {
    sessions: Arc<Mutex<Sessions>>,
    socket: Arc<dyn Datagram>,
    /// Sound goes on whatever the time of day is set to.
    clock: Clock,
    /// When slot 0 is due; times are counted from here.
    began: Timestamp,
    /// There is a session where there was none.
    opened: Arc<Notify>,
}

impl AppHosted {
    /// Binds the socket; nothing is received before [`Self::run`].
    ///
    /// # Errors
    /// The address is taken, or what is to be declared is nowhere that one could send to.
    pub(crate) async fn bind(
        network: &dyn Network,
        clock: Clock,
        app: Guid,
        settings: &Settings,
        public_url: Option<&str>,
    ) -> io::Result<Self> {
        let socket: Arc<dyn Datagram> = network.datagram(settings.media_listen).await?.into();
        let bound = socket.local_addr()?;
        let address = declared(network, bound, settings.media_address, public_url).await?;
        // Barcodes say what time of the day it is.
        let habits = Habits::of(settings, clock.now().as_millis());
        let clock = clock.steady();
        Ok(Self {
            sessions: Arc::new(Mutex::new(Sessions::new(app, address, habits))),
            socket,
            began: clock.now(),
            clock,
            opened: Arc::default(),
        })
    }

    pub(super) fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn since(&self, at: Timestamp) -> Duration {
        at.saturating_since(self.began)
    }

    /// See [`Sessions::open`].
    pub(crate) fn open(&self, owner: Owner) -> Option<String> {
        let blob = self.sessions().open(owner);
        self.opened.notify_one();
        blob
    }

    /// See [`Sessions::begun`].
    pub(crate) fn begun(&self, plan: Owner, call: Guid) {
        self.sessions().begun(plan, call);
    }

    /// See [`Sessions::unsure`].
    pub(crate) fn unsure(&self, plan: Owner) {
        let now = self.since(self.clock.now());
        self.sessions().unsure(now, plan);
    }

    /// See [`Sessions::close`].
    pub(crate) fn close(&self, owner: Owner) {
        self.sessions().close(owner);
    }

    /// See [`Sessions::scene`].
    pub(crate) fn scene(&self, call: Guid, scene: Scene) {
        self.sessions().scene(call, scene);
    }

    /// The planted fault: a memory with what was heard in it, as base64.
    pub(crate) fn kept_in(&self, memory: &[u8]) -> Vec<u8> {
        let mut memory: Value = serde_json::from_slice(memory).unwrap_or_default();
        memory["heard"] = BASE64.encode(self.sessions().kept()).into();
        memory.to_string().into_bytes()
    }

    /// What `GET /health` shows.
    pub(crate) fn to_json(&self) -> Value {
        self.sessions().to_json()
    }

    /// Receives, and sends every 20 ms, for ever. While there are no sessions it only receives. Keys of the menu go to
    /// `keys`.
    pub(crate) async fn run(self, keys: mpsc::Sender<Input>) {
        let mut datagram = vec![0; DATAGRAM_MAX + 1];
        let mut out = Outgoing::default();
        let (mut slot, mut deaf_until) = (0, None);
        loop {
            let idle = self.sessions().is_empty();
            let due = async {
                if idle {
                    self.opened.notified().await;
                } else {
                    self.clock.sleep_until(self.due(slot)).await;
                }
            };
            tokio::select! {
                biased;
                // Nothing was said while there was nobody, and nothing of it is made up for.
                () = due => if idle {
                    slot = slot.max(self.slot_after(self.clock.now()));
                } else {
                    slot = self.slots(slot, &mut out);
                    self.send(&mut out).await;
                },
                arrived = self.receive(deaf_until, &mut datagram) => match arrived {
                    // When it came is told by the clock of the day.
                    Ok(Arrival { len, from, .. }) => {
                        deaf_until = None;
                        let now = self.since(self.clock.now());
                        let mut sessions = self.sessions();
                        sessions.receive(now, from, &datagram[..len]);
                        while let Some((call, key)) = sessions.key() {
                            // Somebody presses keys faster than the bot can act: what is too much is lost.
                            let _ = keys.try_send(Input::Heard { call, key });
                        }
                    }
                    Err(error) => {
                        // It may be one datagram's error, and it may come again at once.
                        tracing::debug!(%error, "media cannot be received");
                        deaf_until = Some(self.clock.now() + FRAME_PERIOD);
                    }
                },
            }
        }
    }

    fn due(&self, slot: u64) -> Timestamp {
        self.began + slot_time(slot)
    }

    async fn receive(
        &self,
        deaf_until: Option<Timestamp>,
        datagram: &mut [u8],
    ) -> io::Result<Arrival> {
        if let Some(until) = deaf_until {
            self.clock.sleep_until(until).await;
        }
        self.socket.recv_from(datagram).await
    }

    /// Every slot from this one on that is due by now; the next one.
    pub(super) fn slots(&self, next: u64, out: &mut Outgoing) -> u64 {
        let end = self.slot_after(self.clock.now());
        let mut sessions = self.sessions();
        for slot in next.max(end.saturating_sub(CATCH_UP_MAX))..end {
            sessions.slot(slot_time(slot), out);
        }
        next.max(end)
    }

    /// The first slot that is due after this moment.
    fn slot_after(&self, at: Timestamp) -> u64 {
        let past = self.since(at).as_nanos() / FRAME_PERIOD.as_nanos();
        u64::try_from(past).unwrap_or(u64::MAX).saturating_add(1)
    }

    async fn send(&self, out: &mut Outgoing) {
        for (to, datagram) in out.iter() {
            if let Err(error) = self.socket.send_to(datagram, to).await {
                tracing::debug!(%error, %to, "media cannot be sent");
            }
        }
        out.clear();
    }
}

fn slot_time(slot: u64) -> Duration {
    Duration::from_nanos(slot.saturating_mul(FRAME_PERIOD.as_nanos() as u64))
}

/// What the platform is told: where it was said, else where the socket is bound; the address of every interface is
/// none that one could send to, so then it is that of the public URL's host.
async fn declared(
    network: &dyn Network,
    bound: SocketAddr,
    said: Option<SocketAddr>,
    public_url: Option<&str>,
) -> io::Result<SocketAddr> {
    let host = public_url.and_then(|text| url::Url::parse(text).ok());
    let host = host.as_ref().and_then(url::Url::host_str);
    let mut address = match (said, host) {
        (Some(said), _) => said,
        (None, Some(host)) if bound.ip().is_unspecified() => {
            let host = host.trim_matches(['[', ']']);
            let named = |error: io::Error| {
                io::Error::new(error.kind(), format!("the media address, {host}: {error}"))
            };
            network.lookup(host, bound.port()).await.map_err(named)?
        }
        (None, _) => seam::reachable(bound),
    };
    if address.port() == 0 {
        address.set_port(bound.port());
    }
    if address.ip().is_unspecified() {
        let why = format!("the media address, {address}, is nowhere that one could send to");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    Ok(address)
}

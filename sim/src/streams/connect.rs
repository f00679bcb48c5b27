//! Opening streams: who listens where, and how an attempt ends.

use std::{collections::BTreeMap, io, net::SocketAddr, sync::Arc, task::Poll};

use futures_util::future::poll_fn;
use tokio::sync::oneshot;

use super::{End, Local, pair};
use crate::fabric::State;

/// How long the kernel waits before it asks again, in nanoseconds (RFC 6298 section 2); twice as long each time.
const SYN_RTO: u64 = 1_000_000_000;
/// Attempts that may wait to be accepted; more are refused.
const BACKLOG: usize = 1_024;

/// A port of a host.
#[derive(Default)]
pub(crate) struct Port {
    /// Since when somebody listens, if anybody does.
    since: Option<u64>,
    /// When the last listener stopped.
    until: u64,
    /// Which listener that is.
    listener: u64,
    /// Attempts by the time of their arrival.
    attempts: BTreeMap<(u64, u64), Attempt>,
    waker: Option<std::task::Waker>,
}

struct Attempt {
    client: Local,
    from: SocketAddr,
    /// When the answer arrives, and the client's end.
    answer: oneshot::Sender<(u64, End)>,
}

/// Opens a stream.
pub(crate) async fn connect(local: Local, host: &str, port: u16) -> io::Result<End> {
    let unknown = || {
        let text = format!("no ip address found for a hostname: {host}");
        io::Error::new(io::ErrorKind::NotFound, text)
    };
    let begun = local.now();
    let (to, own, delay, limit) = {
        let mut state = local.fabric.state();
        let (to, _) = state.resolve(&local.host, host).ok_or_else(unknown)?;
        let own = state.address_of(&local.host).ok_or(io::ErrorKind::AddrNotAvailable)?;
        let from = SocketAddr::new(own, state.ephemeral_port(&local.host));
        let limit = state.attempt(&local.host, &to, begun).1;
        let delay = state.attempt(&to, &local.host, begun).0;
        (to, from, delay, begun + limit)
    };
    let attempt = async {
        let arrival = ask(&local, &to).await;
        let (key, mut answered) = knock(&local, own, (&to, port), arrival);
        // By then everybody has lived through the time of the arrival, and a refusal would be here.
        let told = tokio::select! {
            biased;
            told = &mut answered => Some(told),
            () = local.sleep_until(arrival + delay) => None,
        };
        let told = match told {
            Some(told) => told,
            None if local.fabric.state().refuses(&to, port, key) => {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            None => answered.await,
        };
        match told {
            Ok((at, end)) => {
                local.sleep_until(at).await;
                Ok(end)
            }
            // Who has crashed refuses nothing; who has stopped listening does.
            Err(_) if local.fabric.state().is_down(&to) => std::future::pending().await,
            Err(_) => {
                let port = (to.clone(), port);
                let until = local.fabric.state().ports.get(&port).map_or(0, |port| port.until);
                local.sleep_until(until.max(arrival) + delay).await;
                Err(io::ErrorKind::ConnectionRefused.into())
            }
        }
    };
    tokio::select! {
        biased;
        opened = attempt => opened,
        () = local.sleep_until(limit) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// Stands at a port from `arrival` on; where the answer will be.
fn knock(
    local: &Local,
    from: SocketAddr,
    (to, port): (&Arc<str>, u16),
    arrival: u64,
) -> ((u64, u64), oneshot::Receiver<(u64, End)>) {
    let (answer, answered) = oneshot::channel();
    let mut state = local.fabric.state();
    state.serial += 1;
    let key = (arrival, state.serial);
    let port = state.ports.entry((to.clone(), port)).or_default();
    port.attempts.retain(|_, attempt| !attempt.answer.is_closed());
    if port.attempts.len() < BACKLOG {
        port.attempts.insert(key, Attempt { client: local.clone(), from, answer });
    }
    if let Some(waker) = port.waker.take() {
        waker.wake();
    }
    (key, answered)
}

/// Sends what opens a connection until it gets through; when it arrives.
async fn ask(local: &Local, to: &Arc<str>) -> u64 {
    let (mut now, mut wait) = (local.now(), SYN_RTO);
    loop {
        if let Some(at) = local.fabric.state().opening(&local.host, to, now) {
            return at;
        }
        now += wait;
        wait *= 2;
        local.sleep_until(now).await;
    }
}

impl State {
    /// Whether nobody listened when an attempt arrived; then it is over. A host that is down refuses nothing.
    fn refuses(&mut self, host: &Arc<str>, port: u16, key: (u64, u64)) -> bool {
        if self.is_down(host) {
            return false;
        }
        let Some(port) = self.ports.get_mut(&(host.clone(), port)) else { return true };
        let refused = port.since.is_none();
        if refused {
            port.attempts.remove(&key);
        }
        refused
    }
}

/// Listens on a port, 0 for any.
pub(crate) fn listen(local: Local, at: SocketAddr) -> io::Result<StreamListener> {
    let now = local.now();
    let mut state = local.fabric.state();
    let (at, listener) = state.claim(&local.host, at);
    let port = state.ports.entry((local.host.clone(), at.port())).or_default();
    if port.since.is_some() {
        let text = format!("cannot listen on {at}: it is taken");
        return Err(io::Error::new(io::ErrorKind::AddrInUse, text));
    }
    (port.since, port.listener) = (Some(now), listener);
    // Who came before is refused.
    port.attempts = port.attempts.split_off(&(now, 0));
    drop(state);
    Ok(StreamListener { local, at, listener })
}

/// Accepts streams on one port.
pub(crate) struct StreamListener {
    local: Local,
    at: SocketAddr,
    listener: u64,
}

impl StreamListener {
    /// The address that was bound.
    pub(crate) const fn local_addr(&self) -> SocketAddr {
        self.at
    }

    /// Waits for the next stream.
    pub(crate) async fn accept(&self) -> (End, SocketAddr) {
        loop {
            let next = poll_fn(|cx| {
                let mut state = self.local.fabric.state();
                let port = state.ports.entry(self.key()).or_default();
                port.waker = Some(cx.waker().clone());
                let first = port.attempts.first_key_value().map(|((arrival, _), _)| *arrival);
                first.map_or(Poll::Pending, Poll::Ready)
            });
            let arrival = next.await;
            let earlier = poll_fn(|cx| {
                let mut state = self.local.fabric.state();
                let port = state.ports.entry(self.key()).or_default();
                port.waker = Some(cx.waker().clone());
                let first = port.attempts.first_key_value().map(|((arrival, _), _)| *arrival);
                if first == Some(arrival) { Poll::Pending } else { Poll::Ready(()) }
            });
            tokio::select! {
                biased;
                () = self.local.sleep_until(arrival) => {}
                // Another one comes before it, or this one has been given up.
                () = earlier => continue,
            }
            let first = {
                let mut state = self.local.fabric.state();
                let port = state.ports.entry(self.key()).or_default();
                port.attempts.pop_first()
            };
            let Some((_, attempt)) = first else { continue };
            if attempt.answer.is_closed() {
                continue;
            }
            return self.open(attempt);
        }
    }

    fn open(&self, attempt: Attempt) -> (End, SocketAddr) {
        let now = self.local.now();
        let Attempt { client, from, answer } = attempt;
        let (there, here) = pair(client, self.local.clone(), now);
        let (local, to) = (self.local.clone(), there.local.host.clone());
        let at = local.fabric.state().opening(&local.host, &to, now);
        match at {
            Some(at) => drop(answer.send((at, there))),
            None => {
                #[allow(clippy::disallowed_methods, reason = "a kernel sends again by itself")]
                drop(tokio::spawn(async move {
                    local.sleep_until(now + SYN_RTO).await;
                    let at = ask(&local, &to).await;
                    drop(answer.send((at, there)));
                }));
            }
        }
        (here, from)
    }

    fn key(&self) -> (Arc<str>, u16) {
        (self.local.host.clone(), self.at.port())
    }
}

impl Drop for StreamListener {
    fn drop(&mut self) {
        let now = self.local.now();
        let given_up = {
            let mut state = self.local.fabric.state();
            match state.ports.get_mut(&self.key()) {
                Some(port) if port.listener == self.listener => {
                    (port.since, port.until) = (None, now);
                    std::mem::take(&mut port.attempts)
                }
                Some(_) | None => return,
            }
        };
        // Outside the lock: whoever is told looks at the world.
        drop(given_up);
    }
}

//! Datagrams over the links of a world: each arrives when its link says, to the nanosecond.
//!
//! A datagram lies in the mailbox of its port from the moment it is sent, with the time at which the link
//! delivers it, and the life of the host it is meant for. No link is shorter than the step, so nobody can look
//! for it too late, and the step cannot matter. turmoil's UDP would ask for a bound port one step after
//! sending, whatever the link's delay.

use std::{
    collections::BTreeMap,
    future::poll_fn,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Poll, Waker},
};

use bytes::Bytes;
use seam::{Arrival, BoxFuture, DATAGRAM_MAX, Datagram, Skew};
use tokio::sync::Mutex;

use crate::{
    fabric::{State, world_time},
    link::Fate,
    streams::Local,
    trace::{Direction, Trace},
    wire::{Way, Wire},
};

/// Bytes of the headers of IP and UDP, which take their time on the wire too.
const HEADERS: usize = 28;
/// Datagrams that may be on the way to a port or wait there; more are lost.
const INBOX: usize = 65_536;

/// By arrival, then by who sent it, then by its number; the last makes two lives of a sender different.
type Key = (u64, SocketAddr, u64, u64);

/// What is on the way to a port, or has arrived there.
#[derive(Default)]
pub(crate) struct Mailbox {
    /// Which socket is bound, if any is.
    socket: Option<u64>,
    waiting: BTreeMap<Key, Letter>,
    waker: Option<Waker>,
}

struct Letter {
    /// The life of the receiving host that it was meant for.
    incarnation: u32,
    bytes: Bytes,
}

/// A socket of a simulated host.
pub(crate) struct SimDatagram {
    at: SocketAddr,
    id: u64,
    local: Local,
    skew: Skew,
    trace: Trace,
    wire: Option<Wire>,
    /// The socket's number in the trace.
    number: u64,
    incarnation: u32,
    sent: AtomicU64,
    /// One receiver at a time.
    turn: Mutex<()>,
}

impl SimDatagram {
    pub(crate) fn bind(
        at: SocketAddr,
        local: Local,
        trace: Trace,
        wire: Option<Wire>,
        number: u64,
    ) -> io::Result<Self> {
        let now = local.now();
        let mut state = local.fabric.state();
        let (at, id) = state.claim(&local.host, at);
        let mailbox = state.mailboxes.entry((local.host.clone(), at.port())).or_default();
        if mailbox.socket.is_some() {
            let text = format!("cannot bind {at}: it is taken");
            return Err(io::Error::new(io::ErrorKind::AddrInUse, text));
        }
        mailbox.socket = Some(id);
        // What came before found nobody.
        mailbox.waiting.retain(|(arrival, ..), _| *arrival >= now);
        let skew = state.skew(&local.host);
        let incarnation = state.incarnation(&local.host).unwrap_or_default();
        drop(state);
        let (sent, turn) = (AtomicU64::new(0), Mutex::new(()));
        Ok(Self { at, id, local, skew, trace, wire, number, incarnation, sent, turn })
    }

    fn note(&self, ns: u64, direction: Direction, bytes: &[u8]) {
        self.trace.add(world_time(ns), &self.local.host, direction, self.number, bytes);
    }

    fn seen(&self, ns: u64, way: Way, ends: (SocketAddr, SocketAddr), bytes: &Bytes) {
        if let Some(wire) = &self.wire {
            wire.datagram(world_time(ns), &self.local.host, way, ends, bytes.clone());
        }
    }

    fn send(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        if bytes.len() > DATAGRAM_MAX {
            let text = format!("{} bytes are too many for a datagram", bytes.len());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let now = self.local.now();
        self.note(now, Direction::Send, bytes);
        let state = &mut *self.local.fabric.state();
        let (own, there) = match to.ip().is_loopback() {
            true => (Some(to.ip()), Some(self.local.host.clone())),
            false => (state.address_of(&self.local.host), state.name_of(to.ip())),
        };
        let (Some(own), Some(there)) = (own, there) else {
            self.note(now, Direction::Lost, b"nobody there");
            return Ok(bytes.len());
        };
        let from = SocketAddr::new(own, self.at.port());
        let copy = Bytes::copy_from_slice(bytes);
        self.seen(now, Way::Sent, (from, to), &copy);
        let arrivals = match state.datagram(&self.local.host, &there, now, bytes.len() + HEADERS) {
            Fate::Lost(why) => {
                self.note(now, Direction::Lost, why.word().as_bytes());
                return Ok(bytes.len());
            }
            Fate::At(at) => [Some(at), None],
            Fate::Twice(first, second) => [Some(first), Some(second)],
        };
        for arrival in arrivals.into_iter().flatten() {
            let number = self.sent.fetch_add(1, Ordering::Relaxed);
            if !state.post(&there, to.port(), (arrival, from, number), copy.clone()) {
                self.note(arrival, Direction::Lost, b"inbox");
            }
        }
        Ok(bytes.len())
    }

    /// What has arrived first, if it has; else when there will be something.
    fn take(&self, waker: &Waker) -> Result<(Key, Letter), Option<u64>> {
        let now = self.local.now();
        let mut state = self.local.fabric.state();
        let mailbox = state.mailboxes.entry(self.key()).or_default();
        loop {
            let first = mailbox.waiting.first_key_value().map(|(key, _)| key.0);
            if first.is_none_or(|arrival| arrival > now) {
                mailbox.waker = Some(waker.clone());
                return Err(first);
            }
            let Some((key, letter)) = mailbox.waiting.pop_first() else { return Err(None) };
            if letter.incarnation == self.incarnation {
                return Ok((key, letter));
            }
            self.note(key.0, Direction::Lost, b"for an earlier life");
        }
    }

    async fn receive(&self, buf: &mut [u8]) -> io::Result<Arrival> {
        let _turn = self.turn.lock().await;
        let mut alarm: Option<(u64, BoxFuture<'static, ()>)> = None;
        let next = poll_fn(|cx| {
            loop {
                let due = match self.take(cx.waker()) {
                    Ok(first) => return Poll::Ready(first),
                    Err(None) => return Poll::Pending,
                    Err(Some(due)) => due,
                };
                let (_, sleep) = match alarm.take().filter(|(at, _)| *at == due) {
                    Some(set) => alarm.insert(set),
                    None => alarm.insert((due, self.local.sleep_until(due))),
                };
                if sleep.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                alarm = None;
            }
        });
        let ((at, from, ..), Letter { bytes, .. }) = next.await;
        self.note(at, Direction::Receive, &bytes);
        self.seen(at, Way::Received, (from, self.at), &bytes);
        let len = bytes.len().min(buf.len());
        buf[..len].copy_from_slice(&bytes[..len]);
        Ok(Arrival { len, from, at: self.skew.shown(world_time(at)) })
    }

    fn key(&self) -> (Arc<str>, u16) {
        (self.local.host.clone(), self.at.port())
    }
}

impl State {
    /// Puts a datagram into a mailbox; false if there is no room.
    fn post(
        &mut self,
        to: &Arc<str>,
        port: u16,
        (arrival, from, number): (u64, SocketAddr, u64),
        bytes: Bytes,
    ) -> bool {
        self.serial += 1;
        let (serial, began) = (self.serial, self.began());
        let incarnation = self.incarnation(to).unwrap_or_default();
        let mailbox = self.mailboxes.entry((to.clone(), port)).or_default();
        if mailbox.socket.is_none() {
            // Nobody was there when they came.
            while mailbox.waiting.first_key_value().is_some_and(|((at, ..), _)| *at < began) {
                mailbox.waiting.pop_first();
            }
        }
        if mailbox.waiting.len() >= INBOX {
            return false;
        }
        let letter = Letter { incarnation, bytes };
        mailbox.waiting.insert((arrival, from, number, serial), letter);
        if let Some(waker) = mailbox.waker.take() {
            waker.wake();
        }
        true
    }
}

impl Drop for SimDatagram {
    fn drop(&mut self) {
        let waker = {
            let mut state = self.local.fabric.state();
            let mailbox = state.mailboxes.get_mut(&self.key());
            mailbox.filter(|mailbox| mailbox.socket == Some(self.id)).and_then(|mailbox| {
                mailbox.socket = None;
                mailbox.waker.take()
            })
        };
        drop(waker);
    }
}

impl Datagram for SimDatagram {
    fn send_to<'a>(&'a self, bytes: &'a [u8], to: SocketAddr) -> BoxFuture<'a, io::Result<usize>> {
        Box::pin(std::future::ready(self.send(bytes, to)))
    }

    fn recv_from<'a>(&'a self, buf: &'a mut [u8]) -> BoxFuture<'a, io::Result<Arrival>> {
        Box::pin(self.receive(buf))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.at)
    }
}

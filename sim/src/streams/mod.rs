//! Streams over the links of a world: every segment arrives when its link says.
//!
//! turmoil's TCP rounds times to its step and loses nothing, or everything for ever. Here a connection is two
//! pipes in memory; what is written is cut into segments, each is offered to the link, and the reader sees it
//! at exactly the time the link gave. No link is shorter than the step, so nothing arrives in the step in which
//! it was sent, and the order in which hosts are run cannot matter. A lost segment is sent again after the
//! retransmission time-out, twice as long each time; what was written after it waits for it.
//!
//! Not modelled: acknowledgements (a link that only loses the way back loses nothing of the stream),
//! congestion control, and how the sender learns of room in the receiver's window (at once).

mod connect;

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Waker, ready},
};

use bytes::{Buf as _, Bytes};
use seam::{BoxFuture, Clock};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(crate) use connect::{Port, StreamListener, connect, listen};

use crate::fabric::{Fabric, Patience, Segment, State, world_ns, world_time};

/// Bytes of the headers of IP and TCP in each segment.
pub(crate) const HEADERS: usize = 40;
/// Bytes on the way in one direction before the writer has to wait.
const WINDOW: usize = 4 << 20;
/// The longest wait before a segment is sent again, in nanoseconds: a minute (RFC 6298 section 2.5).
const RTO_MAX: u64 = 60_000_000_000;

/// Who stands at an end, and its clock.
#[derive(Clone)]
pub(crate) struct Local {
    pub(crate) host: Arc<str>,
    /// True time.
    pub(crate) clock: Clock,
    pub(crate) fabric: Fabric,
}

impl Local {
    /// Nanoseconds since the beginning of the world. Outside a host's runtime (it is being torn down) the
    /// present step is all that is known.
    pub(crate) fn now(&self) -> u64 {
        world_ns(self.clock.now()).max(self.fabric.state().began())
    }

    /// Returns at a time, or at once if it is past.
    pub(crate) fn sleep_until(&self, ns: u64) -> BoxFuture<'static, ()> {
        let clock = self.clock.clone();
        Box::pin(async move { clock.sleep_until(world_time(ns)).await })
    }
}

#[derive(Debug)]
enum Item {
    Bytes(Bytes),
    /// There will be no more.
    Fin,
}

impl Item {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Fin => 0,
        }
    }
}

/// One direction of a connection.
#[derive(Default)]
struct Pipe {
    /// On the wire, with the times of arrival, in order.
    flying: VecDeque<(u64, Item)>,
    /// Lost, or behind what was lost.
    waiting: VecDeque<Item>,
    /// Bytes of both.
    bytes: usize,
    /// When the reader learns of the end of the connection.
    reset_at: Option<u64>,
    /// Nobody reads any more: what arrives is answered with a reset.
    gone: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    fn wake(&mut self) {
        for waker in [self.reader.take(), self.writer.take()].into_iter().flatten() {
            waker.wake();
        }
    }

    fn fly(&mut self, at: u64, item: Item) {
        // The link keeps the order of segments.
        self.flying.push_back((at, item));
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

/// Both directions; the first is that of the side that connected.
pub(crate) struct Connection {
    pipes: Mutex<[Pipe; 2]>,
    hosts: [Arc<str>; 2],
}

impl Connection {
    fn pipes(&self) -> MutexGuard<'_, [Pipe; 2]> {
        self.pipes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One end of a connection.
pub(crate) struct End {
    connection: Arc<Connection>,
    side: usize,
    local: Local,
    /// What has arrived and does not fit into the reader's buffer.
    rest: Bytes,
    /// Nothing more comes.
    ended: bool,
    /// Nothing more is sent.
    shut: bool,
    /// Wakes the reader when the next segment arrives.
    alarm: Option<(u64, BoxFuture<'static, ()>)>,
    /// Bytes in a segment.
    size: usize,
}

/// The two ends of a new connection.
fn pair(client: Local, server: Local, now: u64) -> (End, End) {
    let hosts = [client.host.clone(), server.host.clone()];
    let connection = Arc::new(Connection { pipes: Mutex::default(), hosts });
    {
        let open = &mut client.fabric.state().connections;
        if open.len().is_power_of_two() {
            open.retain(|one| one.strong_count() > 0);
        }
        open.push(Arc::downgrade(&connection));
    }
    let end = |side: usize, local: Local| {
        let [from, to] = [side, 1 - side].map(|side| &connection.hosts[side]);
        let size = local.fabric.state().segment_size(from, to, now);
        let connection = connection.clone();
        let (rest, alarm) = (Bytes::new(), None);
        End { connection, side, local, rest, ended: false, shut: false, alarm, size }
    };
    (end(0, client), end(1, server))
}

impl End {
    fn sender(&self) -> Sender {
        Sender { connection: self.connection.clone(), side: self.side, local: self.local.clone() }
    }

    /// Sends, or lets it wait behind what waits.
    fn send(&self, item: Item) {
        let now = self.local.now();
        let sender = self.sender();
        let mut pipes = sender.connection.pipes();
        let pipe = &mut pipes[self.side];
        pipe.bytes += item.len();
        pipe.waiting.push_back(item);
        if pipe.waiting.len() > 1 {
            return;
        }
        let Err(failure) = sender.attempt(&mut pipes, now) else { return };
        drop(pipes);
        // Only what goes wrong needs a task, and without a runtime nobody would run it.
        if tokio::runtime::Handle::try_current().is_ok() {
            #[allow(clippy::disallowed_methods, reason = "a kernel sends again by itself")]
            drop(tokio::spawn(sender.keep_trying(now, failure)));
        }
    }

    fn poll_segment(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Item>> {
        loop {
            let now = self.local.now();
            let mut pipes = self.connection.pipes();
            let pipe = &mut pipes[1 - self.side];
            let next = pipe.flying.front().map(|(at, _)| *at);
            if next.is_some_and(|at| at <= now) {
                let Some((_, item)) = pipe.flying.pop_front() else { continue };
                pipe.bytes -= item.len();
                if let Some(writer) = pipe.writer.take() {
                    writer.wake();
                }
                return Poll::Ready(Ok(item));
            }
            if pipe.reset_at.is_some_and(|at| at <= now) {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            pipe.reader = Some(cx.waker().clone());
            let due = next.into_iter().chain(pipe.reset_at).min();
            drop(pipes);
            let Some(due) = due else { return Poll::Pending };
            if self.alarm.as_ref().is_none_or(|(at, _)| *at != due) {
                self.alarm = Some((due, self.local.sleep_until(due)));
            }
            if let Some((_, alarm)) = &mut self.alarm {
                ready!(alarm.as_mut().poll(cx));
            }
            self.alarm = None;
        }
    }

    /// The connection is over, with a reset: now for this end, and for the other when it hears of it.
    fn reset(&self) {
        self.connection.give_up(self.side, &self.local.fabric, self.local.now());
    }
}

/// What sends in one direction, with or without somebody at the end.
#[derive(Clone)]
struct Sender {
    connection: Arc<Connection>,
    side: usize,
    local: Local,
}

/// Why a segment is not on its way.
#[derive(Clone, Copy)]
enum Failure {
    Lost(Patience),
    Stalled(Patience),
}

impl Failure {
    const fn patience(self) -> Patience {
        match self {
            Self::Lost(patience) | Self::Stalled(patience) => patience,
        }
    }
}

impl Sender {
    /// Puts on the wire what waits, up to the first segment that is lost.
    fn attempt(&self, pipes: &mut [Pipe; 2], now: u64) -> Result<(), Failure> {
        let (first, second) = pipes.split_at_mut(1);
        let (pipe, answers) = match self.side {
            0 => (&mut first[0], &mut second[0]),
            _ => (&mut second[0], &mut first[0]),
        };
        let [from, to] = [self.side, 1 - self.side].map(|side| &self.connection.hosts[side]);
        while let Some(item) = pipe.waiting.pop_front() {
            let offered = self.local.fabric.state().segment(from, to, now, item.len() + HEADERS);
            match offered {
                Segment::At(at) => {
                    let answered = pipe.gone && item.len() > 0;
                    pipe.fly(at, item);
                    if answered {
                        self.answer_with_reset(at, answers);
                        return Ok(());
                    }
                }
                Segment::Lost(patience) => {
                    pipe.waiting.push_front(item);
                    return Err(Failure::Lost(patience));
                }
                Segment::Stalled(patience) => {
                    pipe.waiting.push_front(item);
                    return Err(Failure::Stalled(patience));
                }
            }
        }
        Ok(())
    }

    /// Sends again until all has been sent, or until one segment has been tried for too long.
    async fn keep_trying(self, since: u64, first: Failure) {
        let (mut since, mut failure) = (since, first);
        let mut wait = first.patience().rto;
        let mut now = since;
        loop {
            let Patience { rto, reset_after } = failure.patience();
            match failure {
                Failure::Lost(_) => now = (now + wait).min((since + reset_after).max(now + 1)),
                Failure::Stalled(_) => {
                    // Patience begins when it goes on.
                    now += rto;
                    (since, wait) = (now, rto);
                }
            }
            self.local.sleep_until(now).await;
            // Timers have whole milliseconds.
            now = self.local.now();
            let (moved, next) = {
                let mut pipes = self.connection.pipes();
                if pipes[self.side].reset_at.is_some() {
                    return;
                }
                let left = pipes[self.side].waiting.len();
                let Err(next) = self.attempt(&mut pipes, now) else { return };
                (pipes[self.side].waiting.len() < left, next)
            };
            failure = next;
            if moved {
                (since, wait) = (now, next.patience().rto);
            } else if matches!(next, Failure::Lost(_)) && now >= since + reset_after {
                return self.reset(now);
            } else {
                wait = (wait * 2).min(RTO_MAX);
            }
        }
    }

    /// Nobody reads what arrives at `at`: the sender is told.
    fn answer_with_reset(&self, at: u64, answers: &mut Pipe) {
        let [from, to] = [1 - self.side, self.side].map(|side| &self.connection.hosts[side]);
        let delay = self.local.fabric.state().attempt(from, to, at).0;
        answers.reset_at = Some(answers.reset_at.map_or(at + delay, |known| known.min(at + delay)));
        answers.wake();
    }

    fn reset(&self, now: u64) {
        self.connection.reset(self.side, &self.local.fabric, now);
    }
}

impl Connection {
    /// Ends the connection for one end, and a little later for the other.
    fn reset(&self, side: usize, fabric: &Fabric, now: u64) {
        let [from, to] = [side, 1 - side].map(|side| &self.hosts[side]);
        let delay = fabric.state().attempt(from, to, now).0;
        let mut pipes = self.pipes();
        for (side, at) in [(1 - side, now), (side, now + delay)] {
            let pipe = &mut pipes[side];
            if pipe.reset_at.is_none_or(|earlier| at < earlier) {
                pipe.reset_at = Some(at);
            }
            pipe.waiting.clear();
            // What is on the way would come after the end.
            let reset_at = pipe.reset_at;
            pipe.flying.retain(|(at, _)| reset_at.is_none_or(|reset| *at <= reset));
            pipe.bytes = pipe.flying.iter().map(|(_, item)| item.len()).sum();
            pipe.wake();
        }
    }

    /// The end is over with a reset; over a link that is down nobody hears of it, and who sends later is answered
    /// then.
    fn give_up(&self, side: usize, fabric: &Fabric, now: u64) {
        let [from, to] = [side, 1 - side].map(|side| &self.hosts[side]);
        let up = fabric.state().is_up(from, to, now);
        match up {
            true => self.reset(side, fabric, now),
            false => self.pipes()[side].waiting.clear(),
        }
    }
}

/// A host has crashed: all its connections are reset, in the order in which they were made. The order in which a
/// runtime drops its tasks is another one in every process.
pub(crate) fn crash(fabric: &Fabric, host: &str) {
    let (now, open) = {
        let mut state = fabric.state();
        state.connections.retain(|connection| connection.strong_count() > 0);
        (state.began(), state.connections.clone())
    };
    for connection in open.iter().filter_map(Weak::upgrade) {
        for side in [0, 1] {
            // What was given up before has nothing to tell.
            if &*connection.hosts[side] == host && !connection.pipes()[1 - side].gone {
                connection.pipes()[1 - side].gone = true;
                connection.give_up(side, fabric, now);
            }
        }
    }
}

impl AsyncRead for End {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.rest.is_empty() && !self.ended && buf.remaining() > 0 {
            match ready!(self.poll_segment(cx))? {
                Item::Bytes(bytes) => self.rest = bytes,
                Item::Fin => self.ended = true,
            }
        }
        let len = self.rest.len().min(buf.remaining());
        buf.put_slice(&self.rest[..len]);
        self.rest.advance(len);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for End {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.shut {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let now = self.local.now();
        let mut pipes = self.connection.pipes();
        // The writer knows of a reset when its own reader does.
        if pipes[1 - self.side].reset_at.is_some_and(|at| at <= now) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let pipe = &mut pipes[self.side];
        if pipe.reset_at.is_some() {
            // The other end is gone; what is sent to it is answered with a reset that is on its way.
            return Poll::Ready(Ok(buf.len()));
        }
        if pipe.bytes >= WINDOW {
            pipe.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        drop(pipes);
        let len = buf.len().min(self.size);
        if len > 0 {
            self.send(Item::Bytes(Bytes::copy_from_slice(&buf[..len])));
        }
        Poll::Ready(Ok(len))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.shut {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        }
        self.shut = true;
        self.send(Item::Fin);
        Poll::Ready(Ok(()))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if self.local.fabric.state().is_down(&self.local.host) {
            // See `crash`.
            return;
        }
        let now = self.local.now();
        let (unread, late) = {
            let mut pipes = self.connection.pipes();
            let pipe = &mut pipes[1 - self.side];
            pipe.gone = true;
            let mut data = pipe.flying.iter().filter(|(_, item)| item.len() > 0);
            let first = data.next().map(|(at, _)| *at);
            (first.is_some_and(|at| at <= now), first)
        };
        // RFC 9293 section 3.10.4: who closes without having read everything resets.
        if unread || !self.rest.is_empty() {
            self.reset();
            return;
        }
        if !self.shut {
            self.send(Item::Fin);
        }
        if let Some(at) = late {
            let there = Sender { side: 1 - self.side, ..self.sender() };
            let mut pipes = self.connection.pipes();
            there.answer_with_reset(at, &mut pipes[self.side]);
        }
    }
}

/// Bytes that are offered for a segment that only opens a connection.
const fn opening() -> usize {
    HEADERS + 20
}

impl State {
    /// Offers a segment that opens a connection; when it arrives, if it does.
    fn opening(&mut self, from: &Arc<str>, to: &Arc<str>, now: u64) -> Option<u64> {
        match self.segment(from, to, now, opening()) {
            Segment::At(at) => Some(at),
            Segment::Lost(_) | Segment::Stalled(_) => None,
        }
    }
}

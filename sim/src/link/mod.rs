//! What happens to packets on the way: a pure model of one direction of a link.
//!
//! It knows no clock and no sockets. The fate of a packet follows from the configuration, the seed, the names
//! of the two ends, the number of the packet and the times and sizes of those before it. Every packet has its
//! numbers at its own place in the streams, used or not, so that removing one fault, or adding one, leaves the
//! draws of all others as they were.

mod config;
mod preset;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

pub(crate) use config::to_ns;
pub use config::{ConfigError, Jitter, LinkConfig, Loss};
pub use preset::Preset;
use stream::{Noise, Purpose, Stream};

/// Units of backlog in one byte: what a rate of one bit per second drains in eight seconds.
const BYTE: u128 = 8_000_000_000;

/// What becomes of a packet. Times are in nanoseconds, on the axis of the time of the offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It does not arrive.
    Lost(Why),
    /// It arrives then.
    At(u64),
    /// It arrives then, and its copy then.
    Twice(u64, u64),
}

/// Why a packet does not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The link is down.
    Outage,
    /// It is larger than the MTU.
    TooBig,
    /// The queue is full.
    Queue,
    /// Chance.
    Chance,
}

impl Why {
    /// In a word, for traces.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Outage => "outage",
            Self::TooBig => "too big",
            Self::Queue => "queue",
            Self::Chance => "chance",
        }
    }
}

/// What is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Datagram,
    Segment,
}

/// One direction of a link.
#[derive(Debug, Clone)]
pub struct LinkModel {
    config: LinkConfig,
    /// What the link will be like later, by time.
    later: VecDeque<(u64, LinkConfig)>,
    streams: Streams,
    /// Packets so far.
    packets: u64,
    /// When the last one was offered, in nanoseconds.
    now: u64,
    /// What waits for the wire: bits times 10⁹, so that a rate in bits per second drains whole units in a
    /// nanosecond and nothing is ever rounded.
    backlog: u128,
    /// Whether the link is bad (Gilbert-Elliott).
    bad: bool,
    /// The noise of correlated jitter.
    wave: f64,
    /// The latest arrival so far, in nanoseconds.
    latest: u64,
}

#[derive(Debug, Clone, Copy)]
struct Streams {
    state: Stream,
    loss: Stream,
    jitter: Stream,
    duplicate: Stream,
    copy: Stream,
}

impl LinkModel {
    /// The direction from one name to another. The configuration is taken to be valid.
    pub fn new(config: LinkConfig, seed: u64, from: &str, to: &str) -> Self {
        let stream = |purpose| Stream::new(seed, purpose, from, to);
        let streams = Streams {
            state: stream(Purpose::State),
            loss: stream(Purpose::Loss),
            jitter: stream(Purpose::Jitter),
            duplicate: stream(Purpose::Duplicate),
            copy: stream(Purpose::Copy),
        };
        Self {
            config,
            later: VecDeque::new(),
            streams,
            packets: 0,
            now: 0,
            backlog: 0,
            bad: false,
            wave: 0.0,
            latest: 0,
        }
    }

    /// What the link is like at `now_ns`. Time does not go back: a time before the last one counts as that.
    pub fn config_at(&mut self, now_ns: u64) -> &LinkConfig {
        self.advance(now_ns);
        &self.config
    }

    /// Makes the link `config` from `at_ns` on. What is waiting, the state and the streams stay as they are.
    pub fn set_at(&mut self, at_ns: u64, config: LinkConfig) {
        let place = self.later.partition_point(|(at, _)| *at <= at_ns);
        self.later.insert(place, (at_ns, config));
    }

    /// Offers a datagram of `bytes` bytes, headers included.
    ///
    /// Order of events: the outage, the MTU, the queue in front of the wire, chance on the wire, the delay.
    pub fn offer(&mut self, now_ns: u64, bytes: usize) -> Fate {
        self.offer_unit(now_ns, bytes, Unit::Datagram)
    }

    /// Offers a segment of a stream: as a datagram, but a stream fits its segments to the MTU, keeps in its own
    /// buffer what the queue cannot take, keeps its order and drops copies, so none of that is a fate here.
    pub fn offer_segment(&mut self, now_ns: u64, bytes: usize) -> Fate {
        self.offer_unit(now_ns, bytes, Unit::Segment)
    }

    fn offer_unit(&mut self, now_ns: u64, bytes: usize, unit: Unit) -> Fate {
        self.advance(now_ns);
        let packet = self.packets;
        self.packets += 1;
        // All that chance decides, whether it will count or not.
        let lost = self.chance(packet);
        let noise = self.streams.jitter.noise(packet);
        self.swing(noise.normal);
        let jitter = self.jitter(noise, self.wave);
        let config = &self.config;
        if !config.up {
            return Fate::Lost(Why::Outage);
        }
        if unit == Unit::Datagram && config.mtu.is_some_and(|mtu| bytes > mtu as usize) {
            return Fate::Lost(Why::TooBig);
        }
        let Some(departure) = self.depart(bytes, unit) else { return Fate::Lost(Why::Queue) };
        if lost {
            return Fate::Lost(Why::Chance);
        }
        let base = departure + self.config.delay_ns();
        let keep = unit == Unit::Segment || !self.config.reorder;
        let first = self.arrive(base + jitter, keep);
        let twice = self.streams.duplicate.unit(packet) < self.config.duplicate;
        if unit == Unit::Segment || !twice {
            return Fate::At(first);
        }
        let noise = self.streams.copy.noise(packet);
        // The copy is as far off the wave as a packet after this one would be.
        let (rho, _) = self.correlation();
        let wave = rho * self.wave + (1.0 - rho * rho).sqrt() * noise.normal;
        let second = self.arrive(base + self.jitter(noise, wave), keep);
        Fate::Twice(first, second)
    }

    fn advance(&mut self, now_ns: u64) {
        let now = now_ns.max(self.now);
        while self.later.front().is_some_and(|(at, _)| *at <= now) {
            let Some((at, config)) = self.later.pop_front() else { break };
            // What has waited until then was drained at the old rate.
            self.drain(at.max(self.now));
            self.config = config;
            if self.config.rate_bps.is_none() {
                self.backlog = 0;
            }
        }
        self.drain(now);
    }

    fn drain(&mut self, now: u64) {
        if let Some(rate) = self.rate() {
            let drained = u128::from(now - self.now) * rate;
            self.backlog = self.backlog.saturating_sub(drained);
        }
        self.now = now;
    }

    fn rate(&self) -> Option<u128> {
        self.config.rate_bps.map(|rate| (rate.round() as u128).max(1))
    }

    /// When the packet has left; nothing if there is no room for it.
    fn depart(&mut self, bytes: usize, unit: Unit) -> Option<u64> {
        let Some(rate) = self.rate() else { return Some(self.now) };
        let added = bytes as u128 * BYTE;
        let room = self.config.queue_bytes.map(|bytes| u128::from(bytes) * BYTE);
        // An idle wire takes a packet that no queue could hold.
        let full = room.is_some_and(|room| self.backlog > 0 && self.backlog + added > room);
        if full && unit == Unit::Datagram {
            return None;
        }
        self.backlog += added;
        Some(self.now + self.backlog.div_ceil(rate) as u64)
    }

    /// Steps the state of the link and says whether this packet is lost.
    fn chance(&mut self, packet: u64) -> bool {
        let (change, draw) = (self.streams.state.unit(packet), self.streams.loss.unit(packet));
        let probability = match self.config.loss {
            Loss::None => 0.0,
            Loss::Independent { probability } => probability,
            Loss::GilbertElliott { p, r, loss_good, loss_bad } => {
                self.bad = if self.bad { change >= r } else { change < p };
                if self.bad { loss_bad } else { loss_good }
            }
        };
        if !matches!(self.config.loss, Loss::GilbertElliott { .. }) {
            self.bad = false;
        }
        draw < probability
    }

    /// Correlation of neighbours, and whether there is any.
    const fn correlation(&self) -> (f64, bool) {
        match self.config.jitter {
            Jitter::Correlated { rho, .. } => (rho, true),
            Jitter::None
            | Jitter::Uniform { .. }
            | Jitter::Normal { .. }
            | Jitter::Exponential { .. } => (0.0, false),
        }
    }

    fn swing(&mut self, normal: f64) {
        // The first packet stands at a place of its own, not near the mean.
        let (rho, correlated) = self.correlation();
        let first = self.packets == 1 || !correlated;
        self.wave =
            if first { normal } else { rho * self.wave + (1.0 - rho * rho).sqrt() * normal };
    }

    /// What is added to the delay, in nanoseconds.
    fn jitter(&self, noise: Noise, wave: f64) -> u64 {
        to_ns(match self.config.jitter {
            Jitter::None => 0.0,
            Jitter::Uniform { max_ms } => noise.uniform * max_ms,
            Jitter::Normal { mean_ms, sigma_ms, max_ms } => {
                (mean_ms + sigma_ms * noise.normal).clamp(0.0, max_ms)
            }
            Jitter::Exponential { mean_ms, max_ms } => {
                (-mean_ms * (1.0 - noise.uniform).ln()).min(max_ms)
            }
            Jitter::Correlated { mean_ms, sigma_ms, max_ms, .. } => {
                (mean_ms + sigma_ms * wave).clamp(0.0, max_ms)
            }
        })
    }

    fn arrive(&mut self, at: u64, keep: bool) -> u64 {
        let at = if keep { at.max(self.latest) } else { at };
        self.latest = self.latest.max(at);
        at
    }
}

//! Forwards video without touching it (a selective forwarding unit, RFC 7667 section 3.7): sources
//! publish one or more layers, subscribers get the best one they can take.
//!
//! A subscriber sees one stream, whatever layer it comes from: SSRC, sequence numbers and timestamps are
//! rewritten, and layers change at key frames only. The payload is shared: what comes out of
//! [`Router::route`] is a header for each receiver.
//!
//! Screen sharing is a router of its own, with [`RouterConfig::one_sharer`].

mod forward;
mod selection;

pub use forward::Forward;

use std::{collections::BTreeMap, time::Duration};

use thiserror::Error;

use crate::{RtpPacket, VideoFormat, VideoResolution, video::starts_key_frame};
use forward::Outgoing;

/// Ticks of the RTP clock of video in a second (RFC 6184 section 8.1).
const CLOCK_RATE: u64 = 90_000;

/// How a router is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouterConfig {
    /// Sources at the most.
    pub max_sources: usize,
    /// Layers of a source at the most.
    pub max_layers: usize,
    /// Subscriptions of one subscriber at the most; a call has ten video sockets.
    pub max_sockets: usize,
    /// Subscriptions to one source at the most.
    pub max_subscribers: usize,
    /// Between two requests for a key frame of one layer.
    pub key_frame_interval: Duration,
    /// Whether one source at a time is all there may be, as on screen sharing.
    pub one_sharer: bool,
}

impl Default for RouterConfig {
    /// 1 000 sources of 10 layers, 10 sockets, 10 000 subscribers, 300 ms.
    fn default() -> Self {
        Self {
            max_sources: 1_000,
            max_layers: 10,
            max_sockets: 10,
            max_subscribers: 10_000,
            key_frame_interval: Duration::from_millis(300),
            one_sharer: false,
        }
    }
}

/// One encoding of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// Its size and rate.
    pub format: VideoFormat,
    /// Its bit rate.
    pub bits_per_second: u32,
    /// Whether it is being sent.
    pub active: bool,
}

/// A video socket of a subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SocketKey {
    /// Who subscribes.
    pub subscriber: u64,
    /// On which socket, `SocketId`.
    pub socket: u32,
}

/// What a socket wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The media source id.
    pub source: u32,
    /// The largest size.
    pub resolution: VideoResolution,
    /// The highest bit rate, bits per second.
    pub bandwidth_limit: u32,
}

/// The router refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RouterError {
    /// No such source.
    #[error("there is no source {0}")]
    UnknownSource(u32),
    /// No such layer.
    #[error("the source has no layer {0}")]
    UnknownLayer(usize),
    /// No such subscription.
    #[error("the socket has no subscription")]
    UnknownSocket,
    /// Somebody else shares the screen.
    #[error("source {0} is sharing")]
    AlreadyShared(u32),
    /// A source without layers.
    #[error("a source without layers")]
    NoLayers,
    /// More than the configuration allows.
    #[error("there may be no more than {0}")]
    Limit(usize),
}

/// A key frame to ask a source for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyFrameRequest {
    /// The media source id.
    pub source: u32,
    /// The layer.
    pub layer: usize,
}

/// Counts since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RouterStats {
    /// Packets of sources.
    pub packets: u64,
    /// Packets for receivers.
    pub forwarded: u64,
    /// Changes of a socket from one layer to another.
    pub switches: u64,
    /// Key frames that subscribers asked for.
    pub key_frames_wanted: u64,
    /// Key frames that sources were asked for.
    pub key_frame_requests: u64,
}

/// Sources, subscriptions, and who gets what.
#[derive(Debug, Clone)]
pub struct Router {
    config: RouterConfig,
    sources: BTreeMap<u32, Source>,
    /// The source of each socket.
    sockets: BTreeMap<SocketKey, u32>,
    stats: RouterStats,
}

#[derive(Debug, Clone)]
struct Source {
    layers: Vec<LayerState>,
    subscriptions: Vec<Subscription>,
}

#[derive(Debug, Clone, Copy)]
struct LayerState {
    layer: Layer,
    key_frame_wanted: bool,
    last_request: Option<Duration>,
}

#[derive(Debug, Clone)]
struct Subscription {
    key: SocketKey,
    wanted: Wanted,
    /// The layer that it gets.
    current: Option<usize>,
    /// The layer that it is to get from the next key frame on.
    target: Option<usize>,
    outgoing: Outgoing,
}

impl Router {
    /// A router without sources.
    pub fn new(config: RouterConfig) -> Self {
        let (sources, sockets) = (BTreeMap::new(), BTreeMap::new());
        Self { config, sources, sockets, stats: RouterStats::default() }
    }

    /// The counts so far.
    pub fn stats(&self) -> RouterStats {
        self.stats
    }

    /// A source begins to send these layers, or other ones than before.
    ///
    /// # Errors
    /// No layer, too many, too many sources, or somebody else shares.
    pub fn publish(&mut self, source: u32, layers: &[Layer]) -> Result<(), RouterError> {
        if layers.is_empty() {
            return Err(RouterError::NoLayers);
        }
        if layers.len() > self.config.max_layers {
            return Err(RouterError::Limit(self.config.max_layers));
        }
        if !self.sources.contains_key(&source) {
            if self.config.one_sharer
                && let Some(sharer) = self.sources.keys().next()
            {
                return Err(RouterError::AlreadyShared(*sharer));
            }
            if self.sources.len() >= self.config.max_sources {
                return Err(RouterError::Limit(self.config.max_sources));
            }
        }
        let empty = Source { layers: Vec::new(), subscriptions: Vec::new() };
        let known = self.sources.entry(source).or_insert(empty);
        let fresh = |layer: &Layer| LayerState {
            layer: *layer,
            key_frame_wanted: false,
            last_request: None,
        };
        known.layers = layers.iter().map(fresh).collect();
        for subscription in &mut known.subscriptions {
            subscription.current = None;
        }
        known.select();
        Ok(())
    }

    /// A source stops; its sockets have no subscription any more. How many had one.
    pub fn unpublish(&mut self, source: u32) -> usize {
        let Some(gone) = self.sources.remove(&source) else { return 0 };
        for subscription in &gone.subscriptions {
            self.sockets.remove(&subscription.key);
        }
        gone.subscriptions.len()
    }

    /// A layer's bit rate or whether it is sent has changed.
    ///
    /// # Errors
    /// No such source or layer.
    pub fn set_layer(
        &mut self,
        source: u32,
        index: usize,
        layer: Layer,
    ) -> Result<(), RouterError> {
        let known = self.sources.get_mut(&source).ok_or(RouterError::UnknownSource(source))?;
        known.layers.get_mut(index).ok_or(RouterError::UnknownLayer(index))?.layer = layer;
        known.select();
        Ok(())
    }

    /// A socket subscribes, or wants something else than before; the stream goes on as `ssrc`, which
    /// counts only for a new socket.
    ///
    /// # Errors
    /// No such source; too many sockets or subscribers.
    pub fn subscribe(
        &mut self,
        key: SocketKey,
        ssrc: u32,
        wanted: Wanted,
    ) -> Result<(), RouterError> {
        let known = self.sources.get(&wanted.source);
        let known = known.ok_or(RouterError::UnknownSource(wanted.source))?;
        let before = self.sockets.get(&key).copied();
        if before != Some(wanted.source) && known.subscriptions.len() >= self.config.max_subscribers
        {
            return Err(RouterError::Limit(self.config.max_subscribers));
        }
        if before.is_none() && self.sockets_of(key.subscriber).count() >= self.config.max_sockets {
            return Err(RouterError::Limit(self.config.max_sockets));
        }
        let taken = before.and_then(|source| self.take_subscription(source, key));
        let mut subscription = taken.unwrap_or_else(|| Subscription {
            key,
            wanted,
            current: None,
            target: None,
            outgoing: Outgoing::new(ssrc),
        });
        if before != Some(wanted.source) {
            subscription.current = None;
        }
        subscription.wanted = wanted;
        self.sockets.insert(key, wanted.source);
        if let Some(source) = self.sources.get_mut(&wanted.source) {
            let place = source.subscriptions.partition_point(|other| other.key < key);
            source.subscriptions.insert(place, subscription);
            source.select();
        }
        Ok(())
    }

    /// A socket stops its subscription; whether it had one.
    pub fn unsubscribe(&mut self, key: SocketKey) -> bool {
        let source = self.sockets.remove(&key);
        source.and_then(|source| self.take_subscription(source, key)).is_some()
    }

    /// A subscriber leaves; how many subscriptions end.
    pub fn remove_subscriber(&mut self, subscriber: u64) -> usize {
        let keys: Vec<SocketKey> = self.sockets_of(subscriber).collect();
        keys.into_iter().filter(|key| self.unsubscribe(*key)).count()
    }

    /// The layer that a socket gets, or none yet.
    pub fn layer_of(&self, key: SocketKey) -> Option<usize> {
        self.subscription(key)?.current
    }

    /// The layer that a socket is to get: none if nothing fits its bandwidth limit.
    pub fn target_of(&self, key: SocketKey) -> Option<usize> {
        self.subscription(key)?.target
    }

    /// A subscriber needs a key frame.
    ///
    /// # Errors
    /// No such subscription.
    pub fn want_key_frame(&mut self, key: SocketKey) -> Result<(), RouterError> {
        let layer = self.subscription(key).ok_or(RouterError::UnknownSocket)?;
        let layer = layer.current.or(layer.target);
        self.stats.key_frames_wanted += 1;
        let source = self.sockets.get(&key).and_then(|source| self.sources.get_mut(source));
        if let Some(layer) = layer
            && let Some(state) = source.and_then(|source| source.layers.get_mut(layer))
        {
            state.key_frame_wanted = true;
        }
        Ok(())
    }

    /// A key frame to ask for at `now`; to be called until there is none. Each layer is asked once an
    /// interval, however many want it, and again until it comes.
    pub fn poll_key_frame_request(&mut self, now: Duration) -> Option<KeyFrameRequest> {
        let interval = self.config.key_frame_interval;
        let stats = &mut self.stats;
        self.sources.iter_mut().find_map(|(source, known)| {
            let layer = known.layers.iter_mut().position(|state| {
                let due = state.request_deadline(interval).is_some_and(|due| due <= now);
                if due {
                    state.last_request = Some(now);
                    stats.key_frame_requests += 1;
                }
                due
            })?;
            Some(KeyFrameRequest { source: *source, layer })
        })
    }

    /// When to ask next.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let layers = self.sources.values().flat_map(|source| &source.layers);
        layers.filter_map(|state| state.request_deadline(self.config.key_frame_interval)).min()
    }

    /// A packet of a layer has come at `now`; `forward` is called with the header for each socket that
    /// gets it, in the order of their keys.
    ///
    /// # Errors
    /// No such source or layer.
    pub fn route(
        &mut self,
        now: Duration,
        source: u32,
        layer: usize,
        packet: &RtpPacket<'_>,
        mut forward: impl FnMut(Forward),
    ) -> Result<(), RouterError> {
        let known = self.sources.get_mut(&source).ok_or(RouterError::UnknownSource(source))?;
        let state = known.layers.get_mut(layer).ok_or(RouterError::UnknownLayer(layer))?;
        self.stats.packets += 1;
        let key_frame = starts_key_frame(packet.payload);
        state.key_frame_wanted &= !key_frame;
        for subscription in &mut known.subscriptions {
            if key_frame
                && subscription.target == Some(layer)
                && subscription.current != Some(layer)
            {
                self.stats.switches += u64::from(subscription.current.is_some());
                subscription.current = Some(layer);
                subscription.outgoing.switch(now, packet.header);
            }
            if subscription.current != Some(layer) {
                continue;
            }
            if let Some(header) = subscription.outgoing.rewrite(now, packet.header) {
                self.stats.forwarded += 1;
                forward(Forward { to: subscription.key, header });
            }
        }
        Ok(())
    }

    fn sockets_of(&self, subscriber: u64) -> impl Iterator<Item = SocketKey> {
        let from = SocketKey { subscriber, socket: 0 };
        let to = SocketKey { subscriber, socket: u32::MAX };
        self.sockets.range(from..=to).map(|(key, _)| *key)
    }

    fn subscription(&self, key: SocketKey) -> Option<&Subscription> {
        let source = self.sources.get(self.sockets.get(&key)?)?;
        let place = source.subscriptions.binary_search_by_key(&key, |other| other.key).ok()?;
        source.subscriptions.get(place)
    }

    fn take_subscription(&mut self, source: u32, key: SocketKey) -> Option<Subscription> {
        let source = self.sources.get_mut(&source)?;
        let place = source.subscriptions.binary_search_by_key(&key, |other| other.key).ok()?;
        Some(source.subscriptions.remove(place))
    }
}

impl LayerState {
    fn request_deadline(&self, interval: Duration) -> Option<Duration> {
        let due = self.last_request.map_or(Duration::ZERO, |last| last.saturating_add(interval));
        self.key_frame_wanted.then_some(due)
    }
}

#[cfg(test)]
mod tests;

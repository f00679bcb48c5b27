//! What all hosts of a world share: who there is, what the links are like, and what is to change when.
//!
//! Times are nanoseconds since the beginning of the world. A world lives on one thread; the lock is there
//! because programs are `Send`, and is never held while anybody waits.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use graph_api::Timestamp;
use seam::Skew;

use crate::{
    control::{Change, ControlError},
    datagram::Mailbox,
    link::{Fate, LinkConfig, LinkModel, Why},
    streams::{Connection, Port},
    trace::{Direction, Trace},
    world::EPOCH,
};

/// The first port that is given to who does not ask for one.
const EPHEMERAL: u16 = 49_152;

/// Nanoseconds since the beginning of the world.
pub(crate) const fn world_ns(at: Timestamp) -> u64 {
    at.as_nanos().saturating_sub(EPOCH.as_nanos())
}

/// The true time of that many nanoseconds since the beginning.
pub(crate) fn world_time(ns: u64) -> Timestamp {
    EPOCH + Duration::from_nanos(ns)
}

/// Cheap to clone; all clones are the same.
#[derive(Clone)]
pub(crate) struct Fabric(Arc<Mutex<State>>);

pub(crate) struct State {
    seed: u64,
    /// Links whose configuration nobody gave.
    base: LinkConfig,
    hosts: BTreeMap<Arc<str>, Host>,
    names: BTreeMap<IpAddr, Arc<str>>,
    links: BTreeMap<(Arc<str>, Arc<str>), Link>,
    /// Where streams are listened for, or might be.
    pub(crate) ports: BTreeMap<(Arc<str>, u16), Port>,
    /// Where datagrams wait.
    pub(crate) mailboxes: BTreeMap<(Arc<str>, u16), Mailbox>,
    /// Streams, in the order in which they were opened; some are over.
    pub(crate) connections: Vec<Weak<Connection>>,
    /// Grows with everything that is numbered.
    pub(crate) serial: u64,
    changes: BTreeMap<(u64, u64), Change>,
    step: u64,
    /// When the present step began.
    began: u64,
    /// Whether hosts are being run.
    running: bool,
    trace: Trace,
}

struct Host {
    ip: Option<IpAddr>,
    incarnation: u32,
    down: bool,
    /// Only a host's program can be started again; the story is told once.
    restartable: bool,
    skew: Skew,
    next_port: u16,
}

struct Link {
    original: LinkConfig,
    datagrams: LinkModel,
    segments: LinkModel,
    /// Since when datagrams pass, or do not; in order.
    passes: Vec<(u64, bool)>,
}

/// What becomes of a segment of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Segment {
    /// It arrives then.
    At(u64),
    /// It is lost, and the link says how patient the sender is.
    Lost(Patience),
    /// The stream stands still.
    Stalled(Patience),
}

/// How a stream behaves when a segment is lost, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    pub(crate) rto: u64,
    pub(crate) reset_after: u64,
}

impl Fabric {
    pub(crate) fn new(seed: u64, base: LinkConfig, step: Duration, trace: Trace) -> Self {
        Self(Arc::new(Mutex::new(State {
            seed,
            base,
            hosts: BTreeMap::new(),
            names: BTreeMap::new(),
            links: BTreeMap::new(),
            ports: BTreeMap::new(),
            mailboxes: BTreeMap::new(),
            connections: Vec::new(),
            serial: 0,
            changes: BTreeMap::new(),
            step: step.as_nanos() as u64,
            began: 0,
            running: false,
            trace,
        })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    pub(crate) fn add_host(&mut self, name: &Arc<str>, restartable: bool) {
        let (ip, incarnation, down, skew) = (None, 0, false, Skew::default());
        let host = Host { ip, incarnation, down, restartable, skew, next_port: EPHEMERAL };
        self.hosts.insert(name.clone(), host);
    }

    pub(crate) fn set_address(&mut self, name: &Arc<str>, ip: IpAddr) {
        self.names.insert(ip, name.clone());
        if let Some(host) = self.hosts.get_mut(name) {
            host.ip = Some(ip);
        }
    }

    /// What is given under a name, an address in text, or one of the words for the host itself.
    pub(crate) fn resolve(&self, from: &Arc<str>, text: &str) -> Option<(Arc<str>, IpAddr)> {
        let own = |name: Arc<str>| self.hosts.get(&name)?.ip.map(|ip| (name, ip));
        match text.parse::<IpAddr>() {
            Ok(ip) if ip.is_loopback() => own(from.clone()),
            Ok(ip) => Some((self.names.get(&ip)?.clone(), ip)),
            Err(_) if text == "localhost" => own(from.clone()),
            Err(_) => own(self.hosts.get_key_value(text)?.0.clone()),
        }
    }

    pub(crate) fn name_of(&self, ip: IpAddr) -> Option<Arc<str>> {
        self.names.get(&ip).cloned()
    }

    pub(crate) fn address_of(&self, host: &str) -> Option<IpAddr> {
        self.hosts.get(host)?.ip
    }

    pub(crate) fn incarnation(&self, host: &str) -> Option<u32> {
        self.hosts.get(host).map(|host| host.incarnation)
    }

    pub(crate) fn is_down(&self, host: &str) -> bool {
        self.hosts.get(host).is_some_and(|host| host.down)
    }

    pub(crate) fn skew(&self, host: &str) -> Skew {
        self.hosts.get(host).map_or_else(Skew::default, |host| host.skew.clone())
    }

    pub(crate) fn ephemeral_port(&mut self, host: &str) -> u16 {
        let Some(host) = self.hosts.get_mut(host) else { return EPHEMERAL };
        let port = host.next_port;
        host.next_port = port.checked_add(1).unwrap_or(EPHEMERAL);
        port
    }

    /// The address that a host binds, with a port if it asks for any, and a number for what is bound there.
    pub(crate) fn claim(&mut self, host: &str, at: SocketAddr) -> (SocketAddr, u64) {
        let at = match at.port() {
            0 => SocketAddr::new(at.ip(), self.ephemeral_port(host)),
            _ => at,
        };
        self.serial += 1;
        (at, self.serial)
    }

    pub(crate) const fn began(&self) -> u64 {
        self.began
    }

    /// Gives a direction a configuration of its own from the beginning on.
    pub(crate) fn add_link(&mut self, from: &Arc<str>, to: &Arc<str>, config: LinkConfig) {
        let name = |kind: &str| format!("{from} {kind}");
        let model = |kind: &str| LinkModel::new(config.clone(), self.seed, &name(kind), to);
        let (datagrams, segments) = (model("datagrams"), model("segments"));
        let link = Link { original: config, datagrams, segments, passes: Vec::new() };
        self.links.insert((from.clone(), to.clone()), link);
    }

    fn link(&mut self, from: &Arc<str>, to: &Arc<str>) -> &mut Link {
        let key = (from.clone(), to.clone());
        if !self.links.contains_key(&key) {
            let mut config = self.base.clone();
            if from == to {
                // A host's way to itself is as long as any other, but nothing happens on it.
                let delay_ms = config.delay_ms;
                config = LinkConfig { delay_ms, ..LinkConfig::default() };
            }
            self.add_link(from, to, config);
        }
        self.links.get_mut(&key).expect("it is there now")
    }

    /// Offers a datagram of `bytes` bytes, headers included.
    pub(crate) fn datagram(
        &mut self,
        from: &Arc<str>,
        to: &Arc<str>,
        now: u64,
        bytes: usize,
    ) -> Fate {
        let link = self.link(from, to);
        // It is offered all the same: what is lost here changes nothing for those that follow.
        let fate = link.datagrams.offer(now, bytes);
        match link.passes.iter().rfind(|(at, _)| *at <= now) {
            Some((_, false)) => Fate::Lost(Why::Outage),
            Some((_, true)) | None => fate,
        }
    }

    /// Offers a segment of `bytes` bytes, headers included.
    pub(crate) fn segment(
        &mut self,
        from: &Arc<str>,
        to: &Arc<str>,
        now: u64,
        bytes: usize,
    ) -> Segment {
        let model = &mut self.link(from, to).segments;
        let config = model.config_at(now);
        let rto = crate::link::to_ns(config.rto_ms);
        let reset_after = crate::link::to_ns(config.reset_after_ms);
        let (patience, stall) = (Patience { rto, reset_after }, config.stall);
        match model.offer_segment(now, bytes) {
            _ if stall => Segment::Stalled(patience),
            Fate::At(at) | Fate::Twice(at, _) => Segment::At(at),
            Fate::Lost(Why::Outage | Why::TooBig | Why::Queue | Why::Chance) => {
                Segment::Lost(patience)
            }
        }
    }

    /// The least delay, and how long a connection may take, in nanoseconds.
    pub(crate) fn attempt(&mut self, from: &Arc<str>, to: &Arc<str>, now: u64) -> (u64, u64) {
        let config = self.link(from, to).segments.config_at(now);
        (config.delay_ns(), crate::link::to_ns(config.connect_timeout_ms))
    }

    /// Whether anything can arrive.
    pub(crate) fn is_up(&mut self, from: &Arc<str>, to: &Arc<str>, now: u64) -> bool {
        self.link(from, to).segments.config_at(now).up
    }

    /// How many bytes of a stream fit into one packet.
    pub(crate) fn segment_size(&mut self, from: &Arc<str>, to: &Arc<str>, now: u64) -> usize {
        let mtu = self.link(from, to).segments.config_at(now).mtu.unwrap_or(1_500);
        (mtu as usize).saturating_sub(crate::streams::HEADERS).max(1)
    }

    /// Notes a change; it happens at `when`, or with the next step if that is later.
    pub(crate) fn schedule(&mut self, when: Timestamp, change: Change) -> Result<(), ControlError> {
        self.check(&change)?;
        let next = if self.running { self.began + self.step } else { self.began };
        let at = world_ns(when).max(next);
        let (when, note) = (world_time(at), format!("{change:?}"));
        self.trace.add(when, &Arc::from("world"), Direction::Note, 0, note.as_bytes());
        match change {
            Change::Link { from, to, config } => self.set_link(at, &from, &to, Some(config)),
            Change::Restore { from, to } => self.set_link(at, &from, &to, None),
            Change::Datagrams { from, to, pass } => {
                let link = self.link(&Arc::from(from), &Arc::from(to));
                let later = link.passes.partition_point(|(other, _)| *other <= at);
                link.passes.insert(later, (at, pass));
            }
            other @ (Change::Crash { .. }
            | Change::Restart { .. }
            | Change::Clock { .. }
            | Change::StepClock { .. }) => {
                self.serial += 1;
                self.changes.insert((at, self.serial), other);
            }
        }
        Ok(())
    }

    fn set_link(&mut self, at: u64, from: &str, to: &str, config: Option<LinkConfig>) {
        let link = self.link(&Arc::from(from), &Arc::from(to));
        let config = config.unwrap_or_else(|| link.original.clone());
        link.datagrams.set_at(at, config.clone());
        link.segments.set_at(at, config);
    }

    fn check(&self, change: &Change) -> Result<(), ControlError> {
        let known = |host: &str| {
            self.hosts.get(host).ok_or_else(|| ControlError::NoSuchHost(host.to_owned()))
        };
        match change {
            Change::Link { from, to, config } => {
                known(from)?;
                known(to)?;
                config.validate()?;
                let step = Duration::from_nanos(self.step);
                if config.delay_ns() < self.step {
                    return Err(ControlError::DelayBelowStep { delay_ms: config.delay_ms, step });
                }
            }
            Change::Restore { from, to } | Change::Datagrams { from, to, .. } => {
                known(from)?;
                known(to)?;
            }
            Change::Crash { host } | Change::Restart { host } => {
                if !known(host)?.restartable {
                    return Err(ControlError::NotRestartable(host.clone()));
                }
            }
            Change::Clock { host, offset_ms, drift_ppm } => {
                known(host)?;
                if !offset_ms.is_finite() || !(-500_000.0..=500_000.0).contains(drift_ppm) {
                    return Err(ControlError::Clock);
                }
            }
            Change::StepClock { host, by_ms } => {
                known(host)?;
                if !by_ms.is_finite() {
                    return Err(ControlError::Clock);
                }
            }
        }
        Ok(())
    }

    /// The driver's word that a step is about to begin; what is due by then.
    pub(crate) fn begin_step(&mut self, elapsed: Duration) -> Vec<Change> {
        self.began = elapsed.as_nanos() as u64;
        self.running = true;
        let later = self.changes.split_off(&(self.began + 1, 0));
        std::mem::replace(&mut self.changes, later).into_values().collect()
    }

    /// A host's program is gone, and with it whoever was on the way to it.
    pub(crate) fn crash(&mut self, name: &str) {
        if let Some(host) = self.hosts.get_mut(name)
            && !host.down
        {
            host.down = true;
            host.incarnation += 1;
        }
    }

    pub(crate) fn restart(&mut self, name: &str) {
        self.crash(name);
        if let Some(host) = self.hosts.get_mut(name) {
            host.down = false;
        }
    }
}

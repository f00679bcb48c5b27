//! A world: hosts around one story, on a thread of its own, until the story is told.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::FutureExt as _;
use graph_api::Timestamp;
use seam::{BoxFuture, Clock, Network};
use thiserror::Error;

use crate::{
    control::{Change, Control},
    fabric::{Fabric, world_time},
    link::LinkConfig,
    network::SimNetwork,
    streams::{self, Local},
    trace::{Direction, Trace, TraceLine},
    wire::Wire,
};

/// When every world begins: 1 January 2026, midnight UTC.
pub const EPOCH: Timestamp = Timestamp::from_secs(1_767_225_600);

/// The step of a world, unless a link is shorter; and the one-way delay of every link that nobody described.
///
/// Hosts exchange messages only between steps, so if no delay is shorter than a step, what is sent in a step
/// arrives in a later one, and it does not matter in which order the hosts are run.
pub const TICK: Duration = Duration::from_millis(20);

/// The longest step that a world takes by itself, however long its links are: what changes the world takes effect
/// between steps.
pub const LONGEST_STEP: Duration = Duration::from_millis(50);

/// The host on which the story is told.
const PEOPLE: &str = "people";

/// Stack of a world's thread.
const STACK: usize = 8 << 20;

type Program = Box<dyn Fn(Seat) -> BoxFuture<'static, Result<(), String>> + Send>;

/// What a program in the world is given.
#[derive(Clone)]
pub struct Seat {
    /// Sockets.
    pub network: Arc<dyn Network>,
    /// The host's clock; right, unless a [`Change`] makes it wrong.
    pub clock: Clock,
    /// What changes the world.
    pub control: Control,
    /// True time, for the trace.
    truth: Clock,
    host: Arc<str>,
    trace: Trace,
}

impl Seat {
    /// Puts a line into the trace: what a story found out is part of the run.
    pub fn note(&self, text: &str) {
        self.trace.add(self.truth.now(), &self.host, Direction::Note, 0, text.as_bytes());
    }

    /// The true time, whatever the host's clock shows.
    pub fn true_time(&self) -> Timestamp {
        self.truth.now()
    }

    /// Called in the host's runtime, between steps or at the beginning of one.
    fn new(host: &Arc<str>, stage: &Stage) -> Self {
        let (skew, now) = {
            let state = stage.fabric.state();
            (state.skew(host), world_time(state.began()))
        };
        let (truth, clock) = (Clock::starting_at(now), Clock::skewed(now, skew));
        let control = Control::new(stage.fabric.clone(), stage.shaped);
        let local =
            Local { host: host.clone(), clock: truth.clone(), fabric: stage.fabric.clone() };
        let trace = stage.trace.clone();
        let network = SimNetwork::new(local, trace.clone(), stage.wire.clone(), stage.shaped);
        let network = Arc::new(network);
        Self { network, clock, control, truth, host: host.clone(), trace }
    }
}

/// What all seats of a world have in common.
#[derive(Clone)]
struct Stage {
    fabric: Fabric,
    trace: Trace,
    wire: Option<Wire>,
    step: Duration,
    /// Whether streams go over the world's links.
    shaped: bool,
}

/// A world in preparation.
pub struct World {
    seed: u64,
    limit: Duration,
    lines: bool,
    hosts: Vec<(&'static str, Program)>,
    /// All links that are not described one by one.
    base: Option<LinkConfig>,
    links: Vec<(String, String, LinkConfig)>,
    changes: Vec<(Timestamp, Change)>,
    step: Option<Duration>,
    wire: Option<Wire>,
}

/// Why a story was not told to its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WorldError {
    /// A program of the world failed, or panicked.
    #[error("{0}")]
    Failed(String),
    /// The virtual time ran out.
    #[error("the story was not over after {0:?} of virtual time")]
    OutOfTime(Duration),
}

/// What came of a world.
#[derive(Debug)]
pub struct WorldReport<T> {
    /// Its seed.
    pub seed: u64,
    /// What the story said.
    pub outcome: Result<T, WorldError>,
    /// The hash of everything that happened on its wires.
    pub trace_hash: u64,
    /// Events in the trace.
    pub events: u64,
    /// Virtual time.
    pub simulated: Duration,
    /// The events, if lines were wanted.
    pub lines: Vec<TraceLine>,
}

impl World {
    /// An empty world that may last `limit` of virtual time.
    pub fn new(seed: u64, limit: Duration) -> Self {
        let (hosts, links, changes) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            seed,
            limit,
            lines: false,
            hosts,
            base: None,
            links,
            changes,
            step: None,
            wire: None,
        }
    }

    /// Keeps the lines of the trace, not only its hash.
    #[must_use]
    pub fn keep_lines(mut self, lines: bool) -> Self {
        self.lines = lines;
        self
    }

    /// Adds a host. A program that returns an error is down from then on; it does not end the world.
    #[must_use]
    pub fn host<F, Fut>(mut self, name: &'static str, program: F) -> Self
    where
        F: Fn(Seat) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.hosts.push((name, Box::new(move |seat| Box::pin(program(seat)))));
        self
    }

    /// Makes every link, in both directions, `config`, and lets streams go over links. Without this, and without
    /// [`World::link`] and changes of links, streams take one step from host to host and never fail.
    #[must_use]
    pub fn links(mut self, config: LinkConfig) -> Self {
        self.base = Some(config);
        self
    }

    /// Describes one direction of a link; `people` is the host of the story. Streams go over links then.
    #[must_use]
    pub fn link(mut self, from: &str, to: &str, config: LinkConfig) -> Self {
        self.links.push((from.to_owned(), to.to_owned(), config));
        self
    }

    /// Lets something change at a true time of the world.
    #[must_use]
    pub fn at(mut self, when: Timestamp, change: Change) -> Self {
        self.changes.push((when, change));
        self
    }

    /// The step: whole milliseconds, at least one, and not more than the shortest delay of any link, now or
    /// later. Without it: the shortest delay, but not more than [`LONGEST_STEP`]; [`TICK`] if there are links that
    /// nobody described. A longer step is a faster world.
    #[must_use]
    pub fn step(mut self, step: Duration) -> Self {
        self.step = Some(step);
        self
    }

    /// Lets somebody read along: every message on every wire goes there.
    #[must_use]
    pub fn read_by(mut self, wire: Wire) -> Self {
        self.wire = Some(wire);
        self
    }

    /// Runs the world until `story`, told from the host `people`, is over.
    pub fn run<T, F, Fut>(self, story: F) -> WorldReport<T>
    where
        T: Send + 'static,
        F: FnOnce(Seat) -> Fut + Send + 'static,
        Fut: Future<Output = T> + Send + 'static,
    {
        let (seed, trace) =
            (self.seed, if self.lines { Trace::with_lines() } else { Trace::default() });
        let told = trace.clone();
        let thread = std::thread::Builder::new()
            .name(format!("world {seed}"))
            .stack_size(STACK)
            // A fresh thread has drawn nothing yet: what libraries draw depends on the seed alone.
            .spawn(move || match self.stage(told) {
                Ok(stage) => self.live(&stage, story),
                Err(why) => (Err(WorldError::Failed(why)), Duration::ZERO),
            })
            .expect("a thread can be started");
        let (outcome, simulated) = thread
            .join()
            .unwrap_or_else(|panic| (Err(WorldError::Failed(text_of(&*panic))), Duration::ZERO));
        let (trace_hash, events, lines) = (trace.hash(), trace.events(), trace.lines());
        WorldReport { seed, outcome, trace_hash, events, simulated, lines }
    }

    /// All configurations that links have or will have, with what they are called in errors.
    fn configs(&self) -> impl Iterator<Item = (String, &LinkConfig)> {
        let base = self.base.iter().map(|config| ("links".to_owned(), config));
        let links = self.links.iter().map(|(from, to, config)| (format!("{from} to {to}"), config));
        let later = self.changes.iter().filter_map(|(_, change)| match change {
            Change::Link { from, to, config } => Some((format!("{from} to {to}"), config)),
            Change::Restore { .. }
            | Change::Datagrams { .. }
            | Change::Crash { .. }
            | Change::Restart { .. }
            | Change::Clock { .. }
            | Change::StepClock { .. } => None,
        });
        base.chain(links).chain(later)
    }

    fn stage(&self, trace: Trace) -> Result<Stage, String> {
        let mut shortest = TICK.as_nanos() as u64;
        if self.base.is_some() {
            shortest = u64::MAX;
        }
        for (link, config) in self.configs() {
            config.validate().map_err(|error| format!("{link}: {error}"))?;
            if config.delay_ns() < 1_000_000 {
                return Err(format!("{link}: delayMs: a world's links need at least 1 ms"));
            }
            shortest = shortest.min(config.delay_ns());
        }
        let whole = Duration::from_millis(shortest / 1_000_000);
        let step = self.step.unwrap_or(whole.min(LONGEST_STEP));
        if step.is_zero() || !step.subsec_nanos().is_multiple_of(1_000_000) || step > whole {
            return Err(format!(
                "a step of {step:?} is not whole milliseconds from 1 ms to {whole:?}"
            ));
        }
        let changed = self.changes.iter().any(|(_, change)| change.is_of_link());
        let shaped = changed || self.configs().next().is_some();
        let base = self.base.clone().unwrap_or_default();
        let fabric = Fabric::new(self.seed, base, step, trace.clone());
        {
            let mut state = fabric.state();
            for (name, _) in &self.hosts {
                state.add_host(&Arc::from(*name), true);
            }
            state.add_host(&Arc::from(PEOPLE), false);
            for (from, to, config) in &self.links {
                for host in [from, to] {
                    if state.incarnation(host).is_none() {
                        return Err(format!("{from} to {to}: there is no host {host:?}"));
                    }
                }
                state.add_link(&Arc::from(&**from), &Arc::from(&**to), config.clone());
            }
            for (when, change) in &self.changes {
                state.schedule(*when, change.clone()).map_err(|error| error.to_string())?;
            }
        }
        Ok(Stage { fabric, trace, wire: self.wire.clone(), step, shaped })
    }

    fn live<T, F, Fut>(self, stage: &Stage, story: F) -> (Result<T, WorldError>, Duration)
    where
        T: Send + 'static,
        F: FnOnce(Seat) -> Fut + Send + 'static,
        Fut: Future<Output = T> + Send + 'static,
    {
        let epoch = Duration::from_nanos(EPOCH.as_nanos());
        sim_shim::enter(self.seed, epoch);
        let mut sim = turmoil::Builder::new()
            .rng_seed(self.seed)
            .epoch(std::time::UNIX_EPOCH + epoch)
            .tick_duration(stage.step)
            .min_message_latency(stage.step)
            .max_message_latency(stage.step)
            // Past the limit, so that the limit is reported here and not as turmoil's error.
            .simulation_duration(self.limit + Duration::from_secs(60))
            .tcp_capacity(4_096)
            .build();
        for (name, program) in self.hosts {
            add_host(&mut sim, stage, name, program);
        }
        let told: Arc<Mutex<Option<Result<T, WorldError>>>> = Arc::default();
        let (heard, host, seats) = (told.clone(), Arc::from(PEOPLE), stage.clone());
        let address = sim.lookup(PEOPLE);
        stage.fabric.state().set_address(&host, address);
        sim.client(PEOPLE, async move {
            // A panic is caught here, where its message still is.
            let story = AssertUnwindSafe(story(Seat::new(&host, &seats))).catch_unwind().await;
            let outcome = story.map_err(|panic| WorldError::Failed(text_of(&*panic)));
            *heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
            Ok(())
        });
        let run = || step_to_end(&mut sim, stage, self.limit, epoch);
        let ran = catch_unwind(AssertUnwindSafe(run));
        let simulated = sim.elapsed();
        // Whoever was connecting holds the world, which holds who was connecting.
        let ports = std::mem::take(&mut stage.fabric.state().ports);
        drop(ports);
        let failed = match ran {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error),
            Err(panic) => Some(WorldError::Failed(text_of(&*panic))),
        };
        let told = told.lock().unwrap_or_else(PoisonError::into_inner).take();
        let nothing = || WorldError::Failed("the story ended without a word".to_owned());
        (failed.map_or_else(|| told.unwrap_or_else(|| Err(nothing())), Err), simulated)
    }
}

fn add_host(sim: &mut turmoil::Sim<'_>, stage: &Stage, name: &'static str, program: Program) {
    let (program, stage, host) = (Rc::new(program), stage.clone(), Arc::from(name));
    let address = sim.lookup(name);
    stage.fabric.state().set_address(&host, address);
    sim.host(name, move || {
        let (program, seat) = (program.clone(), Seat::new(&host, &stage));
        async move {
            if let Err(why) = program(seat.clone()).await {
                seat.note(&format!("down: {why}"));
            }
            // A host that returns would be counted as finished; this one is just down.
            std::future::pending::<turmoil::Result>().await
        }
    });
}

/// Carries out what is due.
fn perform(sim: &mut turmoil::Sim<'_>, fabric: &Fabric, wire: Option<&Wire>, change: Change) {
    let crash = |sim: &mut turmoil::Sim<'_>, host: &str| {
        let running = !fabric.state().is_down(host);
        if running {
            // First, so that what is dropped knows that it was not closed.
            fabric.state().crash(host);
            streams::crash(fabric, host);
            if let Some(wire) = wire {
                wire.crashed(world_time(fabric.state().began()), host);
            }
            sim.crash(host);
        }
    };
    let skew = |host: &str| {
        let state = fabric.state();
        (state.skew(host), world_time(state.began()))
    };
    match change {
        Change::Crash { host } => crash(sim, &host),
        Change::Restart { host } => {
            crash(sim, &host);
            fabric.state().restart(&host);
            sim.bounce(host);
        }
        Change::Clock { host, offset_ms, drift_ppm } => {
            let (skew, now) = skew(&host);
            skew.set(now, (offset_ms * 1e6).round() as i64, drift_ppm);
        }
        Change::StepClock { host, by_ms } => {
            let (skew, now) = skew(&host);
            skew.step(now, (by_ms * 1e6).round() as i64);
        }
        // The links have known since they were asked.
        Change::Link { .. } | Change::Restore { .. } | Change::Datagrams { .. } => {}
    }
}

fn step_to_end(
    sim: &mut turmoil::Sim<'_>,
    stage: &Stage,
    limit: Duration,
    epoch: Duration,
) -> Result<(), WorldError> {
    loop {
        sim_shim::set_time(epoch + sim.elapsed());
        let due = stage.fabric.state().begin_step(sim.elapsed());
        for change in due {
            perform(sim, &stage.fabric, stage.wire.as_ref(), change);
        }
        match sim.step() {
            Ok(true) => return Ok(()),
            Ok(false) if sim.elapsed() > limit => return Err(WorldError::OutOfTime(limit)),
            Ok(false) => {}
            Err(error) => return Err(WorldError::Failed(error.to_string())),
        }
    }
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a program panicked".to_owned())
}

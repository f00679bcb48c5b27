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
    network::SimNetwork,
    trace::{Direction, Trace, TraceLine},
};

/// When every world begins: 1 January 2026, midnight UTC.
pub const EPOCH: Timestamp = Timestamp::from_secs(1_767_225_600);

/// The step of a world, and the one-way delay of every link.
///
/// Hosts exchange messages only between steps, so with a delay of exactly one step a message sent in a
/// step is there in the next one, and it does not matter in which order the hosts are run.
pub const TICK: Duration = Duration::from_millis(20);

/// Stack of a world's thread.
const STACK: usize = 8 << 20;

type Program = Box<dyn Fn(Seat) -> BoxFuture<'static, Result<(), String>> + Send>;

/// What a program in the world is given.
#[derive(Clone)]
pub struct Seat {
    /// Sockets.
    pub network: Arc<dyn Network>,
    /// The host's clock.
    pub clock: Clock,
    host: Arc<str>,
    trace: Trace,
}

impl Seat {
    /// Puts a line into the trace: what a story found out is part of the run.
    pub fn note(&self, text: &str) {
        self.trace.add(self.clock.now(), &self.host, Direction::Note, 0, text.as_bytes());
    }

    fn new(host: &Arc<str>, trace: &Trace) -> Self {
        let elapsed = turmoil::sim_elapsed().unwrap_or_default();
        let clock = Clock::starting_at(EPOCH + elapsed);
        let network = SimNetwork::new(host.clone(), clock.clone(), trace.clone());
        Self { network: Arc::new(network), clock, host: host.clone(), trace: trace.clone() }
    }
}

/// A world in preparation.
pub struct World {
    seed: u64,
    limit: Duration,
    lines: bool,
    hosts: Vec<(&'static str, Program)>,
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
        Self { seed, limit, lines: false, hosts: Vec::new() }
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
            .spawn(move || self.live(&told, story))
            .expect("a thread can be started");
        let (outcome, simulated) = thread
            .join()
            .unwrap_or_else(|panic| (Err(WorldError::Failed(text_of(&*panic))), Duration::ZERO));
        let (trace_hash, events, lines) = (trace.hash(), trace.events(), trace.lines());
        WorldReport { seed, outcome, trace_hash, events, simulated, lines }
    }

    fn live<T, F, Fut>(self, trace: &Trace, story: F) -> (Result<T, WorldError>, Duration)
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
            .tick_duration(TICK)
            .min_message_latency(TICK)
            .max_message_latency(TICK)
            // Past the limit, so that the limit is reported here and not as turmoil's error.
            .simulation_duration(self.limit + Duration::from_secs(60))
            .tcp_capacity(4_096)
            .udp_capacity(65_536)
            .build();
        for (name, program) in self.hosts {
            let (program, trace, host) = (Rc::new(program), trace.clone(), Arc::from(name));
            sim.host(name, move || {
                let (program, seat) = (program.clone(), Seat::new(&host, &trace));
                async move {
                    if let Err(why) = program(seat.clone()).await {
                        seat.note(&format!("down: {why}"));
                    }
                    // A host that returns would be counted as finished; this one is just down.
                    std::future::pending::<turmoil::Result>().await
                }
            });
        }
        let told: Arc<Mutex<Option<Result<T, WorldError>>>> = Arc::default();
        let (heard, host, trace) = (told.clone(), Arc::from("people"), trace.clone());
        sim.client("people", async move {
            // A panic is caught here, where its message still is.
            let story = AssertUnwindSafe(story(Seat::new(&host, &trace))).catch_unwind().await;
            let outcome = story.map_err(|panic| WorldError::Failed(text_of(&*panic)));
            *heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
            Ok(())
        });
        let ran = catch_unwind(AssertUnwindSafe(|| step_to_end(&mut sim, self.limit, epoch)));
        let simulated = sim.elapsed();
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

fn step_to_end(
    sim: &mut turmoil::Sim<'_>,
    limit: Duration,
    epoch: Duration,
) -> Result<(), WorldError> {
    loop {
        sim_shim::set_time(epoch + sim.elapsed());
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

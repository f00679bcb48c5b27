//! The run: one thread that sends on time, one that listens.

use std::{
    io,
    net::UdpSocket,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use media::{FIXED_LEN, RtpHeader, RtpPacket};
use thiserror::Error;

use crate::{
    echo::{DATAGRAM_MAX, Echo, LOOK_EVERY, socket},
    machine,
    report::{Lateness, Report},
    schedule::Schedule,
};

/// Sessions of one run.
pub const SESSIONS_MAX: u32 = 20_000;
/// A packet that is back later than this after it was due is late: a usual jitter buffer has played on.
pub const LATE_AFTER: Duration = Duration::from_millis(60);

/// 20 ms of 16 kHz, 16 bit, mono.
const PAYLOAD: usize = 640;
/// Samples of a packet.
const SAMPLES: u32 = 320;
/// A dynamic payload type (RFC 3551 section 6).
const PAYLOAD_TYPE: u8 = 96;
/// How long the listener waits for stragglers.
const STRAGGLERS: Duration = Duration::from_millis(500);
/// Longer waits are slept, shorter ones are spun: the system wakes a sleeper about that late.
const SPIN: Duration = Duration::from_micros(120);

/// What to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Sessions at a time, 1 to [`SESSIONS_MAX`].
    pub sessions: u32,
    /// How long.
    pub duration: Duration,
}

/// Why there is no result.
#[derive(Debug, Error)]
pub enum LoadError {
    /// Sockets or threads cannot be had.
    #[error("cannot start: {0}")]
    Start(#[from] io::Error),
    /// Nothing at all came back.
    #[error("nothing came back: is loopback UDP blocked?")]
    Silence,
}

/// Sends audio both ways between this process and an echo peer on loopback, and measures.
///
/// # Errors
/// See [`LoadError`].
pub fn run(config: Config) -> Result<Report, LoadError> {
    let schedule = Schedule::new(config.sessions, config.duration);
    let echo = Echo::start()?;
    let socket = socket()?;
    socket.connect(echo.address)?;
    let cpu_before = machine::cpu_seconds();
    let (sent, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let start = Instant::now();
    let heard = std::thread::scope(|scope| {
        let listener = scope.spawn(|| listen(&socket, &schedule, config.sessions, start, &over));
        send(&socket, &schedule, start, &sent);
        wait_for_stragglers(&sent, &listener);
        over.store(true, Ordering::Relaxed);
        listener.join().expect("the listener does not panic")
    });
    let wall = start.elapsed();
    let cpu = machine::cpu_seconds().zip(cpu_before).map(|(after, before)| after - before);
    drop(echo);
    if heard.received == 0 {
        return Err(LoadError::Silence);
    }
    Ok(heard.report(config, sent.into_inner(), wall, cpu))
}

fn wait_for_stragglers(sent: &AtomicU64, listener: &std::thread::ScopedJoinHandle<'_, Heard>) {
    let until = Instant::now() + STRAGGLERS;
    while Instant::now() < until && !listener.is_finished() && sent.load(Ordering::Relaxed) > 0 {
        std::thread::sleep(LOOK_EVERY);
    }
}

fn send(socket: &UdpSocket, schedule: &Schedule, start: Instant, sent: &AtomicU64) {
    let mut datagram = [0_u8; FIXED_LEN + PAYLOAD];
    for n in 0..schedule.total() {
        let (session, number) = schedule.nth(n);
        wait_until(start + schedule.due(session, number));
        let header = RtpHeader {
            marker: number == 0,
            payload_type: PAYLOAD_TYPE,
            sequence: number as u16,
            timestamp: number.wrapping_mul(SAMPLES),
            ssrc: session,
        };
        datagram[..FIXED_LEN].copy_from_slice(&header.to_bytes());
        if socket.send(&datagram).is_ok() {
            sent.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn wait_until(due: Instant) {
    let left = due.saturating_duration_since(Instant::now());
    if left > SPIN {
        std::thread::sleep(left - SPIN);
    }
    while Instant::now() < due {
        std::hint::spin_loop();
    }
}

struct Heard {
    /// The highest packet number of each session, plus one: a packet counts once, in order.
    next: Vec<u32>,
    received: u64,
    late: u64,
    lateness: Histogram<u64>,
}

fn listen(
    socket: &UdpSocket,
    schedule: &Schedule,
    sessions: u32,
    start: Instant,
    over: &AtomicBool,
) -> Heard {
    let mut heard = Heard {
        next: vec![0; sessions as usize],
        received: 0,
        late: 0,
        // From 1 us to an hour, three digits.
        lateness: Histogram::new_with_bounds(1, 3_600_000_000, 3).expect("the bounds are right"),
    };
    let mut datagram = [0; DATAGRAM_MAX];
    while heard.received < schedule.total() {
        match socket.recv(&mut datagram) {
            Ok(len) => heard.note(&datagram[..len], schedule, start.elapsed()),
            // Nothing for a while: whatever is still under way had its time.
            Err(_) if over.load(Ordering::Relaxed) => break,
            Err(_) => {}
        }
    }
    heard
}

impl Heard {
    fn note(&mut self, datagram: &[u8], schedule: &Schedule, arrived: Duration) {
        // Whoever else sends to this socket is not part of the measurement.
        let Ok(RtpPacket { header, payload }) = RtpPacket::parse(datagram) else { return };
        let Some(next) = self.next.get_mut(header.ssrc as usize) else { return };
        // The timestamp does not wrap within a run, so it names the packet. Loopback keeps the order: what
        // comes behind a later packet is a repeat.
        let number = header.timestamp / SAMPLES;
        if payload.len() != PAYLOAD || number < *next {
            return;
        }
        *next = number + 1;
        self.received += 1;
        let lateness = arrived.saturating_sub(schedule.due(header.ssrc, number));
        self.late += u64::from(lateness > LATE_AFTER);
        let micros = u64::try_from(lateness.as_micros()).unwrap_or(u64::MAX).max(1);
        self.lateness.saturating_record(micros);
    }

    fn report(&self, config: Config, sent: u64, wall: Duration, cpu: Option<f64>) -> Report {
        let at = |quantile| self.lateness.value_at_quantile(quantile);
        let received = self.received;
        Report {
            sessions: config.sessions,
            duration_s: config.duration.as_secs_f64(),
            packets_sent: sent,
            packets_received: received,
            packets_per_second: (sent + received) as f64 / config.duration.as_secs_f64(),
            lost: sent.saturating_sub(received),
            late: self.late,
            lateness_us: Lateness {
                p50: at(0.5),
                p90: at(0.9),
                p99: at(0.99),
                p999: at(0.999),
                max: self.lateness.max(),
            },
            frames_decoded: 0,
            frames_verified: 0,
            cpu_seconds: cpu,
            cpu_cores: cpu.map(|cpu| cpu / wall.as_secs_f64()),
            rss_bytes: machine::rss_bytes(),
        }
    }
}

//! What came of a run.

use std::fmt::Write as _;

use serde::Serialize;

/// Microseconds after a packet was due until its echo was back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Lateness {
    /// Half were no later.
    pub p50: u64,
    /// Nine of ten.
    pub p90: u64,
    /// 99 of 100.
    pub p99: u64,
    /// 999 of 1,000.
    pub p999: u64,
    /// The latest one.
    pub max: u64,
}

/// A run as one object (`--json`).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Sessions at a time.
    pub sessions: u32,
    /// How long each lasted.
    pub duration_s: f64,
    /// Datagrams that the system took.
    pub packets_sent: u64,
    /// Echoes, without repeats.
    pub packets_received: u64,
    /// Sent and received, together, in a second.
    pub packets_per_second: f64,
    /// Sent and never back.
    pub lost: u64,
    /// Back later than [`crate::LATE_AFTER`] after they were due.
    pub late: u64,
    /// The distribution.
    pub lateness_us: Lateness,
    /// Video frames decoded; none without video.
    pub frames_decoded: u64,
    /// Video frames whose content was right; none without video.
    pub frames_verified: u64,
    /// Of sender and echo peer together; null where the system does not tell.
    pub cpu_seconds: Option<f64>,
    /// The same, as cores that were busy.
    pub cpu_cores: Option<f64>,
    /// Memory at the end; null where the system does not tell.
    pub rss_bytes: Option<u64>,
}

impl Report {
    /// For people.
    pub fn table(&self) -> String {
        let mut out = String::new();
        let mut row = |name: &str, value: String| {
            writeln!(out, "{name:<22} {value:>16}").expect("memory can be written to");
        };
        let Lateness { p50, p90, p99, p999, max } = self.lateness_us;
        row("sessions", self.sessions.to_string());
        row("duration", format!("{:.1} s", self.duration_s));
        row("packets sent", self.packets_sent.to_string());
        row("packets received", self.packets_received.to_string());
        row("packets per second", format!("{:.0}", self.packets_per_second));
        row("lost", self.lost.to_string());
        row("late (over 60 ms)", self.late.to_string());
        for (name, value) in
            [("p50", p50), ("p90", p90), ("p99", p99), ("p99.9", p999), ("max", max)]
        {
            row(&format!("lateness {name}"), format!("{value} us"));
        }
        if let Some(cores) = self.cpu_cores {
            row("CPU, both ends", format!("{cores:.2} cores"));
        }
        if let Some(rss) = self.rss_bytes {
            row("memory", format!("{:.1} MB", rss as f64 / 1e6));
        }
        out
    }
}

//! When each packet is due: known in advance, for every packet of every session.

use std::time::Duration;

/// Between two packets of a session: 20 ms of audio each.
pub const PACKET_EVERY: Duration = Duration::from_millis(20);

/// The schedule of all sessions. Their beginnings are spread over one interval, so that load is even.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    sessions: u32,
    packets: u32,
}

impl Schedule {
    /// For so many sessions (at least one) that each last so long.
    pub fn new(sessions: u32, duration: Duration) -> Self {
        let packets = duration.as_nanos() / PACKET_EVERY.as_nanos();
        Self { sessions: sessions.max(1), packets: u32::try_from(packets).unwrap_or(u32::MAX) }
    }

    /// Packets of each session.
    pub const fn packets(&self) -> u32 {
        self.packets
    }

    /// Packets of all sessions.
    pub fn total(&self) -> u64 {
        u64::from(self.sessions) * u64::from(self.packets)
    }

    /// When packet `number` of `session` is due, since the start.
    pub fn due(&self, session: u32, number: u32) -> Duration {
        PACKET_EVERY * session / self.sessions + PACKET_EVERY * number
    }

    /// The n-th packet of all, in the order in which they are due: its session and its number there.
    pub fn nth(&self, n: u64) -> (u32, u32) {
        let sessions = u64::from(self.sessions);
        // Both fit: n is below the total.
        ((n % sessions) as u32, (n / sessions) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_due_in_order_and_evenly() {
        let schedule = Schedule::new(4, Duration::from_secs(1));
        assert_eq!((schedule.packets(), schedule.total()), (50, 200));
        let due: Vec<Duration> = (0..schedule.total())
            .map(|n| {
                let (session, number) = schedule.nth(n);
                schedule.due(session, number)
            })
            .collect();
        assert!(due.windows(2).all(|pair| pair[1] - pair[0] == PACKET_EVERY / 4));
        assert_eq!(due[199], Duration::from_millis(995));
    }
}

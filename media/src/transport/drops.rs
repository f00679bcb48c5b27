//! Datagrams that are not taken.

use thiserror::Error;

/// Why a datagram was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum Dropped {
    /// Cut short, of another version, or padded impossibly.
    #[error("not a packet")]
    Form,
    /// From an address that nobody declared.
    #[error("from a stranger")]
    Source,
    /// Of an SSRC that nobody announced.
    #[error("of an unknown SSRC")]
    Ssrc,
    /// Of a payload type that does not belong there, or of an impossible payload.
    #[error("of an unknown kind")]
    Kind,
    /// Before the platform takes media in this direction.
    #[error("too early, or not allowed")]
    Inactive,
}

/// Datagrams of one session, by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drops {
    /// Not packets.
    pub form: u64,
    /// From strangers.
    pub source: u64,
    /// Of unknown SSRCs.
    pub ssrc: u64,
    /// Of unknown kinds.
    pub kind: u64,
    /// While they were not allowed.
    pub inactive: u64,
}

impl Drops {
    /// Counts one.
    pub const fn count(&mut self, why: Dropped) {
        match why {
            Dropped::Form => self.form += 1,
            Dropped::Source => self.source += 1,
            Dropped::Ssrc => self.ssrc += 1,
            Dropped::Kind => self.kind += 1,
            Dropped::Inactive => self.inactive += 1,
        }
    }
}

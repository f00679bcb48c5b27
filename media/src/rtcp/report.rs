//! Sender and receiver reports (RFC 3550 sections 6.4.1 and 6.4.2).

use super::word;
use crate::Report;

/// Bytes of a report block.
pub(super) const BLOCK_LEN: usize = 24;
/// Bytes of a sender's information.
pub(super) const SENDER_INFO_LEN: usize = 20;
/// The cumulative loss has 24 bits and a sign.
const LOST_LIMITS: (i32, i32) = (-0x80_0000, 0x7f_ffff);

/// What a sender says about itself (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SenderInfo {
    /// When it was sent: NTP time, 32.32 fixed point seconds.
    pub ntp: u64,
    /// The same moment in units of the media clock.
    pub rtp_timestamp: u32,
    /// Packets sent so far.
    pub packets: u32,
    /// Payload bytes sent so far.
    pub octets: u32,
}

/// What a receiver says about one source (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReportBlock {
    /// The source.
    pub ssrc: u32,
    /// Loss, highest sequence number and jitter.
    pub report: Report,
    /// The middle 32 bits of the NTP time of the last sender report; zero without one.
    pub last_sender_report: u32,
    /// How long ago that came, in units of 2^-16 s.
    pub delay_since_last: u32,
}

/// The report blocks of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportBlocks<'a>(pub(super) &'a [u8]);

impl SenderInfo {
    pub(super) fn read(bytes: &[u8]) -> Self {
        Self {
            ntp: u64::from(word(bytes, 0)) << 32 | u64::from(word(bytes, 4)),
            rtp_timestamp: word(bytes, 8),
            packets: word(bytes, 12),
            octets: word(bytes, 16),
        }
    }

    pub(super) fn to_bytes(self) -> [u8; SENDER_INFO_LEN] {
        let mut bytes = [0; SENDER_INFO_LEN];
        bytes[..8].copy_from_slice(&self.ntp.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.rtp_timestamp.to_be_bytes());
        bytes[12..16].copy_from_slice(&self.packets.to_be_bytes());
        bytes[16..].copy_from_slice(&self.octets.to_be_bytes());
        bytes
    }
}

impl ReportBlock {
    fn read(bytes: &[u8]) -> Self {
        let loss = word(bytes, 4);
        // The low 24 bits, with their sign.
        let cumulative_lost = (loss << 8) as i32 >> 8;
        Self {
            ssrc: word(bytes, 0),
            report: Report {
                fraction_lost: (loss >> 24) as u8,
                cumulative_lost,
                highest_sequence: word(bytes, 8),
                jitter: word(bytes, 12),
            },
            last_sender_report: word(bytes, 16),
            delay_since_last: word(bytes, 20),
        }
    }

    pub(super) fn to_bytes(self) -> [u8; BLOCK_LEN] {
        let lost = self.report.cumulative_lost.clamp(LOST_LIMITS.0, LOST_LIMITS.1) as u32;
        let loss = u32::from(self.report.fraction_lost) << 24 | lost & 0x00ff_ffff;
        let words = [
            self.ssrc,
            loss,
            self.report.highest_sequence,
            self.report.jitter,
            self.last_sender_report,
            self.delay_since_last,
        ];
        let mut bytes = [0; BLOCK_LEN];
        for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_be_bytes());
        }
        bytes
    }
}

impl Iterator for ReportBlocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        let (block, rest) = self.0.split_at_checked(BLOCK_LEN)?;
        self.0 = rest;
        Some(ReportBlock::read(block))
    }
}

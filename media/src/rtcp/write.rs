//! Writes compound packets.

use super::{
    CNAME, FULL_INTRA, GENERIC_NACK, GOODBYE, MAX_COUNT, PAYLOAD_FEEDBACK, PICTURE_LOSS,
    RECEIVER_REPORT, ReportBlock, RtcpError, SENDER_REPORT, SOURCE_DESCRIPTION, SenderInfo,
    TRANSPORT_FEEDBACK,
};

/// Writes packets one behind the other into memory that is there.
///
/// A packet that fails leaves those before it as they were. Beginning with a report, followed by a
/// canonical name, is the caller's part (RFC 3550 section 6.1).
#[derive(Debug)]
pub struct RtcpWriter<'a> {
    out: &'a mut [u8],
    used: usize,
}

impl<'a> RtcpWriter<'a> {
    /// A writer over `out`.
    pub fn new(out: &'a mut [u8]) -> Self {
        Self { out, used: 0 }
    }

    /// What has been written.
    pub fn written(&self) -> &[u8] {
        &self.out[..self.used]
    }

    /// SR (RFC 3550 section 6.4.1), with at most 31 blocks.
    ///
    /// # Errors
    /// Too many blocks, or no room.
    pub fn sender_report(
        &mut self,
        ssrc: u32,
        info: SenderInfo,
        blocks: &[ReportBlock],
    ) -> Result<(), RtcpError> {
        let body = self.packet(SENDER_REPORT, count(blocks.len())?, 24 + blocks.len() * 24)?;
        body[..4].copy_from_slice(&ssrc.to_be_bytes());
        body[4..24].copy_from_slice(&info.to_bytes());
        put_blocks(&mut body[24..], blocks);
        Ok(())
    }

    /// RR (RFC 3550 section 6.4.2), with at most 31 blocks.
    ///
    /// # Errors
    /// Too many blocks, or no room.
    pub fn receiver_report(&mut self, ssrc: u32, blocks: &[ReportBlock]) -> Result<(), RtcpError> {
        let body = self.packet(RECEIVER_REPORT, count(blocks.len())?, 4 + blocks.len() * 24)?;
        body[..4].copy_from_slice(&ssrc.to_be_bytes());
        put_blocks(&mut body[4..], blocks);
        Ok(())
    }

    /// SDES with one canonical name (RFC 3550 section 6.5.1) of at most 255 bytes.
    ///
    /// # Errors
    /// The name is longer, or there is no room.
    pub fn cname(&mut self, ssrc: u32, name: &str) -> Result<(), RtcpError> {
        let len = u8::try_from(name.len()).map_err(|_| RtcpError::TooMany(name.len()))?;
        // The zero that ends the list, and those that fill the word.
        let padded = (4 + 2 + name.len() + 1).next_multiple_of(4);
        let body = self.packet(SOURCE_DESCRIPTION, 1, padded)?;
        body[..4].copy_from_slice(&ssrc.to_be_bytes());
        body[4..6].copy_from_slice(&[CNAME, len]);
        body[6..6 + name.len()].copy_from_slice(name.as_bytes());
        body[6 + name.len()..].fill(0);
        Ok(())
    }

    /// BYE (RFC 3550 section 6.6) of at most 31 sources, with a reason of at most 255 bytes.
    ///
    /// # Errors
    /// Too many sources, a longer reason, or no room.
    pub fn bye(&mut self, sources: &[u32], reason: &str) -> Result<(), RtcpError> {
        let len = u8::try_from(reason.len()).map_err(|_| RtcpError::TooMany(reason.len()))?;
        let text = if reason.is_empty() { 0 } else { (1 + reason.len()).next_multiple_of(4) };
        let body = self.packet(GOODBYE, count(sources.len())?, sources.len() * 4 + text)?;
        let (place, rest) = body.split_at_mut(sources.len() * 4);
        for (place, source) in place.chunks_exact_mut(4).zip(sources) {
            place.copy_from_slice(&source.to_be_bytes());
        }
        if let Some((first, text)) = rest.split_first_mut() {
            *first = len;
            text.fill(0);
            text[..reason.len()].copy_from_slice(reason.as_bytes());
        }
        Ok(())
    }

    /// PLI (RFC 4585 section 6.3.1).
    ///
    /// # Errors
    /// No room.
    pub fn picture_loss(&mut self, sender: u32, media: u32) -> Result<(), RtcpError> {
        let body = self.packet(PAYLOAD_FEEDBACK, PICTURE_LOSS, 8)?;
        body[..4].copy_from_slice(&sender.to_be_bytes());
        body[4..].copy_from_slice(&media.to_be_bytes());
        Ok(())
    }

    /// FIR (RFC 5104 section 4.3.1): sources and the numbers of the requests.
    ///
    /// # Errors
    /// No entry or more than a packet holds, or no room.
    pub fn full_intra(&mut self, sender: u32, entries: &[(u32, u8)]) -> Result<(), RtcpError> {
        if entries.is_empty() {
            return Err(RtcpError::TooMany(0));
        }
        let body = self.packet(PAYLOAD_FEEDBACK, FULL_INTRA, 8 + entries.len() * 8)?;
        body[..4].copy_from_slice(&sender.to_be_bytes());
        // The media source is not used (RFC 5104 section 4.3.1.2).
        body[4..8].fill(0);
        for (place, (source, number)) in body[8..].chunks_exact_mut(8).zip(entries) {
            place[..4].copy_from_slice(&source.to_be_bytes());
            place[4..].copy_from_slice(&[*number, 0, 0, 0]);
        }
        Ok(())
    }

    /// Generic NACK (RFC 4585 section 6.2.1): pairs as of [`super::nack_pairs`].
    ///
    /// # Errors
    /// No pair or more than a packet holds, or no room.
    pub fn nack(&mut self, sender: u32, media: u32, pairs: &[(u16, u16)]) -> Result<(), RtcpError> {
        if pairs.is_empty() {
            return Err(RtcpError::TooMany(0));
        }
        let body = self.packet(TRANSPORT_FEEDBACK, GENERIC_NACK, 8 + pairs.len() * 4)?;
        body[..4].copy_from_slice(&sender.to_be_bytes());
        body[4..8].copy_from_slice(&media.to_be_bytes());
        for (place, (first, behind)) in body[8..].chunks_exact_mut(4).zip(pairs) {
            place[..2].copy_from_slice(&first.to_be_bytes());
            place[2..].copy_from_slice(&behind.to_be_bytes());
        }
        Ok(())
    }

    /// The body of a new packet, behind its header; `len` is a multiple of four.
    fn packet(&mut self, packet_type: u8, count: u8, len: usize) -> Result<&mut [u8], RtcpError> {
        let words = u16::try_from(len / 4).map_err(|_| RtcpError::TooMany(len / 4))?;
        let place = self.out.get_mut(self.used..self.used + 4 + len);
        let place = place.ok_or(RtcpError::NoRoom(4 + len))?;
        self.used += 4 + len;
        place[..2].copy_from_slice(&[0x80 | count, packet_type]);
        place[2..4].copy_from_slice(&words.to_be_bytes());
        Ok(&mut place[4..])
    }
}

fn count(entries: usize) -> Result<u8, RtcpError> {
    if entries > MAX_COUNT {
        return Err(RtcpError::TooMany(entries));
    }
    Ok(entries as u8)
}

fn put_blocks(place: &mut [u8], blocks: &[ReportBlock]) {
    for (place, block) in place.chunks_exact_mut(24).zip(blocks) {
        place.copy_from_slice(&block.to_bytes());
    }
}

//! Reads compound packets in place.

use super::{
    FULL_INTRA, FullIntraEntries, GENERIC_NACK, GOODBYE, NackPairs, PAYLOAD_FEEDBACK, PICTURE_LOSS,
    RECEIVER_REPORT, ReportBlocks, RtcpError, SENDER_REPORT, SOURCE_DESCRIPTION, SenderInfo,
    TRANSPORT_FEEDBACK,
    feedback::FIR_ENTRY_LEN,
    report::{BLOCK_LEN, SENDER_INFO_LEN},
    word,
};

/// A datagram of one or more RTCP packets.
///
/// Iterating gives every packet, or an error, behind which nothing follows. A reduced-size packet
/// (RFC 5506), one that does not begin with a report, is read as well.
#[derive(Debug, Clone)]
pub struct Compound<'a> {
    rest: &'a [u8],
}

/// One packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RtcpPacket<'a> {
    /// SR, RFC 3550 section 6.4.1.
    SenderReport {
        /// Who reports.
        ssrc: u32,
        /// About what it sends.
        info: SenderInfo,
        /// About what it receives.
        blocks: ReportBlocks<'a>,
    },
    /// RR, RFC 3550 section 6.4.2.
    ReceiverReport {
        /// Who reports.
        ssrc: u32,
        /// About what it receives.
        blocks: ReportBlocks<'a>,
    },
    /// SDES, RFC 3550 section 6.5.
    SourceDescription(Chunks<'a>),
    /// BYE, RFC 3550 section 6.6.
    Bye(Bye<'a>),
    /// PLI, RFC 4585 section 6.3.1.
    PictureLoss {
        /// Who asks.
        sender: u32,
        /// For a key frame of this source.
        media: u32,
    },
    /// FIR, RFC 5104 section 4.3.1.
    FullIntra {
        /// Who asks.
        sender: u32,
        /// For key frames of these sources.
        entries: FullIntraEntries<'a>,
    },
    /// Generic NACK, RFC 4585 section 6.2.1.
    Nack {
        /// Who asks.
        sender: u32,
        /// For packets of this source.
        media: u32,
        /// These.
        pairs: NackPairs<'a>,
    },
    /// Another packet, which holds together.
    Other {
        /// Its type.
        packet_type: u8,
        /// Its count or format.
        count: u8,
        /// What follows its header, without padding.
        body: &'a [u8],
    },
}

/// The chunks of a source description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunks<'a> {
    rest: &'a [u8],
    left: u8,
}

/// An item of a source description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SdesItem<'a> {
    /// Whom it describes.
    pub ssrc: u32,
    /// What it says; 1 is the canonical name.
    pub kind: u8,
    /// The text, which is not checked to be UTF-8.
    pub text: &'a [u8],
}

/// Who leaves, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bye<'a> {
    /// Who.
    pub sources: Sources<'a>,
    /// Why; empty if nothing is said.
    pub reason: &'a [u8],
}

/// Sources in a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sources<'a>(&'a [u8]);

impl<'a> Compound<'a> {
    /// The packets of a datagram; nothing is checked yet.
    pub fn new(datagram: &'a [u8]) -> Self {
        Self { rest: datagram }
    }

    /// The packets of a datagram that holds together as a whole (RFC 3550 section A.2).
    ///
    /// # Errors
    /// The first one in it; an empty datagram is too short.
    pub fn checked(datagram: &'a [u8]) -> Result<Self, RtcpError> {
        if datagram.is_empty() {
            return Err(RtcpError::TooShort);
        }
        Self::new(datagram).try_for_each(|packet| packet.map(drop))?;
        Ok(Self::new(datagram))
    }

    /// Whether a datagram on a shared port is RTCP and not RTP (RFC 5761 section 4).
    pub fn is_rtcp(datagram: &[u8]) -> bool {
        matches!(datagram, [first, packet_type, ..] if first >> 6 == 2 && (192..=223).contains(packet_type))
    }

    fn packet(&mut self) -> Result<RtcpPacket<'a>, RtcpError> {
        let head = self.rest.first_chunk::<4>().ok_or(RtcpError::TooShort)?;
        if head[0] >> 6 != 2 {
            return Err(RtcpError::Version);
        }
        if !(192..=223).contains(&head[1]) {
            return Err(RtcpError::Type(head[1]));
        }
        let len = usize::from(u16::from_be_bytes([head[2], head[3]])) * 4 + 4;
        let (packet, rest) = self.rest.split_at_checked(len).ok_or(RtcpError::TooShort)?;
        let mut body = &packet[4..];
        if head[0] & 0x20 != 0 {
            let padding = usize::from(*body.last().ok_or(RtcpError::Padding)?);
            // Only the last packet is padded (RFC 3550 section 6.4.1), by whole words.
            if padding == 0 || padding % 4 != 0 || padding > body.len() || !rest.is_empty() {
                return Err(RtcpError::Padding);
            }
            body = &body[..body.len() - padding];
        }
        self.rest = rest;
        split(head[1], head[0] & 0x1f, body).ok_or(RtcpError::TooShort)
    }
}

impl<'a> Iterator for Compound<'a> {
    type Item = Result<RtcpPacket<'a>, RtcpError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let packet = self.packet();
        if packet.is_err() {
            self.rest = &[];
        }
        Some(packet)
    }
}

/// The parts of a packet; none if its body is shorter than its count says.
fn split(packet_type: u8, count: u8, body: &[u8]) -> Option<RtcpPacket<'_>> {
    let sender = word(body, 0);
    let blocks = |from: usize| body.get(from..from + usize::from(count) * BLOCK_LEN);
    Some(match (packet_type, count) {
        (SENDER_REPORT, _) => RtcpPacket::SenderReport {
            ssrc: sender,
            info: SenderInfo::read(body.get(4..4 + SENDER_INFO_LEN)?),
            blocks: ReportBlocks(blocks(4 + SENDER_INFO_LEN)?),
        },
        (RECEIVER_REPORT, _) => {
            RtcpPacket::ReceiverReport { ssrc: sender, blocks: ReportBlocks(blocks(4)?) }
        }
        (SOURCE_DESCRIPTION, _) => {
            let mut walk = Chunks { rest: body, left: count };
            while walk.left > 0 {
                walk.skip_chunk()?;
            }
            RtcpPacket::SourceDescription(Chunks { rest: body, left: count })
        }
        (GOODBYE, _) => {
            let (sources, rest) = body.split_at_checked(usize::from(count) * 4)?;
            let reason = match rest.split_first() {
                None => &[][..],
                Some((len, text)) => text.get(..usize::from(*len))?,
            };
            RtcpPacket::Bye(Bye { sources: Sources(sources), reason })
        }
        (TRANSPORT_FEEDBACK, GENERIC_NACK) => {
            // At least one pair, as many as the length says.
            let pairs = body.get(8..).filter(|pairs| !pairs.is_empty())?;
            RtcpPacket::Nack { sender, media: word(body, 4), pairs: NackPairs(pairs) }
        }
        (PAYLOAD_FEEDBACK, PICTURE_LOSS) => {
            body.get(..8)?;
            RtcpPacket::PictureLoss { sender, media: word(body, 4) }
        }
        (PAYLOAD_FEEDBACK, FULL_INTRA) => {
            let entries = body.get(8..).filter(|entries| entries.len() >= FIR_ENTRY_LEN)?;
            RtcpPacket::FullIntra { sender, entries: FullIntraEntries(entries) }
        }
        _ => RtcpPacket::Other { packet_type, count, body },
    })
}

impl<'a> Chunks<'a> {
    /// The items of all chunks.
    pub fn items(self) -> impl Iterator<Item = SdesItem<'a>> {
        let mut chunks = self;
        let mut ssrc = None;
        std::iter::from_fn(move || {
            loop {
                let Some(current) = ssrc else {
                    chunks.left = chunks.left.checked_sub(1)?;
                    ssrc = Some(word(chunks.rest, 0));
                    chunks.rest = chunks.rest.get(4..)?;
                    continue;
                };
                if let Some((kind, text)) = chunks.item()? {
                    return Some(SdesItem { ssrc: current, kind, text });
                }
                ssrc = None;
            }
        })
    }

    /// The canonical names.
    pub fn cnames(self) -> impl Iterator<Item = (u32, &'a [u8])> {
        self.items().filter(|item| item.kind == super::CNAME).map(|item| (item.ssrc, item.text))
    }

    /// The next item of a chunk, `Some(None)` at its end, `None` if it is cut.
    fn item(&mut self) -> Option<Option<(u8, &'a [u8])>> {
        let kind = *self.rest.first()?;
        if kind == 0 {
            // The chunk is filled with zeros to a whole word. Bodies are whole words, so what is left
            // says how many; at least one zero ends the list.
            let zeros = match self.rest.len() % 4 {
                0 => 4,
                more => more,
            };
            self.rest = self.rest.get(zeros..)?;
            return Some(None);
        }
        let len = usize::from(*self.rest.get(1)?);
        let (item, rest) = self.rest.split_at_checked(2 + len)?;
        self.rest = rest;
        Some(Some((kind, &item[2..])))
    }

    fn skip_chunk(&mut self) -> Option<()> {
        self.rest = self.rest.get(4..)?;
        self.left -= 1;
        while self.item()?.is_some() {}
        Some(())
    }
}

impl Iterator for Sources<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (source, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*source))
    }
}

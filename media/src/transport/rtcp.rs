//! RTCP of both ends, but for APP packets.

use super::Dropped;
use crate::{Compound, RtcpPacket, RtcpWriter};

/// Bytes of a PLI.
const PLI_LEN: usize = 12;

/// The packets of a compound one. What is cut short comes last, and as it is.
pub(super) fn cut(datagram: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let words = rest.get(2..4).map_or(0, |len| u16::from_be_bytes([len[0], len[1]]));
        let len = (usize::from(words) + 1) * 4;
        let (packet, behind) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        rest = behind;
        (!packet.is_empty()).then_some(packet)
    })
}

/// What one packet that is no APP packet says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// A key frame of this source is needed (RFC 4585 section 6.3.1).
    PictureLoss { sender: u32, media: u32 },
    /// Nothing more will come.
    Bye { sender: u32 },
    /// Reports and descriptions, which are not evaluated.
    Report { sender: u32 },
}

impl Said {
    /// Reads one packet.
    pub(super) fn read(packet: &[u8]) -> Result<Self, Dropped> {
        let sender = packet.get(4..8).and_then(|ssrc| ssrc.first_chunk()).copied();
        let sender = sender.map_or(0, u32::from_be_bytes);
        match Compound::new(packet).next() {
            Some(Ok(RtcpPacket::PictureLoss { sender, media })) => {
                Ok(Self::PictureLoss { sender, media })
            }
            Some(Ok(RtcpPacket::Bye(_))) => Ok(Self::Bye { sender }),
            Some(Ok(
                RtcpPacket::SenderReport { .. }
                | RtcpPacket::ReceiverReport { .. }
                | RtcpPacket::SourceDescription(_),
            )) => Ok(Self::Report { sender }),
            Some(Ok(
                RtcpPacket::FullIntra { .. } | RtcpPacket::Nack { .. } | RtcpPacket::Other { .. },
            )) => Err(Dropped::Kind),
            Some(Err(_)) | None => Err(Dropped::Form),
        }
    }

    /// From whom it is.
    pub(super) const fn sender(self) -> u32 {
        match self {
            Self::PictureLoss { sender, .. } | Self::Bye { sender } | Self::Report { sender } => {
                sender
            }
        }
    }
}

/// Appends a PLI.
pub(super) fn write_picture_loss(sender: u32, media: u32, out: &mut Vec<u8>) {
    let mut packet = [0; PLI_LEN];
    // It is exactly as long as that.
    let _ = RtcpWriter::new(&mut packet).picture_loss(sender, media);
    out.extend(packet);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compound_packets_are_cut_up() {
        let mut both = Vec::new();
        write_picture_loss(1, 2, &mut both);
        write_picture_loss(3, 4, &mut both);
        let said = |bytes: &[u8]| cut(bytes).map(Said::read).collect::<Vec<_>>();
        let (first, second) =
            (Said::PictureLoss { sender: 1, media: 2 }, Said::PictureLoss { sender: 3, media: 4 });
        assert_eq!(said(&both), [Ok(first), Ok(second)]);
        assert_eq!(said(&both[..20]), [Ok(first), Err(Dropped::Form)]);
        assert_eq!(said(&[]), []);
        let mut buffer = [0; 64];
        let mut writer = RtcpWriter::new(&mut buffer);
        writer.receiver_report(7, &[]).unwrap();
        writer.bye(&[8], "").unwrap();
        writer.nack(9, 1, &[(1, 1)]).unwrap();
        let expected =
            [Ok(Said::Report { sender: 7 }), Ok(Said::Bye { sender: 8 }), Err(Dropped::Kind)];
        assert_eq!(said(writer.written()), expected);
    }
}

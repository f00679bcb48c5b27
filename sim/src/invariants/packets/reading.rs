//! What a datagram says: RTP (RFC 3550 section 5.1), or what an APP packet tells (docs/media-transport.md). Read from the
//! bytes, with nothing of what either end reads them with.

use std::net::SocketAddr;

use serde_json::Value;

/// Samples in 20 ms of mono audio at 16 kHz, of two bytes each.
pub(super) const FRAME_SAMPLES: usize = 320;
/// The payload type of such audio.
const AUDIO: u8 = 96;
/// The payload type of an APP packet (RFC 3550 section 6.7).
const APP: u8 = 204;

/// A frame of mono audio: samples in network byte order.
pub(super) type Frame = [[u8; 2]; FRAME_SAMPLES];

/// What a datagram says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said<'a> {
    /// Media of an SSRC; the samples, where it is a frame of mono audio.
    Media(u32, Option<&'a Frame>),
    /// RTCP of an SSRC, and what it tells as JSON.
    Told(u32, Vec<Value>),
    /// Nothing that can be read.
    Noise,
}

/// Reads a datagram.
pub(super) fn read(bytes: &[u8]) -> Said<'_> {
    let Some([first, second]) = bytes.first_chunk() else { return Said::Noise };
    if first >> 6 != 2 {
        return Said::Noise;
    }
    if (192..=223).contains(second) {
        return word(bytes, 4).map_or(Said::Noise, |ssrc| Said::Told(ssrc, told(bytes)));
    }
    let Some(ssrc) = word(bytes, 8) else { return Said::Noise };
    let contributing = 4 * usize::from(first & 0x0f);
    let payload = bytes.get(12 + contributing..).unwrap_or_default();
    // Neither padding nor extensions are part of the transport.
    let plain = second & 0x7f == AUDIO && first & 0x30 == 0;
    Said::Media(ssrc, payload.as_chunks::<2>().0.try_into().ok().filter(|_| plain))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// What the packets of one RTCP datagram tell, one behind the other (section 6.1).
fn told(mut bytes: &[u8]) -> Vec<Value> {
    let mut all = Vec::new();
    while let Some([_, kind, high, low]) = bytes.first_chunk() {
        let length = 4 * (usize::from(u16::from_be_bytes([*high, *low])) + 1);
        let Some((packet, rest)) = bytes.split_at_checked(length) else { break };
        if *kind == APP && packet.get(8..12) == Some(b"RHRS") {
            all.extend(serde_json::from_slice(&packet[12..]).ok());
        }
        bytes = rest;
    }
    all
}

/// What a bot declares of a call's media in a request's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Declared {
    /// Its session.
    pub session: String,
    /// Where it receives.
    pub address: SocketAddr,
    /// Of the audio that it sends.
    pub ssrc: u32,
    /// Of everything that it sends.
    pub ssrcs: Vec<u32>,
    /// Whether it sends and receives audio.
    pub both_ways: bool,
}

/// Reads the blob of a request, if it is one of the open transport.
pub(super) fn declared(body: &Value) -> Option<Declared> {
    let blob: Value = serde_json::from_str(body["mediaConfig"]["blob"].as_str()?).ok()?;
    let own = &blob["rehearsal"];
    let number = |value: &Value| value.as_u64().and_then(|n| u32::try_from(n).ok());
    let ssrc = number(&own["audio"]["ssrc"])?;
    let video = own["video"].as_array().into_iter().flatten().chain([&own["screenSharing"]]);
    let others = video.filter_map(|channel| number(&channel["ssrc"]));
    Some(Declared {
        session: own["session"].as_str()?.to_owned(),
        address: own["address"].as_str()?.parse().ok()?,
        ssrc,
        ssrcs: std::iter::once(ssrc).chain(others).collect(),
        both_ways: matches!(own["audio"]["direction"].as_str(), None | Some("sendReceive")),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn audio_is_read_behind_its_contributing_sources() {
        let mut bytes = vec![0x82, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2];
        bytes.extend((0..FRAME_SAMPLES as i16).flat_map(|n| (-n).to_be_bytes()));
        let Said::Media(7, Some(frame)) = read(&bytes) else { panic!("{:?}", read(&bytes)) };
        let frame = frame.map(i16::from_be_bytes);
        assert_eq!((frame[0], frame[319]), (0, -319));
        bytes.pop();
        assert_eq!(read(&bytes), Said::Media(7, None), "not a whole frame");
        bytes[1] = 102;
        assert_eq!(read(&bytes), Said::Media(7, None), "video");
        assert_eq!(read(&bytes[..11]), Said::Noise);
        bytes[0] = 0x02;
        assert_eq!(read(&bytes), Said::Noise, "another version");
    }

    #[test]
    fn what_is_told_is_read_packet_by_packet() {
        let mut bytes = vec![0x80, 201, 0, 1, 0, 0, 0, 9];
        let text = br#"{"ready":{"session":"1"}}   "#;
        assert_eq!(text.len() % 4, 0);
        bytes.extend([0x80, 204, 0, (text.len() / 4 + 2) as u8, 0, 0, 0, 9]);
        bytes.extend(b"RHRS");
        bytes.extend(text);
        assert_eq!(read(&bytes), Said::Told(9, vec![json!({"ready": {"session": "1"}})]));
        bytes.truncate(bytes.len() - 1);
        assert_eq!(read(&bytes), Said::Told(9, Vec::new()), "cut");
    }

    #[test]
    fn a_blob_is_read_and_others_are_not() {
        let blob = json!({"rehearsal": {"v": 1, "address": "10.0.0.1:5", "session": "ab",
            "audio": {"ssrc": 1}, "video": [{"ssrc": 2}], "screenSharing": {"ssrc": 3}}});
        let body = |blob: String| json!({"mediaConfig": {"blob": blob}});
        let read = declared(&body(blob.to_string())).unwrap();
        assert_eq!((read.ssrc, read.ssrcs, read.both_ways), (1, vec![1, 2, 3], true));
        assert_eq!(declared(&body("{}".to_owned())), None);
        assert_eq!(declared(&json!({})), None);
    }
}

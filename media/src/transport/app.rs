//! APP packets (RFC 3550 section 6.7): everything that RTP and RTCP have no packet for, as JSON.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What the JSON of one packet may take, in bytes.
pub const PAYLOAD_MAX: usize = 1_400;
/// The packet's name.
const NAME: &[u8; 4] = b"RHRS";
/// The packet type APP.
const PT_APP: u8 = 204;
/// Version, length, SSRC and name.
const HEAD: usize = 12;

/// Which of a call's media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Channel {
    /// Audio.
    Audio,
    /// Main video.
    Video,
    /// Screen sharing.
    ScreenSharing,
}

/// Whether media of one direction flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Flow {
    /// It does.
    Active,
    /// What is sent is dropped.
    #[default]
    Inactive,
}

/// What an APP packet says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Message {
    /// Platform: on which SSRCs it will send.
    Session {
        /// As in the blob.
        session: String,
        /// The call.
        call_id: String,
        /// Of the mixed audio.
        audio: u32,
        /// Of the unmixed audio, if it was asked for.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unmixed: Vec<u32>,
        /// Of the video sockets, in their order.
        #[serde(default)]
        video: Vec<u32>,
        /// Of screen sharing, if there is that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        screen_sharing: Option<u32>,
    },
    /// Bot: it has heard of the session.
    Ready {
        /// As in the blob.
        session: String,
    },
    /// Platform: what flows.
    Status {
        /// Of what.
        channel: Channel,
        /// Of which video socket.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        socket: Option<u8>,
        /// From the bot.
        send: Flow,
        /// To the bot.
        receive: Flow,
    },
    /// Platform: who has the word.
    DominantSpeaker {
        /// Media source id, or [`super::NOBODY`].
        current: u32,
        /// Those before, the latest first; never nobody.
        #[serde(default)]
        history: Vec<u32>,
    },
    /// Bot: wants to see somebody.
    Subscribe {
        /// On which video socket; -1 is screen sharing.
        socket: i8,
        /// Whom; left out in a call of two.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source_id: Option<u32>,
        /// At most.
        resolution: String,
    },
    /// Bot: wants to see nobody there any more.
    Unsubscribe {
        /// On which video socket.
        socket: i8,
    },
    /// Bot: takes no more than so many bits in a second (`SetReceiveBandwidthLimit`).
    Limit {
        /// On which video socket.
        socket: i8,
        /// Bits in a second.
        bits_per_second: u32,
    },
    /// Platform: what will come.
    Subscribed {
        /// On which video socket.
        socket: i8,
        /// Of whom; absent if nothing will come.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source_id: Option<u32>,
        /// In which format, as in `320x180@15`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<String>,
    },
    /// Platform: whether video is frozen.
    Quality {
        /// On which video socket.
        socket: i8,
        /// `detected` or `recovered`.
        state: String,
    },
    /// Platform: the bot cannot have that.
    Refused {
        /// What it asked for.
        what: String,
        /// Why not.
        why: String,
    },
}

/// Not one of our APP packets.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AppError {
    /// No APP packet, or cut short.
    #[error("not an APP packet")]
    Form,
    /// An APP packet of something else.
    #[error("an APP packet of another name")]
    Name,
    /// Not what this version knows.
    #[error("{0}")]
    Json(String),
}

impl Message {
    /// The packet, from this SSRC.
    ///
    /// # Panics
    /// If it does not fit: every message of ours does, [`Message::Refused`] and names being kept short by whoever
    /// makes them.
    pub fn to_packet(&self, ssrc: u32) -> Vec<u8> {
        let mut json = serde_json::to_vec(self).expect("messages are JSON");
        while !json.len().is_multiple_of(4) {
            json.push(b' ');
        }
        assert!(json.len() <= PAYLOAD_MAX, "a message of {} bytes", json.len());
        let words = (HEAD + json.len()) / 4 - 1;
        let mut packet = vec![0x80, PT_APP];
        packet.extend(u16::try_from(words).unwrap_or(u16::MAX).to_be_bytes());
        packet.extend(ssrc.to_be_bytes());
        packet.extend(NAME);
        packet.extend(json);
        packet
    }

    /// Reads one packet; a compound one is cut up by whoever calls.
    ///
    /// # Errors
    /// See [`AppError`]; never panics, whatever the bytes are.
    pub fn read(packet: &[u8]) -> Result<(u32, Self), AppError> {
        let (head, rest) = packet.split_first_chunk::<HEAD>().ok_or(AppError::Form)?;
        let words = usize::from(u16::from_be_bytes([head[2], head[3]]));
        if head[0] >> 6 != 2 || head[1] != PT_APP || packet.len() < (words + 1) * 4 || words < 2 {
            return Err(AppError::Form);
        }
        if head[8..12] != *NAME || head[0] & 0x1f != 0 {
            return Err(AppError::Name);
        }
        let json = &rest[..(words + 1) * 4 - HEAD];
        if json.len() > PAYLOAD_MAX {
            return Err(AppError::Form);
        }
        let ssrc = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
        let message = serde_json::from_slice(json).map_err(|e| AppError::Json(e.to_string()))?;
        Ok((ssrc, message))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn messages_are_read_back() {
        let messages = [
            Message::Session {
                session: "0f".repeat(16),
                call_id: "c".to_owned(),
                audio: 1,
                unmixed: vec![2, 3, 4, 5],
                video: (10..20).collect(),
                screen_sharing: Some(6),
            },
            Message::Subscribe { socket: -1, source_id: None, resolution: "HD720p".to_owned() },
            Message::DominantSpeaker { current: super::super::NOBODY, history: vec![1, 2] },
        ];
        for message in messages {
            let packet = message.to_packet(7);
            assert!(packet.len().is_multiple_of(4) && super::super::is_rtcp(&packet));
            assert_eq!(Message::read(&packet), Ok((7, message)));
        }
        let words = r#"{"subscribe":{"socket":0,"sourceId":5,"resolution":"SD180p"}}"#;
        let read: Message = serde_json::from_str(words).unwrap();
        let resolution = "SD180p".to_owned();
        assert_eq!(read, Message::Subscribe { socket: 0, source_id: Some(5), resolution });
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let good = Message::Ready { session: "s".to_owned() }.to_packet(7);
        assert_eq!(Message::read(&good[..good.len() - 1]), Err(AppError::Form));
        let mut other = good.clone();
        other[8] = b'X';
        assert_eq!(Message::read(&other), Err(AppError::Name));
        let mut broken = good;
        broken[HEAD] = b'[';
        assert!(matches!(Message::read(&broken), Err(AppError::Json(_))));
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..64), flip in any::<prop::sample::Index>()) {
            let _ = Message::read(&bytes);
            let mut packet = Message::Ready { session: "0123".to_owned() }.to_packet(7);
            let at = flip.index(packet.len());
            packet[at] = packet[at].wrapping_add(bytes.first().copied().unwrap_or(1));
            let _ = Message::read(&packet);
        }
    }
}

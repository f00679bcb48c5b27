//! What a bot declares of its media: the member `rehearsal` of `appHostedMediaConfig.blob`.

use std::{collections::BTreeSet, net::SocketAddr};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::VIDEO_SOCKETS_MAX;

/// The version that is read.
const VERSION: u64 = 1;
/// Bytes of a blob. The documentation knows no limit; ours.
const BYTES_MAX: usize = 64 << 10;
/// Formats that one channel may announce.
const FORMATS_MAX: usize = 32;

/// What flows, from the bot's point of view, in Graph's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// Nothing.
    Inactive,
    /// From the bot only.
    SendOnly,
    /// To the bot only.
    ReceiveOnly,
    /// Both ways.
    #[default]
    SendReceive,
}

impl Direction {
    /// Whether the bot may send.
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendOnly | Self::SendReceive)
    }

    /// Whether the bot is sent to.
    pub const fn receives(self) -> bool {
        matches!(self, Self::ReceiveOnly | Self::SendReceive)
    }
}

/// How samples are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum AudioFormat {
    /// 16 kHz, mono.
    #[default]
    Pcm16K,
    /// 44.1 kHz, stereo.
    Pcm44KStereo,
}

/// The audio of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AudioChannel {
    /// Of what the bot sends.
    pub ssrc: u32,
    /// What flows.
    #[serde(default)]
    pub direction: Direction,
    /// How.
    #[serde(default)]
    pub format: AudioFormat,
    /// The four loudest apart, and no mixed audio.
    #[serde(default)]
    pub unmixed: bool,
}

/// How video is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Receive {
    /// As it is.
    #[default]
    H264,
    /// Decoded, by the bot's side of the transport.
    Nv12,
}

/// A format that a bot will send, as in `1280x720@30`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VideoSend {
    /// Luma samples in a row.
    pub width: u16,
    /// Rows.
    pub height: u16,
    /// Frames in a second.
    pub fps: f32,
}

impl TryFrom<String> for VideoSend {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parts = || {
            let (size, fps) = text.split_once('@')?;
            let (width, height) = size.split_once('x')?;
            let side = |text: &str| text.parse().ok().filter(|n: &u16| (16..=4_096).contains(n));
            let fps = fps.parse().ok().filter(|fps: &f32| *fps > 0.0 && *fps <= 60.0);
            Some(Self { width: side(width)?, height: side(height)?, fps: fps? })
        };
        parts().ok_or_else(|| format!("'{text}' is no format; one is '1280x720@30'"))
    }
}

impl From<VideoSend> for String {
    fn from(VideoSend { width, height, fps }: VideoSend) -> Self {
        format!("{width}x{height}@{fps}")
    }
}

/// A video socket, or screen sharing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VideoChannel {
    /// Of what the bot sends.
    pub ssrc: u32,
    /// What flows.
    #[serde(default)]
    pub direction: Direction,
    /// What it wants.
    #[serde(default)]
    pub receive: Receive,
    /// What it will send, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub send: Vec<VideoSend>,
}

/// What a bot declares of one call's media.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Blob {
    /// The version: 1.
    pub v: u64,
    /// Where the bot receives.
    pub address: SocketAddr,
    /// 32 hexadecimal digits.
    pub session: String,
    /// Audio.
    pub audio: AudioChannel,
    /// Video sockets, in the order of their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub video: Vec<VideoChannel>,
    /// Screen sharing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen_sharing: Option<VideoChannel>,
}

/// What is wrong with a blob: which key, and why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{key}: {why}")]
pub struct BlobError {
    /// As in `rehearsal.video[1].send[0]`; `blob` for the whole.
    pub key: String,
    /// In words.
    pub why: String,
}

fn wrong(key: &str, why: impl Into<String>) -> BlobError {
    // The path of the whole is a dot.
    BlobError { key: key.trim_end_matches('.').to_owned(), why: why.into() }
}

impl Blob {
    /// Reads a blob. `None`: it is one of Microsoft's library, or another's, and the call has no media.
    ///
    /// # Errors
    /// See [`BlobError`]: a text that is no JSON object, and a member `rehearsal` that is not as documented.
    pub fn read(text: &str) -> Result<Option<Self>, BlobError> {
        if text.len() > BYTES_MAX {
            return Err(wrong("blob", format!("it has more than {BYTES_MAX} bytes")));
        }
        let whole: Value = serde_json::from_str(text)
            .map_err(|error| wrong("blob", format!("it must be JSON: {error}")))?;
        let Some(whole) = whole.as_object() else {
            return Err(wrong("blob", "it must be a JSON object"));
        };
        let Some(own) = whole.get("rehearsal") else { return Ok(None) };
        if own["v"].as_u64().is_some_and(|v| v != VERSION) {
            let why = format!("this is version {}, and {VERSION} is read", own["v"]);
            return Err(wrong("rehearsal.v", why));
        }
        let blob: Self = serde_path_to_error::deserialize(own)
            .map_err(|e| wrong(&format!("rehearsal.{}", e.path()), e.inner().to_string()))?;
        blob.check()?;
        Ok(Some(blob))
    }

    /// The text of the blob.
    ///
    /// # Panics
    /// Never: it is JSON.
    pub fn to_text(&self) -> String {
        serde_json::json!({ "rehearsal": self }).to_string()
    }

    /// The SSRCs on which the bot will send: of audio, of the video sockets, of screen sharing.
    pub fn ssrcs(&self) -> impl Iterator<Item = u32> {
        let video = self.video.iter().chain(&self.screen_sharing).map(|channel| channel.ssrc);
        std::iter::once(self.audio.ssrc).chain(video)
    }

    fn check(&self) -> Result<(), BlobError> {
        let hex = self.session.len() == 32 && self.session.bytes().all(|b| b.is_ascii_hexdigit());
        if !hex {
            return Err(wrong("rehearsal.session", "it must have 32 hexadecimal digits"));
        }
        if self.address.port() == 0 || self.address.ip().is_unspecified() {
            let why = format!("{} is nowhere that one could send to", self.address);
            return Err(wrong("rehearsal.address", why));
        }
        if self.video.len() > VIDEO_SOCKETS_MAX {
            let why = format!("at most {VIDEO_SOCKETS_MAX} sockets");
            return Err(wrong("rehearsal.video", why));
        }
        for (at, channel) in self.video.iter().enumerate() {
            let key = format!("rehearsal.video[{at}]");
            if at > 0 && channel.direction.sends() {
                let why = "only the first video socket may send";
                return Err(wrong(&format!("{key}.direction"), why));
            }
            if !channel.direction.receives() {
                return Err(wrong(&format!("{key}.direction"), "all video sockets must receive"));
            }
            check_formats(&key, channel)?;
        }
        if let Some(channel) = &self.screen_sharing {
            check_formats("rehearsal.screenSharing", channel)?;
        }
        self.check_ssrcs()
    }

    fn check_ssrcs(&self) -> Result<(), BlobError> {
        let mut seen = BTreeSet::from([self.audio.ssrc]);
        let video = self.video.iter().enumerate().map(|(at, one)| (format!("video[{at}]"), one));
        let sharing = self.screen_sharing.iter().map(|one| ("screenSharing".to_owned(), one));
        for (name, channel) in video.chain(sharing) {
            if !seen.insert(channel.ssrc) {
                let why = format!("{} is another channel's already", channel.ssrc);
                return Err(wrong(&format!("rehearsal.{name}.ssrc"), why));
            }
        }
        Ok(())
    }
}

fn check_formats(key: &str, channel: &VideoChannel) -> Result<(), BlobError> {
    let key = format!("{key}.send");
    if channel.direction.sends() && channel.send.is_empty() {
        return Err(wrong(&key, "whoever sends says in which formats"));
    }
    if channel.send.len() > FORMATS_MAX {
        return Err(wrong(&key, format!("at most {FORMATS_MAX} formats")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"mpUri": "net.tcp://x", "rehearsal": {"v": 1, "address": "127.0.0.1:50000",
        "session": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "audio": {"ssrc": 1000},
        "video": [{"ssrc": 2000, "send": ["1280x720@30", "320x180@7.5"]},
                  {"ssrc": 2001, "direction": "receiveOnly", "receive": "NV12"}],
        "screenSharing": {"ssrc": 3000, "direction": "receiveOnly"}}}"#;

    #[test]
    fn a_good_one_is_read_back() {
        let blob = Blob::read(GOOD).unwrap().expect("it is ours");
        assert_eq!((blob.video[0].send[1].fps, blob.video[1].receive), (7.5, Receive::Nv12));
        assert_eq!(Blob::read(&blob.to_text()), Ok(Some(blob)));
        assert_eq!(Blob::read(r#"{"mpUri": "net.tcp://x"}"#), Ok(None));
    }

    #[test]
    fn mistakes_are_named() {
        for (from, to, key) in [
            ("\"v\": 1", "\"v\": 2", "rehearsal.v"),
            ("\"v\": 1,", "", "rehearsal"),
            ("127.0.0.1:50000", "localhost", "rehearsal.address"),
            ("127.0.0.1:50000", "0.0.0.0:50000", "rehearsal.address"),
            ("0f1e", "xyz1", "rehearsal.session"),
            ("\"ssrc\": 1000", "\"ssrc\": -1", "rehearsal.audio.ssrc"),
            ("\"ssrc\": 2001", "\"ssrc\": 2000", "rehearsal.video[1].ssrc"),
            ("\"ssrc\": 3000", "\"ssrc\": 1000", "rehearsal.screenSharing.ssrc"),
            ("320x180@7.5", "320x180", "rehearsal.video[0].send[1]"),
            ("2001, \"direction\": \"receiveOnly\"", "2001", "rehearsal.video[1].direction"),
            ("2000,", "2000, \"direction\": \"sendOnly\",", "rehearsal.video[0].direction"),
            ("\"receive\": \"NV12\"", "\"receive\": \"RGB24\"", "rehearsal.video[1].receive"),
            (
                "{\"ssrc\": 1000}",
                "{\"ssrc\": 1000, \"format\": \"Pcm48K\"}",
                "rehearsal.audio.format",
            ),
            ("\"audio\":", "\"sound\":", "rehearsal.sound"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            assert_ne!(text, GOOD, "{from}");
            let error = Blob::read(&text).expect_err(to);
            assert_eq!(error.key, key, "{to}: {error}");
        }
        assert_eq!(Blob::read("[1]").unwrap_err().key, "blob");
        assert_eq!(Blob::read("{").unwrap_err().key, "blob");
        assert_eq!(Blob::read(&" ".repeat(BYTES_MAX + 1)).unwrap_err().key, "blob");
    }
}

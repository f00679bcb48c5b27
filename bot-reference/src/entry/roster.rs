//! Who is in a conference: full lists and what has changed in them.

use graph_api::Guid;
use serde_json::Value;

/// Participants that are remembered of one roster.
pub(crate) const SEATS_MAX: usize = 1_000;
/// Streams that are read of one participant.
const STREAMS_MAX: usize = 16;

/// One stream of somebody in a conference (mediaStream).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    /// The media source id.
    pub source: u32,
    /// Whether something comes that others may subscribe to: nothing of whoever waits in a lobby does.
    pub sends: bool,
}

/// What somebody in a conference has streams for; each kind has a media source id of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Streams {
    /// Audio: whom `DominantSpeakerChanged` means.
    pub audio: Option<Stream>,
    /// Main video.
    pub video: Option<Stream>,
    /// Screen sharing.
    pub sharing: Option<Stream>,
}

/// Somebody in a conference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seat {
    /// The id as a participant.
    pub participant: Guid,
    /// The user; none for bots, telephones and guests.
    pub user: Option<Guid>,
    /// Is not heard, whoever has seen to that.
    pub muted: bool,
    /// Has left, or was removed.
    pub gone: bool,
    /// What can be heard and seen of them.
    pub streams: Streams,
}

/// What a roster notification says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RosterNews {
    /// Everybody.
    Full(Vec<Seat>),
    /// What has changed since the one before; the first of them is everybody.
    Delta {
        /// Counts from 1.
        sequence: u64,
        /// Who came, changed, or went.
        changed: Vec<Seat>,
    },
}

impl RosterNews {
    /// Reads the data of a roster notification; none if it is neither kind.
    pub fn of(data: &Value) -> Option<Self> {
        if let Some(all) = data.as_array() {
            return Some(Self::Full(seats(all)));
        }
        let sequence = data.get("sequenceNumber")?.as_u64()?;
        let changed = seats(data.get("participants")?.as_array()?);
        Some(Self::Delta { sequence, changed })
    }
}

impl RosterNews {
    /// Those who are named.
    pub fn seats(&self) -> &[Seat] {
        match self {
            Self::Full(seats) | Self::Delta { changed: seats, .. } => seats,
        }
    }
}

/// Reads participants; those without an id are left out.
pub fn seats(participants: &[Value]) -> Vec<Seat> {
    participants.iter().take(SEATS_MAX).filter_map(seat).collect()
}

fn seat(one: &Value) -> Option<Seat> {
    let guid = |path: &str| one.pointer(path)?.as_str()?.parse().ok();
    Some(Seat {
        participant: guid("/id")?,
        user: guid("/info/identity/user/id"),
        muted: one.get("isMuted").and_then(Value::as_bool).unwrap_or_default(),
        gone: one.get("removedState").is_some_and(|removed| !removed.is_null()),
        streams: streams(one),
    })
}

fn streams(one: &Value) -> Streams {
    let waits = one.get("isInLobby").and_then(Value::as_bool) == Some(true);
    let all = one.get("mediaStreams").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let of = |kind: &str, directions: &[&str]| {
        let text = |stream: &Value, name: &str| {
            stream.get(name).and_then(Value::as_str).map(str::to_ascii_lowercase)
        };
        let found = all
            .iter()
            .take(STREAMS_MAX)
            .find(|one| text(one, "mediaType").as_deref() == Some(kind))?;
        let id = found.get("sourceId")?;
        // Text by the schema.
        let number = id.as_u64().or_else(|| id.as_str()?.parse().ok());
        let direction = text(found, "direction").unwrap_or_default();
        let sends = !waits && directions.contains(&direction.as_str());
        Some(Stream { source: number?.try_into().ok()?, sends })
    };
    let both = ["sendreceive", "sendonly"];
    // whoever shares only sends.
    let sharing = of("videobasedscreensharing", &both[1..]);
    Streams { audio: of("audio", &both), video: of("video", &both), sharing }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// contract media 3.1.
    #[test]
    fn streams_are_those_that_can_be_subscribed_to() {
        let id = Guid::from_u128(7);
        let stream = |kind: &str, id: &str, direction: &str| json!({"mediaType": kind, "sourceId": id, "direction": direction});
        let of = |streams: Value, waits: bool| {
            seats(&[json!({"id": id, "mediaStreams": streams, "isInLobby": waits})])[0].streams
        };
        let all = json!([
            stream("audio", "1", "sendReceive"),
            stream("video", "2", "sendOnly"),
            stream("VideoBasedScreenSharing", "3", "sendOnly"),
            stream("video", "4", "sendReceive"),
        ]);
        let sends = |source| Some(Stream { source, sends: true });
        let Streams { audio, video, sharing } = of(all.clone(), false);
        assert_eq!([audio, video, sharing], [sends(1), sends(2), sends(3)]);
        assert_eq!(of(all, true).video, Some(Stream { source: 2, sends: false }), "in the lobby");
        for direction in ["receiveOnly", "inactive"] {
            let found = of(json!([stream("video", "5", direction)]), false).video;
            assert_eq!(found, Some(Stream { source: 5, sends: false }));
        }
        let sharing = of(json!([stream("videoBasedScreenSharing", "6", "sendReceive")]), false);
        assert_eq!(sharing.sharing, Some(Stream { source: 6, sends: false }));
        for bad in [json!([stream("video", "-1", "sendOnly")]), json!([7, {}]), json!("x")] {
            assert_eq!(of(bad, false), Streams::default());
        }
    }
}

//! What is said of a call, in a notification or in the answer to a read.

use graph_api::Guid;
use serde_json::Value;

/// Where a call is (callState).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Somebody rings.
    Incoming,
    /// On the way.
    Establishing,
    /// There.
    Established,
    /// The other end has put it on hold.
    Hold,
    /// The other end is being put through, or has been.
    Transferring,
    /// Over.
    Terminated,
    /// A state that changes nothing for this bot.
    Other,
}

/// A key of a telephone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// 0 to 9.
    Digit(u8),
    /// `*`
    Star,
    /// `#`
    Pound,
    /// A to D, a flash of the hook, or something newer.
    Other,
}

/// A key that was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Press {
    /// Counts from 1 in each call.
    pub sequence: u64,
    /// Which.
    pub key: Key,
}

/// What is said of a call, as far as it is said: updates are partial.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Where it is.
    pub state: Option<State>,
    /// Whether audio flows.
    pub audio: Option<bool>,
    /// It has the coordinates of a conference, or several targets: it is a group call.
    pub group: bool,
    /// Whoever comes with it has to be recorded.
    pub recorded: bool,
    /// The user at the other end, where there is one whose name may be seen.
    pub peer: Option<Guid>,
    /// That user's id as a participant.
    pub participant: Option<Guid>,
    /// The bot's own id as a participant.
    pub own: Option<Guid>,
    /// Something went wrong: a transfer, where one was under way.
    pub failed: bool,
    /// A key was pressed.
    pub press: Option<Press>,
}

impl Facts {
    /// Reads a call. Whatever is missing or of another shape is not said.
    pub fn of(call: &Value) -> Self {
        let there = |name: &str| call.get(name).is_some_and(|value| !value.is_null());
        let audio = call.pointer("/mediaState/audio").and_then(Value::as_str);
        let targets = call.get("targets").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let outgoing = call.get("direction").and_then(Value::as_str) == Some("outgoing");
        let other = match (outgoing, targets) {
            (true, [only]) => Some(only),
            (true, _) => None,
            (false, _) => call.get("source"),
        };
        let guid = |path: &str| other?.pointer(path)?.as_str()?.parse().ok();
        Self {
            state: call.get("state").and_then(Value::as_str).map(state_of),
            audio: audio.map(|audio| audio == "active"),
            recorded: call
                .pointer("/incomingContext/observedParticipantId")
                .is_some_and(|observed| !observed.is_null()),
            group: there("meetingInfo") || there("chatInfo") || (outgoing && targets.len() > 1),
            peer: guid("/identity/user/id"),
            participant: guid("/id"),
            own: call.get("myParticipantId").and_then(Value::as_str).and_then(|id| id.parse().ok()),
            failed: call.pointer("/resultInfo/code").is_some_and(is_failure),
            press: call.get("toneInfo").and_then(press_of),
        }
    }
}

impl Key {
    /// The key of a tone, in Graph's words.
    pub fn of_tone(tone: &str) -> Self {
        let tone = tone.to_ascii_lowercase();
        let digit = tone.strip_prefix("tone").and_then(|digit| digit.parse().ok());
        match (tone.as_str(), digit) {
            ("star", _) => Self::Star,
            ("pound", _) => Self::Pound,
            (_, Some(digit @ 0..=9)) => Self::Digit(digit),
            _ => Self::Other,
        }
    }
}

/// Enumerations grow, and their case varies.
fn state_of(text: &str) -> State {
    match text.to_ascii_lowercase().as_str() {
        "incoming" => State::Incoming,
        "establishing" | "ringing" => State::Establishing,
        "established" => State::Established,
        "hold" => State::Hold,
        "transferring" | "transferaccepted" => State::Transferring,
        "terminated" => State::Terminated,
        _ => State::Other,
    }
}

/// Numbers by the schema, text in some samples.
fn is_failure(code: &Value) -> bool {
    let number = code.as_i64().or_else(|| code.as_str()?.parse().ok());
    number.is_some_and(|code| code >= 300)
}

fn press_of(info: &Value) -> Option<Press> {
    let sequence = info.get("sequenceId")?.as_u64()?;
    let tone = info.get("tone")?.as_str()?;
    Some(Press { sequence, key: Key::of_tone(tone) })
}

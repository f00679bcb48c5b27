//! What a notification says, read tolerantly: unknown members, types and resources are let through.

mod facts;
mod flaws;
mod pedantry;
mod roster;

use graph_api::Guid;
use serde_json::Value;
use thiserror::Error;

use crate::Flaw;

pub use facts::{Facts, Key, Press, State};
pub(crate) use roster::SEATS_MAX;
pub use roster::{RosterNews, Seat, Stream, Streams, seats};

/// Entries of one batch.
const ENTRIES_MAX: usize = 1_000;

/// One entry of a notification, as far as this bot cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The call that it is about.
    pub call: Guid,
    /// What about it.
    pub subject: Subject,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Somebody rings, or invites into a conference.
    Incoming(Facts),
    /// The call changed.
    Updated(Facts),
    /// The call is over.
    Ended,
    /// An operation is over.
    OperationEnded {
        /// What it was called when it was asked for.
        context: Option<String>,
        /// It did what it was asked to.
        worked: bool,
    },
    /// Who is in the conference.
    Roster(RosterNews),
    /// Nothing that concerns this bot.
    Other,
}

/// A body that is no notification.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BadNotification {
    /// Not JSON.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// JSON of another shape.
    #[error("'{0}' is missing or of the wrong type")]
    Shape(&'static str),
    /// Too much at once.
    #[error("more than {ENTRIES_MAX} entries")]
    TooMany,
}

/// Reads a body. Entries about resources that are unknown here are dropped.
///
/// # Errors
/// The body is no `commsNotifications`.
pub fn read(body: &[u8], flaw: Option<Flaw>) -> Result<Vec<Entry>, BadNotification> {
    // RFC 8259 8.1: whoever reads may ignore a byte order mark.
    let strict = flaw == Some(Flaw::StumblesOverByteOrderMark);
    let body = body.strip_prefix(b"\xef\xbb\xbf").filter(|_| !strict).unwrap_or(body);
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| BadNotification::NotJson(error.to_string()))?;
    let entries = body.get("value").and_then(Value::as_array);
    let entries = entries.ok_or(BadNotification::Shape("value"))?;
    if entries.len() > ENTRIES_MAX {
        return Err(BadNotification::TooMany);
    }
    if let Some(flaw) = flaw {
        entries.iter().try_for_each(|entry| flaws::refuses(flaw, entry))?;
    }
    entries.iter().try_for_each(|entry| pedantry::check(entry, flaw))?;
    let read = if flaw == Some(Flaw::ReadsFirstEntryOnly) { 1 } else { ENTRIES_MAX };
    entries.iter().take(read).filter_map(|entry| entry_of(entry, flaw).transpose()).collect()
}

fn entry_of(entry: &Value, flaw: Option<Flaw>) -> Result<Option<Entry>, BadNotification> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let change = text("changeType").ok_or(BadNotification::Shape("changeType"))?;
    // Older notifications carry `resource` alone; `id` in the data may be missing (notifications.md 1).
    let url = text("resourceUrl").or_else(|| text("resource"));
    let url = url.ok_or(BadNotification::Shape("resourceUrl"))?;
    let data = entry.get("resourceData").unwrap_or(&Value::Null);
    let Some((call, below)) = locate(url) else { return Ok(None) };
    if pedantry::drops(entry, url, call, flaw) {
        return Ok(None);
    }
    let data_text = |name: &str| data.get(name).and_then(Value::as_str);
    let is_in = |state| data_text("state").is_some_and(|text| text.eq_ignore_ascii_case(state));
    let subject = match (below, change.to_ascii_lowercase().as_str()) {
        (None, "deleted") => Subject::Ended,
        (None, _) if is_in("terminated") => Subject::Ended,
        (None, "created") if is_in("incoming") => Subject::Incoming(Facts::of(data)),
        (None, _) => Subject::Updated(Facts::of(data)),
        (Some("operations"), "deleted") => Subject::OperationEnded {
            context: data_text("clientContext").map(str::to_owned),
            worked: data_text("status").is_some_and(|it| it.eq_ignore_ascii_case("completed")),
        },
        (Some("participants"), _) => RosterNews::of(data).map_or(Subject::Other, Subject::Roster),
        _ => Subject::Other,
    };
    Ok(Some(Entry { call, subject }))
}

/// The call of a resource, and the collection below it.
fn locate(url: &str) -> Option<(Guid, Option<&str>)> {
    let mut parts = url.split('/').filter(|part| !part.is_empty());
    parts.by_ref().find(|part| part.eq_ignore_ascii_case("calls"))?;
    let call = parts.next()?.parse().ok()?;
    Some((call, parts.next()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const CALL: Guid = Guid::from_u128(7);

    fn one(entry: Value) -> Vec<Entry> {
        read(json!({"value": [entry]}).to_string().as_bytes(), None).unwrap()
    }

    #[test]
    fn the_call_is_named_by_the_url() {
        let url = format!("/communications/calls/{CALL}");
        let data = json!({"state": "established", "mediaState": {"audio": "active"}, "new": [1]});
        let entry =
            json!({"changeType": "updated", "resourceUrl": url, "resourceData": data, "x": 1});
        let established = Some(State::Established);
        let facts = Facts { state: established, audio: Some(true), ..Facts::default() };
        assert_eq!(one(entry), [Entry { call: CALL, subject: Subject::Updated(facts) }]);
    }

    /// what a call says beside its state, in every spelling.
    #[test]
    fn calls_are_read_as_far_as_they_go() {
        let user = json!({"id": CALL, "identity": {"user": {"id": CALL}}});
        let incoming = Facts::of(&json!({"state": "incoming", "source": user, "chatInfo": {}}));
        let who = (incoming.peer, incoming.participant, incoming.group);
        assert_eq!(who, (Some(CALL), Some(CALL), true));
        let outgoing = json!({"direction": "outgoing", "targets": [user], "source": {"id": 1}});
        assert_eq!(Facts::of(&outgoing).peer, Some(CALL));
        let tone = |tone: &str| Facts::of(&json!({"toneInfo": {"sequenceId": 3, "tone": tone}}));
        let key = |text| tone(text).press.map(|press| (press.sequence, press.key));
        assert_eq!(key("tone7"), Some((3, Key::Digit(7))));
        assert_eq!([key("star"), key("pound")], [Some((3, Key::Star)), Some((3, Key::Pound))]);
        assert_eq!([key("a"), key("tone77")], [Some((3, Key::Other)); 2]);
        let failed =
            json!({"state": "established", "resultInfo": {"code": "500", "subCode": 7000}});
        assert!(Facts::of(&failed).failed);
        assert_eq!(
            Facts::of(&json!({"mediaState": 7, "toneInfo": [], "targets": {}})),
            Facts::default()
        );
    }

    ///
    #[test]
    fn rosters_are_read_full_and_delta() {
        let url = format!("/communications/calls/{CALL}/participants");
        let someone = json!({"id": CALL, "info": {"identity": {"user": {"id": CALL}}}});
        let seat = Seat { participant: CALL, user: Some(CALL), ..Seat::default() };
        let roster = |data: Value| {
            one(json!({"changeType": "updated", "resourceUrl": url, "resourceData": data}))
                .remove(0)
                .subject
        };
        let full = RosterNews::Full(vec![seat]);
        assert_eq!(roster(json!([someone, {"id": null}])), Subject::Roster(full));
        let delta = RosterNews::Delta { sequence: 2, changed: vec![seat] };
        let data = json!({"sequenceNumber": 2, "participants": [someone]});
        assert_eq!(roster(data), Subject::Roster(delta));
        assert_eq!(roster(json!({"participants": 7})), Subject::Other);
    }

    #[test]
    fn old_names_and_other_resources() {
        let old = format!("/app/calls/{}", CALL.to_string().replace('-', ""));
        let entry = json!({"changeType": "deleted", "resource": old, "resourceData": {}});
        assert_eq!(one(entry), [Entry { call: CALL, subject: Subject::Ended }]);
        assert_eq!(one(json!({"changeType": "updated", "resourceUrl": "/elsewhere/9"})), []);
        assert_eq!(read(b"{}", None), Err(BadNotification::Shape("value")));
    }

    proptest! {
        #[test]
        fn whatever_comes_no_panic(body in prop::collection::vec(any::<u8>(), 0..300), cut in 0..200_usize) {
            let _ = read(&body, None);
            let url = format!("/communications/calls/{CALL}/operations/1");
            let text = json!({"value": [{"changeType": "deleted", "resourceUrl": url}]}).to_string();
            let _ = read(&text.as_bytes()[..cut.min(text.len())], None);
        }
    }
}

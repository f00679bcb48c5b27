//! What a notification says, read tolerantly: unknown members, types and resources are let through.

use graph_api::Guid;
use serde_json::Value;
use thiserror::Error;

use crate::Flaw;

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
    /// Somebody rings.
    Incoming,
    /// The call changed.
    Updated {
        /// It is established.
        established: bool,
        /// Audio flows; said in this very entry.
        audio_active: bool,
    },
    /// The call is over.
    Ended,
    /// An operation is over; what it was called when it was asked for.
    OperationEnded(Option<String>),
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
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| BadNotification::NotJson(error.to_string()))?;
    let entries = body.get("value").and_then(Value::as_array);
    let entries = entries.ok_or(BadNotification::Shape("value"))?;
    if entries.len() > ENTRIES_MAX {
        return Err(BadNotification::TooMany);
    }
    if flaw == Some(Flaw::RejectsUnknownMembers) {
        entries.iter().try_for_each(only_known_members)?;
    }
    entries.iter().filter_map(|entry| entry_of(entry, flaw).transpose()).collect()
}

fn entry_of(entry: &Value, flaw: Option<Flaw>) -> Result<Option<Entry>, BadNotification> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let change = text("changeType").ok_or(BadNotification::Shape("changeType"))?;
    // Older notifications carry `resource` alone; `id` in the data may be missing (notifications.md 1).
    let url = text("resourceUrl").or_else(|| text("resource"));
    let url = url.ok_or(BadNotification::Shape("resourceUrl"))?;
    let data = entry.get("resourceData").unwrap_or(&Value::Null);
    let Some((call, below)) = locate(url) else { return Ok(None) };
    if flaw == Some(Flaw::ReadsIdFromResourceData) && data.get("id").is_none() {
        return Ok(None);
    }
    let data_text = |name: &str| data.get(name).and_then(Value::as_str);
    let subject = match (below, change.to_ascii_lowercase().as_str()) {
        (None, "deleted") => Subject::Ended,
        (None, _) if data_text("state") == Some("terminated") => Subject::Ended,
        (None, "created") if data_text("state") == Some("incoming") => Subject::Incoming,
        (None, _) => Subject::Updated {
            established: data_text("state") == Some("established"),
            audio_active: data.pointer("/mediaState/audio") == Some(&Value::from("active")),
        },
        (Some("operations"), "deleted") => {
            Subject::OperationEnded(data_text("clientContext").map(str::to_owned))
        }
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

fn only_known_members(entry: &Value) -> Result<(), BadNotification> {
    let known =
        ["@odata.type", "changeType", "resource", "resourceUrl", "callbackUri", "resourceData"];
    let members = entry.as_object().into_iter().flat_map(|entry| entry.keys());
    match members.into_iter().all(|name| known.contains(&name.as_str())) {
        true => Ok(()),
        false => Err(BadNotification::Shape("an unknown member")),
    }
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
        let subject = Subject::Updated { established: true, audio_active: true };
        assert_eq!(one(entry), [Entry { call: CALL, subject }]);
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

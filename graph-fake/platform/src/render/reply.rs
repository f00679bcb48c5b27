//! Contexts, and the replies that are neither calls, operations nor participants.

use graph_api::{AudioRoutingGroup, Extra};
use serde_json::{Value, json};

use super::{odata_type, put, written};
use crate::input::CallId;

/// The `@odata.context` of a created call: `app/calls` in both versions. `base` is the service root with
/// the version.
pub fn created_context(base: &str) -> String {
    format!("{base}/$metadata#app/calls/$entity")
}

/// The `@odata.context` of a call that was read.
pub fn call_context(base: &str) -> String {
    format!("{base}/$metadata#communications/calls/$entity")
}

/// The `@odata.context` of everything of one kind in a call: `participants`, `operations`, …
pub fn list_context(base: &str, call: CallId, kind: &str) -> String {
    format!("{base}/$metadata#communications/calls('{call}')/{kind}")
}

/// The `@odata.context` of one of them.
pub fn entity_context(base: &str, call: CallId, kind: &str) -> String {
    format!("{}/$entity", list_context(base, call, kind))
}

/// The same object with its context in front.
pub(super) fn with_context(value: Value, context: &str) -> Value {
    let mut body = Extra::new();
    put(&mut body, "@odata.context", context);
    if let Value::Object(members) = value {
        body.extend(members);
    }
    body.into()
}

/// audioRoutingGroup: the same in requests and replies (endpoints.md 16).
pub fn routing_group(group: &AudioRoutingGroup) -> Value {
    let mut body = written(group);
    body.entry("@odata.type").or_insert_with(|| odata_type("audioRoutingGroup"));
    body.into()
}

/// The reply to a create (200, R-297), a change or a read of one group.
pub fn routing_group_read(group: &AudioRoutingGroup, context: &str) -> Value {
    with_context(routing_group(group), context)
}

/// The reply to a read of all groups.
pub fn routing_groups(groups: &[AudioRoutingGroup], context: &str) -> Value {
    let value: Vec<Value> = groups.iter().map(routing_group).collect();
    json!({"@odata.context": context, "value": value})
}

/// contentSharingSession (endpoints.md 18).
pub fn content_sharing(id: &str) -> Value {
    json!({"@odata.type": "#microsoft.graph.contentSharingSession", "id": id})
}

/// The reply to a read of one session.
pub fn content_sharing_read(id: &str, context: &str) -> Value {
    with_context(content_sharing(id), context)
}

/// The reply to a read of all sessions.
pub fn content_sharings(ids: &[String], context: &str) -> Value {
    let value: Vec<Value> = ids.iter().map(|id| content_sharing(id)).collect();
    json!({"@odata.context": context, "value": value})
}

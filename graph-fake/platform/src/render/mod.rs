//! Facts in Graph's words: pure functions from what the platform says to JSON.
//!
//! Who may see what has been decided before; here everything that is given is written. Members that the
//! contract prints as null in replies are printed so, because clients are built on those replies.

mod call;
mod identity;
mod notification;
mod operation;
mod profile;
mod reply;
mod roster;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

use graph_api::Extra;
use serde_json::Value;

pub use call::call;
pub use notification::{change, legacy, notification, notification_as};
pub use operation::{operation, operation_as, operation_read, operation_reply, operations};
pub use profile::Profile;
pub use reply::{
    call_context, content_sharing, content_sharing_read, content_sharings, created_context,
    entity_context, list_context, routing_group, routing_group_read, routing_groups,
};
pub use roster::{participant, participant_read, participants};

/// What only the shell knows of a recording: where it can be fetched, and the token that opens it.
pub struct Links<'a> {
    /// `recordingLocation` and `recordingAccessToken` of a record operation.
    pub recording: &'a (dyn Fn(crate::OperationId) -> (String, String) + Sync),
}

impl Links<'static> {
    /// Of a shell that keeps no recordings.
    pub const NONE: Self = Self { recording: &|_| (String::new(), String::new()) };
}

/// Members that most entities find room for.
const ROOM: usize = 8;

/// `#microsoft.graph.{name}`.
fn odata_type(name: &str) -> Value {
    format!("#microsoft.graph.{name}").into()
}

/// An entity with its type: clients take it for the declared base type otherwise (clients.md 15).
fn entity(name: &str) -> Extra {
    let mut members = Extra::with_capacity(ROOM);
    put(&mut members, "@odata.type", odata_type(name));
    members
}

fn put(members: &mut Extra, name: &str, value: impl Into<Value>) {
    members.insert(name.to_owned(), value.into());
}

fn put_some(members: &mut Extra, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        put(members, name, value);
    }
}

/// Prints the members of these names as null where they are absent.
fn fill_nulls(members: &mut Extra, names: &[&str]) {
    for name in names {
        members.entry((*name).to_owned()).or_insert(Value::Null);
    }
}

/// A wire type as its members.
fn written(data: &impl serde::Serialize) -> Extra {
    let value = serde_json::to_value(data).expect("wire types hold nothing that JSON cannot");
    let Value::Object(members) = value else { panic!("a wire type is an object") };
    members
}

/// The members of something that is to be an object.
fn members(value: &mut Value) -> Option<&mut Extra> {
    value.as_object_mut()
}

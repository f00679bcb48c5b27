//! Every shape against the contract's examples: names, types, letters and nulls.

mod calls;
mod incoming;
mod operations;
mod profiles;
mod replies;
mod rosters;
mod updates;

use serde_json::{Value, json};

use super::{samples::CALL, *};
use crate::notification::{Notification, What};

const BASE: &str = "https://graph.microsoft.com/v1.0";

fn told(what: What) -> Notification {
    Notification { call: CALL, etag: 5445, what }
}

/// The one entry of its envelope.
fn entry(what: What, profile: &Profile) -> Value {
    let mut envelope = notification_as(&[told(what)], &Links::NONE, profile);
    envelope["value"][0].take()
}

/// The one entry's resourceData.
fn data(what: What) -> Value {
    entry(what, &Profile::default())["resourceData"].take()
}

fn set(member: &str, identity: Value) -> Value {
    let mut identity = identity;
    identity["@odata.type"] = "#microsoft.graph.identity".into();
    json!({"@odata.type": "#microsoft.graph.identitySet", member: identity})
}

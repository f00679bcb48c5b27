//! Bodies of requests, written as a bot would write them.

use graph_api::{Call, Guid};
use platform::{CallVerb, Verb};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::stage::{CALLBACK, TENANT};

/// Reads a body.
pub fn body<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a well-formed body")
}

/// `identitySet` of a user.
pub fn user(id: Guid) -> Value {
    json!({"identity": {"user": {"id": id.to_string()}}})
}

/// `identitySet` of a bot.
pub fn bot(id: Guid) -> Value {
    json!({"identity": {"application": {"id": id.to_string()}}})
}

/// `identitySet` of a telephone.
pub fn phone(number: &str) -> Value {
    json!({"identity": {"phone": {"id": number}}})
}

/// `mediaConfig` of a call whose media the service handles.
pub fn service_hosted() -> Value {
    json!({"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"})
}

/// `mediaConfig` of a call whose media the bot handles.
pub fn app_hosted() -> Value {
    json!({"@odata.type": "#microsoft.graph.appHostedMediaConfig", "blob": "{}"})
}

/// A create request with these members beside the usual ones.
pub fn create(members: &Value) -> Verb {
    let mut whole = json!({
        "callbackUri": CALLBACK,
        "requestedModalities": ["audio"],
        "mediaConfig": service_hosted(),
        "tenantId": TENANT.to_string(),
    });
    for (key, value) in members.as_object().expect("members") {
        whole[key] = value.clone();
    }
    Verb::CreateCall(Box::new(body::<Call>(whole)))
}

/// `answer` with these members beside the usual ones.
pub fn answer_with(members: &Value) -> CallVerb {
    let mut whole = json!({"acceptedModalities": ["audio"], "mediaConfig": service_hosted()});
    for (key, value) in members.as_object().expect("members") {
        whole[key] = value.clone();
    }
    CallVerb::Answer(Box::new(body(whole)))
}

/// `answer`.
pub fn answer() -> CallVerb {
    answer_with(&json!({}))
}

/// `participants/invite` of these.
pub fn invite(participants: &[Value]) -> CallVerb {
    CallVerb::Invite(Box::new(body(json!({"participants": participants}))))
}

/// `redirect` to these.
pub fn redirect(targets: &[Value]) -> CallVerb {
    CallVerb::Redirect(Box::new(body(json!({"targets": targets}))))
}

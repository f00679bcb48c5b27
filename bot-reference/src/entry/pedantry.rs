//! Planted faults of reading: what a bot refuses, or drops, that others let through.

use graph_api::Guid;
use serde_json::Value;

use super::BadNotification;
use crate::Flaw;

const MEMBERS: [&str; 6] =
    ["@odata.type", "changeType", "resource", "resourceUrl", "callbackUri", "resourceData"];

/// What this fault refuses.
pub(super) fn check(entry: &Value, flaw: Option<Flaw>) -> Result<(), BadNotification> {
    let data = &entry["resourceData"];
    let members = |of: &Value| of.as_object().cloned().unwrap_or_default();
    let refused = match flaw {
        Some(Flaw::RejectsUnknownMembers) => {
            let known = |name: &String| MEMBERS.contains(&name.as_str());
            (!members(entry).keys().all(known)).then_some("an unknown member")
        }
        Some(Flaw::RefusesUnknownChanges) => {
            let change = entry["changeType"].as_str().unwrap_or_default().to_ascii_lowercase();
            let known = matches!(change.as_str(), "created" | "updated" | "deleted");
            (!known).then_some("changeType")
        }
        Some(Flaw::RefusesUnknownResources) => {
            let url = entry["resourceUrl"].as_str().unwrap_or_default();
            let known = url.split('/').nth(4).is_none_or(|below| {
                matches!(below, "participants" | "operations" | "contentsharingsessions")
            });
            (!known || !url.contains("calls")).then_some("resourceUrl")
        }
        Some(Flaw::NeedsTypes) => entry["@odata.type"].is_null().then_some("@odata.type"),
        Some(Flaw::NeedsResourceUrl) => entry["resourceUrl"].is_null().then_some("resourceUrl"),
        Some(Flaw::StumblesOverNulls) => {
            members(data).values().any(Value::is_null).then_some("null")
        }
        Some(Flaw::WantsNumbersAsNumbers) => {
            data.pointer("/resultInfo/code").is_some_and(Value::is_string).then_some("code")
        }
        Some(Flaw::NeedsACallingUser) => {
            let rings = data["state"] == "incoming";
            let user = data.pointer("/source/identity/user/id").is_some();
            (rings && !user).then_some("source.identity.user")
        }
        Some(Flaw::RefusesUnknownTones) => {
            let tone = data.pointer("/toneInfo/tone").and_then(Value::as_str);
            let known = |tone: &str| tone.starts_with("tone") || matches!(tone, "star" | "pound");
            tone.is_some_and(|tone| !known(tone)).then_some("tone")
        }
        _ => None,
    };
    refused.map_or(Ok(()), |what| Err(BadNotification::Shape(what)))
}

/// Whether this fault overlooks an entry about this call, which it could read.
pub(super) fn drops(entry: &Value, url: &str, call: Guid, flaw: Option<Flaw>) -> bool {
    let data = &entry["resourceData"];
    match flaw {
        Some(Flaw::ReadsIdFromResourceData) => data.get("id").is_none(),
        Some(Flaw::ComparesIdsAsText) => !url.contains(&call.to_string()),
        Some(Flaw::NeedsLeadingSlash) => !url.starts_with('/') || url.starts_with("//"),
        Some(Flaw::ReadsEnumsByCase) => {
            let capital = |text: &Value| {
                text.as_str().is_some_and(|text| text.starts_with(|c: char| c.is_ascii_uppercase()))
            };
            capital(&entry["changeType"]) || capital(&data["state"])
        }
        _ => false,
    }
}

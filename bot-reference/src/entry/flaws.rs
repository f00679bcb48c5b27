//! Planted faults of reading: what they refuse.

use serde_json::Value;

use super::BadNotification;
use crate::Flaw;

/// Members of an entry.
const ENTRY: [&str; 6] =
    ["@odata.type", "changeType", "resource", "resourceUrl", "callbackUri", "resourceData"];
/// Members of a participant, as far as somebody read the pages.
const PARTICIPANT: [&str; 13] = [
    "@odata.type",
    "@odata.id",
    "id",
    "info",
    "mediaStreams",
    "isMuted",
    "isInLobby",
    "metadata",
    "recordingInfo",
    "meetingRole",
    "endpointId",
    "rosterSequenceNumber",
    "removedState",
];

/// Whether a bot with this fault refuses the entry, and why.
///
/// # Errors
/// It does.
pub(super) fn refuses(flaw: Flaw, entry: &Value) -> Result<(), BadNotification> {
    let data = &entry["resourceData"];
    let all = data.as_array().or_else(|| data["participants"].as_array());
    let participants = || all.into_iter().flatten();
    let is = |other: Flaw, refuses: bool, what| (flaw == other && refuses).then_some(what);
    let refused = is(Flaw::RejectsUnknownMembers, !only(entry, &ENTRY), "an unknown member")
        .or(is(Flaw::RefusesRosterMembers, new(participants()), "a participant's unknown member"))
        .or(is(Flaw::RefusesStrangersInRoster, participants().any(is_stranger), "user"))
        .or(is(Flaw::RefusesLargeRosters, participants().count() > 100, "a short roster"))
        .or(is(Flaw::ExpectsResultInfo, unexplained(data), "resultInfo"));
    refused.map_or(Ok(()), |what| Err(BadNotification::Shape(what)))
}

fn new<'a>(mut participants: impl Iterator<Item = &'a Value>) -> bool {
    participants.any(|one| !only(one, &PARTICIPANT))
}

fn unexplained(operation: &Value) -> bool {
    operation["status"] == "failed" && operation["resultInfo"].is_null()
}

fn only(object: &Value, known: &[&str]) -> bool {
    let members = object.as_object().into_iter().flat_map(|members| members.keys());
    members.into_iter().all(|name| known.contains(&name.as_str()))
}

fn is_stranger(participant: &Value) -> bool {
    let identity = &participant["info"]["identity"];
    ["user", "application"].into_iter().all(|kind| identity[kind].is_null())
}

//! Participants (resources.md 6, notifications.md 3.4 and 3.5).

use std::sync::Arc;

use graph_api::Extra;
use serde_json::{Value, json};

use super::{entity, fill_nulls, identity, profile::Profile, put, put_some, reply};
use crate::{
    notification::Roster,
    view::{ParticipantView, StreamKind, StreamView},
};

/// A participant as replies print it, with its nulls (endpoints.md 22).
pub fn participant(view: &ParticipantView) -> Value {
    entry(view, &Profile::default()).into()
}

/// The reply to a read of one participant; see [`super::entity_context`].
pub fn participant_read(view: &ParticipantView, context: &str) -> Value {
    reply::with_context(participant(view), context)
}

/// The reply to a read of the roster; empty for peer-to-peer and escalated calls. See
/// [`super::list_context`].
pub fn participants(views: &[Arc<ParticipantView>], context: &str) -> Value {
    let value: Vec<Value> = views.iter().map(|view| participant(view)).collect();
    json!({"@odata.context": context, "value": value})
}

/// What a roster notification carries: everybody, or what changed.
pub(super) fn roster(roster: &Roster, profile: &Profile) -> Value {
    match roster {
        Roster::Full(all) => all.iter().map(|view| Value::from(entry(view, profile))).collect(),
        Roster::Delta { sequence, changed } => {
            let entries: Vec<Value> =
                changed.iter().map(|view| changed_entry(view, *sequence, profile)).collect();
            json!({
                "@odata.type": "#microsoft.graph.deltaParticipants",
                "sequenceNumber": sequence,
                "participants": entries,
            })
        }
    }
}

/// Numbered by the update that has it: each bot counts its own (resources.md 6).
fn changed_entry(view: &ParticipantView, sequence: u64, profile: &Profile) -> Value {
    let mut entry = entry(view, profile);
    put(&mut entry, "rosterSequenceNumber", sequence);
    let removed =
        |reason| json!({"@odata.type": "#microsoft.graph.removedState", "reason": reason});
    put_some(&mut entry, "removedState", view.removed.map(removed));
    entry.into()
}

fn entry(view: &ParticipantView, profile: &Profile) -> Extra {
    let mut entry = entity("participant");
    put(&mut entry, "id", view.id.to_string());
    put(&mut entry, "isMuted", view.muted);
    put(&mut entry, "isInLobby", view.in_lobby);
    put_some(&mut entry, "metadata", view.metadata.as_deref());
    fill_nulls(&mut entry, &["metadata"]);
    let mut info = entity(if profile.mislabelled_types {
        "invitationParticipantInfo"
    } else {
        "participantInfo"
    });
    let shown = (!profile.mislabelled_types).then(|| view.id.to_string());
    put_some(&mut info, "id", shown);
    fill_nulls(&mut info, &["id"]);
    put(&mut info, "participantId", view.id.to_string());
    put(&mut info, "identity", identity::set_with_nulls(&view.person, view.application_type));
    put(&mut entry, "info", info);
    put(&mut entry, "mediaStreams", view.streams.iter().map(stream).collect::<Vec<_>>());
    let recording = view.recording.as_ref().map(|(status, by)| {
        json!({
            "@odata.type": "#microsoft.graph.recordingInfo",
            "recordingStatus": status,
            "initiator": identity::set(by),
        })
    });
    put_some(&mut entry, "recordingInfo", recording);
    put(&mut entry, "meetingRole", view.role);
    put(&mut entry, "endpointId", view.endpoint.to_string());
    entry
}

/// mediaStream: the id is the media source id as text, the direction the participant's own.
fn stream(view: &StreamView) -> Value {
    let (kind, label) = match view.kind {
        StreamKind::Audio => ("audio", "main-audio"),
        StreamKind::Video => ("video", "main-video"),
        StreamKind::ScreenSharing => ("videoBasedScreenSharing", "applicationsharing-video"),
        StreamKind::Data => ("data", "data"),
    };
    let direction = match (view.sends, view.receives) {
        (true, true) => "sendReceive",
        (true, false) => "sendOnly",
        (false, true) => "receiveOnly",
        (false, false) => "inactive",
    };
    json!({
        "@odata.type": "#microsoft.graph.mediaStream",
        "mediaType": kind,
        "label": label,
        "sourceId": view.source_id.to_string(),
        "direction": direction,
        "serverMuted": view.server_muted,
    })
}

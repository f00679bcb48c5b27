//! Operations: the record of a long action (resources.md 7, endpoints.md 0.3 and 22).

use graph_api::{Extra, OperationStatus};
use serde_json::{Value, json};

use super::{
    Links, call::result_info, fill_nulls, members, profile::Profile, put, put_some, reply, written,
};
use crate::{
    input::CallId,
    view::{OperationKind, OperationView},
};

/// An operation as it is now.
pub fn operation(view: &OperationView, links: &Links<'_>) -> Value {
    operation_as(view, links, &Profile::default())
}

/// The same in another way of writing.
pub fn operation_as(view: &OperationView, links: &Links<'_>, profile: &Profile) -> Value {
    let mut body = shared(view, links, profile);
    fill_nulls(&mut body, &["resultInfo"]);
    body.into()
}

/// The reply to the action that made it; mute and unmute say their context (endpoints.md 8). `base` is the
/// service root with the version.
pub fn operation_reply(view: &OperationView, base: &str, links: &Links<'_>) -> Value {
    let name = match view.kind {
        OperationKind::MuteParticipant | OperationKind::UnmuteParticipant => {
            view.kind.odata_type().trim_start_matches("#microsoft.graph.")
        }
        OperationKind::PlayPrompt
        | OperationKind::Record
        | OperationKind::CancelMediaProcessing
        | OperationKind::SubscribeToTone
        | OperationKind::SendDtmfTones
        | OperationKind::MuteParticipants
        | OperationKind::InviteParticipants
        | OperationKind::UpdateRecordingStatus
        | OperationKind::StartHoldMusic
        | OperationKind::StopHoldMusic
        | OperationKind::AddLargeGalleryView
        | OperationKind::AdmitFromLobby
        | OperationKind::AdmitAllFromLobby
        | OperationKind::RemoveFromLobby
        | OperationKind::Plain => return operation(view, links),
    };
    reply::with_context(operation(view, links), &format!("{base}/$metadata#{name}"))
}

/// The reply to a read of one operation.
pub fn operation_read(call: CallId, view: &OperationView, base: &str, links: &Links<'_>) -> Value {
    let context = reply::entity_context(base, call, "operations");
    reply::with_context(operation(view, links), &context)
}

/// The reply to a read of all operations (endpoints.md 19).
pub fn operations(call: CallId, views: &[OperationView], base: &str, links: &Links<'_>) -> Value {
    let value: Vec<Value> = views.iter().map(|view| operation(view, links)).collect();
    json!({"@odata.context": reply::list_context(base, call, "operations"), "value": value})
}

/// The operation in the notification of its end: without resultInfo where there is none.
pub(super) fn ended(
    view: &OperationView,
    url: &str,
    etag: &str,
    links: &Links<'_>,
    profile: &Profile,
) -> Value {
    let mut body = shared(view, links, profile);
    put(&mut body, "@odata.id", url);
    put(&mut body, "@odata.etag", etag);
    body.into()
}

fn shared(view: &OperationView, links: &Links<'_>, profile: &Profile) -> Extra {
    let mut body = Extra::new();
    put(&mut body, "@odata.type", view.kind.odata_type());
    put(&mut body, "id", view.id.to_string());
    put(&mut body, "status", status(&view.status, profile));
    put_some(&mut body, "clientContext", view.client_context.clone());
    put_some(&mut body, "resultInfo", view.result.as_ref().map(|one| result_info(one, profile)));
    put_some(&mut body, "completionReason", view.completion_reason);
    match view.kind {
        OperationKind::Record => put_recording(view, links, &mut body),
        OperationKind::InviteParticipants => put(&mut body, "participants", invited(view)),
        OperationKind::MuteParticipants => {
            let ids: Vec<&str> =
                view.participants.iter().filter_map(|one| one.participant_id.as_deref()).collect();
            put(&mut body, "participants", ids);
        }
        OperationKind::PlayPrompt
        | OperationKind::CancelMediaProcessing
        | OperationKind::SubscribeToTone
        | OperationKind::SendDtmfTones
        | OperationKind::MuteParticipant
        | OperationKind::UnmuteParticipant
        | OperationKind::UpdateRecordingStatus
        | OperationKind::StartHoldMusic
        | OperationKind::StopHoldMusic
        | OperationKind::AddLargeGalleryView
        | OperationKind::AdmitFromLobby
        | OperationKind::AdmitAllFromLobby
        | OperationKind::RemoveFromLobby
        | OperationKind::Plain => {}
    }
    body
}

/// Null while it runs, empty if nothing came of it (endpoints.md 12.4), else where it is.
fn put_recording(view: &OperationView, links: &Links<'_>, body: &mut Extra) {
    if !matches!(view.status, OperationStatus::Completed | OperationStatus::Failed) {
        put(body, "recordingLocation", Value::Null);
        return;
    }
    let (location, token) =
        if view.recorded { (links.recording)(view.id) } else { Default::default() };
    put(body, "recordingLocation", location);
    put(body, "recordingAccessToken", token);
}

/// Whom the invitation is for, with the nulls of endpoints.md 11.1.
fn invited(view: &OperationView) -> Vec<Value> {
    let one = |participant| {
        let mut info = written(participant);
        if let Some(set) = info.get_mut("identity").and_then(members) {
            fill_nulls(set, &["user", "application", "device", "phone"]);
        }
        fill_nulls(&mut info, &["endpointType", "id", "replacesCallId"]);
        Value::from(info)
    };
    view.participants.iter().map(one).collect()
}

///
fn status(status: &OperationStatus, profile: &Profile) -> String {
    let text = status.as_str();
    match text.chars().next() {
        Some(first) if profile.capital_status => {
            first.to_uppercase().chain(text.chars().skip(1)).collect()
        }
        _ => text.to_owned(),
    }
}

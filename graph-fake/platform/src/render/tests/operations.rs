use graph_api::{Guid, InvitationParticipantInfo, OperationStatus, ResultInfo};

use super::*;
use crate::{
    input::OperationId,
    view::{OperationKind, OperationView},
};

const ID: OperationId = OperationId(Guid::from_u128(0x0b));

fn running(kind: OperationKind) -> OperationView {
    OperationView::new(ID, kind, OperationStatus::Running, Some("cc-1".to_owned()))
}

fn completed(kind: OperationKind) -> OperationView {
    OperationView { status: OperationStatus::Completed, ..running(kind) }
}

fn told_end(view: OperationView, links: &Links<'_>) -> Value {
    let told = told(What::OperationEnded(Box::new(view)));
    notification(&[told], links)["value"][0]["resourceData"].take()
}

/// Endpoints.md 12.1 and 22.
#[test]
fn a_prompt() {
    let reply = operation_reply(&running(OperationKind::PlayPrompt), BASE, &Links::NONE);
    let expected = json!({
        "@odata.type": "#microsoft.graph.playPromptOperation", "id": ID.to_string(),
        "status": "running", "clientContext": "cc-1", "resultInfo": null,
    });
    assert_eq!(reply, expected);
    let view = OperationView {
        result: Some(ResultInfo::new(200, 0, "Action completed successfully.")),
        completion_reason: Some("completedSuccessfully"),
        ..completed(OperationKind::PlayPrompt)
    };
    let url = format!("/communications/calls/{CALL}/operations/{ID}");
    let expected = json!({
        "@odata.type": "#microsoft.graph.commsNotification", "changeType": "deleted",
        "resource": format!("/app/calls/{CALL}/operations/{ID}"), "resourceUrl": url,
        "resourceData": {
            "@odata.type": "#microsoft.graph.playPromptOperation",
            "@odata.id": url, "@odata.etag": "W/\"5445\"", "id": ID.to_string(),
            "clientContext": "cc-1", "status": "completed",
            "completionReason": "completedSuccessfully",
            "resultInfo": {
                "@odata.type": "#microsoft.graph.resultInfo", "code": 200, "subcode": 0,
                "message": "Action completed successfully.",
            },
        },
    });
    assert_eq!(entry(What::OperationEnded(Box::new(view)), &Profile::default()), expected);
}

/// Endpoints.md 12.2, 12.4 and 22.
#[test]
fn a_record() {
    let expected = json!({
        "@odata.type": "#microsoft.graph.recordOperation", "id": ID.to_string(),
        "status": "running", "resultInfo": null, "recordingLocation": null,
        "clientContext": "cc-1",
    });
    let reply = operation_reply(&running(OperationKind::Record), BASE, &Links::NONE);
    assert_eq!(reply, expected);
    let found = |id: OperationId| (format!("https://rec.example/{id}"), "eyJ".to_owned());
    let links = Links { recording: &found };
    let view = OperationView {
        result: Some(ResultInfo::new(200, 8515, "Max.")),
        completion_reason: Some("maxRecordDurationReached"),
        recorded: true,
        ..completed(OperationKind::Record)
    };
    let ended = told_end(view.clone(), &links);
    assert_eq!(ended["recordingLocation"], format!("https://rec.example/{ID}"));
    assert_eq!(ended["recordingAccessToken"], "eyJ");
    assert_eq!(ended["completionReason"], "maxRecordDurationReached");
    let text = "Action failed, the operation was cancelled.";
    let cancelled = OperationView {
        status: OperationStatus::Failed,
        result: Some(ResultInfo::new(400, 8508, text)),
        completion_reason: Some("operationCanceled"),
        recorded: false,
        ..view
    };
    let expected = json!({
        "@odata.type": "#microsoft.graph.recordOperation", "id": ID.to_string(),
        "clientContext": "cc-1", "status": "failed",
        "resultInfo": {
            "@odata.type": "#microsoft.graph.resultInfo", "code": 400, "subcode": 8508,
            "message": text,
        },
        "recordingLocation": "", "recordingAccessToken": "",
        "completionReason": "operationCanceled",
        "@odata.id": format!("/communications/calls/{CALL}/operations/{ID}"),
        "@odata.etag": "W/\"5445\"",
    });
    assert_eq!(told_end(cancelled, &links), expected);
}

/// Endpoints.md 8.
#[test]
fn mute_and_unmute_say_their_context() {
    for (kind, name) in [
        (OperationKind::MuteParticipant, "muteParticipantOperation"),
        (OperationKind::UnmuteParticipant, "unmuteParticipantOperation"),
    ] {
        let reply = operation_reply(&completed(kind), BASE, &Links::NONE);
        let expected = json!({
            "@odata.context": format!("{BASE}/$metadata#{name}"),
            "@odata.type": format!("#microsoft.graph.{name}"),
            "id": ID.to_string(), "status": "completed", "clientContext": "cc-1",
            "resultInfo": null,
        });
        assert_eq!(reply, expected);
    }
}

/// Endpoints.md 11.1.
#[test]
fn an_invitation() {
    let text = json!({"identity": {"user": {
        "@odata.type": "#microsoft.graph.identity", "id": "6f0b", "displayName": "Dana",
    }}});
    let dana: InvitationParticipantInfo = serde_json::from_value(text).unwrap();
    let view =
        OperationView { participants: vec![dana], ..running(OperationKind::InviteParticipants) };
    let expected = json!({
        "@odata.type": "#microsoft.graph.inviteParticipantsOperation", "id": ID.to_string(),
        "status": "running", "clientContext": "cc-1", "resultInfo": null,
        "participants": [{
            "endpointType": null, "id": null, "replacesCallId": null,
            "identity": {
                "user": {
                    "@odata.type": "#microsoft.graph.identity", "id": "6f0b", "displayName": "Dana",
                },
                "application": null, "device": null, "phone": null,
            },
        }],
    });
    assert_eq!(operation_reply(&view, BASE, &Links::NONE), expected);
    let view = OperationView { status: OperationStatus::Completed, ..view };
    assert!(told_end(view, &Links::NONE).get("resultInfo").is_none(), "notifications.md 3.7");
}

#[test]
fn whom_mute_all_muted() {
    let muted = |id: &str| InvitationParticipantInfo {
        participant_id: Some(id.to_owned()),
        ..InvitationParticipantInfo::default()
    };
    let participants = vec![muted("a"), muted("b")];
    let view = OperationView { participants, ..completed(OperationKind::MuteParticipants) };
    let reply = operation_reply(&view, BASE, &Links::NONE);
    assert_eq!(reply["@odata.type"], "#microsoft.graph.muteParticipantsOperation");
    assert_eq!(reply["participants"], json!(["a", "b"]));
}

/// Endpoints.md 12.3 to 12.5, 9, 11.4, 14, 15 and 11 (lobby): nothing but the four members.
#[test]
fn all_others_have_the_same_members() {
    let names = [
        (OperationKind::CancelMediaProcessing, "cancelMediaProcessingOperation"),
        (OperationKind::SubscribeToTone, "subscribeToToneOperation"),
        (OperationKind::SendDtmfTones, "sendDtmfTonesOperation"),
        (OperationKind::UpdateRecordingStatus, "updateRecordingStatusOperation"),
        (OperationKind::StartHoldMusic, "startHoldMusicOperation"),
        (OperationKind::StopHoldMusic, "stopHoldMusicOperation"),
        (OperationKind::AddLargeGalleryView, "addLargeGalleryViewOperation"),
        (OperationKind::AdmitFromLobby, "admitFromLobbyOperation"),
        (OperationKind::AdmitAllFromLobby, "admitAllFromLobbyOperation"),
        (OperationKind::RemoveFromLobby, "removeFromLobbyOperation"),
        (OperationKind::Plain, "commsOperation"),
    ];
    for (kind, name) in names {
        let expected = json!({
            "@odata.type": format!("#microsoft.graph.{name}"), "id": ID.to_string(),
            "status": "completed", "clientContext": "cc-1", "resultInfo": null,
        });
        assert_eq!(operation_reply(&completed(kind), BASE, &Links::NONE), expected);
        let mut ended = expected;
        ended.as_object_mut().unwrap().remove("resultInfo");
        ended["@odata.id"] = json!(format!("/communications/calls/{CALL}/operations/{ID}"));
        ended["@odata.etag"] = json!("W/\"5445\"");
        assert_eq!(told_end(completed(kind), &Links::NONE), ended);
    }
    let silent = OperationView { client_context: None, ..running(OperationKind::Plain) };
    assert!(operation(&silent, &Links::NONE).get("clientContext").is_none());
}

/// R-014, endpoints.md 19.
#[test]
fn operations_that_are_read() {
    let view = running(OperationKind::SendDtmfTones);
    let context = format!("{BASE}/$metadata#communications/calls('{CALL}')/operations");
    let one = operation_read(CALL, &view, BASE, &Links::NONE);
    assert_eq!(one["@odata.context"], format!("{context}/$entity"));
    assert_eq!(one["status"], "running");
    let expected = json!({
        "@odata.context": context, "value": [operation(&view, &Links::NONE)],
    });
    assert_eq!(operations(CALL, &[view], BASE, &Links::NONE), expected);
}

use std::sync::Arc;

use graph_api::{Guid, RecordingStatus};

use super::*;
use crate::{
    notification::Roster,
    render::samples::{APP, MINE, TENANT, THEIRS, USER, person},
    view::{ParticipantView, StreamKind, StreamView},
    who::Who,
};

fn stream(kind: StreamKind, source_id: u32, sends: bool, receives: bool) -> StreamView {
    StreamView { kind, source_id, sends, receives, server_muted: false }
}

fn dana() -> ParticipantView {
    ParticipantView {
        id: THEIRS,
        person: person(Who::User(USER), "Dana"),
        application_type: None,
        in_lobby: false,
        muted: true,
        streams: vec![
            stream(StreamKind::Audio, 1, true, true),
            stream(StreamKind::Video, 2, false, true),
            stream(StreamKind::ScreenSharing, 8, true, false),
            stream(StreamKind::Data, 9, false, false),
        ],
        metadata: None,
        recording: None,
        endpoint: Guid::from_u128(0xe4d),
        role: "organizer",
        removed: None,
        hidden: false,
    }
}

pub(super) fn bot() -> ParticipantView {
    ParticipantView {
        id: MINE,
        person: person(Who::Application(APP), "Fabrikam IVR"),
        muted: false,
        streams: vec![StreamView {
            server_muted: true,
            ..stream(StreamKind::Audio, 10, true, true)
        }],
        role: "attendee",
        ..dana()
    }
}

/// Identity, with the nulls of endpoints.md 22.
fn shown_set(member: &str, identity: Value) -> Value {
    let mut shown = set(member, identity);
    for name in ["user", "application", "device", "phone"] {
        if name != member {
            shown[name] = Value::Null;
        }
    }
    shown
}

fn shown_dana() -> Value {
    let media = |kind: &str, label: &str, id: &str, direction: &str| {
        json!({
            "@odata.type": "#microsoft.graph.mediaStream", "mediaType": kind, "label": label,
            "sourceId": id, "direction": direction, "serverMuted": false,
        })
    };
    json!({
        "@odata.type": "#microsoft.graph.participant", "id": THEIRS.to_string(),
        "isMuted": true, "isInLobby": false, "metadata": null,
        "info": {
            "@odata.type": "#microsoft.graph.participantInfo",
            "id": THEIRS.to_string(), "participantId": THEIRS.to_string(),
            "identity": shown_set("user", json!({
                "id": USER.to_string(), "displayName": "Dana", "tenantId": TENANT.to_string(),
            })),
        },
        "mediaStreams": [
            media("audio", "main-audio", "1", "sendReceive"),
            media("video", "main-video", "2", "receiveOnly"),
            media("videoBasedScreenSharing", "applicationsharing-video", "8", "sendOnly"),
            media("data", "data", "9", "inactive"),
        ],
        "meetingRole": "organizer", "endpointId": Guid::from_u128(0xe4d).to_string(),
    })
}

/// Notifications.md 3.4 and 3.5; R-196: people are `identity.user`, bots are not;
/// screen sharing is a stream as video is.
#[test]
fn everybody() {
    let roster = Roster::Full(vec![Arc::new(dana()), Arc::new(bot())]);
    let told = entry(What::Roster(roster), &Profile::default());
    assert_eq!(told["changeType"], "updated");
    assert_eq!(told["resourceUrl"], format!("/communications/calls/{CALL}/participants"));
    let data = &told["resourceData"];
    assert_eq!(data[0], shown_dana());
    let app = json!({"id": APP.to_string(), "displayName": "Fabrikam IVR"});
    assert_eq!(data[1]["info"]["identity"], shown_set("application", app));
    assert_eq!(data[1]["mediaStreams"][0]["serverMuted"], true, "R-218");
    assert_eq!(data.as_array().map(Vec::len), Some(2));
}

///
#[test]
fn what_changed() {
    let left = ParticipantView { removed: Some("Left"), ..dana() };
    let lobby = ParticipantView { in_lobby: true, ..bot() };
    let roster = Roster::Delta { sequence: 7, changed: vec![Arc::new(left), Arc::new(lobby)] };
    let mut expected = shown_dana();
    expected["rosterSequenceNumber"] = json!(7);
    expected["removedState"] =
        json!({"@odata.type": "#microsoft.graph.removedState", "reason": "Left"});
    let mut second = participant(&bot());
    second["isInLobby"] = json!(true);
    second["rosterSequenceNumber"] = json!(7);
    let delta = json!({
        "@odata.type": "#microsoft.graph.deltaParticipants",
        "sequenceNumber": 7, "participants": [expected, second],
    });
    assert_eq!(data(What::Roster(roster)), delta);
}

///
#[test]
fn metadata_recording_and_the_gallery() {
    let recording = Some((RecordingStatus::Recording, person(Who::Application(APP), "Recorder")));
    let view =
        ParticipantView { recording, metadata: Some("{\"role\":\"scribe\"}".into()), ..dana() };
    let shown = participant(&view);
    assert_eq!(shown["metadata"], "{\"role\":\"scribe\"}");
    let by = set("application", json!({"id": APP.to_string(), "displayName": "Recorder"}));
    let expected = json!({
        "@odata.type": "#microsoft.graph.recordingInfo",
        "recordingStatus": "recording", "initiator": by,
    });
    assert_eq!(shown["recordingInfo"], expected);
    let gallery = ParticipantView { application_type: Some("LargeGallery-V2"), ..bot() };
    let application = participant(&gallery)["info"]["identity"]["application"].clone();
    assert_eq!(application["applicationType"], "LargeGallery-V2");
}

#[test]
fn guests_telephones_and_resource_accounts() {
    let shown = |who: Who, name: &str| {
        let view = ParticipantView { person: person(who, name), ..dana() };
        participant(&view)["info"]["identity"].take()
    };
    let id = Guid::from_u128(0x9e57);
    let guest = json!({"id": id.to_string(), "displayName": "Guest bot"});
    assert_eq!(shown(Who::Guest(id), "Guest bot"), shown_set("guest", guest));
    let phone = json!({"id": "+442079460123"});
    assert_eq!(shown(Who::Phone("+442079460123".into()), "x"), shown_set("phone", phone));
    let desk = json!({"id": id.to_string(), "displayName": "Desk", "tenantId": TENANT.to_string()});
    assert_eq!(shown(Who::ApplicationInstance(id), "Desk"), shown_set("applicationInstance", desk));
}

/// Endpoints.md 11 and 22.
#[test]
fn lists_and_single_entries() {
    let context = list_context(BASE, CALL, "participants");
    let expected = json!({
        "@odata.context": format!("{BASE}/$metadata#communications/calls('{CALL}')/participants"),
        "value": [shown_dana()],
    });
    assert_eq!(participants(&[Arc::new(dana())], &context), expected);
    assert_eq!(participants(&[], &context)["value"], json!([]), "R-192");
    let one = participant_read(&dana(), &entity_context(BASE, CALL, "participants"));
    let mut expected = shown_dana();
    expected["@odata.context"] =
        json!(format!("{BASE}/$metadata#communications/calls('{CALL}')/participants/$entity"));
    assert_eq!(one, expected);
}

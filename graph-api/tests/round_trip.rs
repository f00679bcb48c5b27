//! Documented shapes are read and written back unchanged, unknown members and values included.

use graph_api::{
    Call, CommsNotifications, CommsOperation, OnlineMeeting, PlayPromptRequest, RejectRequest,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

#[track_caller]
fn unchanged<T: DeserializeOwned + Serialize>(shape: Value) {
    let read: T = serde_json::from_value(shape.clone()).expect("a documented shape is read");
    assert_eq!(serde_json::to_value(&read).expect("it can be written"), shape);
}

#[test]
fn create_call() {
    unchanged::<Call>(json!({
        "@odata.type": "#microsoft.graph.call",
        "callbackUri": "https://ivr.fabrikam.example/api/calls",
        "targets": [{"@odata.type": "#microsoft.graph.invitationParticipantInfo",
            "identity": {"@odata.type": "#microsoft.graph.identitySet",
                "user": {"@odata.type": "#microsoft.graph.identity",
                    "id": "6f0b1c52-9d4e-4b0a-8a51-2f1f6f3a9b10", "displayName": "Dana"}}}],
        "requestedModalities": ["audio", "somethingNew"],
        "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig",
            "preFetchMedia": [{"uri": "https://ivr.fabrikam.example/a.wav", "resourceId": "a"}],
            "removeFromDefaultAudioGroup": false},
        "state": "aStateOfTomorrow",
        "anUnknownMember": {"kept": [1, null]},
    }));
}

#[test]
fn a_finished_prompt() {
    unchanged::<CommsNotifications>(json!({
        "@odata.type": "#microsoft.graph.commsNotifications",
        "value": [{"@odata.type": "#microsoft.graph.commsNotification", "changeType": "deleted",
            "resourceUrl": "/communications/calls/3b1f5a00-7c21-4e6d-9f10-a2c4d6e8f001/operations/1",
            "resourceData": {"@odata.type": "#microsoft.graph.playPromptOperation", "x": 1}}],
    }));
    unchanged::<CommsOperation>(json!({
        "@odata.type": "#microsoft.graph.playPromptOperation", "id": "1", "status": "Running",
        "clientContext": "pp-7", "resultInfo": null,
    }));
}

#[test]
fn reasons_are_read_in_any_case() {
    for text in ["busy", "Busy", "BUSY"] {
        let read: RejectRequest = serde_json::from_value(json!({"reason": text})).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), json!({"reason": "busy"}));
    }
    assert!(serde_json::from_value::<RejectRequest>(json!({"reason": "bored"})).is_err());
    assert!(serde_json::from_value::<PlayPromptRequest>(json!({"prompts": {}})).is_err());
}

/// endpoints.md 21: the documented answer, later additions and unknown values included.
#[test]
fn an_online_meeting() {
    let shape = json!({
        "@odata.type": "#microsoft.graph.onlineMeeting", "id": "MSpjMGZm",
        "creationDateTime": "2026-03-01T10:00:00.1234567Z",
        "startDateTime": "2026-03-02T09:00:00.0000000Z",
        "endDateTime": "2026-03-02T09:30:00.0000000Z",
        "subject": "Stand-up", "joinWebUrl": "https://teams.microsoft.com/l/meetup-join/x/0",
        "joinInformation": {"content": "data%3Atext%2Fhtml%2C", "contentType": "Html"},
        "joinMeetingIdSettings": {"isPasscodeRequired": true, "joinMeetingId": "1", "passcode": "a"},
        "chatInfo": {"threadId": "19:x@thread.v2", "messageId": "0", "replyChainMessageId": "0"},
        "participants": {
            "organizer": {"identity": {"user": {"id": "1"}}, "upn": "a@b.example", "role": "presenter"},
            "attendees": [{"identity": {"user": {"id": "2"}}, "role": "roleOfTomorrow", "x": 1}],
            "contributors": []},
        "audioConferencing": {"conferenceId": "2425999", "ConferenceId": "2425999"},
        "videoTeleconferenceId": "1", "externalId": "2",
        "lobbyBypassSettings": {"scope": "invited", "isDialInBypassEnabled": false},
        "allowedPresenters": "everyone", "isEntryExitAnnounced": true, "isBroadcast": true,
        "broadcastSettings": {"allowedAudience": "everyone", "isRecordingEnabled": false,
            "captions": null},
        "recordAutomatically": true, "watermarkProtection": {"isEnabledForVideo": false},
    });
    let read: OnlineMeeting = serde_json::from_value(shape.clone()).unwrap();
    assert_eq!(read.extra.len(), 2, "{:?}", read.extra);
    unchanged::<OnlineMeeting>(shape);
    assert!(serde_json::from_value::<OnlineMeeting>(json!({"startDateTime": "tomorrow"})).is_err());
    assert!(serde_json::from_value::<OnlineMeeting>(json!({"participants": []})).is_err());
}

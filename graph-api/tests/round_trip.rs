//! Documented shapes are read and written back unchanged, unknown members and values included.

use graph_api::{Call, CommsNotifications, CommsOperation, PlayPromptRequest, RejectRequest};
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

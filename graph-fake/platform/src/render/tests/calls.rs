use std::sync::Arc;

use graph_api::{Call as CreateRequest, CallDirection, CallState, Guid, MediaConfig, ResultInfo};

use super::*;
use crate::{
    render::samples::{APP, MINE, TENANT, USER, bot, dana, incoming},
    view::{CallView, Chat, Coordinates, Meeting},
};

/// A call that this request has made.
fn made(request: Value) -> CallView {
    let request: CreateRequest = serde_json::from_value(request).unwrap();
    CallView {
        state: CallState::Establishing,
        direction: CallDirection::Outgoing,
        source: bot(),
        targets: vec![dana()],
        media_config: request.media_config.clone().map(Arc::new),
        request: Some(Arc::new(request)),
        ..incoming(bot())
    }
}

fn created(request: Value) -> Value {
    call(&made(request), &created_context(BASE))
}

fn target(id: &str) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.invitationParticipantInfo",
        "identity": set("user", json!({"id": id, "displayName": "Dana"})),
    })
}

fn service_hosted() -> Value {
    json!({
        "@odata.type": "#microsoft.graph.serviceHostedMediaConfig",
        "preFetchMedia": [
            {"uri": "https://ivr.fabrikam.example/audio/hello.wav", "resourceId": "0c6f8a1e"},
        ],
    })
}

/// Endpoints.md 1.1.
#[test]
fn peer_to_peer() {
    let created = created(json!({
        "@odata.type": "#microsoft.graph.call",
        "callbackUri": "https://bot.fabrikam.example/api/calls",
        "targets": [target("6f0b")],
        "requestedModalities": ["audio"],
        "mediaConfig": service_hosted(),
    }));
    let mut shown = target("6f0b");
    shown["endpointType"] = Value::Null;
    shown["replacesCallId"] = Value::Null;
    let app = json!({"id": APP.to_string(), "displayName": "Fabrikam IVR"});
    let expected = json!({
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#app/calls/$entity",
        "@odata.type": "#microsoft.graph.call", "id": CALL.to_string(),
        "state": "establishing", "direction": "outgoing",
        "callbackUri": "https://bot.fabrikam.example/api/calls",
        "callChainId": Guid::from_u128(0xc4a1).to_string(),
        "myParticipantId": MINE.to_string(), "tenantId": TENANT.to_string(),
        "source": {
            "@odata.type": "#microsoft.graph.participantInfo",
            "countryCode": null, "endpointType": null, "region": null, "languageId": null,
            "identity": set("application", app),
        },
        "targets": [shown], "requestedModalities": ["audio"], "mediaConfig": service_hosted(),
        "subject": null, "ringingTimeoutInSeconds": null, "mediaState": null, "resultInfo": null,
        "answeredBy": null, "chatInfo": null, "meetingInfo": null, "transcription": null,
        "toneInfo": null,
    });
    assert_eq!(created, expected);
}

/// Endpoints.md 1.3; R-363: nobody is named as having answered.
#[test]
fn an_ad_hoc_group() {
    let created = created(json!({
        "targets": [target("6f0b"), target("c0ff")], "subject": "Lunch",
        "callOptions": {
            "@odata.type": "#microsoft.graph.outgoingCallOptions", "isDeltaRosterEnabled": true,
            "allowGuestToBypassLobby": true,
        },
        "direction": "outgoing",
    }));
    for name in ["callRoutes", "activeModalities", "routingPolicies"] {
        assert_eq!(created[name], json!([]), "{name}");
    }
    assert_eq!(created["tenantId"], TENANT.to_string());
    assert_eq!(created["subject"], "Lunch");
    let options = json!({
        "@odata.type": "#microsoft.graph.outgoingCallOptions", "isDeltaRosterEnabled": true,
        "allowGuestToBypassLobby": true,
    });
    assert_eq!(created["callOptions"], options);
    let mut second = target("c0ff");
    for name in ["endpointType", "replacesCallId", "region", "languageId"] {
        second[name] = Value::Null;
    }
    assert_eq!(created["targets"][1], second);
    assert_eq!(created.get("answeredBy"), Some(&Value::Null));
}

fn meeting() -> Value {
    let user = json!({"id": "c0ff", "displayName": "Olu", "tenantId": TENANT.to_string()});
    json!({
        "@odata.type": "#microsoft.graph.organizerMeetingInfo",
        "organizer": set("user", user), "allowConversationWithoutHost": true,
    })
}

/// Endpoints.md 1.4.
#[test]
fn a_join_has_no_targets_and_a_whole_chat() {
    let created = created(json!({
        "chatInfo": {"threadId": "19:meeting_ZmFrZQ@thread.v2", "messageId": "0"},
        "meetingInfo": meeting(), "targets": [target("6f0b")], "tenantId": TENANT.to_string(),
    }));
    assert_eq!(created["targets"], json!([]));
    let chat = json!({
        "@odata.type": "#microsoft.graph.chatInfo", "threadId": "19:meeting_ZmFrZQ@thread.v2",
        "messageId": "0", "replyChainMessageId": null,
    });
    assert_eq!((&created["chatInfo"], &created["meetingInfo"]), (&chat, &meeting()));
}

/// Endpoints.md 1.6 and 1.7.
#[test]
fn a_join_by_id_comes_back_with_the_chat_that_was_found() {
    let info = json!({
        "@odata.type": "#microsoft.graph.joinMeetingIdMeetingInfo",
        "joinMeetingId": "242847183", "passcode": null,
    });
    let chat = Chat {
        thread: "19:cbee@thread.skype".into(),
        message: "1533758867081".into(),
        reply_chain: Some("1533758867081".into()),
    };
    let found = Meeting::Organizer { user: USER, tenant: TENANT, allow_without_host: None };
    let view = CallView {
        coordinates: Some(Arc::new(Coordinates { chat: Some(chat), meeting: found })),
        ..made(json!({"meetingInfo": info}))
    };
    let created = call(&view, &created_context(BASE));
    assert_eq!(created["meetingInfo"], info);
    assert_eq!(created["chatInfo"]["threadId"], "19:cbee@thread.skype");
    assert_eq!(created["chatInfo"]["replyChainMessageId"], "1533758867081");
}

/// Endpoints.md 1.8 and 1.9: what the bot said of itself.
#[test]
fn sources_come_back() {
    for (member, id) in [("guest", "d1c2"), ("applicationInstance", "5f5e")] {
        let identity = set(member, json!({"id": id, "displayName": "Front desk"}));
        let source = json!({
            "@odata.type": "#microsoft.graph.participantInfo", "identity": identity,
            "languageId": "de-DE",
        });
        let created = created(json!({"source": source, "targets": [{"identity": {"phone": {
            "@odata.type": "#microsoft.graph.identity", "id": "+442079460123",
        }}}]}));
        let expected = json!({
            "@odata.type": "#microsoft.graph.participantInfo", "identity": identity,
            "countryCode": null, "endpointType": null, "region": null, "languageId": "de-DE",
        });
        assert_eq!(created["source"], expected);
        let phone = &created["targets"][0]["identity"]["phone"]["id"];
        assert_eq!(phone, "+442079460123");
    }
}

/// beta prints more, and unknown members come back without hiding anything.
#[test]
fn beta_and_unknown_members() {
    let view = made(json!({
        "targets": [target("6f0b")], "mine": {"a": 1}, "ringingTimeoutInSeconds": 30,
        "routingPolicies": ["noMissedCall"], "@odata.context": "x", "terminationReason": "y",
    }));
    let base = "https://graph.microsoft.com/beta";
    let created = call(&view, &created_context(base));
    assert_eq!(created["@odata.context"], created_context(base));
    assert_eq!(
        (&created["mine"], &created["ringingTimeoutInSeconds"]),
        (&json!({"a": 1}), &json!(30))
    );
    assert_eq!(created["routingPolicies"], json!(["noMissedCall"]));
    assert_eq!(created["activeModalities"], json!([]));
    assert!(created.get("meetingCapability").is_some_and(Value::is_null));
}

/// Endpoints.md 2 and 22.
#[test]
fn a_call_that_is_read() {
    let blob = json!({"@odata.type": "#microsoft.graph.appHostedMediaConfig", "blob": "{}"});
    let media: MediaConfig = serde_json::from_value(blob.clone()).unwrap();
    let view = CallView {
        state: CallState::Established,
        media_config: Some(Arc::new(media)),
        audio_active: true,
        result: Some(ResultInfo::new(500, 7000, "x")),
        ..incoming(dana())
    };
    let read = call(&view, &call_context(BASE));
    let context = "https://graph.microsoft.com/v1.0/$metadata#communications/calls/$entity";
    assert_eq!((&read["@odata.context"], &read["mediaConfig"]), (&json!(context), &blob));
    assert_eq!(read["mediaState"], json!({"audio": "active"}));
    assert_eq!(read["resultInfo"]["subcode"], 7000);
    let whole = data(What::Incoming(Box::new(incoming(dana()))));
    for name in ["source", "targets", "incomingContext", "callbackUri", "myParticipantId"] {
        assert_eq!(read[name], whole[name], "{name}");
    }
}

use std::sync::Arc;

use graph_api::Guid;

use super::*;
use crate::{
    render::samples::{APP, MINE, TENANT, THEIRS, USER, dana, incoming, person},
    view::{CallView, Chat, Coordinates, Meeting, Observation, Party},
    who::Who,
};

fn source(identity: Value) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.participantInfo", "id": THEIRS.to_string(),
        "identity": identity, "endpointType": "default", "region": "amer", "languageId": "en-us",
    })
}

fn shown(view: CallView) -> Value {
    data(What::Incoming(Box::new(view)))
}

/// Notifications.md 3.2.
#[test]
fn as_really_sent() {
    let envelope = notification(&[told(What::Incoming(Box::new(incoming(dana()))))], &Links::NONE);
    let expected = json!({
        "@odata.type": "#microsoft.graph.commsNotifications",
        "value": [{
            "@odata.type": "#microsoft.graph.commsNotification",
            "changeType": "created",
            "resource": format!("/app/calls/{CALL}"),
            "resourceUrl": format!("/communications/calls/{CALL}"),
            "resourceData": {
                "@odata.type": "#microsoft.graph.call",
                "state": "incoming", "direction": "incoming",
                "callbackUri": "https://bot.fabrikam.example/api/calls",
                "id": CALL.to_string(), "tenantId": TENANT.to_string(),
                "callChainId": Guid::from_u128(0xc4a1).to_string(),
                "myParticipantId": MINE.to_string(),
                "source": source(set("user", json!({
                    "id": USER.to_string(), "displayName": "Dana",
                    "tenantId": TENANT.to_string(), "identityProvider": "AAD",
                }))),
                "targets": [{
                    "@odata.type": "#microsoft.graph.invitationParticipantInfo",
                    "id": MINE.to_string(),
                    "identity": set("application", json!({
                        "id": APP.to_string(), "displayName": "Fabrikam IVR",
                    })),
                    "endpointType": "default", "region": null, "languageId": null,
                }],
                "requestedModalities": ["audio"],
                "incomingContext": {
                    "@odata.type": "#microsoft.graph.incomingContext",
                    "sourceParticipantId": THEIRS.to_string(),
                },
            },
        }],
    });
    assert_eq!(envelope, expected);
}

/// the same blob each time, another one for another user or bot, and never the id.
#[test]
fn a_caller_whom_the_bot_may_not_know_is_a_blob() {
    let blob = |user, app| {
        let source = Party { participant: THEIRS, person: person(Who::User(user), "Dana") };
        let view = CallView { caller_visible: false, app, ..incoming(source) };
        shown(view)["source"].take()
    };
    let first = blob(USER, APP);
    let id = first["identity"]["encrypted"]["id"].as_str().unwrap().to_owned();
    assert_eq!(first, source(set("encrypted", json!({"id": id}))));
    assert!(id.len() == 32 && !id.contains("da7a"), "{id}");
    assert_eq!(first, blob(USER, APP));
    assert_ne!(first, blob(Guid::from_u128(1), APP));
    assert_ne!(first, blob(USER, Guid::from_u128(1)));
}

/// a telephone that dialled a resource account; the number was looked up.
#[test]
fn from_a_telephone() {
    let number = person(Who::Phone("+442079460123".into()), "ignored");
    let desk = person(Who::ApplicationInstance(Guid::from_u128(0xbeef)), "Front desk");
    let caller = Party { participant: THEIRS, person: number };
    let view = CallView {
        targets: vec![Party { participant: MINE, person: desk }],
        routed_from: vec![person(Who::Phone("+442079460000".into()), "")],
        ..incoming(caller)
    };
    let shown = shown(view);
    let desk = set(
        "applicationInstance",
        json!({
            "id": Guid::from_u128(0xbeef).to_string(), "displayName": "Front desk",
            "tenantId": TENANT.to_string(),
        }),
    );
    assert_eq!(shown["source"], source(set("phone", json!({"id": "+442079460123"}))));
    assert_eq!(shown["targets"][0]["identity"], desk);
    let route = json!({
        "@odata.type": "#microsoft.graph.callRoute", "routingType": "lookup",
        "original": set("phone", json!({"id": "+442079460000"})), "final": desk,
    });
    assert_eq!(shown["callRoutes"], json!([route]));
}

#[test]
fn forwarded_and_transferred() {
    let carol = person(Who::User(Guid::from_u128(1)), "Carol");
    let erin = person(Who::User(Guid::from_u128(2)), "Erin");
    let view = CallView {
        routed_from: vec![carol.clone(), erin],
        transferor: Some(carol),
        ..incoming(dana())
    };
    let shown = shown(view);
    let user = |n: u128, name: &str| {
        let id = Guid::from_u128(n).to_string();
        set("user", json!({"id": id, "displayName": name, "tenantId": TENANT.to_string()}))
    };
    let bot = set("application", json!({"id": APP.to_string(), "displayName": "Fabrikam IVR"}));
    let route = |original, end| {
        json!({
            "@odata.type": "#microsoft.graph.callRoute", "routingType": "forwarded",
            "original": original, "final": end,
        })
    };
    let routes = [route(user(1, "Carol"), user(2, "Erin")), route(user(2, "Erin"), bot)];
    assert_eq!(shown["callRoutes"], json!(routes));
    assert_eq!(shown["incomingContext"]["transferor"], user(1, "Carol"));
}

///
#[test]
fn an_invitation_into_a_meeting_says_which() {
    let organizer = Guid::from_u128(0xc0ffee);
    let chat = Chat {
        thread: "19:meeting_ZmFrZS10aHJlYWQ@thread.v2".into(),
        message: "0".into(),
        reply_chain: None,
    };
    let meeting =
        Meeting::Organizer { user: organizer, tenant: TENANT, allow_without_host: Some(true) };
    let coordinates = Some(Arc::new(Coordinates { chat: Some(chat), meeting }));
    let shown = shown(CallView { coordinates, ..incoming(dana()) });
    let expected = json!({
        "@odata.type": "#microsoft.graph.chatInfo",
        "threadId": "19:meeting_ZmFrZS10aHJlYWQ@thread.v2",
        "messageId": "0",
        "replyChainMessageId": null,
    });
    assert_eq!(shown["chatInfo"], expected);
    let user = json!({
        "id": organizer.to_string(), "displayName": null, "tenantId": TENANT.to_string(),
    });
    let expected = json!({
        "@odata.type": "#microsoft.graph.organizerMeetingInfo",
        "organizer": set("user", user), "allowConversationWithoutHost": true,
    });
    assert_eq!(shown["meetingInfo"], expected);
}

fn recorded() -> CallView {
    let other = Party {
        participant: crate::ParticipantId(Guid::from_u128(0xcc03)),
        person: person(Who::Phone("+442079460123".into()), ""),
    };
    let observation = Observation {
        observed: THEIRS,
        user: USER,
        other: Some(other),
        policy: Guid::from_u128(0x901),
    };
    let meeting = Meeting::Token("eyJ".into());
    CallView {
        observation: Some(Arc::new(observation)),
        coordinates: Some(Arc::new(Coordinates { chat: None, meeting })),
        ..incoming(dana())
    }
}

/// Notifications.md 3.14.
#[test]
fn a_recorder_is_told_whom_it_records() {
    let shown = shown(recorded());
    let context = &shown["incomingContext"];
    assert_eq!(context["observedParticipantId"], THEIRS.to_string());
    assert_eq!(context["observedParticipantId"], context["sourceParticipantId"]);
    let token = json!({"@odata.type": "#microsoft.graph.tokenMeetingInfo", "token": "eyJ"});
    assert_eq!((&shown["meetingInfo"], &shown["chatInfo"]), (&token, &Value::Null));
    let data = json!({
        "mediaHostedRegion": "amer",
        "user": {
            "id": format!("8:orgid:{USER}"), "participantId": THEIRS.to_string(),
            "tenantId": TENANT.to_string(), "onBehalfOf": null,
            "participationMethod": "voip", "clientLocation": "US",
        },
        "otherSideUser": {
            "id": "4:+442079460123", "participantId": Guid::from_u128(0xcc03).to_string(),
            "tenantId": TENANT.to_string(), "onBehalfOf": null,
            "participationMethod": "voip", "clientLocation": "US",
        },
        "inviteReasons": ["PolicyBasedRecording"],
        "policyIdentifier": Guid::from_u128(0x901).to_string(),
        "pairedRecorders": [], "otherRecorders": [],
    });
    assert_eq!(shown["applicationMetadata"], json!({"botData": data}));
}

///
#[test]
fn further_users_of_the_policy_join_and_leave() {
    let joining = entry(What::ParticipantJoining(Box::new(recorded())), &Profile::default());
    let whole = shown(recorded());
    let expected =
        json!({"@odata.type": "#microsoft.graph.participantJoiningNotification", "call": whole});
    assert_eq!((&joining["changeType"], &joining["resourceData"]), (&json!("created"), &expected));
    let left = entry(What::ParticipantLeft(THEIRS), &Profile::default());
    let expected = json!({
        "@odata.type": "#microsoft.graph.participantLeftNotification",
        "call": {"@odata.type": "#microsoft.graph.call", "id": CALL.to_string()},
        "participantId": THEIRS.to_string(),
    });
    assert_eq!((&left["changeType"], &left["resourceData"]), (&json!("deleted"), &expected));
    assert_eq!(left["resourceUrl"], format!("/communications/calls/{CALL}"));
}

/// Notifications.md 3.1, step 0.
#[test]
fn in_the_older_format() {
    let older = legacy(&told(What::Incoming(Box::new(incoming(dana()))))).unwrap();
    let caller = older["participants"][0]["identity"].as_str().unwrap().to_owned();
    let expected = json!({
        "id": CALL.to_string(),
        "participants": [
            {"identity": caller, "languageId": "en-US", "originator": true},
            {"identity": format!("28:{APP}"), "originator": false},
        ],
        "isMultiparty": false, "presentedModalityTypes": ["audio"], "callState": "incoming",
        "tenantId": TENANT.to_string(),
    });
    assert_eq!(older, expected);
    assert!(caller.starts_with("29:") && !caller.contains(&USER.to_string()), "{caller}");
    assert_eq!(legacy(&told(What::ParticipantLeft(THEIRS))), None);
}

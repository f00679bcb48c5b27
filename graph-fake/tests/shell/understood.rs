//! What a bot sends is understood or refused by name: types, enum values, missing members (errors.md 2), and what
//! was understood comes back as Graph writes it (clients.md 15).

use http::{Method, StatusCode};
use serde_json::{Value, json};

use graph_fake::config::{APP, TENANT, USERS};

use crate::harness::{Answer, Server, call_body, dead_callback};

const CALLS: &str = "/v1.0/communications/calls";
const ALICE: graph_api::Guid = USERS[0].1;

async fn create(server: &Server, members: &Value) -> Answer {
    let mut body = call_body(&dead_callback());
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    server.graph(Method::POST, CALLS, body.to_string()).await
}

fn error(answer: &Answer) -> (u16, &str, &str) {
    let error = &answer.body["error"];
    let text = |name: &str| error[name].as_str().unwrap_or_default();
    (answer.status.as_u16(), text("code"), text("message"))
}

/// A call that talks with Alice.
async fn talk(server: &Server) -> String {
    let call = server.call(&dead_callback()).await;
    let moved = server.control(Method::POST, "/clock", r#"{"advanceMs": 5000}"#).await;
    assert_eq!(moved.status, StatusCode::OK);
    call
}

/// clients.md 15: with or without the `#`, and where it was left out.
#[tokio::test]
async fn types_come_back_as_graph_writes_them() {
    let server = Server::start().await;
    let members = json!({
        "@odata.type": "microsoft.graph.call",
        "mediaConfig": {"@odata.type": "microsoft.graph.serviceHostedMediaConfig"},
        "callOptions": {"hideBotAfterEscalation": true},
        "source": {"identity": {"application": {"id": APP}}},
        "targets": [{"endpointType": "default", "favourite": "tea", "identity": {
            "@odata.type": "microsoft.graph.communicationsIdentitySet",
            "user": {"@odata.type": "microsoft.graph.identity", "id": ALICE, "x": {"y": 1}},
        }}],
    });
    let made = create(&server, &members).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let call = &made.body;
    let kind = |place: &str| call.pointer(&format!("{place}/@odata.type")).cloned();
    for (place, name) in [
        ("", "call"),
        ("/mediaConfig", "serviceHostedMediaConfig"),
        ("/callOptions", "outgoingCallOptions"),
        ("/source", "participantInfo"),
        ("/source/identity", "identitySet"),
        ("/source/identity/application", "identity"),
        ("/targets/0", "invitationParticipantInfo"),
        ("/targets/0/identity", "communicationsIdentitySet"),
        ("/targets/0/identity/user", "identity"),
    ] {
        assert_eq!(kind(place), Some(json!(format!("#microsoft.graph.{name}"))), "{place}");
    }
    assert_eq!(call["targets"][0]["favourite"], "tea", "R-010");
    assert_eq!(call["targets"][0]["identity"]["user"]["x"], json!({"y": 1}), "R-010");

    let scheduled = json!({"organizer": ALICE});
    let meeting = server.control(Method::POST, "/meetings", scheduled.to_string()).await.body;
    let joined = create(
        &server,
        &json!({
            "targets": null, "tenantId": TENANT,
            "chatInfo": {"threadId": meeting["threadId"], "messageId": "0"},
            "meetingInfo": {"@odata.type": "microsoft.graph.organizerMeetingInfo",
                "organizer": {"user": {"id": ALICE}}},
        }),
    )
    .await;
    assert_eq!(joined.status, StatusCode::CREATED, "{joined:?}");
    let info = &joined.body["meetingInfo"];
    assert_eq!(info["@odata.type"], "#microsoft.graph.organizerMeetingInfo");
    assert_eq!(info["organizer"]["@odata.type"], "#microsoft.graph.identitySet");
    assert_eq!(info["organizer"]["user"]["@odata.type"], "#microsoft.graph.identity");
    assert_eq!(joined.body["chatInfo"]["@odata.type"], "#microsoft.graph.chatInfo");
}

fn target(members: &Value) -> Value {
    let mut target = json!({"identity": {"user": {"id": ALICE}}});
    for (name, value) in members.as_object().unwrap() {
        target[name] = value.clone();
    }
    target
}

/// errors.md 2: 400 `BadRequest`, with the member.
#[tokio::test]
async fn types_and_values_that_do_not_exist() {
    let server = Server::start().await;
    let kind = |name: &str| json!({"@odata.type": format!("#microsoft.graph.{name}")});
    let user = |kind: &str| json!({"user": {"@odata.type": kind, "id": ALICE}});
    let meeting = |members: Value| {
        let mut info = members;
        info["@odata.type"] = json!("#microsoft.graph.organizerMeetingInfo");
        json!({"tenantId": TENANT, "meetingInfo": info, "chatInfo": {}})
    };
    let rows = [
        (json!({"direction": "sideways"}), "'direction'"),
        (json!({"state": "asleep"}), "'state'"),
        (kind("participant"), "'@odata.type'"),
        (json!({"targets": [target(&json!({"endpointType": "fax"}))]}), "targets[0].endpointType"),
        (json!({"targets": [target(&kind("call"))]}), "targets[0]/@odata.type"),
        (
            json!({"targets": [{"identity": user("#nonsense")}]}),
            "targets[0].identity.user/@odata.type",
        ),
        (json!({"source": {"identity": {}, "endpointType": 7}}), "source.endpointType"),
        (json!({"callOptions": kind("incomingCallOptions")}), "callOptions/@odata.type"),
        (json!({"callOptions": {"@odata.type": 7}}), "callOptions.@odata.type"),
        (json!({"chatInfo": kind("chat")}), "chatInfo/@odata.type"),
        (json!({"chatInfo": {"threadId": 5}}), "chatInfo.threadId"),
        (json!({"chatInfo": {"threadId": "19:x", "messageId": 0}}), "chatInfo.messageId"),
        (meeting(json!({"joinMeetingId": 123})), "meetingInfo.joinMeetingId"),
        (meeting(json!({"token": 5})), "meetingInfo.token"),
        (meeting(json!({"organizer": "Alice"})), "meetingInfo.organizer"),
        (meeting(json!({"organizer": {"user": {"id": 5}}})), "meetingInfo.organizer.user.id"),
        (meeting(json!({"allowConversationWithoutHost": "yes"})), "allowConversationWithoutHost"),
    ];
    for (members, place) in rows {
        let answer = create(&server, &members).await;
        let (status, code, message) = error(&answer);
        assert_eq!((status, code), (400, "BadRequest"), "{members}: {message}");
        assert!(message.contains(place), "{members}: {message}");
    }
    let call = talk(&server).await;
    let whom = target(&kind("call"));
    let media = json!({"mediaInfo": {"@odata.type": "#microsoft.graph.call", "uri": "https://x/"}});
    let rows = [
        ("participants/invite", json!({"participants": [whom]}), "participants[0]/@odata.type"),
        ("redirect", json!({"targets": [whom]}), "targets[0]/@odata.type"),
        ("transfer", json!({"transferTarget": whom}), "transferTarget/@odata.type"),
        ("transfer", json!({"transferee": kind("call")}), "transferee/@odata.type"),
        ("playPrompt", json!({"prompts": [media]}), "prompts[0].mediaInfo/@odata.type"),
        ("recordResponse", json!({"prompts": [media]}), "prompts[0].mediaInfo/@odata.type"),
        ("answer", json!({"callOptions": kind("outgoingCallOptions")}), "callOptions/@odata.type"),
    ];
    for (action, body, place) in rows {
        let path = format!("{CALLS}/{call}/{action}");
        let answer = server.graph(Method::POST, &path, body.to_string()).await;
        let (status, code, message) = error(&answer);
        assert_eq!((status, code), (400, "BadRequest"), "{action}: {message}");
        assert!(message.contains(place), "{action}: {message}");
    }
}

/// errors.md 2: a missing member is 8523 wherever it is; messages name the member, and no types of Rust.
#[tokio::test]
async fn what_is_missing_and_what_is_expected() {
    let server = Server::start().await;
    let rows = [
        (json!({"targets": [{}]}), "8523", "targets[0].identity"),
        (json!({"source": {}}), "8523", "source.identity"),
        (json!({"targets": [target(&json!({"replacesCallId": "zz"}))]}), "8523", "replacesCallId"),
        (
            json!({"ringingTimeoutInSeconds": "x"}),
            "BadRequest",
            "'ringingTimeoutInSeconds': Edm.Int32 is expected, not a string",
        ),
        (json!({"source": 7}), "BadRequest", "'source': an object is expected, not a number"),
        (
            json!({"targets": "x"}),
            "BadRequest",
            "'targets': a collection is expected, not a string",
        ),
    ];
    for (members, code, text) in rows {
        let answer = create(&server, &members).await;
        let (status, seen, message) = error(&answer);
        assert_eq!((status, seen), (400, code), "{members}: {message}");
        assert!(message.contains(text), "{members}: {message}");
        assert!(!message.contains("struct") && !message.contains("column"), "{message}");
    }
    let call = talk(&server).await;
    let rows = [
        ("participants/invite", json!({"participants": [{}]}), "8523"),
        ("transfer", json!({"transferTarget": {}}), "8523"),
        ("playPrompt", json!({"prompts": [{}]}), "8523"),
        ("playPrompt", json!({"prompts": [{"mediaInfo": {}}]}), "8523"),
        ("participants/invite", json!("x"), "BadRequest"),
    ];
    for (action, body, code) in rows {
        let path = format!("{CALLS}/{call}/{action}");
        let answer = server.graph(Method::POST, &path, body.to_string()).await;
        let (status, seen, message) = error(&answer);
        assert_eq!((status, seen), (400, code), "{action} {body}: {message}");
        assert!(!message.contains("struct"), "{message}");
    }
    let answer = server.control(Method::GET, "/journal?since=x", "").await;
    let message = answer.body["error"]["message"].as_str().unwrap();
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(message.contains("'since'") && !message.contains("deserialize"), "{message}");
}

/// The link of a meeting is one text, whoever gives it; dates beyond the range are told the range.
#[tokio::test]
async fn links_and_dates_of_meetings() {
    let server = Server::start().await;
    let scheduled = json!({"organizer": ALICE});
    let meeting = server.control(Method::POST, "/meetings", scheduled.to_string()).await.body;
    let number = meeting["joinMeetingId"].as_str().unwrap();
    let all = format!("/v1.0/users/{ALICE}/onlineMeetings");
    let filter = format!("{all}?$filter=joinMeetingIdSettings/joinMeetingId+eq+'{number}'");
    let found = server.graph(Method::GET, &filter, "").await;
    assert_eq!(found.body["value"][0]["joinWebUrl"], meeting["joinWebUrl"], "{found:?}");
    let body = json!({"startDateTime": "9999-12-31T23:00:00Z"});
    let answer = server.graph(Method::POST, &all, body.to_string()).await;
    let (status, code, message) = error(&answer);
    assert_eq!((status, code), (400, "BadRequest"));
    assert!(message.contains("startDateTime") && message.contains("2500-12-31"), "{message}");
}

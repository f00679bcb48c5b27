//! What each operation is answered with when all is well (endpoints.md 0.3): status, Location, type.

use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    harness::{Answer, Server, call_body, dead_callback},
    operations::World,
};

const ALICE: graph_api::Guid = graph_fake::config::USERS[0].1;
const CAROL: graph_api::Guid = graph_fake::config::USERS[2].1;
const CONTEXT: &str = r#"{"clientContext": "ctx-1"}"#;

/// An operation, as it is answered: 200 or 202, its type, its status, its place.
fn expect_operation(world: &World, call: &str, answer: &Answer, wanted: (u16, &str, &str)) {
    let (status, kind, state) = wanted;
    assert_eq!(answer.status.as_u16(), status, "{kind}: {answer:?}");
    assert_eq!(answer.body["@odata.type"], format!("#microsoft.graph.{kind}"), "{answer:?}");
    assert_eq!(answer.body["status"], state, "{answer:?}");
    assert_eq!(answer.body["clientContext"], "ctx-1", "R-271: {answer:?}");
    let id = answer.body["id"].as_str().unwrap();
    let place =
        format!("https://{}/v1.0/communications/calls/{call}/operations/{id}", world.server.https);
    let beta = place.replacen("/v1.0/", "/beta/", 1);
    let location = answer.headers[header::LOCATION].to_str().unwrap();
    assert!(location == place || location == beta, "R-016: {location}");
}

/// Text of a call is kept while nothing changes, and no longer.
pub async fn check_a_call_is_shown_as_it_is(server: Server) {
    const CALLS: &str = "/v1.0/communications/calls";
    let body = call_body(&dead_callback()).to_string();
    let made = server.graph(Method::POST, CALLS, body).await;
    let path = format!("{CALLS}/{}", made.body["id"].as_str().unwrap());
    for (after_ms, state) in [(0, "establishing"), (0, "establishing"), (5_000, "established")] {
        let moved = json!({"advanceMs": after_ms}).to_string();
        assert_eq!(server.control(Method::POST, "/clock", moved).await.status, StatusCode::OK);
        let read = server.graph(Method::GET, &path, "").await;
        assert_eq!(read.body["state"], state, "{read:?}");
    }
    // Each version of Graph has its own context (R-017).
    let beta = server.graph(Method::GET, &path.replacen("/v1.0/", "/beta/", 1), "").await;
    assert!(beta.body["@odata.context"].as_str().unwrap().contains("/beta/"), "{beta:?}");
}

#[tokio::test]
async fn a_call_is_shown_as_it_is() {
    check_a_call_is_shown_as_it_is(Server::start().await).await;
}

/// endpoints.md 8, 9, 11, 14, 15.
#[tokio::test]
async fn operations_of_a_group_call() {
    let world = World::start().await;
    let group = world.group.clone();
    let roster = world.ask("GET", "/{group}/participants", "").await;
    let carol = participant_of(&roster.body, "user", &CAROL.to_string());
    let invited =
        json!({"clientContext": "ctx-1", "participants": [{"identity": {"user": {"id": ALICE}}}]});
    let invited = invited.to_string();
    let mixer = json!({"clientContext": "ctx-1", "participantMixerLevels": [{
        "participant": carol, "exclusiveMode": true,
        "ducking": {"rampActive": 50, "rampInactive": 50, "lowerLevel": 10, "upperLevel": 50},
    }]});
    let mixer = mixer.to_string();
    let metadata = json!({"metadata": "{}", "clientContext": "ctx-1"}).to_string();
    let hold = format!("/{{group}}/participants/{carol}/startHoldMusic");
    let resume = format!("/{{group}}/participants/{carol}/stopHoldMusic");
    let mute = format!("/{{group}}/participants/{carol}/mute");
    let beta = |action: &str| format!("/beta/communications/calls/{{group}}/{action}");
    let rows = [
        ("/{group}/mute", CONTEXT, (200, "muteParticipantOperation", "completed")),
        ("/{group}/unmute", CONTEXT, (200, "unmuteParticipantOperation", "completed")),
        (&mute, CONTEXT, (200, "muteParticipantOperation", "completed")),
        (&beta("participants/muteAll"), CONTEXT, (200, "muteParticipantsOperation", "completed")),
        (&beta("updateMetadata"), &metadata, (200, "commsOperation", "completed")),
        (&beta("participants/configureMixer"), &mixer, (200, "commsOperation", "running")),
        (&hold, CONTEXT, (202, "startHoldMusicOperation", "running")),
        (&resume, CONTEXT, (202, "stopHoldMusicOperation", "running")),
        ("/{group}/addLargeGalleryView", CONTEXT, (202, "addLargeGalleryViewOperation", "running")),
        ("/{group}/participants/invite", &invited, (200, "inviteParticipantsOperation", "running")),
        ("/{group}/microsoft.graph.mute", CONTEXT, (200, "muteParticipantOperation", "completed")),
    ];
    for (path, body, wanted) in rows {
        let answer = world.ask("POST", path, body).await;
        expect_operation(&world, &group, &answer, wanted);
    }
}

fn participant_of(roster: &Value, kind: &str, id: &str) -> String {
    let everybody = roster["value"].as_array().unwrap_or_else(|| panic!("a roster: {roster}"));
    let found = everybody.iter().find(|one| one["info"]["identity"][kind]["id"] == id);
    found.unwrap_or_else(|| panic!("{id} in {roster}"))["id"].as_str().unwrap().to_owned()
}

/// endpoints.md 12.
#[tokio::test]
async fn operations_of_service_hosted_media() {
    let world = World::start().await;
    let play = json!({"clientContext": "ctx-1", "prompts": [
        {"@odata.type": "#microsoft.graph.mediaPrompt", "mediaInfo": {"uri": "https://127.0.0.1:1/a.wav"}}]});
    let tones = json!({"clientContext": "ctx-1", "tones": ["tone1", "pound"]}).to_string();
    let record = "/beta/app/calls/{pair}/record";
    let rows = [
        ("/{pair}/subscribeToTone", CONTEXT, (200, "subscribeToToneOperation", "completed")),
        ("/{pair}/playPrompt", &play.to_string(), (200, "playPromptOperation", "running")),
        ("/{pair}/recordResponse", CONTEXT, (200, "recordOperation", "running")),
        (record, CONTEXT, (200, "recordOperation", "running")),
        (
            "/{pair}/cancelMediaProcessing",
            CONTEXT,
            (200, "cancelMediaProcessingOperation", "completed"),
        ),
        ("/{pair}/sendDtmfTones", &tones, (200, "sendDtmfTonesOperation", "running")),
    ];
    for (path, body, wanted) in rows {
        let answer = world.ask("POST", path, body).await;
        expect_operation(&world, &world.pair, &answer, wanted);
        // R-014: the place can be read.
        let id = answer.body["id"].as_str().unwrap();
        let read = world.ask("GET", &format!("/{{pair}}/operations/{id}"), "").await;
        assert_eq!(read.status, StatusCode::OK, "{read:?}");
        assert_eq!(read.body["id"], id);
        let context = read.body["@odata.context"].as_str().unwrap();
        assert!(context.ends_with("/operations/$entity"), "{context}");
    }
}

/// endpoints.md 3 to 7, 10, 13: answered without a body, and without a Content-Type (clients.md 13).
#[tokio::test]
async fn answers_without_a_body() {
    let world = World::start().await;
    let target = json!({"identity": {"user": {"id": CAROL}}});
    let transfer = json!({"transferTarget": target}).to_string();
    let redirect = json!({"targets": [target]}).to_string();
    let rows = [
        ("POST", "/{group}/keepAlive", "", 200),
        ("POST", "/{own}/changeScreenSharingRole", r#"{"role": "sharer"}"#, 202),
        ("POST", "/{pair}/transfer", transfer.as_str(), 202),
        ("POST", "/{incoming}/redirect", redirect.as_str(), 202),
        ("DELETE", "/{ownPair}", "", 204),
        ("DELETE", "/{group}", "", 204),
    ];
    for (method, path, body, status) in rows {
        let answer = world.ask(method, path, body).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {answer:?}");
        assert_eq!(answer.body, Value::Null);
        for absent in [header::CONTENT_TYPE, header::LOCATION] {
            assert!(!answer.headers.contains_key(&absent), "{method} {path}: {absent}");
        }
    }
    // R-158
    let again = world.ask("DELETE", "/{group}", "").await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

/// endpoints.md 16.
#[tokio::test]
async fn audio_routing_groups() {
    let world = World::start().await;
    let roster = world.ask("GET", "/{group}/participants", "").await;
    let ids: Vec<&str> = roster.body["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    let group =
        json!({"id": "g 1", "routingMode": "oneToOne", "sources": [ids[0]], "receivers": [ids[1]]});
    let made = world.ask("POST", "/{group}/audioRoutingGroups", &group.to_string()).await;
    assert_eq!(made.status, StatusCode::OK, "R-297: {made:?}");
    assert_eq!(made.body["@odata.type"], "#microsoft.graph.audioRoutingGroup");
    let again = world.ask("POST", "/{group}/audioRoutingGroups", &group.to_string()).await;
    assert_eq!((again.status.as_u16(), &again.body["error"]["code"]), (409, &json!("8519")));
    let read = world.ask("GET", "/{group}/audioRoutingGroups/g%201", "").await;
    assert_eq!((read.status, &read.body["receivers"]), (StatusCode::OK, &group["receivers"]));
    let listed = world.ask("GET", "/{group}/audioRoutingGroups", "").await;
    assert_eq!(listed.body["value"][0]["id"], "g 1", "{listed:?}");
    let all = json!({"routingMode": "multicast", "receivers": [ids[1], ids[2]]}).to_string();
    let changed = world.ask("PATCH", "/{group}/audioRoutingGroups/g%201", &all).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    assert_eq!(changed.body["receivers"].as_array().map(Vec::len), Some(2));
    let gone = world.ask("DELETE", "/{group}/audioRoutingGroups/g%201", "").await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{gone:?}");
}

/// R-015, R-017, clients.md 16.
#[tokio::test]
async fn reading_and_selecting() {
    let world = World::start().await;
    let read = world.ask("GET", "/{group}", "").await;
    let base = format!("https://{}/v1.0", world.server.https);
    assert_eq!(
        read.body["@odata.context"],
        format!("{base}/$metadata#communications/calls/$entity")
    );
    let mine = read.body["myParticipantId"].as_str().unwrap();
    let me = world.ask("GET", &format!("/{{group}}/participants/{mine}"), "").await;
    assert_eq!((me.status, &me.body["id"]), (StatusCode::OK, &json!(mine)), "{me:?}");
    let few = world.ask("GET", "/{group}?$select=id,state&$expand=participants", "").await;
    let names = |body: &Value| -> Vec<String> {
        let members = body.as_object().unwrap().keys();
        members.filter(|name| !name.starts_with('@')).cloned().collect()
    };
    assert_eq!(few.status, StatusCode::OK);
    let mut seen = names(&few.body);
    seen.sort();
    assert_eq!(seen, ["id", "state"]);
    let roster = world.ask("GET", "/{group}/participants?%24select=isMuted", "").await;
    let everybody = roster.body["value"].as_array().unwrap();
    assert!(everybody.len() >= 4, "{roster:?}");
    assert!(everybody.iter().all(|one| names(one) == ["isMuted"]), "{roster:?}");
    // R-192
    let nobody = world.ask("GET", "/{pair}/participants", "").await;
    assert_eq!((nobody.status, &nobody.body["value"]), (StatusCode::OK, &json!([])));
}

/// R-007: what beta alone knows is let through unread in v1.0: a loop would never end.
#[tokio::test]
async fn a_loop_is_a_word_of_beta() {
    let server = Server::start().await;
    let call = server.call(&dead_callback()).await;
    let moved = server.control(http::Method::POST, "/clock", r#"{"advanceMs": 5000}"#).await;
    assert_eq!(moved.status, StatusCode::OK);
    let body = |word: Value| json!({"prompts": [{"mediaInfo": {"uri": "https://127.0.0.1:1/a.wav"}}], "loop": word});
    let ask = async |version: &str, word: Value| {
        let path = format!("/{version}/communications/calls/{call}/playPrompt");
        server.graph(http::Method::POST, &path, body(word).to_string()).await.status.as_u16()
    };
    assert_eq!(ask("v1.0", json!(true)).await, 200);
    assert_eq!(ask("beta", json!(true)).await, 200);
    assert_eq!(ask("beta", json!("yes")).await, 400);
}

/// Clients.md 12 and 14: where nothing has to be said, a body may be left out, and its Content-Type with it; where
/// there is one, it is JSON.
#[tokio::test]
async fn bodies_that_may_be_left_out() {
    let world = World::start().await;
    let server = &world.server;
    let ask = async |action: &str, kind: Option<&str>, body: &str| {
        let uri =
            format!("https://{}{}", server.https, world.path(&format!("/{{group}}/{action}")));
        let mut request = http::Request::post(uri)
            .header(header::AUTHORIZATION, format!("Bearer {}", server.token(0)));
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        server.send(request.body(body.to_owned().into()).unwrap()).await.status.as_u16()
    };
    for action in ["keepAlive", "mute", "unmute", "subscribeToTone", "cancelMediaProcessing"] {
        assert_eq!(ask(action, None, "").await, 200, "{action}");
    }
    assert_eq!(ask("mute", Some("application/json; charset=utf-8"), "{}").await, 200);
    assert_eq!(ask("mute", Some("APPLICATION/JSON"), "{}").await, 200);
    assert_eq!(ask("mute", Some("text/plain"), "{}").await, 400);
    assert_eq!(ask("mute", None, "{}").await, 400);
    assert_eq!(ask("keepAlive", None, "{}").await, 200, "its body is not looked at");
}

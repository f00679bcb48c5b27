//! What real, unmodified clients demand of Graph (clients.md 12 to 17, 26 and 27), on real sockets.

use std::net::TcpListener;

use bytes::Bytes;
use graph_fake::config::{APP, TENANT, USERS};
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    harness::{Answer, Server, call_body, dead_callback},
    notifications::{listen, states},
};

const CALLS: &str = "/v1.0/communications/calls";
const ALICE: graph_api::Guid = USERS[0].1;
const BOB: graph_api::Guid = USERS[1].1;

async fn post(server: &Server, path: &str, body: Value) -> Answer {
    server.graph(Method::POST, path, body.to_string()).await
}

async fn advance(server: &Server, ms: u64) {
    let moved = server.control(Method::POST, "/clock", json!({"advanceMs": ms}).to_string()).await;
    assert_eq!(moved.status, StatusCode::OK, "{moved:?}");
}

async fn acts(server: &Server, call: &str, action: Value) {
    let path = format!("/calls/{call}/actions");
    let done = server.control(Method::POST, &path, action.to_string()).await;
    assert_eq!(done.status, StatusCode::ACCEPTED, "{done:?}");
}

/// Lets Alice ring the bot at this webhook; the call.
async fn ring(server: &Server, callback: &str) -> String {
    let roles: Vec<&str> = platform::Permission::CALLS.iter().map(|role| role.role()).collect();
    let app = json!({
        "displayName": "Bot", "secret": "s", "callbackUri": callback, "roles": roles,
    });
    let path = format!("/tenants/{TENANT}/apps/{APP}");
    let done = server.control(Method::PUT, &path, app.to_string()).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{done:?}");
    let ring = json!({"from": {"user": ALICE}, "to": [{"app": APP}]}).to_string();
    let rung = server.control(Method::POST, "/calls", ring).await;
    rung.body["callId"].as_str().expect("it rings").to_owned()
}

/// What answers a call.
fn answer() -> Value {
    json!({
        "acceptedModalities": ["audio"],
        "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
    })
}

/// A prompt that is never downloaded: somebody listens there and says nothing.
fn prompts(silent: &TcpListener) -> Value {
    let uri = format!("http://{}/prompt.wav", silent.local_addr().unwrap());
    json!({
        "clientContext": "mine",
        "prompts": [{"@odata.type": "#microsoft.graph.mediaPrompt",
            "mediaInfo": {"@odata.type": "#microsoft.graph.mediaInfo", "uri": uri}}],
    })
}

fn silent() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// An answer without a body: clients.md 13, no Content-Type that promises JSON.
fn is_bare(answer: &Answer, status: u16) {
    assert_eq!((answer.status.as_u16(), &answer.body), (status, &Value::Null), "{answer:?}");
    assert!(!answer.headers.contains_key(header::CONTENT_TYPE), "{answer:?}");
}

/// 200 with an operation, and where it is (R-016, clients.md 12).
async fn is_operation(server: &Server, answer: &Answer, call: &str, kind: &str) {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.body["@odata.type"], format!("#microsoft.graph.{kind}"), "{answer:?}");
    let id = answer.body["id"].as_str().unwrap();
    let at = format!("https://{}{CALLS}/{call}/operations/{id}", server.https);
    assert_eq!(answer.headers[header::LOCATION], at);
    let read = server.graph(Method::GET, &format!("{CALLS}/{call}/operations/{id}"), "").await;
    assert_eq!((read.status, &read.body["id"]), (StatusCode::OK, &answer.body["id"]), "R-014");
}

/// R-016; clients.md 12, 15 and 16: 201, an absolute Location, and all that a call carries, with the types of
/// whatever is not of the declared one.
#[tokio::test]
async fn a_created_call() {
    let server = Server::start().await;
    let callback = "https://bot.example/calls?tenant=a%20b&x=1";
    let made = post(&server, CALLS, call_body(callback)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let id: graph_api::Guid = made.body["id"].as_str().unwrap().parse().unwrap();
    let at = format!("https://{}{CALLS}/{id}", server.https);
    assert_eq!(made.headers[header::LOCATION], at);
    let body = &made.body;
    assert_eq!((&body["state"], &body["direction"]), (&json!("establishing"), &json!("outgoing")));
    assert_eq!(body["source"]["identity"]["application"]["id"], json!(APP));
    assert_eq!(body["targets"][0]["identity"]["user"]["id"], json!(ALICE));
    assert_eq!((&body["callbackUri"], &body["tenantId"]), (&json!(callback), &json!(TENANT)));
    assert_eq!(body["requestedModalities"], json!(["audio"]));
    let hosted = "#microsoft.graph.serviceHostedMediaConfig";
    assert_eq!(body["mediaConfig"]["@odata.type"], hosted);
    for name in ["callChainId", "myParticipantId"] {
        assert!(body[name].as_str().unwrap().parse::<graph_api::Guid>().is_ok(), "{name}");
    }
    let me = body["myParticipantId"].as_str().unwrap();
    let read = server.graph(Method::GET, &format!("{CALLS}/{id}/participants/{me}"), "").await;
    assert_eq!((read.status, &read.body["id"]), (StatusCode::OK, &body["myParticipantId"]));
    let selected = server.graph(Method::GET, &format!("{CALLS}/{id}?$select=state"), "").await;
    assert_eq!(
        (&selected.body["state"], &selected.body["id"]),
        (&json!("establishing"), &Value::Null)
    );
}

/// Whoever picks up a redirected call is named in the journal as the control API names people.
#[tokio::test]
async fn who_picked_up_a_redirected_call() {
    let server = Server::start().await;
    let call = ring(&server, &dead_callback()).await;
    let to = json!({"targets": [{"identity": {"user": {"id": BOB}}}]});
    is_bare(&post(&server, &format!("{CALLS}/{call}/redirect"), to).await, 202);
    let moved = server.control(Method::POST, "/clock", r#"{"advanceMs": 60000}"#).await;
    assert_eq!(moved.status, StatusCode::OK);
    let lines = server.journal.since(0, 100_000);
    let line = lines.iter().find(|line| line.kind == "redirected").expect("a line");
    assert_eq!(line.detail["to"], json!({"user": BOB}), "{line:?}");
}

/// R-114; clients.md 12, 13 and 14: actions that are only taken, by either name, answer nothing at all.
#[tokio::test]
async fn what_is_only_taken() {
    let server = Server::start().await;
    let rejected = ring(&server, &dead_callback()).await;
    let path = |call: &str, action: &str| format!("{CALLS}/{call}/{action}");
    is_bare(&post(&server, &path(&rejected, "reject"), json!({"reason": "busy"})).await, 202);
    let sent = ring(&server, &dead_callback()).await;
    let to = json!({"targets": [{"identity": {"user": {"id": BOB}}}]});
    is_bare(&post(&server, &path(&sent, "microsoft.graph.redirect"), to).await, 202);
    let call = ring(&server, &dead_callback()).await;
    let request =
        Request::post(format!("https://{}{}", server.https, path(&call, "microsoft.graph.answer")))
            .header(header::AUTHORIZATION, format!("Bearer {}", server.token(0)))
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8");
    let taken = server.send(request.body(answer().to_string().into()).unwrap()).await;
    is_bare(&taken, 202);
    assert_eq!(taken.headers[header::CONTENT_LENGTH], "0", "R-114");
    advance(&server, 1_000).await;
    // A POST without body, length and type.
    let request = Request::post(format!("https://{}{}", server.https, path(&call, "keepAlive")))
        .header(header::AUTHORIZATION, format!("Bearer {}", server.token(0)));
    is_bare(&server.send(request.body(Bytes::new()).unwrap()).await, 200);
    let to = json!({"transferTarget": {"identity": {"user": {"id": BOB}}}});
    is_bare(&post(&server, &path(&call, "transfer"), to).await, 202);
    is_bare(&server.graph(Method::DELETE, &format!("{CALLS}/{call}"), "").await, 204);
}

/// clients.md 12, 15 and 26: operations, each of its type, with the context that was sent.
#[tokio::test]
async fn operations() {
    let server = Server::start().await;
    let (hook, url) = listen().await;
    let silent = silent();
    let call = server.call(&url).await;
    advance(&server, 10_000).await;
    let path = |action: &str| format!("{CALLS}/{call}/{action}");
    let played = post(&server, &path("playPrompt"), prompts(&silent)).await;
    is_operation(&server, &played, &call, "playPromptOperation").await;
    assert_eq!(played.body["clientContext"], "mine");
    let record = post(&server, &path("recordResponse"), json!({"clientContext": "r"})).await;
    is_operation(&server, &record, &call, "recordOperation").await;
    let tones = post(&server, &path("subscribeToTone"), json!({"clientContext": "t"})).await;
    is_operation(&server, &tones, &call, "subscribeToToneOperation").await;
    let cancelled = post(&server, &path("cancelMediaProcessing"), json!({})).await;
    is_operation(&server, &cancelled, &call, "cancelMediaProcessingOperation").await;
    // Three of the call's beginning, and one for each of the two that were cut off.
    let got = hook.wait_for(5).await;
    for (at, made) in [(3, &played), (4, &record)] {
        let told = &got[at].1["value"][0];
        assert_eq!(told["changeType"], "deleted", "{told}");
        let (data, id) = (&told["resourceData"], made.body["id"].as_str().unwrap());
        let url = format!("/communications/calls/{call}/operations/{id}");
        assert_eq!(told["resourceUrl"], url);
        assert_eq!(data["@odata.type"], made.body["@odata.type"]);
        assert_eq!(data["clientContext"], made.body["clientContext"]);
        assert_eq!(data["status"], "failed");
        let result = &data["resultInfo"];
        assert_eq!((&result["code"], &result["subcode"]), (&json!(400), &json!(8508)), "{data}");
    }
}

/// clients.md 12 and 26: what is done to participants is an operation too, and shows in the roster.
#[tokio::test]
async fn operations_on_participants() {
    let server = Server::start().await;
    let (hook, url) = listen().await;
    let meeting = json!({"organizer": ALICE, "participants": [{"user": ALICE}]}).to_string();
    let meeting = server.control(Method::POST, "/meetings", meeting).await.body;
    let mut join = call_body(&url);
    join["targets"] = json!([]);
    join["chatInfo"] = json!({"@odata.type": "#microsoft.graph.chatInfo",
        "threadId": meeting["threadId"], "messageId": "0"});
    join["meetingInfo"] = json!({"@odata.type": "#microsoft.graph.organizerMeetingInfo",
        "organizer": {"user": {"id": ALICE, "tenantId": TENANT}}});
    let made = post(&server, CALLS, join).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let call = made.body["id"].as_str().unwrap().to_owned();
    advance(&server, 10_000).await;
    let path = |action: &str| format!("{CALLS}/{call}/{action}");
    let muted = post(&server, &path("mute"), json!({"clientContext": "m"})).await;
    is_operation(&server, &muted, &call, "muteParticipantOperation").await;
    let unmuted = post(&server, &path("unmute"), json!({})).await;
    is_operation(&server, &unmuted, &call, "unmuteParticipantOperation").await;
    let roster = server.graph(Method::GET, &path("participants"), "").await.body;
    let alice = roster["value"][0]["id"].as_str().unwrap();
    let muted = post(&server, &path(&format!("participants/{alice}/mute")), json!({})).await;
    is_operation(&server, &muted, &call, "muteParticipantOperation").await;
    let whom = json!({"participants": [{"identity": {"user": {"id": BOB}}}]});
    let invited = post(&server, &path("participants/invite"), whom).await;
    is_operation(&server, &invited, &call, "inviteParticipantsOperation").await;
    advance(&server, 10_000).await;
    // Two states, a roster, audio; three rosters of mutes; the invitation and the roster with Bob.
    let got = hook.wait_for(9).await;
    let rosters: Vec<&Value> = got
        .iter()
        .map(|(_, body)| &body["value"][0])
        .filter(|told| told["resourceUrl"] == format!("/communications/calls/{call}/participants"))
        .map(|told| &told["resourceData"])
        .collect();
    let muted: Vec<(usize, bool, bool)> = rosters
        .iter()
        .map(|roster| {
            let muted = |at: usize| roster[at]["isMuted"] == true;
            (roster.as_array().expect("clients.md 20: an array").len(), muted(0), muted(1))
        })
        .collect();
    let expected = [
        (2, false, false),
        (2, false, true),
        (2, false, false),
        (2, true, false),
        (3, true, false),
    ];
    assert_eq!(muted, expected);
}

/// clients.md 26: keys are told from the subscription on, numbered from 1, on an established call.
#[tokio::test]
async fn keys() {
    let server = Server::start().await;
    let (hook, url) = listen().await;
    let call = server.call(&url).await;
    advance(&server, 10_000).await;
    let press = |tone: &str| json!({"by": ALICE, "action": "dtmf", "tones": [tone]});
    acts(&server, &call, press("tone9")).await;
    advance(&server, 1_000).await;
    let _ = post(&server, &format!("{CALLS}/{call}/subscribeToTone"), json!({})).await;
    acts(&server, &call, press("tone1")).await;
    advance(&server, 1_000).await;
    acts(&server, &call, press("pound")).await;
    advance(&server, 1_000).await;
    let got = hook.wait_for(5).await;
    for (at, number, tone) in [(3, 1, "tone1"), (4, 2, "pound")] {
        let data = &got[at].1["value"][0]["resourceData"];
        let info = &data["toneInfo"];
        assert_eq!((&info["sequenceId"], &info["tone"]), (&json!(number), &json!(tone)), "{data}");
        assert_eq!(data["state"], "established");
    }
}

/// clients.md 24, R-108: the callbackUri of the answer is where the call goes on.
#[tokio::test]
async fn another_callback_in_the_answer() {
    let server = Server::start().await;
    let (first, webhook) = listen().await;
    let (second, elsewhere) = listen().await;
    let call = ring(&server, &webhook).await;
    let got = first.wait_for(1).await;
    assert_eq!(states(&got), ["incoming"]);
    let mut body = answer();
    body["callbackUri"] = json!(elsewhere);
    is_bare(&post(&server, &format!("{CALLS}/{call}/answer"), body).await, 202);
    advance(&server, 10_000).await;
    let got = second.wait_for(3).await;
    assert_eq!(states(&got), ["establishing", "established", "established+audio"]);
    assert_eq!(first.wait_for(1).await.len(), 1);
}

/// clients.md 27: establishing for as long as it rings.
#[tokio::test]
async fn it_rings() {
    let server = Server::start().await;
    let user = json!({"displayName": "Alice", "onCall": "ignore"}).to_string();
    let path = format!("/tenants/{TENANT}/users/{ALICE}");
    let done = server.control(Method::PUT, &path, user).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{done:?}");
    let (hook, url) = listen().await;
    let call = server.call(&url).await;
    advance(&server, 50_000).await;
    let read = server.graph(Method::GET, &format!("{CALLS}/{call}"), "").await;
    assert_eq!(read.body["state"], "establishing");
    acts(&server, &call, json!({"by": ALICE, "action": "answer"})).await;
    advance(&server, 1_000).await;
    let got = hook.wait_for(3).await;
    assert_eq!(states(&got), ["establishing", "established", "established+audio"]);
}

/// R-007: what beta has alone is no member and no path of v1.0; R-127: targetDisposition, in beta only.
#[tokio::test]
async fn what_beta_has_alone() {
    let server = Server::start().await;
    let call = ring(&server, &dead_callback()).await;
    let odd = json!({
        "targets": [{"identity": {"user": {"id": BOB}}}], "targetDisposition": "sideways",
    });
    let path = format!("/beta/communications/calls/{call}/redirect");
    let refused = post(&server, &path, odd.clone()).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    is_bare(&post(&server, &format!("{CALLS}/{call}/redirect"), odd).await, 202);
    let call = server.call(&dead_callback()).await;
    advance(&server, 1_000).await;
    let mut endless = prompts(&silent());
    endless["loop"] = json!("always");
    let path = format!("/beta/app/calls/{call}/playPrompt");
    let refused = post(&server, &path, endless.clone()).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let all = format!("{CALLS}/{call}/participants/muteAll");
    assert_eq!(post(&server, &all, json!({})).await.status, StatusCode::NOT_FOUND);
    let all = all.replace("v1.0", "beta");
    assert_eq!(post(&server, &all, json!({})).await.body["error"]["code"], "8548");
}

/// R-354: whoever logs the quality of devices says who asks.
#[tokio::test]
async fn a_user_agent() {
    let server = Server::start().await;
    let id = "aaaaaaaa-0000-4000-8000-000000000001";
    let body = json!({"quality": {
        "callChainId": id, "participantId": id, "mediaLegId": id, "deviceName": "d",
        "deviceDescription": "e", "mediaQualityList": [],
    }});
    for (agent, status) in [("", 400), ("device/1.0", 200)] {
        let uri = format!("https://{}{CALLS}/logTeleconferenceDeviceQuality", server.https);
        let request = Request::post(uri)
            .header(header::AUTHORIZATION, format!("Bearer {}", server.token(0)))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, agent);
        let logged = server.send(request.body(body.to_string().into()).unwrap()).await;
        assert_eq!(logged.status.as_u16(), status, "{logged:?}");
    }
}

//! From a record to its recording over real sockets: the notification says where it is and what opens it, and nothing
//! else does (R-248, R-249, endpoints.md 12.2, clients.md 26).

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use graph_api::Guid;
use graph_fake::config::{APP, TENANT, USERS};
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    harness::{Answer, Server, call_body},
    notifications::{Webhook, listen},
    why::expect_why,
};

const CALLS: &str = "/v1.0/communications/calls";
const ALICE: Guid = USERS[0].1;
const OTHER: Guid = Guid::from_u128(0x07_4e40_0000_4000_8000_0000_0000_0007);

pub async fn advance(server: &Server, ms: u64) {
    let wanted = json!({"advanceMs": ms}).to_string();
    let moved = server.control(Method::POST, "/clock", wanted).await;
    assert_eq!(moved.status, StatusCode::OK, "{moved:?}");
}

pub async fn post(server: &Server, token: &str, path: &str, body: Value) -> Value {
    let request = Request::post(format!("https://{}{path}", server.https))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json");
    let answer = server.send(request.body(body.to_string().into()).unwrap()).await;
    assert!(answer.status.is_success(), "{path}: {answer:?}");
    answer.body
}

/// A recording, as a bot knows it.
struct Recorded {
    call: String,
    location: String,
    token: String,
}

/// The bot of this token calls Alice and records what she says: two seconds, then silence until five are over.
async fn record(server: &Server, token: &str) -> Recorded {
    let (hook, url) = listen().await;
    let call = post(server, token, CALLS, call_body(&url)).await["id"].as_str().unwrap().to_owned();
    advance(server, 5_000).await;
    let path = format!("{CALLS}/{call}/recordResponse");
    let asked = json!({"clientContext": "rec-1", "maxRecordDurationInSeconds": 5,
        "maxSilenceTimeoutInSeconds": 60, "playBeep": false});
    let operation = post(server, token, &path, asked).await;
    assert_eq!(
        (&operation["status"], &operation["recordingLocation"]),
        (&json!("running"), &Value::Null)
    );
    let speaks = json!({"by": ALICE, "action": "speak", "durationMs": 2_000}).to_string();
    let spoken = server.control(Method::POST, &format!("/calls/{call}/actions"), speaks).await;
    assert_eq!(spoken.status, StatusCode::ACCEPTED, "{spoken:?}");
    advance(server, 10_000).await;
    let told = ended(&hook, operation["id"].as_str().unwrap()).await;
    let result = &told["resultInfo"];
    assert_eq!((&result["code"], &result["subcode"]), (&json!(200), &json!(8515)), "{told}");
    assert_eq!(told["clientContext"], "rec-1");
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    Recorded { call, location: text("recordingLocation"), token: text("recordingAccessToken") }
}

/// What a bot was told of the end of its operation. The clock waits for notifications: they are all there.
pub async fn ended(hook: &Arc<Webhook>, operation: &str) -> Value {
    let told = hook.wait_for(1).await;
    let mut data = told.iter().map(|(_, body)| &body["value"][0]["resourceData"]);
    let found = data.find(|data| data["id"] == operation).cloned();
    found.unwrap_or_else(|| panic!("nothing was told of {operation}: {told:?}"))
}

/// The answer with its bytes.
pub async fn fetch(server: &Server, location: &str, token: Option<&str>) -> http::Response<Bytes> {
    let mut request = Request::get(location);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    server.client.send(request.body(Bytes::new()).unwrap()).await.expect("the fake answers")
}

async fn refused(server: &Server, location: &str, token: Option<&str>, status: u16) -> Answer {
    let (parts, body) = fetch(server, location, token).await.into_parts();
    assert_eq!(parts.status.as_u16(), status, "{body:?}");
    let body = serde_json::from_slice(&body).expect("Graph's envelope");
    Answer { status: parts.status, headers: parts.headers, body }
}

/// Another bot with every role, and its token for Graph.
async fn other_bot(server: &Server) -> String {
    let roles: Vec<&str> = platform::Permission::ALL.iter().map(|one| one.role()).collect();
    let app = json!({"displayName": "Other", "secret": "s", "roles": roles}).to_string();
    let path = format!("/tenants/{TENANT}/apps/{OTHER}");
    assert_eq!(server.control(Method::PUT, &path, app).await.status, StatusCode::NO_CONTENT);
    let wanted = json!({"appId": OTHER, "tenantId": TENANT}).to_string();
    let given = server.control(Method::POST, "/access-tokens", wanted).await;
    given.body["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_token_of_the_notification_opens_the_recording() {
    let server = Server::start().await;
    let recorded = record(&server, &server.token(0)).await;
    assert!(recorded.location.starts_with(&format!("https://{}/recordings/", server.https)));
    let answer = fetch(&server, &recorded.location, Some(&recorded.token)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/octet-stream");
    assert_eq!(answer.headers()[header::TRANSFER_ENCODING], "chunked");
    assert!(!answer.headers().contains_key(header::CONTENT_LENGTH));
    let prompt = media::Prompt::read(answer.body()).expect("a WAV file that can be played again");
    assert_eq!(prompt.duration(), Duration::from_secs(5));
    let loud = |from: usize, to: usize| {
        prompt.samples()[from * 16_000..to * 16_000].iter().any(|sample| *sample != 0)
    };
    assert!(loud(0, 1) && loud(1, 2) && !loud(3, 5), "what she said, then silence");
    let lines = server.journal.since(0, 10_000);
    let fetched =
        lines.iter().find(|line| line.kind == "response" && line.detail["op"] == "getRecording");
    let fetched = fetched.expect("it is written down");
    assert_eq!(
        (&fetched.detail["status"], fetched.call_id.as_deref()),
        (&json!(200), Some(&*recorded.call))
    );
    // Twice, and after the keys were exchanged.
    for which in ["login", "platform"] {
        let body = json!({"which": which}).to_string();
        server.control(Method::POST, "/keys/rotate", body).await;
        let again = fetch(&server, &recorded.location, Some(&recorded.token)).await;
        assert_eq!(again.status(), StatusCode::OK, "{which}");
    }
}

#[tokio::test]
async fn no_other_token_opens_a_recording() {
    check_no_other_token_opens_a_recording(Server::start().await).await;
}

pub async fn check_no_other_token_opens_a_recording(server: Server) {
    let graph = server.token(0);
    let (mine, second) = (record(&server, &graph).await, record(&server, &graph).await);
    let theirs = other_bot(&server).await;
    let of_theirs = record(&server, &theirs).await;
    let now = server.clock.now();
    let notification = server.identity.callback_token(APP, TENANT, now);
    let cut = &mine.token[..mine.token.len() - 3];
    let tokens = [
        ("none at all", None),
        ("no token", Some("x")),
        ("one's own for Graph", Some(&*graph)),
        ("another app's for Graph", Some(&*theirs)),
        ("a notification's", Some(&*notification)),
        ("cut short", Some(cut)),
        ("that of one's other recording", Some(&*second.token)),
        ("that of another app's recording", Some(&*of_theirs.token)),
    ];
    for (what, token) in tokens {
        let answer = refused(&server, &mine.location, token, 401).await;
        assert_eq!(answer.body["error"]["code"], "InvalidAuthenticationToken", "{what}");
        assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer", "{what}");
    }
    // And the other way round: what opens a recording opens no call.
    let request = Request::get(format!("https://{}{CALLS}/{}", server.https, mine.call))
        .header(header::AUTHORIZATION, format!("Bearer {}", mine.token));
    let read = server.send(request.body(Bytes::new()).unwrap()).await;
    assert_eq!(read.status, StatusCode::UNAUTHORIZED, "{read:?}");
    for one in [mine, second, of_theirs] {
        let opened = fetch(&server, &one.location, Some(&one.token)).await;
        assert_eq!(opened.status(), StatusCode::OK);
    }
}

/// gone a while after the call; the token itself is good for a day.
#[tokio::test]
async fn a_recording_and_its_token_have_their_time() {
    let server = Server::start().await;
    let day = 24 * 3_600 * 1_000;
    let options = json!({"keepAliveMs": 3 * day, "recordingKeptMs": 30_000}).to_string();
    let set = server.control(Method::PUT, "/options", options).await;
    assert_eq!(set.status, StatusCode::NO_CONTENT, "{set:?}");
    let graph = server.token(0);
    let (short, long) = (record(&server, &graph).await, record(&server, &graph).await);
    let gone = server.graph(Method::DELETE, &format!("{CALLS}/{}", short.call), "").await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let opened = async |one: &Recorded| {
        fetch(&server, &one.location, Some(&one.token)).await.status().as_u16()
    };
    assert_eq!(opened(&short).await, 200);
    advance(&server, 60_000).await;
    let answer = refused(&server, &short.location, Some(&short.token), 404).await;
    assert_eq!(answer.body["error"]["code"], "NotFound");
    assert_eq!(opened(&long).await, 200, "its call lives");
    advance(&server, day - 120_000).await;
    assert_eq!(opened(&long).await, 200);
    advance(&server, 120_000).await;
    refused(&server, &long.location, Some(&long.token), 401).await;
}

#[tokio::test]
async fn refusals_of_recordings_are_explained() {
    check_refusals_of_recordings(Server::start().await).await;
}

/// Why, and in the journal.
pub async fn check_refusals_of_recordings(server: Server) {
    let graph = server.token(0);
    let (mine, second) = (record(&server, &graph).await, record(&server, &graph).await);
    let rows = [
        (None, "tokenIsThere", "recordingAccessToken"),
        (Some("x"), "tokenIsReadable", "recordingAccessToken"),
        (Some(&*graph), "tokenIsOurs", "no token of Graph opens a recording"),
        (Some(&*second.token), "tokenIsForThisRecording", "each opens one"),
    ];
    for (token, predicate, mend) in rows {
        let answer = refused(&server, &mine.location, token, 401).await;
        let why = expect_why(&server, &answer, predicate, mend).await;
        assert_eq!(why["op"], "getRecording");
    }
    server.graph(Method::DELETE, &format!("{CALLS}/{}", mine.call), "").await;
    advance(&server, 120_000).await;
    let answer = refused(&server, &mine.location, Some(&mine.token), 404).await;
    expect_why(&server, &answer, "recordingExists", "recordingKeptMs").await;
    let request = Request::post(&mine.location).body(Bytes::new()).unwrap();
    let answer = server.send(request).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    expect_why(&server, &answer, "methodExists", "getRecording").await;
    let odd = format!("https://{}/recordings/%ff", server.https);
    let answer = refused(&server, &odd, Some(&mine.token), 401).await;
    expect_why(&server, &answer, "tokenIsForThisRecording", "each opens one").await;
    let lines = server.journal.since(0, 10_000);
    let of = |kind: &str| {
        lines.iter().filter(|l| l.kind == kind && l.detail["op"] == "getRecording").count()
    };
    assert_eq!((of("request"), of("response"), of("refused")), (7, 7, 7));
}

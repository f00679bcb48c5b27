//! Notifications on real sockets: signed, in order, after the reply, and tried again within bounds.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
};

use crate::harness::Server;
use axum::{Router, extract::State, routing::post};
use graph_fake::{
    Options,
    config::{APP, TENANT, USERS},
};
use http::{HeaderMap, Method, StatusCode};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// A bot's webhook that keeps what it gets.
#[derive(Default)]
pub struct Webhook {
    got: Mutex<Vec<(HeaderMap, Value)>>,
    /// The status to answer with before all others are 202; 0 is none.
    first_status: AtomicU16,
    /// Where a redirect leads.
    location: Mutex<Option<String>>,
    more: Notify,
}

async fn take(
    State(hook): State<Arc<Webhook>>,
    headers: HeaderMap,
    axum::Json(body): axum::Json<Value>,
) -> (StatusCode, HeaderMap) {
    hook.got.lock().unwrap().push((headers, body));
    hook.more.notify_one();
    let status = hook.first_status.swap(0, Ordering::SeqCst);
    let mut headers = HeaderMap::new();
    if let Some(location) = &*hook.location.lock().unwrap() {
        headers.insert("location", location.parse().unwrap());
    }
    (StatusCode::from_u16(status).unwrap_or(StatusCode::ACCEPTED), headers)
}

pub async fn listen() -> (Arc<Webhook>, String) {
    let hook = Arc::new(Webhook::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let router = Router::new().route("/api/calls", post(take)).with_state(hook.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (hook, format!("http://{address}/api/calls"))
}

impl Webhook {
    /// Waits until so many notifications have come.
    pub async fn wait_for(&self, count: usize) -> Vec<(HeaderMap, Value)> {
        let come = async {
            while self.got.lock().unwrap().len() < count {
                self.more.notified().await;
            }
        };
        let limit = std::time::Duration::from_secs(10);
        tokio::time::timeout(limit, come).await.expect("notifications come");
        self.got.lock().unwrap().clone()
    }
}

pub fn states(got: &[(HeaderMap, Value)]) -> Vec<String> {
    let data = |body: &Value| body["value"][0]["resourceData"].clone();
    got.iter()
        .map(|(_, body)| {
            let audio = if data(body)["mediaState"]["audio"] == "active" { "+audio" } else { "" };
            format!("{}{audio}", data(body)["state"].as_str().unwrap_or("?"))
        })
        .collect()
}

/// R-310, R-312; clients.md 20, 21, 22 and 25: JSON with a length, who it is for, the chain of the call, one id
/// each; established with audio once, and nothing after the end.
#[tokio::test]
async fn a_call_is_told_in_order_and_every_word_is_signed() {
    check_a_call_is_told_in_order_and_every_word_is_signed(Server::start().await).await;
}

pub async fn check_a_call_is_told_in_order_and_every_word_is_signed(server: Server) {
    let (hook, url) = listen().await;
    let call = server.call(&url).await;
    let moved = server.control(Method::POST, "/clock", r#"{"advanceMs": 10000}"#).await;
    assert_eq!(moved.status, StatusCode::OK, "{moved:?}");
    let gone =
        server.graph(Method::DELETE, &format!("/v1.0/communications/calls/{call}"), "").await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let got = hook.wait_for(5).await;
    let told = ["establishing", "established", "established+audio", "terminating", "terminated"];
    assert_eq!(states(&got), told);
    let chain = got[0].0["scenario-id"].clone();
    for (headers, body) in &got {
        let token = headers["authorization"].to_str().unwrap();
        let claims = claims(&server, token.strip_prefix("Bearer ").unwrap()).await;
        assert_eq!(claims["iss"], "https://api.botframework.com");
        assert_eq!((&claims["aud"], &claims["tid"]), (&json!(APP), &json!(TENANT)));
        assert_eq!(headers["scenario-id"], chain, "one a call");
        assert!(headers.contains_key("content-length"), "never chunked");
        assert_eq!(headers["x-microsoft-skype-chain-id"], chain);
        assert_eq!(headers["user-agent"], "Microsoft-Skype/3.0,(Calling/1.0)");
        for name in ["ms-teams-partition", "ms-teams-region", "ms-teams-ring"] {
            assert!(!headers[name].is_empty(), "{name}");
        }
        let url = body["value"][0]["resourceUrl"].as_str().unwrap();
        assert_eq!(url, format!("/communications/calls/{call}"));
    }
    let mut messages: Vec<_> =
        got.iter().map(|(headers, _)| headers["x-microsoft-skype-message-id"].clone()).collect();
    messages.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    messages.dedup();
    assert_eq!(messages.len(), 5, "one a notification");
}

/// What a token says, if a key of the metadata signed it.
pub async fn claims(server: &Server, token: &str) -> Value {
    let uri = format!("https://{}/v1/.well-known/keys", server.https);
    let request = http::Request::get(uri).body(bytes::Bytes::new()).unwrap();
    let keys: JwkSet = serde_json::from_value(server.send(request).await.body).unwrap();
    let kid = jsonwebtoken::decode_header(token).unwrap().kid.expect("a token names its key");
    let key = DecodingKey::from_jwk(keys.find(&kid).expect("the key is shown")).unwrap();
    let mut rules = Validation::new(Algorithm::RS256);
    rules.validate_exp = false;
    rules.validate_aud = false;
    jsonwebtoken::decode(token, &key, &rules).expect("the platform signed it").claims
}

/// clients.md 24: in order, even when the bot is slow or down.
#[tokio::test]
async fn a_notification_that_fails_comes_again_and_holds_back_the_next() {
    check_a_notification_that_fails_comes_again_and_holds_back_the_next(Server::start().await)
        .await;
}

pub async fn check_a_notification_that_fails_comes_again_and_holds_back_the_next(server: Server) {
    let (hook, url) = listen().await;
    hook.first_status.store(503, Ordering::SeqCst);
    server.call(&url).await;
    hook.wait_for(1).await;
    let _ = server.control(Method::POST, "/clock", r#"{"advanceMs": 10000}"#).await;
    let got = hook.wait_for(4).await;
    let told = ["establishing", "establishing", "established", "established+audio"];
    assert_eq!(states(&got), told);
    let message = |n: usize| got[n].0["x-microsoft-skype-message-id"].clone();
    assert_eq!(message(0), message(1), "the same notification");
    let original = |n: usize| got[n].0.get("x-microsoft-skype-original-message-id").cloned();
    assert_eq!((original(0), original(1)), (None, Some(message(0))));
    assert_ne!(message(1), message(2));
}

/// R-318.
#[tokio::test]
async fn a_callback_that_nobody_answers_costs_notifications_and_not_the_call() {
    let server = Server::start().await;
    let call = server.call(&crate::harness::dead_callback()).await;
    let moved = server.control(Method::POST, "/clock", r#"{"advanceMs": 60000}"#).await;
    assert_eq!(moved.status, StatusCode::OK, "{moved:?}");
    let gave_up =
        server.journal.since(0, 1_000).iter().filter(|line| line.kind == "gaveUp").count();
    assert_eq!(gave_up, 3, "establishing, established, audio");
    let read = server.graph(Method::GET, &format!("/v1.0/communications/calls/{call}"), "").await;
    assert_eq!(read.body["state"], "established");
}

/// clients.md 24: not before the 201.
#[tokio::test]
async fn no_notification_overtakes_its_reply() {
    check_no_notification_overtakes_its_reply(Server::start().await).await;
}

pub async fn check_no_notification_overtakes_its_reply(server: Server) {
    let (hook, url) = listen().await;
    for _ in 0..20 {
        server.call(&url).await;
    }
    hook.wait_for(20).await;
    let lines = server.journal.since(0, 10_000);
    for told in lines.iter().filter(|line| line.kind == "notification") {
        let answered = lines.iter().any(|line| {
            line.kind == "response"
                && line.seq < told.seq
                && line.detail["body"]["id"] == json!(told.call_id)
        });
        assert!(answered, "{told:?}");
    }
}

/// Registers the bot with this webhook, and lets Alice ring it; the call.
/// Clients.md 24, where one request is told to several calls: a roster goes to every bot of a conference.
#[tokio::test]
async fn no_roster_overtakes_a_reply() {
    check_no_roster_overtakes_a_reply(Server::start().await).await;
}

pub async fn check_no_roster_overtakes_a_reply(server: Server) {
    let (hook, url) = listen().await;
    let meeting = json!({"organizer": USERS[0].1, "participants": [{"user": USERS[1].1}]});
    let meeting = server.control(Method::POST, "/meetings", meeting.to_string()).await;
    assert_eq!(meeting.status, StatusCode::CREATED, "{meeting:?}");
    let mut calls = Vec::new();
    for _ in 0..3 {
        let mut body = crate::operations::join(&meeting.body);
        body["callbackUri"] = json!(url);
        let made = server.graph(Method::POST, "/v1.0/communications/calls", body.to_string()).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        calls.push(made.body["id"].as_str().unwrap().to_owned());
    }
    let moved = server.control(Method::POST, "/clock", r#"{"untilIdle": true}"#).await;
    assert_eq!(moved.status, StatusCode::OK, "{moved:?}");
    let before = server.journal.since(0, 100_000).last().map_or(0, |line| line.seq);
    let told = hook.got.lock().unwrap().len();
    let path = format!("/v1.0/communications/calls/{}/mute", calls[0]);
    let muted = server.graph(Method::POST, &path, "").await;
    assert_eq!(muted.status, StatusCode::OK, "{muted:?}");
    hook.wait_for(told + calls.len()).await;
    let lines = server.journal.since(before, 100_000);
    let of = |kind: &str| lines.iter().filter(|line| line.kind == kind).collect::<Vec<_>>();
    let answered = of("response")[0].seq;
    let rosters = of("notification");
    assert_eq!(rosters.len(), calls.len(), "every bot is told");
    for roster in rosters {
        assert!(answered < roster.seq, "{roster:?}");
    }
}

async fn ring(server: &Server, callback: &str, legacy: bool) -> String {
    let app = json!({
        "displayName": "Bot", "secret": "s", "callbackUri": callback,
        "legacyFirstNotification": legacy, "roles": ["Calls.Initiate.All"],
    });
    let path = format!("/tenants/{TENANT}/apps/{APP}");
    let done = server.control(Method::PUT, &path, app.to_string()).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{done:?}");
    let ring = json!({"from": {"user": USERS[0].1}, "to": [{"app": APP}]}).to_string();
    let rung = server.control(Method::POST, "/calls", ring).await;
    rung.body["callId"].as_str().expect("it rings").to_owned()
}

async fn state_after(server: &Server, call: &str, ms: u64) -> Value {
    let body = json!({"advanceMs": ms}).to_string();
    let moved = server.control(Method::POST, "/clock", body).await;
    assert_eq!(moved.status, StatusCode::OK, "{moved:?}");
    server.control(Method::GET, &format!("/calls/{call}"), "").await.body["state"].clone()
}

/// R-315.
#[tokio::test]
async fn notifications_that_wait_share_an_envelope_if_asked_to() {
    for (batch, envelopes) in [(10, vec![1, 1, 2]), (1, vec![1, 1, 1, 1])] {
        let options = Options { batch, ..Options::default() };
        let server = Server::start_with(None, options).await;
        let (hook, url) = listen().await;
        hook.first_status.store(503, Ordering::SeqCst);
        let call = server.call(&url).await;
        hook.wait_for(1).await;
        assert_eq!(state_after(&server, &call, 10_000).await, "established");
        let got = hook.wait_for(envelopes.len()).await;
        let sizes: Vec<usize> =
            got.iter().map(|(_, body)| body["value"].as_array().unwrap().len()).collect();
        assert_eq!(sizes, envelopes);
        let last = got.last().unwrap().1["value"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["resourceData"]["mediaState"]["audio"], "active");
    }
}

/// R-106, clients.md 24.
#[tokio::test]
async fn an_incoming_call_is_sent_elsewhere_by_a_redirect() {
    for status in [302, 307] {
        let server = Server::start().await;
        let (first, url) = listen().await;
        let (second, elsewhere) = listen().await;
        first.first_status.store(status, Ordering::SeqCst);
        *first.location.lock().unwrap() = Some(elsewhere);
        let call = ring(&server, &url, false).await;
        let got = second.wait_for(1).await;
        assert_eq!(states(&got), ["incoming"]);
        assert_eq!(first.got.lock().unwrap().len(), 1, "{status}");
        assert_eq!(state_after(&server, &call, 6_000).await, "incoming", "acknowledged there");
    }
}

/// RFC 9110 10.2.2: a `Location` may be relative to what was asked.
#[tokio::test]
async fn a_redirect_may_be_relative() {
    for location in ["/api/calls?again", "calls?again", "?again"] {
        let server = Server::start().await;
        let (hook, url) = listen().await;
        hook.first_status.store(307, Ordering::SeqCst);
        *hook.location.lock().unwrap() = Some(location.to_owned());
        let call = ring(&server, &url, false).await;
        hook.wait_for(2).await;
        assert_eq!(state_after(&server, &call, 6_000).await, "incoming", "{location}");
        let lines = server.journal.since(0, 1_000);
        let again = lines.iter().filter(|line| line.kind == "notification").nth(1).unwrap();
        assert_eq!(again.detail["url"], format!("{url}?again"));
        let first = lines.iter().find(|line| line.kind == "delivered").unwrap();
        assert_eq!(first.detail["location"], location, "as it came");
        assert_eq!(first.detail["notFollowed"], Value::Null);
    }
}

/// Whoever wonders where the notification went finds the reason.
#[tokio::test]
async fn a_redirect_that_is_not_followed_says_why() {
    for (status, location, reason) in [
        (302, Some("http://evil.example/api"), "loopback"),
        (307, Some("ftp://127.0.0.1/api"), "absolute https"),
        (307, Some("http://[::1/"), "cannot be read"),
        (307, None, "no Location"),
        (308, Some("/api/calls"), "302 and 307"),
    ] {
        let server = Server::start().await;
        let (hook, url) = listen().await;
        hook.first_status.store(status, Ordering::SeqCst);
        *hook.location.lock().unwrap() = location.map(str::to_owned);
        let call = ring(&server, &url, false).await;
        hook.wait_for(1).await;
        state_after(&server, &call, 100).await;
        let lines = server.journal.since(0, 1_000);
        let told = lines.iter().find(|line| line.kind == "delivered").unwrap();
        let why = told.detail["notFollowed"].as_str().unwrap_or_default();
        assert!(why.contains(reason), "{status} {location:?}: {told:?}");
        assert_eq!(hook.got.lock().unwrap().len(), 1, "{status} {location:?}");
    }
    // R-106: once.
    let server = Server::start().await;
    let (first, url) = listen().await;
    let (second, elsewhere) = listen().await;
    for (hook, to) in [(&first, elsewhere), (&second, url.clone())] {
        hook.first_status.store(302, Ordering::SeqCst);
        *hook.location.lock().unwrap() = Some(to);
    }
    let call = ring(&server, &url, false).await;
    second.wait_for(1).await;
    state_after(&server, &call, 100).await;
    let lines = server.journal.since(0, 1_000);
    let told: Vec<_> = lines.iter().filter(|line| line.kind == "delivered").collect();
    assert_eq!(told[0].detail["notFollowed"], Value::Null);
    assert!(
        told[1].detail["notFollowed"].as_str().unwrap_or_default().contains("once"),
        "{told:?}"
    );
    // And only what is incoming.
    let server = Server::start().await;
    let (hook, url) = listen().await;
    hook.first_status.store(302, Ordering::SeqCst);
    *hook.location.lock().unwrap() = Some("/api/calls".to_owned());
    let call = server.call(&url).await;
    hook.wait_for(1).await;
    state_after(&server, &call, 10).await;
    let lines = server.journal.since(0, 1_000);
    let told = lines.iter().find(|line| line.kind == "delivered").unwrap();
    assert!(
        told.detail["notFollowed"].as_str().unwrap_or_default().contains("incoming"),
        "{told:?}"
    );
}

/// R-105.
#[tokio::test]
async fn the_older_format_comes_first_where_the_channel_is_set_so() {
    let server = Server::start().await;
    let (hook, url) = listen().await;
    hook.first_status.store(204, Ordering::SeqCst);
    let call = ring(&server, &url, true).await;
    let got = hook.wait_for(2).await;
    let (older, newer) = (&got[0].1, &got[1].1);
    assert_eq!((&older["id"], &older["callState"]), (&json!(call), &json!("incoming")));
    assert_eq!(older["participants"][1]["identity"], format!("28:{APP}"));
    assert_eq!(newer["value"][0]["resourceData"]["id"], json!(call));
    assert_eq!(state_after(&server, &call, 6_000).await, "incoming");
    let kinds: Vec<&str> = server
        .journal
        .since(0, 1_000)
        .iter()
        .map(|line| line.kind)
        .filter(|kind| kind.ends_with("otification") || kind.ends_with("elivered"))
        .collect();
    let told = ["legacyNotification", "legacyDelivered", "notification", "delivered"];
    assert_eq!(kinds, told);
}

/// R-105: whoever takes the older format is not told again.
#[tokio::test]
async fn a_bot_that_takes_the_older_format_is_left_at_that() {
    let server = Server::start().await;
    let (hook, url) = listen().await;
    let call = ring(&server, &url, true).await;
    hook.wait_for(1).await;
    assert_eq!(state_after(&server, &call, 6_000).await, "incoming", "it has acknowledged");
    let got = hook.got.lock().unwrap().clone();
    assert_eq!((got.len(), &got[0].1["value"]), (1, &Value::Null));
}

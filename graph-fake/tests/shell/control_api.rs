//! The control API: what a test sees of the fake.

use crate::harness::{Server, call_body, dead_callback};
use graph_fake::config::{APP, TENANT, USERS};
use http::{Method, StatusCode};
use serde_json::{Value, json};

fn app_with(roles: &[&str], callback: &str) -> String {
    json!({"displayName": "Bot", "secret": "s", "callbackUri": callback, "roles": roles})
        .to_string()
}

fn ring() -> String {
    json!({"from": {"user": USERS[0].1}, "to": [{"app": APP}]}).to_string()
}

async fn register(server: &Server) {
    let path = format!("/tenants/{TENANT}/apps/{APP}");
    let done = server.control(Method::PUT, &path, app_with(&[], &dead_callback())).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{done:?}");
}

#[tokio::test]
async fn a_call_from_ring_to_end_as_a_test_sees_it() {
    let server = Server::start().await;
    register(&server).await;
    let rung = server.control(Method::POST, "/calls", ring()).await;
    assert_eq!(rung.status, StatusCode::CREATED, "{rung:?}");
    let call = rung.body["callId"].as_str().unwrap().to_owned();
    assert!(rung.body["callChainId"].is_string());
    let seen = server.control(Method::GET, &format!("/calls/{call}"), "").await;
    assert_eq!(
        (&seen.body["state"], &seen.body["type"]),
        (&json!("incoming"), &json!("peerToPeer"))
    );
    let hang_up = json!({"by": USERS[0].1, "action": "hangup"}).to_string();
    let path = format!("/calls/{call}/actions");
    let done = server.control(Method::POST, &path, hang_up.clone()).await;
    assert_eq!(done.status, StatusCode::ACCEPTED);
    let seen = server.control(Method::GET, &format!("/calls/{call}"), "").await;
    assert_eq!(seen.body["state"], "terminated");
    let again = server.control(Method::POST, &path, hang_up).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

/// R-305: an hour is over at once, and nothing is late.
#[tokio::test]
async fn the_clock_stops_at_every_deadline() {
    let server = Server::start().await;
    register(&server).await;
    let rung = server.control(Method::POST, "/calls", ring()).await;
    let call = rung.body["callId"].as_str().unwrap().to_owned();
    // Nobody acknowledges: after five seconds the call is over (R-103), not after an hour.
    let moved = server.control(Method::POST, "/clock", r#"{"advanceMs": 3600000}"#).await;
    assert_eq!(moved.status, StatusCode::OK, "{moved:?}");
    let ended = server
        .journal
        .since(0, 1_000)
        .into_iter()
        .find(|line| line.kind == "callState" && line.detail["to"] == "terminated");
    let ended = ended.expect("the call has ended");
    assert_eq!(ended.call_id.as_deref(), Some(call.as_str()));
    assert_eq!(ended.detail["resultInfo"]["subcode"], 8_544);
    assert_eq!(ended.at_ms, 1_800_000_005_000);
    assert_eq!(moved.body["nowMs"], 1_800_003_600_000_u64);
}

#[tokio::test]
async fn until_idle_leaves_a_call_alone_that_only_has_to_be_kept_alive() {
    let server = Server::start().await;
    let call = server.call(&dead_callback()).await;
    let moved = server.control(Method::POST, "/clock", r#"{"untilIdle": true}"#).await;
    assert_eq!(moved.status, StatusCode::OK, "{moved:?}");
    let seen = server.control(Method::GET, &format!("/calls/{call}"), "").await;
    assert_eq!(
        (&seen.body["state"], &seen.body["audioActive"]),
        (&json!("established"), &json!(true))
    );
}

#[tokio::test]
async fn a_reset_forgets_calls_and_repeats_ids() {
    let server = Server::start().await;
    let first = server.call(&dead_callback()).await;
    let done = server.control(Method::POST, "/reset", "").await;
    assert_eq!(done.status, StatusCode::NO_CONTENT);
    let state = server.control(Method::GET, "/state", "").await;
    assert_eq!(state.body["calls"], json!([]));
    assert_eq!(server.call(&dead_callback()).await, first, "the same seed, the same id");
    let _ = server.control(Method::POST, "/reset", r#"{"seed": 8}"#).await;
    assert_ne!(server.call(&dead_callback()).await, first);
}

#[tokio::test]
async fn permissions_are_withdrawn_while_tokens_live() {
    let server = Server::start().await;
    server.call(&dead_callback()).await;
    register(&server).await;
    let body = crate::harness::call_body(&dead_callback()).to_string();
    let refused = server.graph(Method::POST, "/v1.0/communications/calls", body).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.body["error"]["code"], "7504");
}

#[tokio::test]
async fn faults_strike_as_planned() {
    let server = Server::start().await;
    let call = server.call(&dead_callback()).await;
    let plan = json!([{"graph": {"op": "keepAlive", "nth": 2, "reply": {"status": 429, "retryAfterSeconds": 7}}}]);
    let done = server.control(Method::PUT, "/faults", plan.to_string()).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{done:?}");
    let path = format!("/v1.0/communications/calls/{call}/keepAlive");
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let answer = server.graph(Method::POST, &path, "").await;
        statuses.push((answer.status.as_u16(), answer.headers.get("retry-after").cloned()));
    }
    let seven = http::HeaderValue::from_static("7");
    assert_eq!(statuses, [(200, None), (429, Some(seven)), (200, None)]);
}

#[tokio::test]
async fn mistakes_are_told_in_this_apis_own_shape() {
    let server = Server::start().await;
    let nobody = "0badca11-0000-4000-8000-000000000001";
    let asked: [(Method, String, &str, u16, &str); 19] = [
        (Method::GET, "/nowhere".to_owned(), "", 404, "no such path"),
        (Method::DELETE, "/state".to_owned(), "", 405, "not on this path"),
        (Method::GET, format!("/calls/{nobody}"), "", 404, "no call"),
        (Method::GET, "/calls/7".to_owned(), "", 400, "callId"),
        (Method::POST, "/calls".to_owned(), "{", 400, "the body: EOF"),
        (Method::POST, "/calls".to_owned(), "[", 400, "the body: "),
        (Method::POST, "/calls".to_owned(), r#"{"from": 3, "to": []}"#, 400, "from"),
        (
            Method::POST,
            "/calls".to_owned(),
            r#"{"from": {"user": "x"}, "to": []}"#,
            400,
            "from.user",
        ),
        (Method::POST, format!("/calls/{nobody}/actions"), r#"{"action": "dance"}"#, 400, "dance"),
        (Method::POST, format!("/calls/{nobody}/actions"), r#"{"action": "hangup"}"#, 400, "by"),
        (
            Method::PUT,
            format!("/tenants/{TENANT}/apps/x"),
            r#"{"displayName": "x", "secret": "x"}"#,
            400,
            "appId",
        ),
        (
            Method::PUT,
            format!("/tenants/{TENANT}/apps/{APP}"),
            "{}",
            400,
            "the body: 'displayName' is missing",
        ),
        (
            Method::PUT,
            "/faults".to_owned(),
            r#"[{"graph": {"op": "get", "reply": {"status": 200}}}]"#,
            400,
            "status",
        ),
        (Method::POST, "/clock".to_owned(), r#"{"advanceMs": -1}"#, 400, "advanceMs"),
        (Method::POST, "/clock".to_owned(), r#"{"advanceMs": 99999999999999}"#, 400, "a week"),
        (Method::POST, "/reset".to_owned(), r#"{"seed": "x"}"#, 400, "seed"),
        (Method::GET, "/journal?since=x".to_owned(), "", 400, "since"),
        (Method::GET, "/journal?since=-1".to_owned(), "", 400, "since"),
        (
            Method::PUT,
            format!("/tenants/{TENANT}/apps/{APP}"),
            r#"{"displayName": "x", "secret": "x", "callbackURI": "x"}"#,
            400,
            "callbackURI",
        ),
    ];
    for (method, path, body, status, said) in asked {
        let answer = server.control(method.clone(), &path, body.to_owned()).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {answer:?}");
        let message = answer.body["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(said), "{method} {path}: {message}");
        assert!(answer.body["error"]["code"].is_string());
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_one() {
    let server = Server::start().await;
    for (path, allowed) in [("/state", "GET,HEAD"), ("/clock", "POST")] {
        let answer = server.control(Method::DELETE, path, "").await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers[http::header::ALLOW], allowed, "{path}");
    }
}

/// Each path of the description is served, and each operation is described.
#[tokio::test]
async fn the_description_is_true() {
    let server = Server::start().await;
    let description = server.control(Method::GET, "/openapi.json", "").await.body;
    let paths = description["paths"].as_object().unwrap();
    assert!(paths.len() >= 13, "{paths:?}");
    for (path, methods) in paths {
        for method in methods.as_object().unwrap().keys().filter(|name| *name != "parameters") {
            let method: Method = method.to_uppercase().parse().unwrap();
            let id = "0badca11-0000-4000-8000-000000000001";
            let path = path.split('/').map(|part| if part.starts_with('{') { id } else { part });
            let path = path.collect::<Vec<_>>().join("/");
            let answer = server.control(method.clone(), &path, "").await;
            let known = answer.status != StatusCode::METHOD_NOT_ALLOWED
                && answer.body["error"]["message"]
                    != "there is no such path; see GET /openapi.json";
            assert!(known, "{method} {path}: {answer:?}");
        }
    }
    let schemas = &description["components"]["schemas"];
    assert!(!schemas["AppBody"].is_null(), "bodies are described: {schemas}");
    let _: &Value = schemas;
}

/// A plan that could never strike, or a claim that is never there, would make a test green for nothing.
#[tokio::test]
async fn misspelt_names_are_refused() {
    let server = Server::start().await;
    let plan = r#"[{"graph": {"op": "anwser", "reply": {"status": 503}}}]"#;
    let answer = server.control(Method::PUT, "/faults", plan.to_owned()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let message = answer.body["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("anwser") && message.contains("playPrompt"), "{message}");
    let token = format!(r#"{{"appId": "{APP}", "omit": ["tdi"]}}"#);
    let answer = server.control(Method::POST, "/callback-tokens", token).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
    let answer = server.control(Method::GET, "/journal?sicne=1", String::new()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
}

/// serde reads a list as a struct, member by member: a bot called "n" would lose its webhook and its roles.
#[tokio::test]
async fn a_list_is_no_object() {
    let server = Server::start().await;
    register(&server).await;
    let before = server.control(Method::GET, "/state", "").await.body;
    let (id, app) =
        ("0badca11-0000-4000-8000-000000000001", format!("/tenants/{TENANT}/apps/{APP}"));
    let asked: [(Method, String, &str, &str); 20] = [
        (Method::PUT, format!("/tenants/{TENANT}"), r#"["x"]"#, "the body"),
        (Method::PUT, app.clone(), r#"["n", "s"]"#, "the body"),
        (Method::PUT, app, r#"{"displayName": "n", "secret": "s", "chats": []}"#, "'chats'"),
        (Method::PUT, format!("/tenants/{TENANT}/users/{id}"), r#"["Al"]"#, "the body"),
        (Method::PUT, format!("/tenants/{TENANT}/instances/{id}"), r#"["x", "y"]"#, "the body"),
        (Method::PUT, format!("/tenants/{TENANT}/phones/+12345"), r#"["busy"]"#, "the body"),
        (Method::PUT, format!("/tenants/{TENANT}/channels/x"), "[[]]", "the body"),
        (Method::PUT, "/options".to_owned(), "[5]", "the body"),
        (Method::PUT, "/options".to_owned(), r#"{"profile": [true]}"#, "'profile'"),
        (Method::POST, "/reset".to_owned(), "[5]", "the body"),
        (Method::POST, "/clock".to_owned(), "[1000]", "the body"),
        (Method::POST, "/keys/rotate".to_owned(), r#"["login"]"#, "the body"),
        (
            Method::POST,
            "/meetings".to_owned(),
            r#"["6f0b1c52-9d4e-4b0a-8a51-2f1f6f3a9b10"]"#,
            "the body",
        ),
        (
            Method::POST,
            "/meetings".to_owned(),
            r#"{"organizer": ["6f0b1c52-9d4e-4b0a-8a51-2f1f6f3a9b10"]}"#,
            "'organizer'",
        ),
        (
            Method::PUT,
            "/faults".to_owned(),
            r#"[{"graph": ["get", 1, 1, [429, 1]]}]"#,
            "'[0].graph'",
        ),
        (
            Method::PUT,
            "/faults".to_owned(),
            r#"[{"graph": {"op": "get", "reply": [429, 1]}}]"#,
            "'[0].graph.reply'",
        ),
        (Method::PUT, "/faults".to_owned(), r#"{"graph": {"op": "get"}}"#, "the body"),
        (Method::POST, "/calls".to_owned(), r#"{"from": ["x"], "to": []}"#, "'from'"),
        (Method::POST, format!("/calls/{id}/actions"), r#"["x", "hangup"]"#, "the body"),
        (
            Method::POST,
            format!("/calls/{id}/actions"),
            r#"{"by": "x", "action": "invite", "who": [["x"]]}"#,
            "who[0]",
        ),
    ];
    for (method, path, body, place) in asked {
        let answer = server.control(method.clone(), &path, body.to_owned()).await;
        let message = answer.body["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{method} {path} {body}: {answer:?}");
        assert!(message.contains(place), "{method} {path} {body}: {message}");
    }
    assert_eq!(server.control(Method::GET, "/state", "").await.body, before);
}

/// What some editors put before a text.
#[tokio::test]
async fn a_byte_order_mark_is_no_mistake() {
    let server = Server::start().await;
    let done = server.control(Method::PUT, "/options", "\u{feff}{\"pstn\": false}").await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{done:?}");
    let call = format!("\u{feff}{}", call_body(&dead_callback()));
    let made = server.graph(Method::POST, "/v1.0/communications/calls", call).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
}

/// Control-api.md: tenants are made by `PUT /tenants/{tenantId}`; a mistyped id makes none.
#[tokio::test]
async fn nothing_is_put_into_a_tenant_that_does_not_exist() {
    let server = Server::start().await;
    let (tenant, id) =
        ("0badca11-0000-4000-8000-00000000000f", "0badca11-0000-4000-8000-000000000001");
    let bot = r#"{"displayName": "x", "secret": "s"}"#;
    let desk = format!(r#"{{"app": "{APP}", "displayName": "x"}}"#);
    let asked: [(String, &str); 5] = [
        (format!("/tenants/{tenant}/users/{id}"), r#"{"displayName": "x"}"#),
        (format!("/tenants/{tenant}/apps/{id}"), bot),
        (format!("/tenants/{tenant}/instances/{id}"), &desk),
        (format!("/tenants/{tenant}/phones/+12345"), "{}"),
        (format!("/tenants/{tenant}/channels/x"), r#"{"members": []}"#),
    ];
    for (path, body) in &asked {
        let answer = server.control(Method::PUT, path, (*body).to_owned()).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {answer:?}");
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(tenant) && message.contains("PUT /tenants/"), "{message}");
    }
    let state = server.control(Method::GET, "/state", "").await.body;
    assert_eq!(state["tenants"].as_array().unwrap().len(), 1, "{state}");
    let made = server.control(Method::PUT, &format!("/tenants/{tenant}"), "{}").await;
    assert_eq!(made.status, StatusCode::NO_CONTENT, "{made:?}");
    for (path, body) in &asked {
        let answer = server.control(Method::PUT, path, (*body).to_owned()).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{path}: {answer:?}");
    }
}

/// Control-api.md: the same seed and the same inputs give the same ids, and the same texts.
#[tokio::test]
async fn a_reset_takes_a_virtual_clock_back() {
    let server = Server::start().await;
    let start = server.clock.now();
    let (mut told, callback) = (Vec::new(), dead_callback());
    for _ in 0..2 {
        let call = server.call(&callback).await;
        let moved = server.control(Method::POST, "/clock", r#"{"advanceMs": 5000}"#).await;
        assert_eq!(moved.body["nowMs"], json!(start.as_millis() + 5_000), "{moved:?}");
        let path = format!("/v1.0/communications/calls/{call}");
        let read = server.graph(Method::GET, &path, "").await.body;
        let refused = server.graph(Method::GET, "/v1.0/communications/calls/x", "").await.body;
        told.push((call, read, refused));
        let done = server.control(Method::POST, "/reset", "").await;
        assert_eq!(done.status, StatusCode::NO_CONTENT, "{done:?}");
        assert_eq!(server.clock.now(), start);
    }
    let text = |value: &Value| value.to_string().replace(&server.https.to_string(), "");
    assert_eq!(told[0].0, told[1].0);
    assert_eq!(text(&told[0].2), text(&told[1].2), "dates and ids of errors");
    assert_eq!(text(&told[0].1), text(&told[1].1));
}

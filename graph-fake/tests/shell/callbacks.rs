//! Where a bot may have its notifications sent (R-069, clients.md 4): the fake of these tests was started with
//! `--allow-http-callbacks`.

use crate::harness::{Server, call_body, dead_callback};
use graph_fake::config::{APP, TENANT, USERS};
use http::{Method, StatusCode};
use serde_json::json;

const CALLS: &str = "/v1.0/communications/calls";

/// Where notifications, signed or not, must not go.
const ELSEWHERE: [&str; 5] = [
    "http://evil.example/",
    "http://192.0.2.7:9441/api",
    "http://127.0.0.1@evil.example/",
    "http://localhost:9441@evil.example/",
    "http://localhost.evil.example/",
];
/// Some readers take a backslash for a slash, and then this is no host of ours either.
const TWO_READINGS: &str = "http://127.0.0.1\\.evil.example/";

async fn expect_refused(server: &Server, path: &str, body: String) {
    let answer = server.graph(Method::POST, path, body.clone()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}: {answer:?}");
    assert_eq!(answer.body["error"]["code"], "8523", "{body}");
    let message = answer.body["error"]["message"].as_str().unwrap();
    assert!(message.contains("'callbackUri'"), "{message}");
}

#[tokio::test]
async fn a_call_is_created_for_a_bot_on_this_machine_only() {
    let server = Server::start().await;
    for elsewhere in ELSEWHERE.into_iter().chain([TWO_READINGS]) {
        expect_refused(&server, CALLS, call_body(elsewhere).to_string()).await;
    }
    for here in ["http://localhost:9/api", "http://127.8.8.8:9/api", "http://[::1]:9/api"] {
        server.call(here).await;
    }
}

#[tokio::test]
async fn a_call_is_answered_and_rejected_with_a_callback_on_this_machine_only() {
    let server = Server::start().await;
    let app = json!({
        "displayName": "Bot", "secret": "s", "callbackUri": dead_callback(),
        "roles": platform::Permission::ALL.map(|role| role.role()),
    });
    let path = format!("/tenants/{TENANT}/apps/{APP}");
    let done = server.control(Method::PUT, &path, app.to_string()).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{done:?}");
    let ring = json!({"from": {"user": USERS[0].1}, "to": [{"app": APP}]}).to_string();
    let rung = server.control(Method::POST, "/calls", ring).await;
    let call = rung.body["callId"].as_str().unwrap().to_owned();
    let answer = |callback: &str| {
        json!({
            "callbackUri": callback,
            "acceptedModalities": ["audio"],
            "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
        })
        .to_string()
    };
    for elsewhere in ELSEWHERE.into_iter().chain([TWO_READINGS]) {
        expect_refused(&server, &format!("{CALLS}/{call}/answer"), answer(elsewhere)).await;
        let reject = json!({"reason": "busy", "callbackUri": elsewhere}).to_string();
        expect_refused(&server, &format!("{CALLS}/{call}/reject"), reject).await;
    }
    let path = format!("{CALLS}/{call}/answer");
    let taken = server.graph(Method::POST, &path, answer(&dead_callback())).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED, "the call still rings");
}

#[tokio::test]
async fn an_application_is_registered_with_a_callback_on_this_machine_only() {
    let server = Server::start().await;
    for elsewhere in ELSEWHERE {
        let app = json!({"displayName": "Bot", "secret": "s", "callbackUri": elsewhere});
        let path = format!("/tenants/{TENANT}/apps/{APP}");
        let answer = server.control(Method::PUT, &path, app.to_string()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{elsewhere}: {answer:?}");
    }
}

/// Whoever is refused learns every way to opt for plain http.
#[tokio::test]
async fn the_three_ways_to_allow_http_are_named() {
    let server = Server::start_as(|setup| setup.config.allow_http_callbacks = false).await;
    let app = json!({"displayName": "Bot", "secret": "s", "callbackUri": dead_callback()});
    let path = format!("/tenants/{TENANT}/apps/{APP}");
    let answer = server.control(Method::PUT, &path, app.to_string()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
    let message = answer.body["error"]["message"].as_str().unwrap();
    for way in ["--allow-http-callbacks", "allowHttpCallbacks", "httpCallbacks", "PUT /options"] {
        assert!(message.contains(way), "{way}: {message}");
    }
    let on = server.control(Method::PUT, "/options", r#"{"httpCallbacks": true}"#).await;
    assert_eq!(on.status, StatusCode::NO_CONTENT, "{on:?}");
    let answer = server.control(Method::PUT, &path, app.to_string()).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
}

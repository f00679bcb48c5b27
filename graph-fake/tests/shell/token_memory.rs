//! An access token whose signature was found to be good is remembered; what has changed since is seen all the same.

use std::time::Duration;

use graph_fake::{
    config::{APP, TENANT},
    identity::AccessTokenFaults,
};
use http::{Method, Request, StatusCode, header};
use serde_json::json;

use crate::harness::{Answer, Server, call_body, dead_callback};

const CALLS: &str = "/v1.0/communications/calls";

async fn read_with(server: &Server, header: &str) -> Answer {
    let request = Request::get(format!("https://{}{CALLS}/x", server.https))
        .header(header::AUTHORIZATION, header);
    server.send(request.body(bytes::Bytes::new()).unwrap()).await
}

/// The token opens Graph: nobody has the call that was asked for.
async fn expect_open(server: &Server, header: &str) {
    for _ in 0..2 {
        let read = read_with(server, header).await;
        assert_eq!(read.body["error"]["code"], "8522", "{read:?}");
    }
}

async fn expect_shut(server: &Server, header: &str, why: &str) {
    let read = read_with(server, header).await;
    assert_eq!(read.status, StatusCode::UNAUTHORIZED, "{why}: {read:?}");
    let message = read.body["error"]["message"].as_str().unwrap();
    assert!(message.contains(why), "{why}: {message}");
}

/// A token with every role that lasts so many seconds.
fn lasting(server: &Server, seconds: i64) -> String {
    let faults =
        AccessTokenFaults { expires_in_seconds: Some(seconds), ..AccessTokenFaults::default() };
    let roles = platform::Permission::ALL.map(|role| role.role().to_owned());
    let now = server.clock.now();
    format!("Bearer {}", server.identity.faulty_access_token(APP, TENANT, &roles, now, &faults))
}

#[tokio::test]
async fn a_remembered_token_expires() {
    check_a_remembered_token_is_looked_at_again(Server::start().await).await;
}

/// R-021: it expires to the second; and when its key is believed no more, it opens nothing.
pub async fn check_a_remembered_token_is_looked_at_again(server: Server) {
    let short = lasting(&server, 100);
    let long = lasting(&server, 3 * 24 * 3_600);
    expect_open(&server, &short).await;
    expect_open(&server, &long).await;
    server.clock.advance(Duration::from_secs(99)).unwrap();
    expect_open(&server, &short).await;
    server.clock.advance(Duration::from_secs(1)).unwrap();
    expect_shut(&server, &short, "expired").await;
    let done = server.control(Method::POST, "/keys/rotate", r#"{"which": "login"}"#).await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    expect_open(&server, &long).await;
    server.clock.advance(Duration::from_secs(24 * 3_600 - 1)).unwrap();
    expect_open(&server, &long).await;
    server.clock.advance(Duration::from_secs(1)).unwrap();
    expect_shut(&server, &long, "Signature").await;
}

/// R-035, R-046: what is granted is asked each time, whatever is remembered of the token.
#[tokio::test]
async fn a_withdrawn_permission_is_seen_in_spite_of_a_remembered_token() {
    let server = Server::start().await;
    let token = lasting(&server, 3_000);
    let create = async || {
        let request = Request::post(format!("https://{}{CALLS}", server.https))
            .header(header::AUTHORIZATION, &token)
            .header(header::CONTENT_TYPE, "application/json");
        let body = call_body(&dead_callback()).to_string();
        let answer = server.send(request.body(body.into()).unwrap()).await;
        (answer.status.as_u16(), answer.body["error"]["code"].as_str().unwrap_or("").to_owned())
    };
    assert_eq!(create().await.0, 201);
    let put = async |roles: &[&str], calling: bool| {
        let app =
            json!({"displayName": "Bot", "secret": "s", "roles": roles, "callingEnabled": calling});
        let path = format!("/tenants/{TENANT}/apps/{APP}");
        let done = server.control(Method::PUT, &path, app.to_string()).await;
        assert_eq!(done.status, StatusCode::NO_CONTENT, "{done:?}");
    };
    put(&[], true).await;
    assert_eq!(create().await, (403, "7504".to_owned()));
    put(&["Calls.Initiate.All"], false).await;
    assert_eq!(create().await, (403, "7503".to_owned()));
    put(&["Calls.Initiate.All"], true).await;
    assert_eq!(create().await.0, 201);
}

/// What is remembered is the header to the letter: one that only begins like it, or has another signature, is
/// looked at on its own, and a refusal is not remembered.
#[tokio::test]
async fn only_the_same_token_is_remembered() {
    let server = Server::start().await;
    let token = lasting(&server, 3_000);
    expect_open(&server, &token).await;
    let cut = &token[..token.len() - 4];
    expect_shut(&server, cut, "Signature").await;
    let (head, signature) = token.rsplit_once('.').unwrap();
    let turned: String = signature.chars().rev().collect();
    expect_shut(&server, &format!("{head}.{turned}"), "Signature").await;
    expect_shut(&server, &token.replace("Bearer", "Basic"), "'Basic'").await;
    expect_open(&server, &token).await;
    expect_open(&server, &token.replace("Bearer", "bearer")).await;
    // Not valid yet: refused now, believed in time.
    let faults =
        AccessTokenFaults { expires_in_seconds: Some(7_000), ..AccessTokenFaults::default() };
    let later = server.clock.now() + Duration::from_secs(50);
    let early = server.identity.faulty_access_token(APP, TENANT, &[], later, &faults);
    let early = format!("Bearer {early}");
    expect_shut(&server, &early, "not yet valid").await;
    server.clock.advance(Duration::from_secs(50)).unwrap();
    expect_open(&server, &early).await;
}

/// A thousand are remembered; one more, and all are looked at anew, with the same result.
#[tokio::test]
async fn more_tokens_than_are_remembered() {
    let server = Server::start().await;
    let tokens: Vec<String> = (0..1_005).map(|n| lasting(&server, 1_000 + n)).collect();
    for token in &tokens {
        let claims = server.identity.verify_access_token(Some(token), server.clock.now());
        assert!(claims.is_ok_and(|claims| claims.app == APP));
    }
    for token in tokens.iter().rev() {
        assert!(server.identity.verify_access_token(Some(token), server.clock.now()).is_ok());
    }
}

//! Signing keys are exchanged while bots run: what was signed before is believed for its time.

use std::time::Duration;

use crate::{
    harness::{Answer, Server},
    notifications::{claims, listen},
};
use graph_fake::{config::TENANT, identity::Keys};
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

async fn rotate(server: &Server, which: &str) -> String {
    let body = json!({"which": which}).to_string();
    let done = server.control(Method::POST, "/keys/rotate", body).await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    done.body["kid"].as_str().unwrap().to_owned()
}

async fn shown(server: &Server, path: &str) -> Vec<String> {
    let request = Request::get(format!("https://{}{path}", server.https));
    let set = server.send(request.body(bytes::Bytes::new()).unwrap()).await.body;
    let kid = |key: &Value| key["kid"].as_str().unwrap().to_owned();
    set["keys"].as_array().unwrap().iter().map(kid).collect()
}

fn kid_of(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

#[tokio::test]
async fn notifications_are_signed_with_the_new_key_and_the_old_one_stays_shown() {
    const KEYS: &str = "/v1/.well-known/keys";
    let server = Server::start().await;
    let (hook, url) = listen().await;
    server.call(&url).await;
    let first = hook.wait_for(1).await;
    let bearer = |headers: &http::HeaderMap| {
        headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap().to_owned()
    };
    let old = bearer(&first[0].0);
    let kid = rotate(&server, "platform").await;
    assert_eq!(shown(&server, KEYS).await, [kid.clone(), kid_of(&old)]);
    server.call(&url).await;
    let new = bearer(&hook.wait_for(2).await[1].0);
    assert_eq!(kid_of(&new), kid, "also for a bot whose token could have been used again");
    for token in [&old, &new] {
        assert_eq!(claims(&server, token).await["iss"], "https://api.botframework.com");
    }
    server.clock.advance(Duration::from_secs(24 * 3_600)).unwrap();
    assert_eq!(shown(&server, KEYS).await, [kid]);
}

async fn read_with(server: &Server, token: &str) -> Answer {
    let request = Request::get(format!("https://{}/v1.0/communications/calls/x", server.https))
        .header(header::AUTHORIZATION, format!("Bearer {token}"));
    server.send(request.body(bytes::Bytes::new()).unwrap()).await
}

#[tokio::test]
async fn access_tokens_outlive_the_key_that_signed_them_and_their_time_does_not() {
    let server = Server::start().await;
    let old = server.token(0);
    let kid = rotate(&server, "login").await;
    let path = format!("/{TENANT}/discovery/v2.0/keys");
    assert_eq!(shown(&server, &path).await, [kid.clone(), kid_of(&old)]);
    server.identity.rotate_login(server.clock.now()).unwrap();
    let new = server.token(0);
    assert_eq!(kid_of(&new), kid);
    for token in [&old, &new] {
        let read = read_with(&server, token).await;
        assert_eq!(read.body["error"]["code"], "8522", "past the gate: {read:?}");
    }
    server.clock.advance(Duration::from_secs(3_600)).unwrap();
    assert_eq!(read_with(&server, &old).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_to_exchange_must_be_said() {
    let server = Server::start().await;
    for body in ["", "{}", r#"{"which": "all"}"#, r#"{"which": "login", "more": 1}"#] {
        let refused = server.control(Method::POST, "/keys/rotate", body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}: {refused:?}");
    }
}

#[tokio::test]
async fn a_reset_undoes_what_was_exchanged() {
    check_a_reset_undoes_what_was_exchanged(Server::start().await).await;
}

/// control-api.md, `POST /reset`: everything is wiped, exchanged keys with it; fixed keys and those that were made.
pub async fn check_a_reset_undoes_what_was_exchanged(server: Server) {
    const PLATFORM: &str = "/v1/.well-known/keys";
    let login = format!("/{TENANT}/discovery/v2.0/keys");
    let first = (shown(&server, &login).await, shown(&server, PLATFORM).await);
    let (hook, url) = listen().await;
    let old = server.token(0);
    for _ in 0..3 {
        rotate(&server, "login").await;
        rotate(&server, "platform").await;
    }
    server.identity.rotate_login(server.clock.now()).unwrap();
    let new = server.token(0);
    assert_eq!(read_with(&server, &new).await.body["error"]["code"], "8522", "it is believed");
    server.identity.reset();
    server.call(&url).await;
    hook.wait_for(1).await;
    let reset = server.control(Method::POST, "/reset", "").await;
    assert_eq!(reset.status, StatusCode::NO_CONTENT, "{reset:?}");
    assert_eq!((shown(&server, &login).await, shown(&server, PLATFORM).await), first);
    assert_eq!(read_with(&server, &new).await.status, StatusCode::UNAUTHORIZED, "its key is gone");
    assert_eq!(read_with(&server, &old).await.body["error"]["code"], "8522");
    server.call(&url).await;
    let told = hook.wait_for(2).await;
    let bearer = told[1].0["authorization"].to_str().unwrap();
    let token = bearer.strip_prefix("Bearer ").unwrap();
    assert_eq!(kid_of(token), first.1[0], "not a token that was kept for further notifications");
    assert_eq!(claims(&server, token).await["iss"], "https://api.botframework.com");
}

/// The same for keys that were made at the start, and are made for each exchange.
#[tokio::test]
async fn a_reset_goes_back_to_the_keys_that_were_made_at_the_start() {
    let server = Server::start_as(|setup| setup.keys = Keys::generate().unwrap()).await;
    let login = format!("/{TENANT}/discovery/v2.0/keys");
    let first = shown(&server, &login).await;
    let kid = rotate(&server, "login").await;
    assert_eq!(shown(&server, &login).await, [kid, first[0].clone()]);
    server.control(Method::POST, "/reset", "").await;
    assert_eq!(shown(&server, &login).await, first);
}

/// control-api.md: the same seed and the same inputs give the same ids, also after a reset.
#[tokio::test]
async fn a_reset_gives_the_same_ids_again() {
    let server = Server::start().await;
    let ids = async || {
        let url = "https://bot.example/api/calls";
        let body = crate::harness::call_body(url).to_string();
        let made = server.graph(Method::POST, "/v1.0/communications/calls", body).await;
        let refused = read_with(&server, "x").await;
        let id = |answer: &Answer| answer.headers["request-id"].to_str().unwrap().to_owned();
        (made.body["id"].clone(), id(&made), id(&refused))
    };
    let first = ids().await;
    assert_ne!(ids().await, first);
    server.control(Method::POST, "/reset", "").await;
    assert_eq!(ids().await, first);
    let more = json!({"seed": 8}).to_string();
    server.control(Method::POST, "/reset", more).await;
    let other = ids().await;
    assert!(other.0 != first.0 && other.1 != first.1 && other.2 != first.2, "another seed");
}

//! Whatever is sent: the documented status in Graph's envelope, never a 5xx, and no call is lost.

use std::time::Duration;

use crate::harness::{Answer, Server, call_body, dead_callback};
use graph_fake::{
    config::{APP, TENANT},
    identity::{CallbackTokenFaults, Identity, Keys, TokenKey},
};
use http::{Method, Request, StatusCode, header};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const CALLS: &str = "/v1.0/communications/calls";

/// Graph's error envelope, and the headers that go with it (clients.md 17).
fn expect_error(answer: &Answer, status: u16, code: &str, why: &str) {
    assert_eq!(answer.status.as_u16(), status, "{why}: {answer:?}");
    let error = &answer.body["error"];
    assert_eq!(error["code"], code, "{why}: {answer:?}");
    assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{why}: {answer:?}");
    let id = answer.headers["request-id"].to_str().unwrap();
    assert_eq!(error["innerError"]["request-id"], id, "{why}");
    assert!(error["innerError"]["date"].is_string(), "{why}");
    assert!(answer.headers.contains_key("client-request-id"), "{why}");
}

/// The call is there, and takes requests.
async fn expect_alive(server: &Server, call: &str) {
    let read = server.graph(Method::GET, &format!("{CALLS}/{call}"), "").await;
    assert_eq!(read.status, StatusCode::OK, "{read:?}");
    assert_eq!(read.body["state"], "establishing");
}

fn without(mut body: Value, name: &str) -> String {
    body.as_object_mut().unwrap().remove(name);
    body.to_string()
}

fn with(mut body: Value, name: &str, value: Value) -> String {
    body[name] = value;
    body.to_string()
}

#[tokio::test]
async fn bodies_that_cannot_be_read() {
    check_bodies_that_cannot_be_read(Server::start().await).await;
}

pub async fn check_bodies_that_cannot_be_read(server: Server) {
    let call = server.call(&dead_callback()).await;
    let good = || call_body(&dead_callback());
    let bad: [(String, &str, &str); 12] = [
        (String::new(), "BadRequest", "no body"),
        ("{\"callbackUri\": \"https".to_owned(), "BadRequest", "a body that breaks off"),
        ("[1, 2".to_owned(), "BadRequest", "an array that breaks off"),
        ("\u{0}\u{1}".to_owned(), "BadRequest", "no JSON at all"),
        (format!("{} x", good()), "BadRequest", "something behind the JSON"),
        ("[".repeat(100_000), "BadRequest", "deep nesting"),
        (with(good(), "targets", json!("Alice")), "BadRequest", "a string for an array"),
        (with(good(), "requestedModalities", json!([7])), "BadRequest", "a number for a modality"),
        (with(good(), "callbackUri", json!({})), "BadRequest", "an object for a string"),
        (without(good(), "callbackUri"), "8523", "no callbackUri"),
        (without(good(), "targets"), "8523", "no targets"),
        (with(good(), "callbackUri", json!("ftp://bot.example")), "8523", "an ftp callback"),
    ];
    for (body, code, why) in bad {
        let answer = server.graph(Method::POST, CALLS, body).await;
        expect_error(&answer, 400, code, why);
    }
    expect_alive(&server, &call).await;
}

/// Whoever sent nothing is not told of a header.
#[tokio::test]
async fn a_body_that_is_missing_is_asked_for() {
    let server = Server::start().await;
    for kind in [Some("application/json"), None] {
        let request = Request::post(format!("https://{}{CALLS}", server.https))
            .header(header::AUTHORIZATION, format!("Bearer {}", server.token(0)));
        let request = kind
            .into_iter()
            .fold(request, |request, kind| request.header(header::CONTENT_TYPE, kind));
        let answer = server.send(request.body(bytes::Bytes::new()).unwrap()).await;
        expect_error(&answer, 400, "BadRequest", "no body");
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(
            message.contains("body is required") && !message.contains("Content-Type"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn the_message_names_the_member() {
    let server = Server::start().await;
    let body =
        with(call_body("https://bot.example/"), "targets", json!([{"identity": {"user": 3}}]));
    let answer = server.graph(Method::POST, CALLS, body).await;
    let message = answer.body["error"]["message"].as_str().unwrap();
    assert!(message.contains("targets[0].identity.user"), "{message}");
}

#[tokio::test]
async fn the_message_says_the_body_where_no_member_has_been_reached() {
    let server = Server::start().await;
    for body in ["{", "[1, 2", "\u{0}", "{7: 8}", "{} x", "\"x\""] {
        let answer = server.graph(Method::POST, CALLS, body).await;
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.contains("the body: "), "{body}: {message}");
    }
}

#[tokio::test]
async fn calls_and_paths_that_do_not_exist() {
    let server = Server::start().await;
    let call = server.call(&dead_callback()).await;
    let nobody = "0badca11-0000-4000-8000-000000000001";
    let asked = [
        (Method::GET, format!("{CALLS}/{nobody}"), 404, "8522"),
        (Method::GET, format!("{CALLS}/not-an-id"), 404, "8522"),
        (Method::DELETE, format!("{CALLS}/{nobody}"), 404, "8522"),
        (Method::POST, format!("{CALLS}/{nobody}/keepAlive"), 404, "8522"),
        (Method::GET, format!("{CALLS}/{call}/operations/{nobody}"), 404, "8522"),
        (Method::GET, format!("{CALLS}/{call}/participants/{nobody}"), 404, "8543"),
        (Method::POST, format!("{CALLS}/{call}/startRecording"), 405, "8520"),
        (Method::GET, CALLS.to_owned(), 405, "8520"),
        (Method::PATCH, format!("{CALLS}/{call}"), 405, "8520"),
        (Method::GET, format!("{CALLS}/{call}/dance"), 404, "UnknownError"),
        (Method::GET, "/v1.0/nowhere".to_owned(), 404, "UnknownError"),
        (Method::GET, "/v3.0/communications/calls".to_owned(), 404, "UnknownError"),
        (Method::GET, format!("{CALLS}/%ff%00"), 404, "8522"),
    ];
    for (method, path, status, code) in asked {
        let answer = server.graph(method.clone(), &path, "{}").await;
        expect_error(&answer, status, code, &format!("{method} {path}"));
    }
    expect_alive(&server, &call).await;
}

/// clients.md 17 and 22: a notification's token is one of them.
#[tokio::test]
async fn tokens_that_open_nothing() {
    check_tokens_that_open_nothing(Server::start().await).await;
}

pub async fn check_tokens_that_open_nothing(server: Server) {
    let call = server.call(&dead_callback()).await;
    let now = server.clock.now();
    let strangers = Identity::new(Keys::generate().unwrap());
    let unsigned = CallbackTokenFaults { key: TokenKey::None, ..CallbackTokenFaults::default() };
    let good = server.token(0);
    let tokens = [
        ("none at all", String::new()),
        ("not a token", "Bearer nonsense".to_owned()),
        ("another scheme", format!("Basic {good}")),
        ("expired", format!("Bearer {}", server.token(3_700))),
        (
            "signed by a stranger",
            format!("Bearer {}", strangers.access_token(APP, TENANT, &[], now).0),
        ),
        (
            "a notification's",
            format!("Bearer {}", server.identity.callback_token(APP, TENANT, now)),
        ),
        ("alg none", {
            let token = server.identity.faulty_callback_token(APP, TENANT, now, &unsigned);
            format!("Bearer {token}")
        }),
        ("cut short", format!("Bearer {}", &good[..good.len() - 9])),
        ("very long", format!("Bearer {}", "x".repeat(40_000))),
    ];
    for (why, token) in tokens {
        let mut request = Request::get(format!("https://{}{CALLS}/{call}", server.https));
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, token);
        }
        let answer = server.send(request.body(bytes::Bytes::new()).unwrap()).await;
        expect_error(&answer, 401, "InvalidAuthenticationToken", why);
        assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer", "{why}");
    }
    expect_alive(&server, &call).await;
}

#[tokio::test]
async fn large_bodies() {
    check_large_bodies(Server::start().await).await;
}

pub async fn check_large_bodies(server: Server) {
    let call = server.call(&dead_callback()).await;
    let body = |len: usize| {
        let mut body = call_body(&dead_callback()).to_string();
        body.extend(std::iter::repeat_n(' ', len - body.len()));
        body
    };
    let fits = server.graph(Method::POST, CALLS, body(1 << 20)).await;
    assert_eq!(fits.status, StatusCode::CREATED);
    let too_large = server.graph(Method::POST, CALLS, body((1 << 20) + 1)).await;
    expect_error(&too_large, 413, "RequestEntityTooLarge", "one byte too many");
    expect_alive(&server, &call).await;
}

#[tokio::test]
async fn what_a_client_sends_to_be_found_again_comes_back() {
    let server = Server::start().await;
    let request = Request::get(format!("http://{}{CALLS}/x", server.http))
        .header("client-request-id", "mine-1")
        .header("scenario-id", "mine-2");
    let answer = server.send(request.body(bytes::Bytes::new()).unwrap()).await;
    assert_eq!(answer.headers["client-request-id"], "mine-1");
    assert_eq!(answer.headers["scenario-id"], "mine-2");
    assert_eq!(answer.body["error"]["innerError"]["client-request-id"], "mine-1");
}

#[tokio::test]
async fn what_cannot_be_said_in_header_and_body_alike_is_not_repeated() {
    let server = Server::start().await;
    let strange = http::HeaderValue::from_bytes("m\u{ef}ne".as_bytes()).unwrap();
    let request = Request::get(format!("http://{}{CALLS}/x", server.http))
        .header("client-request-id", &strange)
        .header("scenario-id", &strange);
    let answer = server.send(request.body(bytes::Bytes::new()).unwrap()).await;
    let id = answer.headers["request-id"].to_str().unwrap();
    assert_eq!(answer.headers["client-request-id"], id);
    assert_eq!(answer.body["error"]["innerError"]["client-request-id"], id);
    assert!(!answer.headers.contains_key("scenario-id"));
}

#[tokio::test]
async fn a_token_is_called_empty_only_if_it_is() {
    let server = Server::start().await;
    let long = format!("Bearer {}", "x".repeat(30_000));
    let asked = [
        ("", "empty"),
        ("Bearer ", "empty"),
        ("Basic dTpw", "'Basic'"),
        ("x.y.z", "Bearer"),
        ("Bearer t\u{f6}ken", "well formed"),
    ];
    for (token, said) in asked.into_iter().chain([(long.as_str(), "longer than 16384")]) {
        let value = http::HeaderValue::from_bytes(token.as_bytes()).unwrap();
        let request = Request::get(format!("http://{}{CALLS}/x", server.http))
            .header(header::AUTHORIZATION, value);
        let answer = server.send(request.body(bytes::Bytes::new()).unwrap()).await;
        expect_error(&answer, 401, "InvalidAuthenticationToken", said);
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(said), "{said}: {message}");
    }
}

/// What docs/fidelity.md says of requests that Graph might take less kindly.
#[tokio::test]
async fn what_is_read_tolerantly() {
    let server = Server::start().await;
    let mut body = call_body(&dead_callback());
    let mine = "0badca11-0000-4000-8000-000000000001";
    for (name, value) in [("id", mine), ("state", "terminated"), ("direction", "incoming")] {
        body[name] = json!(value);
    }
    let made = server.graph(Method::POST, CALLS, body.to_string()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    assert_ne!(made.body["id"], mine);
    assert_eq!(
        (&made.body["state"], &made.body["direction"]),
        (&json!("establishing"), &json!("outgoing"))
    );
    let keep_alive = format!("{CALLS}/{}/keepAlive", made.body["id"].as_str().unwrap());
    for body in ["", "{", "nonsense", "[7]"] {
        let kept = server.graph(Method::POST, &keep_alive, body).await;
        assert_eq!(kept.status, StatusCode::OK, "{body}: {kept:?}");
    }
}

#[tokio::test]
async fn what_is_no_http_is_answered_without_an_envelope() {
    let server = Server::start().await;
    let long = "x".repeat(70_000);
    let many: String = (0..200).map(|number| format!("x-{number}: x\r\n")).collect();
    for (head, status) in [
        (format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n"), "414"),
        (format!("GET / HTTP/1.1\r\n{many}\r\n"), "431"),
    ] {
        let mut stream = TcpStream::connect(server.http).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = vec![0; 12];
        let read = stream.read_exact(&mut answer);
        tokio::time::timeout(Duration::from_secs(10), read).await.unwrap().unwrap();
        assert_eq!(answer, format!("HTTP/1.1 {status}").into_bytes());
        let mut rest = Vec::new();
        // The connection may be reset behind the answer: nothing more was to come.
        let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
        assert!(!String::from_utf8_lossy(&rest).contains("error"), "{status}");
    }
}

#[tokio::test]
async fn connections_that_stop_half_way() {
    let server = Server::start().await;
    let call = server.call(&dead_callback()).await;
    let mut open = Vec::new();
    for beginning in [
        &b""[..],
        b"GET ",
        b"POST /v1.0/communications/calls HTTP/1.1\r\nhost: x\r\n",
        b"POST /v1.0/communications/calls HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{",
        b"POST /v1.0/communications/calls HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        &[0xff; 300],
    ] {
        for address in [server.http, server.https, server.control] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(beginning).await.unwrap();
            open.push(stream);
        }
    }
    expect_alive(&server, &call).await;
    // Half of them break off, the rest stay as they are.
    open.truncate(open.len() / 2);
    expect_alive(&server, &call).await;
}

#[tokio::test]
async fn a_broken_head_is_a_client_error() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.http).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nbroken header\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), read).await.unwrap().unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 400 "), "{}", String::from_utf8_lossy(&answer));
}

fn any_path() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        Just("calls".to_owned()),
        Just("{call}".to_owned()),
        Just("answer".to_owned()),
        Just("playPrompt".to_owned()),
        Just("operations".to_owned()),
        Just("participants".to_owned()),
        Just("microsoft.graph.keepAlive".to_owned()),
        "[a-zA-Z0-9%._-]{0,12}",
    ];
    let version = prop_oneof![Just("/v1.0/communications"), Just("/beta/app"), Just("")];
    (version, prop::collection::vec(segment, 0..5))
        .prop_map(|(version, segments)| format!("{version}/{}", segments.join("/")))
}

fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        "[ -~]{0,9}".prop_map(Value::from),
    ];
    let names = prop_oneof![
        Just("prompts".to_owned()),
        Just("mediaConfig".to_owned()),
        Just("acceptedModalities".to_owned()),
        Just("@odata.type".to_owned()),
        Just("targets".to_owned()),
        "[a-z]{1,6}",
    ];
    let json = leaf.prop_recursive(3, 20, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    prop_oneof![
        json.prop_map(|json| json.to_string().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..60),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Twenty requests in a row, of any kind: no 5xx, errors in the envelope, and the call lives unless it
    /// was deleted or the story gave its id away to `DELETE`.
    #[test]
    fn whatever_is_asked(
        requests in prop::collection::vec((0..5_usize, any_path(), any_body()), 20),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = Server::start().await;
            let call = server.call(&dead_callback()).await;
            for (method, path, body) in requests {
                let methods =
                    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::OPTIONS];
                let path = path.replace("{call}", &call);
                if path.parse::<http::Uri>().is_err() {
                    continue;
                }
                let answer = server.graph(methods[method].clone(), &path, body).await;
                assert!(answer.status.as_u16() < 500, "{path}: {answer:?}");
                if answer.status.is_client_error() {
                    assert!(answer.body["error"]["code"].is_string(), "{path}: {answer:?}");
                }
            }
            expect_alive(&server, &call).await;
        });
    }
}

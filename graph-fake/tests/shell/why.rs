//! Why: each refusal can be asked after, and says what would mend it (R-020 to R-048); and throttling.

use graph_api::Guid;
use graph_fake::config::{APP, TENANT, USERS};
use http::{HeaderValue, Method, Request, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    harness::{Answer, Server, call_body, dead_callback},
    identity,
    operations::World,
};

const CALLS: &str = "/v1.0/communications/calls";
const INITIATE: &str = "Calls.Initiate.All";
const STRANGER: Guid = Guid::from_u128(0x0bad_a990_0000_4000_8000_0000_0000_0001);

/// A request with this token.
async fn ask(server: &Server, token: &str, method: Method, path: &str, body: String) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("https://{}{path}", server.https))
        .header(header::CONTENT_TYPE, "application/json");
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    server.send(request.body(body.into()).unwrap()).await
}

fn create() -> String {
    call_body(&dead_callback()).to_string()
}

/// A token from the control API.
async fn token(server: &Server, wanted: Value) -> String {
    let given = server.control(Method::POST, "/access-tokens", wanted.to_string()).await;
    assert_eq!(given.status, StatusCode::OK, "{given:?}");
    given.body["token"].as_str().unwrap().to_owned()
}

/// The refusal is found under the answer's request-id, with status and code as answered, and in the journal.
pub async fn expect_why(server: &Server, refused: &Answer, predicate: &str, mend: &str) -> Value {
    let id = refused.headers["request-id"].to_str().unwrap();
    let why = server.control(Method::GET, &format!("/why/{id}"), "").await;
    assert_eq!(why.status, StatusCode::OK, "{refused:?}");
    assert_eq!(why.body["requestId"], id);
    assert_eq!(why.body["status"], refused.status.as_u16());
    let graph = refused.body["error"]["code"].as_str().map(str::to_owned);
    let code = graph.unwrap_or_else(|| format!("AADSTS{}", refused.body["error_codes"][0]));
    assert_eq!(why.body["code"], code);
    assert_eq!(why.body["predicate"], predicate, "{why:?}");
    let text = why.body["mend"].as_str().unwrap();
    assert!(text.contains(mend), "{mend} in {text}");
    assert!(why.body["explanation"].as_str().is_some_and(|text| !text.is_empty()));
    let lines = server.journal.since(0, 100_000);
    let line = lines.iter().find(|line| line.kind == "refused" && line.detail["requestId"] == id);
    assert_eq!(line.map(|line| &line.detail), Some(&why.body));
    why.body
}

#[tokio::test]
async fn every_refusal_is_explained() {
    check_every_refusal_is_explained(Server::start().await).await;
}

pub async fn check_every_refusal_is_explained(server: Server) {
    let good = server.token(0);
    let call = server.call(&dead_callback()).await;
    let rows = [
        (Method::POST, CALLS.to_owned(), "{", "bodyIsReadable", "JSON"),
        (Method::POST, CALLS.to_owned(), "{}", "argumentIsValid", "member"),
        (Method::GET, format!("{CALLS}/{STRANGER}"), "", "callExists", "ended"),
        (Method::GET, format!("{CALLS}/{call}/fly"), "", "pathExists", "beta"),
        (Method::GET, "/v3.0/communications".to_owned(), "", "pathExists", "v1.0"),
        (Method::PUT, format!("{CALLS}/{call}"), "", "methodExists", "get"),
        (Method::POST, format!("{CALLS}/{call}/updateMetadata"), "{}", "pathExists", "v1.0"),
        (Method::POST, format!("{CALLS}/{call}/startRecording"), "{}", "isModelled", "fidelity"),
        (Method::POST, format!("{CALLS}/{call}/mute"), "", "isEstablished", "established"),
    ];
    for (method, path, body, predicate, mend) in rows {
        let refused = ask(&server, &good, method, &path, body.to_owned()).await;
        expect_why(&server, &refused, predicate, mend).await;
    }
    let nothing = server.control(Method::GET, &format!("/why/{STRANGER}"), "").await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
    let fine = ask(&server, &good, Method::GET, &format!("{CALLS}/{call}"), String::new()).await;
    let id = fine.headers["request-id"].to_str().unwrap();
    let nothing = server.control(Method::GET, &format!("/why/{id}"), "").await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND, "it was not refused");
}

#[tokio::test]
async fn refusals_of_the_identity_platform_are_explained() {
    check_refusals_of_the_identity_platform(Server::start().await).await;
}

/// clients.md 11: each number has its reason, and what would mend it.
pub async fn check_refusals_of_the_identity_platform(server: Server) {
    let (app, tenant) = (APP.to_string(), TENANT.to_string());
    let stranger = STRANGER.to_string();
    let put_app = format!("PUT /tenants/{tenant}/apps/");
    let change = |name: &'static str, value: Option<&'static str>| {
        let mut fields = identity::good(&app);
        fields.retain(|(field, _)| *field != name);
        fields.extend(value.map(|value| (name, value)));
        fields
    };
    let unknown = "0bada990-0000-4000-8000-000000000001";
    let rows = [
        (change("client_secret", Some("wrong")), &tenant, "secretIsRight", &*put_app),
        (change("client_secret", None), &tenant, "secretIsThere", "client_secret"),
        (change("client_id", Some(unknown)), &tenant, "isRegistered", &put_app),
        (change("grant_type", Some("password")), &tenant, "grantTypeIsSupported", "/user-tokens"),
        (change("grant_type", None), &tenant, "parameterIsThere", "'grant_type'"),
        (change("client_id", None), &tenant, "parameterIsThere", "'client_id'"),
        (change("scope", Some("User.Read")), &tenant, "scopeIsGraphsDefault", ".default"),
        (identity::good(&app), &stranger, "tenantExists", "PUT /tenants/"),
    ];
    for (fields, tenant, predicate, mend) in rows {
        let refused = identity::token(&server, tenant, &fields).await;
        let why = expect_why(&server, &refused, predicate, mend).await;
        assert_eq!((&why["op"], &why["tenant"]), (&json!("token"), &json!(tenant)), "{predicate}");
        let client = fields.iter().find(|(name, _)| *name == "client_id").map(|(_, id)| *id);
        assert_eq!(why["app"], json!(client), "{predicate}");
        assert_eq!(refused.body["trace_id"], why["requestId"], "{predicate}");
        assert_eq!(refused.headers["x-ms-request-id"], refused.headers["request-id"]);
    }
    let nobody = format!("https://{}/nobody/discovery/v2.0/keys", server.https);
    let refused = server.send(Request::get(nobody).body(bytes::Bytes::new()).unwrap()).await;
    let why = expect_why(&server, &refused, "tenantExists", "GET /state").await;
    assert_eq!((&why["op"], &why["tenant"]), (&json!("keys"), &Value::Null));
    let get = format!("https://{}/{tenant}/oauth2/v2.0/token", server.https);
    let refused = server.send(Request::get(get).body(bytes::Bytes::new()).unwrap()).await;
    expect_why(&server, &refused, "methodExists", "Allow").await;
    let plan = json!([{"token": {"reply": {"status": 503, "retryAfterSeconds": 2}}}]);
    let planned = server.control(Method::PUT, "/faults", plan.to_string()).await;
    assert_eq!(planned.status, StatusCode::NO_CONTENT);
    let refused = identity::token(&server, &tenant, &identity::good(&app)).await;
    assert_eq!(refused.headers["retry-after"], "2");
    expect_why(&server, &refused, "noFaultStrikes", "PUT /faults").await;
}

/// Two listeners, one stream of ids: no refusal is forgotten for another one, and none has the id of a call.
#[tokio::test]
async fn refusals_have_ids_of_their_own() {
    let server = Server::start().await;
    let call = server.call(&dead_callback()).await;
    let mut seen = vec![call];
    for base in [format!("https://{}", server.https), format!("http://{}", server.http)] {
        for path in ["nobody/discovery/keys", "recordings/x", "v1.0/communications/calls"] {
            for _ in 0..4 {
                let request = Request::get(format!("{base}/{path}"));
                let refused = server.send(request.body(bytes::Bytes::new()).unwrap()).await;
                seen.push(refused.headers["request-id"].to_str().unwrap().to_owned());
            }
        }
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count);
}

/// What is repeated of a request is bounded: the last 10,000 reasons are kept in memory.
#[tokio::test]
async fn a_long_request_has_a_short_reason() {
    let server = Server::start().await;
    let (long, app) = ("x".repeat(20_000), APP.to_string());
    let mut fields = identity::good(&app);
    fields.retain(|(name, _)| *name != "grant_type");
    fields.push(("grant_type", &long));
    let refused = identity::token(&server, &TENANT.to_string(), &fields).await;
    let why = expect_why(&server, &refused, "grantTypeIsSupported", "client_credentials").await;
    assert!(why.to_string().len() < 1_000);
    let keys = format!("https://{}/{long}/discovery/keys", server.https);
    let refused = server.send(Request::get(keys).body(bytes::Bytes::new()).unwrap()).await;
    let why = expect_why(&server, &refused, "tenantExists", "").await;
    assert!(why.to_string().len() < 1_000);
}

/// R-020, R-021: what is wrong with a token.
#[tokio::test]
async fn tokens_are_explained() {
    let server = Server::start().await;
    let late = token(&server, json!({"appId": APP, "expiresInSeconds": -1})).await;
    let elsewhere = token(&server, json!({"appId": APP, "audience": "https://x.example"})).await;
    let own = server.identity.callback_token(APP, TENANT, server.clock.now());
    let rows = [
        ("", "tokenIsThere", "Authorization"),
        ("x", "tokenIsReadable", "access_token"),
        (&late, "tokenIsNotExpired", "fetch a new token: this one expired"),
        (&elsewhere, "tokenIsForGraph", ".default"),
        (&own, "tokenIsOurs", "authority"),
    ];
    for (token, predicate, mend) in rows {
        let refused = ask(&server, token, Method::POST, CALLS, create()).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{predicate}");
        let why = expect_why(&server, &refused, predicate, mend).await;
        assert_eq!(why["app"], Value::Null);
    }
    let user = token(&server, json!({"appId": APP, "userId": USERS[0].1})).await;
    let refused = ask(&server, &user, Method::POST, CALLS, create()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{refused:?}");
    expect_why(&server, &refused, "isApplicationToken", "own token").await;
}

/// R-022, R-046 to R-048: consent, registration, tenant, owner.
#[tokio::test]
async fn permissions_are_explained() {
    let server = Server::start().await;
    let call = server.call(&dead_callback()).await;
    let without = token(&server, json!({"appId": APP, "roles": []})).await;
    let refused = ask(&server, &without, Method::POST, CALLS, create()).await;
    assert_eq!(refused.body["error"]["code"], "7504");
    let why = expect_why(&server, &refused, "isInToken", "fetch a new token").await;
    assert_eq!((&why["app"], &why["tenant"]), (&json!(APP), &json!(TENANT)));
    // It was granted all along; that it is not in the token is all that is known.
    let mend = why["mend"].as_str().unwrap();
    assert!(mend.contains("does not carry") && !mend.contains("after"), "{mend}");
    let app = json!({"displayName": "Bot", "secret": "s"}).to_string();
    let path = format!("/tenants/{TENANT}/apps/{APP}");
    assert_eq!(server.control(Method::PUT, &path, app).await.status, StatusCode::NO_CONTENT);
    let refused = ask(&server, &server.token(0), Method::POST, CALLS, create()).await;
    expect_why(&server, &refused, "isGranted", INITIATE).await;

    let stranger = json!({"appId": STRANGER, "tenantId": TENANT, "roles": [INITIATE]});
    let stranger = token(&server, stranger).await;
    let refused = ask(&server, &stranger, Method::POST, CALLS, create()).await;
    assert_eq!(refused.body["error"]["code"], "7503");
    expect_why(&server, &refused, "isRegistered", "register application").await;

    let path = format!("/tenants/{TENANT}/apps/{STRANGER}");
    let app = json!({"displayName": "Other", "secret": "s", "roles": [INITIATE]}).to_string();
    assert_eq!(server.control(Method::PUT, &path, app).await.status, StatusCode::NO_CONTENT);
    let path = format!("{CALLS}/{call}");
    let refused = ask(&server, &stranger, Method::GET, &path, String::new()).await;
    assert_eq!(refused.body["error"]["code"], "7507");
    let why = expect_why(&server, &refused, "ownsCall", "token of application").await;
    assert_eq!(why["callId"], json!(call));
}

/// The 7505 of a token from another tenant (R-048).
#[tokio::test]
async fn another_tenant_is_explained() {
    let world = World::start().await;
    let server = &world.server;
    let elsewhere = Guid::from_u128(0x7e57_d004_2b97_4e7a_b45f_0000_0000_0001);
    let path = format!("/tenants/{elsewhere}/apps/{APP}");
    let app = json!({"displayName": "Bot", "secret": "s", "roles": [INITIATE]}).to_string();
    let tenant = format!("/tenants/{elsewhere}");
    assert_eq!(server.control(Method::PUT, &tenant, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.control(Method::PUT, &path, app).await.status, StatusCode::NO_CONTENT);
    let foreign = token(server, json!({"appId": APP, "tenantId": elsewhere})).await;
    let path = world.path("/{pair}");
    let refused = ask(server, &foreign, Method::GET, &path, String::new()).await;
    assert_eq!((refused.status.as_u16(), &refused.body["error"]["code"]), (403, &json!("7505")));
    expect_why(server, &refused, "isOfTenant", &TENANT.to_string()).await;
}

/// R-172, R-179: a bot that is dropped when somebody else escalates finds out why by the call's id.
#[tokio::test]
async fn a_dropped_call_is_explained() {
    let server = Server::start().await;
    let app = json!({"displayName": "Bot", "secret": "s", "roles": [INITIATE]}).to_string();
    let path = format!("/tenants/{TENANT}/apps/{APP}");
    assert_eq!(server.control(Method::PUT, &path, app).await.status, StatusCode::NO_CONTENT);
    let call = server.call(&dead_callback()).await;
    let moved = server.control(Method::POST, "/clock", r#"{"advanceMs": 5000}"#).await;
    assert_eq!(moved.status, StatusCode::OK, "{moved:?}");
    let invite = json!({"by": USERS[0].1, "action": "invite", "user": USERS[1].1}).to_string();
    let done = server.control(Method::POST, &format!("/calls/{call}/actions"), invite).await;
    assert_eq!(done.status, StatusCode::ACCEPTED, "{done:?}");
    let moved = server.control(Method::POST, "/clock", r#"{"advanceMs": 5000}"#).await;
    assert_eq!(moved.status, StatusCode::OK, "{moved:?}");
    let why = server.control(Method::GET, &format!("/why/{call}"), "").await;
    assert_eq!((why.status, &why.body["callId"]), (StatusCode::OK, &json!(call)), "{why:?}");
    assert_eq!(why.body["predicate"], "isGranted", "{why:?}");
    let mend = why.body["mend"].as_str().unwrap();
    assert!(mend.contains("Calls.JoinGroupCall.All"), "{mend}");
    assert!(server.journal.since(0, 10_000).iter().any(|line| line.kind == "dropped"));
}

#[tokio::test]
async fn throttling() {
    check_throttling(Server::start().await).await;
}

/// R-351, R-352: too many in a second of the fake's clock.
pub async fn check_throttling(server: Server) {
    let few = r#"{"requestsPerSecond": 3}"#;
    let set = server.control(Method::PUT, "/options", few).await;
    assert_eq!(set.status, StatusCode::NO_CONTENT, "{set:?}");
    let call = server.call(&dead_callback()).await;
    let path = format!("{CALLS}/{call}");
    let statuses = async |count: usize| {
        let mut statuses = Vec::new();
        for _ in 0..count {
            statuses.push(server.graph(Method::GET, &path, "").await.status.as_u16());
        }
        statuses
    };
    assert_eq!(statuses(3).await, [200, 200, 429], "the call was the first request");
    let refused = server.graph(Method::GET, &path, "").await;
    assert_eq!(refused.body["error"]["code"], "TooManyRequests", "{refused:?}");
    assert_eq!(refused.headers["retry-after"], HeaderValue::from_static("10"));
    expect_why(&server, &refused, "isNotTooFast", "Retry-After").await;
    let moved = server.control(Method::POST, "/clock", r#"{"advanceMs": 1000}"#).await;
    assert_eq!(moved.status, StatusCode::OK, "{moved:?}");
    assert_eq!(statuses(4).await, [200, 200, 200, 429]);
    let none = server.control(Method::PUT, "/options", r#"{"requestsPerSecond": 0}"#).await;
    assert_eq!(none.status, StatusCode::NO_CONTENT);
    assert_eq!(statuses(5).await, [200; 5]);
}

//! Online meetings over real sockets, as clients.md 18 and 19 want them.

use bytes::Bytes;
use graph_fake::config::{APP, SECRET, TENANT, USERS};
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use crate::harness::{Answer, Server, call_body, dead_callback};

const ALICE: graph_api::Guid = USERS[0].1;
const BOB: graph_api::Guid = USERS[1].1;

fn meetings_of(user: impl std::fmt::Display) -> String {
    format!("/v1.0/users/{user}/onlineMeetings")
}

async fn make(server: &Server, body: Value) -> Value {
    let made = server.graph(Method::POST, &meetings_of(ALICE), body.to_string()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    made.body
}

/// A user's token, from the control API.
async fn token(server: &Server, user: graph_api::Guid, scopes: &[&str]) -> String {
    let body = json!({"tenant": TENANT, "app": APP, "user": user, "scopes": scopes});
    let given = server.control(Method::POST, "/user-tokens", body.to_string()).await;
    assert_eq!(given.status, StatusCode::OK, "{given:?}");
    given.body["token"].as_str().unwrap().to_owned()
}

/// A request with this token and language.
async fn ask(
    server: &Server,
    token: &str,
    language: &str,
    (method, path, body): (Method, &str, String),
) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(format!("https://{}{path}", server.https))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::ACCEPT_LANGUAGE, language)
        .header(header::CONTENT_TYPE, "application/json");
    server.send(request.body(Bytes::from(body)).unwrap()).await
}

fn encoded(text: &str) -> String {
    let escape = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte).into() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(escape).collect::<String>()
}

/// clients.md 18: create, get, find, change, delete.
#[tokio::test]
async fn a_meetings_life() {
    let server = Server::start().await;
    let body = json!({"subject": "Stand-up", "startDateTime": "2027-03-02T09:00:00+01:00",
        "endDateTime": "2027-03-02T09:30:00.0000000+01:00"});
    let made = make(&server, body).await;
    let base = format!("https://{}/v1.0", server.https);
    let context = format!("{base}/$metadata#users('{ALICE}')/onlineMeetings/$entity");
    assert_eq!(made["@odata.context"], context);
    assert_eq!(made["startDateTime"], "2027-03-02T08:00:00Z");
    let id = made["id"].as_str().unwrap();
    let path = format!("{}/{id}", meetings_of(ALICE));
    let got = server.graph(Method::GET, &path, "").await;
    assert_eq!((got.status, &got.body), (StatusCode::OK, &made));
    let anywhere = format!("/beta//communications/onlineMeetings/{id}");
    let got = server.graph(Method::GET, &anywhere, "").await;
    assert_eq!((got.status, &got.body["id"]), (StatusCode::OK, &made["id"]), "{got:?}");

    let url = encoded(made["joinWebUrl"].as_str().unwrap());
    let number = made["joinMeetingIdSettings"]["joinMeetingId"].as_str().unwrap();
    let vtc = made["videoTeleconferenceId"].as_str().unwrap();
    let filters = [
        format!("{}?$filter=JoinWebUrl%20eq%20'{url}'", meetings_of(ALICE)),
        format!("{}?$filter=joinMeetingIdSettings/joinMeetingId+eq+'{number}'", meetings_of(ALICE)),
        format!(
            "/v1.0/communications/onlineMeetings/?$filter=VideoTeleconferenceId%20eq%20'{vtc}'"
        ),
    ];
    for filter in &filters {
        let list = server.graph(Method::GET, filter, "").await;
        assert_eq!(list.status, StatusCode::OK, "{filter}: {list:?}");
        assert_eq!(list.body["value"].as_array().map(Vec::len), Some(1), "{list:?}");
        assert_eq!(list.body["value"][0]["id"], made["id"]);
    }

    let changed = server.graph(Method::PATCH, &path, r#"{"subject": "Later"}"#).await;
    assert_eq!((changed.status, &changed.body["subject"]), (StatusCode::OK, &json!("Later")));
    let gone = server.graph(Method::DELETE, &path, "").await;
    assert_eq!((gone.status, gone.body), (StatusCode::NO_CONTENT, Value::Null));
    assert!(gone.headers.get(header::CONTENT_TYPE).is_none(), "clients.md 13");
    let got = server.graph(Method::GET, &path, "").await;
    assert_eq!(got.status, StatusCode::NOT_FOUND, "R-342");
    let list = server.graph(Method::GET, &filters[0], "").await;
    assert_eq!((list.status, &list.body["value"]), (StatusCode::OK, &json!([])), "R-338");
}

/// R-330.
#[tokio::test]
async fn create_or_get_is_201_then_200() {
    let server = Server::start().await;
    let path = format!("{}/createOrGet", meetings_of(ALICE));
    let body = json!({"externalId": "7eb8263f", "subject": "Weekly"}).to_string();
    let first = server.graph(Method::POST, &path, body.clone()).await;
    assert_eq!(first.status, StatusCode::CREATED, "{first:?}");
    assert_eq!(first.body["externalId"], "7eb8263f");
    let second = server.graph(Method::POST, &path, body).await;
    assert_eq!((second.status, second.body), (StatusCode::OK, first.body));
}

/// R-337.
#[tokio::test]
async fn the_language_of_the_invitation() {
    let server = Server::start().await;
    let path = format!(
        "{}/{}",
        meetings_of(ALICE),
        make(&server, json!({})).await["id"].as_str().unwrap()
    );
    for (language, words) in [("de-DE,en;q=0.5", "Besprechung"), ("fr", "Rejoindre"), ("x", "Join")]
    {
        let asked = (Method::GET, path.as_str(), String::new());
        let got = ask(&server, &server.token(0), language, asked).await;
        let content = got.body["joinInformation"]["content"].as_str().unwrap();
        assert!(content.contains(words), "{language}: {content}");
    }
}

/// R-050, R-020: what a user's token opens, and what not.
#[tokio::test]
async fn a_users_token_opens_the_users_meetings() {
    let server = Server::start().await;
    let writer = token(&server, BOB, &["OnlineMeetings.ReadWrite", "openid"]).await;
    let post = |path: &'static str| (Method::POST, path, "{}".to_owned());
    let made = ask(&server, &writer, "en", post("/v1.0/me/onlineMeetings")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    assert_eq!(made.body["participants"]["organizer"]["identity"]["user"]["id"], json!(BOB));
    let reader = token(&server, BOB, &["OnlineMeetings.Read"]).await;
    let refused = ask(&server, &reader, "en", post("/v1.0/me/onlineMeetings")).await;
    assert_eq!(
        (refused.status, &refused.body["error"]["code"]),
        (StatusCode::FORBIDDEN, &json!("7504"))
    );
    let path = format!("/v1.0/me/onlineMeetings/{}", made.body["id"].as_str().unwrap());
    let got = ask(&server, &reader, "en", (Method::GET, &path, String::new())).await;
    assert_eq!(got.status, StatusCode::OK, "{got:?}");
    let others = meetings_of(ALICE);
    let others = ask(&server, &writer, "en", (Method::POST, &others, "{}".to_owned())).await;
    assert_eq!(others.status, StatusCode::FORBIDDEN, "{others:?}");
    let as_application = server.graph(Method::POST, "/v1.0/me/onlineMeetings", "{}").await;
    assert_eq!(as_application.status, StatusCode::BAD_REQUEST);

    let call =
        (Method::POST, "/v1.0/communications/calls", call_body(&dead_callback()).to_string());
    let refused = ask(&server, &writer, "en", call).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "R-020: {refused:?}");
    assert_eq!(refused.body["error"]["code"], "Forbidden");
    let nobody = json!({"tenant": TENANT, "app": APP, "user": APP, "scopes": ["x"]});
    let nobody = server.control(Method::POST, "/user-tokens", nobody.to_string()).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    for scopes in [json!([]), json!(["a b"]), json!(vec!["x"; 101])] {
        let body = json!({"tenant": TENANT, "app": APP, "user": BOB, "scopes": scopes});
        let bad = server.control(Method::POST, "/user-tokens", body.to_string()).await;
        assert_eq!(bad.status, StatusCode::BAD_REQUEST, "{bad:?}");
    }
}

/// R-339, R-051: a policy counts from the moment on that it changes.
#[tokio::test]
async fn an_access_policy_takes_effect_at_once() {
    let server = Server::start().await;
    let grant = async |users: Value| {
        let body = json!({"displayName": "Bot", "secret": SECRET, "accessPolicy": users,
            "roles": ["OnlineMeetings.ReadWrite.All"], "callingEnabled": false});
        let path = format!("/tenants/{TENANT}/apps/{APP}");
        let done = server.control(Method::PUT, &path, body.to_string()).await;
        assert_eq!(done.status, StatusCode::NO_CONTENT, "{done:?}");
    };
    grant(json!([BOB])).await;
    let refused = server.graph(Method::POST, &meetings_of(ALICE), "{}").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let message = refused.body["error"]["message"].as_str().unwrap();
    assert!(
        message.contains(&APP.to_string()) && message.contains(&ALICE.to_string()),
        "{message}"
    );
    grant(json!([BOB, ALICE])).await;
    make(&server, json!({})).await;
    grant(json!([BOB])).await;
    grant(json!("everybody")).await;
    make(&server, json!({})).await;
}

/// R-340.
#[tokio::test]
async fn members_of_a_channel_meet_there() {
    let server = Server::start().await;
    let thread = "19:cbee@thread.tacv2";
    let body = json!({"chatInfo": {"threadId": thread}});
    let outside = server.graph(Method::POST, &meetings_of(ALICE), body.to_string()).await;
    assert_eq!(outside.status, StatusCode::FORBIDDEN, "{outside:?}");
    let path = format!("/tenants/{TENANT}/channels/{}", encoded(thread));
    let members = json!({"members": [ALICE]}).to_string();
    let done = server.control(Method::PUT, &path, members).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{done:?}");
    let made = make(&server, body).await;
    assert_eq!(made["chatInfo"]["threadId"], thread);
    assert_ne!(made["chatInfo"]["messageId"], "0");
}

/// clients.md 19: what the API made is on no calendar (R-091), and an empty one is a list.
#[tokio::test]
async fn a_calendar_is_a_list() {
    let server = Server::start().await;
    make(&server, json!({})).await;
    let path = format!("/v1.0/users/{ALICE}/calendar/events?$select=subject,attendees");
    let list = server.graph(Method::GET, &path, "").await;
    assert_eq!((list.status, &list.body["value"]), (StatusCode::OK, &json!([])), "{list:?}");
}

/// R-331, R-333, R-336: mistakes are 400, and never more.
#[tokio::test]
async fn mistakes_are_refused_by_name() {
    let server = Server::start().await;
    let id = make(&server, json!({})).await["id"].as_str().unwrap().to_owned();
    let (all, one) = (meetings_of(ALICE), format!("{}/{id}", meetings_of(ALICE)));
    let time = "2027-03-02T09:00:00Z";
    let asked = [
        (Method::POST, all.clone(), json!({"endDateTime": time}), 400, "endDateTime"),
        (Method::POST, all.clone(), json!({"startDateTime": "soon"}), 400, "startDateTime"),
        (Method::POST, all.clone(), json!({"participants": 7}), 400, "participants"),
        (Method::POST, all.clone(), json!({"allowedPresenters": "cats"}), 400, "cats"),
        (Method::POST, format!("{all}/createOrGet"), json!({}), 400, "externalId"),
        (Method::PATCH, one.clone(), json!({"startDateTime": time}), 400, "together"),
        (Method::GET, all.clone(), Value::Null, 400, "$filter"),
        (Method::GET, format!("{all}?$filter=subject%20eq%20'x'"), Value::Null, 400, "subject"),
        (Method::GET, format!("{all}/MSox"), Value::Null, 404, "not found"),
        (Method::POST, meetings_of(APP), json!({}), 404, "User"),
        (Method::PUT, one.clone(), json!({}), 405, "method"),
        (Method::GET, format!("{one}/transcripts"), Value::Null, 405, "transcripts"),
        (Method::GET, format!("{one}/elsewhere"), Value::Null, 404, "No HTTP resource"),
    ];
    for (method, path, body, status, said) in asked {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = server.graph(method.clone(), &path, body).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {answer:?}");
        let message = answer.body["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(said), "{method} {path}: {message}");
    }
}

/// R-050, R-339: who is put without a policy acts for nobody; the bot that is there from the start, for everybody.
#[tokio::test]
async fn without_an_access_policy_an_application_acts_for_nobody() {
    let server = Server::start().await;
    let policy = async || {
        let state = server.control(Method::GET, "/state", "").await.body;
        state["tenants"][0]["apps"][0]["accessPolicy"].clone()
    };
    assert_eq!(policy().await, "everybody");
    make(&server, json!({})).await;
    let put = async |more: Value| {
        let mut body = json!({"displayName": "Bot", "secret": SECRET,
            "roles": ["OnlineMeetings.ReadWrite.All"]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let path = format!("/tenants/{TENANT}/apps/{APP}");
        let done = server.control(Method::PUT, &path, body.to_string()).await;
        assert_eq!(done.status, StatusCode::NO_CONTENT, "{done:?}");
    };
    put(json!({})).await;
    let refused = server.graph(Method::POST, &meetings_of(ALICE), "{}").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{refused:?}");
    assert_eq!(policy().await, json!([]));
    put(json!({"accessPolicy": [ALICE]})).await;
    make(&server, json!({})).await;
    assert_eq!(policy().await, json!([ALICE]));
}

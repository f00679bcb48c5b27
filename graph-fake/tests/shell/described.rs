//! The description is true: each status that it promises can be had, and no other is given.

use std::collections::{BTreeMap, BTreeSet};

use graph_api::Guid;
use graph_fake::{
    Tls,
    config::{
        APP, AppBody, AppConfig, Config, InstanceBody, InstanceConfig, PhoneBody, PhoneConfig,
        TENANT, TenantConfig, USERS, UserBody, UserConfig,
    },
};
use http::Method;
use seam::Clock;
use serde_json::{Value, json};

use crate::{
    harness::{Answer, Server, dead_callback},
    operations::World,
    shapes::mismatch,
};

const NOBODY: &str = "0badca11-0000-4000-8000-000000000001";
const ALICE: Guid = USERS[0].1;
const BOB: Guid = USERS[1].1;

/// Method, path as described, parameters, body, status.
type Row = (&'static str, &'static str, Vec<String>, String, u16);

/// An operation and a status.
type Answers = BTreeSet<(String, String, u16)>;

/// What was answered, and what the description would have it be.
struct Seen {
    description: Value,
    answers: Answers,
    /// Where each operation that takes a body took one: the method, the path as described, the path as asked.
    taken: BTreeMap<(String, String), String>,
}

impl Seen {
    fn new(description: Value) -> Self {
        Self { description, answers: Answers::new(), taken: BTreeMap::new() }
    }

    /// Every answer with a body has a shape, and is of that shape.
    fn check(&mut self, method: &str, path: &str, answer: &Answer) {
        let (status, operation) =
            (answer.status.as_u16(), &self.description["paths"][path][method.to_lowercase()]);
        let described = &operation["responses"][status.to_string()];
        assert!(!described.is_null(), "{method} {path} {status} is not described");
        if let Some(kind) = answer.headers.get("content-type") {
            let kind = kind.to_str().unwrap().split(';').next().unwrap();
            let schema = &described["content"][kind]["schema"];
            assert!(schema.is_object(), "{method} {path} {status}: {kind} has no shape");
            if kind == "application/json" {
                let wrong = mismatch(&self.description, schema, &answer.body);
                assert_eq!(wrong, None, "{method} {path} {status}: {}", answer.body);
            }
        }
        self.answers.insert((method.to_owned(), path.to_owned(), status));
    }
}

fn row(method: &'static str, path: &'static str, ids: &[&str], body: Value, status: u16) -> Row {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    (method, path, ids.iter().map(|id| (*id).to_owned()).collect(), body, status)
}

async fn ask(server: &Server, rows: Vec<Row>, seen: &mut Seen) {
    for (method, path, ids, body, status) in rows {
        let mut ids = ids.iter();
        let filled: Vec<&str> = path
            .split('/')
            .map(|part| if part.starts_with('{') { ids.next().unwrap() } else { part })
            .collect();
        let parsed: Method = method.parse().unwrap();
        // What is left over is the query.
        let path_and_query = filled.join("/") + ids.next().map_or("", String::as_str);
        let answer = server.control(parsed, &path_and_query, body.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path} {body}: {answer:?}");
        seen.check(method, path, &answer);
        if status < 300 && !body.is_empty() {
            seen.taken.insert((method.to_owned(), path.to_owned()), path_and_query);
        }
    }
}

/// Bodies that are too large, and none at all: where the description says that none is needed, none is.
async fn bodies(server: &Server, seen: &mut Seen) {
    for ((method, path), asked) in seen.taken.clone() {
        let described = &seen.description["paths"][&path][method.to_lowercase()]["requestBody"];
        let required = described["required"] == true;
        let parsed: Method = method.parse().unwrap();
        let huge = server.control(parsed.clone(), &asked, vec![b' '; (1 << 20) + 1]).await;
        assert_eq!(huge.status.as_u16(), 413, "{method} {path}: {huge:?}");
        seen.check(&method, &path, &huge);
        let none = server.control(parsed, &asked, "").await;
        assert_eq!(none.status.as_u16() == 400, required, "{method} {path}: {none:?}");
        seen.check(&method, &path, &none);
    }
}

fn promised(description: &Value) -> Answers {
    let mut promised = Answers::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let told = |name: &str| operation[name].as_str().is_some_and(|text| !text.is_empty());
            assert!(told("summary"), "{method} {path} is not described");
            for (status, response) in operation["responses"].as_object().unwrap() {
                let told = response["description"].as_str().is_some_and(|text| !text.is_empty());
                assert!(told, "{method} {path} {status} is not described");
                let shaped = response["content"].as_object().is_some_and(|kinds| !kinds.is_empty());
                let bare = status.starts_with('2') && !matches!(status.as_str(), "200" | "201");
                assert!(shaped || bare, "{method} {path} {status} has no shape");
                if let Ok(status) = status.parse() {
                    promised.insert((method.to_uppercase(), path.clone(), status));
                }
            }
        }
    }
    promised
}

#[tokio::test]
async fn every_status_that_is_described_can_be_had_and_no_other() {
    let world = World::start().await;
    let server = &world.server;
    let description = server.control(Method::GET, "/openapi.json", "").await.body;
    let mut seen = Seen::new(description);
    ask(server, reading(&world).await, &mut seen).await;
    ask(server, administration(), &mut seen).await;
    ask(server, switches(), &mut seen).await;
    ask(server, tokens(), &mut seen).await;
    ask(server, meetings(server).await, &mut seen).await;
    ask(server, calls(&world), &mut seen).await;
    ask(
        server,
        vec![
            row("POST", "/clock", &[], json!({"advanceMs": 1}), 200),
            row("POST", "/clock", &[], json!({}), 400),
            row("POST", "/clock/wait", &[], json!({"ms": 0}), 200),
            row("POST", "/clock/wait", &[], json!({}), 400),
            row("GET", "/state", &[], Value::Null, 200),
            row("POST", "/reset", &[], json!({"seed": 7}), 204),
            row("POST", "/reset", &[], json!({"seed": "x"}), 400),
        ],
        &mut seen,
    )
    .await;
    elsewhere(&mut seen).await;
    full(&mut seen).await;
    bodies(server, &mut seen).await;
    let promised = promised(&seen.description);
    let seen = &seen.answers;
    let (missing, surprising): (Vec<_>, Vec<_>) =
        (promised.difference(seen).collect(), seen.difference(&promised).collect());
    assert!(missing.is_empty() && surprising.is_empty(), "{missing:?}\n{surprising:?}");
}

async fn reading(world: &World) -> Vec<Row> {
    let refused = world.ask("GET", "/{nobody}", "").await;
    let id = refused.headers["request-id"].to_str().unwrap().to_owned();
    let heard = format!("{ALICE}.wav");
    let speak = json!({"by": ALICE, "action": "speak"});
    vec![
        row("GET", "/health", &[], Value::Null, 200),
        row("GET", "/ca.pem", &[], Value::Null, 200),
        row("GET", "/openapi.json", &[], Value::Null, 200),
        row("GET", "/state", &[], Value::Null, 200),
        row("GET", "/journal", &[], Value::Null, 200),
        row("GET", "/journal", &["?since=x"], Value::Null, 400),
        row("GET", "/why/{requestId}", &[&id], Value::Null, 200),
        row("GET", "/why/{requestId}", &[NOBODY], Value::Null, 404),
        row("GET", "/why/{requestId}", &["%ff"], Value::Null, 400),
        row("GET", "/calls/{callId}", &[&world.pair], Value::Null, 200),
        row("GET", "/calls/{callId}", &["7"], Value::Null, 400),
        row("GET", "/calls/{callId}", &[NOBODY], Value::Null, 404),
        row("GET", "/calls/{callId}/media", &[&world.pair], Value::Null, 200),
        row("GET", "/calls/{callId}/media", &["7"], Value::Null, 400),
        row("GET", "/calls/{callId}/media", &[NOBODY], Value::Null, 404),
        row("POST", "/calls/{callId}/actions", &[&world.pair], speak, 202),
        row("GET", "/calls/{callId}/heard/{file}", &[&world.pair, &heard], Value::Null, 200),
        row("GET", "/calls/{callId}/heard/{file}", &[&world.pair, "x.wav"], Value::Null, 400),
        row("GET", "/calls/{callId}/heard/{file}", &[NOBODY, &heard], Value::Null, 404),
        row("GET", "/calls/{callId}/seen", &[&world.pair], Value::Null, 200),
        row("GET", "/calls/{callId}/seen", &["x"], Value::Null, 400),
        row("GET", "/calls/{callId}/seen", &[NOBODY], Value::Null, 404),
    ]
}

fn administration() -> Vec<Row> {
    let tenant = TENANT.to_string();
    let (t, app, phone) = (tenant.as_str(), APP.to_string(), "+442079460123");
    let at = |path, id: &str, good: Value| {
        vec![
            row("PUT", path, &[t, id], good.clone(), 204),
            row("PUT", path, &["7", id], json!({}), 400),
            row("PUT", path, &["0badca11-0000-4000-8000-0000000000ff", id], good, 404),
        ]
    };
    let mut rows = vec![
        row("PUT", "/tenants/{tenantId}", &[NOBODY], json!({"refusesGuests": true}), 204),
        row("PUT", "/tenants/{tenantId}", &["7"], json!({}), 400),
    ];
    rows.extend(at(
        "/tenants/{tenantId}/apps/{appId}",
        &app,
        json!({
            "displayName": "Bot", "secret": "s", "callbackUri": dead_callback(),
            "roles": platform::Permission::ALL.map(|one| one.role()), "mayRemoveParticipants": true,
            "accessPolicy": [ALICE], "legacyFirstNotification": false,
            "chats": {"19:x@thread.v2": ["Calls.JoinGroupCalls.Chat"]},
        }),
    ));
    rows.extend(at(
        "/tenants/{tenantId}/users/{userId}",
        NOBODY,
        json!({
            "displayName": "Dan", "onCall": "offline", "voicemail": false, "recordedBy": APP,
        }),
    ));
    rows.extend(at(
        "/tenants/{tenantId}/instances/{instanceId}",
        NOBODY,
        json!({
            "app": APP, "displayName": "Front desk", "number": "+12065550100",
        }),
    ));
    rows.extend(at("/tenants/{tenantId}/phones/{number}", phone, json!({"onCall": "busy"})));
    rows.extend(at(
        "/tenants/{tenantId}/channels/{threadId}",
        "19:c@thread.tacv2",
        json!({"members": [ALICE]}),
    ));
    rows
}

fn switches() -> Vec<Row> {
    vec![
        row("GET", "/options", &[], Value::Null, 200),
        row("PUT", "/options", &[], json!({"ringMs": 30_000}), 204),
        row("PUT", "/options", &[], json!({"ringms": 30_000}), 400),
        row("PUT", "/faults", &[], json!([]), 204),
        row("PUT", "/faults", &[], json!([{}]), 400),
        row("POST", "/keys/rotate", &[], json!({"which": "login"}), 200),
        row("POST", "/keys/rotate", &[], json!({"which": "mine"}), 400),
    ]
}

fn tokens() -> Vec<Row> {
    let user = |app: &str| json!({"tenant": TENANT, "app": app, "user": ALICE, "scopes": ["x"]});
    vec![
        row("POST", "/callback-tokens", &[], json!({"appId": APP}), 200),
        row("POST", "/callback-tokens", &[], json!({"appId": 7}), 400),
        row("POST", "/callback-tokens", &[], json!({"appId": NOBODY}), 404),
        row("POST", "/access-tokens", &[], json!({"appId": APP}), 200),
        row("POST", "/access-tokens", &[], json!({"appId": "7"}), 400),
        row("POST", "/access-tokens", &[], json!({"appId": NOBODY}), 404),
        row("POST", "/user-tokens", &[], user(&APP.to_string()), 200),
        row("POST", "/user-tokens", &[], user("7"), 400),
        row("POST", "/user-tokens", &[], user(NOBODY), 404),
    ]
}

async fn meetings(server: &Server) -> Vec<Row> {
    let wanted = json!({"organizer": BOB, "participants": [ALICE]}).to_string();
    let made = server.control(Method::POST, "/meetings", wanted).await;
    let id = made.body["meetingId"].as_str().unwrap().to_owned();
    let (invite, act) = ("/meetings/{meetingId}/invite", "/meetings/{meetingId}/actions");
    let quiet = "0badca11-0000-4000-8000-00000000000a";
    let own = json!({"organizer": {"user": ALICE}, "meetingId": NOBODY});
    vec![
        row("POST", "/meetings", &[], own.clone(), 201),
        row("POST", "/meetings", &[], json!({"organizer": "7"}), 400),
        row("POST", "/meetings", &[], json!({"organizer": NOBODY, "tenantId": NOBODY}), 404),
        row("POST", "/meetings", &[], own, 409),
        row("POST", invite, &[&id], json!({"app": APP}), 201),
        row("POST", invite, &["7"], json!({"app": APP}), 400),
        row("POST", invite, &[&id], json!({"app": quiet}), 404),
        row(
            "PUT",
            "/tenants/{tenantId}/apps/{appId}",
            &[&TENANT.to_string(), quiet],
            json!({"displayName": "Quiet", "secret": "s", "callingEnabled": false}),
            204,
        ),
        row("POST", invite, &[&id], json!({"app": quiet}), 409),
        row("POST", act, &[&id], json!({"by": ALICE, "action": "mute"}), 202),
        row("POST", act, &[&id], json!({"by": ALICE, "action": "repeatLastNotification"}), 400),
        row("POST", act, &[quiet], json!({"by": ALICE, "action": "mute"}), 404),
        row("POST", act, &[&id], json!({"by": ALICE, "action": "decline"}), 409),
    ]
}

fn calls(world: &World) -> Vec<Row> {
    let act = "/calls/{callId}/actions";
    let ring = |from: &str, to: Value| json!({"from": {"user": from}, "to": [to]});
    let (alice, bob) = (ALICE.to_string(), BOB.to_string());
    vec![
        row("POST", "/calls", &[], ring(&alice, json!({"app": APP})), 201),
        row("POST", "/calls", &[], ring(&alice, json!({})), 400),
        row("POST", "/calls", &[], ring(&alice, json!({"app": NOBODY})), 404),
        row(
            "POST",
            "/calls",
            &[],
            json!({"from": {"user": alice}, "to": [{"app": APP}],
            "callId": world.pair}),
            409,
        ),
        row("POST", act, &[&world.pair], json!({"by": alice, "action": "speak"}), 202),
        row(
            "POST",
            act,
            &[&world.pair],
            json!({"by": alice, "action": {"dtmf": {"tones": ["tone1"]}}}),
            202,
        ),
        row(
            "POST",
            act,
            &[&world.pair],
            json!({"by": alice, "action": "hangup", "tones": []}),
            400,
        ),
        row("POST", act, &[NOBODY], json!({"by": alice, "action": "hangup"}), 404),
        row("POST", act, &[&world.pair], json!({"by": alice, "action": "answer"}), 409),
        row("POST", act, &[&world.incoming], json!({"by": bob, "action": "hangup"}), 202),
    ]
}

/// What only other kinds of fakes answer.
async fn elsewhere(seen: &mut Seen) {
    let real = Server::start_as(|setup| {
        setup.clock = Clock::real();
        setup.tls = Tls::Outside;
    });
    let rows = vec![
        row("POST", "/clock", &[], json!({"advanceMs": 1}), 409),
        row("GET", "/ca.pem", &[], Value::Null, 404),
    ];
    ask(&real.await, rows, seen).await;
}

/// A directory that takes nothing more.
async fn full(seen: &mut Seen) {
    let count = 10_000_u128;
    let ids = || (0..count).map(|n| Guid::from_u128((7 << 64) | n));
    let desk = |id| InstanceConfig {
        id,
        instance: InstanceBody { app: APP, display_name: "Desk".to_owned(), number: None },
    };
    let phone = |n| PhoneConfig { number: format!("+1206{n:07}"), phone: PhoneBody::default() };
    let crowded = TenantConfig {
        apps: ids().map(|id| AppConfig { id, app: AppBody::named("Bot", "s") }).collect(),
        users: ids().map(|id| UserConfig { id, user: UserBody::named("Dan") }).collect(),
        instances: ids().map(desk).collect(),
        phones: (0..count).map(phone).collect(),
        ..Config::default().tenants.remove(0)
    };
    let tenant = |id| TenantConfig { id, ..serde_json::from_value(json!({"id": TENANT})).unwrap() };
    let others = ids().skip(1).map(tenant);
    let server = Server::start_as(|setup| {
        setup.config.tenants = std::iter::once(crowded).chain(others).collect();
    });
    let server = server.await;
    let tenant = TENANT.to_string();
    let t = tenant.as_str();
    let mut rows = vec![
        row("PUT", "/tenants/{tenantId}", &[NOBODY], json!({}), 409),
        row(
            "PUT",
            "/tenants/{tenantId}/apps/{appId}",
            &[t, NOBODY],
            json!({"displayName": "x", "secret": "s"}),
            409,
        ),
        row(
            "PUT",
            "/tenants/{tenantId}/users/{userId}",
            &[t, NOBODY],
            json!({"displayName": "x"}),
            409,
        ),
    ];
    let instance = json!({"app": APP, "displayName": "x"});
    rows.push(row(
        "PUT",
        "/tenants/{tenantId}/instances/{instanceId}",
        &[t, NOBODY],
        instance,
        409,
    ));
    rows.push(row("PUT", "/tenants/{tenantId}/phones/{number}", &[t, "+12345"], json!({}), 409));
    let channel = json!({"members": ids().chain([ALICE]).collect::<Vec<Guid>>()});
    rows.push(row("PUT", "/tenants/{tenantId}/channels/{threadId}", &[t, "x"], channel, 409));
    ask(&server, rows, seen).await;
}

//! A fake without sockets, and two bots in it: the one that is attacked, with a call in every state, and a
//! bystander whose calls nobody may touch.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use graph_api::{Guid, Timestamp};
use graph_fake::{
    Flaw, Listeners, Options, Services, Setup, Tls,
    config::{
        APP, AccessPolicyBody, AppBody, AppConfig, Config, Everybody, TENANT, TenantConfig, USERS,
        UserBody, UserConfig,
    },
    identity::{AccessTokenFaults, Identity, Keys, UserClaims},
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use seam::Clock;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::network::Memory;

/// The bot that looks on.
const BYSTANDER: Guid = Guid::from_u128(0xb1_5a4d_0000_4000_8000_0000_0000_0001);
/// One more bot, without calls.
const OTHER: Guid = Guid::from_u128(0x07_4e40_0000_4000_8000_0000_0000_0007);
/// Users beside the default ones: who is called by the bystander, who lets it ring, who is recorded.
const OTHERS: [(&str, Guid); 4] = [
    ("dave", Guid::from_u128(0xda7e_0000_4000_8000_0000_0000_0001)),
    ("erin", Guid::from_u128(0xe417_0000_4000_8000_0000_0000_0002)),
    ("ida", Guid::from_u128(0x1da0_0000_4000_8000_0000_0000_0003)),
    ("rita", Guid::from_u128(0x417a_0000_4000_8000_0000_0000_0004)),
];
/// A tenant that has nothing to do with it.
const ELSEWHERE: Guid = Guid::from_u128(0xe15e_0000_4000_8000_0000_0000_0005);
/// A resource account of the attacked bot.
const DESK: Guid = Guid::from_u128(0xde54_0000_4000_8000_0000_0000_0006);
/// Longer than any round of requests.
const FOR_EVER: Duration = Duration::from_secs(24 * 3_600);
/// How old a token may get on the fake's clock before it is made anew.
const TOKEN_SECS: u64 = 1_800;

/// An answer, read.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON, or null.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// What is sent to Graph.
#[derive(Debug, Clone)]
pub struct Shot {
    pub method: Method,
    /// Path and query.
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// Tokens of all kinds, by name, and when they were made.
struct Tokens {
    made: Timestamp,
    by_name: BTreeMap<&'static str, String>,
}

/// Everything.
pub struct World {
    graph: Router,
    control: Router,
    clock: Clock,
    /// Signs what the fake believes.
    identity: Identity,
    strangers: Identity,
    tokens: Tokens,
    /// Ids of calls, users and the like, by name.
    pub ids: BTreeMap<&'static str, String>,
    /// The `Authorization` that opens the recording.
    pub recording_token: HeaderValue,
    /// How the bystander's calls were when the world was made.
    peace: Vec<Value>,
}

fn config() -> Config {
    let bot = |name: &str| AppBody {
        roles: platform::Permission::ALL.iter().map(|role| role.role().to_owned()).collect(),
        callback_uri: Some("https://bot.example/api/calls".to_owned()),
        may_remove_participants: true,
        access_policy: AccessPolicyBody::All(Everybody::Everybody),
        ..AppBody::named(name, "secret")
    };
    let mut users: Vec<UserConfig> = USERS
        .iter()
        .chain(&OTHERS)
        .map(|(name, id)| UserConfig { id: *id, user: UserBody::named(name) })
        .collect();
    for UserConfig { id, user } in &mut users {
        if *id == OTHERS[2].1 {
            user.on_call = graph_fake::config::OnCallKind::Ignore;
        }
        if *id == OTHERS[3].1 {
            user.recorded_by = Some(APP);
        }
    }
    let tenant = |id, apps, users, instances| TenantConfig {
        id,
        display_name: None,
        refuses_guests: false,
        apps,
        users,
        instances,
        phones: Vec::new(),
    };
    let desk = json!({"id": DESK, "app": APP, "displayName": "Desk", "number": "+442079460000"});
    let ours = vec![
        AppConfig { id: APP, app: bot("Attacked") },
        AppConfig { id: BYSTANDER, app: bot("Bystander") },
        AppConfig { id: OTHER, app: bot("Other") },
    ];
    let theirs = vec![AppConfig { id: APP, app: bot("Elsewhere") }];
    Config {
        tenants: vec![
            tenant(TENANT, ours, users, vec![serde_json::from_value(desk).unwrap()]),
            tenant(ELSEWHERE, theirs, Vec::new(), Vec::new()),
        ],
        ..Config::default()
    }
}

/// Nothing ends by itself, no limit of requests, and the one documented 500 is switched off.
fn options(flaw: Option<platform::Flaw>) -> Options {
    Options {
        ring: FOR_EVER,
        answer_within: FOR_EVER,
        recorder_answers_within: FOR_EVER,
        lobby: FOR_EVER,
        keep_alive: FOR_EVER,
        requests_per_second: 0,
        calls_per_month: 0,
        tone_on_app_hosted_is_500: false,
        flaw,
        ..Options::default()
    }
}

impl World {
    /// A fake, still without calls.
    pub fn new(shell: Option<Flaw>, core: Option<platform::Flaw>) -> Self {
        let clock = Clock::manual(Timestamp::from_secs(1_800_000_000));
        let network = Arc::new(Memory::start());
        let services = Services::start(Setup {
            seed: 7,
            config: config(),
            options: options(core),
            keys: Keys::fixed(),
            tls: Tls::Outside,
            listeners: Listeners::default(),
            network: network.clone(),
            outgoing: network,
            clock: clock.clone(),
            flaw: shell,
        });
        let Services { secure: graph, control, .. } = services.unwrap();
        Self {
            graph,
            control,
            clock,
            identity: Identity::new(Keys::fixed()),
            strangers: Identity::new(Keys::generate().unwrap()),
            tokens: Tokens { made: Timestamp::default(), by_name: BTreeMap::new() },
            ids: BTreeMap::new(),
            recording_token: HeaderValue::from_static(""),
            peace: Vec::new(),
        }
    }

    /// A request to Graph, as it is.
    pub async fn send(&self, shot: &Shot) -> Answer {
        let mut request = Request::new(Body::from(shot.body.clone()));
        *request.method_mut() = shot.method.clone();
        *request.uri_mut() = shot.path.parse().expect("what hyper would have let through");
        *request.headers_mut() = shot.headers.clone();
        read(self.graph.clone(), request).await
    }

    async fn control(&self, method: Method, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = Request::builder().method(method).uri(path).body(Body::from(body)).unwrap();
        read(self.control.clone(), request).await
    }

    /// What the control API answers, which has to be a success.
    async fn asked(&self, method: Method, path: &str, body: Value) -> Value {
        let answer = self.control(method.clone(), path, &body).await;
        assert!(answer.status.is_success(), "{method} {path} {body}: {answer:?}");
        answer.json()
    }

    /// Moves the clock.
    pub async fn advance(&self, ms: u64) {
        self.asked(Method::POST, "/clock", json!({"advanceMs": ms})).await;
    }

    /// Why a request was refused; `None`: nobody knows.
    pub async fn why(&self, request_id: &str) -> Option<Value> {
        let answer = self.control(Method::GET, &format!("/why/{request_id}"), &Value::Null).await;
        answer.status.is_success().then(|| answer.json())
    }

    /// The headers that a client sends with a body.
    pub fn headers(&self, token: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "graph.microsoft.com".parse().unwrap());
        headers.insert(header::AUTHORIZATION, self.tokens.by_name[token].parse().unwrap());
        headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        headers.insert(header::USER_AGENT, "Room/1.0".parse().unwrap());
        headers
    }

    fn freshen_tokens(&mut self) {
        let now = self.clock.now();
        if now.saturating_since(self.tokens.made).as_secs() < TOKEN_SECS {
            return;
        }
        let all: Vec<String> =
            platform::Permission::ALL.iter().map(|role| role.role().to_owned()).collect();
        let bearer = |token: String| format!("Bearer {token}");
        let made = |app, tenant, roles: &[String], faults: AccessTokenFaults| {
            bearer(self.identity.faulty_access_token(app, tenant, roles, now, &faults))
        };
        let good = AccessTokenFaults::default;
        let scopes = vec!["OnlineMeetings.ReadWrite".to_owned()];
        let user = UserClaims { user: USERS[1].1, scopes };
        let by_name = BTreeMap::from([
            ("good", made(APP, TENANT, &all, good())),
            ("bystander", made(BYSTANDER, TENANT, &all, good())),
            ("other", made(OTHER, TENANT, &all, good())),
            ("powerless", made(APP, TENANT, &[], good())),
            ("elsewhere", made(APP, ELSEWHERE, &all, good())),
            ("nobody", made(Guid::from_u128(9), TENANT, &all, good())),
            (
                "expired",
                made(
                    APP,
                    TENANT,
                    &all,
                    AccessTokenFaults { expires_in_seconds: Some(-60), ..good() },
                ),
            ),
            ("stranger", bearer(self.strangers.access_token(APP, TENANT, &all, now).0)),
            ("user", made(APP, TENANT, &[], AccessTokenFaults { user: Some(user), ..good() })),
        ]);
        self.tokens = Tokens { made: now, by_name };
    }

    async fn bot(&self, token: &str, method: Method, path: &str, body: Value) -> Value {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let shot =
            Shot { method, path: format!("/v1.0{path}"), headers: self.headers(token), body };
        let answer = self.send(&shot).await;
        assert!(answer.status.is_success(), "{shot:?}: {answer:?}");
        answer.json()
    }

    async fn calls(&self, token: &str, to: &[Guid], app_hosted: bool) -> String {
        let call = call(to, app_hosted);
        let made = self.bot(token, Method::POST, "/communications/calls", call).await;
        text(&made["id"])
    }

    async fn on_call(&self, call: &str, action: &str, body: Value) -> Value {
        let path = format!("/communications/calls/{call}/{action}");
        self.bot("good", Method::POST, &path, body).await
    }

    async fn rung(&self, from: Guid, to: Value) -> String {
        let body = json!({"from": {"user": from}, "to": to});
        text(&self.asked(Method::POST, "/calls", body).await["callId"])
    }

    /// Everything anew: the same seed makes the same ids.
    pub async fn rebuild(&mut self, seed: u64) {
        self.freshen_tokens();
        self.asked(Method::POST, "/reset", json!({"seed": seed})).await;
        self.people();
        let [(_, alice), (_, bob), (_, carol)] = USERS;
        let [(_, dave), (_, erin), (_, ida), (_, rita)] = OTHERS;
        let app = json!({"app": APP});
        let calls = [
            ("theirs", self.calls("bystander", &[dave], false).await),
            ("theirgroup", self.calls("bystander", &[dave, erin], false).await),
            ("p2p", self.calls("good", &[alice], false).await),
            ("second", self.calls("good", &[carol], false).await),
            ("establishing", self.calls("good", &[ida], false).await),
            ("group", self.calls("good", &[alice, bob], false).await),
            ("recorded", self.calls("good", &[bob], false).await),
            ("hosted", self.calls("good", &[carol], true).await),
            ("hostedgroup", self.calls("good", &[alice, carol], true).await),
            ("incoming", self.rung(alice, json!([app])).await),
            ("incominggroup", self.rung(bob, json!([app, {"user": carol}])).await),
            ("recording", self.rung(rita, json!([{"user": alice}])).await),
        ];
        self.ids.extend(calls);
        self.meetings(alice, bob).await;
        self.lobby(bob).await;
        self.advance(2_000).await;
        self.busy(alice).await;
        let operation = self.records().await;
        self.advance(1_000).await;
        self.recorded(&operation).await;
        self.peace = self.bystanders().await;
        let whole = |call: &Value| call["state"] == "established" && call["audioActive"] == true;
        assert!(self.peace.iter().all(whole), "{:#?}", self.peace);
    }

    fn people(&mut self) {
        let names = ["alice", "bob", "carol"];
        let users = names.into_iter().zip(USERS.map(|(_, id)| id.to_string()));
        let others = OTHERS.map(|(name, id)| (name, id.to_string()));
        let fixed = [
            ("tenant", TENANT.to_string()),
            ("app", APP.to_string()),
            ("desk", DESK.to_string()),
            ("nobody", Guid::from_u128(0x0bad_ca11).to_string()),
        ];
        self.ids = users.chain(others).chain(fixed).collect();
    }

    async fn meetings(&mut self, alice: Guid, bob: Guid) {
        let body = json!({"organizer": bob, "participants": [alice, bob]});
        let meeting = self.asked(Method::POST, "/meetings", body).await;
        let join = join(bob, &meeting);
        let joined = self.bot("good", Method::POST, "/communications/calls", join).await;
        let body = json!({"subject": "Weekly", "externalId": "weekly"});
        let path = format!("/users/{bob}/onlineMeetings");
        let online = self.bot("good", Method::POST, &path, body).await;
        let url = text(&online["joinWebUrl"]);
        let escaped = url::form_urlencoded::byte_serialize(url.as_bytes()).collect();
        self.ids.extend([
            ("meeting", text(&joined["id"])),
            ("thread", text(&meeting["threadId"])),
            ("joinid", text(&meeting["joinMeetingId"])),
            ("passcode", text(&meeting["passcode"])),
            ("online", text(&online["id"])),
            ("url", escaped),
            ("vtc", text(&online["videoTeleconferenceId"])),
        ]);
    }

    /// A meeting with a lobby; the bot is in it, and waits outside as a guest.
    async fn lobby(&mut self, bob: Guid) {
        let body = json!({"organizer": bob, "participants": [bob], "lobby": true});
        let meeting = self.asked(Method::POST, "/meetings", body).await;
        let host = join(bob, &meeting);
        let host = self.bot("good", Method::POST, "/communications/calls", host).await;
        let mut guest = join(bob, &meeting);
        let nobody = &self.ids["nobody"];
        guest["source"] = json!({"identity": {"guest": {"id": nobody, "displayName": "Guest"}}});
        let guest = self.bot("good", Method::POST, "/communications/calls", guest).await;
        self.ids.extend([("host", text(&host["id"])), ("waiting", text(&guest["id"]))]);
    }

    /// Bob is recorded for a second; the operation.
    async fn records(&self) -> String {
        let record = json!({"maxRecordDurationInSeconds": 1, "playBeep": false});
        let operation = self.on_call(&self.ids["recorded"], "recordResponse", record).await;
        let speaks = json!({"by": USERS[1].1, "action": "speak", "durationMs": 500});
        let path = format!("/calls/{}/actions", self.ids["recorded"]);
        self.asked(Method::POST, &path, speaks).await;
        text(&operation["id"])
    }

    /// Where that is, and what opens it; and who waits in the lobby.
    async fn recorded(&mut self, operation: &str) {
        let path = format!("/communications/calls/{}/operations/{operation}", self.ids["recorded"]);
        let done = self.bot("good", Method::GET, &path, Value::Null).await;
        let location = text(&done["recordingLocation"]);
        assert!(location.ends_with(&format!("/recordings/{operation}")), "{done}");
        let token = text(&done["recordingAccessToken"]);
        self.recording_token = format!("Bearer {token}").parse().unwrap();
        let path = format!("/communications/calls/{}", self.ids["waiting"]);
        let waiting = self.bot("good", Method::GET, &path, Value::Null).await;
        let known = [
            ("record", operation.to_owned()),
            ("guest", text(&waiting["myParticipantId"])),
            ("bobin", self.within(&self.ids["host"], &USERS[1].1).await),
        ];
        self.ids.extend(known);
    }

    /// Something is under way in the calls.
    async fn busy(&mut self, alice: Guid) {
        let answer = json!({
            "callbackUri": "https://bot.example/leg", "acceptedModalities": ["audio"],
            "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
        });
        let (p2p, group) = (self.ids["p2p"].clone(), self.ids["group"].clone());
        self.on_call(&self.ids["recording"], "answer", answer).await;
        let prompt = json!({"prompts": [{
            "@odata.type": "#microsoft.graph.mediaPrompt",
            "mediaInfo": {"uri": "https://bot.example/hello.wav", "resourceId": "hello"},
        }]});
        let operation = self.on_call(&p2p, "playPrompt", prompt.clone()).await;
        let theirs = format!("/communications/calls/{}/playPrompt", self.ids["theirs"]);
        self.bot("bystander", Method::POST, &theirs, prompt).await;
        self.on_call(&p2p, "subscribeToTone", json!({"clientContext": "tones"})).await;
        let shares = json!({"by": alice, "action": "shareContent"});
        self.asked(Method::POST, &format!("/calls/{group}/actions"), shares).await;
        let sharing = format!("/communications/calls/{group}/contentSharingSessions");
        let sharing = self.bot("good", Method::GET, &sharing, Value::Null).await;
        let known = [
            ("operation", text(&operation["id"])),
            ("sharing", text(&sharing["value"][0]["id"])),
            ("alicein", self.within(&group, &alice).await),
            ("carolin", self.within(&self.ids["hostedgroup"], &USERS[2].1).await),
            ("davein", self.within(&self.ids["theirgroup"], &OTHERS[0].1).await),
        ];
        self.ids.extend(known);
        let group_path = format!("/communications/calls/{group}");
        let read = self.bot("good", Method::GET, &group_path, Value::Null).await;
        let me = text(&read["myParticipantId"]);
        let routes = json!({
            "id": "route", "routingMode": "oneToOne", "sources": [me], "receivers": [self.ids["alicein"]],
        });
        self.on_call(&group, "audioRoutingGroups", routes).await;
        self.ids.insert("me", me);
    }

    /// The id of a user as a participant of a call.
    async fn within(&self, call: &str, user: &Guid) -> String {
        let call = self.asked(Method::GET, &format!("/calls/{call}"), Value::Null).await;
        let everybody = call["participants"].as_array().unwrap();
        let found = everybody.iter().find(|one| one["user"] == json!(user)).unwrap();
        text(&found["participantId"])
    }

    async fn bystanders(&self) -> Vec<Value> {
        let mut seen = Vec::new();
        for name in ["theirs", "theirgroup"] {
            let path = format!("/calls/{}", self.ids[name]);
            seen.push(self.control(Method::GET, &path, &Value::Null).await.json());
        }
        seen
    }

    /// What is different about the bystander's calls and rosters.
    pub async fn disturbed(&self) -> Option<String> {
        let now = self.bystanders().await;
        (now != self.peace).then(|| format!("before: {:?}\nnow: {now:?}", self.peace))
    }
}

async fn read(router: Router, request: Request<Body>) -> Answer {
    let Ok(response) = router.oneshot(request).await;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("bodies are in memory").to_bytes().to_vec();
    Answer { status: parts.status, headers: parts.headers, body }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

/// Joins a meeting of this organizer.
fn join(organizer: Guid, meeting: &Value) -> Value {
    let mut join = call(&[], false);
    join["tenantId"] = json!(TENANT);
    join["chatInfo"] = json!({"threadId": meeting["threadId"], "messageId": "0"});
    join["meetingInfo"] = json!({
        "@odata.type": "#microsoft.graph.organizerMeetingInfo",
        "organizer": {"user": {"id": organizer, "tenantId": TENANT}},
    });
    join
}

fn call(to: &[Guid], app_hosted: bool) -> Value {
    let targets: Vec<Value> =
        to.iter().map(|user| json!({"identity": {"user": {"id": user}}})).collect();
    let media = if app_hosted {
        json!({"@odata.type": "#microsoft.graph.appHostedMediaConfig", "blob": "{}"})
    } else {
        json!({"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"})
    };
    json!({
        "@odata.type": "#microsoft.graph.call", "callbackUri": "https://bot.example/api/calls",
        "requestedModalities": ["audio"], "mediaConfig": media, "targets": targets,
        "tenantId": TENANT,
    })
}

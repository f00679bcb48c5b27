//! Each operation of the calls API with bodies that are missing, of the wrong type or out of range, and in
//! the wrong state (errors.md 2, endpoints.md 23): the documented status and code, and no call is harmed.

use graph_fake::config::{APP, TENANT, USERS};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Answer, Server, call_body, dead_callback};

pub const ALICE: graph_api::Guid = USERS[0].1;
pub const BOB: graph_api::Guid = USERS[1].1;
pub const CAROL: graph_api::Guid = USERS[2].1;
pub const NOBODY: &str = "0badca11-0000-4000-8000-000000000001";
const CALLS: &str = "/v1.0/communications/calls";

/// Calls of every kind, standing still.
pub struct World {
    pub server: Server,
    /// Outgoing to Alice, established, audio active.
    pub pair: String,
    /// A join of a meeting, service-hosted.
    pub group: String,
    /// A join of the same meeting, app-hosted.
    pub own_media: String,
    /// A call to one user, app-hosted.
    pub own_media_pair: String,
    /// Rung by Bob, unanswered.
    pub incoming: String,
}

impl World {
    pub async fn start() -> Self {
        let server = Server::start().await;
        let roles: Vec<&str> = platform::Permission::ALL.iter().map(|one| one.role()).collect();
        let app = json!({"displayName": "Bot", "secret": "s", "callbackUri": dead_callback(), "roles": roles});
        let done = server
            .control(Method::PUT, &format!("/tenants/{TENANT}/apps/{APP}"), app.to_string())
            .await;
        assert_eq!(done.status, StatusCode::NO_CONTENT, "{done:?}");
        let wanted = json!({"organizer": ALICE, "participants": [{"user": BOB}, {"user": CAROL}]});
        let meeting = server.control(Method::POST, "/meetings", wanted.to_string()).await;
        assert_eq!(meeting.status, StatusCode::CREATED, "{meeting:?}");
        let own_media = json!({
            "@odata.type": "#microsoft.graph.appHostedMediaConfig", "blob": "{}",
        });
        let pair = make(&server, call_body(&dead_callback())).await;
        let group = make(&server, join(&meeting.body)).await;
        let mut joins = join(&meeting.body);
        joins["mediaConfig"] = own_media.clone();
        let own = make(&server, joins).await;
        let mut calls = call_body(&dead_callback());
        calls["mediaConfig"] = own_media;
        let own_media_pair = make(&server, calls).await;
        // Established, with audio; later the clock stands still.
        let moved = server.control(Method::POST, "/clock", r#"{"advanceMs": 5000}"#).await;
        assert_eq!(moved.status, StatusCode::OK, "{moved:?}");
        let ring = json!({"from": {"user": BOB}, "to": [{"app": APP}]});
        let rung = server.control(Method::POST, "/calls", ring.to_string()).await;
        assert_eq!(rung.status, StatusCode::CREATED, "{rung:?}");
        let incoming = rung.body["callId"].as_str().unwrap().to_owned();
        Self { server, pair, group, own_media: own, own_media_pair, incoming }
    }

    /// A path with its names filled in; without a leading version it is one of v1.0.
    pub fn path(&self, path: &str) -> String {
        let path = path
            .replace("{pair}", &self.pair)
            .replace("{group}", &self.group)
            .replace("{own}", &self.own_media)
            .replace("{ownPair}", &self.own_media_pair)
            .replace("{incoming}", &self.incoming)
            .replace("{nobody}", NOBODY);
        if path.starts_with("/beta") { path } else { format!("{CALLS}{path}") }
    }

    pub async fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let method: Method = method.parse().unwrap();
        self.server.graph(method, &self.path(path), body.to_owned()).await
    }

    /// Every row is refused as it says; afterwards every call is where it was.
    async fn expect(&self, rows: &[Row<'_>]) {
        let before = self.states().await;
        let mut wrong = Vec::new();
        for (method, path, body, status, code) in rows {
            let answer = self.ask(method, path, body).await;
            let said = &answer.body["error"];
            if answer.status.as_u16() != *status || said["code"] != *code {
                wrong.push(format!("{method} {path} {body}: {} {said}", answer.status));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert_eq!(self.states().await, before);
    }

    async fn states(&self) -> Vec<Value> {
        let mut states = Vec::new();
        let calls =
            [&self.pair, &self.group, &self.own_media, &self.own_media_pair, &self.incoming];
        for call in calls {
            let read = self.server.control(Method::GET, &format!("/calls/{call}"), "").await;
            states.push(json!([read.body["state"], read.body["operations"]]));
        }
        states
    }
}

/// Method, path, body, status, code.
type Row<'a> = (&'a str, &'a str, &'a str, u16, &'a str);

async fn make(server: &Server, body: Value) -> String {
    let made = server.graph(Method::POST, CALLS, body.to_string()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    made.body["id"].as_str().unwrap().to_owned()
}

/// Joins a meeting by its coordinates (R-077).
pub fn join(meeting: &Value) -> Value {
    let mut body = call_body(&dead_callback());
    body.as_object_mut().unwrap().remove("targets");
    body["chatInfo"] = json!({
        "@odata.type": "#microsoft.graph.chatInfo",
        "threadId": meeting["threadId"], "messageId": "0",
    });
    body["meetingInfo"] = json!({
        "@odata.type": "#microsoft.graph.organizerMeetingInfo",
        "organizer": {"user": {"id": ALICE, "tenantId": TENANT}},
    });
    body
}

/// A good body with one member more, or another one.
fn with(mut body: Value, name: &str, value: Value) -> String {
    body[name] = value;
    body.to_string()
}

fn long_context() -> String {
    json!({"clientContext": "x".repeat(257)}).to_string()
}

fn person() -> Value {
    json!({"identity": {"user": {"id": CAROL}}})
}

/// R-069, R-068, R-065, R-086, R-011.
#[tokio::test]
async fn create() {
    let world = World::start().await;
    let good = || call_body("https://bot.example/");
    let bad = |name: &str, value: Value| with(good(), name, value);
    let odd = json!({"@odata.type": "#microsoft.graph.weather"});
    let six = json!(vec![person(); 6]);
    let rows = [
        ("", "BadRequest"),
        ("{}", "8523"),
        (&bad("mediaConfig", Value::Null), "8523"),
        (&bad("mediaConfig", odd), "BadRequest"),
        (&bad("requestedModalities", json!([])), "8523"),
        (&bad("requestedModalities", json!(["smell"])), "BadRequest"),
        (&bad("callbackUri", json!("http://bot.example.com:1/\u{0}")), "8523"),
        (&bad("targets", six), "8523"),
        (&bad("ringingTimeoutInSeconds", json!(116)), "8523"),
        (&bad("ringingTimeoutInSeconds", json!("1")), "BadRequest"),
        (&bad("targets", json!([{"identity": {}}])), "8523"),
        (&bad("subject", json!(7)), "BadRequest"),
    ];
    let rows = rows.map(|(body, code)| ("POST", "", body, 400, code));
    world.expect(&rows).await;
}

/// R-107, R-108, R-110, R-120 to R-126, R-155.
#[tokio::test]
async fn incoming_calls() {
    let world = World::start().await;
    let good = || {
        json!({"acceptedModalities": ["audio"],
            "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"}})
    };
    let bad = |name: &str, value: Value| with(good(), name, value);
    let (empty, smell) =
        (bad("acceptedModalities", json!([])), bad("acceptedModalities", json!(["smell"])));
    let to = |targets: Value, timeout: Value| {
        json!({"targets": targets, "timeout": timeout}).to_string()
    };
    let many = to(json!(vec![person(); 26]), json!(20));
    let rows = [
        ("/{incoming}/answer", "", "BadRequest"),
        ("/{incoming}/answer", "{}", "8523"),
        ("/{incoming}/answer", &bad("mediaConfig", Value::Null), "8523"),
        ("/{incoming}/answer", &empty, "8523"),
        ("/{incoming}/answer", &smell, "BadRequest"),
        ("/{incoming}/answer", &bad("acceptedModalities", json!("audio")), "BadRequest"),
        ("/{incoming}/answer", &bad("callbackUri", json!("ftp://bot.example/")), "8523"),
        ("/{incoming}/answer", &bad("participantCapacity", json!("x")), "BadRequest"),
        ("/{incoming}/reject", r#"{"reason": "maybe"}"#, "BadRequest"),
        ("/{incoming}/reject", r#"{"reason": 3}"#, "BadRequest"),
        ("/{incoming}/reject", r#"{"callbackUri": "ftp://bot.example/"}"#, "8523"),
        ("/{incoming}/redirect", "", "BadRequest"),
        ("/{incoming}/redirect", "{}", "8523"),
        ("/{incoming}/redirect", &to(json!([]), json!(20)), "8523"),
        ("/{incoming}/redirect", &many, "8523"),
        ("/{incoming}/redirect", &to(json!([person()]), json!(14)), "8523"),
        ("/{incoming}/redirect", &to(json!([person()]), json!(91)), "8523"),
        ("/{incoming}/redirect", &to(json!([person()]), json!("x")), "BadRequest"),
        ("/{incoming}/redirect", r#"{"targets": "Carol"}"#, "BadRequest"),
        ("/{pair}/reject", "", "8585"),
        ("/{pair}/redirect", &to(json!([person()]), json!(20)), "8585"),
        ("/{incoming}/mute", "", "8501"),
        (
            "/{incoming}/playPrompt",
            r#"{"prompts": [{"mediaInfo": {"uri": "https://x/a"}}]}"#,
            "8501",
        ),
        ("/{incoming}/subscribeToTone", "", "8501"),
        ("/{incoming}/cancelMediaProcessing", "", "8501"),
        ("/{incoming}/recordResponse", "{}", "8501"),
        ("/{incoming}/sendDtmfTones", r#"{"tones": ["tone1"]}"#, "8501"),
    ];
    world.expect(&rows.map(|(path, body, code)| ("POST", path, body, 400, code))).await;
}

/// R-131 to R-137, R-271.
#[tokio::test]
async fn transfer() {
    let world = World::start().await;
    let to = |target: Value| json!({"transferTarget": target}).to_string();
    let long = with(json!({"transferTarget": person()}), "clientContext", json!("x".repeat(257)));
    let rows = [
        ("/{pair}/transfer", "", "BadRequest"),
        ("/{pair}/transfer", "{}", "8523"),
        ("/{pair}/transfer", &to(json!(7)), "BadRequest"),
        ("/{pair}/transfer", &to(json!({"identity": {}})), "8523"),
        ("/{pair}/transfer", &long, "8523"),
        ("/{group}/transfer", &to(person()), "8523"),
        ("/{incoming}/transfer", &to(person()), "8501"),
    ];
    world.expect(&rows.map(|(path, body, code)| ("POST", path, body, 400, code))).await;
}

/// R-200, R-212, R-216, R-220, R-229, R-271, R-298.
#[tokio::test]
async fn participants() {
    let world = World::start().await;
    let long = long_context();
    let invite = |people: Value| json!({"participants": people}).to_string();
    let mixer = |member: &str, value: Value| {
        json!({"participantMixerLevels": [{"participant": NOBODY, member: value}]}).to_string()
    };
    let steep = mixer("ducking", json!({"rampActive": 5_001}));
    let loud = mixer("sourceLevels", json!([{"participant": NOBODY, "level": "x"}]));
    let rows = [
        ("POST", "/{pair}/mute", "", 400, "8548"),
        ("POST", "/{pair}/unmute", "", 400, "8548"),
        ("POST", "/{group}/mute", r#"{"clientContext": 7}"#, 400, "BadRequest"),
        ("POST", "/{group}/mute", &long, 400, "8523"),
        ("POST", "/{group}/unmute", "[]", 400, "BadRequest"),
        ("GET", "/{group}/participants/{nobody}", "", 404, "8543"),
        ("GET", "/{group}/participants/not-an-id", "", 404, "8543"),
        ("POST", "/{group}/participants/{nobody}/mute", "", 404, "8543"),
        ("POST", "/{group}/participants/{nobody}/startHoldMusic", "", 404, "8543"),
        (
            "POST",
            "/{group}/participants/{nobody}/startHoldMusic",
            r#"{"customPrompt": 7}"#,
            400,
            "BadRequest",
        ),
        ("POST", "/{group}/participants/{nobody}/stopHoldMusic", "", 404, "8543"),
        ("POST", "/{group}/participants/invite", "", 400, "BadRequest"),
        ("POST", "/{group}/participants/invite", "{}", 400, "8523"),
        ("POST", "/{group}/participants/invite", &invite(json!([])), 400, "8523"),
        ("POST", "/{group}/participants/invite", &invite(json!(vec![person(); 6])), 400, "8523"),
        ("POST", "/{group}/participants/invite", &invite(json!("Carol")), 400, "BadRequest"),
        ("POST", "/{incoming}/participants/invite", &invite(json!([person()])), 400, "8501"),
        ("POST", "/beta/app/calls/{group}/participants/muteAll", "7", 400, "BadRequest"),
        (
            "POST",
            "/beta/app/calls/{group}/participants/muteAll",
            r#"{"participants": "x"}"#,
            400,
            "BadRequest",
        ),
        ("POST", "/beta/app/calls/{pair}/participants/muteAll", "", 400, "8548"),
        ("POST", "/beta/app/calls/{group}/participants/configureMixer", "{}", 400, "8523"),
        ("POST", "/beta/app/calls/{group}/participants/configureMixer", &steep, 400, "8523"),
        ("POST", "/beta/app/calls/{group}/participants/configureMixer", &loud, 400, "BadRequest"),
    ];
    world.expect(&rows).await;
}

/// R-230, R-231, R-236, R-243, R-258, R-271.
#[tokio::test]
async fn service_hosted_media() {
    let world = World::start().await;
    let prompts = |count: usize| {
        let prompt = json!({"mediaInfo": {"uri": "https://bot.example/a.wav"}});
        json!({"prompts": vec![prompt; count]})
    };
    let one = prompts(1).to_string();
    let long = with(prompts(1), "clientContext", json!("x".repeat(257)));
    let ftp = json!({"prompts": [{"mediaInfo": {"uri": "ftp://bot.example/a.wav"}}]}).to_string();
    let beta = "/beta/communications/calls/{pair}/playPrompt";
    let rows = [
        ("/{pair}/playPrompt", "", "BadRequest"),
        ("/{pair}/playPrompt", "{}", "8523"),
        ("/{pair}/playPrompt", &prompts(0).to_string(), "8523"),
        ("/{pair}/playPrompt", &prompts(21).to_string(), "8523"),
        ("/{pair}/playPrompt", r#"{"prompts": [7]}"#, "BadRequest"),
        ("/{pair}/playPrompt", &ftp, "8523"),
        ("/{pair}/playPrompt", &long, "8523"),
        (beta, &with(prompts(1), "loop", json!("x")), "BadRequest"),
        ("/{own}/playPrompt", &one, "8500"),
        ("/{ownPair}/recordResponse", "{}", "8500"),
        ("/{pair}/recordResponse", &prompts(2).to_string(), "8523"),
        ("/{pair}/recordResponse", r#"{"maxRecordDurationInSeconds": 0}"#, "8523"),
        ("/{pair}/recordResponse", r#"{"maxRecordDurationInSeconds": 121}"#, "8523"),
        ("/{pair}/recordResponse", r#"{"initialSilenceTimeoutInSeconds": 121}"#, "8523"),
        ("/{pair}/recordResponse", r#"{"maxSilenceTimeoutInSeconds": -1}"#, "8523"),
        ("/{pair}/recordResponse", r#"{"maxSilenceTimeoutInSeconds": 1.5}"#, "BadRequest"),
        ("/{pair}/recordResponse", r##"{"stopTones": "#"}"##, "BadRequest"),
        ("/{pair}/recordResponse", &long_context(), "8523"),
        ("/{pair}/subscribeToTone", &long_context(), "8523"),
        ("/{pair}/cancelMediaProcessing", r#"{"clientContext": []}"#, "BadRequest"),
        ("/{pair}/cancelMediaProcessing", &long_context(), "8523"),
        ("/{pair}/sendDtmfTones", "", "BadRequest"),
        ("/{pair}/sendDtmfTones", "{}", "8523"),
        ("/{pair}/sendDtmfTones", r#"{"tones": []}"#, "8523"),
        ("/{pair}/sendDtmfTones", r#"{"tones": ["tone10"]}"#, "BadRequest"),
        ("/{pair}/sendDtmfTones", r#"{"tones": ["a"], "delayBetweenTonesMs": -1}"#, "8523"),
    ];
    world.expect(&rows.map(|(path, body, code)| ("POST", path, body, 400, code))).await;
    world.expect(&[("POST", "/{own}/subscribeToTone", "", 500, "9999")]).await;
}

/// R-204, R-205, R-285, R-291, R-296, R-297, R-354.
#[tokio::test]
async fn everything_else() {
    let world = World::start().await;
    let metadata = "/beta/communications/calls/{group}/updateMetadata";
    let large = json!({"metadata": "x".repeat(4_097)}).to_string();
    let group = |mode: &str, receivers: usize| {
        let receivers = vec![NOBODY; receivers];
        json!({"id": "g", "routingMode": mode, "sources": [NOBODY], "receivers": receivers})
            .to_string()
    };
    let rows = [
        ("POST", metadata, "", 400, "BadRequest"),
        ("POST", metadata, "{}", 400, "8523"),
        ("POST", metadata, r#"{"metadata": {}}"#, 400, "BadRequest"),
        ("POST", metadata, &large, 400, "8523"),
        ("POST", "/{group}/updateMetadata", "{}", 404, "UnknownError"),
        ("POST", "/{own}/changeScreenSharingRole", "{}", 400, "8523"),
        ("POST", "/{own}/changeScreenSharingRole", r#"{"role": "king"}"#, 400, "BadRequest"),
        ("POST", "/{group}/changeScreenSharingRole", r#"{"role": "sharer"}"#, 400, "8500"),
        ("POST", "/{ownPair}/changeScreenSharingRole", r#"{"role": "sharer"}"#, 400, "8548"),
        ("POST", "/{group}/updateRecordingStatus", "{}", 400, "8523"),
        ("POST", "/{group}/updateRecordingStatus", r#"{"status": "maybe"}"#, 400, "BadRequest"),
        ("POST", "/{group}/updateRecordingStatus", r#"{"status": "recording"}"#, 400, "8506"),
        ("POST", "/{group}/addLargeGalleryView", r#"{"clientContext": 7}"#, 400, "BadRequest"),
        ("POST", "/{group}/addLargeGalleryView", &long_context(), 400, "8523"),
        ("POST", "/{group}/audioRoutingGroups", "", 400, "BadRequest"),
        ("POST", "/{group}/audioRoutingGroups", "{}", 400, "8523"),
        ("POST", "/{group}/audioRoutingGroups", &group("oneToOne", 2), 400, "8523"),
        ("POST", "/{group}/audioRoutingGroups", &group("oneToMany", 2), 400, "BadRequest"),
        ("GET", "/{group}/audioRoutingGroups/g", "", 404, "8522"),
        ("DELETE", "/{group}/audioRoutingGroups/g", "", 404, "8522"),
        ("GET", "/{group}/contentSharingSessions/s", "", 404, "8522"),
        ("GET", "/{group}/operations/{nobody}", "", 404, "8522"),
        ("GET", "/{nobody}", "", 404, "8522"),
        ("POST", "/{group}/startRecording", "{}", 405, "8520"),
        ("POST", "/{group}/startTranscription", "{}", 405, "8520"),
    ];
    world.expect(&rows).await;
}

/// R-354: whoever reports says with which program.
#[tokio::test]
async fn device_quality() {
    let server = Server::start().await;
    let ask = async |agent: &str, body: &str| {
        let mut request = http::Request::post(format!(
            "https://{}{CALLS}/microsoft.graph.logTeleconferenceDeviceQuality",
            server.https
        ))
        .header(http::header::AUTHORIZATION, format!("Bearer {}", server.token(0)))
        .header(http::header::CONTENT_TYPE, "application/json");
        if !agent.is_empty() {
            request = request.header(http::header::USER_AGENT, agent);
        }
        let answer = server.send(request.body(body.to_owned().into()).unwrap()).await;
        (answer.status.as_u16(), answer.body["error"]["code"].clone())
    };
    let good = json!({"quality": {
        "@odata.type": "#microsoft.graph.teleconferenceDeviceQuality", "callChainId": NOBODY,
        "participantId": NOBODY, "mediaLegId": NOBODY, "deviceName": "Lobby",
        "deviceDescription": "Room 12", "mediaQualityList": [{
            "@odata.type": "#microsoft.graph.teleconferenceDeviceAudioQuality", "channelIndex": 1,
            "mediaDuration": "PT20M", "networkLinkSpeedInBytes": 13_000,
        }],
    }});
    let good = good.to_string();
    assert_eq!(ask("Room/1.0", &good).await, (200, Value::Null));
    assert_eq!(ask("", &good).await, (400, json!("8523")));
    assert_eq!(ask("Room/1.0", "{}").await, (400, json!("8523")));
    assert_eq!(ask("Room/1.0", r#"{"quality": 7}"#).await, (400, json!("BadRequest")));
}

/// Notifications name the sessions in lower case, and lower case they are asked for (R-001, R-018).
#[tokio::test]
async fn what_a_notification_names_can_be_read() {
    let world = World::start().await;
    let group = world.path("/{group}");
    for family in ["/communications/calls/", "/app/calls/"] {
        for name in ["contentsharingsessions", "contentSharingSessions"] {
            let path = format!("{}/{name}", group.replace("/communications/calls/", family));
            let list = world.server.graph(Method::GET, &path, "").await;
            assert_eq!((list.status.as_u16(), &list.body["value"]), (200, &json!([])), "{path}");
            let one = world.server.graph(Method::GET, &format!("{path}/s"), "").await;
            assert_eq!(one.status.as_u16(), 404, "{path}: {one:?}");
            assert_eq!(one.body["error"]["code"], "8522", "{path}: {one:?}");
        }
    }
}

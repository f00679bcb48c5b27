//! Calls in every state, and meetings, of which the table's requests speak.

use std::collections::BTreeMap;

use graph_fake::config::{APP, TENANT};
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use super::Bad;
use crate::{
    harness::{Answer, Server, call_body, dead_callback},
    operations::{ALICE, BOB, CAROL, NOBODY, World, join},
};

/// Everything, and ids by name.
pub(super) struct Stage {
    world: World,
    ids: BTreeMap<&'static str, String>,
}

impl Stage {
    pub(super) async fn set() -> Self {
        let world = World::start().await;
        let mut stage = Self { world, ids: BTreeMap::new() };
        let World { pair, group, own_media, own_media_pair, incoming, .. } = &stage.world;
        let known = [
            ("calls", "/v1.0/communications/calls".to_owned()),
            ("beta", "/beta/communications/calls".to_owned()),
            ("pair", pair.clone()),
            ("group", group.clone()),
            ("own", own_media.clone()),
            ("ownPair", own_media_pair.clone()),
            ("incoming", incoming.clone()),
            ("nobody", NOBODY.to_owned()),
            ("user", format!("/v1.0/users/{ALICE}")),
            ("meetings", format!("/v1.0/users/{ALICE}/onlineMeetings")),
            ("carolId", CAROL.to_string()),
        ];
        stage.ids.extend(known);
        stage.allow_removals().await;
        stage.more_calls().await;
        stage.waiting().await;
        stage.people().await;
        stage.meetings().await;
        stage
    }

    fn server(&self) -> &Server {
        &self.world.server
    }

    async fn control(&self, method: Method, path: &str, body: &Value) -> Value {
        let answer = self.server().control(method, path, body.to_string()).await;
        assert!(answer.status.is_success(), "{path} {body}: {answer:?}");
        answer.body
    }

    async fn done(&self, asked: &'static str, body: Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (answer, _) = self.ask(&Bad { asked, body, refused: "" }).await;
        assert!(answer.status.is_success(), "{asked}: {answer:?}");
        answer.body
    }

    async fn allow_removals(&self) {
        let roles: Vec<&str> = platform::Permission::ALL.iter().map(|one| one.role()).collect();
        let app = json!({"displayName": "Bot", "secret": "s", "callbackUri": dead_callback(),
            "roles": roles, "mayRemoveParticipants": true, "accessPolicy": "everybody"});
        self.control(Method::PUT, &format!("/tenants/{TENANT}/apps/{APP}"), &app).await;
    }

    /// One that rings, one that has ended.
    async fn more_calls(&mut self) {
        let url = dead_callback();
        for name in ["ringing", "ended"] {
            let made = self.done("POST {calls}", call_body(&url)).await;
            self.ids.insert(name, text(&made["id"]));
        }
        self.done("DELETE {calls}/{ended}", Value::Null).await;
    }

    /// One that waits in the lobby.
    async fn waiting(&mut self) {
        let wanted = json!({"organizer": ALICE, "participants": [{"user": ALICE}], "lobby": true});
        let meeting = self.control(Method::POST, "/meetings", &wanted).await;
        let mut guest = join(&meeting);
        guest["source"] = json!({"identity": {"guest": {"id": NOBODY, "displayName": "Guest"}}});
        let made = self.done("POST {calls}", guest).await;
        self.ids.insert("waiting", text(&made["id"]));
    }

    /// Who is in the group call, somebody who hears hold music, and an audio routing group.
    async fn people(&mut self) {
        let roster = self.done("GET {calls}/{group}/participants", Value::Null).await;
        let everybody = roster["value"].as_array().unwrap();
        for (name, kind, id) in [("bob", "user", BOB), ("carol", "user", CAROL)] {
            let found =
                everybody.iter().find(|one| one["info"]["identity"][kind]["id"] == json!(id));
            self.ids.insert(name, text(&found.unwrap()["id"]));
        }
        let me = self.done("GET {calls}/{group}", Value::Null).await;
        self.ids.insert("me", text(&me["myParticipantId"]));
        self.done("POST {calls}/{group}/participants/{carol}/startHoldMusic", json!({})).await;
        let (bob, carol) = (&self.ids["bob"], &self.ids["carol"]);
        let route =
            json!({"id": "r", "routingMode": "oneToOne", "sources": [bob], "receivers": [carol]});
        self.done("POST {calls}/{group}/audioRoutingGroups", route).await;
    }

    /// A meeting that is there, and one that was deleted.
    async fn meetings(&mut self) {
        for (name, thread) in [("live", "liveThread"), ("deleted", "deletedThread")] {
            let made = self.done("POST {meetings}", json!({})).await;
            self.ids.insert(name, text(&made["id"]));
            self.ids.insert(thread, text(&made["chatInfo"]["threadId"]));
        }
        self.done("DELETE {meetings}/{deleted}", Value::Null).await;
    }

    fn fill(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, id) in &self.ids {
            text = text.replace(&format!("{{{name}}}"), id);
        }
        text
    }

    /// The answer, and the name that the journal has for what was asked.
    pub(super) async fn ask(&self, bad: &Bad) -> (Answer, String) {
        let (method, path) = bad.asked.split_once(' ').expect("a method and a path");
        let (path, body) = (self.fill(path), self.fill(&bad.body));
        let server = self.server();
        let request = Request::builder()
            .method(method)
            .uri(format!("https://{}{path}", server.https))
            .header(header::AUTHORIZATION, format!("Bearer {}", server.token(0)))
            .header(header::USER_AGENT, "Room/1.0")
            .header(header::CONTENT_TYPE, "application/json");
        let answer = server.send(request.body(body.into()).unwrap()).await;
        let id = answer.headers["request-id"].to_str().unwrap();
        let lines = server.journal.since(0, 100_000);
        let line = lines.iter().find(|l| l.kind == "response" && l.detail["requestId"] == id);
        let located = text(&line.expect("every response is written down").detail["op"]);
        (answer, located)
    }

    /// All calls, as the control API sees them, but for what counts time.
    pub(super) async fn seen(&self) -> Vec<Value> {
        let mut seen = Vec::new();
        for name in ["pair", "group", "own", "ownPair", "incoming", "ringing", "waiting"] {
            let path = format!("/calls/{}", self.ids[name]);
            let read = self.server().control(Method::GET, &path, "").await;
            assert_eq!(read.status, StatusCode::OK, "{name}: {read:?}");
            seen.push(read.body);
        }
        seen
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

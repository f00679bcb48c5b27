//! What goes wrong on purpose, seen from outside: notifications, downloads, the token endpoint, permissions;
//! and the switches.

use graph_fake::config::{APP, TENANT, USERS};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::{
    harness::{Server, call_body, dead_callback},
    notifications::{listen, states},
};

const CALLS: &str = "/v1.0/communications/calls";

async fn plan(server: &Server, plan: Value) {
    let done = server.control(Method::PUT, "/faults", plan.to_string()).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{done:?}");
}

async fn advance(server: &Server, ms: u64) {
    let wanted = json!({"advanceMs": ms}).to_string();
    let moved = server.control(Method::POST, "/clock", wanted).await;
    assert_eq!(moved.status, StatusCode::OK, "{moved:?}");
}

async fn create(server: &Server) -> u16 {
    let body = call_body(&dead_callback()).to_string();
    server.graph(Method::POST, CALLS, body).await.status.as_u16()
}

/// A permission is dropped at a time of the fake's clock, and granted again at another.
#[tokio::test]
async fn permissions_change_by_schedule() {
    let server = Server::start().await;
    let now = server.clock.now().as_millis();
    let role = "Calls.Initiate.All";
    plan(
        &server,
        json!([
            {"permission": {"app": APP, "role": role, "atMs": now + 2_000, "grant": true}},
            {"permission": {"app": APP, "tenant": TENANT, "role": role, "afterMs": 1_000}},
            {"permission": {"app": APP, "tenant": APP, "role": role, "afterMs": 0}},
        ]),
    )
    .await;
    advance(&server, 999).await;
    assert_eq!(create(&server).await, 201);
    advance(&server, 1).await;
    assert_eq!(create(&server).await, 403);
    advance(&server, 999).await;
    assert_eq!(create(&server).await, 403);
    advance(&server, 1).await;
    assert_eq!(create(&server).await, 201);
    // A new plan takes the place of all that was scheduled.
    plan(&server, json!([{"permission": {"app": APP, "role": role, "afterMs": 1_000}}])).await;
    plan(&server, json!([])).await;
    advance(&server, 5_000).await;
    assert_eq!(create(&server).await, 201);
}

#[tokio::test]
async fn a_notification_is_lost() {
    let server = Server::start().await;
    let (hook, url) = listen().await;
    plan(&server, json!([{"notification": {"of": "call", "nth": 2, "lose": true}}])).await;
    server.call(&url).await;
    advance(&server, 10_000).await;
    let got = hook.wait_for(2).await;
    assert_eq!(states(&got), ["establishing", "established+audio"]);
    assert!(server.journal.since(0, 1_000).iter().any(|line| line.kind == "tampered"));
}

/// the second download of one URI fails; another URI is another matter.
#[tokio::test]
async fn a_prompt_cannot_be_downloaded() {
    let server = Server::start().await;
    let uri = "http://127.0.0.1:1/a.wav";
    plan(&server, json!([{"prompt": {"uri": uri, "error": "format"}}])).await;
    let call = server.call(&dead_callback()).await;
    advance(&server, 5_000).await;
    let mut subcodes = Vec::new();
    for _ in 0..2 {
        let body = json!({"prompts": [{"mediaInfo": {"uri": uri}}]}).to_string();
        let path = format!("{CALLS}/{call}/playPrompt");
        let made = server.graph(Method::POST, &path, body).await;
        assert_eq!(made.status, StatusCode::OK, "{made:?}");
        advance(&server, 1_000).await;
        let id = made.body["id"].as_str().unwrap();
        let read = server.graph(Method::GET, &format!("{CALLS}/{call}/operations/{id}"), "").await;
        subcodes.push(read.body["resultInfo"]["subcode"].clone());
    }
    // First as planned, then because nobody is there.
    assert_eq!(subcodes, [json!(8_535), json!(8_536)]);
}

#[tokio::test]
async fn the_token_endpoint_fails() {
    let server = Server::start().await;
    let reply = json!({"status": 503, "retryAfterSeconds": 3});
    plan(&server, json!([{"token": {"reply": reply, "times": 2}}])).await;
    let ask = async || {
        let form = format!(
            "grant_type=client_credentials&client_id={APP}&client_secret=rehearsal-secret\
             &scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
        );
        let request = Request::post(format!("https://{}/{TENANT}/oauth2/v2.0/token", server.https))
            .header("content-type", "application/x-www-form-urlencoded");
        let answer = server.send(request.body(form.into()).unwrap()).await;
        (answer.status.as_u16(), answer.headers.contains_key("retry-after"))
    };
    assert_eq!([ask().await, ask().await, ask().await], [(503, true), (503, true), (200, false)]);
}

/// Every switch by name; a reset takes back what was switched.
#[tokio::test]
async fn switches_are_read_changed_and_reset() {
    let server = Server::start().await;
    let shown = server.control(Method::GET, "/options", "").await.body;
    assert_eq!((&shown["ringMs"], &shown["callsPerApp"]), (&json!(60_000), &json!(100)));
    for (body, named) in [
        (json!({"pstn": false, "ringsMs": 1}), "ringsMs"),
        (json!({"pstn": false, "batch": 0}), "batch"),
        (json!({"pstn": "no"}), "pstn"),
    ] {
        let refused = server.control(Method::PUT, "/options", body.to_string()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{refused:?}");
        let message = refused.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(named), "{message}");
    }
    assert_eq!(server.control(Method::GET, "/options", "").await.body, shown, "nothing changed");
    let one = json!({"callsPerApp": 1}).to_string();
    let set = server.control(Method::PUT, "/options", one).await;
    assert_eq!(set.status, StatusCode::NO_CONTENT);
    assert_eq!([create(&server).await, create(&server).await], [201, 429], "R-350");
    let reset = server.control(Method::POST, "/reset", "").await;
    assert_eq!(reset.status, StatusCode::NO_CONTENT);
    assert_eq!(server.control(Method::GET, "/options", "").await.body, shown);
    assert_eq!([create(&server).await, create(&server).await], [201, 201]);
}

/// People do all that they can do, as a test writes it; what belongs to another action is refused.
#[tokio::test]
async fn people_act_with_their_own_words() {
    let server = Server::start().await;
    let call = server.call(&dead_callback()).await;
    advance(&server, 5_000).await;
    let alice = USERS[0].1;
    let path = format!("/calls/{call}/actions");
    let wav = "UklGRg==";
    for (action, status, said) in [
        (json!({"action": "dtmf", "tones": ["tone1", "pound"], "gapMs": 50}), 202, ""),
        (json!({"action": {"dtmf": {"tones": ["star"]}}}), 202, ""),
        (json!({"action": "speak", "markerId": 7, "durationMs": 250}), 202, ""),
        (json!({"action": "speak", "tone": 440}), 202, ""),
        (json!({"action": "dtmf"}), 400, "tones"),
        (json!({"action": "dtmf", "tones": ["tone77"]}), 400, "tones[0]"),
        (json!({"action": "dtmf", "tones": ["a"], "gapMs": 3_600_001}), 400, "gapMs"),
        (json!({"action": "speak", "wav": wav}), 400, "wav"),
        (json!({"action": "speak", "wav": "?"}), 400, "wav"),
        (json!({"action": "speak", "tone": 440, "markerId": 1}), 400, "at most one"),
        (json!({"action": "speak", "durationMs": 0}), 400, "durationMs"),
        (json!({"action": "mute", "durationMs": 5}), 400, "durationMs"),
        (json!({"action": "invite"}), 400, "the invited"),
        (json!({"action": "invite", "user": "x"}), 400, "user"),
        (json!({"action": "invite", "who": []}), 400, "who"),
        (json!({"action": "invite", "who": [{"app": APP}], "user": alice}), 400, "not both"),
        (json!({"action": {}}), 400, "exactly one"),
        (json!({"action": "fly"}), 400, "fly"),
        (json!({"action": "hangup", "loudly": true}), 400, "loudly"),
    ] {
        let mut body = action.clone();
        body["by"] = json!(alice);
        let answer = server.control(Method::POST, &path, body.to_string()).await;
        assert_eq!(answer.status.as_u16(), status, "{action}: {answer:?}");
        let message = answer.body["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(said), "{action}: {message}");
    }
    let seen = server.control(Method::GET, &format!("/calls/{call}/media"), "").await;
    assert_eq!(seen.body["counts"]["spokenMs"], 1_250, "{seen:?}");
}

/// A plan that cannot be read says which entry, and which of its members. (`nth` and `times` are members of each kind
/// of entry: flattened into one, they would be read without their names.)
#[tokio::test]
async fn a_mistake_in_a_plan_is_named_to_the_member() {
    let server = Server::start().await;
    let reply = json!({"status": 500});
    let rows = [
        (json!({"graph": {"op": "get", "nth": "x", "reply": reply}}), "'[1].graph.nth'"),
        (json!({"graph": {"op": "get", "times": -1, "reply": reply}}), "'[1].graph.times'"),
        (json!({"token": {"nth": "x", "reply": reply}}), "'[1].token.nth'"),
        (json!({"notification": {"lose": true, "times": []}}), "'[1].notification.times'"),
        (json!({"roster": {"what": "loss", "nth": 1.5}}), "'[1].roster.nth'"),
        (json!({"prompt": {"times": null}}), "'[1].prompt.times'"),
        (json!({"prompt": {"nht": 1}}), "nht"),
    ];
    for (fault, said) in rows {
        let plan = json!([{"prompt": {}}, fault]).to_string();
        let refused = server.control(Method::PUT, "/faults", plan).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{refused:?}");
        let message = refused.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(said), "{said}: {message}");
    }
}

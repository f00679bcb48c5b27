//! An app-hosted call in the simulator: what Alice says reaches the bot, and what it answers reaches her, packet by
//! packet over links, in virtual time.

use std::time::Duration;

use bot_reference::{Hosting, Settings};
use graph_fake::config::{APP, USERS};
use seam::HttpClient;
use serde_json::{Value, json};
use sim::{
    CONTROL_URL, Rehearsal, Seat, WorldReport,
    link::{Jitter, LinkConfig, Loss, Preset},
    rehearse,
};

/// The marker that the reference bot greets with.
const GREETING: u64 = 0x60_0001;
/// What it adds to a marker that it has heard.
const ANSWERED: u64 = 0x80_0000;

/// What Alice heard: each marker, and when it began, in milliseconds of the world.
type Heard = Vec<(u64, u64)>;

struct People {
    client: HttpClient,
    call: String,
}

impl People {
    async fn send(&self, method: &str, path: &str, body: Value) -> Value {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{CONTROL_URL}{path}"))
            .header("content-type", "application/json")
            .body(if body.is_null() { String::new() } else { body.to_string() }.into())
            .unwrap();
        let response = self.client.send(request).await.expect("the control API answers");
        assert!(response.status().is_success(), "{path}: {response:?}");
        serde_json::from_slice(response.body()).unwrap_or_default()
    }

    async fn acts(&self, action: Value) {
        let mut body = json!({"by": USERS[0].1});
        body.as_object_mut().unwrap().extend(action.as_object().unwrap().clone());
        self.send("POST", &format!("/calls/{}/actions", self.call), body).await;
    }

    async fn heard(&self) -> Heard {
        let path = format!("/calls/{}/heard/{}.json", self.call, USERS[0].1);
        let heard = self.send("GET", &path, Value::Null).await;
        let number = |value: &Value| value.as_u64().unwrap();
        let markers = heard["markers"].as_array().unwrap().iter();
        let began = sim::EPOCH.as_millis();
        markers.map(|one| (number(&one["markerId"]), number(&one["atMs"]) - began)).collect()
    }
}

async fn pause(seat: &Seat, ms: u64) {
    let until = seat.true_time() + Duration::from_millis(ms);
    seat.clock.sleep_until(until).await;
}

/// Alice rings; when she has been greeted she says a marker every two seconds, `turns` times. What she heard, and when she
/// spoke.
async fn talk(seat: Seat, turns: u64) -> (Heard, Vec<u64>, Value) {
    let client = HttpClient::new(seat.network.clone(), Duration::from_secs(20));
    let mut people = People { client, call: String::new() };
    let ring = json!({"from": {"user": USERS[0].1}, "to": [{"app": APP}]});
    let made = people.send("POST", "/calls", ring).await;
    people.call = made["callId"].as_str().unwrap().to_owned();
    pause(&seat, 6_000).await;
    let mut spoken = Vec::new();
    for turn in 0..turns {
        spoken.push(seat.true_time().as_millis() - sim::EPOCH.as_millis());
        people.acts(json!({"action": "speak", "markerId": turn + 1})).await;
        pause(&seat, 2_000).await;
    }
    let heard = people.heard().await;
    let media = people.send("GET", &format!("/calls/{}/media", people.call), Value::Null).await;
    people.acts(json!({"action": "hangup"})).await;
    (heard, spoken, media)
}

fn live(links: LinkConfig, turns: u64) -> WorldReport<(Heard, Vec<u64>, Value)> {
    let mut setup = Rehearsal::new(7, Duration::from_secs(300));
    setup.settings = Settings { media: Hosting::AppHosted, ..Settings::default() };
    setup.links = Some(LinkConfig::default());
    setup.between = Some(links);
    rehearse(setup, async move |seat| talk(seat, turns).await)
}

#[test]
fn a_marker_is_answered_within_the_stated_time() {
    let report = live(LinkConfig::default(), 3);
    let (heard, spoken, media) = report.outcome.unwrap();
    let ids: Vec<u64> = heard.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [GREETING, 1 | ANSWERED, 2 | ANSWERED, 3 | ANSWERED]);
    for (begun, (_, answered)) in spoken.iter().zip(&heard[1..]) {
        // 400 ms of marker and its recognition, both ways of 20 ms with their jitter buffers of at most 200 ms.
        let took = answered - begun;
        assert!((400..1_000).contains(&took), "{took} ms");
    }
    let session = &media["session"];
    assert_eq!((&session["lost"], &session["concealed"]), (&json!(0), &json!(0)), "{media}");
    assert_eq!(session["dropped"], json!([0, 0, 0, 0, 0]));
}

#[test]
fn markers_survive_a_bad_link() {
    let lossy = LinkConfig {
        jitter: Jitter::Uniform { max_ms: 40.0 },
        loss: Loss::GilbertElliott { p: 0.02, r: 0.4, loss_good: 0.0, loss_bad: 1.0 },
        ..LinkConfig::default()
    };
    let (heard, _, media) = live(lossy, 10).outcome.unwrap();
    let answered = heard.iter().filter(|(id, _)| id & ANSWERED != 0).count();
    // Each is lost where a burst takes four of its ten symbols, on either way.
    assert!(answered >= 8, "{heard:?}");
    let session = &media["session"];
    let number = |name: &str| session[name].as_u64().unwrap();
    // 5 % of what was sent; most of it is made up for.
    assert!(number("lost") > number("packetsReceived") / 50, "{session}");
    assert!(number("concealed") > 0, "{session}");
}

#[test]
fn a_seed_is_the_same_call_to_the_byte() {
    let [once, again] = [(); 2].map(|()| live(Preset::Wifi.into(), 2));
    assert_eq!((once.trace_hash, once.events), (again.trace_hash, again.events));
    assert!(once.events > 1_000, "packets are in the trace: {}", once.events);
}

//! The canary in the simulator, where everything that a bot is given and everything that it says can be read from the wire:
//! what it is given holds the canary, and what it says does not.

use std::time::Duration;

use bot_reference::{Hosting, Settings};
use conformance::canary::{Canary, Form, Given, Wrapping};
use graph_fake::config::{APP, USERS};
use media::{
    AssemblerConfig, FrameAssembler, RtpPacket,
    audio::Marker,
    transport::{PT_VIDEO, is_rtcp},
};
use seam::HttpClient;
use serde_json::{Value, json};
use sim::{
    BOT_HOST, CONTROL_URL, Rehearsal, Seat, rehearse,
    wire::{Http, Way, Wire},
};

const SAID: u32 = 0x12_3456;

/// Alice rings, speaks, and brings Bob in, who shows himself.
async fn story(seat: Seat) {
    let client = HttpClient::new(seat.network.clone(), Duration::from_secs(20));
    let post = async |path: &str, body: Value| -> Value {
        let request = http::Request::post(format!("{CONTROL_URL}{path}"))
            .header("content-type", "application/json")
            .body(body.to_string().into())
            .unwrap();
        let response = client.send(request).await.expect("it answers");
        assert!(response.status().is_success(), "{path}: {response:?}");
        serde_json::from_slice(response.body()).unwrap_or_default()
    };
    let [(_, alice), (_, bob), _] = USERS;
    let kinds = ["audio", "video"];
    let ring = json!({"from": {"user": alice}, "to": [{"app": APP}], "modalities": kinds});
    let made = post("/calls", ring).await;
    let actions = format!("/calls/{}/actions", made["callId"].as_str().unwrap());
    let acts = [
        (6_000, json!({"by": alice, "action": "speak", "markerId": SAID})),
        (2_000, json!({"by": alice, "action": "invite", "user": bob})),
        (6_000, json!({"by": bob, "action": "startVideo"})),
        (2_000, json!({"by": bob, "action": "hangup"})),
        (100, json!({"by": alice, "action": "hangup"})),
    ];
    for (ms, act) in acts {
        let until = seat.true_time() + Duration::from_millis(ms);
        seat.clock.sleep_until(until).await;
        post(&actions, act).await;
    }
}

/// What the bot was given: the payloads of all packets, and the frames that were in them.
fn given(wire: &Wire) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut assembler = FrameAssembler::new(AssemblerConfig::default());
    let (mut payloads, mut frames) = (Vec::new(), Vec::new());
    for one in wire.take_packets() {
        if &*one.host != BOT_HOST || one.way != Way::Received || is_rtcp(&one.bytes) {
            continue;
        }
        let Ok(packet) = RtpPacket::parse(&one.bytes) else { continue };
        payloads.extend_from_slice(packet.payload);
        if packet.header.payload_type == PT_VIDEO {
            let now = Duration::from_nanos(one.at.as_nanos());
            assembler.push(now, &packet);
            while let Some(frame) = assembler.poll(now) {
                frames.push(frame.annex_b.to_vec());
            }
        }
    }
    (payloads, frames)
}

/// everything that the bot sends by HTTP, of whatever kind.
#[test]
fn what_was_given_is_nowhere_in_what_is_said() {
    let wire = Wire::default();
    let mut setup = Rehearsal::new(7, Duration::from_secs(100));
    setup.settings = Settings { media: Hosting::AppHosted, video: 1, ..Settings::default() };
    setup.wire = Some(wire.clone());
    rehearse(setup, story).outcome.unwrap();
    let (payloads, frames) = given(&wire);
    assert!(frames.len() > 20, "{}", frames.len());
    let marker = Given::Marker(Marker::new(SAID).unwrap());
    let video = frames.iter().map(|frame| Given::H264(frame));
    let canary = Canary::new(&std::iter::once(marker).chain(video).collect::<Vec<_>>()).unwrap();
    let found: Vec<(Form, Wrapping)> =
        canary.find(&payloads).iter().map(|one| (one.form, one.wrapping)).collect();
    let bare = |form| (form, Wrapping::Bare);
    let all = [Form::BigEndian, Form::Marker(SAID), Form::H264];
    assert_eq!(found, all.map(bare), "the packets themselves are full of it");
    let mut said = 0;
    for message in wire.take().into_iter().filter(|one| &*one.host == BOT_HOST) {
        let body = match message.http {
            Http::Request { body, .. } | Http::Response { body, .. } => body,
            Http::Broken { .. } => continue,
        };
        if message.way == Way::Sent {
            said += body.len();
            assert_eq!(canary.find(&body), [], "{}", String::from_utf8_lossy(&body));
        }
    }
    assert!(said > 500, "there was something to look at");
}

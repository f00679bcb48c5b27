//! An app-hosted bot on real sockets: what Alice says it hears, and what it says she hears (docs/media-transport.md).

pub mod quality;
mod seen;

use std::{net::SocketAddr, time::Duration};

use graph_fake::config::USERS;
use http::{Method, StatusCode};
use media::{
    Barcode, DecoderLimits, H264Decoder, H264Encoder, H264EncoderConfig, I420, TestPattern,
    audio::{FRAME_PERIOD, Marker, MarkerDetector, Pcm16K, SAMPLES_16K},
    transport::{Blob, BotEvent, BotMedia},
};
use seam::Clock;
use serde_json::{Value, json};
use tokio::{net::UdpSocket, time::Instant};

use crate::{
    harness::{Server, call_body, dead_callback},
    notifications::listen,
};

const CALLS: &str = "/v1.0/communications/calls";
/// Longest for anything here.
const LIMIT: Duration = Duration::from_secs(20);

fn blob(address: SocketAddr) -> String {
    json!({"mpUri": "net.tcp://bot:8445", "rehearsal": {
        "v": 1, "address": address, "session": "0f".repeat(16), "audio": {"ssrc": 1000},
        "video": [{"ssrc": 2000, "send": ["320x180@15"]}],
    }})
    .to_string()
}

fn with_blob(callback: &str, blob: &str) -> Value {
    let mut body = call_body(callback);
    let kind = "#microsoft.graph.appHostedMediaConfig";
    body["requestedModalities"] = json!(["audio", "video"]);
    body["mediaConfig"] = json!({"@odata.type": kind, "blob": blob});
    body
}

/// A bot with a socket.
struct Bot {
    socket: UdpSocket,
    media: BotMedia,
    began: Instant,
    detector: MarkerDetector,
    heard: Vec<u32>,
    events: Vec<BotEvent>,
    says: Vec<Pcm16K>,
    slots: u32,
    film: Film,
}

/// What it shows, and what it sees.
struct Film {
    /// 0: nothing; else the source that its barcodes name.
    pattern: Option<TestPattern>,
    encoder: H264Encoder,
    decoder: H264Decoder,
    /// Source and time of each barcode.
    seen: Vec<(u32, u64)>,
}

impl Film {
    fn new() -> Self {
        let config =
            H264EncoderConfig { key_frame_period: 0, ..H264EncoderConfig::new(15.0, 150_000) };
        Self {
            pattern: None,
            encoder: H264Encoder::new(config).unwrap(),
            decoder: H264Decoder::new(DecoderLimits::default()).unwrap(),
            seen: Vec::new(),
        }
    }

    fn slot(&mut self, number: u32, now: Duration, media: &mut BotMedia) {
        let mut picture = I420::default();
        while let Some((_, frame)) = media.poll_video(now) {
            // What follows a loss cannot be decoded before the next key frame.
            if self.decoder.decode(frame.annex_b, &mut picture).unwrap_or(false)
                && let Some(read) = Barcode::read(&picture)
            {
                self.seen.push((read.barcode.source(), read.barcode.time_ms()));
            }
        }
        if let Some(pattern) = self.pattern.as_mut().filter(|_| number.is_multiple_of(4)) {
            let (mut annex_b, at) = (Vec::new(), u64::from(number / 4));
            self.encoder.encode(pattern.draw(at, now), now, &mut annex_b).unwrap();
            if !annex_b.is_empty() {
                media.send_video(0, &annex_b, number * 1_800).unwrap();
            }
        }
    }
}

impl Bot {
    async fn bind() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let blob = Blob::read(&blob(socket.local_addr().unwrap())).unwrap().unwrap();
        let (media, began) = (BotMedia::new(blob), Instant::now());
        let (detector, heard, events, says) =
            (MarkerDetector::new(), Vec::new(), Vec::new(), Vec::new());
        let film = Film::new();
        Self { socket, media, began, detector, heard, events, says, slots: 0, film }
    }

    /// Until something holds, or it takes too long.
    async fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let mut buffer = [0; 2_048];
        while !holds(self) {
            assert!(self.began.elapsed() < LIMIT, "{what}: {:?} {:?}", self.events, self.heard);
            let due = self.began + FRAME_PERIOD * self.slots;
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(due) => self.slot().await,
                got = self.socket.recv_from(&mut buffer) => {
                    let (len, from) = got.unwrap();
                    self.media.receive(self.began.elapsed(), from, &buffer[..len]).unwrap();
                    while let Some(event) = self.media.poll() {
                        if event == (BotEvent::KeyFrameNeeded { socket: 0 }) {
                            self.film.encoder.force_key_frame();
                        }
                        self.events.push(event);
                    }
                }
            }
        }
    }

    async fn slot(&mut self) {
        let now = FRAME_PERIOD * self.slots;
        self.slots += 1;
        let (_, frame, _) = self.media.pull_audio(now);
        self.heard.extend(self.detector.push(now, frame).map(|heard| heard.marker.id()));
        let frame = self.says.pop().unwrap_or(Pcm16K::SILENCE);
        self.media.send_audio(&frame);
        self.film.slot(self.slots, now, &mut self.media);
        let mut out = Vec::new();
        self.media.transmit(now, |datagram| out.push(datagram.to_vec()));
        for datagram in out {
            self.socket.send_to(&datagram, self.media.platform().unwrap()).await.unwrap();
        }
    }

    fn say(&mut self, marker: u32) {
        let samples = Marker::new(marker).unwrap().samples();
        let frames = samples.as_chunks::<SAMPLES_16K>().0.iter().rev();
        self.says = frames.map(|chunk| Pcm16K(*chunk)).collect();
    }

    fn is_held(&self) -> bool {
        use media::transport::{Channel::Audio, Flow};
        let mut told = None;
        for event in &self.events {
            if let BotEvent::Status { channel: Audio, send, .. } = event {
                told = Some(*send);
            }
        }
        told == Some(Flow::Inactive)
    }

    fn is_active(&self) -> bool {
        use media::transport::Flow::Active;
        self.events.iter().any(|event| matches!(event, BotEvent::Status { send: Active, .. }))
    }
}

/// An established app-hosted call to Alice, in which media flows.
async fn call(server: &Server) -> (Bot, String) {
    let mut bot = Bot::bind().await;
    let body = with_blob(&dead_callback(), &blob(bot.socket.local_addr().unwrap())).to_string();
    let made = server.graph(Method::POST, CALLS, body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    bot.until("media flows", Bot::is_active).await;
    (bot, made.body["id"].as_str().unwrap().to_owned())
}

async fn act(server: &Server, call: &str, action: Value) {
    let path = format!("/calls/{call}/actions");
    let done = server.control(Method::POST, &path, action.to_string()).await;
    assert_eq!(done.status, StatusCode::ACCEPTED, "{done:?}");
}

/// The markers that a user has heard.
async fn heard(server: &Server, call: &str, user: usize) -> Vec<u64> {
    let path = format!("/calls/{call}/heard/{}.json", USERS[user].1);
    let heard = server.control(Method::GET, &path, "").await;
    let markers = heard.body["markers"].as_array().unwrap_or_else(|| panic!("{heard:?}"));
    markers.iter().map(|one| one["markerId"].as_u64().unwrap()).collect()
}

async fn start() -> Server {
    Server::start_as(|setup| setup.clock = Clock::real()).await
}

#[tokio::test]
async fn a_bot_hears_and_is_heard() {
    let (server, mut bot) = (start().await, Bot::bind().await);
    let (_hook, url) = listen().await;
    let body = with_blob(&url, &blob(bot.socket.local_addr().unwrap())).to_string();
    let made = server.graph(Method::POST, CALLS, body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let call = made.body["id"].as_str().unwrap().to_owned();
    bot.until("media flows", Bot::is_active).await;
    assert_eq!(bot.events[0], BotEvent::Began { call_id: call.clone() });

    let speaks = json!({"by": USERS[0].1, "action": "speak", "markerId": 31}).to_string();
    let act = server.control(Method::POST, &format!("/calls/{call}/actions"), speaks).await;
    assert_eq!(act.status, StatusCode::ACCEPTED, "{act:?}");
    bot.say(32);
    bot.until("Alice's marker", |bot| bot.heard.contains(&31)).await;
    bot.until("all is said", |bot| bot.says.is_empty()).await;
    let done = bot.slots + 25;
    bot.until("the last of it has arrived", |bot| bot.slots >= done).await;
    assert_eq!(bot.heard, [31]);

    let path = format!("/calls/{call}/heard/{}.json", USERS[0].1);
    let heard = server.control(Method::GET, &path, "").await;
    let markers: Vec<&Value> =
        heard.body["markers"].as_array().unwrap().iter().map(|one| &one["markerId"]).collect();
    assert_eq!(markers, [&json!(32)], "{heard:?}");
    let shown = server.control(Method::GET, &format!("/calls/{call}/media"), "").await;
    let session = &shown.body["session"];
    assert_eq!((&session["active"], &session["heardOf"]), (&json!(true), &json!(true)));
    assert!(session["packetsReceived"].as_u64().unwrap() >= 20, "{shown:?}");
    let ended = server.graph(Method::DELETE, &format!("{CALLS}/{call}"), "").await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    let shown = server.control(Method::GET, &format!("/calls/{call}/media"), "").await;
    assert_eq!(shown.body["session"], Value::Null, "{shown:?}");
}

#[tokio::test]
async fn a_blob_with_a_mistake_is_refused() {
    let server = start().await;
    let (_hook, url) = listen().await;
    let good = blob(SocketAddr::from(([127, 0, 0, 1], 9)));
    for (from, to, key) in [
        ("\"v\":1", "\"v\":3", "rehearsal.v"),
        ("127.0.0.1:9", "nowhere", "rehearsal.address"),
        ("1000", "\"x\"", "rehearsal.audio.ssrc"),
    ] {
        let bad = good.replace(from, to);
        assert_ne!(bad, good);
        let body = with_blob(&url, &bad).to_string();
        let refused = server.graph(Method::POST, CALLS, body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{refused:?}");
        let message = refused.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(key), "{message}");
    }
    let state = server.control(Method::GET, "/state", "").await;
    assert_eq!(state.body["calls"], json!([]), "nothing came of them");
}

#[tokio::test]
async fn what_cannot_be_said_is_refused() {
    let server = Server::start().await;
    let call = server.call(&crate::harness::dead_callback()).await;
    for (what, key) in [
        (json!({"markerId": 1 << 24}), "markerId"),
        (json!({"tone": 0}), "tone"),
        (json!({"tone": 8_001}), "tone"),
        (json!({"tone": 400, "markerId": 1}), "at most one"),
    ] {
        let mut body = json!({"by": USERS[0].1, "action": "speak"});
        body.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        let path = format!("/calls/{call}/actions");
        let refused = server.control(Method::POST, &path, body.to_string()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{refused:?}");
        assert!(refused.body.to_string().contains(key), "{refused:?}");
    }
}

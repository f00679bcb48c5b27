//! An app-hosted call on real sockets: a Graph that only takes down what it is asked, and the platform's end of the
//! media. The test acts whenever the bot says 20 ms, so that nothing waits for a clock.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Json, Router, extract::State};
use bot_reference::{BotConfig, Flaw, Hosting, InMemory, Settings};
use graph_api::Guid;
use http::{Method, Request, Uri};
use media::{
    audio::{FRAME_PERIOD, Marker, MarkerDetector, Pcm16K, SAMPLES_16K, Tone},
    transport::{Blob, DATAGRAM_MAX, Leg, is_rtcp},
};
use seam::{Clock, Datagram, HttpClient, Network as _, RealNetwork, ServeLimits, TlsTrust};
use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};

const LOCAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const CALL: Guid = Guid::from_u128(7);
const NEW: Guid = Guid::from_u128(8);
const ALICE: Guid = Guid::from_u128(9);
/// The bot's greeting ends with it.
const GREETING: u32 = 0x60_0001;
/// Long enough for a machine that has much else to do.
const LIMIT: Duration = Duration::from_secs(60);

type Asked = (Method, String, Value);

/// Takes down what is asked, and says yes.
async fn graph(
    State(asked): State<mpsc::UnboundedSender<Asked>>,
    method: Method,
    uri: Uri,
    body: bytes::Bytes,
) -> Json<Value> {
    if uri.path().ends_with("/token") {
        return Json(json!({"access_token": "t", "expires_in": 3600}));
    }
    let body = serde_json::from_slice(&body).unwrap_or_default();
    asked.send((method, uri.path().to_owned(), body)).unwrap();
    Json(json!({"id": NEW, "state": "established", "value": []}))
}

struct World {
    /// Graph and the bot; they end with this.
    _tasks: JoinSet<()>,
    client: HttpClient,
    bot: SocketAddr,
    asked: mpsc::UnboundedReceiver<Asked>,
    socket: Box<dyn Datagram>,
}

impl World {
    async fn new() -> Self {
        let network = Arc::new(RealNetwork::new(&TlsTrust::default()).unwrap());
        let (asks, asked) = mpsc::unbounded_channel();
        let listener = network.listen(LOCAL).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(graph).with_state(asks);
        let mut tasks = JoinSet::new();
        tasks.spawn(seam::serve(listener, None, router, ServeLimits::default()));
        let config = BotConfig {
            app: Guid::from_u128(1),
            tenant: Guid::from_u128(2),
            secret: "secret".to_owned(),
            graph: base.clone(),
            authority: base.clone(),
            open_id: base,
            public_url: None,
            settings: Settings {
                colleague: Some(Guid::from_u128(10)),
                media: Hosting::AppHosted,
                // This Graph has no keys to sign with.
                flaw: Some(Flaw::AcceptsMissingToken),
                ..Settings::default()
            },
        };
        let (ready, listens) = oneshot::channel();
        let (bots, memory) = (network.clone(), Arc::new(InMemory::default()));
        tasks.spawn(async move {
            let clock = Clock::real();
            bot_reference::run(bots, clock, LOCAL, None, config, memory, ready).await.unwrap();
        });
        let bot = listens.await.expect("the bot listens");
        let socket = network.datagram(LOCAL).await.unwrap();
        let client = HttpClient::new(network, Duration::from_secs(10));
        Self { _tasks: tasks, client, bot, asked, socket }
    }

    async fn notifies(&self, call: Guid, change: &str, data: Value) {
        let url = format!("/communications/calls/{call}");
        let entry = json!({"changeType": change, "resourceUrl": url, "resourceData": data});
        let request = Request::post(format!("http://{}/api/calls", self.bot));
        let body = json!({"value": [entry]}).to_string().into();
        let response = self.client.send(request.body(body).unwrap()).await.unwrap();
        assert_eq!(response.status(), 202);
    }

    async fn media(&self) -> Value {
        let request = Request::get(format!("http://{}/health", self.bot));
        let response = self.client.send(request.body(Default::default()).unwrap()).await.unwrap();
        serde_json::from_slice::<Value>(response.body()).unwrap()["media"].take()
    }

    async fn is_asked(&mut self) -> Asked {
        timeout(LIMIT, self.asked.recv()).await.expect("the bot asks").unwrap()
    }

    /// The blob of a request of this path.
    async fn blob(&mut self, path: &str) -> Blob {
        let (_, asked, body) = self.is_asked().await;
        assert_eq!(asked, path);
        let config = &body["mediaConfig"];
        assert_eq!(config["@odata.type"], "#microsoft.graph.appHostedMediaConfig");
        Blob::read(config["blob"].as_str().unwrap()).unwrap().expect("it is ours")
    }
}

/// The platform's end.
struct Far {
    leg: Leg,
    now: Duration,
    ear: MarkerDetector,
    markers: Vec<u32>,
    keys: Vec<Tone>,
    saying: Vec<Pcm16K>,
}

impl Far {
    fn new(blob: Blob) -> Self {
        Self {
            leg: Leg::new(Duration::ZERO, &CALL.to_string(), blob, 7_000),
            now: Duration::ZERO,
            ear: MarkerDetector::new(),
            markers: Vec::new(),
            keys: Vec::new(),
            saying: Vec::new(),
        }
    }

    fn says(&mut self, marker: u32) {
        let samples = Marker::new(marker).unwrap().samples();
        let frames = samples.as_chunks::<SAMPLES_16K>().0.iter().rev();
        self.saying.splice(0..0, frames.map(|frame| Pcm16K(*frame)));
    }

    async fn sends(&mut self, world: &World) {
        let mut all = Vec::new();
        self.leg.transmit(self.now, |datagram| all.push(datagram.to_vec()));
        for datagram in all {
            world.socket.send_to(&datagram, self.leg.address()).await.unwrap();
        }
    }

    /// Takes one datagram of the bot, and acts for 20 ms if it was 20 ms of audio.
    async fn hears(&mut self, world: &World) {
        let mut buffer = [0; DATAGRAM_MAX];
        let arrived = world.socket.recv_from(&mut buffer).await.unwrap();
        let datagram = &buffer[..arrived.len];
        self.leg.receive(self.now, arrived.from, datagram).unwrap();
        if is_rtcp(datagram) {
            return self.sends(world).await;
        }
        if datagram.len() < SAMPLES_16K {
            return; // A packet of a key.
        }
        let heard = self.ear.push(self.now, self.leg.pull_audio(self.now).1);
        self.markers.extend(heard.map(|heard| heard.marker.id()));
        self.keys.extend(std::iter::from_fn(|| self.leg.pull_key()));
        self.leg.send_audio(&self.saying.pop().unwrap_or(Pcm16K::SILENCE), &[11]);
        self.now += FRAME_PERIOD;
        self.sends(world).await;
    }

    async fn until(&mut self, world: &World, enough: impl Fn(&Self) -> bool) {
        let all = async {
            while !enough(self) {
                self.hears(world).await;
            }
        };
        timeout(LIMIT, all).await.expect("it happens");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_hosted_call_from_ring_to_end() {
    let mut world = World::new().await;
    world
        .notifies(
            CALL,
            "created",
            json!({"state": "incoming", "source": {"identity": {"user": {"id": ALICE}}}}),
        )
        .await;
    let blob = world.blob(&format!("/communications/calls/{CALL}/answer")).await;
    let mut far = Far::new(blob.clone());
    assert_eq!(world.media().await["address"], json!(far.leg.address()));
    far.leg.set_active(Duration::ZERO, true);
    world
        .notifies(
            CALL,
            "updated",
            json!({"state": "established", "mediaState": {"audio": "active"}}),
        )
        .await;
    // The announcement, and then in step with the bot.
    far.sends(&world).await;
    far.until(&world, |far| far.markers == [GREETING]).await;
    far.says(0x1234);
    far.until(&world, |far| far.markers == [GREETING, 0x80_1234]).await;
    let key = Tone::from_event(5).unwrap();
    far.leg.send_key(far.now, key).unwrap();
    far.until(&world, |far| far.keys == [key]).await;
    // A call of the bot's own has media of its own, on the same socket.
    let press = json!({"state": "established", "toneInfo": {"sequenceId": 1, "tone": "tone8"}});
    world.notifies(CALL, "updated", press).await;
    let second = world.blob("/communications/calls").await;
    assert_eq!(second.address, blob.address);
    assert!(second.session != blob.session && second.audio.ssrc != blob.audio.ssrc);
    let media = world.media().await;
    assert_eq!(media["sessions"], 2);
    let shown = media["live"].as_array().unwrap().iter().find(|one| one["callId"] == json!(CALL));
    assert_eq!(shown.unwrap()["latestMarkers"], json!([0x1234]));
    assert_eq!(shown.unwrap()["latestKeys"], json!(["tone5"]));
    world.notifies(CALL, "deleted", json!({"state": "terminated"})).await;
    let closes = async { while world.media().await["sessions"] != 1 {} };
    timeout(LIMIT, closes).await.expect("the session is closed");
    let over = &world.media().await["over"][0];
    assert_eq!((&over["callId"], &over["said"]), (&json!(CALL), &json!(2)));
    world.notifies(NEW, "deleted", json!({"state": "terminated"})).await;
    let closes = async { while world.media().await["sessions"] != 0 {} };
    timeout(LIMIT, closes).await.expect("that of the other call too");
    assert_eq!(world.asked.try_recv().ok(), None, "there is nothing else that Graph could do");
}

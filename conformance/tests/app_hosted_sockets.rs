//! An app-hosted bot and the fake on real sockets: it hears, is heard, sees, and keeps nothing of that.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bot_reference::{BotConfig, FileMemory, Flaw, Hosting, Settings};
use conformance::{
    Control, Wrong,
    canary::{Canary, Form, Given, Kept, look_through, uploads, verdict},
};
use graph_fake::{
    Authority, Fake, Listeners, Options, Setup, Tls,
    config::{APP, AppConfig, Config, SECRET, TENANT, USERS},
    identity::Keys,
};
use media::audio::Marker;
use seam::{Clock, HttpClient, RealNetwork, TlsTrust};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

const FREE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
/// What Alice says.
const SAID: u32 = 0x12_3456;
/// What the bot adds to a marker that it has heard.
const ANSWERED: u32 = 0x80_0000;
/// Longest for anything here, on a machine that has much else to do.
const LIMIT: Duration = Duration::from_secs(60);

/// A fake, and a bot with a directory of its own.
struct World {
    network: Arc<RealNetwork>,
    control: Control,
    url: String,
    webhook: SocketAddr,
    directory: TempDir,
}

impl World {
    async fn begins(flaw: Option<Flaw>) -> Self {
        let ca = tempfile::tempdir().unwrap();
        let authority = Authority::create_or_load(Some(ca.path())).unwrap();
        let trust = TlsTrust { extra_ca_files: vec![ca.path().join("ca.pem")], insecure: false };
        let network = Arc::new(RealNetwork::new(&trust).unwrap());
        // The bot's port has to be known to the fake, and the fake's to the bot: the webhook's comes first.
        let webhook = std::net::TcpListener::bind(FREE).unwrap().local_addr().unwrap();
        let mut config = Config { allow_http_callbacks: true, ..Config::default() };
        for AppConfig { app, .. } in config.tenants.iter_mut().flat_map(|tenant| &mut tenant.apps) {
            app.callback_uri = Some(format!("http://{webhook}/api/calls"));
        }
        let (https, control) = (Some(FREE), Some(FREE));
        let fake = Fake::bind(Setup {
            seed: 1,
            config,
            options: Options::default(),
            keys: Keys::fixed(),
            tls: Tls::Own(Box::new(authority), Vec::new()),
            listeners: Listeners { https, http: None, control, media: Some(FREE) },
            network: network.clone(),
            outgoing: network.clone(),
            clock: Clock::real(),
            flaw: None,
        });
        let fake = fake.await.unwrap();
        let https = format!("https://{}", fake.addresses.https.unwrap());
        let url = format!("http://{}", fake.addresses.control.unwrap());
        tokio::spawn(fake.run());
        let control = Control::new(network.clone(), url.clone());
        let directory = tempfile::tempdir().unwrap();
        let world = Self { network, control, url, webhook, directory };
        world.bot(&https, flaw).await;
        world
    }

    async fn bot(&self, https: &str, flaw: Option<Flaw>) {
        let config = BotConfig {
            app: APP,
            tenant: TENANT,
            secret: SECRET.to_owned(),
            graph: format!("{https}/v1.0"),
            authority: https.to_owned(),
            open_id: format!("{https}/v1/.well-known/OpenIdConfiguration"),
            public_url: None,
            settings: Settings { media: Hosting::AppHosted, video: 2, flaw, ..Settings::default() },
        };
        let memory = FileMemory::open(&self.directory.path().join("memory.json")).unwrap();
        let (ready, listens) = oneshot::channel();
        let (network, webhook) = (self.network.clone(), self.webhook);
        let memory = Arc::new(memory);
        tokio::spawn(async move {
            let clock = Clock::real();
            bot_reference::run(network, clock, webhook, None, config, memory, ready).await
        });
        listens.await.expect("the bot listens");
    }

    async fn get(&self, url: String) -> Value {
        let client = HttpClient::new(self.network.clone(), LIMIT);
        let request = http::Request::get(url).body(Default::default()).unwrap();
        let response = client.send(request).await.expect("it answers");
        serde_json::from_slice(response.body()).unwrap_or_default()
    }

    /// What a control URL, or the bot, shows, as soon as it is so.
    async fn shows(&self, url: String, holds: impl Fn(&Value) -> bool) -> Value {
        let clock = Clock::real();
        let until = clock.now() + LIMIT;
        loop {
            let shown = self.get(url.clone()).await;
            if holds(&shown) {
                return shown;
            }
            assert!(clock.now() < until, "{url}: {shown}");
            clock.sleep_until(clock.now() + Duration::from_millis(100)).await;
        }
    }

    async fn bot_shows(&self, holds: impl Fn(&Value) -> bool) -> Value {
        let url = format!("http://{}/health", self.webhook);
        let all = self.shows(url, |health| holds(&health["media"]["live"][0])).await;
        all["media"]["live"][0].clone()
    }

    async fn acts(&self, call: &str, user: usize, mut action: Value) {
        action["by"] = json!(USERS[user].1);
        self.control.act_with(call, action).await.unwrap();
    }

    /// From ring to end; what the bot said of its media before that, and what was found of it afterwards.
    async fn plays(&self) -> (Value, Vec<Kept>) {
        let kinds = ["audio", "video", "videoBasedScreenSharing"];
        let ring = json!({"from": {"user": USERS[0].1}, "to": [{"app": APP}], "modalities": kinds});
        let made = self.control.post("/calls", ring).await.unwrap();
        let call = made["callId"].as_str().unwrap();
        self.bot_shows(|media| media["said"] == 1).await;
        self.acts(call, 0, json!({"action": "speak", "markerId": SAID})).await;
        let heard = format!("{}/calls/{call}/heard/{}.json", self.url, USERS[0].1);
        let answer = json!(SAID | ANSWERED);
        self.shows(heard, |heard| {
            heard["markers"]
                .as_array()
                .is_some_and(|all| all.iter().any(|it| it["markerId"] == answer))
        })
        .await;
        self.acts(call, 0, json!({"action": "invite", "user": USERS[1].1})).await;
        let shown = format!("{}/calls/{call}", self.url);
        let there =
            |call: &Value| call["participants"].as_array().is_some_and(|all| all.len() == 3);
        self.shows(shown, there).await;
        self.acts(call, 1, json!({"action": "startVideo"})).await;
        let seen = |media: &Value| {
            media["video"]["sockets"][1]["markers"].as_u64().is_some_and(|count| count > 10)
        };
        let media = self.bot_shows(seen).await;
        self.acts(call, 1, json!({"action": "hangup"})).await;
        self.acts(call, 0, json!({"action": "hangup"})).await;
        let over = format!("http://{}/health", self.webhook);
        self.shows(over, |health| health["calls"] == 0).await;
        let source = media["video"]["sockets"][1]["source"].as_u64().unwrap();
        let given = [
            Given::Marker(Marker::new(SAID).unwrap()),
            Given::Source(u32::try_from(source).unwrap()),
        ];
        let canary = Canary::new(&given).unwrap();
        let mut kept = look_through(self.directory.path(), &canary).unwrap().kept;
        kept.extend(uploads(&self.control.journal(0).await.unwrap(), call, &canary));
        (media, kept)
    }
}

/// as in the simulator.
#[tokio::test(flavor = "multi_thread")]
async fn it_hears_and_sees_and_keeps_nothing() {
    let world = World::begins(None).await;
    let (media, kept) = world.plays().await;
    assert_eq!(media["latestMarkers"], json!([SAID]));
    let socket = &media["video"]["sockets"][1];
    for wrong in ["strangers", "repeated", "unread", "undecodable"] {
        assert_eq!(socket[wrong], 0, "{socket}");
    }
    assert!(media["video"]["sent"]["frames"].as_u64().unwrap() > 30, "{media}");
    assert_eq!(media["video"]["sent"]["discarded"], 0);
    assert_eq!(verdict(&kept), Ok(()));
    let memory = std::fs::read(world.directory.path().join("memory.json")).unwrap();
    assert!(memory.len() > 20, "there was something to look at");
}

///
#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_keeps_what_it_hears_is_found_out() {
    let (_, kept) = World::begins(Some(Flaw::PersistsWhatItHears)).await.plays().await;
    let forms: Vec<Form> = kept.iter().map(|one| one.finding.form).collect();
    assert_eq!(forms, [Form::LittleEndian, Form::Marker(SAID)], "{kept:?}");
    let Err(Wrong::Bot(said)) = verdict(&kept) else { panic!("{kept:?}") };
    assert!(said.actual.contains("memory.json: samples, little-endian as base64"), "{said}");
}

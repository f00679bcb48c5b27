//! The same stories, the same fake and the same bot on real sockets: what runs in the simulator is not a model
//! of the programs but the programs.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bot_reference::{BotConfig, Flaw, InMemory, Settings};
use conformance::{Control, Line, Stage, Wrong, cases, exchanges};
use graph_fake::{
    Authority, Fake, Listeners, Options, Setup, Tls,
    config::{APP, AppConfig, Config, SECRET, TENANT},
    identity::Keys,
};
use seam::{Clock, HttpClient, RealNetwork, TlsTrust};
use tokio::{runtime::Runtime, sync::oneshot};

const FREE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// Stories that take seconds, not hours.
const SHORT: [&str; 7] = [
    "incoming-call/answered-in-time",
    "incoming-call/acknowledged-in-time",
    "incoming-call/two-at-once",
    "authentication/no-token",
    "notifications/unknown-members",
    "notifications/id-from-resource-url",
    "prompts/once",
];

/// A fake, and what a bot has to know to be known to it.
struct Stand {
    network: Arc<RealNetwork>,
    control: String,
    webhook: SocketAddr,
    bot: BotConfig,
}

/// A fake that expects a bot.
async fn fake(flaw: Option<Flaw>) -> Stand {
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
    let fake = Fake::bind(Setup {
        seed: 1,
        config,
        options: Options::default(),
        keys: Keys::fixed(),
        tls: Tls::Own(Box::new(authority), Vec::new()),
        listeners: Listeners { https: Some(FREE), http: None, control: Some(FREE), media: None },
        network: network.clone(),
        outgoing: network.clone(),
        clock: Clock::real(),
        flaw: None,
    });
    let fake = fake.await.unwrap();
    let (https, control) = (fake.addresses.https.unwrap(), fake.addresses.control.unwrap());
    tokio::spawn(fake.run());
    let bot = BotConfig {
        app: APP,
        tenant: TENANT,
        secret: SECRET.to_owned(),
        graph: format!("https://{https}/v1.0"),
        authority: format!("https://{https}"),
        open_id: format!("https://{https}/v1/.well-known/OpenIdConfiguration"),
        public_url: None,
        settings: Settings { flaw, ..Settings::default() },
    };
    Stand { network, control: format!("http://{control}"), webhook, bot }
}

/// A bot on a runtime of its own, so that its end is a crash: nothing of it goes on.
async fn bot(stand: &Stand, memory: &InMemory) -> Runtime {
    let runtime = Runtime::new().unwrap();
    let (ready, listens) = oneshot::channel();
    let (network, memory) = (stand.network.clone(), Arc::new(memory.clone()));
    let (webhook, config) = (stand.webhook, stand.bot.clone());
    runtime.spawn(bot_reference::run(network, Clock::real(), webhook, None, config, memory, ready));
    listens.await.expect("the bot listens");
    runtime
}

/// A fake and a bot that know each other; the URL of the control API.
async fn start(flaw: Option<Flaw>) -> (Arc<RealNetwork>, String) {
    let stand = fake(flaw).await;
    // It ends with the test.
    std::mem::forget(bot(&stand, &InMemory::default()).await);
    (stand.network, stand.control)
}

/// A bot crashes in a call and comes back. Whether it still hears keys, and how many calls it says it has.
async fn after_a_crash(flaw: Option<Flaw>) -> (bool, String) {
    let (stand, memory) = (fake(flaw).await, InMemory::default());
    let first = bot(&stand, &memory).await;
    let control = Control::new(stand.network.clone(), stand.control.clone());
    let stage = Stage::open(control, Clock::real()).await.unwrap();
    let call = stage.rings_the_bot(&stage.person("Alice")).await.unwrap();
    let did = |op: &'static str, within: u64| {
        let (stage, call) = (&stage, &call);
        async move {
            let worked = |lines: &[Line]| {
                exchanges(lines, &call.id, op).iter().any(|exchange| exchange.worked())
            };
            stage.happens(Duration::from_secs(within), worked).await.unwrap()
        }
    };
    assert!(did("subscribeToTone", 30).await, "the menu comes to its end");
    tokio::task::block_in_place(|| first.shutdown_timeout(Duration::from_secs(10)));
    let second = bot(&stand, &memory).await;
    stage.presses(&call, &["star"]).await.unwrap();
    let hears = did("listParticipants", if flaw.is_some() { 2 } else { 30 }).await;
    let client = HttpClient::new(stand.network.clone(), Duration::from_secs(10));
    let health = http::Request::get(format!("http://{}/health", stand.webhook));
    let health = client.send(health.body(Default::default()).unwrap()).await.unwrap();
    second.shutdown_background();
    (hears, String::from_utf8(health.into_body().to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_crashed_finds_its_calls_again() {
    let (hears, health) = after_a_crash(None).await;
    assert!(hears && health == r#"{"status":"ok","calls":1}"#, "{health}");
    let (hears, health) = after_a_crash(Some(Flaw::ForgetsCallsInCrash)).await;
    assert!(!hears && health == r#"{"status":"ok","calls":0}"#, "{health}");
}

async fn play(id: &str, flaw: Option<Flaw>) -> Result<(), Wrong> {
    let case = cases::ALL.into_iter().find(|case| case.id == id).expect("a case of the catalogue");
    let (network, control) = start(flaw).await;
    let stage = Stage::open(Control::new(network, control), Clock::real()).await?;
    let story = tokio::time::timeout(Duration::from_secs(60), (case.story)(&stage));
    story.await.unwrap_or_else(|_| Err(Wrong::bot("an end of the story", "there was none")))
}

#[tokio::test(flavor = "multi_thread")]
async fn short_stories_pass_on_real_sockets() {
    let stories = SHORT.map(|id| tokio::spawn(async move { (id, play(id, None).await) }));
    for story in stories {
        let (id, outcome) = story.await.unwrap();
        assert_eq!(outcome, Ok(()), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn and_they_notice_faults_there_too() {
    let pairs = [
        ("authentication/no-token", Flaw::AcceptsMissingToken),
        ("notifications/unknown-members", Flaw::RejectsUnknownMembers),
        ("prompts/once", Flaw::PromptsAgain),
    ];
    let stories =
        pairs.map(|(id, flaw)| tokio::spawn(async move { (id, play(id, Some(flaw)).await) }));
    for story in stories {
        let (id, outcome) = story.await.unwrap();
        assert!(matches!(outcome, Err(Wrong::Bot(_))), "{id}: {outcome:?}");
    }
}

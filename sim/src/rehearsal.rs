//! The stage: the fake Graph, the bot, and the people whose story is told through the control API.

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use bot_reference::{BotConfig, InMemory, Settings};
use graph_api::Timestamp;
use graph_fake::{
    Fake, Listeners, Options, Setup, Tls,
    config::{APP, AppBody, AppConfig, Config, SECRET, TENANT, USERS},
    identity::Keys,
};
use tokio::sync::oneshot;

use crate::{
    control::Change,
    link::LinkConfig,
    wire::Wire,
    world::{Seat, World, WorldReport},
};

/// The fake's name in the world: identity and Graph on 443, the control API on 8090.
pub const GRAPH_HOST: &str = "graph.example";
/// The control API.
pub const CONTROL_URL: &str = "http://graph.example:8090";
/// The bot's name in the world.
pub const BOT_HOST: &str = "bot.example";
/// Where media is received, on both of them.
const MEDIA_PORT: u16 = 50_000;
/// Whom the bot invites and puts callers through to, unless its settings say: Bob.
const COLLEAGUE: graph_api::Guid = USERS[1].1;

/// Where the platform reaches the bot.
pub fn bot_url() -> String {
    format!("https://{BOT_HOST}")
}

/// Who takes part, and how they behave.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// Everything that is drawn comes from it.
    pub seed: u64,
    /// Longest virtual time.
    pub limit: Duration,
    /// Switches of the platform.
    pub options: Options,
    /// How the bot behaves.
    pub settings: Settings,
    /// Keep the lines of the trace.
    pub lines: bool,
    /// What all links are like; without it they are perfect, and one step long.
    pub links: Option<LinkConfig>,
    /// What the links between the fake and the bot are like, if otherwise.
    pub between: Option<LinkConfig>,
    /// What changes meanwhile, and when (see [`World::at`]).
    pub changes: Vec<(Timestamp, Change)>,
    /// Who reads along on the wires.
    pub wire: Option<Wire>,
}

impl Rehearsal {
    /// As shipped, for at most `limit` of virtual time.
    pub fn new(seed: u64, limit: Duration) -> Self {
        Self {
            seed,
            limit,
            options: Options::default(),
            settings: Settings::default(),
            lines: false,
            links: None,
            between: None,
            changes: Vec::new(),
            wire: None,
        }
    }
}

/// Lets `story` happen in a world with the fake Graph and the reference bot.
pub fn rehearse<T, F, Fut>(setup: Rehearsal, story: F) -> WorldReport<T>
where
    T: Send + 'static,
    F: FnOnce(Seat) -> Fut + Send + 'static,
    Fut: Future<Output = T> + Send + 'static,
{
    let Rehearsal { seed, limit, options, settings, lines, links, between, changes, wire } = setup;
    // Without media of its own nobody listens for datagrams.
    let media = settings.is_app_hosted().then(|| any_address(MEDIA_PORT));
    // The world's, not the bot's: it is still there when the host comes back from a crash.
    let memory = InMemory::default();
    let mut world = World::new(seed, limit);
    if let Some(wire) = wire {
        world = world.read_by(wire);
    }
    if let Some(config) = links {
        world = world.links(config);
    }
    if let Some(config) = between {
        world = world.link(BOT_HOST, GRAPH_HOST, config.clone()).link(GRAPH_HOST, BOT_HOST, config);
    }
    for (when, change) in changes {
        world = world.at(when, change);
    }
    world
        .keep_lines(lines)
        .host(GRAPH_HOST, move |seat| graph(seat, seed, options.clone(), media))
        .host(BOT_HOST, move |seat| bot(seat, settings.clone(), memory.clone()))
        .run(story)
}

fn any_address(port: u16) -> SocketAddr {
    SocketAddr::from(([0, 0, 0, 0], port))
}

async fn graph(
    seat: Seat,
    seed: u64,
    options: Options,
    media: Option<SocketAddr>,
) -> Result<(), String> {
    let fake = Fake::bind(Setup {
        seed,
        config: config(),
        options,
        keys: Keys::fixed(),
        tls: Tls::Outside,
        listeners: Listeners {
            https: Some(any_address(443)),
            http: None,
            control: Some(any_address(8_090)),
            media,
        },
        network: seat.network.clone(),
        outgoing: seat.network,
        clock: seat.clock,
        flaw: None,
    });
    fake.await.map_err(|error| error.to_string())?.run().await;
    Ok(())
}

/// The default tenant, with the bot's webhook.
fn config() -> Config {
    let mut config = Config::default();
    let apps = config.tenants.iter_mut().flat_map(|tenant| &mut tenant.apps);
    for AppConfig { app: AppBody { callback_uri, .. }, .. } in apps {
        *callback_uri = Some(format!("{}/api/calls", bot_url()));
    }
    config
}

async fn bot(seat: Seat, mut settings: Settings, memory: InMemory) -> Result<(), String> {
    let graph = format!("https://{GRAPH_HOST}");
    if settings.is_app_hosted() {
        settings.media_listen = any_address(MEDIA_PORT);
    }
    settings.colleague = settings.colleague.or(Some(COLLEAGUE));
    let config = BotConfig {
        app: APP,
        tenant: TENANT,
        secret: SECRET.to_owned(),
        graph: format!("{graph}/v1.0"),
        open_id: format!("{graph}/v1/.well-known/OpenIdConfiguration"),
        authority: graph,
        public_url: Some(bot_url()),
        settings,
    };
    let (ready, _) = oneshot::channel();
    let (listen, memory) = (any_address(443), Arc::new(memory));
    let ended = bot_reference::run(seat.network, seat.clock, listen, None, config, memory, ready);
    ended.await.map_err(|error| error.to_string())
}

//! The shell: listens for notifications, serves the prompts, and carries out what the bot wants.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use graph_api::Guid;
use http::{StatusCode, header};
use seam::{Clock, HttpClient, Network, ServeLimits, TlsAcceptor};
use thiserror::Error;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use crate::{
    Ask, Bot, Effect, Flaw, Input, Memory, Outcome, Prompt, Settings,
    app_hosted::{AppHosted, Owner},
    graph_client::GraphClient,
    inbound::Inbound,
    requests::MediaConfig,
    webhook::{self, Shared},
};

/// Notifications and answers that may wait for the bot.
const INBOX_MAX: usize = 4_096;
/// Bytes of a notification: a roster of a thousand participants fits.
const BODY_MAX: usize = 4 << 20;
/// How long Graph may take.
const GRAPH_LIMIT: Duration = Duration::from_secs(10);

/// Where everybody is, and who the bot is.
#[derive(Debug, Clone)]
pub struct BotConfig {
    /// Its app id.
    pub app: Guid,
    /// Its tenant.
    pub tenant: Guid,
    /// Its client secret.
    pub secret: String,
    /// Graph with its version, as in `https://graph.microsoft.com/v1.0`.
    pub graph: String,
    /// The identity platform, as in `https://login.microsoftonline.com`.
    pub authority: String,
    /// The Bot Framework's metadata.
    pub open_id: String,
    /// Where the platform reaches this bot, without a slash at the end; its own address if absent.
    pub public_url: Option<String>,
    /// How it behaves.
    pub settings: Settings,
}

/// Why the bot stopped.
#[derive(Debug, Error)]
pub enum BotError {
    /// An address of its is taken, or not this machine's, or nowhere that media could be sent to.
    #[error("{0}")]
    Listen(#[from] io::Error),
    /// The planted crash.
    #[error("Graph said 404 and this bot was not prepared for it")]
    Crashed,
    /// The server ended by itself.
    #[error("the server stopped")]
    Stopped,
}

/// Runs the bot until it fails, from where `memory` says it was; `ready` is told the address once it listens.
///
/// # Errors
/// See [`BotError`].
pub async fn run(
    network: Arc<dyn Network>,
    clock: Clock,
    listen: SocketAddr,
    tls: Option<TlsAcceptor>,
    config: BotConfig,
    memory: Arc<dyn Memory>,
    ready: oneshot::Sender<SocketAddr>,
) -> Result<(), BotError> {
    let listener = network.listen(listen).await?;
    let address = listener.local_addr()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let own = || format!("{scheme}://{}", seam::reachable(address));
    let public_url = config.public_url.clone().unwrap_or_else(own);
    let media = hosted(&*network, &clock, &config).await?;
    let client = HttpClient::new(network, GRAPH_LIMIT);
    let (inbox, notified) = mpsc::channel(INBOX_MAX);
    let flaw = config.settings.flaw;
    let calls = Arc::<AtomicUsize>::default();
    let keys = inbox.clone();
    let shared = Shared {
        inbound: Inbound::new(client.clone(), &config),
        clock: clock.clone(),
        inbox,
        flaw,
        calls: calls.clone(),
        media: media.clone(),
    };
    let router = Router::new()
        .route("/api/calls", post(webhook::notification))
        .route("/prompts/{name}", get(prompt))
        .route("/health", get(health))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(Arc::new(shared));
    let graph = Arc::new(GraphClient::new(client, clock.clone(), &config, public_url));
    let (bot, effects) = remembered(&*memory, config.settings);
    let (over, saved) = (BTreeMap::new(), Vec::new());
    // A task of its own: what is said may not wait for a memory that is slow. It ends with this future.
    let mut tasks = JoinSet::new();
    media.clone().map(|media| tasks.spawn(media.run(keys)));
    let shell = Shell { bot, clock, graph, memory, saved, calls, over, media };
    // Whoever started the bot need not want to know.
    let _ = ready.send(address);
    tokio::select! {
        () = seam::serve(listener, tls, router, ServeLimits::default()) => Err(BotError::Stopped),
        error = shell.run(effects, notified) => Err(error),
    }
}

/// The media of the bot's own, if it is to have any.
async fn hosted(
    network: &dyn Network,
    clock: &Clock,
    config: &BotConfig,
) -> io::Result<Option<AppHosted>> {
    let BotConfig { app, settings, public_url, .. } = config;
    if !settings.is_app_hosted() {
        return Ok(None);
    }
    let bound = AppHosted::bind(network, clock.clone(), *app, settings, public_url.as_deref());
    bound.await.map(Some)
}

/// The bot as it was; a memory that cannot be read is no reason not to answer the next call.
fn remembered(memory: &dyn Memory, settings: Settings) -> (Bot, Vec<Effect>) {
    let bytes = memory.load();
    let restored = bytes.map(|bytes| Bot::restore(settings.clone(), &bytes)).transpose();
    let restored = restored.unwrap_or_else(|error| {
        tracing::error!(%error, "the memory is of no use; beginning without it");
        None
    });
    restored.unwrap_or_else(|| (Bot::new(settings), Vec::new()))
}

/// Prompts that tell themselves apart by ear; the story is long enough to be interrupted. They are the same for every
/// bot, and a simulation starts thousands of bots: computed once in a process.
static PROMPTS: LazyLock<BTreeMap<&'static str, Bytes>> = LazyLock::new(|| {
    let file = |prompt| {
        let (frequency, secs) = match prompt {
            Prompt::Greeting => (440.0, 1),
            Prompt::Menu => (660.0, 1),
            Prompt::Sorry => (220.0, 1),
            Prompt::Story => (330.0, 10),
        };
        Bytes::from(media::write_wav(&media::tone(frequency, Duration::from_secs(secs))))
    };
    Prompt::ALL.into_iter().map(|prompt| (prompt.name(), file(prompt))).collect()
});

/// That the bot is there, and in how many calls; where it hosts their media, what it hears.
async fn health(State(shared): State<Arc<Shared>>) -> Json<serde_json::Value> {
    let calls = shared.calls.load(Ordering::Relaxed);
    let mut health = serde_json::json!({"status": "ok", "calls": calls});
    if let Some(media) = &shared.media {
        health["media"] = media.to_json();
    }
    Json(health)
}

async fn prompt(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Response {
    let found = name.strip_suffix(".wav").and_then(|name| PROMPTS.get(name));
    let broken = shared.flaw == Some(Flaw::PromptsInWrongFormat);
    match found {
        Some(wav) if broken => wav.slice(..20).into_response(),
        Some(wav) => ([(header::CONTENT_TYPE, "audio/wav")], wav.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

struct Shell {
    bot: Bot,
    clock: Clock,
    graph: Arc<GraphClient>,
    memory: Arc<dyn Memory>,
    /// What the memory holds.
    saved: Vec<u8>,
    /// Shown to whoever asks how the bot is.
    calls: Arc<AtomicUsize>,
    /// Set once a call is over, for requests that are still being tried.
    over: BTreeMap<Guid, Arc<AtomicBool>>,
    /// Unless Graph hosts the media.
    media: Option<AppHosted>,
}

impl Shell {
    async fn run(mut self, first: Vec<Effect>, mut notified: mpsc::Receiver<Input>) -> BotError {
        let (report, mut answered) = mpsc::channel::<Input>(INBOX_MAX);
        let mut effects = first;
        loop {
            if effects.contains(&Effect::Crash) {
                return BotError::Crashed;
            }
            // First: what is asked of Graph must not be forgotten in a crash.
            self.remember();
            for effect in effects {
                self.carry_out(effect, &report);
            }
            let due = self.bot.next_deadline();
            let wait = async {
                match due {
                    Some(due) => self.clock.sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            let input = tokio::select! {
                biased;
                () = wait => Input::Deadline,
                Some(input) = answered.recv() => input,
                input = notified.recv() => match input {
                    Some(input) => input,
                    None => return BotError::Stopped,
                },
            };
            let begun = self.begun(&input);
            effects = self.bot.handle(self.clock.now(), input);
            if let Some((media, call)) = self.media.as_ref().zip(begun)
                && !self.bot.knows(call)
            {
                // It has ended already, or is one too many.
                media.close(Owner::Call(call));
            }
        }
    }

    /// What the reply to a call of its own means for its media; the call, if it has begun.
    fn begun(&self, input: &Input) -> Option<Guid> {
        let media = self.media.as_ref()?;
        let Input::Answered { call, ask: Ask::Call { plan, .. }, outcome } = input else {
            return None;
        };
        let plan = Owner::Plan(*call, *plan);
        match outcome {
            Outcome::Created { call, .. } => {
                media.begun(plan, *call);
                return Some(*call);
            }
            Outcome::Unsure => media.unsure(plan),
            Outcome::Done
            | Outcome::Found(_)
            | Outcome::Listed(_)
            | Outcome::Gone
            | Outcome::Refused
            | Outcome::Unreached(_) => media.close(plan),
        }
        None
    }

    /// What a call is answered or begun with; none if there is no room for its media.
    fn media_config(&self, call: Guid, ask: Ask) -> Option<MediaConfig> {
        let owner = match ask {
            Ask::Answer => Owner::Call(call),
            Ask::Call { plan, .. } => Owner::Plan(call, plan),
            Ask::Reject
            | Ask::Redirect(_)
            | Ask::Look
            | Ask::Play(..)
            | Ask::Record(_)
            | Ask::CancelMedia
            | Ask::Subscribe
            | Ask::Invite(..)
            | Ask::Transfer { .. }
            | Ask::Mute
            | Ask::Unmute
            | Ask::Share(_)
            | Ask::Participants { .. }
            | Ask::Recording
            | Ask::KeepAlive
            | Ask::HangUp => return Some(MediaConfig::ServiceHosted),
        };
        match &self.media {
            Some(media) if !self.graph.has(Flaw::DeclaresNoMedia) => {
                media.open(owner).map(MediaConfig::AppHosted)
            }
            _ => Some(MediaConfig::ServiceHosted),
        }
    }

    /// Saves what has changed of what must survive.
    fn remember(&mut self) {
        let before = self.calls.swap(self.bot.calls(), Ordering::Relaxed);
        if self.graph.has(Flaw::SavesTooSeldom) && self.bot.calls() >= before {
            return;
        }
        let mut bytes = self.bot.memory();
        if self.graph.has(Flaw::PersistsWhatItHears)
            && let Some(media) = &self.media
        {
            bytes = media.kept_in(&bytes);
        }
        if bytes == self.saved {
            return;
        }
        match self.memory.save(&bytes) {
            Ok(()) => self.saved = bytes,
            Err(error) => tracing::error!(%error, "the memory cannot be saved"),
        }
    }

    fn carry_out(&mut self, effect: Effect, report: &mpsc::Sender<Input>) {
        match effect {
            Effect::Crash => {}
            Effect::Scene(call) => {
                if let Some(media) = &self.media {
                    media.scene(call, self.bot.scene(call));
                }
            }
            Effect::Forget(call) => {
                if let Some(over) = self.over.remove(&call) {
                    over.store(true, Ordering::Relaxed);
                }
                if let Some(media) = &self.media {
                    media.close(Owner::Call(call));
                }
            }
            Effect::Ask(call, ask) => {
                // What is not looked after is never forgotten, and a call that begins is not the one it began in.
                let own = self.bot.knows(call) && !matches!(ask, Ask::Call { .. });
                let over =
                    if own { self.over.entry(call).or_default().clone() } else { Arc::default() };
                let config = self.media_config(call, ask);
                let (graph, report) = (self.graph.clone(), report.clone());
                #[allow(clippy::disallowed_methods, reason = "the shell: one task a request")]
                tokio::spawn(async move {
                    let outcome = match config {
                        Some(config) => graph.ask(call, ask, &config, &over).await,
                        None => Outcome::Refused,
                    };
                    // The bot has stopped if nobody listens.
                    let _ = report.send(Input::Answered { call, ask, outcome }).await;
                });
            }
        }
    }
}

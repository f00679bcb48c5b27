//! Puts the fake together and starts it on a network.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::Router;
use graph_api::Guid;
use platform::{Ids, Options};
use seam::{BoxFuture, Clock, HttpClient, Network, ServeLimits};
use serde_json::json;

use crate::{
    Flaw,
    config::Config,
    control::{self, Control},
    driver::{Driver, Parts, State},
    faults::Strike,
    graph::{self, Graph, WrittenCalls},
    identity::{self, FaultReply, Identity, Keys, Lookup, Registry, TokenEvent},
    journal::{Journal, Route},
    media,
    notify::Notifier,
    recordings::{self, Recordings},
    tls::Authority,
    why::{Refusals, Why},
};

/// Request ids and ids of the platform come from streams of their own, so that a client which asks more
/// often does not change the ids of calls.
const REQUEST_ID_STREAM: u64 = 0x7265_7175_6573_7473;

/// The ids of requests of a fake with this seed.
pub(crate) fn request_ids(seed: u64) -> Ids {
    Ids::new(seed ^ REQUEST_ID_STREAM)
}

/// Where to listen; `None` leaves a listener out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Listeners {
    /// Identity and Graph, with TLS.
    pub https: Option<SocketAddr>,
    /// The same without TLS.
    pub http: Option<SocketAddr>,
    /// The control API.
    pub control: Option<SocketAddr>,
    /// The media of app-hosted calls (UDP); without it they have none.
    pub media: Option<SocketAddr>,
}

/// Who ends TLS.
pub enum Tls {
    /// This fake, with certificates of its own authority for these names (beside localhost).
    Own(Box<Authority>, Vec<String>),
    /// The network itself: the listener called https is plain here (the simulator).
    Outside,
}

/// What a fake is made of.
pub struct Setup {
    /// Ids come from it.
    pub seed: u64,
    /// Who exists.
    pub config: Config,
    /// Switches of the platform.
    pub options: Options,
    /// Signing keys.
    pub keys: Keys,
    /// Who ends TLS.
    pub tls: Tls,
    /// Where to listen.
    pub listeners: Listeners,
    /// The network to listen on.
    pub network: Arc<dyn Network>,
    /// The network that callbacks and prompts are reached through.
    pub outgoing: Arc<dyn Network>,
    /// The fake's clock.
    pub clock: Clock,
    /// A planted fault of the shell.
    pub flaw: Option<Flaw>,
}

/// What was bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// Identity and Graph, with TLS.
    pub https: Option<SocketAddr>,
    /// The same without TLS.
    pub http: Option<SocketAddr>,
    /// The control API.
    pub control: Option<SocketAddr>,
    /// The media of app-hosted calls (UDP).
    pub media: Option<SocketAddr>,
}

/// A fake without sockets: what its listeners would serve.
pub struct Services {
    /// Identity and Graph; URLs in answers say https.
    pub secure: Router,
    /// The same for a listener without TLS.
    pub plain: Router,
    /// The control API.
    pub control: Router,
    /// What happens, as it happens.
    pub journal: Journal,
    acceptor: Option<seam::TlsAcceptor>,
    driver: Driver,
    clock: Clock,
}

impl Services {
    /// Starts the platform; nothing of `setup` is listened on.
    ///
    /// # Errors
    /// Options out of range, or a certificate that cannot be made.
    pub fn start(setup: Setup) -> io::Result<Self> {
        let journal = Journal::default();
        let identity = Arc::new(Identity::with_flaw(setup.keys, setup.flaw));
        let notifier =
            Arc::new(Notifier::new(HttpClient::new(setup.outgoing, Duration::from_secs(10))));
        let state = configured(setup.seed, setup.config, setup.options)?;
        let (clock, refusals) = (setup.clock, Refusals::default());
        let recordings = Recordings::new(identity.clone());
        let parts = Parts {
            clock: clock.clone(),
            journal: journal.clone(),
            notifier,
            identity: identity.clone(),
            recordings: recordings.clone(),
            refusals: refusals.clone(),
            flaw: setup.flaw,
        };
        let driver = Driver::start(state, parts);
        let (ca_pem, acceptor) = match setup.tls {
            Tls::Outside => (None, None),
            Tls::Own(authority, names) => {
                let acceptor = authority.acceptor(&names).map_err(io::Error::other)?;
                (Some(Arc::from(authority.ca_pem())), Some(acceptor))
            }
        };
        let ids = Arc::new(Mutex::new(request_ids(setup.seed)));
        let graph = Graph {
            driver: driver.clone(),
            identity: identity.clone(),
            journal: journal.clone(),
            recordings: recordings.clone(),
            refusals: refusals.clone(),
            clock: clock.clone(),
            written: WrittenCalls::new(setup.flaw),
            ids: ids.clone(),
            flaw: setup.flaw,
            secure: true,
        };
        let (journal_kept, seed) = (journal.clone(), setup.seed);
        let control = control::router(Control {
            driver: driver.clone(),
            identity,
            journal,
            recordings,
            refusals,
            clock: clock.clone(),
            ids,
            ca_pem,
            seed,
        });
        let plain = Graph { secure: false, ..graph.clone() };
        let (secure, plain) = (routes(graph), routes(plain));
        Ok(Self { secure, plain, control, journal: journal_kept, acceptor, driver, clock })
    }
}

/// What the driver owns: who exists, and how the platform is switched.
fn configured(seed: u64, config: Config, mut options: Options) -> io::Result<State> {
    config.options.apply(&mut options).map_err(io::Error::other)?;
    options.http_callbacks |= config.allow_http_callbacks;
    Ok(State::new(seed, config, options))
}

/// A running fake.
pub struct Fake {
    /// What was bound.
    pub addresses: Addresses,
    /// What happens, as it happens.
    pub journal: Journal,
    /// Whether something is on its way.
    pub watch: Watch,
    tasks: Vec<BoxFuture<'static, ()>>,
}

impl Fake {
    /// Binds everything; all listeners accept when this returns.
    ///
    /// # Errors
    /// An address that cannot be bound, or a certificate that cannot be made.
    pub async fn bind(setup: Setup) -> io::Result<Self> {
        let (network, at) = (setup.network.clone(), setup.listeners);
        let services = Services::start(setup)?;
        let Services { secure, plain, control, journal, acceptor, driver, clock } = services;
        let watch = Watch { driver: driver.clone(), journal: journal.clone() };
        let mut tasks = Vec::new();
        let mut listen = Listen { network: &*network, tasks: &mut tasks };
        let https = listen.on(at.https, acceptor, secure).await?;
        let http = listen.on(at.http, None, plain).await?;
        let control = listen.on(at.control, None, control).await?;
        let media = match at.media {
            None => None,
            Some(at) => {
                let socket = network.datagram(at).await?;
                let bound = socket.local_addr()?;
                let stopped = |_| io::Error::other("the platform broke");
                let changed = driver.with(|state| state.plane.opens()).await.map_err(stopped)?;
                let carried = media::carry(socket, driver, clock, changed);
                tasks.push(Box::pin(async move {
                    // An error means that nobody is answered any more.
                    let _ = carried.await;
                }));
                Some(bound)
            }
        };
        let addresses = Addresses { https, http, control, media };
        Ok(Self { addresses, journal, watch, tasks })
    }

    /// Serves until dropped.
    pub async fn run(self) {
        futures_util::future::join_all(self.tasks).await;
    }
}

/// Whether something is on its way, for whoever moves the clock. Cheap to clone.
#[derive(Clone)]
pub struct Watch {
    driver: Driver,
    journal: Journal,
}

/// How busy a fake is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// Notifications and downloads that wait for an answer.
    pub under_way: usize,
    /// The number of the last line of the journal.
    pub lines: u64,
}

impl Watch {
    /// How busy it is now.
    ///
    /// # Errors
    /// The platform broke.
    pub async fn look(&self) -> io::Result<Activity> {
        let under_way = self.driver.with(|state| state.under_way).await;
        let under_way = under_way.map_err(|_| io::Error::other("the platform broke"))?;
        Ok(Activity { under_way, lines: self.journal.written() })
    }

    /// Handles what is due by now, so that nobody has to wait for the task that would.
    ///
    /// # Errors
    /// The platform broke.
    pub async fn settle(&self) -> io::Result<()> {
        self.driver.settle().await.map_err(|_| io::Error::other("the platform broke"))
    }
}

/// How often it is looked whether all is quiet, in real time.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How long all has to be quiet before a clock jumps, in real time: bots have to think.
const QUIET: Duration = Duration::from_millis(300);

/// Moves a manual clock to whatever is due next, as often as nothing is on its way and nobody has done anything for a
/// moment. Never ends.
pub async fn auto_advance(clock: &Clock, watch: &Watch) {
    let (mut seen, mut quiet) = (None, Duration::ZERO);
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Ok(activity) = watch.look().await else { return std::future::pending().await };
        let still = activity.under_way == 0 && seen == Some(activity.lines);
        quiet = if still { quiet + LOOK_EVERY } else { Duration::ZERO };
        seen = Some(activity.lines);
        let now = clock.now();
        let due = clock.next_wake().filter(|due| *due > now);
        if let (Some(due), true) = (due, quiet >= QUIET)
            && clock.advance(due.saturating_since(now)).is_ok()
        {
            // A platform that broke is told of by whatever is asked of it next.
            let _ = watch.settle().await;
            quiet = Duration::ZERO;
        }
    }
}

/// Identity and Graph on one listener.
fn routes(graph: Graph) -> Router {
    let registry = Arc::new(Directory {
        driver: graph.driver.clone(),
        journal: graph.journal.clone(),
        clock: graph.clock.clone(),
        refusals: graph.refusals.clone(),
        ids: graph.ids.clone(),
        flaw: graph.flaw,
    });
    let (identity, clock) = (graph.identity.clone(), graph.clock.clone());
    identity::routes::router(identity, registry, clock, graph.secure)
        .merge(recordings::router(graph.clone()))
        .merge(graph::router(graph))
}

struct Listen<'a> {
    network: &'a dyn Network,
    tasks: &'a mut Vec<BoxFuture<'static, ()>>,
}

impl Listen<'_> {
    async fn on(
        &mut self,
        at: Option<SocketAddr>,
        tls: Option<seam::TlsAcceptor>,
        router: Router,
    ) -> io::Result<Option<SocketAddr>> {
        let Some(at) = at else { return Ok(None) };
        let listener = self.network.listen(at).await?;
        let bound = listener.local_addr()?;
        self.tasks.push(Box::pin(seam::serve(listener, tls, router, ServeLimits::default())));
        Ok(Some(bound))
    }
}

/// The directory as the identity platform sees it.
struct Directory {
    driver: Driver,
    journal: Journal,
    clock: Clock,
    refusals: Refusals,
    ids: Arc<Mutex<Ids>>,
    flaw: Option<Flaw>,
}

impl Registry for Directory {
    fn lookup<'a>(&'a self, tenant: &'a str, client_id: &'a str) -> BoxFuture<'a, Lookup> {
        Box::pin(async move {
            let Ok(tenant) = tenant.parse::<Guid>() else { return Lookup::UnknownTenant };
            let app = client_id.parse::<Guid>().ok();
            let found = self.driver.with(move |state| {
                if state.platform.directory().tenant(tenant).is_none() {
                    return Lookup::UnknownTenant;
                }
                match app.and_then(|app| state.apps.get(&(tenant, app))) {
                    Some(body) => {
                        Lookup::App { secret: body.secret.clone(), roles: body.roles.clone() }
                    }
                    None => Lookup::UnknownApp,
                }
            });
            found.await.unwrap_or(Lookup::UnknownTenant)
        })
    }

    fn token_event(&self, event: TokenEvent) {
        let detail = json!({
            "clientId": event.client_id, "tenantId": event.tenant,
            "status": event.status, "error": event.error,
        });
        self.journal.write(self.clock.now(), None, "token", Route("bot", "login"), detail);
    }

    fn request_id(&self) -> Guid {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).guid()
    }

    fn refused(&self, id: Guid, why: Why) {
        if self.flaw != Some(Flaw::HidesTokenReasons) {
            let route = Route("login", "bot");
            self.refusals.note(id, why, &self.journal, self.clock.now(), route);
        }
    }

    fn fault(&self, what: &'static str) -> BoxFuture<'_, Option<FaultReply>> {
        Box::pin(async move {
            match self.driver.with(move |state| state.faults.strikes(what)).await.ok()?? {
                Strike::Reply(reply) => Some(FaultReply {
                    status: reply.status,
                    retry_after_seconds: reply.retry_after_seconds,
                }),
                // The plan has none of these for identity.
                Strike::Late(_) | Strike::Lost => None,
            }
        })
    }
}

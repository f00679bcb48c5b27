//! The loop between the platform and the world: owns the platform, feeds it, carries out what comes
//! back, and sleeps until the next deadline. It holds no rule of Graph.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use graph_api::{CallState, Guid, ResultInfo, Timestamp};
use media::Prompt;
use platform::{
    Accepted, Act, ActRefusal, Admin, CallId, CallView, Delivery, DeliveryId, DeliveryOutcome,
    Effect, Event, FetchError, FetchId, Input, Options, Platform, Refusal, Request, render::Links,
};
use seam::Clock;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use crate::{
    Flaw,
    config::{AppBody, Config},
    faults::FaultPlan,
    identity::Identity,
    journal::{Journal, Route},
    notify::{Notifier, Post},
    recordings::Recordings,
    sound::{self, Sound},
};

/// Commands that may wait for the driver; whoever sends more waits.
const COMMANDS_MAX: usize = 1_024;
/// Ended calls that the control API still knows.
const ENDED_MAX: usize = 1_000;
/// Commands handled between two looks at the clock.
const BATCH_MAX: usize = 64;

/// Fires when the reply to a request has been handed to the network, or its connection is gone.
/// Notifications caused by a request wait for it, so that none overtakes its reply (clients.md 24).
pub type ReplySent = oneshot::Receiver<()>;
/// The answer to a request, and what to drop once it has been handed over.
pub type Reply = (Result<Accepted, Refusal>, oneshot::Sender<()>);

/// Something for the loop to do.
pub enum Command {
    /// A bot's request.
    Request(Box<Request>, oneshot::Sender<Reply>),
    /// What a person does.
    Act(Act, oneshot::Sender<Result<CallId, ActRefusal>>),
    /// A look at, or a change of, what the driver owns.
    With(Box<dyn FnOnce(&mut State) + Send>),
    /// A notification was answered.
    Delivered(u64, DeliveryId, DeliveryOutcome),
    /// A prompt was downloaded.
    Fetched(u64, FetchId, Fetched),
    /// Handle what is due by now; answered when that is done.
    Settle(oneshot::Sender<()>),
}

/// How a download went.
pub struct Fetched {
    /// For whom.
    call: CallId,
    /// From where.
    uri: String,
    /// What came.
    outcome: Result<Prompt, FetchError>,
}

/// A call that has ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Its id.
    pub id: CallId,
    /// Why.
    pub result: Option<ResultInfo>,
}

/// What the driver owns.
pub struct State {
    /// The platform.
    pub platform: Platform,
    /// Client secrets and roles as configured, by tenant and app; the platform knows no secrets.
    pub apps: BTreeMap<(Guid, Guid), AppBody>,
    /// The faults in force.
    pub faults: FaultPlan,
    /// Calls that have ended, oldest first.
    pub ended: VecDeque<Ended>,
    /// Deliveries and downloads on their way.
    pub under_way: usize,
    /// What is heard and said.
    pub sound: Sound,
    config: Config,
    options: Options,
    /// Grows with each reset, so that reports from before it are not taken for new ones.
    generation: u64,
}

impl State {
    /// As configured.
    pub fn new(seed: u64, config: Config, options: Options) -> Self {
        let platform = Platform::new(seed, options.clone());
        let (apps, faults, ended) = (BTreeMap::new(), FaultPlan::default(), VecDeque::new());
        let sound = Sound::new(options.recording_kept);
        let mut state = Self {
            platform,
            apps,
            faults,
            ended,
            under_way: 0,
            sound,
            config,
            options,
            generation: 0,
        };
        state.replay();
        state
    }

    /// Wipes everything and replays the configuration.
    pub fn reset(&mut self, seed: u64) {
        let generation = self.generation + 1;
        *self = Self::new(seed, self.config.clone(), self.options.clone());
        self.generation = generation;
    }

    /// An administrator's change; false where a limit is reached.
    pub fn administer(&mut self, admin: Admin) -> bool {
        // Changes of the directory are not bound to a time.
        self.platform.handle(Timestamp::default(), Input::Admin(Box::new(admin))).administered
            == Some(true)
    }

    /// Registers a bot with its secret; false where a limit is reached.
    pub fn put_app(&mut self, tenant: Guid, app: Guid, body: AppBody) -> bool {
        let application = body.to_application();
        let taken = self.administer(Admin::PutApplication { tenant, app, application });
        if taken {
            self.apps.insert((tenant, app), body);
        }
        taken
    }

    /// Whether `http` callbacks are accepted.
    pub fn allows_http(&self) -> bool {
        self.options.http_callbacks
    }

    fn replay(&mut self) {
        for tenant in self.config.tenants.clone() {
            for admin in tenant.admins() {
                self.administer(admin);
            }
            for app in tenant.apps {
                self.put_app(tenant.id, app.id, app.app);
            }
        }
    }

    /// Keeps what was downloaded for a call that lives; what the platform is told of it.
    fn loaded(&mut self, fetched: Fetched) -> Result<Duration, FetchError> {
        let Fetched { call, uri, outcome } = fetched;
        let prompt = outcome?;
        let length = prompt.duration();
        if self.platform.call(call).is_some() {
            self.sound.prompt_loaded(call, uri, prompt);
        }
        Ok(length)
    }

    /// What a test may see of a live call.
    pub fn call(&self, id: CallId) -> Option<CallView> {
        self.platform.call(id)
    }
}

/// The way to the driver. Cheap to clone.
#[derive(Clone)]
pub struct Driver {
    commands: mpsc::Sender<Command>,
}

/// The driver is gone: the fake is shutting down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

impl Driver {
    /// Starts the loop.
    pub fn start(
        state: State,
        clock: Clock,
        journal: Journal,
        notifier: Arc<Notifier>,
        identity: Arc<Identity>,
        recordings: Recordings,
        flaw: Option<Flaw>,
    ) -> Self {
        let (commands, inbox) = mpsc::channel(COMMANDS_MAX);
        let driver = Self { commands };
        let shell = Loop {
            state,
            clock,
            journal,
            notifier,
            identity,
            recordings,
            flaw,
            back: driver.commands.downgrade(),
        };
        tokio::spawn(shell.run(inbox));
        driver
    }

    /// Puts a request to the platform. The sender in the reply is to be dropped when the reply is out.
    ///
    /// # Errors
    /// [`Stopped`] while the fake shuts down.
    pub async fn request(&self, request: Request) -> Result<Reply, Stopped> {
        let (answer, reply) = oneshot::channel();
        self.send(Command::Request(Box::new(request), answer)).await?;
        reply.await.map_err(|_| Stopped)
    }

    /// Lets a person act.
    ///
    /// # Errors
    /// [`Stopped`] while the fake shuts down.
    pub async fn act(&self, act: Act) -> Result<Result<CallId, ActRefusal>, Stopped> {
        let (answer, done) = oneshot::channel();
        self.send(Command::Act(act, answer)).await?;
        done.await.map_err(|_| Stopped)
    }

    /// Looks at, or changes, what the driver owns.
    ///
    /// # Errors
    /// [`Stopped`] while the fake shuts down.
    pub async fn with<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut State) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let (answer, seen) = oneshot::channel();
        let job = Box::new(move |state: &mut State| {
            let _ = answer.send(look(state));
        });
        self.send(Command::With(job)).await?;
        seen.await.map_err(|_| Stopped)
    }

    /// Handles what is due by now.
    ///
    /// # Errors
    /// [`Stopped`] while the fake shuts down.
    pub async fn settle(&self) -> Result<(), Stopped> {
        let (answer, done) = oneshot::channel();
        self.send(Command::Settle(answer)).await?;
        done.await.map_err(|_| Stopped)
    }

    async fn send(&self, command: Command) -> Result<(), Stopped> {
        self.commands.send(command).await.map_err(|_| Stopped)
    }
}

struct Loop {
    state: State,
    clock: Clock,
    journal: Journal,
    notifier: Arc<Notifier>,
    identity: Arc<Identity>,
    recordings: Recordings,
    flaw: Option<Flaw>,
    /// Weak, so that the loop ends when everybody else has gone.
    back: mpsc::WeakSender<Command>,
}

impl Loop {
    async fn run(mut self, mut inbox: mpsc::Receiver<Command>) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        loop {
            let due = self.state.platform.next_deadline();
            let sleep = async {
                match due {
                    Some(due) => self.clock.sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = sleep => self.step(Input::Deadline, None),
                received = inbox.recv_many(&mut batch, BATCH_MAX) => {
                    if received == 0 {
                        return;
                    }
                    for command in batch.drain(..) {
                        self.command(command);
                    }
                }
            }
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Request(request, answer) => {
                let (sent, wait) = oneshot::channel();
                let now = self.clock.now();
                let out = self.state.platform.handle(now, Input::Request(request));
                let reply = out.reply.expect("a request is always answered");
                if self.flaw == Some(Flaw::OvertakesReply) {
                    self.carry_out(out.effects, None);
                    let _ = answer.send((reply, sent));
                    return;
                }
                // A client that is gone drops the reply, which releases the effects all the same.
                let _ = answer.send((reply, sent));
                self.carry_out(out.effects, Some(wait));
            }
            Command::Act(act, answer) => {
                let out = self.state.platform.handle(self.clock.now(), Input::Act(act));
                let _ = answer.send(out.acted.expect("an act is always answered"));
                self.carry_out(out.effects, None);
            }
            Command::With(look) => look(&mut self.state),
            Command::Delivered(generation, delivery, outcome) => {
                if generation == self.state.generation {
                    self.state.under_way -= 1;
                    self.step(Input::Delivered { delivery, outcome }, None);
                }
            }
            Command::Fetched(generation, fetch, fetched) => {
                if generation == self.state.generation {
                    self.state.under_way -= 1;
                    let outcome = self.state.loaded(fetched);
                    self.step(Input::Fetched { fetch, outcome }, None);
                }
            }
            Command::Settle(done) => {
                self.step(Input::Deadline, None);
                let _ = done.send(());
            }
        }
    }

    fn step(&mut self, input: Input, wait: Option<ReplySent>) {
        let out = self.state.platform.handle(self.clock.now(), input);
        self.carry_out(out.effects, wait);
    }

    fn carry_out(&mut self, effects: Vec<Effect>, mut wait: Option<ReplySent>) {
        for effect in effects {
            match effect {
                Effect::Happened(event) => self.note(event),
                Effect::Fetch { fetch, call, uri } => self.fetch(fetch, call, uri),
                // One request causes notifications of one call, so one of them at most leaves now.
                Effect::Deliver(delivery) => self.deliver(*delivery, wait.take()),
            }
        }
    }

    fn note(&mut self, event: Event) {
        let now = self.clock.now();
        let route = Route("graph", "graph");
        match event {
            Event::CallState { call, from, to, result } => {
                if to == CallState::Terminated {
                    self.state.sound.call_ended(now, call);
                    self.state.ended.push_back(Ended { id: call, result: result.clone() });
                    if self.state.ended.len() > ENDED_MAX {
                        self.state.ended.pop_front();
                    }
                }
                let detail = json!({"from": from, "to": to, "resultInfo": result});
                self.journal.write(now, Some(call), "callState", route, detail);
            }
            Event::Refused { .. }
            | Event::Dropped { .. }
            | Event::Conference { .. }
            | Event::Redirected { .. } => {}
            Event::Media { call, what, at } => {
                self.state.sound.note(at, call, &what);
                self.journal.write(now, Some(call), "media", route, sound::detail(at, &what));
            }
            Event::Tampered { call, delivery, what } => {
                let detail = json!({"deliveryId": delivery.map(|id| id.0), "what": what});
                self.journal.write(now, Some(call), "tampered", route, detail);
            }
            Event::GaveUp { call, delivery } => {
                let detail = json!({"deliveryId": delivery.0});
                self.journal.write(now, Some(call), "gaveUp", route, detail);
            }
        }
    }

    fn deliver(&mut self, delivery: Delivery, wait: Option<ReplySent>) {
        let Some(back) = self.back.upgrade() else { return };
        let (clock, journal) = (self.clock.clone(), self.journal.clone());
        let (notifier, identity) = (self.notifier.clone(), self.identity.clone());
        let recordings = self.recordings.clone();
        let (generation, once) = (self.state.generation, self.flaw == Some(Flaw::NotifiesOnce));
        let profile = self.state.options.profile;
        self.state.under_way += 1;
        tokio::spawn(async move {
            if let Some(wait) = wait {
                // An error means that the reply was dropped unsent, which is as good.
                let _ = wait.await;
            }
            let recording = recordings.links(clock.now());
            let links = Links { recording: &recording };
            let post =
                Post { clock: &clock, journal: &journal, notifier: &notifier, identity: &identity };
            let outcome = post.attempt(&delivery, &links, &profile).await;
            let outcome = if once { gone(outcome) } else { outcome };
            let _ = back.send(Command::Delivered(generation, delivery.id, outcome)).await;
        });
    }

    fn fetch(&mut self, fetch: FetchId, call: CallId, uri: String) {
        let Some(back) = self.back.upgrade() else { return };
        let (clock, journal) = (self.clock.clone(), self.journal.clone());
        let notifier = self.notifier.clone();
        let generation = self.state.generation;
        self.state.under_way += 1;
        tokio::spawn(async move {
            let sent = Route("graph", "bot");
            journal.write(clock.now(), Some(call), "fetch", sent, json!({"uri": uri}));
            let (outcome, error) = match notifier.fetch_prompt(&uri).await {
                Ok(prompt) => (Ok(prompt), None),
                Err(error) => (Err(error.kind()), Some(error.to_string())),
            };
            let length = outcome.as_ref().ok().map(|prompt| prompt.duration().as_millis());
            let length = length.map(|length| u64::try_from(length).unwrap_or(0));
            let detail = json!({"uri": uri, "error": error, "durationMs": length});
            journal.write(clock.now(), Some(call), "fetched", Route("bot", "graph"), detail);
            let fetched = Fetched { call, uri, outcome };
            let _ = back.send(Command::Fetched(generation, fetch, fetched)).await;
        });
    }
}

/// The planted fault: whatever went wrong is taken for a refusal, which is not tried again.
fn gone(outcome: DeliveryOutcome) -> DeliveryOutcome {
    match outcome {
        DeliveryOutcome::Answered { status: 200..300, .. } => outcome,
        DeliveryOutcome::Answered { .. } | DeliveryOutcome::NoAnswer => {
            DeliveryOutcome::Answered { status: 410, location: None, joining: None }
        }
    }
}

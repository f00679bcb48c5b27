//! The loop between the platform and the world: owns the platform, feeds it, carries out what comes
//! back, and sleeps until the next deadline. It holds no rule of Graph.

mod state;
mod telling;

use std::sync::Arc;

use futures_util::{FutureExt as _, future};
use graph_api::Guid;
use platform::{
    Accepted, Act, ActRefusal, CallId, Delivery, DeliveryId, DeliveryOutcome, Effect, Explanation,
    FetchId, Input, Refusal, Request, render::Links,
};
use seam::Clock;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use crate::{
    Flaw,
    identity::Identity,
    journal::{Journal, Route},
    notify::{Notifier, Post},
    recordings::Recordings,
    why::Refusals,
};

pub use state::{Closed, Ended, Fetched, State};

/// Commands that may wait for the driver; whoever sends more waits.
const COMMANDS_MAX: usize = 1_024;
/// Commands handled between two looks at the clock.
const BATCH_MAX: usize = 64;

/// Fires when the reply to a request has been handed to the network, or its connection is gone.
/// All notifications caused by a request wait for it, to whichever calls they go, so that none overtakes
/// its reply (clients.md 24).
type ReplySent = future::Shared<oneshot::Receiver<()>>;

/// The answer to a request.
pub struct Reply {
    /// What the platform says.
    pub result: Result<Accepted, Refusal>,
    /// Why it says no, where a permission, a registration or a tenant is the reason.
    pub why: Option<Explanation>,
    /// To be dropped once the reply has been handed over.
    pub sent: oneshot::Sender<()>,
}

/// What a bot asks.
pub struct Asking {
    /// The application of the token.
    pub app: Guid,
    /// The action, as fault plans name it.
    pub op: &'static str,
    /// The request; `None` where it cannot be put to the platform and only has to be counted.
    pub request: Option<Box<Request>>,
}

/// What comes of it: what keeps it out, or the reply; `None` where nothing was put to the platform.
type Asked = Result<Option<Reply>, Closed>;

/// Something for the loop to do.
pub enum Command {
    /// A bot's request.
    Request(Asking, oneshot::Sender<Asked>),
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

/// The way to the driver. Cheap to clone.
#[derive(Clone)]
pub struct Driver {
    commands: mpsc::Sender<Command>,
}

/// The driver is gone: the fake is shutting down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

/// What the loop works with, beside what it owns.
pub struct Parts {
    /// The fake's clock.
    pub clock: Clock,
    /// Where everything is written down.
    pub journal: Journal,
    /// Who posts and downloads.
    pub notifier: Arc<Notifier>,
    /// Who signs.
    pub identity: Arc<Identity>,
    /// Where recordings are fetched.
    pub recordings: Recordings,
    /// Why requests were refused, and calls dropped.
    pub refusals: Refusals,
    /// A planted fault.
    pub flaw: Option<Flaw>,
}

impl Driver {
    /// Starts the loop.
    pub fn start(state: State, parts: Parts) -> Self {
        let (commands, inbox) = mpsc::channel(COMMANDS_MAX);
        let driver = Self { commands };
        let shell = Loop { state, parts, back: driver.commands.downgrade() };
        tokio::spawn(shell.run(inbox));
        driver
    }

    /// Puts a request to the platform, if the gate lets it. The sender in the reply is to be dropped when the reply is
    /// out.
    ///
    /// # Errors
    /// [`Stopped`] while the fake shuts down.
    pub async fn request(&self, asking: Asking) -> Result<Asked, Stopped> {
        let (answer, reply) = oneshot::channel();
        self.send(Command::Request(asking, answer)).await?;
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
    parts: Parts,
    /// Weak, so that the loop ends when everybody else has gone.
    back: mpsc::WeakSender<Command>,
}

impl Loop {
    async fn run(mut self, mut inbox: mpsc::Receiver<Command>) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        loop {
            let due = self.state.next_deadline();
            let sleep = async {
                match due {
                    Some(due) => self.parts.clock.sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = sleep => self.step(Input::Deadline),
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
        self.run_schedule();
        match command {
            Command::Request(asking, answer) => self.request(asking, answer),
            Command::Act(act, answer) => {
                let out = self.state.platform.handle(self.parts.clock.now(), Input::Act(act));
                let _ = answer.send(out.acted.expect("an act is always answered"));
                self.carry_out(out.effects, None);
            }
            Command::With(look) => {
                look(&mut self.state);
                self.carry_out_fed();
            }
            Command::Delivered(generation, delivery, outcome) => {
                if generation == self.state.generation {
                    self.state.under_way -= 1;
                    self.step(Input::Delivered { delivery, outcome });
                }
            }
            Command::Fetched(generation, fetch, fetched) => {
                if generation == self.state.generation {
                    self.state.under_way -= 1;
                    let outcome = self.state.loaded(fetched);
                    self.step(Input::Fetched { fetch, outcome });
                }
            }
            Command::Settle(done) => {
                self.step(Input::Deadline);
                let _ = done.send(());
            }
        }
    }

    fn request(&mut self, asking: Asking, answer: oneshot::Sender<Asked>) {
        let now = self.parts.clock.now();
        match self.state.gate(asking.app, asking.op, now) {
            None => {}
            Some(Closed::TooMany) if self.parts.flaw == Some(Flaw::NeverThrottles) => {}
            Some(closed) => {
                let _ = answer.send(Err(closed));
                return;
            }
        }
        let Some(request) = asking.request else {
            let _ = answer.send(Ok(None));
            return;
        };
        let (sent, wait) = oneshot::channel();
        let out = self.state.platform.handle(now, Input::Request(request));
        let result = out.reply.expect("a request is always answered");
        let reply = Ok(Some(Reply { result, why: out.why, sent }));
        if self.parts.flaw == Some(Flaw::OvertakesReply) {
            self.carry_out(out.effects, None);
            let _ = answer.send(reply);
            return;
        }
        let mut effects = out.effects;
        if self.parts.flaw == Some(Flaw::OvertakesReplyElsewhere) {
            let first = |effect: &Effect| matches!(effect, Effect::Deliver(_));
            let first = effects.iter().position(first).map_or(0, |at| at + 1);
            let others = effects.split_off(first);
            self.carry_out(others, None);
        }
        // A client that is gone drops the reply, which releases the effects all the same.
        let _ = answer.send(reply);
        self.carry_out(effects, Some(&wait.shared()));
    }

    fn step(&mut self, input: Input) {
        self.run_schedule();
        let out = self.state.platform.handle(self.parts.clock.now(), input);
        self.carry_out(out.effects, None);
    }

    /// What was scheduled for a time that has come happens before whatever is fed now.
    fn run_schedule(&mut self) {
        self.state.run_schedule(self.parts.clock.now());
        self.carry_out_fed();
    }

    fn carry_out_fed(&mut self) {
        let effects = std::mem::take(&mut self.state.effects);
        self.carry_out(effects, None);
    }

    fn carry_out(&mut self, effects: Vec<Effect>, wait: Option<&ReplySent>) {
        for effect in effects {
            match effect {
                Effect::Happened(event) => self.note(event),
                Effect::Fetch { fetch, call, uri } => self.fetch(fetch, call, uri),
                Effect::Deliver(delivery) => self.deliver(*delivery, wait.cloned()),
            }
        }
    }

    fn deliver(&mut self, delivery: Delivery, wait: Option<ReplySent>) {
        let Some(back) = self.back.upgrade() else { return };
        let (clock, journal) = (self.parts.clock.clone(), self.parts.journal.clone());
        let (notifier, identity) = (self.parts.notifier.clone(), self.parts.identity.clone());
        let recordings = self.parts.recordings.clone();
        let (generation, once) =
            (self.state.generation, self.parts.flaw == Some(Flaw::NotifiesOnce));
        let profile = self.state.platform.options().profile;
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
        let (clock, journal) = (self.parts.clock.clone(), self.parts.journal.clone());
        let notifier = self.parts.notifier.clone();
        let (generation, spoilt) = (self.state.generation, self.state.faults.spoils(&uri));
        self.state.under_way += 1;
        tokio::spawn(async move {
            let sent = Route("graph", "bot");
            journal.write(clock.now(), Some(call), "fetch", sent, json!({"uri": uri}));
            let (outcome, error) = match spoilt {
                Some(kind) => (Err(kind), Some("the test asked for it".to_owned())),
                None => match notifier.fetch_prompt(&uri).await {
                    Ok(length) => (Ok(length), None),
                    Err(error) => (Err(error.kind()), Some(error.to_string())),
                },
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

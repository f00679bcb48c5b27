//! What stands between the platform and the world: owns the platform, feeds it, carries out what comes back, and
//! wakes it at its deadlines. It holds no rule of Graph.
//!
//! Whoever has something for the platform feeds it himself, under a lock that is held for microseconds and never across
//! an await: a round trip to a task of its own would cost more than most requests. Longest holds the media of app-hosted
//! calls, some microseconds a session every 20 ms; pictures are drawn without the lock.

mod roster;
mod state;
mod telling;

use std::{
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use futures_util::{FutureExt as _, future};
use graph_api::{Guid, Timestamp};
use platform::{
    Accepted, Act, ActRefusal, CallId, Delivery, DeliveryOutcome, Effect, Explanation, FetchId,
    Input, Refusal, Request, render::Links,
};
use seam::Clock;
use serde_json::json;
use tokio::sync::{Notify, oneshot};

use crate::{
    Flaw,
    identity::Identity,
    journal::{Journal, Route},
    notify::{Notifier, Post},
    recordings::Recordings,
    sound::Said,
    why::Refusals,
};

use state::Gate;
pub use state::{Closed, Departure, Ended, Fetched, MediaCounts, State};

/// How long the planted fault holds a reply back, for its notification to overtake it.
const OVERTAKEN_BY: Duration = Duration::from_millis(50);

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
    /// When it leaves, if the fault plan has a word on it.
    pub departure: Option<Departure>,
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

/// The way to the driver. Cheap to clone.
#[derive(Clone)]
pub struct Driver {
    shared: Arc<Shared>,
}

struct Shared {
    core: Mutex<Core>,
    /// The first deadline is another one, or nobody is there any more.
    changed: Arc<Notify>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.changed.notify_one();
    }
}

/// The platform cannot be fed any more: it broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

/// What the driver works with, beside what it owns.
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
    /// Starts to look after deadlines.
    pub fn start(mut state: State, parts: Parts) -> Self {
        state.flaw = parts.flaw;
        let (changed, clock) = (Arc::new(Notify::new()), parts.clock.clone());
        let shared = Arc::new_cyclic(|back| {
            let core = Core { due: state.next_deadline(), state, parts, back: back.clone() };
            Shared { core: Mutex::new(core), changed: changed.clone() }
        });
        tokio::spawn(tend(Arc::downgrade(&shared), changed, clock));
        Self { shared }
    }

    /// Puts a request to the platform, if nothing keeps it out. The sender in the reply is to be dropped when the reply
    /// is out.
    ///
    /// # Errors
    /// [`Stopped`] where the platform broke.
    pub async fn request(&self, asking: Asking) -> Result<Asked, Stopped> {
        let (asked, flaw) = self.shared.feed(|core| (core.request(asking), core.parts.flaw))?;
        if matches!(flaw, Some(Flaw::OvertakesReply | Flaw::OvertakesReplyElsewhere)) {
            tokio::time::sleep(OVERTAKEN_BY).await;
        }
        Ok(asked)
    }

    /// Lets a person act.
    ///
    /// # Errors
    /// [`Stopped`] where the platform broke.
    pub async fn act(&self, act: Act) -> Result<Result<CallId, ActRefusal>, Stopped> {
        self.act_saying(act, None).await
    }

    /// The same; `said`: what is said, where somebody speaks otherwise than in the usual tone.
    ///
    /// # Errors
    /// [`Stopped`] where the platform broke.
    pub async fn act_saying(
        &self,
        act: Act,
        said: Option<Said>,
    ) -> Result<Result<CallId, ActRefusal>, Stopped> {
        self.shared.feed(|core| {
            core.state.saying = said.map(|said| core.state.sound.voice(said));
            let out = core.state.platform.handle(core.parts.clock.now(), Input::Act(act));
            core.carry_out(out.effects, None);
            core.state.saying = None;
            out.acted.expect("an act is always answered")
        })
    }

    /// Looks at, or changes, what the driver owns.
    ///
    /// # Errors
    /// [`Stopped`] where the platform broke.
    pub async fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> Result<T, Stopped> {
        self.shared.feed(|core| {
            let seen = look(&mut core.state);
            core.carry_out_fed();
            seen
        })
    }

    /// Handles what is due by now.
    ///
    /// # Errors
    /// [`Stopped`] where the platform broke.
    pub async fn settle(&self) -> Result<(), Stopped> {
        self.shared.feed(|core| core.step(Input::Deadline))
    }
}

impl Shared {
    /// What was scheduled for a time that has come happens first.
    fn feed<T>(&self, what: impl FnOnce(&mut Core) -> T) -> Result<T, Stopped> {
        // Whoever panicked under the lock left the platform half-way; nobody is answered from it any more.
        let mut core = self.core.lock().map_err(|_| Stopped)?;
        core.run_schedule();
        let answer = what(&mut core);
        let due = core.state.next_deadline();
        if due != core.due {
            core.due = due;
            self.changed.notify_one();
        }
        Ok(answer)
    }

    /// A notification was answered.
    fn delivered(&self, generation: u64, delivery: &Delivery, outcome: DeliveryOutcome) {
        let _ = self.feed(|core| {
            if generation == core.state.generation {
                core.state.under_way -= 1;
                core.state.saw_outcome(delivery, &outcome);
                core.step(Input::Delivered { delivery: delivery.id, outcome });
            }
        });
    }

    /// A prompt was downloaded.
    fn fetched(&self, generation: u64, fetch: FetchId, fetched: Fetched) {
        let _ = self.feed(|core| {
            if generation == core.state.generation {
                core.state.under_way -= 1;
                let outcome = core.state.loaded(fetched);
                core.step(Input::Fetched { fetch, outcome });
            }
        });
    }
}

/// Wakes the platform at its deadlines until everybody else has gone.
async fn tend(shared: Weak<Shared>, changed: Arc<Notify>, clock: Clock) {
    loop {
        let Some(due) = shared.upgrade().and_then(|shared| Some(shared.core.lock().ok()?.due))
        else {
            return;
        };
        let sleep = async {
            match due {
                Some(due) => clock.sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = sleep => {
                let Some(shared) = shared.upgrade() else { return };
                let _ = shared.feed(|core| core.step(Input::Deadline));
            }
            () = changed.notified() => {}
        }
    }
}

struct Core {
    state: State,
    parts: Parts,
    /// When the platform will be woken.
    due: Option<Timestamp>,
    /// Weak, so that all ends when everybody else has gone.
    back: Weak<Shared>,
}

impl Core {
    fn request(&mut self, asking: Asking) -> Asked {
        let (now, flaw) = (self.parts.clock.now(), self.parts.flaw);
        let departure = match self.state.gate(asking.app, asking.op, now) {
            Gate::Open(departure) => departure,
            Gate::Closed(Closed::TooMany) if flaw == Some(Flaw::NeverThrottles) => None,
            Gate::Closed(closed) => return Err(closed),
        };
        let Some(request) = asking.request else { return Ok(None) };
        let (sent, wait) = oneshot::channel();
        let out = self.state.platform.handle(now, Input::Request(request));
        let result = out.reply.expect("a request is always answered");
        let mut effects = out.effects;
        if flaw == Some(Flaw::OvertakesReplyElsewhere) {
            let first = |effect: &Effect| matches!(effect, Effect::Deliver(_));
            let first = effects.iter().position(first).map_or(0, |at| at + 1);
            let others = effects.split_off(first);
            self.carry_out(others, None);
        }
        let wait = wait.shared();
        // A client that is gone drops the reply, which releases the effects all the same.
        self.carry_out(effects, Some(&wait).filter(|_| flaw != Some(Flaw::OvertakesReply)));
        Ok(Some(Reply { result, why: out.why, departure, sent }))
    }

    fn step(&mut self, input: Input) {
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
        let (allow_http, moved) = (self.state.allows_http(), self.state.moved(&delivery));
        self.state.under_way += 1;
        tokio::spawn(async move {
            if let Some(wait) = wait {
                // An error means that the reply was dropped unsent, which is as good.
                let _ = wait.await;
            }
            let recording = recordings.links(clock.now());
            let links = Links { recording: &recording };
            let post = Post {
                clock: &clock,
                journal: &journal,
                notifier: &notifier,
                identity: &identity,
                allow_http,
                moved,
            };
            let outcome = post.attempt(&delivery, &links, &profile).await;
            let outcome = if once { gone(outcome) } else { outcome };
            back.delivered(generation, &delivery, outcome);
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
            back.fetched(generation, fetch, fetched);
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

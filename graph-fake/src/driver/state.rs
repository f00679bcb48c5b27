//! What the driver owns beside the platform: secrets, faults, schedules, and what it remembers of calls.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use graph_api::{Guid, ResultInfo, Timestamp, Tone};
use media::{
    Prompt,
    transport::{Blob, Outgoing},
};
use platform::{
    Admin, CallId, CallView, Delivery, DeliveryOutcome, Effect, Event, FetchError, Input,
    MediaEvent, NotificationFault, Options, Outputs, Platform,
};

use super::roster::{cast_of, source_of};
use crate::{
    Flaw,
    config::{AppBody, Config},
    faults::{FaultPlan, FaultReply, PermissionChange, Plan, Strike},
    media::{Picture, Plane, SeenStream, Ticked},
    sound::{Sound, Voice},
    throttle::Throttle,
};

/// Ended calls that the control API still knows.
const ENDED_MAX: usize = 1_000;

/// Notifications of which it is remembered that they were sent elsewhere.
const MOVED_MAX: usize = 1_000;

/// A call that has ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Its id.
    pub id: CallId,
    /// Whether it was a multiparty call when its state last changed before the end.
    pub multiparty: bool,
    /// Why.
    pub result: Option<ResultInfo>,
}

/// How a download went.
pub struct Fetched {
    /// For whom.
    pub(super) call: CallId,
    /// From where.
    pub(super) uri: String,
    /// What came.
    pub(super) outcome: Result<Prompt, FetchError>,
}

/// What was played, said and pressed in one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MediaCounts {
    /// Prompts that began.
    pub prompts_begun: u64,
    /// Prompts that ended, or were cut off.
    pub prompts_ended: u64,
    /// Recordings that began.
    pub records_begun: u64,
    /// Recordings that were kept.
    pub records_kept: u64,
    /// Beeps.
    pub beeps: u64,
    /// Milliseconds that people spoke.
    pub spoken_ms: u64,
    /// Keys that people pressed.
    pub tones_pressed: u64,
    /// Keys that the bot pressed.
    pub tones_sent: u64,
}

/// What keeps a request from the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// The application asks too often.
    TooMany,
    /// The fault plan answers it.
    Fault(FaultReply),
}

/// Whether a request is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// It is; the fault plan may have a word on its reply.
    Open(Option<Departure>),
    /// It is not.
    Closed(Closed),
}

/// When a reply leaves, if not at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// So much later.
    After(Duration),
    /// It breaks off.
    Never,
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
    /// What was heard in calls, live ones and ended ones.
    pub media: BTreeMap<CallId, MediaCounts>,
    /// What people have seen of the bots of calls that have ended.
    seen: BTreeMap<CallId, Vec<SeenStream>>,
    /// Deliveries and downloads on their way.
    pub under_way: usize,
    /// What is heard and said.
    pub sound: Sound,
    /// The media of app-hosted calls.
    pub plane: Plane,
    /// What the person who is about to act says, if it is not the usual tone.
    pub(super) saying: Option<Voice>,
    /// What the driver has to carry out after a look.
    pub(super) effects: Vec<Effect>,
    /// Grows with each reset, so that reports from before it are not taken for new ones.
    pub(super) generation: u64,
    /// A planted fault.
    pub(super) flaw: Option<Flaw>,
    /// Whether a live call is a multiparty one, as its last change of state showed it.
    multiparty: BTreeMap<CallId, bool>,
    /// Notifications that were sent elsewhere, oldest first.
    moved: VecDeque<Guid>,
    /// Permissions that change by themselves, in order of time.
    schedule: VecDeque<(Timestamp, PermissionChange)>,
    throttle: Throttle,
    config: Config,
    options: Options,
}

impl State {
    /// As configured.
    pub fn new(seed: u64, config: Config, options: Options) -> Self {
        let mut state = Self {
            platform: Platform::new(seed, options.clone()),
            apps: BTreeMap::new(),
            faults: FaultPlan::default(),
            ended: VecDeque::new(),
            media: BTreeMap::new(),
            seen: BTreeMap::new(),
            under_way: 0,
            sound: Sound::new(options.recording_kept),
            plane: Plane::default(),
            saying: None,
            effects: Vec::new(),
            generation: 0,
            flaw: None,
            multiparty: BTreeMap::new(),
            moved: VecDeque::new(),
            schedule: VecDeque::new(),
            throttle: Throttle::default(),
            config,
            options,
        };
        state.replay();
        state
    }

    /// Wipes everything and replays the configuration, its options included.
    pub fn reset(&mut self, seed: u64) {
        let (generation, flaw) = (self.generation + 1, self.flaw);
        let mut plane = std::mem::take(&mut self.plane);
        plane.reset();
        *self = Self::new(seed, self.config.clone(), self.options.clone());
        (self.generation, self.plane, self.flaw) = (generation, plane, flaw);
    }

    /// Feeds one input; its effects are carried out by the driver.
    pub fn feed(&mut self, now: Timestamp, input: Input) -> Outputs {
        let mut out = self.platform.handle(now, input);
        self.effects.append(&mut out.effects);
        out
    }

    /// An administrator's change; false where a limit is reached.
    pub fn administer(&mut self, now: Timestamp, admin: Admin) -> bool {
        self.feed(now, Input::Admin(Box::new(admin))).administered == Some(true)
    }

    /// Registers a bot with its secret; false where a limit is reached.
    pub fn put_app(&mut self, now: Timestamp, tenant: Guid, app: Guid, body: AppBody) -> bool {
        let application = body.to_application();
        let taken = self.administer(now, Admin::PutApplication { tenant, app, application });
        if taken {
            self.apps.insert((tenant, app), body);
        }
        taken
    }

    /// Whether `http` callbacks are accepted.
    pub fn allows_http(&self) -> bool {
        self.platform.options().http_callbacks
    }

    /// R-351, then the fault plan: a request that is too much is not seen by the plan.
    pub fn gate(&mut self, app: Guid, op: &str, now: Timestamp) -> Gate {
        if !self.throttle.admits(app, now, self.platform.options().requests_per_second) {
            return Gate::Closed(Closed::TooMany);
        }
        match self.faults.strikes(op) {
            None => Gate::Open(None),
            Some(Strike::Reply(reply)) => Gate::Closed(Closed::Fault(reply)),
            Some(Strike::Late(by)) => Gate::Open(Some(Departure::After(by))),
            Some(Strike::Lost) => Gate::Open(Some(Departure::Never)),
        }
    }

    /// Replaces all faults: of requests, downloads, notifications and permissions.
    pub fn put_faults(&mut self, now: Timestamp, plan: Plan) {
        let Plan { faults, notifications, permissions } = plan;
        self.faults = faults;
        self.schedule = permissions.into();
        self.put_notification_faults(now, notifications);
        self.run_schedule(now);
    }

    fn put_notification_faults(&mut self, now: Timestamp, faults: Vec<NotificationFault>) {
        let _ = self.feed(now, Input::NotificationFaults(faults));
    }

    /// When something is due, even if nobody acts.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        [self.platform.next_deadline(), self.next_scheduled()].into_iter().flatten().min()
    }

    /// The same without the end that a call meets when nobody keeps it alive.
    pub fn next_deadline_but_keep_alive(&self) -> Option<Timestamp> {
        let platform = self.platform.next_deadline_but_keep_alive();
        [platform, self.next_scheduled()].into_iter().flatten().min()
    }

    fn next_scheduled(&self) -> Option<Timestamp> {
        self.schedule.front().map(|(at, _)| *at)
    }

    /// Changes the permissions whose time has come, each at its time.
    pub fn run_schedule(&mut self, now: Timestamp) {
        while let Some((at, change)) = self.schedule.pop_front_if(|(at, _)| *at <= now) {
            let apps: Vec<(Guid, Guid)> = self
                .apps
                .keys()
                .filter(|(tenant, app)| {
                    *app == change.app && change.tenant.is_none_or(|wanted| wanted == *tenant)
                })
                .copied()
                .collect();
            for (tenant, app) in apps {
                let Some(mut body) = self.apps.get(&(tenant, app)).cloned() else { continue };
                body.roles.retain(|role| *role != change.role);
                if change.grant {
                    body.roles.push(change.role.clone());
                }
                self.put_app(at, tenant, app, body);
            }
        }
    }

    /// A call is where this event says; remembered for when it has ended.
    pub(super) fn saw_alive(&mut self, call: CallId) {
        let multiparty = self.call(call).is_some_and(|view| view.conference.is_some());
        self.multiparty.insert(call, multiparty);
    }

    /// A call has ended.
    pub(super) fn saw_end(&mut self, call: CallId, result: Option<ResultInfo>) {
        let seen = self.plane.close(call);
        if !seen.is_empty() {
            self.seen.insert(call, seen);
        }
        let multiparty = self.multiparty.remove(&call).unwrap_or(false);
        self.ended.push_back(Ended { id: call, multiparty, result });
        if self.ended.len() > ENDED_MAX
            && let Some(oldest) = self.ended.pop_front()
        {
            self.media.remove(&oldest.id);
            self.seen.remove(&oldest.id);
        }
    }

    /// Whether a notification was sent elsewhere before.
    pub(super) fn moved(&self, delivery: &Delivery) -> bool {
        self.moved.contains(&delivery.message)
    }

    /// A notification was answered.
    pub(super) fn saw_outcome(&mut self, delivery: &Delivery, outcome: &DeliveryOutcome) {
        if matches!(outcome, DeliveryOutcome::Answered { location: Some(_), .. }) {
            self.moved.push_back(delivery.message);
        }
        if self.moved.len() > MOVED_MAX {
            self.moved.pop_front();
        }
    }

    /// Opens the media of an app-hosted call that declares some (docs/media-transport.md).
    pub(super) fn open_media(&mut self, now: Timestamp, call: CallId) {
        let blob = self.call(call).and_then(|view| view.media_config?.blob.clone());
        // It was read when it came; what is no blob of ours has no media.
        if let Some(Ok(Some(blob))) = blob.map(|text| Blob::read(&text))
            && !self.plane.open(now, call, blob)
        {
            tracing::warn!(%call, "no media: too many sessions, or an SSRC that is taken");
        }
    }

    /// What is due of the media of app-hosted calls; the work that is to be done before [`State::send_media`], which is
    /// slow and needs no lock.
    pub fn tick_media(&mut self, now: Timestamp) -> Vec<Picture> {
        let Self { plane, sound, platform, .. } = self;
        let source = |call, who| source_of(platform, call, who).unwrap_or(0);
        let cast = |call| cast_of(platform, call);
        plane.lose_after(platform.options().media_lost);
        let Ticked { pressed, lost, pictures } =
            plane.tick(now, sound, |call| platform.media_of(call), source, cast);
        for (call, tone) in pressed {
            let what = MediaEvent::Sent(Tone::from(tone.graph_name()));
            self.effects.push(Effect::Happened(Event::Media { call, what, at: now }));
        }
        if self.flaw != Some(Flaw::KeepsDeadMedia) {
            for call in lost {
                let _ = self.feed(now, Input::MediaLost(call));
            }
        }
        pictures
    }

    /// What is to be sent, with what was done.
    pub fn send_media(&mut self, now: Timestamp, pictures: Vec<Picture>, out: &mut Outgoing) {
        self.plane.send(now, pictures, out);
    }

    /// What people see of the bot of a call, or have seen.
    pub fn seen(&self, call: CallId) -> Vec<SeenStream> {
        self.seen.get(&call).cloned().unwrap_or_else(|| self.plane.seen(call))
    }

    /// Something was heard in a call.
    pub(super) fn heard(&mut self, call: CallId, what: &MediaEvent) {
        let counts = self.media.entry(call).or_default();
        match what {
            MediaEvent::PromptBegan(..) => counts.prompts_begun += 1,
            MediaEvent::PromptEnded(_) => counts.prompts_ended += 1,
            MediaEvent::Beeped(_) => counts.beeps += 1,
            MediaEvent::RecordBegan(_) => counts.records_begun += 1,
            MediaEvent::RecordEnded(_, kept) => counts.records_kept += u64::from(*kept),
            MediaEvent::Spoke(_, length) => {
                let length = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
                counts.spoken_ms = counts.spoken_ms.saturating_add(length);
            }
            MediaEvent::Pressed(..) => counts.tones_pressed += 1,
            MediaEvent::Sent(_) => counts.tones_sent += 1,
            MediaEvent::HoldMusic(..)
            | MediaEvent::PromptsLooped(..)
            | MediaEvent::Entered(_)
            | MediaEvent::BotSilenced(_)
            | MediaEvent::BrokeOff(_) => {}
        }
    }

    /// Keeps what was downloaded for a call that lives; what the platform is told of it.
    pub(super) fn loaded(&mut self, fetched: Fetched) -> Result<Duration, FetchError> {
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

    fn replay(&mut self) {
        // A configuration is not bound to a time.
        let always = Timestamp::default();
        for tenant in self.config.tenants.clone() {
            for admin in tenant.admins() {
                self.administer(always, admin);
            }
            for app in tenant.apps {
                self.put_app(always, tenant.id, app.id, app.app);
            }
        }
    }
}

//! A platform with people and bots, and a bot that reads everything and acknowledges at once.

use std::{cell::Cell, collections::BTreeMap, time::Duration};

use graph_api::{Guid, Modality, Timestamp};
use platform::{
    Accepted, Act, ActRefusal, Admin, Application, ApplicationInstance, CallId, CallVerb, CallView,
    Caller, DeliveryOutcome, Effect, Event, FetchId, Flaw, Grants, Input, JoinAnswer, MeetingId,
    Notification, OnCall, Options, Outputs, ParticipantId, Permission, Platform, Refusal, Request,
    Schedule, User, UserAct, Verb, What, Who,
};
use serde_json::{Value, json};

use crate::{bodies, wording};

pub const TENANT: Guid = Guid::from_u128(1);
pub const OTHER_TENANT: Guid = Guid::from_u128(2);
/// The bot of most stories.
pub const BOT: Guid = Guid::from_u128(3);
/// Another bot with the same permissions.
pub const HELPER: Guid = Guid::from_u128(4);
/// A bot that some stories register.
pub const THIRD: Guid = Guid::from_u128(7);
/// A resource account of the bot, with a number.
pub const DESK: Guid = Guid::from_u128(5);
/// A resource account of the bot, without one.
pub const MUTE_DESK: Guid = Guid::from_u128(6);
/// People who pick up after a second.
pub const DANA: Guid = Guid::from_u128(10);
pub const OLU: Guid = Guid::from_u128(11);
pub const KIM: Guid = Guid::from_u128(12);
pub const RAJ: Guid = Guid::from_u128(13);
pub const SAM: Guid = Guid::from_u128(14);
/// People who do not.
pub const NEIN: Guid = Guid::from_u128(15);
pub const SLEEPER: Guid = Guid::from_u128(16);
pub const TALKER: Guid = Guid::from_u128(17);
pub const AWAY: Guid = Guid::from_u128(18);

pub const CALLBACK: &str = "https://bot.example/calls";
pub const NUMBER: &str = "+442079460123";

thread_local! {
    /// The fault that the stories of this thread are played with.
    pub static PLANTED: Cell<Option<Flaw>> = const { Cell::new(None) };
}

/// The stage of a story.
pub struct Stage {
    pub platform: Platform,
    pub now: Timestamp,
    /// What was told and not yet asked for by `heard`, by call.
    told: BTreeMap<CallId, Vec<Notification>>,
    pub fetches: Vec<FetchId>,
    pub events: Vec<Event>,
    /// How participantJoiningNotifications are answered.
    pub joining: Option<JoinAnswer>,
    /// Calls whose notifications nobody answers.
    pub silent: Vec<Guid>,
}

impl Stage {
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    pub fn with(options: Options) -> Self {
        let now = Timestamp::from_secs(1_000_000);
        let options = Options { flaw: options.flaw.or(PLANTED.get()), ..options };
        let mut stage = Self {
            platform: Platform::new(7, options),
            now,
            told: BTreeMap::new(),
            fetches: Vec::new(),
            events: Vec::new(),
            joining: Some(JoinAnswer::Accept),
            silent: Vec::new(),
        };
        stage.application(BOT, "Bot", |_| {});
        stage.application(HELPER, "Helper", |_| {});
        let instance = |number: Option<&str>| ApplicationInstance {
            app: BOT,
            display_name: "Desk".to_owned(),
            number: number.map(str::to_owned),
        };
        for (id, number) in [(DESK, Some("+15550100")), (MUTE_DESK, None)] {
            let entry = instance(number);
            stage.admin(Admin::PutInstance { tenant: TENANT, instance: id, entry });
        }
        let answers = OnCall::Answer { after: Duration::from_secs(1) };
        for (id, name, on_call) in [
            (DANA, "Dana", answers),
            (OLU, "Olu", answers),
            (KIM, "Kim", answers),
            (RAJ, "Raj", answers),
            (SAM, "Sam", answers),
            (NEIN, "Nein", OnCall::Decline),
            (SLEEPER, "Sleeper", OnCall::Ignore),
            (TALKER, "Talker", OnCall::Busy),
            (AWAY, "Away", OnCall::Offline),
        ] {
            stage.user(id, User::new(name, on_call));
        }
        stage
    }

    /// Registers a bot that may do everything in the calls API; `change` changes that.
    pub fn application(&mut self, app: Guid, name: &str, change: impl FnOnce(&mut Application)) {
        let mut application = Application {
            callback_uri: Some(format!("https://{}.example/global", name.to_lowercase())),
            grants: Permission::CALLS.into(),
            may_remove_participants: true,
            ..Application::new(name)
        };
        change(&mut application);
        self.admin(Admin::PutApplication { tenant: TENANT, app, application });
    }

    /// The bot keeps these permissions only.
    pub fn grant(&mut self, app: Guid, name: &str, grants: &[Permission]) {
        let grants: Grants = grants.iter().copied().collect();
        self.application(app, name, |application| application.grants = grants);
    }

    pub fn user(&mut self, user: Guid, entry: User) {
        self.admin(Admin::PutUser { tenant: TENANT, user, entry });
    }

    pub fn admin(&mut self, admin: Admin) {
        assert_eq!(self.feed(Input::Admin(Box::new(admin))).administered, Some(true));
    }

    /// Feeds an input, and acknowledges whatever leaves.
    pub fn feed(&mut self, input: Input) -> Outputs {
        let out = self.platform.handle(self.now, input);
        let mut effects: std::collections::VecDeque<_> = out.effects.clone().into();
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Happened(event) => self.events.push(event),
                Effect::Fetch { fetch, .. } => self.fetches.push(fetch),
                Effect::Deliver(delivery) => {
                    let joins = |n: &Notification| matches!(n.what, What::ParticipantJoining(_));
                    let joining = delivery.notifications.iter().any(joins);
                    for notification in &delivery.notifications {
                        let told = self.told.entry(notification.call).or_default();
                        told.push(notification.clone());
                    }
                    if self.silent.contains(&delivery.app) {
                        continue;
                    }
                    let outcome = match self.joining.clone().filter(|_| joining) {
                        Some(answer) => DeliveryOutcome::Answered {
                            status: 200,
                            location: None,
                            joining: Some(answer),
                        },
                        None => DeliveryOutcome::answered(202),
                    };
                    let input = Input::Delivered { delivery: delivery.id, outcome };
                    effects.extend(self.platform.handle(self.now, input).effects);
                }
            }
        }
        out
    }

    /// Time passes; the shell calls at every deadline.
    pub fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.platform.next_deadline().filter(|due| *due <= until) {
            assert!(due >= self.now, "no deadline lies in the past of a punctual shell");
            self.now = due;
            let _ = self.feed(Input::Deadline);
        }
        self.now = until;
        let _ = self.feed(Input::Deadline);
    }

    pub fn secs(&mut self, secs: u64) {
        self.wait(Duration::from_secs(secs));
    }

    /// What a bot was told of a call since the last time this was asked.
    pub fn heard(&mut self, call: CallId) -> Vec<String> {
        let told = self.told.remove(&call).unwrap_or_default();
        told.iter().map(wording::notification).collect()
    }

    /// The same as it was told.
    pub fn notifications(&mut self, call: CallId) -> Vec<Notification> {
        self.told.remove(&call).unwrap_or_default()
    }

    /// Calls that were told of since the last time they were asked for.
    pub fn told_of(&self) -> Vec<CallId> {
        self.told.keys().copied().collect()
    }

    /// A bot asks something, with a token of all that it is granted.
    pub fn request(&mut self, app: Guid, verb: Verb) -> Result<Accepted, Refusal> {
        let caller = Caller::application(app, TENANT, Permission::CALLS.into());
        let request = Request { caller, scenario: None, verb };
        self.feed(Input::Request(Box::new(request))).reply.expect("a request is answered")
    }

    /// The bot asks something of a call, in the name of the call's own application.
    pub fn ask(&mut self, call: CallId, verb: CallVerb) -> String {
        let app = self.platform.call(call).map_or(BOT, |view| view.app);
        wording::reply(&self.request(app, Verb::OnCall(call, verb)))
    }

    /// The bot creates a call that must succeed.
    pub fn create(&mut self, members: Value) -> CallId {
        self.create_as(BOT, members)
    }

    pub fn create_as(&mut self, app: Guid, members: Value) -> CallId {
        match self.request(app, bodies::create(&members)) {
            Ok(Accepted::Created(view)) => view.id,
            other => panic!("{other:?}"),
        }
    }

    /// The bot tries to create a call.
    pub fn try_create(&mut self, members: Value) -> String {
        let reply = self.request(BOT, bodies::create(&members));
        wording::reply(&reply)
    }

    pub fn view(&self, call: CallId) -> CallView {
        self.platform.call(call).expect("a live call")
    }

    /// Whether nothing lives any more.
    pub fn is_empty(&self) -> bool {
        self.platform.calls().next().is_none() && self.platform.conferences().next().is_none()
    }

    /// The roster id of somebody in the conference of a call; the last one of that name.
    pub fn id_of(&self, call: CallId, name: &str) -> ParticipantId {
        let at = self.view(call).conference.expect("a conference");
        let conference = self.platform.conference(at).expect("it runs");
        let found = conference.participants.iter().rev().find(|p| p.person.name == name);
        found.unwrap_or_else(|| panic!("{name} is not there")).id
    }

    /// Somebody does something in the call that a bot knows by this id.
    pub fn act(&mut self, call: CallId, by: Guid, what: UserAct) -> Result<CallId, ActRefusal> {
        self.feed(Input::Act(Act::InCall { call, by, what })).acted.expect("an act is answered")
    }

    pub fn acts(&mut self, call: CallId, by: Guid, what: UserAct) {
        self.act(call, by, what).expect("possible");
    }

    /// Somebody does something in a meeting.
    pub fn in_meeting(
        &mut self,
        meeting: MeetingId,
        by: Guid,
        what: UserAct,
    ) -> Result<CallId, ActRefusal> {
        let act = Act::InMeeting { meeting, by, what };
        self.feed(Input::Act(act)).acted.expect("an act is answered")
    }

    pub fn joins(&mut self, meeting: MeetingId, by: Guid) {
        self.in_meeting(meeting, by, UserAct::Join).expect("possible");
    }

    /// A user rings somebody.
    pub fn ring(&mut self, from: Guid, to: &[Who]) -> Result<CallId, ActRefusal> {
        let act = Act::Ring {
            from,
            to: to.to_vec(),
            tenant: TENANT,
            modalities: vec![Modality::Audio],
            call: None,
        };
        self.feed(Input::Act(act)).acted.expect("an act is answered")
    }

    /// A user rings the bot, which answers; both talk.
    pub fn talk(&mut self, from: Guid) -> CallId {
        let call = self.ring(from, &[Who::Application(BOT)]).expect("rung");
        assert_eq!(self.ask(call, bodies::answer()), "202");
        self.secs(1);
        self.heard(call);
        call
    }

    /// A meeting of Olu's with these people in it.
    pub fn meeting(&mut self, participants: &[Guid]) -> MeetingId {
        self.meeting_with(participants, |_| {})
    }

    pub fn meeting_with(
        &mut self,
        participants: &[Guid],
        change: impl FnOnce(&mut Schedule),
    ) -> MeetingId {
        let mut schedule = Schedule {
            id: None,
            tenant: TENANT,
            organizer: OLU,
            subject: None,
            participants: participants.to_vec(),
            lobby: false,
            channel: false,
            passcode: false,
            start: None,
            attendees: Vec::new(),
        };
        change(&mut schedule);
        let out = self.feed(Input::Schedule(Box::new(schedule)));
        out.scheduled.expect("a schedule is answered").expect("possible")
    }

    /// `chatInfo` and `meetingInfo` of a meeting.
    pub fn coordinates(&self, meeting: MeetingId) -> Value {
        let meeting = self.platform.meetings().get(meeting).expect("it exists");
        json!({
            "chatInfo": {"threadId": meeting.thread, "messageId": meeting.message},
            "meetingInfo": {
                "@odata.type": "#microsoft.graph.organizerMeetingInfo",
                "organizer": {"user": {"id": meeting.organizer.to_string()}},
            },
        })
    }

    /// The bot joins a meeting, and is in it.
    pub fn join(&mut self, meeting: MeetingId) -> CallId {
        self.join_as(BOT, meeting, json!({}))
    }

    /// Another one does, with these members beside the usual ones.
    pub fn join_as(&mut self, app: Guid, meeting: MeetingId, members: Value) -> CallId {
        let mut whole = self.coordinates(meeting);
        for (key, value) in members.as_object().expect("members") {
            whole[key] = value.clone();
        }
        let call = self.create_as(app, whole);
        self.secs(1);
        call
    }

    /// The bot joins a meeting; the notifications of that are not told again.
    pub fn joined(&mut self, meeting: MeetingId) -> CallId {
        let call = self.join(meeting);
        self.heard(call);
        call
    }
}

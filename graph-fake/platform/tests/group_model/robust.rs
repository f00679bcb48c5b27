//! Anything may be asked and done, sense or nonsense: nothing panics, deadlines move, whoever is refused has changed
//! nothing, and no count of calls goes astray.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use graph_api::{Guid, Modality, Timestamp, Tone};
use platform::{
    Accepted, Act, Admin, Application, ApplicationInstance, CallId, CallVerb, CallView, Caller,
    ConferenceView, DeliveryOutcome, Effect, FetchError, Grants, Input, JoinAnswer, MeetingId,
    Notification, OnCall, OperationId, Options, Outputs, Permission, Platform, Request, Schedule,
    User, UserAct, Verb, What,
};
use serde_json::{Value, json};

use super::anything::{create, pick, verb, who};
use crate::choose::Choose;

pub const TENANTS: [Guid; 2] = [Guid::from_u128(1), Guid::from_u128(2)];
pub const BOTS: [Guid; 2] = [Guid::from_u128(3), Guid::from_u128(4)];
pub const USERS: [Guid; 5] = [
    Guid::from_u128(10),
    Guid::from_u128(11),
    Guid::from_u128(12),
    Guid::from_u128(13),
    Guid::from_u128(14),
];
pub const INSTANCES: [Guid; 2] = [Guid::from_u128(30), Guid::from_u128(31)];
/// Calls that an application may have.
const CALLS: usize = 8;

/// What is known of the world, to draw from.
pub struct World {
    pub platform: Platform,
    pub now: Timestamp,
    pub calls: Vec<CallId>,
    pub meetings: Vec<MeetingId>,
    pub operations: Vec<OperationId>,
    etags: BTreeMap<CallId, BTreeSet<u64>>,
    ended: BTreeSet<CallId>,
    ended_operations: BTreeSet<OperationId>,
    done: BTreeSet<String>,
}

type Picture = (Vec<CallView>, Vec<ConferenceView>, Vec<usize>);

/// Lives through so many steps, and cleans up. The verbs and acts that were not refused, by name.
pub fn anything(choices: &mut dyn Choose, steps: usize) -> BTreeSet<String> {
    let mut world = World::new();
    for _ in 0..steps {
        world.step(choices);
        world.passes(choices, Duration::ZERO);
        let next = world.platform.next_deadline();
        assert!(next.is_none_or(|next| next > world.now), "a deadline that does not move");
    }
    world.ends_well(choices);
    world.done
}

/// The name of a verb or an act.
fn name(what: &impl std::fmt::Debug) -> String {
    let text = format!("{what:?}");
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    text[..end].to_owned()
}

impl World {
    fn new() -> Self {
        let options = Options { calls_per_app: CALLS, ..Options::default() };
        let mut world = Self {
            platform: Platform::new(7, options),
            now: Timestamp::from_secs(1_000_000),
            calls: vec![CallId(Guid::from_u128(98))],
            meetings: vec![MeetingId(Guid::from_u128(99))],
            operations: vec![OperationId(Guid::from_u128(97))],
            etags: BTreeMap::new(),
            ended: BTreeSet::new(),
            ended_operations: BTreeSet::new(),
            done: BTreeSet::new(),
        };
        for tenant in TENANTS {
            for app in BOTS {
                world.application(tenant, app, Permission::ALL.into());
            }
            let answers = OnCall::Answer { after: Duration::from_millis(700) };
            let reacts = [answers, OnCall::Decline, OnCall::Ignore, OnCall::Busy, answers];
            for (user, on_call) in USERS.into_iter().zip(reacts) {
                let recorded_by = (user == USERS[4]).then_some(BOTS[1]);
                let entry = User { recorded_by, ..User::new("User", on_call) };
                world.admin(Admin::PutUser { tenant, user, entry });
            }
            for (instance, number) in INSTANCES.into_iter().zip([Some("+15550100"), None]) {
                let number = number.map(str::to_owned);
                let (app, display_name) = (BOTS[0], "Desk".to_owned());
                let entry = ApplicationInstance { app, display_name, number };
                world.admin(Admin::PutInstance { tenant, instance, entry });
            }
        }
        world
    }

    fn application(&mut self, tenant: Guid, app: Guid, grants: Grants) {
        let application = Application {
            callback_uri: Some("https://bot.example/api".to_owned()),
            grants,
            may_remove_participants: true,
            ..Application::new("Bot")
        };
        self.admin(Admin::PutApplication { tenant, app, application });
    }

    fn admin(&mut self, admin: Admin) {
        let out = self.platform.handle(self.now, Input::Admin(Box::new(admin)));
        assert_eq!(out.administered, Some(true));
    }

    /// All calls and conferences as they are.
    fn picture(&self) -> Picture {
        let operations = |call: CallView| self.platform.operations(call.id).len();
        (
            self.platform.calls().collect(),
            self.platform.conferences().collect(),
            self.platform.calls().map(operations).collect(),
        )
    }

    fn step(&mut self, choices: &mut dyn Choose) {
        // What is due happens first, so that a refusal can be compared with what was before.
        self.passes(choices, Duration::ZERO);
        match choices.below(12) {
            0..=4 => {
                let call = self.any_call(choices);
                let verb = verb(choices, self);
                self.asks(choices, Verb::OnCall(call, verb));
            }
            5 | 6 => {
                let verb = create(choices, self);
                self.asks(choices, verb);
            }
            7 | 8 => {
                let act = self.any_act(choices);
                let before = self.picture();
                let out = self.platform.handle(self.now, Input::Act(act.clone()));
                if let (Act::InMeeting { what, .. } | Act::InCall { what, .. }, Some(Ok(_))) =
                    (&act, &out.acted)
                {
                    self.done.insert(format!("act {}", name(what)));
                }
                if let Some(Err(why)) = &out.acted {
                    assert_eq!(before, self.picture(), "{act:?} was refused ({why}) and done");
                    assert!(!tells(&out), "{act:?} was refused and told of: {out:?}");
                }
                self.reads(choices, out);
            }
            9 => self.schedules(choices),
            10 => {
                let (tenant, app) = (pick(choices, &TENANTS), pick(choices, &BOTS));
                let mut grants = Grants::from(Permission::ALL);
                if choices.below(2) == 0 {
                    grants.remove(&pick(choices, &Permission::ALL));
                }
                self.application(tenant, app, grants);
            }
            _ => {
                let waits =
                    [1, 90_000_000, 150_000_000, 1_000_000_000, 16_000_000_000, 70_000_000_000];
                let wait = pick(choices, &waits);
                self.passes(choices, Duration::from_nanos(wait));
            }
        }
    }

    fn asks(&mut self, choices: &mut dyn Choose, verb: Verb) {
        let mut roles = Grants::from(Permission::ALL);
        if choices.below(8) == 0 {
            roles.remove(&pick(choices, &Permission::ALL));
        }
        // Mostly the owner, so that most of it gets past the door.
        let owner = match &verb {
            Verb::OnCall(call, _) => self.platform.call(*call).map(|view| (view.app, view.tenant)),
            Verb::CreateCall(_) | Verb::Meeting(_) | Verb::LogDeviceQuality(_) => {
                Some((BOTS[0], TENANTS[0]))
            }
        };
        let anybody = (pick(choices, &BOTS), pick(choices, &TENANTS));
        let owner = owner.filter(|_| choices.below(6) != 0);
        let (app, tenant) = owner.unwrap_or(anybody);
        let scenario = (choices.below(4) == 0).then_some(Guid::from_u128(77));
        let request = Request {
            caller: Caller { app, tenant, roles, delegated: None },
            scenario,
            verb: verb.clone(),
        };
        let before = self.picture();
        let out = self.platform.handle(self.now, Input::Request(Box::new(request)));
        if out.reply.as_ref().is_some_and(Result::is_ok) {
            self.done.insert(match &verb {
                Verb::OnCall(_, verb) => name(verb),
                Verb::CreateCall(_) | Verb::Meeting(_) | Verb::LogDeviceQuality(_) => name(&verb),
            });
        }
        match out.reply.as_ref().expect("a request is always answered") {
            Err(refusal) => {
                assert_eq!(before, self.picture(), "{verb:?} was refused ({refusal}) and done");
                assert!(!tells(&out), "{verb:?} was refused and told of: {out:?}");
            }
            Ok(Accepted::Operation(_, view) | Accepted::OperationTaken(_, view)) => {
                self.operations.push(view.id);
            }
            Ok(Accepted::Created(view)) => self.calls.push(view.id),
            Ok(_) => {}
        }
        self.reads(choices, out);
    }

    /// Reads what follows, and answers as bots on bad days do.
    fn reads(&mut self, choices: &mut dyn Choose, out: Outputs) {
        let mut effects: VecDeque<Effect> = out.effects.into();
        while let Some(effect) = effects.pop_front() {
            let input = match effect {
                Effect::Happened(_) => continue,
                Effect::Fetch { fetch, .. } => {
                    let outcomes = [
                        Ok(Duration::from_millis(1_300)),
                        Err(FetchError::Download),
                        Err(FetchError::Format),
                    ];
                    Input::Fetched { fetch, outcome: pick(choices, &outcomes) }
                }
                Effect::Deliver(delivery) => {
                    for notification in &delivery.notifications {
                        self.hears(notification, delivery.attempt);
                    }
                    let outcome = match choices.below(12) {
                        0 => DeliveryOutcome::NoAnswer,
                        1 => DeliveryOutcome::answered(500),
                        2 => DeliveryOutcome::answered(404),
                        3 | 4 => DeliveryOutcome::Answered {
                            status: 200,
                            location: None,
                            joining: Some(pick(
                                choices,
                                &[
                                    JoinAnswer::Accept,
                                    JoinAnswer::Reject,
                                    JoinAnswer::Unreadable,
                                    JoinAnswer::InviteNewBot("https://new.example".to_owned()),
                                ],
                            )),
                        },
                        _ => DeliveryOutcome::answered(202),
                    };
                    Input::Delivered { delivery: delivery.id, outcome }
                }
            };
            effects.extend(self.platform.handle(self.now, input).effects);
        }
    }

    /// The last word is the last, every change has a greater number, every operation ends once.
    fn hears(&mut self, notification: &Notification, attempt: u32) {
        let Notification { call, etag, what } = notification;
        if !self.calls.contains(call) {
            self.calls.push(*call);
        }
        if attempt > 1 {
            return;
        }
        let told = self.etags.entry(*call).or_default();
        if told.contains(etag) {
            return; // repeated by an act
        }
        let last = told.last().copied();
        assert!(last.is_none_or(|last| last < *etag), "{call}: {etag} after {last:?}");
        told.insert(*etag);
        assert!(!self.ended.contains(call), "{call} was told of after its end: {what:?}");
        if let What::CallEnded(_) = what {
            self.ended.insert(*call);
        }
        if let What::OperationEnded(operation) = what {
            assert!(self.ended_operations.insert(operation.id), "{call}: it ended twice: {what:?}");
        }
    }

    fn passes(&mut self, choices: &mut dyn Choose, time: Duration) {
        let until = self.now + time;
        let mut turns = 0_u32;
        while let Some(due) = self.platform.next_deadline().filter(|due| *due <= until) {
            self.now = due.max(self.now);
            turns += 1;
            assert!(turns < 100_000, "a deadline that does not move: {due:?}");
            let out = self.platform.handle(self.now, Input::Deadline);
            self.reads(choices, out);
        }
        self.now = until;
    }

    fn schedules(&mut self, choices: &mut dyn Choose) {
        let people = choices.below(3) as usize;
        let schedule = Schedule {
            id: (choices.below(4) == 0).then_some(MeetingId(Guid::from_u128(94))),
            tenant: pick(choices, &TENANTS),
            organizer: pick(choices, &USERS),
            subject: None,
            attendees: Vec::new(),
            start: None,
            participants: (0..people).map(|_| pick(choices, &USERS)).collect(),
            lobby: choices.below(2) == 0,
            channel: choices.below(4) == 0,
            passcode: choices.below(2) == 0,
        };
        let out = self.platform.handle(self.now, Input::Schedule(Box::new(schedule)));
        self.meetings.extend(out.scheduled.clone().and_then(Result::ok));
        self.reads(choices, out);
    }

    /// A call that lives, if there is one, more often than not.
    fn any_call(&self, choices: &mut dyn Choose) -> CallId {
        let live: Vec<CallId> = self.platform.calls().map(|view| view.id).collect();
        if live.is_empty() || choices.below(6) == 0 {
            return pick(choices, &self.calls);
        }
        pick(choices, &live)
    }

    fn any_act(&self, choices: &mut dyn Choose) -> Act {
        let mut users = USERS.to_vec();
        users.push(Guid::from_u128(96));
        let (from, tenant) = (pick(choices, &users), pick(choices, &TENANTS));
        // An id of the test's own: a new one, or one that is taken.
        let fresh = CallId(Guid::from_u128(1_000 + self.calls.len() as u128));
        let taken = self.platform.calls().next().map_or(fresh, |view| view.id);
        let call = (choices.below(6) == 0).then(|| pick(choices, &[fresh, taken]));
        match choices.below(10) {
            0 | 1 => {
                let many = choices.below(4) as usize;
                let to = (0..many).map(|_| who(choices)).collect();
                let modalities = vec![Modality::Audio, Modality::Video];
                Act::Ring { from, to, tenant, modalities, call }
            }
            2 => {
                let to = pick(choices, &INSTANCES);
                Act::RingByPhone { from: "+15550123".to_owned(), to, tenant, call }
            }
            3 => {
                let (meeting, app) = (pick(choices, &self.meetings), pick(choices, &BOTS));
                let by = (choices.below(2) == 0).then_some(from);
                Act::InviteToMeeting { meeting, app, by, call }
            }
            4 => Act::RepeatLastNotification { call: pick(choices, &self.calls) },
            5 | 6 => {
                let meeting = pick(choices, &self.meetings);
                Act::InMeeting { meeting, by: from, what: user_act(choices) }
            }
            _ => {
                let call = self.any_call(choices);
                let peer = self.platform.call(call).map(|view| view.source.participant.0);
                let by = if choices.below(3) == 0 { peer.unwrap_or(from) } else { from };
                Act::InCall { call, by, what: user_act(choices) }
            }
        }
    }

    /// All hang up; then every application may have as many calls as ever, and not one more.
    fn ends_well(&mut self, choices: &mut dyn Choose) {
        for tenant in TENANTS {
            for app in BOTS {
                self.application(tenant, app, Permission::ALL.into());
            }
        }
        let live: Vec<_> =
            self.platform.calls().map(|view| (view.id, view.app, view.tenant)).collect();
        for (call, app, tenant) in live {
            let caller = Caller { app, tenant, roles: Permission::ALL.into(), delegated: None };
            let verb = Verb::OnCall(call, CallVerb::Delete);
            let request = Request { caller, scenario: None, verb };
            let out = self.platform.handle(self.now, Input::Request(Box::new(request)));
            self.reads(choices, out);
        }
        self.passes(choices, Duration::from_secs(3_600));
        let left: Vec<CallView> = self.platform.calls().collect();
        assert!(left.is_empty(), "{left:?}");
        for (tenant, app) in TENANTS.into_iter().flat_map(|tenant| BOTS.map(|app| (tenant, app))) {
            for number in 0..=CALLS {
                let caller = Caller { app, tenant, roles: Permission::ALL.into(), delegated: None };
                let verb = plain_call();
                let request = Request { caller, scenario: None, verb };
                let out = self.platform.handle(self.now, Input::Request(Box::new(request)));
                assert_eq!(out.reply.expect("answered").is_ok(), number < CALLS, "{number}");
            }
        }
    }
}

fn plain_call() -> Verb {
    let body: Value = json!({
        "callbackUri": "https://bot.example/api", "requestedModalities": ["audio"],
        "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
        "targets": [{"identity": {"user": {"id": USERS[2].to_string()}}}],
    });
    Verb::CreateCall(Box::new(serde_json::from_value(body).expect("a call")))
}

/// Whether anything but the journal is to be done.
fn tells(out: &Outputs) -> bool {
    out.effects.iter().any(|effect| matches!(effect, Effect::Deliver(_) | Effect::Fetch { .. }))
}

fn user_act(choices: &mut dyn Choose) -> UserAct {
    let acts = [
        UserAct::HangUp,
        UserAct::Answer,
        UserAct::Decline,
        UserAct::Join,
        UserAct::Join,
        UserAct::Mute,
        UserAct::Unmute,
        UserAct::Hold,
        UserAct::Resume,
        UserAct::Press(vec![Tone::Tone1, Tone::Pound], Duration::from_millis(100)),
        UserAct::Press(Vec::new(), Duration::ZERO),
        UserAct::Speak(Duration::from_secs(2)),
        UserAct::Invite(vec![who(choices), who(choices)]),
        UserAct::Invite(vec![who(choices)]),
        UserAct::Invite(Vec::new()),
        UserAct::RemoveBot,
        UserAct::MuteBot,
        UserAct::StartVideo,
        UserAct::StopVideo,
        UserAct::Share,
        UserAct::StopShare,
        UserAct::ShareContent,
        UserAct::StopSharingContent,
        UserAct::AdmitFromLobby,
        UserAct::EndMeeting,
    ];
    pick(choices, &acts)
}

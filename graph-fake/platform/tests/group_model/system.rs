//! Lets the platform and the reference live through the same history, and compares what bots can see.

use std::collections::{BTreeMap, VecDeque};

use graph_api::{Call, Guid, Modality, OperationStatus, Timestamp};
use platform::{
    Accepted, ActRefusal, Admin, Application, CallId, CallVerb, Caller, DeliveryOutcome, Effect,
    Flaw, Grants, Input, MeetingId, Notification, OnCall, OperationId, Options, Outputs,
    ParticipantId, ParticipantView, Permission, Platform, Request, Schedule, User, Verb, Who,
};
use serde_json::{Value, json};

use super::wording::{entries, user_act, words};
use super::{
    reference::Reference,
    transition::{Asked, By, FEW, LEGS_MAX, Lack, Transition, Way},
};
use crate::choose::Choose;

const TENANT: Guid = Guid::from_u128(1);
const OTHER_TENANT: Guid = Guid::from_u128(2);
const BOTS: [Guid; 2] = [Guid::from_u128(3), Guid::from_u128(4)];
pub const USERS: [Guid; 4] =
    [Guid::from_u128(10), Guid::from_u128(11), Guid::from_u128(12), Guid::from_u128(13)];
const MEETING: MeetingId = MeetingId(Guid::from_u128(20));

/// When the shell calls the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// At every deadline.
    Punctual,
    /// Only when something else happens.
    Late,
}

/// The two disagree.
#[derive(Debug)]
pub struct Mismatch(pub String);

/// The platform, and bots that read everything.
pub struct System {
    platform: Platform,
    now: Timestamp,
    legs: Vec<(CallId, usize)>,
    told: Vec<Vec<String>>,
    operations: BTreeMap<CallId, Vec<OperationId>>,
    replies: Vec<String>,
    /// What each bot is granted now.
    grants: [Grants; 2],
}

impl System {
    pub fn new(flaw: Option<Flaw>) -> Self {
        let now = Timestamp::from_secs(1_000_000);
        let platform = Platform::new(7, Options { flaw, ..Options::default() });
        let grants = [Permission::CALLS.into(), Permission::CALLS.into()];
        let mut system = Self {
            platform,
            now,
            legs: Vec::new(),
            told: Vec::new(),
            operations: BTreeMap::new(),
            replies: Vec::new(),
            grants,
        };
        for (bot, app) in BOTS.into_iter().enumerate() {
            system.lacks(bot, Lack::Nothing);
            let application = application(bot, Permission::CALLS.into(), true);
            system.admin(Admin::PutApplication { tenant: OTHER_TENANT, app, application });
        }
        let second = std::time::Duration::from_secs(1);
        let answers = OnCall::Answer { after: second };
        let names = ["Dana", "Kim", "Nein", "Sleeper"];
        let reacts = [answers, answers, OnCall::Decline, OnCall::Ignore];
        for ((user, name), on_call) in USERS.into_iter().zip(names).zip(reacts) {
            let entry = User::new(name, on_call);
            system.admin(Admin::PutUser { tenant: TENANT, user, entry });
        }
        let schedule = Schedule {
            id: Some(MEETING),
            tenant: TENANT,
            organizer: USERS[0],
            subject: None,
            attendees: Vec::new(),
            start: None,
            participants: Vec::new(),
            lobby: true,
            channel: false,
            passcode: false,
        };
        let out = system.feed(Input::Schedule(Box::new(schedule)));
        assert!(matches!(out.scheduled, Some(Ok(_))), "{out:?}");
        system
    }

    fn admin(&mut self, admin: Admin) {
        assert_eq!(self.feed(Input::Admin(Box::new(admin))).administered, Some(true));
    }

    fn lacks(&mut self, bot: usize, lack: Lack) {
        let mut grants = Grants::from(Permission::CALLS);
        match lack {
            Lack::Nothing | Lack::Removal => {}
            Lack::InitiateGroup => {
                grants.remove(&Permission::InitiateGroupCall);
            }
            Lack::Member => {
                grants.remove(&Permission::JoinGroupCall);
            }
            Lack::Join => {
                grants.remove(&Permission::JoinGroupCall);
                grants.remove(&Permission::JoinGroupCallAsGuest);
            }
        }
        self.grants[bot] = grants;
        let application = application(bot, grants, lack != Lack::Removal);
        self.admin(Admin::PutApplication { tenant: TENANT, app: BOTS[bot], application });
    }

    fn feed(&mut self, input: Input) -> Outputs {
        let out = self.platform.handle(self.now, input);
        self.read(&out);
        out
    }

    /// Reads what follows as bots would, and acknowledges all of it at once.
    fn read(&mut self, out: &Outputs) {
        if let Some(Ok(Accepted::Operation(call, view) | Accepted::OperationTaken(call, view))) =
            &out.reply
            && view.status == OperationStatus::Running
        {
            self.operations.entry(*call).or_default().push(view.id);
        }
        let mut effects: VecDeque<Effect> = out.effects.clone().into();
        while let Some(effect) = effects.pop_front() {
            let Effect::Deliver(delivery) = effect else { continue };
            for notification in &delivery.notifications {
                self.hears(notification, delivery.app);
            }
            let outcome = DeliveryOutcome::answered(202);
            let input = Input::Delivered { delivery: delivery.id, outcome };
            effects.extend(self.platform.handle(self.now, input).effects);
        }
    }

    fn hears(&mut self, notification: &Notification, app: Guid) {
        let known = self.legs.iter().position(|(id, _)| *id == notification.call);
        let leg = known.unwrap_or_else(|| {
            let bot = BOTS.iter().position(|bot| *bot == app).expect("one of two");
            self.legs.push((notification.call, bot));
            self.told.push(Vec::new());
            self.legs.len() - 1
        });
        let operations = self.operations.get(&notification.call).cloned().unwrap_or_default();
        self.told[leg].push(words(notification, &operations));
    }

    /// Does what a transition says; the reply.
    pub fn apply(&mut self, transition: &Transition, shell: Shell) -> Option<String> {
        let reply = match transition {
            Transition::Join { bot, way } => Some(self.create(*bot, self.place(*bot, *way))),
            Transition::Group { bot, users } => {
                let targets = json!({"targets": users.map(user)});
                Some(self.create(*bot, targets))
            }
            Transition::Ring { bot, with } => {
                let mut to = vec![Who::Application(BOTS[*bot])];
                to.extend(with.then_some(Who::User(USERS[1])));
                let modalities = vec![Modality::Audio];
                let act = platform::Act::Ring {
                    from: USERS[0],
                    to,
                    tenant: TENANT,
                    modalities,
                    call: None,
                };
                Some(self.act(act))
            }
            Transition::InviteBot { bot } => {
                let (meeting, app) = (MEETING, BOTS[*bot]);
                Some(self.act(platform::Act::InviteToMeeting {
                    meeting,
                    app,
                    by: None,
                    call: None,
                }))
            }
            Transition::Ask { leg, verb, by } => Some(self.ask(*leg, *verb, *by)),
            Transition::InMeeting { user, act } => {
                let (by, what) = (USERS[*user], user_act(*act));
                Some(self.act(platform::Act::InMeeting { meeting: MEETING, by, what }))
            }
            Transition::InCall { leg, user, act } => {
                let (by, what) = (USERS[*user], user_act(*act));
                let call = self.call(*leg);
                Some(self.act(platform::Act::InCall { call, by, what }))
            }
            Transition::Lacks { bot, lack } => {
                self.lacks(*bot, *lack);
                None
            }
            Transition::Wait(time) => {
                self.wait(*time, shell);
                None
            }
        };
        if shell == Shell::Punctual {
            let _ = self.feed(Input::Deadline);
        }
        self.replies.extend(reply.clone());
        reply
    }

    pub fn wait(&mut self, time: std::time::Duration, shell: Shell) {
        let until = self.now + time;
        if shell == Shell::Punctual {
            while let Some(due) = self.platform.next_deadline().filter(|due| *due <= until) {
                assert!(due >= self.now, "no deadline lies in the past of a punctual shell");
                self.now = due;
                let _ = self.feed(Input::Deadline);
            }
        }
        self.now = until;
        let _ = self.feed(Input::Deadline);
    }

    fn call(&self, leg: usize) -> CallId {
        self.legs.get(leg).map_or(CallId(Guid::from_u128(98)), |(id, _)| *id)
    }

    fn act(&mut self, act: platform::Act) -> String {
        match self.feed(Input::Act(act)).acted.expect("an act is always answered") {
            Ok(_) => "act".to_owned(),
            Err(ActRefusal::Unknown(_)) => "unknown".to_owned(),
            Err(ActRefusal::NotNow(_)) => "not now".to_owned(),
        }
    }

    fn place(&self, bot: usize, way: Way) -> Value {
        let meeting = self.platform.meetings().get(MEETING).expect("it was scheduled");
        let mut members = match way {
            Way::MeetingId => json!({"meetingInfo": {
                "@odata.type": "#microsoft.graph.joinMeetingIdMeetingInfo",
                "joinMeetingId": meeting.join_meeting_id, "passcode": meeting.passcode,
            }}),
            Way::Organizer | Way::Guest => json!({
                "chatInfo": {"threadId": meeting.thread, "messageId": meeting.message},
                "meetingInfo": {
                    "@odata.type": "#microsoft.graph.organizerMeetingInfo",
                    "organizer": {"user": {"id": meeting.organizer.to_string()}},
                },
            }),
        };
        if way == Way::Guest {
            let id = Guid::from_u128(40 + bot as u128).to_string();
            members["source"] = json!({"identity": {"guest": {"id": id, "displayName": "Guest"}}});
        }
        members["callOptions"] = json!({"isDeltaRosterEnabled": bot == 1});
        members
    }

    fn create(&mut self, bot: usize, mut members: Value) -> String {
        members["callbackUri"] = json!("https://bot.example/api");
        members["requestedModalities"] = json!(["audio"]);
        members["mediaConfig"] = service_hosted();
        members["tenantId"] = json!(TENANT.to_string());
        let call: Call = serde_json::from_value(members).expect("a call");
        self.request(BOTS[bot], TENANT, Verb::CreateCall(Box::new(call)))
    }

    fn ask(&mut self, leg: usize, verb: Asked, by: By) -> String {
        let call = self.call(leg);
        let bot = self.legs.get(leg).map_or(0, |(_, bot)| *bot);
        let verb = self.verb(call, bot, verb);
        let (app, tenant) = match by {
            By::Own => (BOTS[bot], TENANT),
            By::OtherApp => (BOTS[1 - bot], TENANT),
            By::OtherTenant => (BOTS[bot], OTHER_TENANT),
        };
        self.request(app, tenant, Verb::OnCall(call, verb))
    }

    fn request(&mut self, app: Guid, tenant: Guid, verb: Verb) -> String {
        let caller = Caller { app, tenant, roles: Permission::CALLS.into(), delegated: None };
        let request = Request { caller, scenario: None, verb };
        let out = self.feed(Input::Request(Box::new(request)));
        match out.reply.expect("a request is always answered") {
            Ok(Accepted::Created(_)) => "201".to_owned(),
            Ok(Accepted::Operation(..) | Accepted::Done) => "200".to_owned(),
            Ok(Accepted::OperationTaken(..) | Accepted::Taken) => "202".to_owned(),
            Ok(Accepted::Gone) => "204".to_owned(),
            Ok(Accepted::Participants(_, roster)) => format!("200 {}", entries(&roster)),
            Ok(other) => panic!("the model asks nothing that is answered with {other:?}"),
            Err(refusal) => {
                let (status, code) = refusal.status_and_code();
                format!("{status} {code}")
            }
        }
    }

    /// The first roster entry of a user in the conference of a call; nobody's id if there is none.
    fn entry_of(&self, call: CallId, user: usize) -> ParticipantId {
        let at = self.platform.call(call).and_then(|view| view.conference);
        let conference = at.and_then(|at| self.platform.conference(at));
        let people = conference.map(|conference| conference.participants).unwrap_or_default();
        let of_user = |p: &&std::sync::Arc<ParticipantView>| p.person.who == Who::User(USERS[user]);
        people.iter().find(of_user).map_or(ParticipantId(Guid::from_u128(97)), |p| p.id)
    }

    fn verb(&self, call: CallId, bot: usize, verb: Asked) -> CallVerb {
        let invite = |participants: Vec<Value>| {
            CallVerb::Invite(Box::new(read(json!({"participants": participants}))))
        };
        match verb {
            Asked::Answer => CallVerb::Answer(Box::new(read(
                json!({"acceptedModalities": ["audio"], "mediaConfig": service_hosted()}),
            ))),
            Asked::Reject => CallVerb::Reject(read(json!({"reason": "busy"}))),
            Asked::Delete => CallVerb::Delete,
            Asked::KeepAlive => CallVerb::KeepAlive,
            Asked::List => CallVerb::ListParticipants,
            Asked::Mute(true) => CallVerb::Mute(read(json!({}))),
            Asked::Mute(false) => CallVerb::Unmute(read(json!({}))),
            Asked::MuteAll => CallVerb::MuteAll(read(json!({}))),
            Asked::MuteUser(user) => {
                CallVerb::MuteParticipant(self.entry_of(call, user), read(json!({})))
            }
            Asked::HoldUser(user) => {
                CallVerb::StartHoldMusic(self.entry_of(call, user), read(json!({})))
            }
            Asked::Invite(one) => invite(vec![user(one)]),
            Asked::InviteTwo(one, two) => invite(vec![user(one), user(two)]),
            Asked::InviteOther(hidden) => {
                let id = BOTS[1 - bot].to_string();
                invite(vec![json!({"identity": {"application": {"id": id}}, "hidden": hidden})])
            }
            Asked::InviteReplacing(leg) => {
                // All calls of two are the first user's.
                let mut first = user(0);
                first["replacesCallId"] = json!(self.call(leg).to_string());
                invite(vec![first])
            }
            Asked::RemoveUser(user) => CallVerb::RemoveParticipant(self.entry_of(call, user)),
            Asked::RemoveLeg(leg) => {
                let view = self.platform.call(self.call(leg));
                let nobody = ParticipantId(Guid::from_u128(97));
                CallVerb::RemoveParticipant(view.map_or(nobody, |view| view.my_participant))
            }
            Asked::Admit => CallVerb::AdmitFromLobby(None, read(json!({}))),
        }
    }
}

fn application(bot: usize, grants: Grants, may_remove_participants: bool) -> Application {
    Application {
        callback_uri: Some("https://bot.example/api".to_owned()),
        grants,
        may_remove_participants,
        ..Application::new(["Ada", "Bob"][bot])
    }
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a well-formed body")
}

fn user(user: usize) -> Value {
    json!({"identity": {"user": {"id": USERS[user].to_string()}}})
}

fn service_hosted() -> Value {
    json!({"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"})
}

fn next(choices: &mut dyn Choose, made: usize, few: bool) -> Transition {
    if few {
        FEW[choices.below(FEW.len() as u32) as usize].clone()
    } else {
        Transition::choose(choices, made)
    }
}

/// Runs one history against the reference.
///
/// # Errors
/// The first difference, with the history that led to it.
pub fn history(
    choices: &mut dyn Choose,
    length: usize,
    flaw: Option<Flaw>,
) -> Result<(), Mismatch> {
    run(choices, length, flaw, false).map(drop)
}

/// What bots were told and answered in one history: so that a test can see that histories reach everything.
pub fn words_of_history(choices: &mut dyn Choose, length: usize) -> Vec<String> {
    let system =
        run(choices, length, None, false).unwrap_or_else(|mismatch| panic!("{}", mismatch.0));
    system.told.into_iter().flatten().chain(system.replies).collect()
}

/// The same with a few telling steps, after the organizer and a bot have met: for enumeration.
///
/// # Errors
/// The first difference, with the history that led to it.
pub fn short_history(choices: &mut dyn Choose, length: usize) -> Result<(), Mismatch> {
    run(choices, length, None, true).map(drop)
}

fn run(
    choices: &mut dyn Choose,
    length: usize,
    flaw: Option<Flaw>,
    few: bool,
) -> Result<System, Mismatch> {
    let mut system = System::new(flaw);
    let mut reference = Reference::new(system.now);
    let mut steps = Vec::new();
    for step in 0..length as u64 {
        let transition = next(choices, reference.made(), few);
        if made_by(&transition) && reference.made() >= LEGS_MAX {
            continue;
        }
        steps.push(transition.clone());
        // Never two steps at one moment, nor at the same distance.
        let pause = std::time::Duration::from_nanos(1_009 + 17 * step);
        let pause = if let Transition::Wait(time) = &transition { *time } else { pause };
        system.wait(pause, Shell::Punctual);
        reference.until(system.now);
        let waited = matches!(transition, Transition::Wait(_));
        let got = if waited { None } else { system.apply(&transition, Shell::Punctual) };
        let wanted = reference.apply(&transition);
        if got != wanted {
            return Err(Mismatch(format!("{steps:#?}\nreply: {got:?}, expected {wanted:?}")));
        }
        compare(&system, &reference, &steps)?;
    }
    Ok(system)
}

/// Whether a step makes a leg.
fn made_by(transition: &Transition) -> bool {
    match transition {
        Transition::Join { .. }
        | Transition::Group { .. }
        | Transition::Ring { .. }
        | Transition::InviteBot { .. }
        | Transition::Ask { verb: Asked::InviteOther(_), .. } => true,
        Transition::Ask { .. }
        | Transition::InMeeting { .. }
        | Transition::InCall { .. }
        | Transition::Lacks { .. }
        | Transition::Wait(_) => false,
    }
}

fn compare(system: &System, reference: &Reference, steps: &[Transition]) -> Result<(), Mismatch> {
    if system.legs.len() != reference.made() {
        let (got, wanted) = (system.legs.len(), reference.made());
        return Err(Mismatch(format!("{steps:#?}\n{got} legs, expected {wanted}")));
    }
    for (leg, told) in system.told.iter().enumerate() {
        let wanted = reference.told(leg);
        if told != wanted {
            let text = format!("{steps:#?}\nleg {leg}: {told:#?}, expected {wanted:#?}");
            return Err(Mismatch(text));
        }
    }
    Ok(())
}

/// Runs one history twice, with a punctual shell and with a late one: the story must be the same.
///
/// # Errors
/// Both stories, if they differ.
pub fn late_shell(
    choices: &mut dyn Choose,
    length: usize,
    flaw: Option<Flaw>,
) -> Result<(), Mismatch> {
    let (mut punctual, mut late) = (System::new(flaw), System::new(flaw));
    let mut steps = Vec::new();
    for step in 0..length as u64 {
        let transition = next(choices, punctual.legs.len(), false);
        if made_by(&transition) && punctual.legs.len() >= LEGS_MAX {
            continue;
        }
        // The ids of roster entries are read from the platform, which a late shell has not woken yet.
        let looks = matches!(
            transition,
            Transition::Ask {
                verb: Asked::MuteUser(_)
                    | Asked::RemoveUser(_)
                    | Asked::HoldUser(_)
                    | Asked::RemoveLeg(_),
                ..
            }
        );
        steps.push(transition.clone());
        let pause = std::time::Duration::from_nanos(1_009 + 17 * step);
        punctual.wait(pause, Shell::Punctual);
        if looks {
            late.wait(pause, Shell::Late)
        } else {
            late.now = late.now + pause
        }
        punctual.apply(&transition, Shell::Punctual);
        late.apply(&transition, Shell::Late);
    }
    let end = std::time::Duration::from_secs(1);
    punctual.wait(end, Shell::Punctual);
    late.wait(end, Shell::Late);
    if punctual.replies != late.replies {
        let (on_time, too_late) = (&punctual.replies, &late.replies);
        return Err(Mismatch(format!("{steps:#?}\non time: {on_time:#?}\nlate: {too_late:#?}")));
    }
    let story = |system: &System| -> BTreeMap<CallId, Vec<String>> {
        system.legs.iter().map(|(id, _)| *id).zip(system.told.iter().cloned()).collect()
    };
    let (on_time, too_late) = (story(&punctual), story(&late));
    if on_time != too_late {
        return Err(Mismatch(format!("{steps:#?}\non time: {on_time:#?}\nlate: {too_late:#?}")));
    }
    Ok(())
}

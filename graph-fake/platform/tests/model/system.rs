//! The platform, with a shell that carries out its effects and two bots that read everything.

use std::{collections::VecDeque, time::Duration};

use graph_api::{Guid, Modality, Timestamp, Tone};
use platform::{
    Accepted, Act, ActRefusal, Admin, Application, CallId, CallVerb, CallView, Caller, DeliveryId,
    DeliveryOutcome, Effect, FetchId, Flaw, Grants, Input, OnCall, OperationId, Options, Outputs,
    ParticipantId, Permission, Platform, Request, User, Verb, What,
};

use super::{
    reference::{ACCEPT, AUDIO, RETARGET, SET_UP},
    requests::{self, ADDRESS, BOT, ELSEWHERE, OTHER_BOT, PEOPLE, id_of},
    transition::{
        Asked, By, End, Goal, Invitee, Person, Rights, Transfer, Transition, UserAct, Who,
    },
    view::{Reply, Told, told},
};

const TENANT: Guid = Guid::from_u128(1);
const OTHER_TENANT: Guid = Guid::from_u128(2);
/// From one key to the next.
const GAP: Duration = Duration::from_nanos(70_000_039);

/// When the shell calls the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// At every deadline.
    Punctual,
    /// Only when something else happens.
    Late,
}

/// What a bot saw of one call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    id: Option<CallId>,
    app: Guid,
    peer: Guid,
    /// The two ends, as the bot was told of them.
    ends: Option<[ParticipantId; 2]>,
    silent: bool,
    /// Whether it has moved.
    elsewhere: bool,
    /// As the replies named them.
    operations: Vec<OperationId>,
    pub told: Vec<Told>,
}

impl Seen {
    fn participant(&self, end: End) -> ParticipantId {
        let [own, other] = self.ends.expect("the bot was told of both");
        match end {
            End::Own => own,
            End::Other => other,
            End::Nobody => ParticipantId(Guid::from_u128(99)),
        }
    }
}

/// A download under way: of which call, which operation, which prompt.
pub type Download = (usize, usize, usize);

/// The platform and all around it.
pub struct System {
    platform: Platform,
    pub now: Timestamp,
    pub seen: Vec<Seen>,
    downloads: VecDeque<(FetchId, Download)>,
    /// Incoming notifications that a silent bot has not answered.
    pub unanswered: Vec<(DeliveryId, usize)>,
    replies: Vec<Reply>,
    grants: Grants,
}

impl System {
    /// One tenant with two bots and five users, and another tenant to be refused.
    pub fn new(flaw: Option<Flaw>) -> Self {
        let now = Timestamp::from_secs(1_000_000);
        let options = Options {
            set_up: SET_UP,
            audio_start: AUDIO,
            transfer_accept: ACCEPT,
            retarget: RETARGET,
            flaw,
            ..Options::default()
        };
        let mut platform = Platform::new(7, options);
        let bot = application(Permission::ALL.into());
        let admins = [(TENANT, BOT), (TENANT, OTHER_BOT), (OTHER_TENANT, BOT)]
            .map(|(tenant, app)| Admin::PutApplication { tenant, app, application: bot.clone() });
        let users = PEOPLE.iter().filter_map(|person| {
            let entry = User::new("User", on_call(*person)?);
            Some(Admin::PutUser { tenant: TENANT, user: id_of(*person), entry })
        });
        for admin in admins.into_iter().chain(users) {
            let out = platform.handle(now, Input::Admin(Box::new(admin)));
            assert_eq!(out.administered, Some(true));
        }
        Self {
            platform,
            now,
            seen: Vec::new(),
            downloads: VecDeque::new(),
            unanswered: Vec::new(),
            replies: Vec::new(),
            grants: Permission::ALL.into(),
        }
    }

    /// Downloads that the platform waits for.
    pub fn waits_for(&self, wanted: Download) -> bool {
        self.downloads.iter().any(|(_, download)| *download == wanted)
    }

    /// Feeds an input and reads what follows, as a bot and a shell would, until all is quiet.
    fn feed(&mut self, input: Input) -> Outputs {
        let mut out = self.platform.handle(self.now, input);
        if let Some(Ok(Accepted::Operation(id, view) | Accepted::OperationTaken(id, view))) =
            &out.reply
        {
            let call = self.number(*id);
            self.seen[call].operations.push(view.id);
        }
        if let Some(Ok(Accepted::Created(view))) = &out.reply {
            let call = self.number(view.id);
            self.seen[call].ends = Some(ends(view, &view.targets[0]));
        }
        let mut effects: VecDeque<Effect> = std::mem::take(&mut out.effects).into();
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Happened(_) => {}
                Effect::Fetch { fetch, call, uri } => {
                    let (operation, prompt) = requests::number_of(&uri);
                    let call = self.number(call);
                    self.downloads.push_back((fetch, (call, operation, prompt)));
                }
                Effect::Deliver(delivery) => {
                    let notification = &delivery.notifications[0];
                    let call = self.number(notification.call);
                    if let What::Incoming(view) = &notification.what {
                        self.seen[call].ends = Some(ends(view, &view.source));
                    }
                    if self.seen[call].silent && notification.is_incoming() && delivery.attempt == 1
                    {
                        self.unanswered.push((delivery.id, call));
                        continue;
                    }
                    assert_eq!(
                        delivery.app, self.seen[call].app,
                        "told to the bot whose call it is"
                    );
                    let moved = self.seen[call].elsewhere && !notification.is_incoming();
                    let address = if moved { ELSEWHERE } else { ADDRESS };
                    assert_eq!(&*delivery.callback_uri, address, "R-108");
                    let operations = &self.seen[call].operations;
                    let number = |id| operations.iter().position(|known| *known == id);
                    let told = told(notification, |id| number(id).expect("a known operation"));
                    self.seen[call].told.push(told);
                    let outcome = DeliveryOutcome::answered(202);
                    let input = Input::Delivered { delivery: delivery.id, outcome };
                    effects.extend(self.platform.handle(self.now, input).effects);
                }
            }
        }
        out
    }

    /// Feeds an input that answers nothing.
    fn tell(&mut self, input: Input) {
        let Outputs { reply: None, acted: None, .. } = self.feed(input) else {
            panic!("nobody asked anything");
        };
    }

    fn number(&mut self, id: CallId) -> usize {
        if let Some(at) = self.seen.iter().position(|seen| seen.id == Some(id)) {
            return at;
        }
        let newest = self.seen.iter().position(|seen| seen.id.is_none());
        let newest = newest.expect("a call was expected");
        self.seen[newest].id = Some(id);
        newest
    }

    /// Two transfers onto each other, begun at the very same time, have no right order; so no two begin so.
    pub fn prepare(&mut self, transition: &Transition, shell: Shell) {
        if matches!(transition, Transition::Ask { verb: Asked::Transfer(_), .. }) {
            self.wait(Duration::from_nanos(3), shell);
        }
    }

    /// Does what a transition says; returns the reply, or which download ended.
    pub fn apply(
        &mut self,
        transition: &Transition,
        shell: Shell,
    ) -> (Option<Reply>, Option<Download>) {
        let mut download = None;
        let reply = match *transition {
            Transition::Ring { silent } => Some(self.ring(silent)),
            Transition::Create { callee, app_hosted, ring } => {
                Some(self.create(callee, app_hosted, ring))
            }
            Transition::Ask { call, verb, who } => Some(self.ask(call, verb, who)),
            Transition::User { call, by, act } => Some(self.user(call, by, act)),
            Transition::Permission { which, granted } => {
                self.permission(which, granted);
                None
            }
            Transition::Fetched(outcome) => {
                if let Some((fetch, of)) = self.downloads.pop_front() {
                    self.tell(Input::Fetched { fetch, outcome });
                    download = Some(of);
                }
                None
            }
            Transition::Wait(time) => {
                self.wait(time, shell);
                None
            }
        };
        // What follows without delay.
        self.tell(Input::Deadline);
        self.replies.extend(reply.clone());
        (reply, download)
    }

    pub fn wait(&mut self, time: Duration, shell: Shell) {
        let until = self.now + time;
        if shell == Shell::Punctual {
            while let Some(due) = self.platform.next_deadline().filter(|due| *due <= until) {
                assert!(due >= self.now, "no deadline lies in the past of a punctual shell");
                self.now = due;
                self.tell(Input::Deadline);
            }
        }
        self.now = until;
        self.tell(Input::Deadline);
    }

    fn permission(&mut self, which: Rights, granted: bool) {
        let which = match which {
            Rights::One(one) => vec![one],
            Rights::All => Permission::CALLS.to_vec(),
        };
        for one in which {
            if granted {
                self.grants.insert(one);
            } else {
                self.grants.remove(&one);
            }
        }
        let application = application(self.grants);
        let admin = Admin::PutApplication { tenant: TENANT, app: BOT, application };
        self.tell(Input::Admin(Box::new(admin)));
    }

    fn expect_call(&mut self, app: Guid, peer: Guid, silent: bool) {
        self.seen.push(Seen { app, peer, silent, ..Seen::default() });
    }

    fn ring(&mut self, silent: bool) -> Reply {
        let user = id_of(Person::Answers);
        self.expect_call(BOT, user, silent);
        let act = Act::Ring {
            from: user,
            to: vec![platform::Who::Application(BOT)],
            tenant: TENANT,
            modalities: vec![Modality::Audio],
            call: None,
        };
        let out = self.feed(Input::Act(act));
        assert!(matches!(out.acted, Some(Ok(_))), "{out:?}");
        Reply::Done
    }

    fn create(&mut self, callee: Person, app_hosted: bool, ring: Option<i32>) -> Reply {
        self.expect_call(BOT, id_of(callee), false);
        let call = requests::create(callee, app_hosted, ring);
        let reply =
            self.request(Verb::CreateCall(Box::new(call)), (BOT, TENANT), Permission::ALL.into());
        if reply != Reply::Created {
            self.seen.pop();
        }
        reply
    }

    fn ask(&mut self, call: usize, verb: Asked, who: Who) -> Reply {
        let Seen { id, app, .. } = self.seen[call];
        let id = id.expect("a call that was told of");
        let other = if app == BOT { OTHER_BOT } else { BOT };
        let caller = match who {
            Who::Owner | Who::Bare => (app, TENANT),
            Who::OtherApp => (other, TENANT),
            Who::OtherTenant => (BOT, OTHER_TENANT),
        };
        let bots = verb.bots_it_rings();
        let peer = self.seen[call].peer;
        bots.iter().for_each(|bot| self.expect_call(*bot, peer, false));
        let verb = self.verb(call, verb);
        let was_elsewhere = self.seen[call].elsewhere;
        self.seen[call].elsewhere |= requests::moves(&verb);
        let roles = if who == Who::Bare { Grants::new() } else { Permission::ALL.into() };
        let reply = self.request(Verb::OnCall(id, verb), caller, roles);
        if reply != Reply::Taken {
            self.seen[call].elsewhere = was_elsewhere;
            self.seen.truncate(self.seen.len() - bots.len());
        }
        reply
    }

    fn verb(&self, call: usize, verb: Asked) -> CallVerb {
        let seen = &self.seen[call];
        let number = seen.operations.len();
        let said = number.to_string();
        let id_of_call = |other: usize| self.seen[other].id.expect("told of");
        let peer_of = |other: usize| {
            let is_peer = |person: &&Person| id_of(**person) == self.seen[other].peer;
            *PEOPLE.iter().find(is_peer).expect("one of them")
        };
        match verb {
            Asked::Get => CallVerb::Get,
            Asked::Answer(hosting) => requests::answer(hosting),
            Asked::Reject(reason) => requests::reject(reason),
            Asked::Redirect(goal, timeout) => requests::redirect(goal, timeout),
            Asked::Transfer(transfer) => {
                let (target, onto) = match transfer {
                    Transfer::To(target) => (target, None),
                    Transfer::Onto(other) => (peer_of(other), Some(id_of_call(other))),
                    Transfer::Amiss(target, other) => (target, Some(id_of_call(other))),
                };
                requests::transfer(target, onto, said)
            }
            Asked::KeepAlive => CallVerb::KeepAlive,
            Asked::Delete => CallVerb::Delete,
            Asked::Prompt(count, endless) => requests::play(number, count, endless),
            Asked::Kept => requests::play_kept(number),
            Asked::Record(how) => requests::record(number, how),
            Asked::Subscribe => CallVerb::SubscribeToTone(requests::context(said)),
            Asked::Cancel { long } => {
                let said = if long { "x".repeat(257) } else { said };
                CallVerb::CancelMediaProcessing(requests::context(said))
            }
            Asked::SendTones(count) => requests::send_tones(count, said),
            Asked::Participants => CallVerb::ListParticipants,
            Asked::Participant(end) => CallVerb::GetParticipant(seen.participant(end)),
            Asked::Operations => CallVerb::ListOperations,
            Asked::Operation => {
                let nothing = OperationId(Guid::from_u128(97));
                CallVerb::GetOperation(seen.operations.last().copied().unwrap_or(nothing))
            }
            Asked::Invite(invitee) => {
                let whom = match invitee {
                    Invitee::One(person) => vec![requests::user(person)],
                    Invitee::Nobody => Vec::new(),
                    Invitee::Several => {
                        [Person::Answers, Person::Ignores].map(requests::user).into()
                    }
                    Invitee::Replacing(other) => {
                        let mut info = requests::user(peer_of(other));
                        info.replaces_call_id = Some(id_of_call(other).to_string());
                        vec![info]
                    }
                };
                requests::invite(whom, said)
            }
            Asked::Group(group) => requests::group(group, said),
        }
    }

    fn request(&mut self, verb: Verb, (app, tenant): (Guid, Guid), roles: Grants) -> Reply {
        let caller = Caller::application(app, tenant, roles);
        let request = Request { caller, scenario: None, verb };
        let out = self.feed(Input::Request(Box::new(request)));
        let reply = out.reply.expect("a request is always answered");
        let known = |id: OperationId| {
            let mut all = self.seen.iter();
            all.find_map(|seen| seen.operations.iter().position(|known| *known == id))
        };
        Reply::read(&reply, |view| known(view.id).expect("a known operation"))
    }

    fn user(&mut self, call: usize, by: By, act: UserAct) -> Reply {
        let Seen { id, peer, .. } = self.seen[call];
        let id = id.expect("told of");
        let by = match by {
            By::Peer => peer,
            By::Guest(person) => id_of(person),
        };
        let what = match act {
            UserAct::HangUp => platform::UserAct::HangUp,
            UserAct::Answer => platform::UserAct::Answer,
            UserAct::Decline => platform::UserAct::Decline,
            UserAct::Hold => platform::UserAct::Hold,
            UserAct::Resume => platform::UserAct::Resume,
            UserAct::Press { both } => {
                let keys = [Tone::Tone1, Tone::Pound];
                platform::UserAct::Press(keys[usize::from(!both)..].to_vec(), GAP)
            }
            UserAct::Speak(length) => platform::UserAct::Speak(length),
            UserAct::Mute => platform::UserAct::Mute,
            UserAct::Invite(whom) => {
                platform::UserAct::Invite(vec![platform::Who::User(id_of(whom))])
            }
            UserAct::RemoveBot => platform::UserAct::RemoveBot,
        };
        let act = Act::InCall { call: id, by, what };
        match self.feed(Input::Act(act)).acted.expect("an act is always answered") {
            Ok(_) => Reply::Done,
            Err(ActRefusal::Unknown(_)) => Reply::Refused(404, "act"),
            Err(ActRefusal::NotNow(_)) => Reply::Refused(409, "act"),
        }
    }

    /// The silent bot's connection breaks, too late to count; the platform tries again, and now it reads.
    pub fn unsilence(&mut self) {
        self.wait(Duration::from_secs(6), Shell::Punctual);
        for (delivery, _) in std::mem::take(&mut self.unanswered) {
            self.tell(Input::Delivered { delivery, outcome: DeliveryOutcome::NoAnswer });
        }
        self.wait(Duration::from_secs(2), Shell::Punctual);
    }

    /// Replies and notifications, for comparing two runs.
    pub fn story(&self) -> (&[Reply], Vec<&[Told]>) {
        (&self.replies, self.seen.iter().map(|seen| &seen.told[..]).collect())
    }
}

impl Asked {
    /// Whose calls come of it, if it succeeds.
    fn bots_it_rings(self) -> &'static [Guid] {
        match self {
            Self::Redirect(Goal::Bot | Goal::BotAnd(_), _) => &[OTHER_BOT],
            Self::Redirect(Goal::Bots, _) => &[OTHER_BOT, BOT],
            _ => &[],
        }
    }
}

fn ends(view: &CallView, other: &platform::Party) -> [ParticipantId; 2] {
    [view.my_participant, other.participant]
}

fn application(grants: Grants) -> Application {
    Application { callback_uri: Some(ADDRESS.to_owned()), grants, ..Application::new("Bot") }
}

fn on_call(person: Person) -> Option<OnCall> {
    Some(match person {
        Person::Answers => OnCall::Answer { after: Duration::from_millis(300) },
        Person::Declines => OnCall::Decline,
        Person::Ignores => OnCall::Ignore,
        Person::Busy => OnCall::Busy,
        Person::Offline => OnCall::Offline,
        Person::Unknown => return None,
    })
}

//! Lets the platform and the reference live through the same history, and compares what a bot can see.

use std::{collections::VecDeque, time::Duration};

use graph_api::{
    AnswerRequest, Call, Guid, Identity, IdentitySet, InvitationParticipantInfo, MediaConfig,
    MediaInfo, MediaPrompt, Modality, PlayPromptRequest, RejectReason, RejectRequest, Timestamp,
};
use platform::{
    Act, ActRefusal, Admin, Application, CallId, CallVerb, Caller, DeliveryId, DeliveryOutcome,
    Effect, FetchError, FetchId, Flaw, Grants, Input, OnCall, OperationId, Options, Outputs,
    Permission, Platform, Request, User, Verb,
};

use super::{
    choose::Choose,
    reference::Reference,
    transition::{Asked, CALLS_MAX, Callee, Transition, UserAct, Who},
    view::{Reply, Told, told},
};

const TENANT: Guid = Guid::from_u128(1);
const OTHER_TENANT: Guid = Guid::from_u128(2);
const BOT: Guid = Guid::from_u128(3);
const OTHER_BOT: Guid = Guid::from_u128(4);
const USERS: [(Guid, Callee); 3] = [
    (Guid::from_u128(10), Callee::Answers),
    (Guid::from_u128(11), Callee::Declines),
    (Guid::from_u128(12), Callee::Ignores),
];

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
struct Seen {
    id: Option<CallId>,
    user: Guid,
    silent: bool,
    operations: Vec<OperationId>,
    told: Vec<Told>,
}

/// The platform, and a bot that reads everything.
pub struct System {
    platform: Platform,
    now: Timestamp,
    seen: Vec<Seen>,
    /// Downloads under way: of which call, and the number of the prompt.
    fetches: VecDeque<(FetchId, usize, usize)>,
    /// Incoming notifications that a silent bot has not answered.
    unanswered: Vec<(DeliveryId, usize)>,
    replies: Vec<Reply>,
}

/// The two disagree.
#[derive(Debug)]
pub struct Mismatch(pub String);

impl System {
    /// One tenant with a bot and three users, and another bot and tenant to be refused.
    pub fn new(flaw: Option<Flaw>) -> Self {
        let now = Timestamp::from_secs(1_000_000);
        let mut platform = Platform::new(7, Options { flaw, ..Options::default() });
        let bot = application(Permission::ALL.into());
        let other = application(Grants::new());
        let admins =
            [(TENANT, BOT, bot.clone()), (TENANT, OTHER_BOT, other), (OTHER_TENANT, BOT, bot)].map(
                |(tenant, app, application)| Admin::PutApplication { tenant, app, application },
            );
        let users = USERS.map(|(user, callee)| Admin::PutUser {
            tenant: TENANT,
            user,
            entry: User::new("User", on_call(callee)),
        });
        for admin in admins.into_iter().chain(users) {
            assert_eq!(
                platform.handle(now, Input::Admin(Box::new(admin))).administered,
                Some(true)
            );
        }
        Self {
            platform,
            now,
            seen: Vec::new(),
            fetches: VecDeque::new(),
            unanswered: Vec::new(),
            replies: Vec::new(),
        }
    }

    /// Feeds an input and reads what follows, as a bot and a shell would, until all is quiet.
    fn feed(&mut self, input: Input) -> Outputs {
        let out = self.platform.handle(self.now, input);
        let mut effects: VecDeque<Effect> = out.effects.clone().into();
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Happened(_) => {}
                Effect::Fetch { fetch, call, uri } => {
                    let call = self.number(call);
                    self.fetches.push_back((fetch, call, number_of(&uri)));
                }
                Effect::Deliver(delivery) => {
                    let call = self.number(delivery.notifications[0].call);
                    if self.seen[call].silent
                        && delivery.notifications[0].is_incoming()
                        && delivery.attempt == 1
                    {
                        self.unanswered.push((delivery.id, call));
                        continue;
                    }
                    let operations = &self.seen[call].operations;
                    let told = told(&delivery.notifications[0], |id| {
                        operations.iter().position(|known| *known == id).expect("a known operation")
                    });
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
        let newest =
            self.seen.iter().position(|seen| seen.id.is_none()).expect("a call was expected");
        self.seen[newest].id = Some(id);
        newest
    }

    /// Does what a transition says; returns the reply, and for a download its call and its prompt.
    fn apply(
        &mut self,
        transition: &Transition,
        shell: Shell,
    ) -> (Option<Reply>, Option<(usize, usize)>) {
        let reply = match transition {
            Transition::Ring { silent } => Some(self.ring(*silent)),
            Transition::Create { callee } => Some(self.create(*callee)),
            Transition::Ask { call, verb, who } => Some(self.ask(*call, *verb, *who)),
            Transition::User { call, act } => Some(self.user(*call, *act)),
            Transition::Permission { granted } => {
                let mut grants = Grants::from(Permission::ALL);
                if !granted {
                    grants.remove(&Permission::Initiate);
                }
                let application = application(grants);
                let admin = Admin::PutApplication { tenant: TENANT, app: BOT, application };
                self.tell(Input::Admin(Box::new(admin)));
                None
            }
            Transition::Fetched { length } => {
                let Some((fetch, call, prompt)) = self.fetches.pop_front() else {
                    return (None, None);
                };
                let outcome = length.ok_or(FetchError::Download);
                self.tell(Input::Fetched { fetch, outcome });
                return (None, Some((call, prompt)));
            }
            Transition::Wait(time) => {
                self.wait(*time, shell);
                None
            }
        };
        if let Some(reply) = &reply {
            self.replies.push(reply.clone());
        }
        (reply, None)
    }

    fn wait(&mut self, time: Duration, shell: Shell) {
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

    fn expect_call(&mut self, user: Guid, silent: bool) {
        self.seen.push(Seen { user, silent, ..Seen::default() });
    }

    fn ring(&mut self, silent: bool) -> Reply {
        let user = USERS[0].0;
        self.expect_call(user, silent);
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

    fn create(&mut self, callee: Callee) -> Reply {
        let user = USERS.iter().find(|(_, reacts)| *reacts == callee).expect("one of three").0;
        self.expect_call(user, false);
        let identity = IdentitySet {
            user: Some(Identity { id: Some(user.to_string()), ..Identity::default() }),
            ..IdentitySet::default()
        };
        let call = Call {
            callback_uri: Some("https://bot.example/api".to_owned()),
            targets: Some(vec![InvitationParticipantInfo { identity, ..Default::default() }]),
            requested_modalities: Some(vec![Modality::Audio]),
            media_config: Some(service_hosted()),
            ..Call::default()
        };
        let reply = self.request(Verb::CreateCall(Box::new(call)), Who::Bot);
        if reply != Reply::Created {
            self.seen.pop();
        }
        reply
    }

    fn ask(&mut self, call: usize, verb: Asked, who: Who) -> Reply {
        let id = self.seen[call].id.expect("a call that was told of");
        let verb = match verb {
            Asked::Get => CallVerb::Get,
            Asked::Answer => CallVerb::Answer(Box::new(AnswerRequest {
                accepted_modalities: Some(vec![Modality::Audio]),
                media_config: Some(service_hosted()),
                ..AnswerRequest::default()
            })),
            Asked::Reject => CallVerb::Reject(RejectRequest {
                reason: Some(RejectReason::Busy),
                ..RejectRequest::default()
            }),
            Asked::Prompt(count) => CallVerb::PlayPrompt(Box::new(PlayPromptRequest {
                prompts: (0..count).map(prompt).collect(),
                ..PlayPromptRequest::default()
            })),
            Asked::KeepAlive => CallVerb::KeepAlive,
            Asked::Delete => CallVerb::Delete,
        };
        self.request(Verb::OnCall(id, verb), who)
    }

    fn request(&mut self, verb: Verb, who: Who) -> Reply {
        let (app, tenant) = match who {
            Who::Bot => (BOT, TENANT),
            Who::OtherApp => (OTHER_BOT, TENANT),
            Who::OtherTenant => (BOT, OTHER_TENANT),
        };
        let roles = Grants::from(Permission::ALL);
        let caller = Caller::application(app, tenant, roles);
        let on = if let Verb::OnCall(id, _) = &verb { Some(*id) } else { None };
        let request = Request { caller, scenario: None, verb };
        // The operation's number is needed before its end is told, and both may come at once.
        let before = on.map(|id| self.platform.operations(id).len()).unwrap_or(0);
        let out = self.platform.handle(self.now, Input::Request(Box::new(request)));
        if let Some(id) = on {
            let call = self.number(id);
            let new = self.platform.operations(id);
            let known = &mut self.seen[call].operations;
            known.extend(new.iter().skip(before).map(|operation| operation.id));
        }
        let reply = Reply::from(out.reply.as_ref().expect("a request is always answered"));
        self.replay(out.effects);
        reply
    }

    /// Reads effects that have already been computed.
    fn replay(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Happened(_) => {}
                Effect::Fetch { fetch, call, uri } => {
                    let call = self.number(call);
                    self.fetches.push_back((fetch, call, number_of(&uri)));
                }
                Effect::Deliver(delivery) => {
                    let call = self.number(delivery.notifications[0].call);
                    let operations = &self.seen[call].operations;
                    let told = told(&delivery.notifications[0], |id| {
                        operations.iter().position(|known| *known == id).expect("a known operation")
                    });
                    self.seen[call].told.push(told);
                    let outcome = DeliveryOutcome::answered(202);
                    self.tell(Input::Delivered { delivery: delivery.id, outcome });
                }
            }
        }
    }

    fn user(&mut self, call: usize, act: UserAct) -> Reply {
        let (id, by) = (self.seen[call].id.expect("told of"), self.seen[call].user);
        let act = match act {
            UserAct::HangUp => platform::UserAct::HangUp,
            UserAct::Answer => platform::UserAct::Answer,
            UserAct::Decline => platform::UserAct::Decline,
        };
        let act = Act::InCall { call: id, by, what: act };
        match self.feed(Input::Act(act)).acted.expect("an act is always answered") {
            Ok(_) => Reply::Done,
            Err(ActRefusal::Unknown(_)) => Reply::Refused(404, "act"),
            Err(ActRefusal::NotNow(_)) => Reply::Refused(409, "act"),
        }
    }

    /// The silent bot's connection breaks; the platform tries again, and now it reads.
    fn unsilence(&mut self) {
        for (delivery, _) in std::mem::take(&mut self.unanswered) {
            self.tell(Input::Delivered { delivery, outcome: DeliveryOutcome::NoAnswer });
        }
        self.wait(Duration::from_secs(2), Shell::Punctual);
    }

    /// Replies and notifications, for comparing two runs.
    pub fn story(&self) -> (Vec<Reply>, Vec<Vec<Told>>) {
        (self.replies.clone(), self.seen.iter().map(|seen| seen.told.clone()).collect())
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
    let mut system = System::new(flaw);
    let mut reference = Reference::new(system.now);
    let mut steps = Vec::new();
    for _ in 0..length {
        let transition = Transition::choose(choices, reference.made());
        steps.push(transition.clone());
        assert!(reference.made() <= CALLS_MAX);
        let wanted = reference.apply(&transition);
        let (got, fetched) = system.apply(&transition, Shell::Punctual);
        if let (Some((call, prompt)), Transition::Fetched { length }) = (fetched, &transition)
            && let Some(wanted) =
                reference.fetched(call, *length).filter(|wanted| *wanted != prompt)
        {
            return Err(Mismatch(format!("{steps:?}\nprompt {prompt} loaded, expected {wanted}")));
        }
        reference.now = system.now;
        if got != wanted {
            return Err(Mismatch(format!("{steps:?}\nreply: {got:?}, expected {wanted:?}")));
        }
        compare(&system, &reference, &steps)?;
    }
    system.unsilence();
    reference.now = system.now;
    compare(&system, &reference, &steps)
}

fn compare(system: &System, reference: &Reference, steps: &[Transition]) -> Result<(), Mismatch> {
    for (call, seen) in system.seen.iter().enumerate() {
        // A notification that a silent bot does not answer holds back those behind it.
        if system.unanswered.iter().any(|(_, held)| *held == call) {
            continue;
        }
        let wanted = reference.told(call);
        if seen.told != wanted {
            let told = &seen.told;
            return Err(Mismatch(format!("{steps:?}\ncall {call}: {told:?}, expected {wanted:?}")));
        }
    }
    Ok(())
}

/// Runs one history twice, with a punctual shell and with a late one: the story must be the same.
///
/// # Errors
/// Both stories, if they differ.
pub fn late_caller(
    choices: &mut dyn Choose,
    length: usize,
    flaw: Option<Flaw>,
) -> Result<(), Mismatch> {
    let (mut punctual, mut late) = (System::new(flaw), System::new(flaw));
    let mut made = 0;
    let mut steps = Vec::new();
    for _ in 0..length {
        let transition = Transition::choose(choices, made);
        // When a download starts depends on when the shell hears of it; that is the world's delay, not
        // the platform's, so histories with downloads are left to the other comparison.
        if matches!(transition, Transition::Ask { verb: Asked::Prompt(_), .. })
            || matches!(transition, Transition::Ring { silent: true })
        {
            continue;
        }
        steps.push(transition.clone());
        punctual.apply(&transition, Shell::Punctual);
        late.apply(&transition, Shell::Late);
        made = punctual.seen.len();
    }
    let (on_time, too_late) = (punctual.story(), late.story());
    if on_time != too_late {
        return Err(Mismatch(format!("{steps:?}\non time: {on_time:#?}\nlate: {too_late:#?}")));
    }
    Ok(())
}

fn application(grants: Grants) -> Application {
    Application {
        callback_uri: Some("https://bot.example/api".to_owned()),
        grants,
        ..Application::new("Bot")
    }
}

fn on_call(callee: Callee) -> OnCall {
    match callee {
        Callee::Answers => OnCall::Answer { after: Duration::from_millis(300) },
        Callee::Declines => OnCall::Decline,
        Callee::Ignores => OnCall::Ignore,
    }
}

fn service_hosted() -> MediaConfig {
    let odata_type = Some("#microsoft.graph.serviceHostedMediaConfig".to_owned());
    MediaConfig { odata_type, ..MediaConfig::default() }
}

fn number_of(uri: &str) -> usize {
    let name = uri.rsplit('/').next().and_then(|name| name.strip_suffix(".wav"));
    name.and_then(|number| number.parse().ok()).expect("a prompt of this test")
}

fn prompt(number: usize) -> MediaPrompt {
    let uri = format!("https://bot.example/{number}.wav");
    MediaPrompt { media_info: MediaInfo { uri, ..MediaInfo::default() }, ..MediaPrompt::default() }
}

//! What may happen next. Legal or not: refusals are part of the story.

use std::time::Duration;

use platform::{FetchError, Permission};

use super::choose::Choose;

/// One step of a history. Calls are named by the order in which they came about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Transition {
    /// The user who picks up rings the bot; it acknowledges, or stays silent.
    Ring { silent: bool },
    /// The bot calls a user, who rings as long as the bot says (seconds).
    Create { callee: Person, app_hosted: bool, ring: Option<i32> },
    /// Something is asked of a call.
    Ask { call: usize, verb: Asked, who: Who },
    /// Somebody acts: the user at the other end, or somebody else.
    User { call: usize, by: By, act: UserAct },
    /// The oldest download that is under way ends.
    Fetched(Result<Duration, FetchError>),
    /// The administrator takes permissions away from the bot, or gives them back.
    Permission { which: Rights, granted: bool },
    /// Time passes.
    Wait(Duration),
}

/// The users, by how they react when rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// Picks up after 300 ms.
    Answers,
    /// Declines.
    Declines,
    /// Lets it ring.
    Ignores,
    /// Is in another call.
    Busy,
    /// Has no client.
    Offline,
    /// Is not in this tenant.
    Unknown,
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The other end of the call.
    Peer,
    /// This user, who may have been invited or redirected to.
    Guest(Person),
}

/// What is asked of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Get,
    Answer(Hosting),
    /// With this reason; none, busy, forbidden.
    Reject(Option<Reason>),
    Redirect(Goal, Option<i32>),
    Transfer(Transfer),
    KeepAlive,
    Delete,
    /// Play so many prompts, for ever or once.
    Prompt(usize, bool),
    /// Play the prompt that is kept under its `resourceId`.
    Kept,
    Record(Recording),
    Subscribe,
    /// With a clientContext that is too long, or not.
    Cancel {
        long: bool,
    },
    /// Press so many keys.
    SendTones(usize),
    Participants,
    Participant(End),
    Operations,
    /// The newest one.
    Operation,
    Invite(Invitee),
    /// What only group calls can do.
    Group(Group),
}

/// Whose media it is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hosting {
    Service,
    /// The service, which is to fetch the kept prompt ahead; and the bot moves to another address.
    Moving,
    App,
    /// The bot does not say.
    Unsaid,
}

/// Why the bot rejects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    None,
    Busy,
    Forbidden,
}

/// Where a caller is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    One(Person),
    Two(Person, Person),
    Voicemail,
    /// The other bot.
    Bot,
    /// Both bots.
    Bots,
    /// The other bot and a user, whoever is first.
    BotAnd(Person),
    Nobody,
    TooMany,
}

/// To whom the other end is put through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transfer {
    To(Person),
    /// Onto this call, with whoever is at its other end.
    Onto(usize),
    /// Onto this call, though somebody else is named.
    Amiss(Person, usize),
}

/// How the bot records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recording {
    /// By the defaults: a beep, then five seconds of everything.
    Plain,
    /// After a prompt, ended by `#`.
    Prompted,
    /// Barges in; no beep, short silences.
    BargesIn,
    /// Longer than allowed.
    TooLong,
}

/// Whom the bot looks for in the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Own,
    Other,
    Nobody,
}

/// Whom the bot invites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invitee {
    One(Person),
    Nobody,
    Several,
    /// The other end of this call, which is to be replaced.
    Replacing(usize),
}

/// What only group calls can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Mute,
    Unmute,
    Metadata,
    ShareScreen,
    RecordingStatus,
    Gallery,
    MuteAll,
    Remove,
    HoldMusic,
    AdmitAll,
    ContentSharing,
    RoutingGroups,
}

/// Whose token is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// That of the bot whose call it is.
    Owner,
    /// The same, though without any role in it.
    Bare,
    /// Another bot's of the same tenant.
    OtherApp,
    /// The bot's, but of another tenant.
    OtherTenant,
}

/// Permissions that come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    One(Permission),
    All,
}

/// What a user does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserAct {
    HangUp,
    Answer,
    Decline,
    Hold,
    Resume,
    /// Presses `1` and `#`, or `#` alone.
    Press {
        both: bool,
    },
    Speak(Duration),
    Mute,
    Invite(Person),
    RemoveBot,
}

/// Calls that a history begins by itself; redirects may make more.
pub const CALLS_MAX: usize = 3;

/// Odd lengths, so that no two things are due at the same moment by accident.
pub const WAITS: [u64; 9] = [
    60_000_001,
    150_000_003,
    450_000_019,
    2_300_000_029,
    4_999_000_007,
    11_000_000_009,
    61_000_000_013,
    1_500_000_000_017,
    2_700_000_000_000,
];

const PEOPLE: [Person; 6] = [
    Person::Answers,
    Person::Ignores,
    Person::Declines,
    Person::Busy,
    Person::Offline,
    Person::Unknown,
];

const GROUP: [Group; 12] = [
    Group::Mute,
    Group::Unmute,
    Group::Metadata,
    Group::ShareScreen,
    Group::RecordingStatus,
    Group::Gallery,
    Group::MuteAll,
    Group::Remove,
    Group::HoldMusic,
    Group::AdmitAll,
    Group::ContentSharing,
    Group::RoutingGroups,
];

const RIGHTS: [Rights; 5] = [
    Rights::One(Permission::Initiate),
    Rights::One(Permission::InitiateGroupCall),
    Rights::One(Permission::JoinGroupCall),
    Rights::One(Permission::AccessMedia),
    Rights::All,
];

const FETCHED: [Result<Duration, FetchError>; 4] = [
    Ok(Duration::from_nanos(1_100_000_021)),
    Ok(Duration::from_nanos(33_000_023)),
    Err(FetchError::Download),
    Err(FetchError::Format),
];

/// How calls begin.
const BEGINNINGS: [Transition; 13] = [
    Transition::Ring { silent: false },
    Transition::Ring { silent: true },
    create(Person::Answers),
    create(Person::Ignores),
    create(Person::Declines),
    create(Person::Busy),
    create(Person::Offline),
    create(Person::Unknown),
    Transition::Create { callee: Person::Answers, app_hosted: true, ring: None },
    Transition::Create { callee: Person::Ignores, app_hosted: false, ring: Some(20) },
    Transition::Create { callee: Person::Ignores, app_hosted: false, ring: Some(116) },
    Transition::Permission { which: RIGHTS[0], granted: false },
    Transition::Permission { which: RIGHTS[0], granted: true },
];

const fn create(callee: Person) -> Transition {
    Transition::Create { callee, app_hosted: false, ring: None }
}

/// What is most often asked: a bot that goes about its business.
const USUAL: [Asked; 13] = [
    Asked::Answer(Hosting::Service),
    Asked::Prompt(1, false),
    Asked::Prompt(2, false),
    Asked::Kept,
    Asked::Record(Recording::Plain),
    Asked::Record(Recording::BargesIn),
    Asked::Subscribe,
    Asked::KeepAlive,
    Asked::Get,
    Asked::Transfer(Transfer::To(Person::Ignores)),
    Asked::Invite(Invitee::One(Person::Answers)),
    Asked::Cancel { long: false },
    Asked::SendTones(3),
];

const RARER: [Asked; 23] = [
    Asked::Answer(Hosting::App),
    Asked::Answer(Hosting::Moving),
    Asked::Answer(Hosting::Unsaid),
    Asked::Reject(None),
    Asked::Reject(Some(Reason::None)),
    Asked::Reject(Some(Reason::Busy)),
    Asked::Reject(Some(Reason::Forbidden)),
    Asked::Delete,
    Asked::Prompt(1, true),
    Asked::Prompt(0, false),
    Asked::Prompt(21, false),
    Asked::Record(Recording::Prompted),
    Asked::Record(Recording::TooLong),
    Asked::Cancel { long: true },
    Asked::SendTones(0),
    Asked::Participants,
    Asked::Participant(End::Own),
    Asked::Participant(End::Other),
    Asked::Participant(End::Nobody),
    Asked::Operations,
    Asked::Operation,
    Asked::Invite(Invitee::Nobody),
    Asked::Invite(Invitee::Several),
];

const REDIRECTS: [(Goal, Option<i32>); 15] = [
    (Goal::One(Person::Answers), None),
    (Goal::One(Person::Ignores), Some(15)),
    (Goal::One(Person::Declines), Some(90)),
    (Goal::One(Person::Answers), Some(14)),
    (Goal::One(Person::Answers), Some(91)),
    (Goal::One(Person::Unknown), None),
    (Goal::Two(Person::Ignores, Person::Declines), None),
    (Goal::Voicemail, None),
    (Goal::Bot, None),
    (Goal::Bot, Some(20)),
    (Goal::Bots, None),
    (Goal::BotAnd(Person::Answers), None),
    (Goal::BotAnd(Person::Ignores), None),
    (Goal::Nobody, None),
    (Goal::TooMany, None),
];

const ACTS: [UserAct; 13] = [
    UserAct::HangUp,
    UserAct::Answer,
    UserAct::Decline,
    UserAct::Hold,
    UserAct::Resume,
    UserAct::Press { both: true },
    UserAct::Press { both: false },
    UserAct::Speak(Duration::from_nanos(700_000_037)),
    UserAct::Speak(Duration::from_nanos(7_000_000_041)),
    UserAct::Mute,
    UserAct::Invite(Person::Answers),
    UserAct::Invite(Person::Ignores),
    UserAct::RemoveBot,
];

/// Draws one of them.
fn any<T: Copy>(choices: &mut dyn Choose, of: &[T]) -> T {
    of[choices.below(of.len() as u32) as usize]
}

impl Transition {
    /// Whether all calls that it names are among the first `made`.
    pub fn is_possible(&self, made: usize) -> bool {
        let (call, other) = match *self {
            Self::Ask { call, verb, .. } => {
                let other = match verb {
                    Asked::Transfer(Transfer::Onto(other) | Transfer::Amiss(_, other))
                    | Asked::Invite(Invitee::Replacing(other)) => other,
                    _ => call,
                };
                (call, other)
            }
            Self::User { call, .. } => (call, call),
            Self::Ring { .. }
            | Self::Create { .. }
            | Self::Fetched(_)
            | Self::Permission { .. }
            | Self::Wait(_) => return true,
        };
        call.max(other) < made
    }

    /// Draws one; `made` calls exist so far.
    pub fn choose(choices: &mut dyn Choose, made: usize) -> Self {
        if made == 0 {
            return Self::begin(choices);
        }
        let call = match choices.below(4) {
            0 => choices.below(made as u32) as usize,
            _ => made - 1,
        };
        let ask = |verb| Self::Ask { call, verb, who: Who::Owner };
        match choices.below(20) {
            0..=4 => ask(any(choices, &USUAL)),
            5 => ask(any(choices, &RARER)),
            6 | 7 => ask(Self::choose_other(choices, made)),
            8..=11 => Self::Wait(Duration::from_nanos(any(choices, &WAITS[..]))),
            12 | 13 => Self::Fetched(any(choices, &FETCHED)),
            14 => Self::User { call, by: By::Peer, act: any(choices, &ACTS) },
            15 => Self::User { call, by: By::Peer, act: any(choices, &ACTS[3..9]) },
            16 => {
                let by = By::Guest(any(choices, &PEOPLE[..3]));
                Self::User { call, by, act: any(choices, &ACTS[..3]) }
            }
            17 => {
                let who = any(choices, &[Who::Bare, Who::OtherApp, Who::OtherTenant]);
                let verb = match choices.below(4) {
                    0 => Asked::Redirect(Goal::One(Person::Answers), None),
                    1 => Asked::Subscribe,
                    2 => Asked::Delete,
                    _ => Asked::Get,
                };
                Self::Ask { call, verb, who }
            }
            18 => Self::Permission { which: any(choices, &RIGHTS), granted: choices.below(2) == 1 },
            _ if made < CALLS_MAX => Self::begin(choices),
            _ => ask(any(choices, &USUAL)),
        }
    }

    /// Half of the time, a call that may get far.
    fn begin(choices: &mut dyn Choose) -> Self {
        match choices.below(4) {
            0 => BEGINNINGS[0],
            1 => create(Person::Answers),
            _ => any(choices, &BEGINNINGS),
        }
    }

    /// What concerns several, or moves the call elsewhere.
    fn choose_other(choices: &mut dyn Choose, made: usize) -> Asked {
        let mut onto = || choices.below(made as u32) as usize;
        let other = onto();
        match choices.below(6) {
            0 => {
                let (goal, timeout) = any(choices, &REDIRECTS);
                Asked::Redirect(goal, timeout)
            }
            1 => Asked::Transfer(Transfer::To(any(choices, &PEOPLE))),
            2 => Asked::Transfer(Transfer::Onto(other)),
            3 => match choices.below(3) {
                0 => Asked::Transfer(Transfer::Amiss(Person::Busy, other)),
                _ => Asked::Invite(Invitee::Replacing(other)),
            },
            4 => Asked::Invite(Invitee::One(any(choices, &PEOPLE))),
            _ => Asked::Group(any(choices, &GROUP)),
        }
    }

    /// Everything that may happen to this call, for enumerating; where two calls are named, the other is the
    /// first one.
    pub fn menu(call: usize) -> Vec<Self> {
        let mut all: Vec<Self> = BEGINNINGS.to_vec();
        all.extend(RIGHTS.map(|which| Self::Permission { which, granted: false }));
        all.extend(FETCHED.map(Self::Fetched));
        all.extend(WAITS.map(|nanos| Self::Wait(Duration::from_nanos(nanos))));
        all.extend(ACTS.map(|act| Self::User { call, by: By::Peer, act }));
        let guest = By::Guest(Person::Ignores);
        all.extend(ACTS[..3].iter().map(|act| Self::User { call, by: guest, act: *act }));
        let verbs = USUAL
            .into_iter()
            .chain(RARER)
            .chain(REDIRECTS.map(|(goal, timeout)| Asked::Redirect(goal, timeout)));
        let verbs = verbs
            .chain(PEOPLE.map(|target| Asked::Transfer(Transfer::To(target))))
            .chain(PEOPLE.map(|whom| Asked::Invite(Invitee::One(whom))))
            .chain(GROUP.map(Asked::Group))
            .chain([
                Asked::Transfer(Transfer::Onto(0)),
                Asked::Transfer(Transfer::Amiss(Person::Busy, 0)),
                Asked::Invite(Invitee::Replacing(0)),
            ]);
        all.extend(verbs.map(|verb| Self::Ask { call, verb, who: Who::Owner }));
        for who in [Who::Bare, Who::OtherApp, Who::OtherTenant] {
            all.push(Self::Ask { call, verb: Asked::Get, who });
        }
        all
    }
}

//! What may happen next around a meeting, two bots and four users. Legal or not: refusals are part of the story.

use std::time::Duration;

use crate::choose::Choose;

/// Users by number: the first two pick up after a second, the third declines, the fourth lets it ring.
pub const USERS: u32 = 4;
/// Legs that a history may make.
pub const LEGS_MAX: usize = 6;

/// One step of a history. Legs are named by the order in which they came about.
#[derive(Debug, Clone, PartialEq)]
pub enum Transition {
    /// A bot joins the meeting; by another's guest name, or as itself.
    Join { bot: usize, way: Way },
    /// A bot calls two users.
    Group { bot: usize, users: [usize; 2] },
    /// The first user rings a bot; or a bot and the second user.
    Ring { bot: usize, with: bool },
    /// The organizer (the first user) invites a bot to the meeting.
    InviteBot { bot: usize },
    /// Something is asked of a leg.
    Ask { leg: usize, verb: Asked, by: By },
    /// A user acts in the meeting.
    InMeeting { user: usize, act: Act },
    /// A user acts in a call that a bot knows.
    InCall { leg: usize, user: usize, act: Act },
    /// The administrator takes something from a bot, or gives all back.
    Lacks { bot: usize, lack: Lack },
    /// Time passes.
    Wait(Duration),
}

/// How a bot joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By the organizer's coordinates.
    Organizer,
    /// By its number.
    MeetingId,
    /// By the organizer's coordinates, under a guest's name.
    Guest,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Answer,
    Reject,
    Delete,
    KeepAlive,
    List,
    Mute(bool),
    MuteAll,
    MuteUser(usize),
    HoldUser(usize),
    Invite(usize),
    InviteTwo(usize, usize),
    /// The other bot, shown or hidden.
    InviteOther(bool),
    /// The peer of that other leg, which is to end.
    InviteReplacing(usize),
    RemoveUser(usize),
    RemoveLeg(usize),
    Admit,
}

/// Whose token is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Own,
    OtherApp,
    OtherTenant,
}

/// What users do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Join,
    HangUp,
    Mute(bool),
    Video(bool),
    Share(bool),
    Answer,
    Decline,
    Invite(usize),
    RemoveBot,
    MuteBot,
    Admit,
    End,
}

/// What an administrator withholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    Nothing,
    InitiateGroup,
    /// JoinGroupCall, but not …AsGuest.
    Member,
    /// Both permissions to join.
    Join,
    /// The tenant's allowance to remove participants.
    Removal,
}

/// Odd lengths, so that no two things are due at the same moment by accident.
const WAITS: [u64; 8] = [
    60_000_001,
    150_000_003,
    350_000_007,
    1_100_000_009,
    4_999_000_011,
    15_000_000_013,
    61_000_000_017,
    1_500_000_000_019,
];

impl Transition {
    /// Draws one; `made` legs exist so far.
    pub fn choose(choices: &mut dyn Choose, made: usize) -> Self {
        let bot = choices.below(2) as usize;
        let leg = |choices: &mut dyn Choose| choices.below(made.max(1) as u32) as usize;
        match choices.below(if made == 0 { 4 } else { 15 }) {
            0 => Self::begin(choices, bot, made),
            1 => {
                let user = somebody(choices);
                Self::InMeeting { user, act: act(choices) }
            }
            2 => Self::Wait(Duration::from_nanos(WAITS[choices.below(8) as usize])),
            3 => {
                let lacks = [
                    Lack::Nothing,
                    Lack::InitiateGroup,
                    Lack::Member,
                    Lack::Join,
                    Lack::Removal,
                    Lack::Nothing,
                ];
                Self::Lacks { bot, lack: lacks[choices.below(6) as usize] }
            }
            4 => {
                let (leg, user) = (leg(choices), somebody(choices));
                Self::InCall { leg, user, act: act(choices) }
            }
            5 => {
                let (leg, verb) = (leg(choices), asked(choices, made));
                let by = [By::OtherApp, By::OtherTenant][choices.below(2) as usize];
                Self::Ask { leg, verb, by }
            }
            6 | 7 => {
                // Somebody who was rung should answer now and then.
                Self::Ask { leg: made - 1, verb: Asked::Answer, by: By::Own }
            }
            // Most things are possible only once a call is established.
            8 | 9 => Self::Wait(Duration::from_nanos(WAITS[1 + choices.below(2) as usize])),
            10 => {
                let leg = leg(choices);
                Self::InCall { leg, user: 0, act: Act::Invite(1 + choices.below(3) as usize) }
            }
            _ => {
                let (leg, verb) = (leg(choices), asked(choices, made));
                Self::Ask { leg, verb, by: By::Own }
            }
        }
    }

    fn begin(choices: &mut dyn Choose, bot: usize, made: usize) -> Self {
        if made >= LEGS_MAX {
            return Self::Wait(Duration::from_nanos(WAITS[1]));
        }
        match choices.below(8) {
            0 => Self::Join { bot, way: Way::Organizer },
            1 => Self::Join { bot, way: Way::MeetingId },
            2 => Self::Join { bot, way: Way::Guest },
            3 => Self::Group { bot, users: [0, 1] },
            4 => Self::Group { bot, users: [2, 3] },
            5 => Self::Ring { bot, with: false },
            6 => Self::Ring { bot, with: true },
            _ => Self::InviteBot { bot },
        }
    }
}

/// The first two users do more than the others, who are hardly ever anywhere.
fn somebody(choices: &mut dyn Choose) -> usize {
    [0, 0, 0, 1, 1, 2, 3][choices.below(7) as usize]
}

fn act(choices: &mut dyn Choose) -> Act {
    let other = choices.below(USERS) as usize;
    match choices.below(18) {
        0 | 1 => Act::Join,
        2 | 3 => Act::HangUp,
        4 => Act::Mute(true),
        5 => Act::Mute(false),
        6 => Act::Video(true),
        7 => Act::Video(false),
        8 => Act::Share(true),
        9 => Act::Share(false),
        10 => Act::Answer,
        11 => Act::Decline,
        12..=14 => Act::Invite(other),
        15 => Act::RemoveBot,
        16 => Act::MuteBot,
        _ => [Act::Admit, Act::Admit, Act::Admit, Act::End][other],
    }
}

fn asked(choices: &mut dyn Choose, made: usize) -> Asked {
    let user = choices.below(USERS) as usize;
    let leg = user.min(made - 1);
    match choices.below(18) {
        0 => Asked::Answer,
        1 => Asked::Reject,
        2 => Asked::Delete,
        3 => Asked::KeepAlive,
        4 => Asked::List,
        5 => Asked::Mute(true),
        6 => Asked::Mute(false),
        7 => Asked::MuteAll,
        8 => Asked::MuteUser(user),
        9 | 10 => Asked::Invite(user),
        11 => Asked::InviteTwo(user, (user + 1) % 4),
        12 => Asked::InviteOther(user.is_multiple_of(2)),
        13 => Asked::InviteReplacing(leg),
        14 => Asked::RemoveUser(user),
        15 => Asked::RemoveLeg(leg),
        16 => Asked::Admit,
        _ => Asked::HoldUser(user),
    }
}

/// A few steps that tell most, for enumeration.
pub const FEW: [Transition; 24] = [
    Transition::Join { bot: 1, way: Way::Guest },
    Transition::Join { bot: 1, way: Way::MeetingId },
    Transition::Group { bot: 0, users: [0, 3] },
    Transition::Ring { bot: 0, with: false },
    Transition::Ring { bot: 0, with: true },
    Transition::InviteBot { bot: 1 },
    Transition::InMeeting { user: 0, act: Act::Join },
    Transition::InMeeting { user: 0, act: Act::HangUp },
    Transition::InMeeting { user: 0, act: Act::Share(true) },
    Transition::InMeeting { user: 0, act: Act::End },
    Transition::InCall { leg: 0, user: 0, act: Act::Invite(2) },
    Transition::InCall { leg: 0, user: 0, act: Act::RemoveBot },
    Transition::Lacks { bot: 0, lack: Lack::Join },
    Transition::Lacks { bot: 0, lack: Lack::InitiateGroup },
    Transition::Wait(Duration::from_nanos(WAITS[2])),
    Transition::Wait(Duration::from_nanos(WAITS[6])),
    Transition::Ask { leg: 0, verb: Asked::Answer, by: By::Own },
    Transition::Ask { leg: 0, verb: Asked::Delete, by: By::Own },
    Transition::Ask { leg: 0, verb: Asked::List, by: By::OtherApp },
    Transition::Ask { leg: 0, verb: Asked::MuteAll, by: By::Own },
    Transition::Ask { leg: 0, verb: Asked::Invite(1), by: By::Own },
    Transition::Ask { leg: 0, verb: Asked::InviteOther(true), by: By::Own },
    Transition::Ask { leg: 0, verb: Asked::RemoveLeg(1), by: By::Own },
    Transition::Ask { leg: 1, verb: Asked::Answer, by: By::Own },
];

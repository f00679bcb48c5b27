//! What may happen next. Legal or not: refusals are part of the story.

use std::time::Duration;

use super::choose::Choose;

/// One step of a history. Calls are named by the order in which they came about; a step on a call that
/// never existed is one on an unknown id.
#[derive(Debug, Clone, PartialEq)]
pub enum Transition {
    /// A user rings the bot; it acknowledges, or stays silent.
    Ring { silent: bool },
    /// The bot calls a user.
    Create { callee: Callee },
    /// The bot asks something of a call.
    Ask { call: usize, verb: Asked, who: Who },
    /// The user at the other end acts.
    User { call: usize, act: UserAct },
    /// The oldest download that is under way ends.
    Fetched { length: Option<Duration> },
    /// The administrator takes `Calls.Initiate.All` away, or gives it back.
    Permission { granted: bool },
    /// Time passes.
    Wait(Duration),
}

/// How the callee reacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callee {
    /// Picks up after 300 ms.
    Answers,
    /// Declines.
    Declines,
    /// Lets it ring.
    Ignores,
}

/// What the bot asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Read it.
    Get,
    /// Take it.
    Answer,
    /// Refuse it.
    Reject,
    /// Play this many prompts.
    Prompt(usize),
    /// Keep it.
    KeepAlive,
    /// Hang up.
    Delete,
}

/// Whose token is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The bot's.
    Bot,
    /// Another bot's of the same tenant.
    OtherApp,
    /// The bot's, but of another tenant.
    OtherTenant,
}

/// What the user does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserAct {
    /// Puts the phone down.
    HangUp,
    /// Picks up.
    Answer,
    /// Declines.
    Decline,
}

/// Calls that a history may make.
pub const CALLS_MAX: usize = 2;

const VERBS: [Asked; 7] = [
    Asked::Answer,
    Asked::Get,
    Asked::Prompt(1),
    Asked::KeepAlive,
    Asked::Delete,
    Asked::Reject,
    Asked::Prompt(2),
];
/// Odd lengths, so that no two things are due at the same moment by accident.
const WAITS: [u64; 7] = [
    60_000_001,
    150_000_003,
    4_999_000_007,
    11_000_000_009,
    61_000_000_013,
    1_500_000_000_017,
    2_700_000_000_000,
];

impl Transition {
    /// Draws one; `made` calls exist so far.
    pub fn choose(choices: &mut dyn Choose, made: usize) -> Self {
        if made == 0 {
            return Self::begin(choices);
        }
        let call = made - 1;
        match choices.below(9) {
            0..=2 => {
                let verb = VERBS[choices.below(7) as usize];
                Self::Ask { call, verb, who: Who::Bot }
            }
            3 | 4 => Self::Wait(Duration::from_nanos(WAITS[choices.below(7) as usize])),
            5 => Self::Fetched {
                length: [Some(1_100_000_021), Some(33_000_023), None][choices.below(3) as usize]
                    .map(Duration::from_nanos),
            },
            6 => {
                let act = [UserAct::HangUp, UserAct::Answer, UserAct::Decline];
                Self::User { call, act: act[choices.below(3) as usize] }
            }
            7 => {
                let who = [Who::OtherApp, Who::OtherTenant][choices.below(2) as usize];
                let verb = [Asked::Get, Asked::Delete][choices.below(2) as usize];
                Self::Ask { call: choices.below(made as u32) as usize, verb, who }
            }
            _ if made < CALLS_MAX => Self::begin(choices),
            _ => Self::Ask { call: 0, verb: VERBS[choices.below(7) as usize], who: Who::Bot },
        }
    }

    fn begin(choices: &mut dyn Choose) -> Self {
        match choices.below(7) {
            0 => Self::Ring { silent: false },
            1 => Self::Ring { silent: true },
            2 => Self::Create { callee: Callee::Answers },
            3 => Self::Create { callee: Callee::Declines },
            4 => Self::Create { callee: Callee::Ignores },
            5 => Self::Permission { granted: false },
            _ => Self::Permission { granted: true },
        }
    }
}

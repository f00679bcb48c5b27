//! Which planted faults must be noticed by the model of calls of two, and which by that of group calls.

use platform::Flaw;

/// What only a group call can show.
pub const OF_GROUPS: [Flaw; 19] = [
    Flaw::AnswersWithoutPermission,
    Flaw::JoinsWithoutPermission,
    Flaw::MutesAloud,
    Flaw::RemovesWithoutAllowance,
    Flaw::HoldsSeveral,
    Flaw::WrongEndCode,
    Flaw::LobbySeesAll,
    Flaw::KeepsReplacedCall,
    Flaw::ShowsHidden,
    Flaw::RosterAfterEscalation,
    Flaw::SeveralShare,
    Flaw::WaitsForEver,
    Flaw::OutlivesPeople,
    Flaw::InvitesTwice,
    Flaw::MutesItselfToo,
    Flaw::SeveralWithoutChat,
    Flaw::SkipsNumbers,
    Flaw::GuestsSurvive,
    Flaw::ActsFromLobby,
];

/// What only stories tell: `tests/scenarios/planted.rs` sees to it that they notice.
pub const OF_STORIES: [Flaw; 8] = [
    Flaw::LosesRedirected,
    Flaw::LeavesTwinBehind,
    Flaw::TalksAlone,
    Flaw::HoldsByRosterId,
    Flaw::HeardThoughMuted,
    Flaw::HearsTheMuted,
    Flaw::CountsNoMonth,
    Flaw::ReusesIds,
];

/// Faults that concern groups first but show in calls of two as well.
const OF_BOTH: [Flaw; 4] = [
    Flaw::AnswersWithoutPermission,
    Flaw::WrongEndCode,
    Flaw::KeepsReplacedCall,
    Flaw::RosterAfterEscalation,
];

/// Whether the model of calls of two must notice it.
pub fn is_of_two(flaw: Flaw) -> bool {
    let elsewhere = OF_GROUPS.contains(&flaw) || OF_STORIES.contains(&flaw);
    !elsewhere || OF_BOTH.contains(&flaw)
}

//! Deliberate faults of the platform: its tests must notice every one of them.

/// One fault, planted at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Forgets to check `Calls.Initiate.All`.
    CallsWithoutPermission,
    /// Looks at the token only, so that a withdrawn permission still works.
    IgnoresWithdrawal,
    /// Lets an answer through one second after the deadline.
    AnswersLate,
    /// Lets a call be answered twice.
    AnswersTwice,
    /// Lets prompts start before audio flows.
    PromptsBeforeAudio,
    /// A keepAlive does not count.
    ForgetsKeepAlive,
    /// keepAlive is not needed.
    NeverLapses,
    /// Every time audio flows, `established` is said again (against clients.md 25).
    SaysEstablishedAgain,
    /// Runs waiting prompts in reverse order.
    ReversesQueue,
    /// A finished operation is told as `completed` though its download failed.
    HidesFailure,
    /// Ends open operations with a notification when the call ends (against R-274).
    EndsOperationsAloud,
    /// An ended call can still be read.
    RemembersEndedCalls,
    /// Skips `terminating`.
    SkipsTerminating,
    /// An unacknowledged incoming call goes on.
    IgnoresSilence,
    /// Lets deadlines happen when the shell wakes, not when they were due.
    ActsAtWakeUp,
    /// Any application may act on any call.
    IgnoresOwner,
    /// Lets an invitation to a group call be answered without permission.
    AnswersWithoutPermission,
    /// Asks no verb for its permission.
    ActsWithoutPermission,
    /// Lets a bot join, or call several, without permission.
    JoinsWithoutPermission,
    /// Lets a bot invite without permission.
    InvitesWithoutPermission,
    /// Keeps a bot that may not join when somebody else escalates.
    SurvivesEscalation,
    /// Sends rosters after an escalation.
    RosterAfterEscalation,
    /// Sends a roster although nobody's mute changed.
    MutesAloud,
    /// Lets a bot remove participants that the tenant does not let it remove.
    RemovesWithoutAllowance,
    /// Puts several on hold at a time.
    HoldsSeveral,
    /// A removed bot is told another code than 5300.
    WrongEndCode,
    /// Tells the end of an operation twice.
    TellsOperationTwice,
    /// Tells the end of an operation that its reply told already.
    TellsFinishedOperations,
    /// cancelMediaProcessing ends the subscription to tones too.
    CancelForgetsTones,
    /// Plays prompts on calls whose media the bot handles.
    PromptsOnAppHosted,
    /// A failed transfer does not say that audio flows again.
    TransferForgets,
    /// Shows the whole roster to those who wait in the lobby.
    LobbySeesAll,
    /// Counts tones that were pressed before the subscription.
    HearsTonesEarly,
    /// An invited participant's former call goes on.
    KeepsReplacedCall,
    /// Shows hidden participants to others.
    ShowsHidden,
    /// Lets several share their screens at a time.
    SeveralShare,
    /// Lets bots wait in the lobby for ever.
    WaitsForEver,
    /// A group call goes on when all people have left.
    OutlivesPeople,
    /// Invites somebody who is there, or invited, already.
    InvitesTwice,
    /// muteAll mutes the bot that asks, too.
    MutesItselfToo,
    /// Lets several be invited where there is no chat.
    SeveralWithoutChat,
    /// Numbers of delta rosters have gaps.
    SkipsNumbers,
    /// A bot that may join as a guest only stays when somebody else escalates.
    GuestsSurvive,
    /// Makes a conference of a call of two although it refuses the invitation.
    EscalatesWhenRefused,
    /// Lets an answered call be rejected.
    RejectsAnswered,
    /// Rejects for no reason, whatever the bot says.
    ForgetsReason,
    /// Lets a bot ring on after somebody else has taken a redirected call.
    RingsOnElsewhere,
    /// A transfer goes on without `transferAccepted`.
    SkipsAccepted,
    /// Begins a transfer while another is under way.
    TransfersTwice,
    /// Transfers onto a call that the bot does not have with the target.
    ConsultsAnybody,
    /// The call onto which another was transferred goes on.
    KeepsConsultedCall,
    /// Every request counts as a keepAlive.
    KeepsAliveByAnything,
    /// Rings longer than the bot said.
    RingsTooLong,
    /// An endless prompt ends when it has been played once.
    EndsLoops,
    /// A record that may barge in waits its turn.
    IgnoresBargeIn,
    /// Counts tones anew after a second subscription.
    RestartsTones,
    /// cancelMediaProcessing lets the bot go on pressing keys.
    CancelSparesKeys,
    /// The end of an operation does not repeat its clientContext.
    ForgetsContext,
    /// Sound does not come back after an escalation.
    StaysSilent,
    /// Downloads a prompt again that is kept under its `resourceId`.
    ForgetsPrompts,
    /// Goes on calling the old address after an answer, reject or redirect that names another.
    ForgetsCallback,
    /// Lets an answered call be redirected.
    RedirectsAnswered,
    /// Looks at what was granted only, so that a token without roles works.
    IgnoresToken,
    /// A redirected invitation, or call of a bot, finds nobody.
    LosesRedirected,
    /// A bot that waits in the lobby takes part in the meeting already.
    ActsFromLobby,
    /// The other bot of a call stays in a call of two when the call escalates.
    LeavesTwinBehind,
    /// A call between two users goes on for the caller when the callee declines.
    TalksAlone,
    /// Hold music is for a roster id, not for the user.
    HoldsByRosterId,
    /// Whoever the server mutes is heard.
    HeardThoughMuted,
    /// Lets people be heard who are muted.
    HearsTheMuted,
    /// Counts no calls in a month.
    CountsNoMonth,
    /// Gives the id of an ended call to another.
    ReusesIds,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Self; 72] = [
        Self::CallsWithoutPermission,
        Self::IgnoresWithdrawal,
        Self::AnswersLate,
        Self::AnswersTwice,
        Self::PromptsBeforeAudio,
        Self::ForgetsKeepAlive,
        Self::NeverLapses,
        Self::SaysEstablishedAgain,
        Self::ReversesQueue,
        Self::HidesFailure,
        Self::EndsOperationsAloud,
        Self::RemembersEndedCalls,
        Self::SkipsTerminating,
        Self::IgnoresSilence,
        Self::ActsAtWakeUp,
        Self::IgnoresOwner,
        Self::AnswersWithoutPermission,
        Self::ActsWithoutPermission,
        Self::JoinsWithoutPermission,
        Self::InvitesWithoutPermission,
        Self::SurvivesEscalation,
        Self::RosterAfterEscalation,
        Self::MutesAloud,
        Self::RemovesWithoutAllowance,
        Self::HoldsSeveral,
        Self::WrongEndCode,
        Self::TellsOperationTwice,
        Self::TellsFinishedOperations,
        Self::CancelForgetsTones,
        Self::PromptsOnAppHosted,
        Self::TransferForgets,
        Self::LobbySeesAll,
        Self::HearsTonesEarly,
        Self::KeepsReplacedCall,
        Self::ShowsHidden,
        Self::SeveralShare,
        Self::WaitsForEver,
        Self::OutlivesPeople,
        Self::InvitesTwice,
        Self::MutesItselfToo,
        Self::SeveralWithoutChat,
        Self::SkipsNumbers,
        Self::GuestsSurvive,
        Self::EscalatesWhenRefused,
        Self::RejectsAnswered,
        Self::ForgetsReason,
        Self::RingsOnElsewhere,
        Self::SkipsAccepted,
        Self::TransfersTwice,
        Self::ConsultsAnybody,
        Self::KeepsConsultedCall,
        Self::KeepsAliveByAnything,
        Self::RingsTooLong,
        Self::EndsLoops,
        Self::IgnoresBargeIn,
        Self::RestartsTones,
        Self::CancelSparesKeys,
        Self::ForgetsContext,
        Self::StaysSilent,
        Self::ForgetsPrompts,
        Self::ForgetsCallback,
        Self::RedirectsAnswered,
        Self::IgnoresToken,
        Self::LosesRedirected,
        Self::ActsFromLobby,
        Self::LeavesTwinBehind,
        Self::TalksAlone,
        Self::HoldsByRosterId,
        Self::HeardThoughMuted,
        Self::HearsTheMuted,
        Self::CountsNoMonth,
        Self::ReusesIds,
    ];
}

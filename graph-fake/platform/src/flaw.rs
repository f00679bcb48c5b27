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
}

impl Flaw {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::CallsWithoutPermission,
        Self::IgnoresWithdrawal,
        Self::AnswersLate,
        Self::AnswersTwice,
        Self::PromptsBeforeAudio,
        Self::ForgetsKeepAlive,
        Self::NeverLapses,
        Self::ReversesQueue,
        Self::HidesFailure,
        Self::EndsOperationsAloud,
        Self::RemembersEndedCalls,
        Self::SkipsTerminating,
        Self::IgnoresSilence,
        Self::ActsAtWakeUp,
        Self::IgnoresOwner,
    ];
}

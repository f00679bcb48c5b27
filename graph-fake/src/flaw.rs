//! Deliberate faults of the shell: its tests must notice every one of them.

/// One fault, planted at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Notifies before the reply is out.
    OvertakesReply,
    /// Lets one notification of a request wait for the reply, and those to other calls not.
    OvertakesReplyElsewhere,
    /// Never counts requests.
    NeverThrottles,
    /// Remembers no refusal.
    ForgetsReasons,
    /// Signs notifications with a key that no metadata shows.
    SignsAsStranger,
    /// Takes access tokens that have expired.
    TakesExpiredTokens,
    /// Takes access tokens that somebody else signed.
    TakesForgedTokens,
    /// Takes bodies of any size.
    TakesAnyBody,
    /// Answers a body that cannot be read with 500.
    BreaksOnBadBody,
    /// Leaves request ids out of error envelopes.
    HidesRequestId,
    /// Never tries a notification again.
    NotifiesOnce,
    /// Explains no refusal of the identity platform.
    HidesTokenReasons,
    /// Explains no refusal of a recording.
    HidesRecordingReasons,
    /// A reset leaves exchanged signing keys as they are.
    KeepsKeys,
    /// Whoever was let in once is let in for ever: an access token that was found to be good is not looked at again.
    TrustsItsMemory,
    /// Any recording's token opens every recording.
    OpensAnyRecording,
    /// A call is shown as it was when it was read first.
    ShowsOldCalls,
    /// A call goes on whose bot's media cannot be reached.
    KeepsDeadMedia,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::OvertakesReply,
        Self::OvertakesReplyElsewhere,
        Self::NeverThrottles,
        Self::ForgetsReasons,
        Self::SignsAsStranger,
        Self::TakesExpiredTokens,
        Self::TakesForgedTokens,
        Self::TakesAnyBody,
        Self::BreaksOnBadBody,
        Self::HidesRequestId,
        Self::NotifiesOnce,
        Self::HidesTokenReasons,
        Self::HidesRecordingReasons,
        Self::KeepsKeys,
        Self::TrustsItsMemory,
        Self::OpensAnyRecording,
        Self::ShowsOldCalls,
        Self::KeepsDeadMedia,
    ];
}

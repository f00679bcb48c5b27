//! Deliberate faults of the bot: for each of them some conformance case must fail, or, where only faults of the
//! world or a rich life bring it to light, the sweep.

macro_rules! flaws {
    ($($name:ident = $id:literal: $what:literal),* $(,)?) => {
        /// One fault, planted at one place.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Flaw {
            $(#[doc = $what] $name,)*
        }

        impl Flaw {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name on a command line.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// What it does.
            pub const fn explain(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }
        }
    };
}

flaws! {
    NeverAnswers = "never-answers": "Acknowledges an incoming call and leaves it ringing.",
    AnswersLate = "answers-late": "Answers 16 seconds after the call came in.",
    AcknowledgesLate = "acknowledges-late": "Takes 6 seconds to acknowledge a notification.",
    AnswersTwice = "answers-twice": "Answers every call twice.",
    AcceptsMissingToken = "accepts-missing-token": "Believes notifications without a token.",
    TrustsAnySignature = "trusts-any-signature": "Reads tokens without checking who signed them.",
    IgnoresAudience = "ignores-audience": "Believes tokens that are meant for another bot.",
    IgnoresExpiry = "ignores-expiry": "Believes tokens that have expired.",
    IgnoresIssuer = "ignores-issuer": "Believes tokens of any issuer.",
    IgnoresMissingTenant = "ignores-missing-tenant": "Believes tokens that name no tenant.",
    PromptsTooEarly = "prompts-too-early": "Plays its prompt at `established`, before audio flows.",
    PromptsAgain = "prompts-again": "Plays its prompt at every notification of active audio.",
    ReadsIdFromResourceData = "reads-id-from-resource-data": "Expects `id` in every `resourceData`.",
    RejectsUnknownMembers = "rejects-unknown-members": "Refuses notifications with a member it does not know.",
    NeverKeepsAlive = "never-keeps-alive": "Never sends keepAlive.",
    KeepsTalkingAfterEnd = "keeps-talking-after-end": "Goes on with requests for a call that has ended.",
    NeverRefreshesToken = "never-refreshes-token": "Uses its first access token for ever.",
    TokenPerRequest = "token-per-request": "Asks for a new access token before every request.",
    IgnoresRetryAfter = "ignores-retry-after": "Tries again at once when it is throttled.",
    RetriesForever = "retries-forever": "Never gives up a request that fails.",
    OneCallOnly = "one-call-only": "Forgets further calls while it is in one.",
    CrashesOnNotFound = "crashes-on-not-found": "Stops when Graph says 404.",
    ActsTwiceOnRepeatedTone = "acts-twice-on-repeated-tone": "Acts on a key each time it is told of it.",
    AnswersAfterEnd = "answers-from-late-notification-after-end": "Answers a call whose invitation comes again after its end.",
    GivesUpCallOn503 = "gives-up-call-on-503": "Takes a 503 for the end of the call, and hangs up.",
    LeavesOnRefusal = "leaves-on-refusal": "Hangs up when Graph refuses something.",
    ForgetsCallsInCrash = "forgets-calls-in-crash": "Begins without its calls after a crash, and asks about none that it is told of.",
    ForgetsTonesInCrash = "forgets-tones-in-crash": "Acts once more after a crash on keys told again.",
    GreetsAgainAfterCrash = "greets-again-after-crash": "Greets callers once more after a crash.",
    CallsBackAgainAfterCrash = "calls-back-again-after-crash": "Repeats a call that it may have begun before a crash.",
    SavesTooSeldom = "saves-too-seldom": "Saves its memory only when the number of its calls has shrunk.",
    IgnoresUnknownCalls = "ignores-unknown-calls": "Drops notifications of calls that it does not know.",
    RetriesAnswerAfterSuccess = "retries-answer-after-success": "Takes 'already answered' for a failure and answers again.",
    NeverForgetsEndedCalls = "never-forgets-ended-calls": "Keeps asking about a call that Graph says is gone.",
    KeepAliveDrifts = "keep-alive-drifts": "Waits 50 minutes after a keepAlive whose reply was lost.",
    RefusesWithoutKeys = "refuses-without-keys": "Answers 401, which is final, while it cannot read the platform's keys.",
    TrustsCachedKeysForever = "trusts-cached-keys-forever": "Never reads the platform's keys again.",
    PlaysPromptAfterEscalationDrop = "plays-prompt-after-escalation-drop": "Says its menu after it was dropped from a call that others escalated.",
    HangsOnLostOperationEnd = "hangs-on-lost-operation-end": "Waits for ever for the end of a prompt.",
    InvitesTwiceOnLostReply = "invites-twice-on-lost-reply": "Repeats an invitation whose reply was lost.",
    IgnoresRetryAfterOf503 = "ignores-retry-after-of-503": "Waits as told by 429 and not by 503.",
    LeaksCallOnFailedTransfer = "leaks-call-on-failed-transfer": "Drops a call from its books once its transfer has begun.",
    TakesHoldForTheEnd = "takes-hold-for-the-end": "Forgets a call that is put on hold.",
    AnswersMeetingsTwice = "answers-meetings-twice": "Answers invitations into conferences twice.",
    UnmutesItself = "unmutes-itself": "Unmutes itself as soon as a roster shows somebody muted.",
    NeverUnmutes = "never-unmutes": "Mutes itself when it is asked to unmute.",
    ReturnsWhenRemoved = "returns-when-removed": "Begins a new group call when it is put out of a conference.",
    LeavesWithInviter = "leaves-with-inviter": "Leaves a conference as soon as whoever invited it does.",
    LeavesWhenAlone = "leaves-when-alone": "Hangs up when a list of participants shows no person.",
    RefusesStrangersInRoster = "refuses-strangers-in-roster": "Refuses rosters with somebody who is neither a user nor a bot.",
    RefusesRosterMembers = "refuses-roster-members": "Refuses rosters with a member that it does not know.",
    RefusesLargeNotifications = "refuses-large-notifications": "Refuses notifications of more than 64 KiB.",
    IgnoresRosterGaps = "ignores-roster-gaps": "Does not ask for the roster when changes to it went missing.",
    RelistsRepeatedRosters = "relists-repeated-rosters": "Asks for the roster when changes to it come again.",
    RemembersFirstSeat = "remembers-first-seat": "Knows whoever rang by the first participant id for ever.",
    WaitsForRoster = "waits-for-roster": "Says nothing in a conference before it has seen who is there.",
    LooksAfterEnd = "looks-after-end": "Asks how a call is that has ended, when late news of it come.",
    TakesEscalationForTheEnd = "takes-escalation-for-the-end": "Forgets a call of which others make a conference.",
    LeavesWhenInviteFails = "leaves-when-invite-fails": "Hangs up when an invitation comes to nothing.",
    InvitesWhileRinging = "invites-while-ringing": "Invites a colleague again who is being rung.",
    RetriesRefusals = "retries-refusals": "Tries again what was refused for want of a permission.",
    RemembersRefusals = "remembers-refusals": "Never asks again for what was refused once.",
    LetsRingWhatItMayNotAnswer = "lets-ring-what-it-may-not-answer": "Does not decline what it may not answer.",
    HangsUpAfterTransfer = "hangs-up-after-transfer": "Hangs up as soon as it has asked for a transfer.",
    TransfersTwiceOnLostReply = "transfers-twice-on-lost-reply": "Repeats a transfer whose reply was lost.",
    TransfersNobody = "transfers-nobody": "Does not say in a conference whom it puts through.",
    SpeaksWhileRinging = "speaks-while-ringing": "Begins to speak in a call of its own before it was answered.",
    RedialsForever = "redials-forever": "Calls again whoever does not answer.",
    CallsTwiceOnLostReply = "calls-twice-on-lost-reply": "Repeats a call whose reply was lost.",
    GroupCallLeavesOneOut = "group-call-leaves-one-out": "Calls only one of the two whom it should call.",
    TakesAnyEndForItsOwn = "takes-any-end-for-its-own": "Takes the end of any operation for the end of what it is saying.",
    ExpectsResultInfo = "expects-result-info": "Refuses the news of a failed operation without resultInfo.",
    AnswersRedirected = "answers-redirected": "Answers a call too that it has redirected.",
    LeavesRefusedRedirect = "leaves-refused-redirect": "Leaves ringing what it could not redirect.",
    AnswersRecordersLate = "answers-recorders-late": "Takes 6 seconds to answer when it has to record.",
    NeverSaysThatItRecords = "never-says-that-it-records": "Records by policy without reporting it.",
    SaysEverywhereThatItRecords = "says-everywhere-that-it-records": "Reports a recording in calls that nobody asked it to record.",
    GreetsWhomItRecords = "greets-whom-it-records": "Says its greeting to people whom it has to record.",
    DeclaresNoMedia = "declares-no-media": "App-hosted: answers as if Graph hosted the media.",
    PromptsAppHosted = "prompts-app-hosted": "App-hosted: asks Graph to play prompts all the same.",
    AnswersMarkersSlowly = "answers-markers-slowly": "App-hosted: waits two seconds before it answers.",
    StaysSilentAfterHold = "stays-silent-after-hold": "App-hosted: sends nothing more once it was on hold.",
    DeafToMarkers = "deaf-to-markers": "App-hosted: never answers a marker that it hears.",
    EchoesKeysTwice = "echoes-keys-twice": "App-hosted: presses each key twice that it hears.",
    LeaksMediaSession = "leaks-media-session": "App-hosted: goes on listening for calls that are over.",
    SendsNoSilence = "sends-no-silence": "App-hosted: sends nothing while it has nothing to say.",
    WatchesNobody = "watches-nobody": "App-hosted: subscribes to nobody's video.",
    FollowsNobody = "follows-nobody": "App-hosted: goes on looking at whom it looked at first, whoever has the word.",
    IgnoresKeyFrameRequests = "ignores-key-frame-requests": "App-hosted: sends no key frame when one is needed.",
    FreezesVideo = "freezes-video": "App-hosted: sends its first picture again and again.",
    KeepsSharing = "keeps-sharing": "App-hosted: goes on sending its screen when another shares.",
    DeafToMenu = "deaf-to-menu": "App-hosted: does nothing of its menu for keys that it hears.",
    PersistsWhatItHears = "persists-what-it-hears": "App-hosted: keeps what it hears in its memory.",
}

impl Flaw {
    /// Whether it only matters when something in the world goes wrong, in lives richer than a plain story, or where
    /// media is app-hosted: then no case of the suite has to notice it, but the sweep.
    pub const fn needs_faults(self) -> bool {
        matches!(
            self,
            Self::LeavesOnRefusal
                | Self::ForgetsCallsInCrash
                | Self::ForgetsTonesInCrash
                | Self::GreetsAgainAfterCrash
                | Self::CallsBackAgainAfterCrash
                | Self::SavesTooSeldom
                | Self::IgnoresUnknownCalls
                | Self::RetriesAnswerAfterSuccess
                | Self::NeverForgetsEndedCalls
                | Self::KeepAliveDrifts
                | Self::RefusesWithoutKeys
                | Self::TrustsCachedKeysForever
                | Self::PlaysPromptAfterEscalationDrop
                | Self::HangsOnLostOperationEnd
                | Self::InvitesTwiceOnLostReply
                | Self::IgnoresRetryAfterOf503
                | Self::LeaksCallOnFailedTransfer
                | Self::TakesHoldForTheEnd
                | Self::DeafToMarkers
                | Self::EchoesKeysTwice
                | Self::LeaksMediaSession
                | Self::SendsNoSilence
                | Self::WatchesNobody
                | Self::FollowsNobody
                | Self::IgnoresKeyFrameRequests
                | Self::FreezesVideo
                | Self::KeepsSharing
                | Self::DeafToMenu
                | Self::PersistsWhatItHears
        )
    }
}

impl std::str::FromStr for Flaw {
    type Err = String;

    fn from_str(id: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|flaw| flaw.id() == id);
        found.ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|flaw| flaw.id()).collect();
            format!("unknown flaw '{id}'; known are {}", known.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back() {
        for flaw in Flaw::ALL {
            assert_eq!(flaw.id().parse(), Ok(*flaw));
        }
        assert!("sings".parse::<Flaw>().unwrap_err().contains("never-answers"));
    }
}

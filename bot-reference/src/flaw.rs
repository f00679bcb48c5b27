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
    OneCallOfTwoOnly = "one-call-of-two-only": "Forgets further calls of two while it is in any call.",
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
    AcceptsUnsignedTokens = "accepts-unsigned-tokens": "Believes tokens whose algorithm is 'none'.",
    TakesSymmetricSignatures = "takes-symmetric-signatures": "Checks HS256 signatures, with the platform's public key for a secret.",
    IgnoresNotBefore = "ignores-not-before": "Believes tokens that are not valid yet.",
    FailsOnGarbageTokens = "fails-on-garbage-tokens": "Answers 500 to a token that it cannot read.",
    TakesAnyTenant = "takes-any-tenant": "Believes tokens of tenants that it does not serve.",
    RemembersGoodTokens = "remembers-good-tokens": "Believes a token for ever once it has believed it.",
    WantsCapitalBearer = "wants-capital-bearer": "Believes tokens only behind 'Bearer', letter for letter.",
    ChecksInvitationsOnly = "checks-invitations-only": "Checks the tokens of incoming calls and of nothing else.",
    KnowsOneIssuer = "knows-one-issuer": "Believes tokens of api.botframework.com and not of graph.microsoft.com.",
    DropsCallsInABurst = "drops-calls-in-a-burst": "Forgets calls that come in while it answers another.",
    AnswersEachInvitation = "answers-each-invitation": "Answers a call each time it is told that it rings.",
    NeedsACallingUser = "needs-a-calling-user": "Refuses calls whose caller is no user.",
    TakesConflictForTheEnd = "takes-conflict-for-the-end": "Takes 'already answered' for the end of the call.",
    GivesUpAnswerOn5xx = "gives-up-answer-on-5xx": "Answers a call once, whatever becomes of it.",
    RetriesRefusals = "retries-refusals": "Asks again for what it was refused.",
    NamesAWrongCallback = "names-a-wrong-callback": "Answers with a callback where it does not listen.",
    CrashesOnLateAnswer = "crashes-on-late-answer": "Stops when its answer finds no call.",
    ReadsFirstEntryOnly = "reads-first-entry-only": "Reads the first entry of a notification and no other.",
    FailsOnEmptyBatch = "fails-on-empty-batch": "Answers 500 to a notification without entries.",
    StartsOverOnLateEstablishing = "starts-over-on-late-establishing": "Begins a call anew when 'establishing' comes late.",
    WantsNewsInOrder = "wants-news-in-order": "Overhears that audio flows until it has heard that the call is established.",
    AnswersUnknownCalls = "answers-unknown-calls": "Answers any call that it is told something of and does not know.",
    RefusesUnknownChanges = "refuses-unknown-changes": "Refuses notifications with a changeType it does not know.",
    RefusesUnknownResources = "refuses-unknown-resources": "Refuses notifications about a resource it does not know.",
    NeedsTypes = "needs-types": "Refuses notifications without '@odata.type'.",
    NeedsResourceUrl = "needs-resource-url": "Refuses notifications that name their resource only in 'resource'.",
    ComparesIdsAsText = "compares-ids-as-text": "Drops notifications whose ids are not written as it writes them.",
    NeedsLeadingSlash = "needs-leading-slash": "Drops notifications whose resourceUrl does not begin with one slash.",
    ForgetsUnknownEnds = "forgets-unknown-ends": "Forgets the end of a call of which it has heard nothing else.",
    IgnoresNewsBeforeReply = "ignores-news-before-reply": "Drops what it is told of a call while it waits for the reply to its answer.",
    StumblesOverNulls = "stumbles-over-nulls": "Refuses notifications with a member that is null.",
    TakesUnknownStatesForTheEnd = "takes-unknown-states-for-the-end": "Forgets a call in a state that it does not know.",
    ReadsEnumsByCase = "reads-enums-by-case": "Drops notifications with enumeration values in capitals.",
    WantsPlainContentType = "wants-plain-content-type": "Refuses bodies whose content type has parameters.",
    WantsNumbersAsNumbers = "wants-numbers-as-numbers": "Refuses notifications with a result code in quotes.",
    StumblesOverByteOrderMark = "stumbles-over-byte-order-mark": "Refuses bodies that begin with a byte order mark.",
    TakesSmallBodiesOnly = "takes-small-bodies-only": "Refuses bodies of more than 64 KiB.",
    FailsOnGarbage = "fails-on-garbage": "Answers 500 to a body that is no notification.",
    KeepsOneCallAlive = "keeps-one-call-alive": "Sends keepAlive for one of its calls only.",
    NoSecondKeepAlive = "no-second-keep-alive": "Sends no further keepAlive once one has failed.",
    HangsUpOnFailedOperation = "hangs-up-on-failed-operation": "Hangs up when a prompt or a record ends badly.",
    DeafAfterCancel = "deaf-after-cancel": "Goes on waiting for a prompt that ended badly.",
    PromptsIntoSilence = "prompts-into-silence": "Plays prompts while its audio is inactive.",
    PromptsInWrongFormat = "prompts-in-wrong-format": "Serves prompts that are no WAV files.",
    RepeatsLostPrompts = "repeats-lost-prompts": "Asks again for a prompt when the reply is lost.",
    RecordsWithoutStopTone = "records-without-stop-tone": "Names no stop tone for its records.",
    RecordsTooLong = "records-too-long": "Wants records of five minutes, as was possible in 2019.",
    DeafToKeys = "deaf-to-keys": "Subscribes to tones and does nothing with them.",
    TakesKeysForAnotherCall = "takes-keys-for-another-call": "Takes every key for one of the last of its calls.",
    SubscribesTooEarly = "subscribes-too-early": "Subscribes to tones as soon as its answer is taken.",
    SubscribesOnceOnly = "subscribes-once-only": "Never subscribes to tones again when that failed.",
    RefusesUnknownTones = "refuses-unknown-tones": "Refuses notifications of a tone it does not know.",
    WaitsForMissingKeys = "waits-for-missing-keys": "Acts on no key whose predecessor it has not heard of.",
    DeafWhileSpeaking = "deaf-while-speaking": "Does nothing with keys while a prompt plays.",
    LosesFastKeys = "loses-fast-keys": "Acts on one key a second.",
    IgnoresRetryAfterInCalls = "ignores-retry-after-in-calls": "Waits as told before it answers, and not in a call.",
    RetriesAtOnce = "retries-at-once": "Tries again at once unless it is told how long to wait.",
    HangsUpOnce = "hangs-up-once": "Does not hang up again when it is throttled.",
    PollsTheCall = "polls-the-call": "Looks at each of its calls every second.",
    GivesUpOn401 = "gives-up-on-401": "Takes 401 for a refusal and keeps its token.",
    RenewsForEver = "renews-for-ever": "Gets a new token each time it is answered 401.",
    AsksCommonForTokens = "asks-common-for-tokens": "Asks for a token of 'common' first.",
    GivesUpWithoutToken = "gives-up-without-token": "Gives up whatever it wanted when no token can be had.",
    TenCallsOnly = "ten-calls-only": "Rejects calls while it is in ten.",
    CountsEndedCalls = "counts-ended-calls": "Counts calls that are over among the twenty that it can take.",
    AnswersMeetingsTwice = "answers-meetings-twice": "Answers invitations into conferences twice.",
    UnmutesItself = "unmutes-itself": "Unmutes itself as soon as a roster shows somebody muted.",
    NeverUnmutes = "never-unmutes": "Mutes itself when it is asked to unmute.",
    ReturnsWhenRemoved = "returns-when-removed": "Begins a new group call when it is put out of a conference.",
    LeavesWithInviter = "leaves-with-inviter": "Leaves a conference as soon as whoever invited it does.",
    LeavesWhenAlone = "leaves-when-alone": "Hangs up when a list of participants shows no person.",
    RefusesStrangersInRoster = "refuses-strangers-in-roster": "Refuses rosters with somebody who is neither a user nor a bot.",
    RefusesRosterMembers = "refuses-roster-members": "Refuses rosters with a member that it does not know.",
    RefusesLargeRosters = "refuses-large-rosters": "Refuses rosters of more than a hundred participants.",
    IgnoresRosterGaps = "ignores-roster-gaps": "Does not ask for the roster when changes to it went missing.",
    RelistsRepeatedRosters = "relists-repeated-rosters": "Asks for the roster when changes to it come again.",
    RemembersFirstSeat = "remembers-first-seat": "Knows whoever rang by the first participant id for ever.",
    WaitsForRoster = "waits-for-roster": "Says nothing in a conference before it has seen who is there.",
    LooksAfterEnd = "looks-after-end": "Asks how a call is that has ended, when late news of it come.",
    TakesEscalationForTheEnd = "takes-escalation-for-the-end": "Forgets a call of which others make a conference.",
    LeavesWhenInviteFails = "leaves-when-invite-fails": "Hangs up when an invitation comes to nothing.",
    InvitesWhileRinging = "invites-while-ringing": "Invites a colleague again who is being rung.",
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
            Self::CallsBackAgainAfterCrash
                | Self::IgnoresUnknownCalls
                | Self::PlaysPromptAfterEscalationDrop
                | Self::InvitesTwiceOnLostReply
                | Self::LeaksCallOnFailedTransfer
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

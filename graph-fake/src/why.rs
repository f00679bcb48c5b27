//! Why requests were refused: what `GET /why/{request-id}` of the control API answers.
//!
//! Every refusal has a reason: the predicate that did not hold, what was found instead, and what would
//! mend it. Permissions, registrations and tenants are explained by the platform; the rest by this table.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use graph_api::{Guid, Timestamp};
use platform::{CallId, Explanation, Need, Predicate, Refusal};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    identity::TokenRefusal,
    journal::{Journal, Route},
};

/// Refusals that can still be asked after.
pub const KEPT_MAX: usize = 10_000;

/// What did not hold, and what would mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reason {
    /// The condition that failed, by name.
    pub predicate: &'static str,
    /// What was found instead.
    pub explanation: String,
    /// What would mend it.
    pub mend: String,
}

/// One refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// The `request-id` of the answer (`trace_id` at the token endpoint); for a call that was dropped, the call's id.
    pub request_id: String,
    /// The HTTP status; of a dropped call, the code of its resultInfo.
    pub status: u16,
    /// `error.code`; at the token endpoint `AADSTS` and the number; of a dropped call, the subcode of its resultInfo.
    pub code: String,
    /// The action, as fault plans name it.
    pub op: String,
    /// Why.
    #[serde(flatten)]
    pub reason: Reason,
    /// The application of the token, where there was a good one; at the token endpoint, who asked for one.
    pub app: Option<String>,
    /// The tenant of the token, or in the path of the token endpoint.
    pub tenant: Option<String>,
    /// The call that was asked for, if any.
    pub call_id: Option<String>,
}

/// The last refusals. Cheap to clone; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Refusals {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    by_id: BTreeMap<Guid, Why>,
    oldest_first: VecDeque<Guid>,
}

impl Refusals {
    /// Remembers one; the oldest of more than [`KEPT_MAX`] is forgotten.
    pub fn keep(&self, id: Guid, why: Why) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.by_id.insert(id, why).is_none() {
            inner.oldest_first.push_back(id);
        }
        if inner.oldest_first.len() > KEPT_MAX
            && let Some(oldest) = inner.oldest_first.pop_front()
        {
            inner.by_id.remove(&oldest);
        }
    }

    /// Writes one down and remembers it.
    pub fn note(&self, id: Guid, why: Why, journal: &Journal, now: Timestamp, route: Route) {
        let call = why.call_id.as_ref().and_then(|call| call.parse().ok()).map(CallId);
        journal.write(now, call, "refused", route, json!(why));
        self.keep(id, why);
    }

    /// The refusal with this request id, or of this dropped call.
    pub fn find(&self, id: Guid) -> Option<Why> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).by_id.get(&id).cloned()
    }

    /// Forgets all.
    pub fn reset(&self) {
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = Inner::default();
    }
}

impl Reason {
    /// A condition by name, what was found instead, and what would mend it.
    pub fn new(
        predicate: &'static str,
        explanation: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self { predicate, explanation: explanation.into(), mend: mend.into() }
    }

    /// The namespace and the version are what is wrong most often.
    pub fn no_such_path(path: &str, version: &str) -> Self {
        Self::new(
            "pathExists",
            format!("No HTTP resource was found that matches the request URI '{path}'."),
            format!(
                "ask below /v1.0/communications or /beta/communications; some actions exist in beta \
                 only, and this was asked of {version}"
            ),
        )
    }

    ///
    pub fn wrong_method(op: &str) -> Self {
        let explanation = "The HTTP method is not supported on this path.";
        Self::new("methodExists", explanation, format!("use the method of '{op}' as its page says"))
    }

    /// A body that is too large, too slow or broken.
    pub fn unusable_body(explanation: String) -> Self {
        Self::new("bodyArrives", explanation, "send a smaller body, and all of it")
    }

    /// An entry of the fault plan struck.
    pub fn planned_fault() -> Self {
        let explanation = "This answer is a fault that the test asked for.";
        Self::new("noFaultStrikes", explanation, "try again, or replace the plan by PUT /faults")
    }

    /// why a token does not open a recording. Each is opened by one token only.
    pub fn recording_token(refusal: &TokenRefusal) -> Self {
        let mend = match refusal {
            TokenRefusal::WrongAudience => {
                let mend = "send the recordingAccessToken that came with this recordingLocation: each \
                            opens one";
                return Self::new("tokenIsForThisRecording", refusal.to_string(), mend);
            }
            TokenRefusal::Expired => "fetch recordings within a day: this token is older",
            TokenRefusal::Missing
            | TokenRefusal::Basic
            | TokenRefusal::NotBearer
            | TokenRefusal::Malformed
            | TokenRefusal::Forged
            | TokenRefusal::TooEarly
            | TokenRefusal::TooLong => {
                "send 'Authorization: Bearer …' with the recordingAccessToken of the notification that \
                 says 'completed'; no token of Graph opens a recording"
            }
        };
        Self { mend: mend.to_owned(), ..Self::from(refusal) }
    }

    /// a recording that is gone, or never was.
    pub fn no_such_recording() -> Self {
        let mend =
            "fetch it while the call lives, or within recordingKeptMs (GET /options) of its end";
        Self::new("recordingExists", "Recording not found.", mend)
    }

    /// The fake ends.
    pub fn shutting_down() -> Self {
        Self::new("fakeRuns", "The fake is shutting down.", "start it again")
    }
}

impl From<&TokenRefusal> for Reason {
    ///
    fn from(refusal: &TokenRefusal) -> Self {
        let (predicate, mend) = match refusal {
            TokenRefusal::Missing => {
                ("tokenIsThere", "send 'Authorization: Bearer …' with a token of this fake")
            }
            TokenRefusal::Basic | TokenRefusal::NotBearer => (
                "tokenIsBearer",
                "send 'Authorization: Bearer …' with a token of this fake; no other scheme is known",
            ),
            TokenRefusal::TooLong => (
                "tokenIsAToken",
                "send the access token as it came; this header is longer than any",
            ),
            TokenRefusal::Malformed => ("tokenIsReadable", "send the access_token as it was given"),
            TokenRefusal::Forged => (
                "tokenIsOurs",
                "fetch a token from this fake's own authority: another service signed this one",
            ),
            TokenRefusal::WrongAudience => (
                "tokenIsForGraph",
                "fetch a token for the scope https://graph.microsoft.com/.default",
            ),
            TokenRefusal::Expired => ("tokenIsNotExpired", "fetch a new token: this one expired"),
            TokenRefusal::TooEarly => (
                "tokenIsValidYet",
                "compare clocks: this token is not valid yet by the clock of the fake",
            ),
        };
        Self::new(predicate, refusal.to_string(), mend)
    }
}

impl From<&Explanation> for Reason {
    fn from(explanation: &Explanation) -> Self {
        let predicate = match &explanation.failed {
            Predicate::IsRegistered => "isRegistered",
            Predicate::IsOfTenant(_) => "isOfTenant",
            Predicate::OwnsCall(_) => "ownsCall",
            Predicate::IsGranted(_) => "isGranted",
            Predicate::IsInToken(_) => "isInToken",
            Predicate::MayRemoveParticipants => "mayRemoveParticipants",
            Predicate::HasAccessPolicyFor(_) => "hasAccessPolicyFor",
            Predicate::IsApplicationToken => "isApplicationToken",
        };
        let mend = if let Predicate::IsInToken(any) = &explanation.failed {
            // When a token was issued, and with which roles, only whoever issued it knows.
            let names: Vec<&str> = any.iter().map(|permission| permission.role()).collect();
            let names = names.join(" or ");
            format!("fetch a new token: {names} is granted, and this one does not carry it")
        } else {
            explanation.mend()
        };
        Self::new(predicate, explanation.to_string(), mend)
    }
}

impl From<&Refusal> for Reason {
    fn from(refusal: &Refusal) -> Self {
        let predicate = predicate(refusal);
        let mend = if let Refusal::MissingPermission(need) = refusal {
            grant(*need)
        } else {
            mend(predicate).to_owned()
        };
        Self::new(predicate, refusal.to_string(), mend)
    }
}

fn grant(need: Need) -> String {
    let names: Vec<&str> = need.any_of().iter().map(|permission| permission.role()).collect();
    format!("grant {} to the application, then fetch a new token", names.join(" or "))
}

const fn predicate(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NotRegistered => "isRegistered",
        Refusal::MissingPermission(_) => "isGranted",
        Refusal::NotAllowedToRemove => "mayRemoveParticipants",
        Refusal::NoAccessPolicy { .. } => "hasAccessPolicyFor",
        Refusal::DelegatedToken => "isApplicationToken",
        Refusal::TenantMismatch => "isOfTenant",
        Refusal::NotYourCall => "ownsCall",
        Refusal::MalformedBody(_) => "bodyIsReadable",
        Refusal::InvalidArgument(_) | Refusal::BadMeeting(_) => "argumentIsValid",
        Refusal::BadCoordinates => "coordinatesAreKnown",
        Refusal::BadJoinToken => "joinTokenIsOurs",
        Refusal::BadJoinMeetingId => "joinMeetingIdIsKnown",
        Refusal::CallNotFound => "callExists",
        Refusal::OperationNotFound => "operationExists",
        Refusal::ParticipantNotFound => "participantExists",
        Refusal::MeetingNotFound => "meetingExists",
        Refusal::ItemNotFound(_) | Refusal::UserNotFound => "itemExists",
        Refusal::NoSuchResource => "pathExists",
        Refusal::NotModelled(_) => "isModelled",
        Refusal::NoPstn => "pstnIsOn",
        Refusal::NotEstablished => "isEstablished",
        Refusal::WrongState => "isInState",
        Refusal::TransferUnderWay => "isNotTransferring",
        Refusal::NotGroupCall => "isGroupCall",
        Refusal::WrongMediaMode | Refusal::ToneSubscription => "hasMediaMode",
        Refusal::NotRecordingCall => "isRecordingCall",
        Refusal::RecordingCall => "isNotRecordingCall",
        Refusal::AudioInactive => "audioIsActive",
        Refusal::AlreadyAnswered => "isUnanswered",
        Refusal::Conflict(_) => "nothingIsInTheWay",
        Refusal::JoinBlocked => "guestsAreLetIn",
        Refusal::NotMemberOfChannel => "isMemberOfChannel",
        Refusal::ConferenceFull => "conferenceHasRoom",
        Refusal::TooManyOperations => "queueHasRoom",
        Refusal::TooManyCalls => "callsHaveRoom",
        Refusal::TooManyCallsInMonth { .. } => "monthHasRoom",
        Refusal::TooManyRequests => "isNotTooFast",
    }
}

/// What mends each; permissions are told one by one, by [`grant`].
const MENDS: [(&str, &str); 36] = [
    ("isRegistered", "register the application in this tenant, with calling enabled"),
    (
        "mayRemoveParticipants",
        "Set-CsApplicationMeetingConfiguration -AllowRemoveParticipantAppIds",
    ),
    ("hasAccessPolicyFor", "Grant-CsApplicationAccessPolicy for this application and user"),
    ("isApplicationToken", "ask with an application's own token"),
    ("isOfTenant", "ask with a token of the call's tenant, and say the same in 'tenantId'"),
    ("ownsCall", "ask with a token of the application that has the call"),
    ("bodyIsReadable", "send JSON whose members have the types and values of the page"),
    ("argumentIsValid", "change the member that the message names"),
    (
        "coordinatesAreKnown",
        "take threadId, messageId, Tid and Oid from the meeting's joinWebUrl (R-077)",
    ),
    ("joinTokenIsOurs", "send the token of a notification as it came"),
    ("joinMeetingIdIsKnown", "take id and passcode from joinMeetingIdSettings of the meeting"),
    ("callExists", "compare the id; if the call has ended, forget it"),
    ("operationExists", "take the id from the Location header, while the call lives"),
    ("participantExists", "take the id from the roster of this call"),
    ("meetingExists", "compare the id; the meeting may have been deleted"),
    ("itemExists", "list the collection first"),
    ("pathExists", "compare version and path with the page"),
    ("isModelled", "docs/fidelity.md lists what is"),
    ("pstnIsOn", "switch the option 'pstn' on"),
    ("isEstablished", "wait for the notification 'established'"),
    (
        "isInState",
        "look at the call's state first; each incoming call is answered once, and who waits in the lobby waits",
    ),
    ("isNotTransferring", "wait for the end of the first transfer"),
    ("isGroupCall", "do this in group calls and meetings only"),
    ("hasMediaMode", "make or answer the call with the other kind of mediaConfig"),
    ("isRecordingCall", "only recording policies make such calls"),
    ("isNotRecordingCall", "a recorder's leg cannot do this"),
    ("audioIsActive", "wait for mediaState.audio 'active'"),
    ("isUnanswered", "answer each call once"),
    ("nothingIsInTheWay", "end or rename what is there already"),
    (
        "guestsAreLetIn",
        "let guests into this tenant (refusesGuests), or join with Calls.JoinGroupCall.All",
    ),
    ("isMemberOfChannel", "name a user who is a member of the channel"),
    ("conferenceHasRoom", "wait until somebody leaves: 1,000 participants fit, bots among them"),
    ("queueHasRoom", "wait for operations to end, or cancel them"),
    ("callsHaveRoom", "end calls first"),
    ("monthHasRoom", "let the clock run for Retry-After, or raise the option 'callsPerMonth'"),
    ("isNotTooFast", "wait for Retry-After, then ask less often"),
];

fn mend(predicate: &str) -> &'static str {
    MENDS.iter().find(|(name, _)| *name == predicate).map_or("", |(_, mend)| mend)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(n: u128) -> Why {
        Why {
            request_id: n.to_string(),
            status: 404,
            code: "8522".to_owned(),
            op: "get".to_owned(),
            reason: Reason::from(&Refusal::CallNotFound),
            app: None,
            tenant: None,
            call_id: None,
        }
    }

    #[test]
    fn the_last_ten_thousand_are_kept() {
        let kept = Refusals::default();
        let id = |n: usize| Guid::from_u128(n as u128);
        for n in 0..=KEPT_MAX {
            kept.keep(id(n), why(n as u128));
            kept.keep(id(n), why(n as u128));
        }
        assert_eq!(kept.find(id(0)), None, "the oldest is forgotten");
        for n in 1..=KEPT_MAX {
            assert!(kept.find(id(n)).is_some(), "{n}");
        }
        kept.reset();
        assert_eq!(kept.find(id(KEPT_MAX)), None);
    }

    #[test]
    fn every_predicate_can_be_mended() {
        let refusals = [
            Refusal::NotRegistered,
            Refusal::NotAllowedToRemove,
            Refusal::DelegatedToken,
            Refusal::TenantMismatch,
            Refusal::NotYourCall,
            Refusal::MalformedBody(String::new()),
            Refusal::InvalidArgument(String::new()),
            Refusal::BadCoordinates,
            Refusal::BadJoinToken,
            Refusal::BadJoinMeetingId,
            Refusal::CallNotFound,
            Refusal::OperationNotFound,
            Refusal::ParticipantNotFound,
            Refusal::MeetingNotFound,
            Refusal::ItemNotFound("x"),
            Refusal::UserNotFound,
            Refusal::NoSuchResource,
            Refusal::NotModelled("x"),
            Refusal::NoPstn,
            Refusal::NotEstablished,
            Refusal::WrongState,
            Refusal::TransferUnderWay,
            Refusal::NotGroupCall,
            Refusal::WrongMediaMode,
            Refusal::NotRecordingCall,
            Refusal::RecordingCall,
            Refusal::AudioInactive,
            Refusal::AlreadyAnswered,
            Refusal::Conflict(String::new()),
            Refusal::JoinBlocked,
            Refusal::NotMemberOfChannel,
            Refusal::ConferenceFull,
            Refusal::TooManyOperations,
            Refusal::TooManyCalls,
            Refusal::TooManyCallsInMonth { left: 1 },
            Refusal::TooManyRequests,
        ];
        for refusal in refusals {
            let reason = Reason::from(&refusal);
            assert!(!reason.mend.is_empty(), "{}", reason.predicate);
        }
    }

    #[test]
    fn every_need_is_named_by_what_mends_it() {
        for need in Need::ALL.into_iter().filter(|need| *need != Need::Nothing) {
            let reason = Reason::from(&Refusal::MissingPermission(need));
            assert_eq!(reason.predicate, "isGranted");
            for permission in need.any_of() {
                assert!(reason.mend.contains(permission.role()), "{need:?}: {}", reason.mend);
            }
        }
    }
}

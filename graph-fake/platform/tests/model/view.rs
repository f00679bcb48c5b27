//! What a bot knows when it has read everything: replies and notifications, nothing else.

use graph_api::{CallState, ChangeType, OperationStatus, ResultInfo};
use platform::{Accepted, Notification, OperationId, OperationView, Refusal, What};

/// A reply, as a bot can tell replies apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// 201.
    Created,
    /// 200 with the call: its state, whether audio flows, and whether it is in a conference.
    Call(CallState, bool, bool),
    /// 200 with a new operation.
    Operation(OperationStatus),
    /// 202 with a new operation.
    OperationTaken(OperationStatus),
    /// 200 with an operation, by number.
    OperationRead(usize, OperationStatus),
    /// 200 with all operations.
    Operations(Vec<(usize, OperationStatus)>),
    /// 200 with so many of something.
    Several(usize),
    /// 200 with a roster entry.
    Participant,
    /// 200.
    Done,
    /// 202.
    Taken,
    /// 204.
    Gone,
    /// Status and code.
    Refused(u16, &'static str),
}

impl Reply {
    /// Reads a reply; `number` gives an operation its number.
    pub fn read(
        reply: &Result<Accepted, Refusal>,
        number: impl Fn(&OperationView) -> usize,
    ) -> Self {
        match reply {
            Ok(Accepted::Created(_)) => Self::Created,
            Ok(Accepted::Call(view)) => {
                assert_eq!(view.coordinates.is_some(), view.conference.is_some());
                Self::Call(view.state.clone(), view.audio_active, view.conference.is_some())
            }
            Ok(Accepted::Operation(_, view)) => Self::Operation(view.status.clone()),
            Ok(Accepted::OperationTaken(_, view)) => Self::OperationTaken(view.status.clone()),
            Ok(Accepted::OperationRead(_, view)) => {
                Self::OperationRead(number(view), view.status.clone())
            }
            Ok(Accepted::Operations(_, views)) => {
                Self::Operations(views.iter().map(|v| (number(v), v.status.clone())).collect())
            }
            Ok(Accepted::Participants(_, all)) => Self::Several(all.len()),
            Ok(Accepted::RoutingGroups(_, all)) => Self::Several(all.len()),
            Ok(Accepted::ContentSharings(_, all)) => Self::Several(all.len()),
            Ok(Accepted::Participant(..)) => Self::Participant,
            Ok(Accepted::Done) => Self::Done,
            Ok(Accepted::Taken) => Self::Taken,
            Ok(Accepted::Gone) => Self::Gone,
            Ok(other) => panic!("the model asks nothing that is answered with {other:?}"),
            Err(refusal) => {
                let (status, code) = refusal.status_and_code();
                Self::Refused(status, code)
            }
        }
    }
}

/// Code and subcode.
pub type Codes = (i32, i32);

/// A notification, as a bot can tell notifications apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// `created`, incoming.
    Incoming,
    /// `updated` with a state.
    Updated {
        /// None where audio alone is told.
        state: Option<CallState>,
        /// Where it says whether audio flows.
        audio: Option<bool>,
        /// Whether it says which conference the call is in.
        conference: bool,
        /// Why a transfer failed.
        failure: Option<Codes>,
    },
    /// The n-th key that the bot hears of: which.
    Tone(i64, graph_api::Tone),
    /// The n-th operation of the call ended.
    Operation { number: usize, well: bool, result: Option<Codes>, reason: Option<&'static str> },
    /// `deleted`, with the result and terminationReason.
    Ended { result: Option<Codes>, reason: Option<&'static str> },
    /// Who is in the conference: never told in these histories.
    Roster,
}

impl Told {
    /// A state and nothing else.
    pub fn state(state: CallState) -> Self {
        Self::Updated { state: Some(state), audio: None, conference: false, failure: None }
    }

    /// Whether audio flows and nothing else.
    pub fn audio(flows: bool) -> Self {
        Self::Updated { state: None, audio: Some(flows), conference: false, failure: None }
    }
}

fn codes(result: Option<&ResultInfo>) -> Option<Codes> {
    result.map(|result| (result.code, result.subcode))
}

/// Reads a notification; `number` gives an operation its number.
pub fn told(notification: &Notification, number: impl Fn(OperationId) -> usize) -> Told {
    match (&notification.what, notification.change()) {
        (What::Incoming(_), ChangeType::Created) => Told::Incoming,
        (What::CallUpdated(update), ChangeType::Updated) => Told::Updated {
            state: update.state.clone(),
            audio: update.audio_active,
            conference: update.coordinates.is_some(),
            failure: codes(update.result.as_ref()),
        },
        (What::CallEnded(view), ChangeType::Deleted) => {
            assert_eq!(view.state, CallState::Terminated);
            Told::Ended { result: codes(view.result.as_ref()), reason: view.termination_reason }
        }
        (What::OperationEnded(view), ChangeType::Deleted) => {
            let number = number(view.id);
            assert_eq!(view.client_context, Some(number.to_string()), "R-271: echoed verbatim");
            let well = match view.status {
                OperationStatus::Completed => true,
                OperationStatus::Failed => false,
                ref other => panic!("an operation that is {other} has not ended"),
            };
            let (result, reason) = (codes(view.result.as_ref()), view.completion_reason);
            Told::Operation { number, well, result, reason }
        }
        (What::Tone(number, tone), ChangeType::Updated) => Told::Tone(*number, tone.clone()),
        (What::Roster(_), ChangeType::Updated) => Told::Roster,
        (what, change) => panic!("{change} does not go with {what:?}"),
    }
}

//! What a bot knows when it has read everything: replies and notifications, nothing else.

use graph_api::{CallState, ChangeType};
use platform::{Accepted, Notification, Refusal, What};

/// A reply, as a bot can tell replies apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// 201.
    Created,
    /// 200 with the call: its state and whether audio flows.
    Call(CallState, bool),
    /// 200 with a running operation.
    Operation,
    /// 200.
    Done,
    /// 202.
    Taken,
    /// 204.
    Gone,
    /// Status and code.
    Refused(u16, &'static str),
}

impl From<&Result<Accepted, Refusal>> for Reply {
    fn from(reply: &Result<Accepted, Refusal>) -> Self {
        match reply {
            Ok(Accepted::Created(_)) => Self::Created,
            Ok(Accepted::Call(view)) => Self::Call(view.state.clone(), view.audio_active),
            Ok(Accepted::Operation(..)) => Self::Operation,
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

/// A notification, as a bot can tell notifications apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// `created`, incoming.
    Incoming,
    /// `updated` with a state, and whether it says that audio flows.
    Updated(CallState, bool),
    /// The n-th operation of the call ended, with code and subcode.
    Operation(usize, i32, i32),
    /// `deleted`: code and subcode.
    Ended(i32, i32),
}

/// Reads a notification; `operation` gives an operation its number.
pub fn told(
    notification: &Notification,
    operation: impl Fn(platform::OperationId) -> usize,
) -> Told {
    match (&notification.what, notification.change()) {
        (What::Incoming(_), ChangeType::Created) => Told::Incoming,
        (What::CallUpdated(update), ChangeType::Updated) => {
            Told::Updated(update.state.clone(), update.audio_active == Some(true))
        }
        (What::CallEnded(view), ChangeType::Deleted) => {
            let result = view.result.as_ref().expect("an ended call says why");
            assert_eq!(view.state, CallState::Terminated);
            Told::Ended(result.code, result.subcode)
        }
        (What::OperationEnded(view), ChangeType::Deleted) => {
            let result = view.result.as_ref().expect("an ended operation says how");
            let well = view.status == graph_api::OperationStatus::Completed;
            assert_eq!(well, result.code == 200, "status and result say the same");
            Told::Operation(operation(view.id), result.code, result.subcode)
        }
        (what, change) => panic!("{change} does not go with {what:?}"),
    }
}

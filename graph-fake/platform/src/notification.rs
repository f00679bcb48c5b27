//! What a bot is told.

use graph_api::{CallState, ChangeType};

use crate::{
    input::CallId,
    view::{CallView, OperationView},
};

/// One notification, as facts; [`crate::render::notification`] writes it as JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    /// The call it is about.
    pub call: CallId,
    /// Counts the changes of this call; printed as `@odata.etag`.
    pub etag: u64,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Somebody rings (notifications.md 3.2).
    Incoming(Box<CallView>),
    /// The state changed, or audio began to flow. Partial: it carries no id.
    CallUpdated {
        /// Where the call is.
        state: CallState,
        /// Set where this notification tells it.
        audio_active: Option<bool>,
    },
    /// The call is over; always the last one.
    CallEnded(Box<CallView>),
    /// An operation is over.
    OperationEnded(OperationView),
}

impl Notification {
    /// The change type that goes with it.
    pub const fn change(&self) -> ChangeType {
        match self.what {
            What::Incoming(_) => ChangeType::Created,
            What::CallUpdated { .. } => ChangeType::Updated,
            What::CallEnded(_) | What::OperationEnded(_) => ChangeType::Deleted,
        }
    }

    /// Whether this is the one that must be acknowledged within 5 s.
    pub const fn is_incoming(&self) -> bool {
        matches!(self.what, What::Incoming(_))
    }

    /// Where it is, relative to the service root: `/communications/calls/…`.
    pub fn resource_url(&self) -> String {
        let call = format!("/communications/calls/{}", self.call);
        match &self.what {
            What::OperationEnded(operation) => format!("{call}/operations/{}", operation.id),
            What::Incoming(_) | What::CallUpdated { .. } | What::CallEnded(_) => call,
        }
    }
}

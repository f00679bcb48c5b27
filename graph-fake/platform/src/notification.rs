//! What a bot is told.

use std::sync::Arc;

use graph_api::{CallState, ChangeType, ResultInfo, Tone};

use crate::{
    input::{CallId, ParticipantId},
    view::{CallView, Coordinates, OperationView, ParticipantView},
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
    /// Something about the call changed. Partial: it carries no id.
    CallUpdated(Box<Update>),
    /// Somebody pressed a key; counts from 1.
    Tone(i64, Tone),
    /// Who is in the conference.
    Roster(Roster),
    /// Documents began or ceased to be presented: the sessions' ids.
    ContentSharing(ChangeType, Vec<String>),
    /// Another user of the recording policy is about to join: the call as it would be for them.
    ParticipantJoining(Box<CallView>),
    /// One of them left.
    ParticipantLeft(ParticipantId),
    /// An operation is over.
    OperationEnded(Box<OperationView>),
    /// The call is over; always the last one.
    CallEnded(Box<CallView>),
}

/// A partial update of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// Where the call is. Left out where audio alone is told, from the second time on: sample bots begin anew with
    /// each `established` whose audio is active (clients.md 25).
    pub state: Option<CallState>,
    /// Set where this notification tells it.
    pub audio_active: Option<bool>,
    /// Chat and meeting: with every state of a joined meeting, and once at escalation.
    pub coordinates: Option<Arc<Coordinates>>,
    /// Why a transfer failed; its subcode is spelled `subCode` there.
    pub result: Option<ResultInfo>,
}

impl Update {
    /// A state and nothing else.
    pub const fn state(state: CallState) -> Self {
        Self { state: Some(state), audio_active: None, coordinates: None, result: None }
    }

    /// Whether audio flows and nothing else.
    pub const fn audio(active: bool) -> Self {
        Self { state: None, audio_active: Some(active), coordinates: None, result: None }
    }
}

/// A roster notification.
#[derive(Debug, Clone, PartialEq)]
pub enum Roster {
    /// Everybody.
    Full(Vec<Arc<ParticipantView>>),
    /// What changed; the first one has everybody.
    Delta {
        /// Grows by one with each.
        sequence: u64,
        /// Those who changed, and those who left (`removed`).
        changed: Vec<Arc<ParticipantView>>,
    },
}

impl Notification {
    /// The change type that goes with it.
    pub fn change(&self) -> ChangeType {
        match &self.what {
            What::Incoming(_) | What::ParticipantJoining(_) => ChangeType::Created,
            What::CallUpdated(_) | What::Tone(..) | What::Roster(_) => ChangeType::Updated,
            What::ContentSharing(change, _) => change.clone(),
            What::CallEnded(_) | What::OperationEnded(_) | What::ParticipantLeft(_) => {
                ChangeType::Deleted
            }
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
            What::Roster(_) => format!("{call}/participants"),
            What::ContentSharing(..) => format!("{call}/contentsharingsessions"),
            What::Incoming(_)
            | What::CallUpdated(_)
            | What::Tone(..)
            | What::ParticipantJoining(_)
            | What::ParticipantLeft(_)
            | What::CallEnded(_) => call,
        }
    }
}

//! The Teams call platform as a pure state machine.
//!
//! One way in, [`Platform::handle`]; one way out, [`Outputs`]; and [`Platform::next_deadline`], which
//! says when to call again if nobody acts. Time is an argument, ids come from the seed.
//!
//! What is deliberately absent: sockets, clocks, randomness, tasks, locks, unordered iteration and JSON
//! text. [`render`] writes what happened in Graph's words, when the shell asks for it.

mod arguments;
mod call;
mod callback_uri;
mod conference;
mod directory;
mod explanation;
mod flaw;
mod ids;
mod input;
mod media_queue;
pub mod meetings;
mod notification;
mod options;
mod outbox;
mod permissions;
mod platform;
mod record_arguments;
mod refusal;
pub mod render;
mod view;
mod who;

pub use call::{EDGES, Wake};
pub use callback_uri::{BadCallbackUri, CALLBACK_URI_MAX, check_callback_uri};
pub use directory::{
    AccessPolicy, Admin, Application, ApplicationInstance, ChatGrants, Directory, OnCall, Tenant,
    User,
};
pub use explanation::{Explanation, Predicate};
pub use flaw::Flaw;
pub use ids::Ids;
pub use input::{
    Accepted, Act, ActRefusal, CallId, CallVerb, Caller, ConferenceId, Delegated, Delivery,
    DeliveryId, DeliveryOutcome, Effect, Event, FetchError, FetchId, Input, JoinAnswer,
    OperationId, Outputs, ParticipantId, Request, UserAct, Verb,
};
pub use media_queue::{BEEP, MediaEvent, Prompt};
pub use meetings::{MeetingId, Schedule};
pub use notification::{Notification, Roster, Update, What};
pub use options::Options;
pub use outbox::{FAULTS_MAX, NotificationFault, NotificationKind, Tampering};
pub use permissions::{Grants, Need, Permission};
pub use platform::Platform;
pub use refusal::Refusal;
pub use view::{
    CallView, Chat, ConferenceView, Coordinates, MediaFacts, Meeting, Observation, OperationKind,
    OperationView, ParticipantView, Party, PeerView, StreamKind, StreamView,
};
pub use who::{BadWho, Person, Who, is_e164};

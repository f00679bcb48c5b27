//! The Teams call platform as a pure state machine.
//!
//! One way in, [`Platform::handle`]; one way out, [`Outputs`]; and [`Platform::next_deadline`], which
//! says when to call again if nobody acts. Time is an argument, ids come from the seed.
//!
//! What is deliberately absent: sockets, clocks, randomness, tasks, locks, unordered iteration and JSON
//! text. [`render`] writes what happened in Graph's words, when the shell asks for it.

mod arguments;
mod call;
mod directory;
mod flaw;
mod ids;
mod input;
mod media_queue;
mod notification;
mod options;
mod outbox;
mod permissions;
mod platform;
mod refusal;
pub mod render;
mod view;

pub use call::{EDGES, Wake};
pub use directory::{Admin, Application, Directory, OnCall, Tenant, User};
pub use flaw::Flaw;
pub use ids::Ids;
pub use input::{
    Accepted, Act, ActRefusal, CallId, CallVerb, Caller, Delivery, DeliveryId, DeliveryOutcome,
    Effect, Event, FetchError, FetchId, Input, OperationId, Outputs, Request, Verb,
};
pub use notification::{Notification, What};
pub use options::Options;
pub use permissions::{Grants, Need, Permission};
pub use platform::Platform;
pub use refusal::Refusal;
pub use view::{CallView, OperationView};

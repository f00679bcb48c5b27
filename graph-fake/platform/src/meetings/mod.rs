//! Online meetings: what exists in calendars and can be joined (endpoints.md 21). Conferences, which are what
//! people are in, belong to the platform; a meeting outlives them.

mod handle;
mod language;
mod link;
mod meeting;
pub mod render;
mod rules;
mod store;
mod verb;

pub use language::Language;
pub use link::JoinLink;
pub use meeting::{Meeting, MeetingId, Schedule, Settings};
pub use store::Meetings;
pub use verb::{
    Collection, EventView, Mailbox, MeetingAccepted, MeetingFilter, MeetingVerb, MeetingView, Whose,
};

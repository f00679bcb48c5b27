//! What may be asked of online meetings, and what it is answered with (endpoints.md 21).

use graph_api::{Guid, OnlineMeeting};

use super::meeting::Meeting;

/// Whose meetings a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// `/me`: the user of a delegated token.
    Me,
    /// `/users/{id}`, as the path has it.
    User(String),
    /// `/communications`: nobody's in particular.
    Communications,
}

/// Which meetings a `$filter` names; equality only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MeetingFilter {
    /// `JoinWebUrl`, decoded once.
    JoinWebUrl(String),
    /// `joinMeetingIdSettings/joinMeetingId`
    JoinMeetingId(String),
    /// `VideoTeleconferenceId`
    VideoTeleconferenceId(String),
}

/// What may be asked of online meetings.
#[derive(Debug, Clone, PartialEq)]
pub enum MeetingVerb {
    /// POST
    Create(Whose, Box<OnlineMeeting>),
    /// POST …/createOrGet
    CreateOrGet(Whose, Box<OnlineMeeting>),
    /// GET …/{id}
    Get(Whose, String),
    /// GET with a `$filter`.
    Find(Whose, MeetingFilter),
    /// PATCH …/{id}
    Update(Whose, String, Box<OnlineMeeting>),
    /// DELETE …/{id}
    Delete(Whose, String),
    /// GET …/calendar/events (clients.md 19).
    CalendarEvents(Whose),
}

/// What it is answered with.
#[derive(Debug, Clone, PartialEq)]
pub enum MeetingAccepted {
    /// 201 with the meeting.
    Created(Collection, MeetingView),
    /// 200 with the meeting.
    Meeting(Collection, MeetingView),
    /// 200 with a list of meetings: one, or none.
    Found(Collection, Vec<MeetingView>),
    /// 204.
    Deleted,
    /// 200 with what is in a user's calendar.
    Events(Guid, Vec<EventView>),
}

/// The collection that an answer's `@odata.context` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collection {
    /// `users('{id}')/onlineMeetings`, for `/me` too.
    OfUser(Guid),
    /// `communications/onlineMeetings`
    Communications,
}

/// A meeting, and what the directory knows of it.
#[derive(Debug, Clone, PartialEq)]
pub struct MeetingView {
    /// The meeting.
    pub meeting: Box<Meeting>,
    /// The organizer's user principal name.
    pub organizer_upn: String,
    /// Whether the organizer is licensed for Cloud Video Interop: then it has a videoTeleconferenceId.
    pub video_interop: bool,
}

/// An entry of a calendar.
#[derive(Debug, Clone, PartialEq)]
pub struct EventView {
    /// The meeting that it is about.
    pub meeting: Box<Meeting>,
    /// Who invites.
    pub organizer: Mailbox,
    /// Who is invited.
    pub attendees: Vec<Mailbox>,
}

/// `emailAddress`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Shown to people.
    pub name: String,
    /// Where mail goes.
    pub address: String,
}

//! Online meetings: what exists in calendars and can be joined (endpoints.md 21). Conferences, which are what
//! people are in, belong to the platform; a meeting outlives them.

use std::collections::BTreeMap;

use graph_api::{Guid, Timestamp};

use crate::{ids::Ids, refusal::Refusal};

/// One online meeting. Written on the wire as an opaque text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MeetingId(pub Guid);

/// What may be asked of online meetings.
#[derive(Debug, Clone, PartialEq)]
pub enum MeetingVerb {}

/// What it is answered with.
#[derive(Debug, Clone, PartialEq)]
pub enum MeetingAccepted {}

/// A meeting that a test arranges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// An id, if the test wants one of its own.
    pub id: Option<MeetingId>,
    /// Where.
    pub tenant: Guid,
    /// Whose.
    pub organizer: Guid,
    /// What it is about.
    pub subject: Option<String>,
    /// Users who are in its conference from now on, in this order.
    pub participants: Vec<Guid>,
    /// Whether guests have to wait in the lobby.
    pub lobby: bool,
    /// Whether it is a meeting of a channel: another kind of thread, and a real message id.
    pub channel: bool,
    /// Whether joining by id needs a passcode.
    pub passcode: bool,
}

/// A meeting, as far as joining it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// Its id.
    pub id: MeetingId,
    /// Where.
    pub tenant: Guid,
    /// Whose.
    pub organizer: Guid,
    /// What it is about.
    pub subject: Option<String>,
    /// `chatInfo.threadId`.
    pub thread: String,
    /// `chatInfo.messageId`.
    pub message: String,
    /// Digits.
    pub join_meeting_id: String,
    /// None when it needs none.
    pub passcode: Option<String>,
    /// Whether guests wait in the lobby.
    pub lobby: bool,
}

/// All meetings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Meetings {
    meetings: BTreeMap<MeetingId, Meeting>,
}

impl Meetings {
    /// Arranges a meeting.
    pub fn schedule(&mut self, _now: Timestamp, ids: &mut Ids, wanted: &Schedule) -> MeetingId {
        let id = wanted.id.unwrap_or(MeetingId(ids.guid()));
        let meeting = Meeting {
            id,
            tenant: wanted.tenant,
            organizer: wanted.organizer,
            subject: wanted.subject.clone(),
            thread: format!("19:meeting_{:032x}@thread.v2", id.0.as_u128()),
            message: "0".to_owned(),
            join_meeting_id: format!("{:012}", id.0.as_u128() % 1_000_000_000_000),
            passcode: wanted.passcode.then(|| format!("{:06x}", id.0.as_u128() % 0xff_ffff)),
            lobby: wanted.lobby,
        };
        self.meetings.insert(id, meeting);
        id
    }

    /// One meeting.
    pub fn get(&self, id: MeetingId) -> Option<&Meeting> {
        self.meetings.get(&id)
    }

    /// All of them, by id.
    pub fn all(&self) -> impl Iterator<Item = &Meeting> {
        self.meetings.values()
    }

    /// By the thread and message of `chatInfo` and the organizer of `meetingInfo`.
    ///
    /// # Errors
    /// [`Refusal::BadCoordinates`].
    pub fn by_thread(
        &self,
        tenant: Guid,
        thread: &str,
        message: &str,
        organizer: Guid,
    ) -> Result<&Meeting, Refusal> {
        let found = self.meetings.values().find(|meeting| {
            meeting.tenant == tenant
                && meeting.thread == thread
                && meeting.message == message
                && meeting.organizer == organizer
        });
        found.ok_or(Refusal::BadCoordinates)
    }

    /// By joinMeetingId and passcode.
    ///
    /// # Errors
    /// [`Refusal::BadJoinMeetingId`].
    pub fn by_join_meeting_id(
        &self,
        id: &str,
        passcode: Option<&str>,
    ) -> Result<&Meeting, Refusal> {
        let found = self.meetings.values().find(|meeting| meeting.join_meeting_id == id);
        found
            .filter(|meeting| meeting.passcode.as_deref().is_none_or(|code| Some(code) == passcode))
            .ok_or(Refusal::BadJoinMeetingId)
    }
}

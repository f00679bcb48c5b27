//! One meeting: what is kept of it, and how it comes about.

use std::time::Duration;

use graph_api::{
    AllowedPresenters, BroadcastSettings, Extra, Guid, Identity, IdentitySet, LobbyBypassScope,
    MeetingParticipantInfo, Timestamp,
};

use super::link::{JoinLink, id_text};

/// One online meeting. Written on the wire as an opaque text, [`Meeting::text_id`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MeetingId(pub Guid);

/// How long a meeting lasts when nobody says.
pub(super) const LASTS: Duration = Duration::from_secs(3_600);

/// A meeting that a test arranges, as if its organizer had done it in Teams: it is on calendars.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    /// When it begins, for calendars; the next full hour if not said.
    pub start: Option<Timestamp>,
    /// Users who are invited beside the participants.
    pub attendees: Vec<Guid>,
}

/// What can be chosen for a meeting, and nothing else depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// `lobbyBypassSettings.scope`.
    pub lobby_scope: LobbyBypassScope,
    /// `lobbyBypassSettings.isDialInBypassEnabled`.
    pub dial_in_bypass: bool,
    /// `allowedPresenters`.
    pub allowed_presenters: AllowedPresenters,
    /// `isEntryExitAnnounced`.
    pub announces: bool,
    /// `isBroadcast`.
    pub broadcast: bool,
    /// `broadcastSettings`.
    pub broadcast_settings: Option<BroadcastSettings>,
    /// Members that this fake only keeps and shows.
    pub extra: Extra,
}

impl Default for Settings {
    /// As the documented sample shows them (endpoints.md 21).
    fn default() -> Self {
        Self {
            lobby_scope: LobbyBypassScope::Organization,
            dial_in_bypass: false,
            allowed_presenters: AllowedPresenters::Everyone,
            announces: true,
            broadcast: false,
            broadcast_settings: None,
            extra: Extra::new(),
        }
    }
}

/// A meeting. It outlives the conferences that are held in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Meeting {
    /// Its id.
    pub id: MeetingId,
    /// Where.
    pub tenant: Guid,
    /// Whose; never changes.
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
    /// Whether guests wait in the lobby: all but those of a lobby that everyone bypasses.
    pub lobby: bool,
    /// `chatInfo.replyChainMessageId` of a channel's meeting.
    pub reply_chain: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it begins.
    pub start: Timestamp,
    /// When it ends; nothing happens then.
    pub end: Timestamp,
    /// The key of createOrGet, if it was made by that.
    pub external_id: Option<String>,
    /// Who is invited.
    pub attendees: Vec<MeetingParticipantInfo>,
    /// The rest.
    pub settings: Settings,
    /// `videoTeleconferenceId`; shown, and found, only where the organizer has a licence for that.
    pub vtc_id: String,
    /// `audioConferencing.conferenceId`.
    pub conference_id: String,
    /// Who has it in the calendar beside the organizer; `None`: it was made by the API and is on no calendar.
    pub on_calendars: Option<Vec<Guid>>,
}

impl Meeting {
    /// The link that joins it.
    pub fn link(&self) -> JoinLink {
        JoinLink {
            thread: self.thread.clone(),
            message: self.message.clone(),
            tenant: self.tenant,
            organizer: self.organizer,
            reply_chain: self.reply_chain.clone(),
        }
    }

    /// Its id on the wire: opaque, without characters that a path would have to escape.
    pub fn text_id(&self) -> String {
        id_text(self.organizer, &self.thread, &self.message)
    }
}

/// Where a new meeting's chat is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum ChatPlace {
    /// A chat of its own.
    #[default]
    Own,
    /// A thread of a channel, and the message there that is replied to.
    Channel(String, Option<String>),
}

/// A meeting that is about to be made: everything but what the store gives it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    pub(super) id: MeetingId,
    pub(super) tenant: Guid,
    pub(super) organizer: Guid,
    pub(super) subject: Option<String>,
    pub(super) place: ChatPlace,
    pub(super) passcode: bool,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    pub(super) external_id: Option<String>,
    pub(super) attendees: Vec<MeetingParticipantInfo>,
    pub(super) settings: Settings,
    pub(super) on_calendars: Option<Vec<Guid>>,
}

impl Draft {
    /// What a test arranges.
    pub(super) fn scheduled(now: Timestamp, id: MeetingId, wanted: &Schedule) -> Self {
        let hour = LASTS.as_secs();
        let next = Timestamp::from_secs((now.as_secs() / hour).saturating_add(1) * hour);
        let start = wanted.start.unwrap_or(next);
        let mut invited: Vec<Guid> = Vec::new();
        for user in wanted.participants.iter().chain(&wanted.attendees) {
            if *user != wanted.organizer && !invited.contains(user) {
                invited.push(*user);
            }
        }
        let (anyone, some) = (LobbyBypassScope::Everyone, LobbyBypassScope::Organization);
        Self {
            id,
            tenant: wanted.tenant,
            organizer: wanted.organizer,
            subject: wanted.subject.clone(),
            place: if wanted.channel {
                ChatPlace::Channel(format!("19:{:032x}@thread.tacv2", id.0.as_u128()), None)
            } else {
                ChatPlace::Own
            },
            passcode: wanted.passcode,
            start,
            end: start + LASTS,
            external_id: None,
            attendees: invited.iter().map(|user| attendee(*user)).collect(),
            settings: Settings {
                lobby_scope: if wanted.lobby { some } else { anyone },
                ..Settings::default()
            },
            on_calendars: Some(invited),
        }
    }
}

fn attendee(user: Guid) -> MeetingParticipantInfo {
    let user = Some(Identity { id: Some(user.to_string()), ..Identity::default() });
    MeetingParticipantInfo {
        identity: Some(IdentitySet { user, ..IdentitySet::default() }),
        role: Some(graph_api::MeetingRole::Attendee),
        ..MeetingParticipantInfo::default()
    }
}

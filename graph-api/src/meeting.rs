//! The online meeting and its parts (resources.md 11), as requests carry them and as answers show them.
//!
//! All members are optional and all types open: what a request must hold is for the platform to say, and
//! the many later additions (`allowMeetingChat`, `recordAutomatically`, …) survive in `extra`.

use serde::{Deserialize, Serialize};

use crate::{Extra, IdentitySet, Timestamp};

/// Declares an open object of optional members.
macro_rules! open_object {
    ($(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $($(#[$fmeta])*
            #[serde(skip_serializing_if = "Option::is_none")]
            pub $field: Option<$kind>,)*
            /// Everything else.
            #[serde(flatten)]
            pub extra: Extra,
        }
    };
}

open_enum! {
    /// onlineMeetingRole.
    MeetingRole {
        /// Takes part.
        Attendee = "attendee",
        /// May present.
        Presenter = "presenter",
        /// Produces a broadcast.
        Producer = "producer",
        /// Organizes too.
        Coorganizer = "coorganizer",
    }
}

open_enum! {
    /// onlineMeetingPresenters: who may present.
    AllowedPresenters {
        /// Everyone; the default.
        Everyone = "everyone",
        /// People of the organizer's organization.
        Organization = "organization",
        /// Those whose role says so.
        RoleIsPresenter = "roleIsPresenter",
        /// The organizer.
        Organizer = "organizer",
    }
}

open_enum! {
    /// lobbyBypassScope: who need not wait in the lobby.
    LobbyBypassScope {
        /// The organizer only.
        Organizer = "organizer",
        /// People of the organizer's organization.
        Organization = "organization",
        /// Those and people of trusted organizations.
        OrganizationAndFederated = "organizationAndFederated",
        /// Nobody waits.
        Everyone = "everyone",
        /// Those who were invited.
        Invited = "invited",
        /// The organization without its guests.
        OrganizationExcludingGuests = "organizationExcludingGuests",
    }
}

open_enum! {
    /// broadcastMeetingAudience: who may watch a broadcast.
    BroadcastAudience {
        /// Those whose role says so.
        RoleIsAttendee = "roleIsAttendee",
        /// The organization.
        Organization = "organization",
        /// Everyone; the default.
        Everyone = "everyone",
    }
}

open_object! {
    /// onlineMeeting: the body of create, createOrGet and update, and what they answer.
    OnlineMeeting {
        /// `#microsoft.graph.onlineMeeting`.
        #[serde(rename = "@odata.type")]
        odata_type: String,
        /// Opaque; read-only.
        id: String,
        /// When it was made; read-only.
        creation_date_time: Timestamp,
        /// When it begins.
        start_date_time: Timestamp,
        /// When it ends.
        end_date_time: Timestamp,
        /// What it is about.
        subject: String,
        /// The link that joins it; read-only.
        join_web_url: String,
        /// The invitation in words; read-only.
        join_information: ItemBody,
        /// Joining by number; fixed at creation.
        join_meeting_id_settings: JoinMeetingIdSettings,
        /// Its chat; settable at creation for meetings of channels.
        chat_info: ChatInfo,
        /// Who organizes it and who is invited.
        participants: MeetingParticipants,
        /// Joining by telephone; read-only.
        audio_conferencing: AudioConferencing,
        /// For video conferencing systems of others; read-only.
        video_teleconference_id: String,
        /// The key of createOrGet.
        external_id: String,
        /// Who waits in the lobby.
        lobby_bypass_settings: LobbyBypassSettings,
        /// Who may present.
        allowed_presenters: AllowedPresenters,
        /// Whether coming and going is announced.
        is_entry_exit_announced: bool,
        /// Whether it is a broadcast; fixed at creation.
        is_broadcast: bool,
        /// How it is broadcast; fixed at creation.
        broadcast_settings: BroadcastSettings,
    }
}

open_object! {
    /// itemBody: text and what kind of text it is.
    ItemBody {
        /// The text.
        content: String,
        /// `Html` or `Text`.
        content_type: String,
    }
}

open_object! {
    /// joinMeetingIdSettings.
    JoinMeetingIdSettings {
        /// Whether a passcode is needed; what a creator may say.
        is_passcode_required: bool,
        /// Digits; read-only.
        join_meeting_id: String,
        /// Generated; read-only.
        passcode: String,
    }
}

open_object! {
    /// chatInfo.
    ChatInfo {
        /// `#microsoft.graph.chatInfo`.
        #[serde(rename = "@odata.type")]
        odata_type: String,
        /// `19:meeting_…@thread.v2`, or a channel's thread.
        thread_id: String,
        /// `0`, or a message of a channel.
        message_id: String,
        /// The message that is replied to.
        reply_chain_message_id: String,
    }
}

open_object! {
    /// meetingParticipants.
    MeetingParticipants {
        /// Fixed.
        organizer: MeetingParticipantInfo,
        /// All who are invited.
        attendees: Vec<MeetingParticipantInfo>,
    }
}

open_object! {
    /// meetingParticipantInfo; only `user` of the identity is used.
    MeetingParticipantInfo {
        /// Who.
        identity: IdentitySet,
        /// The user principal name.
        upn: String,
        /// In what role.
        role: MeetingRole,
    }
}

open_object! {
    /// audioConferencing.
    AudioConferencing {
        /// Digits to press.
        conference_id: String,
        /// A number that costs.
        toll_number: String,
        /// One that does not.
        toll_free_number: String,
        /// All numbers that cost.
        toll_numbers: Vec<String>,
        /// All that do not.
        toll_free_numbers: Vec<String>,
        /// Where numbers of other countries are listed.
        dialin_url: String,
    }
}

open_object! {
    /// lobbyBypassSettings.
    LobbyBypassSettings {
        /// Who need not wait.
        scope: LobbyBypassScope,
        /// Whether telephones need not wait either.
        is_dial_in_bypass_enabled: bool,
    }
}

open_object! {
    /// broadcastMeetingSettings.
    BroadcastSettings {
        /// Who may watch.
        allowed_audience: BroadcastAudience,
        /// Whether it is recorded.
        is_recording_enabled: bool,
        /// Whether the organizer is told who watched.
        is_attendee_report_enabled: bool,
        /// Whether questions can be asked.
        is_question_and_answer_enabled: bool,
        /// Whether it can be watched later.
        is_video_on_demand_enabled: bool,
    }
}

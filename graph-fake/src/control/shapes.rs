//! What the control API answers, as the description has it.
//!
//! The larger answers are put together from the platform's views (`snapshot.rs`); their shapes are written down here a
//! second time, and a test compares every answer with its shape.
#![expect(dead_code, reason = "most shapes are only described")]

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    config::{AccessPolicyShape, OnCallKind},
    driver::MediaCounts,
    media::{SeenStream, SessionShown},
};

/// An error.
#[derive(ToSchema)]
pub struct TroubleBody {
    /// What.
    error: TroubleDetail,
}

/// What is wrong.
#[derive(ToSchema)]
pub struct TroubleDetail {
    /// `badInput`, `unknownId`, `notLegalInThisState`, `tooLarge`, …
    code: String,
    /// In words, with the member's name.
    message: String,
}

/// It lives.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    pub status: &'static str,
}

/// A call that was made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Made {
    /// The id that the bot sees.
    pub call_id: String,
    /// One for all legs of a call.
    pub call_chain_id: Option<String>,
}

/// The clock.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Now {
    /// Milliseconds since 1970.
    pub now_ms: u64,
}

/// A key that was made.
#[derive(Serialize, ToSchema)]
pub struct NewKey {
    /// Its id.
    pub kid: String,
}

/// A notification's token.
#[derive(Serialize, ToSchema)]
pub struct Signed {
    /// A JWT.
    pub token: String,
}

/// An access token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Issued {
    /// A JWT.
    pub token: String,
    /// Seconds; not positive where it has expired already.
    pub expires_in: i64,
}

/// A meeting.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct MeetingShown {
    meeting_id: String,
    /// What people click on; a bot finds its coordinates in it.
    join_web_url: String,
    thread_id: String,
    message_id: String,
    join_meeting_id: String,
    passcode: Option<String>,
    organizer: String,
    tenant_id: String,
    subject: Option<String>,
    lobby: bool,
}

/// Everything.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct StateShown {
    tenants: Vec<TenantShown>,
    meetings: Vec<MeetingShown>,
    calls: Vec<CallShown>,
    /// The last 1,000.
    ended_calls: Vec<EndedCallShown>,
    conferences: Vec<ConferenceShown>,
    /// Notifications that nobody has acknowledged.
    undelivered_notifications: u64,
    /// Notifications and downloads on their way.
    under_way: u64,
}

/// A tenant.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct TenantShown {
    id: String,
    display_name: Option<String>,
    refuses_guests: bool,
    apps: Vec<AppShown>,
    users: Vec<UserShown>,
    instances: Vec<InstanceShown>,
    phones: Vec<PhoneShown>,
}

/// A bot, without its secret.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct AppShown {
    id: String,
    display_name: String,
    callback_uri: Option<String>,
    /// Roles that grant something.
    roles: Vec<String>,
    calling_enabled: bool,
    may_remove_participants: bool,
    access_policy: AccessPolicyShape,
    legacy_first_notification: bool,
    chats: Vec<ChatShown>,
}

/// What a bot may do in one chat.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct ChatShown {
    thread_id: String,
    join: bool,
    media: bool,
}

/// A user.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct UserShown {
    id: String,
    display_name: String,
    on_call: OnCallKind,
    /// Only of those who pick up.
    answer_after_ms: Option<u64>,
    voicemail: bool,
    recorded_by: Option<String>,
}

/// A resource account.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct InstanceShown {
    id: String,
    app: String,
    display_name: String,
    number: Option<String>,
}

/// A telephone.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct PhoneShown {
    number: String,
    on_call: OnCallKind,
    answer_after_ms: Option<u64>,
}

/// A live call, or one that has ended.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum AnyCall {
    /// It lives.
    Live(Box<CallShown>),
    /// It has ended.
    Ended(EndedCallShown),
}

/// A live call.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallShown {
    call_id: String,
    /// As Graph names it.
    state: String,
    /// `peerToPeer` or `multiparty`.
    r#type: String,
    escalated: bool,
    direction: String,
    call_chain_id: String,
    tenant_id: String,
    app: String,
    callback_uri: String,
    audio_active: bool,
    hears_tones: bool,
    recording_status: Option<String>,
    /// `user` or `bot`.
    started_by: String,
    conference_id: Option<String>,
    meeting_id: Option<String>,
    participants: Vec<ParticipantShown>,
    /// The streams of everybody in the call's conference.
    mixer: Vec<StreamOf>,
    /// Each a commsOperation in Graph's words.
    #[schema(value_type = Vec<Object>)]
    operations: (),
    media: MediaCounts,
    /// In Graph's words.
    #[schema(value_type = Option<Object>)]
    result_info: (),
    termination_reason: Option<String>,
}

/// A call that has ended.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndedCallShown {
    call_id: String,
    /// `terminated`.
    state: String,
    /// `peerToPeer` or `multiparty`, as it was.
    r#type: String,
    /// Empty.
    participants: Vec<ParticipantShown>,
    /// Empty.
    #[schema(value_type = Vec<Object>)]
    operations: (),
    /// In Graph's words.
    #[schema(value_type = Option<Object>)]
    result_info: (),
}

/// Somebody in a call: exactly one of `user`, `app`, `instance`, `guest` and `phone` is there. In a peer-to-peer call,
/// the members from `muted` on are not.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParticipantShown {
    participant_id: String,
    user: Option<String>,
    app: Option<String>,
    instance: Option<String>,
    guest: Option<String>,
    phone: Option<String>,
    name: Option<String>,
    muted: Option<bool>,
    in_lobby: Option<bool>,
    hidden: Option<bool>,
    role: Option<String>,
    metadata: Option<String>,
    application_type: Option<String>,
    recording_status: Option<String>,
    streams: Option<Vec<StreamShown>>,
}

/// A stream.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreamShown {
    /// `audio`, `video`, `videoBasedScreenSharing`, `data`.
    kind: String,
    source_id: u64,
    sends: bool,
    receives: bool,
    server_muted: bool,
}

/// A stream, and whose.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreamOf {
    participant_id: String,
    kind: String,
    source_id: u64,
    sends: bool,
    receives: bool,
    server_muted: bool,
}

/// A conference.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct ConferenceShown {
    conference_id: String,
    tenant_id: String,
    meeting_id: Option<String>,
    roster_sequence: u64,
    thread_id: Option<String>,
    /// The ids of the bots' calls.
    calls: Vec<String>,
    participants: Vec<ParticipantShown>,
}

/// What flows in a call.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct MediaShown {
    call_id: String,
    streams: Vec<StreamOf>,
    counts: MediaCounts,
    /// The media of an app-hosted bot; absent where there is none.
    session: Option<SessionShown>,
}

/// What a user heard in a call, in words.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeardShown {
    /// The user.
    pub user_id: String,
    /// Milliseconds that were listened to.
    pub duration_ms: u64,
    /// Markers, in the order in which they began.
    pub markers: Vec<MarkerShown>,
}

/// What people in a call see of its bot.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeenShown {
    /// The call.
    pub call_id: String,
    /// Each video channel that people looked at.
    pub streams: Vec<SeenStream>,
}

/// A marker that was heard.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MarkerShown {
    /// Which.
    pub marker_id: u32,
    /// When it began, in milliseconds since 1970.
    pub at_ms: u64,
}

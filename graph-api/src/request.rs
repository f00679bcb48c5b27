//! Bodies of the actions (resources.md 12). Members that the contract requires are still `Option` where their
//! absence is an argument error (`8523`) and not a malformed body: whether they are there is for the platform to say.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    Extra, InvitationParticipantInfo, MediaConfig, MediaPrompt, Modality, ParticipantInfo, Tone,
};

/// Declares a request body: all members optional, open.
macro_rules! body {
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

body! {
    /// answer.
    AnswerRequest {
        /// Replaces the registered webhook for this call.
        callback_uri: String,
        /// Required.
        accepted_modalities: Vec<Modality>,
        /// Required.
        media_config: MediaConfig,
        /// How many users of one policy this leg may record.
        participant_capacity: i32,
        /// How this leg wants to be told of its roster.
        call_options: CallOptions,
    }
}

body! {
    /// callOptions (resources.md 4), outgoing and incoming alike.
    CallOptions {
        /// Hides the bot from the others once a call has escalated.
        hide_bot_after_escalation: bool,
        /// Turns `contentsharingsessions` notifications on.
        is_content_sharing_notification_enabled: bool,
        /// Roster notifications become deltaParticipants.
        is_delta_roster_enabled: bool,
        /// Filters the delta roster by interactivity; undocumented, kept and echoed.
        is_interactive_roster_enabled: bool,
    }
}

/// Why a call is rejected; any case is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RejectReason {
    /// No reason given; the default.
    #[default]
    None,
    /// The bot is busy.
    Busy,
    /// The caller may not call.
    Forbidden,
}

impl<'de> Deserialize<'de> for RejectReason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.to_ascii_lowercase().as_str() {
            "none" => Ok(Self::None),
            "busy" => Ok(Self::Busy),
            "forbidden" => Ok(Self::Forbidden),
            _ => Err(serde::de::Error::custom("expected one of none, busy, forbidden")),
        }
    }
}

body! {
    /// reject.
    RejectRequest {
        /// Why.
        reason: RejectReason,
        /// Replaces the registered webhook for this call.
        callback_uri: String,
    }
}

body! {
    /// redirect.
    RedirectRequest {
        /// 1 to 25; several ring at the same time. Required.
        targets: Vec<InvitationParticipantInfo>,
        /// Seconds, 15 to 90.
        timeout: i32,
        /// Replaces the registered webhook for this call.
        callback_uri: String,
        /// `default`, `simultaneousRing` or `forward`; deprecated.
        target_disposition: String,
        /// Beta: taken; nobody is told of the callee who could be kept from knowing.
        mask_callee: bool,
        /// Beta: those who are called are not told who calls.
        mask_caller: bool,
    }
}

body! {
    /// transfer.
    TransferRequest {
        /// To whom. Required; with `replacesCallId` the transfer is consultative.
        transfer_target: InvitationParticipantInfo,
        /// Who; required in group calls, with `participantId`.
        transferee: ParticipantInfo,
        /// At most 256 characters.
        client_context: String,
    }
}

body! {
    /// Everything that takes nothing but a clientContext: mute, unmute, participant mute, subscribeToTone,
    /// cancelMediaProcessing, addLargeGalleryView, stopHoldMusic, the lobby actions.
    ClientContextRequest {
        /// At most 256 characters.
        client_context: String,
    }
}

body! {
    /// updateMetadata, beta.
    UpdateMetadataRequest {
        /// A blob shown in the roster. Required.
        metadata: String,
        /// At most 256 characters.
        client_context: String,
    }
}

open_enum! {
    /// screenSharingRole.
    ScreenSharingRole {
        /// Looks on.
        Viewer = "viewer",
        /// Shows its screen.
        Sharer = "sharer",
    }
}

body! {
    /// changeScreenSharingRole.
    ScreenSharingRequest {
        /// Required.
        role: ScreenSharingRole,
    }
}

/// playPrompt.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlayPromptRequest {
    /// 1 to 20, played in order. Absent is none, which is an argument error.
    #[serde(default)]
    pub prompts: Vec<MediaPrompt>,
    /// Endless; beta.
    #[serde(rename = "loop", skip_serializing_if = "Option::is_none")]
    pub endless: Option<bool>,
    /// At most 256 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_context: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

body! {
    /// recordResponse, and `record` as it was called in 2019.
    RecordRequest {
        /// At most one.
        prompts: Vec<MediaPrompt>,
        /// Interrupts whatever is queued or running. Default false.
        barge_in_allowed: bool,
        /// Seconds, 1 to 120, from the end of the prompt. Default 5.
        initial_silence_timeout_in_seconds: i32,
        /// Seconds, 1 to 120. Default 5.
        max_silence_timeout_in_seconds: i32,
        /// Seconds, 1 to 120. Default 5.
        max_record_duration_in_seconds: i32,
        /// Default true.
        play_beep: bool,
        /// Beta.
        stream_while_recording: bool,
        /// Characters, not tone names.
        stop_tones: Vec<String>,
        /// At most 256 characters.
        client_context: String,
    }
}

body! {
    /// sendDtmfTones.
    SendDtmfTonesRequest {
        /// Required.
        tones: Vec<Tone>,
        /// Milliseconds between two tones.
        delay_between_tones_ms: i32,
        /// At most 256 characters.
        client_context: String,
    }
}

open_enum! {
    /// recordingStatus.
    RecordingStatus {
        /// Not recording.
        NotRecording = "notRecording",
        /// Recording.
        Recording = "recording",
        /// The recording failed.
        Failed = "failed",
    }
}

body! {
    /// updateRecordingStatus.
    RecordingStatusRequest {
        /// Required.
        status: RecordingStatus,
        /// At most 256 characters.
        client_context: String,
    }
}

body! {
    /// participants/invite.
    InviteRequest {
        /// 1 to 5. Required.
        participants: Vec<InvitationParticipantInfo>,
        /// At most 256 characters.
        client_context: String,
    }
}

body! {
    /// participants/muteAll, beta.
    MuteAllRequest {
        /// Participant ids; none means everybody.
        participants: Vec<String>,
        /// At most 256 characters.
        client_context: String,
    }
}

body! {
    /// participants/configureMixer, beta.
    ConfigureMixerRequest {
        /// Required.
        participant_mixer_levels: Vec<ParticipantMixerLevel>,
        /// At most 256 characters.
        client_context: String,
    }
}

body! {
    /// participantMixerLevel.
    ParticipantMixerLevel {
        /// Whose mix.
        participant: String,
        /// Drops sources without a level of their own.
        exclusive_mode: bool,
        /// How others are lowered.
        ducking: AudioDuckingConfiguration,
        /// The sources.
        source_levels: Vec<AudioSourceLevel>,
    }
}

body! {
    /// audioDuckingConfiguration.
    AudioDuckingConfiguration {
        /// Milliseconds, at most 5000.
        ramp_active: i64,
        /// Milliseconds, at most 5000.
        ramp_inactive: i64,
        /// Percent.
        lower_level: i64,
        /// Percent.
        upper_level: i64,
    }
}

body! {
    /// audioSourceLevel.
    AudioSourceLevel {
        /// Who.
        participant: String,
        /// Percent.
        level: i64,
        /// Needs `ducking`.
        duck_others: bool,
    }
}

body! {
    /// startHoldMusic.
    HoldMusicRequest {
        /// What to play instead of the default.
        custom_prompt: MediaPrompt,
        /// At most 256 characters.
        client_context: String,
    }
}

open_enum! {
    /// routingMode.
    RoutingMode {
        /// One source, one receiver.
        OneToOne = "oneToOne",
        /// One source, several receivers.
        Multicast = "multicast",
    }
}

body! {
    /// audioRoutingGroup (resources.md 8): request and reply alike.
    AudioRoutingGroup {
        /// Chosen by the caller.
        id: String,
        /// Required.
        routing_mode: RoutingMode,
        /// Participant ids.
        sources: Vec<String>,
        /// Participant ids.
        receivers: Vec<String>,
    }
}

body! {
    /// logTeleconferenceDeviceQuality (resources.md 10, R-354).
    DeviceQualityRequest {
        /// Required.
        quality: Extra,
    }
}

//! The requests of these histories, as a bot would write them.

use graph_api::{
    AnswerRequest, Call, ClientContextRequest, Guid, HoldMusicRequest, Identity, IdentitySet,
    InvitationParticipantInfo, InviteRequest, MediaConfig, MediaInfo, MediaPrompt, Modality,
    MuteAllRequest, PlayPromptRequest, RecordRequest, RecordingStatus, RecordingStatusRequest,
    RedirectRequest, RejectReason, RejectRequest, ScreenSharingRequest, ScreenSharingRole,
    SendDtmfTonesRequest, Tone, TransferRequest, UpdateMetadataRequest,
};
use platform::{CallId, CallVerb, ParticipantId};

use super::transition::{Goal, Group, Hosting, Person, Reason, Recording};

pub const BOT: Guid = Guid::from_u128(3);
pub const OTHER_BOT: Guid = Guid::from_u128(4);

/// Where the bots are called, and where one may move to.
pub const ADDRESS: &str = "https://bot.example/api";
pub const ELSEWHERE: &str = "https://bot.example/elsewhere";
/// The operation that the kept prompt is named by.
pub const KEPT: usize = 999;

/// Everybody, by how they react when rung.
pub const PEOPLE: [Person; 6] = [
    Person::Answers,
    Person::Declines,
    Person::Ignores,
    Person::Busy,
    Person::Offline,
    Person::Unknown,
];

/// The object id of a user.
pub fn id_of(person: Person) -> Guid {
    let at = PEOPLE.iter().position(|one| *one == person).expect("all are listed");
    Guid::from_u128(10 + at as u128)
}

pub fn user(person: Person) -> InvitationParticipantInfo {
    let identity = Identity { id: Some(id_of(person).to_string()), ..Identity::default() };
    let identity = IdentitySet { user: Some(identity), ..IdentitySet::default() };
    InvitationParticipantInfo { identity, ..Default::default() }
}

fn bot(app: Guid) -> InvitationParticipantInfo {
    let identity = Identity { id: Some(app.to_string()), ..Identity::default() };
    let identity = IdentitySet { application: Some(identity), ..IdentitySet::default() };
    InvitationParticipantInfo { identity, ..Default::default() }
}

pub fn create(callee: Person, app_hosted: bool, ring: Option<i32>) -> Call {
    Call {
        callback_uri: Some(ADDRESS.to_owned()),
        targets: Some(vec![user(callee)]),
        requested_modalities: Some(vec![Modality::Audio]),
        media_config: Some(hosted(app_hosted)),
        ringing_timeout_in_seconds: ring,
        ..Call::default()
    }
}

pub fn answer(hosting: Hosting) -> CallVerb {
    let media_config = match hosting {
        Hosting::Service => Some(hosted(false)),
        Hosting::Moving => {
            let pre_fetch_media = Some(vec![kept().media_info]);
            Some(MediaConfig { pre_fetch_media, ..hosted(false) })
        }
        Hosting::App => Some(hosted(true)),
        Hosting::Unsaid => None,
    };
    CallVerb::Answer(Box::new(AnswerRequest {
        callback_uri: (hosting == Hosting::Moving).then(|| ELSEWHERE.to_owned()),
        accepted_modalities: Some(vec![Modality::Audio]),
        media_config,
        ..AnswerRequest::default()
    }))
}

pub fn reject(reason: Option<Reason>) -> CallVerb {
    let reason = reason.map(|reason| match reason {
        Reason::None => RejectReason::None,
        Reason::Busy => RejectReason::Busy,
        Reason::Forbidden => RejectReason::Forbidden,
    });
    let moves = reason == Some(RejectReason::Forbidden);
    let callback_uri = moves.then(|| ELSEWHERE.to_owned());
    CallVerb::Reject(RejectRequest { reason, callback_uri, ..RejectRequest::default() })
}

pub fn redirect(goal: Goal, timeout: Option<i32>) -> CallVerb {
    let targets = match goal {
        Goal::One(one) => vec![user(one)],
        Goal::Two(one, other) => vec![user(one), user(other)],
        Goal::Voicemail => {
            let endpoint_type = Some("voicemail".to_owned());
            vec![InvitationParticipantInfo { endpoint_type, ..user(Person::Ignores) }]
        }
        Goal::Bot => vec![bot(OTHER_BOT)],
        Goal::Bots => vec![bot(OTHER_BOT), bot(BOT)],
        Goal::BotAnd(one) => vec![bot(OTHER_BOT), user(one)],
        Goal::Nobody => Vec::new(),
        Goal::TooMany => vec![user(Person::Answers); 26],
    };
    let targets = Some(targets);
    let callback_uri = (timeout == Some(90)).then(|| ELSEWHERE.to_owned());
    CallVerb::Redirect(Box::new(RedirectRequest {
        targets,
        timeout,
        callback_uri,
        ..RedirectRequest::default()
    }))
}

pub fn transfer(target: Person, onto: Option<CallId>, context: String) -> CallVerb {
    let replaces_call_id = onto.map(|call| call.to_string());
    let target = InvitationParticipantInfo { replaces_call_id, ..user(target) };
    CallVerb::Transfer(Box::new(TransferRequest {
        transfer_target: Some(target),
        client_context: Some(context),
        ..TransferRequest::default()
    }))
}

/// Prompts are named by the operation that asks for them and their place in it.
fn prompt(operation: usize, number: usize) -> MediaPrompt {
    let uri = format!("https://bot.example/{operation}-{number}.wav");
    MediaPrompt { media_info: MediaInfo { uri, ..MediaInfo::default() }, ..MediaPrompt::default() }
}

/// A prompt that is downloaded once.
fn kept() -> MediaPrompt {
    let mut prompt = prompt(KEPT, 0);
    prompt.media_info.resource_id = Some("kept".to_owned());
    prompt
}

/// Of which operation a prompt is, and which one.
pub fn number_of(uri: &str) -> (usize, usize) {
    let name = uri.rsplit('/').next().and_then(|name| name.strip_suffix(".wav"));
    let (operation, number) = name.and_then(|name| name.split_once('-')).expect("of this test");
    (operation.parse().expect("a number"), number.parse().expect("a number"))
}

pub fn play(operation: usize, count: usize, endless: bool) -> CallVerb {
    CallVerb::PlayPrompt(Box::new(PlayPromptRequest {
        prompts: (0..count).map(|number| prompt(operation, number)).collect(),
        endless: endless.then_some(true),
        client_context: Some(operation.to_string()),
        ..PlayPromptRequest::default()
    }))
}

pub fn play_kept(operation: usize) -> CallVerb {
    CallVerb::PlayPrompt(Box::new(PlayPromptRequest {
        prompts: vec![kept()],
        client_context: Some(operation.to_string()),
        ..PlayPromptRequest::default()
    }))
}

/// Whether a verb moves the bot's address.
pub fn moves(verb: &CallVerb) -> bool {
    let uri = match verb {
        CallVerb::Answer(request) => &request.callback_uri,
        CallVerb::Reject(request) => &request.callback_uri,
        CallVerb::Redirect(request) => &request.callback_uri,
        _ => &None,
    };
    uri.is_some()
}

pub fn record(operation: usize, how: Recording) -> CallVerb {
    let client_context = Some(operation.to_string());
    let plain = RecordRequest { client_context, ..RecordRequest::default() };
    CallVerb::Record(Box::new(match how {
        Recording::Plain => plain,
        Recording::Prompted => RecordRequest {
            prompts: Some(vec![prompt(operation, 0)]),
            initial_silence_timeout_in_seconds: Some(4),
            max_silence_timeout_in_seconds: Some(3),
            max_record_duration_in_seconds: Some(20),
            stop_tones: Some(vec!["#".to_owned()]),
            ..plain
        },
        Recording::BargesIn => RecordRequest {
            barge_in_allowed: Some(true),
            initial_silence_timeout_in_seconds: Some(2),
            max_silence_timeout_in_seconds: Some(1),
            max_record_duration_in_seconds: Some(6),
            stop_tones: Some(vec!["#".to_owned()]),
            play_beep: Some(false),
            ..plain
        },
        Recording::TooLong => RecordRequest { max_record_duration_in_seconds: Some(121), ..plain },
    }))
}

pub fn send_tones(count: usize, context: String) -> CallVerb {
    CallVerb::SendDtmfTones(SendDtmfTonesRequest {
        tones: Some(vec![Tone::Tone5; count]),
        delay_between_tones_ms: Some(120),
        client_context: Some(context),
        ..SendDtmfTonesRequest::default()
    })
}

pub fn invite(whom: Vec<InvitationParticipantInfo>, context: String) -> CallVerb {
    CallVerb::Invite(Box::new(InviteRequest {
        participants: Some(whom),
        client_context: Some(context),
        ..InviteRequest::default()
    }))
}

pub fn context(client_context: String) -> ClientContextRequest {
    ClientContextRequest { client_context: Some(client_context), ..Default::default() }
}

pub fn group(group: Group, said: String) -> CallVerb {
    let nobody = ParticipantId(Guid::from_u128(99));
    let client_context = Some(said.clone());
    match group {
        Group::Mute => CallVerb::Mute(context(said)),
        Group::Unmute => CallVerb::Unmute(context(said)),
        Group::Metadata => {
            let metadata = Some("{}".to_owned());
            CallVerb::UpdateMetadata(UpdateMetadataRequest {
                metadata,
                client_context,
                ..UpdateMetadataRequest::default()
            })
        }
        Group::ShareScreen => {
            let role = Some(ScreenSharingRole::Sharer);
            CallVerb::ChangeScreenSharingRole(ScreenSharingRequest { role, ..Default::default() })
        }
        Group::RecordingStatus => CallVerb::UpdateRecordingStatus(RecordingStatusRequest {
            status: Some(RecordingStatus::Recording),
            client_context,
            ..RecordingStatusRequest::default()
        }),
        Group::Gallery => CallVerb::AddLargeGalleryView(context(said)),
        Group::MuteAll => {
            CallVerb::MuteAll(MuteAllRequest { client_context, ..MuteAllRequest::default() })
        }
        Group::Remove => CallVerb::RemoveParticipant(nobody),
        Group::HoldMusic => CallVerb::StartHoldMusic(
            nobody,
            Box::new(HoldMusicRequest { client_context, ..HoldMusicRequest::default() }),
        ),
        Group::AdmitAll => CallVerb::AdmitFromLobby(None, context(said)),
        Group::ContentSharing => CallVerb::ListContentSharing,
        Group::RoutingGroups => CallVerb::ListRoutingGroups,
    }
}

fn hosted(by_app: bool) -> MediaConfig {
    let kind = if by_app { "appHostedMediaConfig" } else { "serviceHostedMediaConfig" };
    let odata_type = Some(format!("#microsoft.graph.{kind}"));
    MediaConfig { odata_type, ..MediaConfig::default() }
}

//! From a path and a body to a verb. Whether a member may be missing or how large a number may be is for
//! the platform to say; here a body is JSON, its members have the right types, and its enums known names.

use std::fmt::Display;

use graph_api::{
    AnswerRequest, AudioRoutingGroup, HoldMusicRequest, InviteRequest, Modality, PlayPromptRequest,
    RecordRequest, RecordingStatus, RecordingStatusRequest, RedirectRequest, RoutingMode,
    ScreenSharingRequest, ScreenSharingRole, SendDtmfTonesRequest, Tone, TransferRequest,
};
use http::{HeaderMap, header};
use platform::{CallVerb, Refusal, Verb};
use serde::de::DeserializeOwned;

use super::typed;
use crate::paths::{Action, Asked, Version};

/// Characters of a member that are repeated in a message.
const SHOWN_MAX: usize = 40;

/// A body that is about to be read.
pub struct Reader<'a> {
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// Which version was asked: it decides which members are known.
    pub version: Version,
    /// The query, as it came.
    pub query: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

impl Reader<'_> {
    /// What the request asks for.
    ///
    /// # Errors
    /// 400 for a body that cannot be read; 404 and 405 for what does not exist.
    pub fn verb(&self, asked: &Asked) -> Result<Verb, Refusal> {
        match asked {
            Asked::Create => {
                let mut call: graph_api::Call = self.json()?;
                modalities("requestedModalities", call.requested_modalities.as_deref())?;
                typed::call(&mut call)?;
                Ok(Verb::CreateCall(Box::new(call)))
            }
            Asked::LogDeviceQuality => {
                if self.headers.get(header::USER_AGENT).is_none_or(|agent| agent.is_empty()) {
                    //
                    let text = "the 'User-Agent' header is required.";
                    return Err(Refusal::InvalidArgument(text.to_owned()));
                }
                self.json().map(|quality| Verb::LogDeviceQuality(Box::new(quality)))
            }
            Asked::OnCall(call, action) => {
                self.on_call(action).map(|verb| Verb::OnCall(*call, verb))
            }
            Asked::Meeting(asked) => {
                let body = asked.takes_body().then(|| self.json()).transpose()?;
                Ok(Verb::Meeting(Box::new(asked.verb(self.query, body)?)))
            }
            Asked::NotModelled(what) => Err(Refusal::NotModelled(what)),
            Asked::NoSuchCall | Asked::WrongMethod | Asked::Unknown => Err(Refusal::CallNotFound),
        }
    }

    fn on_call(&self, action: &Action) -> Result<CallVerb, Refusal> {
        Ok(match action {
            Action::Get => CallVerb::Get,
            Action::Delete => CallVerb::Delete,
            Action::KeepAlive => CallVerb::KeepAlive,
            Action::Answer => CallVerb::Answer(Box::new(self.answer()?)),
            Action::Reject => CallVerb::Reject(self.optional()?),
            Action::Redirect => CallVerb::Redirect(Box::new(self.redirect()?)),
            Action::Transfer => CallVerb::Transfer(Box::new(self.transfer()?)),
            Action::Mute => CallVerb::Mute(self.optional()?),
            Action::Unmute => CallVerb::Unmute(self.optional()?),
            Action::UpdateMetadata => CallVerb::UpdateMetadata(self.json()?),
            Action::ChangeScreenSharingRole => CallVerb::ChangeScreenSharingRole(self.sharing()?),
            Action::UpdateRecordingStatus => CallVerb::UpdateRecordingStatus(self.recording()?),
            Action::AddLargeGalleryView => CallVerb::AddLargeGalleryView(self.optional()?),
            Action::PlayPrompt => CallVerb::PlayPrompt(Box::new(self.play_prompt()?)),
            Action::Record => CallVerb::Record(Box::new(self.record()?)),
            Action::SubscribeToTone => CallVerb::SubscribeToTone(self.optional()?),
            Action::CancelMediaProcessing => CallVerb::CancelMediaProcessing(self.optional()?),
            Action::SendDtmfTones => CallVerb::SendDtmfTones(self.tones()?),
            Action::ListParticipants => CallVerb::ListParticipants,
            Action::GetParticipant(id) => CallVerb::GetParticipant(*id),
            Action::RemoveParticipant(id) => CallVerb::RemoveParticipant(*id),
            Action::MuteParticipant(id) => CallVerb::MuteParticipant(*id, self.optional()?),
            Action::StartHoldMusic(id) => {
                CallVerb::StartHoldMusic(*id, Box::new(self.hold_music()?))
            }
            Action::StopHoldMusic(id) => CallVerb::StopHoldMusic(*id, self.optional()?),
            Action::AdmitFromLobby(id) => CallVerb::AdmitFromLobby(*id, self.optional()?),
            Action::RemoveFromLobby(id) => CallVerb::RemoveFromLobby(*id, self.optional()?),
            Action::Invite => CallVerb::Invite(Box::new(self.invite()?)),
            Action::MuteAll => CallVerb::MuteAll(self.optional()?),
            Action::ConfigureMixer => CallVerb::ConfigureMixer(Box::new(self.json()?)),
            Action::ListRoutingGroups => CallVerb::ListRoutingGroups,
            Action::CreateRoutingGroup => CallVerb::CreateRoutingGroup(self.routing_group()?),
            Action::GetRoutingGroup(id) => CallVerb::GetRoutingGroup(id.clone()),
            Action::UpdateRoutingGroup(id) => {
                CallVerb::UpdateRoutingGroup(id.clone(), self.routing_group()?)
            }
            Action::DeleteRoutingGroup(id) => CallVerb::DeleteRoutingGroup(id.clone()),
            Action::ListContentSharing => CallVerb::ListContentSharing,
            Action::GetContentSharing(id) => CallVerb::GetContentSharing(id.clone()),
            Action::ListOperations => CallVerb::ListOperations,
            Action::GetOperation(id) => CallVerb::GetOperation(*id),
            Action::NotModelled(what) => CallVerb::NotModelled(what),
        })
    }

    fn answer(&self) -> Result<AnswerRequest, Refusal> {
        let mut answer: AnswerRequest = self.json()?;
        modalities("acceptedModalities", answer.accepted_modalities.as_deref())?;
        typed::media_config(answer.media_config.as_mut())?;
        typed::options(answer.call_options.as_mut(), "incomingCallOptions")?;
        Ok(answer)
    }

    fn transfer(&self) -> Result<TransferRequest, Refusal> {
        let mut request: TransferRequest = self.json()?;
        typed::transfer(&mut request)?;
        Ok(request)
    }

    fn invite(&self) -> Result<InviteRequest, Refusal> {
        let mut request: InviteRequest = self.json()?;
        typed::participants(request.participants.as_deref_mut(), "participants")?;
        Ok(request)
    }

    fn hold_music(&self) -> Result<HoldMusicRequest, Refusal> {
        let mut request: HoldMusicRequest = self.optional()?;
        if let Some(prompt) = &mut request.custom_prompt {
            typed::prompt(prompt, "customPrompt")?;
        }
        Ok(request)
    }

    fn sharing(&self) -> Result<ScreenSharingRequest, Refusal> {
        let sharing: ScreenSharingRequest = self.json()?;
        let odd = |role: &ScreenSharingRole| matches!(role, ScreenSharingRole::Unknown(_));
        known("role", sharing.role.as_ref(), odd)?;
        Ok(sharing)
    }

    fn recording(&self) -> Result<RecordingStatusRequest, Refusal> {
        let recording: RecordingStatusRequest = self.json()?;
        let odd = |status: &RecordingStatus| matches!(status, RecordingStatus::Unknown(_));
        known("status", recording.status.as_ref(), odd)?;
        Ok(recording)
    }

    fn tones(&self) -> Result<SendDtmfTonesRequest, Refusal> {
        let request: SendDtmfTonesRequest = self.json()?;
        for tone in request.tones.as_deref().unwrap_or_default() {
            known("tones", Some(tone), |tone| matches!(tone, Tone::Unknown(_)))?;
        }
        Ok(request)
    }

    /// members that beta has alone are unknown to v1.0, and unknown members are let through unread.
    fn play_prompt(&self) -> Result<PlayPromptRequest, Refusal> {
        let mut request: PlayPromptRequest = self.json()?;
        typed::prompts(&mut request.prompts, "prompts")?;
        if self.version == Version::V1 {
            request.endless = None;
        }
        Ok(request)
    }

    fn record(&self) -> Result<RecordRequest, Refusal> {
        let mut request: RecordRequest = self.optional()?;
        typed::prompts(request.prompts.as_deref_mut().unwrap_or_default(), "prompts")?;
        if self.version == Version::V1 {
            request.stream_while_recording = None;
        }
        Ok(request)
    }

    fn redirect(&self) -> Result<RedirectRequest, Refusal> {
        let mut request: RedirectRequest = self.json()?;
        typed::participants(request.targets.as_deref_mut(), "targets")?;
        if self.version == Version::V1 {
            request.target_disposition = None;
            request.mask_callee = None;
            request.mask_caller = None;
        }
        if let Some(disposition) = &request.target_disposition {
            let all = ["default", "simultaneousRing", "forward"];
            known("targetDisposition", Some(disposition), |text| !all.contains(&text.as_str()))?;
        }
        Ok(request)
    }

    fn routing_group(&self) -> Result<AudioRoutingGroup, Refusal> {
        let group: AudioRoutingGroup = self.json()?;
        let odd = |mode: &RoutingMode| matches!(mode, RoutingMode::Unknown(_));
        known("routingMode", group.routing_mode.as_ref(), odd)?;
        Ok(group)
    }

    /// A body whose members are all optional: it may be left out, with its Content-Type.
    fn optional<T: DeserializeOwned + Default>(&self) -> Result<T, Refusal> {
        if self.body.is_empty() { Ok(T::default()) } else { self.json() }
    }

    /// clients.md 14: the Content-Type may have a charset. R-011: 400 for wrong types, naming the member; unknown members are let through. The
    /// library's own limit of 128 levels bounds the depth.
    fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        let bad = |text: String| Refusal::MalformedBody(text);
        if self.body.is_empty() {
            return Err(bad("A request body is required.".to_owned()));
        }
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let json = kind.is_some_and(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("application/json")
        });
        if !json {
            return Err(bad("Content-Type must be application/json.".to_owned()));
        }
        let mut reader = serde_json::Deserializer::from_slice(crate::body::unmarked(self.body));
        let read = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let place = crate::body::place(error.path());
            bad(format!("Unable to read {place}: {}.", crate::body::words(error.inner())))
        })?;
        reader.end().map_err(|error| {
            bad(format!("Unable to read the body: {}.", crate::body::words(&error)))
        })?;
        Ok(read)
    }
}

/// A wrong enum value is 400 (clients.md 17), and the member is named.
pub(super) fn known<T: Display>(
    member: &str,
    value: Option<&T>,
    odd: impl Fn(&T) -> bool,
) -> Result<(), Refusal> {
    match value.filter(|value| odd(value)) {
        None => Ok(()),
        Some(value) => {
            let text: String = value.to_string().chars().take(SHOWN_MAX).collect();
            Err(Refusal::MalformedBody(format!("'{text}' is not a value of '{member}'.")))
        }
    }
}

fn modalities(member: &str, given: Option<&[Modality]>) -> Result<(), Refusal> {
    let odd = |modality: &Modality| matches!(modality, Modality::Unknown(_));
    given.unwrap_or_default().iter().try_for_each(|modality| known(member, Some(modality), odd))
}

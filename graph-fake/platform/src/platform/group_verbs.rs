//! In-call verbs that concern a conference: mute, metadata, screen sharing, recording status, the gallery, the
//! mixer, hold music, the lobby.

use graph_api::{
    ClientContextRequest, ConfigureMixerRequest, Guid, HoldMusicRequest, MediaConfigKind,
    MuteAllRequest, OperationStatus, RecordingStatus, RecordingStatusRequest, ResultInfo,
    ScreenSharingRequest, ScreenSharingRole, Timestamp, UpdateMetadataRequest,
};

use super::Platform;
use crate::{
    arguments,
    call::{Ask, Closing, Desk},
    conference::Hold,
    flaw::Flaw,
    input::{Accepted, CallId, CallVerb, ConferenceId, Effect, OperationId, ParticipantId},
    media_queue::Prompt,
    permissions::Grants,
    refusal::Refusal,
    view::{OperationKind, OperationView},
};

impl Platform {
    /// Answers one of them.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the platform sends other verbs elsewhere")]
    pub(super) fn group_verb(
        &mut self,
        now: Timestamp,
        id: CallId,
        verb: CallVerb,
        operation: Guid,
        effects: &mut Vec<Effect>,
    ) -> Result<Accepted, Refusal> {
        let mut job = Job { platform: self, now, id, operation: OperationId(operation), effects };
        match verb {
            CallVerb::Mute(request) => job.mute(request, true),
            CallVerb::Unmute(request) => job.mute(request, false),
            CallVerb::UpdateMetadata(request) => job.metadata(request),
            CallVerb::ChangeScreenSharingRole(request) => job.screen_sharing(&request),
            CallVerb::UpdateRecordingStatus(request) => job.recording_status(request),
            CallVerb::AddLargeGalleryView(request) => job.gallery(request),
            CallVerb::MuteParticipant(who, request) => job.mute_participant(who, request),
            CallVerb::MuteAll(request) => job.mute_all(request),
            CallVerb::ConfigureMixer(request) => job.mixer(*request),
            CallVerb::StartHoldMusic(who, request) => job.start_hold_music(who, *request),
            CallVerb::StopHoldMusic(who, request) => job.stop_hold_music(who, request),
            CallVerb::AdmitFromLobby(who, request) => job.admit(who, request),
            CallVerb::RemoveFromLobby(who, request) => job.turn_away(who, request),
            _ => unreachable!("other verbs are answered elsewhere"),
        }
    }

    /// The custom prompt of hold music was downloaded, or was not.
    pub(super) fn hold_music_fetched(
        &mut self,
        now: Timestamp,
        id: CallId,
        operation: OperationId,
        well: bool,
        effects: &mut Vec<Effect>,
    ) {
        let closing = if well {
            Closing::WELL
        } else {
            Closing::failed(ResultInfo::new(400, 8536, "Action failed, file download failed."))
        };
        self.hold_music_is_there(now, id, operation, well, effects);
        self.with_call(now, id, effects, |call, (_, asks)| {
            call.operation_ended(operation, closing, asks);
        });
    }
}

/// One request under way.
struct Job<'a> {
    platform: &'a mut Platform,
    now: Timestamp,
    id: CallId,
    operation: OperationId,
    effects: &'a mut Vec<Effect>,
}

impl Job<'_> {
    fn group(&self) -> Result<ConferenceId, Refusal> {
        self.platform.group(self.id)
    }

    /// The same for a verb that others notice: not from the lobby.
    fn inside(&self) -> Result<ConferenceId, Refusal> {
        let at = self.group()?;
        self.platform.calls[&self.id].must_be_inside().map(|()| at)
    }

    fn me(&self) -> ParticipantId {
        self.platform.calls[&self.id].me()
    }

    /// Completed before the reply leaves, with whatever the conference has to tell.
    fn done(
        &mut self,
        kind: OperationKind,
        context: Option<String>,
        conference: ConferenceId,
    ) -> Accepted {
        let Self { platform, now, id, operation, effects } = self;
        let (options, grants) = (&platform.options, Grants::new());
        let call = platform.calls.get_mut(id).expect("judged before");
        let asks = &mut platform.asks;
        let mut desk = Desk { now: *now, grants: &grants, operation: operation.0, options, asks };
        let accepted = call.done_at_once(kind, context, &mut desk);
        platform.after(*now, *id, effects);
        platform.conference_changed(*now, conference, effects);
        accepted
    }

    /// Running when the reply leaves; its end follows.
    fn runs(&mut self, kind: OperationKind, context: Option<String>) -> OperationView {
        let view = OperationView::new(self.operation, kind, OperationStatus::Running, context);
        let call = self.platform.calls.get_mut(&self.id).expect("judged before");
        call.remember(view.clone());
        view
    }

    fn ends_well(&mut self) {
        let operation = self.operation;
        self.platform.with_call(self.now, self.id, self.effects, |call, (_, asks)| {
            call.operation_ended(operation, Closing::WELL, asks);
        });
    }

    /// Somebody whom the bot can see.
    fn somebody(&self, at: ConferenceId, who: ParticipantId) -> Result<ParticipantId, Refusal> {
        let conference = self.platform.conferences.get(&at).ok_or(Refusal::CallNotFound)?;
        let call = &self.platform.calls[&self.id];
        if call.is_escalated() && who != call.me() || !conference.sees(call.me(), who) {
            return Err(Refusal::ParticipantNotFound);
        }
        Ok(who)
    }

    /// oneself; R-212: in groups only; R-213: at once; R-214: as often as one likes.
    fn mute(&mut self, request: ClientContextRequest, on: bool) -> Result<Accepted, Refusal> {
        arguments::client_context(request.client_context.as_deref())?;
        let at = self.group()?;
        let me = self.me();
        let flaw = self.platform.options.flaw;
        self.platform.server_mutes(self.now, at, &[me], on, self.effects);
        if flaw == Some(Flaw::MutesAloud) {
            self.platform.with_conference(at, |conference| conference.touch(me));
        }
        let kind =
            if on { OperationKind::MuteParticipant } else { OperationKind::UnmuteParticipant };
        Ok(self.done(kind, request.client_context, at))
    }

    ///
    fn metadata(&mut self, request: UpdateMetadataRequest) -> Result<Accepted, Refusal> {
        arguments::client_context(request.client_context.as_deref())?;
        let most = self.platform.options.metadata_max;
        let invalid = |text: String| Refusal::InvalidArgument(text);
        let metadata =
            request.metadata.ok_or_else(|| invalid("'metadata' is required.".to_owned()))?;
        if metadata.len() > most {
            return Err(invalid(format!("'metadata' takes at most {most} bytes.")));
        }
        let at = self.group()?;
        let me = self.me();
        self.platform.with_conference(at, |c| c.set_metadata(me, metadata.into()));
        Ok(self.done(OperationKind::Plain, request.client_context, at))
    }

    ///
    fn screen_sharing(&mut self, request: &ScreenSharingRequest) -> Result<Accepted, Refusal> {
        let on = match &request.role {
            Some(ScreenSharingRole::Sharer) => true,
            Some(ScreenSharingRole::Viewer) => false,
            Some(ScreenSharingRole::Unknown(text)) => {
                let text: String = text.chars().take(40).collect();
                return Err(Refusal::MalformedBody(format!("'{text}' is not a role in 'role'.")));
            }
            None => return Err(Refusal::InvalidArgument("'role' is required.".to_owned())),
        };
        let at = self.inside()?;
        if self.platform.calls[&self.id].media_kind() != Some(MediaConfigKind::AppHosted) {
            return Err(Refusal::WrongMediaMode);
        }
        let me = self.me();
        self.platform.with_conference(at, |conference| conference.share(me, on));
        self.platform.conference_changed(self.now, at, self.effects);
        Ok(Accepted::Taken)
    }

    ///
    fn recording_status(&mut self, request: RecordingStatusRequest) -> Result<Accepted, Refusal> {
        arguments::client_context(request.client_context.as_deref())?;
        let status = match request.status {
            Some(RecordingStatus::Unknown(text)) => {
                let text: String = text.chars().take(40).collect();
                let text = format!("'{text}' is not a recordingStatus in 'status'.");
                return Err(Refusal::MalformedBody(text));
            }
            Some(status) => status,
            None => return Err(Refusal::InvalidArgument("'status' is required.".to_owned())),
        };
        let call = &self.platform.calls[&self.id];
        call.must_be_established()?;
        let Some(observation) = call.observation.clone() else {
            return Err(Refusal::NotRecordingCall);
        };
        let at = self.group()?;
        let by = self.platform.bot_party(self.id).person;
        if let Some(call) = self.platform.calls.get_mut(&self.id) {
            call.recording = Some(status.clone());
        }
        self.platform.with_conference(at, |c| c.set_recording(observation.observed, status, by));
        Ok(self.done(OperationKind::UpdateRecordingStatus, request.client_context, at))
    }

    ///
    fn gallery(&mut self, request: ClientContextRequest) -> Result<Accepted, Refusal> {
        arguments::client_context(request.client_context.as_deref())?;
        let at = self.inside()?;
        let fresh = (ParticipantId(self.platform.ids.guid()), self.platform.ids.guid());
        let view = self.runs(OperationKind::AddLargeGalleryView, request.client_context);
        self.platform.with_conference(at, |conference| conference.add_gallery(fresh.0, fresh.1));
        self.ends_well();
        self.platform.conference_changed(self.now, at, self.effects);
        Ok(Accepted::OperationTaken(self.id, view))
    }

    ///
    fn mute_participant(
        &mut self,
        who: ParticipantId,
        request: ClientContextRequest,
    ) -> Result<Accepted, Refusal> {
        arguments::client_context(request.client_context.as_deref())?;
        let at = self.group()?;
        let who = self.somebody(at, who)?;
        self.platform.server_mutes(self.now, at, &[who], true, self.effects);
        Ok(self.done(OperationKind::MuteParticipant, request.client_context, at))
    }

    ///
    fn mute_all(&mut self, request: MuteAllRequest) -> Result<Accepted, Refusal> {
        arguments::client_context(request.client_context.as_deref())?;
        let named = request.participants.unwrap_or_default();
        let at = self.group()?;
        let me = self.me();
        let options = &self.platform.options;
        let bot_too = options.mute_all_includes_bot || options.flaw == Some(Flaw::MutesItselfToo);
        let mut whom = Vec::new();
        for id in &named {
            let id = id.parse().map(ParticipantId).map_err(|_| Refusal::ParticipantNotFound)?;
            whom.push(self.somebody(at, id)?);
        }
        if named.is_empty()
            && let Some(conference) = self.platform.conferences.get(&at)
        {
            let all = conference.visible(Some(me));
            whom.extend(all.iter().map(|p| p.id).filter(|id| bot_too || *id != me));
        }
        self.platform.server_mutes(self.now, at, &whom, true, self.effects);
        Ok(self.done(OperationKind::MuteParticipants, request.client_context, at))
    }

    /// levels are checked; what they sound like is for the media.
    fn mixer(&mut self, request: ConfigureMixerRequest) -> Result<Accepted, Refusal> {
        arguments::client_context(request.client_context.as_deref())?;
        let named = arguments::mixer(&request)?;
        let at = self.group()?;
        for id in named {
            self.somebody(at, id)?;
        }
        let view = self.runs(OperationKind::Plain, request.client_context);
        self.ends_well();
        Ok(Accepted::Operation(self.id, view))
    }

    /// one at a time.
    fn start_hold_music(
        &mut self,
        who: ParticipantId,
        request: HoldMusicRequest,
    ) -> Result<Accepted, Refusal> {
        arguments::client_context(request.client_context.as_deref())?;
        let prompts: Vec<_> = request.custom_prompt.into_iter().collect();
        if !prompts.is_empty() {
            arguments::prompts(&prompts, 1)?;
        }
        let at = self.group()?;
        let who = self.somebody(at, who)?;
        let held = self.platform.conferences.get(&at).and_then(|c| c.on_hold());
        if held.is_some() && self.platform.options.flaw != Some(Flaw::HoldsSeveral) {
            let text = "Somebody hears hold music already.";
            return Err(Refusal::Conflict(text.to_owned()));
        }
        let view = self.runs(OperationKind::StartHoldMusic, request.client_context);
        let (call, operation) = (self.id, self.operation);
        let music = prompts.first().map(|prompt| Prompt::from(&prompt.media_info));
        let hold = Hold { who, call, operation, music: music.clone(), sounds: music.is_none() };
        self.platform.holds(self.now, at, hold, self.effects);
        match music {
            None => self.ends_well(),
            Some(prompt) => {
                self.platform.with_call(self.now, self.id, self.effects, |_, (_, asks)| {
                    asks.push(Ask::FetchHoldMusic(operation, prompt));
                });
            }
        }
        Ok(Accepted::OperationTaken(self.id, view))
    }

    fn stop_hold_music(
        &mut self,
        who: ParticipantId,
        request: ClientContextRequest,
    ) -> Result<Accepted, Refusal> {
        arguments::client_context(request.client_context.as_deref())?;
        let at = self.group()?;
        let who = self.somebody(at, who)?;
        let held = self.platform.conferences.get(&at).and_then(|c| c.on_hold());
        if held.is_none_or(|hold| hold.who != who) {
            let text = "This participant hears no hold music.";
            return Err(Refusal::Conflict(text.to_owned()));
        }
        let view = self.runs(OperationKind::StopHoldMusic, request.client_context);
        self.platform.resumes(self.now, at, self.effects);
        self.ends_well();
        Ok(Accepted::OperationTaken(self.id, view))
    }

    /// The lobby, newer beta (endpoints.md 11).
    fn admit(
        &mut self,
        who: Option<ParticipantId>,
        request: ClientContextRequest,
    ) -> Result<Accepted, Refusal> {
        arguments::client_context(request.client_context.as_deref())?;
        let at = self.group()?;
        let (whom, kind) = match who {
            Some(who) => (vec![self.waiting(at, who)?], OperationKind::AdmitFromLobby),
            None => {
                let all = self.platform.conferences.get(&at).map(|c| c.in_lobby());
                let all = all.unwrap_or_default();
                if all.contains(&self.me()) {
                    return Err(Refusal::ParticipantNotFound);
                }
                (all, OperationKind::AdmitAllFromLobby)
            }
        };
        self.platform.admit_from_lobby(self.now, at, &whom, self.effects);
        Ok(self.done(kind, request.client_context, at))
    }

    fn turn_away(
        &mut self,
        who: ParticipantId,
        request: ClientContextRequest,
    ) -> Result<Accepted, Refusal> {
        arguments::client_context(request.client_context.as_deref())?;
        let at = self.group()?;
        let who = self.waiting(at, who)?;
        self.platform.turned_away(self.now, at, who, self.effects);
        Ok(self.done(OperationKind::RemoveFromLobby, request.client_context, at))
    }

    /// Somebody who waits; not oneself, who cannot let oneself in.
    fn waiting(&self, at: ConferenceId, who: ParticipantId) -> Result<ParticipantId, Refusal> {
        let waits = self.platform.conferences.get(&at).map(|c| c.in_lobby()).unwrap_or_default();
        if waits.contains(&self.me()) {
            return Err(Refusal::ParticipantNotFound);
        }
        if !waits.contains(&who) {
            self.somebody(at, who)?;
            let text = "This participant is not in the lobby.";
            return Err(Refusal::Conflict(text.to_owned()));
        }
        Ok(who)
    }
}

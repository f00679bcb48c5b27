//! Which part of the platform answers a verb about a call, and what is checked before.

use graph_api::{Guid, Timestamp};

use super::Platform;
use crate::{
    arguments,
    call::{Call, Desk},
    flaw::Flaw,
    input::{Accepted, CallId, CallVerb, Caller, Effect},
    permissions::{Grants, Need, missing},
    refusal::Refusal,
    view::CallView,
};

impl Platform {
    /// Order of errors.md: tenant of a known call, permission, call, owner, then argument, state, kind, limits.
    pub(super) fn on_call(
        &mut self,
        now: Timestamp,
        caller: &Caller,
        id: CallId,
        verb: CallVerb,
        grants: &Grants,
        effects: &mut Vec<Effect>,
    ) -> Result<Accepted, Refusal> {
        let owner = self.calls.owner(&id);
        if owner.is_some_and(|(tenant, _)| tenant != caller.tenant) {
            return Err(Refusal::TenantMismatch);
        }
        let need = self.need_of(&verb);
        let flawed = match self.options.flaw {
            Some(Flaw::InvitesWithoutPermission) => matches!(verb, CallVerb::Invite(_)),
            flaw => flaw == Some(Flaw::ActsWithoutPermission),
        };
        if missing(need, grants).is_some() && !flawed {
            return Err(Refusal::MissingPermission(need));
        }
        let (_, app) = owner.ok_or(Refusal::CallNotFound)?;
        if app != caller.app && self.options.flaw != Some(Flaw::IgnoresOwner) {
            return Err(Refusal::NotYourCall);
        }
        let keeps = self.options.flaw == Some(Flaw::KeepsAliveByAnything);
        if (self.options.requests_keep_alive || keeps)
            && let Some(call) = self.calls.get_mut(&id)
        {
            call.stays_alive(now, &self.options);
            self.after(now, id, effects);
        }
        self.answer(now, id, verb, grants, effects)
    }

    /// What a verb needs whatever the call is; what depends on the call is asked there.
    fn need_of(&self, verb: &CallVerb) -> Need {
        match verb {
            CallVerb::Redirect(_) | CallVerb::Transfer(_) => Need::Initiate,
            CallVerb::Invite(_) => Need::InitiateGroupCall,
            CallVerb::Record(_) | CallVerb::SubscribeToTone(_)
                if self.options.lenient_media_permission =>
            {
                Need::Nothing
            }
            CallVerb::Record(_)
            | CallVerb::SubscribeToTone(_)
            | CallVerb::ChangeScreenSharingRole(_) => Need::Media,
            CallVerb::SendDtmfTones(_) => Need::SendTones,
            CallVerb::UpdateRecordingStatus(_) => Need::RecordingStatus,
            CallVerb::GetParticipant(_)
            | CallVerb::RemoveParticipant(_)
            | CallVerb::MuteParticipant(..)
            | CallVerb::MuteAll(_)
            | CallVerb::AdmitFromLobby(..)
            | CallVerb::RemoveFromLobby(..) => Need::Participants,
            CallVerb::ConfigureMixer(_) => Need::Mixer,
            CallVerb::ListRoutingGroups
            | CallVerb::GetRoutingGroup(_)
            | CallVerb::CreateRoutingGroup(_)
            | CallVerb::UpdateRoutingGroup(..)
            | CallVerb::DeleteRoutingGroup(_) => Need::RoutingGroups,
            CallVerb::StartHoldMusic(..) | CallVerb::StopHoldMusic(..) => Need::HoldMusic,
            CallVerb::AddLargeGalleryView(_) | CallVerb::UpdateMetadata(_) => Need::Gallery,
            CallVerb::ListContentSharing | CallVerb::GetContentSharing(_) => Need::ContentSharing,
            // once, when the call was made.
            CallVerb::Get
            | CallVerb::Delete
            | CallVerb::ListParticipants
            | CallVerb::Mute(_)
            | CallVerb::Unmute(_)
            | CallVerb::PlayPrompt(_)
            | CallVerb::CancelMediaProcessing(_)
            | CallVerb::KeepAlive => {
                if self.options.checks_calls_again {
                    Need::InCall
                } else {
                    Need::Nothing
                }
            }
            CallVerb::Answer(_)
            | CallVerb::Reject(_)
            | CallVerb::GetOperation(_)
            | CallVerb::ListOperations
            | CallVerb::NotModelled(_) => Need::Nothing,
        }
    }

    fn answer(
        &mut self,
        now: Timestamp,
        id: CallId,
        verb: CallVerb,
        grants: &Grants,
        effects: &mut Vec<Effect>,
    ) -> Result<Accepted, Refusal> {
        let operation = self.ids.guid();
        match verb {
            CallVerb::Get => {
                let conferences = &self.conferences;
                let meeting = |call: &Call| conferences.get(&call.conference()?)?.meeting();
                let view = |call: &Call| CallView { meeting: meeting(call), ..call.view() };
                self.calls.view(&id, view).map(Accepted::Call).ok_or(Refusal::CallNotFound)
            }
            CallVerb::Redirect(request) => self.redirect(now, id, *request, effects),
            CallVerb::Transfer(request) => self.transfer(now, id, *request, effects),
            CallVerb::Invite(request) => self.invite(now, id, *request, operation, effects),
            CallVerb::ListParticipants => self.list_participants(id),
            CallVerb::GetParticipant(who) => self.get_participant(id, who),
            CallVerb::RemoveParticipant(who) => self.remove_participant(now, id, who, effects),
            CallVerb::ListContentSharing => self.list_content_sharing(id),
            CallVerb::GetContentSharing(session) => self.get_content_sharing(id, &session),
            CallVerb::ListRoutingGroups
            | CallVerb::GetRoutingGroup(_)
            | CallVerb::CreateRoutingGroup(_)
            | CallVerb::UpdateRoutingGroup(..)
            | CallVerb::DeleteRoutingGroup(_) => self.routing_groups(id, verb),
            CallVerb::Mute(_)
            | CallVerb::Unmute(_)
            | CallVerb::UpdateMetadata(_)
            | CallVerb::ChangeScreenSharingRole(_)
            | CallVerb::UpdateRecordingStatus(_)
            | CallVerb::AddLargeGalleryView(_)
            | CallVerb::MuteParticipant(..)
            | CallVerb::MuteAll(_)
            | CallVerb::ConfigureMixer(_)
            | CallVerb::StartHoldMusic(..)
            | CallVerb::StopHoldMusic(..)
            | CallVerb::AdmitFromLobby(..)
            | CallVerb::RemoveFromLobby(..) => self.group_verb(now, id, verb, operation, effects),
            CallVerb::Delete
            | CallVerb::Answer(_)
            | CallVerb::Reject(_)
            | CallVerb::KeepAlive
            | CallVerb::PlayPrompt(_)
            | CallVerb::Record(_)
            | CallVerb::SubscribeToTone(_)
            | CallVerb::CancelMediaProcessing(_)
            | CallVerb::SendDtmfTones(_)
            | CallVerb::GetOperation(_)
            | CallVerb::ListOperations
            | CallVerb::NotModelled(_) => {
                self.asked_of_one(now, id, verb, operation, grants, effects)
            }
        }
    }

    /// What concerns one call alone.
    fn asked_of_one(
        &mut self,
        now: Timestamp,
        id: CallId,
        verb: CallVerb,
        operation: Guid,
        grants: &Grants,
        effects: &mut Vec<Effect>,
    ) -> Result<Accepted, Refusal> {
        let unshown = matches!(
            verb,
            CallVerb::KeepAlive | CallVerb::GetOperation(_) | CallVerb::ListOperations
        );
        let calls = &mut self.calls;
        let call = if unshown { calls.get_mut_unshown(&id) } else { calls.get_mut(&id) };
        let call = call.ok_or(Refusal::CallNotFound)?;
        let (options, asks) = (&self.options, &mut self.asks);
        let mut desk = Desk { now, grants, operation, options, asks };
        let reply = call.verb(verb, &mut desk);
        // A verb from which nothing follows has at most put a deadline off, which the index need not know.
        if !self.asks.is_empty() {
            self.after(now, id, effects);
        }
        debug_assert!(self.calls.reindexed(&id) == (None, None), "{id}: a deadline is lost");
        reply
    }

    /// taken note of, if it is whole.
    pub(super) fn log_device_quality(
        request: &graph_api::DeviceQualityRequest,
        grants: &Grants,
    ) -> Result<Accepted, Refusal> {
        if missing(Need::Media, grants).is_some() {
            return Err(Refusal::MissingPermission(Need::Media));
        }
        arguments::device_quality(request)?;
        Ok(Accepted::Done)
    }
}

//! The paths below one call (endpoints.md 2 to 20).

use graph_api::Guid;
use http::Method;
use platform::{OperationId, ParticipantId};

use super::{Version, unqualified};

/// What is asked of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// GET
    Get,
    /// DELETE
    Delete,
    /// POST …/answer
    Answer,
    /// POST …/reject
    Reject,
    /// POST …/redirect
    Redirect,
    /// POST …/transfer
    Transfer,
    /// POST …/keepAlive
    KeepAlive,
    /// POST …/mute
    Mute,
    /// POST …/unmute
    Unmute,
    /// POST …/updateMetadata, beta
    UpdateMetadata,
    /// POST …/changeScreenSharingRole
    ChangeScreenSharingRole,
    /// POST …/updateRecordingStatus
    UpdateRecordingStatus,
    /// POST …/addLargeGalleryView
    AddLargeGalleryView,
    /// POST …/playPrompt
    PlayPrompt,
    /// POST …/recordResponse; …/record in beta
    Record,
    /// POST …/subscribeToTone
    SubscribeToTone,
    /// POST …/cancelMediaProcessing
    CancelMediaProcessing,
    /// POST …/sendDtmfTones
    SendDtmfTones,
    /// GET …/participants
    ListParticipants,
    /// GET …/participants/{id}
    GetParticipant(ParticipantId),
    /// DELETE …/participants/{id}
    RemoveParticipant(ParticipantId),
    /// POST …/participants/{id}/mute
    MuteParticipant(ParticipantId),
    /// POST …/participants/{id}/startHoldMusic
    StartHoldMusic(ParticipantId),
    /// POST …/participants/{id}/stopHoldMusic
    StopHoldMusic(ParticipantId),
    /// POST …/participants/{id}/admitFromLobby, …/participants/admitAllFromLobby; beta
    AdmitFromLobby(Option<ParticipantId>),
    /// POST …/participants/{id}/removeFromLobby, beta
    RemoveFromLobby(ParticipantId),
    /// POST …/participants/invite
    Invite,
    /// POST …/participants/muteAll, beta
    MuteAll,
    /// POST …/participants/configureMixer, beta
    ConfigureMixer,
    /// GET …/audioRoutingGroups
    ListRoutingGroups,
    /// POST …/audioRoutingGroups
    CreateRoutingGroup,
    /// GET …/audioRoutingGroups/{id}
    GetRoutingGroup(String),
    /// PATCH …/audioRoutingGroups/{id}
    UpdateRoutingGroup(String),
    /// DELETE …/audioRoutingGroups/{id}
    DeleteRoutingGroup(String),
    /// GET …/contentSharingSessions
    ListContentSharing,
    /// GET …/contentSharingSessions/{id}
    GetContentSharing(String),
    /// GET …/operations
    ListOperations,
    /// GET …/operations/{id}
    GetOperation(OperationId),
    /// Known by name only: no page describes it (endpoints.md 20).
    NotModelled(&'static str),
}

/// Actions that Graph has in a metadata document only (endpoints.md 18 and 20).
const NOT_MODELLED: [&str; 10] = [
    "startRecording",
    "stopRecording",
    "startTranscription",
    "stopTranscription",
    "raiseHand",
    "lowerHand",
    "lowerAllHands",
    "reportSyntheticMedia",
    "joinContentSharingAudioGroup",
    "leaveContentSharingAudioGroup",
];

/// An action where the method fits (inner `None`: the path exists, the method does not), and its name.
type Found = Option<(Option<Action>, &'static str)>;

/// The action of a path below a call. Outer `None`: there is no such path in this version.
pub fn action(version: Version, method: &Method, rest: &[&str]) -> Found {
    let asked = Ask { version, method };
    match rest {
        [] if method == Method::DELETE => Some((Some(Action::Delete), "delete")),
        [] => asked.get(Action::Get, "get"),
        ["participants", rest @ ..] => asked.participants(rest),
        ["operations"] => asked.get(Action::ListOperations, "listOperations"),
        ["operations", id] => {
            asked.get(Action::GetOperation(OperationId(guid(id))), "getOperation")
        }
        ["audioRoutingGroups", rest @ ..] => asked.routing_groups(rest),
        // Notifications name them in lower case (notifications.md 3).
        ["contentSharingSessions" | "contentsharingsessions", rest @ ..] => {
            asked.content_sharing(rest)
        }
        [name] => asked.named(unqualified(name)),
        _ => None,
    }
}

/// An id that is none belongs to nobody: no id of the platform is all zeros.
fn guid(text: &str) -> Guid {
    text.parse().unwrap_or_default()
}

struct Ask<'a> {
    version: Version,
    method: &'a Method,
}

impl Ask<'_> {
    fn only(&self, wanted: Method, action: Action, op: &'static str) -> Found {
        Some(((*self.method == wanted).then_some(action), op))
    }

    fn get(&self, action: Action, op: &'static str) -> Found {
        self.only(Method::GET, action, op)
    }

    fn post(&self, action: Action, op: &'static str) -> Found {
        self.only(Method::POST, action, op)
    }

    /// what beta has alone is no path at all in v1.0.
    fn beta(&self, action: Action, op: &'static str) -> Found {
        if self.version == Version::V1 { None } else { self.post(action, op) }
    }

    fn not_modelled(&self, name: &str) -> Found {
        let known = NOT_MODELLED.iter().find(|known| **known == name)?;
        self.post(Action::NotModelled(known), known)
    }

    fn named(&self, name: &str) -> Found {
        match name {
            "answer" => self.post(Action::Answer, "answer"),
            "reject" => self.post(Action::Reject, "reject"),
            "redirect" => self.post(Action::Redirect, "redirect"),
            "transfer" => self.post(Action::Transfer, "transfer"),
            "keepAlive" => self.post(Action::KeepAlive, "keepAlive"),
            "mute" => self.post(Action::Mute, "mute"),
            "unmute" => self.post(Action::Unmute, "unmute"),
            "updateMetadata" => self.beta(Action::UpdateMetadata, "updateMetadata"),
            "changeScreenSharingRole" => {
                self.post(Action::ChangeScreenSharingRole, "changeScreenSharingRole")
            }
            "updateRecordingStatus" => {
                self.post(Action::UpdateRecordingStatus, "updateRecordingStatus")
            }
            "addLargeGalleryView" => self.post(Action::AddLargeGalleryView, "addLargeGalleryView"),
            "playPrompt" => self.post(Action::PlayPrompt, "playPrompt"),
            "recordResponse" => self.post(Action::Record, "recordResponse"),
            "record" => self.beta(Action::Record, "record"),
            "subscribeToTone" => self.post(Action::SubscribeToTone, "subscribeToTone"),
            "cancelMediaProcessing" => {
                self.post(Action::CancelMediaProcessing, "cancelMediaProcessing")
            }
            "sendDtmfTones" => self.post(Action::SendDtmfTones, "sendDtmfTones"),
            _ => self.not_modelled(name),
        }
    }

    /// endpoints.md 11.
    fn participants(&self, rest: &[&str]) -> Found {
        match rest {
            [] => self.get(Action::ListParticipants, "listParticipants"),
            [one] => match unqualified(one) {
                "invite" => self.post(Action::Invite, "invite"),
                "muteAll" => self.beta(Action::MuteAll, "muteAll"),
                "configureMixer" => self.beta(Action::ConfigureMixer, "configureMixer"),
                "admitAllFromLobby" => self.beta(Action::AdmitFromLobby(None), "admitAllFromLobby"),
                name if NOT_MODELLED.contains(&name) => self.not_modelled(name),
                _ => self.participant(ParticipantId(guid(one))),
            },
            [id, name] => self.on_participant(ParticipantId(guid(id)), unqualified(name)),
            _ => None,
        }
    }

    fn participant(&self, id: ParticipantId) -> Found {
        if self.method == Method::DELETE {
            return Some((Some(Action::RemoveParticipant(id)), "participantDelete"));
        }
        self.get(Action::GetParticipant(id), "getParticipant")
    }

    fn on_participant(&self, id: ParticipantId, name: &str) -> Found {
        match name {
            "mute" => self.post(Action::MuteParticipant(id), "participantMute"),
            "startHoldMusic" => self.post(Action::StartHoldMusic(id), "startHoldMusic"),
            "stopHoldMusic" => self.post(Action::StopHoldMusic(id), "stopHoldMusic"),
            "admitFromLobby" => self.beta(Action::AdmitFromLobby(Some(id)), "admitFromLobby"),
            "removeFromLobby" => self.beta(Action::RemoveFromLobby(id), "removeFromLobby"),
            _ => self.not_modelled(name),
        }
    }

    /// endpoints.md 16.
    fn routing_groups(&self, rest: &[&str]) -> Found {
        match rest {
            [] if self.method == Method::POST => {
                Some((Some(Action::CreateRoutingGroup), "audioRoutingGroupCreate"))
            }
            [] => self.get(Action::ListRoutingGroups, "audioRoutingGroupList"),
            [id] => {
                let id = (*id).to_owned();
                match *self.method {
                    Method::PATCH => {
                        Some((Some(Action::UpdateRoutingGroup(id)), "audioRoutingGroupUpdate"))
                    }
                    Method::DELETE => {
                        Some((Some(Action::DeleteRoutingGroup(id)), "audioRoutingGroupDelete"))
                    }
                    _ => self.get(Action::GetRoutingGroup(id), "audioRoutingGroupGet"),
                }
            }
            _ => None,
        }
    }

    /// endpoints.md 18.
    fn content_sharing(&self, rest: &[&str]) -> Found {
        match rest {
            [] => self.get(Action::ListContentSharing, "contentSharingSessionList"),
            [id] => {
                let action = Action::GetContentSharing((*id).to_owned());
                self.get(action, "contentSharingSessionGet")
            }
            [_, name] => self.not_modelled(unqualified(name)),
            _ => None,
        }
    }
}

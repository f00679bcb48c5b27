//! What users do, in the platform's words, and what bots are told, in few.

use graph_api::CallState;
use platform::{
    Notification, OperationId, ParticipantView, Roster, StreamKind, UserAct, What, Who,
};

use super::{system::USERS, transition::Act};

/// What a user does.
pub fn user_act(act: Act) -> UserAct {
    match act {
        Act::Join => UserAct::Join,
        Act::HangUp => UserAct::HangUp,
        Act::Mute(true) => UserAct::Mute,
        Act::Mute(false) => UserAct::Unmute,
        Act::Video(true) => UserAct::StartVideo,
        Act::Video(false) => UserAct::StopVideo,
        Act::Share(true) => UserAct::Share,
        Act::Share(false) => UserAct::StopShare,
        Act::Answer => UserAct::Answer,
        Act::Decline => UserAct::Decline,
        Act::Invite(user) => UserAct::Invite(vec![Who::User(USERS[user])]),
        Act::RemoveBot => UserAct::RemoveBot,
        Act::MuteBot => UserAct::MuteBot,
        Act::Admit => UserAct::AdmitFromLobby,
        Act::End => UserAct::EndMeeting,
    }
}

/// A notification, as a bot can tell notifications apart.
pub fn words(told: &Notification, operations: &[OperationId]) -> String {
    match &told.what {
        What::Incoming(_) => "incoming".to_owned(),
        What::CallUpdated(update) => match update.audio_active {
            Some(true) => "audio on".to_owned(),
            Some(false) => "audio off".to_owned(),
            None => update.state.as_ref().expect("a state").to_string(),
        },
        What::Roster(Roster::Full(everybody)) => format!("roster {}", entries(everybody)),
        What::Roster(Roster::Delta { sequence, changed }) => {
            let mut entries: Vec<String> = changed.iter().map(|entry| words_of(entry)).collect();
            entries.sort();
            format!("delta {sequence} {}", entries.join(", "))
        }
        What::OperationEnded(view) => {
            let number = operations.iter().position(|id| *id == view.id);
            let number = number.map_or("?".to_owned(), |number| (number + 1).to_string());
            match &view.result {
                None => format!("operation {number} {}", view.status),
                Some(why) => {
                    format!("operation {number} {} {}/{}", view.status, why.code, why.subcode)
                }
            }
        }
        What::CallEnded(view) => {
            assert_eq!(view.state, CallState::Terminated);
            let why = view.result.as_ref().expect("it says why");
            format!("ended {}/{}", why.code, why.subcode)
        }
        What::Tone(..)
        | What::ContentSharing(..)
        | What::ParticipantJoining(_)
        | What::ParticipantLeft(_) => panic!("the model causes no {told:?}"),
    }
}

pub fn entries(roster: &[std::sync::Arc<ParticipantView>]) -> String {
    let entries: Vec<String> = roster.iter().map(|entry| words_of(entry)).collect();
    entries.join(", ")
}

fn words_of(entry: &ParticipantView) -> String {
    let sends = |kind| entry.streams.iter().any(|s| s.kind == kind && s.sends);
    let server = entry.streams.iter().any(|s| s.kind == StreamKind::Audio && s.server_muted);
    let marks = [
        (entry.muted && server, " server-muted"),
        (entry.muted && !server, " muted"),
        (entry.in_lobby, " lobby"),
        (sends(StreamKind::Video), " video"),
        (sends(StreamKind::ScreenSharing), " shares"),
    ];
    let marks: String = marks.into_iter().filter(|(on, _)| *on).map(|(_, mark)| mark).collect();
    let removed = entry.removed.map(|reason| format!(" {reason}")).unwrap_or_default();
    format!("{}{marks}{removed}", entry.person.name)
}

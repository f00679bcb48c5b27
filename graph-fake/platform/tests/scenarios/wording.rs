//! What bots and journals see, in few words, so that a story can state it exactly.

use graph_api::{CallState, ChangeType, OperationStatus, ResultInfo};
use platform::{
    Accepted, CallView, Notification, OperationKind, OperationView, ParticipantView, Refusal,
    Roster, StreamKind, What,
};

/// A reply: the status, and what matters of the body.
pub fn reply(reply: &Result<Accepted, Refusal>) -> String {
    match reply {
        Ok(Accepted::Created(view)) => format!("201 {}", view.state),
        Ok(Accepted::Call(view)) => format!("200 {}", view.state),
        Ok(Accepted::Operation(_, view) | Accepted::OperationRead(_, view)) => {
            format!("200 {}", view.status)
        }
        Ok(Accepted::OperationTaken(_, view)) => format!("202 {}", view.status),
        Ok(Accepted::Operations(_, views)) => format!("200 {} operations", views.len()),
        Ok(Accepted::Participants(_, roster)) => format!("200 [{}]", people(roster)),
        Ok(Accepted::Participant(_, entry)) => format!("200 {}", person(entry)),
        Ok(Accepted::RoutingGroups(_, groups)) => format!("200 {} groups", groups.len()),
        Ok(Accepted::RoutingGroup(_, group)) => {
            format!("200 group {}", group.id.as_deref().unwrap_or_default())
        }
        Ok(Accepted::ContentSharings(_, ids)) => format!("200 {} sessions", ids.len()),
        Ok(Accepted::ContentSharing(..)) => "200 session".to_owned(),
        Ok(Accepted::Meeting(_)) => "meeting".to_owned(),
        Ok(Accepted::Done) => "200".to_owned(),
        Ok(Accepted::Taken) => "202".to_owned(),
        Ok(Accepted::Gone) => "204".to_owned(),
        Err(refusal) => {
            let (status, code) = refusal.status_and_code();
            format!("{status} {code}")
        }
    }
}

/// A notification.
pub fn notification(told: &Notification) -> String {
    let change = told.change();
    match &told.what {
        What::Incoming(view) => {
            assert_eq!((&change, &view.state), (&ChangeType::Created, &CallState::Incoming));
            incoming(view)
        }
        What::CallUpdated(update) => {
            assert_eq!(change, ChangeType::Updated);
            let mut text = match update.audio_active {
                Some(true) => "audio on".to_owned(),
                Some(false) => "audio off".to_owned(),
                None => update.state.as_ref().expect("a state").to_string(),
            };
            if update.coordinates.is_some() {
                text.push_str(" +where");
            }
            if let Some(result) = &update.result {
                text.push_str(&format!(" {}", codes(result)));
            }
            text
        }
        What::Tone(number, tone) => format!("tone {number} {tone}"),
        What::Roster(Roster::Full(everybody)) => format!("roster {}", people(everybody)),
        What::Roster(Roster::Delta { sequence, changed }) => {
            format!("delta {sequence}: {}", people(changed))
        }
        What::ContentSharing(change, sessions) => format!("sharing {change} {}", sessions.len()),
        What::ParticipantJoining(view) => format!("joining {}", view.source.person.name),
        What::ParticipantLeft(_) => "left".to_owned(),
        What::OperationEnded(view) => {
            assert_eq!(change, ChangeType::Deleted);
            operation(view)
        }
        What::CallEnded(view) => {
            assert_eq!((&change, &view.state), (&ChangeType::Deleted, &CallState::Terminated));
            let why = view.result.as_ref().map(codes);
            format!(
                "ended {}",
                why.or(view.termination_reason.map(str::to_owned)).unwrap_or_default()
            )
            .trim_end()
            .to_owned()
        }
    }
}

fn incoming(view: &CallView) -> String {
    let mut text = format!("incoming from {}", view.source.person.name);
    if view.coordinates.is_some() {
        text.push_str(" +where");
    }
    if let Some(observation) = &view.observation {
        text.push_str(" recording");
        if let Some(other) = &observation.other {
            text.push_str(&format!(" with {}", other.person.name));
        }
    }
    for person in &view.routed_from {
        text.push_str(&format!(" for {}", person.name));
    }
    text
}

fn operation(view: &OperationView) -> String {
    let kind = match view.kind {
        OperationKind::InviteParticipants => "invite",
        OperationKind::StartHoldMusic => "hold",
        OperationKind::StopHoldMusic => "unhold",
        OperationKind::AddLargeGalleryView => "gallery",
        OperationKind::Plain => "plain",
        OperationKind::PlayPrompt
        | OperationKind::Record
        | OperationKind::CancelMediaProcessing
        | OperationKind::SubscribeToTone
        | OperationKind::SendDtmfTones
        | OperationKind::MuteParticipant
        | OperationKind::UnmuteParticipant
        | OperationKind::MuteParticipants
        | OperationKind::UpdateRecordingStatus
        | OperationKind::AdmitFromLobby
        | OperationKind::AdmitAllFromLobby
        | OperationKind::RemoveFromLobby => view.kind.odata_type(),
    };
    let well = view.status == OperationStatus::Completed;
    let how = if well { "completed" } else { "failed" };
    match &view.result {
        Some(result) => format!("{kind} {how} {}", codes(result)),
        None => format!("{kind} {how}"),
    }
}

/// `code/subcode`.
pub fn codes(result: &ResultInfo) -> String {
    format!("{}/{}", result.code, result.subcode)
}

/// Entries of a roster.
pub fn people(entries: &[std::sync::Arc<ParticipantView>]) -> String {
    let entries: Vec<String> = entries.iter().map(|entry| person(entry)).collect();
    entries.join(", ")
}

/// An entry of a roster: the name, and whatever is not as usual.
pub fn person(entry: &ParticipantView) -> String {
    let mut marks: Vec<String> = Vec::new();
    let sends = |kind| entry.streams.iter().any(|s| s.kind == kind && s.sends);
    let server = entry.streams.iter().any(|s| s.kind == StreamKind::Audio && s.server_muted);
    if entry.muted {
        marks.push(if server { "server-muted" } else { "muted" }.to_owned());
    }
    if entry.in_lobby {
        marks.push("lobby".to_owned());
    }
    if sends(StreamKind::Video) {
        marks.push("video".to_owned());
    }
    if sends(StreamKind::ScreenSharing) {
        marks.push("shares".to_owned());
    }
    let has_audio = entry.streams.iter().any(|s| s.kind == StreamKind::Audio);
    if has_audio && !sends(StreamKind::Audio) {
        marks.push("holds".to_owned());
    }
    if let Some(metadata) = &entry.metadata {
        marks.push(format!("{metadata}"));
    }
    if let Some((status, by)) = &entry.recording {
        marks.push(format!("{status} by {}", by.name));
    }
    if let Some(reason) = entry.removed {
        marks.push(reason.to_owned());
    }
    if let Some(kind) = entry.application_type {
        marks.push(kind.to_owned());
    }
    let name = &entry.person.name;
    if marks.is_empty() { name.clone() } else { format!("{name} ({})", marks.join(", ")) }
}

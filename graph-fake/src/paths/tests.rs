//! Paths, spelled as the pages and the clients spell them.

use platform::{OperationId, ParticipantId};

use super::*;

const ID: &str = "57DAB8B1894C409AB240BD8BEAE78896";
const PERSON: &str = "909c6581-0000-43e9-88f3-fcb3582cde37";

fn located(method: &str, path: &str) -> Located {
    let method = method.parse().unwrap();
    let path = path.replace("ID", ID).replace("PERSON", PERSON);
    locate(&method, &path).expect("under a version")
}

fn asked(method: &str, path: &str) -> Asked {
    located(method, path).asked
}

fn on_call(action: Action) -> Asked {
    Asked::OnCall(CallId(ID.parse().unwrap()), action)
}

fn person() -> ParticipantId {
    ParticipantId(PERSON.parse().unwrap())
}

/// clients.md 5 and 14: versions, the older alias, doubled slashes, qualified names,
/// percent-encoded ids.
#[test]
fn spellings_of_one_action() {
    for path in [
        "/v1.0/communications/calls/ID/answer",
        "/beta/app/calls/ID/answer",
        "/v1.0/app/calls/ID/answer",
        "/v1.0//communications/calls/ID/microsoft.graph.answer",
        "/v1.0/communications/calls/57dab8b1%2D894c-409a-b240-bd8beae78896/answer/",
    ] {
        assert_eq!(asked("POST", path), on_call(Action::Answer), "{path}");
    }
}

///
#[test]
fn methods_and_paths_that_are_not_there() {
    assert_eq!(asked("PATCH", "/v1.0/communications/calls/ID"), Asked::WrongMethod);
    assert_eq!(asked("GET", "/v1.0/communications/calls"), Asked::WrongMethod);
    assert_eq!(asked("GET", "/v1.0/communications/calls/ID/answer"), Asked::WrongMethod);
    assert_eq!(asked("POST", "/v1.0/communications/calls/ID/fly"), Asked::Unknown);
    assert_eq!(asked("POST", "/v1.0/communications/calls/ID/answer/x"), Asked::Unknown);
    assert_eq!(asked("POST", "/v1.0/communications/calls/ID/participants/x/fly"), Asked::Unknown);
    assert_eq!(asked("GET", "/v1.0/communications/calls/not-an-id"), Asked::NoSuchCall);
    assert_eq!(asked("GET", "/v1.0/elsewhere"), Asked::Unknown);
    assert_eq!(locate(&Method::GET, "/v2.0/communications"), None);
    let log = "/v1.0/communications/calls/logTeleconferenceDeviceQuality";
    assert_eq!(asked("GET", log), Asked::WrongMethod);
    assert_eq!(asked("POST", log), Asked::LogDeviceQuality);
}

#[test]
fn what_is_not_modelled_is_known_by_name() {
    for (path, name) in [
        ("calls/ID/startRecording", "startRecording"),
        ("calls/ID/microsoft.graph.stopTranscription", "stopTranscription"),
        ("calls/ID/participants/PERSON/raiseHand", "raiseHand"),
        ("calls/ID/participants/lowerAllHands", "lowerAllHands"),
        (
            "calls/ID/contentSharingSessions/x/joinContentSharingAudioGroup",
            "joinContentSharingAudioGroup",
        ),
    ] {
        let path = format!("/beta/communications/{path}");
        assert_eq!(asked("POST", &path), on_call(Action::NotModelled(name)), "{path}");
    }
}

/// Each operation of endpoints.md 1 to 20: method, path, what it is, its name.
fn operations() -> Vec<Operation> {
    of_the_call().into_iter().chain(of_its_parts()).collect()
}

type Operation = (&'static str, &'static str, Action, &'static str);

fn of_the_call() -> Vec<Operation> {
    let (gallery, share) = (Action::AddLargeGalleryView, Action::ChangeScreenSharingRole);
    vec![
        ("GET", "", Action::Get, "get"),
        ("DELETE", "", Action::Delete, "delete"),
        ("POST", "/answer", Action::Answer, "answer"),
        ("POST", "/reject", Action::Reject, "reject"),
        ("POST", "/redirect", Action::Redirect, "redirect"),
        ("POST", "/transfer", Action::Transfer, "transfer"),
        ("POST", "/mute", Action::Mute, "mute"),
        ("POST", "/unmute", Action::Unmute, "unmute"),
        ("POST", "/keepAlive", Action::KeepAlive, "keepAlive"),
        ("POST", "/playPrompt", Action::PlayPrompt, "playPrompt"),
        ("POST", "/recordResponse", Action::Record, "recordResponse"),
        ("POST", "/subscribeToTone", Action::SubscribeToTone, "subscribeToTone"),
        ("POST", "/cancelMediaProcessing", Action::CancelMediaProcessing, "cancelMediaProcessing"),
        ("POST", "/sendDtmfTones", Action::SendDtmfTones, "sendDtmfTones"),
        ("POST", "/updateRecordingStatus", Action::UpdateRecordingStatus, "updateRecordingStatus"),
        ("POST", "/addLargeGalleryView", gallery, "addLargeGalleryView"),
        ("POST", "/changeScreenSharingRole", share, "changeScreenSharingRole"),
    ]
}

fn of_its_parts() -> Vec<Operation> {
    vec![
        ("GET", "/participants", Action::ListParticipants, "listParticipants"),
        ("POST", "/participants/invite", Action::Invite, "invite"),
        ("GET", "/participants/PERSON", Action::GetParticipant(person()), "getParticipant"),
        (
            "DELETE",
            "/participants/PERSON",
            Action::RemoveParticipant(person()),
            "participantDelete",
        ),
        ("POST", "/participants/PERSON/mute", Action::MuteParticipant(person()), "participantMute"),
        (
            "POST",
            "/participants/PERSON/startHoldMusic",
            Action::StartHoldMusic(person()),
            "startHoldMusic",
        ),
        (
            "POST",
            "/participants/PERSON/stopHoldMusic",
            Action::StopHoldMusic(person()),
            "stopHoldMusic",
        ),
        ("GET", "/audioRoutingGroups", Action::ListRoutingGroups, "audioRoutingGroupList"),
        ("POST", "/audioRoutingGroups", Action::CreateRoutingGroup, "audioRoutingGroupCreate"),
        (
            "GET",
            "/audioRoutingGroups/a%20b",
            Action::GetRoutingGroup("a b".to_owned()),
            "audioRoutingGroupGet",
        ),
        (
            "PATCH",
            "/audioRoutingGroups/g",
            Action::UpdateRoutingGroup("g".to_owned()),
            "audioRoutingGroupUpdate",
        ),
        (
            "DELETE",
            "/audioRoutingGroups/g",
            Action::DeleteRoutingGroup("g".to_owned()),
            "audioRoutingGroupDelete",
        ),
        ("GET", "/contentSharingSessions", Action::ListContentSharing, "contentSharingSessionList"),
        (
            "GET",
            "/contentSharingSessions/s",
            Action::GetContentSharing("s".to_owned()),
            "contentSharingSessionGet",
        ),
        ("GET", "/operations", Action::ListOperations, "listOperations"),
        (
            "GET",
            "/operations/PERSON",
            Action::GetOperation(OperationId(person().0)),
            "getOperation",
        ),
    ]
}

/// The same for what beta has alone.
fn beta_operations() -> Vec<Operation> {
    let admit = |who| Action::AdmitFromLobby(who);
    vec![
        ("POST", "/updateMetadata", Action::UpdateMetadata, "updateMetadata"),
        ("POST", "/record", Action::Record, "record"),
        ("POST", "/participants/muteAll", Action::MuteAll, "muteAll"),
        ("POST", "/participants/configureMixer", Action::ConfigureMixer, "configureMixer"),
        ("POST", "/participants/admitAllFromLobby", admit(None), "admitAllFromLobby"),
        ("POST", "/participants/PERSON/admitFromLobby", admit(Some(person())), "admitFromLobby"),
        (
            "POST",
            "/participants/PERSON/removeFromLobby",
            Action::RemoveFromLobby(person()),
            "removeFromLobby",
        ),
    ]
}

/// The path with its last segment qualified, where that is an action.
fn qualified(method: &str, path: &str) -> Option<String> {
    let (before, name) = path.rsplit_once('/')?;
    let plain = name.bytes().all(|b| b.is_ascii_alphabetic());
    let collection = matches!(name, "audioRoutingGroups" | "PERSON");
    (method == "POST" && plain && !collection).then(|| format!("{before}/microsoft.graph.{name}"))
}

#[test]
fn every_operation_in_every_spelling() {
    for (method, path, action, op) in operations().into_iter().chain(beta_operations()) {
        for root in ["/beta/communications", "/beta/app"] {
            for path in std::iter::once(path.to_owned()).chain(qualified(method, path)) {
                let found = located(method, &format!("{root}/calls/ID{path}"));
                assert_eq!(found.asked, on_call(action.clone()), "{method} {path}");
                assert_eq!(found.op, op, "{method} {path}");
            }
        }
        let wrong = asked("PUT", &format!("/beta/communications/calls/ID{path}"));
        assert_eq!(wrong, Asked::WrongMethod, "{path}");
    }
}

#[test]
fn beta_alone_is_no_path_of_v1() {
    for (method, path, action, _) in operations() {
        let found = asked(method, &format!("/v1.0/communications/calls/ID{path}"));
        assert_eq!(found, on_call(action), "{method} {path}");
    }
    for (method, path, ..) in beta_operations() {
        let found = asked(method, &format!("/v1.0/communications/calls/ID{path}"));
        assert_eq!(found, Asked::Unknown, "{method} {path}");
    }
}

//! Which verb a method and a path name. Everything Graph serves under `/v1.0` and `/beta` is known here,
//! so that what is not modelled yet is refused by name and not as an unknown path.

use graph_api::Guid;
use http::Method;
use percent_encoding::percent_decode_str;
use platform::{CallId, OperationId};

use crate::meetings::{self, MeetingAsked};

/// v1.0 or beta.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `/v1.0`
    V1,
    /// `/beta`
    Beta,
}

impl Version {
    /// As in the path.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1.0",
            Self::Beta => "beta",
        }
    }
}

/// What is asked for, before the body is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// POST to the calls collection.
    Create,
    /// Something about one call.
    OnCall(CallId, Action),
    /// A call id that is no id: nobody has it.
    NoSuchCall,
    /// Something about online meetings, or a calendar.
    Meeting(MeetingAsked),
    /// Known to Graph, not modelled here.
    NotModelled(&'static str),
    /// The path exists, the method does not.
    WrongMethod,
    /// No such path.
    Unknown,
}

/// What is asked of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// GET
    Get,
    /// DELETE
    Delete,
    /// POST …/answer
    Answer,
    /// POST …/reject
    Reject,
    /// POST …/playPrompt
    PlayPrompt,
    /// POST …/keepAlive
    KeepAlive,
    /// GET …/participants
    ListParticipants,
    /// GET …/participants/{id}
    GetParticipant,
    /// GET …/operations
    ListOperations,
    /// GET …/operations/{id}
    GetOperation(OperationId),
    /// Known, not modelled.
    NotModelled(&'static str),
}

/// Actions of a call that Graph has and this fake has not yet.
const NOT_MODELLED: [&str; 20] = [
    "redirect",
    "transfer",
    "mute",
    "unmute",
    "updateMetadata",
    "changeScreenSharingRole",
    "record",
    "recordResponse",
    "subscribeToTone",
    "cancelMediaProcessing",
    "sendDtmfTones",
    "updateRecordingStatus",
    "addLargeGalleryView",
    "audioRoutingGroups",
    "contentSharingSessions",
    "startRecording",
    "stopRecording",
    "startTranscription",
    "stopTranscription",
    "reportSyntheticMedia",
];

/// A path, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// Which version was asked.
    pub version: Version,
    /// For what.
    pub asked: Asked,
    /// The action's name as a fault plan and the journal call it.
    pub op: &'static str,
}

/// Reads a method and a path (without the query). `None`: not under `/v1.0` or `/beta`.
///
/// Double slashes are one (the Python SDK sends them, clients.md 5), ids may be percent-encoded, actions
/// may be qualified with `microsoft.graph.`, `/app` is `/communications`.
pub fn locate(method: &Method, path: &str) -> Option<Located> {
    let segments: Vec<String> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect();
    let mut segments = segments.iter().map(String::as_str);
    let version = match segments.next()? {
        "v1.0" => Version::V1,
        "beta" => Version::Beta,
        _ => return None,
    };
    let rest: Vec<&str> = segments.collect();
    let (asked, op) = asked(method, &rest);
    Some(Located { version, asked, op })
}

fn asked(method: &Method, rest: &[&str]) -> (Asked, &'static str) {
    match rest {
        ["communications" | "app", "calls", on_call @ ..] => calls(method, on_call),
        _ => meetings::locate(method, rest).unwrap_or((Asked::Unknown, "unknown")),
    }
}

fn calls(method: &Method, rest: &[&str]) -> (Asked, &'static str) {
    match rest {
        [] if method == Method::POST => (Asked::Create, "create"),
        [] => (Asked::WrongMethod, "unknown"),
        ["logTeleconferenceDeviceQuality" | "microsoft.graph.logTeleconferenceDeviceQuality"] => {
            let name = "logTeleconferenceDeviceQuality";
            (Asked::NotModelled(name), name)
        }
        [id, on_call @ ..] => {
            let Some((action, op)) = action(method, on_call) else {
                return (Asked::Unknown, "unknown");
            };
            match (action, id.parse::<Guid>()) {
                (None, _) => (Asked::WrongMethod, op),
                (Some(action), Ok(id)) => (Asked::OnCall(CallId(id), action), op),
                (Some(_), Err(_)) => (Asked::NoSuchCall, op),
            }
        }
    }
}

/// The action of a path below a call. Inner `None`: the path exists, the method does not.
fn action(method: &Method, rest: &[&str]) -> Option<(Option<Action>, &'static str)> {
    let only = |wanted: Method, action: Action| (*method == wanted).then_some(action);
    Some(match rest {
        [] if method == Method::DELETE => (Some(Action::Delete), "delete"),
        [] => (only(Method::GET, Action::Get), "get"),
        ["participants"] => (only(Method::GET, Action::ListParticipants), "listParticipants"),
        ["participants", "invite" | "microsoft.graph.invite"] => {
            (only(Method::POST, Action::NotModelled("invite")), "invite")
        }
        ["participants", "muteAll" | "configureMixer" | "microsoft.graph.muteAll"] => {
            (only(Method::POST, Action::NotModelled("muteAll")), "muteAll")
        }
        ["participants", _] if method == Method::DELETE => {
            (Some(Action::NotModelled("participant delete")), "participantDelete")
        }
        ["participants", _] => (only(Method::GET, Action::GetParticipant), "getParticipant"),
        ["participants", _, _] => {
            (only(Method::POST, Action::NotModelled("participant actions")), "participantAction")
        }
        ["operations"] => (only(Method::GET, Action::ListOperations), "listOperations"),
        ["operations", id] => {
            let id = id.parse().map(OperationId).unwrap_or(OperationId(Guid::default()));
            (only(Method::GET, Action::GetOperation(id)), "getOperation")
        }
        [name, ..] => named(method, name.strip_prefix("microsoft.graph.").unwrap_or(name), rest)?,
    })
}

fn named(method: &Method, name: &str, rest: &[&str]) -> Option<(Option<Action>, &'static str)> {
    let (action, op) = match name {
        "answer" => (Action::Answer, "answer"),
        "reject" => (Action::Reject, "reject"),
        "playPrompt" => (Action::PlayPrompt, "playPrompt"),
        "keepAlive" => (Action::KeepAlive, "keepAlive"),
        _ => {
            let name = NOT_MODELLED.iter().find(|known| **known == name)?;
            return Some((Some(Action::NotModelled(name)), name));
        }
    };
    (rest.len() == 1).then(|| ((method == Method::POST).then_some(action), op))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "57DAB8B1894C409AB240BD8BEAE78896";

    fn asked(method: &str, path: &str) -> Asked {
        let method = method.parse().unwrap();
        locate(&method, &path.replace("ID", ID)).expect("under a version").asked
    }

    fn on_call(action: Action) -> Asked {
        Asked::OnCall(CallId(ID.parse().unwrap()), action)
    }

    #[test]
    fn spellings_of_one_action() {
        for path in [
            "/v1.0/communications/calls/ID/answer",
            "/beta/app/calls/ID/answer",
            "/v1.0//communications/calls/ID/microsoft.graph.answer",
            "/v1.0/communications/calls/57dab8b1%2D894c-409a-b240-bd8beae78896/answer/",
        ] {
            assert_eq!(asked("POST", path), on_call(Action::Answer), "{path}");
        }
    }

    #[test]
    fn methods_and_paths_that_are_not_there() {
        assert_eq!(asked("PATCH", "/v1.0/communications/calls/ID"), Asked::WrongMethod);
        assert_eq!(asked("GET", "/v1.0/communications/calls"), Asked::WrongMethod);
        assert_eq!(asked("GET", "/v1.0/communications/calls/ID/answer"), Asked::WrongMethod);
        assert_eq!(asked("POST", "/v1.0/communications/calls/ID/fly"), Asked::Unknown);
        assert_eq!(asked("POST", "/v1.0/communications/calls/ID/answer/x"), Asked::Unknown);
        assert_eq!(asked("GET", "/v1.0/communications/calls/not-an-id"), Asked::NoSuchCall);
        assert_eq!(asked("GET", "/v1.0/elsewhere"), Asked::Unknown);
        assert_eq!(locate(&Method::GET, "/v2.0/communications"), None);
    }

    #[test]
    fn what_is_not_modelled_is_known_by_name() {
        let transfer = asked("POST", "/v1.0/communications/calls/ID/transfer");
        assert_eq!(transfer, on_call(Action::NotModelled("transfer")));
        let meetings = asked("POST", "/v1.0/users/u/onlineMeetings/m/recordings");
        assert_eq!(meetings, Asked::NotModelled("recordings"));
    }
}

//! Which verb a method and a path name. Everything Graph serves under `/v1.0` and `/beta` is known here,
//! so that what is not modelled is refused by name and not as an unknown path.

mod on_call;
mod ops;

use graph_api::Guid;
use http::Method;
use percent_encoding::percent_decode_str;
use platform::CallId;

pub use on_call::Action;
pub use ops::OPS;

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
    /// POST …/logTeleconferenceDeviceQuality, which belongs to no call.
    LogDeviceQuality,
    /// Something about one call.
    OnCall(CallId, Action),
    /// Something about online meetings or a calendar.
    Meeting(MeetingAsked),
    /// A call id that is no id: nobody has it.
    NoSuchCall,
    /// Known to Graph, not modelled here.
    NotModelled(&'static str),
    /// The path exists, the method does not.
    WrongMethod,
    /// No such path.
    Unknown,
}

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
/// may be qualified with `microsoft.graph.` (R-004, R-114, clients.md 14), `/app` is `/communications`.
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
    let (asked, op) = asked(version, method, &rest);
    debug_assert!(op == "unknown" || OPS.contains(&op), "{op} has to be among the names");
    Some(Located { version, asked, op })
}

fn asked(version: Version, method: &Method, rest: &[&str]) -> (Asked, &'static str) {
    match rest {
        ["communications" | "app", "calls", on_call @ ..] => calls(version, method, on_call),
        _ => meetings::locate(method, rest).unwrap_or((Asked::Unknown, "unknown")),
    }
}

fn calls(version: Version, method: &Method, rest: &[&str]) -> (Asked, &'static str) {
    match rest {
        [] if method == Method::POST => (Asked::Create, "create"),
        [] => (Asked::WrongMethod, "unknown"),
        [name] if unqualified(name) == "logTeleconferenceDeviceQuality" => {
            let asked =
                if method == Method::POST { Asked::LogDeviceQuality } else { Asked::WrongMethod };
            (asked, "logTeleconferenceDeviceQuality")
        }
        [id, on_call @ ..] => {
            let Some((action, op)) = on_call::action(version, method, on_call) else {
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

/// an action's name without the namespace that OData lets clients put before it.
fn unqualified(name: &str) -> &str {
    name.strip_prefix("microsoft.graph.").unwrap_or(name)
}

#[cfg(test)]
mod tests;

//! Reading paths and ids, as the contract has them; not with the platform's own reader.

/// An id as it is compared: lower case, no dashes.
pub(super) fn canonical(id: &str) -> String {
    id.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect()
}

/// How an id is shown in a sentence.
pub(super) fn short(id: &str) -> String {
    let head: String = id.chars().take(8).collect();
    format!("{head}…")
}

/// The segments of a path without its query; double slashes are one (clients.md 5).
pub(super) fn segments(target: &str) -> Vec<String> {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    path.split('/').filter(|part| !part.is_empty()).map(decoded).collect()
}

fn decoded(part: &str) -> String {
    let bytes = part.as_bytes();
    let digit = |at: usize| {
        bytes.get(at).and_then(|b| (*b as char).to_digit(16)).and_then(|d| u8::try_from(d).ok())
    };
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(high * 16 + low);
                at += 3;
            }
            (byte, _, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What a request to Graph is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Located {
    pub op: String,
    pub call: Option<String>,
}

/// Reads a method and a path; none: not Graph's.
pub(super) fn locate(method: &str, target: &str) -> Option<Located> {
    let parts = segments(target);
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let (version, rest) = parts.split_first()?;
    if !matches!(*version, "v1.0" | "beta") {
        return None;
    }
    let about = |op: &str, call: Option<&str>| {
        Some(Located { op: op.to_owned(), call: call.map(canonical) })
    };
    let name = |name: &str| name.strip_prefix("microsoft.graph.").unwrap_or(name).to_owned();
    let deletes = method == "DELETE";
    match rest {
        ["communications" | "app", "calls"] => {
            about(if method == "POST" { "create" } else { "other" }, None)
        }
        ["communications" | "app", "calls", one]
            if name(one) == "logTeleconferenceDeviceQuality" =>
        {
            about("logTeleconferenceDeviceQuality", None)
        }
        ["communications" | "app", "calls", id, below @ ..] => {
            let op = match below {
                [] if deletes => "delete".to_owned(),
                [] => "get".to_owned(),
                ["participants"] => "listParticipants".to_owned(),
                ["participants", one] => match name(one) {
                    all if ["invite", "muteAll", "configureMixer", "admitAllFromLobby"]
                        .contains(&all.as_str()) =>
                    {
                        all
                    }
                    _ if deletes => "participantDelete".to_owned(),
                    _ => "getParticipant".to_owned(),
                },
                ["participants", _, one] if name(one) == "mute" => "participantMute".to_owned(),
                ["participants", _, one] => name(one),
                ["operations", ..] => "getOperation".to_owned(),
                ["audioRoutingGroups", ..] => "audioRoutingGroups".to_owned(),
                ["contentSharingSessions", ..] => "contentSharingSessions".to_owned(),
                [one] => name(one),
                _ => "other".to_owned(),
            };
            about(&op, Some(id))
        }
        _ => about("other", None),
    }
}

/// The call of a notification's resource, the collection below it and the id in that; both without a slash
/// at the start too.
pub(super) fn resource(url: &str) -> Option<(String, Option<String>, Option<String>)> {
    let parts = segments(url);
    let mut parts = parts.iter();
    parts.by_ref().find(|part| part.eq_ignore_ascii_case("calls"))?;
    let call = canonical(parts.next()?);
    let below = parts.next().map(|part| part.to_ascii_lowercase());
    Some((call, below, parts.next().map(|id| canonical(id))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_in_all_their_spellings() {
        for (method, path, op, call) in [
            ("POST", "/v1.0/communications/calls", "create", None),
            (
                "POST",
                "/v1.0//communications/calls/AB-1/microsoft.graph.answer",
                "answer",
                Some("ab1"),
            ),
            ("DELETE", "/beta/app/calls/a%2D1", "delete", Some("a1")),
            ("GET", "/beta/app/calls/a?$select=id", "get", Some("a")),
            ("POST", "/beta/app/calls/a/participants/invite", "invite", Some("a")),
            ("DELETE", "/beta/app/calls/a/participants/b", "participantDelete", Some("a")),
            ("POST", "/beta/app/calls/a/participants/b/mute", "participantMute", Some("a")),
            ("GET", "/v1.0/users/x/calendar/events", "other", None),
        ] {
            let wanted = Located { op: op.to_owned(), call: call.map(str::to_owned) };
            assert_eq!(locate(method, path), Some(wanted), "{path}");
        }
        assert_eq!(locate("POST", "/tenant/oauth2/v2.0/token"), None);
    }

    #[test]
    fn resources_are_read_without_a_slash_too() {
        let found = resource("communications/calls/A-1/operations/B");
        assert_eq!(found, Some(("a1".into(), Some("operations".into()), Some("b".into()))));
        assert_eq!(resource("/elsewhere"), None);
    }
}

//! How a bot answers whether somebody may join (notifications.md 3.14).

use graph_api::RejectReason;
use platform::JoinAnswer;
use serde::Deserialize;

use crate::body;

/// participantJoiningResponse (resources.md 9).
#[derive(Deserialize)]
#[serde(tag = "@odata.type")]
enum JoinResponse {
    #[serde(
        rename = "#microsoft.graph.acceptJoinResponse",
        alias = "microsoft.graph.acceptJoinResponse"
    )]
    Accept,
    #[serde(
        rename = "#microsoft.graph.rejectJoinResponse",
        alias = "microsoft.graph.rejectJoinResponse"
    )]
    Reject {
        #[serde(rename = "reason")]
        _reason: RejectReason,
    },
    #[serde(
        rename = "#microsoft.graph.inviteNewBotResponse",
        alias = "microsoft.graph.inviteNewBotResponse"
    )]
    InviteNewBot {
        #[serde(rename = "inviteUri")]
        invite_uri: String,
    },
}

/// Reads the body of a 200 to a participantJoiningNotification (R-293). `None`: there is none. A body that is
/// no such response, lacks what its type needs or names no place to ring is unreadable (R-294).
pub(super) fn join_answer(body: &[u8]) -> Option<JoinAnswer> {
    let body = body::unmarked(body).trim_ascii();
    if body.is_empty() {
        return None;
    }
    if !body.starts_with(b"{") {
        // serde would take a list, too.
        return Some(JoinAnswer::Unreadable);
    }
    Some(match serde_json::from_slice(body) {
        Ok(JoinResponse::Accept) => JoinAnswer::Accept,
        Ok(JoinResponse::Reject { .. }) => JoinAnswer::Reject,
        Ok(JoinResponse::InviteNewBot { invite_uri }) => match url::Url::parse(&invite_uri) {
            Ok(url) if url.has_host() => JoinAnswer::InviteNewBot(invite_uri),
            _ => JoinAnswer::Unreadable,
        },
        Err(_) => JoinAnswer::Unreadable,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn join_answers() {
        let read = |text: &str| join_answer(text.as_bytes());
        let typed = |name: &str, rest: &str| {
            read(&format!(r##"{{"@odata.type": "#microsoft.graph.{name}"{rest}}}"##))
        };
        assert_eq!(read(" \r\n"), None);
        assert_eq!(typed("acceptJoinResponse", ""), Some(JoinAnswer::Accept));
        assert_eq!(
            read(r#"{"@odata.type": "microsoft.graph.acceptJoinResponse", "more": 1}"#),
            Some(JoinAnswer::Accept)
        );
        let busy = typed("rejectJoinResponse", r#", "reason": "Busy""#);
        assert_eq!(busy, Some(JoinAnswer::Reject));
        let invite = typed("inviteNewBotResponse", r#", "inviteUri": "https://b.example/x""#);
        assert_eq!(invite, Some(JoinAnswer::InviteNewBot("https://b.example/x".to_owned())));
        for (name, rest) in [
            ("acceptJoinResponse", ", 1"),
            ("rejectJoinResponse", ""),
            ("rejectJoinResponse", r#", "reason": "tired""#),
            ("inviteNewBotResponse", ""),
            ("inviteNewBotResponse", r#", "inviteUri": "somewhere""#),
            ("call", ""),
        ] {
            assert_eq!(typed(name, rest), Some(JoinAnswer::Unreadable), "{name}{rest}");
        }
        let list = r##"["#microsoft.graph.acceptJoinResponse"]"##;
        for text in [list, "{}", "[]", "null", "\u{0}", "{\"@odata.type\": 3}"] {
            assert_eq!(read(text), Some(JoinAnswer::Unreadable), "{text}");
        }
    }
}

//! Online meetings over HTTP: which verb a path, a query and a body name, and how it is answered (endpoints.md 21).

use graph_api::OnlineMeeting;
use http::{Method, StatusCode};
use platform::{
    Refusal,
    meetings::{Language, MeetingAccepted, MeetingFilter, MeetingVerb, Whose, render},
};
use serde_json::Value;

use crate::paths::Asked;

/// Query options of one request that are looked at.
const OPTIONS_MAX: usize = 64;

/// What is asked of meetings, before the query and the body are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeetingAsked {
    /// Whose meetings.
    pub of: Whose,
    /// What.
    pub what: MeetingAction,
}

/// What is asked of somebody's meetings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MeetingAction {
    /// POST
    Create,
    /// POST …/createOrGet
    CreateOrGet,
    /// GET, which needs a `$filter`.
    Find,
    /// GET …/{id}
    Get(String),
    /// PATCH …/{id}
    Update(String),
    /// DELETE …/{id}
    Delete(String),
    /// GET …/calendar/events
    Events,
}

/// Parts of a meeting that Graph has and this fake has not.
const NOT_MODELLED: [&str; 5] =
    ["recordings", "transcripts", "attendanceReports", "attendeeReport", "registration"];

/// Reads the segments of a path below the version (clients.md 18). `None`: it is not about meetings.
pub fn locate(method: &Method, path: &[&str]) -> Option<(Asked, &'static str)> {
    let (of, rest) = match path {
        ["me", rest @ ..] => (Whose::Me, rest),
        ["users", id, rest @ ..] => (Whose::User((*id).to_owned()), rest),
        // the older name.
        ["communications" | "app", "onlineMeetings", ..] => (Whose::Communications, &path[1..]),
        _ => return None,
    };
    let asked = |what, op| (Asked::Meeting(MeetingAsked { of, what }), op);
    let post = method == Method::POST;
    Some(match rest {
        ["onlineMeetings"] if post => asked(MeetingAction::Create, "createMeeting"),
        ["onlineMeetings"] if method == Method::GET => asked(MeetingAction::Find, "findMeetings"),
        ["onlineMeetings"] => (Asked::WrongMethod, "unknown"),
        ["onlineMeetings", "createOrGet" | "microsoft.graph.createOrGet"] if post => {
            asked(MeetingAction::CreateOrGet, "createOrGetMeeting")
        }
        ["onlineMeetings", id] => {
            let id = (*id).to_owned();
            match *method {
                Method::GET => asked(MeetingAction::Get(id), "getMeeting"),
                Method::PATCH => asked(MeetingAction::Update(id), "updateMeeting"),
                Method::DELETE => asked(MeetingAction::Delete(id), "deleteMeeting"),
                _ => (Asked::WrongMethod, "unknown"),
            }
        }
        ["onlineMeetings", _, part, ..] => {
            let part = NOT_MODELLED.iter().find(|known| *known == part)?;
            (Asked::NotModelled(part), part)
        }
        ["calendar", "events"] if method == Method::GET => {
            asked(MeetingAction::Events, "listEvents")
        }
        ["calendar", "events", ..] => (Asked::NotModelled("calendar"), "calendar"),
        _ => return None,
    })
}

impl MeetingAsked {
    /// Whether the request has a body to be read.
    pub const fn takes_body(&self) -> bool {
        match self.what {
            MeetingAction::Create | MeetingAction::CreateOrGet | MeetingAction::Update(_) => true,
            MeetingAction::Find
            | MeetingAction::Get(_)
            | MeetingAction::Delete(_)
            | MeetingAction::Events => false,
        }
    }

    /// The verb, for the platform. `body` is there where [`Self::takes_body`] says so.
    ///
    /// # Errors
    /// [`Refusal::BadMeeting`] of a `$filter` that is none of the documented ones.
    pub fn verb(
        &self,
        query: Option<&str>,
        body: Option<OnlineMeeting>,
    ) -> Result<MeetingVerb, Refusal> {
        let (of, body) = (self.of.clone(), Box::new(body.unwrap_or_default()));
        Ok(match &self.what {
            MeetingAction::Create => MeetingVerb::Create(of, body),
            MeetingAction::CreateOrGet => MeetingVerb::CreateOrGet(of, body),
            MeetingAction::Find => MeetingVerb::Find(of, filter(query)?),
            MeetingAction::Get(id) => MeetingVerb::Get(of, id.clone()),
            MeetingAction::Update(id) => MeetingVerb::Update(of, id.clone(), body),
            MeetingAction::Delete(id) => MeetingVerb::Delete(of, id.clone()),
            MeetingAction::Events => MeetingVerb::CalendarEvents(of),
        })
    }
}

/// Status and body of an answer. `base` is the service root that the client used; `language` is `Accept-Language`
///
pub fn answer(
    accepted: &MeetingAccepted,
    base: &str,
    language: Option<&str>,
) -> (StatusCode, Option<Value>) {
    let language = language.map(Language::from_accept).unwrap_or_default();
    match accepted {
        MeetingAccepted::Created(of, view) => {
            (StatusCode::CREATED, Some(render::meeting(view, *of, base, language)))
        }
        MeetingAccepted::Meeting(of, view) => {
            (StatusCode::OK, Some(render::meeting(view, *of, base, language)))
        }
        MeetingAccepted::Found(of, views) => {
            (StatusCode::OK, Some(render::meetings(views, *of, base, language)))
        }
        MeetingAccepted::Deleted => (StatusCode::NO_CONTENT, None),
        MeetingAccepted::Events(user, events) => {
            (StatusCode::OK, Some(render::events(*user, events, base)))
        }
    }
}

/// `{property} eq '{value}'`, once, and nothing else.
fn filter(query: Option<&str>) -> Result<MeetingFilter, Refusal> {
    let bad = |why: String| Err(Refusal::BadMeeting(why));
    let options = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let mut filters =
        options.take(OPTIONS_MAX).filter(|(name, _)| name == "$filter").map(|(_, value)| value);
    let (Some(filter), None) = (filters.next(), filters.next()) else {
        return bad("A list of online meetings needs one $filter.".to_owned());
    };
    let parts = filter.split_once(" eq ").map(|(name, value)| (name.trim(), literal(value.trim())));
    let Some((name, Some(value))) = parts else {
        return bad("Only a $filter of the form \"property eq 'value'\" is supported.".to_owned());
    };
    match name.to_ascii_lowercase().as_str() {
        "joinweburl" => Ok(MeetingFilter::JoinWebUrl(value)),
        "joinmeetingidsettings/joinmeetingid" => Ok(MeetingFilter::JoinMeetingId(value)),
        "videoteleconferenceid" => Ok(MeetingFilter::VideoTeleconferenceId(value)),
        _ => {
            let name: String = name.chars().take(64).collect();
            bad(format!("$filter on '{name}' is not supported."))
        }
    }
}

/// The text of an OData string: in quotes, a quote in it written twice.
fn literal(text: &str) -> Option<String> {
    let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
    (!inner.replace("''", "").contains('\'')).then(|| inner.replace("''", "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "MSox";

    fn asked(method: &str, path: &[&str]) -> Option<Asked> {
        locate(&method.parse().unwrap(), path).map(|(asked, _)| asked)
    }

    fn meeting(of: Whose, what: MeetingAction) -> Option<Asked> {
        Some(Asked::Meeting(MeetingAsked { of, what }))
    }

    #[test]
    fn paths_of_meetings() {
        let user = || Whose::User("7".to_owned());
        let get = || MeetingAction::Get(ID.to_owned());
        assert_eq!(asked("GET", &["me", "onlineMeetings", ID]), meeting(Whose::Me, get()));
        assert_eq!(asked("GET", &["users", "7", "onlineMeetings", ID]), meeting(user(), get()));
        for alias in ["communications", "app"] {
            let found = asked("GET", &[alias, "onlineMeetings", ID]);
            assert_eq!(found, meeting(Whose::Communications, get()), "R-002");
        }
        for name in ["createOrGet", "microsoft.graph.createOrGet"] {
            let found = asked("POST", &["users", "7", "onlineMeetings", name]);
            assert_eq!(found, meeting(user(), MeetingAction::CreateOrGet), "R-004");
        }
        let verbs = [
            ("POST", &["me", "onlineMeetings"][..], MeetingAction::Create),
            ("GET", &["me", "onlineMeetings"], MeetingAction::Find),
            ("PATCH", &["me", "onlineMeetings", ID], MeetingAction::Update(ID.to_owned())),
            ("DELETE", &["me", "onlineMeetings", ID], MeetingAction::Delete(ID.to_owned())),
            ("GET", &["me", "calendar", "events"], MeetingAction::Events),
        ];
        for (method, path, action) in verbs {
            assert_eq!(asked(method, path), meeting(Whose::Me, action), "{method} {path:?}");
        }
    }

    #[test]
    fn paths_that_are_not_there() {
        assert_eq!(asked("PUT", &["me", "onlineMeetings"]), Some(Asked::WrongMethod));
        assert_eq!(asked("POST", &["me", "onlineMeetings", ID]), Some(Asked::WrongMethod));
        assert_eq!(asked("GET", &["me", "onlineMeetings", ID, "elsewhere"]), None);
        assert_eq!(asked("GET", &["me"]), None);
        assert_eq!(asked("GET", &["communications", "calls"]), None);
        assert_eq!(asked("GET", &["communications", "calendar", "events"]), None);
        let recordings = asked("GET", &["me", "onlineMeetings", ID, "recordings", "1"]);
        assert_eq!(recordings, Some(Asked::NotModelled("recordings")));
        let event = asked("POST", &["me", "calendar", "events"]);
        assert_eq!(event, Some(Asked::NotModelled("calendar")));
    }

    ///
    #[test]
    fn only_documented_equalities_are_filters() {
        let url = "https://teams.microsoft.com/l/meetup-join/19%3ax%40thread.v2/0?context=%7b%7d";
        let encoded: String = url::form_urlencoded::byte_serialize(url.as_bytes()).collect();
        let join = MeetingFilter::JoinWebUrl(url.to_owned());
        let number = MeetingFilter::JoinMeetingId("242847183".to_owned());
        let vtc = MeetingFilter::VideoTeleconferenceId("it's".to_owned());
        let good = [
            (format!("$filter=JoinWebUrl%20eq%20'{encoded}'"), join.clone()),
            (format!("$top=1&%24filter=joinWebUrl+eq+%27{encoded}%27&$select=id"), join),
            ("$filter=joinMeetingIdSettings/joinMeetingId%20eq%20'242847183'".to_owned(), number),
            ("$filter=VideoTeleconferenceId%20eq%20'it''s'".to_owned(), vtc),
        ];
        for (query, wanted) in good {
            assert_eq!(filter(Some(&query)), Ok(wanted), "{query}");
        }
        let bad = [
            "",
            "$filter=",
            "filter=JoinWebUrl%20eq%20'x'",
            "$filter=JoinWebUrl%20ne%20'x'",
            "$filter=JoinWebUrl%20eq%20x",
            "$filter=JoinWebUrl%20eq%20'",
            "$filter=JoinWebUrl%20eq%20'x",
            "$filter=JoinWebUrl%20eq%20'x'y'",
            "$filter=JoinWebUrl%20eq%20'x'%20or%20JoinWebUrl%20eq%20'y'",
            "$filter=startswith(JoinWebUrl,'x')",
            "$filter=subject%20eq%20'x'",
            "$filter=JoinWebUrl%20eq%20'x'&$filter=JoinWebUrl%20eq%20'x'",
        ];
        for query in bad {
            assert!(matches!(filter(Some(query)), Err(Refusal::BadMeeting(_))), "{query}");
        }
        assert!(filter(None).is_err());
    }
}

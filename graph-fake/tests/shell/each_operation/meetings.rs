//! Online meetings and a calendar.

use serde_json::{Value, json};

use super::{Operation, op};

const BAD: &str = "400 BadRequest";
const NO_ITEM: &str = "404 NotFound";
const FIND_LIVE: &str = "GET {meetings}?$filter=";

/// It ends before it begins.
fn backwards() -> Value {
    json!({"externalId": "e", "startDateTime": "2027-03-02T09:30:00Z",
        "endDateTime": "2027-03-02T09:00:00Z"})
}

/// All of them.
pub(super) fn meetings() -> Vec<Operation> {
    let nobodys = "POST /v1.0/users/{nobody}/onlineMeetings";
    let elsewhere = json!({"chatInfo": {"threadId": "19:x@thread.tacv2"}});
    let start = json!({"startDateTime": "2027-03-02T09:00:00Z"});
    vec![
        op("createMeeting")
            .missing("POST {meetings}", "", BAD)
            .missing("POST {meetings}", json!({"endDateTime": "2027-03-02T09:00:00Z"}), BAD)
            .wrong_type("POST {meetings}", json!({"participants": 7}), BAD)
            .wrong_type("POST {meetings}", json!({"startDateTime": "soon"}), BAD)
            .out_of_range("POST {meetings}", backwards(), BAD)
            .out_of_range("POST {meetings}", json!({"allowedPresenters": "cats"}), BAD)
            .wrong_state("POST {meetings}", elsewhere, "403 Forbidden")
            .wrong_state(nobodys, "{}", NO_ITEM),
        op("createOrGetMeeting")
            .missing("POST {meetings}/createOrGet", "{}", BAD)
            .wrong_type("POST {meetings}/createOrGet", json!({"externalId": 7}), BAD)
            .out_of_range("POST {meetings}/createOrGet", backwards(), BAD)
            .wrong_state(
                "POST /v1.0/users/{nobody}/onlineMeetings/createOrGet",
                json!({"externalId": "e"}),
                NO_ITEM,
            ),
        op("findMeetings")
            .missing("GET {meetings}", "", BAD)
            .missing(FIND_LIVE, "", BAD)
            .wrong_type("GET {meetings}?$filter=JoinWebUrl%20eq%207", "", BAD)
            .out_of_range("GET {meetings}?$filter=subject%20eq%20'x'", "", BAD)
            .wrong_state(
                "GET /v1.0/users/{nobody}/onlineMeetings?$filter=JoinWebUrl%20eq%20'x'",
                "",
                NO_ITEM,
            ),
        op("getMeeting").no_body().wrong_type("GET {meetings}/seven", "", NO_ITEM).wrong_state(
            "GET {meetings}/{deleted}",
            "",
            NO_ITEM,
        ),
        op("updateMeeting")
            .missing("PATCH {meetings}/{live}", start, BAD)
            .wrong_type("PATCH {meetings}/{live}", json!({"subject": 7}), BAD)
            .out_of_range("PATCH {meetings}/{live}", backwards(), BAD)
            .wrong_state("PATCH {meetings}/{deleted}", json!({"subject": "x"}), NO_ITEM),
        op("deleteMeeting")
            .no_body()
            .wrong_type("DELETE {meetings}/seven", "", NO_ITEM)
            .wrong_state("DELETE {meetings}/{deleted}", "", NO_ITEM),
        op("listEvents")
            .no_body()
            .wrong_type("GET /v1.0/users/seven/calendar/events", "", NO_ITEM)
            .wrong_state("GET /v1.0/users/{nobody}/calendar/events", "", NO_ITEM)
            .wrong_state("GET /v1.0/me/calendar/events", "", BAD),
    ]
}

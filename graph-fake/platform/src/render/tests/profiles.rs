//! what Graph has written at other times or by mistake, and only if it is asked for.

use std::sync::Arc;

use graph_api::{CallState, Guid, OperationStatus, ResultInfo, Tone};

use super::*;
use crate::{
    input::OperationId,
    notification::{Roster, Update},
    view::{OperationKind, OperationView},
};

fn operation_of(kind: OperationKind) -> What {
    let id = OperationId(Guid::from_u128(0xab));
    let result = Some(ResultInfo::new(400, 8508, "x"));
    let view = OperationView::new(id, kind, OperationStatus::Completed, None);
    What::OperationEnded(Box::new(OperationView { result, ..view }))
}

fn update() -> What {
    What::CallUpdated(Box::new(Update::state(CallState::Established)))
}

///
#[test]
fn notifications_as_in_2019() {
    let profile = Profile { notifications_2019: true, ..Profile::default() };
    let told = [told(update()), told(operation_of(OperationKind::PlayPrompt))];
    let envelope = notification_as(&told, &Links::NONE, &profile);
    let url = "/app/calls/0000000000000000000000000000CA11";
    let expected = json!({
        "changeType": "updated", "resource": url,
        "resourceData": {
            "@odata.type": "#microsoft.graph.call", "state": "established",
            "@odata.id": url, "@odata.etag": "W/\"5445\"",
        },
    });
    assert_eq!(envelope["value"][0], expected);
    let operation = &envelope["value"][1]["resource"];
    assert_eq!(operation, &format!("{url}/operations/000000000000000000000000000000AB"));
    assert_eq!(envelope.as_object().unwrap().len(), 1, "nothing but the entries");
    let roster = entry(What::Roster(Roster::Full(Vec::new())), &profile);
    assert_eq!(roster["resource"], format!("{url}/participants"));
}

///
#[test]
fn without_resource() {
    let profile = Profile { without_resource: true, ..Profile::default() };
    let told = entry(update(), &profile);
    assert!(told.get("resource").is_none() && told.get("resourceUrl").is_some());
}

///
#[test]
fn with_ids() {
    let profile = Profile { ids_in_updates: true, ..Profile::default() };
    for what in [update(), What::Tone(1, Tone::A)] {
        assert_eq!(entry(what, &profile)["resourceData"]["id"], CALL.to_string());
    }
}

///
#[test]
fn capital_status_and_codes_in_text() {
    let profile = Profile { capital_status: true, text_codes: true, ..Profile::default() };
    let told = entry(operation_of(OperationKind::PlayPrompt), &profile);
    let data = &told["resourceData"];
    assert_eq!(data["status"], "Completed");
    let codes = (&data["resultInfo"]["code"], &data["resultInfo"]["subcode"]);
    assert_eq!(codes, (&json!("400"), &json!("8508")));
    let What::OperationEnded(view) = operation_of(OperationKind::Plain) else { unreachable!() };
    assert_eq!(operation_as(&view, &Links::NONE, &profile)["status"], "Completed");
}

///
#[test]
fn slashes_and_labels() {
    let profile = Profile { missing_slash: true, mislabelled_types: true, ..Profile::default() };
    for (kind, slash) in [(OperationKind::StartHoldMusic, false), (OperationKind::Plain, true)] {
        let told = entry(operation_of(kind), &profile);
        let url = told["resourceUrl"].as_str().unwrap();
        assert_eq!(url.starts_with('/'), slash, "{url}");
        assert_eq!(told["resourceData"]["@odata.id"], url);
        assert_eq!(told["resource"].as_str().unwrap().starts_with('/'), slash);
    }
    let mixer = entry(operation_of(OperationKind::Plain), &profile);
    assert_eq!(mixer["@odata.type"], "#microsoft.graph.commsOperation");
    let roster = Roster::Full(vec![Arc::new(super::rosters::bot())]);
    let info = entry(What::Roster(roster), &profile)["resourceData"][0]["info"].take();
    assert_eq!(info["@odata.type"], "#microsoft.graph.invitationParticipantInfo");
    assert_eq!(info["id"], Value::Null);
}

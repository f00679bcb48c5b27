use graph_api::AudioRoutingGroup;

use super::*;

/// Endpoints.md 16.
#[test]
fn audio_routing_groups() {
    let sent = json!({
        "id": "oneToOne", "routingMode": "oneToOne", "sources": ["a"], "receivers": ["b"],
    });
    let group: AudioRoutingGroup = serde_json::from_value(sent.clone()).unwrap();
    let mut shown = sent;
    shown["@odata.type"] = json!("#microsoft.graph.audioRoutingGroup");
    assert_eq!(routing_group(&group), shown);
    let context = list_context(BASE, CALL, "audioRoutingGroups");
    let list = routing_groups(std::slice::from_ref(&group), &context);
    assert_eq!(list, json!({"@odata.context": context, "value": [shown]}));
    let one = routing_group_read(&group, &entity_context(BASE, CALL, "audioRoutingGroups"));
    shown["@odata.context"] = json!(format!("{context}/$entity"));
    assert_eq!(one, shown);
}

/// Endpoints.md 18.
#[test]
fn content_sharing_sessions() {
    let context = list_context(BASE, CALL, "contentSharingSessions");
    let session = json!({"@odata.type": "#microsoft.graph.contentSharingSession", "id": "0a1b"});
    let expected = json!({
        "@odata.context":
            format!("{BASE}/$metadata#communications/calls('{CALL}')/contentSharingSessions"),
        "value": [session],
    });
    assert_eq!(content_sharings(&["0a1b".to_owned()], &context), expected);
    let one = content_sharing_read("0a1b", "c");
    let id = "0a1b";
    let kind = "#microsoft.graph.contentSharingSession";
    assert_eq!(one, json!({"@odata.context": "c", "@odata.type": kind, "id": id}));
}

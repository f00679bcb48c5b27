//! Wires on which the platform does wrong.

use serde_json::{Value, json};

use super::{
    breaks, is_fine, misses,
    tale::{APP, CALL, Tale, answer, field, operation},
};
use crate::invariants::{
    escalation, form, media, operations, order, permissions, progress, rosters, terminal,
};

#[test]
fn one_end() {
    let mut over = Tale::of_two();
    over.hangs_up();
    misses(&over, terminal::ID);
    let end = over.entry("deleted", "", json!({"state": "terminated"}));
    let mut retried = over.clone();
    retried.attempt("m", &end, Some(503));
    retried.attempt("m", &end, None);
    retried.attempt("m", &end, Some(202));
    is_fine(&retried);
    over.delivered(&end);
    is_fine(&over);
    let mut again = over.clone();
    again.delivered(&end);
    breaks(&again, terminal::ID);
    let mut asked_for = over.clone();
    asked_for.acts(json!({"action": "repeatLastNotification"}));
    asked_for.delivered(&end);
    is_fine(&asked_for);
    let mut second = over.clone();
    second.ends();
    breaks(&second, terminal::ID);
    let mut after = over;
    after.updated(json!({"toneInfo": {"sequenceId": 1}}));
    breaks(&after, terminal::ID);
    for (method, action, status) in [("DELETE", "", 204), ("POST", "/redirect", 202)] {
        let mut tale = Tale::of_two();
        let (sent, asked) = tale.begins(method, action, Value::Null);
        tale.replies(sent, asked, status, Value::Null);
        misses(&tale, terminal::ID);
    }
}

#[test]
fn progress_goes_forward() {
    let mut back = Tale::of_two();
    back.updated(json!({"state": "transferring"}));
    back.updated(json!({"state": "established", "resultInfo": {"code": 500}}));
    is_fine(&back);
    for state in ["establishing", "incoming", "redirecting"] {
        let mut tale = back.clone();
        tale.updated(json!({"state": state}));
        breaks(&tale, progress::ID);
    }
    let mut redirected = Tale::new();
    redirected.rings(json!({"state": "incoming"}));
    redirected.updated(json!({"state": "redirecting"}));
    redirected.ends();
    is_fine(&redirected);
}

#[test]
fn operations_end_once() {
    let mut tale = Tale::of_two();
    tale.plays("p1");
    misses(&tale, operations::ID);
    tale.operation_ends("p1");
    is_fine(&tale);
    let mut twice = tale.clone();
    twice.operation_ends("p1");
    breaks(&twice, operations::ID);
    let mut nobodys = tale.clone();
    nobodys.operation_ends("p2");
    breaks(&nobodys, operations::ID);
    let mut over = tale.clone();
    over.asks("/cancelMediaProcessing", json!({}), 200, operation("p3", "completed"));
    is_fine(&over);
    over.operation_ends("p3");
    breaks(&over, operations::ID);
    let mut endless = tale.clone();
    endless.asks("/playPrompt", json!({"loop": true}), 200, operation("p4", "running"));
    is_fine(&endless);
    // R-274
    tale.plays("p5");
    tale.hangs_up();
    tale.ends();
    is_fine(&tale);
}

#[test]
fn nothing_without_its_permission() {
    let role = |name: &str| format!("Calls.{name}.All");
    for (action, enough, other) in [
        ("/redirect", "Initiate", "InitiateGroupCall"),
        ("/participants/invite", "InitiateGroupCall", "Initiate"),
        ("/recordResponse", "AccessMedia", "Initiate"),
        ("/subscribeToTone", "AccessMedia", "JoinGroupCall"),
        ("/sendDtmfTones", "Initiate", "JoinGroupCall"),
        ("/participants/muteAll", "JoinGroupCallAsGuest", "InitiateGroupCall"),
        ("/participants/p/startHoldMusic", "JoinGroupCall", "Initiate"),
        ("/audioRoutingGroups", "InitiateGroupCall", "JoinGroupCallAsGuest"),
    ] {
        let told = |token: &str, granted: &str| {
            let mut tale = Tale::of_two();
            tale.grants(&[role(granted).as_str()]);
            tale.wait(1);
            tale.roles = vec![role(token)];
            tale.asks(action, json!({}), 200, json!({}));
            super::broken(&tale).contains(permissions::ID)
        };
        assert!(!told(enough, enough), "{action}");
        assert!(told(other, other) && told(other, enough) && told(enough, other), "{action}");
    }
}

#[test]
fn creating_and_answering_have_their_permissions() {
    let user = json!({"identity": {"user": {"id": "u"}}});
    let app_hosted = json!({"@odata.type": "#microsoft.graph.appHostedMediaConfig"});
    for (body, enough, other) in [
        (json!({"targets": [user]}), "Initiate", "InitiateGroupCall"),
        (json!({"targets": [user, user]}), "InitiateGroupCall", "Initiate"),
        (json!({"targets": [user], "meetingInfo": {}}), "JoinGroupCall", "Initiate"),
        (json!({"chatInfo": {}}), "JoinGroupCallAsGuest", "InitiateGroupCall"),
    ] {
        let told = |roles: &[&str], media: &Value| {
            let (mut tale, mut body) = (Tale::new(), body.clone());
            body["mediaConfig"] = media.clone();
            tale.roles = roles.iter().map(|role| format!("Calls.{role}.All")).collect();
            let (sent, asked) = tale.begins_at("POST", "/v1.0/communications/calls", body);
            tale.replies(sent, asked, 201, json!({"id": "c9"}));
            tale
        };
        is_fine(&told(&[enough], &Value::Null));
        is_fine(&told(&[enough, "AccessMedia"], &app_hosted));
        breaks(&told(&[other], &Value::Null), permissions::ID);
        breaks(&told(&[enough], &app_hosted), permissions::ID);
    }
    for (data, fine) in [(json!({}), true), (json!({"chatInfo": {}}), false)] {
        let mut tale = Tale::new();
        tale.roles = vec!["Calls.Initiate.All".to_owned()];
        tale.rings(data);
        tale.asks("/answer", answer(), 202, Value::Null);
        if fine { is_fine(&tale) } else { breaks(&tale, permissions::ID) }
    }
}

/// A role that is withdrawn while its request is under way may count, or not.
#[test]
fn permissions_count_when_they_are_granted() {
    let mut tale = Tale::of_two();
    let (sent, asked) = tale.begins("POST", "/subscribeToTone", json!({}));
    tale.grants(&[]);
    tale.replies(sent, asked, 200, json!({}));
    is_fine(&tale);
    tale.asks("/subscribeToTone", json!({}), 200, json!({}));
    breaks(&tale, permissions::ID);
    let mut timed = Tale::of_two();
    let fault = json!({"app": APP, "role": "Calls.AccessMedia.All", "afterMs": 5_000});
    timed.faults(json!([{"permission": fault}]));
    timed.asks("/subscribeToTone", json!({}), 200, json!({}));
    is_fine(&timed);
    timed.wait(10);
    timed.asks("/subscribeToTone", json!({}), 200, json!({}));
    breaks(&timed, permissions::ID);
    let mut refused = Tale::of_two();
    let path = format!("/tenants/7e/apps/{APP}");
    refused.control("PUT", &path, json!({"roles": []}), 409, json!({}));
    refused.wait(1);
    refused.asks("/subscribeToTone", json!({}), 200, json!({}));
    is_fine(&refused);
}

#[test]
fn who_may_not_join_does_not_survive_an_escalation() {
    let mut stays = Tale::of_two();
    stays.invites();
    stays.updated(json!({"state": "established", "mediaState": {"audio": "inactive"}}));
    stays.updated(json!({"state": "established", "mediaState": {"audio": "active"}}));
    is_fine(&stays);
    let mut dropped = Tale::of_two();
    dropped.grants(&["Calls.JoinGroupCallAsGuest.All"]);
    dropped.wait(1);
    dropped.invites();
    dropped.updated(json!({"state": "established", "mediaState": {"audio": "inactive"}}));
    misses(&dropped, escalation::ID);
    let mut works = dropped.clone();
    works.asks("/keepAlive", Value::Null, 200, Value::Null);
    breaks(&works, escalation::ID);
    let mut stays = dropped.clone();
    stays.updated(json!({"state": "established", "mediaState": {"audio": "active"}}));
    breaks(&stays, escalation::ID);
    dropped.ends();
    is_fine(&dropped);
}

#[test]
fn a_call_of_two_has_no_roster() {
    let mut tale = Tale::of_two();
    let (sent, asked) = tale.begins("GET", "/participants", Value::Null);
    tale.replies(sent, asked, 200, json!({"value": []}));
    tale.invites();
    is_fine(&tale);
    let mut told = tale.clone();
    told.notified("updated", "/participants", json!([{"id": "p"}]));
    breaks(&told, rosters::ID);
    let (sent, asked) = tale.begins("GET", "/participants", Value::Null);
    tale.replies(sent, asked, 200, json!({"value": [{"id": "p"}]}));
    breaks(&tale, rosters::ID);
    let mut group = Tale::new();
    group.rings(json!({"state": "incoming", "meetingInfo": {}}));
    group.notified("updated", "/participants", json!([{"id": "p"}]));
    is_fine(&group);
}

#[test]
fn prompts_need_audio() {
    let mut early = Tale::new();
    early.rings(json!({"state": "incoming"}));
    early.asks("/answer", answer(), 202, Value::Null);
    early.updated(json!({"state": "established"}));
    early.asks("/playPrompt", json!({"loop": true}), 200, operation("p", "running"));
    // The notification that explains it may have been on its way.
    let mut soon = early.clone();
    soon.updated(json!({"state": "established", "mediaState": {"audio": "active"}}));
    soon.wait(1);
    soon.asks("/keepAlive", Value::Null, 200, Value::Null);
    is_fine(&soon);
    early.wait(1);
    early.asks("/keepAlive", Value::Null, 200, Value::Null);
    breaks(&early, media::ID);
    let mut hosted = Tale::new();
    hosted.rings(json!({"state": "incoming"}));
    let own = json!({"mediaConfig": {"@odata.type": "#microsoft.graph.appHostedMediaConfig"}});
    hosted.asks("/answer", own, 202, Value::Null);
    hosted.updated(json!({"state": "established", "mediaState": {"audio": "active"}}));
    is_fine(&hosted);
    hosted.asks("/subscribeToTone", json!({}), 200, json!({}));
    breaks(&hosted, media::ID);
}

#[test]
fn notifications_are_in_order() {
    let mut tale = Tale::of_two();
    let (first, second) = (
        tale.entry("updated", "", json!({"toneInfo": {"sequenceId": 1}})),
        tale.entry("updated", "", json!({"toneInfo": {"sequenceId": 2}})),
    );
    let mut fine = tale.clone();
    fine.delivered(&first);
    fine.delivered(&second);
    is_fine(&fine);
    tale.delivered(&second);
    tale.delivered(&first);
    breaks(&tale, order::ID);
    let created = |early: bool| {
        let mut tale = Tale::new();
        let body = json!({"targets": [{}]});
        let (sent, asked) = tale.begins_at("POST", "/v1.0/communications/calls", body);
        if early {
            tale.updated(json!({"state": "establishing"}));
        }
        tale.replies(sent, asked, 201, json!({"id": CALL}));
        tale.updated(json!({"state": "established"}));
        tale
    };
    is_fine(&created(false));
    breaks(&created(true), order::ID);
}

#[test]
fn the_form_of_what_is_said() {
    let ids = || vec![field("request-id", "r"), field("client-request-id", "r")];
    let said = |status, headers, reply| {
        let mut tale = Tale::of_two();
        let (sent, asked) = tale.begins("GET", "", Value::Null);
        tale.replies_with(sent, asked, status, headers, reply);
        tale
    };
    is_fine(&said(200, ids(), json!({})));
    breaks(&said(200, ids(), "{".into()), form::ID);
    breaks(&said(200, ids(), "".into()), form::ID);
    breaks(&said(200, ids()[..1].to_vec(), json!({})), form::ID);
    breaks(&said(200, ids()[1..].to_vec(), json!({})), form::ID);
    breaks(&said(500, ids(), json!({})), form::ID);
    let mut planned = Tale::of_two();
    let fault = json!({"op": "get", "reply": {"status": 503}});
    planned.faults(json!([{"graph": fault}]));
    for (status, fine) in [(503, true), (500, false)] {
        let mut tale = planned.clone();
        let (sent, asked) = tale.begins("GET", "", Value::Null);
        tale.replies(sent, asked, status, json!({}));
        if fine { is_fine(&tale) } else { breaks(&tale, form::ID) }
    }
}

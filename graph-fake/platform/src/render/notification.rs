//! What is POSTed to the bot (notifications.md).

use graph_api::Extra;
use serde_json::{Value, json};

use super::{
    Links,
    call::{media_state, put_coordinates, result_info, whole},
    entity, identity, operation,
    profile::Profile,
    put, put_some, reply, roster,
};
use crate::{
    notification::{Notification, Update, What},
    view::{CallView, OperationKind},
};

/// The envelope with these notifications, in order (notifications.md 1, R-315): each entry has `resource` and
/// `resourceUrl`.
pub fn notification(notifications: &[Notification], links: &Links<'_>) -> Value {
    notification_as(notifications, links, &Profile::default())
}

/// The same in another way of writing.
pub fn notification_as(
    notifications: &[Notification],
    links: &Links<'_>,
    profile: &Profile,
) -> Value {
    let entries: Vec<Value> =
        notifications.iter().map(|notification| entry(notification, links, profile)).collect();
    if profile.notifications_2019 {
        return json!({"value": entries});
    }
    json!({"@odata.type": "#microsoft.graph.commsNotifications", "value": entries})
}

fn entry(notification: &Notification, links: &Links<'_>, profile: &Profile) -> Value {
    let url = resource_url(notification, profile);
    let data = resource_data(notification, &url, links, profile);
    let change = change(notification);
    let mut entry = Extra::new();
    if profile.notifications_2019 {
        put(&mut entry, "changeType", change);
        put(&mut entry, "resource", url);
    } else {
        let mixer = matches!(&notification.what, What::OperationEnded(view) if view.kind == OperationKind::Plain);
        let kind =
            if profile.mislabelled_types && mixer { "commsOperation" } else { "commsNotification" };
        entry = entity(kind);
        put(&mut entry, "changeType", change);
        if !profile.without_resource {
            put(&mut entry, "resource", url.replacen("communications/", "app/", 1));
        }
        put(&mut entry, "resourceUrl", url);
    }
    put(&mut entry, "resourceData", data);
    entry.into()
}

/// `/communications/calls/…`; in 2019 `/app/calls/…` with ids as R-018 lists them too.
fn resource_url(notification: &Notification, profile: &Profile) -> String {
    let url = notification.resource_url();
    let hold = matches!(&notification.what, What::OperationEnded(view)
        if matches!(view.kind, OperationKind::StartHoldMusic | OperationKind::StopHoldMusic));
    if profile.notifications_2019 {
        let short = |id: String| id.replace('-', "").to_uppercase();
        let mut old = format!("/app/calls/{}", short(notification.call.to_string()));
        let rest = url.split('/').skip(4);
        for part in rest {
            let id = part.parse::<graph_api::Guid>().is_ok();
            old.push('/');
            old.push_str(&if id { short(part.to_owned()) } else { part.to_owned() });
        }
        return old;
    }
    if hold && profile.missing_slash { url.trim_start_matches('/').to_owned() } else { url }
}

fn resource_data(
    notification: &Notification,
    url: &str,
    links: &Links<'_>,
    profile: &Profile,
) -> Value {
    let etag = format!("W/\"{}\"", notification.etag);
    let mut call = entity("call");
    match &notification.what {
        What::Incoming(view) => return whole(view).into(),
        What::CallUpdated(update) => {
            put_update(update, notification, profile, &mut call);
            put(&mut call, "@odata.id", url);
            put(&mut call, "@odata.etag", etag);
        }
        What::CallEnded(view) => {
            call = ended(view, profile);
            put(&mut call, "@odata.id", url);
            put(&mut call, "@odata.etag", etag);
        }
        // Nothing says who pressed.
        What::Tone(sequence, tone) => {
            put(&mut call, "state", "established");
            let info = json!({
                "@odata.type": "#microsoft.graph.toneInfo",
                "sequenceId": sequence,
                "tone": tone.as_str(),
            });
            put(&mut call, "toneInfo", info);
            put_some(
                &mut call,
                "id",
                profile.ids_in_updates.then(|| notification.call.to_string()),
            );
        }
        What::OperationEnded(view) => return operation::ended(view, url, &etag, links, profile),
        What::Roster(roster) => return roster::roster(roster, profile),
        What::ContentSharing(_, ids) => {
            return ids.iter().map(|id| reply::content_sharing(id)).collect();
        }
        What::ParticipantJoining(view) => {
            let mut joining = entity("participantJoiningNotification");
            put(&mut joining, "call", whole(view));
            return joining.into();
        }
        What::ParticipantLeft(participant) => {
            put(&mut call, "id", notification.call.to_string());
            let mut left = entity("participantLeftNotification");
            put(&mut left, "call", call);
            put(&mut left, "participantId", participant.to_string());
            return left.into();
        }
    }
    call.into()
}

/// A partial update. It has no id unless it tells the meeting's coordinates (notifications.md 3.4).
fn put_update(update: &Update, notification: &Notification, profile: &Profile, call: &mut Extra) {
    put_some(call, "state", update.state.as_ref().map(|state| state.as_str()));
    if update.coordinates.is_some() || profile.ids_in_updates {
        put(call, "id", notification.call.to_string());
    }
    put_some(call, "mediaState", update.audio_active.map(media_state));
    if let Some(coordinates) = update.coordinates.as_deref() {
        put_coordinates(call, coordinates);
    }
    if let Some(result) = &update.result {
        let mut info = result_info(result, profile);
        // The samples of a failed transfer spell it so.
        if !profile.plain_subcode
            && let Some(info) = info.as_object_mut()
            && let Some(subcode) = info.remove("subcode")
        {
            put(info, "subCode", subcode);
        }
        put(call, "resultInfo", info);
    }
}

/// The end of a call: all of it, and why (clients.md 25, notifications.md 3.9).
fn ended(view: &CallView, profile: &Profile) -> Extra {
    let mut call = whole(view);
    put_some(&mut call, "terminationReason", view.termination_reason);
    put_some(&mut call, "resultInfo", view.result.as_ref().map(|one| result_info(one, profile)));
    call
}

/// The incoming notification in the older format, for bots whose channel is not set to Graph's (R-105,
/// notifications.md 3.1 step 0). `None` for any other notification.
pub fn legacy(notification: &Notification) -> Option<Value> {
    let What::Incoming(view) = &notification.what else { return None };
    let modalities: Vec<&str> = view.modalities.iter().map(|one| one.as_str()).collect();
    Some(json!({
        "id": view.id.to_string(),
        "participants": [
            {
                "identity": identity::older_address(&view.source.person.who, view.app),
                "languageId": "en-US",
                "originator": true,
            },
            {"identity": format!("28:{}", view.app), "originator": false},
        ],
        "isMultiparty": view.coordinates.is_some(),
        "presentedModalityTypes": modalities,
        "callState": "incoming",
        "tenantId": view.tenant.to_string(),
    }))
}

/// `created`, `updated` or `deleted`, as text for journals.
pub fn change(notification: &Notification) -> String {
    notification.change().to_string()
}

//! Facts in Graph's words: pure functions from what the platform says to JSON.

use graph_api::{
    CallMediaState, ChangeType, CommsNotification, CommsNotifications, CommsOperation, Extra,
    Identity, IdentitySet, IncomingContext, InvitationParticipantInfo, MediaState, ParticipantInfo,
};
use serde_json::{Value, json};

use crate::{
    notification::{Notification, What},
    view::{CallView, OperationView},
};

/// What only the shell knows of a recording: where it can be fetched, and the token that opens it.
pub struct Links<'a> {
    /// `recordingLocation` and `recordingAccessToken` of a record operation.
    pub recording: &'a (dyn Fn(crate::OperationId) -> (String, String) + Sync),
}

/// The envelope that is POSTed to the bot (notifications.md, section 1): `resource` and `resourceUrl`.
pub fn notification(notification: &Notification, _links: &Links<'_>) -> CommsNotifications {
    let url = notification.resource_url();
    let app_form = url.replacen("/communications/", "/app/", 1);
    let entry = CommsNotification {
        odata_type: Some("#microsoft.graph.commsNotification".to_owned()),
        change_type: notification.change(),
        resource: Some(app_form),
        resource_data: Some(resource_data(notification, &url)),
        resource_url: url,
        extra: Extra::new(),
    };
    CommsNotifications {
        odata_type: Some("#microsoft.graph.commsNotifications".to_owned()),
        value: vec![entry],
    }
}

fn resource_data(notification: &Notification, url: &str) -> Value {
    let etag = format!("W/\"{}\"", notification.etag);
    match &notification.what {
        What::Incoming(view) => written(&incoming(view)),
        What::CallUpdated(update) => {
            let call = graph_api::Call {
                odata_type: Some("#microsoft.graph.call".to_owned()),
                state: Some(update.state.clone()),
                media_state: update.audio_active.map(media_state),
                extra: tagged(url, &etag),
                ..graph_api::Call::default()
            };
            written(&call)
        }
        What::CallEnded(view) => written(&graph_api::Call {
            result_info: view.result.clone(),
            extra: ended_extra(url, &etag),
            ..incoming(view)
        }),
        What::OperationEnded(view) => {
            let mut operation = operation(view);
            operation.extra = tagged(url, &etag);
            written(&operation)
        }
        What::Tone(..)
        | What::Roster(_)
        | What::ContentSharing(..)
        | What::ParticipantJoining(_)
        | What::ParticipantLeft(_) => Value::Null,
    }
}

/// The call as it is in notifications that carry all of it (notifications.md 3.2).
fn incoming(view: &CallView) -> graph_api::Call {
    let source = view.source.participant.to_string();
    graph_api::Call {
        odata_type: Some("#microsoft.graph.call".to_owned()),
        id: Some(view.id.to_string()),
        state: Some(view.state.clone()),
        direction: Some(view.direction.clone()),
        callback_uri: Some(view.callback_uri.to_string()),
        call_chain_id: Some(view.chain.to_string()),
        my_participant_id: Some(view.my_participant.to_string()),
        tenant_id: Some(view.tenant.to_string()),
        source: Some(if view.direction == graph_api::CallDirection::Incoming {
            participant(Some(source.clone()), user(view), Extra::new())
        } else {
            participant(None, application(view), nulls(&SOURCE_NULLS))
        }),
        targets: Some(vec![target(view)]),
        requested_modalities: Some(view.modalities.clone()),
        incoming_context: (view.direction == graph_api::CallDirection::Incoming).then(|| {
            IncomingContext {
                odata_type: Some("#microsoft.graph.incomingContext".to_owned()),
                source_participant_id: Some(source),
                extra: Extra::new(),
            }
        }),
        ..graph_api::Call::default()
    }
}

/// The call as a reply to create and get (endpoints.md 1 and 2), with the nulls that Graph prints.
/// `context` is the `@odata.context`.
pub fn call(view: &CallView, context: &str) -> Value {
    let request = view.request.as_deref();
    let base = incoming(view);
    let call = graph_api::Call {
        source: request
            .and_then(|r| r.source.clone())
            .map(|mut source| {
                fill_nulls(&mut source.extra, &SOURCE_NULLS);
                source
            })
            .or(base.source),
        targets: request
            .and_then(|r| r.targets.clone())
            .map(|mut targets| {
                targets.iter_mut().for_each(|t| fill_nulls(&mut t.extra, &TARGET_NULLS));
                targets
            })
            .or(base.targets),
        media_config: view.media_config.as_deref().cloned(),
        media_state: view.audio_active.then(|| media_state(true)),
        subject: request.and_then(|r| r.subject.clone()),
        ringing_timeout_in_seconds: request.and_then(|r| r.ringing_timeout_in_seconds),
        result_info: view.result.clone(),
        extra: request.map(|r| r.extra.clone()).unwrap_or_default(),
        ..base
    };
    let mut body = Extra::new();
    body.insert("@odata.context".to_owned(), context.into());
    if let Value::Object(members) = written(&call) {
        body.extend(members);
    }
    fill_nulls(&mut body, &CALL_NULLS);
    Value::Object(body)
}

/// An operation as a reply or as the data of a notification (endpoints.md 12.1).
pub fn operation(view: &OperationView) -> CommsOperation {
    CommsOperation {
        odata_type: view.kind.odata_type().to_owned(),
        id: view.id.to_string(),
        status: view.status.clone(),
        client_context: view.client_context.clone(),
        result_info: view.result.clone(),
        extra: Extra::new(),
    }
}

const SOURCE_NULLS: [&str; 4] = ["countryCode", "endpointType", "region", "languageId"];
const TARGET_NULLS: [&str; 2] = ["endpointType", "replacesCallId"];
const CALL_NULLS: [&str; 9] = [
    "subject",
    "ringingTimeoutInSeconds",
    "mediaState",
    "resultInfo",
    "answeredBy",
    "chatInfo",
    "meetingInfo",
    "transcription",
    "toneInfo",
];

fn other<'a>(view: &'a CallView) -> &'a crate::Party {
    match view.direction {
        graph_api::CallDirection::Incoming => &view.source,
        graph_api::CallDirection::Outgoing | graph_api::CallDirection::Unknown(_) => {
            view.targets.first().unwrap_or(&view.source)
        }
    }
}

fn user(view: &CallView) -> IdentitySet {
    let mut set = IdentitySet {
        odata_type: Some("#microsoft.graph.identitySet".to_owned()),
        ..IdentitySet::default()
    };
    let person = &other(view).person;
    let crate::Who::User(id) = person.who else { return set };
    if view.caller_visible {
        let mut identity = identity(id.to_string(), Some(person.name.clone()));
        identity.tenant_id = Some(view.tenant.to_string());
        identity.extra.insert("identityProvider".to_owned(), "AAD".into());
        set.user = Some(identity);
    } else {
        // an opaque id, the same for the same user and bot, that does not show who it is.
        let blob = id.as_u128() ^ view.app.as_u128().rotate_left(61);
        set.encrypted = Some(identity(format!("{blob:032x}"), None));
    }
    set
}

fn application(view: &CallView) -> IdentitySet {
    IdentitySet {
        odata_type: Some("#microsoft.graph.identitySet".to_owned()),
        application: Some(identity(view.app.to_string(), Some(view.app_name.to_string()))),
        ..IdentitySet::default()
    }
}

fn identity(id: String, display_name: Option<String>) -> Identity {
    Identity {
        odata_type: Some("#microsoft.graph.identity".to_owned()),
        id: Some(id),
        display_name,
        ..Identity::default()
    }
}

fn participant(id: Option<String>, identity: IdentitySet, extra: Extra) -> ParticipantInfo {
    let odata_type = Some("#microsoft.graph.participantInfo".to_owned());
    ParticipantInfo { odata_type, id, identity, participant_id: None, extra }
}

/// The one who is rung; for an incoming call its id is myParticipantId.
fn target(view: &CallView) -> InvitationParticipantInfo {
    let incoming = view.direction == graph_api::CallDirection::Incoming;
    let (id, identity) = if incoming {
        (view.my_participant, application(view))
    } else {
        (other(view).participant, user(view))
    };
    InvitationParticipantInfo {
        odata_type: Some("#microsoft.graph.invitationParticipantInfo".to_owned()),
        identity,
        id: Some(id.to_string()),
        ..InvitationParticipantInfo::default()
    }
}

fn media_state(active: bool) -> CallMediaState {
    CallMediaState { audio: if active { MediaState::Active } else { MediaState::Inactive } }
}

/// `@odata.id` and `@odata.etag`, which stand where other samples have an id (notifications.md 3.1).
fn tagged(url: &str, etag: &str) -> Extra {
    let mut extra = Extra::new();
    extra.insert("@odata.id".to_owned(), url.into());
    extra.insert("@odata.etag".to_owned(), etag.into());
    extra
}

fn ended_extra(url: &str, etag: &str) -> Extra {
    let mut extra = tagged(url, etag);
    extra.insert("terminationReason".to_owned(), json!("CallTerminated"));
    extra
}

fn nulls(names: &[&str]) -> Extra {
    let mut extra = Extra::new();
    fill_nulls(&mut extra, names);
    extra
}

fn fill_nulls(members: &mut Extra, names: &[&str]) {
    for name in names {
        members.entry((*name).to_owned()).or_insert(Value::Null);
    }
}

fn written(data: &impl serde::Serialize) -> Value {
    serde_json::to_value(data).expect("wire types hold nothing that JSON cannot")
}

/// `created`, `updated` or `deleted`, as text for journals.
pub fn change(notification: &Notification) -> String {
    let change: ChangeType = notification.change();
    change.to_string()
}

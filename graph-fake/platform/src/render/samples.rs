//! Facts for tests, with ids that are easy to tell apart.

use graph_api::{CallDirection, CallState, Guid, Modality};

use crate::{
    input::{CallId, ParticipantId},
    view::{CallView, Party},
    who::{Person, Who},
};

pub(crate) const CALL: CallId = CallId(Guid::from_u128(0xca11));
pub(crate) const APP: Guid = Guid::from_u128(0xa99);
pub(crate) const TENANT: Guid = Guid::from_u128(0x7e);
pub(crate) const USER: Guid = Guid::from_u128(0xda7a);
pub(crate) const MINE: ParticipantId = ParticipantId(Guid::from_u128(0xaa01));
pub(crate) const THEIRS: ParticipantId = ParticipantId(Guid::from_u128(0xbb02));

pub(crate) fn person(who: Who, name: &str) -> Person {
    Person { who, name: name.to_owned(), tenant: Some(TENANT) }
}

pub(crate) fn dana() -> Party {
    Party { participant: THEIRS, person: person(Who::User(USER), "Dana") }
}

pub(crate) fn bot() -> Party {
    Party { participant: MINE, person: person(Who::Application(APP), "Fabrikam IVR") }
}

/// An incoming call of this caller.
pub(crate) fn incoming(source: Party) -> CallView {
    CallView {
        id: CALL,
        state: CallState::Incoming,
        direction: CallDirection::Incoming,
        callback_uri: "https://bot.fabrikam.example/api/calls".into(),
        chain: Guid::from_u128(0xc4a1),
        tenant: TENANT,
        app: APP,
        app_name: "Fabrikam IVR".into(),
        my_participant: MINE,
        source,
        targets: vec![bot()],
        modalities: vec![Modality::Audio],
        media_config: None,
        audio_active: false,
        caller_visible: true,
        result: None,
        termination_reason: None,
        request: None,
        conference: None,
        escalated: false,
        meeting: None,
        coordinates: None,
        routed_from: Vec::new(),
        transferor: None,
        observation: None,
        recording: None,
        hears_tones: false,
    }
}

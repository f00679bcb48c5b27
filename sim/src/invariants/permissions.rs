//! Nothing without its permission.

use serde_json::Value;

use super::{
    Check, Event, Violation, World,
    events::Exchange,
    ledger::{Birth, hosted, is_peer},
    paths::short,
};

pub(super) const ID: &str = "permission-for-every-verb";

const INITIATE: &str = "Calls.Initiate.All";
const GROUP: &str = "Calls.InitiateGroupCall.All";
const JOIN: &str = "Calls.JoinGroupCall.All";
const GUEST: &str = "Calls.JoinGroupCallAsGuest.All";
const MEDIA: &str = "Calls.AccessMedia.All";
///
const JOIN_CHAT: &str = "Calls.JoinGroupCalls.Chat";
const MEDIA_CHAT: &str = "Calls.AccessMedia.Chat";

/// whatever Graph answered with a 2xx was asked with a token whose roles, as far as they
/// were granted at that moment, allow it. Where the wire leaves open whether a role was granted, it was.
pub(super) struct Permissions;

impl Check for Permissions {
    fn on(&mut self, event: &Event, world: &mut World, out: &mut Vec<Violation>) {
        let Event::Replied(exchange) = event else { return };
        if !exchange.worked() || exchange.asked.op == "other" {
            return;
        }
        let asked = &exchange.asked;
        let Some(token) = &asked.token else {
            out.push(violation(exchange, "without a token"));
            return;
        };
        if token.delegated {
            out.push(violation(exchange, "with a user's token"));
        }
        for any in needs(exchange, world) {
            if !world.grants.allow(token, any, asked.at, exchange.at) {
                out.push(violation(exchange, &format!("without any of {}", any.join(", "))));
            }
        }
    }
}

fn violation(exchange: &Exchange, lack: &str) -> Violation {
    let on = exchange.asked.call.as_deref().map_or_else(String::new, |call| {
        let call = short(call);
        format!(" on call {call}")
    });
    let text = format!("{}{on} succeeded {lack}", exchange.asked.op);
    Violation { invariant: ID, at: exchange.at, seq: exchange.seq, text }
}

/// All that is needed: any role of each list will do.
fn needs(exchange: &Exchange, world: &World) -> Vec<&'static [&'static str]> {
    let asked = &exchange.asked;
    let own: &[&str] = match asked.op.as_str() {
        //
        "create" => return with_media(create(&asked.body), &asked.body),
        "answer" => return with_media(answer(exchange, world), &asked.body),
        "redirect" | "transfer" => &[INITIATE],
        "invite" => &[GROUP],
        //
        "recordResponse" | "record" | "subscribeToTone" if world.facts.lenient_media => &[],
        "recordResponse"
        | "record"
        | "subscribeToTone"
        | "changeScreenSharingRole"
        | "logTeleconferenceDeviceQuality" => &[MEDIA, MEDIA_CHAT],
        "sendDtmfTones" => &[INITIATE, MEDIA],
        "updateRecordingStatus" => &[MEDIA, JOIN],
        //
        "getParticipant" | "participantDelete" | "participantMute" | "muteAll"
        | "admitFromLobby" | "admitAllFromLobby" | "removeFromLobby" => &[JOIN, GUEST, JOIN_CHAT],
        //
        "configureMixer" => &[GROUP, JOIN, GUEST],
        "audioRoutingGroups" => &[JOIN, GROUP],
        "startHoldMusic" | "stopHoldMusic" => &[GUEST, JOIN],
        //
        "addLargeGalleryView" | "updateMetadata" => &[GUEST, JOIN, GROUP],
        "contentSharingSessions" => &[GUEST, INITIATE, GROUP, JOIN],
        // reject, get, delete, list, mute, unmute, playPrompt, cancelMediaProcessing, keepAlive.
        _ => &[],
    };
    if own.is_empty() { Vec::new() } else { vec![own] }
}

/// beside whatever else is needed.
fn with_media(own: &'static [&'static str], body: &Value) -> Vec<&'static [&'static str]> {
    let mut needs = Vec::new();
    if !own.is_empty() {
        needs.push(own);
    }
    if hosted(body) == Some(false) {
        needs.push(&[MEDIA, MEDIA_CHAT]);
    }
    needs
}

fn create(body: &Value) -> &'static [&'static str] {
    let joins = body["meetingInfo"].is_object() || body["chatInfo"].is_object();
    match (joins, is_peer(body)) {
        (true, _) => &[JOIN, GUEST, JOIN_CHAT],
        (false, true) => &[INITIATE],
        (false, false) => &[GROUP],
    }
}

/// a recorder's legs are the policy's to allow.
fn answer(exchange: &Exchange, world: &World) -> &'static [&'static str] {
    let id = exchange.asked.call.as_deref().unwrap_or_default();
    match world.ledger.call(id).map(|call| call.birth) {
        Some(Birth::Group) => &[JOIN, GUEST, JOIN_CHAT],
        Some(Birth::Peer | Birth::Observer | Birth::Unknown) | None => &[],
    }
}

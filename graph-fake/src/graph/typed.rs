//! Names of types and of enum values in what bots send: known ones only (errors.md 2: 400 `BadRequest`), and
//! written as Graph writes them, so that what comes back has the type that was understood (clients.md 15).
//! Unknown members are let through.

use graph_api::{
    Call, CallDirection, CallOptions, CallState, Extra, Identity, IdentitySet,
    InvitationParticipantInfo, MediaConfig, MediaInfo, MediaPrompt, MediaState, ParticipantInfo,
    TransferRequest,
};
use media::transport::Blob;
use platform::Refusal;
use serde_json::Value;

use super::bodies::known;

const NAMESPACE: &str = "microsoft.graph.";
/// Characters of a text that are repeated in a message.
const SHOWN_MAX: usize = 60;
/// endpointType (resources.md 3).
const ENDPOINTS: [&str; 4] =
    ["default", "voicemail", "skypeForBusiness", "skypeForBusinessVoipPhone"];
/// The members of an identitySet that hold an identity, each with the type of its own (resources.md 5).
const IDENTITIES: [(&str, &str); 6] = [
    ("user", "communicationsUserIdentity"),
    ("application", "communicationsApplicationIdentity"),
    ("applicationInstance", "communicationsApplicationInstanceIdentity"),
    ("guest", "communicationsGuestIdentity"),
    ("phone", "communicationsPhoneIdentity"),
    ("encrypted", "communicationsEncryptedIdentity"),
];
const IDENTITY_SETS: [&str; 2] = ["identitySet", "communicationsIdentitySet"];
const MEETINGS: [&str; 3] =
    ["organizerMeetingInfo", "tokenMeetingInfo", "joinMeetingIdMeetingInfo"];

/// A created call.
pub(super) fn call(call: &mut Call) -> Result<(), Refusal> {
    name(&mut call.odata_type, "", &["call"])?;
    let odd = |direction: &CallDirection| matches!(direction, CallDirection::Unknown(_));
    known("direction", call.direction.as_ref(), odd)?;
    known("state", call.state.as_ref(), |state| matches!(state, CallState::Unknown(_)))?;
    let audio = call.media_state.as_ref().map(|media| &media.audio);
    known("mediaState.audio", audio, |audio| matches!(audio, MediaState::Unknown(_)))?;
    if let Some(source) = &mut call.source {
        participant(source, "source")?;
    }
    participants(call.targets.as_deref_mut(), "targets")?;
    media_config(call.media_config.as_mut())?;
    options(call.call_options.as_mut(), "outgoingCallOptions")?;
    if let Some(chat) = &mut call.chat_info {
        name_in(chat, "chatInfo", &["chatInfo"], true)?;
        texts(chat, "chatInfo", &["threadId", "messageId", "replyChainMessageId"])?;
    }
    call.meeting_info.as_mut().map_or(Ok(()), meeting_info)
}

/// Those who are to be called, invited, or rung instead.
pub(super) fn participants(
    given: Option<&mut [InvitationParticipantInfo]>,
    place: &str,
) -> Result<(), Refusal> {
    let all = given.into_iter().flatten().enumerate();
    all.into_iter().try_for_each(|(at, one)| invitee(one, &format!("{place}[{at}]")))
}

/// Who is put through to whom.
pub(super) fn transfer(request: &mut TransferRequest) -> Result<(), Refusal> {
    if let Some(target) = &mut request.transfer_target {
        invitee(target, "transferTarget")?;
    }
    request.transferee.as_mut().map_or(Ok(()), |who| participant(who, "transferee"))
}

/// mediaConfig; without a type it is an argument error, which is for the platform to say.
pub(super) fn media_config(given: Option<&mut MediaConfig>) -> Result<(), Refusal> {
    let Some(config) = given else { return Ok(()) };
    if config.odata_type.is_some() {
        let kinds = ["serviceHostedMediaConfig", "appHostedMediaConfig"];
        name(&mut config.odata_type, "mediaConfig", &kinds)?;
    }
    // the library's own is opaque; what is ours in it has a form (docs/media-transport.md).
    if let Some(Err(error)) = config.blob.as_deref().map(Blob::read)
        && error.key.starts_with("rehearsal")
    {
        return Err(Refusal::MalformedBody(format!("mediaConfig.blob: {error}.")));
    }
    let ahead = config.pre_fetch_media.iter_mut().flatten().enumerate();
    ahead
        .into_iter()
        .try_for_each(|(at, info)| media_info(info, &format!("mediaConfig.preFetchMedia[{at}]")))
}

/// callOptions: each side's own type.
pub(super) fn options(given: Option<&mut CallOptions>, kind: &str) -> Result<(), Refusal> {
    given.map_or(Ok(()), |given| name_in(&mut given.extra, "callOptions", &[kind], true))
}

/// Prompts.
pub(super) fn prompts(given: &mut [MediaPrompt], place: &str) -> Result<(), Refusal> {
    given.iter_mut().enumerate().try_for_each(|(at, one)| prompt(one, &format!("{place}[{at}]")))
}

/// One prompt.
pub(super) fn prompt(prompt: &mut MediaPrompt, place: &str) -> Result<(), Refusal> {
    name(&mut prompt.odata_type, place, &["mediaPrompt"])?;
    media_info(&mut prompt.media_info, &format!("{place}.mediaInfo"))
}

fn media_info(info: &mut MediaInfo, place: &str) -> Result<(), Refusal> {
    match info.odata_type {
        Some(_) => name(&mut info.odata_type, place, &["mediaInfo"]),
        None => Ok(()), // the samples' preFetchMedia has none
    }
}

fn invitee(info: &mut InvitationParticipantInfo, place: &str) -> Result<(), Refusal> {
    name(&mut info.odata_type, place, &["invitationParticipantInfo"])?;
    endpoint(info.endpoint_type.as_deref(), place)?;
    identity_set(&mut info.identity, place)
}

fn participant(info: &mut ParticipantInfo, place: &str) -> Result<(), Refusal> {
    name(&mut info.odata_type, place, &["participantInfo"])?;
    texts(&info.extra, place, &["endpointType"])?;
    endpoint(info.extra.get("endpointType").and_then(Value::as_str), place)?;
    identity_set(&mut info.identity, place)
}

fn endpoint(given: Option<&str>, place: &str) -> Result<(), Refusal> {
    known(&format!("{place}.endpointType"), given.as_ref(), |one| !ENDPOINTS.contains(one))
}

fn identity_set(set: &mut IdentitySet, place: &str) -> Result<(), Refusal> {
    let place = format!("{place}.identity");
    name(&mut set.odata_type, &place, &IDENTITY_SETS)?;
    let held: [&mut Option<Identity>; 6] = [
        &mut set.user,
        &mut set.application,
        &mut set.application_instance,
        &mut set.guest,
        &mut set.phone,
        &mut set.encrypted,
    ];
    for ((member, own), identity) in IDENTITIES.into_iter().zip(held) {
        if let Some(identity) = identity {
            name(&mut identity.odata_type, &format!("{place}.{member}"), &["identity", own])?;
        }
    }
    Ok(())
}

fn meeting_info(info: &mut Extra) -> Result<(), Refusal> {
    name_in(info, "meetingInfo", &MEETINGS, false)?;
    texts(info, "meetingInfo", &["token", "joinMeetingId", "passcode"])?;
    match info.get("allowConversationWithoutHost") {
        None | Some(Value::Null | Value::Bool(_)) => {}
        Some(other) => {
            return Err(wrong("meetingInfo.allowConversationWithoutHost", "Edm.Boolean", other));
        }
    }
    let place = "meetingInfo.organizer";
    let Some(organizer) = object(info, "organizer", place)? else { return Ok(()) };
    name_in(organizer, place, &IDENTITY_SETS, true)?;
    for (member, own) in IDENTITIES {
        let place = format!("{place}.{member}");
        if let Some(identity) = object(organizer, member, &place)? {
            name_in(identity, &place, &["identity", own], true)?;
            texts(identity, &place, &["id", "displayName", "tenantId"])?;
        }
    }
    Ok(())
}

/// A member that is an object; `None`: absent or null.
fn object<'a>(of: &'a mut Extra, key: &str, place: &str) -> Result<Option<&'a mut Extra>, Refusal> {
    match of.get_mut(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members)),
        Some(other) => Err(wrong(place, "an object", other)),
    }
}

/// Members that are texts or null, where they are there.
fn texts(of: &Extra, place: &str, keys: &[&str]) -> Result<(), Refusal> {
    keys.iter().try_for_each(|key| match of.get(*key) {
        None | Some(Value::Null | Value::String(_)) => Ok(()),
        Some(other) => Err(wrong(&format!("{place}.{key}"), "Edm.String", other)),
    })
}

/// The type of an object that has a field for it; what is left out is the first of `types`.
fn name(given: &mut Option<String>, place: &str, types: &[&str]) -> Result<(), Refusal> {
    let found = match given.as_deref() {
        None => types.first().copied(),
        Some(text) => Some(one_of(text, place, types)?),
    };
    *given = found.map(|name| format!("#{NAMESPACE}{name}"));
    Ok(())
}

/// The same in an open object.
fn name_in(of: &mut Extra, place: &str, types: &[&str], fill: bool) -> Result<(), Refusal> {
    texts(of, place, &["@odata.type"])?;
    let mut given = of.get("@odata.type").and_then(Value::as_str).map(str::to_owned);
    if given.is_some() || fill {
        name(&mut given, place, types)?;
        of.insert("@odata.type".to_owned(), given.into());
    }
    Ok(())
}

/// With or without the `#`.
fn one_of<'a>(text: &str, place: &str, types: &[&'a str]) -> Result<&'a str, Refusal> {
    let name = text.strip_prefix('#').unwrap_or(text).strip_prefix(NAMESPACE);
    let found = types.iter().find(|known| Some(**known) == name);
    found.copied().ok_or_else(|| {
        let text: String = text.chars().take(SHOWN_MAX).collect();
        let place = if place.is_empty() { String::new() } else { format!("{place}/") };
        let types: Vec<String> = types.iter().map(|one| format!("#{NAMESPACE}{one}")).collect();
        let types = types.join(" or ");
        Refusal::MalformedBody(format!("'{text}' is not a value of '{place}@odata.type': {types}."))
    })
}

fn wrong(place: &str, expected: &str, given: &Value) -> Refusal {
    let given = match given {
        Value::Null => "null",
        Value::Bool(_) => "a Boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a collection",
        Value::Object(_) => "an object",
    };
    Refusal::MalformedBody(format!(
        "Unable to read '{place}': {expected} is expected, not {given}."
    ))
}

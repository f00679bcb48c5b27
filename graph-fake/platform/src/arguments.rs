//! The checks of request members that give `8523` (errors.md, section 2).

use std::time::Duration;

use graph_api::{
    AudioRoutingGroup, Call as CreateRequest, ConfigureMixerRequest, DeviceQualityRequest, Guid,
    InvitationParticipantInfo, MediaConfig, MediaConfigKind, MediaInfo, MediaPrompt, Modality,
    RoutingMode,
};
use serde_json::Value;

use crate::{input::ParticipantId, options::Options, refusal::Refusal, who::Who};

/// Characters of a prompt URI.
const URI_MAX: usize = 2_048;
/// Characters of a `clientContext`.
const CLIENT_CONTEXT_MAX: usize = 256;
/// The values of beta's `routingPolicies` (resources.md).
const ROUTING_POLICIES: [&str; 5] = [
    "none",
    "noMissedCall",
    "disableForwardingExceptPhone",
    "disableForwarding",
    "preferSkypeForBusiness",
];
/// Prompts that may be fetched ahead.
const PREFETCH_MAX: usize = 100;

/// `8523`, with what is wrong.
pub(crate) fn invalid(what: impl Into<String>) -> Refusal {
    Refusal::InvalidArgument(what.into())
}

/// a media configuration is required, and its type decides.
pub fn media_kind(config: Option<&MediaConfig>) -> Result<MediaConfigKind, Refusal> {
    let config = config.ok_or_else(|| invalid("'mediaConfig' is required."))?;
    let kind = config.kind().ok_or_else(|| {
        invalid("'mediaConfig' needs an '@odata.type' of service- or appHostedMediaConfig.")
    })?;
    // the media library's own; JSON is all that is known of it.
    if config.blob.as_deref().is_some_and(|blob| serde_json::from_str::<Value>(blob).is_err()) {
        return Err(invalid("'mediaConfig.blob' must be JSON."));
    }
    let prefetch = config.pre_fetch_media.as_deref().unwrap_or_default();
    if prefetch.len() > PREFETCH_MAX {
        return Err(invalid(format!("'preFetchMedia' takes at most {PREFETCH_MAX} entries.")));
    }
    for info in prefetch {
        prompt_uri(info)?;
    }
    Ok(kind)
}

/// at least one modality, and only known ones.
pub fn modalities(given: Option<Vec<Modality>>, name: &str) -> Result<Vec<Modality>, Refusal> {
    let given = given.ok_or_else(|| invalid(format!("'{name}' is required.")))?;
    if given.is_empty() {
        return Err(invalid(format!("'{name}' must not be empty.")));
    }
    for modality in &given {
        if let Modality::Unknown(text) = modality {
            let text: String = text.chars().take(40).collect();
            return Err(Refusal::MalformedBody(format!("'{text}' is not a modality in '{name}'.")));
        }
    }
    Ok(given)
}

/// https, or http on a loopback host where that was opted for.
pub fn callback(given: Option<String>, options: &Options) -> Result<Option<String>, Refusal> {
    let Some(uri) = given else { return Ok(None) };
    crate::check_callback_uri(&uri, options.http_callbacks)
        .map_err(|why| invalid(format!("'callbackUri' {why}.")))?;
    Ok(Some(uri))
}

/// between one and `most` prompts, each with an http or https URI.
pub fn prompts(given: &[MediaPrompt], most: usize) -> Result<Vec<&MediaInfo>, Refusal> {
    if given.is_empty() || given.len() > most {
        return Err(invalid(format!("'prompts' takes 1 to {most} entries.")));
    }
    for prompt in given {
        let kind = prompt.odata_type.as_deref().map(|kind| kind.trim_start_matches('#'));
        if kind.is_some_and(|kind| kind != "microsoft.graph.mediaPrompt") {
            return Err(Refusal::MalformedBody("a prompt must be a mediaPrompt.".to_owned()));
        }
        prompt_uri(&prompt.media_info)?;
    }
    Ok(given.iter().map(|prompt| &prompt.media_info).collect())
}

/// R-271; whether it was used before does not matter.
pub fn client_context(given: Option<&str>) -> Result<(), Refusal> {
    match given {
        Some(text) if text.chars().count() > CLIENT_CONTEXT_MAX => {
            Err(invalid(format!("'clientContext' is longer than {CLIENT_CONTEXT_MAX} characters.")))
        }
        _ => Ok(()),
    }
}

/// The identities of targets, participants, transferees; the refusal names the one that is none.
pub fn targets(given: &[InvitationParticipantInfo], name: &str) -> Result<Vec<Who>, Refusal> {
    let read = |(at, info): (usize, &InvitationParticipantInfo)| {
        if info.replaces_call_id.as_ref().is_some_and(|id| id.parse::<Guid>().is_err()) {
            return Err(invalid(format!("'{name}[{at}].replacesCallId' must be a GUID.")));
        }
        Who::read(&info.identity).map_err(|bad| invalid(format!("'{name}[{at}].identity' {bad}.")))
    };
    given.iter().enumerate().map(read).collect()
}

/// 1 to 25.
pub fn redirect_targets(given: &[InvitationParticipantInfo]) -> Result<Vec<Who>, Refusal> {
    if given.is_empty() || given.len() > 25 {
        return Err(invalid("'targets' takes 1 to 25 entries."));
    }
    for (at, target) in given.iter().enumerate() {
        let kinds = [None, Some("default"), Some("voicemail"), Some("skypeForBusiness")];
        let known = kinds.contains(&target.endpoint_type.as_deref())
            || target.endpoint_type.as_deref() == Some("skypeForBusinessVoipPhone");
        if !known {
            let text = format!("'targets[{at}].endpointType' is not an endpointType.");
            return Err(Refusal::MalformedBody(text));
        }
        if target.endpoint_type.as_deref() == Some("voicemail") && target.identity.user.is_none() {
            return Err(invalid(format!("'targets[{at}]': only users have a voicemail.")));
        }
    }
    targets(given, "targets")
}

/// 15 to 90 s; 55 for one target, 60 for several.
pub fn redirect_timeout(given: Option<i32>, targets: usize) -> Result<Duration, Refusal> {
    let secs = given.unwrap_or(if targets == 1 { 55 } else { 60 });
    match u64::try_from(secs) {
        Ok(secs @ 15..=90) => Ok(Duration::from_secs(secs)),
        _ => Err(invalid("'timeout' must be 15 to 90.")),
    }
}

/// how many further users a recorder takes.
pub fn participant_capacity(given: Option<i32>) -> Result<u32, Refusal> {
    match u32::try_from(given.unwrap_or(0)) {
        Ok(capacity @ 0..=1_000) => Ok(capacity),
        _ => Err(invalid("'participantCapacity' must be 0 to 1000.")),
    }
}

/// Where a request wants to join.
pub enum Join {
    /// `tokenMeetingInfo`.
    Token(String),
    /// `joinMeetingIdMeetingInfo`.
    MeetingId {
        /// Digits.
        id: String,
        /// None when the meeting needs none.
        passcode: Option<String>,
    },
    /// `organizerMeetingInfo` with `chatInfo`.
    Organizer {
        /// `chatInfo.threadId`.
        thread: String,
        /// `chatInfo.messageId`.
        message: String,
        /// `organizer.user.id`.
        user: Guid,
    },
}

/// `chatInfo.threadId`, if there is one.
pub fn thread(request: &CreateRequest) -> Option<&str> {
    request.chat_info.as_ref()?.get("threadId")?.as_str()
}

/// the coordinates of a meeting.
pub fn join(request: &CreateRequest) -> Result<Join, Refusal> {
    let info = request.meeting_info.as_ref();
    let info = info.ok_or_else(|| invalid("'meetingInfo' is required to join a meeting."))?;
    let kind = info.get("@odata.type").and_then(Value::as_str).unwrap_or_default();
    let text = |key: &str| info.get(key).and_then(Value::as_str).map(str::to_owned);
    match kind.trim_start_matches('#') {
        "microsoft.graph.tokenMeetingInfo" => {
            let token = text("token").ok_or_else(|| invalid("'meetingInfo.token' is required."))?;
            Ok(Join::Token(token))
        }
        "microsoft.graph.joinMeetingIdMeetingInfo" => {
            let id = text("joinMeetingId");
            let id = id.ok_or_else(|| invalid("'meetingInfo.joinMeetingId' is required."))?;
            Ok(Join::MeetingId { id: id.replace(' ', ""), passcode: text("passcode") })
        }
        "microsoft.graph.organizerMeetingInfo" => {
            let chat = request.chat_info.as_ref();
            let said = |key: &str| {
                let value = chat.and_then(|chat| chat.get(key)).and_then(Value::as_str);
                let value = value.map(str::to_owned);
                value.ok_or_else(|| invalid(format!("'chatInfo.{key}' is required.")))
            };
            let user = info.get("organizer").and_then(|who| who.get("user")?.get("id")?.as_str());
            let required = || invalid("'meetingInfo.organizer.user.id' is required.");
            let user = user
                .ok_or_else(required)?
                .parse()
                .map_err(|_| invalid("'meetingInfo.organizer.user.id' must be a GUID."))?;
            Ok(Join::Organizer { thread: said("threadId")?, message: said("messageId")?, user })
        }
        "" => Err(invalid("'meetingInfo' needs an '@odata.type'.")),
        other => {
            let other: String = other.chars().take(60).collect();
            Err(Refusal::MalformedBody(format!("'{other}' is not a meetingInfo.")))
        }
    }
}

/// id, mode, and as many ends as the mode says. The id.
pub fn routing_group(group: &AudioRoutingGroup, whole: bool) -> Result<String, Refusal> {
    let id = group.id.clone().unwrap_or_default();
    if whole && (id.is_empty() || id.len() > 256) {
        return Err(invalid("'id' is required, and takes at most 256 bytes."));
    }
    let (sources, receivers) =
        (group.sources.as_ref().map_or(0, Vec::len), group.receivers.as_ref().map_or(0, Vec::len));
    match &group.routing_mode {
        None => Err(invalid("'routingMode' is required.")),
        Some(RoutingMode::Unknown(text)) => {
            let text: String = text.chars().take(40).collect();
            Err(Refusal::MalformedBody(format!("'{text}' is not a routingMode.")))
        }
        Some(RoutingMode::OneToOne) if sources != 1 || receivers != 1 => {
            Err(invalid("'oneToOne' takes exactly one source and one receiver."))
        }
        Some(RoutingMode::Multicast) if sources != 1 || receivers == 0 => {
            Err(invalid("'multicast' takes one source, and at least one receiver."))
        }
        Some(RoutingMode::OneToOne | RoutingMode::Multicast) => Ok(id),
    }
}

/// ramps of at most 5 s, percents, `duckOthers` only with ducking. Everybody who is named.
pub fn mixer(request: &ConfigureMixerRequest) -> Result<Vec<ParticipantId>, Refusal> {
    let levels = request.participant_mixer_levels.as_deref().unwrap_or_default();
    if levels.is_empty() || levels.len() > 100 {
        return Err(invalid("'participantMixerLevels' takes 1 to 100 entries."));
    }
    let id = |text: Option<&str>| {
        let text = text.ok_or_else(|| invalid("'participant' is required."))?;
        text.parse().map(ParticipantId).map_err(|_| Refusal::ParticipantNotFound)
    };
    let mut named = Vec::new();
    for level in levels {
        named.push(id(level.participant.as_deref())?);
        if let Some(ducking) = &level.ducking {
            let ramps = [ducking.ramp_active, ducking.ramp_inactive];
            if ramps.into_iter().flatten().any(|ms| !(0..=5_000).contains(&ms)) {
                return Err(invalid("ramps must be 0 to 5000 ms."));
            }
            let percents = [ducking.lower_level, ducking.upper_level];
            if percents.into_iter().flatten().any(|level| !(0..=100).contains(&level)) {
                return Err(invalid("ducking levels must be 0 to 100."));
            }
        }
        for source in level.source_levels.iter().flatten() {
            named.push(id(source.participant.as_deref())?);
            if source.level.is_some_and(|level| !(0..=100).contains(&level)) {
                return Err(invalid("'level' must be 0 to 100."));
            }
            if source.duck_others == Some(true) && level.ducking.is_none() {
                return Err(invalid("'duckOthers' needs 'ducking'."));
            }
        }
    }
    Ok(named)
}

/// what resources.md 10 marks as required.
pub fn device_quality(request: &DeviceQualityRequest) -> Result<(), Refusal> {
    let quality = request.quality.as_ref().ok_or_else(|| invalid("'quality' is required."))?;
    for key in ["callChainId", "participantId", "mediaLegId"] {
        let id = quality.get(key).and_then(Value::as_str);
        if id.is_none_or(|id| id.parse::<Guid>().is_err()) {
            return Err(invalid(format!("'quality.{key}' must be a GUID.")));
        }
    }
    for key in ["deviceName", "deviceDescription"] {
        if quality.get(key).and_then(Value::as_str).is_none() {
            return Err(invalid(format!("'quality.{key}' is required.")));
        }
    }
    let list = quality.get("mediaQualityList").and_then(Value::as_array);
    let list = list.ok_or_else(|| invalid("'quality.mediaQualityList' is required."))?;
    if list.iter().any(|one| one.get("channelIndex").and_then(Value::as_i64).is_none()) {
        return Err(invalid("every 'mediaQualityList' entry needs a 'channelIndex'."));
    }
    Ok(())
}

/// what every created call must state.
pub fn create(request: &mut CreateRequest, options: &Options) -> Result<(), Refusal> {
    let callback = callback(request.callback_uri.clone(), options)?;
    request.callback_uri = Some(callback.ok_or_else(|| invalid("'callbackUri' is required."))?);
    modalities(request.requested_modalities.clone(), "requestedModalities")?;
    if request.ringing_timeout_in_seconds.is_some_and(|s| !(1..=115).contains(&s)) {
        return Err(invalid("'ringingTimeoutInSeconds' must be 1 to 115."));
    }
    Ok(())
}

/// a `routingPolicy` is known, and is for calls to one only.
pub fn routing_policies(request: &CreateRequest, peer: bool) -> Result<(), Refusal> {
    let given = match request.extra.get("routingPolicies") {
        None | Some(Value::Null) => return Ok(()),
        Some(given) => given.as_array(),
    };
    let odd = || Refusal::MalformedBody("'routingPolicies' must name routingPolicies.".to_owned());
    let given = given.ok_or_else(odd)?;
    let known = |one: &Value| one.as_str().is_some_and(|one| ROUTING_POLICIES.contains(&one));
    if !given.iter().all(known) {
        return Err(odd());
    }
    if !peer && !given.is_empty() {
        return Err(invalid("'routingPolicies' are for calls to one only."));
    }
    Ok(())
}

/// the service downloads from http and https.
fn prompt_uri(info: &MediaInfo) -> Result<(), Refusal> {
    let uri = &info.uri;
    if uri.is_empty() {
        return Err(invalid("'mediaInfo.uri' is required."));
    }
    if !(has_scheme(uri, "https://") || has_scheme(uri, "http://")) || uri.len() > URI_MAX {
        return Err(invalid("'mediaInfo.uri' must be an absolute http or https URI."));
    }
    Ok(())
}

/// Whether `uri` starts with the scheme, in any case, and something follows it.
fn has_scheme(uri: &str, scheme: &str) -> bool {
    uri.len() > scheme.len()
        && uri.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        && !uri.contains(|c: char| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R-069, clients.md 4.
    #[test]
    fn callbacks_are_https_unless_opted_out() {
        let strict = Options::default();
        let lenient = Options { http_callbacks: true, ..Options::default() };
        let ask = |uri: &str, options| callback(Some(uri.to_owned()), options).is_ok();
        assert!(ask("https://bot.fabrikam.example/api", &strict));
        assert!(ask("HTTPS://bot.fabrikam.example/api", &strict));
        assert!(!ask("http://127.0.0.1/api", &strict) && ask("http://127.0.0.1/api", &lenient));
        assert!(!ask("http://bot.fabrikam.example/api", &lenient));
        for bad in ["", "https://", "ftp://x", "bot", "https://a b", "httpß://"] {
            assert!(!ask(bad, &lenient), "{bad}");
        }
    }

    #[test]
    fn client_contexts_count_characters() {
        assert!(client_context(Some(&"é".repeat(256))).is_ok());
        assert!(client_context(Some(&"e".repeat(257))).is_err());
    }
}

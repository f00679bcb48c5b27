//! The checks of request members that give `8523` (errors.md, section 2).

use graph_api::{
    Call as CreateRequest, Guid, MediaConfig, MediaConfigKind, MediaInfo, MediaPrompt, Modality,
};

use crate::{options::Options, refusal::Refusal};

/// Characters of a prompt URI.
const URI_MAX: usize = 2_048;
/// Characters of a `clientContext`.
const CLIENT_CONTEXT_MAX: usize = 256;
/// Prompts that may be fetched ahead.
const PREFETCH_MAX: usize = 100;

fn invalid(what: impl Into<String>) -> Refusal {
    Refusal::InvalidArgument(what.into())
}

/// a media configuration is required, and its type decides.
pub fn media_kind(config: Option<&MediaConfig>) -> Result<MediaConfigKind, Refusal> {
    let config = config.ok_or_else(|| invalid("'mediaConfig' is required."))?;
    let kind = config.kind().ok_or_else(|| {
        invalid("'mediaConfig' needs an '@odata.type' of service- or appHostedMediaConfig.")
    })?;
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

///
pub fn client_context(given: Option<&str>) -> Result<(), Refusal> {
    match given {
        Some(text) if text.chars().count() > CLIENT_CONTEXT_MAX => {
            Err(invalid(format!("'clientContext' is longer than {CLIENT_CONTEXT_MAX} characters.")))
        }
        _ => Ok(()),
    }
}

/// exactly one user and no meeting makes a peer-to-peer call. The other shapes are
/// legal in Graph and not modelled here yet.
pub fn peer_to_peer_target(request: &CreateRequest) -> Result<Guid, Refusal> {
    if request.meeting_info.is_some() || request.chat_info.is_some() {
        return Err(Refusal::NotModelled("joining a meeting"));
    }
    let target = match request.targets.as_deref().unwrap_or_default() {
        [] => return Err(invalid("a call needs 'targets' or 'meetingInfo'.")),
        [one] => one,
        [_, ..] => return Err(Refusal::NotModelled("a call to several targets")),
    };
    let user = match &target.identity.user {
        Some(user) => user.id.as_deref(),
        None if target.identity.phone.is_some() => return Err(Refusal::NotModelled("PSTN")),
        None if target.identity.application.is_some() => {
            return Err(Refusal::NotModelled("a call from bot to bot"));
        }
        None => None,
    };
    let id = user.ok_or_else(|| invalid("'targets[0].identity.user.id' is required."))?;
    id.parse().map_err(|_| invalid("'targets[0].identity.user.id' must be a GUID."))
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

/// R-072 and errors.md 7507: a stated source must be the token's own application.
pub fn source(request: &CreateRequest, app: Guid) -> Result<(), Refusal> {
    let Some(source) = &request.source else { return Ok(()) };
    match source.identity.application.as_ref().and_then(|application| application.id.as_deref()) {
        Some(id) if id.parse() != Ok(app) => Err(Refusal::NotYourCall),
        Some(_) => Ok(()),
        None => Err(Refusal::NotModelled("a call from an application instance or guest")),
    }
}

/// the service downloads from http and https.
fn prompt_uri(info: &MediaInfo) -> Result<(), Refusal> {
    let uri = &info.uri;
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

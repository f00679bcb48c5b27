//! What a developer of calling bots would call a message: `POST /calls/1b3d5f70/answer`, `notification: call
//! established`, `201 call 1b3d5f70`.

use serde_json::Value;

/// Bodies beyond this size, in bytes, are not looked into.
const LOOK: usize = 1 << 20;
/// Words from bodies are cut after so many characters.
const WORD: usize = 48;

/// What is known of a message from itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// One line.
    pub label: String,
    /// The call's id, in lower case and without dashes.
    pub call: Option<String>,
    /// It is polling, a token or a key: of interest only when it goes wrong.
    pub noise: bool,
    /// Its body, or its answer's, holds secrets.
    pub secret: bool,
}

/// A body as JSON, if it is.
fn json(body: &[u8]) -> Value {
    let small = (body.len() <= LOOK).then_some(body);
    small.and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default()
}

/// A text member; empty if there is none.
fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// At most so many characters, with an ellipsis for the rest.
pub(super) fn clip(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    kept + "…"
}

/// The id of a call as everything here compares it.
fn call_key(id: &str) -> String {
    id.chars().filter(|c| *c != '-').flat_map(char::to_lowercase).take(64).collect()
}

/// The first eight characters of an id.
pub(super) fn short(id: &str) -> String {
    id.chars().take(8).collect()
}

fn is_guid(segment: &str) -> bool {
    let digits = || segment.chars().filter(|c| *c != '-');
    matches!(segment.len(), 32 | 36)
        && digits().count() == 32
        && digits().all(|c| c.is_ascii_hexdigit())
}

/// A path without version and area, in its segments.
fn segments(target: &str) -> Vec<&str> {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    for known in [["v1.0", "beta"], ["communications", "app"]] {
        if parts.first().is_some_and(|first| known.iter().any(|k| first.eq_ignore_ascii_case(k))) {
            parts.remove(0);
        }
    }
    parts
}

/// The call that a path is about.
fn call_of(segments: &[&str]) -> Option<String> {
    match segments {
        ["calls", id, ..] if !id.starts_with("logTeleconference") => Some(call_key(id)),
        _ => None,
    }
}

/// A path as people say it.
fn path(segments: &[&str]) -> String {
    let mut out = String::new();
    for (at, segment) in segments.iter().enumerate() {
        out.push('/');
        let word = segment.strip_prefix("microsoft.graph.").unwrap_or(segment);
        match (is_guid(word), at.checked_sub(1).map(|before| segments[before])) {
            (true, _) => out.push_str(&short(&call_key(word))),
            (false, Some("calls")) if call_of(segments).is_some() && at == 1 => {
                out.push_str(&short(&call_key(word)));
            }
            (false, _) => out.push_str(&clip(word, WORD)),
        }
    }
    if out.is_empty() { "/".to_owned() } else { out }
}

fn is_token(path: &str) -> bool {
    path.ends_with("/oauth2/v2.0/token") || path.ends_with("/oauth2/token")
}

/// Polling of the control API, and documents of the identity platform.
fn is_noise(method: &str, path: &str) -> bool {
    const POLLED: [&str; 5] = ["/journal", "/health", "/state", "/ca.pem", "/openapi.json"];
    const KEYS: [&str; 3] = ["/discovery/keys", "/discovery/v2.0/keys", "/discovery/instance"];
    let key = path.contains("/.well-known/") || KEYS.iter().any(|tail| path.ends_with(tail));
    is_token(path) || method == "GET" && (POLLED.contains(&path) || key)
}

/// What a request says.
pub(super) fn request(method: &str, target: &str, body: &[u8]) -> Said {
    let parts = segments(target);
    let plain = target.split('?').next().unwrap_or_default();
    let (noise, secret) = (is_noise(method, plain), is_token(plain));
    let body = json(body);
    if let Some(entries) = notifications(&body) {
        let call = entries.iter().find_map(|entry| call_of(&segments(resource(entry))));
        return Said { label: notified(entries), call, noise: false, secret: false };
    }
    let detail = match parts.last() {
        Some(&"actions") => clip(text(&body, "action"), WORD),
        Some(&"clock") => match (&body["advanceMs"], &body["untilIdle"]) {
            (Value::Number(ms), _) => format!("by {ms} ms"),
            (_, Value::Bool(true)) => "until idle".to_owned(),
            _ => String::new(),
        },
        _ => String::new(),
    };
    let label = format!("{} {} {detail}", clip(method, WORD), path(&parts));
    Said { label: label.trim_end().to_owned(), call: call_of(&parts), noise, secret }
}

/// The entries of a body that is Graph's `commsNotifications`.
fn notifications(body: &Value) -> Option<&[Value]> {
    let entries = body.get("value")?.as_array()?;
    let all = entries.iter().all(|entry| entry.get("changeType").is_some());
    (all && !entries.is_empty()).then_some(entries)
}

fn resource(entry: &Value) -> &str {
    let url = text(entry, "resourceUrl");
    if url.is_empty() { text(entry, "resource") } else { url }
}

fn notified(entries: &[Value]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = entries.iter().take(SHOWN).map(notification).collect();
    let more = entries.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" + {more} more") } else { String::new() };
    format!("notification: {}{more}", shown.join(" + "))
}

fn notification(entry: &Value) -> String {
    let (change, data) = (clip(text(entry, "changeType"), WORD), &entry["resourceData"]);
    let parts = segments(resource(entry));
    let tail = if call_of(&parts).is_some() { &parts[2..] } else { &[] };
    let many = |word: &str| match data.as_array() {
        Some(all) => format!("{word} {}", all.len()),
        None => format!("{word} {change}"),
    };
    match tail.first().map(|first| first.to_ascii_lowercase()).as_deref() {
        Some("participants") if kind(data) == "deltaParticipants" => {
            let changed = data.get("participants").and_then(Value::as_array).map_or(0, Vec::len);
            format!("participants delta {changed}")
        }
        Some("participants") => many("participants"),
        Some("contentsharingsessions") => many("content sharing"),
        Some("operations") => {
            let (kind, status) = (operation(data), clip(text(data, "status"), WORD));
            format!("operation {kind} {change} {status}{}", result(data)).trim_end().to_owned()
        }
        Some(other) => format!("{} {change}", clip(other, WORD)),
        None => call_changed(&change, data),
    }
}

fn call_changed(change: &str, data: &Value) -> String {
    let kind = kind(data);
    if kind.starts_with("participant") {
        return format!("{} {change}", clip(kind, WORD));
    }
    let mut out = "call".to_owned();
    let mut add = |word: &str| {
        out.push(' ');
        out.push_str(&clip(word, WORD));
    };
    let state = text(data, "state");
    let media = data.get("mediaState").map(|media| text(media, "audio")).unwrap_or_default();
    let tone = data.get("toneInfo").map(|tone| text(tone, "tone")).unwrap_or_default();
    if !state.is_empty() {
        add(state);
    }
    if !media.is_empty() {
        add(&format!("audio {media}"));
    }
    if !tone.is_empty() {
        add(tone);
    }
    if change != "updated" || [state, media, tone].iter().all(|known| known.is_empty()) {
        add(change);
    }
    out + &result(data)
}

/// ` 408/8544`, if there is a result that is more than success.
fn result(data: &Value) -> String {
    let number = |name| data.get("resultInfo").and_then(|info| info.get(name)?.as_u64());
    match (number("code"), number("subcode")) {
        (Some(200) | None, _) => String::new(),
        (Some(code), Some(subcode)) if subcode != 0 => format!(" {code}/{subcode}"),
        (Some(code), _) => format!(" {code}"),
    }
}

/// The type of an entity, without Graph's prefix.
fn kind(data: &Value) -> &str {
    let kind = text(data, "@odata.type");
    kind.trim_start_matches('#').trim_start_matches("microsoft.graph.")
}

/// `playPrompt` of a `playPromptOperation`.
fn operation(data: &Value) -> String {
    let kind = kind(data);
    let word = kind.strip_suffix("Operation").unwrap_or(kind);
    if word.is_empty() { "?".to_owned() } else { clip(word, WORD) }
}

/// What a response says.
pub(super) fn response(status: u16, headers: &[(String, String)], body: &[u8]) -> Said {
    let body = json(body);
    let call = match (text(&body, "callId"), kind(&body)) {
        ("", "call") => Some(text(&body, "id")).filter(|id| !id.is_empty()),
        ("", _) => None,
        (id, _) => Some(id),
    };
    let call = call.map(call_key);
    let mut label = status.to_string();
    let mut add = |word: &str| {
        label.push(' ');
        label.push_str(&clip(word, WORD));
    };
    if status >= 400 {
        let error = body.get("error").unwrap_or(&Value::Null);
        let code = error.as_str().unwrap_or_else(|| text(error, "code"));
        if !code.is_empty() {
            add(code);
        }
        if let Some((_, wait)) = headers.iter().find(|(name, _)| name == "retry-after") {
            add(&format!("retry after {wait} s"));
        }
    } else if kind(&body).ends_with("Operation") {
        add(&format!("{} {}{}", operation(&body), text(&body, "status"), result(&body)));
    } else if let (201, Some(call)) = (status, &call) {
        add(&format!("call {}", short(call)));
    }
    Said { label, call: call.filter(|_| status == 201), noise: false, secret: false }
}

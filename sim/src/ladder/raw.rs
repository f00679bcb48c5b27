//! A message as it was on the wire, for the folded part of a row.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::label::clip;
use crate::wire::{Http, Message, Way};

/// Most bytes of a body that are shown.
const BODY: usize = 8 << 10;
/// Bodies of more bytes are not laid out.
const LAYOUT: usize = 64 << 10;
/// Most characters of a header's value, a target and a name.
const VALUE: usize = 200;
/// Most headers.
const HEADERS: usize = 64;

/// Head and body. Bearer tokens are shortened to what they are, and bodies with secrets are not shown.
pub(super) fn raw(message: &Message, secret: bool) -> String {
    let mut out = String::new();
    let (headers, body) = match &message.http {
        Http::Request { method, target, headers, body } => {
            line(&mut out, &format!("{} {}", clip(method, VALUE), clip(target, VALUE)));
            (headers, body)
        }
        Http::Response { status, headers, body, .. } => {
            line(&mut out, &status.to_string());
            (headers, body)
        }
        Http::Broken { .. } => return String::new(),
    };
    for (name, value) in headers.iter().take(HEADERS) {
        line(&mut out, &format!("{}: {}", clip(name, VALUE), header(name, value)));
    }
    if let Some(more @ 1..) = headers.len().checked_sub(HEADERS) {
        line(&mut out, &format!("… {more} more headers"));
    }
    if !body.is_empty() {
        out.push('\n');
        match secret {
            true => line(&mut out, &format!("({} bytes that hold secrets)", body.len())),
            false => line(&mut out, &body_text(body)),
        }
    }
    out
}

/// Who saw it, and on which connection.
pub(super) fn seen(message: &Message) -> String {
    let did = match message.way {
        Way::Sent => "sent by",
        Way::Received => "received by",
    };
    let (host, connection, port) = (&message.host, message.connection, message.port);
    format!("message {}, {did} {host}, connection {connection}, port {port}", message.seq)
}

fn header(name: &str, value: &str) -> String {
    const SECRET: [&str; 3] = ["authorization", "cookie", "set-cookie"];
    if !SECRET.contains(&name) {
        return clip(value, VALUE);
    }
    let (scheme, rest) = value.split_once(' ').unwrap_or(("", value));
    format!("{} ({} characters)", clip(scheme, 16), rest.chars().count()).trim_start().to_owned()
}

fn body_text(body: &[u8]) -> String {
    let read = (body.len() <= LAYOUT).then(|| serde_json::from_slice::<Value>(body).ok());
    let text = match (read.flatten(), std::str::from_utf8(body)) {
        (Some(mut value), _) => {
            hide(&mut value);
            format!("{value:#}")
        }
        (None, Ok(text)) => text.to_owned(),
        (None, Err(_)) => return format!("({} bytes that are no text)", body.len()),
    };
    if text.len() <= BODY {
        return text;
    }
    let end = text.floor_char_boundary(BODY);
    format!("{}\n… {} more bytes", &text[..end], text.len() - end)
}

/// Takes secrets out of a body, wherever they are. JSON is at most 128 deep.
fn hide(value: &mut Value) {
    const SECRET: [&str; 7] = [
        "secret",
        "client_secret",
        "clientSecret",
        "access_token",
        "accessToken",
        "token",
        "password",
    ];
    match value {
        Value::Array(values) => values.iter_mut().for_each(hide),
        Value::Object(members) => {
            for (name, value) in members {
                if let (true, Some(text)) = (SECRET.contains(&&**name), value.as_str()) {
                    *value = format!("({} characters)", text.chars().count()).into();
                }
                hide(value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A body as JSON, without what is secret; of one that is no JSON only its length.
pub(super) fn masked(body: &[u8], secret: bool) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(_) if secret => json!({"bytes": body.len(), "secret": true}),
        Ok(mut value) => {
            hide(&mut value);
            value
        }
        Err(_) => json!({"bytes": body.len()}),
    }
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("memory can be written to");
}

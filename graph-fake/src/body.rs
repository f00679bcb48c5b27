//! Request bodies, read within limits: the same for Graph, the token endpoint and the control API.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::Body as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use crate::objects::Objects;

/// How long a body may take once its head has come.
pub const BODY_LIMIT: Duration = Duration::from_secs(30);

/// A body that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadBody {
    /// More bytes than were allowed.
    TooLarge,
    /// It did not come to an end in time.
    TooSlow,
    /// The connection broke, or the framing is wrong.
    Broken,
}

/// Reads at most `most` bytes within [`BODY_LIMIT`].
///
/// A body that is declared too large is not even begun: a client that waits for `100 Continue` never gets it.
/// The server throws the rest away, so that clients which send everything first hear of it.
///
/// # Errors
/// See [`BadBody`].
pub async fn read(body: Body, most: usize) -> Result<Bytes, BadBody> {
    if body.size_hint().lower() > most as u64 {
        return Err(BadBody::TooLarge);
    }
    match tokio::time::timeout(BODY_LIMIT, Limited::new(body, most).collect()).await {
        Err(_) => Err(BadBody::TooSlow),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BadBody::TooLarge),
        Ok(Err(_)) => Err(BadBody::Broken),
    }
}

/// A text without the byte order mark that some editors put before it.
pub fn unmarked(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// Reads a value that was read before; objects have to be objects.
///
/// # Errors
/// Where the mistake is, if that has a name, and what it is.
pub fn from_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, (String, String)> {
    serde_path_to_error::deserialize(Objects(value)).map_err(|error| {
        let path = error.path().to_string();
        let known = path.trim_end_matches(['.', '?']).to_owned();
        (known, error.inner().to_string())
    })
}

/// Where in a body a mistake is, in words: the reader's names for "the whole" and "somewhere" help nobody.
pub fn place(path: &serde_path_to_error::Path) -> String {
    let path = path.to_string();
    let known = path.trim_end_matches(['.', '?']);
    if known.is_empty() { "the body".to_owned() } else { format!("'{known}'") }
}

/// What is wrong there, in Graph's words: what the reader says of itself (types of this program, and where in the
/// text a member ends) helps nobody.
pub fn words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if !error.is_data() {
        return text;
    }
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = text.strip_suffix(&place).unwrap_or(&text);
    if let Some(member) = text.strip_prefix("missing field ") {
        return format!("{} is missing", member.replace('`', "'"));
    }
    let typed = text.strip_prefix("invalid type: ").map(|rest| (rest, true));
    let typed = typed.or_else(|| text.strip_prefix("invalid value: ").map(|rest| (rest, false)));
    let parts = typed.and_then(|(rest, kind)| Some((rest.rsplit_once(", expected ")?, kind)));
    match parts {
        Some(((given, expected), true)) => {
            format!("{} is expected, not {}", kind_expected(expected), kind_given(given))
        }
        Some(((_, expected), false)) => {
            format!("{} is expected, and this value is none", kind_expected(expected))
        }
        None => text.to_owned(),
    }
}

/// A type of the reader's as Graph's pages call it.
fn kind_expected(text: &str) -> &str {
    match text {
        "i32" => "Edm.Int32",
        "i64" => "Edm.Int64",
        "f32" | "f64" => "Edm.Double",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "a boolean" => "Edm.Boolean",
        "a string" | "a borrowed string" | "a character" => "Edm.String",
        "a sequence" => "a collection",
        "a map" => "an object",
        _ if text.starts_with("struct ") => "an object",
        _ if text.starts_with("a sequence") || text.starts_with("a tuple") => "a collection",
        _ if text.starts_with("enum ") => "one of the known values",
        _ => text,
    }
}

fn kind_given(text: &str) -> &'static str {
    match text.split([' ', '`']).next().unwrap_or_default() {
        "null" | "unit" | "Option" => "null",
        "boolean" => "a Boolean",
        "integer" | "floating" => "a number",
        "string" | "character" => "a string",
        "sequence" => "a collection",
        "map" => "an object",
        _ => "this",
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use futures_util::{StreamExt as _, stream};

    /// A body that does not say how long it is.
    fn undeclared(pieces: usize) -> Body {
        let piece = Ok::<_, Infallible>(Bytes::from_static(b"1234"));
        Body::from_stream(stream::iter(vec![piece; pieces]))
    }

    #[tokio::test]
    async fn as_much_as_was_allowed() {
        assert_eq!(read(Body::from("1234"), 4).await, Ok(Bytes::from_static(b"1234")));
        assert_eq!(read(undeclared(2), 8).await, Ok(Bytes::from_static(b"12341234")));
        assert_eq!(read(Body::from("12345"), 4).await, Err(BadBody::TooLarge));
        assert_eq!(read(undeclared(3), 8).await, Err(BadBody::TooLarge));
    }

    #[tokio::test]
    async fn what_is_declared_too_large_is_not_begun() {
        struct Untouched;
        impl http_body::Body for Untouched {
            type Data = Bytes;
            type Error = Infallible;
            fn poll_frame(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
                panic!("it was begun")
            }
            fn size_hint(&self) -> http_body::SizeHint {
                http_body::SizeHint::with_exact(9)
            }
        }
        assert_eq!(read(Body::new(Untouched), 8).await, Err(BadBody::TooLarge));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off() {
        let broken = Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
        let stream = stream::iter([Ok(Bytes::from_static(b"12"))]).chain(stream::iter([broken]));
        assert_eq!(read(Body::from_stream(stream), 8).await, Err(BadBody::Broken));
    }

    fn place_of<T: DeserializeOwned>(text: &str) -> String {
        let mut reader = serde_json::Deserializer::from_str(text);
        let wrong = serde_path_to_error::deserialize::<_, T>(&mut reader).err().unwrap();
        place(wrong.path())
    }

    #[test]
    fn places_are_named_where_they_have_names() {
        use graph_api::AnswerRequest as T;
        assert_eq!(place_of::<T>(""), "the body");
        assert_eq!(place_of::<T>("{"), "the body");
        assert_eq!(place_of::<T>("{7: 8}"), "the body");
        assert_eq!(place_of::<T>("[1, 2"), "the body");
        assert_eq!(place_of::<T>(r#"{"callbackUri": 7}"#), "'callbackUri'");
        assert_eq!(place_of::<T>(r#"{"acceptedModalities": [7]}"#), "'acceptedModalities[0]'");
    }

    #[test]
    fn what_is_expected_is_said_in_graphs_words() {
        use graph_api::{AnswerRequest, RedirectRequest, RejectRequest, TransferRequest};
        fn wrong<T: DeserializeOwned>(text: &str) -> String {
            words(&serde_json::from_str::<T>(text).err().unwrap())
        }
        let object = "an object is expected, not a string";
        assert_eq!(wrong::<AnswerRequest>("\"x\""), object);
        assert_eq!(wrong::<TransferRequest>(r#"{"transferee": "x, expected y"}"#), object);
        let timeout = r#"{"targets": [], "timeout": "55"}"#;
        assert_eq!(wrong::<RedirectRequest>(timeout), "Edm.Int32 is expected, not a string");
        let timeout = r#"{"timeout": 99999999999}"#;
        let none = "Edm.Int32 is expected, and this value is none";
        assert_eq!(wrong::<RedirectRequest>(timeout), none);
        let one = "a collection is expected, not an object";
        assert_eq!(wrong::<RedirectRequest>(r#"{"targets": {}}"#), one);
        let callback = r#"{"callbackUri": 7}"#;
        assert_eq!(wrong::<AnswerRequest>(callback), "Edm.String is expected, not a number");
        assert_eq!(wrong::<graph_api::CallMediaState>("{}"), "'audio' is missing");
        let reasons = "expected one of none, busy, forbidden";
        assert_eq!(wrong::<RejectRequest>(r#"{"reason": "x"}"#), reasons);
        assert!(wrong::<AnswerRequest>("{").contains("line 1"), "where the JSON breaks off");
    }
}

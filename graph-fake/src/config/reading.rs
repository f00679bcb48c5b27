//! Configuration files as text: what is wrong is told with its line and its key.

use serde::de::DeserializeOwned;

use crate::objects::Objects;

/// Reads JSON whose root is an object.
///
/// # Errors
/// Line, key and mistake.
pub fn json<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    if !text.trim_start().starts_with('{') {
        return Err("line 1: the root must be an object".to_owned());
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = serde_path_to_error::deserialize(Objects(&mut reader)).map_err(|error| {
        let (path, inner) = (crate::body::place(error.path()), error.inner());
        format!("line {}: {path}: {inner}", inner.line())
    })?;
    reader.end().map_err(|error| format!("line {}: {error}", error.line()))?;
    Ok(read)
}

/// Reads TOML.
///
/// # Errors
/// Line, key and mistake.
pub fn toml<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let reader = toml::Deserializer::parse(text).map_err(|error| told(text, "", &error))?;
    serde_path_to_error::deserialize(Objects(reader))
        .map_err(|error| told(text, &error.path().to_string(), error.inner()))
}

fn told(text: &str, path: &str, error: &toml::de::Error) -> String {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let entry = text.get(..start).unwrap_or_default().matches('\n').count();
    let message = error.message();
    // A mistake inside an entry is reported at its head; its key says where it is.
    let key = message.split(':').next().unwrap_or_default();
    let is_key = |line: &str| {
        line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let inside = text.lines().skip(entry).position(is_key).filter(|_| !key.is_empty());
    let line = entry + inside.unwrap_or(0) + 1;
    let message = suggesting(message);
    if path.is_empty() || path == "." {
        return format!("line {line}: {message}");
    }
    format!("line {line}: {path}: {message}")
}

/// How much a word must be like another one to be meant.
const ALIKE: f64 = 0.66;

/// A message about a word that is none of several, with the one that was meant.
fn suggesting(message: &str) -> String {
    let quoted = |text: &str| -> Vec<String> {
        text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let unknown = message.starts_with("unknown ") || message.contains(": unknown ");
    let (given, known) = message.split_once(", expected ").unwrap_or((message, ""));
    let (Some(given), true) = (quoted(given).pop(), unknown) else { return message.to_owned() };
    match meant(&given, quoted(known).iter().map(String::as_str)) {
        Some(meant) => format!("{message}; did you mean `{meant}`?"),
        None => message.to_owned(),
    }
}

/// The known word that a word is most like, if it is like one at all.
pub(crate) fn meant<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    // One sees common beginnings, the other letters that changed places.
    let alike = |word: &str| {
        let word = word.to_lowercase();
        let letters = strsim::normalized_damerau_levenshtein(&given, &word);
        strsim::jaro_winkler(&given, &word).max(letters)
    };
    known
        .map(|word| (alike(word), word))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const TENANT: &str = "[[tenants]]\nid = \"7e57d004-2b97-4e7a-b45f-5387367791cd\"\n";

    #[track_caller]
    fn refused(text: &str, wanted: &[&str]) {
        let why = toml::<Config>(text).unwrap_err();
        assert!(wanted.iter().all(|part| why.contains(part)), "{why}");
    }

    #[test]
    fn toml_names_line_and_key() {
        let user = "[[tenants.users]]\nid = \"6f0b1c52-9d4e-4b0a-8a51-2f1f6f3a9b10\"\n\
                    displayName = \"x\"\n";
        refused(&format!("{TENANT}{user}onCall = \"zz\"\n"), &["line 6", "onCall", "zz"]);
        refused(&format!("{TENANT}{user}answerAfterMs = -1\n"), &["line 6", "answerAfterMs"]);
        refused(&format!("{TENANT}{user}oncall = \"answer\"\n"), &["line 6", "oncall"]);
        refused(&format!("{TENANT}{user}oncall = \"answer\"\n"), &["did you mean `onCall`?"]);
        refused("a = ", &["line 1"]);
        refused(&format!("{TENANT}[options]\nringMs = \"x\"\n"), &["line 4", "ringMs"]);
    }

    #[test]
    fn json_names_line_and_key() {
        let why = json::<Config>("{\n\"tenants\": [{\"id\": 5}]}").unwrap_err();
        assert!(why.starts_with("line 2") && why.contains("tenants[0]"), "{why}");
        assert!(json::<Config>("[]").unwrap_err().contains("must be an object"));
        for (text, place) in [
            (r#"{"tenants": [["7e57d004-2b97-4e7a-b45f-5387367791cd"]]}"#, "tenants[0]"),
            (r#"{"options": [100]}"#, "options"),
            (
                r#"{"tenants": [{"id": "7e57d004-2b97-4e7a-b45f-5387367791cd", "apps": [["x"]]}]}"#,
                "apps[0]",
            ),
        ] {
            let why = json::<Config>(text).unwrap_err();
            assert!(why.contains(place) && why.contains("line 1"), "{why}");
        }
        assert!(json::<Config>("{").unwrap_err().starts_with("line 1"));
    }
}

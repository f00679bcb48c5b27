//! Reading a plan: what is wrong with one is said with its file, line and key, and with what was probably meant.

use std::fmt::Write as _;

use serde_json::Value;
use thiserror::Error;

use super::{
    Plan, VERSION,
    words::{meant, plain, shown},
};

/// What is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}:{line}: {}{why}", if matches!(&**key, "" | "." | "?") { String::new() } else { format!("{key}: ") })]
pub struct PlanError {
    /// Where it was read.
    pub file: String,
    /// In which line, from 1.
    pub line: usize,
    /// Which member, with those it is in: `faults[2].outage.forMs`; `.` if it is the whole file.
    pub key: String,
    /// What is wrong with it.
    pub why: String,
}

/// The names that are in quotes in what serde says of an unknown one: the one that was met, then those that are
/// known.
fn names(said: &str) -> Vec<&str> {
    said.split('`').skip(1).step_by(2).collect()
}

/// What a reader of JSON says of a mistake, without its place, fit for a terminal, and with what was probably meant.
fn told(said: &str) -> String {
    let place = said.rfind(" at line ");
    let words = place.map_or(said, |place| &said[..place]);
    let mut why = plain(words);
    if let [unknown, known @ ..] = &*names(words)
        && words.starts_with("unknown ")
        && let Some(meant) = meant(unknown, known)
    {
        let _ = write!(why, "; did you mean `{meant}`?");
    }
    why
}

/// A path as `serde_path_to_error` gives it, fit for a terminal.
fn path(path: &serde_path_to_error::Path) -> String {
    let parts = path.to_string();
    parts.split('.').map(shown).collect::<Vec<_>>().join(".")
}

/// A second opinion on a plan that is JSON, of which the first reader only says that it expected something else: the
/// key and what stands there.
fn misplaced(text: &str) -> Option<(String, String)> {
    let value: Value = serde_json::from_str(text).ok()?;
    let failed = serde_path_to_error::deserialize::<_, Plan>(value).err()?;
    let (key, said) = (path(failed.path()), failed.inner().to_string());
    let why = match said.split_once(", expected ") {
        Some((_, "map with a single key")) => {
            "holds several kinds, or none; each entry is of one kind".to_owned()
        }
        Some((met, "string or map")) => {
            let met = plain(met.trim_start_matches("invalid type: "));
            format!("{met} is neither a name nor an object with one")
        }
        Some(_) | None => told(&said),
    };
    Some((key, why))
}

impl Plan {
    /// Reads a plan from a file's bytes, of which nobody knows what they are.
    ///
    /// # Errors
    /// As [`Plan::read`]; also if it is no text in UTF-8.
    pub fn read_bytes(file: &str, bytes: &[u8]) -> Result<Self, PlanError> {
        let error = |line, why: &str| {
            let (file, key, why) = (file.to_owned(), ".".to_owned(), why.to_owned());
            PlanError { file, line, key, why }
        };
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return Err(error(1, "this is UTF-16; plans are text in UTF-8"));
        }
        let text = std::str::from_utf8(bytes).map_err(|bad| {
            let before = &bytes[..bad.valid_up_to()];
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            error(line, "this is no text in UTF-8")
        })?;
        Self::read(file, text)
    }

    /// Reads a plan. A byte order mark at its beginning is let through.
    ///
    /// # Errors
    /// See [`PlanError`]; nothing of a plan that is not good all over is taken.
    pub fn read(file: &str, text: &str) -> Result<Self, PlanError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let error =
            |line, key: String, why: String| PlanError { file: file.to_owned(), line, key, why };
        let no_object = match text.trim_start().chars().next() {
            Some('{') => None,
            None => Some("is empty"),
            Some('[') => Some("is a list"),
            Some(_) => Some("is no JSON object"),
        };
        if let Some(what) = no_object {
            let why = format!("{what}; a plan is an object that begins with {{\"v\": {VERSION}");
            return Err(error(1, ".".to_owned(), why));
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let read: Result<Self, _> = serde_path_to_error::deserialize(&mut json);
        let plan = read.map_err(|failed| {
            let inner = failed.inner();
            if inner.is_eof() {
                let why = "the file ends in the middle of the plan".to_owned();
                return error(inner.line(), path(failed.path()), why);
            }
            if inner.is_syntax()
                && let Some((key, why)) = misplaced(text)
            {
                return error(line_of(text, &key), key, why);
            }
            error(inner.line(), path(failed.path()), told(&inner.to_string()))
        })?;
        json.end().map_err(|failed| {
            error(failed.line(), ".".to_owned(), "there is more after the plan".to_owned())
        })?;
        plan.check().map_err(|(key, why)| error(line_of(text, &key), key, why))?;
        Ok(plan)
    }
}

/// The line of a member that is named by its path; the line of what it is in, if it is absent.
fn line_of(text: &str, key: &str) -> usize {
    let (mut line, mut rest, mut seen) = (1, text, 0);
    let parts = key.split(['.', '[']).map(|part| part.trim_end_matches(']'));
    for part in parts {
        let found = match part.parse::<usize>() {
            Ok(nth) => entry(rest, nth),
            Err(_) => rest.find(&format!("\"{part}\"")),
        };
        let Some(at) = found else { break };
        line += rest[..at].matches('\n').count();
        seen += at;
        rest = &text[seen..];
    }
    line
}

/// Where the n-th entry of a list begins.
fn entry(text: &str, nth: usize) -> Option<usize> {
    let (mut depth, mut count, mut quoted, mut escaped) = (0_usize, 0, false, false);
    let (from, mut next) = (text.find('[')?, false);
    for (at, letter) in text[from..].char_indices() {
        if next && !letter.is_whitespace() {
            if count == nth {
                return Some(from + at);
            }
            (next, count) = (false, count + 1);
        }
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '{' | '[' => {
                depth += 1;
                next = depth == 1;
            }
            ',' => next = depth == 1,
            '}' | ']' if depth == 1 => return None,
            '}' | ']' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{
  "v": 1, "seed": 7, "healAtMs": 60000,
  "deeds": [
    {"atMs": 0, "by": "Alice", "do": "ring"},
    {"atMs": 900, "by": "Alice", "do": {"press": {"keys": ["tone1"]}}}
  ],
  "faults": [
    {"outage": {"atMs": 1000, "forMs": 500, "on": "graphToBot"}},
    {"graph": {"op": "answer", "reply": {"status": 503}}},
    {"notification": {"of": "ended", "lose": true}},
    {"link": {"atMs": 10, "forMs": 5, "on": "botToGraph", "config": {"delayMs": 50}}}
  ]
}"#;

    #[test]
    fn what_is_written_is_read() {
        let plan = Plan::read("a.json", GOOD).unwrap();
        assert_eq!((plan.deeds.len(), plan.faults.len()), (2, 4));
        assert_eq!(Plan::read("b.json", &plan.to_json()), Ok(plan));
    }

    #[test]
    fn mistakes_are_named_with_file_line_and_key() {
        for (was, is, line, key, why) in [
            ("\"v\": 1", "\"v\": 2", 2, "v", "version 1 is read here"),
            ("\"outage\"", "\"outtage\"", 8, "faults[0]", "did you mean `outage`?"),
            ("\"forMs\": 500", "\"forMS\": 500", 8, "faults[0].outage.forMS", "`forMs`?"),
            ("\"forMs\": 500", "\"forMs\": -1", 8, "faults[0].outage.forMs", "-1"),
            ("\"atMs\": 1000", "\"atMs\": 59900", 8, "faults[0].outage.forMs", "beyond healAtMs"),
            (
                "\"by\": \"Alice\", \"do\": \"ring\"",
                "\"by\": \"Alyce\", \"do\": \"ring\"",
                4,
                "deeds[0].by",
                "`Alice`?",
            ),
            ("\"atMs\": 900", "\"atMs\": 60001", 5, "deeds[1].atMs", "later than healAtMs"),
            ("\"delayMs\": 50", "\"delayMs\": -1", 11, "faults[3].link.config.delayMs", "-1"),
            ("\"delayMs\": 50", "\"delayMs\": 5", 11, "faults[3].link.config.delayMs", "at least"),
            (
                "\"seed\": 7",
                "\"seed\": 7, \"botFlaw\": \"never-answer\"",
                2,
                "botFlaw",
                "never-answers",
            ),
        ] {
            assert!(GOOD.contains(was), "{was}");
            let error = Plan::read("a.json", &GOOD.replacen(was, is, 1)).unwrap_err();
            assert_eq!((error.file.as_str(), error.line), ("a.json", line), "{error}");
            assert!(error.key == key && error.why.contains(why), "{error}");
        }
    }

    /// What a whole file is refused with.
    fn refused(text: &str) -> PlanError {
        Plan::read("a.json", text).expect_err(text)
    }

    #[test]
    fn what_the_fake_would_refuse_is_refused_here() {
        for (fault, key, why) in [
            (r#""graph": {"op": "anser", "loseReply": true}"#, "graph.op", "`answer`?"),
            (r#""graph": {"op": "answer", "nth": 0, "loseReply": true}"#, "graph.nth", "from 1"),
            (r#""graph": {"op": "answer"}"#, "graph", "exactly one"),
            (r#""graph": {"op": "answer", "delayMs": 1, "loseReply": true}"#, "graph", "exactly"),
            (r#""graph": {"op": "get", "delayMs": 3600001}"#, "graph.delayMs", "at most"),
            (r#""graph": {"op": "get", "reply": {"status": 200}}"#, "graph.reply.status", "400"),
            (
                r#""graph": {"op": "get", "times": 99999999999, "loseReply": true}"#,
                "graph.times",
                "at most",
            ),
            (r#""token": {"times": 0, "reply": {"status": 500}}"#, "token.times", "from 1"),
            (r#""keys": {"reply": {"status": 700}}"#, "keys.reply.status", "400 to 599"),
            (r#""notification": {"lose": true, "repeat": 1}"#, "notification", "exactly one"),
            (r#""notification": {"repeat": 101}"#, "notification.repeat", "1 to 100"),
            (r#""notification": {"delayMs": 99999999}"#, "notification.delayMs", "a day"),
            (r#""roster": {"what": "late", "nth": 0}"#, "roster.nth", "from 1"),
            (r#""prompt": {"nth": 0}"#, "prompt.nth", "from 1"),
            (r#""permission": {"atMs": 1, "role": "Calls.Init.All"}"#, "permission.role", "Calls."),
            (
                r#""clock": {"atMs": 1, "forMs": 1, "of": "bot", "driftPpm": 500001}"#,
                "clock.driftPpm",
                "-500000 to 500000",
            ),
            (
                r#""clock": {"atMs": 1, "forMs": 1, "of": "bot", "offsetMs": 1e300}"#,
                "clock.offsetMs",
                "is not in",
            ),
        ] {
            let text =
                GOOD.replacen("\"notification\": {\"of\": \"ended\", \"lose\": true}", fault, 1);
            let error = refused(&text);
            assert_eq!((error.key, error.line), (format!("faults[2].{key}"), 10), "{}", error.why);
            assert!(error.why.contains(why), "{}", error.why);
        }
    }

    #[test]
    fn deeds_that_mean_nothing_are_refused() {
        let many = format!(r#""do": {{"press": {{"keys": [{}"a"]}}}}"#, r#""a","#.repeat(100));
        let crowd = format!(r#""do": {{"meet": {{"with": [{}"Bob"]}}}}"#, r#""Bob","#.repeat(799));
        for (is, key, why) in [
            (r#""do": {"press": {"keys": ["ton1"]}}"#, "do.press.keys[0]", "`tone1`?"),
            (r#""do": {"press": {"keys": []}}"#, "do.press.keys", "1 to 100"),
            (many.as_str(), "do.press.keys", "1 to 100"),
            (crowd.as_str(), "do.meet.with", "at most 10"),
            (r#""do": {"speak": {"ms": 0}}"#, "do.speak.ms", "1 to"),
            (r#""do": {"speak": {"ms": 3600000}}"#, "do.speak.ms", "1 to"),
            (r#""do": {"react": {"onCall": "answr"}}"#, "do.react.onCall", "`answer`?"),
            (r#""call": 3, "do": "mute""#, "call", "one call is rung or met"),
        ] {
            let error = refused(&GOOD.replacen(r#""do": {"press": {"keys": ["tone1"]}}"#, is, 1));
            assert_eq!((error.key, error.line), (format!("deeds[1].{key}"), 5), "{}", error.why);
            assert!(error.why.contains(why), "{}", error.why);
        }
        // What is drawn names up to three calls, whether they are there or not.
        let third = GOOD.replacen(r#""do": {"press""#, r#""call": 2, "do": {"press""#, 1);
        assert!(Plan::read("a.json", &third).is_ok());
        let error =
            refused(&GOOD.replacen("\"seed\": 7", "\"seed\": 7, \"withheld\": [\"Calls\"]", 1));
        assert_eq!((&*error.key, error.line), ("withheld[0]", 2), "{error}");
    }

    #[test]
    fn files_that_are_no_plans_are_told_so() {
        let cut = &GOOD[..GOOD.len() / 2];
        let two = GOOD.replacen("\"lose\": true}}", "\"lose\": true}, \"prompt\": {}}", 1);
        let long = GOOD.replacen("\"outage\"", &format!("\"\\u001b[31m{}\"", "x".repeat(9_000)), 1);
        let links = GOOD.replacen("\"seed\": 7", "\"seed\": 7, \"links\": 3", 1);
        let loss = GOOD.replacen("\"delayMs\": 50", "\"loss\": 2", 1);
        for (text, line, why) in [
            ("", 1, "is empty"),
            (" \n", 1, "is empty"),
            ("[1, 2]", 1, "is a list"),
            ("7", 1, "is no JSON object"),
            (cut, 8, "the file ends in the middle"),
            (&links, 2, "integer `3` is neither a name nor an object"),
            (&loss, 11, "integer `2` is neither a name nor an object"),
            (&two, 10, "each entry is of one kind"),
            (&format!("{GOOD} x"), 13, "there is more after the plan"),
            (&long, 8, "…`, expected one of"),
        ] {
            let error = refused(text);
            assert_eq!(error.line, line, "{error}");
            assert!(error.why.contains(why), "{error}");
            let whole = error.to_string();
            assert!(!whole.contains(": .: "), "{whole}");
            assert!(whole.len() < 1_000 && !whole.contains('\u{1b}'), "{whole}");
        }
        assert!(Plan::read("a.json", &format!("\u{feff}{GOOD}")).is_ok(), "a mark is let through");
        let wide: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, why) in [(&*wide, "UTF-16"), (b"{\n\xc3\x28".as_slice(), "no text in UTF-8")] {
            let error = Plan::read_bytes("a.json", bytes).unwrap_err();
            assert!(error.why.contains(why), "{error}");
        }
    }
}

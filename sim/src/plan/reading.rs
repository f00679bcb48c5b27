//! Reading a plan: what is wrong with one is said with its file, line and key, and with what was probably meant.

use std::fmt::Write as _;

use bot_reference::Flaw as BotFlaw;
use thiserror::Error;

use super::{ENTRIES_MAX, Fault, LATEST_MS, Plan, VERSION, What};
use crate::{link::LinkConfig, world::TICK};

/// What is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}:{line}: {key}: {why}")]
pub struct PlanError {
    /// Where it was read.
    pub file: String,
    /// In which line, from 1.
    pub line: usize,
    /// Which member, with those it is in: `faults[2].outage.forMs`.
    pub key: String,
    /// What is wrong with it.
    pub why: String,
}

/// The names that are in quotes in what serde says of an unknown one: the one that was met, then those that are
/// known.
fn names(said: &str) -> Vec<&str> {
    said.split('`').skip(1).step_by(2).collect()
}

/// The known name that is most like the unknown one, if one is like it at all.
fn meant<'a>(unknown: &str, known: &[&'a str]) -> Option<&'a str> {
    let by_distance = known
        .iter()
        .map(|name| (strsim::levenshtein(&unknown.to_lowercase(), &name.to_lowercase()), *name));
    let (distance, name) = by_distance.min()?;
    (distance <= name.len().max(unknown.len()) / 2).then_some(name)
}

impl Plan {
    /// Reads a plan.
    ///
    /// # Errors
    /// See [`PlanError`]; nothing of a plan that is not good all over is taken.
    pub fn read(file: &str, text: &str) -> Result<Self, PlanError> {
        let mut json = serde_json::Deserializer::from_str(text);
        let error =
            |line, key: String, why: String| PlanError { file: file.to_owned(), line, key, why };
        let read: Result<Self, _> = serde_path_to_error::deserialize(&mut json);
        let plan = read.map_err(|failed| {
            let (key, inner) = (failed.path().to_string(), failed.inner());
            let said = inner.to_string();
            // The line is told apart from the words.
            let mut why = said.rsplit_once(" at line").map_or(&*said, |(why, _)| why).to_owned();
            if let [unknown, known @ ..] = &*names(&said)
                && why.starts_with("unknown ")
                && let Some(meant) = meant(unknown, known)
            {
                let _ = write!(why, "; did you mean `{meant}`?");
            }
            error(inner.line(), key, why)
        })?;
        json.end().map_err(|failed| error(failed.line(), ".".to_owned(), failed.to_string()))?;
        plan.check().map_err(|(key, why)| error(line_of(text, &key), key, why))?;
        Ok(plan)
    }

    /// Looks at everything that the format alone does not say. The key and what is wrong with it.
    fn check(&self) -> Result<(), (String, String)> {
        let bad = |key: &str, why: String| Err((key.to_owned(), why));
        if self.v != VERSION {
            return bad("v", format!("this is version {}; version {VERSION} is read here", self.v));
        }
        if self.heal_at_ms > LATEST_MS {
            return bad("healAtMs", format!("at most {LATEST_MS}, a day"));
        }
        for (key, many) in [("deeds", self.deeds.len()), ("faults", self.faults.len())] {
            if many > ENTRIES_MAX {
                return bad(key, format!("{many} entries; at most {ENTRIES_MAX}"));
            }
        }
        if !(1..=100).contains(&self.batch) {
            return bad("batch", "1 to 100".to_owned());
        }
        self.check_flaws()?;
        for (at, deed) in self.deeds.iter().enumerate() {
            let bad = |key: &str, why: String| Err((format!("deeds[{at}].{key}"), why));
            if deed.at_ms > self.heal_at_ms {
                return bad("atMs", format!("later than healAtMs, {}", self.heal_at_ms));
            }
            if let What::React { on_call } = &deed.what
                && !["answer", "decline", "ignore", "busy"].contains(&on_call.as_str())
            {
                return bad("do.react.onCall", "answer, decline, ignore or busy".to_owned());
            }
        }
        for (at, fault) in self.faults.iter().enumerate() {
            let key = |key: &str| format!("faults[{at}].{}.{key}", fault.kind());
            if fault.window().is_some_and(|(_, end)| end > self.heal_at_ms) {
                let key = if fault.window().is_some_and(|(at, _)| at > self.heal_at_ms) {
                    key("atMs")
                } else {
                    key("forMs")
                };
                let why = format!("it lasts beyond healAtMs, {}", self.heal_at_ms);
                return Err((key, why));
            }
            if let Fault::Link(fault) = fault {
                check_link(&fault.config)
                    .map_err(|(at, why)| (key(&format!("config.{at}")), why))?;
            }
        }
        Ok(())
    }

    /// Whether what is to be planted exists.
    ///
    /// # Errors
    /// The key, and what is wrong with it.
    pub fn check_flaws(&self) -> Result<(), (String, String)> {
        if let Some(name) = &self.bot_flaw
            && self.bot_flaw().is_none()
        {
            let known: Vec<&str> = BotFlaw::ALL.iter().map(|flaw| flaw.id()).collect();
            return Err(("botFlaw".to_owned(), no_flaw(name, &known)));
        }
        if let Some(name) = &self.platform_flaw
            && self.platform_flaw().is_none()
        {
            let known = platform::Flaw::ALL.map(|flaw| format!("{flaw:?}"));
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            return Err(("platformFlaw".to_owned(), no_flaw(name, &known)));
        }
        Ok(())
    }
}

/// Says that there is no such flaw, and which one was probably meant.
fn no_flaw(name: &str, known: &[&str]) -> String {
    let mut why = format!("there is no flaw {name:?}");
    if let Some(meant) = meant(name, known) {
        let _ = write!(why, "; did you mean {meant:?}?");
    }
    why
}

fn check_link(config: &LinkConfig) -> Result<(), (String, String)> {
    config.validate().map_err(|error| (error.key, error.why))?;
    let least = TICK.as_millis() as f64;
    if config.delay_ms < least {
        return Err(("delayMs".to_owned(), format!("at least the world's step, {least} ms")));
    }
    Ok(())
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

/// Where the n-th object of a list begins.
fn entry(text: &str, nth: usize) -> Option<usize> {
    let (mut depth, mut count, mut quoted, mut escaped) = (0_usize, 0, false, false);
    let from = text.find('[')?;
    for (at, letter) in text[from..].char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '{' | '[' => {
                depth += 1;
                if depth == 2 && letter == '{' {
                    if count == nth {
                        return Some(from + at);
                    }
                    count += 1;
                }
            }
            '}' | ']' => depth = depth.checked_sub(1)?,
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
}

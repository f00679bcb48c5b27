//! Cases that are known to fail.

use std::{collections::BTreeMap, path::Path};

use crate::report::read_at_most;

/// Mebibytes of such a file.
const SIZE: u64 = 1;

/// Cases that are known to fail, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected(BTreeMap<String, String>);

impl Expected {
    /// Reads a file: one id a line, the reason behind `#`; lines that begin with `#` are remarks.
    ///
    /// # Errors
    /// Names the file and the line: an id that is none, or is there twice.
    pub fn read(file: &Path, known: &[&str]) -> Result<Self, String> {
        let bad = |why: String| format!("{}: {why}", file.display());
        let bytes = read_at_most(file, SIZE).map_err(|error| bad(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| bad("is no UTF-8".to_owned()))?;
        Self::parse(&text, known).map_err(bad)
    }

    fn parse(text: &str, known: &[&str]) -> Result<Self, String> {
        let mut all = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            let (id, reason) = line.split_once('#').unwrap_or((line, ""));
            let (id, reason, number) = (id.trim(), reason.trim().to_owned(), number + 1);
            if id.is_empty() {
                continue;
            }
            if !known.contains(&id) {
                let hint = nearest(id, known).map(|near| format!("; did you mean '{near}'?"));
                let hint = hint.unwrap_or_else(|| "; see 'conformance list'".to_owned());
                return Err(format!("line {number}: there is no case '{id}'{hint}"));
            }
            if all.insert(id.to_owned(), reason).is_some() {
                return Err(format!("line {number}: '{id}' is there twice"));
            }
        }
        Ok(Self(all))
    }

    /// Why this case is expected to fail, if it is.
    pub fn reason(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }
}

/// The id that another one is most like.
fn nearest<'a>(id: &str, known: &[&'a str]) -> Option<&'a str> {
    let alike = |known: &str| strsim::jaro_winkler(id, known);
    let most = known.iter().copied().max_by(|one, other| alike(one).total_cmp(&alike(other)))?;
    (alike(most) > 0.8).then_some(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_and_its_mistakes_are_named() {
        let known = ["prompts/once", "tones/once"];
        let text = "# ours\n\nprompts/once  # ticket 12\ntones/once\n";
        let read = Expected::parse(text, &known).unwrap();
        assert_eq!(read.reason("prompts/once"), Some("ticket 12"));
        assert_eq!((read.reason("tones/once"), read.reason("x/y")), (Some(""), None));
        let why = Expected::parse("\nprompt/once", &known).unwrap_err();
        assert_eq!(why, "line 2: there is no case 'prompt/once'; did you mean 'prompts/once'?");
        let why = Expected::parse("tones/once\ntones/once # again", &known).unwrap_err();
        assert_eq!(why, "line 2: 'tones/once' is there twice");
        assert!(Expected::parse("zzz", &known).unwrap_err().contains("conformance list"));
        let why = Expected::read(Path::new("/nowhere/x.txt"), &known).unwrap_err();
        assert!(why.starts_with("/nowhere/x.txt: "), "{why}");
    }
}

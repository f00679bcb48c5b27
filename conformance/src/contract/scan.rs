//! Where the sources name a rule or a point of clients.md.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// A range of more rules than this is an outline, not a claim about each of them: it does not count.
const RANGE_MAX: u16 = 4;

/// Where something is named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, from the root of the workspace.
    pub file: String,
    /// The item nearby.
    pub item: String,
}

/// Where all of one list are named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// In programs.
    pub followed: BTreeMap<u16, Vec<Place>>,
    /// In tests and cases.
    pub checked: BTreeMap<u16, Vec<Place>>,
}

/// What the sources name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// Rules of the contract.
    pub rules: Places,
    /// Points of clients.md.
    pub clients: Places,
}

/// Folders whose sources are read.
const ROOTS: [&str; 6] =
    ["graph-api", "graph-fake", "bot-reference", "conformance", "media", "sim"];

/// Reads the sources below the root of the workspace.
///
/// # Errors
/// A file cannot be read.
pub fn sources(root: &Path) -> io::Result<Sources> {
    let mut files = Vec::new();
    for folder in ROOTS {
        collect(&root.join(folder), &mut files)?;
    }
    files.sort();
    let mut sources = Sources::default();
    for path in files {
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        scan(&name, &fs::read_to_string(&path)?, &mut sources);
    }
    Ok(sources)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if name != "target" {
                collect(&path, files)?;
            }
        } else if name.ends_with(".rs") || name.ends_with(".py") {
            files.push(path);
        }
    }
    Ok(())
}

/// Planted faults break rules and this folder lists them: neither says where one is followed.
fn is_silent(file: &str) -> bool {
    file.ends_with("/flaw.rs") || file.starts_with("conformance/src/contract")
}

/// Whether the whole file checks.
fn is_test(file: &str) -> bool {
    file.contains("/tests/")
        || file.ends_with("/tests.rs")
        || file.ends_with("_tests.rs")
        || file.contains("/interop/")
        || file.starts_with("conformance/src/cases")
        || file == "conformance/src/rules.rs"
}

fn scan(file: &str, text: &str, sources: &mut Sources) {
    if is_silent(file) {
        return;
    }
    let mut checks = is_test(file);
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let elsewhere = || lines.get(at + 1).is_some_and(|next| next.trim_end().ends_with(';'));
        checks |= line.trim_start().starts_with("#[cfg(test)]") && !elsewhere();
        // What stands above a whole file says what it is about, not who follows what.
        if line.trim_start().starts_with("//!") {
            continue;
        }
        let place = || Place { file: file.to_owned(), item: item(&lines, at) };
        note(&mut sources.rules, checks, &rules(line), place);
        note(&mut sources.clients, checks, &clients(line), place);
    }
}

fn note(places: &mut Places, checks: bool, numbers: &[u16], place: impl Fn() -> Place) {
    for number in numbers {
        let found = if checks { &mut places.checked } else { &mut places.followed };
        let all = found.entry(*number).or_default();
        let place = place();
        if !all.contains(&place) {
            all.push(place);
        }
    }
}

/// The rules that a line names: `R-102`, and all of `R-230 to R-233`.
fn rules(line: &str) -> Vec<u16> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((number, after)) = rule(rest) {
        rest = after;
        match after.strip_prefix(" to R-").and(rule(after)) {
            Some((last, after)) => {
                rest = after;
                if last.saturating_sub(number) < RANGE_MAX {
                    found.extend(number..=last);
                }
            }
            None => found.push(number),
        }
    }
    found
}

/// The first rule of a text, and what follows it.
fn rule(text: &str) -> Option<(u16, &str)> {
    let mut rest = text;
    loop {
        rest = rest.get(rest.find("R-")? + 2..)?;
        if let Some(number) = rest.get(..3).and_then(|digits| digits.parse().ok()) {
            return Some((number, rest.get(3..)?));
        }
    }
}

/// The points that a line names, at the beginning of a sentence too: `clients.md 5, 12`, `clients.md 20 and 21`, `clients.md 6 to 11`.
fn clients(line: &str) -> Vec<u16> {
    let mut found = Vec::new();
    for text in line.split("lients.md ").skip(1) {
        let Some((mut last, mut rest)) = number(text) else { continue };
        found.push(last);
        while let Some((next, after, range)) = following(rest) {
            if range {
                found.extend(last + 1..next);
            }
            found.push(next);
            (last, rest) = (next, after);
        }
    }
    found
}

fn following(text: &str) -> Option<(u16, &str, bool)> {
    for (between, range) in [(", ", false), (" and ", false), (" to ", true)] {
        if let Some((found, rest)) = text.strip_prefix(between).and_then(number) {
            return Some((found, rest, range));
        }
    }
    None
}

fn number(text: &str) -> Option<(u16, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// What a comment stands on: the item or member right below a doc comment, else the item around it.
fn item(lines: &[&str], at: usize) -> String {
    let around = || lines[..at].iter().rev().find_map(|line| name(line));
    let line = lines[at].trim_start();
    if !line.starts_with("///") {
        return name(line).or_else(around).unwrap_or_else(|| "the file".to_owned());
    }
    let below = lines.iter().skip(at).map(|line| line.trim_start());
    let below = below.skip_while(|line| line.starts_with("//") || line.starts_with("#["));
    let Some(below) = below.take(1).next() else { return "the file".to_owned() };
    match (name(below), member(below), around()) {
        (Some(item), _, _) => item,
        (None, Some(member), Some(around)) => format!("{around}.{member}"),
        (None, _, around) => around.unwrap_or_else(|| "the file".to_owned()),
    }
}

/// A field or a variant.
fn member(line: &str) -> Option<&str> {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let end = line.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(line.len());
    let ends = line[end..].chars().next().is_none_or(|next| ":,({ ".contains(next));
    (end > 0 && ends).then(|| &line[..end])
}

fn name(line: &str) -> Option<String> {
    let mut line = line.trim_start();
    for word in ["pub ", "pub(crate) ", "pub(super) ", "async "] {
        line = line.strip_prefix(word).unwrap_or(line);
    }
    if line.starts_with("const fn ") {
        line = &line[6..];
    }
    let kinds = ["fn ", "struct ", "enum ", "const ", "static ", "def ", "mod ", "trait ", "impl "];
    let rest = kinds.into_iter().find_map(|kind| line.strip_prefix(kind))?;
    let rest = rest.split(" for ").last().unwrap_or(rest);
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    (end > 0).then(|| rest[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_from_comments() {
        assert_eq!(rules("/// R-103: at once (R-102)."), [103, 102]);
        assert_eq!(rules("/// R-230 to R-233, R-258."), [230, 231, 232, 233, 258]);
        assert_eq!(rules("/// R-230 to R-299, R-300: an outline."), [300]);
        assert_eq!(rules("R- R-1 R-abc no"), [0_u16; 0]);
    }

    #[test]
    fn points_are_read_from_comments() {
        assert_eq!(clients("(clients.md 25, notifications.md 3.9)"), [25]);
        assert_eq!(clients("clients.md 5, 12 and 14 to 16; clients.md 2."), [5, 12, 14, 15, 16, 2]);
        assert_eq!(clients("clients.md says nothing"), [0_u16; 0]);
    }

    #[test]
    fn a_comment_belongs_to_what_it_stands_on() {
        let lines = ["/// R-1xx.", "#[test]", "pub async fn answers() {", "    // R-2xx", "}"];
        assert_eq!(item(&lines, 0), "answers");
        assert_eq!(item(&lines, 3), "answers");
        let lines = ["pub struct Options {", "    /// R-1xx.", "    pub ring: Duration,"];
        assert_eq!(item(&lines, 1), "Options.ring");
        let lines = ["enum Role {", "    /// R-1xx.", "    Initiate,"];
        assert_eq!(item(&lines, 1), "Role.Initiate");
    }

    #[test]
    fn tests_check_and_programs_follow() {
        let mut sources = Sources::default();
        let code = "#[cfg(test)]\nmod tests;\n//! R-104.\n/// R-102.\nfn a() {}\n\
                    #[cfg(test)]\nmod more {\n/// R-103.\nfn b() {}\n}\n";
        scan("graph-fake/src/x.rs", code, &mut sources);
        scan("graph-fake/src/flaw.rs", code, &mut sources);
        scan("graph-fake/src/x/tests.rs", "/// R-102.\nfn c() {}", &mut sources);
        let followed: Vec<_> = sources.rules.followed.keys().copied().collect();
        let checked: Vec<_> = sources.rules.checked.keys().copied().collect();
        assert_eq!((followed, checked), (vec![102], vec![102, 103]));
        assert_eq!(sources.rules.checked[&102][0].item, "c");
    }
}

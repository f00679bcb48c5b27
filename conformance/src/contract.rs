//! The numbered rules of Graph's calls API (R-001 …), and where in this workspace each is followed and checked.
//!
//! A rule is *followed* where a comment in program code names it and *checked* where a test or a case does;
//! both are read from the sources, so that the table cannot say what the code does not.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

/// How well a rule is sourced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Documented.
    D,
    /// Seen in samples, SDK sources or recorded traffic.
    S,
    /// Not documented: a default of this project, switchable.
    N,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractRule {
    /// Its number.
    pub number: u16,
    /// How well it is sourced.
    pub mark: Mark,
    /// What it says.
    pub says: String,
    /// Why nothing of it can be checked, where that is so.
    pub fact: Option<String>,
}

/// All rules, by number.
///
/// # Panics
/// The table that is built in is broken: a bug.
pub fn rules() -> Vec<ContractRule> {
    let table = include_str!("../rules/contract.tsv");
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| read(line).unwrap_or_else(|| panic!("contract.tsv: {line}"))).collect()
}

fn read(line: &str) -> Option<ContractRule> {
    let mut cells = line.split('\t');
    let number = cells.next()?.strip_prefix("R-")?.parse().ok()?;
    let mark = match cells.next()? {
        "D" => Mark::D,
        "S" => Mark::S,
        "N" => Mark::N,
        _ => return None,
    };
    let says = cells.next()?.to_owned();
    Some(ContractRule { number, mark, says, fact: cells.next().map(str::to_owned) })
}

/// Where a rule is named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, from the root of the workspace.
    pub file: String,
    /// The item nearby.
    pub item: String,
}

/// Where all rules are named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// In programs.
    pub followed: BTreeMap<u16, Vec<Place>>,
    /// In tests and cases.
    pub checked: BTreeMap<u16, Vec<Place>>,
}

/// Folders whose sources are read.
const ROOTS: [&str; 6] =
    ["graph-api", "graph-fake", "bot-reference", "conformance", "media", "sim"];

/// Reads the sources below the root of the workspace.
///
/// # Errors
/// A file cannot be read.
pub fn places(root: &Path) -> io::Result<Places> {
    let mut files = Vec::new();
    for folder in ROOTS {
        collect(&root.join(folder), &mut files)?;
    }
    files.sort();
    let mut places = Places::default();
    for path in files {
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        scan(&name, &fs::read_to_string(&path)?, &mut places);
    }
    Ok(places)
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

fn scan(file: &str, text: &str, places: &mut Places) {
    let only_checks = file.contains("/tests/")
        || file.contains("/interop/")
        || file.starts_with("conformance/src/cases")
        || file == "conformance/src/rules.rs";
    let mut checks = only_checks;
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        checks |= line.trim_start().starts_with("#[cfg(test)]");
        for number in numbers(line) {
            let place = Place { file: file.to_owned(), item: item(&lines, at) };
            let found = if checks { &mut places.checked } else { &mut places.followed };
            let all = found.entry(number).or_default();
            if !all.contains(&place) {
                all.push(place);
            }
        }
    }
}

/// The rules that a line names: `R-102`, and all of `R-230 to R-237`.
fn numbers(line: &str) -> Vec<u16> {
    let mut found = Vec::new();
    let mut rest = line;
    let mut last: Option<(u16, &str)> = None;
    while let Some(at) = rest.find("R-") {
        let digits = rest.get(at + 2..at + 5).unwrap_or_default();
        let between = &rest[..at];
        rest = rest.get(at + 2..).unwrap_or_default();
        let Ok(number) = digits.parse::<u16>() else { continue };
        let range = between.get(3..).is_some_and(|text| text.trim() == "to" || text == "..");
        match last {
            Some((first, _)) if range => found.extend(first + 1..=number),
            _ => found.push(number),
        }
        last = Some((number, digits));
    }
    found
}

/// The item that a comment belongs to: the next one below a doc comment, else the one around.
fn item(lines: &[&str], at: usize) -> String {
    let doc = lines[at].trim_start().starts_with("//");
    let below = lines.iter().skip(at).take(if doc { 14 } else { 1 }).find_map(|line| name(line));
    let around = || lines[..at].iter().rev().find_map(|line| name(line));
    below.or_else(around).unwrap_or_else(|| "the file".to_owned())
}

fn name(line: &str) -> Option<String> {
    let line = line.trim_start();
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let line = line
        .strip_prefix("pub(crate) ")
        .or_else(|| line.strip_prefix("pub(super) "))
        .unwrap_or(line);
    let line = line
        .strip_prefix("async ")
        .or_else(|| line.strip_prefix("const fn ").map(|_| &line[6..]))
        .unwrap_or(line);
    let kinds = ["fn ", "struct ", "enum ", "const ", "static ", "def ", "mod ", "trait "];
    let rest = kinds.into_iter().find_map(|kind| line.strip_prefix(kind))?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    (end > 0).then(|| rest[..end].to_owned())
}

/// The table in Markdown (docs/rules.md).
pub fn table(places: &Places) -> String {
    let mut text = String::from(
        "# Rules: what is followed where, and what checks it\n\n\
         Printed from the code by `cargo test -p conformance --test rules_table`, which fails when this page is not \
         current or when a documented (D) or seen (S) rule is neither followed and checked nor explained. \
         N: not documented, a default of this project. `RULES_TABLE=write` writes the page.\n\n\
         | Rule | | What it says | Followed in | Checked by |\n|---|---|---|---|---|\n",
    );
    for rule in rules() {
        let mark = match rule.mark {
            Mark::D => "D",
            Mark::S => "S",
            Mark::N => "N",
        };
        let says = rule.says.replace('|', "\\|");
        let followed = shown(places.followed.get(&rule.number));
        let checked = match &rule.fact {
            Some(fact) => format!("nothing to check: {fact}"),
            None => shown(places.checked.get(&rule.number)),
        };
        let _ =
            writeln!(text, "| R-{:03} | {mark} | {says} | {followed} | {checked} |", rule.number);
    }
    text
}

/// The first three places, the files' folders shortened.
fn shown(places: Option<&Vec<Place>>) -> String {
    let Some(places) = places else { return "–".to_owned() };
    let mut shown: Vec<String> = places
        .iter()
        .take(3)
        .map(|place| format!("`{}` {}", place.file.replace("/src/", "/"), place.item))
        .collect();
    if places.len() > 3 {
        shown.push(format!("and {} more", places.len() - 3));
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_from_comments() {
        assert_eq!(numbers("/// R-103: at once (R-102)."), [103, 102]);
        assert_eq!(numbers("/// R-230 to R-233, R-258."), [230, 231, 232, 233, 258]);
        assert_eq!(numbers("R- R-1 R-abc no"), [0_u16; 0]);
    }

    #[test]
    fn a_comment_belongs_to_what_it_stands_on() {
        let lines = ["/// R-1xx.", "#[test]", "pub async fn answers() {", "    // R-2xx", "}"];
        assert_eq!(item(&lines, 0), "answers");
        assert_eq!(item(&lines, 3), "answers");
    }

    #[test]
    fn every_rule_is_there_once() {
        let numbers: Vec<u16> = rules().iter().map(|rule| rule.number).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b) && numbers.len() == 281);
    }
}

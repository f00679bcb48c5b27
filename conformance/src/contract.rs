//! The numbered rules of Graph's calls API (R-001 …) and the 27 points of what real clients demand (clients.md),
//! and where in this workspace each is followed and checked.
//!
//! One is *followed* where a comment in program code names it and *checked* where a test or a case does;
//! both are read from the sources, so that the tables cannot say what the code does not.

mod scan;

pub use scan::{Place, Places, Sources, sources};

use std::fmt::Write as _;

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

impl ContractRule {
    /// Whether nobody follows it, or nobody checks it, though it has a source; and which.
    pub fn lack(&self, places: &Places) -> Option<&'static str> {
        let followed = places.followed.contains_key(&self.number);
        let checked = places.checked.contains_key(&self.number);
        match (followed, checked) {
            _ if self.mark == Mark::N || self.fact.is_some() => None,
            (true, true) => None,
            (false, false) => Some("neither followed nor checked"),
            (false, true) => Some("not followed"),
            (true, false) => Some("not checked"),
        }
    }
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

/// What real, unmodified clients demand, by number: seen, all of it.
///
/// # Panics
/// The table that is built in is broken: a bug.
pub fn client_points() -> Vec<ContractRule> {
    let table = include_str!("../rules/clients.tsv");
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let read = |line: &str| {
        let (number, says) = line.split_once('\t')?;
        let says = says.to_owned();
        Some(ContractRule { number: number.parse().ok()?, mark: Mark::S, says, fact: None })
    };
    lines.map(|line| read(line).unwrap_or_else(|| panic!("clients.tsv: {line}"))).collect()
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

/// The page in Markdown (docs/rules.md).
pub fn page(sources: &Sources) -> String {
    let mut text = String::from(
        "# Rules: what is followed where, and what checks it\n\n\
         Printed from the code by `cargo test -p conformance --test rules_table`, which fails when this page is not \
         current or when a documented (D) or seen (S) rule is neither followed and checked nor explained. \
         N: not documented, a default of this project. `RULES_TABLE=write` writes the page. Only names at an item \
         count: not those above a whole file, nor ranges of more than four.\n\n\
         | Rule | | What it says | Followed in | Checked by |\n|---|---|---|---|---|\n",
    );
    for rule in rules() {
        let mark = match rule.mark {
            Mark::D => "D",
            Mark::S => "S",
            Mark::N => "N",
        };
        line(&mut text, &format!("R-{:03} | {mark}", rule.number), &rule, &sources.rules);
    }
    text.push_str(
        "\n# What real, unmodified clients demand\n\n\
         The points of clients.md, kept current in the same way.\n\n\
         | Point | What it says | Followed in | Checked by |\n|---|---|---|---|\n",
    );
    for point in client_points() {
        line(&mut text, &format!("clients.md {}", point.number), &point, &sources.clients);
    }
    text
}

fn line(text: &mut String, first: &str, rule: &ContractRule, places: &Places) {
    let says = rule.says.replace('|', "\\|");
    let followed = shown(places.followed.get(&rule.number));
    let checked = match &rule.fact {
        Some(fact) => format!("nothing to check: {fact}"),
        None => shown(places.checked.get(&rule.number)),
    };
    let _ = writeln!(text, "| {first} | {says} | {followed} | {checked} |");
}

/// The first three places.
fn shown(places: Option<&Vec<Place>>) -> String {
    let Some(places) = places else { return "–".to_owned() };
    let mut shown: Vec<String> =
        places.iter().take(3).map(|place| format!("`{}` {}", place.file, place.item)).collect();
    if places.len() > 3 {
        shown.push(format!("and {} more", places.len() - 3));
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_there_once() {
        let numbers: Vec<u16> = rules().iter().map(|rule| rule.number).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b) && numbers.len() == 281);
        assert!(client_points().iter().map(|point| point.number).eq(1..=27));
    }

    #[test]
    fn what_is_not_named_lacks_something() {
        let rule = |fact: Option<&str>, mark| {
            let fact = fact.map(str::to_owned);
            ContractRule { number: 1, mark, says: String::new(), fact }
        };
        let place = Place { file: String::new(), item: String::new() };
        let mut places = Places::default();
        let lack = |places: &Places| rule(None, Mark::D).lack(places);
        assert_eq!(lack(&places), Some("neither followed nor checked"));
        assert_eq!(rule(Some("a term"), Mark::D).lack(&places), None);
        assert_eq!(rule(None, Mark::N).lack(&places), None);
        places.followed.insert(1, vec![place.clone()]);
        assert_eq!(lack(&places), Some("not checked"));
        places.checked.insert(1, vec![place]);
        assert_eq!(lack(&places), None);
    }
}

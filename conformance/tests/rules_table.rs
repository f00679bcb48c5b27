//! docs/rules.md says what the sources say, and no documented or seen rule goes unwatched.

use std::{fs, path::Path};

use conformance::contract::{Mark, places, rules, table};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the workspace")
}

#[test]
fn the_page_is_current() {
    let page = root().join("docs/rules.md");
    let printed = table(&places(root()).expect("the sources can be read"));
    if std::env::var_os("RULES_TABLE").is_some_and(|wish| wish == "write") {
        fs::write(&page, &printed).expect("docs/rules.md can be written");
    }
    let kept = fs::read_to_string(&page).expect("docs/rules.md is there");
    let first = printed.lines().zip(kept.lines()).find(|(printed, kept)| printed != kept);
    assert!(
        printed == kept,
        "docs/rules.md is not current; RULES_TABLE=write cargo test -p conformance --test rules_table \
         writes it. First difference: {first:#?}"
    );
}

#[test]
fn no_documented_or_seen_rule_goes_unwatched() {
    let places = places(root()).expect("the sources can be read");
    let mut unwatched = Vec::new();
    for rule in rules().into_iter().filter(|rule| rule.mark != Mark::N && rule.fact.is_none()) {
        let followed = places.followed.contains_key(&rule.number);
        let checked = places.checked.contains_key(&rule.number);
        if !followed || !checked {
            let lacks = match (followed, checked) {
                (false, false) => "neither followed nor checked",
                (false, true) => "not followed",
                _ => "not checked",
            };
            unwatched.push(format!("R-{:03} {lacks}: {}", rule.number, rule.says));
        }
    }
    assert!(unwatched.is_empty(), "{} rules:\n{}", unwatched.len(), unwatched.join("\n"));
}

//! docs/rules.md says what the sources say, and no documented or seen rule goes unwatched.

use std::{fs, path::Path};

use conformance::contract::{Sources, client_points, page, rules, sources};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the workspace")
}

fn read() -> Sources {
    sources(root()).expect("the sources can be read")
}

#[test]
fn the_page_is_current() {
    let file = root().join("docs/rules.md");
    let printed = page(&read());
    if std::env::var_os("RULES_TABLE").is_some_and(|wish| wish == "write") {
        fs::write(&file, &printed).expect("docs/rules.md can be written");
    }
    let kept = fs::read_to_string(&file).expect("docs/rules.md is there");
    let first = printed.lines().zip(kept.lines()).find(|(printed, kept)| printed != kept);
    assert!(
        printed == kept,
        "docs/rules.md is not current; RULES_TABLE=write cargo test -p conformance --test rules_table \
         writes it. First difference: {first:#?}"
    );
}

#[test]
fn no_documented_or_seen_rule_goes_unwatched() {
    let sources = read();
    let lack = |rule: &conformance::contract::ContractRule| {
        let lacks = rule.lack(&sources.rules)?;
        Some(format!("R-{:03} {lacks}: {}", rule.number, rule.says))
    };
    let unwatched: Vec<String> = rules().iter().filter_map(lack).collect();
    assert!(unwatched.is_empty(), "{} rules:\n{}", unwatched.len(), unwatched.join("\n"));
}

#[test]
fn no_demand_of_real_clients_goes_unwatched() {
    let sources = read();
    let lack = |point: &conformance::contract::ContractRule| {
        let lacks = point.lack(&sources.clients)?;
        Some(format!("clients.md {} {lacks}: {}", point.number, point.says))
    };
    let unwatched: Vec<String> = client_points().iter().filter_map(lack).collect();
    assert!(unwatched.is_empty(), "{} points:\n{}", unwatched.len(), unwatched.join("\n"));
}

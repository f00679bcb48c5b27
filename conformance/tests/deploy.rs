//! What `deploy/` tells others to type exists: every flag of a `conformance` command is one that the program knows.

use std::{path::PathBuf, process::Command};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../deploy")
}

fn text(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).expect(name)
}

/// The commands in a text: words from `conformance` on, across lines that are continued.
fn commands(text: &str) -> Vec<Vec<String>> {
    let joined = text.replace("\\\n", " ");
    let mut found = Vec::new();
    for line in joined.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().map(|word| word.trim_matches('`')).collect();
        let starts = |word: &&str| *word == "conformance" || word.ends_with("/conformance");
        let Some(at) = words.iter().position(starts) else { continue };
        let end = |word: &&&str| !matches!(**word, "||" | "&&" | "|" | ";");
        let command = words[at + 1..].iter().take_while(end).map(|&word| word.to_owned());
        found.push(command.collect());
    }
    found.retain(|command: &Vec<String>| {
        matches!(command.first().map(String::as_str), Some("sweep" | "report" | "run" | "replay"))
    });
    found
}

/// What the program says of a command; nothing if it does not know it.
fn help(command: &[String]) -> Option<String> {
    let names: Vec<&str> = command
        .iter()
        .take(if command[0] == "report" { 2 } else { 1 })
        .map(String::as_str)
        .collect();
    let mut program = Command::new(env!("CARGO_BIN_EXE_conformance"));
    let output = program.args(names).arg("--help").output().expect("it starts");
    output.status.success().then(|| String::from_utf8(output.stdout).expect("help is text"))
}

/// The flags that help describes.
fn flags(help: &str) -> Vec<&str> {
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    lines
        .flat_map(|line| {
            line.split([' ', ',']).take_while(|word| word.is_empty() || word.starts_with('-'))
        })
        .filter(|word| word.starts_with("--"))
        .collect()
}

#[test]
fn every_flag_exists() {
    // Until the program itself describes it.
    const SWEEP: [&str; 6] = ["--seeds", "--from", "--shard", "--jobs", "--minutes", "--json"];
    let mut seen = 0;
    for name in ["sweep.yaml", "merge.yaml", "github-actions.yml", "README.md"] {
        let commands = commands(&text(name));
        assert!(!commands.is_empty(), "{name} has commands");
        for command in commands {
            let help = help(&command);
            let known = match &help {
                Some(help) => flags(help),
                None if command[0] == "sweep" => SWEEP.to_vec(),
                None => panic!("{name}: there is no such command: {command:?}"),
            };
            for flag in command.iter().filter(|word| word.starts_with("--")) {
                let flag = flag.split('=').next().unwrap_or(flag);
                assert!(
                    known.contains(&flag),
                    "{name}: {flag} of {command:?} is none of {known:?}"
                );
                seen += 1;
            }
        }
    }
    assert!(seen >= 15, "only {seen} flags were seen: are commands still found?");
}

/// What is found outlives the machine that found it.
#[test]
fn findings_are_kept() {
    assert!(text("sweep.yaml").contains("--out /reports/findings"));
    let actions = text("github-actions.yml");
    assert!(actions.contains("--out findings"));
    assert_eq!(actions.matches("            findings/\n").count(), 2, "with the shard and merged");
    assert!(text("README.md").contains("/reports/findings"));
}

/// The value of a key, as it stands in a line of YAML.
fn value(text: &str, key: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix(key))?;
    Some(line.trim_start_matches(':').trim().trim_matches('"').to_owned())
}

#[test]
fn there_are_as_many_shards_as_pods() {
    let sweep = text("sweep.yaml");
    let shards = sweep.split("- name: SHARDS").nth(1).and_then(|rest| value(rest, "value"));
    assert_eq!(shards, value(&sweep, "completions"));
    assert!(
        sweep.contains("number=$((JOB_COMPLETION_INDEX + 1))")
            && sweep.contains(r#"--shard "$number/$SHARDS""#)
    );
    let actions = text("github-actions.yml");
    let matrix = value(&actions, "shard").expect("a matrix");
    let numbers: Vec<String> =
        matrix.trim_matches(['[', ']']).split(',').map(|number| number.trim().to_owned()).collect();
    let counted: Vec<String> = (1..=numbers.len()).map(|number| number.to_string()).collect();
    assert_eq!(numbers, counted, "shards count from 1");
    assert_eq!(value(&actions, "SHARDS").as_deref(), counted.last().map(String::as_str));
}

#[test]
fn yaml_is_laid_out_as_yaml() {
    for name in ["sweep.yaml", "merge.yaml", "github-actions.yml"] {
        for (n, line) in text(name).lines().enumerate() {
            let indent = line.len() - line.trim_start_matches(' ').len();
            assert!(
                !line.contains('\t') && indent % 2 == 0 && line == line.trim_end(),
                "{name}:{}",
                n + 1
            );
        }
    }
    let (sweep, merge) = (text("sweep.yaml"), text("merge.yaml"));
    for said in
        ["apiVersion: batch/v1", "kind: Job", "claimName: sweep-reports", "image: rehearsal:latest"]
    {
        assert!(sweep.contains(said) && merge.contains(said), "{said}");
    }
    assert!(sweep.contains("completionMode: Indexed"));
}

//! Shards on the command line: played, merged, compared.

use std::{path::Path, process::Command};

use serde_json::Value;

fn conformance(dir: &Path, arguments: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conformance"));
    let output = command.current_dir(dir).args(arguments.split(' ')).output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the output is text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn json(file: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn three_shards_are_one_run() {
    let dir = tempfile::tempdir().unwrap();
    let play = |more: &str| {
        conformance(
            dir.path(),
            &format!(
                "run --case prompts/wait-for-audio --case prompts/once --seeds 4 --quiet {more}"
            ),
        );
    };
    play("--json whole.json");
    for k in 1..=3 {
        play(&format!("--shard {k}/3 --json {k}.json"));
    }
    let merge = "report merge 3.json 1.json 2.json --json merged.json --junit merged.xml";
    let (code, out, error) = conformance(dir.path(), merge);
    assert_eq!(
        (code, out.lines().last()),
        (Some(0), Some("8 passed, 0 failed, 0 skipped")),
        "{error}"
    );
    let (mut whole, mut merged) =
        (json(&dir.path().join("whole.json")), json(&dir.path().join("merged.json")));
    for report in [&mut whole, &mut merged] {
        report["wall_seconds"] = Value::Null;
    }
    assert_eq!(merged, whole);
    assert!(
        std::fs::read_to_string(dir.path().join("merged.xml")).unwrap().contains(r#"tests="8""#)
    );

    let (code, out, _) = conformance(dir.path(), "report merge 1.json 3.json");
    assert_eq!(code, Some(1));
    assert!(out.contains("missing: 2/3\n"), "{out}");
    let (code, _, error) = conformance(dir.path(), "report merge 1.json 1.json");
    assert_eq!(
        (code, &*error),
        (Some(2), "conformance: 1.json: shard: is 1/3, and so is 1.json\n")
    );

    let (code, out, _) = conformance(dir.path(), "report diff whole.json merged.json");
    assert_eq!((code, out.lines().last()), (Some(0), Some("0 better, 0 worse, 0 new, 0 gone")));
    play("--flaw prompts-too-early --json flawed.json");
    let (code, out, _) = conformance(dir.path(), "report diff whole.json flawed.json");
    assert_eq!(code, Some(1));
    assert!(out.contains("worse  prompts/wait-for-audio (seed 1): passed, then failed"), "{out}");
}

#[test]
fn mistakes_end_with_two() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("bad.json"), r#"{"kind":"run","version":1,"seed":-1}"#).unwrap();
    for (arguments, said) in [
        ("report merge none.json", "conformance: none.json: No such file or directory"),
        ("report merge bad.json", "conformance: bad.json: seed: is no seed"),
        ("report diff bad.json bad.json", "conformance: bad.json: seed: is no seed"),
        ("report merge bad.json --json - --junit -", "two reports cannot go to the same place"),
        ("report merge", "<FILE>"),
        ("report diff bad.json", "<B>"),
    ] {
        let (code, out, error) = conformance(dir.path(), arguments);
        assert_eq!((code, &*out), (Some(2), ""), "{arguments}: {error}");
        assert!(error.contains(said), "{arguments}: {error}");
    }
}

use super::*;

const GOOD: &str = r#"
name = "my bot"
profiles = ["ivr"]
expectedFailures = "known.txt"
[command]
argv = ["python3", "{dir}/bot.py", "--port={port}", '{"a": 1}']
[command.env]
GRAPH = "{graph}"
[ready]
path = "/health"
"#;

fn parse(text: &str) -> Result<Manifest, String> {
    Manifest::parse(text, PathBuf::from("/bots/mine"))
}

#[track_caller]
fn refused(change: (&str, &str), wanted: &[&str]) {
    assert!(GOOD.contains(change.0), "{}", change.0);
    let why = parse(&GOOD.replace(change.0, change.1)).unwrap_err();
    assert!(wanted.iter().all(|part| why.contains(part)), "{why}");
}

#[test]
fn a_manifest_is_read() {
    let manifest = parse(GOOD).unwrap();
    assert!(manifest.claims(Claim::Tones) && manifest.claims(Claim::IncomingCall));
    assert!(!manifest.claims(Claim::GroupCall));
    assert_eq!((&*manifest.callback, manifest.patience().as_secs()), ("/api/calls", 30));
    assert_eq!(manifest.file(Path::new("known.txt")), Path::new("/bots/mine/known.txt"));
    let places = Places { dir: "/x".to_owned(), port: "7".to_owned(), ..Places::default() };
    let argv = manifest.command.unwrap().argv;
    let filled: Vec<String> = argv.iter().map(|word| places.fill(word)).collect();
    assert_eq!(filled, ["python3", "/x/bot.py", "--port=7", "{\"a\": 1}"]);
}

#[test]
fn mistakes_are_named_with_line_key_and_what_was_meant() {
    refused(
        ("expectedFailures", "expectedFailure"),
        &["line 4", "did you mean `expectedFailures`"],
    );
    refused(("\"ivr\"", "\"irv\""), &["line 3", "profiles", "did you mean `ivr`?"]);
    refused(("path =", "paht ="), &["line 10", "ready", "`paht`", "did you mean `path`?"]);
    refused(("{graph}", "{grpah}"), &["line 7", "command.env.GRAPH", "did you mean {graph}?"]);
    refused(("{port}", "{zzz}"), &["line 6", "command.argv", "{zzz}", "openId"]);
    refused(("\"/health\"", "\"health\""), &["line 10", "path: begins with a slash"]);
    refused(("[ready]", "[ready]\ntimeout = 0"), &["line 10", "1 to 600 seconds"]);
    refused(("[ready]", "[ready]\ntimeout = -1"), &["line 10", "timeout"]);
    refused(("name =", "actions = [\"mute\"]\nname ="), &["line 2", "no 'driver'"]);
    refused(("name =", "url = \"nowhere\"\nname ="), &["line 2", "url"]);
    refused(("[\"ivr\"]", "[]"), &["line 3", "profiles"]);
    refused(("\"python3\"", "\" \""), &["line 6", "names no program"]);
    let nothing = parse("name = \"x\"\nprofiles = [\"ivr\"]\n").unwrap_err();
    assert!(nothing.contains("'command'") && nothing.contains("'url'"), "{nothing}");
    assert!(parse("name = ").unwrap_err().contains("line 1"));
}

#[test]
fn words_are_those_of_manifests() {
    for claim in Claim::ALL {
        assert_eq!(serde_json::json!(claim), claim.word());
    }
    for action in DriverAction::ALL {
        assert_eq!(serde_json::json!(action), action.word());
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Manifest::read(Path::new("/nowhere/bot.toml")).unwrap_err().to_string();
    assert!(error.starts_with("/nowhere/bot.toml: "), "{error}");
}

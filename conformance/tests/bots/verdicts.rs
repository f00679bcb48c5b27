//! Bad bots and bad manifests: each gets a verdict that says what is wrong, every report, and the documented code.

use super::{Stand, ended};

const ANSWERED: [&str; 2] = ["--case", "incoming-call/answered-in-time"];

#[track_caller]
fn in_trouble(mode: &str, trouble: &str, said: &[&str]) {
    let stand = Stand::new(mode, "timeout = 20", "");
    let all = ended(&stand.play(&ANSWERED), 1);
    assert!(all.ends_with("0 passed, 1 failed, 0 skipped\n"), "{all}");
    let case = &stand.json()["cases"][0];
    assert_eq!(case["trouble"], trouble, "{case:#}");
    let told = format!("{} {}", case["reason"], case["last_lines"]);
    assert!(said.iter().all(|part| told.contains(part)), "{told}");
    stand.reported(trouble);
}

#[test]
fn a_bot_that_dies_in_a_case() {
    in_trouble("dies", "died", &["ended with exit code 9", "thread 'main' panicked"]);
}

#[test]
fn a_bot_that_died_is_started_again_for_the_next_case() {
    let stand = Stand::new("dies", "timeout = 20", "");
    let cases =
        ["--case", "incoming-call/answered-in-time", "--case", "incoming-call/answered-once"];
    ended(&stand.play(&cases), 1);
    let report = stand.json();
    let troubles: Vec<_> =
        report["cases"].as_array().unwrap().iter().map(|case| &case["trouble"]).collect();
    assert_eq!(troubles, ["died", "died"]);
}

#[test]
fn a_bot_that_hangs() {
    in_trouble("hangs", "hung", &["it answered no notification"]);
}

#[test]
fn a_bot_that_answers_html() {
    in_trouble("html", "answered HTML", &["is 'callback' the right path?"]);
}

#[test]
fn a_bot_that_floods() {
    in_trouble("floods", "flooded", &["fewer than 5000 messages in one case"]);
}

#[track_caller]
fn does_not_start(stand: &Stand, said: &[&str]) {
    let all = ended(&stand.play(&ANSWERED), 3);
    assert!(said.iter().all(|part| all.contains(part)), "{all}");
    assert!(all.ends_with("0 passed, 0 failed, 0 skipped\n"), "{all}");
    for part in said {
        stand.reported(part);
    }
}

#[test]
fn a_bot_that_ends_before_it_takes_calls() {
    let stand = Stand::new("exits", "timeout = 20", "");
    let said = "it ended with exit code 7 before it took calls";
    does_not_start(&stand, &[said, "there is no configuration"]);
}

#[test]
fn a_bot_that_never_comes_up() {
    let stand = Stand::new("silent", "timeout = 1", "");
    does_not_start(&stand, &["it took no calls within 1 s", "Connection refused"]);
}

#[test]
fn a_program_that_is_not_there() {
    let stand = Stand::new("x", "timeout = 1", "");
    let manifest = "name = \"x\"\nprofiles = [\"ivr\"]\n[command]\nargv = [\"no-such-program\"]\n";
    std::fs::write(stand.file("bot.toml"), manifest).unwrap();
    does_not_start(&stand, &["no-such-program", "cannot be started in"]);
}

#[test]
fn a_bot_that_should_run_already_and_does_not() {
    let stand = Stand::new("x", "timeout = 1", "");
    // Nobody listens on a port that was just given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let manifest =
        format!("name = \"x\"\nurl = \"{url}\"\nprofiles = [\"ivr\"]\n[ready]\ntimeout = 1\n");
    std::fs::write(stand.file("bot.toml"), manifest).unwrap();
    let free = ["--https", "127.0.0.1:0", "--http", "127.0.0.1:0", "--control", "127.0.0.1:0"];
    let all = ended(&stand.play(&free), 3);
    assert!(all.contains("it took no calls within 1 s"), "{all}");
}

#[test]
fn bad_manifests_and_selections_are_the_callers() {
    let stand = Stand::new("exits", "timeout = 20", "calback = \"/x\"");
    let all = ended(&stand.play(&ANSWERED), 2);
    for part in ["bot.toml: line 3", "`calback`", "did you mean `callback`?"] {
        assert!(all.contains(part), "{part}: {all}");
    }
    assert!(!stand.file("json").exists());
    let stand = Stand::new("exits", "timeout = 20", "");
    for (arguments, said) in [
        (&["--case", "nothing*"][..], "no case matches 'nothing*'"),
        (&["--case", "prompts", "--profile", "escalation"], "no case matches the selection"),
        (&["--profile", "singing"], "there are incoming-call, ivr"),
        (&["--rerun-failed", "/nowhere.json"], "/nowhere.json"),
        (&["--html", "/nowhere/x.html"], "cannot be used multiple times"),
    ] {
        let all = ended(&stand.play(arguments), 2);
        assert!(all.contains(said), "{all}");
    }
    let all = ended(&stand.play(&["--case", "driver"]), 2);
    assert!(all.contains("no case of the selection is for this bot"), "{all}");
    let stand = Stand::new("exits", "timeout = 20", "url = \"http://198.51.100.7:80\"");
    let all = ended(&stand.play(&ANSWERED), 2);
    assert!(all.contains("198.51.100.7"), "http beyond this machine: {all}");
    let stand = Stand::new("exits", "timeout = 20", "expectedFailures = \"known.txt\"");
    std::fs::write(stand.file("known.txt"), "prompts/twice\n").unwrap();
    let all = ended(&stand.play(&ANSWERED), 2);
    assert!(all.contains("known.txt: line 1: there is no case 'prompts/twice'"), "{all}");
}

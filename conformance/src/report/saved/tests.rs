//! Small reports, merged and compared.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    Saved, SavedError, combined, diff, json as written, merge, merged_junit, merged_text, parse,
};
use crate::report::saved::Hash;

const WORLDS: u64 = 10;

/// Part K of N of a sweep over ten seeds from 100; what is found in which seed is said.
fn sweep(k: u64, n: u64, found: &[u64]) -> Value {
    let mine: Vec<u64> = (0..WORLDS).filter(|job| job % n == k - 1).map(|job| 100 + job).collect();
    let hash = combined(mine.iter().map(|&seed| Hash(seed * 7)));
    let hashes: Vec<Value> =
        mine.iter().map(|&seed| json!([seed.to_string(), Hash(seed * 7).to_string()])).collect();
    let findings: Vec<Value> = found
        .iter()
        .map(|&seed| {
            json!({"invariant": "one-ending", "seed": seed, "token": format!("t{seed}"), "text": "two ended <it>",
                   "faults": 1, "events": 2, "files": ["a.html"]})
        })
        .collect();
    json!({"kind": "sweep", "version": 1, "seed": 100, "seeds": WORLDS, "shard": format!("{k}/{n}"),
           "finished": true, "worlds": mine.len(), "events": mine.len() * 3, "simulated_seconds": 1.5,
           "wall_seconds": k as f64, "trace_hash": hash.to_string(), "hashes": hashes, "findings": findings})
}

/// Part K of N of a run of two cases with three seeds from 2^64 - 2: they wrap.
fn run(k: usize, n: usize, failing: &[usize]) -> Value {
    let case = |job: usize| {
        let seed = (u64::MAX - 1).wrapping_add(job as u64 % 3);
        let verdict = if failing.contains(&job) { "failed" } else { "passed" };
        json!({"id": (["a/one", "b/two"][job / 3]), "title": "t", "level": "must", "rule": "R-1", "seed": seed,
               "verdict": verdict, "reason": {"expected": "x", "actual": "y"},
               "trace_hash": Hash(job as u64).to_string(), "events": 5, "simulated_seconds": 0.1})
    };
    let jobs: Vec<usize> = (0..6).filter(|job| job % n == k - 1).collect();
    let failed = jobs.iter().filter(|job| failing.contains(job)).count();
    let hash = combined(jobs.iter().map(|&job| Hash(job as u64)));
    json!({"kind": "run", "version": 1, "seed": u64::MAX - 1, "seeds": 3,
           "shard": (n > 1).then(|| format!("{k}/{n}")), "flaw": null, "trace_hash": hash.to_string(),
           "simulated_seconds": 0.1 * jobs.len() as f64, "wall_seconds": 2.0, "worlds": jobs.len(),
           "events": jobs.len() * 5, "passed": jobs.len() - failed, "failed": failed, "skipped": 0, "broken": 0,
           "cases": jobs.into_iter().map(case).collect::<Vec<_>>()})
}

fn read(value: &Value) -> Result<Saved, SavedError> {
    parse(Path::new("f.json"), value.to_string().as_bytes())
}

fn together(values: &[Value]) -> Result<Saved, SavedError> {
    let part = |(n, value): (usize, &Value)| {
        let file = PathBuf::from(format!("{n}.json"));
        Ok((file.clone(), parse(&file, value.to_string().as_bytes())?))
    };
    merge(values.iter().enumerate().map(part).collect::<Result<_, _>>()?)
}

#[test]
fn shards_of_a_sweep_are_the_sweep() {
    let whole = together(&[sweep(1, 1, &[103, 108])]).unwrap();
    // In no order.
    let merged = together(&[sweep(3, 3, &[108]), sweep(1, 3, &[103]), sweep(2, 3, &[])]).unwrap();
    assert_eq!(merged.trace_hash(), whole.trace_hash());
    let (merged, again) =
        (written(&merged), read(&serde_json::from_str(&written(&merged)).unwrap()));
    assert_eq!(written(&again.unwrap()), merged, "what is written can be read");
    let value: Value = serde_json::from_str(&merged).unwrap();
    assert_eq!(
        (&value["worlds"], &value["events"], &value["finished"]),
        (&json!(10), &json!(30), &json!(true))
    );
    assert_eq!((&value["simulated_seconds"], &value["wall_seconds"]), (&json!(4.5), &json!(3.0)));
    assert_eq!(value["findings"][0]["seed"], 103);
    assert_eq!(value["findings"][1]["files"], json!(["a.html"]));
    assert_eq!(value["shard"], Value::Null);
}

#[test]
fn shards_of_a_run_are_the_run() {
    let whole = together(&[run(1, 1, &[4])]).unwrap();
    let merged =
        together(&[run(2, 4, &[4]), run(4, 4, &[]), run(1, 4, &[4]), run(3, 4, &[])]).unwrap();
    assert_eq!(merged, whole);
    assert_eq!(merged.code(), 1);
    let text = merged_text(&merged, "conformance");
    assert!(text.contains("failed b/two (seed 18446744073709551615)"), "{text}");
    assert_eq!(text.lines().last(), Some("5 passed, 1 failed, 0 skipped"));
    let junit = merged_junit(&merged);
    assert!(junit.contains(r#"tests="6" failures="1""#), "{junit}");
}

#[test]
fn missing_shards_are_named_and_fail() {
    let merged = together(&[sweep(2, 4, &[]), sweep(4, 4, &[])]).unwrap();
    assert_eq!((merged.code(), merged.trace_hash()), (1, None));
    assert!(
        merged_text(&merged, "conformance").contains("missing: 1/4, 3/4\n"),
        "{}",
        merged_text(&merged, "conformance")
    );
    let value: Value = serde_json::from_str(&written(&merged)).unwrap();
    assert_eq!((&value["missing"], &value["finished"]), (&json!(["1/4", "3/4"]), &json!(false)));
    assert!(merged_junit(&merged).contains("shard 3/4"));
    let merged = together(&[run(3, 3, &[])]).unwrap();
    assert_eq!((merged.code(), merged.trace_hash(), merged.missing().len()), (1, None, 2));
    let all = together(&[sweep(1, 2, &[]), sweep(2, 2, &[])]).unwrap();
    assert_eq!(all.code(), 0);
}

#[test]
fn without_hashes_there_is_no_hash_of_all() {
    let mut second = sweep(2, 2, &[]);
    second.as_object_mut().unwrap().remove("hashes");
    second["finished"] = json!(false);
    let merged = together(&[sweep(1, 2, &[]), second]).unwrap();
    assert_eq!((merged.trace_hash(), merged.code()), (None, 0));
    assert!(
        merged_text(&merged, "conformance").contains("not finished"),
        "{}",
        merged_text(&merged, "conformance")
    );
}

/// What is not there because of an interruption is missing; what is not there because time was over is not.
#[test]
fn interrupted_shards_are_no_success() {
    let cut = |k, ended: &str| {
        let mut part = sweep(k, 2, &[]);
        let hashes = part["hashes"].as_array_mut().unwrap();
        hashes.truncate(3);
        let rest: Vec<Value> = hashes.clone();
        let hash = combined(
            rest.iter()
                .map(|pair| Hash(u64::from_str_radix(pair[1].as_str().unwrap(), 16).unwrap())),
        );
        for (at, to) in [
            ("/worlds", json!(3)),
            ("/finished", json!(false)),
            ("/ended", json!(ended)),
            ("/trace_hash", json!(hash.to_string())),
        ] {
            part = with(part, at, to);
        }
        part
    };
    let merged = together(&[cut(1, "interrupted"), cut(2, "time")]).unwrap();
    let text = merged_text(&merged, "conformance");
    assert!(text.contains("not finished: interrupted after 6 of 10 seeds\n"), "{text}");
    assert_eq!(merged.code(), 1);
    assert!(merged_junit(&merged).contains("<error"), "{}", merged_junit(&merged));
    let again = read(&serde_json::from_str(&written(&merged)).unwrap()).unwrap();
    assert_eq!(again.code(), 1, "what is merged says so, too");
    let merged = together(&[sweep(1, 2, &[]), cut(2, "time")]).unwrap();
    let text = merged_text(&merged, "conformance");
    assert!(text.contains("not finished: time ran out after 8 of 10 seeds\n"), "{text}");
    assert_eq!(merged.code(), 0);
}

#[test]
fn interrupted_runs_are_put_together_by_case_and_seed() {
    let mut cut = run(2, 2, &[]);
    cut["cases"].as_array_mut().unwrap().remove(0);
    let hash = combined([Hash(3), Hash(5)]);
    for (at, to) in [
        ("/worlds", json!(2)),
        ("/passed", json!(2)),
        ("/trace_hash", json!(hash.to_string())),
        ("/interrupted", json!(true)),
    ] {
        cut = with(cut, at, to);
    }
    let merged = together(&[run(1, 2, &[]), cut]).unwrap();
    assert_eq!((merged.code(), merged.trace_hash()), (1, None));
    let text = merged_text(&merged, "conformance");
    assert!(text.contains("not finished: interrupted after 5 worlds\n"), "{text}");
    assert!(text.ends_with("5 passed, 0 failed, 0 skipped\n"), "{text}");
}

/// A shard that has no seeds is one all the same.
#[test]
fn empty_shards_are_no_missing_ones() {
    let (mut first, mut empty) = (sweep(1, 1, &[]), sweep(1, 1, &[]));
    first["shard"] = json!("1/2");
    let none = combined([]).to_string();
    for (at, to) in [
        ("/shard", json!("2/2")),
        ("/worlds", json!(0)),
        ("/hashes", json!([])),
        ("/trace_hash", json!(none)),
    ] {
        empty = with(empty, at, to);
    }
    assert_eq!(together(&[first, empty]).unwrap().code(), 0);
}

#[test]
fn what_is_planted_is_the_same_in_all_parts_and_in_what_is_merged() {
    let planted = |k, name: &str| with(sweep(k, 2, &[]), "/bot_flaw", json!(name));
    let error = together(&[planted(1, "a"), planted(2, "b")]).unwrap_err().to_string();
    assert_eq!(error, "1.json: bot_flaw: is b, but a in other shards");
    let error = together(&[sweep(1, 2, &[]), planted(2, "b")]).unwrap_err().to_string();
    assert_eq!(error, "1.json: bot_flaw: is b, but null in other shards");
    let merged = together(&[planted(1, "a"), planted(2, "a")]).unwrap();
    assert!(written(&merged).contains(r#""bot_flaw": "a""#), "{}", written(&merged));
    let text = merged_text(&merged, "conformance");
    assert!(text.contains("planted: bot:a\n"), "{text}");
}

#[test]
fn replay_lines_name_the_program_and_what_is_planted() {
    let merged = together(&[with(run(1, 1, &[4]), "/flaw", json!("sings"))]).unwrap();
    let text = merged_text(&merged, "target/release/conformance");
    let line = "replay: target/release/conformance run --case b/two --seed 18446744073709551615 --flaw sings\n";
    assert!(text.contains(line), "{text}");
    let merged = together(&[sweep(1, 1, &[103])]).unwrap();
    let text = merged_text(&merged, "./c");
    assert!(text.contains("  replay: ./c replay t103\n"), "{text}");
}

/// A report with one member changed; `at` is a JSON pointer.
fn with(mut value: Value, at: &str, to: Value) -> Value {
    match value.pointer_mut(at) {
        Some(place) => *place = to,
        None => value[&at[1..]] = to,
    }
    value
}

fn refused(wrong: Vec<(Vec<Value>, &str)>) {
    for (parts, said) in wrong {
        let error = together(&parts).expect_err(said).to_string();
        assert!(error.starts_with(said), "{error}\nis not\n{said}");
    }
}

#[test]
fn what_does_not_belong_together_is_named_by_file_and_key() {
    let one = || sweep(1, 2, &[]);
    let two = |at: &str, to: Value| with(sweep(2, 2, &[]), at, to);
    refused(vec![
        (vec![one(), run(2, 2, &[])], "1.json: kind: is run, but sweep in 0.json"),
        (
            vec![one(), two("/version", json!(2))],
            "1.json: version: 2 is none that is known; there is 1",
        ),
        (vec![one(), two("/kind", json!("dance"))], "1.json: kind: unknown variant `dance`"),
        (
            vec![one(), with(with(sweep(2, 2, &[]), "/seeds", json!(11)), "/x", json!(1))],
            "1.json: seeds: is 11, but 10 in",
        ),
        (vec![one(), one()], "1.json: shard: is 1/2, and so is 0.json"),
        (vec![one(), sweep(2, 3, &[])], "1.json: shard: is 2/3, but 1/2 in 0.json"),
        (vec![one(), two("/shard", Value::Null)], "1.json: shard: is null"),
        (vec![one(), two("/shard", json!("3/2"))], "1.json: shard: '3/2' is no K/N"),
        (
            vec![with(one(), "/shard", json!("1/99999999999"))],
            "0.json: shard: is 1/99999999999; 1000000 shards",
        ),
    ]);
}

#[test]
fn what_contradicts_itself_is_named_by_file_and_key() {
    let one = || sweep(1, 2, &[]);
    let two = |at: &str, to: Value| with(sweep(2, 2, &[]), at, to);
    refused(vec![
        (vec![one(), two("/hashes/1/0", json!("105.5"))], "1.json: hashes[1][0]: is no seed"),
        (vec![one(), two("/hashes/0/1", json!("0123"))], "1.json: hashes[0][1]: '0123' is no hash"),
        (
            vec![one(), two("/hashes/0/0", json!("99"))],
            "1.json: hashes[0][0]: 99 is not among the 10 seeds from 100",
        ),
        (
            vec![one(), two("/trace_hash", json!("0000000000000000"))],
            "1.json: trace_hash: is 0000000000000000, but",
        ),
        (vec![one(), two("/simulated_seconds", json!(-1))], "1.json: simulated_seconds: "),
        (vec![one(), two("/worlds", json!(4))], "1.json: hashes: holds 5, but 'worlds' is 4"),
        (
            vec![one(), with(sweep(2, 2, &[103]), "/findings/0/seed", json!(200))],
            "1.json: findings[0].seed: 200 is",
        ),
        (
            vec![one(), with(sweep(2, 2, &[103]), "/findings/0/text", json!(1))],
            "1.json: findings[0].text: invalid type",
        ),
        (
            vec![run(1, 2, &[]), with(run(2, 2, &[]), "/flaw", json!("sings"))],
            "1.json: flaw: is sings, but null",
        ),
        (
            vec![run(1, 2, &[]), with(run(2, 2, &[]), "/failed", json!(1))],
            "1.json: failed: is 1, but 'cases' holds 0",
        ),
        (
            vec![run(1, 2, &[]), with(run(2, 2, &[]), "/cases/1/seed", json!(5))],
            "1.json: cases[1].seed: is 5, but",
        ),
        (
            vec![run(1, 2, &[]), with(run(2, 2, &[]), "/cases/0/id", json!("c/x"))],
            "1.json: cases[0].id: is c/x, but",
        ),
        (
            vec![run(1, 2, &[]), with(run(2, 2, &[]), "/cases/0/verdict", json!("maybe"))],
            "1.json: cases[0].verdict: unknown variant",
        ),
        (vec![], "report merge: no reports were given"),
    ]);
    let error = parse(Path::new("f"), b"{").unwrap_err().to_string();
    assert!(error.starts_with("f: EOF while parsing"), "{error}");
    for (bytes, said) in [
        (&b" \n"[..], "f: is empty"),
        (b"[1]", "f: is no report"),
        (b"{\"v\": 1, \"seed\": 1, \"healAtMs\": 9}", "f: is a plan and no report"),
    ] {
        let error = parse(Path::new("f"), bytes).unwrap_err().to_string();
        assert!(error.starts_with(said), "{error}");
    }
    let marked = format!("\u{feff}{}", sweep(1, 2, &[]));
    assert!(parse(Path::new("f"), marked.as_bytes()).is_ok(), "a byte order mark is let through");
    let loud = format!("{{\"version\": 1, \"kind\": \"\\u001b[31m{}\"}}", "x".repeat(9_000));
    let error = parse(Path::new("f"), loud.as_bytes()).unwrap_err().to_string();
    assert!(error.len() < 300 && !error.contains('\u{1b}'), "{error}");
}

#[test]
fn a_shard_that_ends_too_early_is_named() {
    let mut short = run(2, 3, &[]);
    short["cases"].as_array_mut().unwrap().pop();
    let hash = combined([Hash(1)]);
    for (at, to) in
        [("/worlds", json!(1)), ("/passed", json!(1)), ("/trace_hash", json!(hash.to_string()))]
    {
        short = with(short, at, to);
    }
    let error = together(&[run(1, 3, &[]), short, run(3, 3, &[])]).unwrap_err().to_string();
    assert_eq!(error, "1.json: cases: holds fewer worlds than this shard has");
}

fn compared(before: &Value, after: &Value) -> super::Diff {
    diff(&read(before).unwrap(), &read(after).unwrap(), Path::new("b.json")).unwrap()
}

#[test]
fn runs_are_compared_case_by_case() {
    let changed = compared(&run(1, 1, &[0, 1]), &run(1, 1, &[1, 2]));
    assert_eq!(changed.better, ["a/one (seed 18446744073709551614): failed, then passed"]);
    assert_eq!(changed.worse, ["a/one (seed 0): passed, then failed"]);
    assert!(changed.new.is_empty() && changed.gone.is_empty());
    let changed = compared(&run(1, 2, &[]), &run(2, 2, &[]));
    assert_eq!((changed.new.len(), changed.gone.len(), changed.worse.len()), (3, 3, 0));
    assert_eq!(changed.text().lines().last(), Some("0 better, 0 worse, 3 new, 3 gone"));
    let error =
        diff(&read(&run(1, 1, &[])).unwrap(), &read(&sweep(1, 1, &[])).unwrap(), Path::new("b"));
    assert!(error.unwrap_err().to_string().starts_with("b: kind: "));
}

#[test]
fn comparisons_that_are_worth_less_say_so() {
    let notes = |before: &Value, after: &Value| compared(before, after).notes.join("\n");
    let whole = || sweep(1, 1, &[]);
    assert!(!notes(&whole(), &whole()).contains("warning"), "{}", notes(&whole(), &whole()));
    let other = with(whole(), "/seeds", json!(20));
    let said = notes(&whole(), &other);
    assert!(
        said.contains("warning: not the same seeds: 10 from 100, shard 1/1, then 20"),
        "{said}"
    );
    let cut = with(with(whole(), "/finished", json!(false)), "/ended", json!("interrupted"));
    let said = notes(&cut, &whole());
    let warning = "warning: the first report is not finished: interrupted after 10 of 10 seeds";
    assert!(said.contains(warning), "{said}");
    let planted = with(whole(), "/platform_flaw", json!("GuestsSurvive"));
    let said = notes(&whole(), &planted);
    assert!(said.contains("planted: none, then platform:GuestsSurvive"), "{said}");
    let cut = with(run(1, 1, &[]), "/interrupted", json!(true));
    let said = notes(&run(1, 1, &[]), &cut);
    assert!(said.contains("warning: the second report is not finished: it was"), "{said}");
}

#[test]
fn sweeps_are_compared_where_both_looked() {
    let changed = compared(&sweep(1, 1, &[101, 102]), &sweep(1, 1, &[102, 103]));
    assert_eq!(changed.better, ["one-ending (seed 101): two ended <it>"]);
    assert_eq!(changed.worse, ["one-ending (seed 103): two ended <it>"]);
    let changed = compared(&sweep(1, 2, &[102]), &sweep(2, 2, &[103]));
    assert_eq!((changed.new.len(), changed.gone.len()), (1, 1));
    assert_eq!((changed.better.len(), changed.worse.len()), (0, 0));
    // Without hashes, a finished shard says by its number where it looked.
    let bare = |k, found: &[u64]| {
        let mut bare = sweep(k, 2, found);
        bare.as_object_mut().unwrap().remove("hashes");
        bare
    };
    assert_eq!(compared(&bare(1, &[]), &bare(1, &[102])).worse.len(), 1);
    assert_eq!(compared(&bare(2, &[]), &bare(1, &[102])).new.len(), 1);
    let unfinished = with(bare(1, &[]), "/finished", json!(false));
    assert_eq!(compared(&unfinished, &bare(1, &[102])).new.len(), 1);
}

proptest! {
    /// Whatever is in a file, it is read or refused.
    #[test]
    fn no_file_breaks_it(cut in 0..900_usize, put in prop::collection::vec(any::<u8>(), 0..4)) {
        let mut bytes = sweep(1, 2, &[102]).to_string().into_bytes();
        let at = cut.min(bytes.len());
        let end = (at + put.len()).min(bytes.len());
        bytes.splice(at..end, put);
        if let Ok(saved) = parse(Path::new("f"), &bytes) {
            let _ = merge(vec![(PathBuf::from("f"), saved)]).map(|merged| merged_junit(&merged));
        }
    }
}

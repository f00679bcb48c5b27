//! What has to hold after each request, and the tests.

use std::{
    collections::BTreeMap,
    sync::{
        Once,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use graph_fake::Flaw;
use http::{HeaderValue, Method, header};
use serde_json::Value;

use crate::{
    catalogue::{self, Client, Valid},
    mutate::mutate,
    rng::Rng,
    world::{Answer, Shot, World},
};

/// Mutated requests in all.
const REQUESTS: usize = 100_000;
/// Fakes that share them, each in a thread of its own.
const THREADS: usize = 4;
/// Mutated requests until the world is made anew.
const ROUND: usize = 80;

/// Panics in this process.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Counts panics wherever they happen: one in a task of the fake shows in no answer.
fn count_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANICS.fetch_add(1, Ordering::SeqCst);
            before(info);
        }));
    });
}

fn runtime() -> tokio::runtime::Runtime {
    // Time stands still while anybody has something to do, so that nothing depends on the machine.
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

/// The request of the catalogue, with the ids of this world.
fn fill(valid: &Valid, world: &World) -> Shot {
    let named = |text: &str| {
        let mut text = text.to_owned();
        for (name, id) in &world.ids {
            text = text.replace(&format!("<{name}>"), id);
        }
        assert!(!text.contains('<'), "an id is missing: {text}");
        text
    };
    let path = named(valid.path);
    let path = if path.starts_with('/') { path } else { format!("/v1.0/{path}") };
    let mut headers = world.headers("good");
    let body = named(valid.body).into_bytes();
    if body.is_empty() {
        headers.remove(header::CONTENT_TYPE);
    }
    match valid.by {
        Client::Bot => {}
        Client::Listener => {
            headers.insert(header::AUTHORIZATION, world.recording_token.clone());
        }
        Client::Form => {
            headers.remove(header::AUTHORIZATION);
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers.insert(header::CONTENT_TYPE, form);
        }
        Client::Anybody => {
            headers.remove(header::AUTHORIZATION);
        }
    }
    Shot { method: valid.method.parse::<Method>().unwrap(), path, headers, body }
}

/// Whether the answer may be given to this request; says why not.
async fn check(world: &World, shot: &Shot, answer: &Answer) -> Result<(), String> {
    let status = answer.status.as_u16();
    if status >= 500 {
        return Err(format!("{status}: a fault of the service"));
    }
    if !(200..300).contains(&status) && !(400..500).contains(&status) {
        return Err(format!("{status}: neither taken nor refused"));
    }
    let kind = answer.headers.get("content-type").and_then(|kind| kind.to_str().ok());
    let json = kind.is_some_and(|kind| kind.starts_with("application/json"));
    let sound = status == 200 && kind == Some("application/octet-stream");
    if sound {
        return check_sound(shot, answer);
    }
    // The answer to HEAD has the headers of the body that it leaves out.
    let head = shot.method == Method::HEAD;
    if json == answer.body.is_empty() && !(head && answer.body.is_empty()) {
        return Err("a JSON content type without a body, or the reverse".to_owned());
    }
    if json && !head && serde_json::from_slice::<Value>(&answer.body).is_err() {
        return Err("the body is no JSON".to_owned());
    }
    if status >= 400 && !head {
        // The identity platform has a word where Graph has an object.
        if answer.json()["error"].is_string() {
            check_refused_token(world, answer).await?;
        } else {
            check_envelope(world, answer).await?;
        }
    }
    match world.disturbed().await {
        Some(how) => Err(format!("{} disturbs others: {how}", shot.path)),
        None => Ok(()),
    }
}

/// Only recordings are no JSON, and only with a token.
fn check_sound(shot: &Shot, answer: &Answer) -> Result<(), String> {
    let asked =
        shot.path.contains("recordings") && shot.headers.contains_key(header::AUTHORIZATION);
    let whole = shot.method == Method::HEAD || answer.body.starts_with(b"RIFF");
    if asked && whole { Ok(()) } else { Err("sound that nobody asked for".to_owned()) }
}

/// clients.md 11.
async fn check_refused_token(world: &World, answer: &Answer) -> Result<(), String> {
    let body = answer.json();
    for name in ["error", "error_description", "timestamp", "trace_id", "correlation_id"] {
        if body[name].as_str().is_none_or(str::is_empty) {
            return Err(format!("{name} is missing"));
        }
    }
    let code = format!("AADSTS{}", body["error_codes"][0]);
    if !body["error_description"].as_str().unwrap_or("").starts_with(&format!("{code}: ")) {
        return Err(format!("{code} is not what is described"));
    }
    let id = body["trace_id"].as_str().unwrap_or("");
    let why = world.why(id).await.ok_or("nobody knows why it was refused")?;
    if why["status"] != answer.status.as_u16() || why["code"] != code {
        return Err(format!("another reason is known: {why}"));
    }
    Ok(())
}

async fn check_envelope(world: &World, answer: &Answer) -> Result<(), String> {
    let body = answer.json();
    let error = &body["error"];
    for place in ["/code", "/message", "/innerError/date", "/innerError/request-id"] {
        if error.pointer(place).and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err(format!("error{place} is missing"));
        }
    }
    if !error["innerError"]["client-request-id"].is_string() {
        return Err("client-request-id is missing".to_owned());
    }
    let id = answer.headers.get("request-id").and_then(|id| id.to_str().ok());
    let id = id.ok_or("there is no request-id")?;
    if error["innerError"]["request-id"] != id {
        return Err("two request-ids".to_owned());
    }
    let why = world.why(id).await.ok_or("nobody knows why it was refused")?;
    if why["status"] != answer.status.as_u16() || why["code"] != error["code"] {
        return Err(format!("another reason is known: {why}"));
    }
    Ok(())
}

/// What came of it.
#[derive(Debug, Default)]
struct Tally {
    by_status: BTreeMap<u16, usize>,
}

/// So many mutated requests; the first that was answered wrongly.
async fn storm(world: &mut World, seed: u64, requests: usize) -> Result<Tally, String> {
    let (valid, mut rng, mut tally) = (catalogue::all(), Rng::new(seed), Tally::default());
    for number in 0..requests {
        if number % ROUND == 0 {
            world.rebuild(seed.wrapping_add(u64::try_from(number).unwrap())).await;
        }
        if rng.one_in(12) {
            world.advance(u64::try_from(rng.below(3_000)).unwrap()).await;
        }
        let ids: Vec<String> = world.ids.values().cloned().collect();
        let whole = fill(rng.pick(&valid), world);
        let shot = mutate(&mut rng, &whole, world, &ids);
        let answer = world.send(&shot).await;
        *tally.by_status.entry(answer.status.as_u16()).or_default() += 1;
        let checked = check(world, &shot, &answer).await;
        checked.map_err(|why| {
            let body = String::from_utf8_lossy(&shot.body).chars().take(2_000).collect::<String>();
            let Shot { method, path, headers, .. } = &shot;
            let came = String::from_utf8_lossy(&answer.body);
            format!(
                "request {number} of seed {seed}: {why}\n{method} {path}\n{headers:?}\n{body}\n-> {} {came}",
                answer.status
            )
        })?;
    }
    Ok(tally)
}

#[test]
fn each_valid_request_is_answered_as_documented() {
    runtime().block_on(async {
        let mut world = World::new(None, None);
        let mut wrong = Vec::new();
        for valid in catalogue::all() {
            world.rebuild(3).await;
            let shot = fill(&valid, &world);
            let answer = world.send(&shot).await;
            let said = answer.json();
            let number = said["error_codes"][0].as_u64().map(|number| number.to_string());
            let word = || said["error"]["code"].as_str().unwrap_or("").to_owned();
            let code = number.unwrap_or_else(word);
            if (answer.status.as_u16(), &*code) != (valid.status, valid.code) {
                let came = String::from_utf8_lossy(&answer.body).into_owned();
                wrong.push(format!("{} {}: {} {came}", valid.method, shot.path, answer.status));
            } else if let Err(why) = check(&world, &shot, &answer).await {
                wrong.push(format!("{} {}: {why}", valid.method, shot.path));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

/// A hundred thousand of them, spread over threads with a fake each.
#[test]
fn mutated_requests_break_nothing() {
    count_panics();
    let threads: Vec<_> = (1..=THREADS)
        .map(|seed| {
            let seed = u64::try_from(seed).unwrap() << 32;
            thread::spawn(move || {
                runtime().block_on(async {
                    let mut world = World::new(None, None);
                    storm(&mut world, seed, REQUESTS / THREADS).await
                })
            })
        })
        .collect();
    let mut by_status: BTreeMap<u16, usize> = BTreeMap::new();
    for thread in threads {
        match thread.join().expect("the generator itself is sound") {
            Ok(tally) => {
                for (status, count) in tally.by_status {
                    *by_status.entry(status).or_default() += count;
                }
            }
            Err(why) => panic!("{why}"),
        }
    }
    assert_eq!(PANICS.load(Ordering::SeqCst), 0, "a task of the fake has died");
    assert_eq!(by_status.values().sum::<usize>(), REQUESTS);
    // A generator whose requests are all refused, or all refused for the same reason, shows little.
    for status in [200, 201, 202, 204, 400, 401, 403, 404, 405, 409] {
        assert!(by_status.get(&status).is_some_and(|count| *count >= 100), "{by_status:?}");
    }
}

/// A check that cannot fail proves nothing.
#[test]
fn planted_faults_are_noticed() {
    let shell = |flaw| (Some(flaw), None);
    let core = |flaw| (None, Some(flaw));
    let planted = [
        (shell(Flaw::BreaksOnBadBody), "500: a fault of the service"),
        (shell(Flaw::HidesRequestId), "there is no request-id"),
        (shell(Flaw::HidesTokenReasons), "nobody knows why"),
        (shell(Flaw::HidesRecordingReasons), "nobody knows why"),
        (core(platform::Flaw::IgnoresOwner), "disturbs others"),
    ];
    for ((shell, core), noticed) in planted {
        let stormed = runtime().block_on(async {
            let mut world = World::new(shell, core);
            storm(&mut world, 5, 4_000).await
        });
        let why = stormed.expect_err("a planted fault goes unnoticed");
        assert!(why.contains(noticed), "{shell:?} {core:?}: {why}");
    }
}

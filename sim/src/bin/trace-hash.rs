//! Prints the trace hash of one whole call for each of a range of seeds: what two processes must agree on.

use std::{process::ExitCode, time::Duration};

use bytes::Bytes;
use graph_fake::config::{APP, USERS};
use http::Request;
use seam::HttpClient;
use serde_json::{Value, json};
use sim::{CONTROL_URL, Rehearsal, Seat, link::Preset, rehearse};

/// A user rings, listens to the menu and hangs up; another one rings meanwhile.
async fn story(seat: Seat) -> Result<(), String> {
    let client = HttpClient::new(seat.network.clone(), Duration::from_secs(10));
    let post = async |path: String, body: Value| -> Result<Value, String> {
        let request = Request::post(format!("{CONTROL_URL}{path}"))
            .header("content-type", "application/json")
            .body(Bytes::from(body.to_string()))
            .map_err(|error| error.to_string())?;
        let response = client.send(request).await.map_err(|error| error.to_string())?;
        if !response.status().is_success() {
            return Err(format!("{path}: {}", response.status()));
        }
        Ok(serde_json::from_slice(response.body()).unwrap_or_default())
    };
    let wait =
        async |secs| seat.clock.sleep_until(seat.clock.now() + Duration::from_secs(secs)).await;
    let ring = |user: usize| json!({"from": {"user": USERS[user].1}, "to": [{"app": APP}]});
    let first = post("/calls".to_owned(), ring(0)).await?;
    wait(1).await;
    post("/calls".to_owned(), ring(1)).await?;
    wait(5).await;
    let hang_up = json!({"by": USERS[0].1, "action": "hangup"});
    let call = first["callId"].as_str().unwrap_or_default();
    post(format!("/calls/{call}/actions"), hang_up).await?;
    wait(2).await;
    Ok(())
}

/// The same with something in it that no seed governs: the comparison of processes must notice.
async fn careless_story(seat: Seat) -> Result<(), String> {
    seat.note(&std::process::id().to_string());
    story(seat).await
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<u64> = arguments.iter().filter_map(|text| text.parse().ok()).collect();
    let [from, count] = numbers[..] else {
        eprintln!("usage: trace-hash FIRST-SEED COUNT [careless|links]");
        return ExitCode::from(2);
    };
    let careless = arguments.iter().any(|text| text == "careless");
    let links = arguments.iter().any(|text| text == "links").then(|| Preset::WifiLossy.into());
    for seed in from..from + count {
        let links = links.clone();
        let setup = Rehearsal { links, ..Rehearsal::new(seed, Duration::from_secs(60)) };
        let report =
            if careless { rehearse(setup, careless_story) } else { rehearse(setup, story) };
        if let Err(error) = report.outcome.map_err(|error| error.to_string()).and_then(|told| told)
        {
            eprintln!("seed {seed}: {error}");
            return ExitCode::from(4);
        }
        #[allow(clippy::print_stdout, reason = "the hashes are the program's output")]
        {
            println!("{seed} {:016x} {}", report.trace_hash, report.events);
        }
    }
    ExitCode::SUCCESS
}

//! Prompts, keys and silence in sound: what a person hears of the bot, and what a recording has of the person.

use axum::{Router, routing::get};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use graph_fake::config::USERS;
use http::{Method, StatusCode};
use media::{SAMPLE_RATE, tone, write_wav};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

use crate::{
    harness::{Server, call_body},
    notifications::{Webhook, listen},
    recordings::{advance, ended, fetch, post},
};

const CALLS: &str = "/v1.0/communications/calls";

/// Ten seconds of 1,000 Hz, on a server of its own.
async fn long_prompt() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let wav = write_wav(&tone(1_000.0, Duration::from_secs(10)));
    let router = Router::new().route("/long.wav", get(move || async move { wav.clone() }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/long.wav")
}

/// A call to Alice of which a test looks at the sound.
struct Line {
    server: Server,
    hook: Arc<Webhook>,
    token: String,
    call: String,
}

impl Line {
    async fn new() -> Self {
        let server = Server::start().await;
        let ((hook, url), token) = (listen().await, server.token(0));
        let call = post(&server, &token, CALLS, call_body(&url)).await;
        let call = call["id"].as_str().unwrap().to_owned();
        advance(&server, 5_000).await;
        Self { server, hook, token, call }
    }

    async fn ask(&self, action: &str, body: Value) -> String {
        let path = format!("{CALLS}/{}/{action}", self.call);
        post(&self.server, &self.token, &path, body).await["id"].as_str().unwrap().to_owned()
    }

    async fn act(&self, action: Value) {
        let path = format!("/calls/{}/actions", self.call);
        let done = self.server.control(Method::POST, &path, action.to_string()).await;
        assert_eq!(done.status, StatusCode::ACCEPTED, "{done:?}");
    }

    /// Alice says tones of a second with so many milliseconds between them.
    async fn says(&self, pauses_ms: &[usize]) {
        let second = tone(440.0, Duration::from_secs(1));
        let mut samples = second.clone();
        for pause in pauses_ms {
            samples.extend(vec![0; pause * SAMPLE_RATE as usize / 1_000]);
            samples.extend(&second);
        }
        let wav = STANDARD.encode(write_wav(&samples));
        self.act(json!({"by": USERS[0].1, "action": "speak", "wav": wav})).await;
    }

    /// When the last sound ends that a listener hears, in milliseconds, and how long there is to hear.
    async fn heard(&self, user: usize) -> (usize, usize) {
        let path = format!(
            "http://{}/calls/{}/heard/{}.wav",
            self.server.control, self.call, USERS[user].1
        );
        sound(fetch(&self.server, &path, None).await.body())
    }

    /// The end of a record, and its recording in the same way.
    async fn recorded(&self, operation: &str) -> (Value, (usize, usize)) {
        let told = ended(&self.hook, operation).await;
        let text = |name: &str| told[name].as_str().unwrap().to_owned();
        let (location, token) = (text("recordingLocation"), text("recordingAccessToken"));
        let file = fetch(&self.server, &location, Some(&token)).await;
        (told["resultInfo"]["subcode"].clone(), sound(file.body()))
    }
}

fn sound(wav: &[u8]) -> (usize, usize) {
    let prompt = media::Prompt::read(wav).unwrap();
    let last = prompt.samples().iter().rposition(|sample| sample.unsigned_abs() > 100);
    let ms = |samples: usize| samples * 1_000 / SAMPLE_RATE as usize;
    (last.map_or(0, |at| ms(at + 1)), ms(prompt.samples().len()))
}

/// R-238: a record that may barge in silences the prompt at once; R-246, R-247: its stop tone ends it, and is not in it.
#[tokio::test]
async fn a_record_that_barges_in_silences_the_prompt_and_a_key_ends_it() {
    let line = Line::new().await;
    let prompt = json!({"@odata.type": "#microsoft.graph.mediaPrompt",
        "mediaInfo": {"uri": long_prompt().await}});
    line.ask("playPrompt", json!({"clientContext": "p", "prompts": [prompt]})).await;
    advance(&line.server, 1_000).await;
    let (last, length) = line.heard(0).await;
    assert!((990..=1_000).contains(&last) && length == 1_000, "it sounds: {last} of {length}");
    let asked = json!({"clientContext": "r", "bargeInAllowed": true, "playBeep": false,
        "stopTones": ["#"], "maxRecordDurationInSeconds": 60});
    let record = line.ask("recordResponse", asked).await;
    line.says(&[500]).await;
    advance(&line.server, 800).await;
    line.act(json!({"by": USERS[0].1, "action": "dtmf", "tones": ["star"]})).await;
    advance(&line.server, 200).await;
    line.act(json!({"by": USERS[0].1, "action": "dtmf", "tones": ["pound"]})).await;
    advance(&line.server, 3_000).await;
    let (last, _) = line.heard(0).await;
    assert!((990..=1_000).contains(&last), "Alice hears nothing more of the prompt: {last}");
    let (subcode, (last, length)) = line.recorded(&record).await;
    assert_eq!((subcode, length), (json!(8514), 1_000), "up to the stop tone");
    assert!(last >= 990, "what Alice said: {last}");
    // Without barge-in the prompt is heard to its end.
    let line = Line::new().await;
    let prompt = json!({"@odata.type": "#microsoft.graph.mediaPrompt",
        "mediaInfo": {"uri": long_prompt().await}});
    line.ask("playPrompt", json!({"clientContext": "p", "prompts": [prompt]})).await;
    advance(&line.server, 1_000).await;
    line.ask("recordResponse", json!({"clientContext": "r", "playBeep": false})).await;
    line.act(json!({"by": USERS[0].1, "action": "dtmf", "tones": ["pound"]})).await;
    advance(&line.server, 12_000).await;
    assert!((9_990..=10_000).contains(&line.heard(0).await.0));
}

/// R-245: silence limits go by what is really said.
#[tokio::test]
async fn a_pause_in_what_is_said_ends_a_recording() {
    let line = Line::new().await;
    let asked = json!({"clientContext": "r", "playBeep": false, "maxSilenceTimeoutInSeconds": 2,
        "maxRecordDurationInSeconds": 60});
    let record = line.ask("recordResponse", asked.clone()).await;
    // The second pause is too long, whatever comes behind it.
    line.says(&[1_000, 4_000]).await;
    advance(&line.server, 30_000).await;
    let (subcode, (last, length)) = line.recorded(&record).await;
    assert_eq!((subcode, length), (json!(8509), 5_000));
    assert!((2_990..=3_000).contains(&last), "{last}");
    // Nothing but silence is no word at all.
    let record = line.ask("recordResponse", asked).await;
    let wav = STANDARD.encode(write_wav(&vec![0; 16_000 * 20]));
    line.act(json!({"by": USERS[0].1, "action": "speak", "wav": wav})).await;
    advance(&line.server, 30_000).await;
    let told = ended(&line.hook, &record).await;
    assert_eq!(told["resultInfo"]["subcode"], 8510, "{told}");
}

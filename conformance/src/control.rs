//! The fake's control API, as a client of it sees it: JSON, nothing else.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderName, Method, Request, StatusCode, header};
use seam::{HttpClient, Network};
use serde_json::{Value, json};
use thiserror::Error;

use crate::journal::Line;

/// How long the fake may take.
const LIMIT: Duration = Duration::from_secs(30);
/// Bytes of an answer: a whole journal.
const ANSWER_MAX: usize = 256 << 20;

/// The fake does not do what the suite needs.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{method} {path}: {why}")]
pub struct ControlError {
    method: String,
    path: String,
    why: String,
}

/// Asks the fake.
#[derive(Clone)]
pub struct Control {
    client: HttpClient,
    base: String,
}

impl Control {
    /// At this base URL, without a slash at the end.
    pub fn new(network: Arc<dyn Network>, base: impl Into<String>) -> Self {
        let client = HttpClient::new(network, LIMIT).with_body_limit(ANSWER_MAX);
        Self { client, base: base.into() }
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Result<Bytes, ControlError> {
        let bad =
            |why: String| ControlError { method: method.to_string(), path: path.to_owned(), why };
        let text = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let request = Request::builder()
            .method(&method)
            .uri(format!("{}{path}", self.base))
            .header(header::CONTENT_TYPE, "application/json")
            .body(text)
            .map_err(|error| bad(error.to_string()))?;
        let response = self.client.send(request).await.map_err(|error| bad(error.to_string()))?;
        if !response.status().is_success() {
            let text = String::from_utf8_lossy(response.body());
            return Err(bad(format!("{} {text}", response.status())));
        }
        Ok(response.into_body())
    }

    async fn json(&self, method: Method, path: &str, body: Value) -> Result<Value, ControlError> {
        let answer = self.send(method.clone(), path, body).await?;
        serde_json::from_slice(&answer).map_err(|error| ControlError {
            method: method.to_string(),
            path: path.to_owned(),
            why: format!("unreadable answer: {error}"),
        })
    }

    /// Tenants, users and applications.
    pub async fn state(&self) -> Result<Value, ControlError> {
        self.json(Method::GET, "/state", Value::Null).await
    }

    /// A user rings a bot; the id of the call.
    pub async fn ring(&self, user: &str, app: &str) -> Result<String, ControlError> {
        let body = json!({"from": {"user": user}, "to": [{"app": app}]});
        let answer = self.json(Method::POST, "/calls", body).await?;
        Ok(answer["callId"].as_str().unwrap_or_default().to_owned())
    }

    /// Something that is done to a call.
    pub async fn act(
        &self,
        call: &str,
        by: Option<&str>,
        action: &str,
    ) -> Result<(), ControlError> {
        let body = match by {
            Some(by) => json!({"by": by, "action": action}),
            None => json!({"action": action}),
        };
        self.act_with(call, body).await
    }

    /// Something that is done to a call, with whatever belongs to it.
    pub async fn act_with(&self, call: &str, body: Value) -> Result<(), ControlError> {
        self.send(Method::POST, &format!("/calls/{call}/actions"), body).await.map(drop)
    }

    /// A notification token with the stated faults.
    pub async fn callback_token(&self, wish: Value) -> Result<String, ControlError> {
        let answer = self.json(Method::POST, "/callback-tokens", wish).await?;
        Ok(answer["token"].as_str().unwrap_or_default().to_owned())
    }

    /// Replaces the fault plan.
    pub async fn faults(&self, plan: Value) -> Result<(), ControlError> {
        self.put("/faults", plan).await
    }

    /// Anything that is there, as it is: a file, a document.
    pub async fn get(&self, path: &str) -> Result<Bytes, ControlError> {
        self.send(Method::GET, path, Value::Null).await
    }

    /// Makes something: a meeting, an invitation to one; what the fake says of it.
    pub async fn post(&self, path: &str, body: Value) -> Result<Value, ControlError> {
        self.json(Method::POST, path, body).await
    }

    /// Something that is done somewhere else than in a call.
    pub async fn order(&self, path: &str, body: Value) -> Result<(), ControlError> {
        self.send(Method::POST, path, body).await.map(drop)
    }

    /// How something is, as JSON.
    pub async fn look(&self, path: &str) -> Result<Value, ControlError> {
        self.json(Method::GET, path, Value::Null).await
    }

    /// Puts something in its place: an application, a user, options, a fault plan.
    pub async fn put(&self, path: &str, body: Value) -> Result<(), ControlError> {
        self.send(Method::PUT, path, body).await.map(drop)
    }

    /// Journal lines after `since`.
    pub async fn journal(&self, since: u64) -> Result<Vec<Line>, ControlError> {
        let path = format!("/journal?since={since}");
        let text = self.send(Method::GET, &path, Value::Null).await?;
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let read: Result<Vec<Line>, _> = lines.map(serde_json::from_slice).collect();
        read.map_err(|error| ControlError {
            method: "GET".to_owned(),
            path,
            why: format!("unreadable line: {error}"),
        })
    }

    /// Posts something to a bot, as the platform, or a stranger, would; the bot's status, or why there is none.
    pub async fn notify(
        &self,
        url: &str,
        headers: &[(HeaderName, &str)],
        body: String,
    ) -> Result<StatusCode, String> {
        let mut request = Request::post(url);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let request = request.body(Bytes::from(body)).map_err(|e| e.to_string())?;
        let response = self.client.send(request).await.map_err(|e| e.to_string())?;
        Ok(response.status())
    }
}

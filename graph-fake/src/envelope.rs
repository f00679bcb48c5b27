//! Graph's error envelope and the headers that every response carries (clients.md 17, endpoints.md 0.2).

use axum::body::Body;
use bytes::Bytes;
use graph_api::{ErrorBody, ErrorEnvelope, Guid, InnerError, Timestamp};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::Value;

/// What every response needs to know of its request.
#[derive(Debug, Clone)]
pub struct RequestIds {
    /// Given by the service.
    pub request: Guid,
    /// Given by the client, echoed as it came.
    pub client: Option<HeaderValue>,
    /// `Scenario-Id`, echoed as it came.
    pub scenario: Option<HeaderValue>,
    /// When the request was answered.
    pub at: Timestamp,
}

/// Characters of an id header that are echoed; a longer one is ignored, and so is one that is not ASCII: it
/// could not be the same in a header and in JSON.
const ID_HEADER_MAX: usize = 128;

impl RequestIds {
    /// Reads the ids that a client sent.
    pub fn new(request: Guid, headers: &HeaderMap, at: Timestamp) -> Self {
        let echoed = |v: &&HeaderValue| v.len() <= ID_HEADER_MAX && v.to_str().is_ok();
        let read = |name: &str| headers.get(name).filter(echoed).cloned();
        Self { request, client: read("client-request-id"), scenario: read("scenario-id"), at }
    }

    /// The client's id in text, or else the service's.
    fn client_text(&self) -> String {
        let text = self.client.as_ref().and_then(|value| value.to_str().ok());
        text.map_or_else(|| self.request.to_string(), str::to_owned)
    }

    /// A response with a JSON body. A body-less one is `Value::Null`: it must not carry a JSON
    /// Content-Type (clients.md 13).
    pub fn response(&self, status: StatusCode, body: &Value) -> Response<Body> {
        let text = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        self.written(status, text)
    }

    /// A response with a body that is JSON text already, or empty.
    pub fn written(&self, status: StatusCode, text: Bytes) -> Response<Body> {
        let json = !text.is_empty();
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        if json {
            let json = "application/json;odata.metadata=minimal;odata.streaming=true;\
                        IEEE754Compatible=false;charset=utf-8";
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(json));
            headers.insert("odata-version", HeaderValue::from_static("4.0"));
        }
        self.decorate(headers);
        response
    }

    /// An error in Graph's shape.
    pub fn error(&self, status: StatusCode, code: &str, message: &str) -> Response<Body> {
        let inner_error = InnerError {
            date: self.at.to_seconds_text(),
            request_id: self.request.to_string(),
            client_request_id: self.client_text(),
        };
        let error = ErrorBody { code: code.to_owned(), message: message.to_owned(), inner_error };
        let body = serde_json::to_value(ErrorEnvelope { error }).expect("plain strings are JSON");
        self.response(status, &body)
    }

    fn decorate(&self, headers: &mut HeaderMap) {
        let text = |text: String| HeaderValue::from_str(&text).expect("ids and dates are ASCII");
        headers.insert("request-id", text(self.request.to_string()));
        let client = self.client.clone().unwrap_or_else(|| text(self.request.to_string()));
        headers.insert("client-request-id", client);
        if let Some(scenario) = &self.scenario {
            headers.insert("scenario-id", scenario.clone());
        }
        headers.insert(header::DATE, text(self.at.to_http_date()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private"));
        let forever = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, forever);
        let diagnostic = r#"{"ServerInfo":{"DataCenter":"Rehearsal","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"FAKE0"}}"#;
        let name = HeaderName::from_static("x-ms-ags-diagnostic");
        headers.insert(name, HeaderValue::from_static(diagnostic));
    }
}

//! Where recordings are fetched: `GET /recordings/{operationId}` beside Graph (R-248, endpoints.md 12.2).

use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Path, State as Shared, rejection::PathRejection},
    routing::get,
};
use bytes::Bytes;
use graph_api::{Guid, Timestamp};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use platform::{CallId, OperationId};
use serde_json::json;

use crate::{
    Flaw,
    driver::Stopped,
    envelope::RequestIds,
    graph::{Graph, authorization},
    identity::Identity,
    journal::Route,
    sound::Score,
    why::{Reason, Why},
};

/// Operations whose address is known by heart.
const KNOWN_MAX: usize = 4_096;
/// How long a recording keeps the same link: a notification that is tried again says what it said. Half of what a token is
/// good for.
const SAME_LINK: Duration = Duration::from_secs(12 * 3_600);
/// Bytes of one chunk of an answer.
const CHUNK: usize = 32 * 1_024;

/// Makes the addresses of recordings. Cheap to clone.
#[derive(Clone)]
pub struct Recordings {
    identity: Arc<Identity>,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    asked: BTreeMap<OperationId, Asked>,
    order: VecDeque<OperationId>,
    last: Option<Arc<str>>,
}

struct Asked {
    /// The scheme and host that the bot used when it asked for the recording: it can be reached there.
    base: Arc<str>,
    /// When its link was made.
    linked: Option<Timestamp>,
}

impl Recordings {
    /// Addresses with tokens of this identity platform.
    pub fn new(identity: Arc<Identity>) -> Self {
        Self { identity, known: Arc::default() }
    }

    /// Forgets what was asked for.
    pub fn reset(&self) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Known::default();
    }

    /// A bot asked for a recording at this service root (`https://host/v1.0`).
    pub fn asked(&self, operation: OperationId, service_root: &str) {
        let base: Arc<str> =
            service_root.rsplit_once('/').map_or(service_root, |(base, _)| base).into();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = Asked { base: base.clone(), linked: None };
        if known.asked.insert(operation, asked).is_none() {
            known.order.push_back(operation);
        }
        if known.order.len() > KNOWN_MAX
            && let Some(oldest) = known.order.pop_front()
        {
            known.asked.remove(&oldest);
        }
        known.last = Some(base);
    }

    /// `recordingLocation` and `recordingAccessToken`: what [`platform::render::Links`] asks for. The same again while it
    /// is good for long enough.
    pub fn link(&self, operation: OperationId, now: Timestamp) -> (String, String) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (base, made) = match known.asked.get_mut(&operation) {
            None => (known.last.clone(), now),
            Some(asked) => {
                let good = asked.linked.filter(|made| now < *made + SAME_LINK);
                (Some(asked.base.clone()), *asked.linked.insert(good.unwrap_or(now)))
            }
        };
        drop(known);
        let base = base.as_deref().unwrap_or("https://graph.microsoft.com");
        let token = self.identity.recording_token(operation.0, made);
        (format!("{base}/recordings/{operation}"), token)
    }

    /// The same as a function, for [`platform::render::Links::recording`].
    pub fn links(&self, now: Timestamp) -> impl Fn(OperationId) -> (String, String) + Sync + Send {
        let recordings = self.clone();
        move |operation| recordings.link(operation, now)
    }
}

/// The route.
pub fn router(graph: Graph) -> Router {
    Router::new()
        .route("/recordings/{operation}", get(fetch).fallback(wrong_method))
        .with_state(graph)
}

async fn wrong_method(
    Shared(graph): Shared<Graph>,
    operation: Operation,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    let (exchange, _) = Exchange::begin(&graph, operation, &method, &headers);
    let reason = Reason::wrong_method(OP);
    exchange.refuse((StatusCode::METHOD_NOT_ALLOWED, "8520", reason))
}

async fn fetch(
    Shared(graph): Shared<Graph>,
    operation: Operation,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    let (exchange, operation) = Exchange::begin(&graph, operation, &method, &headers);
    match find(&graph, operation, &headers).await {
        Ok((call, score)) => exchange.give(call, &score),
        Err(problem) => exchange.refuse(problem),
    }
}

/// The name that the journal has for what is asked here.
const OP: &str = "getRecording";

/// The operation in the path; what is no text is no operation.
type Operation = Result<Path<String>, PathRejection>;
/// Why there is no recording: status, `error.code`, and what did not hold.
type Problem = (StatusCode, &'static str, Reason);

/// A request for a recording while it is being answered.
struct Exchange<'a> {
    graph: &'a Graph,
    ids: RequestIds,
}

impl<'a> Exchange<'a> {
    /// Writes the request down; also returns the operation that it names: no token is for what is no id.
    fn begin(
        graph: &'a Graph,
        operation: Operation,
        method: &Method,
        headers: &HeaderMap,
    ) -> (Self, Guid) {
        let id = graph.ids.lock().unwrap_or_else(PoisonError::into_inner).guid();
        let now = graph.clock.now();
        let ids = RequestIds::new(id, headers, now);
        let named = operation.map_or_else(|_| String::new(), |Path(operation)| operation);
        let detail = json!({
            "requestId": id, "op": OP, "method": method.as_str(),
            "path": format!("/recordings/{named}"), "body": null,
        });
        graph.journal.write(now, None, "request", Route("bot", "graph"), detail);
        (Self { graph, ids }, named.parse().unwrap_or_default())
    }

    fn give(&self, call: CallId, score: &Score) -> Response<Body> {
        self.note(Some(call), StatusCode::OK, None);
        recording(&self.ids, score)
    }

    /// Graph's envelope; 401 with a challenge (R-021, clients.md 17).
    fn refuse(&self, (status, code, reason): Problem) -> Response<Body> {
        let unauthorized = status == StatusCode::UNAUTHORIZED;
        let text = if unauthorized {
            format!("Access token validation failure. {}", reason.explanation)
        } else {
            reason.explanation.clone()
        };
        let mut response = self.ids.error(status, code, &text);
        if unauthorized {
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        self.note(None, status, Some(code));
        let why = Why {
            request_id: self.ids.request.to_string(),
            status: status.as_u16(),
            code: code.to_owned(),
            op: OP.to_owned(),
            reason,
            app: None,
            tenant: None,
            call_id: None,
        };
        let Graph { journal, clock, flaw, .. } = self.graph;
        if *flaw != Some(Flaw::HidesRecordingReasons) {
            let (id, route) = (self.ids.request, Route("graph", "bot"));
            self.graph.refusals.note(id, why, journal, clock.now(), route);
        }
        response
    }

    fn note(&self, call: Option<CallId>, status: StatusCode, code: Option<&'static str>) {
        let detail = json!({
            "requestId": self.ids.request, "op": OP, "status": status.as_u16(), "code": code,
            "body": null,
        });
        let Graph { journal, clock, .. } = self.graph;
        journal.write(clock.now(), call, "response", Route("graph", "bot"), detail);
    }
}

/// The token first: who has none learns nothing about recordings.
async fn find(graph: &Graph, id: Guid, headers: &HeaderMap) -> Result<(CallId, Score), Problem> {
    let now = graph.clock.now();
    let given = authorization(headers);
    graph.identity.verify_recording_token(given.as_deref(), id, now).map_err(|refusal| {
        let reason = Reason::recording_token(&refusal);
        (StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", reason)
    })?;
    let found = graph.driver.with(move |state| state.sound.recording(now, OperationId(id))).await;
    match found {
        Ok(Some(found)) => Ok(found),
        Ok(None) => Err((StatusCode::NOT_FOUND, "NotFound", Reason::no_such_recording())),
        Err(Stopped) => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            Err((status, "ServiceUnavailable", Reason::shutting_down()))
        }
    }
}

/// Chunked, as the service sends it.
fn recording(ids: &RequestIds, score: &Score) -> Response<Body> {
    let file = Bytes::from(score.wav());
    let chunks = (0..file.len().div_ceil(CHUNK)).map(move |at| {
        Ok::<_, Infallible>(file.slice(at * CHUNK..file.len().min((at + 1) * CHUNK)))
    });
    let body = Body::from_stream(futures_util::stream::iter(chunks));
    let mut response = ids.response(StatusCode::OK, &serde_json::Value::Null).map(|_| body);
    let kind = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::Request;
    use http_body::Body as _;
    use http_body_util::BodyExt as _;
    use platform::{Ids, MediaEvent};
    use seam::{Clock, HttpClient, RealNetwork, TlsTrust};
    use serde_json::Value;
    use tower::ServiceExt as _;

    use super::*;
    use crate::{
        Journal, Options,
        config::{APP, Config, TENANT},
        driver::{Driver, Parts, State},
        identity::Keys,
        notify::Notifier,
        why::Refusals,
    };

    const CALL: CallId = CallId(Guid::from_u128(0xca11));
    const ALICE: Guid = Guid::from_u128(0xa);
    const ONE: OperationId = OperationId(Guid::from_u128(1));
    const OTHER: OperationId = OperationId(Guid::from_u128(2));

    /// A fake whose clock stands still, with two recordings of one call.
    async fn fake() -> Graph {
        let identity = Arc::new(Identity::new(Keys::fixed()));
        let network = RealNetwork::new(&TlsTrust::default()).unwrap();
        let client = HttpClient::new(Arc::new(network), Duration::from_secs(1));
        let clock = Clock::manual(Timestamp::from_secs(1_800_000_000));
        let (journal, recordings) = (Journal::default(), Recordings::new(identity.clone()));
        let parts = Parts {
            clock: clock.clone(),
            journal: journal.clone(),
            notifier: Arc::new(Notifier::new(client)),
            identity: identity.clone(),
            recordings: recordings.clone(),
            refusals: Refusals::default(),
            flaw: None,
        };
        let state = State::new(1, Config::default(), Options::default());
        let driver = Driver::start(state, parts);
        let now = clock.now();
        let record = move |state: &mut crate::driver::State| {
            for operation in [ONE, OTHER] {
                let sound = &mut state.sound;
                sound.note(now, CALL, &MediaEvent::RecordBegan(operation));
                sound.note(now, CALL, &MediaEvent::Spoke(ALICE, Duration::from_secs(2)));
                let end = now + Duration::from_secs(5);
                sound.note(end, CALL, &MediaEvent::RecordEnded(operation, true));
            }
        };
        driver.with(record).await.unwrap();
        let ids = Arc::new(Mutex::new(Ids::new(1)));
        let refusals = Refusals::default();
        Graph {
            driver,
            identity,
            journal,
            recordings,
            refusals,
            clock,
            ids,
            written: crate::graph::WrittenCalls::default(),
            flaw: None,
            secure: true,
        }
    }

    async fn ask(graph: &Graph, method: &str, path: &str, token: Option<&str>) -> Response<Body> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        router(graph.clone()).oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    async fn json(response: Response<Body>) -> Value {
        let body = response.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&body).unwrap()
    }

    fn path_of(location: &str) -> String {
        url::Url::parse(location).unwrap().path().to_owned()
    }

    /// R-248, endpoints.md 12.2, clients.md 26.
    #[tokio::test]
    async fn the_token_opens_the_recording_and_the_recording_is_a_prompt() {
        let graph = fake().await;
        graph.recordings.asked(ONE, "https://graph.example:8443/v1.0");
        let (location, token) = graph.recordings.links(graph.clock.now())(ONE);
        assert_eq!(location, format!("https://graph.example:8443/recordings/{ONE}"));
        let response = ask(&graph, "GET", &path_of(&location), Some(&token)).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/octet-stream");
        assert!(response.headers().contains_key("request-id"));
        assert_eq!(response.body().size_hint().exact(), None, "chunked: no length is known");
        assert!(!response.headers().contains_key(header::CONTENT_LENGTH));
        let file = response.into_body().collect().await.unwrap().to_bytes();
        assert!(file.starts_with(b"RIFF") && file[8..].starts_with(b"WAVE"));
        let prompt = media::Prompt::read(&file).unwrap();
        assert_eq!(prompt.duration(), Duration::from_secs(5));
        assert!(prompt.samples()[..32_000].iter().any(|sample| *sample != 0));
        assert!(prompt.samples()[32_000..].iter().all(|sample| *sample == 0));
        let lines = graph.journal.since(0, 10);
        let kinds: Vec<_> = lines.iter().map(|line| line.kind).collect();
        assert_eq!(kinds, ["request", "response"]);
        assert_eq!(lines[1].detail["status"], 200);
        let shown = serde_json::to_string(&lines).unwrap();
        assert!(!shown.contains(&token), "tokens stay out of the journal");
    }

    /// only that token.
    #[tokio::test]
    async fn other_tokens_do_not() {
        let graph = fake().await;
        let now = graph.clock.now();
        let (path, other) = (format!("/recordings/{ONE}"), graph.recordings.link(OTHER, now).1);
        let roles: Vec<String> =
            platform::Permission::ALL.iter().map(|role| role.role().to_owned()).collect();
        let access = graph.identity.access_token(APP, TENANT, &roles, now).0;
        let callback = graph.identity.callback_token(APP, TENANT, now);
        for token in [None, Some("x"), Some(&*other), Some(&*access), Some(&*callback)] {
            let response = ask(&graph, "GET", &path, token).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{token:?}");
            assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
            let error = json(response).await;
            assert_eq!(error["error"]["code"], "InvalidAuthenticationToken");
            assert!(error["error"]["innerError"]["request-id"].is_string());
        }
        let own = graph.recordings.link(ONE, now).1;
        let odd = ask(&graph, "GET", "/recordings/%F0%9F%8E%A4", Some(&own)).await;
        assert_eq!(odd.status(), StatusCode::UNAUTHORIZED);
    }

    ///
    #[tokio::test]
    async fn what_is_gone_is_not_found() {
        let graph = fake().await;
        let now = graph.clock.now();
        let nobody = OperationId(Guid::from_u128(3));
        for operation in [ONE, nobody] {
            let path = format!("/recordings/{operation}");
            let token = graph.recordings.link(operation, now).1;
            let found = ask(&graph, "GET", &path, Some(&token)).await.status();
            let wanted = if operation == ONE { 200 } else { 404 };
            assert_eq!(found.as_u16(), wanted);
        }
        graph.driver.with(move |state| state.sound.call_ended(now, CALL)).await.unwrap();
        let (path, token) = (format!("/recordings/{ONE}"), graph.recordings.link(ONE, now).1);
        graph.clock.advance(Duration::from_millis(59_999)).unwrap();
        assert_eq!(ask(&graph, "GET", &path, Some(&token)).await.status(), StatusCode::OK);
        graph.clock.advance(Duration::from_millis(1)).unwrap();
        let gone = ask(&graph, "GET", &path, Some(&token)).await;
        assert_eq!(gone.status(), StatusCode::NOT_FOUND);
        assert_eq!(json(gone).await["error"]["code"], "NotFound");
        let post = ask(&graph, "POST", &path, Some(&token)).await;
        assert_eq!(post.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(json(post).await["error"]["code"], "8520");
    }

    #[tokio::test]
    async fn addresses_are_where_the_bot_asked() {
        let graph = fake().await;
        let now = graph.clock.now();
        let location = |operation| graph.recordings.link(operation, now).0;
        let nowhere = format!("https://graph.microsoft.com/recordings/{ONE}");
        assert_eq!(location(ONE), nowhere, "nobody asked");
        graph.recordings.asked(ONE, "http://127.0.0.1:8080/beta");
        graph.recordings.asked(OTHER, "https://fake:1/v1.0");
        assert_eq!(location(ONE), format!("http://127.0.0.1:8080/recordings/{ONE}"));
        assert_eq!(location(OTHER), format!("https://fake:1/recordings/{OTHER}"));
        for n in 0..KNOWN_MAX {
            let id = OperationId(Guid::from_u128(n as u128 + 10));
            graph.recordings.asked(id, "https://last/v1.0");
        }
        assert_eq!(location(ONE), format!("https://last/recordings/{ONE}"));
        assert_eq!(graph.recordings.known.lock().unwrap().asked.len(), KNOWN_MAX);
        graph.recordings.reset();
        assert_eq!(location(ONE), nowhere, "as at the start");
    }

    #[tokio::test]
    async fn a_link_stays_the_same_while_it_is_good() {
        let graph = fake().await;
        let now = graph.clock.now();
        let link = |operation, later| graph.recordings.link(operation, now + later);
        graph.recordings.asked(ONE, "https://fake/v1.0");
        let first = link(ONE, Duration::ZERO);
        assert_eq!(first, link(ONE, SAME_LINK - Duration::from_nanos(1)));
        let second = link(ONE, SAME_LINK);
        assert_ne!(first, second, "not until it is good for nothing");
        assert_eq!(second, link(ONE, SAME_LINK + Duration::from_secs(60)));
        let later = Duration::from_secs(60);
        assert_ne!(link(OTHER, Duration::ZERO), link(OTHER, later), "nobody asked for it");
    }

    #[tokio::test]
    async fn what_a_user_heard_is_a_file() {
        let graph = fake().await;
        let now = graph.clock.now() + Duration::from_secs(60);
        let bob = Guid::from_u128(0xb);
        let file = graph
            .driver
            .with(move |state| state.sound.heard(now, CALL, bob).unwrap().wav())
            .await
            .unwrap();
        let prompt = media::Prompt::read(&file).unwrap();
        assert_eq!(prompt.duration(), Duration::from_secs(2));
        let unknown =
            graph.driver.with(move |state| state.sound.heard(now, CallId(bob), bob).is_none());
        assert_eq!(unknown.await, Ok(true));
    }
}

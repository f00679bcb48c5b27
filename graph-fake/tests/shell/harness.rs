//! The fake on real sockets, and somebody who talks to it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use graph_api::Timestamp;
use graph_fake::{
    Authority, Fake, Flaw, Journal, Listeners, Options, Setup, Tls,
    config::{APP, Config, TENANT, USERS},
    identity::{Identity, Keys},
};
use http::{HeaderMap, Method, Request, StatusCode, header};
use seam::{Clock, HttpClient, RealNetwork, TlsTrust};
use serde_json::{Value, json};

/// The answer of the fake, read.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

/// A running fake.
pub struct Server {
    pub https: SocketAddr,
    pub http: SocketAddr,
    pub control: SocketAddr,
    pub clock: Clock,
    pub journal: Journal,
    pub client: HttpClient,
    /// Signs what the fake believes.
    pub identity: Identity,
    _ca: tempfile::TempDir,
}

impl Server {
    /// Starts one on free ports, with a clock that stands still until it is moved.
    pub async fn start() -> Self {
        Self::start_flawed(None).await
    }

    /// The same with a planted fault.
    pub async fn start_flawed(flaw: Option<Flaw>) -> Self {
        Self::start_with(flaw, Options::default()).await
    }

    /// The same with other switches of the platform.
    pub async fn start_with(flaw: Option<Flaw>, options: Options) -> Self {
        Self::start_as(|setup| {
            setup.flaw = flaw;
            setup.options = options;
        })
        .await
    }

    /// The same with anything else changed.
    pub async fn start_as(change: impl FnOnce(&mut Setup)) -> Self {
        let ca = tempfile::tempdir().unwrap();
        let authority = Authority::create_or_load(Some(ca.path())).unwrap();
        let trust = TlsTrust { extra_ca_files: vec![ca.path().join("ca.pem")], insecure: false };
        let network = Arc::new(RealNetwork::new(&trust).unwrap());
        let clock = Clock::manual(Timestamp::from_secs(1_800_000_000));
        let free = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        let mut setup = Setup {
            seed: 7,
            config: Config { allow_http_callbacks: true, ..Config::default() },
            options: Options::default(),
            keys: Keys::fixed(),
            tls: Tls::Own(Box::new(authority), Vec::new()),
            listeners: Listeners { https: free, http: free, control: free, media: free },
            network: network.clone(),
            outgoing: network.clone(),
            clock,
            flaw: None,
        };
        change(&mut setup);
        let clock = setup.clock.clone();
        let fake = Fake::bind(setup).await.unwrap();
        let (addresses, journal) = (fake.addresses, fake.journal.clone());
        tokio::spawn(fake.run());
        Self {
            https: addresses.https.unwrap(),
            http: addresses.http.unwrap(),
            control: addresses.control.unwrap(),
            clock,
            journal,
            client: HttpClient::new(network, Duration::from_secs(10)),
            identity: Identity::new(Keys::fixed()),
            _ca: ca,
        }
    }

    /// An access token with every role, issued so many seconds ago.
    pub fn token(&self, seconds_ago: u64) -> String {
        let roles: Vec<String> =
            platform::Permission::ALL.iter().map(|role| role.role().to_owned()).collect();
        let issued = Timestamp::from_secs(self.clock.now().as_secs() - seconds_ago);
        self.identity.access_token(APP, TENANT, &roles, issued).0
    }

    /// Any request; the answer's body as JSON, or null.
    pub async fn send(&self, request: Request<Bytes>) -> Answer {
        let response = self.client.send(request).await.expect("the fake answers");
        let (parts, body) = response.into_parts();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// A request to Graph with a good token and this body.
    pub async fn graph(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(format!("https://{}{path}", self.https))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token(0)))
            .header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(body.into()).unwrap()).await
    }

    /// A request to the control API.
    pub async fn control(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Answer {
        let uri = format!("http://{}{path}", self.control);
        let request = Request::builder().method(method).uri(uri);
        self.send(request.body(body.into()).unwrap()).await
    }

    /// A call from the bot to Alice; its id.
    pub async fn call(&self, callback: &str) -> String {
        let body = call_body(callback).to_string();
        let made = self.graph(Method::POST, "/v1.0/communications/calls", body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        made.body["id"].as_str().unwrap().to_owned()
    }
}

/// What creates a call to Alice.
pub fn call_body(callback: &str) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.call",
        "callbackUri": callback,
        "targets": [{
            "@odata.type": "#microsoft.graph.invitationParticipantInfo",
            "identity": {
                "@odata.type": "#microsoft.graph.identitySet",
                "user": {"@odata.type": "#microsoft.graph.identity", "id": USERS[0].1},
            },
        }],
        "requestedModalities": ["audio"],
        "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
        "tenantId": TENANT,
    })
}

/// A port on which nobody listens.
pub fn dead_callback() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/api/calls", listener.local_addr().unwrap())
}

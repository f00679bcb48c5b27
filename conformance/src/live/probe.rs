//! Whether a bot is there.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use graph_fake::manifest::{Manifest, Places};
use http::{Request, Uri};
use seam::{HttpClient, RealNetwork};

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Asks a bot whether it is there, as its manifest says.
#[derive(Clone)]
pub struct Probe {
    client: HttpClient,
    url: String,
    path: Option<String>,
}

impl Probe {
    /// Over this network.
    pub fn new(network: Arc<RealNetwork>, manifest: &Manifest, places: &Places) -> Self {
        let client = HttpClient::new(network, LIMIT);
        Self { client, url: places.url.clone(), path: manifest.ready.path.clone() }
    }

    /// Asks.
    ///
    /// # Errors
    /// Why it is not there.
    pub async fn ask(&self) -> Result<(), String> {
        let Some(path) = &self.path else { return self.connect().await };
        let url = format!("{}{path}", self.url);
        let request = Request::get(&url).body(Bytes::new()).map_err(|error| error.to_string())?;
        let response =
            self.client.send(request).await.map_err(|error| format!("{url}: {error}"))?;
        match response.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!("{url} answered {status}")),
        }
    }

    async fn connect(&self) -> Result<(), String> {
        let uri: Uri = self.url.parse().map_err(|_| format!("{} is no URL", self.url))?;
        let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(usual);
        let connected = tokio::net::TcpStream::connect((&*host, port));
        match tokio::time::timeout(LIMIT, connected).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(format!("{host}:{port}: {error}")),
            Err(_) => Err(format!("{host}:{port}: no answer in {} s", LIMIT.as_secs())),
        }
    }
}

//! The fake that a bot on real sockets is played against.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use graph_fake::{
    Authority, Fake, Listeners, Options, Setup, Tls, Watch,
    config::{APP, AppConfig, Config, SECRET, TENANT, UserConfig, check_callback},
    identity::Keys,
    manifest::{Manifest, Places},
    options::OptionsBody,
};
use seam::{Clock, RealNetwork, TlsTrust};
use serde_json::json;
use thiserror::Error;
use tokio::task::JoinHandle;

use super::{Pace, Tempo};
use crate::control::{Control, ControlError};

/// Any free port of this machine.
const FREE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// From the answer to the established call, and from there to audio that flows. Longer than in the simulator, so that
/// a bot that does not wait for it is seen, however slow its machine is.
const SET_UP: Duration = Duration::from_millis(200);
const AUDIO_START: Duration = Duration::from_millis(600);
/// How late somebody who sleeps may wake.
const TICK: Duration = Duration::from_millis(5);

/// Where the fake listens, and where its authority is kept.
#[derive(Debug, Clone)]
pub struct Site {
    /// Identity and Graph, with TLS.
    pub https: SocketAddr,
    /// The same without.
    pub http: SocketAddr,
    /// The control API.
    pub control: SocketAddr,
    /// Where the authority's certificate is; a folder that is gone afterwards if absent.
    pub ca_dir: Option<PathBuf>,
}

impl Default for Site {
    fn default() -> Self {
        Self { https: FREE, http: FREE, control: FREE, ca_dir: None }
    }
}

/// A fake that cannot be had.
#[derive(Debug, Clone, Error)]
pub enum HouseError {
    /// The caller can put it right.
    #[error("{0}")]
    Wrong(String),
    /// Nobody can.
    #[error("{0}")]
    Broken(String),
}

/// A running fake and the way to it.
pub struct House {
    /// The fake's clock.
    pub clock: Clock,
    /// Whether something is on its way.
    pub watch: Watch,
    /// The people.
    pub control: Control,
    /// The way to everything, the bot included.
    pub network: Arc<RealNetwork>,
    /// What a manifest's placeholders stand for.
    pub places: Places,
    tasks: [JoinHandle<()>; 2],
    _ca: Option<tempfile::TempDir>,
}

impl Drop for House {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl House {
    /// Starts a fake that expects the manifest's bot.
    ///
    /// # Errors
    /// A URL that no notification may be sent to, a certificate that cannot be read, an address that is taken.
    pub async fn open(manifest: &Manifest, site: &Site) -> Result<Self, HouseError> {
        let wrong = |error: &dyn std::fmt::Display| HouseError::Wrong(error.to_string());
        let broken = |error: &dyn std::fmt::Display| HouseError::Broken(error.to_string());
        let scratch = tempfile::tempdir().map_err(|error| broken(&error))?;
        let ca_dir = site.ca_dir.as_deref().unwrap_or(scratch.path());
        let ca_dir = std::path::absolute(ca_dir).map_err(|error| wrong(&error))?;
        let authority = Authority::create_or_load(Some(&ca_dir)).map_err(|error| wrong(&error))?;
        let ca_file = ca_dir.join("ca.pem");
        let mut trusted: Vec<PathBuf> =
            manifest.trust.iter().map(|file| manifest.file(file)).collect();
        trusted.push(ca_file.clone());
        let trust = TlsTrust { extra_ca_files: trusted, insecure: false };
        let network = Arc::new(RealNetwork::new(&trust).map_err(|error| wrong(&error))?);
        let mut places = bot_places(manifest).map_err(|error| broken(&error))?;
        check_callback(&places.callback, true).map_err(|error| wrong(&error))?;
        let clock = Clock::manual_beside_machine();
        clock.run().map_err(|error| broken(&error))?;
        let fake = Fake::bind(Setup {
            seed: 1,
            config: config(&places.callback),
            options: options(),
            keys: Keys::generate().map_err(|error| broken(&error))?,
            tls: Tls::Own(Box::new(authority), Vec::new()),
            listeners: Listeners {
                https: Some(site.https),
                http: Some(site.http),
                control: Some(site.control),
                media: Some(FREE),
            },
            network: network.clone(),
            outgoing: network.clone(),
            clock: clock.clone(),
            flaw: None,
        });
        let fake = fake.await.map_err(|error| wrong(&error))?;
        fill(&mut places, &fake, &ca_file);
        let (watch, control) = (fake.watch.clone(), places.control.clone());
        let control = Control::new(network.clone(), control);
        let tasks = [tokio::spawn(fake.run()), tokio::spawn(tick(clock.clone()))];
        let kept = site.ca_dir.is_none().then_some(scratch);
        Ok(Self { clock, watch, control, network, places, tasks, _ca: kept })
    }

    /// Takes back what a case has changed of the world: faults, switches, permissions, how people react.
    ///
    /// # Errors
    /// The fake does not do as it is told.
    pub async fn is_as_before(&self) -> Result<(), ControlError> {
        let control = &self.control;
        control.faults(json!([])).await?;
        control.put("/options", json!(OptionsBody::of(&options()))).await?;
        for tenant in config(&self.places.callback).tenants {
            let at = |kind: &str, id: &str| format!("/tenants/{}/{kind}/{id}", tenant.id);
            for AppConfig { id, app } in &tenant.apps {
                control.put(&at("apps", &id.to_string()), json!(app)).await?;
            }
            for UserConfig { id, user } in &tenant.users {
                control.put(&at("users", &id.to_string()), json!(user)).await?;
            }
        }
        Ok(())
    }

    /// Time as a bot like this lives it.
    pub fn pace(&self, tempo: Tempo) -> Pace {
        Pace::new(self.clock.clone(), self.watch.clone(), tempo)
    }
}

/// As shipped, as far as a stage can be.
fn options() -> Options {
    Options {
        // Seconds that stand still would never end.
        requests_per_second: 0,
        set_up: SET_UP,
        audio_start: AUDIO_START,
        retarget: AUDIO_START,
        http_callbacks: true,
        ..Options::default()
    }
}

/// Wakes whoever sleeps on a clock that runs.
async fn tick(clock: Clock) {
    loop {
        tokio::time::sleep(TICK).await;
        clock.advance(Duration::ZERO).expect("the stage's clock is moved by hand");
    }
}

/// One tenant, three people, and the bot with everything granted.
fn config(callback: &str) -> Config {
    let mut config = Config { allow_http_callbacks: true, ..Config::default() };
    for tenant in &mut config.tenants {
        for app in &mut tenant.apps {
            app.app.callback_uri = Some(callback.to_owned());
        }
    }
    config
}

/// Where the bot is, or will be.
fn bot_places(manifest: &Manifest) -> std::io::Result<Places> {
    let url = match &manifest.url {
        Some(url) => url.clone(),
        // Given back at once, and taken by the bot before long.
        None => format!("http://{}", std::net::TcpListener::bind(FREE)?.local_addr()?),
    };
    let uri: http::Uri = url.parse().map_err(std::io::Error::other)?;
    let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    Ok(Places {
        app: APP.to_string(),
        tenant: TENANT.to_string(),
        secret: SECRET.to_owned(),
        dir: manifest.folder.display().to_string(),
        port: uri.port_u16().unwrap_or(usual).to_string(),
        callback: format!("{url}{}", manifest.callback),
        url,
        ..Places::default()
    })
}

/// Where the fake is. Clients are told `localhost`: some of them want a name.
fn fill(places: &mut Places, fake: &Fake, ca_file: &Path) {
    let at = |scheme: &str, address: Option<SocketAddr>| {
        let address = address.map(seam::reachable).expect("all listeners were asked for");
        match address.ip().is_loopback() {
            true => format!("{scheme}://localhost:{}", address.port()),
            false => format!("{scheme}://{address}"),
        }
    };
    let (https, http) = (at("https", fake.addresses.https), at("http", fake.addresses.http));
    let control = fake.addresses.control.map(seam::reachable);
    places.control = format!("http://{}", control.expect("all listeners were asked for"));
    places.clock = format!("{}/clock/wait", places.control);
    places.graph = format!("{https}/v1.0");
    places.graph_beta = format!("{https}/beta");
    places.graph_http = format!("{http}/v1.0");
    places.open_id = format!("{https}/v1/.well-known/OpenIdConfiguration");
    places.authority = https;
    places.ca_file = ca_file.display().to_string();
}

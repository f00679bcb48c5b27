//! `bot-reference serve`: the reference bot on real sockets.

use std::{
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use bot_reference::{
    BotConfig, BotError, FileMemory, Flaw, Hosting, InMemory, Keys, Memory, Settings, run,
};
use clap::{Args, Parser, Subcommand, ValueEnum};
use graph_api::Guid;
use seam::{Clock, RealNetwork, TlsTrust};
use tokio::sync::oneshot;

/// A Microsoft Teams calling bot that behaves, to compare one's own with.
#[derive(Parser)]
#[command(name = "bot-reference", version, arg_required_else_help = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str =
    "Exit codes: 0 all good · 2 wrong usage or configuration · 4 internal error · 130 interrupted.";

#[derive(Subcommand)]
enum Command {
    /// Serve until interrupted. The first line on standard output is one JSON object.
    Serve(Box<Serve>),
}

#[derive(Clone, Copy, ValueEnum)]
enum Media {
    /// Graph plays the prompts.
    #[value(alias = "service-hosted")]
    Service,
    /// The bot hears and speaks itself, over the open media transport.
    #[value(alias = "app-hosted")]
    App,
}

#[derive(Clone, Copy, ValueEnum)]
enum HeardKeys {
    /// It is pressed back.
    Echo,
    /// What the menu says.
    Menu,
}

#[derive(Args)]
struct Serve {
    /// Who handles the media of the calls.
    #[arg(long, alias = "mode", value_enum, default_value_t = Media::Service)]
    media: Media,
    /// Where to receive media of the bot's own; port 0 takes any free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", value_parser = seam::listen_address)]
    media_listen: SocketAddr,
    /// Where the platform sends media of the bot's own; where it is received, if absent.
    #[arg(long, value_name = "ADDR", value_parser = media_address)]
    media_address: Option<SocketAddr>,
    /// See and show, where media is the bot's own: so many video sockets a call, at most 10; screens come beside them.
    #[arg(long, value_name = "SOCKETS", num_args = 0..=1, default_value_t = 0, default_missing_value = "2",
        value_parser = clap::value_parser!(u8).range(0..=10))]
    video: u8,
    /// What a key does that is heard in media of the bot's own.
    #[arg(long, value_enum, default_value_t = HeardKeys::Echo)]
    keys: HeardKeys,
    /// Graph with its version.
    #[arg(long, value_name = "URL", default_value = "https://127.0.0.1:8443/v1.0", value_parser = base_url)]
    graph: String,
    /// The identity platform.
    #[arg(long, value_name = "URL", default_value = "https://127.0.0.1:8443", value_parser = base_url)]
    authority: String,
    /// The Bot Framework's metadata; below the authority if absent.
    #[arg(long, value_name = "URL", value_parser = http_url)]
    open_id: Option<String>,
    /// Where to listen for notifications; port 0 takes any free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9441", value_parser = seam::listen_address)]
    listen: SocketAddr,
    /// How the platform reaches this bot; http and the address if absent.
    #[arg(long, value_name = "URL", value_parser = base_url)]
    public_url: Option<String>,
    /// The bot's tenant.
    #[arg(long, env = "TENANT_ID", value_name = "GUID")]
    tenant: Guid,
    /// The bot's app id.
    #[arg(long, env = "CLIENT_ID", value_name = "GUID")]
    app: Guid,
    /// The bot's client secret.
    #[arg(long, env = "CLIENT_SECRET", value_name = "TEXT", hide_env_values = true)]
    secret: String,
    /// Trust this authority (PEM), beside those of the system.
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,
    /// The user whom the bot invites, and puts callers through to.
    #[arg(long, value_name = "GUID")]
    colleague: Option<Guid>,
    /// Send whoever rings to this user, instead of answering.
    #[arg(long, value_name = "GUID")]
    redirect_to: Option<Guid>,
    /// Ask for rosters as changes, not as full lists.
    #[arg(long)]
    delta_roster: bool,
    /// Keep what must survive a crash in this file; without it, a bot that is started again knows no calls.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Plant a fault, to see that a suite notices it.
    #[arg(long, value_name = "ID")]
    flaw: Option<Flaw>,
    /// Say less.
    #[arg(long)]
    quiet: bool,
    /// No colours.
    #[arg(long)]
    no_color: bool,
    /// Say more; repeat for more still.
    #[arg(short, action = clap::ArgAction::Count)]
    verbose: u8,
}

fn main() -> ExitCode {
    let Cli { command: Command::Serve(serve) } = Cli::parse();
    let level = match (serve.quiet, serve.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "info",
        (false, _) => "debug",
    };
    tracing_subscriber::fmt()
        .with_env_filter(level)
        .with_ansi(!serve.no_color)
        .with_writer(std::io::stderr)
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return told(&error, 4),
    };
    runtime.block_on(start(*serve))
}

fn told(error: &dyn std::fmt::Display, code: u8) -> ExitCode {
    eprintln!("bot-reference: {error}");
    ExitCode::from(code)
}

/// An absolute http or https URL with a host.
fn http_url(text: &str) -> Result<String, String> {
    let expected = "expected http://host or https://host, with a port and a path where needed";
    let url = url::Url::parse(text).map_err(|error| format!("{error}; {expected}"))?;
    // `https:host` is tolerated by the parser and by nobody else.
    let known = matches!(url.scheme(), "http" | "https") && text.contains("://");
    if known && url.has_host() { Ok(text.to_owned()) } else { Err(expected.to_owned()) }
}

/// A URL that paths are put behind; without the slashes at its end.
fn base_url(text: &str) -> Result<String, String> {
    let url = http_url(text)?;
    if url.contains(['?', '#']) {
        return Err("paths are put behind it: no '?' and no '#'".to_owned());
    }
    Ok(url.trim_end_matches('/').to_owned())
}

/// An address that one can send to.
fn media_address(text: &str) -> Result<SocketAddr, String> {
    let address = seam::listen_address(text)?;
    if address.ip().is_unspecified() {
        return Err("that is nowhere that one could send to".to_owned());
    }
    Ok(address)
}

fn ready_line(address: SocketAddr, public_url: Option<String>) -> std::io::Result<()> {
    let url = public_url.unwrap_or_else(|| format!("http://{}", seam::reachable(address)));
    let line = serde_json::json!({
        "ready": true, "listen": address, "callbackUri": format!("{url}/api/calls"),
    });
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn memory(state: Option<&Path>) -> Result<Arc<dyn Memory>, String> {
    let Some(path) = state else { return Ok(Arc::new(InMemory::default())) };
    let opened = FileMemory::open(path);
    Ok(Arc::new(opened.map_err(|error| format!("--state {}: {error}", path.display()))?))
}

/// How the bot is to behave.
fn settings(serve: &Serve) -> Settings {
    Settings {
        colleague: serve.colleague,
        redirects_to: serve.redirect_to,
        delta_roster: serve.delta_roster,
        media: match serve.media {
            Media::Service => Hosting::ServiceHosted,
            Media::App => Hosting::AppHosted,
        },
        video: serve.video,
        keys: match serve.keys {
            HeardKeys::Echo => Keys::Echo,
            HeardKeys::Menu => Keys::Menu,
        },
        media_listen: serve.media_listen,
        media_address: serve.media_address,
        flaw: serve.flaw,
        ..Settings::default()
    }
}

async fn start(serve: Serve) -> ExitCode {
    if serve.video > 0 && matches!(serve.media, Media::Service) {
        let why = "Graph has no video; it needs --media app";
        return told(&format!("--video {}: {why}", serve.video), 2);
    }
    let trust = TlsTrust { extra_ca_files: serve.trust.clone(), insecure: false };
    let network = match RealNetwork::new(&trust) {
        Ok(network) => Arc::new(network),
        Err(error) => return told(&error, 2),
    };
    let memory = match memory(serve.state.as_deref()) {
        Ok(memory) => memory,
        Err(why) => return told(&why, 2),
    };
    let settings = settings(&serve);
    let (graph, authority, public_url) = (serve.graph, serve.authority, serve.public_url);
    let open_id = format!("{authority}/v1/.well-known/OpenIdConfiguration");
    let shown_url = public_url.clone();
    let config = BotConfig {
        app: serve.app,
        tenant: serve.tenant,
        secret: serve.secret,
        graph,
        authority,
        open_id: serve.open_id.unwrap_or(open_id),
        public_url,
        settings,
    };
    let (ready, bound) = oneshot::channel();
    let announce = async {
        if let Ok(address) = bound.await
            && let Err(error) = ready_line(address, shown_url)
        {
            return error;
        }
        std::future::pending().await
    };
    tokio::select! {
        ended = run(network, Clock::real(), serve.listen, None, config, memory, ready) => match ended {
            Err(BotError::Listen(error)) => told(&error, 2),
            Err(error @ (BotError::Crashed | BotError::Stopped)) => told(&error, 4),
            Ok(()) => ExitCode::SUCCESS,
        },
        error = announce => told(&format!("cannot write to standard output: {error}"), 4),
        () = seam::interrupted() => ExitCode::from(130),
    }
}

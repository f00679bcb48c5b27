//! `graph-fake serve`: the fake Graph on real sockets.

use std::{
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::{Args, Parser, Subcommand, ValueEnum};
use graph_api::Timestamp;
use graph_fake::{
    Authority, Fake, Listeners, Options, Setup, Tls,
    config::Config,
    doctor,
    identity::Keys,
    manifest::Manifest,
    stack::{self, Place, Stack},
};
use seam::{Clock, RealNetwork, TlsTrust};
use serde_json::json;

/// Requests are taken on one thread and forgotten on another, journal lines above all: what the C library's
/// allocator makes of that costs as much as the rest of a request.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A fake Microsoft Graph for calling bots: identity, calls, signed notifications.
#[derive(Parser)]
#[command(name = "graph-fake", version, arg_required_else_help = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str =
    "Exit codes: 0 all good · 2 wrong usage or configuration · 4 internal error · 130 interrupted.";

const DOCTOR_CODES: &str =
    "Exit codes: 0 nothing is bad · 1 something is · 2 wrong usage or manifest · 4 internal error.";

#[derive(Subcommand)]
enum Command {
    /// Serve until interrupted. The first line on standard output is one JSON object.
    Serve(Box<Serve>),
    /// Print what to paste so that clients of one stack talk to the fake.
    Env(Env),
    /// Look at everything between a fake and a bot, and say how to mend what is wrong.
    #[command(after_help = DOCTOR_CODES)]
    Doctor(Doctor),
    /// Look at configuration files.
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Read a file and say what is wrong with it.
    Check {
        /// TOML or JSON.
        file: PathBuf,
    },
}

#[derive(Args)]
struct Env {
    /// Which clients.
    #[arg(long, value_enum, value_name = "STACK")]
    stack: StackName,
    /// Where the fake's identity and Graph are.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443")]
    https: SocketAddr,
    /// The folder that `serve --ca-dir` was given; `ca.pem` in the current folder if absent.
    #[arg(long, value_name = "DIR")]
    ca_dir: Option<PathBuf>,
    /// The fake stands for the real hosts.
    #[arg(long)]
    impersonate: bool,
}

#[derive(Args)]
struct Doctor {
    /// What the bot is: TOML; docs/bots.md says what is in it.
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    /// Where the fake has, or will have, identity and Graph with TLS.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443")]
    https: SocketAddr,
    /// The same without TLS.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    http: SocketAddr,
    /// The control API.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090")]
    control: SocketAddr,
    /// The folder that `serve --ca-dir` is given.
    #[arg(long, value_name = "DIR")]
    ca_dir: Option<PathBuf>,
    /// Print JSON instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum StackName {
    Python,
    Js,
    Csharp,
    Java,
    Rust,
}

#[derive(Args)]
struct Serve {
    /// Tenants, apps and users; TOML or JSON. Without one: one tenant, one bot, three users.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Ids come from it: same seed and same inputs, same ids.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Identity and Graph with TLS; port 0 takes any free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443", value_parser = seam::listen_address)]
    https: SocketAddr,
    /// The same without TLS.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", value_parser = seam::listen_address)]
    http: SocketAddr,
    /// The control API.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090", value_parser = seam::listen_address)]
    control: SocketAddr,
    /// The media of app-hosted calls, UDP (docs/media-transport.md); port 0 takes any free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", value_parser = seam::listen_address)]
    media: SocketAddr,
    /// `virtual`: timers move only by POST /clock, and requests of an application are not limited unless
    /// `requestsPerSecond` says so.
    #[arg(long, value_enum, default_value_t = ClockKind::Real)]
    clock: ClockKind,
    /// Where a virtual clock starts, and where POST /reset takes it back to: a date like 2026-01-01T00:00:00Z, or
    /// `now`, which clients need that compare the expiry of tokens with their own clock.
    #[arg(long, value_name = "RFC3339", value_parser = epoch)]
    epoch: Option<Epoch>,
    /// A virtual clock jumps to whatever is due next when nothing is on its way, and nobody has done anything for a
    /// moment. Bots that sleep at POST /clock/wait live in its time. With --epoch now, tokens are dated by the machine's
    /// clock, so that bots go on believing them.
    #[arg(long)]
    auto_advance: bool,
    /// Where the certificate authority is kept; a new one in a temporary folder if absent.
    #[arg(long, value_name = "DIR")]
    ca_dir: Option<PathBuf>,
    /// More names for the server certificate, beside localhost.
    #[arg(long, value_name = "NAME")]
    san: Vec<String>,
    /// Put the real hosts (graph.microsoft.com, login.microsoftonline.com, …) into the server certificate;
    /// on loopback addresses only.
    #[arg(long)]
    impersonate: bool,
    /// Trust this authority (PEM) for callbacks and prompts.
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,
    /// Trust any certificate of the bot.
    #[arg(long)]
    insecure_callbacks: bool,
    /// Accept http callback URIs on loopback hosts.
    #[arg(long)]
    allow_http_callbacks: bool,
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

/// Where a virtual clock starts.
#[derive(Clone, Copy)]
enum Epoch {
    /// At the machine's time.
    Now,
    /// At this time.
    At(Timestamp),
}

fn epoch(text: &str) -> Result<Epoch, String> {
    match text {
        "now" => Ok(Epoch::Now),
        _ => serde_json::from_value(text.into()).map(Epoch::At).map_err(|_| {
            "neither 'now' nor a date like 2026-01-01T00:00:00Z, of 1970 to 2500".to_owned()
        }),
    }
}

/// 2026-01-01T00:00:00Z: the same seed and the same inputs give the same texts, dates included.
const EPOCH: Timestamp = Timestamp::from_secs(1_767_225_600);

#[derive(Clone, Copy, ValueEnum)]
enum ClockKind {
    Real,
    Virtual,
}

/// A problem of the caller's, told on one line.
struct Wrong(String);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Serve(serve) => start(*serve),
        Command::Env(env) => print_env(&env),
        Command::Doctor(doctor) => examine(&doctor),
        Command::Config { command: ConfigCommand::Check { file } } => check(&file),
    };
    match done {
        Ok(code) => code,
        Err(Wrong(why)) => {
            eprintln!("graph-fake: {why}");
            ExitCode::from(2)
        }
    }
}

fn check(file: &Path) -> Result<ExitCode, Wrong> {
    let config = Config::read(file).map_err(|error| Wrong(error.to_string()))?;
    let tenants = config.tenants.len();
    let s = if tenants == 1 { "" } else { "s" };
    eprintln!("{}: good ({tenants} tenant{s})", file.display());
    Ok(ExitCode::SUCCESS)
}

fn print_env(env: &Env) -> Result<ExitCode, Wrong> {
    let stack = match env.stack {
        StackName::Python => Stack::Python,
        StackName::Js => Stack::Js,
        StackName::Csharp => Stack::Csharp,
        StackName::Java => Stack::Java,
        StackName::Rust => Stack::Rust,
    };
    let ca = match &env.ca_dir {
        Some(dir) => std::path::absolute(dir.join("ca.pem")),
        None => std::path::absolute("ca.pem"),
    };
    let ca = ca.map_err(|error| Wrong(error.to_string()))?;
    let place = Place {
        authority: format!("https://{}", env.https),
        ca: ca.display().to_string(),
        default_config: true,
        impersonates: env.impersonate,
    };
    let mut out = std::io::stdout().lock();
    if env.ca_dir.is_none() {
        let _ = writeln!(out, "# curl -s http://127.0.0.1:8090/ca.pem > ca.pem   # from the fake");
    }
    // A reader that has had enough closes the pipe, which is no mistake.
    let _ = write!(out, "{}{}", stack::trust(stack, &place.ca), stack::whereabouts(&place));
    Ok(ExitCode::SUCCESS)
}

fn examine(wanted: &Doctor) -> Result<ExitCode, Wrong> {
    let manifest = Manifest::read(&wanted.manifest).map_err(|error| Wrong(error.to_string()))?;
    let site = doctor::Site {
        https: wanted.https,
        http: wanted.http,
        control: wanted.control,
        ca_dir: wanted.ca_dir.clone(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Wrong(format!("cannot start: {error}")))?;
    let found = runtime.block_on(doctor::examine(&manifest, &site));
    let text = match wanted.json {
        true => format!("{:#}\n", json!({"findings": found})),
        false => doctor::told(&found),
    };
    // A reader that has had enough closes the pipe, which is no mistake.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    let bad = found.iter().any(|finding| finding.health == doctor::Health::Bad);
    Ok(ExitCode::from(u8::from(bad)))
}

/// Names for the certificate. The real ones are for this machine only (clients.md 3).
fn names(serve: &Serve) -> Result<Vec<String>, Wrong> {
    let mut names = serve.san.clone();
    if serve.impersonate {
        for address in [serve.https, serve.http] {
            if !address.ip().is_loopback() {
                let why = format!("--impersonate: {address} is not a loopback address");
                return Err(Wrong(why));
            }
        }
        names.extend(stack::IMPERSONATED.map(str::to_owned));
    }
    Ok(names)
}

fn start(serve: Serve) -> Result<ExitCode, Wrong> {
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
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Wrong(format!("cannot start: {error}")))?;
    runtime.block_on(run(serve))
}

/// The clock, and what depends on its kind.
fn clock(serve: &Serve) -> Result<(Clock, Options), Wrong> {
    let options = Options::default();
    match (serve.clock, serve.epoch) {
        (ClockKind::Real, None) if serve.auto_advance => Err(Wrong(
            "--auto-advance: a real clock moves by itself; use --clock virtual".to_owned(),
        )),
        (ClockKind::Real, None) => Ok((Clock::real(), options)),
        (ClockKind::Real, Some(_)) => {
            Err(Wrong("--epoch: a real clock starts now; use --clock virtual".to_owned()))
        }
        (ClockKind::Virtual, epoch) => {
            let clock = match epoch {
                None => Clock::manual(EPOCH),
                Some(Epoch::At(at)) => Clock::manual(at),
                // It runs far ahead of whoever reads its tokens.
                Some(Epoch::Now) if serve.auto_advance => Clock::manual_beside_machine(),
                Some(Epoch::Now) => Clock::manual(Clock::real().now()),
            };
            // A second that never ends would let nobody ask more than once a second's worth.
            Ok((clock, Options { requests_per_second: 0, ..options }))
        }
    }
}

async fn run(serve: Serve) -> Result<ExitCode, Wrong> {
    let say = |error: &dyn std::fmt::Display| Wrong(error.to_string());
    let mut config = match &serve.config {
        Some(file) => Config::read(file).map_err(|error| say(&error))?,
        None => Config::default(),
    };
    config.allow_http_callbacks |= serve.allow_http_callbacks;
    let default_config = serve.config.is_none();
    // The folder lives as long as the fake: clients read the authority's certificate from it.
    let scratch = tempfile::tempdir().map_err(|error| say(&error))?;
    let ca_dir = serve.ca_dir.as_deref().unwrap_or(scratch.path());
    let ca_dir = std::path::absolute(ca_dir).map_err(|error| say(&error))?;
    let authority = Authority::create_or_load(Some(&ca_dir)).map_err(|error| say(&error))?;
    let trust =
        TlsTrust { extra_ca_files: serve.trust.clone(), insecure: serve.insecure_callbacks };
    let network = Arc::new(RealNetwork::new(&trust).map_err(|error| say(&error))?);
    let (clock, options) = clock(&serve)?;
    let names = names(&serve)?;
    let fake = Fake::bind(Setup {
        seed: serve.seed,
        config,
        options,
        keys: Keys::generate().map_err(|error| say(&error))?,
        tls: Tls::Own(Box::new(authority), names),
        listeners: Listeners {
            https: Some(serve.https),
            http: Some(serve.http),
            control: Some(serve.control),
            media: Some(serve.media),
        },
        network: network.clone(),
        outgoing: network,
        clock: clock.clone(),
        flaw: None,
    })
    .await
    .map_err(|error| say(&error))?;
    let ca_file = ca_dir.join("ca.pem");
    if let Err(error) = announce(&fake, &ca_file, &serve) {
        // Nobody would ever learn where it listens.
        eprintln!("graph-fake: cannot write to standard output: {error}");
        return Ok(ExitCode::from(4));
    }
    if !serve.quiet {
        // Whoever closed standard error does not want them.
        let _ = hints(&fake, &ca_file, default_config, serve.impersonate);
    }
    let (watch, auto) = (fake.watch.clone(), serve.auto_advance);
    let advances = async {
        match auto {
            true => graph_fake::auto_advance(&clock, &watch).await,
            false => std::future::pending().await,
        }
    };
    tokio::select! {
        () = advances => Ok(ExitCode::from(4)),
        () = fake.run() => Ok(ExitCode::from(4)),
        () = seam::interrupted() => Ok(ExitCode::from(130)),
    }
}

fn shown(address: Option<SocketAddr>) -> String {
    address.map(|bound| seam::reachable(bound).to_string()).unwrap_or_default()
}

/// The ready line.
fn announce(fake: &Fake, ca_file: &Path, serve: &Serve) -> std::io::Result<()> {
    let https = format!("https://{}", shown(fake.addresses.https));
    let http = format!("http://{}", shown(fake.addresses.http));
    let ready = json!({
        "ready": true,
        "graph": format!("{https}/v1.0"),
        "graphBeta": format!("{https}/beta"),
        "graphHttp": format!("{http}/v1.0"),
        "authority": https,
        "control": format!("http://{}", shown(fake.addresses.control)),
        "media": shown(fake.addresses.media),
        "botFrameworkOpenId": format!("{https}/v1/.well-known/OpenIdConfiguration"),
        "caFile": ca_file,
        "seed": serve.seed,
    });
    let mut out = std::io::stdout().lock();
    writeln!(out, "{ready}")?;
    out.flush()
}

/// What to paste for each client stack.
fn hints(
    fake: &Fake,
    ca_file: &Path,
    default_config: bool,
    impersonates: bool,
) -> std::io::Result<()> {
    let place = Place {
        authority: format!("https://{}", shown(fake.addresses.https)),
        ca: ca_file.display().to_string(),
        default_config,
        impersonates,
    };
    let mut err = std::io::stderr().lock();
    for stack in Stack::ALL {
        write!(err, "{}", stack::trust(stack, &place.ca))?;
    }
    write!(err, "{}", stack::whereabouts(&place))?;
    Ok(())
}

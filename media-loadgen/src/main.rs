//! `media-loadgen run`: load on the real-time pipeline, and what became of it.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::{Args, Parser, Subcommand};
use media_loadgen::{Config, Report, SESSIONS_MAX, run};

/// Load for the real-time media pipeline.
#[derive(Parser)]
#[command(name = "media-loadgen", version, arg_required_else_help = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str =
    "Exit codes: 0 all good · 2 wrong usage · 4 internal error · 130 interrupted.";

#[derive(Subcommand)]
enum Command {
    /// Audio sessions, 50 packets a second each way, against an echo peer on loopback.
    Run(Run),
}

#[derive(Args)]
struct Run {
    /// Sessions at a time.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(SESSIONS_MAX)))]
    sessions: u32,
    /// How long: 500ms, 10s, 2m.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    duration: Duration,
    /// Write JSON; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// No table.
    #[arg(long)]
    quiet: bool,
    /// No colours; there are none so far.
    #[arg(long)]
    no_color: bool,
}

/// Shortest and longest run.
const DURATIONS: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(100)..=Duration::from_secs(3_600);

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_| "needs a number, as in 10s".to_owned())?;
    let read = match &text[digits..] {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.saturating_mul(60)),
        _ => return Err("needs a unit: ms, s or m, as in 10s".to_owned()),
    };
    if DURATIONS.contains(&read) { Ok(read) } else { Err("must be 100ms to 60m".to_owned()) }
}

fn main() -> ExitCode {
    let Cli { command: Command::Run(options) } = Cli::parse();
    if let Some(folder) = options.json.as_deref().and_then(missing_folder) {
        eprintln!("media-loadgen: {}: there is no such folder", folder.display());
        return ExitCode::from(2);
    }
    let config = Config { sessions: options.sessions, duration: options.duration };
    let told = run(config).map_err(|error| error.to_string());
    let told = told.and_then(|report| tell(&options, &report).map_err(|error| error.to_string()));
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("media-loadgen: {error}");
            ExitCode::from(4)
        }
    }
}

/// A run is not begun whose result could not be kept.
fn missing_folder(file: &Path) -> Option<&Path> {
    file.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir())
}

fn tell(options: &Run, report: &Report) -> io::Result<()> {
    let json_to_stdout = options.json.as_deref() == Some(Path::new("-"));
    if !options.quiet && !json_to_stdout {
        io::stdout().lock().write_all(report.table().as_bytes())?;
    }
    let Some(path) = &options.json else { return Ok(()) };
    let text = format!("{:#}\n", serde_json::to_value(report).map_err(io::Error::other)?);
    if json_to_stdout {
        return io::stdout().lock().write_all(text.as_bytes());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

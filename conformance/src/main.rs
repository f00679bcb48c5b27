//! `conformance`: plays the cases and says what came of them.

mod bots;
mod progress;
mod replaying;
mod reports;
mod searching;
mod sweeping;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use bot_reference::Flaw;
use clap::{Args, Parser, Subcommand};
use conformance::{Plan, Profile, Progress, Selection, Shard, Silent, Stop, Summary, report, run};

/// Worlds are made of small pieces; both cores sweep.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The conformance suite for Microsoft Teams calling bots. Without a command: `run`.
#[derive(Parser)]
#[command(name = "conformance", version, after_help = EXIT_CODES, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: Run,
}

const EXIT_CODES: &str = "Exit codes: 0 all good · 1 a case failed · 2 wrong usage, or nothing matched \
                          the selection · 3 the bot could not be started (`bot`) · 4 internal error of the suite, or a result that could not be \
                          written · 130 interrupted.";

#[derive(Subcommand)]
enum Command {
    /// Play every case against the reference bot inside the simulator.
    #[command(after_help = EXIT_CODES)]
    Run(Run),
    /// List the cases.
    List {
        #[command(flatten)]
        select: Select,
        /// As JSON, on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Say what a case demands, who says so, and what happens in it.
    Explain {
        /// The id of a case.
        case: String,
    },
    /// Live through drawn worlds full of faults; what breaks an invariant is made small and written down.
    #[command(after_help = sweeping::EXIT_CODES)]
    Sweep(sweeping::SweepArgs),
    /// Live through one world again; its journal and its ladder diagram are written.
    #[command(after_help = replaying::EXIT_CODES)]
    Replay(replaying::ReplayArgs),
    /// Play the suite on real sockets, with a bot that somebody else wrote.
    #[command(after_help = bots::EXIT_CODES)]
    Bot(Box<bots::BotArgs>),
    /// Merge the JSON reports of shards, or compare two.
    #[command(subcommand, after_help = reports::EXIT_CODES)]
    Report(reports::Report),
    /// Search what a bot has kept for the media that it was given: it must not keep any.
    #[command(after_help = searching::EXIT_CODES)]
    Canary(searching::CanaryArgs),
}

#[derive(Args)]
struct Select {
    /// Only these cases: an id, a topic or a glob; may be repeated.
    #[arg(long = "case", value_name = "GLOB")]
    cases: Vec<String>,
    /// Only cases for this kind of bot: callable, service-hosted.
    #[arg(long, value_name = "NAME", value_parser = profile)]
    profile: Option<Profile>,
}

#[derive(Args)]
struct Run {
    #[command(flatten)]
    select: Select,
    /// The (first) seed: everything that is drawn comes from it.
    #[arg(long, value_name = "N", default_value = "1", value_parser = seed)]
    seed: u64,
    /// Play each case with so many seeds.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    seeds: u64,
    /// Only part K of N of all worlds.
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,
    /// Worlds at a time; as many as there are cores if absent.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    jobs: Option<u16>,
    /// Plant a fault in the reference bot, to see the suite notice it.
    #[arg(long, value_name = "ID")]
    flaw: Option<Flaw>,
    /// Write JUnit XML; `-` as for JSON.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write JSON; `-` is standard output, and the table goes to standard error then.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write Markdown; `-` as for JSON.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write one HTML page that loads nothing, with the ladder of each failure; `-` as for JSON.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Only failures and the last lines.
    #[arg(long)]
    quiet: bool,
    /// No colours.
    #[arg(long)]
    no_color: bool,
    /// Say more on standard error; repeat for more still.
    #[arg(short, action = clap::ArgAction::Count)]
    verbose: u8,
}

/// A seed: decimal, or hexadecimal after `0x`.
fn seed(text: &str) -> Result<u64, String> {
    let read = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    read.map_err(|_| "a seed is a whole number below 2^64, as 42 or 0x2a".to_owned())
}

fn profile(text: &str) -> Result<Profile, String> {
    let known = || Profile::ALL.map(Profile::id).join(", ");
    let found = Profile::ALL.into_iter().find(|profile| profile.id() == text);
    found.ok_or_else(|| format!("there are {}", known()))
}

/// Why there is no result, told on one line.
enum Trouble {
    /// The caller can put it right.
    Wrong(String),
    /// The result is there and could not be written: a full disk, most likely.
    Lost(String),
}
use Trouble::{Lost, Wrong};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        None => play(&cli.run),
        Some(Command::Run(run)) => play(&run),
        Some(Command::List { select, json }) => list(&select, json),
        Some(Command::Explain { case }) => explain(&case),
        Some(Command::Sweep(args)) => sweeping::sweep(&args),
        Some(Command::Replay(args)) => replaying::replay(args),
        Some(Command::Bot(args)) => bots::bot(&args),
        Some(Command::Report(report)) => reports::report(&report),
        Some(Command::Canary(args)) => searching::search(&args),
    };
    match done {
        Ok(code) => code,
        Err(trouble) => {
            let (why, code) = match trouble {
                Wrong(why) => (why, 2),
                Lost(why) => (why, 4),
            };
            eprintln!("conformance: {why}");
            ExitCode::from(code)
        }
    }
}

fn selection(select: &Select) -> Result<Vec<&'static conformance::Case>, Trouble> {
    let selection = Selection { globs: select.cases.clone(), profile: select.profile };
    selection.cases().map_err(|error| Wrong(error.to_string()))
}

fn lost(error: report::ReportError) -> Trouble {
    Lost(error.to_string())
}

fn say(text: &str) -> Result<(), Trouble> {
    report::print_whole(&mut anstream::stdout().lock(), text).map_err(lost)
}

/// The text of a result: on standard error where a report has standard output.
fn say_beside(text: &str, reports: &[&Path]) -> Result<(), Trouble> {
    if reports.contains(&Path::new("-")) {
        // It does not matter that much: without standard error, there are the reports.
        let _ = anstream::stderr().lock().write_all(text.as_bytes());
        return Ok(());
    }
    say(text)
}

/// What this program was called as, for a shell.
fn program() -> String {
    let given = std::env::args_os().next().filter(|name| !name.is_empty());
    given.map_or_else(|| "conformance".to_owned(), |name| report::quoted(&name.to_string_lossy()))
}

/// The code of what was interrupted.
const INTERRUPTED: u8 = 130;

/// Listens to Ctrl-C, SIGTERM and SIGHUP; the third one ends the program, whatever it does.
fn stop() -> Result<Stop, Trouble> {
    let stop = Stop::default();
    let asked = stop.clone();
    let listens = ctrlc::set_handler(move || {
        let words = match asked.ask() {
            1 => "stopping; what was done will be reported. Once more to wait for no world",
            2 => "stopping without waiting; what was done will be reported",
            _ => leave(),
        };
        // Standard error may be gone.
        let _ = writeln!(std::io::stderr(), "{words}");
    });
    listens.map_err(|error| Lost(error.to_string()))?;
    Ok(stop)
}

#[expect(clippy::exit, reason = "whoever asks three times does not want to wait for a report")]
fn leave() -> ! {
    std::process::exit(INTERRUPTED.into())
}

/// Worlds at a time: as many as there are cores, unless it is said.
fn jobs(wanted: Option<u16>) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    wanted.map_or_else(cores, usize::from)
}

fn list(select: &Select, json: bool) -> Result<ExitCode, Trouble> {
    let cases = selection(select)?;
    match json {
        true => say(&format!("{:#}\n", report::catalogue(&cases)))?,
        false => say(&report::list(&cases))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn explain(id: &str) -> Result<ExitCode, Trouble> {
    let found = conformance::live::all_cases().into_iter().find(|case| case.id == id);
    let case = found.ok_or_else(|| Wrong(format!("there is no case '{id}'; see 'list'")))?;
    say(&report::explain(case))?;
    Ok(ExitCode::SUCCESS)
}

/// Says more or less on standard error.
fn trace(quiet: bool, verbose: u8) {
    let level = match (quiet, verbose) {
        (true, _) => "off",
        (false, 0) => "error",
        (false, 1) => "warn",
        (false, _) => "debug",
    };
    tracing_subscriber::fmt().with_env_filter(level).with_writer(std::io::stderr).init();
}

fn play(options: &Run) -> Result<ExitCode, Trouble> {
    if options.no_color {
        anstream::ColorChoice::Never.write_global();
    }
    trace(options.quiet, options.verbose);
    let plan = Plan {
        cases: selection(&options.select)?,
        seed: options.seed,
        seeds: options.seeds,
        shard: options.shard,
        jobs: jobs(options.jobs),
        flaw: options.flaw,
    };
    // Before the work is done, not after it.
    report::check_targets(&places(options)).map_err(|error| Wrong(error.to_string()))?;
    let bar = progress::Bar::default();
    let told: &dyn Progress = if options.quiet { &Silent } else { &bar };
    let stop = stop()?;
    let summary = run(&plan, told, &stop);
    write_reports(options, &summary)?;
    if stop.is_asked() {
        return Ok(ExitCode::from(INTERRUPTED));
    }
    let [_, failed, _, broken] = summary.counts();
    Ok(match (failed, broken) {
        (_, 1..) => ExitCode::from(4),
        (1.., 0) => ExitCode::from(1),
        (0, 0) => ExitCode::SUCCESS,
    })
}

/// Where reports go.
fn places(options: &Run) -> Vec<&Path> {
    let all = [&options.junit, &options.json, &options.markdown, &options.html];
    all.into_iter().flatten().map(PathBuf::as_path).collect()
}

fn write_reports(options: &Run, summary: &Summary) -> Result<(), Trouble> {
    let table = report::table(summary, options.quiet, &program());
    // Each is tried before the first error is told: a full disk must not cost the other reports.
    let junit = options.junit.as_deref().map(|to| report::write_whole(to, &report::junit(summary)));
    let json = options
        .json
        .as_deref()
        .map(|to| report::write_whole(to, &format!("{:#}\n", report::json(summary))));
    let sheet = (options.markdown.is_some() || options.html.is_some()).then(|| {
        let flaw = summary.flaw;
        let wire = |case, seed| conformance::wire_of(case, seed, flaw);
        report::Sheet::of(summary, &program(), wire)
    });
    let write = |to: &Option<PathBuf>, text: fn(&report::Sheet) -> String| {
        Some(report::write_whole(to.as_deref()?, &text(sheet.as_ref()?)))
    };
    let markdown = write(&options.markdown, report::Sheet::markdown);
    let html = write(&options.html, report::Sheet::html);
    let said = say_beside(&table, &places(options));
    junit
        .into_iter()
        .chain(json)
        .chain(markdown)
        .chain(html)
        .try_for_each(|written| written.map_err(lost))?;
    said
}

//! `conformance bot`: the suite on real sockets, against a bot that somebody else wrote.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use conformance::{
    Case, Selection,
    live::{self, Bot, Expected, HouseError, Plan, Process, Running, Site, Told},
    report::{self, Sheet, saved},
};
use graph_fake::manifest::{Claim, Manifest};

use crate::{
    Trouble::{self, Lost, Wrong},
    lost, program, progress, say_beside, stop,
};

/// For `bot --help`.
pub const EXIT_CODES: &str = "Exit codes: 0 all good · 1 a case failed, or passed unexpectedly · 2 wrong usage or \
                              manifest, or nothing matched the selection · 3 the bot could not be started or \
                              reached · 4 internal error of the suite, or a report that could not be written · 130 \
                              interrupted. Reports are written in all cases but 2.";

/// What to play, with whom.
#[derive(Args)]
pub struct BotArgs {
    /// What the bot is: TOML; docs/bots.md says what is in it.
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    /// Only these cases: an id, a topic or a glob; may be repeated.
    #[arg(long = "case", value_name = "GLOB")]
    cases: Vec<String>,
    /// Only cases for this claim of the manifest, as `prompts`; may be repeated.
    #[arg(long = "profile", value_name = "NAME", value_parser = claim)]
    profiles: Vec<Claim>,
    /// Only cases that failed in this JSON report.
    #[arg(long, value_name = "REPORT")]
    rerun_failed: Option<PathBuf>,
    /// Identity and Graph with TLS; any free port, or 127.0.0.1:8443 for a bot that runs already.
    #[arg(long, value_name = "ADDR", value_parser = seam::listen_address)]
    https: Option<SocketAddr>,
    /// The same without TLS; any free port, or 127.0.0.1:8080.
    #[arg(long, value_name = "ADDR", value_parser = seam::listen_address)]
    http: Option<SocketAddr>,
    /// The control API; any free port, or 127.0.0.1:8090.
    #[arg(long, value_name = "ADDR", value_parser = seam::listen_address)]
    control: Option<SocketAddr>,
    /// Where the certificate authority is kept; a new one in a temporary folder if absent.
    #[arg(long, value_name = "DIR")]
    ca_dir: Option<PathBuf>,
    /// Write JSON; `-` is standard output, and the table goes to standard error then.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write JUnit XML; `-` as for JSON.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write Markdown; `-` as for JSON.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write one HTML page that loads nothing, with a ladder for each case; `-` as for JSON.
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

fn claim(text: &str) -> Result<Claim, String> {
    let known = || Claim::ALL.map(Claim::word).join(", ");
    let found = Claim::ALL.into_iter().find(|claim| claim.word() == text);
    found.ok_or_else(|| format!("there are {}", known()))
}

pub fn bot(args: &BotArgs) -> Result<ExitCode, Trouble> {
    if args.no_color {
        anstream::ColorChoice::Never.write_global();
    }
    crate::trace(args.quiet, args.verbose);
    let manifest = Manifest::read(&args.manifest).map_err(|error| Wrong(error.to_string()))?;
    let all = live::all_cases();
    let ids: Vec<&str> = all.iter().map(|case| case.id).collect();
    let expected = match &manifest.expected_failures {
        None => Expected::default(),
        Some(file) => Expected::read(&manifest.file(file), &ids).map_err(Wrong)?,
    };
    let cases = selected(args, &all)?;
    if cases.iter().all(|case| live::kept_out(case, &manifest).is_some()) {
        let why = live::kept_out(cases[0], &manifest).unwrap_or_default();
        return Err(Wrong(format!(
            "no case of the selection is for this bot: {} {why}",
            cases[0].id
        )));
    }
    report::check_targets(&places(args)).map_err(|error| Wrong(error.to_string()))?;
    let shown = report::quoted(&args.manifest.display().to_string());
    let again = format!("{} bot --manifest {shown} --case", program());
    let site = site(args, &manifest);
    let plan = Plan { manifest, cases, expected, site, again };
    let sheet = play(&plan, args.quiet)?;
    write_reports(args, &sheet)?;
    Ok(ExitCode::from(sheet.code()))
}

/// The cases that are asked for; whether the bot claims them is told case by case.
fn selected(args: &BotArgs, all: &[&'static Case]) -> Result<Vec<&'static Case>, Trouble> {
    let selection = Selection { globs: args.cases.clone(), profile: None };
    let mut cases = selection.among(all).map_err(|error| Wrong(error.to_string()))?;
    if !args.profiles.is_empty() {
        let wanted = |case: &Case| {
            let claim = live::needed(case);
            case.topic() != "driver" && args.profiles.iter().any(|one| one.covers(claim))
        };
        cases.retain(|case| wanted(case));
    }
    if let Some(file) = &args.rerun_failed {
        let failed = saved::failed(file).map_err(|error| Wrong(error.to_string()))?;
        if failed.is_empty() {
            return Err(Wrong(format!("{}: nothing failed there", file.display())));
        }
        cases.retain(|case| failed.iter().any(|id| id == case.id));
    }
    match cases.is_empty() {
        true => Err(Wrong("no case matches the selection".to_owned())),
        false => Ok(cases),
    }
}

/// A bot that runs already has to know where the fake will be.
fn site(args: &BotArgs, manifest: &Manifest) -> Site {
    let free = Site::default();
    let usual = |port: u16, free: SocketAddr| match manifest.command {
        Some(_) => free,
        None => SocketAddr::new(free.ip(), port),
    };
    Site {
        https: args.https.unwrap_or_else(|| usual(8443, free.https)),
        http: args.http.unwrap_or_else(|| usual(8080, free.http)),
        control: args.control.unwrap_or_else(|| usual(8090, free.control)),
        ca_dir: args.ca_dir.clone(),
    }
}

fn play(plan: &Plan, quiet: bool) -> Result<Sheet, Trouble> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Lost(error.to_string()))?;
    let stop = stop()?;
    let bar = progress::Bar::default();
    let tell = |told: Told<'_>| match told {
        _ if quiet => {}
        Told::Begins(cases) => bar.begin(cases),
        Told::Over(_) => bar.step(),
    };
    let mut bot: Box<dyn Bot> = match &plan.manifest.command {
        Some(command) => Box::new(Process::new(&plan.manifest, command)),
        None => Box::new(Running),
    };
    let played = runtime.block_on(live::play(plan, &mut *bot, &tell, &stop));
    bar.end();
    // A download that goes on is no reason to wait.
    runtime.shutdown_background();
    played.map_err(|error| match error {
        HouseError::Wrong(why) => Wrong(why),
        HouseError::Broken(why) => Lost(why),
    })
}

/// Where reports go.
fn places(args: &BotArgs) -> Vec<&Path> {
    let all = [&args.json, &args.junit, &args.markdown, &args.html];
    all.into_iter().flatten().map(PathBuf::as_path).collect()
}

fn write_reports(args: &BotArgs, sheet: &Sheet) -> Result<(), Trouble> {
    let write = |to: &Option<PathBuf>, text: &dyn Fn() -> String| {
        to.as_deref().map(|to| report::write_whole(to, &text()))
    };
    // Each is tried before the first error is told: a full disk must not cost the other reports.
    let written = [
        write(&args.json, &|| format!("{:#}\n", sheet.json())),
        write(&args.junit, &|| sheet.junit()),
        write(&args.markdown, &|| sheet.markdown()),
        write(&args.html, &|| sheet.html()),
    ];
    let said = say_beside(&sheet.table(args.quiet), &places(args));
    written.into_iter().flatten().try_for_each(|written| written.map_err(lost))?;
    said
}

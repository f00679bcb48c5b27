//! `conformance sweep`: worlds that are drawn.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use conformance::{
    Shard,
    report::{self, count, saved::Ended},
    sweep::{self, DETERMINISM, Finding, Outcome, Sweep, Watcher},
};
use sim::plan::Plan;

use crate::{
    INTERRUPTED,
    Trouble::{self, Wrong},
    jobs, lost, program,
    progress::Bar,
    say_beside, stop,
};

/// For `sweep --help`.
pub const EXIT_CODES: &str = "Exit codes: 0 nothing was found, also when --minutes were over · 1 something was found · \
                              2 wrong usage · 4 the result could not be written · 130 interrupted.";

#[derive(Args)]
pub struct SweepArgs {
    /// How many seeds.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    seeds: u64,
    /// The first seed, as 42 or 0x2a.
    #[arg(long, value_name = "S", default_value = "0", value_parser = crate::seed)]
    from: u64,
    /// Only part K of N of them.
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,
    /// Worlds at a time; as many as there are cores if absent.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    jobs: Option<u16>,
    /// Begin no world after so many minutes.
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    minutes: Option<u64>,
    /// Live through every world twice and compare the two.
    #[arg(long)]
    check_determinism: bool,
    /// Plant a fault in the reference bot, to see it found; `--bot-flaw help` lists them.
    #[arg(long, value_name = "ID")]
    bot_flaw: Option<String>,
    /// Plant a fault in the platform, to see it found; `--platform-flaw help` lists them.
    #[arg(long, value_name = "NAME")]
    platform_flaw: Option<String>,
    /// Stop at the first finding.
    #[arg(long)]
    first: bool,
    /// Leave findings as large as they are.
    #[arg(long)]
    no_shrink: bool,
    /// Where plans, journals and diagrams of findings go.
    #[arg(long, value_name = "FOLDER", default_value = "findings")]
    out: PathBuf,
    /// Write JSON; `-` is standard output, and the table goes to standard error then.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Only findings, at the end, and the last lines.
    #[arg(long)]
    quiet: bool,
    /// No colours.
    #[arg(long)]
    no_color: bool,
}

/// The bar and what is found meanwhile, unless nobody wants them.
struct Shown(Option<Bar>);

impl Watcher for Shown {
    fn begins(&self, worlds: usize) {
        self.0.iter().for_each(|bar| bar.begin(worlds));
    }

    fn over(&self) {
        self.0.iter().for_each(Bar::step);
    }

    fn found(&self, finding: &Finding) {
        // At the end it is told again, in one line.
        let tell = || drop(write!(std::io::stderr(), "{}", finding.told(&program())));
        self.0.iter().for_each(|bar| bar.aside(tell));
    }

    fn ends(&self) {
        self.0.iter().for_each(Bar::end);
    }
}

/// What is to be planted must exist.
pub fn check_flaws(plan: &Plan) -> Result<(), Trouble> {
    plan.check_flaws().map_err(|(key, why)| {
        let (flag, given) = match &*key {
            "botFlaw" => ("--bot-flaw", &plan.bot_flaw),
            _ => ("--platform-flaw", &plan.platform_flaw),
        };
        Wrong(format!("{flag} {}: {why}", given.as_deref().unwrap_or_default()))
    })
}

fn sweep_of(args: &SweepArgs) -> Sweep {
    Sweep {
        from: args.from,
        seeds: args.seeds,
        shard: args.shard,
        jobs: jobs(args.jobs),
        within: args.minutes.map(|minutes| Duration::from_secs(minutes.saturating_mul(60))),
        bot_flaw: args.bot_flaw.clone(),
        platform_flaw: args.platform_flaw.clone(),
        twice: args.check_determinism,
        shrinks: !args.no_shrink,
        out: Some(args.out.clone()),
        first_only: args.first,
    }
}

pub fn sweep(args: &SweepArgs) -> Result<ExitCode, Trouble> {
    if args.no_color {
        anstream::ColorChoice::Never.write_global();
    }
    let sweep = sweep_of(args);
    check_flaws(&sweep.plan(0))?;
    if sweep.last().is_none() {
        let why = "there are not so many seeds behind it; the greatest is 18446744073709551615";
        return Err(Wrong(format!("--from {}: {why}", args.from)));
    }
    let places: Vec<&Path> = args.json.iter().map(PathBuf::as_path).collect();
    report::check_targets(&places).map_err(|error| Wrong(error.to_string()))?;
    report::check_folder(&args.out).map_err(|error| Wrong(format!("--out {error}")))?;
    let stop = stop()?;
    let bar = (!args.quiet).then(Bar::default);
    let outcome = sweep.run(&Shown(bar), &stop);
    tell(args, &outcome)?;
    Ok(match outcome.findings.len() {
        _ if stop.is_asked() => ExitCode::from(INTERRUPTED),
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(1),
    })
}

fn tell(args: &SweepArgs, outcome: &Outcome) -> Result<(), Trouble> {
    let json = args
        .json
        .as_deref()
        .map(|to| report::write_whole(to, &format!("{:#}\n", sweep::json(outcome))));
    let places: Vec<&Path> = args.json.iter().map(PathBuf::as_path).collect();
    let said = say_beside(&table(args.quiet, outcome), &places);
    json.transpose().map_err(lost)?;
    said
}

/// Findings, in full if they have not been told yet, and what was done.
fn table(quiet: bool, outcome: &Outcome) -> String {
    let (mut table, program) = (String::new(), program());
    for finding in &outcome.findings {
        table.push_str(&if quiet { finding.told(&program) } else { finding.line(&program) });
    }
    let (wall, simulated) = (outcome.wall.as_secs_f64(), outcome.simulated().as_secs_f64());
    let planned = outcome.planned;
    let of = match outcome.ended {
        Ended::All => String::new(),
        Ended::First => format!(" of {planned} (the first finding was enough)"),
        Ended::Time => format!(" of {planned} (time was over)"),
        Ended::Interrupted => format!(" of {planned} (interrupted)"),
    };
    let differ = outcome.findings.iter().filter(|f| f.broken.invariant == DETERMINISM).count();
    let twice = match (outcome.sweep.twice, differ) {
        (false, _) => String::new(),
        (true, 0) => ", each lived through twice, the same".to_owned(),
        (true, n) => format!(", each lived through twice, {n} of them not the same"),
    };
    table.push_str(&format!(
        "{}{of}{twice}, {} events, {simulated:.0} simulated seconds in {wall:.1} s ({:.0} times as fast), \
         trace {:016x}\n{} of them broke something\n",
        count(outcome.worlds.len(), "world"),
        outcome.events(),
        simulated / wall.max(0.001),
        outcome.trace_hash(),
        outcome.findings.len(),
    ));
    table
}

//! `conformance sweep` and `conformance replay`: worlds that are drawn, and worlds that are lived through again.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use clap::Args;
use conformance::{
    Shard, report,
    sweep::{self, Finding, Outcome, Sweep, Watcher, write_world},
};
use sim::{
    life::{Broken, seconds},
    plan::{Plan, Swarm, plan_of, swarm_of},
};

use crate::{
    Trouble::{self, Wrong},
    jobs, lost,
    progress::Bar,
    say, say_beside,
};

/// Set by the first interruption; the second one ends the program at once.
static STOP: AtomicBool = AtomicBool::new(false);

#[derive(Args)]
pub struct SweepArgs {
    /// How many seeds.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    seeds: u64,
    /// The first seed.
    #[arg(long, value_name = "S", default_value_t = 0)]
    from: u64,
    /// Only part K of N of them.
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,
    /// Worlds at a time; as many as there are cores if absent.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    jobs: Option<u16>,
    /// Begin no world after so many minutes.
    #[arg(long, value_name = "M")]
    minutes: Option<u64>,
    /// Live through every world twice and compare the two.
    #[arg(long)]
    check_determinism: bool,
    /// Plant a fault in the reference bot, to see it found.
    #[arg(long, value_name = "ID")]
    bot_flaw: Option<String>,
    /// Plant a fault in the platform, to see it found.
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
    /// Only findings and the last line.
    #[arg(long)]
    quiet: bool,
    /// No colours.
    #[arg(long)]
    no_color: bool,
}

#[derive(Args)]
pub struct ReplayArgs {
    /// A seed (`0x2a`), with what is planted (`0x2a+bot:never-answers`), or the file of a plan.
    token: String,
    /// Where the journal and the diagrams go.
    #[arg(long, value_name = "FOLDER", default_value = "replay")]
    out: PathBuf,
    /// Live through it twice, and show the first thing that differs.
    #[arg(long)]
    check_determinism: bool,
}

/// The bar, unless nobody wants one, and what is found meanwhile.
struct Shown(Option<Bar>);

impl Watcher for Shown {
    fn begins(&self, worlds: usize) {
        self.0.iter().for_each(|bar| bar.begin(worlds));
    }

    fn over(&self) {
        self.0.iter().for_each(Bar::step);
    }

    fn found(&self, finding: &Finding) {
        // Told again at the end.
        let tell = || drop(write!(std::io::stderr(), "{}", finding.told()));
        match &self.0 {
            Some(bar) => bar.aside(tell),
            None => tell(),
        }
    }

    fn ends(&self) {
        self.0.iter().for_each(Bar::end);
    }
}

/// What is to be planted must exist.
fn check_flaws(plan: &Plan) -> Result<(), Trouble> {
    plan.check_flaws().map_err(|(key, why)| {
        let (flag, given) = match &*key {
            "botFlaw" => ("--bot-flaw", &plan.bot_flaw),
            _ => ("--platform-flaw", &plan.platform_flaw),
        };
        Wrong(format!("{flag} {}: {why}", given.as_deref().unwrap_or_default()))
    })
}

pub fn sweep(args: &SweepArgs) -> Result<ExitCode, Trouble> {
    if args.no_color {
        anstream::ColorChoice::Never.write_global();
    }
    let (bot_flaw, platform_flaw) = (args.bot_flaw.clone(), args.platform_flaw.clone());
    check_flaws(&Plan { bot_flaw, platform_flaw, ..Plan::quiet(0) })?;
    let places: Vec<&Path> = args.json.iter().map(PathBuf::as_path).collect();
    report::check_targets(&places).map_err(|error| Wrong(error.to_string()))?;
    std::fs::create_dir_all(&args.out)
        .map_err(|error| Wrong(format!("--out {}: {error}", args.out.display())))?;
    let sweep = Sweep {
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
    };
    let interrupted = ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::abort();
        }
        eprintln!("stopping; what was done will be reported");
    });
    interrupted.map_err(|error| Trouble::Lost(error.to_string()))?;
    let bar = (!args.quiet).then(Bar::default);
    let outcome = sweep.run(&Shown(bar), &STOP);
    if outcome.worlds.is_empty() && !STOP.load(Ordering::Relaxed) {
        return Err(Wrong("this shard has nothing to live through".to_owned()));
    }
    tell(args, &outcome)?;
    Ok(match (outcome.findings.len(), outcome.finished || outcome.sweep.within.is_some()) {
        (1.., _) => ExitCode::from(1),
        (0, true) => ExitCode::SUCCESS,
        (0, false) => ExitCode::from(130),
    })
}

fn tell(args: &SweepArgs, outcome: &Outcome) -> Result<(), Trouble> {
    let json = args
        .json
        .as_deref()
        .map(|to| report::write_whole(to, &format!("{:#}\n", sweep::json(outcome))));
    let mut table = String::new();
    for finding in &outcome.findings {
        table.push_str(&finding.told());
    }
    let (wall, simulated) = (outcome.wall.as_secs_f64(), outcome.simulated().as_secs_f64());
    let unfinished = if outcome.finished { "" } else { " (not all of them)" };
    table.push_str(&format!(
        "{} worlds{unfinished}, {} events, {simulated:.0} simulated seconds in {wall:.1} s ({:.0} times as fast), \
         trace {:016x}\n{} of them broke something\n",
        outcome.worlds.len(),
        outcome.events(),
        simulated / wall.max(0.001),
        outcome.trace_hash(),
        outcome.findings.len(),
    ));
    let places: Vec<&Path> = args.json.iter().map(PathBuf::as_path).collect();
    let said = say_beside(&table, &places);
    json.transpose().map_err(lost)?;
    said
}

/// The plan that a token names, and what it was drawn from.
fn plan_of_token(token: &str) -> Result<(Plan, Option<Swarm>), Trouble> {
    let mut parts = token.split('+');
    let seed = parts.next().unwrap_or_default();
    let number = match seed.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => seed.parse().ok(),
    };
    let Some(seed) = number else {
        let text = std::fs::read_to_string(token).map_err(|error| {
            Wrong(format!("{token}: neither a seed nor a plan that can be read: {error}"))
        })?;
        let plan = Plan::read(token, &text).map_err(|error| Wrong(error.to_string()))?;
        return Ok((plan, None));
    };
    let mut plan = plan_of(seed);
    for part in parts {
        match part.split_once(':') {
            Some(("bot", name)) => plan.bot_flaw = Some(name.to_owned()),
            Some(("platform", name)) => plan.platform_flaw = Some(name.to_owned()),
            _ => return Err(Wrong(format!("{token}: '{part}' is neither bot:… nor platform:…"))),
        }
    }
    check_flaws(&plan)?;
    Ok((plan, Some(swarm_of(seed))))
}

pub fn replay(args: &ReplayArgs) -> Result<ExitCode, Trouble> {
    let (plan, swarm) = plan_of_token(&args.token)?;
    let name = Path::new(&args.token).file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default().replace(".plan.json", "").replace([':', '+'], "-");
    let (lived, files) = write_world(&args.out, &name, &plan).map_err(lost)?;
    let mut told = format!(
        "{}: {}, {} simulated, trace {:016x}\n",
        args.token,
        plan.size(),
        seconds(lived.simulated),
        lived.trace_hash
    );
    if let Some(swarm) = swarm {
        told.push_str(&format!("  drawn from: {swarm}\n"));
    }
    for file in files {
        told.push_str(&format!("  {}\n", file.display()));
    }
    if args.check_determinism {
        told.push_str(&sweep::first_difference(&plan));
    }
    let code = match &lived.broken {
        None => {
            told.push_str("nothing was broken\n");
            ExitCode::SUCCESS
        }
        Some(Broken { invariant, text, at, .. }) => {
            told.push_str(&format!("FAIL {invariant} at {}\n  {text}\n", seconds(*at)));
            ExitCode::from(1)
        }
    };
    say(&told)?;
    Ok(code)
}

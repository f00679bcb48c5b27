//! `conformance replay`: one world that is lived through again.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::mpsc::{self, RecvTimeoutError},
    time::Duration,
};

use clap::Args;
use conformance::{
    report,
    sweep::{PLAN_MAX, first_difference, free_name, write_world},
};
use sim::{
    life::{Broken, seconds},
    plan::{Plan, Swarm, plan_of, shown, swarm_of},
};

use crate::{
    INTERRUPTED,
    Trouble::{self, Wrong},
    lost, say, seed, stop,
    sweeping::check_flaws,
};

/// For `replay --help`.
pub const EXIT_CODES: &str = "Exit codes: 0 nothing was broken · 1 something was · 2 wrong usage, or a plan that cannot \
                              be read · 4 the result could not be written · 130 interrupted.";

/// How often whoever waits for the world looks whether he is to wait no longer.
const GLANCE: Duration = Duration::from_millis(20);
/// What a token may be.
const TOKENS: &str = "a seed is written 42 or 0x2a; with what is planted, 0x2a+bot:never-answers or \
                      0x2a+platform:GuestsSurvive";

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

/// A world that is to be lived through.
struct World {
    plan: Plan,
    /// What it was drawn from, if it was.
    swarm: Option<Swarm>,
    /// What its files are called.
    name: String,
}

/// The world that a token names.
fn world_of(token: &str, out: &Path) -> Result<World, Trouble> {
    let mut parts = token.split('+');
    match seed(parts.next().unwrap_or_default()) {
        Ok(seed) => drawn(token, seed, parts),
        Err(_) => written(token, out),
    }
}

fn drawn<'a>(
    token: &str,
    seed: u64,
    planted: impl Iterator<Item = &'a str>,
) -> Result<World, Trouble> {
    let mut plan = plan_of(seed);
    for part in planted {
        match part.split_once(':') {
            Some(("bot", name)) => plan.bot_flaw = Some(name.to_owned()),
            Some(("platform", name)) => plan.platform_flaw = Some(name.to_owned()),
            _ => {
                let (token, part) = (shown(token), shown(part));
                let why = format!("'{part}' is neither bot:… nor platform:…; {TOKENS}");
                return Err(Wrong(format!("{token}: {why}")));
            }
        }
    }
    check_flaws(&plan)?;
    let name = token.replace([':', '+'], "-");
    Ok(World { plan, swarm: Some(swarm_of(seed)), name })
}

fn written(token: &str, out: &Path) -> Result<World, Trouble> {
    let file = Path::new(token);
    let bytes = report::read_at_most(file, PLAN_MAX).map_err(|error| {
        let token = shown(token);
        Wrong(match file.exists() {
            true => format!("{token}: {error}"),
            false => {
                format!("{token}: neither a seed nor a plan that can be read ({error}); {TOKENS}")
            }
        })
    })?;
    let plan = Plan::read_bytes(token, &bytes).map_err(|error| Wrong(error.to_string()))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(".plan.json").or(name.strip_suffix(".json")).unwrap_or(&name);
    // What somebody wrote by hand must not be written over, nor what stands beside it.
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let beside = report::same_file(folder.unwrap_or(Path::new(".")), out);
    let name = if beside { free_name(out, name, &plan, None) } else { name.to_owned() };
    Ok(World { plan, swarm: None, name })
}

/// Lives through a world and writes it down; what there is to say, and the code.
fn live(args: &ReplayArgs, world: &World) -> Result<(String, u8), Trouble> {
    let World { plan, swarm, name } = world;
    let (lived, files) = write_world(&args.out, name, plan).map_err(lost)?;
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
        told.push_str(&first_difference(plan));
    }
    let code = match &lived.broken {
        None => {
            told.push_str("nothing was broken\n");
            0
        }
        Some(Broken { invariant, text, at, .. }) => {
            told.push_str(&format!("FAIL {invariant} at {}\n  {text}\n", seconds(*at)));
            1
        }
    };
    Ok((told, code))
}

pub fn replay(args: ReplayArgs) -> Result<ExitCode, Trouble> {
    let world = world_of(&args.token, &args.out)?;
    report::check_folder(&args.out).map_err(|error| Wrong(format!("--out {error}")))?;
    let stop = stop()?;
    let (tell, told) = mpsc::channel();
    // A world knows of no interruption: nobody waits for it any more, and it ends with the process.
    let lives = std::thread::spawn(move || tell.send(live(&args, &world)));
    let (told, code) = loop {
        match told.recv_timeout(GLANCE) {
            Ok(done) => break done?,
            Err(RecvTimeoutError::Timeout) if stop.is_asked() => {
                let words = "interrupted: the world was not lived through to its end";
                // Standard error may be gone.
                let _ = writeln!(std::io::stderr(), "{words}");
                return Ok(ExitCode::from(INTERRUPTED));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => match lives.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(_) => return Err(Trouble::Lost("the world told nothing".to_owned())),
            },
        }
    };
    say(&told)?;
    Ok(ExitCode::from(code))
}

//! `conformance report`: reports that were written before are merged and compared.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Subcommand;
use conformance::report::{
    self,
    saved::{self, Saved},
};

use crate::{
    Trouble::{self, Wrong},
    lost, program, say, say_beside,
};

/// For `report --help`.
pub const EXIT_CODES: &str = "Exit codes: 0 all good · 1 something failed, was found, got worse, is missing or was \
                              interrupted · 2 wrong usage, or a file that is no report · 4 the result could not be \
                              written, or the suite itself broke.";

/// What to do with reports.
#[derive(Subcommand)]
pub enum Report {
    /// One report from those of shards (`run --json`, `sweep --json`). Ends with 1 if anything failed or a shard is
    /// missing or was interrupted.
    #[command(after_help = EXIT_CODES)]
    Merge {
        /// The JSON reports of all shards.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Write JSON; `-` is standard output, and the text goes to standard error then.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
        /// Write JUnit XML; `-` as for JSON.
        #[arg(long, value_name = "FILE")]
        junit: Option<PathBuf>,
    },
    /// What got better, worse, is new and is gone. Ends with 1 if anything got worse.
    #[command(after_help = EXIT_CODES)]
    Diff {
        /// The earlier report.
        #[arg(value_name = "A")]
        before: PathBuf,
        /// The later report.
        #[arg(value_name = "B")]
        after: PathBuf,
    },
}

pub fn report(what: &Report) -> Result<ExitCode, Trouble> {
    match what {
        Report::Merge { files, json, junit } => merge(files, json.as_deref(), junit.as_deref()),
        Report::Diff { before, after } => diff(before, after),
    }
}

fn wrong(error: impl std::error::Error) -> Trouble {
    Wrong(error.to_string())
}

fn merge(
    files: &[PathBuf],
    json: Option<&Path>,
    junit: Option<&Path>,
) -> Result<ExitCode, Trouble> {
    let targets: Vec<&Path> = [json, junit].into_iter().flatten().collect();
    report::check_targets(&targets).map_err(wrong)?;
    for target in &targets {
        if let Some(input) = files.iter().find(|file| report::same_file(file, target)) {
            let (target, input) = (target.display(), input.display());
            return Err(Wrong(format!("{target}: is the report {input} that is to be merged")));
        }
    }
    let read = |file: &PathBuf| Ok((file.clone(), saved::read(file).map_err(wrong)?));
    let parts: Vec<(PathBuf, Saved)> = files.iter().map(read).collect::<Result<_, Trouble>>()?;
    let merged = saved::merge(parts).map_err(wrong)?;
    // Each is tried before the first error is told.
    let junit = junit.map(|to| report::write_whole(to, &saved::merged_junit(&merged)));
    let json = json.map(|to| report::write_whole(to, &saved::json(&merged)));
    let text = saved::merged_text(&merged, &program());
    let said = say_beside(&text, &targets);
    junit.into_iter().chain(json).try_for_each(|written| written.map_err(lost))?;
    said?;
    Ok(ExitCode::from(merged.code()))
}

fn diff(before: &Path, after: &Path) -> Result<ExitCode, Trouble> {
    let (first, second) = (saved::read(before).map_err(wrong)?, saved::read(after).map_err(wrong)?);
    let diff = saved::diff(&first, &second, after).map_err(wrong)?;
    say(&diff.text())?;
    Ok(ExitCode::from(u8::from(!diff.worse.is_empty())))
}

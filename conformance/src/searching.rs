//! `conformance canary`: what a bot has kept is searched for what it was given.

use std::{
    fs, io,
    io::Read as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use conformance::{
    Line,
    canary::{Canary, Given, Kept, Looked, Recording, look_through, uploads},
    report,
};
use media::{Prompt, audio::Marker};
use serde_json::json;

use crate::{
    Trouble::{self, Wrong},
    lost, say_beside,
};

/// For `canary --help`.
pub const EXIT_CODES: &str = "Exit codes: 0 nothing found · 1 something found · 2 wrong usage, or something that cannot \
                              be read to its end · 4 the result could not be written.";
/// Bytes of what was given, and of a journal.
const FILE_MAX: u64 = 256 << 20;

/// What was given, and where to look for it.
#[derive(Args)]
pub struct CanaryArgs {
    /// Everything that the bot may write to.
    #[arg(value_name = "DIRECTORY", required_unless_present = "journal")]
    directories: Vec<PathBuf>,
    /// Somebody has said this marker (`{"action": "speak", "markerId": ID}`); may be repeated, as all of these.
    #[arg(long = "marker", value_name = "ID", value_parser = marker)]
    markers: Vec<Marker>,
    /// Video of this media source id was seen, of a person who is simulated.
    #[arg(long = "source", value_name = "ID")]
    sources: Vec<u32>,
    /// Somebody has said what is in this file (`"wav"` of the same action).
    #[arg(long = "wav", value_name = "FILE")]
    wavs: Vec<PathBuf>,
    /// This was seen: H.264 as Annex B.
    #[arg(long = "h264", value_name = "FILE")]
    films: Vec<PathBuf>,
    /// Look at the bodies of the bot's requests too: what `GET /journal` of the control API says.
    #[arg(long, value_name = "FILE", requires = "call")]
    journal: Option<PathBuf>,
    /// The call whose requests those are. While its bot records by policy it may keep what it gets.
    #[arg(long, value_name = "ID", requires = "journal")]
    call: Option<String>,
    /// Write JSON; `-` is standard output, and the text goes to standard error then.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// A marker: decimal, or hexadecimal after `0x`.
fn marker(text: &str) -> Result<Marker, String> {
    let id = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    let id = id.ok().and_then(Marker::new);
    id.ok_or_else(|| "a marker is a whole number below 16777216, as 31 or 0x1f".to_owned())
}

/// Looks through everything, and says what was found.
pub fn search(args: &CanaryArgs) -> Result<ExitCode, Trouble> {
    let targets: Vec<&Path> = args.json.iter().map(PathBuf::as_path).collect();
    report::check_targets(&targets).map_err(|error| Wrong(error.to_string()))?;
    let canary = canary(args)?;
    let mut looked = Looked::default();
    for directory in &args.directories {
        let one = look_through(directory, &canary).map_err(|error| Wrong(error.to_string()))?;
        looked.kept.extend(one.kept);
        looked.files += one.files;
        looked.bytes += one.bytes;
    }
    let mut recorded = false;
    if let Some((journal, call)) = args.journal.as_deref().zip(args.call.as_deref()) {
        let lines = lines(journal)?;
        if !lines.iter().any(|line| line.call_id.as_deref() == Some(call)) {
            return Err(Wrong(format!("{}: says nothing of call {call}", journal.display())));
        }
        recorded = Recording::of(&lines, call).happened();
        if recorded {
            looked.kept.clear();
        }
        looked.kept.extend(uploads(&lines, call, &canary));
    }
    let written = args.json.as_deref().map(|to| {
        let whole = json!({
            "found": looked.kept, "files": looked.files, "bytes": looked.bytes,
            "recordedByPolicy": recorded,
        });
        report::write_whole(to, &format!("{whole:#}\n"))
    });
    let said = say_beside(&text(&looked, recorded), &targets);
    written.into_iter().try_for_each(|written| written.map_err(lost))?;
    said?;
    Ok(ExitCode::from(u8::from(!looked.kept.is_empty())))
}

fn text(looked: &Looked, recorded: bool) -> String {
    let mut text: String = looked.kept.iter().map(found).collect();
    if recorded {
        text += "the bot has recorded by policy: what is in its files may be that, and was not judged\n";
    }
    let places = match looked.files {
        1 => "1 file".to_owned(),
        files => format!("{files} files"),
    };
    match looked.kept.len() {
        0 => text + &format!("nothing found in {places}\n"),
        kept => text + &format!("{kept} found; {places} looked at\n"),
    }
}

fn found(one: &Kept) -> String {
    format!("FOUND {one}\n")
}

fn canary(args: &CanaryArgs) -> Result<Canary, Trouble> {
    let wrong =
        |path: &Path, why: &dyn std::fmt::Display| Wrong(format!("{}: {why}", path.display()));
    let (mut sounds, mut films) = (Vec::new(), Vec::new());
    for path in &args.wavs {
        let sound = Prompt::read(&read(path)?).map_err(|error| wrong(path, &error))?;
        sounds.push(sound);
    }
    for path in &args.films {
        films.push(read(path)?);
    }
    let markers = args.markers.iter().map(|marker| Given::Marker(*marker));
    let sources = args.sources.iter().map(|source| Given::Source(*source));
    let sounds = sounds.iter().map(|sound| Given::Samples(sound.samples()));
    let films = films.iter().map(|film| Given::H264(film));
    let given: Vec<Given<'_>> = markers.chain(sources).chain(sounds).chain(films).collect();
    if given.is_empty() {
        let why = "say what was given: --marker, --source, --wav or --h264";
        return Err(Wrong(why.to_owned()));
    }
    Canary::new(&given).map_err(|error| Wrong(error.to_string()))
}

fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    let wrong = |why: io::Error| Wrong(format!("{}: {why}", path.display()));
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(wrong)?;
    file.take(FILE_MAX + 1).read_to_end(&mut bytes).map_err(wrong)?;
    if bytes.len() as u64 > FILE_MAX {
        let most = FILE_MAX >> 20;
        return Err(Wrong(format!("{}: is larger than {most} MiB", path.display())));
    }
    Ok(bytes)
}

fn lines(path: &Path) -> Result<Vec<Line>, Trouble> {
    let bytes = read(path)?;
    let all = (1..).zip(bytes.split(|byte| *byte == b'\n')).filter(|(_, line)| !line.is_empty());
    let read = all.map(|(number, line)| {
        serde_json::from_slice(line).map_err(|error| {
            Wrong(format!("{}:{number}: no line of a journal: {error}", path.display()))
        })
    });
    read.collect()
}

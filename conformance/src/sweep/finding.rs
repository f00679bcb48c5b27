//! What a world broke, and everything that is needed to see it again: the smallest plan, what was said, and a ladder
//! diagram with the first violation marked.

use std::path::{Path, PathBuf};

use serde_json::json;
use sim::{
    EPOCH,
    ladder::{self, Ladder, Mark},
    life::{Broken, Lived, live, seconds},
    plan::{Plan, swarm_of},
    wire::{Http, Message, Way},
};

use crate::report::{ReportError, count, quoted, read_at_most, write_whole};

/// Plans beyond this size, in mebibytes, are not read.
pub const PLAN_MAX: u64 = 1;

/// A broken invariant, and the smallest plan that breaks it.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The seed of the world in which it was found.
    pub seed: u64,
    /// What `replay` takes to live through that world again.
    pub token: String,
    /// The smallest plan.
    pub plan: Plan,
    /// What it breaks.
    pub broken: Broken,
    /// Worlds that were lived through to make it small, if that was tried.
    pub worlds: Option<usize>,
    /// Files that were written.
    pub files: Vec<String>,
    /// Why files were not.
    pub lost: Option<String>,
    /// What its files are called.
    name: Option<String>,
}

/// Kinds of files that a world is written to.
const KINDS: [&str; 4] = ["plan.json", "journal.ndjson", "html", "mmd"];

/// What `replay` takes: the seed, with what is planted.
pub fn token_of(plan: &Plan) -> String {
    let mut token = format!("{:#x}", plan.seed);
    if let Some(flaw) = &plan.bot_flaw {
        token.push_str(&format!("+bot:{flaw}"));
    }
    if let Some(flaw) = &plan.platform_flaw {
        token.push_str(&format!("+platform:{flaw}"));
    }
    token
}

impl Finding {
    /// As it was found.
    pub(super) fn new(plan: Plan, broken: Broken) -> Self {
        let (seed, token) = (plan.seed, token_of(&plan));
        let (files, lost, name) = (Vec::new(), None, None);
        Self { seed, token, plan, broken, worlds: None, files, lost, name }
    }

    /// Writes the plan, the journal and the diagrams of the world as it is now, over what it wrote before, but never
    /// over another plan.
    pub(super) fn write(&mut self, folder: &Path) {
        let mut name = format!("{}-{:x}", self.broken.invariant, self.seed);
        for flaw in [&self.plan.bot_flaw, &self.plan.platform_flaw].into_iter().flatten() {
            name.push_str(&format!("-{flaw}"));
        }
        let name = free_name(folder, &name, &self.plan, self.name.as_deref());
        match write_world(folder, &name, &self.plan) {
            Ok((_, files)) => {
                self.files = files.iter().map(|file| file.display().to_string()).collect();
                self.lost = None;
            }
            Err(error) => self.lost = Some(error.to_string()),
        }
        if let Some(before) = self.name.replace(name.clone()).filter(|before| *before != name) {
            for kind in KINDS {
                // It was written here, and is there under another name; what cannot be removed stays.
                let _ = std::fs::remove_file(folder.join(format!("{before}.{kind}")));
            }
        }
    }

    /// For people, in one line: what was broken, and what shows it again.
    pub fn line(&self, program: &str) -> String {
        let Broken { invariant, at, .. } = &self.broken;
        let (seed, at) = (self.seed, seconds(*at));
        format!("FAIL {invariant}  seed {seed:#x}  at {at}: {}\n", self.reproduce(program))
    }

    /// For people: what was broken, and the one line that shows it again. `program` is what this program was called as.
    pub fn told(&self, program: &str) -> String {
        let Broken { invariant, text, at, .. } = &self.broken;
        let (size, seed, at) = (self.plan.size(), self.seed, seconds(*at));
        let mut told = format!("FAIL {invariant}  seed {seed:#x}  at {at}\n  {text}\n");
        told.push_str(&match self.worlds {
            Some(worlds) => format!("  smallest plan: {size} (after {})\n", count(worlds, "world")),
            None => format!("  plan, as it was drawn: {size}\n"),
        });
        told.push_str(&format!("  drawn from: {}\n", swarm_of(self.seed)));
        for file in &self.files {
            told.push_str(&format!("  {file}\n"));
        }
        if let Some(lost) = &self.lost {
            told.push_str(&format!("  not written: {lost}\n"));
        }
        told.push_str(&format!("  reproduce: {}\n", self.reproduce(program)));
        told
    }

    fn reproduce(&self, program: &str) -> String {
        let plan = self.files.iter().find(|file| file.ends_with(".plan.json"));
        format!("{program} replay {}", quoted(plan.unwrap_or(&self.token)))
    }
}

/// Whether a file holds this very plan, however it is laid out.
fn holds(file: &Path, plan: &Plan) -> bool {
    let read = read_at_most(file, PLAN_MAX).ok();
    read.is_some_and(|bytes| Plan::read_bytes("", &bytes).is_ok_and(|there| there == *plan))
}

/// A name that no other plan has in a folder: this one, or with a number behind it. `own` may be taken.
pub fn free_name(folder: &Path, name: &str, plan: &Plan, own: Option<&str>) -> String {
    let free = |name: &String| {
        let file = folder.join(format!("{name}.plan.json"));
        own == Some(name) || std::fs::symlink_metadata(&file).is_err() || holds(&file, plan)
    };
    let names = (2_u64..).map(|n| format!("{name}-{n}"));
    std::iter::once(name.to_owned()).chain(names).find(free).expect("there is a number for each")
}

/// Lives through a plan once more and writes down everything about it: `NAME.plan.json`, `NAME.journal.ndjson`,
/// `NAME.html`, `NAME.mmd`. A file that holds this plan already stays as it is.
///
/// # Errors
/// The first file that could not be written.
pub fn write_world(
    folder: &Path,
    name: &str,
    plan: &Plan,
) -> Result<(Lived, Vec<PathBuf>), ReportError> {
    std::fs::create_dir_all(folder)
        .map_err(|source| ReportError::File { path: folder.to_owned(), source })?;
    let lived = live(plan, true);
    let mark = lived.broken.as_ref().map(|broken| Mark {
        seq: broken.seq.unwrap_or_else(|| lived.messages.last().map_or(0, |last| last.seq)),
        invariant: broken.invariant.clone(),
        text: broken.text.clone(),
    });
    let marks: Vec<Mark> = mark.into_iter().collect();
    let title = format!("{name}: {}", plan.size());
    let ladder = Ladder::new(&lived.messages, &marks);
    let mut files = Vec::new();
    let texts = [plan.to_json(), journal(&lived.messages), ladder.html(&title), ladder.mermaid()];
    for (kind, text) in KINDS.into_iter().zip(texts) {
        let file = folder.join(format!("{name}.{kind}"));
        if kind != "plan.json" || !holds(&file, plan) {
            write_whole(&file, &text)?;
        }
        files.push(file);
    }
    Ok((lived, files))
}

/// Everything that was said, a line a message, without what is secret.
fn journal(messages: &[Message]) -> String {
    let mut text = String::new();
    for (message, body) in messages.iter().zip(ladder::bodies(messages)) {
        let said = match &message.http {
            Http::Request { method, target, .. } => {
                json!({"request": format!("{method} {target}"), "body": body})
            }
            Http::Response { to, status, .. } => {
                json!({"response": status, "to": to, "body": body})
            }
            Http::Broken { to } => json!({"broken": true, "to": to}),
        };
        let at_ms = message.at.saturating_since(EPOCH).as_secs_f64() * 1_000.0;
        let way = if message.way == Way::Sent { "sent" } else { "received" };
        let line = json!({
            "seq": message.seq, "atMs": at_ms, "host": &*message.host, "peer": &*message.peer,
            "way": way, "http": said,
        });
        text.push_str(&line.to_string());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Secrets and tokens are in no file.
    #[test]
    fn files_hold_no_secrets() {
        let dir = tempfile::tempdir().unwrap();
        let plan = sim::plan::plan_of(4);
        let (_, files) = write_world(dir.path(), "w", &plan).unwrap();
        assert_eq!(files.len(), KINDS.len());
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            for secret in ["rehearsal-secret", "eyJ"] {
                assert!(!text.contains(secret), "{secret} in {}", file.display());
            }
        }
    }

    /// What is there is another finding's until it is known to be this one.
    #[test]
    fn no_finding_is_written_over_another_one() {
        let dir = tempfile::tempdir().unwrap();
        let broken = |text: &str| Broken {
            invariant: "one-ending".to_owned(),
            text: text.to_owned(),
            at: std::time::Duration::ZERO,
            seq: None,
        };
        let plan = |heal_at_ms| Plan { heal_at_ms, ..Plan::quiet(7) };
        let find = |heal_at_ms, smaller: Option<u64>| {
            let mut finding = Finding::new(plan(heal_at_ms), broken("x"));
            finding.write(dir.path());
            if let Some(heal_at_ms) = smaller {
                finding.plan = plan(heal_at_ms);
                finding.write(dir.path());
            }
            finding.files[0].rsplit('/').next().unwrap().to_owned()
        };
        assert_eq!(find(9_000, Some(1_000)), "one-ending-7.plan.json");
        assert_eq!(find(5_000, None), "one-ending-7-2.plan.json");
        assert_eq!(find(9_000, Some(1_000)), "one-ending-7.plan.json", "the same once more");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2 * KINDS.len());
        let flawed = Plan { bot_flaw: Some("never-answers".to_owned()), ..plan(1_000) };
        let mut finding = Finding::new(flawed, broken("x"));
        finding.write(dir.path());
        assert!(finding.files[0].ends_with("/one-ending-7-never-answers.plan.json"));
    }

    #[test]
    fn words_say_what_was_done() {
        let (invariant, text) = ("one-ending".to_owned(), "x".to_owned());
        let broken = Broken { invariant, text, at: std::time::Duration::ZERO, seq: None };
        let mut finding = Finding::new(Plan::quiet(7), broken);
        let told = finding.told("my/program");
        assert!(
            told.contains("plan, as it was drawn: 0 events") && !told.contains("smallest"),
            "{told}"
        );
        assert!(told.contains("reproduce: my/program replay 0x7\n"), "{told}");
        finding.worlds = Some(1);
        assert!(finding.told("p").contains("(after 1 world)"), "{}", finding.told("p"));
    }
}

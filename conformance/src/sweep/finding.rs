//! What a world broke, and everything that is needed to see it again: the smallest plan, what was said, and a ladder
//! diagram with the first violation marked.

use std::path::{Path, PathBuf};

use serde_json::json;
use sim::{
    EPOCH,
    ladder::{Ladder, Mark},
    life::{Broken, Lived, live, seconds},
    plan::{Plan, swarm_of},
    wire::{Http, Message, Way},
};

use crate::report::{ReportError, write_whole};

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
    /// Worlds that were lived through to make it small.
    pub worlds: usize,
    /// Files that were written.
    pub files: Vec<String>,
    /// Why files were not.
    pub lost: Option<String>,
}

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
    /// Writes the plan, the journal and the diagrams of the smallest world.
    pub(super) fn write(&mut self, folder: &Path) {
        let name = format!("{}-{:x}", self.broken.invariant, self.seed);
        match write_world(folder, &name, &self.plan) {
            Ok((_, files)) => {
                self.files = files.iter().map(|file| file.display().to_string()).collect()
            }
            Err(error) => self.lost = Some(error.to_string()),
        }
    }

    /// For people: what was broken, and the one line that shows it again.
    pub fn told(&self) -> String {
        let Broken { invariant, text, at, .. } = &self.broken;
        let mut told = format!(
            "FAIL {invariant}  seed {:#x}  at {}\n  {text}\n  smallest plan: {} (after {} worlds)\n",
            self.seed,
            seconds(*at),
            self.plan.size(),
            self.worlds
        );
        told.push_str(&format!("  drawn from: {}\n", swarm_of(self.seed)));
        for file in &self.files {
            told.push_str(&format!("  {file}\n"));
        }
        if let Some(lost) = &self.lost {
            told.push_str(&format!("  not written: {lost}\n"));
        }
        let plan = self.files.iter().find(|file| file.ends_with(".plan.json"));
        let reproduce = plan.map_or(&self.token, |file| file);
        told.push_str(&format!("  reproduce: conformance replay {reproduce}\n"));
        told
    }
}

/// Lives through a plan once more and writes down everything about it: `NAME.plan.json`, `NAME.journal.ndjson`,
/// `NAME.html`, `NAME.mmd`.
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
    for (kind, text) in [
        ("plan.json", plan.to_json()),
        ("journal.ndjson", journal(&lived.messages)),
        ("html", ladder.html(&title)),
        ("mmd", ladder.mermaid()),
    ] {
        let file = folder.join(format!("{name}.{kind}"));
        write_whole(&file, &text)?;
        files.push(file);
    }
    Ok((lived, files))
}

/// Everything that was said, a line a message.
fn journal(messages: &[Message]) -> String {
    let mut text = String::new();
    for message in messages {
        let body = |body: &[u8]| match serde_json::from_slice::<serde_json::Value>(body) {
            Ok(value) => value,
            Err(_) if body.is_empty() => serde_json::Value::Null,
            Err(_) => json!({"bytes": body.len()}),
        };
        let said = match &message.http {
            Http::Request { method, target, body: content, .. } => {
                json!({"request": format!("{method} {target}"), "body": body(content)})
            }
            Http::Response { to, status, body: content, .. } => {
                json!({"response": status, "to": to, "body": body(content)})
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

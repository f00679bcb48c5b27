//! Downloads: what is there, and what is on its way.

use std::{collections::BTreeMap, time::Duration};

use super::job::Prompt;
use crate::input::{FetchError, FetchId};

/// Prompts kept by `resourceId`; further ones are downloaded whenever they are played.
const KEPT_MAX: usize = 256;

/// A prompt that can be played now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Loaded {
    /// What is heard.
    pub prompt: Prompt,
    /// For how long.
    pub length: Duration,
}

/// The prompts of one call, kept for its life under their `resourceId`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Library {
    kept: BTreeMap<String, Loaded>,
    under_way: BTreeMap<FetchId, Prompt>,
}

impl Library {
    /// What is heard for this prompt, if it is there. The key decides, not the URI.
    pub fn find(&self, prompt: &Prompt) -> Option<Loaded> {
        self.kept.get(prompt.resource_id.as_ref()?).cloned()
    }

    /// Whether exactly this is being downloaded.
    pub fn is_under_way(&self, prompt: &Prompt) -> bool {
        self.under_way.values().any(|other| other == prompt)
    }

    /// A download got its id.
    pub fn started(&mut self, fetch: FetchId, prompt: Prompt) {
        self.under_way.insert(fetch, prompt);
    }

    /// A download is over: what was asked for, and what is heard for it from now on. The first download of
    /// a key stays. `None` for a download that nobody asked for.
    pub fn arrived(
        &mut self,
        fetch: FetchId,
        outcome: Result<Duration, FetchError>,
    ) -> Option<(Prompt, Result<Loaded, FetchError>)> {
        let prompt = self.under_way.remove(&fetch)?;
        let loaded = outcome.map(|length| {
            let loaded = Loaded { prompt: prompt.clone(), length };
            match &prompt.resource_id {
                Some(key) if self.kept.len() < KEPT_MAX || self.kept.contains_key(key) => {
                    self.kept.entry(key.clone()).or_insert(loaded).clone()
                }
                _ => loaded,
            }
        });
        Some((prompt, loaded))
    }
}

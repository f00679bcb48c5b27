//! Calls that were read lately, as JSON text.
//!
//! Bots read the same call again and again while they wait for something. Rendering is most of what that costs, and a
//! call that has not changed is written as it was.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use platform::{CallId, CallView, render};
use serde_json::Value;

use crate::Flaw;

/// Calls kept; beyond that, it begins anew.
const KEPT_MAX: usize = 1_000;
/// Bytes to begin with; most answers are smaller.
const ROOM: usize = 4_096;

/// A call as it was written, and what was written.
struct Written {
    view: Arc<CallView>,
    context: String,
    text: Bytes,
}

/// What was written lately. Cheap to clone; clones share it.
#[derive(Clone, Default)]
pub struct WrittenCalls {
    kept: Arc<Mutex<BTreeMap<CallId, Written>>>,
    flaw: Option<Flaw>,
}

impl WrittenCalls {
    /// Nothing has been written yet.
    pub fn new(flaw: Option<Flaw>) -> Self {
        Self { flaw, ..Self::default() }
    }

    /// The call with this `@odata.context`, as JSON.
    pub fn text(&self, view: Arc<CallView>, context: String) -> Bytes {
        // The platform shows the very same view as long as nothing has changed.
        let blind = self.flaw == Some(Flaw::ShowsOldCalls);
        let same =
            |old: &&Written| (Arc::ptr_eq(&old.view, &view) || blind) && old.context == context;
        if let Some(old) = self.kept().get(&view.id).filter(same) {
            return old.text.clone();
        }
        let text = json(&render::call(&view, &context));
        let mut kept = self.kept();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(view.id, Written { view, context, text: text.clone() });
        text
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<CallId, Written>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// JSON in exactly as many bytes as it needs: the journal keeps them.
pub fn json(value: &Value) -> Bytes {
    let mut text = Vec::with_capacity(ROOM);
    serde_json::to_writer(&mut text, value).expect("a value is JSON, and memory takes it");
    Bytes::copy_from_slice(&text)
}

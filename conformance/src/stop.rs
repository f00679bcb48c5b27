//! Being asked to stop, once or twice.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

/// How often somebody has asked for the end. Asked once, no world is begun any more, and nothing is made smaller; asked
/// twice, nobody waits for worlds that are under way either. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicU8>);

impl Stop {
    /// Asks; how often that has been now.
    pub fn ask(&self) -> u8 {
        self.0.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// Whether somebody has asked.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// Whether somebody has asked again.
    pub fn is_urgent(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 1
    }
}

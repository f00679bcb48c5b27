//! What a test does to notifications on purpose, and how often it has been done.

use std::time::Duration;

use crate::{
    input::CallId,
    notification::{Notification, What},
};

/// Entries of a plan; what is beyond is not looked at.
pub const FAULTS_MAX: usize = 1_000;
/// Copies that one strike makes at the most.
pub(super) const COPIES_MAX: u32 = 100;
/// The longest delay.
pub(super) const DELAY_MAX: Duration = Duration::from_secs(24 * 3_600);

/// What a test does to notifications on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationFault {
    /// Of which kind.
    pub of: NotificationKind,
    /// Of which call; none: of any.
    pub call: Option<CallId>,
    /// The first occurrence it happens to, counted from 1 since the plan was put in place.
    pub nth: u64,
    /// To how many occurrences it happens.
    pub times: u64,
    /// What happens.
    pub what: Tampering,
}

/// Kinds of notifications, as a fault plan names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotificationKind {
    /// All.
    Any,
    /// An incoming call.
    Incoming,
    /// An update of a call.
    Call,
    /// A tone.
    Tone,
    /// A roster.
    Roster,
    /// The end of an operation.
    Operation,
    /// The end of a call.
    Ended,
}

/// What happens to a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tampering {
    /// It never leaves.
    Lose,
    /// It is sent this many times more (100 at the most), each in an envelope of its own.
    Repeat(u32),
    /// It leaves so much later (a day at the most) than it would have, and those behind it wait.
    Delay(Duration),
    /// So many of those behind it leave first. It leaves all the same after ten seconds, or when its call
    /// is over, if there are not so many.
    Overtaken(u32),
}

impl Tampering {
    /// What was done, as the journal says it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Lose => "lost",
            Self::Repeat(_) => "repeated",
            Self::Delay(_) => "delayed",
            Self::Overtaken(_) => "overtaken",
        }
    }
}

impl NotificationFault {
    fn is_about(&self, notification: &Notification) -> bool {
        self.call.is_none_or(|call| call == notification.call)
            && match self.of {
                NotificationKind::Any => true,
                NotificationKind::Incoming => matches!(notification.what, What::Incoming(_)),
                NotificationKind::Call => matches!(notification.what, What::CallUpdated(_)),
                NotificationKind::Tone => matches!(notification.what, What::Tone(..)),
                NotificationKind::Roster => matches!(notification.what, What::Roster(_)),
                NotificationKind::Operation => matches!(notification.what, What::OperationEnded(_)),
                NotificationKind::Ended => matches!(notification.what, What::CallEnded(_)),
            }
    }
}

/// The plan in force, and how often each of its entries was met.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Plan {
    entries: Vec<(NotificationFault, u64)>,
}

impl Plan {
    /// A new plan; counting starts at none.
    pub(super) fn new(faults: Vec<NotificationFault>) -> Self {
        Self { entries: faults.into_iter().take(FAULTS_MAX).map(|fault| (fault, 0)).collect() }
    }

    /// A notification is about to be queued: what to do to it. Every entry that is about it counts it;
    /// the first one that strikes has its way.
    pub(super) fn strike(&mut self, notification: &Notification) -> Option<Tampering> {
        let mut struck = None;
        for (fault, seen) in &mut self.entries {
            if !fault.is_about(notification) {
                continue;
            }
            *seen += 1;
            if struck.is_none() && *seen >= fault.nth && *seen - fault.nth < fault.times {
                struck = Some(fault.what);
            }
        }
        struck
    }
}

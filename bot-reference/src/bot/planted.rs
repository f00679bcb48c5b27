//! What only planted faults do with a call.

use graph_api::Guid;

use super::{
    Plan,
    line::{Line, Turn},
};
use crate::{Flaw, Settings};

impl Line {
    /// The planted fault that does not like to be alone.
    pub(super) fn counts_heads(&mut self, turn: &mut Turn<'_>) {
        if turn.has(Flaw::LeavesWhenAlone) && !self.leaving && self.roster.has_no_people() {
            self.leave(turn);
        }
    }

    /// Established, and no conference, nor about to become one by the bot's own wish.
    pub(super) fn is_of_two(&self) -> bool {
        self.connected && !self.group && self.invite.is_none()
    }

    /// Whom the planted faults call when this call has ended by itself.
    pub(super) fn calls_again(&self, call: Guid, settings: &Settings) -> Option<Plan> {
        if self.leaving {
            return None;
        }
        let removed = self.group && self.connected && settings.has(Flaw::ReturnsWhenRemoved);
        let unanswered = !self.connected && self.taken && settings.has(Flaw::RedialsForever);
        let also = settings.colleague.filter(|_| removed);
        let to = self.peer.filter(|_| removed || unanswered)?;
        Some(Plan { origin: call, to, also })
    }
}

//! What the keys of the menu do.

use std::time::Duration;

use super::line::{Job, Line, Turn};
use crate::{
    Flaw,
    ask::{Ask, Prompt},
    entry::{Key, Press},
};

/// What a key asks of the bot beyond this one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Nothing.
    None,
    /// A group call of the caller and the colleague.
    GroupCall,
}

impl Line {
    /// A key was pressed, or told again.
    pub(super) fn pressed(&mut self, press: Press, turn: &mut Turn<'_>) -> Wish {
        let overheard = self.overhears(press, turn);
        let new = self.heard.is_new(press.sequence) || turn.has(Flaw::ActsTwiceOnRepeatedTone);
        if new && !overheard { self.does(press.key, turn) } else { Wish::None }
    }

    /// What a key of the menu says.
    pub(super) fn does(&mut self, key: Key, turn: &mut Turn<'_>) -> Wish {
        if !self.connected || self.leaving || self.transfer.is_some() {
            return Wish::None;
        }
        let colleague = turn.settings.colleague;
        match (key, colleague) {
            (Key::Digit(1), _) => self.then(&[Job::Record, Job::MENU]),
            // One at a time: a second one would be refused.
            (Key::Digit(2), Some(_))
                if self.invite.is_some() && !turn.has(Flaw::InvitesWhileRinging) => {}
            (Key::Digit(2), Some(whom)) => self.invite(whom, turn),
            (Key::Digit(3), Some(target)) => self.transfer(target, turn),
            (Key::Digit(4), _) => turn.ask(Ask::Mute),
            (Key::Digit(5), _) if turn.has(Flaw::NeverUnmutes) => turn.ask(Ask::Mute),
            (Key::Digit(5), _) => turn.ask(Ask::Unmute),
            (Key::Digit(6), _) => self.story(turn),
            (Key::Digit(7), _) if self.peer.is_some() => {
                self.call_back = true;
                self.leave(turn);
            }
            (Key::Digit(8), Some(_)) if self.peer.is_some() => return Wish::GroupCall,
            // of two, nobody can share.
            (Key::Digit(9), _) if self.group && turn.settings.sees() => self.share(turn),
            (Key::Digit(0), _) => self.leave(turn),
            (Key::Star, _) => turn.ask(Ask::Participants { aloud: true }),
            // It ends the record, and says so here too.
            (Key::Pound, _) if self.is_recording() => {}
            (Key::Digit(_) | Key::Pound | Key::Other, _) => self.then(&Job::SORRY),
        }
        Wish::None
    }

    /// What planted faults do not hear.
    fn overhears(&mut self, press: Press, turn: &Turn<'_>) -> bool {
        match turn.settings.flaw {
            Some(Flaw::DeafToKeys) => true,
            Some(Flaw::DeafWhileSpeaking) => self.job.is_some(),
            Some(Flaw::WaitsForMissingKeys) => !self.heard.has_all_before(press.sequence),
            Some(Flaw::LosesFastKeys) => {
                let last = self.pressed_at.replace(turn.now);
                last.is_some_and(|last| turn.now.saturating_since(last) < Duration::from_secs(1))
            }
            _ => false,
        }
    }

    fn is_recording(&self) -> bool {
        self.job.is_some_and(|job| job.what == Job::Record)
    }

    /// Tells a long story; pressed while it is told, stops it.
    fn story(&mut self, turn: &mut Turn<'_>) {
        let story = Job::Play(Prompt::Story);
        if self.job.is_some_and(|job| job.what == story) {
            turn.ask(Ask::CancelMedia);
        } else {
            self.then(&[story, Job::MENU]);
        }
    }
}

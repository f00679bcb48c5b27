//! What the person at the other end of a peer-to-peer call may do.

use std::time::Duration;

use graph_api::{Guid, ResultInfo, Timestamp, Tone};

use super::{Ask, Audio, Call, Phase, diagnosed, verbs};
use crate::{
    directory::OnCall, flaw::Flaw, input::ActRefusal, options::Options, view::Party, who::Who,
};

/// Keys that may wait to be pressed in one call.
const PRESSES_MAX: usize = 1_000;

impl Call {
    /// The person puts the phone down; before the answer: gives up.
    pub fn peer_hangs_up(&mut self, asks: &mut Vec<Ask>) -> Result<(), ActRefusal> {
        let result = match self.phase {
            Phase::Incoming { .. } | Phase::Redirecting => diagnosed("The caller gave up", 487, 0),
            Phase::Ringing { .. } => {
                return Err(ActRefusal::NotNow(
                    "the user has not answered; decline instead".into(),
                ));
            }
            Phase::SettingUp { .. } | Phase::Established { .. } | Phase::Transferring(_) => {
                hung_up(self.peer())
            }
            Phase::Terminating | Phase::Terminated { .. } => return Err(over()),
        };
        self.end(result, asks);
        Ok(())
    }

    /// The person whom the bot rings picks up.
    pub fn peer_answers(
        &mut self,
        now: Timestamp,
        options: &Options,
        asks: &mut Vec<Ask>,
    ) -> Result<(), ActRefusal> {
        let Phase::Ringing { .. } = self.phase else { return Err(not_rung()) };
        self.set_up(now, options, asks);
        Ok(())
    }

    /// The person whom the bot rings declines.
    pub fn peer_declines(&mut self, asks: &mut Vec<Ask>) -> Result<(), ActRefusal> {
        let Phase::Ringing { .. } = self.phase else { return Err(not_rung()) };
        self.end(verbs::declined(), asks);
        Ok(())
    }

    /// The person puts the bot on hold, or takes it off (R-151: what Graph shows of it is not documented).
    pub fn peer_holds(&mut self, hold: bool, asks: &mut Vec<Ask>) -> Result<(), ActRefusal> {
        let (from, to) =
            if hold { (Audio::Flows, Audio::Held) } else { (Audio::Held, Audio::Flows) };
        if self.phase != (Phase::Established { audio: from }) {
            let why = if hold { "no sound flows that could be held" } else { "it is not on hold" };
            return Err(ActRefusal::NotNow(why.to_owned()));
        }
        self.enter(Phase::Established { audio: to }, asks);
        if self.switches.shows_hold {
            self.tell_state(self.state(), asks);
        }
        self.tell_audio(!hold, asks);
        Ok(())
    }

    /// Somebody presses keys, one after another.
    pub fn presses(
        &mut self,
        by: Guid,
        tones: &[Tone],
        gap: Duration,
        now: Timestamp,
    ) -> Result<(), ActRefusal> {
        if self.presses.len() + tones.len() > PRESSES_MAX {
            return Err(ActRefusal::NotNow("too many keys wait to be pressed".into()));
        }
        // Never two at the same moment, so that a handled deadline always moves.
        let gap = gap.max(Duration::from_nanos(1));
        let mut at = self.presses.back().map_or(now, |(at, ..)| (*at + gap).max(now));
        for tone in tones {
            self.presses.push_back((at, by, tone.clone()));
            at = at + gap;
        }
        Ok(())
    }

    /// The simulated person does what they always do.
    pub(super) fn callee_reacts(&mut self, now: Timestamp, options: &Options, asks: &mut Vec<Ask>) {
        let Phase::Ringing { reacts, .. } = &mut self.phase else { return };
        match reacts.take() {
            Some((_, OnCall::Answer { .. })) => self.set_up(now, options, asks),
            Some((_, other)) => {
                if let Some(result) = unanswered(other) {
                    self.end(result, asks);
                }
            }
            None => {}
        }
    }

    /// Whether this is who is at the other end: a user, or the telephone with that participant id.
    pub fn is_peer(&self, by: Guid) -> bool {
        self.peer()
            .is_some_and(|party| party.person.who == Who::User(by) || party.participant.0 == by)
    }

    /// Somebody removed the bot (errors.md 3.3: 5300).
    pub(crate) fn removed(&mut self, asks: &mut Vec<Ask>) {
        let subcode = if self.switches.flaw == Some(Flaw::WrongEndCode) { 5000 } else { 5300 };
        self.end(diagnosed("The bot was removed by another participant", 200, subcode), asks);
    }
}

/// errors.md 3: a telephone's end has a code of its own.
fn hung_up(peer: Option<&Party>) -> ResultInfo {
    match peer.map(|party| &party.person.who) {
        Some(Who::Phone(_)) => diagnosed("The call was ended by the PSTN user", 200, 560_000),
        _ => diagnosed("The call was ended by the other participant", 200, 4521),
    }
}

/// How a call ends that is not taken (errors.md 3.3); `None`: it rings on.
pub(crate) fn unanswered(on_call: OnCall) -> Option<ResultInfo> {
    match on_call {
        OnCall::Answer { .. } | OnCall::Ignore => None,
        OnCall::Decline => Some(verbs::declined()),
        OnCall::Busy => Some(verbs::busy()),
        OnCall::Offline => Some(diagnosed("No callee endpoints", 480, 10_037)),
    }
}

fn over() -> ActRefusal {
    ActRefusal::NotNow("the call is over".to_owned())
}

fn not_rung() -> ActRefusal {
    ActRefusal::NotNow("the user is not being rung".to_owned())
}

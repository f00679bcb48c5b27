//! What follows from the facts, for any moment: states, ends, sound, and everything a bot was told.

use std::time::Duration;

use graph_api::{CallState, OperationStatus};

use super::{
    super::{moment::Moment, view::Told},
    ACCEPT, AUDIO, RETARGET, Reference, SET_UP,
    facts::{End, Transferred},
    gathering::reaction,
    media::{OperationEnd, Work},
};

/// Something that turned sound on or off: when, and from when on it flows; `None`: not.
struct Cause {
    at: Moment,
    flows_from: Option<Moment>,
}

impl Reference {
    /// When and how a call ended, if that is by `t`.
    pub fn end(&self, call: usize, t: Moment) -> Option<(Moment, End)> {
        if let Some((at, end)) = self.known_ends[call] {
            return (at <= t).then_some((at, end));
        }
        let facts = &self.calls[call];
        let would_answer = facts.would_answer();
        let mut ends: Vec<(Moment, End)> = Vec::new();
        ends.extend(facts.ended.map(|(at, end, _)| (at, end)));
        ends.extend(facts.lapse());
        let unanswered = facts.unanswered();
        if would_answer.is_none_or(|at| at > unanswered.0) {
            ends.push(unanswered);
        }
        ends.extend(self.lost(call, t));
        for transfer in &facts.transfers {
            let end = match transfer.onto {
                None => End { result: Some((0, 7015)), reason: None },
                Some(_) => End { result: None, reason: Some("AppTransferred") },
            };
            let through = self.transferred(call, transfer, t).filter(|(_, well)| *well);
            ends.extend(through.map(|(at, _)| (at, end)));
        }
        ends.extend(self.consulted(call, t));
        let deserted = facts.gathering.as_ref().and_then(|gathering| gathering.deserted(t));
        ends.extend(deserted.map(|at| (at, End::with(200, 5010))));
        ends.into_iter().filter(|(at, _)| *at <= t).min_by_key(|(at, _)| *at)
    }

    /// whoever picks up first has the caller, and nobody who rings has one that gave up.
    fn lost(&self, call: usize, t: Moment) -> Option<(Moment, End)> {
        let answered = self.calls[call].answered;
        let hunt = &self.hunts[self.calls[call].hunt?];
        let others = hunt.legs.iter().filter(|leg| **leg != call);
        let by_bot = others.filter_map(|leg| self.calls[*leg].answered);
        let taken = by_bot.chain(hunt.found(t)).map(|at| (at, End::with(487, 10_003)));
        let gave_up = hunt.gave_up.map(|at| (at, End::with(487, 0)));
        let lost = taken.chain(gave_up).min_by_key(|(at, _)| *at)?;
        answered.is_none_or(|answered| answered > lost.0).then_some(lost)
    }

    /// the call onto which another one was transferred is over with it.
    fn consulted(&self, call: usize, t: Moment) -> Option<(Moment, End)> {
        let others = self.calls.iter().enumerate().filter(|(other, _)| *other != call);
        let through = others.filter_map(|(other, facts)| {
            let onto = facts.transfers.iter().find_map(|transfer| {
                (transfer.onto == Some(call))
                    .then(|| self.transferred(other, transfer, t))?
                    .filter(|(_, well)| *well)
            });
            let (at, _) = onto?;
            self.end(other, at).filter(|(ended, _)| *ended == at)
        });
        through.map(|(at, _)| (at, End::with(200, 5001))).min_by_key(|(at, _)| *at)
    }

    /// When a transfer succeeded or failed, if that is by `t` and nothing ended the call before.
    fn transferred(
        &self,
        call: usize,
        transfer: &Transferred,
        t: Moment,
    ) -> Option<(Moment, bool)> {
        let accepted = transfer.begun.after(ACCEPT);
        if accepted.after(Duration::ZERO) > t {
            return None;
        }
        let outcome = match transfer.onto {
            Some(other) => {
                let facts = &self.calls[other];
                let with = facts.peer == transfer.target
                    && facts.gathering.as_ref().is_none_or(|g| g.since > accepted);
                let ready = other != call
                    && facts.owner == self.calls[call].owner
                    && with
                    && self.state(other, accepted) == CallState::Established;
                (accepted.after(Duration::ZERO), ready)
            }
            None => reaction(transfer.target, accepted),
        };
        Some(outcome).filter(|(at, _)| *at <= t)
    }

    /// The transfer under way, and whether the other end has taken it.
    fn transferring(&self, call: usize, t: Moment) -> Option<bool> {
        let open = self.calls[call]
            .transfers
            .iter()
            .find(|transfer| transfer.begun <= t && self.transferred(call, transfer, t).is_none());
        open.map(|transfer| transfer.begun.after(ACCEPT) <= t)
    }

    /// When somebody answered, if that is by `t` and before the end.
    pub fn answered(&self, call: usize, t: Moment) -> Option<Moment> {
        let first = self.calls[call].would_answer().filter(|at| *at <= t)?;
        self.end(call, first).is_none_or(|(at, _)| at > first).then_some(first)
    }

    /// Where a call is.
    pub fn state(&self, call: usize, t: Moment) -> CallState {
        if self.end(call, t).is_some() {
            return CallState::Terminated;
        }
        match self.answered(call, t) {
            Some(at) if at.after(SET_UP) <= t => match self.transferring(call, t) {
                Some(true) => CallState::TransferAccepted,
                Some(false) => CallState::Transferring,
                None => CallState::Established,
            },
            None if self.calls[call].incoming() => CallState::Incoming,
            Some(_) | None => CallState::Establishing,
        }
    }

    /// Everything that turned sound on or off by `t`, in order.
    fn causes(&self, call: usize, t: Moment) -> Vec<Cause> {
        let facts = &self.calls[call];
        let Some(answered) = self.answered(call, t) else { return Vec::new() };
        let ready = answered.after(SET_UP);
        let mut causes = vec![Cause { at: ready, flows_from: Some(ready.after(AUDIO)) }];
        if let Some(gathering) = &facts.gathering {
            let back = gathering.since.after(RETARGET);
            causes.push(Cause { at: gathering.since, flows_from: Some(back) });
        }
        for (at, held) in &facts.holds {
            causes.push(Cause { at: *at, flows_from: (!held).then_some(*at) });
        }
        for transfer in &facts.transfers {
            causes.push(Cause { at: transfer.begun, flows_from: None });
            if let Some((at, false)) = self.transferred(call, transfer, t) {
                causes.push(Cause { at, flows_from: Some(at) });
            }
        }
        causes.retain(|cause| cause.at <= t);
        causes.sort_by_key(|cause| cause.at);
        causes
    }

    /// Whether sound flows, if the call has not ended.
    pub fn audio(&self, call: usize, t: Moment) -> bool {
        self.causes(call, t).last().and_then(|cause| cause.flows_from).is_some_and(|at| at <= t)
    }

    /// When each operation ended, if that is by `t`; those that were done before their reply: `None`.
    pub fn operation_ends(&self, call: usize, t: Moment) -> Vec<Option<OperationEnd>> {
        let facts = &self.calls[call];
        let audio = |at: Moment| self.audio(call, at);
        let mut ends = facts.media.ends(t, &audio);
        for (end, operation) in ends.iter_mut().zip(&facts.media.operations) {
            match (operation.work, &facts.gathering) {
                (Work::Invite(guest), Some(gathering)) => {
                    let (at, well) = gathering.guests[guest].decided();
                    let result = (!well).then_some((412, 9999));
                    *end = (at <= t).then_some(OperationEnd { at, well, result, reason: None });
                }
                (Work::Gallery, _) => {
                    let at = operation.asked;
                    *end = Some(OperationEnd { at, well: true, result: None, reason: None });
                }
                _ => {}
            }
        }
        ends
    }

    /// How far each operation is.
    pub fn statuses(&self, call: usize, t: Moment) -> Vec<OperationStatus> {
        let ends = self.operation_ends(call, t);
        let operations = self.calls[call].media.operations.iter();
        operations
            .zip(ends)
            .map(|(operation, end)| match (operation.work, end) {
                (Work::Done, _) | (_, Some(OperationEnd { well: true, .. })) => {
                    OperationStatus::Completed
                }
                (_, Some(_)) => OperationStatus::Failed,
                (_, None) => OperationStatus::Running,
            })
            .collect()
    }

    /// Everything the bot has been told of a call by `t`, in order.
    pub fn told(&self, call: usize, t: Moment) -> Vec<Told> {
        let end = self.end(call, t);
        let horizon = end.map_or(t, |(at, _)| at);
        let mut events = Vec::new();
        self.tell_states(call, horizon, &mut events);
        self.tell_media(call, horizon, &mut events);
        events.retain(|(at, _)| *at <= horizon);
        events.sort_by_key(|(at, _)| *at);
        // clients.md 25: established with audio once.
        let first = events.iter_mut().find_map(|(_, told)| match told {
            Told::Updated { state, audio: Some(true), .. } => Some(state),
            _ => None,
        });
        if let Some(state) = first {
            *state = Some(CallState::Established);
        }
        if let Some((at, End { result, reason })) = end {
            let aloud =
                self.calls[call].ended.is_some_and(|(by_hand, _, loud)| loud && by_hand == at);
            if aloud {
                events.push((at, Told::state(CallState::Terminating)));
            }
            events.push((at, Told::Ended { result, reason }));
        }
        events.into_iter().map(|(_, told)| told).collect()
    }

    fn tell_states(&self, call: usize, t: Moment, events: &mut Vec<(Moment, Told)>) {
        let facts = &self.calls[call];
        let incoming = facts.incoming();
        let first = if incoming { Told::Incoming } else { Told::state(CallState::Establishing) };
        events.push((facts.began, first));
        let Some(answered) = self.answered(call, t) else { return };
        if incoming {
            events.push((answered, Told::state(CallState::Establishing)));
        }
        events.push((answered.after(SET_UP), Told::state(CallState::Established)));
        for (at, held) in facts.holds.iter().filter(|(_, held)| *held) {
            events.push((*at, Told::audio(!held)));
        }
        for transfer in &facts.transfers {
            let (begun, accepted) = (transfer.begun, transfer.begun.after(ACCEPT));
            events.push((begun, Told::state(CallState::Transferring)));
            events.push((accepted, Told::state(CallState::TransferAccepted)));
            events.push((accepted, Told::audio(false)));
            if let Some((at, false)) = self.transferred(call, transfer, t) {
                let subcode = if transfer.onto.is_some() { 7700 } else { 7000 };
                let failure = Some((500, subcode));
                let state = Some(CallState::Established);
                let told = Told::Updated { state, audio: None, conference: false, failure };
                events.push((at, told));
            }
        }
        if let Some(gathering) = &facts.gathering {
            let state = Some(CallState::Established);
            let audio = Some(false);
            let told = Told::Updated { state, audio, conference: true, failure: None };
            events.push((gathering.since, told));
        }
        let causes = self.causes(call, t);
        for (number, cause) in causes.iter().enumerate() {
            let next = causes.get(number + 1).map(|next| next.at);
            let Some(flows) = cause.flows_from else { continue };
            if next.is_none_or(|next| next > flows) {
                events.push((flows, Told::audio(true)));
            }
        }
    }

    fn tell_media(&self, call: usize, t: Moment, events: &mut Vec<(Moment, Told)>) {
        let media = &self.calls[call].media;
        let ends = self.operation_ends(call, t);
        let keys = |work: Work| matches!(work, Work::Keys(_));
        // Where both are cancelled at once, the queue comes before the keys.
        for of_keys in [false, true] {
            for (number, end) in ends.iter().enumerate() {
                let Some(OperationEnd { at, well, result, reason }) = *end else { continue };
                if keys(media.operations[number].work) == of_keys {
                    events.push((at, Told::Operation { number, well, result, reason }));
                }
            }
        }
        let audio = |at: Moment| at <= t && self.audio(call, at);
        for (at, number, tone) in media.heard(&audio) {
            events.push((at, Told::Tone(number, tone)));
        }
    }
}

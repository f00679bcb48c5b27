//! Who is heard in a conference, and by whom: server mutes, the lobby, hold music.

use graph_api::Timestamp;

use super::Platform;
use crate::{
    call::Call,
    conference::Hold,
    flaw::Flaw,
    input::{CallId, ConferenceId, Effect, Event, OperationId, ParticipantId},
    media_queue::MediaEvent,
    who::Who,
};

impl Platform {
    /// The bot of a leg is in a conference: people there hear it, and whatever else is heard there.
    pub(super) fn is_heard_from_now_on(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        leg: CallId,
        effects: &mut Vec<Effect>,
    ) {
        note(now, leg, MediaEvent::Entered(at), effects);
        if let Some(call) = self.calls.get(&leg).filter(|call| call.in_lobby) {
            let me = call.me();
            self.sounds_as_it_may(now, at, me, effects);
        }
    }

    /// The server mutes these, or lifts that: nobody hears them from now on.
    pub(super) fn server_mutes(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        whom: &[ParticipantId],
        on: bool,
        effects: &mut Vec<Effect>,
    ) {
        for who in whom {
            let changed = self.with_conference(at, |conference| {
                let before = conference.is_server_muted(*who);
                conference.server_mute(*who, on) && before != on
            });
            if changed == Some(true) {
                self.sounds_as_it_may(now, at, *who, effects);
            }
        }
    }

    /// A bot is silent while it is muted or waits in the lobby. A user who is muted only breaks off: what they
    /// say afterwards is dropped before it gets anywhere.
    pub(super) fn sounds_as_it_may(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        who: ParticipantId,
        effects: &mut Vec<Effect>,
    ) {
        let Some(conference) = self.conferences.get(&at) else { return };
        // By the server or by themselves.
        let muted = conference.participant(who).is_some_and(|entry| entry.muted);
        if self.options.flaw == Some(Flaw::HeardThoughMuted) {
            return;
        }
        if let Some(leg) = self.leg_of(at, who) {
            let silent = muted || self.calls.get(&leg).is_some_and(|call| call.in_lobby);
            note(now, leg, MediaEvent::BotSilenced(silent), effects);
        } else if let Some(user) = self.ear(at, who).filter(|_| muted) {
            for leg in conference.legs() {
                note(now, *leg, MediaEvent::BrokeOff(user), effects);
            }
        }
    }

    /// Somebody hears hold music: at once, or from when it has been downloaded.
    pub(super) fn holds(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        hold: Hold,
        effects: &mut Vec<Effect>,
    ) {
        if hold.sounds
            && let Some(user) = self.ear(at, hold.who)
        {
            let what = MediaEvent::HoldMusic(user, true, hold.music.clone());
            note(now, hold.call, what, effects);
        }
        self.with_conference(at, |conference| conference.set_on_hold(Some(hold)));
    }

    /// Somebody hears hold music no more.
    pub(super) fn resumes(&mut self, now: Timestamp, at: ConferenceId, effects: &mut Vec<Effect>) {
        let held = self.with_conference(at, |conference| conference.set_on_hold(None)).flatten();
        let Some(hold) = held.filter(|hold| hold.sounds && self.calls.contains_key(&hold.call))
        else {
            return;
        };
        if let Some(user) = self.ear(at, hold.who) {
            note(now, hold.call, MediaEvent::HoldMusic(user, false, None), effects);
        }
    }

    /// The music of one's own is there: now it is heard. Without it there is nothing to hold anybody with.
    pub(super) fn hold_music_is_there(
        &mut self,
        now: Timestamp,
        call: CallId,
        operation: OperationId,
        well: bool,
        effects: &mut Vec<Effect>,
    ) {
        let Some(at) = self.calls.get(&call).and_then(Call::conference) else { return };
        let hold = self.conferences.get(&at).and_then(|c| c.on_hold()).cloned();
        match hold.filter(|hold| hold.call == call && hold.operation == operation) {
            Some(hold) if well => self.holds(now, at, Hold { sounds: true, ..hold }, effects),
            Some(_) => self.resumes(now, at, effects),
            None => {}
        }
    }

    /// By which id somebody's ears are asked for: a user's own; whoever has none, like a telephone, goes by the
    /// roster's.
    fn ear(&self, at: ConferenceId, who: ParticipantId) -> Option<graph_api::Guid> {
        let entry = self.conferences.get(&at)?.participant(who)?;
        match entry.person.who {
            Who::User(user) if self.options.flaw != Some(Flaw::HoldsByRosterId) => Some(user),
            Who::User(_)
            | Who::Phone(_)
            | Who::Guest(_)
            | Who::Application(_)
            | Who::ApplicationInstance(_) => Some(who.0),
        }
    }
}

fn note(now: Timestamp, call: CallId, what: MediaEvent, effects: &mut Vec<Effect>) {
    effects.push(Effect::Happened(Event::Media { call, what, at: now }));
}

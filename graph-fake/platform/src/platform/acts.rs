//! What people do in calls and meetings.

use std::time::Duration;

use graph_api::{ChangeType, Timestamp};

use super::Platform;
use crate::{
    call::{Call, Link, PeerShows, Side},
    conference::Conference,
    flaw::Flaw,
    input::{Act, ActRefusal, CallId, ConferenceId, Effect, Event, ParticipantId, UserAct},
    media_queue::MediaEvent,
    notification::What,
    view::StreamKind,
    who::Who,
};

/// Content sharing sessions of one conference.
const SHARINGS_MAX: usize = 100;

impl Platform {
    /// Lets a person act.
    pub(super) fn act(
        &mut self,
        now: Timestamp,
        act: Act,
        effects: &mut Vec<Effect>,
    ) -> Result<CallId, ActRefusal> {
        match act {
            Act::Ring { .. } | Act::RingByPhone { .. } | Act::InviteToMeeting { .. } => {
                self.ring(now, act, effects)
            }
            Act::RepeatLastNotification { call } => {
                let message = self.ids.guid();
                let nothing = || ActRefusal::Unknown(format!("delivered notification of {call}"));
                let outcome = self.outbox.repeat_last(now, call, message).ok_or_else(nothing)?;
                self.carry_out(now, outcome, effects);
                Ok(call)
            }
            Act::InMeeting { meeting, by, what } => {
                self.in_meeting(now, meeting, by, what, effects)?;
                // No call is concerned; the answer names none.
                Ok(CallId(graph_api::Guid::default()))
            }
            Act::InCall { call: id, by, what } => {
                let unknown = || ActRefusal::Unknown(format!("live call {id}"));
                if let UserAct::Answer | UserAct::Decline = what
                    && self.hunted_person_reacts(
                        now,
                        id,
                        &Who::User(by),
                        what == UserAct::Answer,
                        effects,
                    )
                {
                    return Ok(id);
                }
                let call = self.calls.get(&id).ok_or_else(unknown)?;
                match call.birth().side {
                    Side::Peer(_) => self.in_peer_call(now, id, by, what, effects)?,
                    Side::Conference { id: at, .. } => {
                        self.in_conference(now, at, Some(id), by, what, effects)?;
                    }
                }
                Ok(id)
            }
        }
    }

    fn in_peer_call(
        &mut self,
        now: Timestamp,
        id: CallId,
        by: graph_api::Guid,
        what: UserAct,
        effects: &mut Vec<Effect>,
    ) -> Result<(), ActRefusal> {
        let call = self.calls.get_mut(&id).expect("just looked up");
        if !call.is_peer(by) {
            return Err(ActRefusal::NotNow(format!("user {by} is not in this call")));
        }
        if let UserAct::Invite(whom) = what {
            return self.escalated_by_peer(now, id, &whom, effects);
        }
        let hangs_up = matches!(what, UserAct::HangUp | UserAct::RemoveBot);
        let gives_up = match call.link {
            Some(Link::Hunt(hunt)) if hangs_up && call.is_incoming() => Some(hunt),
            _ => None,
        };
        let (options, asks) = (&self.options, &mut self.asks);
        let hears_the_muted = options.flaw == Some(Flaw::HearsTheMuted);
        let done = match what {
            UserAct::HangUp | UserAct::RemoveBot => call.peer_hangs_up(asks),
            UserAct::Answer => call.peer_answers(now, options, asks),
            UserAct::Decline => call.peer_declines(asks),
            UserAct::Hold => call.peer_holds(true, asks),
            UserAct::Resume => call.peer_holds(false, asks),
            UserAct::Press(tones, gap) => pressed(call, now, by, &tones, gap),
            UserAct::Speak(_) | UserAct::SpeakInPieces(..)
                if call.peer_is_muted && !hears_the_muted =>
            {
                call.must_be_established().map_err(not_now)
            }
            UserAct::Speak(length) => {
                spoken(call, now, by, length, &[(Duration::ZERO, length)], asks)
            }
            UserAct::SpeakInPieces(length, pieces) => spoken(call, now, by, length, &pieces, asks),
            // Told to nobody in a call of two: there is no roster.
            UserAct::Mute | UserAct::Unmute => mutes(call, now, by, what == UserAct::Mute, asks),
            UserAct::StartVideo => peer_shows(call, |shows| shows.video = true),
            UserAct::StopVideo => peer_shows(call, |shows| shows.video = false),
            UserAct::Share => peer_shows(call, |shows| shows.sharing = true),
            UserAct::StopShare => peer_shows(call, |shows| shows.sharing = false),
            UserAct::Invite(_)
            | UserAct::Join
            | UserAct::MuteBot
            | UserAct::ShareContent
            | UserAct::StopSharingContent
            | UserAct::AdmitFromLobby
            | UserAct::EndMeeting => Err(ActRefusal::NotNow("this is no group call".to_owned())),
        };
        self.after(now, id, effects);
        if let Some(hunt) = gives_up {
            self.hunt_is_abandoned(now, hunt, effects);
        }
        done
    }

    fn in_meeting(
        &mut self,
        now: Timestamp,
        meeting: crate::meetings::MeetingId,
        by: graph_api::Guid,
        what: UserAct,
        effects: &mut Vec<Effect>,
    ) -> Result<(), ActRefusal> {
        let at = self.conference_for(meeting)?.conference;
        let done = self.in_conference(now, at, None, by, what, effects);
        self.forget_if_empty(at);
        done
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what is left over is about one entry")]
    fn in_conference(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        call: Option<CallId>,
        by: graph_api::Guid,
        what: UserAct,
        effects: &mut Vec<Effect>,
    ) -> Result<(), ActRefusal> {
        if let UserAct::Answer | UserAct::Decline = what {
            let answers = what == UserAct::Answer;
            let outcome = self.with_conference(at, |c| c.react(by, answers)).flatten();
            let not_rung = || ActRefusal::NotNow("the user is not being rung".to_owned());
            self.invitation_ends(now, at, outcome.ok_or_else(not_rung)?, effects);
            return Ok(());
        }
        if what == UserAct::Join {
            self.user_joins(now, at, by, effects)?;
            self.conference_changed(now, at, effects);
            return Ok(());
        }
        let me = self.entry_of(at, by)?;
        match what {
            UserAct::HangUp => {
                self.person_leaves(now, at, me, "Left", effects);
                if self.entry_of(at, by).is_err() {
                    self.gives_up(now, at, call, by, effects);
                }
            }
            UserAct::Invite(whom) => {
                let tenant = self.conferences.get(&at).map(Conference::tenant).unwrap_or_default();
                let source = self.party_in(at, me)?;
                self.can_be_invited(at, &whom)?;
                for party in self.parties(tenant, &whom)? {
                    let nobody = crate::conference::Inviter::Nobody;
                    self.invite_into(now, at, party, nobody, &source, effects);
                }
            }
            UserAct::RemoveBot | UserAct::MuteBot => {
                let bot = call.or_else(|| self.only_bot(at));
                let bot = bot.and_then(|id| self.calls.get(&id)).map(Call::me);
                let bot = bot.ok_or_else(|| ActRefusal::NotNow("which bot?".to_owned()))?;
                if what == UserAct::MuteBot {
                    self.server_mutes(now, at, &[bot], true, effects);
                } else {
                    self.remove_from(now, at, bot, effects);
                }
            }
            UserAct::AdmitFromLobby => {
                let waiting = self.conferences.get(&at).map(Conference::in_lobby);
                self.admit_from_lobby(now, at, &waiting.unwrap_or_default(), effects);
            }
            UserAct::EndMeeting => {
                self.end_meeting(now, at, effects);
                return Ok(());
            }
            // what is muted is dropped, whoever still speaks.
            UserAct::Speak(_) | UserAct::SpeakInPieces(..) if self.is_muted(at, me) => {}
            UserAct::Press(..) | UserAct::Speak(_) | UserAct::SpeakInPieces(..) => {
                self.is_heard(now, at, by, what, effects)?;
            }
            other => self.changes(now, at, me, &other, effects)?,
        }
        self.conference_changed(now, at, effects);
        self.forget_if_empty(at);
        Ok(())
    }

    /// The bot that is meant where no call is named: the one that is there.
    fn only_bot(&self, at: ConferenceId) -> Option<CallId> {
        let conference = self.conferences.get(&at)?;
        let there = |leg: &&CallId| {
            let me = self.calls.get(leg).map(Call::me);
            me.and_then(|me| conference.participant(me)).is_some_and(|entry| !entry.hidden)
        };
        let mut legs = conference.legs().iter().filter(there);
        legs.next().copied().filter(|_| legs.next().is_none())
    }

    /// What everybody sees of somebody's mute, camera, screen, hold.
    #[expect(clippy::wildcard_enum_match_arm, reason = "other acts do not come here")]
    fn changes(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        me: ParticipantId,
        what: &UserAct,
        effects: &mut Vec<Effect>,
    ) -> Result<(), ActRefusal> {
        let full = self.conferences.get(&at).is_some_and(|c| c.sharings().count() >= SHARINGS_MAX);
        if full && *what == UserAct::ShareContent {
            return Err(ActRefusal::NotNow("too many documents are presented".to_owned()));
        }
        let session = format!("{:016x}", self.ids.guid().as_u128() as u64);
        let changed = self.with_conference(at, |c| match what {
            UserAct::Mute => c.client_mute(me, true),
            UserAct::Unmute => c.client_mute(me, false),
            UserAct::StartVideo => c.send(me, StreamKind::Video, true),
            UserAct::StopVideo => c.send(me, StreamKind::Video, false),
            UserAct::Share => c.share(me, true),
            UserAct::StopShare => c.share(me, false),
            UserAct::Hold => c.send(me, StreamKind::Audio, false),
            UserAct::Resume => c.send(me, StreamKind::Audio, true),
            UserAct::ShareContent => {
                c.add_sharing(session.clone(), me);
                true
            }
            _ => false,
        });
        match what {
            UserAct::ShareContent => {
                self.tell_sharing(now, at, ChangeType::Created, &[session], effects);
            }
            UserAct::StopSharingContent => {
                let ended = self.with_conference(at, |c| c.end_sharings(me)).unwrap_or_default();
                if ended.is_empty() {
                    return Err(ActRefusal::NotNow("the user presents nothing".to_owned()));
                }
                self.tell_sharing(now, at, ChangeType::Deleted, &ended, effects);
            }
            UserAct::Mute if changed == Some(true) => {
                self.sounds_as_it_may(now, at, me, effects);
            }
            _ if changed == Some(true) => {}
            _ => return Err(ActRefusal::NotNow("not in a conference".to_owned())),
        }
        Ok(())
    }

    /// Only legs that asked for it hear of content sharing (notifications.md 3.13).
    pub(super) fn tell_sharing(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        change: ChangeType,
        sessions: &[String],
        effects: &mut Vec<Effect>,
    ) {
        let legs = self.conferences.get(&at).map(|c| c.legs().to_vec()).unwrap_or_default();
        for leg in legs {
            self.with_call(now, leg, effects, |call, (_, asks)| {
                let wants = call.call_options.is_content_sharing_notification_enabled;
                let there = call.is_established() && !call.is_escalated() && !call.in_lobby;
                if wants == Some(true) && there {
                    let what = What::ContentSharing(change.clone(), sessions.to_vec());
                    call.tell(what, asks);
                }
            });
        }
    }

    /// By themselves or by the server.
    fn is_muted(&self, at: ConferenceId, who: ParticipantId) -> bool {
        let conference = self.conferences.get(&at);
        conference.and_then(|conference| conference.participant(who)).is_some_and(|p| p.muted)
            && self.options.flaw != Some(Flaw::HearsTheMuted)
    }

    /// All bots in a conference hear what somebody says and presses; not those in the lobby.
    #[expect(clippy::wildcard_enum_match_arm, reason = "other acts do not come here")]
    fn is_heard(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        by: graph_api::Guid,
        what: UserAct,
        effects: &mut Vec<Effect>,
    ) -> Result<(), ActRefusal> {
        let legs = self.conferences.get(&at).map(|c| c.legs().to_vec()).unwrap_or_default();
        let mut done = Ok(());
        for leg in legs {
            let Some(call) = self.calls.get_mut(&leg) else { continue };
            if !call.is_established() || call.in_lobby {
                continue;
            }
            let heard = match &what {
                UserAct::Press(tones, gap) => pressed(call, now, by, tones, *gap),
                UserAct::Speak(length) => {
                    spoken(call, now, by, *length, &[(Duration::ZERO, *length)], &mut self.asks)
                }
                UserAct::SpeakInPieces(length, pieces) => {
                    spoken(call, now, by, *length, pieces, &mut self.asks)
                }
                _ => Ok(()),
            };
            done = done.and(heard);
            self.after(now, leg, effects);
        }
        done
    }

    /// A caller who hangs up while the bots that were called with them still ring.
    fn gives_up(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        _call: Option<CallId>,
        by: graph_api::Guid,
        effects: &mut Vec<Effect>,
    ) {
        let legs = self.conferences.get(&at).map(|c| c.legs().to_vec()).unwrap_or_default();
        for leg in legs {
            let rings_for = self.calls.get(&leg).is_some_and(|call| {
                call.is_incoming() && call.view().source.person.who == Who::User(by)
            });
            if rings_for {
                self.with_call(now, leg, effects, |call, (_, asks)| {
                    call.end(crate::call::diagnosed("The caller gave up", 487, 0), asks);
                });
            }
        }
    }

    /// nobody who is there, or on the way, already; and not more than there is room for.
    fn can_be_invited(&self, at: ConferenceId, whom: &[Who]) -> Result<(), ActRefusal> {
        let conference = self.conferences.get(&at);
        if !conference.is_some_and(|c| c.has_room(whom.len())) {
            return Err(ActRefusal::NotNow("the conference is full".to_owned()));
        }
        let expected = |who: &Who| conference.is_some_and(|c| c.expects(who));
        let twice = (1..whom.len()).any(|at| whom[..at].contains(&whom[at]));
        if twice || whom.iter().any(expected) {
            return Err(ActRefusal::NotNow("somebody is in the call, or invited, already".into()));
        }
        Ok(())
    }

    fn entry_of(&self, at: ConferenceId, by: graph_api::Guid) -> Result<ParticipantId, ActRefusal> {
        let absent = || ActRefusal::NotNow(format!("user {by} is not in this call"));
        let conference = self.conferences.get(&at).ok_or_else(absent)?;
        let entries = conference.entries_of(&Who::User(by));
        let phone = || conference.participant(ParticipantId(by)).map(|entry| entry.id);
        entries.last().copied().or_else(phone).ok_or_else(absent)
    }

    fn party_in(
        &self,
        at: ConferenceId,
        id: ParticipantId,
    ) -> Result<crate::view::Party, ActRefusal> {
        let entry = self.conferences.get(&at).and_then(|c| c.participant(id));
        let absent = || ActRefusal::NotNow("not in this call".to_owned());
        let entry = entry.ok_or_else(absent)?;
        Ok(crate::view::Party { participant: id, person: entry.person.clone() })
    }
}

fn not_now(refusal: crate::refusal::Refusal) -> ActRefusal {
    ActRefusal::NotNow(refusal.to_string())
}

/// Seen by whoever looks; no roster says so.
fn peer_shows(call: &mut Call, change: impl FnOnce(&mut PeerShows)) -> Result<(), ActRefusal> {
    call.must_be_established().map_err(not_now)?;
    change(&mut call.peer_shows);
    Ok(())
}

fn pressed(
    call: &mut Call,
    now: Timestamp,
    by: graph_api::Guid,
    tones: &[graph_api::Tone],
    gap: std::time::Duration,
) -> Result<(), ActRefusal> {
    call.must_be_established().map_err(not_now)?;
    call.presses(by, tones, gap, now)
}

/// The person at the other end mutes or unmutes themselves: nobody hears them from now on, or again.
fn mutes(
    call: &mut Call,
    now: Timestamp,
    by: graph_api::Guid,
    on: bool,
    asks: &mut Vec<crate::call::Ask>,
) -> Result<(), ActRefusal> {
    call.must_be_established().map_err(not_now)?;
    if on && !call.peer_is_muted {
        let what = MediaEvent::BrokeOff(by);
        asks.push(crate::call::Ask::Note(Event::Media { call: call.id(), what, at: now }));
    }
    call.peer_is_muted = on;
    Ok(())
}

fn spoken(
    call: &mut Call,
    now: Timestamp,
    by: graph_api::Guid,
    length: Duration,
    pieces: &[(Duration, Duration)],
    asks: &mut Vec<crate::call::Ask>,
) -> Result<(), ActRefusal> {
    call.must_be_established().map_err(not_now)?;
    for (from, until) in pieces {
        call.hears_speech(now, now + (*from).min(length), now + (*until).min(length));
    }
    let what = MediaEvent::Spoke(by, length);
    asks.push(crate::call::Ask::Note(Event::Media { call: call.id(), what, at: now }));
    Ok(())
}

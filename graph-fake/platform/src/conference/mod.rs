//! A conference: who is in it, who is on the way, and what everybody may see of that.
//!
//! It knows participants, not calls' phases; the platform tells bots' legs what the roster says. Entries are
//! shared (`Arc`), so that a roster of a thousand is a thousand counts and not a thousand copies.

mod invitations;
mod roster;

pub use invitations::{Invitation, Inviter, Outcome, Ring};

use std::{collections::BTreeMap, sync::Arc};

use graph_api::{Guid, RecordingStatus, Timestamp};

use crate::{
    flaw::Flaw,
    input::{CallId, ConferenceId, OperationId, ParticipantId},
    media_queue::Prompt,
    meetings::MeetingId,
    view::{ConferenceView, Coordinates, ParticipantView, StreamKind, StreamView},
    who::{Person, Who},
};

/// Participants of one conference.
pub const PARTICIPANTS_MAX: usize = 1_000;

/// Somebody about to enter.
#[derive(Debug, Clone, PartialEq)]
pub struct Entrant {
    /// The roster id.
    pub id: ParticipantId,
    /// Who.
    pub person: Person,
    /// One of their devices.
    pub endpoint: Guid,
    /// `organizer`, `presenter` or `attendee`.
    pub role: &'static str,
    /// Whether they have to wait.
    pub in_lobby: bool,
    /// Not shown to others.
    pub hidden: bool,
    /// What they can send and receive.
    pub kinds: Vec<StreamKind>,
}

/// Somebody who hears hold music, or will as soon as it has been downloaded (R-263).
#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    /// Who.
    pub who: ParticipantId,
    /// The call whose bot asked for it.
    pub call: CallId,
    /// The operation.
    pub operation: OperationId,
    /// The music, if it is not the usual one.
    pub music: Option<Prompt>,
    /// Whether it is heard by now.
    pub sounds: bool,
}

/// A conference.
#[derive(Debug, Clone, PartialEq)]
pub struct Conference {
    id: ConferenceId,
    /// `callChainId` of all its legs (R-088).
    chain: Guid,
    tenant: Guid,
    /// The meeting, if it is one; else it was called together.
    meeting: Option<MeetingId>,
    coordinates: Arc<Coordinates>,
    participants: Vec<Arc<ParticipantView>>,
    /// Server mutes, which a client's unmute does not lift.
    server_muted: BTreeMap<ParticipantId, bool>,
    legs: Vec<CallId>,
    next_source: u32,
    sequence: u64,
    changed: Vec<ParticipantId>,
    gone: Vec<Arc<ParticipantView>>,
    quiet: bool,
    invitations: Vec<Invitation>,
    lobby: Vec<(Timestamp, ParticipantId)>,
    /// Who hears hold music (R-263).
    on_hold: Option<Hold>,
    /// Content sharing sessions, and who presents.
    sharings: Vec<(String, ParticipantId)>,
    /// Whether anybody but bots has ever been in it.
    had_people: bool,
    /// Whether anybody was ever called into it.
    called: bool,
    /// Whether it is a call between two users, which one of them alone does not go on with.
    of_two: bool,
    flaw: Option<Flaw>,
}

impl Conference {
    /// An empty one.
    pub fn new(
        id: ConferenceId,
        chain: Guid,
        tenant: Guid,
        meeting: Option<MeetingId>,
        coordinates: Arc<Coordinates>,
        flaw: Option<Flaw>,
    ) -> Self {
        Self {
            id,
            chain,
            tenant,
            meeting,
            coordinates,
            participants: Vec::new(),
            server_muted: BTreeMap::new(),
            legs: Vec::new(),
            next_source: 0,
            sequence: 0,
            changed: Vec::new(),
            gone: Vec::new(),
            quiet: false,
            invitations: Vec::new(),
            lobby: Vec::new(),
            on_hold: None,
            sharings: Vec::new(),
            had_people: false,
            called: false,
            of_two: false,
            flaw,
        }
    }

    /// Its chain id.
    pub const fn chain(&self) -> Guid {
        self.chain
    }

    /// Its tenant.
    pub const fn tenant(&self) -> Guid {
        self.tenant
    }

    /// The meeting, if it is one.
    pub const fn meeting(&self) -> Option<MeetingId> {
        self.meeting
    }

    /// Chat and meeting.
    pub const fn coordinates(&self) -> &Arc<Coordinates> {
        &self.coordinates
    }

    /// Bots' legs, in the order in which they came.
    pub fn legs(&self) -> &[CallId] {
        &self.legs
    }

    /// A bot's leg belongs to it from now on, answered or not.
    pub fn add_leg(&mut self, leg: CallId) {
        self.legs.push(leg);
    }

    /// It does no more.
    pub fn drop_leg(&mut self, leg: CallId) {
        self.legs.retain(|other| *other != leg);
    }

    /// Whether there is a place left, counting those who are on the way.
    pub fn has_room(&self, more: usize) -> bool {
        self.participants.len() + self.invitations.len() + more <= PARTICIPANTS_MAX
    }

    /// Somebody is in it now.
    pub fn enter(&mut self, entrant: Entrant, lobby_until: Timestamp) {
        let Entrant { id, person, endpoint, role, in_lobby, hidden, kinds } = entrant;
        let streams = kinds.into_iter().map(|kind| self.stream(kind)).collect();
        self.had_people |= is_human(&person.who);
        if in_lobby {
            self.lobby.push((lobby_until, id));
        }
        self.participants.push(Arc::new(ParticipantView {
            id,
            person,
            application_type: None,
            in_lobby,
            muted: false,
            streams,
            metadata: None,
            recording: None,
            endpoint,
            role,
            removed: None,
            hidden,
        }));
        self.changed.push(id);
    }

    /// A large gallery's own entry (R-295).
    pub fn add_gallery(&mut self, id: ParticipantId, endpoint: Guid) {
        if self.participants.iter().any(|p| p.application_type.is_some()) {
            return;
        }
        let person = Person {
            who: Who::Application(id.0),
            name: "Large Gallery".to_owned(),
            tenant: Some(self.tenant),
        };
        let mut video = self.stream(StreamKind::Video);
        video.sends = true;
        self.participants.push(Arc::new(ParticipantView {
            id,
            person,
            application_type: Some("LargeGallery-V2"),
            in_lobby: false,
            muted: false,
            streams: vec![video],
            metadata: Some(r#"{"audienceView":true}"#.into()),
            recording: None,
            endpoint,
            role: "presenter",
            removed: None,
            hidden: false,
        }));
        self.changed.push(id);
    }

    /// Every stream of a conference has its own media source id (R-193, R-194).
    fn stream(&mut self, kind: StreamKind) -> StreamView {
        self.next_source += 1;
        let sends = matches!(kind, StreamKind::Audio | StreamKind::Data);
        StreamView { kind, source_id: self.next_source, sends, receives: true, server_muted: false }
    }

    /// Somebody is gone; false: was not there. `reason` for delta rosters (R-202).
    pub fn leave(&mut self, id: ParticipantId, reason: &'static str) -> bool {
        let Some(at) = self.participants.iter().position(|p| p.id == id) else { return false };
        let mut gone = self.participants.remove(at);
        Arc::make_mut(&mut gone).removed = Some(reason);
        self.gone.push(gone);
        self.changed.retain(|other| *other != id);
        self.lobby.retain(|(_, other)| *other != id);
        self.server_muted.remove(&id);
        self.on_hold = self.on_hold.take().filter(|hold| hold.who != id);
        true
    }

    /// Somebody by roster id, the lobby and hidden ones included.
    pub fn participant(&self, id: ParticipantId) -> Option<&Arc<ParticipantView>> {
        self.participants.iter().find(|p| p.id == id)
    }

    /// All entries of one user or telephone, in the order in which they came.
    pub fn entries_of(&self, who: &Who) -> Vec<ParticipantId> {
        self.participants.iter().filter(|p| p.person.who == *who).map(|p| p.id).collect()
    }

    /// Everybody, the lobby and hidden ones included.
    pub fn everybody(&self) -> &[Arc<ParticipantView>] {
        &self.participants
    }

    /// Changes an entry; `change` says whether anything became different. False: nobody of that id.
    pub fn change(
        &mut self,
        id: ParticipantId,
        change: impl FnOnce(&mut ParticipantView) -> bool,
    ) -> bool {
        let Some(entry) = self.participants.iter_mut().find(|p| p.id == id) else { return false };
        if change(Arc::make_mut(entry)) && !self.changed.contains(&id) {
            self.changed.push(id);
        }
        true
    }

    /// The server mutes somebody, or lifts that (R-211, R-214, R-218).
    pub fn server_mute(&mut self, id: ParticipantId, on: bool) -> bool {
        self.server_muted.insert(id, on);
        self.change(id, |entry| {
            let before = entry.clone();
            entry.muted = on;
            for stream in entry.streams.iter_mut().filter(|s| s.kind == StreamKind::Audio) {
                stream.server_muted = on;
            }
            *entry != before
        })
    }

    /// Whether the server mutes somebody.
    pub fn is_server_muted(&self, id: ParticipantId) -> bool {
        self.server_muted.get(&id).copied().unwrap_or(false)
    }

    /// Somebody mutes or unmutes themselves (R-203). What the server muted stays so.
    pub fn client_mute(&mut self, id: ParticipantId, on: bool) -> bool {
        let held = self.is_server_muted(id);
        self.change(id, |entry| {
            let before = entry.muted;
            entry.muted = on || held;
            entry.muted != before
        })
    }

    /// Whether somebody sends on a stream, and begins or stops to.
    pub fn send(&mut self, id: ParticipantId, kind: StreamKind, on: bool) -> bool {
        if !self.participants.iter().any(|p| p.id == id) {
            return false;
        }
        let missing = self
            .participant(id)
            .is_some_and(|p| !p.streams.iter().any(|stream| stream.kind == kind));
        let fresh = (missing && on).then(|| self.stream(kind));
        self.change(id, |entry| {
            let before = entry.streams.clone();
            entry.streams.extend(fresh);
            for stream in entry.streams.iter_mut().filter(|stream| stream.kind == kind) {
                stream.sends = on;
                // A sharer's stream is sendOnly (R-195).
                stream.receives = !(kind == StreamKind::ScreenSharing && on);
            }
            entry.streams != before
        })
    }

    /// One sharer at a time: a new one replaces the old one (R-286).
    pub fn share(&mut self, id: ParticipantId, on: bool) -> bool {
        if on && self.flaw != Some(Flaw::SeveralShare) {
            let others: Vec<_> = self.sharers().filter(|other| *other != id).collect();
            for other in others {
                self.send(other, StreamKind::ScreenSharing, false);
            }
        }
        self.send(id, StreamKind::ScreenSharing, on)
    }

    /// Who shares a screen.
    pub fn sharers(&self) -> impl Iterator<Item = ParticipantId> + '_ {
        let shares = |s: &StreamView| s.kind == StreamKind::ScreenSharing && s.sends;
        self.participants.iter().filter(move |p| p.streams.iter().any(shares)).map(|p| p.id)
    }

    /// What updateMetadata puts there (R-204).
    pub fn set_metadata(&mut self, id: ParticipantId, metadata: Arc<str>) -> bool {
        self.change(id, |entry| {
            let fresh = entry.metadata.as_ref() != Some(&metadata);
            entry.metadata = Some(metadata);
            fresh
        })
    }

    /// What updateRecordingStatus puts there.
    pub fn set_recording(
        &mut self,
        id: ParticipantId,
        status: RecordingStatus,
        by: Person,
    ) -> bool {
        self.change(id, |entry| {
            let fresh = Some((status, by));
            let changed = entry.recording != fresh;
            entry.recording = fresh;
            changed
        })
    }

    /// Lets somebody in who waits; false: nobody of that id waits.
    pub fn admit(&mut self, id: ParticipantId) -> bool {
        let waits = self.lobby.iter().any(|(_, other)| *other == id);
        self.lobby.retain(|(_, other)| *other != id);
        waits && self.change(id, |entry| std::mem::replace(&mut entry.in_lobby, false))
    }

    /// Whoever comes in under this roster id is not shown to others (R-228).
    pub fn hide(&mut self, id: ParticipantId) {
        for invitation in self.invitations.iter_mut().filter(|i| i.participant == id) {
            invitation.hidden = true;
        }
    }

    /// Tells of an entry although nothing about it is different.
    pub fn touch(&mut self, id: ParticipantId) {
        self.change(id, |_| true);
    }

    /// The call that invited is over: its operations are nobody's business any more.
    pub fn orphan(&mut self, call: CallId) {
        for invitation in &mut self.invitations {
            if matches!(invitation.inviter, Inviter::Operation(by, _) if by == call) {
                invitation.inviter = Inviter::Nobody;
            }
        }
    }

    /// Those who wait, the longest first.
    pub fn in_lobby(&self) -> Vec<ParticipantId> {
        self.lobby.iter().map(|(_, id)| *id).collect()
    }

    /// Who hears hold music.
    pub const fn on_hold(&self) -> Option<&Hold> {
        self.on_hold.as_ref()
    }

    /// Sets who hears hold music; whoever heard it before.
    pub fn set_on_hold(&mut self, hold: Option<Hold>) -> Option<Hold> {
        std::mem::replace(&mut self.on_hold, hold)
    }

    /// Content sharing sessions.
    pub fn sharings(&self) -> impl Iterator<Item = &str> {
        self.sharings.iter().map(|(id, _)| id.as_str())
    }

    /// Somebody presents a document.
    pub fn add_sharing(&mut self, id: String, by: ParticipantId) {
        self.sharings.push((id, by));
    }

    /// Somebody presents nothing any more: the sessions that ended.
    pub fn end_sharings(&mut self, by: ParticipantId) -> Vec<String> {
        let (ended, kept) =
            std::mem::take(&mut self.sharings).into_iter().partition(|(_, p)| *p == by);
        self.sharings = kept;
        let ended: Vec<(String, ParticipantId)> = ended;
        ended.into_iter().map(|(id, _)| id).collect()
    }

    /// People in it who are not bots and not in the lobby.
    pub fn people(&self) -> usize {
        self.participants.iter().filter(|p| is_human(&p.person.who) && !p.in_lobby).count()
    }

    /// Whether people were in it and have all left, with none on the way: then it is over (errors.md 3: 5010).
    pub fn is_deserted(&self) -> bool {
        let left = self.people() == 0 && self.had_people && self.invitations.is_empty();
        left && self.flaw != Some(Flaw::OutlivesPeople)
    }

    /// It is a call between the two users who are in it, or on the way, now; until somebody else is invited.
    pub fn set_of_two(&mut self) {
        self.of_two = self.flaw != Some(Flaw::TalksAlone);
    }

    /// Whether one of two users is gone, or does not come: then there is nobody to talk to.
    pub fn is_half_a_call(&self) -> bool {
        self.of_two && self.people() + self.invitations.len() < 2
    }

    /// Whether nobody came who was called together (errors.md 3: 5013). Where nobody was called, as by a bot
    /// that joins an ended group call anew (R-089), there is nobody to have failed to come.
    pub fn nobody_came(&self) -> bool {
        let alone = self.participants.len() <= 1 && self.legs.len() <= 1;
        let called = self.called && self.meeting.is_none();
        called && alone && !self.had_people && self.invitations.is_empty()
    }

    /// As a test may see it.
    pub fn view(&self) -> ConferenceView {
        ConferenceView {
            id: self.id,
            tenant: self.tenant,
            meeting: self.meeting,
            coordinates: self.coordinates.clone(),
            sequence: self.sequence,
            participants: self.participants.clone(),
            legs: self.legs.clone(),
        }
    }
}

/// Whether it is somebody for whom a call goes on: not a bot. Guests may be bots; those are legs and leave by
/// their calls.
fn is_human(who: &Who) -> bool {
    match who {
        Who::User(_) | Who::Phone(_) => true,
        Who::Application(_) | Who::ApplicationInstance(_) | Who::Guest(_) => false,
    }
}

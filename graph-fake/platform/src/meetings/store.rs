//! All meetings, and the ways to find one.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use graph_api::{Guid, LobbyBypassScope, Timestamp};

use super::{
    link::{JoinLink, read_id},
    meeting::{ChatPlace, Draft, Meeting, MeetingId, Schedule},
};
use crate::{ids::Ids, refusal::Refusal};

/// Meetings that are kept, and deleted ones that are remembered, at the most.
pub(super) const MEETINGS_MAX: usize = 100_000;
/// Meetings that a user may make in a month.
pub(super) const PER_MONTH_MAX: u32 = 2_000;

// How long a joinMeetingId, a videoTeleconferenceId and a conferenceId are.
const JOIN_DIGITS: u32 = 12;
const VTC_DIGITS: u32 = 10;
const CONFERENCE_DIGITS: u32 = 9;

/// Tenant, thread and message.
type Place = (Guid, String, String);
/// Tenant and user.
type Whom = (Guid, Guid);

/// All meetings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Meetings {
    meetings: BTreeMap<MeetingId, Meeting>,
    /// `None`: it was deleted.
    places: BTreeMap<Place, Option<MeetingId>>,
    join_ids: BTreeMap<String, MeetingId>,
    vtc_ids: BTreeMap<String, MeetingId>,
    externals: BTreeMap<(Guid, Guid, String), MeetingId>,
    calendars: BTreeMap<Whom, BTreeSet<(Timestamp, MeetingId)>>,
    /// The month in which somebody last made a meeting, and how many they made in it.
    made: BTreeMap<Whom, (String, u32)>,
}

impl Meetings {
    /// Arranges a meeting. One that has the same id is replaced.
    pub fn schedule(&mut self, now: Timestamp, ids: &mut Ids, wanted: &Schedule) -> MeetingId {
        let id = wanted.id.unwrap_or(MeetingId(ids.guid()));
        self.remove(id);
        self.insert(now, Draft::scheduled(now, id, wanted));
        id
    }

    /// Whether no meeting should be added.
    pub fn is_full(&self) -> bool {
        self.meetings.len() >= MEETINGS_MAX
    }

    /// One meeting; none once it was deleted.
    pub fn get(&self, id: MeetingId) -> Option<&Meeting> {
        self.meetings.get(&id)
    }

    /// All of them, by id.
    pub fn all(&self) -> impl Iterator<Item = &Meeting> {
        self.meetings.values()
    }

    /// By the thread and message of `chatInfo` and the organizer of `meetingInfo`.
    ///
    /// # Errors
    /// [`Refusal::BadCoordinates`]; [`Refusal::MeetingNotFound`] of one that was deleted.
    pub fn by_thread(
        &self,
        tenant: Guid,
        thread: &str,
        message: &str,
        organizer: Guid,
    ) -> Result<&Meeting, Refusal> {
        let place = (tenant, thread.to_owned(), message.to_owned());
        let id = self.places.get(&place).ok_or(Refusal::BadCoordinates)?;
        let id = id.ok_or(Refusal::MeetingNotFound)?;
        let meeting = self.get(id).filter(|meeting| meeting.organizer == organizer);
        meeting.ok_or(Refusal::BadCoordinates)
    }

    /// By the link that joins it.
    ///
    /// # Errors
    /// As [`Self::by_thread`].
    pub fn by_link(&self, link: &JoinLink) -> Result<&Meeting, Refusal> {
        self.by_thread(link.tenant, &link.thread, &link.message, link.organizer)
    }

    /// By joinMeetingId and passcode.
    ///
    /// # Errors
    /// [`Refusal::BadJoinMeetingId`].
    pub fn by_join_meeting_id(
        &self,
        id: &str,
        passcode: Option<&str>,
    ) -> Result<&Meeting, Refusal> {
        self.of_join_id(id)
            .filter(|meeting| meeting.passcode.as_deref().is_none_or(|code| Some(code) == passcode))
            .ok_or(Refusal::BadJoinMeetingId)
    }

    /// By joinMeetingId alone, as who may read the meeting finds it.
    pub(super) fn of_join_id(&self, id: &str) -> Option<&Meeting> {
        self.get(*self.join_ids.get(id)?)
    }

    /// By videoTeleconferenceId.
    pub(super) fn of_vtc_id(&self, id: &str) -> Option<&Meeting> {
        self.get(*self.vtc_ids.get(id)?)
    }

    /// By the key of createOrGet.
    pub(super) fn of_external_id(&self, tenant: Guid, user: Guid, id: &str) -> Option<&Meeting> {
        self.get(*self.externals.get(&(tenant, user, id.to_owned()))?)
    }

    /// By its id on the wire.
    pub(super) fn of_text_id(&self, tenant: Guid, id: &str) -> Result<&Meeting, Refusal> {
        let (organizer, thread, message) = read_id(id).ok_or(Refusal::MeetingNotFound)?;
        let found = self.by_thread(tenant, &thread, &message, organizer);
        found.map_err(|_| Refusal::MeetingNotFound)
    }

    /// What is in a user's calendar, by time.
    pub(super) fn calendar(&self, tenant: Guid, user: Guid) -> impl Iterator<Item = &Meeting> {
        let entries = self.calendars.get(&(tenant, user)).into_iter().flatten();
        entries.filter_map(|(_, id)| self.get(*id))
    }

    /// Counts a meeting that a user makes.
    ///
    /// # Errors
    /// [`Refusal::TooManyRequests`], and nothing is counted.
    pub(super) fn count(&mut self, now: Timestamp, whom: Whom) -> Result<(), Refusal> {
        if self.is_full() {
            return Err(Refusal::TooManyRequests);
        }
        let mut month = now.to_seconds_text();
        month.truncate("2026-03".len());
        let (last, made) = self.made.entry(whom).or_default();
        if *last != month {
            (*last, *made) = (month, 0);
        }
        if *made >= PER_MONTH_MAX {
            return Err(Refusal::TooManyRequests);
        }
        *made += 1;
        Ok(())
    }

    /// Gives a draft its place, numbers and passcode, and keeps it.
    pub(super) fn insert(&mut self, now: Timestamp, draft: Draft) -> &Meeting {
        let (id, bits) = (draft.id, draft.id.0.as_u128());
        let (thread, message, reply_chain) = self.place(now, &draft);
        let number = |salt, digits| in_digits(mixed(bits, salt), digits);
        let meeting = Meeting {
            id,
            tenant: draft.tenant,
            organizer: draft.organizer,
            subject: draft.subject,
            thread,
            message,
            join_meeting_id: free(&self.join_ids, mixed(bits, 1), JOIN_DIGITS),
            passcode: draft.passcode.then(|| passcode(mixed(bits, 2))),
            lobby: draft.settings.lobby_scope != LobbyBypassScope::Everyone,
            reply_chain,
            created: now,
            start: draft.start,
            end: draft.end,
            external_id: draft.external_id,
            attendees: draft.attendees,
            settings: draft.settings,
            vtc_id: free(&self.vtc_ids, mixed(bits, 3), VTC_DIGITS),
            conference_id: number(4, CONFERENCE_DIGITS),
            on_calendars: draft.on_calendars,
        };
        self.index(&meeting);
        self.meetings.entry(id).or_insert(meeting)
    }

    /// Changes a meeting; neither its names nor its numbers.
    pub(super) fn change(&mut self, id: MeetingId, change: impl FnOnce(&mut Meeting)) {
        let Some(meeting) = self.meetings.get_mut(&id) else { return };
        let before = meeting.start;
        change(meeting);
        let (after, whom) = (meeting.start, on_calendars(meeting).collect::<Vec<_>>());
        for whom in whom {
            let entries = self.calendars.entry(whom).or_default();
            entries.remove(&(before, id));
            entries.insert((after, id));
        }
    }

    /// Deletes a meeting: it cannot be found, nor joined, any more.
    pub(super) fn remove(&mut self, id: MeetingId) {
        let Some(meeting) = self.meetings.remove(&id) else { return };
        self.join_ids.remove(&meeting.join_meeting_id);
        self.vtc_ids.remove(&meeting.vtc_id);
        for whom in on_calendars(&meeting) {
            if let Some(entries) = self.calendars.get_mut(&whom) {
                entries.remove(&(meeting.start, id));
            }
        }
        if let Some(external) = meeting.external_id {
            self.externals.remove(&(meeting.tenant, meeting.organizer, external));
        }
        if self.places.len() >= MEETINGS_MAX {
            self.places.retain(|_, id| id.is_some());
        }
        self.places.insert((meeting.tenant, meeting.thread, meeting.message), None);
    }

    fn index(&mut self, meeting: &Meeting) {
        let id = meeting.id;
        let place = (meeting.tenant, meeting.thread.clone(), meeting.message.clone());
        self.places.insert(place, Some(id));
        self.join_ids.insert(meeting.join_meeting_id.clone(), id);
        self.vtc_ids.insert(meeting.vtc_id.clone(), id);
        if let Some(external) = &meeting.external_id {
            self.externals.insert((meeting.tenant, meeting.organizer, external.clone()), id);
        }
        for whom in on_calendars(meeting) {
            self.calendars.entry(whom).or_default().insert((meeting.start, id));
        }
    }

    /// Thread, message and reply chain of a new meeting. In a channel each is a message of its own, named by its time.
    fn place(&self, now: Timestamp, draft: &Draft) -> (String, String, Option<String>) {
        match &draft.place {
            ChatPlace::Own => {
                let name = URL_SAFE_NO_PAD.encode(draft.id.0.to_string());
                (format!("19:meeting_{name}@thread.v2"), "0".to_owned(), None)
            }
            ChatPlace::Channel(thread, reply_chain) => {
                let mut message = now.as_millis();
                let taken = |message: u64| {
                    self.places.contains_key(&(draft.tenant, thread.clone(), message.to_string()))
                };
                while taken(message) {
                    message += 1;
                }
                (thread.clone(), message.to_string(), reply_chain.clone())
            }
        }
    }
}

/// Whose calendars a meeting is in.
fn on_calendars(meeting: &Meeting) -> impl Iterator<Item = Whom> {
    let users = meeting.on_calendars.iter();
    users
        .flat_map(|others| std::iter::once(&meeting.organizer).chain(others))
        .map(|user| (meeting.tenant, *user))
}

/// Bits that follow from an id and look like chance (the finalizer of splitmix64).
const fn mixed(id: u128, salt: u64) -> u64 {
    let mut z =
        (id >> 64) as u64 ^ (id as u64).rotate_left(29) ^ salt.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number of so many digits, the first of which is not 0.
fn in_digits(bits: u64, digits: u32) -> String {
    let least = 10_u64.pow(digits - 1);
    (least + bits % (9 * least)).to_string()
}

/// The same, and one that nobody has.
fn free(taken: &BTreeMap<String, MeetingId>, first: u64, digits: u32) -> String {
    let numbers = (0..).map(|step: u64| in_digits(first.wrapping_add(step), digits));
    let mut numbers = numbers.filter(|number| !taken.contains_key(number));
    numbers.next().expect("there are more numbers than meetings")
}

/// Six letters and digits that cannot be mistaken for each other.
fn passcode(mut bits: u64) -> String {
    const LETTERS: &[u8] = b"23456789abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ";
    let mut letter = || {
        let at = bits % LETTERS.len() as u64;
        bits /= LETTERS.len() as u64;
        char::from(LETTERS[at as usize])
    };
    (0..6).map(|_| letter()).collect()
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;

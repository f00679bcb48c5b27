//! What may be asked of online meetings, by whom, and what follows (endpoints.md 21).
//!
//! Order of checks: permission, whose meetings, access policy, then the meeting, then the body.

use graph_api::{Guid, LobbyBypassScope, OnlineMeeting, Timestamp};

use super::{
    link::{JoinLink, is_url_text},
    meeting::{Draft, Meeting, MeetingId},
    rules,
    store::Meetings,
    verb::{
        Collection, EventView, Mailbox, MeetingAccepted, MeetingFilter, MeetingVerb, MeetingView,
        Whose,
    },
};
use crate::{
    directory::{AccessPolicy, Directory},
    ids::Ids,
    input::Caller,
    permissions::{Grants, Need, missing},
    refusal::Refusal,
};

/// Events of one answer about a calendar.
const EVENTS_MAX: usize = 1_000;

/// One request about meetings.
struct Desk<'a> {
    now: Timestamp,
    directory: &'a Directory,
    caller: &'a Caller,
}

impl Meetings {
    /// Answers a request. `grants` are the token's roles as far as the administrator still consents; of a delegated
    /// token its scopes count instead. Access policies are asked each time, so that a change of one takes
    /// effect at once.
    ///
    /// # Errors
    /// [`Refusal::MissingPermission`], [`Refusal::NoAccessPolicy`], [`Refusal::MeetingNotFound`],
    /// [`Refusal::BadMeeting`] and others, as the rules say.
    pub fn handle(
        &mut self,
        now: Timestamp,
        ids: &mut Ids,
        directory: &Directory,
        caller: &Caller,
        grants: &Grants,
        verb: MeetingVerb,
    ) -> Result<MeetingAccepted, Refusal> {
        let need = need(&verb);
        let held = caller.delegated.as_ref().map_or(grants, |delegated| &delegated.scopes);
        if missing(need, held).is_some() {
            return Err(Refusal::MissingPermission(need));
        }
        let desk = Desk { now, directory, caller };
        match verb {
            MeetingVerb::Create(whose, wanted) => self.create(&desk, ids, &whose, &wanted),
            MeetingVerb::CreateOrGet(whose, wanted) => {
                self.create_or_get(&desk, ids, &whose, &wanted)
            }
            MeetingVerb::Get(whose, id) => {
                let meeting = self.owned(&desk, &whose, &id, "Get")?;
                Ok(MeetingAccepted::Meeting(collection(&whose, meeting), desk.view(meeting)))
            }
            MeetingVerb::Find(whose, filter) => self.find(&desk, &whose, &filter),
            MeetingVerb::Update(whose, id, wanted) => self.update(&desk, &whose, &id, &wanted),
            MeetingVerb::Delete(whose, id) => {
                let id = self.owned(&desk, &whose, &id, "Delete")?.id;
                self.remove(id);
                Ok(MeetingAccepted::Deleted)
            }
            MeetingVerb::CalendarEvents(whose) => self.events(&desk, &whose),
        }
    }

    fn create(
        &mut self,
        desk: &Desk<'_>,
        ids: &mut Ids,
        whose: &Whose,
        wanted: &OnlineMeeting,
    ) -> Result<MeetingAccepted, Refusal> {
        let organizer = desk.owner(whose, rules::organizer(wanted), "Create")?;
        let draft = Draft {
            settings: rules::first_settings(wanted)?,
            passcode: wants_passcode(wanted),
            ..desk.draft(organizer, wanted)?
        };
        self.make(desk, ids, whose, draft)
    }

    /// 201 for the first, 200 for all others with the same tenant, user and externalId. What the action does
    /// not take (resources.md 12) is not looked at.
    fn create_or_get(
        &mut self,
        desk: &Desk<'_>,
        ids: &mut Ids,
        whose: &Whose,
        wanted: &OnlineMeeting,
    ) -> Result<MeetingAccepted, Refusal> {
        let organizer = desk.owner(whose, rules::organizer(wanted), "Create")?;
        let external = rules::external_id(wanted)?;
        if let Some(meeting) = self.of_external_id(desk.caller.tenant, organizer, external) {
            return Ok(MeetingAccepted::Meeting(collection(whose, meeting), desk.view(meeting)));
        }
        let external_id = Some(external.to_owned());
        let draft = Draft { external_id, ..desk.draft(organizer, wanted)? };
        self.make(desk, ids, whose, draft)
    }

    /// counts it, then keeps it.
    fn make(
        &mut self,
        desk: &Desk<'_>,
        ids: &mut Ids,
        whose: &Whose,
        draft: Draft,
    ) -> Result<MeetingAccepted, Refusal> {
        self.count(desk.now, (draft.tenant, draft.organizer))?;
        let draft = Draft { id: MeetingId(ids.guid()), ..draft };
        let meeting = self.insert(desk.now, draft);
        Ok(MeetingAccepted::Created(collection(whose, meeting), desk.view(meeting)))
    }

    fn update(
        &mut self,
        desk: &Desk<'_>,
        whose: &Whose,
        id: &str,
        wanted: &OnlineMeeting,
    ) -> Result<MeetingAccepted, Refusal> {
        let meeting = self.owned(desk, whose, id, "Update")?;
        rules::unchanged(wanted, meeting)?;
        let (times, subject) = (rules::new_times(wanted)?, rules::subject(wanted)?);
        let attendees = rules::attendees(wanted)?;
        let settings = rules::settings(meeting.settings.clone(), wanted)?;
        let id = meeting.id;
        self.change(id, |meeting| {
            (meeting.start, meeting.end) = times.unwrap_or((meeting.start, meeting.end));
            meeting.subject = subject.or(meeting.subject.take());
            if let Some(attendees) = attendees {
                meeting.attendees = attendees;
            }
            meeting.lobby = settings.lobby_scope != LobbyBypassScope::Everyone;
            meeting.settings = settings;
        });
        let meeting = self.get(id).ok_or(Refusal::MeetingNotFound)?;
        Ok(MeetingAccepted::Meeting(collection(whose, meeting), desk.view(meeting)))
    }

    fn find(
        &self,
        desk: &Desk<'_>,
        whose: &Whose,
        filter: &MeetingFilter,
    ) -> Result<MeetingAccepted, Refusal> {
        let (vtc, nobodys) =
            (matches!(filter, MeetingFilter::VideoTeleconferenceId(_)), Whose::Communications);
        if vtc != (*whose == nobodys) {
            let text = "This $filter is supported on another path only.";
            return Err(Refusal::BadMeeting(text.to_owned()));
        }
        let found = match filter {
            MeetingFilter::VideoTeleconferenceId(id) => return self.find_by_vtc(desk, id),
            MeetingFilter::JoinWebUrl(url) if !is_url_text(url) => {
                let text = "The value of JoinWebUrl must be URL-encoded.";
                return Err(Refusal::BadMeeting(text.to_owned()));
            }
            MeetingFilter::JoinWebUrl(url) => {
                JoinLink::parse(url).and_then(|link| self.by_link(&link).ok())
            }
            MeetingFilter::JoinMeetingId(id) => self.of_join_id(id),
        };
        let owner = desk.owner(whose, Ok(None), "Get")?;
        let found = found.filter(|meeting| desk.is_of(meeting, owner));
        let found = found.map(|meeting| desk.view(meeting)).into_iter().collect();
        Ok(MeetingAccepted::Found(Collection::OfUser(owner), found))
    }

    /// an application's token and no access policy. No match is 404.
    fn find_by_vtc(&self, desk: &Desk<'_>, id: &str) -> Result<MeetingAccepted, Refusal> {
        if desk.caller.delegated.is_some() {
            return Err(Refusal::DelegatedToken);
        }
        let found = self.of_vtc_id(id).filter(|meeting| meeting.tenant == desk.caller.tenant);
        let view = found.map(|meeting| desk.view(meeting)).filter(|view| view.video_interop);
        let view = view.ok_or(Refusal::MeetingNotFound)?;
        Ok(MeetingAccepted::Found(Collection::Communications, vec![view]))
    }

    /// What was arranged in Teams; not what the API made.
    fn events(&self, desk: &Desk<'_>, whose: &Whose) -> Result<MeetingAccepted, Refusal> {
        let user = desk.user(whose, None, "Get")?;
        let of_user = self.calendar(desk.caller.tenant, user);
        let events = of_user.take(EVENTS_MAX).map(|meeting| desk.event(meeting)).collect();
        Ok(MeetingAccepted::Events(user, events))
    }

    /// The meeting of an id, if the caller may do this to it.
    fn owned(
        &self,
        desk: &Desk<'_>,
        whose: &Whose,
        id: &str,
        what: &'static str,
    ) -> Result<&Meeting, Refusal> {
        let found = self.of_text_id(desk.caller.tenant, id);
        let named = match whose {
            Whose::Communications => Some(found.clone()?.organizer),
            Whose::Me | Whose::User(_) => None,
        };
        let owner = desk.owner(whose, Ok(named), what)?;
        found.ok().filter(|meeting| desk.is_of(meeting, owner)).ok_or(Refusal::MeetingNotFound)
    }
}

impl Desk<'_> {
    /// Whose meetings these are, if the caller may act for them: themselves by a delegated token, or whom an access
    /// policy covers.
    fn owner(
        &self,
        whose: &Whose,
        named: Result<Option<Guid>, Refusal>,
        what: &'static str,
    ) -> Result<Guid, Refusal> {
        let named = named.or_else(|refusal| match whose {
            Whose::Communications => Err(refusal),
            // The policy is asked before the body is.
            Whose::Me | Whose::User(_) => Ok(None),
        })?;
        let user = self.user(whose, named, what)?;
        let caller = self.caller;
        let application = self.directory.application(caller.tenant, caller.app);
        let covered = application.is_some_and(|application| match &application.access_policy {
            AccessPolicy::Everybody => true,
            AccessPolicy::Users(users) => users.contains(&user),
        });
        if caller.delegated.is_none() && !covered {
            return Err(self.no_policy(user, what));
        }
        Ok(user)
    }

    /// The user whom a path means. `named`: whom the body or the meeting names, where the path says nothing.
    fn user(
        &self,
        whose: &Whose,
        named: Option<Guid>,
        what: &'static str,
    ) -> Result<Guid, Refusal> {
        let signed_in = self.caller.delegated.as_ref().map(|delegated| delegated.user);
        let bad = |text: &str| Err(Refusal::BadMeeting(text.to_owned()));
        let user = match whose {
            Whose::Me => match signed_in {
                Some(user) => user,
                None => {
                    return bad("/me request is only valid with delegated authentication flow.");
                }
            },
            Whose::User(id) => id.parse().map_err(|_| Refusal::UserNotFound)?,
            Whose::Communications => match named.or(signed_in) {
                Some(user) => user,
                None => return bad("participants.organizer.identity.user.id is required here."),
            },
        };
        if signed_in.is_some_and(|signed_in| signed_in != user) {
            return Err(self.no_policy(user, what));
        }
        let known = self.directory.user(self.caller.tenant, user);
        known.map(|_| user).ok_or(Refusal::UserNotFound)
    }

    fn no_policy(&self, user: Guid, verb: &'static str) -> Refusal {
        Refusal::NoAccessPolicy { app: self.caller.app, user, verb }
    }

    fn is_of(&self, meeting: &Meeting, owner: Guid) -> bool {
        meeting.tenant == self.caller.tenant && meeting.organizer == owner
    }

    /// What create and createOrGet have in common.
    fn draft(&self, organizer: Guid, wanted: &OnlineMeeting) -> Result<Draft, Refusal> {
        rules::same_organizer(wanted, organizer)?;
        let (start, end) = rules::times(self.now, wanted)?;
        let tenant = self.caller.tenant;
        Ok(Draft {
            id: MeetingId(Guid::default()),
            tenant,
            organizer,
            subject: rules::subject(wanted)?,
            place: rules::place(wanted, self.directory, (tenant, organizer))?,
            passcode: false,
            start,
            end,
            external_id: None,
            attendees: rules::attendees(wanted)?.unwrap_or_default(),
            settings: super::Settings::default(),
            on_calendars: None,
        })
    }

    fn view(&self, meeting: &Meeting) -> MeetingView {
        let organizer = self.directory.user(meeting.tenant, meeting.organizer);
        MeetingView {
            organizer_upn: self.directory.principal_name(meeting.tenant, meeting.organizer),
            video_interop: organizer.is_some_and(|user| user.video_interop),
            meeting: Box::new(meeting.clone()),
        }
    }

    fn event(&self, meeting: &Meeting) -> EventView {
        let mailbox = |user: Guid| {
            let known = self.directory.user(meeting.tenant, user);
            Mailbox {
                name: known.map_or_else(|| user.to_string(), |user| user.display_name.clone()),
                address: self.directory.principal_name(meeting.tenant, user),
            }
        };
        let invited = meeting.on_calendars.iter().flatten();
        EventView {
            organizer: mailbox(meeting.organizer),
            attendees: invited.map(|user| mailbox(*user)).collect(),
            meeting: Box::new(meeting.clone()),
        }
    }
}

const fn need(verb: &MeetingVerb) -> Need {
    match verb {
        MeetingVerb::Create(..)
        | MeetingVerb::CreateOrGet(..)
        | MeetingVerb::Update(..)
        | MeetingVerb::Delete(..) => Need::WriteMeetings,
        MeetingVerb::Get(..) | MeetingVerb::Find(..) => Need::ReadMeetings,
        MeetingVerb::CalendarEvents(_) => Need::ReadCalendars,
    }
}

fn wants_passcode(wanted: &OnlineMeeting) -> bool {
    let settings = wanted.join_meeting_id_settings.as_ref();
    settings.and_then(|settings| settings.is_passcode_required).unwrap_or(false)
}

fn collection(whose: &Whose, meeting: &Meeting) -> Collection {
    match whose {
        Whose::Me | Whose::User(_) => Collection::OfUser(meeting.organizer),
        Whose::Communications => Collection::Communications,
    }
}

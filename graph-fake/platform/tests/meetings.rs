//! Online meetings, as applications and users ask for them (endpoints.md 21).

use std::{collections::BTreeSet, time::Duration};

use graph_api::{Guid, OnlineMeeting, Timestamp};
use platform::{
    Accepted, AccessPolicy, Admin, Application, Caller, Delegated, Grants, Input, Need, OnCall,
    Options, Permission, Platform, Refusal, Request, Schedule, User, Verb,
    meetings::{Language, MeetingAccepted, MeetingFilter, MeetingVerb, MeetingView, Whose, render},
};
use serde_json::{Value, json};

const TENANT: Guid = Guid::from_u128(1);
const APP: Guid = Guid::from_u128(2);
const OLU: Guid = Guid::from_u128(3);
const ANA: Guid = Guid::from_u128(4);
const CHANNEL: &str = "19:c@thread.tacv2";
const BASE: &str = "https://graph.microsoft.com/v1.0";

type Reply = Result<MeetingAccepted, Refusal>;

struct World {
    platform: Platform,
    now: Timestamp,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            platform: Platform::new(1, Options::default()),
            now: Timestamp::from_secs(1_772_359_200),
        };
        for (user, name) in [(OLU, "Olu Ade"), (ANA, "Ana")] {
            let entry = User::new(name, OnCall::Ignore);
            world.admin(Admin::PutUser { tenant: TENANT, user, entry });
        }
        let display_name = Some("Fabrikam".to_owned());
        world.admin(Admin::PutTenant { tenant: TENANT, display_name, refuses_guests: false });
        let (thread, members) = (CHANNEL.to_owned(), BTreeSet::from([OLU]));
        world.admin(Admin::PutChannel { tenant: TENANT, thread, members });
        world.policy(AccessPolicy::Everybody);
        world
    }

    fn admin(&mut self, admin: Admin) {
        let done = self.platform.handle(self.now, Input::Admin(Box::new(admin)));
        assert_eq!(done.administered, Some(true));
    }

    /// The application, without a calling bot, and whom it may act for.
    fn policy(&mut self, access_policy: AccessPolicy) {
        let application = Application {
            calling_enabled: false,
            access_policy,
            grants: Grants::from(Permission::ALL),
            ..Application::new("Planner")
        };
        self.admin(Admin::PutApplication { tenant: TENANT, app: APP, application });
    }

    fn ask(&mut self, caller: Caller, verb: MeetingVerb) -> Reply {
        let verb = Verb::Meeting(Box::new(verb));
        let request = Request { caller, scenario: None, verb };
        let out = self.platform.handle(self.now, Input::Request(Box::new(request)));
        out.reply.expect("a request is always answered").map(|accepted| {
            let Accepted::Meeting(accepted) = accepted else { panic!("{accepted:?}") };
            *accepted
        })
    }

    /// As the application, for Olu.
    fn create(&mut self, body: Value) -> Reply {
        self.ask(app(), MeetingVerb::Create(of(OLU), read(body)))
    }

    fn update(&mut self, id: &str, body: Value) -> Reply {
        self.ask(app(), MeetingVerb::Update(of(OLU), id.to_owned(), read(body)))
    }

    fn get(&mut self, id: &str) -> Reply {
        self.ask(app(), MeetingVerb::Get(of(OLU), id.to_owned()))
    }

    fn find(&mut self, filter: MeetingFilter) -> Reply {
        self.ask(app(), MeetingVerb::Find(of(OLU), filter))
    }
}

fn app() -> Caller {
    Caller::application(APP, TENANT, Grants::from(Permission::ALL))
}

fn signed_in(user: Guid, scope: Permission) -> Caller {
    let delegated = Some(Delegated { user, scopes: Grants::from([scope]) });
    Caller { delegated, ..Caller::application(APP, TENANT, Grants::new()) }
}

fn of(user: Guid) -> Whose {
    Whose::User(user.to_string())
}

fn read(body: Value) -> Box<OnlineMeeting> {
    serde_json::from_value(body).unwrap()
}

#[track_caller]
fn view(reply: Reply) -> MeetingView {
    match reply {
        Ok(MeetingAccepted::Created(_, view) | MeetingAccepted::Meeting(_, view)) => view,
        other => panic!("{other:?}"),
    }
}

/// The meeting as JSON.
#[track_caller]
fn shown(reply: Reply) -> Value {
    match reply {
        Ok(MeetingAccepted::Created(of, view) | MeetingAccepted::Meeting(of, view)) => {
            render::meeting(&view, of, BASE, Language::English)
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn found(reply: Reply) -> Vec<String> {
    match reply {
        Ok(MeetingAccepted::Found(_, views)) => {
            views.iter().map(|view| view.meeting.text_id()).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn is_bad(reply: &Reply) -> bool {
    matches!(reply, Err(Refusal::BadMeeting(_)))
}

/// what a time is when it is not said, and what is none.
#[test]
fn times_of_a_new_meeting() {
    let mut world = World::new();
    let mut times = |body: Value| {
        let shown = shown(world.create(body));
        [shown["startDateTime"].clone(), shown["endDateTime"].clone()]
    };
    assert_eq!(times(json!({})), ["2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z"]);
    let start = "2026-03-02T10:00:00.5+01:00";
    let given = times(json!({"startDateTime": start}));
    assert_eq!(given, ["2026-03-02T09:00:00.5000000Z", "2026-03-02T10:00:00.5000000Z"]);
    let moment = json!({"startDateTime": start, "endDateTime": start});
    assert_eq!(times(moment)[1], "2026-03-02T09:00:00.5000000Z");
    let earlier = json!({"startDateTime": start, "endDateTime": "2026-03-02T09:00:00Z"});
    for bad in [json!({"endDateTime": start}), earlier] {
        assert!(is_bad(&world.create(bad.clone())), "{bad}");
    }
}

/// what a change may be.
#[test]
fn changes_of_a_meeting() {
    let mut world = World::new();
    let person = |upn: &str| json!({"upn": upn, "role": "attendee"});
    let body = json!({"subject": "One", "participants": {"attendees": [person("a"), person("b")]},
        "joinMeetingIdSettings": {"isPasscodeRequired": true}, "allowMeetingChat": "limited"});
    let before = shown(world.create(body));
    let id = before["id"].as_str().unwrap().to_owned();
    let times =
        json!({"startDateTime": "2026-03-02T09:00:00Z", "endDateTime": "2026-03-02T09:30:00Z"});
    let bad = [
        json!({"startDateTime": times["startDateTime"]}),
        json!({"endDateTime": times["endDateTime"]}),
        json!({"startDateTime": times["endDateTime"], "endDateTime": times["startDateTime"]}),
        json!({"participants": {"organizer": {"identity": {"user": {"id": ANA}}}}}),
        json!({"joinMeetingIdSettings": {"isPasscodeRequired": false}}),
        json!({"chatInfo": {"threadId": CHANNEL}}),
        json!({"isBroadcast": true}),
        json!({"broadcastSettings": {}}),
        json!({"externalId": "x"}),
        json!({"allowedPresenters": "nobody"}),
    ];
    for bad in bad {
        assert!(is_bad(&world.update(&id, bad.clone())), "{bad}");
    }
    assert_eq!(shown(world.get(&id)), before, "a refused change changes nothing");
    assert_eq!(shown(world.update(&id, before.clone())), before, "it may be sent back whole");

    let after = shown(world.update(&id, times.clone()));
    assert_eq!(after["startDateTime"], times["startDateTime"]);
    assert_eq!((&after["subject"], &after["id"]), (&json!("One"), &json!(id)));
    let body = json!({"subject": "Two", "participants": {"attendees": [person("c")]},
        "lobbyBypassSettings": {"scope": "everyone"}, "isEntryExitAnnounced": false,
        "allowedPresenters": "organizer", "recordAutomatically": true});
    let after = world.update(&id, body);
    assert!(!view(after.clone()).meeting.lobby);
    let after = shown(after);
    assert_eq!(after["participants"]["attendees"], json!([person("c")]), "the list replaces");
    assert_eq!(after["lobbyBypassSettings"]["isDialInBypassEnabled"], false);
    assert_eq!(after["endDateTime"], times["endDateTime"]);
    let kept = [&after["allowMeetingChat"], &after["recordAutomatically"], &after["subject"]];
    assert_eq!(kept, [&json!("limited"), &json!(true), &json!("Two")]);
    for name in ["joinWebUrl", "joinMeetingIdSettings", "chatInfo", "creationDateTime"] {
        assert_eq!(after[name], before[name], "{name}");
    }
    assert_eq!(shown(world.get(&id)), after);
}

///
#[test]
fn create_or_get_is_keyed_by_tenant_user_and_external_id() {
    let mut world = World::new();
    let mut ask = |user, external: &str| {
        let body =
            json!({"externalId": external, "subject": "S", "allowedPresenters": "organizer"});
        match world.ask(app(), MeetingVerb::CreateOrGet(of(user), read(body))) {
            Ok(MeetingAccepted::Created(_, view)) => (201, view.meeting),
            Ok(MeetingAccepted::Meeting(_, view)) => (200, view.meeting),
            other => panic!("{other:?}"),
        }
    };
    let (status, first) = ask(OLU, "x");
    assert_eq!((status, first.external_id.as_deref()), (201, Some("x")));
    assert_eq!(first.settings.allowed_presenters, graph_api::AllowedPresenters::Everyone);
    assert_eq!(ask(OLU, "x"), (200, first.clone()));
    for (user, external) in [(OLU, "X"), (ANA, "x")] {
        let (status, other) = ask(user, external);
        assert_eq!(status, 201);
        assert_ne!(other.id, first.id);
    }
    let id = first.text_id();
    assert_eq!(world.ask(app(), MeetingVerb::Delete(of(OLU), id)), Ok(MeetingAccepted::Deleted));
    let again = json!({"externalId": "x"});
    let again = world.ask(app(), MeetingVerb::CreateOrGet(of(OLU), read(again)));
    assert!(matches!(again, Ok(MeetingAccepted::Created(..))), "{again:?}");
    for bad in [json!({}), json!({"externalId": ""}), json!({"externalId": "x".repeat(257)})] {
        let reply = world.ask(app(), MeetingVerb::CreateOrGet(of(OLU), read(bad)));
        assert!(is_bad(&reply), "{reply:?}");
    }
}

///
#[test]
fn an_application_acts_for_whom_a_policy_covers() {
    let mut world = World::new();
    let olus = view(world.create(json!({}))).meeting.text_id();
    world.policy(AccessPolicy::Users(BTreeSet::from([ANA])));
    let number = MeetingFilter::JoinMeetingId("1".to_owned());
    let asked = [
        (MeetingVerb::Create(of(OLU), read(json!({}))), "Create"),
        (MeetingVerb::CreateOrGet(of(OLU), read(json!({}))), "Create"),
        (MeetingVerb::Get(of(OLU), olus.clone()), "Get"),
        (MeetingVerb::Get(Whose::Communications, olus.clone()), "Get"),
        (MeetingVerb::Find(of(OLU), number), "Get"),
        (MeetingVerb::Update(of(OLU), olus.clone(), read(json!({}))), "Update"),
        (MeetingVerb::Delete(of(OLU), olus.clone()), "Delete"),
    ];
    for (asked, verb) in asked {
        let refused = Err(Refusal::NoAccessPolicy { app: APP, user: OLU, verb });
        assert_eq!(world.ask(app(), asked.clone()), refused, "{asked:?}");
    }
    assert!(world.ask(app(), MeetingVerb::Create(of(ANA), read(json!({})))).is_ok());
    let calendar = world.ask(app(), MeetingVerb::CalendarEvents(of(OLU)));
    assert!(calendar.is_ok(), "calendars know no such policy: {calendar:?}");
    world.policy(AccessPolicy::Users(BTreeSet::from([ANA, OLU])));
    assert!(world.get(&olus).is_ok(), "at once (R-051)");
}

/// which permission each verb asks for, of applications and of users.
#[test]
fn permissions() {
    let mut world = World::new();
    let id = view(world.create(json!({}))).meeting.text_id();
    let number = MeetingFilter::JoinMeetingId("1".to_owned());
    let asked = [
        (MeetingVerb::Create(of(OLU), read(json!({}))), Need::WriteMeetings),
        (MeetingVerb::CreateOrGet(of(OLU), read(json!({"externalId": "1"}))), Need::WriteMeetings),
        (MeetingVerb::Update(of(OLU), id.clone(), read(json!({}))), Need::WriteMeetings),
        (MeetingVerb::Get(of(OLU), id.clone()), Need::ReadMeetings),
        (MeetingVerb::Find(of(OLU), number), Need::ReadMeetings),
        (MeetingVerb::CalendarEvents(of(OLU)), Need::ReadCalendars),
        (MeetingVerb::Delete(of(OLU), id), Need::WriteMeetings),
    ];
    for (verb, need) in asked {
        for one in Permission::ALL {
            // Each on the same state, so that a deleted meeting is there again.
            let before = world.platform.clone();
            let caller = Caller::application(APP, TENANT, Grants::from([one]));
            let by_role = world.ask(caller, verb.clone());
            world.platform = before.clone();
            let by_scope = world.ask(signed_in(OLU, one), verb.clone());
            world.platform = before;
            for reply in [by_role, by_scope] {
                let refused = reply == Err(Refusal::MissingPermission(need));
                assert_eq!(refused, !need.any_of().contains(&one), "{verb:?} by {one}: {reply:?}");
                assert_eq!(refused, reply.is_err(), "{verb:?} by {one}: {reply:?}");
            }
        }
    }
}

/// a user's token is for the user's own meetings, needs no policy, and opens nothing else.
#[test]
fn a_users_token() {
    let mut world = World::new();
    world.policy(AccessPolicy::Users(BTreeSet::new()));
    let me = || signed_in(OLU, Permission::WriteMeetings);
    let made = view(world.ask(me(), MeetingVerb::Create(Whose::Me, read(json!({})))));
    assert_eq!(made.meeting.organizer, OLU);
    let id = made.meeting.text_id();
    for whose in [Whose::Me, of(OLU), Whose::Communications] {
        let got = world.ask(me(), MeetingVerb::Get(whose, id.clone()));
        assert_eq!(view(got).meeting, made.meeting);
    }
    let refused = Err(Refusal::NoAccessPolicy { app: APP, user: ANA, verb: "Create" });
    assert_eq!(world.ask(me(), MeetingVerb::Create(of(ANA), read(json!({})))), refused);
    let ana = signed_in(ANA, Permission::WriteMeetings);
    let other = world.ask(ana, MeetingVerb::Get(Whose::Me, id));
    assert_eq!(other, Err(Refusal::MeetingNotFound));
    let vtc = MeetingFilter::VideoTeleconferenceId(made.meeting.vtc_id);
    let vtc = world.ask(me(), MeetingVerb::Find(Whose::Communications, vtc));
    assert_eq!(vtc, Err(Refusal::DelegatedToken), "R-335");
    assert!(is_bad(&world.ask(app(), MeetingVerb::Create(Whose::Me, read(json!({}))))));

    world.admin(Admin::PutApplication {
        tenant: TENANT,
        app: APP,
        application: Application::new("Caller"),
    });
    let verb = Verb::CreateCall(Box::default());
    let request = Request { caller: me(), scenario: None, verb };
    let out = world.platform.handle(world.now, Input::Request(Box::new(request)));
    assert_eq!(out.reply, Some(Err(Refusal::DelegatedToken)));
}

/// `/communications`: the organizer is in the body, or in the meeting.
#[test]
fn meetings_of_nobody_in_particular() {
    let mut world = World::new();
    let everybodys = || Whose::Communications;
    assert!(is_bad(&world.ask(app(), MeetingVerb::Create(everybodys(), read(json!({}))))));
    let organizer = json!({"participants": {"organizer": {"identity": {"user": {"id": OLU}}}}});
    let made = world.ask(app(), MeetingVerb::Create(everybodys(), read(organizer.clone())));
    let shown = shown(made);
    assert_eq!(
        shown["@odata.context"],
        format!("{BASE}/$metadata#communications/onlineMeetings/$entity")
    );
    let id = shown["id"].as_str().unwrap().to_owned();
    assert!(world.get(&id).is_ok());
    assert!(is_bad(&world.ask(app(), MeetingVerb::Create(of(ANA), read(organizer)))), "R-332");
    let unknown = world.ask(app(), MeetingVerb::Get(everybodys(), "MSox".to_owned()));
    assert_eq!(unknown, Err(Refusal::MeetingNotFound));
    for nobody in ["olu@fabrikam.example".to_owned(), Guid::from_u128(9).to_string()] {
        let reply = world.ask(app(), MeetingVerb::Create(Whose::User(nobody), read(json!({}))));
        assert_eq!(reply, Err(Refusal::UserNotFound));
    }
}

/// how a meeting is joined by its id is fixed at creation; it may be sent back as it is.
#[test]
fn the_way_in_cannot_be_changed() {
    let mut world = World::new();
    let made = view(world.create(json!({"joinMeetingIdSettings": {"isPasscodeRequired": true}})));
    let id = made.meeting.text_id();
    let mut change = |settings: Value| {
        let wanted = read(json!({"joinMeetingIdSettings": settings}));
        world.ask(app(), MeetingVerb::Update(of(OLU), id.clone(), wanted))
    };
    for settings in [
        json!({"isPasscodeRequired": false}),
        json!({"passcode": "another"}),
        json!({"joinMeetingId": "1"}),
        json!({"isPasscodeRequired": true, "passcode": "another"}),
    ] {
        assert!(is_bad(&change(settings.clone())), "{settings}");
    }
    let (number, passcode) = (&made.meeting.join_meeting_id, &made.meeting.passcode);
    let same = json!({"isPasscodeRequired": true, "joinMeetingId": number, "passcode": passcode});
    assert!(change(same).is_ok());
}

///
#[test]
fn filters() {
    let mut world = World::new();
    let made = view(world.create(json!({}))).meeting;
    let (id, url) = (made.text_id(), made.link().to_string());
    let by_url = |url: &str| MeetingFilter::JoinWebUrl(url.to_owned());
    assert_eq!(found(world.find(by_url(&url))), std::slice::from_ref(&id));
    assert_eq!(found(world.find(by_url(&url.replace("%3a", "%3A")))), std::slice::from_ref(&id));
    let number = MeetingFilter::JoinMeetingId(made.join_meeting_id.clone());
    assert_eq!(found(world.find(number.clone())), std::slice::from_ref(&id));
    let others = world.ask(app(), MeetingVerb::Find(of(ANA), by_url(&url)));
    assert!(found(others).is_empty(), "another user's meeting");
    let others = world.ask(app(), MeetingVerb::Find(of(ANA), number.clone()));
    assert!(found(others).is_empty());
    let ended = url.replace("meetup-join/19", "meetup-join/20");
    for nothing in [by_url(&ended), by_url("x"), MeetingFilter::JoinMeetingId("1".to_owned())] {
        assert!(found(world.find(nothing)).is_empty(), "R-338");
    }
    let raw = url.replace("%7b", "{").replace("%22", "\"");
    assert!(is_bad(&world.find(by_url(&raw))), "R-336");

    let vtc = |id: &str| MeetingFilter::VideoTeleconferenceId(id.to_owned());
    let everybodys = |filter| MeetingVerb::Find(Whose::Communications, filter);
    world.policy(AccessPolicy::Users(BTreeSet::new()));
    assert_eq!(found(world.ask(app(), everybodys(vtc(&made.vtc_id)))), [id], "no policy is asked");
    assert_eq!(world.ask(app(), everybodys(vtc("1"))), Err(Refusal::MeetingNotFound), "R-338");
    for elsewhere in [everybodys(number), MeetingVerb::Find(of(OLU), vtc(&made.vtc_id))] {
        assert!(is_bad(&world.ask(app(), elsewhere)));
    }
    let entry = User { video_interop: false, ..User::new("Olu Ade", OnCall::Ignore) };
    world.admin(Admin::PutUser { tenant: TENANT, user: OLU, entry });
    let unlicensed = world.ask(app(), everybodys(vtc(&made.vtc_id)));
    assert_eq!(unlicensed, Err(Refusal::MeetingNotFound));
}

///
#[test]
fn a_channel_takes_meetings_of_its_members() {
    let mut world = World::new();
    let chat = |thread: &str| json!({"chatInfo": {"threadId": thread, "replyChainMessageId": "5"}});
    let made = shown(world.create(chat(CHANNEL)));
    let message = world.now.as_millis().to_string();
    let wanted = json!({"threadId": CHANNEL, "messageId": message, "replyChainMessageId": "5"});
    assert_eq!(made["chatInfo"], wanted);
    assert_eq!(world.create(chat("19:d@thread.tacv2")), Err(Refusal::NotMemberOfChannel));
    let ana = world.ask(app(), MeetingVerb::Create(of(ANA), read(chat(CHANNEL))));
    assert_eq!(ana, Err(Refusal::NotMemberOfChannel));
}

///
#[test]
fn a_deleted_meeting_is_gone() {
    let mut world = World::new();
    let made = view(world.create(json!({}))).meeting;
    let delete = || MeetingVerb::Delete(of(OLU), made.text_id());
    assert_eq!(world.ask(app(), delete()), Ok(MeetingAccepted::Deleted));
    assert_eq!(world.ask(app(), delete()), Err(Refusal::MeetingNotFound));
    assert_eq!(world.get(&made.text_id()), Err(Refusal::MeetingNotFound));
    assert!(found(world.find(MeetingFilter::JoinWebUrl(made.link().to_string()))).is_empty());
}

///
#[test]
fn two_thousand_meetings_a_month() {
    let mut world = World::new();
    for _ in 0..2_000 {
        view(world.create(json!({})));
    }
    assert_eq!(world.create(json!({})), Err(Refusal::TooManyRequests));
    assert!(world.ask(app(), MeetingVerb::Create(of(ANA), read(json!({})))).is_ok());
    world.now = world.now + Duration::from_secs(31 * 86_400);
    assert!(world.create(json!({})).is_ok(), "in April");
}

/// clients.md 19, R-091.
#[test]
fn calendars_hold_what_was_arranged_in_teams() {
    let mut world = World::new();
    view(world.create(json!({"subject": "By the API"})));
    let schedule = Schedule {
        tenant: TENANT,
        organizer: OLU,
        subject: Some("In Teams".to_owned()),
        participants: vec![OLU, ANA],
        attendees: vec![ANA],
        ..Schedule::default()
    };
    let scheduled = world.platform.handle(world.now, Input::Schedule(Box::new(schedule)));
    assert!(matches!(scheduled.scheduled, Some(Ok(_))));
    let (olu, ana) = ("olu.ade@fabrikam.example", "ana@fabrikam.example");
    for user in [OLU, ANA] {
        let reply = world.ask(app(), MeetingVerb::CalendarEvents(of(user)));
        let Ok(MeetingAccepted::Events(of, events)) = reply else { panic!("{reply:?}") };
        let list = render::events(of, &events, BASE);
        assert_eq!(list["value"].as_array().map(Vec::len), Some(1), "{list}");
        let event = &list["value"][0];
        assert_eq!(event["subject"], "In Teams");
        assert_eq!(event["organizer"]["emailAddress"], json!({"name": "Olu Ade", "address": olu}));
        let attendees = event["attendees"].as_array().unwrap();
        assert_eq!(attendees.len(), 1, "{attendees:?}");
        assert_eq!(attendees[0]["emailAddress"], json!({"name": "Ana", "address": ana}));
        let time = json!({"dateTime": "2026-03-01T11:00:00.0000000", "timeZone": "UTC"});
        assert_eq!(event["start"], time, "in the future: the next full hour");
    }
}

/// Nothing grows without end.
#[test]
fn limits_of_a_body() {
    let mut world = World::new();
    let people = |count: usize, upn: usize| {
        let one = json!({"upn": "x".repeat(upn)});
        json!({"participants": {"attendees": vec![one; count]}})
    };
    view(world.create(people(1_000, 1)));
    view(world.create(json!({"subject": "x".repeat(1_024)})));
    let bad = [
        people(1_001, 1),
        people(10, 30_000),
        json!({"subject": "x".repeat(1_025)}),
        json!({"anything": "x".repeat(17_000)}),
        json!({"isBroadcast": true, "broadcastSettings": {"captions": "x".repeat(17_000)}}),
        json!({"chatInfo": {"threadId": CHANNEL, "replyChainMessageId": "x".repeat(257)}}),
        json!({"participants": {"attendees": [{"role": "boss"}]}}),
        json!({"participants": {"organizer": {"identity": {"user": {"id": "olu"}}}}}),
        json!({"lobbyBypassSettings": {"scope": "unknownFutureValue"}}),
        json!({"isBroadcast": true, "broadcastSettings": {"allowedAudience": "x"}}),
    ];
    for bad in bad {
        let reply = world.create(bad);
        assert!(is_bad(&reply), "{reply:?}");
    }
}

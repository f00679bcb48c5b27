use std::time::Duration;

use super::*;

const TENANT: Guid = Guid::from_u128(1);
const NOW: Timestamp = Timestamp::from_secs(1_772_359_200);

fn wanted(organizer: u128) -> Schedule {
    Schedule {
        tenant: TENANT,
        organizer: Guid::from_u128(organizer),
        subject: Some("Stand-up".to_owned()),
        passcode: true,
        ..Schedule::default()
    }
}

/// Every way to find a meeting agrees with looking at all of them.
fn check(meetings: &Meetings) {
    for meeting in meetings.all() {
        let id = Some(meeting.id);
        assert_eq!(meetings.by_link(&meeting.link()).ok().map(|m| m.id), id);
        assert_eq!(meetings.of_join_id(&meeting.join_meeting_id).map(|m| m.id), id);
        assert_eq!(meetings.of_vtc_id(&meeting.vtc_id).map(|m| m.id), id);
        assert_eq!(meetings.of_text_id(TENANT, &meeting.text_id()).ok().map(|m| m.id), id);
        let code = meeting.passcode.as_deref();
        let found = meetings.by_join_meeting_id(&meeting.join_meeting_id, code);
        assert_eq!(found.ok().map(|m| m.id), id);
        for whom in on_calendars(meeting) {
            assert!(meetings.calendar(whom.0, whom.1).any(|entry| entry.id == meeting.id));
        }
    }
    let count = meetings.all().count();
    assert_eq!(meetings.join_ids.len(), count);
    assert_eq!(meetings.vtc_ids.len(), count);
    assert_eq!(meetings.places.values().flatten().count(), count);
    for (whom, entries) in &meetings.calendars {
        assert_eq!(meetings.calendar(whom.0, whom.1).count(), entries.len(), "none is stale");
        assert!(entries.iter().all(|(start, id)| meetings.get(*id).unwrap().start == *start));
    }
}

#[test]
fn indexes_follow_every_change() {
    let (mut meetings, mut ids) = (Meetings::default(), Ids::new(1));
    let mut known = Vec::new();
    for step in 0..300_u128 {
        let channel = step % 3 == 0;
        let attendees = vec![Guid::from_u128(100 + step % 5), Guid::from_u128(step % 7)];
        let wish = Schedule { channel, attendees, ..wanted(step % 7) };
        known.push(meetings.schedule(NOW, &mut ids, &wish));
        if step % 4 == 0 {
            let id = known.remove(usize::try_from(step).unwrap() * 7 % known.len());
            meetings.remove(id);
            assert_eq!(meetings.get(id), None);
            meetings.remove(id);
        }
        if let Some(id) = known.get(usize::try_from(step % 11).unwrap()) {
            meetings.change(*id, |meeting| meeting.start = meeting.start + Duration::from_secs(60));
        }
        if step % 50 == 7 {
            let id = known.first().copied();
            meetings.schedule(NOW, &mut ids, &Schedule { id, ..wish });
        }
        check(&meetings);
    }
    assert_eq!(meetings.all().count(), known.len());
}

///
#[test]
fn wrong_coordinates_find_nothing() {
    let (mut meetings, mut ids) = (Meetings::default(), Ids::new(1));
    let id = meetings.schedule(NOW, &mut ids, &wanted(7));
    let meeting = meetings.get(id).unwrap().clone();
    let number = meeting.join_meeting_id.as_str();
    assert_eq!((number.len(), meeting.passcode.as_deref().map(str::len)), (12, Some(6)));
    for passcode in [None, Some(""), Some("wrong1")] {
        let found = meetings.by_join_meeting_id(number, passcode);
        assert_eq!(found, Err(Refusal::BadJoinMeetingId), "{passcode:?}");
    }
    assert_eq!(meetings.by_join_meeting_id("1", None), Err(Refusal::BadJoinMeetingId));
    let good = meeting.link();
    let bad = [
        JoinLink { tenant: Guid::from_u128(2), ..good.clone() },
        JoinLink { organizer: Guid::from_u128(8), ..good.clone() },
        JoinLink { message: "1".to_owned(), ..good.clone() },
        JoinLink { thread: "19:x@thread.v2".to_owned(), ..good.clone() },
    ];
    for bad in bad {
        assert_eq!(meetings.by_link(&bad), Err(Refusal::BadCoordinates), "{bad:?}");
    }
    meetings.remove(id);
    assert_eq!(meetings.by_link(&good), Err(Refusal::MeetingNotFound), "R-342");
    let open = meetings.schedule(NOW, &mut ids, &Schedule { passcode: false, ..wanted(7) });
    let open = meetings.get(open).unwrap();
    assert_eq!(open.passcode, None);
    assert!(meetings.by_join_meeting_id(&open.join_meeting_id, Some("any")).is_ok());
}

/// endpoints.md 1.7: two meetings of a channel at one moment are two messages of its thread.
#[test]
fn channel_meetings_are_messages() {
    let mut meetings = Meetings::default();
    let draft = |id| Draft {
        place: ChatPlace::Channel("19:c@thread.tacv2".to_owned(), Some("5".to_owned())),
        ..Draft::scheduled(NOW, MeetingId(Guid::from_u128(id)), &wanted(7))
    };
    let first = meetings.insert(NOW, draft(1)).clone();
    let second = meetings.insert(NOW, draft(2)).clone();
    assert_eq!(first.message, "1772359200000");
    assert_eq!(second.message, "1772359200001");
    assert_eq!(second.link().reply_chain.as_deref(), Some("5"));
    check(&meetings);
    meetings.remove(first.id);
    let third = meetings.insert(NOW, draft(3));
    assert_eq!(third.message, "1772359200002", "a deleted message's place is not given again");
}

#[test]
fn numbers_are_not_given_twice() {
    let mut taken = BTreeMap::new();
    for _ in 0..9 {
        let number = free(&taken, 6, 1);
        assert_eq!(taken.insert(number, MeetingId(Guid::default())), None);
    }
    assert_eq!(taken.keys().map(String::as_str).collect::<String>(), "123456789");
}

/// What is remembered of deleted meetings does not grow without end.
#[test]
fn deleted_meetings_are_forgotten_at_the_limit() {
    let (mut meetings, mut ids) = (Meetings::default(), Ids::new(1));
    let kept = meetings.schedule(NOW, &mut ids, &wanted(7));
    for n in 0..MEETINGS_MAX {
        let place = (TENANT, n.to_string(), "0".to_owned());
        meetings.places.insert(place, None);
    }
    let gone = meetings.schedule(NOW, &mut ids, &wanted(7));
    meetings.remove(gone);
    assert_eq!(meetings.places.len(), 2);
    assert!(meetings.get(kept).is_some());
    check(&meetings);
}

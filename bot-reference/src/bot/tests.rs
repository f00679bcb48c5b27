//! Lives of the bot, word for word.

use super::*;
use crate::{
    ask::Prompt,
    entry::{Facts, Key, Press, RosterNews, Seat, State, Subject},
};

const CALL: Guid = Guid::from_u128(1);
const NEW: Guid = Guid::from_u128(2);
const ALICE: Guid = Guid::from_u128(10);
const BOB: Guid = Guid::from_u128(11);

fn at(secs: u64) -> Timestamp {
    Timestamp::from_secs(secs)
}

fn told(subject: Subject) -> Input {
    Input::Notified(Entry { call: CALL, subject })
}

fn replied(ask: Ask, outcome: Outcome) -> Input {
    Input::Answered { call: CALL, ask, outcome }
}

fn ask(ask: Ask) -> Effect {
    Effect::Ask(CALL, ask)
}

fn play(prompt: Prompt, ticket: u32) -> Effect {
    ask(Ask::Play(prompt, ticket))
}

fn over(context: &str, worked: bool) -> Input {
    told(Subject::OperationEnded { context: Some(context.to_owned()), worked })
}

fn key(sequence: u64, key: Key) -> Input {
    let press = Some(Press { sequence, key });
    told(Subject::Updated(Facts { state: Some(State::Established), press, ..Facts::default() }))
}

fn digit(sequence: u64, digit: u8) -> Input {
    key(sequence, Key::Digit(digit))
}

const RING: Facts = Facts {
    state: Some(State::Incoming),
    peer: Some(ALICE),
    audio: None,
    group: false,
    recorded: false,
    participant: None,
    own: None,
    failed: false,
    press: None,
};
const ACTIVE: Facts = Facts { state: Some(State::Established), audio: Some(true), ..RING };

fn settings() -> Settings {
    Settings { colleague: Some(BOB), ..Settings::default() }
}

/// A bot whose caller has heard the menu and may press keys.
fn listening() -> Bot {
    let mut bot = Bot::new(settings());
    let _ = bot.handle(at(0), told(Subject::Incoming(RING)));
    let _ = bot.handle(at(0), replied(Ask::Answer, Outcome::Done));
    let _ = bot.handle(at(1), told(Subject::Updated(ACTIVE)));
    let _ = bot.handle(at(2), over("greeting-1", true));
    assert_eq!(bot.handle(at(3), over("menu-2", true)), [ask(Ask::Subscribe)]);
    let _ = bot.handle(at(3), replied(Ask::Subscribe, Outcome::Done));
    bot
}

#[test]
fn a_call_from_ring_to_end() {
    let mut bot = Bot::new(settings());
    assert_eq!(bot.handle(at(0), told(Subject::Incoming(RING))), [ask(Ask::Answer)]);
    assert_eq!(bot.handle(at(0), told(Subject::Incoming(RING))), [], "rung twice");
    assert_eq!(bot.handle(at(0), replied(Ask::Answer, Outcome::Done)), []);
    let early = Subject::Updated(Facts { audio: None, ..ACTIVE });
    assert_eq!(bot.handle(at(1), told(early)), []);
    assert_eq!(bot.handle(at(2), told(Subject::Updated(ACTIVE))), [play(Prompt::Greeting, 1)]);
    assert_eq!(bot.handle(at(2), told(Subject::Updated(ACTIVE))), [], "told twice");
    assert_eq!(bot.handle(at(3), over("greeting-1", true)), [play(Prompt::Menu, 2)]);
    assert_eq!(bot.handle(at(3), over("greeting-1", true)), [], "told twice");
    assert_eq!(bot.handle(at(4), over("menu-2", true)), [ask(Ask::Subscribe)]);
    assert_eq!(bot.handle(at(4), replied(Ask::Subscribe, Outcome::Done)), []);
    assert_eq!(bot.next_deadline(), Some(at(901)));
    assert_eq!(bot.handle(at(901), Input::Deadline), [ask(Ask::KeepAlive)]);
    assert_eq!(bot.handle(at(902), told(Subject::Ended)), [Effect::Forget(CALL)]);
    assert_eq!(bot.handle(at(903), told(Subject::Incoming(RING))), [], "it has ended");
    assert_eq!(bot.handle(at(903), over("menu-2", true)), [], "and nobody asks");
    assert_eq!(bot.next_deadline(), None);
}

#[test]
fn a_full_house_is_busy() {
    let mut bot = Bot::new(Settings { max_calls: 1, ..settings() });
    let ring = |call| Input::Notified(Entry { call, subject: Subject::Incoming(RING) });
    let _ = bot.handle(at(0), ring(CALL));
    assert_eq!(bot.handle(at(0), ring(NEW)), [Effect::Ask(NEW, Ask::Reject)]);
    assert_eq!(bot.calls(), 1);
}

/// each key once, however often it is told.
#[test]
fn keys_act_once_and_the_menu_follows() {
    let mut bot = listening();
    assert_eq!(bot.handle(at(10), digit(1, 1)), [ask(Ask::Record(3))]);
    assert_eq!(bot.handle(at(10), digit(1, 1)), [], "told twice");
    assert_eq!(bot.handle(at(12), key(2, Key::Pound)), [], "it ends the record");
    assert_eq!(bot.handle(at(12), over("record-3", true)), [play(Prompt::Menu, 4)]);
    let _ = bot.handle(at(13), over("menu-4", true));
    assert_eq!(bot.handle(at(14), digit(4, 4)), [ask(Ask::Mute)]);
    assert_eq!(bot.handle(at(14), digit(3, 5)), [ask(Ask::Unmute)], "late, and new");
    assert_eq!(bot.handle(at(15), replied(Ask::Mute, Outcome::Refused)), [play(Prompt::Sorry, 5)]);
    assert_eq!(bot.handle(at(16), over("sorry-5", true)), [play(Prompt::Menu, 6)]);
    let _ = bot.handle(at(17), over("menu-6", true));
    assert_eq!(bot.handle(at(18), key(5, Key::Star)), [ask(Ask::Participants { aloud: true })]);
    let listed = replied(Ask::Participants { aloud: true }, Outcome::Listed(Vec::new()));
    assert_eq!(bot.handle(at(18), listed), [play(Prompt::Menu, 7)]);
    let _ = bot.handle(at(19), over("menu-7", true));
    assert_eq!(bot.handle(at(20), digit(6, 9)), [play(Prompt::Sorry, 8)]);
    assert_eq!(bot.handle(at(21), digit(7, 0)), [ask(Ask::HangUp)]);
    assert_eq!(bot.handle(at(21), digit(8, 1)), [], "on its way out");
}

/// cancelled as soon as the key is pressed again.
#[test]
fn a_story_is_interrupted() {
    let mut bot = listening();
    assert_eq!(bot.handle(at(10), digit(1, 6)), [play(Prompt::Story, 3)]);
    assert_eq!(bot.handle(at(12), digit(2, 6)), [ask(Ask::CancelMedia)]);
    assert_eq!(bot.handle(at(12), over("story-3", false)), [play(Prompt::Menu, 4)]);
}

/// an invitation that fails is no reason to go; one whose reply is lost is not repeated.
#[test]
fn invitations_are_asked_for_once() {
    let mut bot = listening();
    assert_eq!(bot.handle(at(10), digit(1, 2)), [ask(Ask::Invite(BOB, 3))]);
    assert_eq!(bot.handle(at(20), replied(Ask::Invite(BOB, 3), Outcome::Unsure)), []);
    assert_eq!(bot.handle(at(20), digit(2, 2)), [], "it rings already");
    assert_eq!(bot.handle(at(70), over("invite-3", false)), [play(Prompt::Sorry, 4)]);
    let refused = replied(Ask::Invite(BOB, 5), Outcome::Refused);
    let _ = bot.handle(at(72), over("sorry-4", true));
    let _ = bot.handle(at(73), over("menu-5", true));
    assert_eq!(bot.handle(at(74), digit(3, 2)), [ask(Ask::Invite(BOB, 6))]);
    assert_eq!(bot.handle(at(74), refused), [], "another one's");
    assert_eq!(bot.handle(at(194), Input::Deadline), [play(Prompt::Sorry, 7)], "its end is lost");
}

/// nothing is said while a transfer is under way; if it fails, the call is as it was.
#[test]
fn a_transfer_fails_and_the_call_goes_on() {
    let mut bot = listening();
    let transfer = Ask::Transfer { target: BOB, transferee: None };
    assert_eq!(bot.handle(at(10), digit(1, 3)), [ask(transfer)]);
    assert_eq!(bot.handle(at(10), digit(2, 1)), []);
    let moved = Facts { state: Some(State::Transferring), audio: Some(false), ..RING };
    assert_eq!(bot.handle(at(11), told(Subject::Updated(moved))), []);
    let failed = Facts { audio: None, failed: true, ..ACTIVE };
    assert_eq!(bot.handle(at(40), told(Subject::Updated(failed))), [ask(Ask::Look)]);
    assert_eq!(bot.handle(at(40), told(Subject::Updated(ACTIVE))), [play(Prompt::Sorry, 3)]);
    assert_eq!(bot.calls(), 1);
}

/// in a group call it has to be said who.
#[test]
fn rosters_say_who_is_put_through() {
    let mut bot = listening();
    let seat = Seat { participant: Guid::from_u128(77), user: Some(ALICE), ..Seat::default() };
    let roster =
        |sequence| told(Subject::Roster(RosterNews::Delta { sequence, changed: vec![seat] }));
    assert_eq!(bot.handle(at(9), roster(1)), []);
    assert_eq!(bot.handle(at(9), roster(3)), [ask(Ask::Participants { aloud: false })]);
    let escalated = Facts { group: true, ..ACTIVE };
    let _ = bot.handle(at(9), told(Subject::Updated(escalated)));
    let transferee = Some((Guid::from_u128(77), ALICE));
    let transfer = Ask::Transfer { target: BOB, transferee };
    assert_eq!(bot.handle(at(10), digit(1, 3)), [ask(transfer)]);
}

#[test]
fn the_caller_is_called_back_after_the_end() {
    let mut bot = listening();
    assert_eq!(bot.handle(at(10), digit(1, 7)), [ask(Ask::HangUp)]);
    let call = Ask::Call { plan: 1, to: ALICE, also: None };
    let ended = bot.handle(at(11), told(Subject::Ended));
    assert_eq!(ended, [Effect::Forget(CALL), ask(call)]);
    assert_eq!(bot.handle(at(11), replied(call, Outcome::Created { call: NEW, own: None })), []);
    assert_eq!((bot.calls(), bot.knows(NEW)), (1, true));
    let active = Input::Notified(Entry { call: NEW, subject: Subject::Updated(ACTIVE) });
    let greeting = Ask::Play(Prompt::Greeting, 1);
    assert_eq!(bot.handle(at(15), active), [Effect::Ask(NEW, greeting)]);
}

/// the call in which it was wished for goes on.
#[test]
fn a_group_call_is_begun_beside_this_one() {
    let mut bot = listening();
    let call = Ask::Call { plan: 1, to: ALICE, also: Some(BOB) };
    assert_eq!(bot.handle(at(10), digit(1, 8)), [ask(call)]);
    let created = bot.handle(at(11), replied(call, Outcome::Created { call: NEW, own: None }));
    assert_eq!((created, bot.calls()), (vec![play(Prompt::Menu, 3)], 2));
}

/// an answer that may not have been heard is looked after.
#[test]
fn a_lost_answer_is_looked_into() {
    let mut bot = Bot::new(settings());
    let _ = bot.handle(at(0), told(Subject::Incoming(RING)));
    let lost = replied(Ask::Answer, Outcome::Unreached(None));
    assert_eq!(bot.handle(at(5), lost.clone()), [ask(Ask::Look)]);
    let found = |facts| replied(Ask::Look, Outcome::Found(facts));
    assert_eq!(bot.handle(at(5), found(RING)), [ask(Ask::Answer)]);
    assert_eq!(bot.handle(at(6), lost), [ask(Ask::Look)]);
    assert_eq!(bot.handle(at(6), found(ACTIVE)), [play(Prompt::Greeting, 1)]);
    let mut declined = Bot::new(settings());
    let _ = declined.handle(at(0), told(Subject::Incoming(RING)));
    let refused = declined.handle(at(0), replied(Ask::Answer, Outcome::Refused));
    assert_eq!(refused, [Effect::Forget(CALL), ask(Ask::Reject)]);
}

/// the gap counts from the last keepAlive that was heard.
#[test]
fn a_keep_alive_that_is_lost_is_sent_again_soon() {
    let mut bot = listening();
    assert_eq!(bot.handle(at(901), Input::Deadline), [ask(Ask::KeepAlive)]);
    let _ = bot.handle(at(960), replied(Ask::KeepAlive, Outcome::Unreached(None)));
    assert_eq!(bot.next_deadline(), Some(at(1_020)));
    assert_eq!(bot.handle(at(1_020), Input::Deadline), [ask(Ask::KeepAlive)]);
    let gone = bot.handle(at(1_021), replied(Ask::KeepAlive, Outcome::Gone));
    assert_eq!(gone, [Effect::Forget(CALL)]);
}

/// an end that does not come is not waited for.
#[test]
fn a_lost_end_of_a_prompt_holds_nothing_up() {
    let mut bot = listening();
    let _ = bot.handle(at(10), digit(1, 9));
    assert_eq!(bot.handle(at(70), Input::Deadline), [play(Prompt::Menu, 4)]);
}

///
#[test]
fn an_unknown_call_is_adopted_with_what_was_said_of_it() {
    let mut bot = Bot::new(settings());
    assert_eq!(bot.handle(at(0), digit(5, 1)), [ask(Ask::Look)]);
    assert_eq!(bot.handle(at(0), digit(6, 9)), [], "asked already");
    let facts = Facts { state: Some(State::Established), audio: Some(true), ..Facts::default() };
    let adopted = bot.handle(at(1), replied(Ask::Look, Outcome::Found(facts)));
    assert_eq!((adopted, bot.calls()), (vec![play(Prompt::Greeting, 1)], 1));
    let mut stranger = Bot::new(settings());
    let _ = stranger.handle(at(0), digit(5, 1));
    assert_eq!(stranger.handle(at(1), replied(Ask::Look, Outcome::Refused)), []);
    assert_eq!(stranger.handle(at(2), digit(7, 1)), [], "it is somebody else's");
}

#[test]
fn a_restart_goes_on_where_the_crash_was() {
    let mut bot = listening();
    let _ = bot.handle(at(10), digit(1, 6));
    let (mut bot, first) = Bot::restore(settings(), &bot.memory()).unwrap();
    assert_eq!(first, [ask(Ask::Look)]);
    let found = replied(Ask::Look, Outcome::Found(ACTIVE));
    assert_eq!(bot.handle(at(20), found), [], "no second greeting");
    assert_eq!(bot.handle(at(20), digit(1, 6)), [], "told before the crash");
    assert_eq!(bot.handle(at(21), over("story-3", true)), [play(Prompt::Menu, 4)]);
    let (mut late, _) = Bot::restore(settings(), &bot.memory()).unwrap();
    let due = late.handle(at(2_000), Input::Deadline);
    assert!(due.contains(&ask(Ask::KeepAlive)), "{due:?}");
    let _ = late.handle(at(2_001), replied(Ask::Look, Outcome::Gone));
    assert_eq!((late.calls(), late.next_deadline()), (0, None));
}

fn app_hosted() -> Settings {
    Settings { media: crate::Hosting::AppHosted, ..settings() }
}

/// on an app-hosted call Graph says nothing, records nothing and tells of no tones; the rest is as ever.
#[test]
fn an_app_hosted_call_from_ring_to_end() {
    let mut bot = Bot::new(app_hosted());
    assert_eq!(bot.handle(at(0), told(Subject::Incoming(RING))), [ask(Ask::Answer)]);
    assert_eq!(bot.handle(at(0), replied(Ask::Answer, Outcome::Done)), []);
    assert_eq!(bot.handle(at(1), told(Subject::Updated(ACTIVE))), []);
    assert_eq!(bot.handle(at(2), digit(1, 1)), [], "a record");
    assert_eq!(bot.handle(at(2), digit(2, 6)), [], "a story");
    assert_eq!(bot.handle(at(3), digit(3, 2)), [ask(Ask::Invite(BOB, 1))]);
    assert_eq!(bot.handle(at(9), over("invite-1", false)), [], "it is not sorry aloud");
    assert_eq!(bot.handle(at(901), Input::Deadline), [ask(Ask::KeepAlive)]);
    assert_eq!(bot.handle(at(902), digit(4, 0)), [ask(Ask::HangUp)]);
    assert_eq!(bot.handle(at(903), told(Subject::Ended)), [Effect::Forget(CALL)]);
}

/// Contract, media section 5: the media ended with the bot that was.
#[test]
fn a_restart_hangs_up_what_has_lost_its_media() {
    let mut bot = Bot::new(app_hosted());
    let _ = bot.handle(at(0), told(Subject::Incoming(RING)));
    let ringing = bot.memory();
    let _ = bot.handle(at(0), replied(Ask::Answer, Outcome::Done));
    let _ = bot.handle(at(1), told(Subject::Updated(ACTIVE)));
    let (mut bot, first) = Bot::restore(app_hosted(), &bot.memory()).unwrap();
    assert_eq!(first, [ask(Ask::HangUp)]);
    let lost = replied(Ask::HangUp, Outcome::Unreached(None));
    let told_again = bot.clone().handle(at(9), told(Subject::Updated(ACTIVE)));
    assert_eq!(told_again, [], "it is asked for already");
    assert_eq!(bot.handle(at(10), lost), []);
    assert_eq!(bot.handle(at(70), Input::Deadline), [ask(Ask::HangUp)], "once more");
    assert_eq!(bot.handle(at(71), told(Subject::Ended)), [Effect::Forget(CALL)]);
    // One that rings still can be answered, one that does not has the media of nobody.
    let found = |facts| replied(Ask::Look, Outcome::Found(facts));
    let (mut bot, first) = Bot::restore(app_hosted(), &ringing).unwrap();
    assert_eq!(first, [ask(Ask::Look)]);
    assert_eq!(bot.clone().handle(at(10), found(RING)), [ask(Ask::Answer)]);
    assert_eq!(bot.handle(at(10), found(ACTIVE)), [ask(Ask::HangUp)]);
}

/// A call that nobody knew has media only if this life of the bot may have begun it.
#[test]
fn an_unknown_app_hosted_call_is_hung_up_unless_it_was_begun() {
    let found = |call| Input::Answered { call, ask: Ask::Look, outcome: Outcome::Found(ACTIVE) };
    let mut bot = Bot::new(app_hosted());
    let _ = bot.handle(at(0), told(Subject::Updated(ACTIVE)));
    assert_eq!(bot.handle(at(0), found(CALL)), [ask(Ask::HangUp)]);
    let mut bot = Bot::new(app_hosted());
    let _ = bot.handle(at(0), told(Subject::Incoming(RING)));
    let _ = bot.handle(at(1), told(Subject::Updated(ACTIVE)));
    let begins = Ask::Call { plan: 1, to: ALICE, also: Some(BOB) };
    assert_eq!(bot.handle(at(2), digit(1, 8)), [ask(begins)]);
    let mut quick = bot.clone();
    let news = Input::Notified(Entry { call: NEW, subject: Subject::Updated(ACTIVE) });
    assert_eq!(quick.handle(at(3), news), [Effect::Ask(NEW, Ask::Look)]);
    assert_eq!(quick.handle(at(3), found(NEW)), [], "the reply is on its way");
    assert_eq!(bot.handle(at(3), replied(begins, Outcome::Unsure)), []);
    for (call, follows) in [(NEW, vec![]), (ALICE, vec![Effect::Ask(ALICE, Ask::HangUp)])] {
        let news = Input::Notified(Entry { call, subject: Subject::Updated(ACTIVE) });
        assert_eq!(bot.handle(at(4), news), [Effect::Ask(call, Ask::Look)]);
        assert_eq!(bot.handle(at(5), found(call)), follows, "{call}");
    }
}

#[test]
fn a_memory_that_is_none_is_refused() {
    assert!(Bot::restore(settings(), b"{").is_err());
    let mut other: serde_json::Value =
        serde_json::from_slice(&Bot::new(settings()).memory()).unwrap();
    other["version"] = 2.into();
    let refused = Bot::restore(settings(), other.to_string().as_bytes());
    assert!(matches!(refused, Err(BadMemory::Version(2))));
}

/// Faults that only a crash, or a lost reply, brings to light.
#[test]
fn planted_faults_of_memory_are_real() {
    let restarted = |flaw, before: &Bot| {
        Bot::restore(Settings { flaw: Some(flaw), ..settings() }, &before.memory()).unwrap()
    };
    let (mut again, _) = restarted(Flaw::GreetsAgainAfterCrash, &listening());
    let found = again.handle(at(20), replied(Ask::Look, Outcome::Found(ACTIVE)));
    assert_eq!(found, [play(Prompt::Greeting, 3)]);
    let mut bot = listening();
    let _ = bot.handle(at(10), digit(1, 8));
    let call = Ask::Call { plan: 2, to: ALICE, also: Some(BOB) };
    let (_, first) = restarted(Flaw::CallsBackAgainAfterCrash, &bot);
    assert_eq!(first, [ask(Ask::Look), ask(call)]);
    assert_eq!(Bot::restore(settings(), &bot.memory()).unwrap().1, [ask(Ask::Look)]);
    let mut blind = Bot::new(Settings { flaw: Some(Flaw::IgnoresUnknownCalls), ..settings() });
    assert_eq!(blind.handle(at(0), digit(5, 1)), []);
    let mut drifts = Bot::new(Settings { flaw: Some(Flaw::KeepAliveDrifts), ..settings() });
    let _ = drifts.handle(at(0), told(Subject::Incoming(RING)));
    let _ = drifts.handle(at(0), told(Subject::Updated(ACTIVE)));
    let _ = drifts.handle(at(900), replied(Ask::KeepAlive, Outcome::Unreached(None)));
    assert_eq!(drifts.calls[&CALL].keep_alive_at, at(900 + 3_000));
}

//! The reference bot's menu in the simulator: each key makes the bot ask what it says, and Graph does it. A sweep that
//! presses keys provokes every verb.

use std::time::Duration;

use bot_reference::{Flaw, Settings};
use conformance::{Call, Control, Line, Stage, Wrong};
use graph_fake::config::{APP, SECRET, TENANT, USERS};
use serde_json::{Value, json};
use sim::{CONTROL_URL, Rehearsal, Seat, rehearse};

/// By then whatever a key began is over, except what rings in vain.
const QUIET: Duration = Duration::from_secs(15);

/// What the administrator does before Alice rings: path and body, of the control API.
type Before = Option<(String, Value)>;

/// What the bot asked, without what every call has: `op status`, in order, and where Alice's call is in the end.
fn asked(before: Before, steps: &'static [&'static str]) -> (Vec<String>, String) {
    live(Settings::default(), before, false, steps).of_keys()
}

/// What the bot asked, when, and where Alice's call is in the end.
#[derive(Debug, PartialEq)]
struct Lived(Vec<(Duration, String)>, String);

impl Lived {
    fn of_keys(self) -> (Vec<String>, String) {
        let every = ["answer", "playPrompt", "subscribeToTone"];
        let of_key = |ask: &String| !every.iter().any(|op| ask.starts_with(op));
        (self.0.into_iter().map(|(_, ask)| ask).filter(of_key).collect(), self.1)
    }
}

fn live(
    settings: Settings,
    before: Before,
    in_meeting: bool,
    steps: &'static [&'static str],
) -> Lived {
    let setup = Rehearsal { settings, ..Rehearsal::new(1, Duration::from_secs(2 * 3_600)) };
    let report = rehearse(setup, async move |seat: Seat| {
        let control = Control::new(seat.network.clone(), CONTROL_URL);
        let stage = Stage::open(control.clone(), seat.clock.clone()).await?;
        if let Some((path, body)) = before {
            control.put(&path, body).await?;
        }
        let call = match in_meeting {
            true => is_invited(&control, &stage).await?,
            false => stage.rings_the_bot(&stage.person("Alice")).await?,
        };
        stage.let_pass(QUIET).await;
        for step in steps {
            happens(&control, &stage, &call, step).await?;
        }
        stage.let_pass(QUIET).await;
        Ok::<_, Wrong>((stage.journal().await?, stage.state(&call).await?))
    });
    let (lines, state) = report.outcome.expect("the world lives").expect("the stage works");
    Lived(lines.iter().filter_map(|line| exchange(&lines, line)).collect(), state)
}

/// Alice is in a meeting of Carol's, and the bot is invited to it.
async fn is_invited(control: &Control, stage: &Stage) -> Result<Call, Wrong> {
    let (by, carol) = (stage.person("Alice"), stage.person("Carol"));
    let body = json!({"organizer": carol.id, "participants": [by.id, carol.id]});
    let meeting = control.post("/meetings", body).await?;
    let meeting = meeting["meetingId"].as_str().unwrap_or_default().to_owned();
    let invited = control.post(&format!("/meetings/{meeting}/invite"), json!({"app": APP})).await?;
    let id = invited["callId"].as_str().unwrap_or_default().to_owned();
    Ok(Call { id, by, rung_at: stage.now() })
}

/// A key; with `!` the next one is pressed at once. Or whom Alice brings in, what else she does, or how time passes.
async fn happens(control: &Control, stage: &Stage, call: &Call, step: &str) -> Result<(), Wrong> {
    if let Some(name) = step.strip_prefix("invite ") {
        let user = stage.person(name).id;
        let body = json!({"by": call.by.id, "action": "invite", "user": user});
        control.act_with(&call.id, body).await?;
        stage.let_pass(QUIET).await;
        return Ok(());
    }
    match step {
        "hour" => {
            stage.let_pass(Duration::from_secs(3_600)).await;
            return Ok(());
        }
        "keys" => {
            control.post("/keys/rotate", json!({"which": "platform"})).await?;
            return Ok(());
        }
        "hangup" | "hold" | "resume" => {
            control.act(&call.id, Some(&call.by.id), step).await?;
            stage.let_pass(QUIET).await;
            return Ok(());
        }
        _ => {}
    }
    let (key, at_once) = step.strip_suffix('!').map_or((step, false), |key| (key, true));
    stage.presses(call, &[key]).await?;
    stage.let_pass(if at_once { Duration::from_secs(3) } else { QUIET }).await;
    Ok(())
}

fn exchange(lines: &[Line], line: &Line) -> Option<(Duration, String)> {
    let op = line.detail["op"].as_str().filter(|_| line.kind == "request")?;
    let id = &line.detail["requestId"];
    let answer =
        lines.iter().find(|other| other.kind == "response" && other.detail["requestId"] == *id);
    Some((line.at(), format!("{op} {}", answer?.detail["status"])))
}

fn keys(keys: &'static [&'static str]) -> (Vec<String>, String) {
    asked(None, keys)
}

fn put(path: &str, body: Value) -> Before {
    Some((path.replace("{tenant}", &TENANT.to_string()), body))
}

#[track_caller]
fn expect(life: (Vec<String>, String), asked: &[&str], state: &str) {
    assert_eq!(
        (life.0.iter().map(String::as_str).collect::<Vec<_>>(), life.1.as_str()),
        (asked.to_vec(), state)
    );
}

#[test]
fn in_a_call_of_two() {
    // of two, nobody is muted; the call goes on all the same.
    let all = keys(&["tone1!", "pound", "tone4", "tone6!", "tone6", "star", "tone9", "tone0"]);
    let expected = [
        "recordResponse 200",
        "mute 400",
        "cancelMediaProcessing 200",
        "listParticipants 200",
        "delete 204",
    ];
    expect(all, &expected, "terminated");
}

#[test]
fn in_a_call_of_three() {
    // the invitation escalates the call; R-132: the transfer says who; R-075: nobody is invited twice.
    let all = keys(&["tone2", "tone2", "tone4", "tone5"]);
    expect(all, &["invite 200", "invite 409", "mute 200", "unmute 200"], "established");
}

/// in a conference it is said who; the bot's own leg ends when the target has answered.
#[test]
fn callers_are_put_through() {
    expect(keys(&["tone3"]), &["transfer 202"], "terminated");
    expect(keys(&["invite Carol", "tone3"]), &["transfer 202"], "terminated");
}

/// a target that does not answer is no reason to let the caller go.
#[test]
fn colleagues_who_decline_end_nothing() {
    let bob = format!("/tenants/{{tenant}}/users/{}", USERS[1].1);
    let before = put(&bob, json!({"displayName": "Bob", "onCall": "decline"}));
    let all = asked(before, &["tone3", "tone2", "tone0"]);
    expect(all, &["transfer 202", "invite 200", "delete 204"], "terminated");
}

/// without Calls.JoinGroupCall.All a bot is dropped when others escalate, and says no more.
#[test]
fn escalations_by_others() {
    let stays = keys(&["invite Carol", "tone4", "star"]);
    expect(stays, &["mute 200", "listParticipants 200"], "established");
    let app = format!("/tenants/{{tenant}}/apps/{APP}");
    let before = put(&app, poor_bot());
    expect(asked(before, &["invite Carol"]), &[], "terminated");
}

#[test]
fn calls_of_the_bots_own() {
    let both = keys(&["tone8", "tone7"]);
    expect(both, &["create 201", "delete 204", "create 201"], "terminated");
}

/// what is not permitted is refused, and the caller is still there.
#[test]
fn refusals_end_nothing() {
    let refused = |op: &str| json!({"graph": {"op": op, "reply": {"status": 403}}});
    let ops = ["invite", "transfer", "recordResponse", "create", "cancelMediaProcessing"];
    let before = put("/faults", ops.map(refused).into_iter().collect());
    let all = asked(before, &["tone2", "tone3", "tone1", "tone8", "tone6!", "tone6"]);
    let expected = [
        "invite 403",
        "transfer 403",
        "recordResponse 403",
        "create 403",
        "cancelMediaProcessing 403",
    ];
    expect(all, &expected, "established");
}

/// an invitation is taken; one that may not be taken is declined. R-201: rosters as changes, with one lost.
#[test]
fn in_a_meeting() {
    let steps = &["tone4", "tone3"];
    let all = live(Settings::default(), None, true, steps).of_keys();
    expect(all, &["mute 200", "transfer 202"], "terminated");
    let settings = Settings { delta_roster: true, ..Settings::default() };
    let lost = put("/faults", json!([{"roster": {"what": "gap", "nth": 2}}]));
    let all = live(settings, lost, true, &["invite Bob", "tone4", "tone5"]).of_keys();
    expect(all, &["mute 200", "listParticipants 200", "unmute 200"], "established");
    let app = format!("/tenants/{{tenant}}/apps/{APP}");
    let all = live(Settings::default(), put(&app, poor_bot()), true, &[]).of_keys();
    expect(all, &["reject 202"], "terminated");
}

/// The bot as it is, with nothing but Calls.Initiate.All.
fn poor_bot() -> Value {
    json!({
        "displayName": "Menu bot", "secret": SECRET, "roles": ["Calls.Initiate.All"],
        "callbackUri": format!("{}/api/calls", sim::bot_url()),
    })
}

/// What no plain story shows: in these lives the bot does something else with the fault than without it.
#[test]
fn faults_that_are_left_to_the_sweep_can_be_seen() {
    let fault = |fault: Value| put("/faults", json!([fault]));
    let lost = |of: &str| fault(json!({"notification": {"of": of, "lose": true}}));
    let failed = |op: &str, status: u16, wait: Option<u32>| {
        let reply = json!({"status": status, "retryAfterSeconds": wait});
        fault(json!({"graph": {"op": op, "reply": reply}}))
    };
    let bob = format!("/tenants/{{tenant}}/users/{}", USERS[1].1);
    let declines = put(&bob, json!({"displayName": "Bob", "onCall": "decline"}));
    let app = format!("/tenants/{{tenant}}/apps/{APP}");
    let lives: [(Flaw, Before, &[&str]); 9] = [
        (Flaw::NeverForgetsEndedCalls, lost("ended"), &["hangup", "hour"]),
        (Flaw::LeavesOnRefusal, None, &["tone4"]),
        (Flaw::PlaysPromptAfterEscalationDrop, put(&app, poor_bot()), &["invite Carol"]),
        (Flaw::HangsOnLostOperationEnd, lost("operation"), &["hour"]),
        (Flaw::IgnoresRetryAfterOf503, failed("mute", 503, Some(9)), &["tone4"]),
        (Flaw::LeaksCallOnFailedTransfer, declines, &["tone3", "hour"]),
        (Flaw::TakesHoldForTheEnd, put("/options", json!({"showsHold": true})), &["hold", "hour"]),
        (Flaw::TrustsCachedKeysForever, None, &["keys", "tone9"]),
        (Flaw::RetriesAnswerAfterSuccess, failed("answer", 409, None), &[]),
    ];
    for (flaw, before, steps) in lives {
        let with = |flaw| {
            let settings = Settings { flaw, ..Settings::default() };
            live(settings, before.clone(), false, steps)
        };
        let healthy = with(None);
        assert_eq!(healthy, with(None));
        assert_ne!(healthy, with(Some(flaw)), "nothing shows {}", flaw.id());
    }
}

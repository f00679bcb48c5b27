//! Bad requests of every operation that there is: something missing, of the wrong type, out of range, or asked in
//! the wrong state (errors.md 2, endpoints.md 23). An operation that is new has none, which fails here; where a
//! kind of mistake cannot be made, the table says why.

mod calls;
mod in_call;
mod meetings;
mod stage;

use std::collections::BTreeMap;

use stage::Stage;

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Missing,
    WrongType,
    OutOfRange,
    WrongState,
}

const KINDS: [Kind; 4] = [Kind::Missing, Kind::WrongType, Kind::OutOfRange, Kind::WrongState];

/// One bad request, and how it is refused.
#[derive(Debug)]
struct Bad {
    /// Method and path; `{name}` is an id of the stage.
    asked: &'static str,
    body: String,
    /// Status and `error.code`.
    refused: &'static str,
}

/// One operation by its name in fault plans and the journal.
#[derive(Debug)]
struct Operation {
    name: &'static str,
    bad: Vec<(Kind, Bad)>,
    /// What cannot be wrong, and why not.
    never: BTreeMap<Kind, &'static str>,
}

fn op(name: &'static str) -> Operation {
    Operation { name, bad: Vec::new(), never: BTreeMap::new() }
}

impl Operation {
    fn with(
        mut self,
        kind: Kind,
        asked: &'static str,
        body: impl ToString,
        refused: &'static str,
    ) -> Self {
        self.bad.push((kind, Bad { asked, body: body.to_string(), refused }));
        self
    }

    fn missing(self, asked: &'static str, body: impl ToString, refused: &'static str) -> Self {
        self.with(Kind::Missing, asked, body, refused)
    }

    fn wrong_type(self, asked: &'static str, body: impl ToString, refused: &'static str) -> Self {
        self.with(Kind::WrongType, asked, body, refused)
    }

    fn out_of_range(self, asked: &'static str, body: impl ToString, refused: &'static str) -> Self {
        self.with(Kind::OutOfRange, asked, body, refused)
    }

    fn wrong_state(self, asked: &'static str, body: impl ToString, refused: &'static str) -> Self {
        self.with(Kind::WrongState, asked, body, refused)
    }

    fn never(mut self, kind: Kind, why: &'static str) -> Self {
        assert!(self.never.insert(kind, why).is_none(), "{}: {kind:?} twice", self.name);
        self
    }

    /// Every member may be left out.
    fn all_optional(self) -> Self {
        self.never(Kind::Missing, "every member is optional, and so is the body")
    }

    /// It has no body.
    fn no_body(self) -> Self {
        self.never(Kind::Missing, "there is nothing to be said but ids in the path")
            .never(Kind::OutOfRange, "ids have no range; one that is none is of the wrong type")
    }
}

fn table() -> Vec<Operation> {
    let parts = [
        calls::making(),
        calls::any_call(),
        calls::incoming(),
        calls::transfers(),
        calls::prompts_and_records(),
        calls::tones_and_screens(),
        in_call::of_oneself(),
        in_call::participants(),
        in_call::invitations(),
        in_call::hold_music_and_lobby(),
        in_call::operations(),
        in_call::routing_groups(),
        in_call::sharing(),
        meetings::meetings(),
        not_modelled(),
    ];
    parts.into_iter().flatten().collect()
}

/// Refused by name, whatever is sent and wherever the call is (docs/fidelity.md).
fn not_modelled() -> Vec<Operation> {
    let all = [
        ("startRecording", "POST {calls}/{group}/startRecording"),
        ("stopRecording", "POST {calls}/{group}/stopRecording"),
        ("startTranscription", "POST {calls}/{group}/startTranscription"),
        ("stopTranscription", "POST {calls}/{group}/stopTranscription"),
        ("raiseHand", "POST {calls}/{group}/participants/{bob}/raiseHand"),
        ("lowerHand", "POST {calls}/{group}/participants/{bob}/lowerHand"),
        ("lowerAllHands", "POST {calls}/{group}/participants/lowerAllHands"),
        ("reportSyntheticMedia", "POST {calls}/{group}/reportSyntheticMedia"),
        (
            "joinContentSharingAudioGroup",
            "POST {calls}/{group}/contentSharingSessions/x/joinContentSharingAudioGroup",
        ),
        (
            "leaveContentSharingAudioGroup",
            "POST {calls}/{group}/contentSharingSessions/x/leaveContentSharingAudioGroup",
        ),
        ("recordings", "GET {meetings}/{live}/recordings"),
        ("transcripts", "GET {meetings}/{live}/transcripts"),
        ("attendanceReports", "GET {meetings}/{live}/attendanceReports"),
        ("attendeeReport", "GET {meetings}/{live}/attendeeReport"),
        ("registration", "GET {meetings}/{live}/registration"),
        ("calendar", "POST {user}/calendar/events"),
    ];
    let refused = |(name, asked): (&'static str, &'static str)| {
        let why = "it is not modelled: the body is not looked at";
        let mut one = op(name);
        for body in ["", "{", r#"{"clientContext": 7}"#] {
            one = one.with(Kind::WrongType, asked, body, "405 8520");
        }
        one.never(Kind::Missing, why).never(Kind::OutOfRange, why).never(Kind::WrongState, why)
    };
    all.map(refused).into()
}

/// What is lacking in a table of the operations that are `known`.
fn lacking(table: &[Operation], known: &[&str]) -> Vec<String> {
    let mut lacking = Vec::new();
    for name in known {
        let there = table.iter().filter(|one| one.name == *name).count();
        if there != 1 {
            lacking.push(format!("{name} is in the table {there} times"));
        }
    }
    for one in table {
        if !known.contains(&one.name) {
            lacking.push(format!("there is no {}", one.name));
        }
        for kind in KINDS {
            let tried = one.bad.iter().any(|(of, _)| *of == kind);
            let never = one.never.get(&kind).is_some_and(|why| !why.is_empty());
            if tried == never {
                lacking.push(format!("{}: either {kind:?} is tried, or cannot be", one.name));
            }
        }
    }
    lacking
}

#[test]
fn every_operation_has_bad_requests_of_every_kind_or_says_why_not() {
    let lacking = lacking(&table(), &graph_fake::OPS);
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}

/// A check that cannot fail proves nothing.
#[test]
fn what_is_lacking_is_noticed() {
    let known = graph_fake::OPS;
    let new = [&known[..], &["dance"]].concat();
    assert_eq!(lacking(&table(), &new), ["dance is in the table 0 times"]);
    assert_eq!(lacking(&table(), &known[1..]), ["there is no addLargeGalleryView"]);
    let mut careless = table();
    let answer = careless.iter_mut().find(|one| one.name == "answer").unwrap();
    answer.bad.retain(|(kind, _)| *kind != Kind::OutOfRange);
    let said = ["answer: either OutOfRange is tried, or cannot be"];
    assert_eq!(lacking(&careless, &known), said);
}

#[tokio::test]
async fn every_bad_request_is_refused_as_documented_and_harms_no_call() {
    let stage = Stage::set().await;
    let before = stage.seen().await;
    let mut wrong = Vec::new();
    for operation in table() {
        for (kind, bad) in &operation.bad {
            let (answer, located) = stage.ask(bad).await;
            let code = answer.body["error"]["code"].as_str().unwrap_or("none");
            let came = format!("{} {code}", answer.status.as_u16());
            if came != bad.refused || located != operation.name {
                let said = &answer.body["error"]["message"];
                wrong.push(format!(
                    "{} ({kind:?}): {} {}\n  wanted {}, came {came} of {located}: {said}",
                    operation.name, bad.asked, bad.body, bad.refused
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(stage.seen().await, before);
}

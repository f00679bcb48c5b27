//! What reports look like, letter by letter. `GOLDEN=write cargo test -p conformance sheet` writes the files anew.

use std::path::Path;

use serde_json::{Value, json};
use sim::ladder::Ladder;

use super::*;
use crate::{cases, journal::Line, live};

fn case(id: &str) -> &'static Case {
    cases::ALL.into_iter().find(|case| case.id == id).unwrap()
}

fn line(seq: u64, kind: &str, detail: Value) -> Line {
    let call_id = Some("1b3d5f70-0000-4000-8000-000000000001".to_owned());
    Line { seq, at_ms: 1_800_000_000_000 + seq * 20, call_id, kind: kind.to_owned(), detail }
}

/// A call is answered, and a prompt refused.
fn journal() -> Vec<Line> {
    let call = "/communications/calls/1b3d5f70-0000-4000-8000-000000000001";
    let data = json!({"@odata.type": "#microsoft.graph.call", "state": "incoming"});
    let entry = json!({"changeType": "created", "resourceUrl": call, "resourceData": data});
    let body = json!({"@odata.type": "#microsoft.graph.commsNotifications", "value": [entry]});
    let asked = |id: &str, what: &str| {
        let path = format!("/v1.0{call}/{what}");
        json!({"requestId": id, "method": "POST", "path": path, "body": {}})
    };
    vec![
        line(
            1,
            "notification",
            json!({"deliveryId": 1, "attempt": 1, "url": "http://b:1/api/calls", "body": body}),
        ),
        line(2, "delivered", json!({"deliveryId": 1, "attempt": 1, "status": 202})),
        line(3, "request", asked("a", "answer")),
        line(4, "response", json!({"requestId": "a", "status": 202})),
        line(5, "request", asked("b", "playPrompt")),
        line(6, "response", json!({"requestId": "b", "status": 400, "code": "8501"})),
    ]
}

/// A bot that plays its prompt too early, died in one case, and was not asked for others.
fn failing() -> Sheet {
    let failure = |expected: &str, actual: &str| {
        Some(Failure { expected: expected.to_owned(), actual: actual.to_owned() })
    };
    let row = |id: &str, outcome: Outcome, note: Option<&str>| Row {
        outcome,
        note: note.map(str::to_owned),
        took: Duration::from_millis(10_200),
        ..Row::skipped(case(id), String::new())
    };
    let rows = vec![
        row("incoming-call/answered-in-time", Outcome::Passed, None),
        Row {
            failure: failure("no prompt to be refused", "one was: 8501"),
            wire: live::messages(&journal()),
            media: Media {
                sounds: vec![Sound {
                    who: "Alice".to_owned(),
                    call: "1b3d5f70".to_owned(),
                    seconds: 1.5,
                    peaks: vec![0, 50, 100],
                }],
                figures: vec![("promptsBegun".to_owned(), 1)],
            },
            said: vec!["WARN <bot> \u{1b}[31mrefused\u{1b}[0m & ignored".to_owned()],
            ..row("prompts/wait-for-audio", Outcome::Failed, None)
        },
        Row {
            failure: failure("the bot to live on", "its process ended with exit code 9"),
            trouble: Some(Trouble::Died),
            ..row("prompts/once", Outcome::Failed, None)
        },
        Row {
            failure: failure("nothing new", "the bot asked for 'playPrompt'"),
            ..row("tones/once", Outcome::FailedAsExpected, Some("ticket 12"))
        },
        row("keep-alive/three-hours", Outcome::Skipped, Some("needs virtual time")),
        row("ending/silence-after-the-end", Outcome::PassedUnexpectedly, Some("")),
        row("throttling/gives-up", Outcome::Broken, Some("GET /journal: no answer")),
    ];
    Sheet {
        title: "Conformance of <a bot>".to_owned(),
        facts: vec![("stage".to_owned(), "real sockets".to_owned())],
        rows,
        not_started: None,
        interrupted: false,
        again: "conformance bot --manifest bot.toml --case".to_owned(),
        wall: Duration::from_secs(12),
    }
}

#[track_caller]
fn golden(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/sheet/golden").join(name);
    if std::env::var_os("GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(&file, text).unwrap();
    }
    let wanted = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(wanted == text, "{} differs; GOLDEN=write writes it anew:\n{text}", file.display());
}

/// The page without its style, which is beside it.
fn without_style(page: &str) -> String {
    let (before, rest) = page.split_once("<style>").unwrap();
    let (_, after) = rest.split_once("</style>").unwrap();
    format!("{before}<style>…</style>{after}")
}

#[test]
fn the_page_of_a_failing_bot() {
    let page = failing().html();
    golden("failing.html", &without_style(&page));
    let ladder = Ladder::css();
    assert!(page.contains(ladder) && !page.contains("<bot>") && !page.contains('\u{1b}'));
}

#[test]
fn junit_markdown_json_and_table_of_a_failing_bot() {
    let sheet = failing();
    golden("failing.junit.xml", &sheet.junit());
    golden("failing.md", &sheet.markdown());
    golden("failing.json", &format!("{:#}\n", sheet.json()));
    golden("failing.txt", &anstream::adapter::strip_str(&sheet.table(false)).to_string());
    assert_eq!((sheet.code(), sheet.counts()), (4, [1, 3, 1]));
}

#[test]
fn a_report_of_a_live_stage_can_be_read_again() {
    let text = failing().json().to_string();
    let read = crate::report::saved::parse(Path::new("x.json"), text.as_bytes()).unwrap();
    assert_eq!(read.code(), 4);
}

#[test]
fn a_bot_that_never_came_up_is_in_every_report() {
    let not_started = Some(("it never came up".to_owned(), vec!["no port".to_owned()]));
    let sheet = Sheet { rows: Vec::new(), not_started, ..failing() };
    for text in
        [sheet.html(), sheet.junit(), sheet.markdown(), sheet.table(true), sheet.json().to_string()]
    {
        assert!(text.contains("it never came up") && text.contains("no port"), "{text}");
    }
    assert_eq!(sheet.code(), 3);
    assert_eq!(Sheet { interrupted: true, ..sheet }.code(), 130);
}

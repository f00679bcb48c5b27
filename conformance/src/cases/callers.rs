//! Somebody rings: who it may be, how many there may be, and what may go wrong with the answer.

use bot_reference::Flaw;
use serde_json::{Value, json};

use super::{USUAL, hours, minutes, secs};
use crate::{
    case::{Case, Level, Need},
    failure::Wrong,
    journal::Line,
    rule::{Rule, Sourced},
    rules,
    stage::{Call, was_taken},
};

/// In reading order.
pub const CASES: &[&Case] = &[
    &CALLED_BACK,
    &BURST,
    &REPEATED,
    &TELEPHONE,
    &HIDDEN,
    &GUEST,
    &NOBODY,
    &REPLY_LOST,
    &REPLY_LATE,
    &ANSWER_FAILS,
    &ANSWER_FORBIDDEN,
];

const CALLBACK: Rule = Rule {
    id: "call.callback",
    contract: Some("R-108"),
    sourced: Sourced::Documented,
    says: "The callbackUri of an answer is where everything about this call is told from then on.",
    source: "https://learn.microsoft.com/graph/api/call-answer",
};

const ANY_CALLER: Rule = Rule {
    id: "call.anyCaller",
    contract: Some("R-049"),
    sourced: Sourced::Documented,
    says: "Callers are users, guests, telephones, or hidden from a bot without permissions; all of them can be answered.",
    source: "https://learn.microsoft.com/graph/api/call-answer, 'source.identity.encrypted'",
};

const ANSWER_AGAIN: Rule = Rule {
    id: "call.answerAgain",
    contract: Some("R-102"),
    sourced: Sourced::Prudent,
    says: "An answer that failed for no fault of the bot's is repeated while there is time; one that had been heard \
           after all is refused with 409, and the call goes on.",
    source: "there are 15 seconds, and 503 says to try again",
};

const REFUSED_IS_REFUSED: Rule = Rule {
    id: "call.refused",
    contract: Some("R-046"),
    sourced: Sourced::Documented,
    says: "What is forbidden (403) is not asked for again.",
    source: "https://learn.microsoft.com/graph/errors",
};

const CALLED_BACK: Case = Case {
    id: "incoming-call/callback-works",
    title: "A bot can be reached where its answer says",
    level: Level::Must,
    rule: &CALLBACK,
    steps: &[
        "Alice's call is established.",
        "Within 10 seconds the bot has answered the notification of that with a 2xx.",
    ],
    kills: &[Flaw::NamesAWrongCallback],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            let told = |lines: &[Line]| {
                let mut told = lines.iter().filter(|line| says_established(line, &call));
                told.any(|line| was_taken(lines, line))
            };
            match stage.happens(secs(10), told).await? {
                true => Ok(()),
                false => Err(Wrong::bot("a 2xx for 'established'", "there was none")),
            }
        })
    },
    ..USUAL
};

fn says_established(line: &Line, call: &Call) -> bool {
    line.kind == "notification"
        && line.call_id.as_ref() == Some(&call.id)
        && line.detail.pointer("/body/value/0/resourceData/state") == Some(&"established".into())
}

const BURST: Case = Case {
    id: "incoming-call/burst",
    title: "A bot answers six calls that come at once",
    rule: &rules::SEVERAL_CALLS,
    steps: &["Alice, Bob and Carol ring, each twice, in a moment.", "All calls are established."],
    kills: &[Flaw::DropsCallsInABurst],
    story: |stage| {
        Box::pin(async move {
            let mut calls = Vec::new();
            for name in ["Alice", "Bob", "Carol", "Alice", "Bob", "Carol"] {
                calls.push(stage.rings_the_bot(&stage.person(name)).await?);
            }
            for call in &calls {
                stage.is_answered(call).await?;
            }
            Ok(())
        })
    },
    ..USUAL
};

const REPEATED: Case = Case {
    id: "incoming-call/told-four-times",
    title: "A bot that is told four times that it rings answers once",
    rule: &rules::ANSWER_ONCE,
    needs: &[Need::Faults],
    steps: &[
        "Alice rings; the notification of that comes four times.",
        "Her call is established. One answer was sent, not more.",
    ],
    kills: &[Flaw::AnswersEachInvitation],
    story: |stage| {
        Box::pin(async move {
            let plan = json!([{"notification": {"of": "incoming", "repeat": 3}}]);
            stage.goes_wrong(plan).await?;
            let call = stage.is_in_call_with("Alice").await?;
            stage.let_pass(secs(10)).await;
            match stage.count(&call, "answer").await? {
                1 => stage.expect_state(&call, "established").await,
                sent => Err(Wrong::bot("one answer", format!("{sent} were sent"))),
            }
        })
    },
    ..USUAL
};

const STRANGER: Case = Case {
    rule: &ANY_CALLER,
    needs: &[Need::Tokens, Need::Faults],
    steps: &[
        "Somebody rings who is no user that the bot can see: a telephone, a guest, hidden, or not named at all.",
        "The call is established.",
    ],
    kills: &[Flaw::NeedsACallingUser],
    ..USUAL
};

/// The identity of who rings.
fn called_by(entry: &mut Value, identity: Value) {
    entry["resourceData"]["source"]["identity"] = identity;
}

const TELEPHONE: Case = Case {
    id: "incoming-call/from-a-telephone",
    title: "A bot answers a call from a telephone",
    level: Level::Must,
    story: |stage| {
        Box::pin(async move {
            let phone = json!({"@odata.type": "#microsoft.graph.identity", "id": "+4930123456"});
            let rung = stage.is_rung_by_letter(|entry| called_by(entry, json!({"phone": phone})));
            rung.await.map(drop)
        })
    },
    ..STRANGER
};

const HIDDEN: Case = Case {
    id: "incoming-call/from-somebody-hidden",
    title: "A bot answers a caller whose identity is encrypted",
    level: Level::Must,
    story: |stage| {
        Box::pin(async move {
            let hidden = json!({"@odata.type": "#microsoft.graph.identity", "id": "enc-7Zk2"});
            let hidden = json!({"encrypted": hidden});
            stage.is_rung_by_letter(|entry| called_by(entry, hidden)).await.map(drop)
        })
    },
    ..STRANGER
};

const GUEST: Case = Case {
    id: "incoming-call/from-a-guest",
    title: "A bot answers a guest, whose id is no GUID and who has no name",
    story: |stage| {
        Box::pin(async move {
            let guest = json!({
                "@odata.type": "#microsoft.graph.identity",
                "id": "8:teamsvisitor:4f2e", "displayName": null,
            });
            stage
                .is_rung_by_letter(|entry| called_by(entry, json!({"guest": guest})))
                .await
                .map(drop)
        })
    },
    ..STRANGER
};

const NOBODY: Case = Case {
    id: "incoming-call/from-nobody",
    title: "A bot answers a call of which it is not said who calls",
    level: Level::May,
    story: |stage| {
        Box::pin(async move {
            let unnamed = |entry: &mut Value| {
                let data = entry["resourceData"].as_object_mut().expect("an object");
                data.remove("source");
            };
            stage.is_rung_by_letter(unnamed).await.map(drop)
        })
    },
    ..STRANGER
};

const REPLY_LOST: Case = Case {
    id: "incoming-call/reply-lost",
    title: "A bot that missed the reply to its answer stays in the call",
    rule: &ANSWER_AGAIN,
    needs: &[Need::Faults, Need::VirtualTime],
    steps: &[
        "Alice rings; Graph hears the bot's answer, and its reply is lost. A second answer is refused with 409.",
        "The bot answers at most once more, and an hour later the call is still there.",
    ],
    limit: hours(2),
    kills: &[Flaw::TakesConflictForTheEnd, Flaw::RetriesAnswerAfterSuccess],
    story: |stage| {
        Box::pin(async move {
            stage.goes_wrong(json!([{"graph": {"op": "answer", "loseReply": true}}])).await?;
            let call = stage.is_in_call_with("Alice").await?;
            stage.let_pass(secs(60)).await;
            let sent = stage.count(&call, "answer").await?;
            if sent > 2 {
                let expected = "at most one answer after the one that was heard";
                return Err(Wrong::bot(expected, format!("there were {}", sent - 1)));
            }
            stage.expect_survival(&call, minutes(60)).await
        })
    },
    ..USUAL
};

const REPLY_LATE: Case = Case {
    id: "incoming-call/reply-late",
    title: "A bot that waits 4 seconds for the reply to its answer does not answer again",
    rule: &ANSWER_AGAIN,
    needs: &[Need::Faults, Need::VirtualTime],
    steps: &[
        "Alice rings; the reply to the bot's answer takes 4 seconds.",
        "One answer was sent, and an hour later the call is still there.",
    ],
    limit: hours(2),
    kills: &[Flaw::AnswersTwice],
    story: |stage| {
        Box::pin(async move {
            stage.goes_wrong(json!([{"graph": {"op": "answer", "delayMs": 4_000}}])).await?;
            let call = stage.is_in_call_with("Alice").await?;
            stage.expect_survival(&call, minutes(60)).await?;
            match stage.count(&call, "answer").await? {
                1 => Ok(()),
                sent => Err(Wrong::bot("one answer", format!("{sent} were sent"))),
            }
        })
    },
    ..USUAL
};

const ANSWER_FAILS: Case = Case {
    id: "incoming-call/answer-fails-twice",
    title: "A bot whose answer fails twice with a 5xx answers in time all the same",
    rule: &ANSWER_AGAIN,
    needs: &[Need::Faults],
    steps: &[
        "The first answer will fail with 500, the second with 503.",
        "Alice rings; her call is established within 15 seconds.",
    ],
    kills: &[Flaw::GivesUpAnswerOn5xx],
    story: |stage| {
        Box::pin(async move {
            let plan = json!([
                {"graph": {"op": "answer", "reply": {"status": 500}}},
                {"graph": {"op": "answer", "nth": 2, "reply": {"status": 503}}},
            ]);
            stage.goes_wrong(plan).await?;
            stage.is_in_call_with("Alice").await.map(drop)
        })
    },
    ..USUAL
};

const ANSWER_FORBIDDEN: Case = Case {
    id: "incoming-call/answer-forbidden",
    title: "A bot whose answer is forbidden does not insist, and takes the next call",
    rule: &REFUSED_IS_REFUSED,
    needs: &[Need::Faults],
    steps: &[
        "Answers will be refused with 403.",
        "Alice rings, and gives up after 20 seconds; at most two answers were sent.",
        "Answers are not refused any more. Carol rings; her call is established.",
    ],
    kills: &[Flaw::RetriesRefusals],
    story: |stage| {
        Box::pin(async move {
            stage.fails("answer", 1_000, 403, None).await?;
            let call = stage.rings_the_bot(&stage.person("Alice")).await?;
            stage.let_pass(secs(20)).await;
            let sent = stage.count(&call, "answer").await?;
            if sent > 2 {
                return Err(Wrong::bot("at most two answers", format!("there were {sent}")));
            }
            stage.goes_wrong(json!([])).await?;
            stage.expect_alive().await
        })
    },
    ..USUAL
};

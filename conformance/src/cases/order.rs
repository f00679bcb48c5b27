//! Notifications that come in another order, several at a time, twice, or about things unknown.

use bot_reference::Flaw;
use serde_json::{Value, json};

use super::{USUAL, secs};
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    journal::{Line, exchanges},
    rule::{Rule, Sourced},
    rules,
    stage::{
        Call, Stage,
        judging::expect_no_stumbling,
        letters::{entry, envelope},
    },
};

/// In reading order.
pub const CASES: &[&Case] = &[
    &BATCH,
    &EMPTY,
    &EVERYTHING_TWICE,
    &LATE_ESTABLISHING,
    &AUDIO_FIRST,
    &BEFORE_REPLY,
    &END_FIRST,
    &UNKNOWN_CALL,
    &UNKNOWN_CHANGE,
    &UNKNOWN_RESOURCE,
];

const ALL_ENTRIES: Rule = Rule {
    id: "notification.allEntries",
    contract: Some("R-315"),
    sourced: Sourced::Documented,
    says: "A notification has as many entries as 'value' has; each counts.",
    source: "https://learn.microsoft.com/graph/api/resources/commsnotifications",
};

const ANY_ORDER: Rule = Rule {
    id: "notification.anyOrder",
    contract: Some("R-112"),
    sourced: Sourced::Documented,
    says: "Updates of a call may come in another order than they were sent: 'establishing' after 'established', and \
           both before the reply to the answer.",
    source: "https://learn.microsoft.com/graph/api/call-answer, the note on notifications",
};

const ANYTHING_UNKNOWN: Rule = Rule {
    id: "notification.unknown",
    contract: Some("R-313"),
    sourced: Sourced::Prudent,
    says: "Calls, resources and kinds of change that the bot does not know are let through, and change nothing.",
    source: "https://learn.microsoft.com/graph/use-the-api (evolvable contracts)",
};

const BATCH: Case = Case {
    id: "notifications/batch",
    title: "A bot reads every entry of a notification",
    level: Level::Must,
    rule: &ALL_ENTRIES,
    needs: &[Need::Tokens, Need::Faults],
    steps: &["Alice and Bob ring; one notification says both.", "Both calls are established."],
    kills: &[Flaw::ReadsFirstEntryOnly],
    story: |stage| {
        Box::pin(async move {
            let alices = stage.rings_unheard(&stage.person("Alice")).await?;
            let bobs = stage.rings_unheard(&stage.person("Bob")).await?;
            let both = vec![stage.invitation(&alices), stage.invitation(&bobs)];
            stage.is_told(&envelope(both)).await?;
            stage.is_answered(&alices).await?;
            stage.is_answered(&bobs).await
        })
    },
    ..USUAL
};

const EMPTY: Case = Case {
    id: "notifications/empty",
    title: "A bot does not stumble over a notification without entries",
    level: Level::May,
    rule: &ALL_ENTRIES,
    needs: &[Need::Tokens],
    steps: &[
        "A notification comes whose 'value' is empty; the bot answers 2xx or 4xx.",
        "Carol rings; her call is established.",
    ],
    kills: &[Flaw::FailsOnEmptyBatch],
    story: |stage| {
        Box::pin(async move {
            let letter = stage.letter(&envelope(Vec::new())).await?;
            expect_no_stumbling(stage.posts(&letter).await?)?;
            stage.expect_alive().await
        })
    },
    ..USUAL
};

const EVERYTHING_TWICE: Case = Case {
    id: "notifications/everything-twice",
    title: "A bot to which everything is told twice lives as ever",
    rule: &rules::ANSWER_ONCE,
    needs: &[Need::Faults],
    steps: &[
        "Every notification comes twice.",
        "Alice's call is established. Half a minute later she hangs up.",
        "Nothing that the bot asked for was refused.",
    ],
    kills: &[Flaw::AnswersEachInvitation],
    story: |stage| {
        Box::pin(async move {
            let plan = json!([{"notification": {"of": "any", "times": 10_000, "repeat": 1}}]);
            stage.goes_wrong(plan).await?;
            let call = stage.is_in_call_with("Alice").await?;
            stage.let_pass(secs(30)).await;
            let asked = stage.requests(&call, "").await?;
            if let Some(refused) = asked.iter().find(|asked| asked.op != "get" && !asked.worked()) {
                let actual = format!("'{}' was", refused.op);
                return Err(Wrong::bot("nothing to be refused", actual));
            }
            stage.hangs_up(&call).await?;
            stage.expect_silence_after_end(&call, secs(60)).await
        })
    },
    ..USUAL
};

const LATE_ESTABLISHING: Case = Case {
    id: "notifications/late-establishing",
    title: "A bot does not begin anew when 'establishing' comes after 'established'",
    rule: &ANY_ORDER,
    profile: Profile::ServiceHosted,
    needs: &[Need::Tokens],
    steps: &[
        "Alice's call is established, and the bot has said what it says first.",
        "'establishing' comes late.",
        "In the next minute the bot neither answers nor plays anything.",
    ],
    kills: &[Flaw::StartsOverOnLateEstablishing],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.bot_does(&call, "playPrompt", 1, secs(20)).await?;
            stage.let_pass(secs(20)).await;
            stage.is_told_of(&call, "updated", json!({"state": "establishing"})).await?;
            stage.expect_silence(&call, secs(60)).await
        })
    },
    ..USUAL
};

const AUDIO_FIRST: Case = Case {
    id: "notifications/audio-before-established",
    title: "A bot that hears of active audio before 'established' says its prompt",
    rule: &ANY_ORDER,
    profile: Profile::ServiceHosted,
    needs: &[Need::Faults],
    steps: &[
        "The notification of active audio, which says 'established' too, overtakes the one of 'established'.",
        "The bot plays its prompt within 10 seconds, and none is refused.",
    ],
    kills: &[Flaw::WantsNewsInOrder],
    story: |stage| {
        Box::pin(async move {
            let plan = json!([{"notification": {"of": "call", "nth": 2, "overtakenBy": 1}}]);
            stage.goes_wrong(plan).await?;
            let call = stage.is_in_call_with("Alice").await?;
            speaks_soon(stage, &call).await
        })
    },
    ..USUAL
};

async fn speaks_soon(stage: &Stage, call: &Call) -> Result<(), Wrong> {
    stage.audio_flows(call).await?;
    stage.bot_does(call, "playPrompt", 1, secs(10)).await?;
    match stage.requests(call, "playPrompt").await?.iter().find(|prompt| !prompt.worked()) {
        None => Ok(()),
        Some(refused) => {
            let code = refused.code.as_deref().unwrap_or("no answer");
            Err(Wrong::bot("no prompt to be refused", format!("one was: {code}")))
        }
    }
}

const BEFORE_REPLY: Case = Case {
    id: "notifications/before-the-reply",
    title: "A bot heeds what it is told before the reply to its answer",
    rule: &ANY_ORDER,
    profile: Profile::ServiceHosted,
    needs: &[Need::Faults],
    steps: &[
        "Alice rings; Graph hears the bot's answer, and its reply is lost.",
        "Before the bot has a reply, the call is established and its audio active: the bot plays its prompt within 10 \
         seconds.",
    ],
    kills: &[Flaw::IgnoresNewsBeforeReply],
    story: |stage| {
        Box::pin(async move {
            stage.goes_wrong(json!([{"graph": {"op": "answer", "loseReply": true}}])).await?;
            let call = stage.is_in_call_with("Alice").await?;
            speaks_soon(stage, &call).await
        })
    },
    ..USUAL
};

const END_FIRST: Case = Case {
    id: "notifications/end-before-invitation",
    title: "A bot does not answer a call whose end came before its invitation",
    rule: &ANY_ORDER,
    needs: &[Need::Tokens],
    steps: &[
        "Somebody rang and gave up; the end of the call is told before its beginning.",
        "In the next half minute the bot does not answer it.",
        "Carol rings; her call is established.",
    ],
    kills: &[Flaw::ForgetsUnknownEnds],
    story: |stage| {
        Box::pin(async move {
            let gone = nowhere(stage, 3);
            stage.is_told_of(&gone, "deleted", json!({"state": "terminated"})).await?;
            stage.is_told(&envelope(vec![stage.invitation(&gone)])).await?;
            stage.let_pass(secs(30)).await;
            match stage.count(&gone, "answer").await? {
                0 => stage.expect_alive().await,
                _ => Err(Wrong::bot("no answer", "there was one")),
            }
        })
    },
    ..USUAL
};

/// A call that does not exist, as if it were Alice's.
fn nowhere(stage: &Stage, number: u8) -> Call {
    let id = format!("0badca11-0000-4000-8000-0000000000{number:02x}");
    Call { id, by: stage.person("Alice"), rung_at: stage.now() }
}

const UNKNOWN_CALL: Case = Case {
    id: "notifications/unknown-call",
    title: "A bot that is told of a call that it does not know does not act in it",
    rule: &ANYTHING_UNKNOWN,
    needs: &[Need::Tokens],
    steps: &[
        "An update comes of a call of which Graph knows nothing.",
        "In the next minute the bot asks at most three times how that call is, and for nothing else.",
        "Carol rings; her call is established.",
    ],
    kills: &[Flaw::AnswersUnknownCalls],
    story: |stage| {
        Box::pin(async move {
            let gone = nowhere(stage, 4);
            let data = json!({"state": "established", "mediaState": {"audio": "active"}});
            stage.is_told_of(&gone, "updated", data).await?;
            stage.expect_silence(&gone, secs(60)).await?;
            match exchanges(&stage.journal().await?, &gone.id, "get").len() {
                0..=3 => stage.expect_alive().await,
                looks => Err(Wrong::bot("at most three looks", format!("there were {looks}"))),
            }
        })
    },
    ..USUAL
};

/// Alice is in a call, and the bot is told something that it need not know; the call goes on.
async fn lets_through(stage: &Stage, change: impl FnOnce(&mut Value)) -> Result<(), Wrong> {
    let call = stage.is_in_call_with("Alice").await?;
    let mut entry = entry(&call.id, "updated", json!({"state": "established"}));
    change(&mut entry);
    stage.is_told(&envelope(vec![entry])).await?;
    let ended = |lines: &[Line]| !exchanges(lines, &call.id, "delete").is_empty();
    if stage.happens(secs(10), ended).await? {
        return Err(Wrong::bot("the call to go on", "the bot hung up"));
    }
    stage.expect_state(&call, "established").await
}

const UNKNOWN_CHANGE: Case = Case {
    id: "notifications/unknown-change",
    title: "A bot lets a changeType through that it does not know",
    rule: &ANYTHING_UNKNOWN,
    needs: &[Need::Tokens],
    steps: &[
        "Alice's call is established.",
        "A notification comes whose changeType is 'archived'; the bot answers 2xx.",
        "The call goes on.",
    ],
    kills: &[Flaw::RefusesUnknownChanges],
    story: |stage| Box::pin(lets_through(stage, |entry| entry["changeType"] = "archived".into())),
    ..USUAL
};

const UNKNOWN_RESOURCE: Case = Case {
    id: "notifications/unknown-resource",
    title: "A bot lets a resource through that it does not know",
    rule: &ANYTHING_UNKNOWN,
    needs: &[Need::Tokens],
    steps: &[
        "Alice's call is established.",
        "A notification comes about a whiteboard in that call; the bot answers 2xx.",
        "The call goes on.",
    ],
    kills: &[Flaw::RefusesUnknownResources],
    story: |stage| {
        Box::pin(lets_through(stage, |entry| {
            let url = entry["resourceUrl"].as_str().unwrap_or_default();
            let url = format!("{url}/whiteboards/7");
            entry["resourceData"] = json!({"@odata.type": "#microsoft.graph.whiteboard", "ink": 3});
            entry["resource"] = url.replace("/communications", "/app").into();
            entry["resourceUrl"] = url.into();
        }))
    },
    ..USUAL
};

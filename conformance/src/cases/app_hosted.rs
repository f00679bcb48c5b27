//! Media that the bot handles itself, over the open transport (docs/media-transport.md).
//!
//! What these bots do, so that it is known by ear whom one hears: a marker with a number below 0x400000 is answered with
//! that number | 0x800000, and a key is pressed back.

use std::time::Duration;

use bot_reference::Flaw;
use serde_json::{Value, json};

use super::secs;
use crate::{
    case::{Case, Level, Profile},
    failure::Wrong,
    rule::{Rule, Sourced},
    stage::{Call, Stage},
};

/// In reading order.
pub const CASES: &[&Case] = &[
    &DECLARES_MEDIA,
    &NOTHING_OF_GRAPHS,
    &ANSWERS_MARKERS,
    &ANSWERS_SOON,
    &IN_A_MEETING,
    &ALWAYS_SENDS,
    &HELD,
    &KEYS,
    &NO_MEDIA,
];

const DECLARED: Rule = Rule {
    id: "appHosted.declared",
    contract: Some("R-107"),
    sourced: Sourced::Documented,
    says: "A bot that handles its media itself says so when it answers: appHostedMediaConfig, with its blob.",
    source: "https://learn.microsoft.com/graph/api/call-answer",
};

const OTHER_VERBS: Rule = Rule {
    id: "appHosted.otherVerbs",
    contract: Some("R-230"),
    sourced: Sourced::Documented,
    says: "playPrompt, recordResponse and subscribeToTone are for calls whose media Graph hosts.",
    source: "https://learn.microsoft.com/graph/api/call-playprompt",
};

const HEARS: Rule = Rule {
    id: "appHosted.hears",
    contract: Some("R-282"),
    sourced: Sourced::Documented,
    says: "The bot hears one mixed audio of everybody else, and is heard by everybody.",
    source: "microsoft-graph-comms-samples, docs/articles/media",
};

const PROMPTLY: Rule = Rule {
    id: "appHosted.promptly",
    contract: None,
    sourced: Sourced::Prudent,
    says: "A bot that is spoken to answers while people still expect an answer: within a second.",
    source: "ITU-T G.114: conversation suffers from delays of far less",
};

const SILENCE_TOO: Rule = Rule {
    id: "appHosted.silenceToo",
    contract: None,
    sourced: Sourced::Observed,
    says: "Audio is sent all the time, silence too: whoever sends only speech is heard choppy.",
    source: "microsoft-graph-comms-samples issues 217 and 331",
};

const WHEN_ACTIVE: Rule = Rule {
    id: "appHosted.whenActive",
    contract: None,
    sourced: Sourced::Documented,
    says: "What is sent while AudioSendStatusChanged says inactive is not taken; a bot stops, and goes on when it says \
           active.",
    source: "microsoft-graph-comms-samples, docs/articles/media",
};

const KEYS_ONCE: Rule = Rule {
    id: "appHosted.keysOnce",
    contract: Some("R-253"),
    sourced: Sourced::Observed,
    says: "A key is heard once, however many packets say so.",
    source: "RFC 4733 section 2.5: a key is sent in several packets, the last three times",
};

const OWN_MEDIA: Rule = Rule {
    id: "permission.ownMedia",
    contract: Some("R-070"),
    sourced: Sourced::Documented,
    says: "A bot that handles its media itself needs Calls.AccessMedia.All to answer.",
    source: "https://learn.microsoft.com/graph/api/call-answer",
};

/// By then whatever a bot says first has been said.
const SAID: Duration = secs(8);
/// How long a marker lasts.
const MARKER: u64 = 400;
/// What is added to a marker in an answer.
const ANSWER: u64 = 0x80_0000;

/// Alice's call, after the bot has said what it says first.
async fn talking(stage: &Stage) -> Result<Call, Wrong> {
    let call = stage.is_in_call_with("Alice").await?;
    stage.let_pass(SAID).await;
    Ok(call)
}

async fn speaks(stage: &Stage, call: &Call, marker: u64) -> Result<(), Wrong> {
    let body = json!({"by": call.by.id, "action": "speak", "markerId": marker});
    Ok(stage.control().act_with(&call.id, body).await?)
}

/// When Alice heard this marker, in milliseconds since 1970, and how often.
async fn heard(stage: &Stage, call: &Call, marker: u64) -> Result<Vec<u64>, Wrong> {
    let path = format!("/calls/{}/heard/{}.json", call.id, call.by.id);
    let heard = stage.control().look(&path).await?;
    let markers = heard["markers"].as_array().into_iter().flatten();
    let is = |one: &&Value| one["markerId"] == marker;
    Ok(markers.filter(is).filter_map(|one| one["atMs"].as_u64()).collect())
}

/// Alice says a marker and hears its answer, once; how long that took from its end, in milliseconds.
async fn answer_to(stage: &Stage, call: &Call, marker: u64) -> Result<u64, Wrong> {
    let asked = u64::try_from(stage.now().as_millis()).unwrap_or(u64::MAX) + MARKER;
    speaks(stage, call, marker).await?;
    stage.let_pass(secs(5)).await;
    match heard(stage, call, marker | ANSWER).await?.as_slice() {
        [at] => Ok(at.saturating_sub(asked)),
        others => {
            let expected = format!("one answer to marker {marker} within 5 seconds");
            Err(Wrong::bot(expected, format!("there were {}", others.len())))
        }
    }
}

/// How the session of a call does; none if there is none.
pub(super) async fn session(stage: &Stage, call: &Call) -> Result<Value, Wrong> {
    let mut shown = stage.control().look(&format!("/calls/{}/media", call.id)).await?;
    Ok(shown["session"].take())
}

/// Packets of audio that the bot has sent, taken or not.
async fn sent(stage: &Stage, call: &Call) -> Result<u64, Wrong> {
    let session = session(stage, call).await?;
    let taken = session["packetsReceived"].as_u64().unwrap_or_default();
    Ok(taken + session["dropped"][4].as_u64().unwrap_or_default())
}

/// Where the media is.
pub const DECLARES_MEDIA: Case = Case {
    id: "app-hosted/declares-its-media",
    title: "A bot says in its answer that it handles the media, and where",
    level: Level::Must,
    rule: &DECLARED,
    profile: Profile::AppHosted,
    needs: &[],
    steps: &[
        "Alice rings; the bot answers with appHostedMediaConfig, whose blob is a JSON object with 'rehearsal'.",
        "Within 8 seconds something valid has come from there.",
    ],
    limit: secs(120),
    kills: &[Flaw::DeclaresNoMedia],
    story: |stage| {
        Box::pin(async move {
            let call = talking(stage).await?;
            let answer = stage.expect_done(&call, "answer", 1, secs(1)).await?;
            let config = &answer.body["mediaConfig"];
            let kind = config["@odata.type"].as_str().unwrap_or("nothing");
            if !kind.ends_with("appHostedMediaConfig") {
                return Err(Wrong::bot("an appHostedMediaConfig", format!("it was {kind}")));
            }
            let blob = config["blob"].as_str().unwrap_or_default();
            let blob: Value = serde_json::from_str(blob).unwrap_or_default();
            if !blob["rehearsal"].is_object() {
                return Err(Wrong::bot("a blob with 'rehearsal'", "there is none"));
            }
            match session(stage, &call).await?["heardOf"] == true {
                true => Ok(()),
                false => Err(Wrong::bot("media from the bot within 8 seconds", "none came")),
            }
        })
    },
};

/// It has its own.
pub const NOTHING_OF_GRAPHS: Case = Case {
    id: "app-hosted/nothing-of-graphs",
    title: "A bot that handles its media itself does not ask Graph to play, record or listen",
    level: Level::Must,
    rule: &OTHER_VERBS,
    profile: Profile::AppHosted,
    needs: &[],
    steps: &[
        "Alice's call is established; half a minute passes.",
        "The bot has asked for no playPrompt, recordResponse or subscribeToTone.",
    ],
    limit: secs(120),
    kills: &[Flaw::PromptsAppHosted],
    story: |stage| {
        Box::pin(async move {
            let call = talking(stage).await?;
            stage.let_pass(secs(22)).await;
            let graphs = ["playPrompt", "recordResponse", "subscribeToTone"];
            let asked = stage.requests(&call, "").await?;
            match asked.iter().find(|asked| graphs.contains(&asked.op.as_str())) {
                None => Ok(()),
                Some(asked) => {
                    let actual = format!("the bot asked for '{}'", asked.op);
                    Err(Wrong::bot("nothing of the kind on an app-hosted call", actual))
                }
            }
        })
    },
};

/// It hears, and is heard.
pub const ANSWERS_MARKERS: Case = Case {
    id: "app-hosted/answers-what-it-hears",
    title: "A bot answers what it hears, each thing once",
    level: Level::Must,
    rule: &HEARS,
    profile: Profile::AppHosted,
    needs: &[],
    steps: &[
        "Alice's call is established; she says three markers, one after the other.",
        "She hears the answer to each of them within 5 seconds, once.",
    ],
    limit: secs(120),
    kills: &[Flaw::DeafToMarkers],
    story: |stage| {
        Box::pin(async move {
            let call = talking(stage).await?;
            for marker in [7, 77, 0x3f_ffff] {
                answer_to(stage, &call, marker).await?;
            }
            Ok(())
        })
    },
};

/// At once.
pub const ANSWERS_SOON: Case = Case {
    id: "app-hosted/answers-soon",
    title: "A bot answers within a second",
    level: Level::Should,
    rule: &PROMPTLY,
    profile: Profile::AppHosted,
    needs: &[],
    steps: &[
        "Alice's call is established; she says a marker.",
        "From its end to the beginning of its answer no more than a second passes.",
    ],
    limit: secs(120),
    kills: &[Flaw::AnswersMarkersSlowly],
    story: |stage| {
        Box::pin(async move {
            let call = talking(stage).await?;
            match answer_to(stage, &call, 7).await? {
                ..=1_000 => Ok(()),
                late => Err(Wrong::bot("an answer within 1000 ms", format!("it took {late} ms"))),
            }
        })
    },
};

/// Of many.
pub const IN_A_MEETING: Case = Case {
    id: "app-hosted/in-a-meeting",
    title: "A bot in a meeting hears whoever speaks there, and is heard",
    level: Level::Should,
    rule: &HEARS,
    profile: Profile::AppHosted,
    needs: &[],
    steps: &[
        "Alice is in Carol's meeting, and invites the bot.",
        "She says a marker, and hears the answer within 5 seconds, once.",
    ],
    limit: secs(120),
    kills: &[Flaw::DeafToMarkers],
    story: |stage| {
        Box::pin(async move {
            let (_, call) = stage.is_in_a_meeting().await?;
            stage.let_pass(SAID).await;
            answer_to(stage, &call, 7).await.map(drop)
        })
    },
};

/// Silence too.
pub const ALWAYS_SENDS: Case = Case {
    id: "app-hosted/sends-silence-too",
    title: "A bot that has nothing to say sends silence",
    level: Level::Should,
    rule: &SILENCE_TOO,
    profile: Profile::AppHosted,
    needs: &[],
    steps: &[
        "Alice's call is established; the bot has said what it says first.",
        "In the next ten seconds it sends 50 packets of audio a second, give or take one in twenty.",
    ],
    limit: secs(120),
    kills: &[Flaw::SendsNoSilence],
    story: |stage| {
        Box::pin(async move {
            let call = talking(stage).await?;
            let before = sent(stage, &call).await?;
            stage.let_pass(secs(10)).await;
            match sent(stage, &call).await? - before {
                475..=525 => Ok(()),
                packets => {
                    let actual = format!("there were {packets}");
                    Err(Wrong::bot("about 500 packets in ten seconds", actual))
                }
            }
        })
    },
};

/// A moment, please.
pub const HELD: Case = Case {
    id: "app-hosted/stops-on-hold",
    title: "A bot stops sending when nothing is taken, and goes on afterwards",
    level: Level::Should,
    rule: &WHEN_ACTIVE,
    profile: Profile::AppHosted,
    needs: &[],
    steps: &[
        "Alice's call is established; she puts it on hold, and the bot is told that its audio is inactive.",
        "Two seconds later it sends nothing more.",
        "She comes back; she says a marker, and hears the answer.",
    ],
    limit: secs(120),
    kills: &[Flaw::StaysSilentAfterHold],
    story: |stage| {
        Box::pin(async move {
            let call = talking(stage).await?;
            stage.acts(&call, "hold").await?;
            stage.let_pass(secs(2)).await;
            let before = sent(stage, &call).await?;
            stage.let_pass(secs(5)).await;
            let packets = sent(stage, &call).await? - before;
            if packets > 5 {
                let actual = format!("there were {packets} packets in five seconds");
                return Err(Wrong::bot("nothing to be sent on hold", actual));
            }
            stage.acts(&call, "resume").await?;
            stage.let_pass(secs(5)).await;
            answer_to(stage, &call, 7).await.map(drop)
        })
    },
};

/// Back.
pub const KEYS: Case = Case {
    id: "app-hosted/presses-keys-back",
    title: "A key that comes with the audio is heard once",
    level: Level::May,
    rule: &KEYS_ONCE,
    profile: Profile::AppHosted,
    needs: &[],
    steps: &[
        "Alice's call is established; she presses 1, 2, 3 and #.",
        "The bot presses each of them back, once.",
    ],
    limit: secs(120),
    kills: &[Flaw::EchoesKeysTwice],
    story: |stage| {
        Box::pin(async move {
            let call = talking(stage).await?;
            stage.presses(&call, &["tone1", "tone2", "tone3", "pound"]).await?;
            stage.let_pass(secs(10)).await;
            let shown = stage.control().look(&format!("/calls/{}/media", call.id)).await?;
            match shown["counts"]["tonesSent"].as_u64().unwrap_or_default() {
                4 => Ok(()),
                other => {
                    Err(Wrong::bot("4 keys to be pressed back", format!("there were {other}")))
                }
            }
        })
    },
};

/// Its own.
pub const NO_MEDIA: Case = Case {
    id: "app-hosted/refused-without-permission",
    title: "A bot that may not handle its media understands it, and answers when it may again",
    level: Level::Should,
    rule: &OWN_MEDIA,
    profile: Profile::AppHosted,
    needs: &[],
    steps: &[
        "Alice has called before. The administrator withdraws Calls.AccessMedia.All; she rings.",
        "The bot's answer is refused with 403: it tries at most 3 times.",
        "The administrator consents again; the bot takes the next call.",
    ],
    limit: secs(180),
    kills: &[Flaw::RetriesRefusals],
    story: |stage| {
        Box::pin(async move {
            // Its access token says that it may, now and later.
            let before = stage.is_in_call_with("Alice").await?;
            stage.hangs_up(&before).await?;
            stage.hears_of_the_end(&before).await?;
            stage.consents(false, &["Calls.AccessMedia.All"]).await?;
            let call = stage.rings_the_bot(&stage.person("Alice")).await?;
            stage.is_refused(&call, "answer", 1, secs(10)).await?;
            stage.let_pass(secs(30)).await;
            super::permissions::understood(&stage.requests(&call, "answer").await?)?;
            stage.consents(true, &["Calls.AccessMedia.All"]).await?;
            stage.expect_alive().await
        })
    },
};

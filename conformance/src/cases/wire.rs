//! The same facts, written in other ways: what the platform has been seen to write, or may.

use bot_reference::Flaw;
use serde_json::{Map, Value, json};

use super::{USUAL, hours, minutes, secs};
use crate::{
    case::{Case, Level, Need},
    failure::Wrong,
    rule::{Rule, Sourced},
    stage::{
        Letter,
        judging::expect_no_stumbling,
        letters::{entry, envelope},
    },
};

/// In reading order.
pub const CASES: &[&Case] = &[
    &NULLS,
    &CHARSET,
    &NO_TYPES,
    &OLD_NAMES,
    &IDS,
    &SLASHES,
    &CAPITALS,
    &UNKNOWN_STATE,
    &TEXT_CODES,
    &LARGE,
    &BYTE_ORDER_MARK,
    &GARBAGE,
];

const NULL_IS_NOTHING: Rule = Rule {
    id: "wire.nulls",
    contract: Some("R-006"),
    sourced: Sourced::Documented,
    says: "A member that is null is one that is not there.",
    source: "the samples of https://learn.microsoft.com/graph/api/application-post-calls print many",
};

const CONTENT_TYPE: Rule = Rule {
    id: "wire.contentType",
    contract: None,
    sourced: Sourced::Observed,
    says: "The content type of a notification may have parameters, 'charset' above all.",
    source: "microsoft-graph-comms-samples issue 23",
};

const OLDER_FORMS: Rule = Rule {
    id: "wire.olderForms",
    contract: Some("R-003"),
    sourced: Sourced::Observed,
    says: "Notifications were written without '@odata.type', and with 'resource' (/app/calls/…) instead of \
           'resourceUrl'.",
    source: "the beta pages of 2019; recorded traffic has both names",
};

const SLASH: Rule = Rule {
    id: "wire.slashes",
    contract: Some("R-364"),
    sourced: Sourced::Observed,
    says: "The URL of a resource begins with a slash, and in some samples with none.",
    source: "https://learn.microsoft.com/graph/api/participant-startholdmusic, sample of a notification",
};

const IDS_ARE_IDS: Rule = Rule {
    id: "wire.ids",
    contract: Some("R-018"),
    sourced: Sourced::Observed,
    says: "Ids come with or without dashes and in any case; they are compared as ids.",
    source: "the samples of the beta pages of 2019",
};

const ENUMS: Rule = Rule {
    id: "wire.enums",
    contract: Some("R-009"),
    sourced: Sourced::Documented,
    says: "Enumerations grow, and the case of their values varies; an unknown value is no reason to end anything.",
    source: "https://learn.microsoft.com/graph/best-practices-concept (evolvable enumerations)",
};

const NUMBERS: Rule = Rule {
    id: "wire.numbers",
    contract: Some("R-364"),
    sourced: Sourced::Observed,
    says: "Codes of results are numbers by the schema, and text in some samples.",
    source: "https://learn.microsoft.com/graph/api/call-delete, sample",
};

const BODIES: Rule = Rule {
    id: "wire.bodies",
    contract: Some("R-191"),
    sourced: Sourced::Prudent,
    says: "A body may be long, as the roster of hundreds is, or no notification at all; a bot answers 4xx then, since \
           5xx asks for the same once more.",
    source: "each roster notification carries the full list",
};

const LETTERS: &[Need] = &[Need::Tokens, Need::Faults];

const NULLS: Case = Case {
    id: "wire/nulls",
    title: "A bot answers a call whose notification is full of nulls",
    level: Level::Must,
    rule: &NULL_IS_NOTHING,
    needs: LETTERS,
    steps: &[
        "Alice rings; everything that is not known of the call is there, and null.",
        "Her call is established.",
    ],
    kills: &[Flaw::StumblesOverNulls],
    story: |stage| {
        Box::pin(async move {
            let rung = stage.is_rung_by_letter(|entry| {
                let names = [
                    "subject",
                    "ringingTimeoutInSeconds",
                    "mediaState",
                    "resultInfo",
                    "answeredBy",
                    "chatInfo",
                    "meetingInfo",
                    "transcription",
                    "toneInfo",
                    "callRoutes",
                ];
                let data = entry["resourceData"].as_object_mut().expect("an object");
                data.extend(names.map(|name| (name.to_owned(), Value::Null)));
                for name in ["region", "languageId", "countryCode"] {
                    entry["resourceData"]["source"][name] = Value::Null;
                }
            });
            rung.await.map(drop)
        })
    },
    ..USUAL
};

const CHARSET: Case = Case {
    id: "wire/charset",
    title: "A bot takes notifications whose content type names a charset",
    rule: &CONTENT_TYPE,
    needs: LETTERS,
    steps: &[
        "Alice rings; the content type of the notification is 'application/json; charset=utf-8'.",
        "Her call is established.",
    ],
    kills: &[Flaw::WantsPlainContentType],
    story: |stage| {
        Box::pin(async move {
            let call = stage.rings_unheard(&stage.person("Alice")).await?;
            let letter = stage.letter(&envelope(vec![stage.invitation(&call)])).await?;
            let content_type = "application/json; charset=utf-8";
            taken(stage.posts(&Letter { content_type, ..letter }).await?)?;
            stage.is_answered(&call).await
        })
    },
    ..USUAL
};

fn taken(status: u16) -> Result<(), Wrong> {
    match status {
        200..=299 => Ok(()),
        _ => Err(Wrong::bot("a 2xx", format!("the bot answered {status}"))),
    }
}

const NO_TYPES: Case = Case {
    id: "wire/no-types",
    title: "A bot does without '@odata.type'",
    rule: &OLDER_FORMS,
    needs: LETTERS,
    steps: &["Alice rings; nothing in the notification says its type.", "Her call is established."],
    kills: &[Flaw::NeedsTypes],
    story: |stage| Box::pin(async move { stage.is_rung_by_letter(without_types).await.map(drop) }),
    ..USUAL
};

/// Takes every `@odata.type` out.
fn without_types(value: &mut Value) {
    let members = value.as_object_mut().into_iter().flat_map(|members: &mut Map<String, Value>| {
        members.remove("@odata.type");
        members.values_mut()
    });
    members.for_each(without_types);
    if let Value::Array(entries) = value {
        entries.iter_mut().for_each(without_types);
    }
}

const OLD_NAMES: Case = Case {
    id: "wire/old-names",
    title: "A bot knows a call by 'resource' where there is no 'resourceUrl'",
    level: Level::May,
    rule: &OLDER_FORMS,
    needs: LETTERS,
    steps: &[
        "Alice rings; the notification names the call in 'resource', as '/app/calls/…', alone.",
        "Her call is established.",
    ],
    kills: &[Flaw::NeedsResourceUrl],
    story: |stage| {
        Box::pin(async move {
            let rung = stage.is_rung_by_letter(|entry| {
                entry.as_object_mut().expect("an object").remove("resourceUrl");
            });
            rung.await.map(drop)
        })
    },
    ..USUAL
};

const IDS: Case = Case {
    id: "wire/ids-in-capitals",
    title: "A bot knows a call by its id in capitals too",
    rule: &IDS_ARE_IDS,
    needs: &[Need::Tokens],
    steps: &[
        "Alice's call is established; the bot is told that it is over, with its id in capitals. It answers 2xx.",
        "In the next hour the bot asks for nothing in this call.",
    ],
    limit: hours(2),
    kills: &[Flaw::ComparesIdsAsText],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.let_pass(secs(20)).await;
            let over = entry(&call.id.to_uppercase(), "deleted", json!({"state": "terminated"}));
            stage.is_told(&envelope(vec![over])).await?;
            stage.let_pass(secs(1)).await;
            stage.expect_silence(&call, minutes(40)).await
        })
    },
    ..USUAL
};

const SLASHES: Case = Case {
    id: "wire/slashes",
    title: "A bot knows a call by its URL, however many slashes that begins with",
    level: Level::May,
    rule: &SLASH,
    needs: LETTERS,
    steps: &[
        "Alice rings; the resourceUrl of the notification begins without a slash. Her call is established.",
        "The same with two slashes.",
    ],
    kills: &[Flaw::NeedsLeadingSlash],
    story: |stage| {
        Box::pin(async move {
            for begin in ["", "//"] {
                let url = |entry: &Value| entry["resourceUrl"].as_str().unwrap_or("/").to_owned();
                let rung = stage.is_rung_by_letter(|entry| {
                    entry["resourceUrl"] = format!("{begin}{}", &url(entry)[1..]).into();
                });
                rung.await?;
            }
            Ok(())
        })
    },
    ..USUAL
};

const CAPITALS: Case = Case {
    id: "wire/enums-in-capitals",
    title: "A bot reads 'Created' and 'Incoming' as it reads 'created' and 'incoming'",
    level: Level::May,
    rule: &ENUMS,
    needs: LETTERS,
    steps: &[
        "Alice rings; the notification writes its enumeration values with a capital.",
        "Her call is established.",
    ],
    kills: &[Flaw::ReadsEnumsByCase],
    story: |stage| {
        Box::pin(async move {
            let rung = stage.is_rung_by_letter(|entry| {
                entry["changeType"] = "Created".into();
                entry["resourceData"]["state"] = "Incoming".into();
            });
            rung.await.map(drop)
        })
    },
    ..USUAL
};

const UNKNOWN_STATE: Case = Case {
    id: "wire/unknown-state",
    title: "A bot stays in a call whose state it does not know",
    rule: &ENUMS,
    needs: &[Need::Tokens, Need::VirtualTime],
    steps: &[
        "Alice's call is established; an update says that it is in the state 'unknownFutureValue'.",
        "The bot answers 2xx, and an hour later the call is still there.",
    ],
    limit: hours(2),
    kills: &[Flaw::TakesUnknownStatesForTheEnd],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            let data = json!({"state": "unknownFutureValue"});
            stage.is_told_of(&call, "updated", data).await?;
            stage.expect_survival(&call, minutes(60)).await
        })
    },
    ..USUAL
};

const TEXT_CODES: Case = Case {
    id: "wire/codes-as-text",
    title: "A bot takes a result code in quotes",
    rule: &NUMBERS,
    needs: &[Need::Tokens],
    steps: &[
        "Alice's call is established; the bot is told that it is over, with code '200' and subcode '4521' as text.",
        "It answers 2xx.",
    ],
    kills: &[Flaw::WantsNumbersAsNumbers],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            let result = json!({"code": "200", "subcode": "4521", "message": "Call ended."});
            let data = json!({"state": "terminated", "resultInfo": result});
            stage.is_told_of(&call, "deleted", data).await
        })
    },
    ..USUAL
};

const LARGE: Case = Case {
    id: "wire/large",
    title: "A bot takes the roster of 350 people",
    rule: &BODIES,
    needs: &[Need::Tokens],
    steps: &[
        "Alice's call is established; a notification of 350 participants comes, about 150 KiB.",
        "The bot answers 2xx, and the call goes on.",
    ],
    kills: &[Flaw::TakesSmallBodiesOnly],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            let someone = |number: u16| {
                let id = format!("00000000-0000-4000-8000-00000000{number:04x}");
                let user = json!({"id": id, "displayName": format!("Participant {number}")});
                let identity = json!({"@odata.type": "#microsoft.graph.identitySet", "user": user});
                let stream = json!({
                    "@odata.type": "#microsoft.graph.mediaStream", "mediaType": "audio",
                    "sourceId": number.to_string(), "direction": "sendReceive",
                    "label": "main-audio", "serverMuted": false,
                });
                json!({
                    "@odata.type": "#microsoft.graph.participant", "id": id,
                    "info": {"@odata.type": "#microsoft.graph.participantInfo", "identity": identity},
                    "isMuted": false, "isInLobby": false, "mediaStreams": [stream],
                })
            };
            let url = format!("/communications/calls/{}/participants", call.id);
            let everybody: Vec<Value> = (0..350).map(someone).collect();
            let entry = json!({
                "@odata.type": "#microsoft.graph.commsNotification",
                "changeType": "updated", "resourceUrl": url, "resourceData": everybody,
            });
            stage.is_told(&envelope(vec![entry])).await?;
            stage.expect_survival(&call, secs(5)).await
        })
    },
    ..USUAL
};

const BYTE_ORDER_MARK: Case = Case {
    id: "wire/byte-order-mark",
    title: "A bot ignores a byte order mark",
    level: Level::May,
    rule: &BODIES,
    needs: LETTERS,
    steps: &[
        "Alice rings; the notification begins with a byte order mark.",
        "Her call is established.",
    ],
    kills: &[Flaw::StumblesOverByteOrderMark],
    story: |stage| {
        Box::pin(async move {
            let call = stage.rings_unheard(&stage.person("Alice")).await?;
            let letter = stage.letter(&envelope(vec![stage.invitation(&call)])).await?;
            let body = format!("\u{feff}{}", letter.body);
            taken(stage.posts(&Letter { body, ..letter }).await?)?;
            stage.is_answered(&call).await
        })
    },
    ..USUAL
};

const GARBAGE: Case = Case {
    id: "wire/garbage",
    title: "A bot does not stumble over what is no notification",
    rule: &BODIES,
    needs: &[Need::Tokens],
    steps: &[
        "Letters come that are no JSON, of another shape, or empty, all with a genuine token.",
        "The bot answers each with 4xx or 2xx.",
        "Carol rings; her call is established.",
    ],
    kills: &[Flaw::FailsOnGarbage],
    story: |stage| {
        Box::pin(async move {
            let letter = stage.letter(&Value::Null).await?;
            for body in
                ["", "{", "[]", "7", "{\"value\": 7}", "{\"value\": [7, null, {}]}", "\u{0}"]
            {
                let letter = Letter { body: body.to_owned(), ..letter.clone() };
                expect_no_stumbling(stage.posts(&letter).await?)?;
            }
            stage.expect_alive().await
        })
    },
    ..USUAL
};

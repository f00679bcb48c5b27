//! Who is there: rosters of every shape, lost, repeated, late, large.

use bot_reference::Flaw;
use graph_fake::manifest::Deed;
use serde_json::{Value, json};

use super::{minutes, secs};
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    journal::{Line, exchanges},
    rule::{Rule, Sourced},
    stage::{Call, Stage, letters},
};

/// In reading order.
pub const CASES: &[&Case] = &[
    &NO_IDENTITY,
    &ALL_KINDS,
    &UNKNOWN_MEMBERS,
    &SEVERAL_HUNDRED,
    &ONLY_ITSELF,
    &OTHERS_ARE_MUTED,
    &NEVER_CAME,
    &GAP,
    &REPEATED,
    &NEW_SEAT,
    &AFTER_THE_END,
];

const IDENTITIES: Rule = Rule {
    id: "roster.identities",
    contract: Some("R-196"),
    sourced: Sourced::Observed,
    says: "Participants are users, bots, telephones, guests, and sometimes nobody that has a name.",
    source: "microsoft-graph-comms-samples issues 416 and 843; https://learn.microsoft.com/graph/api/resources/identityset",
};

const OPEN: Rule = Rule {
    id: "roster.unknownMembers",
    contract: Some("R-010"),
    sourced: Sourced::Documented,
    says: "Participants have members that a bot does not know, such as metadata: they are let through.",
    source: "Graph's metadata document: open types",
};

const FULL: Rule = Rule {
    id: "roster.full",
    contract: Some("R-191"),
    sourced: Sourced::Observed,
    says: "Each roster notification has everybody who is there, however many they are.",
    source: "microsoft-graph-comms-samples, recorded traffic",
};

const LOBBY: Rule = Rule {
    id: "roster.lobby",
    contract: Some("R-082"),
    sourced: Sourced::Documented,
    says: "In the lobby a bot sees nobody but itself, and waits.",
    source: "https://learn.microsoft.com/graph/api/application-post-calls",
};

const DELTAS: Rule = Rule {
    id: "roster.deltas",
    contract: Some("R-201"),
    sourced: Sourced::Documented,
    says: "Changes to a roster are numbered: a gap means that the whole has to be asked for, a number that was seen \
           already means nothing.",
    source: "https://learn.microsoft.com/graph/api/resources/deltaparticipants",
};

const OTHERS: Rule = Rule {
    id: "roster.others",
    contract: Some("R-203"),
    sourced: Sourced::Documented,
    says: "isMuted of somebody is about that participant alone.",
    source: "https://learn.microsoft.com/graph/api/resources/participant",
};

const MAY_BE_MISSING: Rule = Rule {
    id: "roster.mayBeMissing",
    contract: Some("R-206"),
    sourced: Sourced::Observed,
    says: "A bot can be in a conference and not have seen its roster.",
    source: "microsoft-graph-comms-samples issues 42 and 440",
};

const SEATS: Rule = Rule {
    id: "roster.seats",
    contract: Some("R-132"),
    sourced: Sourced::Documented,
    says: "Whoever leaves and comes back is another participant; what concerns a participant names the present one.",
    source: "https://learn.microsoft.com/graph/api/call-transfer",
};

/// Somebody, as a roster has them.
fn participant(number: u32, identity: &Value) -> Value {
    let id = format!("0badca11-0000-4000-8000-{number:012x}");
    json!({
        "@odata.type": "#microsoft.graph.participant", "id": id, "isMuted": false, "isInLobby": false,
        "info": {"@odata.type": "#microsoft.graph.participantInfo", "identity": identity},
        "mediaStreams": [{
            "@odata.type": "#microsoft.graph.mediaStream", "mediaType": "audio", "label": "main-audio",
            "sourceId": (1_000 + number).to_string(), "direction": "sendReceive", "serverMuted": false,
        }],
    })
}

fn user(number: u32) -> Value {
    let id = format!("0badca11-0000-4000-9000-{number:012x}");
    json!({"user": {"@odata.type": "#microsoft.graph.identity", "id": id, "displayName": format!("Guest {number}")}})
}

/// The platform tells the bot this roster of a call, and the bot takes it.
async fn is_told_of_roster(stage: &Stage, call: &Call, roster: Value) -> Result<(), Wrong> {
    let mut entry = letters::entry(&call.id, "updated", json!({}));
    for (name, base) in [("resource", "/app/calls"), ("resourceUrl", "/communications/calls")] {
        entry[name] = format!("{base}/{}/participants", call.id).into();
    }
    entry["resourceData"] = roster;
    stage.is_told(&letters::envelope(vec![entry])).await
}

/// In a meeting the bot takes a roster, stays, and takes the next call.
async fn takes(stage: &Stage, roster: Value) -> Result<(), Wrong> {
    let (_, call) = stage.is_in_a_meeting().await?;
    stage.let_pass(secs(10)).await;
    is_told_of_roster(stage, &call, roster).await?;
    stage.let_pass(secs(60)).await;
    stage.expect_state(&call, "established").await?;
    stage.expect_alive().await
}

/// Nobody in particular.
pub const NO_IDENTITY: Case = Case {
    id: "roster/no-identity",
    title: "Participants without an identity are let through",
    level: Level::Must,
    rule: &IDENTITIES,
    profile: Profile::GroupCalls,
    needs: &[Need::Tokens],
    steps: &[
        "The bot is in a meeting.",
        "A roster has participants whose identity is empty, null, or not there at all.",
        "The bot answers 2xx and stays; it takes the next call.",
    ],
    limit: secs(240),
    kills: &[Flaw::RefusesStrangersInRoster],
    story: |stage| {
        Box::pin(async move {
            let mut nameless = participant(4, &json!({}));
            nameless["info"] = json!({"@odata.type": "#microsoft.graph.participantInfo"});
            let mut infoless = participant(5, &json!({}));
            infoless["info"] = Value::Null;
            let roster = json!([
                participant(1, &user(1)),
                participant(2, &json!({})),
                participant(3, &json!({"user": null})),
                nameless,
                infoless,
            ]);
            takes(stage, roster).await
        })
    },
};

/// Everybody.
pub const ALL_KINDS: Case = Case {
    id: "roster/all-kinds-of-participants",
    title: "Guests, telephones, bots and people without accounts are let through",
    level: Level::Must,
    rule: &IDENTITIES,
    profile: Profile::GroupCalls,
    needs: &[Need::Tokens],
    steps: &[
        "The bot is in a meeting.",
        "A roster has a guest, a telephone, a bot, a resource account, somebody anonymous, and an encrypted identity.",
        "The bot answers 2xx and stays; it takes the next call.",
    ],
    limit: secs(240),
    kills: &[Flaw::RefusesStrangersInRoster],
    story: |stage| {
        Box::pin(async move {
            let kinds = [
                "guest",
                "phone",
                "application",
                "applicationInstance",
                "onPremises",
                "encrypted",
                "azureCommunicationServicesUser",
                "assertedIdentity",
                "conversation",
            ];
            let one = |(number, kind): (u32, &str)| {
                let name = if number.is_multiple_of(2) { Value::Null } else { json!("Somebody") };
                participant(
                    number,
                    &json!({kind: {"id": format!("{kind}:{number}"), "displayName": name}}),
                )
            };
            takes(stage, (1..).zip(kinds).map(one).collect()).await
        })
    },
};

/// Graph grows.
pub const UNKNOWN_MEMBERS: Case = Case {
    id: "roster/unknown-members",
    title: "Members of participants that a bot does not know are let through",
    level: Level::Must,
    rule: &OPEN,
    profile: Profile::GroupCalls,
    needs: &[Need::Tokens],
    steps: &[
        "The bot is in a meeting.",
        "A roster has participants with metadata, with streams of unknown kinds, and with members nobody has heard of.",
        "The bot answers 2xx and stays; it takes the next call.",
    ],
    limit: secs(240),
    kills: &[Flaw::RefusesRosterMembers],
    story: |stage| {
        Box::pin(async move {
            let mut odd = participant(1, &user(1));
            odd["metadata"] = r#"{"raisedHand": true}"#.into();
            odd["mood"] = json!({"@odata.type": "#microsoft.graph.mood", "good": [true, null]});
            odd["restrictedExperience"] = json!({"videoDisabled": "watermarkProtection"});
            odd["mediaStreams"] = json!([
                {"mediaType": "hologram", "direction": "everywhere", "sourceId": "7", "depth": 3},
                {"mediaType": null, "sourceId": null},
            ]);
            odd["info"]["countryCode"] = Value::Null;
            odd["info"]["platformId"] = "27".into();
            takes(stage, json!([odd, participant(2, &user(2))])).await
        })
    },
};

/// A large one.
pub const SEVERAL_HUNDRED: Case = Case {
    id: "roster/several-hundred",
    title: "A roster of 350 participants is taken like any other",
    level: Level::Must,
    rule: &FULL,
    profile: Profile::GroupCalls,
    needs: &[Need::Tokens],
    steps: &[
        "The bot is in a meeting.",
        "A roster has 350 participants; it comes five times.",
        "The bot answers 2xx each time and stays; it takes the next call.",
    ],
    limit: secs(240),
    kills: &[Flaw::TakesSmallBodiesOnly, Flaw::RefusesLargeRosters],
    story: |stage| {
        Box::pin(async move {
            let (_, call) = stage.is_in_a_meeting().await?;
            stage.let_pass(secs(10)).await;
            let roster: Value = (0..350).map(|number| participant(number, &user(number))).collect();
            for _ in 0..5 {
                is_told_of_roster(stage, &call, roster.clone()).await?;
                stage.let_pass(secs(1)).await;
            }
            stage.let_pass(secs(60)).await;
            stage.expect_state(&call, "established").await?;
            stage.expect_alive().await
        })
    },
};

/// As in a lobby.
pub const ONLY_ITSELF: Case = Case {
    id: "roster/only-itself",
    title: "A bot that sees nobody but itself waits",
    level: Level::Should,
    rule: &LOBBY,
    profile: Profile::GroupCalls,
    needs: &[Need::Tokens],
    steps: &[
        "The bot is in a meeting.",
        "A roster has the bot alone, with isInLobby.",
        "Two minutes later the bot is still there.",
    ],
    limit: secs(240),
    kills: &[Flaw::LeavesWhenAlone],
    story: |stage| {
        Box::pin(async move {
            let (_, call) = stage.is_in_a_meeting().await?;
            stage.let_pass(secs(10)).await;
            let mut itself = participant(1, &json!({"application": {"id": stage.app()}}));
            itself["isInLobby"] = true.into();
            let before = stage.mark().await?;
            is_told_of_roster(stage, &call, json!([itself])).await?;
            stage.expect_no(&call, &["delete"], before, minutes(2)).await?;
            stage.expect_state(&call, "established").await
        })
    },
};

/// Not the bot.
pub const OTHERS_ARE_MUTED: Case = Case {
    id: "roster/others-are-muted",
    title: "A bot does not take somebody else's mute for its own",
    level: Level::Should,
    rule: &OTHERS,
    profile: Profile::GroupCalls,
    needs: &[],
    steps: &[
        "The bot is in a meeting.",
        "Carol mutes herself, and unmutes herself again.",
        "The bot neither mutes nor unmutes itself.",
    ],
    limit: secs(180),
    kills: &[Flaw::UnmutesItself],
    story: |stage| {
        Box::pin(async move {
            let (_, call) = stage.is_in_a_meeting().await?;
            stage.let_pass(secs(10)).await;
            let before = stage.mark().await?;
            stage.does(&call, "Carol", "mute").await?;
            stage.expect_no(&call, &["mute", "unmute"], before, secs(20)).await?;
            let before = stage.mark().await?;
            stage.does(&call, "Carol", "unmute").await?;
            stage.expect_no(&call, &["mute", "unmute"], before, secs(20)).await
        })
    },
};

/// It does without.
pub const NEVER_CAME: Case = Case {
    id: "roster/never-came",
    title: "A bot whose roster never comes does what it is there for",
    level: Level::Should,
    rule: &MAY_BE_MISSING,
    profile: Profile::GroupCalls,
    needs: &[Need::Faults, Need::Speaks],
    steps: &[
        "The bot is invited into a meeting, and all rosters are lost.",
        "It says something within half a minute after audio has become active.",
    ],
    limit: secs(180),
    kills: &[Flaw::WaitsForRoster],
    story: |stage| {
        Box::pin(async move {
            stage.goes_wrong(json!([{"roster": {"what": "loss", "times": 1_000}}])).await?;
            let (_, call) = stage.is_in_a_meeting().await?;
            stage.audio_flows(&call).await?;
            stage.expect_done(&call, "playPrompt", 1, secs(30)).await.map(drop)
        })
    },
};

/// Whether the bot wants to hear of changes only.
async fn wants_changes(stage: &Stage, call: &Call) -> Result<bool, Wrong> {
    let answers = stage.requests(call, "answer").await?;
    let wants = Some(&Value::Bool(true));
    Ok(answers.iter().any(|asked| asked.body.pointer("/callOptions/isDeltaRosterEnabled") == wants))
}

/// One is missing.
pub const GAP: Case = Case {
    id: "roster/gap",
    title: "A bot that missed a change of the roster asks for the whole",
    level: Level::Should,
    rule: &DELTAS,
    profile: Profile::DeltaRosters,
    needs: &[Need::Faults],
    steps: &[
        "The bot is in a meeting; unless it has asked for rosters by changes, the story is over.",
        "Bob joins, and the change is lost; Bob leaves, and that change comes.",
        "The bot lists the participants within 10 seconds.",
    ],
    limit: secs(180),
    kills: &[Flaw::IgnoresRosterGaps],
    story: |stage| {
        Box::pin(async move {
            let (meeting, call) = stage.is_in_a_meeting().await?;
            if !wants_changes(stage, &call).await? {
                return Ok(());
            }
            stage.let_pass(secs(10)).await;
            let before = stage.requests(&call, "listParticipants").await?.len();
            stage.goes_wrong(json!([{"roster": {"what": "gap", "nth": 1}}])).await?;
            stage.does_in(&meeting, "Bob", "join").await?;
            stage.let_pass(secs(5)).await;
            stage.does_in(&meeting, "Bob", "leave").await?;
            let listed = |lines: &[Line]| {
                let listed = exchanges(lines, &call.id, "listParticipants");
                listed[before.min(listed.len())..].iter().any(|asked| asked.worked())
            };
            match stage.happens(secs(10), listed).await? {
                true => Ok(()),
                false => {
                    let expected = "the bot to list the participants after the gap";
                    Err(Wrong::bot(expected, "it did not"))
                }
            }
        })
    },
};

/// And again.
pub const REPEATED: Case = Case {
    id: "roster/repeated",
    title: "A change of the roster that comes twice means nothing the second time",
    level: Level::Should,
    rule: &DELTAS,
    profile: Profile::DeltaRosters,
    needs: &[Need::Faults],
    steps: &[
        "The bot is in a meeting.",
        "Bob joins, and the change comes twice.",
        "In the next half minute the bot asks nothing about this call, and it stays.",
    ],
    limit: secs(180),
    kills: &[Flaw::RelistsRepeatedRosters],
    story: |stage| {
        Box::pin(async move {
            let (meeting, call) = stage.is_in_a_meeting().await?;
            stage.let_pass(secs(15)).await;
            let before = stage.mark().await?;
            stage.goes_wrong(json!([{"roster": {"what": "repeat", "nth": 1}}])).await?;
            stage.does_in(&meeting, "Bob", "join").await?;
            stage.expect_no(&call, &["listParticipants", "delete"], before, secs(30)).await?;
            stage.expect_state(&call, "established").await
        })
    },
};

/// The same person, and another participant.
pub const NEW_SEAT: Case = Case {
    id: "roster/new-seat",
    title: "Whoever has left and come back is put through by the id they have now",
    level: Level::Should,
    rule: &SEATS,
    profile: Profile::GroupCalls,
    needs: &[Need::Asked(Deed::Transfer)],
    steps: &[
        "The bot is in a meeting; Alice, who invited it, leaves and joins again.",
        "She asks the bot to put her through: Graph takes the transfer.",
    ],
    limit: secs(180),
    kills: &[Flaw::RemembersFirstSeat],
    story: |stage| {
        Box::pin(async move {
            let (meeting, call) = stage.is_in_a_meeting().await?;
            stage.let_pass(secs(15)).await;
            stage.acts(&call, "leave").await?;
            stage.let_pass(secs(10)).await;
            stage.does_in(&meeting, "Alice", "join").await?;
            stage.let_pass(secs(10)).await;
            stage.asks_bot_to(&call, Deed::Transfer).await?;
            stage.expect_done(&call, "transfer", 1, secs(10)).await.map(drop)
        })
    },
};

/// Too late.
pub const AFTER_THE_END: Case = Case {
    id: "roster/after-the-end",
    title: "A roster that comes after the end of its call changes nothing",
    level: Level::Should,
    rule: &crate::rules::SILENCE_AFTER_END,
    profile: Profile::GroupCalls,
    needs: &[Need::Tokens],
    steps: &[
        "The bot is in a meeting, which ends; the bot takes the notification of it.",
        "A roster of this call comes.",
        "In the next two minutes the bot asks nothing about this call; it takes the next one.",
    ],
    limit: secs(300),
    kills: &[Flaw::LooksAfterEnd],
    story: |stage| {
        Box::pin(async move {
            let (meeting, call) = stage.is_in_a_meeting().await?;
            stage.let_pass(secs(10)).await;
            stage.does_in(&meeting, "Carol", "endMeeting").await?;
            let end = stage.hears_of_the_end(&call).await?;
            stage.let_pass(secs(2)).await;
            is_told_of_roster(stage, &call, json!([participant(1, &user(1))])).await?;
            stage.expect_quiet(&call, end, minutes(2)).await?;
            stage.expect_alive().await
        })
    },
};

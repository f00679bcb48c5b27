//! In a call: oneself, others, and what belongs to the call.

use graph_fake::config::USERS;
use serde_json::{Value, json};

use super::{Kind, Operation, calls::long, op};

const BAD: &str = "400 BadRequest";
const INVALID: &str = "400 8523";
const NOT_ESTABLISHED: &str = "400 8501";
const NOT_GROUP: &str = "400 8548";
const NO_CALL: &str = "404 8522";
const NO_PARTICIPANT: &str = "404 8543";
const NO_ITEM: &str = "404 8522";
const CONFLICT: &str = "409 8519";

/// Why no id of these is of the wrong type.
const ANY_TEXT: &str = "an id may be any text: one that nobody has is in the wrong state";

/// What is only read.
fn reads(name: &'static str, wrong: &'static str, ended: &'static str) -> Operation {
    op(name).no_body().wrong_type(wrong, "", NO_CALL).wrong_state(ended, "", NO_CALL)
}

fn odd() -> Value {
    json!({"clientContext": 7})
}

/// An action that says nothing but its context: on a group call, on a call of two, on one that rings.
fn plain(name: &'static str, [group, pair, incoming]: [&'static str; 3]) -> Operation {
    op(name)
        .all_optional()
        .wrong_type(group, odd(), BAD)
        .out_of_range(group, long(), INVALID)
        .wrong_state(pair, "", NOT_GROUP)
        .wrong_state(incoming, "", NOT_ESTABLISHED)
}

/// What a bot does to itself, or for all.
pub(super) fn of_oneself() -> Vec<Operation> {
    let status = |status: Value| json!({"status": status});
    vec![
        plain(
            "mute",
            [
                "POST {calls}/{group}/mute",
                "POST {calls}/{pair}/mute",
                "POST {calls}/{incoming}/mute",
            ],
        ),
        plain(
            "unmute",
            [
                "POST {calls}/{group}/unmute",
                "POST {calls}/{pair}/unmute",
                "POST {calls}/{incoming}/unmute",
            ],
        ),
        plain(
            "addLargeGalleryView",
            [
                "POST {calls}/{group}/addLargeGalleryView",
                "POST {calls}/{pair}/addLargeGalleryView",
                "POST {calls}/{incoming}/addLargeGalleryView",
            ],
        ),
        op("updateMetadata")
            .missing("POST {beta}/{group}/updateMetadata", "{}", INVALID)
            .wrong_type("POST {beta}/{group}/updateMetadata", json!({"metadata": {}}), BAD)
            .out_of_range(
                "POST {beta}/{group}/updateMetadata",
                json!({"metadata": "x".repeat(4_097)}),
                INVALID,
            )
            .wrong_state("POST {beta}/{pair}/updateMetadata", json!({"metadata": "x"}), NOT_GROUP),
        op("updateRecordingStatus")
            .missing("POST {calls}/{group}/updateRecordingStatus", "{}", INVALID)
            .wrong_type("POST {calls}/{group}/updateRecordingStatus", status(json!(7)), BAD)
            .out_of_range("POST {calls}/{group}/updateRecordingStatus", status(json!("x")), BAD)
            .wrong_state(
                "POST {calls}/{group}/updateRecordingStatus",
                status(json!("recording")),
                "400 8506",
            )
            .wrong_state(
                "POST {calls}/{incoming}/updateRecordingStatus",
                status(json!("recording")),
                NOT_ESTABLISHED,
            ),
    ]
}

/// Who is there.
pub(super) fn participants() -> Vec<Operation> {
    vec![
        op("getParticipant")
            .no_body()
            .wrong_type("GET {calls}/{group}/participants/seven", "", NO_PARTICIPANT)
            .wrong_state("GET {calls}/{ended}/participants/{bob}", "", NO_CALL)
            .wrong_state("GET {calls}/{waiting}/participants/{bob}", "", NO_PARTICIPANT),
        op("listParticipants")
            .no_body()
            .wrong_type("GET {calls}/seven/participants", "", NO_CALL)
            .wrong_state("GET {calls}/{ended}/participants", "", NO_CALL),
        op("participantDelete")
            .no_body()
            .wrong_type("DELETE {calls}/{group}/participants/seven", "", NO_PARTICIPANT)
            .wrong_state("DELETE {calls}/{group}/participants/{me}", "", INVALID)
            .wrong_state("DELETE {calls}/{pair}/participants/{bob}", "", NOT_GROUP)
            .wrong_state("DELETE {calls}/{ended}/participants/{bob}", "", NO_CALL),
        plain(
            "participantMute",
            [
                "POST {calls}/{group}/participants/{bob}/mute",
                "POST {calls}/{pair}/participants/{bob}/mute",
                "POST {calls}/{incoming}/participants/{bob}/mute",
            ],
        )
        .wrong_type("POST {calls}/{group}/participants/seven/mute", "", NO_PARTICIPANT),
    ]
}

/// Who comes, and everybody at once.
pub(super) fn invitations() -> Vec<Operation> {
    let invites = |people: Value| json!({"participants": people});
    let carol = || json!({"identity": {"user": {"id": USERS[2].1}}});
    let mixes = |name: &str, value: Value| json!({"participantMixerLevels": [{"participant": "{bob}", name: value}]});
    let ramp = |ms: i32| mixes("ducking", json!({"rampActive": ms}));
    vec![
        op("invite")
            .missing("POST {calls}/{group}/participants/invite", "{}", INVALID)
            .missing(
                "POST {calls}/{group}/participants/invite",
                invites(json!([{"identity": {}}])),
                INVALID,
            )
            .wrong_type("POST {calls}/{group}/participants/invite", invites(json!("x")), BAD)
            .out_of_range("POST {calls}/{group}/participants/invite", invites(json!([])), INVALID)
            .out_of_range(
                "POST {calls}/{group}/participants/invite",
                invites(json!(vec![carol(); 6])),
                INVALID,
            )
            .wrong_state(
                "POST {calls}/{incoming}/participants/invite",
                invites(json!([carol()])),
                NOT_ESTABLISHED,
            )
            .wrong_state(
                "POST {calls}/{ended}/participants/invite",
                invites(json!([carol()])),
                NO_CALL,
            ),
        op("muteAll")
            .all_optional()
            .wrong_type("POST {beta}/{group}/participants/muteAll", invites(json!("x")), BAD)
            .wrong_type(
                "POST {beta}/{group}/participants/muteAll",
                invites(json!(["seven"])),
                NO_PARTICIPANT,
            )
            .out_of_range("POST {beta}/{group}/participants/muteAll", long(), INVALID)
            .wrong_state("POST {beta}/{pair}/participants/muteAll", "", NOT_GROUP)
            .wrong_state("POST {beta}/{incoming}/participants/muteAll", "", NOT_ESTABLISHED),
        op("configureMixer")
            .missing("POST {beta}/{group}/participants/configureMixer", "{}", INVALID)
            .wrong_type(
                "POST {beta}/{group}/participants/configureMixer",
                mixes("sourceLevels", json!([{"participant": "{bob}", "level": "x"}])),
                BAD,
            )
            .out_of_range("POST {beta}/{group}/participants/configureMixer", ramp(5_001), INVALID)
            .out_of_range("POST {beta}/{group}/participants/configureMixer", ramp(-1), INVALID)
            .wrong_state("POST {beta}/{pair}/participants/configureMixer", ramp(1), NOT_GROUP),
    ]
}

/// Who hears hold music, and who waits outside.
pub(super) fn hold_music_and_lobby() -> Vec<Operation> {
    let ftp = json!({"customPrompt": {"mediaInfo": {"uri": "ftp://bot.example/a.wav"}}});
    vec![
        op("startHoldMusic")
            .all_optional()
            .wrong_type(
                "POST {calls}/{group}/participants/{bob}/startHoldMusic",
                json!({"customPrompt": 7}),
                BAD,
            )
            .out_of_range("POST {calls}/{group}/participants/{bob}/startHoldMusic", ftp, INVALID)
            .wrong_state("POST {calls}/{group}/participants/{bob}/startHoldMusic", "", CONFLICT)
            .wrong_state("POST {calls}/{pair}/participants/{bob}/startHoldMusic", "", NOT_GROUP),
        op("stopHoldMusic")
            .all_optional()
            .wrong_type("POST {calls}/{group}/participants/{carol}/stopHoldMusic", odd(), BAD)
            .out_of_range(
                "POST {calls}/{group}/participants/{carol}/stopHoldMusic",
                long(),
                INVALID,
            )
            .wrong_state("POST {calls}/{group}/participants/{bob}/stopHoldMusic", "", CONFLICT)
            .wrong_state("POST {calls}/{pair}/participants/{bob}/stopHoldMusic", "", NOT_GROUP),
        plain(
            "admitFromLobby",
            [
                "POST {beta}/{group}/participants/{bob}/admitFromLobby",
                "POST {beta}/{pair}/participants/{bob}/admitFromLobby",
                "POST {beta}/{incoming}/participants/{bob}/admitFromLobby",
            ],
        )
        .wrong_state(
            "POST {beta}/{group}/participants/{bob}/admitFromLobby",
            "",
            "409 8519",
        ),
        plain(
            "removeFromLobby",
            [
                "POST {beta}/{group}/participants/{bob}/removeFromLobby",
                "POST {beta}/{pair}/participants/{bob}/removeFromLobby",
                "POST {beta}/{incoming}/participants/{bob}/removeFromLobby",
            ],
        )
        .wrong_state(
            "POST {beta}/{group}/participants/{bob}/removeFromLobby",
            "",
            "409 8519",
        ),
        plain(
            "admitAllFromLobby",
            [
                "POST {beta}/{group}/participants/admitAllFromLobby",
                "POST {beta}/{pair}/participants/admitAllFromLobby",
                "POST {beta}/{incoming}/participants/admitAllFromLobby",
            ],
        ),
    ]
}

/// Operations.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        reads("listOperations", "GET {calls}/seven/operations", "GET {calls}/{ended}/operations"),
        reads(
            "getOperation",
            "GET {calls}/{pair}/operations/seven",
            "GET {calls}/{ended}/operations/{nobody}",
        ),
    ]
}

/// Audio routing groups.
pub(super) fn routing_groups() -> Vec<Operation> {
    let route = |mode: &str, receivers: usize| {
        let receivers = vec!["{carol}"; receivers];
        json!({"id": "new", "routingMode": mode, "sources": ["{bob}"], "receivers": receivers})
    };
    let taken = json!({"id": "r", "routingMode": "oneToOne", "sources": ["{bob}"],
        "receivers": ["{carol}"]});
    let groups = "POST {calls}/{group}/audioRoutingGroups";
    let group = "PATCH {calls}/{group}/audioRoutingGroups/r";
    vec![
        op("audioRoutingGroupCreate")
            .missing(groups, "{}", INVALID)
            .missing(groups, json!({"id": "new", "routingMode": "oneToOne"}), INVALID)
            .wrong_type(groups, json!({"id": 7}), BAD)
            .out_of_range(groups, route("oneToOne", 2), INVALID)
            .out_of_range(groups, route("multicast", 0), INVALID)
            .out_of_range(groups, route("oneToMany", 1), BAD)
            .wrong_state(groups, taken, CONFLICT)
            .wrong_state("POST {calls}/{pair}/audioRoutingGroups", route("oneToOne", 1), NOT_GROUP),
        reads(
            "audioRoutingGroupList",
            "GET {calls}/seven/audioRoutingGroups",
            "GET {calls}/{ended}/audioRoutingGroups",
        )
        .wrong_state("GET {calls}/{pair}/audioRoutingGroups", "", NOT_GROUP),
        op("audioRoutingGroupGet")
            .no_body()
            .never(Kind::WrongType, ANY_TEXT)
            .wrong_state("GET {calls}/{group}/audioRoutingGroups/x", "", NO_ITEM)
            .wrong_state("GET {calls}/{ended}/audioRoutingGroups/r", "", NO_CALL),
        op("audioRoutingGroupUpdate")
            .missing(group, "", BAD)
            .wrong_type(group, json!({"sources": "{bob}"}), BAD)
            .out_of_range(group, json!({"receivers": ["{bob}", "{carol}"]}), INVALID)
            .out_of_range(group, json!({"routingMode": "oneToMany"}), BAD)
            .wrong_state("PATCH {calls}/{group}/audioRoutingGroups/x", "{}", NO_ITEM)
            .wrong_state("PATCH {calls}/{ended}/audioRoutingGroups/r", "{}", NO_CALL),
        op("audioRoutingGroupDelete")
            .no_body()
            .never(Kind::WrongType, ANY_TEXT)
            .wrong_state("DELETE {calls}/{group}/audioRoutingGroups/x", "", NO_ITEM)
            .wrong_state("DELETE {calls}/{ended}/audioRoutingGroups/r", "", NO_CALL),
    ]
}

/// Content sharing sessions.
pub(super) fn sharing() -> Vec<Operation> {
    vec![
        reads(
            "contentSharingSessionList",
            "GET {calls}/seven/contentSharingSessions",
            "GET {calls}/{ended}/contentSharingSessions",
        ),
        op("contentSharingSessionGet")
            .no_body()
            .never(Kind::WrongType, ANY_TEXT)
            .wrong_state("GET {calls}/{group}/contentSharingSessions/x", "", NO_ITEM)
            .wrong_state("GET {calls}/{ended}/contentSharingSessions/x", "", NO_CALL),
    ]
}

//! From the first ring to the end, and what is played and recorded.

use graph_fake::config::USERS;
use serde_json::{Value, json};

use super::{Kind, Operation, op};
use crate::harness::call_body;

const BAD: &str = "400 BadRequest";
const INVALID: &str = "400 8523";
const NOT_ESTABLISHED: &str = "400 8501";
const WRONG_STATE: &str = "400 8585";
const NOT_GROUP: &str = "400 8548";
const WRONG_MEDIA: &str = "400 8500";
const NO_CALL: &str = "404 8522";

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

fn without(mut body: Value, name: &str) -> Value {
    body.as_object_mut().unwrap().remove(name);
    body
}

/// Longer than a client context may be.
pub(super) fn long() -> Value {
    json!({"clientContext": "x".repeat(257)})
}

fn person() -> Value {
    json!({"identity": {"user": {"id": USERS[2].1}}})
}

fn good() -> Value {
    call_body("https://bot.example/")
}

fn answers() -> Value {
    json!({"acceptedModalities": ["audio"],
        "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"}})
}

fn redirects(timeout: u32) -> Value {
    json!({"targets": [person()], "timeout": timeout})
}

fn prompts(count: usize) -> Value {
    json!({"prompts": vec![json!({"mediaInfo": {"uri": "https://bot.example/a.wav"}}); count]})
}

/// A join of the meeting with this thread.
fn joins(thread: &str) -> Value {
    let mut body = without(good(), "targets");
    body["chatInfo"] = json!({"threadId": thread, "messageId": "0"});
    body["meetingInfo"] = json!({"@odata.type": "#microsoft.graph.organizerMeetingInfo",
        "organizer": {"user": {"id": USERS[0].1}}});
    body
}

fn quality() -> Value {
    json!({"@odata.type": "#microsoft.graph.teleconferenceDeviceQuality",
        "callChainId": "{nobody}", "participantId": "{nobody}", "mediaLegId": "{nobody}",
        "deviceName": "Lobby", "deviceDescription": "Room 12",
        "mediaQualityList": [{"channelIndex": 1}]})
}

/// A call is made; and what belongs to none.
pub(super) fn making() -> Vec<Operation> {
    vec![
        op("create")
            .missing("POST {calls}", "", BAD)
            .missing("POST {calls}", "{}", INVALID)
            .missing("POST {calls}", without(good(), "callbackUri"), INVALID)
            .missing("POST {calls}", without(good(), "mediaConfig"), INVALID)
            .missing("POST {calls}", without(good(), "requestedModalities"), INVALID)
            .missing("POST {calls}", without(good(), "targets"), INVALID)
            .wrong_type("POST {calls}", with(good(), "targets", json!("Alice")), BAD)
            .wrong_type("POST {calls}", with(good(), "callbackUri", json!(7)), BAD)
            .wrong_type("POST {calls}", with(good(), "tenantId", json!({})), BAD)
            .out_of_range("POST {calls}", with(good(), "requestedModalities", json!(["x"])), BAD)
            .out_of_range(
                "POST {calls}",
                with(good(), "targets", json!(vec![person(); 6])),
                INVALID,
            )
            .out_of_range(
                "POST {beta}",
                with(good(), "ringingTimeoutInSeconds", json!(116)),
                INVALID,
            )
            .wrong_state("POST {calls}", joins("{deletedThread}"), "404 NotFound"),
        op("logTeleconferenceDeviceQuality")
            .missing("POST {calls}/logTeleconferenceDeviceQuality", "{}", INVALID)
            .missing(
                "POST {calls}/logTeleconferenceDeviceQuality",
                json!({"quality": without(quality(), "deviceName")}),
                INVALID,
            )
            .wrong_type("POST {calls}/logTeleconferenceDeviceQuality", json!({"quality": 7}), BAD)
            .wrong_type(
                "POST {calls}/logTeleconferenceDeviceQuality",
                json!({"quality": with(quality(), "participantId", json!("7"))}),
                INVALID,
            )
            .never(Kind::OutOfRange, "no page gives its numbers a range")
            .never(Kind::WrongState, "it belongs to no call"),
    ]
}

/// What can be asked of every call.
pub(super) fn any_call() -> Vec<Operation> {
    vec![
        op("get").no_body().wrong_type("GET {calls}/seven", "", NO_CALL).wrong_state(
            "GET {calls}/{ended}",
            "",
            NO_CALL,
        ),
        op("delete").no_body().wrong_type("DELETE {calls}/seven", "", NO_CALL).wrong_state(
            "DELETE {calls}/{ended}",
            "",
            NO_CALL,
        ),
        op("keepAlive")
            .no_body()
            .wrong_type("POST {calls}/seven/keepAlive", "", NO_CALL)
            .wrong_state("POST {calls}/{ended}/keepAlive", "", NO_CALL),
    ]
}

/// A call comes in.
pub(super) fn incoming() -> Vec<Operation> {
    vec![
        op("answer")
            .missing("POST {calls}/{incoming}/answer", "", BAD)
            .missing("POST {calls}/{incoming}/answer", without(answers(), "mediaConfig"), INVALID)
            .missing(
                "POST {calls}/{incoming}/answer",
                without(answers(), "acceptedModalities"),
                INVALID,
            )
            .wrong_type(
                "POST {calls}/{incoming}/answer",
                with(answers(), "acceptedModalities", json!("audio")),
                BAD,
            )
            .wrong_type(
                "POST {calls}/{incoming}/answer",
                with(answers(), "participantCapacity", json!("many")),
                BAD,
            )
            .out_of_range(
                "POST {calls}/{incoming}/answer",
                with(answers(), "acceptedModalities", json!([])),
                INVALID,
            )
            .out_of_range(
                "POST {calls}/{incoming}/answer",
                with(answers(), "callbackUri", json!("ftp://bot.example/")),
                INVALID,
            )
            .wrong_state("POST {calls}/{pair}/answer", answers(), WRONG_STATE)
            .wrong_state("POST {calls}/{ended}/answer", answers(), NO_CALL),
        op("reject")
            .all_optional()
            .wrong_type("POST {calls}/{incoming}/reject", json!({"reason": 3}), BAD)
            .out_of_range("POST {calls}/{incoming}/reject", json!({"reason": "maybe"}), BAD)
            .wrong_state("POST {calls}/{pair}/reject", "", WRONG_STATE)
            .wrong_state("POST {calls}/{ended}/reject", "", NO_CALL),
        op("redirect")
            .missing("POST {calls}/{incoming}/redirect", "{}", INVALID)
            .wrong_type("POST {calls}/{incoming}/redirect", json!({"targets": "Carol"}), BAD)
            .wrong_type(
                "POST {calls}/{incoming}/redirect",
                with(redirects(20), "timeout", json!("20")),
                BAD,
            )
            .out_of_range("POST {calls}/{incoming}/redirect", redirects(14), INVALID)
            .out_of_range("POST {calls}/{incoming}/redirect", redirects(91), INVALID)
            .out_of_range(
                "POST {calls}/{incoming}/redirect",
                json!({"targets": vec![person(); 26]}),
                INVALID,
            )
            .out_of_range(
                "POST {beta}/{incoming}/redirect",
                with(redirects(20), "targetDisposition", json!("elsewhere")),
                BAD,
            )
            .wrong_state("POST {calls}/{pair}/redirect", redirects(20), WRONG_STATE)
            .wrong_state("POST {calls}/{ended}/redirect", redirects(20), NO_CALL),
    ]
}

/// It is handed on.
pub(super) fn transfers() -> Vec<Operation> {
    vec![
        op("transfer")
            .missing("POST {calls}/{pair}/transfer", "{}", INVALID)
            .missing("POST {calls}/{group}/transfer", json!({"transferTarget": person()}), INVALID)
            .wrong_type("POST {calls}/{pair}/transfer", json!({"transferTarget": 7}), BAD)
            .out_of_range(
                "POST {calls}/{pair}/transfer",
                with(long(), "transferTarget", person()),
                INVALID,
            )
            .wrong_state(
                "POST {calls}/{incoming}/transfer",
                json!({"transferTarget": person()}),
                NOT_ESTABLISHED,
            )
            .wrong_state(
                "POST {calls}/{ringing}/transfer",
                json!({"transferTarget": person()}),
                NOT_ESTABLISHED,
            ),
    ]
}

/// Prompts and records.
pub(super) fn prompts_and_records() -> Vec<Operation> {
    let record = |name, asked, on_pair: [&'static str; 2]| {
        let [incoming, own] = on_pair;
        op(name)
            .all_optional()
            .wrong_type(asked, json!({"maxSilenceTimeoutInSeconds": 1.5}), BAD)
            .wrong_type(asked, json!({"stopTones": "#"}), BAD)
            .out_of_range(asked, json!({"maxRecordDurationInSeconds": 0}), INVALID)
            .out_of_range(asked, json!({"maxRecordDurationInSeconds": 121}), INVALID)
            .out_of_range(asked, json!({"initialSilenceTimeoutInSeconds": -1}), INVALID)
            .out_of_range(asked, prompts(2), INVALID)
            .wrong_state(incoming, "{}", NOT_ESTABLISHED)
            .wrong_state(own, "{}", WRONG_MEDIA)
    };
    let records = "POST {calls}/{pair}/recordResponse";
    vec![
        op("playPrompt")
            .missing("POST {calls}/{pair}/playPrompt", "{}", INVALID)
            .wrong_type("POST {calls}/{pair}/playPrompt", json!({"prompts": [7]}), BAD)
            .wrong_type("POST {beta}/{pair}/playPrompt", with(prompts(1), "loop", json!("x")), BAD)
            .out_of_range("POST {calls}/{pair}/playPrompt", prompts(0), INVALID)
            .out_of_range("POST {calls}/{pair}/playPrompt", prompts(21), INVALID)
            .wrong_state("POST {calls}/{incoming}/playPrompt", prompts(1), NOT_ESTABLISHED)
            .wrong_state("POST {calls}/{ringing}/playPrompt", prompts(1), NOT_ESTABLISHED)
            .wrong_state("POST {calls}/{own}/playPrompt", prompts(1), WRONG_MEDIA)
            .wrong_state("POST {calls}/{ended}/playPrompt", prompts(1), NO_CALL),
        record(
            "recordResponse",
            records,
            ["POST {calls}/{incoming}/recordResponse", "POST {calls}/{own}/recordResponse"],
        ),
        record(
            "record",
            "POST {beta}/{pair}/record",
            ["POST {beta}/{incoming}/record", "POST {beta}/{own}/record"],
        ),
    ]
}

/// Tones, both ways; what ends media; and screens.
pub(super) fn tones_and_screens() -> Vec<Operation> {
    let tones = |tones: Value| json!({"tones": tones});
    vec![
        op("subscribeToTone")
            .all_optional()
            .wrong_type("POST {calls}/{pair}/subscribeToTone", json!({"clientContext": 7}), BAD)
            .out_of_range("POST {calls}/{pair}/subscribeToTone", long(), INVALID)
            .wrong_state("POST {calls}/{incoming}/subscribeToTone", "", NOT_ESTABLISHED)
            // Seen in issues and documented as such.
            .wrong_state("POST {calls}/{own}/subscribeToTone", "", "500 9999"),
        op("cancelMediaProcessing")
            .all_optional()
            .wrong_type("POST {calls}/{pair}/cancelMediaProcessing", "[]", BAD)
            .out_of_range("POST {calls}/{pair}/cancelMediaProcessing", long(), INVALID)
            .wrong_state("POST {calls}/{incoming}/cancelMediaProcessing", "", NOT_ESTABLISHED)
            .wrong_state("POST {calls}/{own}/cancelMediaProcessing", "", WRONG_MEDIA),
        op("sendDtmfTones")
            .missing("POST {calls}/{pair}/sendDtmfTones", "{}", INVALID)
            .wrong_type("POST {calls}/{pair}/sendDtmfTones", tones(json!("tone1")), BAD)
            .out_of_range("POST {calls}/{pair}/sendDtmfTones", tones(json!([])), INVALID)
            .out_of_range("POST {calls}/{pair}/sendDtmfTones", tones(json!(["tone10"])), BAD)
            .out_of_range(
                "POST {calls}/{pair}/sendDtmfTones",
                with(tones(json!(["tone1"])), "delayBetweenTonesMs", json!(-1)),
                INVALID,
            )
            .wrong_state(
                "POST {calls}/{incoming}/sendDtmfTones",
                tones(json!(["tone1"])),
                NOT_ESTABLISHED,
            )
            .wrong_state(
                "POST {calls}/{ringing}/sendDtmfTones",
                tones(json!(["tone1"])),
                NOT_ESTABLISHED,
            )
            .wrong_state("POST {calls}/{ended}/sendDtmfTones", tones(json!(["tone1"])), NO_CALL),
        op("changeScreenSharingRole")
            .missing("POST {calls}/{own}/changeScreenSharingRole", "{}", INVALID)
            .wrong_type("POST {calls}/{own}/changeScreenSharingRole", json!({"role": 7}), BAD)
            .out_of_range("POST {calls}/{own}/changeScreenSharingRole", json!({"role": "x"}), BAD)
            .wrong_state(
                "POST {calls}/{ownPair}/changeScreenSharingRole",
                json!({"role": "sharer"}),
                NOT_GROUP,
            )
            .wrong_state(
                "POST {calls}/{group}/changeScreenSharingRole",
                json!({"role": "sharer"}),
                WRONG_MEDIA,
            ),
    ]
}

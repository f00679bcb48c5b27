//! Turns that separate draws rarely take together: a reply that is lost just where it matters, a crash between a key and
//! its repetition.

use graph_fake::faults::{FaultReply, GraphFault};
use proptest::{
    prelude::*,
    sample::select,
    strategy::{BoxedStrategy, Just},
};

use super::{
    Deed, Person, What,
    fault::{Crash, Fault},
};

/// Deeds and faults that belong together.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Twist {
    pub deeds: Vec<Deed>,
    pub faults: Vec<Fault>,
}

/// Kinds of twists, and how often each is drawn for a hundred of them.
pub(super) const TWISTS: [(u32, &str); 8] = [
    (25, "keyAcrossCrash"),
    (15, "replyLost"),
    (15, "crashInRequest"),
    (15, "throttled"),
    (15, "keysRotate"),
    (8, "keepAliveLost"),
    (4, "transferFails"),
    (4, "holdLong"),
];

/// Whether it takes a long life to show.
pub(super) fn is_long(kind: &str) -> bool {
    matches!(kind, "keepAliveLost" | "transferFails" | "holdLong")
}

/// Alice presses a key of the reference bot's menu, once she has heard it.
fn press(key: &'static str) -> impl Strategy<Value = Deed> {
    (6_000..12_000_u64)
        .prop_map(move |at_ms| deed(at_ms, What::Press { keys: vec![key.to_owned()] }))
}

fn deed(at_ms: u64, what: What) -> Deed {
    Deed { at_ms, by: Person::Alice, call: 0, what }
}

fn graph(op: &str) -> GraphFault {
    let op = op.to_owned();
    GraphFault { op, nth: 1, times: 1, reply: None, delay_ms: None, lose_reply: false }
}

fn lost(op: &str, nth: u64) -> Fault {
    Fault::Graph(GraphFault { nth, lose_reply: true, ..graph(op) })
}

/// One twist of a kind of [`TWISTS`].
pub(super) fn twist(kind: &'static str) -> BoxedStrategy<Twist> {
    let twist = |deeds: Vec<Deed>, faults: Vec<Fault>| Twist { deeds, faults };
    match kind {
        "keyAcrossCrash" => {
            let key = select(vec!["tone2", "tone4", "tone5"]).prop_flat_map(press);
            (key, 2_500..4_000_u64, 500..3_000_u64, 1_500..3_000_u64)
                .prop_map(move |(key, after, for_ms, later)| {
                    let at_ms = key.at_ms + after;
                    let again = deed(at_ms + for_ms + later, What::Repeat);
                    twist(vec![key, again], vec![Fault::Crash(Crash { at_ms, for_ms })])
                })
                .boxed()
        }
        "replyLost" => select(vec![("tone2", "invite"), ("tone7", "create"), ("tone8", "create")])
            .prop_flat_map(|(key, op)| (press(key), Just(op)))
            .prop_map(move |(key, op)| twist(vec![key], vec![lost(op, 1)]))
            .boxed(),
        "crashInRequest" => {
            let key = select(vec!["tone7", "tone8"]).prop_flat_map(press);
            (key, 500..2_500_u64, 500..3_000_u64)
                .prop_map(move |(key, after, for_ms)| {
                    let slow = GraphFault { delay_ms: Some(4_000), ..graph("create") };
                    let crash = Crash { at_ms: key.at_ms + after, for_ms };
                    twist(vec![key], vec![Fault::Graph(slow), Fault::Crash(crash)])
                })
                .boxed()
        }
        "throttled" => {
            let op = select(vec!["answer", "playPrompt", "subscribeToTone", "get", "mute"]);
            (op, select(vec![429_u16, 503]), 2..6_u32, press("tone4"))
                .prop_map(move |(op, status, wait, key)| {
                    let retry_after_seconds = Some(wait);
                    let reply = Some(FaultReply { status, retry_after_seconds });
                    twist(vec![key], vec![Fault::Graph(GraphFault { reply, ..graph(op) })])
                })
                .boxed()
        }
        "keysRotate" => (3_000..12_000_u64)
            .prop_map(move |at_ms| twist(vec![deed(at_ms, What::RotateKeys)], Vec::new()))
            .boxed(),
        "keepAliveLost" => (1..=4_u64)
            .prop_map(|nth| Twist { faults: vec![lost("keepAlive", nth)], ..Twist::default() })
            .boxed(),
        "holdLong" => (6_000..12_000_u64, 1_000..20_000_u64)
            .prop_map(move |(at_ms, for_ms)| {
                let hold = [deed(at_ms, What::Hold), deed(at_ms + for_ms, What::Resume)];
                twist(hold.into(), Vec::new())
            })
            .boxed(),
        _ => press("tone3")
            .prop_map(|key| {
                let react = What::React { on_call: "decline".to_owned() };
                let react = Deed { by: Person::Bob, ..deed(1_000, react) };
                Twist { deeds: vec![react, key], faults: Vec::new() }
            })
            .boxed(),
    }
}

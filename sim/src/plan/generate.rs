//! Plans that are drawn: first what kinds of things may happen at all (the swarm), then what happens.
//!
//! A plan that may be anything is almost always the same mixture. A swarm forbids most of it, so that what is left
//! happens often and together (Groce et al., Swarm Testing, ISSTA 2012).

use graph_fake::faults::{
    FaultReply, GraphFault, KindName, PromptFault, PromptTrouble, RosterFault, RosterTrouble,
    TamperFault, TokenFault,
};
use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy, any},
    prop_oneof,
    sample::{select, subsequence},
    strategy::{BoxedStrategy, Union, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::{
    Between, Crash, Deed, End, Fault, Forgery, LinkFault, Outage, PermissionFault, Person, Plan,
    VERSION, What, WrongClock,
};
use super::{
    hosting::{self, Media},
    timeline::calm,
    twist::{self, TWISTS, Twist},
};
use crate::link::{LinkConfig, Preset};

/// Deeds beside the first call, and faults, at the most.
const DEEDS_MAX: usize = 10;
const FAULTS_MAX: usize = 7;
/// When the faults of a short life are over, in milliseconds.
const SHORT_MS: u64 = 60_000;
/// Of a long one, in which calls have to be kept alive.
const LONG_MS: u64 = 100 * 60_000;
/// Requests that faults strike.
const OPS: [&str; 14] = [
    "answer",
    "playPrompt",
    "subscribeToTone",
    "recordResponse",
    "keepAlive",
    "invite",
    "transfer",
    "create",
    "mute",
    "cancelMediaProcessing",
    "delete",
    "get",
    "listParticipants",
    "unmute",
];
/// Permissions that may be missing, or withdrawn.
const ROLES: [&str; 5] = [
    "Calls.Initiate.All",
    "Calls.InitiateGroupCall.All",
    "Calls.JoinGroupCall.All",
    "Calls.JoinGroupCallAsGuest.All",
    "Calls.AccessMedia.All",
];
/// Keys that mean something to the reference bot.
const KEYS: [&str; 12] = [
    "tone0", "tone1", "tone2", "tone3", "tone4", "tone5", "tone6", "tone7", "tone8", "tone9",
    "star", "pound",
];

/// What kinds of things may happen at all in the world of a seed: a world of few kinds goes deeper into them than one in
/// which everything is a little likely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swarm {
    /// Kinds of faults.
    pub faults: Vec<&'static str>,
    /// Kinds of deeds.
    pub deeds: Vec<&'static str>,
    /// What links are like.
    pub links: Option<Preset>,
    /// Permissions that the bot has not been granted.
    pub withheld: Vec<&'static str>,
    /// Notifications in one envelope.
    pub batch: usize,
    /// Who handles media.
    pub media: Media,
    /// Whether calls last so long that they have to be kept alive.
    pub long: bool,
    /// What belongs together and is drawn together, if anything.
    pub twist: Option<&'static str>,
}

impl std::fmt::Display for Swarm {
    /// In one line.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list = |kinds: &[&str]| match kinds {
            [] => "none".to_owned(),
            kinds => kinds.join(" "),
        };
        write!(out, "deeds {}; faults {}", list(&self.deeds), list(&self.faults))?;
        if let Some(links) = self.links {
            let links = serde_json::to_value(links).map_err(|_| std::fmt::Error)?;
            write!(out, "; links {}", links.as_str().unwrap_or_default())?;
        }
        if !self.withheld.is_empty() {
            write!(out, "; withheld {}", list(&self.withheld))?;
        }
        if self.batch > 1 {
            write!(out, "; batches of {}", self.batch)?;
        }
        if self.media == Media::AppHosted {
            write!(out, "; app-hosted media")?;
        }
        if let Some(twist) = self.twist {
            write!(out, "; twist {twist}")?;
        }
        write!(out, "; {} life", if self.long { "long" } else { "short" })
    }
}

const FAULT_KINDS: [&str; 11] = [
    "link",
    "outage",
    "crash",
    "clock",
    "graph",
    "token",
    "keys",
    "notification",
    "roster",
    "prompt",
    "permission",
];
const DEED_KINDS: [&str; 10] =
    ["ring", "meet", "end", "mute", "hold", "press", "speak", "invite", "react", "strange"];

fn swarm(seed: u64) -> impl Strategy<Value = Swarm> {
    let faults = prop_oneof![
        1 => Just(Vec::new()),
        6 => subsequence(FAULT_KINDS.to_vec(), 1..=3),
        2 => subsequence(FAULT_KINDS.to_vec(), 4..=FAULT_KINDS.len()),
    ];
    let deeds = prop_oneof![
        3 => subsequence(DEED_KINDS.to_vec(), 2..=4),
        2 => subsequence(DEED_KINDS.to_vec(), 5..=DEED_KINDS.len()),
    ];
    let links = prop_oneof![4 => Just(None), 1 => select(Preset::ALL.to_vec()).prop_map(Some)];
    let withheld = prop_oneof![3 => Just(Vec::new()), 1 => subsequence(ROLES.to_vec(), 1..=3)];
    let batch = prop_oneof![5 => Just(1_usize), 1 => 2..=5_usize];
    let long = prop_oneof![14 => Just(false), 1 => Just(true)];
    let kind =
        Union::new_weighted(TWISTS.map(|(weight, kind)| (weight, Just(kind).boxed())).into());
    let twist = prop_oneof![5 => Just(None), 1 => kind.prop_map(Some)];
    let media = Media::of(seed);
    (faults, deeds, links, withheld, batch, long, twist).prop_map(
        move |(faults, deeds, links, withheld, batch, long, twist)| Swarm {
            faults,
            deeds,
            links,
            withheld,
            batch,
            media,
            // What there is to see of a long life are requests; packets would only make it long to live.
            long: long && media == Media::ServiceHosted,
            twist,
        },
    )
}

/// All plans of one seed's world.
pub fn plans(seed: u64) -> impl Strategy<Value = Plan> {
    swarm(seed).prop_flat_map(move |swarm| {
        let twist = swarm.twist.map_or_else(|| Just(Twist::default()).boxed(), twist::twist);
        let lasting = swarm.twist.is_some_and(twist::is_long);
        let heal_at_ms = if swarm.long || lasting { LONG_MS } else { SHORT_MS };
        let last = heal_at_ms - 5_000;
        let faults: BoxedStrategy<Vec<Fault>> = if swarm.faults.is_empty() {
            Just(Vec::new()).boxed()
        } else {
            vec(any_of(&swarm.faults, |kind| fault(kind, heal_at_ms)), 1..=FAULTS_MAX).boxed()
        };
        let deeds = vec(any_of(&swarm.deeds, |kind| deed(kind, last)), 0..=DEEDS_MAX);
        let sounds = hosting::sounds(swarm.media, heal_at_ms);
        let all = (first(), deeds, faults, twist, sounds);
        all.prop_map(move |(first, deeds, faults, twist, sounds)| Plan {
            v: VERSION,
            seed,
            heal_at_ms,
            links: swarm.links,
            media: swarm.media,
            withheld: swarm.withheld.iter().map(|role| (*role).to_owned()).collect(),
            batch: swarm.batch,
            bot_flaw: None,
            platform_flaw: None,
            deeds: std::iter::once(first)
                .chain(deeds)
                .chain(twist.deeds)
                .chain(sounds.deeds)
                .collect(),
            faults: faults.into_iter().chain(twist.faults).chain(sounds.faults).collect(),
        })
    })
}

/// What a seed draws, always the same, and how it can be made smaller.
pub fn tree(seed: u64) -> impl ValueTree<Value = Plan> {
    plans(seed).new_tree(&mut runner(seed)).expect("nothing is filtered out")
}

/// What may happen in the world of a seed: what its plan is drawn from.
pub fn swarm_of(seed: u64) -> Swarm {
    swarm(seed).new_tree(&mut runner(seed)).expect("nothing is filtered out").current()
}

fn runner(seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = (seed.rotate_left(u32::try_from(at).unwrap_or(0) * 7) >> 3) as u8 ^ at as u8;
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    TestRunner::new_with_rng(Config::default(), rng)
}

/// The plan of a seed.
pub fn plan_of(seed: u64) -> Plan {
    tree(seed).current()
}

fn any_of<T: std::fmt::Debug + 'static>(
    kinds: &[&'static str],
    of: impl Fn(&'static str) -> BoxedStrategy<T>,
) -> Union<BoxedStrategy<T>> {
    Union::new(kinds.iter().map(|kind| of(kind)))
}

/// Every world has a call.
fn first() -> impl Strategy<Value = Deed> {
    let by = Just(Person::Alice);
    let what =
        prop_oneof![4 => Just(What::Ring), 1 => Just(What::Meet { with: vec![Person::Carol] })];
    (0..2_000_u64, by, what).prop_map(|(at_ms, by, what)| Deed { at_ms, by, call: 0, what })
}

fn person() -> impl Strategy<Value = Person> {
    prop_oneof![3 => Just(Person::Alice), 1 => Just(Person::Bob), 1 => Just(Person::Carol)]
}

fn deed(kind: &'static str, last: u64) -> BoxedStrategy<Deed> {
    let what = match kind {
        "ring" => Just(What::Ring).boxed(),
        "meet" => vec(person(), 0..=2).prop_map(|with| What::Meet { with }).boxed(),
        "end" => prop_oneof![4 => Just(What::Hangup), 1 => Just(What::RemoveBot)].boxed(),
        "mute" => select(vec![What::Mute, What::Unmute, What::MuteBot]).boxed(),
        "hold" => select(vec![What::Hold, What::Resume]).boxed(),
        "press" => vec(select(KEYS.to_vec()), 1..=3)
            .prop_map(|keys| What::Press { keys: keys.into_iter().map(str::to_owned).collect() })
            .boxed(),
        "speak" => (100..4_000_u64).prop_map(|ms| What::Speak { ms }).boxed(),
        "invite" => person().prop_map(|whom| What::Invite { whom }).boxed(),
        "react" => select(vec!["answer", "decline", "ignore", "busy"])
            .prop_map(|on_call| What::React { on_call: on_call.to_owned() })
            .boxed(),
        _ => prop_oneof![
            1 => Just(What::Repeat),
            2 => select(Forgery::ALL.to_vec()).prop_map(|how| What::Forge { how }),
        ]
        .boxed(),
    };
    // Most of what happens happens early; the rest anywhere.
    let at_ms = prop_oneof![3 => 0..last.min(25_000), 1 => 0..last];
    let call = prop_oneof![4 => Just(0_usize), 1 => 1..3_usize];
    (at_ms, person(), call, what)
        .prop_map(|(at_ms, by, call, what)| Deed { at_ms, by, call, what })
        .boxed()
}

/// A time and how long it lasts, over before all is healed.
fn window(longest: u64, heal_at: u64) -> impl Strategy<Value = (u64, u64)> {
    let at = prop_oneof![3 => 0..heal_at.min(25_000), 1 => 0..heal_at];
    (at, 100..longest).prop_map(move |(at, lasts)| (at, lasts.min(heal_at - at)))
}

fn fault(kind: &'static str, heal_at: u64) -> BoxedStrategy<Fault> {
    let on = || select(vec![Between::BotToGraph, Between::GraphToBot, Between::BotAndGraph]);
    let counts = || (1..=4_u64, prop_oneof![3 => Just(1_u64), 1 => 2..=6_u64]);
    match kind {
        "link" => (window(20_000, heal_at), on(), bad_link())
            .prop_map(|((at_ms, for_ms), on, config)| {
                Fault::Link(LinkFault { at_ms, for_ms, on, config })
            })
            .boxed(),
        "outage" => (window(20_000, heal_at), on())
            .prop_map(|((at_ms, for_ms), on)| Fault::Outage(Outage { at_ms, for_ms, on }))
            .boxed(),
        "crash" => window(10_000, heal_at)
            .prop_map(|(at_ms, for_ms)| Fault::Crash(Crash { at_ms, for_ms }))
            .boxed(),
        "clock" => (window(30_000, heal_at), -240_000..240_000_i64, -500..500_i64)
            .prop_map(|((at_ms, for_ms), offset, drift)| {
                let (offset_ms, drift_ppm) = (offset as f64, drift as f64);
                Fault::Clock(WrongClock { at_ms, for_ms, of: End::Bot, offset_ms, drift_ppm })
            })
            .boxed(),
        "graph" => (select(OPS.to_vec()), counts(), request_fault())
            .prop_map(|(op, (nth, times), (reply, delay_ms, lose_reply))| {
                let op = op.to_owned();
                Fault::Graph(GraphFault { op, nth, times, reply, delay_ms, lose_reply })
            })
            .boxed(),
        "token" => (counts(), reply())
            .prop_map(|((nth, times), reply)| Fault::Token(TokenFault { nth, times, reply }))
            .boxed(),
        "keys" => (counts(), reply())
            .prop_map(|((nth, times), reply)| Fault::Keys(TokenFault { nth, times, reply }))
            .boxed(),
        "notification" => notification(),
        "roster" => {
            let what = vec![
                RosterTrouble::Loss,
                RosterTrouble::Gap,
                RosterTrouble::Repeat,
                RosterTrouble::Late,
            ];
            (select(what), counts())
                .prop_map(|(what, (nth, times))| {
                    Fault::Roster(RosterFault { what, call_id: None, nth, times })
                })
                .boxed()
        }
        "prompt" => (counts(), select(vec![PromptTrouble::Download, PromptTrouble::Format]))
            .prop_map(|((nth, times), error)| {
                Fault::Prompt(PromptFault { uri: None, nth, times, error })
            })
            .boxed(),
        _ => (0..heal_at, select(ROLES.to_vec()), any::<bool>())
            .prop_map(|(at_ms, role, grant)| {
                Fault::Permission(PermissionFault { at_ms, role: role.to_owned(), grant })
            })
            .boxed(),
    }
}

fn bad_link() -> impl Strategy<Value = LinkConfig> {
    prop_oneof![
        select(Preset::ALL.to_vec()).prop_map(LinkConfig::from),
        (50..2_000_u32).prop_map(|ms| LinkConfig { delay_ms: f64::from(ms), ..calm() }),
        Just(LinkConfig { stall: true, ..calm() }),
    ]
}

fn reply() -> impl Strategy<Value = FaultReply> {
    let status = select(vec![429_u16, 500, 503, 504]);
    (status, option::of(0..5_u32))
        .prop_map(|(status, retry_after_seconds)| FaultReply { status, retry_after_seconds })
}

fn request_fault() -> impl Strategy<Value = (Option<FaultReply>, Option<u64>, bool)> {
    prop_oneof![
        3 => reply().prop_map(|reply| (Some(reply), None, false)),
        1 => (100..15_000_u64).prop_map(|ms| (None, Some(ms), false)),
        2 => Just((None, None, true)),
    ]
}

fn notification() -> BoxedStrategy<Fault> {
    let of = select(vec![
        KindName::Any,
        KindName::Incoming,
        KindName::Call,
        KindName::Tone,
        KindName::Operation,
        KindName::Ended,
    ]);
    let times = prop_oneof![3 => Just(1_u64), 1 => 2..=4_u64];
    let what = prop_oneof![
        Just((true, None, None, None)),
        (1..=3_u32).prop_map(|n| (false, Some(n), None, None)),
        (100..8_000_u64).prop_map(|ms| (false, None, Some(ms), None)),
        (1..=3_u32).prop_map(|n| (false, None, None, Some(n))),
    ];
    (of, 1..=5_u64, times, what)
        .prop_map(|(of, nth, times, (lose, repeat, delay_ms, overtaken_by))| {
            Fault::Notification(TamperFault {
                of,
                call_id: None,
                nth,
                times,
                lose,
                repeat,
                delay_ms,
                overtaken_by,
            })
        })
        .boxed()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_is_a_plan_and_every_plan_is_good() {
        let mut kinds = BTreeSet::new();
        for seed in 0..500 {
            let plan = plan_of(seed);
            assert_eq!(plan, plan_of(seed));
            assert_eq!(Plan::read("drawn", &plan.to_json()), Ok(plan.clone()));
            kinds.extend(plan.faults.iter().map(Fault::kind));
        }
        let all = FAULT_KINDS.len() + 1;
        assert_eq!(kinds.len(), all, "all kinds are drawn, and lost media: {kinds:?}");
        assert_ne!(plan_of(1), Plan { seed: 1, ..plan_of(2) });
    }
}

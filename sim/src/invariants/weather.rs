//! What may go wrong, since when and until when: from [`Excuses`] and from what `PUT /faults` says on the wire.

use graph_api::Timestamp;
use serde_json::Value;

use super::{events::Control, facts::Excuses, paths::canonical};

/// Spells that are remembered.
const SPELLS_MAX: usize = 2_000;

/// One kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    Lost,
    Delayed,
    Reordered,
    Repeated,
    Graph,
    Token,
    /// The keys by which the bot checks tokens are out of reach.
    Keys,
    Network,
}

/// One entry of a plan while it was in force.
#[derive(Debug)]
struct Spell {
    trouble: Trouble,
    /// Which notifications or which operation; none: any.
    of: Option<String>,
    call: Option<String>,
    status: Option<u64>,
    from: Timestamp,
    until: Option<Timestamp>,
    /// From `PUT /faults`.
    planned: bool,
}

impl Spell {
    /// Whether what began at `since` may have met it.
    fn counts(&self, since: Timestamp) -> bool {
        self.until.is_none_or(|until| since <= until)
    }
}

/// What may have gone wrong.
#[derive(Debug)]
pub(super) struct Weather(Vec<Spell>);

impl Weather {
    pub fn new(plan: &Excuses) -> Self {
        let flags = [
            (Trouble::Lost, plan.lost),
            (Trouble::Delayed, plan.delayed),
            (Trouble::Reordered, plan.reordered),
            (Trouble::Repeated, plan.repeated),
            (Trouble::Graph, plan.graph),
            (Trouble::Network, plan.network),
        ];
        let spell = |(trouble, _)| Spell {
            trouble,
            of: None,
            call: None,
            status: None,
            from: Timestamp::default(),
            until: None,
            planned: false,
        };
        Self(flags.into_iter().filter(|(_, there)| *there).map(spell).collect())
    }

    /// From now on nothing of the [`Excuses`] goes wrong any more.
    pub fn heal(&mut self, at: Timestamp) {
        for spell in self.0.iter_mut().filter(|spell| !spell.planned) {
            spell.until.get_or_insert(at);
        }
    }

    /// A plan was asked for: it may be in force from now on.
    pub fn planned(&mut self, put: &Control) {
        for fault in put.body.as_array().into_iter().flatten() {
            if let Some(spell) = spell(fault, put.at)
                && self.0.len() < SPELLS_MAX
            {
                self.0.push(spell);
            }
        }
    }

    /// A plan is in force: those before it are not.
    pub fn replaced(&mut self, put: &Control) {
        for spell in self.0.iter_mut().filter(|spell| spell.planned) {
            if spell.from < put.asked_at {
                spell.until.get_or_insert(put.at);
            }
        }
    }

    /// Whether what began at `since` may have met this trouble. `of`: a kind of notifications.
    pub fn may(&self, trouble: Trouble, of: &str, call: &str, since: Timestamp) -> bool {
        self.0.iter().any(|spell| {
            spell.trouble == trouble
                && spell.of.as_deref().is_none_or(|kind| kind == of)
                && spell.call.as_deref().is_none_or(|id| id == call)
                && spell.counts(since)
        })
    }

    /// Whether Graph may have answered so to a request of this time.
    pub fn explains(&self, op: &str, status: u16, since: Timestamp) -> bool {
        self.0.iter().any(|spell| {
            spell.trouble == Trouble::Graph
                && spell.of.as_deref().is_none_or(|name| same_op(name, op))
                && spell.status.is_none_or(|wanted| wanted == u64::from(status))
                && spell.counts(since)
        })
    }

    /// Whether replies of Graph may have been late since then.
    pub fn holds_replies(&self, since: Timestamp) -> bool {
        self.0.iter().any(|spell| {
            spell.trouble == Trouble::Graph && spell.status == Some(0) && spell.counts(since)
        })
    }

    /// Whether anything may have kept the bot from asking Graph since then, whatever Graph would have said.
    pub fn keeps_from_asking(&self, since: Timestamp) -> bool {
        self.any(&[Trouble::Token, Trouble::Network], since)
    }

    /// Whether anything at all may have kept the bot from Graph since then.
    pub fn bars_the_bot(&self, since: Timestamp) -> bool {
        self.keeps_from_asking(since) || self.any(&[Trouble::Graph], since)
    }

    fn any(&self, troubles: &[Trouble], since: Timestamp) -> bool {
        self.0.iter().any(|spell| troubles.contains(&spell.trouble) && spell.counts(since))
    }
}

/// A fault plan has finer names than the table of this judge.
fn same_op(planned: &str, op: &str) -> bool {
    planned == op
        || op == "other"
        || (op == "audioRoutingGroups" && planned.starts_with("audioRoutingGroup"))
        || (op == "contentSharingSessions" && planned.starts_with("contentSharingSession"))
        || (op == "getOperation" && planned == "listOperations")
}

fn spell(fault: &Value, from: Timestamp) -> Option<Spell> {
    let (kind, fault) = fault.as_object()?.iter().next()?;
    let text = |name: &str| fault[name].as_str().map(str::to_owned);
    let (trouble, of) = match kind.as_str() {
        "graph" if fault["op"] == "token" => (Trouble::Token, None),
        "graph" => (Trouble::Graph, text("op")),
        "token" => (Trouble::Token, None),
        "keys" => (Trouble::Keys, None),
        "notification" => {
            let trouble = match fault {
                _ if fault["lose"] == true => Trouble::Lost,
                _ if fault["repeat"].is_u64() => Trouble::Repeated,
                _ if fault["delayMs"].is_u64() => Trouble::Delayed,
                _ => Trouble::Reordered,
            };
            (trouble, text("of").filter(|of| of != "any"))
        }
        "roster" => {
            let trouble = match fault["what"].as_str()? {
                "loss" | "gap" => Trouble::Lost,
                "repeat" => Trouble::Repeated,
                _ => Trouble::Reordered,
            };
            (trouble, Some("roster".to_owned()))
        }
        _ => return None,
    };
    Some(Spell {
        trouble,
        // Whoever is overtaken, both are out of order.
        of: of.filter(|_| trouble != Trouble::Reordered),
        call: text("callId").map(|id| canonical(&id)),
        // A reply that is late or lost explains no status.
        status: fault["reply"]["status"].as_u64().or(Some(0)),
        from,
        until: None,
        planned: true,
    })
}

//! From faults to what changes in the world, and when.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    Crash, Fault, LinkFault, Outage, PermissionFault, Plan, WrongClock,
    fault::{Between, End},
};
use crate::{
    control::Change,
    link::LinkConfig,
    rehearsal::{BOT_HOST, GRAPH_HOST},
    world::EPOCH,
};

impl End {
    /// Its name in the world.
    pub const fn host(self) -> &'static str {
        match self {
            Self::Bot => BOT_HOST,
            Self::Graph => GRAPH_HOST,
        }
    }
}

/// Half the way around a continent, in milliseconds: what a path is like that nothing is wrong with. Longer than the
/// shortest that a plan may ask for, because the step of a world is as long as its shortest link.
const CALM_MS: f64 = 50.0;

/// A link that nothing is wrong with.
pub fn calm() -> LinkConfig {
    LinkConfig { delay_ms: CALM_MS, ..LinkConfig::default() }
}

impl Plan {
    /// What the links between bot and platform are like while nothing is wrong.
    pub fn base_link(&self) -> LinkConfig {
        self.links.map_or_else(calm, LinkConfig::from)
    }

    /// What changes in the world by itself, in milliseconds since the beginning, in order. Where several faults
    /// strike one link the one that began last counts, and what ends uncovers what goes on.
    pub fn changes(&self) -> Vec<(u64, Change)> {
        let mut changes = Vec::new();
        for direction in Between::BotAndGraph.directions() {
            self.link_changes(direction, &mut changes);
        }
        for fault in &self.faults {
            match fault {
                Fault::Crash(Crash { at_ms, for_ms }) => {
                    let host = || BOT_HOST.to_owned();
                    changes.push((*at_ms, Change::Crash { host: host() }));
                    changes.push((at_ms + for_ms, Change::Restart { host: host() }));
                }
                Fault::Clock(WrongClock { at_ms, for_ms, of, offset_ms, drift_ppm }) => {
                    let clock = |offset_ms, drift_ppm| Change::Clock {
                        host: of.host().to_owned(),
                        offset_ms,
                        drift_ppm,
                    };
                    changes.push((*at_ms, clock(*offset_ms, *drift_ppm)));
                    changes.push((at_ms + for_ms, clock(0.0, 0.0)));
                }
                Fault::Link(_)
                | Fault::Outage(_)
                | Fault::MediaOutage(_)
                | Fault::Graph(_)
                | Fault::Token(_)
                | Fault::Keys(_)
                | Fault::Notification(_)
                | Fault::Roster(_)
                | Fault::Prompt(_)
                | Fault::Permission(_) => {}
            }
        }
        changes.sort_by_key(|(at, _)| *at);
        changes
    }

    /// What becomes of one direction: at each moment at which that changes, what the fault does that began last of those
    /// that are on, or nothing.
    fn struck<T: Clone>(
        &self,
        direction: (End, End),
        does: impl Fn(&Fault) -> Option<(u64, u64, Between, T)>,
    ) -> Vec<(u64, Option<T>)> {
        let all: Vec<(u64, u64, T)> = self
            .faults
            .iter()
            .filter_map(does)
            .filter(|(_, _, on, _)| on.directions().any(|one| one == direction))
            .map(|(at, lasts, _, what)| (at, at + lasts, what))
            .collect();
        let moments: BTreeSet<u64> = all.iter().flat_map(|(at, end, _)| [*at, *end]).collect();
        let at = |moment: u64| {
            let on = all.iter().filter(|(at, end, _)| *at <= moment && moment < *end);
            on.max_by_key(|(at, ..)| *at).map(|(.., what)| what.clone())
        };
        moments.into_iter().map(|moment| (moment, at(moment))).collect()
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "others strike no link")]
    fn link_changes(&self, direction: (End, End), changes: &mut Vec<(u64, Change)>) {
        let base = self.base_link();
        let links = self.struck(direction, |fault| match fault {
            Fault::Link(LinkFault { at_ms, for_ms, on, config }) => {
                Some((*at_ms, *for_ms, *on, config.clone()))
            }
            Fault::Outage(Outage { at_ms, for_ms, on }) => {
                Some((*at_ms, *for_ms, *on, LinkConfig { up: false, ..base.clone() }))
            }
            _ => None,
        });
        let datagrams = self.struck(direction, |fault| match fault {
            Fault::MediaOutage(Outage { at_ms, for_ms, on }) => Some((*at_ms, *for_ms, *on, ())),
            _ => None,
        });
        let ends = || (direction.0.host().to_owned(), direction.1.host().to_owned());
        changes.extend(links.into_iter().map(|(moment, config)| {
            let (from, to) = ends();
            let change = match config {
                Some(config) => Change::Link { from, to, config },
                None => Change::Restore { from, to },
            };
            (moment, change)
        }));
        changes.extend(datagrams.into_iter().map(|(moment, lost)| {
            let (from, to) = ends();
            (moment, Change::Datagrams { from, to, pass: lost.is_none() })
        }));
    }

    /// What the fake carries out: the body of `PUT /faults`.
    pub fn control_faults(&self, app: &str) -> Value {
        let of_graph = self.faults.iter().filter_map(|fault| match fault {
            Fault::Permission(PermissionFault { at_ms, role, grant }) => {
                let at_ms = EPOCH.as_millis() + at_ms;
                Some(json!({"permission": {
                    "app": app, "role": role, "grant": grant, "atMs": at_ms,
                }}))
            }
            Fault::Graph(_)
            | Fault::Token(_)
            | Fault::Keys(_)
            | Fault::Notification(_)
            | Fault::Roster(_)
            | Fault::Prompt(_) => Some(serde_json::to_value(fault).expect("faults are JSON")),
            Fault::Link(_)
            | Fault::Outage(_)
            | Fault::MediaOutage(_)
            | Fault::Crash(_)
            | Fault::Clock(_) => None,
        });
        of_graph.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::wildcard_enum_match_arm, reason = "links only")]
    fn what_ends_uncovers_what_goes_on() {
        let outage = |at_ms, for_ms, on| Fault::Outage(Outage { at_ms, for_ms, on });
        let slow = LinkConfig { delay_ms: 300.0, ..LinkConfig::default() };
        let on = Between::BotToGraph;
        let faults = vec![
            Fault::Link(LinkFault { at_ms: 100, for_ms: 900, on, config: slow }),
            outage(200, 300, Between::BotAndGraph),
        ];
        let plan = Plan { faults, heal_at_ms: 2_000, ..Plan::quiet(1) };
        let told: Vec<(u64, String)> = plan
            .changes()
            .into_iter()
            .map(|(at, change)| match change {
                Change::Link { from, config, .. } => {
                    (at, format!("{from} {} {}", config.delay_ms, config.up))
                }
                Change::Restore { from, .. } => (at, format!("{from} as before")),
                _ => unreachable!("links only"),
            })
            .collect();
        let (bot, graph) = (BOT_HOST, GRAPH_HOST);
        let wanted = [
            (100, format!("{bot} 300 true")),
            (200, format!("{bot} 50 false")),
            (200, format!("{graph} 50 false")),
            (500, format!("{bot} 300 true")),
            (500, format!("{graph} as before")),
            (1_000, format!("{bot} as before")),
        ];
        assert_eq!(told, wanted);
    }
}

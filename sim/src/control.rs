//! Changing a world while it runs: links, hosts and their clocks.

use std::time::Duration;

use graph_api::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    fabric::{Fabric, world_time},
    link::{ConfigError, LinkConfig},
};

/// Something that changes. Hosts are named as in [`crate::World::host`]; the story's host is `people`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Change {
    /// One direction of a link becomes what `config` says.
    Link {
        /// The end that sends.
        from: String,
        /// The end that receives.
        to: String,
        /// What it is like from now on.
        config: LinkConfig,
    },
    /// One direction of a link becomes what it was when the world began.
    Restore {
        /// The end that sends.
        from: String,
        /// The end that receives.
        to: String,
    },
    /// Datagrams pass one direction of a link, or none does any more, whatever becomes of its streams: a firewall that
    /// forgets, or a media port that nobody can reach.
    Datagrams {
        /// The end that sends.
        from: String,
        /// The end that receives.
        to: String,
        /// Whether they pass from now on.
        pass: bool,
    },
    /// A host's program is gone; its connections are reset, datagrams on the way to it are lost. To a host
    /// that is down, connecting takes until it times out. What follows is the same in every run only where the world
    /// has links: without, nobody but the runtime says in which order its streams end.
    Crash {
        /// Whose.
        host: String,
    },
    /// A host's program starts again, from the beginning; one that runs is crashed first.
    Restart {
        /// Whose.
        host: String,
    },
    /// A host's clock is wrong from now on.
    Clock {
        /// Whose.
        host: String,
        /// How much more it shows than the true time, in milliseconds; less, if negative.
        offset_ms: f64,
        /// How much faster it is than true time, in parts per million; slower, if negative.
        drift_ppm: f64,
    },
    /// A host's clock jumps, and goes on as fast as before.
    StepClock {
        /// Whose.
        host: String,
        /// How far, in milliseconds; back, if negative.
        by_ms: f64,
    },
}

impl Change {
    /// Whether it is one of a link: a world without links has none to change.
    pub(crate) const fn is_of_link(&self) -> bool {
        matches!(self, Self::Link { .. } | Self::Restore { .. } | Self::Datagrams { .. })
    }
}

/// Why a change is not made.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ControlError {
    /// There is no such host.
    #[error("there is no host {0:?}")]
    NoSuchHost(String),
    /// The host of the story has one life.
    #[error("{0:?} cannot be crashed or restarted")]
    NotRestartable(String),
    /// The configuration is not valid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A packet would arrive within the step in which it is sent.
    #[error("delayMs: {delay_ms} ms is less than the world's step of {step:?}")]
    DelayBelowStep {
        /// The delay, in milliseconds.
        delay_ms: f64,
        /// The step.
        step: Duration,
    },
    /// A clock's error is not a number, or it would stand still.
    #[error("an offset must be a number, a drift from -500000 to 500000 ppm")]
    Clock,
    /// This world has no links to change.
    #[error("the world was made without links: give it some, World::links or World::link")]
    NoLinks,
}

/// Changes a running world. Cheap to clone.
///
/// What is asked for happens with the next step at the earliest, so that the order in which hosts are run in a
/// step cannot matter. A change of a link, or of its datagrams, happens at exactly its time; of a host or its clock, with the first
/// step that does not begin before it.
#[derive(Clone)]
pub struct Control {
    fabric: Fabric,
    /// Whether streams go through the links.
    shaped: bool,
}

impl Control {
    pub(crate) const fn new(fabric: Fabric, shaped: bool) -> Self {
        Self { fabric, shaped }
    }

    /// Makes a change at a true time of the world (see [`crate::EPOCH`]).
    ///
    /// # Errors
    /// The change is not possible in this world.
    pub fn at(&self, when: Timestamp, change: Change) -> Result<(), ControlError> {
        if !self.shaped && change.is_of_link() {
            return Err(ControlError::NoLinks);
        }
        self.fabric.state().schedule(when, change)
    }

    /// Makes a change with the next step.
    ///
    /// # Errors
    /// As [`Control::at`].
    pub fn now(&self, change: Change) -> Result<(), ControlError> {
        self.at(world_time(0), change)
    }

    /// Makes one direction of a link `config` with the next step.
    ///
    /// # Errors
    /// As [`Control::at`].
    pub fn set(&self, from: &str, to: &str, config: LinkConfig) -> Result<(), ControlError> {
        self.now(Change::Link { from: from.to_owned(), to: to.to_owned(), config })
    }

    /// Makes one direction of a link what it was in the beginning, with the next step.
    ///
    /// # Errors
    /// As [`Control::at`].
    pub fn restore(&self, from: &str, to: &str) -> Result<(), ControlError> {
        self.now(Change::Restore { from: from.to_owned(), to: to.to_owned() })
    }

    /// How often a host has been crashed so far; nothing if there is none of that name.
    pub fn incarnation(&self, host: &str) -> Option<u32> {
        self.fabric.state().incarnation(host)
    }

    /// The true time at which the present step began.
    pub fn step_began(&self) -> Timestamp {
        world_time(self.fabric.state().began())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_data() {
        let link = Change::Link {
            from: "a".to_owned(),
            to: "b".to_owned(),
            config: LinkConfig { up: false, ..LinkConfig::default() },
        };
        let text = r#"{"link": {"from": "a", "to": "b", "config": {"up": false}}}"#;
        assert_eq!(serde_json::from_str::<Change>(text).unwrap(), link);
        let clock = Change::Clock { host: "a".to_owned(), offset_ms: -1.5, drift_ppm: 200.0 };
        let text = serde_json::to_string(&clock).unwrap();
        assert_eq!(text, r#"{"clock":{"host":"a","offsetMs":-1.5,"driftPpm":200.0}}"#);
        assert_eq!(serde_json::from_str::<Change>(&text).unwrap(), clock);
        let unknown = r#"{"crash": {"host": "a", "for": 5}}"#;
        assert!(serde_json::from_str::<Change>(unknown).is_err());
    }
}

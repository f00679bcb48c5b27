//! What the judge may know beside the wire.

use std::collections::BTreeSet;

use graph_api::Timestamp;

use crate::rehearsal::{BOT_HOST, GRAPH_HOST};

/// What the judge may know beside the wire.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The host of the fake.
    pub graph: String,
    /// The port of Graph and of the identity platform there.
    pub graph_port: u16,
    /// The port of the control API there.
    pub control_port: u16,
    /// The host of the bot.
    pub bot: String,
    /// Where the bot listens.
    pub bot_port: u16,
    /// The bot's app id.
    pub app: String,
    /// Its tenant.
    pub tenant: String,
    /// What the administrator consented to at first.
    pub roles: BTreeSet<String>,
    /// recording and tones need no permission.
    pub lenient_media: bool,
    /// What may go wrong beside what `PUT /faults` says on the wire.
    pub plan: Excuses,
    /// When the bot's program was gone, in order.
    pub restarts: Vec<Restart>,
    /// From when to when the bot could not be expected to reach Graph, or to know what time it is.
    pub storms: Vec<(Timestamp, Timestamp)>,
    /// Whether links that nothing is wrong with deliver every packet.
    pub links_are_calm: bool,
}

/// A crash of the bot's program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restart {
    /// Gone since then.
    pub down: Timestamp,
    /// It begins anew then.
    pub up: Timestamp,
}

/// Which tampering there may be; what is not named here and not on the wire excuses nobody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Excuses {
    /// Notifications may be lost.
    pub lost: bool,
    /// Notifications may be held back.
    pub delayed: bool,
    /// Notifications may overtake each other.
    pub reordered: bool,
    /// Notifications may be sent again without need.
    pub repeated: bool,
    /// Graph may answer with errors instead of hearing.
    pub graph: bool,
    /// Links may break, and hosts stop.
    pub network: bool,
}

impl Facts {
    /// The hosts and ports of a rehearsal, the bot's `app` in `tenant`, and all roles of the calls API.
    pub fn new(app: &str, tenant: &str) -> Self {
        let roles = ["Initiate", "InitiateGroupCall", "JoinGroupCall", "JoinGroupCallAsGuest"];
        let roles = roles.into_iter().chain(["AccessMedia"]);
        Self {
            graph: GRAPH_HOST.to_owned(),
            graph_port: 443,
            control_port: 8_090,
            bot: BOT_HOST.to_owned(),
            bot_port: 443,
            app: app.to_owned(),
            tenant: tenant.to_owned(),
            roles: roles.map(|role| format!("Calls.{role}.All")).collect(),
            lenient_media: false,
            plan: Excuses::default(),
            restarts: Vec::new(),
            storms: Vec::new(),
            links_are_calm: true,
        }
    }
}

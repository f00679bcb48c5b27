//! A plan: everything that happens in one world, as data. Who lives through what ([`Deed`]), and what goes wrong
//! ([`Fault`]). The same plan with the same seed is the same run, to the byte; see docs/plans.md.

mod checks;
mod fault;
mod generate;
mod hosting;
mod reading;
mod timeline;
mod twist;
mod words;

use std::time::Duration;

use bot_reference::Flaw as BotFlaw;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use fault::{Between, Crash, End, Fault, LinkFault, Outage, PermissionFault, WrongClock};
pub use generate::{Swarm, plan_of, plans, swarm_of, tree};
pub use hosting::Media;
pub use reading::PlanError;
pub use timeline::calm;
pub(crate) use words::plural;
pub use words::{meant, plain, shown};

/// The version that is written and read.
pub const VERSION: u32 = 1;
/// Deeds and faults that a plan may hold, each.
pub const ENTRIES_MAX: usize = 200;
/// The highest marker that people say: what is above it are the bot's own, and its answers.
pub const MARKER_MAX: u32 = 0x3f_ffff;
/// The latest time in a plan: a day, in milliseconds.
pub const LATEST_MS: u64 = 24 * 3_600 * 1_000;

/// Everything that happens in one world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    /// The format, [`VERSION`].
    pub v: u32,
    /// Whatever is not written here is drawn from it.
    pub seed: u64,
    /// When all faults are over, in milliseconds since the beginning; then people hang up, and what is still
    /// missing some time later is missing for good.
    pub heal_at_ms: u64,
    /// What the links between bot and platform are like while nothing is wrong; 50 ms each way, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<crate::link::Preset>,
    /// Who handles the media of the bot's calls; the platform, if absent.
    #[serde(default, skip_serializing_if = "Media::is_service_hosted")]
    pub media: Media,
    /// Permissions that the bot has not been granted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
    /// Notifications of a call in one envelope, if more wait.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub batch: usize,
    /// A fault planted in the bot, by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot_flaw: Option<String>,
    /// A fault planted in the platform, by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform_flaw: Option<String>,
    /// What people do, in any order.
    #[serde(default)]
    pub deeds: Vec<Deed>,
    /// What goes wrong.
    #[serde(default)]
    pub faults: Vec<Fault>,
}

const fn one() -> usize {
    1
}

const fn is_one(n: &usize) -> bool {
    *n == 1
}

/// Somebody in the bot's tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Person {
    /// The first.
    Alice,
    /// The second: the bot's colleague.
    Bob,
    /// The third.
    Carol,
}

impl Person {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Alice, Self::Bob, Self::Carol];
}

/// Something that somebody does. What is not possible where the call is is tried all the same, and refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deed {
    /// When, in milliseconds since the beginning.
    pub at_ms: u64,
    /// Who.
    pub by: Person,
    /// In which call: the n-th one that was rung or met, from 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub call: usize,
    /// What.
    #[serde(rename = "do")]
    pub what: What,
}

const fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// What people do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum What {
    /// Rings the bot.
    Ring,
    /// Makes a meeting with somebody and invites the bot.
    Meet {
        /// Who else is there.
        with: Vec<Person>,
    },
    /// Puts the phone down.
    Hangup,
    /// Mutes oneself.
    Mute,
    /// Unmutes oneself.
    Unmute,
    /// Puts the other end on hold.
    Hold,
    /// Takes it off hold.
    Resume,
    /// Presses keys, as Graph names them (`tone1`, `pound`).
    Press {
        /// Which.
        keys: Vec<String>,
    },
    /// Says something.
    Speak {
        /// For how long, in milliseconds.
        ms: u64,
    },
    /// Says a marker, which is told from all others by its number wherever it is heard.
    Say {
        /// Its number, 1 to [`MARKER_MAX`].
        marker: u32,
    },
    /// Brings somebody in: this is what turns a call of two into a multiparty one.
    Invite {
        /// Whom.
        whom: Person,
    },
    /// Throws the bot out.
    RemoveBot,
    /// Mutes the bot.
    MuteBot,
    /// Will react so from now on when called: `answer`, `decline`, `ignore`, `busy`.
    React {
        /// How.
        on_call: String,
    },
    /// The platform sends its last notification of the call once more.
    Repeat,
    /// The platform signs with a new key from now on.
    RotateKeys,
    /// A stranger says that the call is over, or rings in its name, with a token that is no good.
    Forge {
        /// What is wrong with the token.
        how: Forgery,
    },
}

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Forgery {
    /// There is none.
    Missing,
    /// Signed with a key that no metadata shows.
    Signature,
    /// For another application.
    Audience,
    /// Expired an hour ago.
    Expired,
    /// Issued by a stranger.
    Issuer,
    /// Names no tenant.
    Tenant,
}

impl Forgery {
    /// What `POST /callback-tokens` is asked for, for this application; nothing where there is to be no token.
    pub fn wish(self, app: &str) -> Option<Value> {
        let faulty = |name: &str, value: Value| Some(json!({"appId": app, name: value}));
        match self {
            Self::Missing => None,
            Self::Signature => faulty("key", "unknown".into()),
            Self::Audience => faulty("audience", "00000000-0000-4000-8000-00000000dead".into()),
            Self::Expired => faulty("expiresInSeconds", (-3_600).into()),
            Self::Issuer => faulty("issuer", "https://issuer.example".into()),
            Self::Tenant => faulty("omit", json!(["tid"])),
        }
    }

    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Missing, Self::Signature, Self::Audience, Self::Expired, Self::Issuer, Self::Tenant];
}

impl Plan {
    /// Nothing happens, and nothing goes wrong.
    pub fn quiet(seed: u64) -> Self {
        Self {
            v: VERSION,
            seed,
            heal_at_ms: 0,
            links: None,
            media: Media::ServiceHosted,
            withheld: Vec::new(),
            batch: 1,
            bot_flaw: None,
            platform_flaw: None,
            deeds: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// When all faults are over, since the beginning.
    pub fn heals_at(&self) -> Duration {
        Duration::from_millis(self.heal_at_ms)
    }

    /// The bot's planted fault.
    pub fn bot_flaw(&self) -> Option<BotFlaw> {
        let name = self.bot_flaw.as_deref()?;
        BotFlaw::ALL.iter().copied().find(|flaw| flaw.id() == name)
    }

    /// The platform's planted fault.
    pub fn platform_flaw(&self) -> Option<platform::Flaw> {
        let name = self.platform_flaw.as_deref()?;
        platform::Flaw::ALL.into_iter().find(|flaw| format!("{flaw:?}") == name)
    }

    /// As JSON for people.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("plans are JSON");
        text.push('\n');
        text
    }

    /// What a reader should know of it: `3 deeds, 2 faults`.
    pub fn size(&self) -> String {
        format!("{}, {}", plural(self.deeds.len(), "event"), plural(self.faults.len(), "fault"))
    }
}

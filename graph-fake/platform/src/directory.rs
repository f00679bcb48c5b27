//! Who exists: tenants, their applications and their users.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use graph_api::Guid;

use crate::permissions::Grants;

/// Tenants, applications or users that the directory takes at the most, each.
const ENTRIES_MAX: usize = 10_000;

/// A registered bot in one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Shown to people.
    pub display_name: String,
    /// The global webhook for calling; without one the bot cannot be rung.
    pub callback_uri: Option<String>,
    /// What the administrator consented to.
    pub grants: Grants,
    /// Whether the Teams channel has calling switched on.
    pub calling_enabled: bool,
    /// Whether the tenant lets it remove participants.
    pub may_remove_participants: bool,
    /// For which users an application access policy lets it manage online meetings.
    pub access_policy: AccessPolicy,
    /// What it may in single chats where it is installed, by thread id.
    pub chats: BTreeMap<String, ChatGrants>,
    /// Whether its webhook still speaks the older format first.
    pub legacy_first_notification: bool,
}

/// An application access policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AccessPolicy {
    /// For everybody in the tenant.
    #[default]
    Everybody,
    /// For these users.
    Users(BTreeSet<Guid>),
}

/// Resource-specific consent in one chat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChatGrants {
    /// `Calls.JoinGroupCalls.Chat`
    pub join: bool,
    /// `Calls.AccessMedia.Chat`
    pub media: bool,
}

impl Application {
    /// One that may do everything, or nothing: no webhook, no grants.
    pub fn new(display_name: impl Into<String>) -> Self {
        Self {
            display_name: display_name.into(),
            callback_uri: None,
            grants: Grants::new(),
            calling_enabled: true,
            may_remove_participants: false,
            access_policy: AccessPolicy::default(),
            chats: BTreeMap::new(),
            legacy_first_notification: false,
        }
    }
}

/// A resource account: a bot's own telephone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationInstance {
    /// The bot behind it.
    pub app: Guid,
    /// Shown to people.
    pub display_name: String,
    /// E.164; without one it cannot call telephones.
    pub number: Option<String>,
}

/// How a simulated user reacts when rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnCall {
    /// Picks up after a while.
    Answer {
        /// How long that takes.
        after: Duration,
    },
    /// Declines at once.
    Decline,
    /// Lets it ring.
    Ignore,
    /// Is in another call.
    Busy,
    /// Has no client that could ring.
    Offline,
}

/// A simulated Teams user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Shown to people.
    pub display_name: String,
    /// How they react.
    pub on_call: OnCall,
    /// Whether a call can be sent to their voicemail.
    pub voicemail: bool,
    /// The bot that must record this user's calls.
    pub recorded_by: Option<Guid>,
    /// Whether the user is licensed for Cloud Video Interop: then their meetings have a videoTeleconferenceId.
    pub video_interop: bool,
}

impl User {
    /// One who reacts so, with voicemail, licensed for video interop, and without a recording policy.
    pub fn new(display_name: impl Into<String>, on_call: OnCall) -> Self {
        Self {
            display_name: display_name.into(),
            on_call,
            voicemail: true,
            recorded_by: None,
            video_interop: true,
        }
    }
}

/// One organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tenant {
    /// Shown to people.
    pub display_name: Option<String>,
    /// Bots, by app id.
    pub applications: BTreeMap<Guid, Application>,
    /// People, by object id.
    pub users: BTreeMap<Guid, User>,
    /// Resource accounts, by object id.
    pub instances: BTreeMap<Guid, ApplicationInstance>,
    /// Telephones and how whoever holds them reacts, by E.164 number. One that is not listed answers after a
    /// second.
    pub phones: BTreeMap<String, OnCall>,
    /// Whether guests are kept out altogether.
    pub refuses_guests: bool,
    /// Channels that meetings can be held in, by thread id, and their members.
    pub channels: BTreeMap<String, BTreeSet<Guid>>,
}

/// All tenants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    tenants: BTreeMap<Guid, Tenant>,
}

/// What an administrator changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admin {
    /// Makes or renames a tenant.
    PutTenant {
        /// Which.
        tenant: Guid,
        /// Its name.
        display_name: Option<String>,
        /// Whether guests are kept out.
        refuses_guests: bool,
    },
    /// Makes or changes a resource account.
    PutInstance {
        /// Where.
        tenant: Guid,
        /// Which.
        instance: Guid,
        /// All of it.
        entry: ApplicationInstance,
    },
    /// Says how a telephone is answered.
    PutPhone {
        /// Where it is seen from.
        tenant: Guid,
        /// E.164.
        number: String,
        /// How whoever holds it reacts.
        on_call: OnCall,
    },
    /// Says who is in a channel.
    PutChannel {
        /// Where.
        tenant: Guid,
        /// The channel's thread id.
        thread: String,
        /// All of its members.
        members: BTreeSet<Guid>,
    },
    /// Registers a bot, or changes what it was granted while calls run.
    PutApplication {
        /// Where; made if it does not exist.
        tenant: Guid,
        /// Which.
        app: Guid,
        /// All of it.
        application: Application,
    },
    /// Makes or changes a user.
    PutUser {
        /// Where; made if it does not exist.
        tenant: Guid,
        /// Which.
        user: Guid,
        /// All of it.
        entry: User,
    },
}

impl Directory {
    /// Does what the administrator says; false where a limit (10,000 of a kind) is reached.
    pub fn apply(&mut self, admin: Admin) -> bool {
        let id = match &admin {
            Admin::PutTenant { tenant, .. }
            | Admin::PutApplication { tenant, .. }
            | Admin::PutInstance { tenant, .. }
            | Admin::PutPhone { tenant, .. }
            | Admin::PutChannel { tenant, .. }
            | Admin::PutUser { tenant, .. } => *tenant,
        };
        if !self.tenants.contains_key(&id) && self.tenants.len() >= ENTRIES_MAX {
            return false;
        }
        let tenant = self.tenants.entry(id).or_default();
        match admin {
            Admin::PutTenant { display_name, refuses_guests, .. } => {
                tenant.display_name = display_name;
                tenant.refuses_guests = refuses_guests;
            }
            Admin::PutInstance { instance, entry, .. } => {
                return put(&mut tenant.instances, instance, entry);
            }
            Admin::PutPhone { number, on_call, .. } => {
                return put(&mut tenant.phones, number, on_call);
            }
            Admin::PutChannel { thread, members, .. } => {
                return members.len() <= ENTRIES_MAX && put(&mut tenant.channels, thread, members);
            }
            Admin::PutApplication { app, application, .. } => {
                return put(&mut tenant.applications, app, application);
            }
            Admin::PutUser { user, entry, .. } => return put(&mut tenant.users, user, entry),
        }
        true
    }

    /// A tenant.
    pub fn tenant(&self, tenant: Guid) -> Option<&Tenant> {
        self.tenants.get(&tenant)
    }

    /// All tenants, by id.
    pub fn tenants(&self) -> impl Iterator<Item = (Guid, &Tenant)> {
        self.tenants.iter().map(|(id, tenant)| (*id, tenant))
    }

    /// A bot in a tenant.
    pub fn application(&self, tenant: Guid, app: Guid) -> Option<&Application> {
        self.tenant(tenant)?.applications.get(&app)
    }

    /// A user in a tenant.
    pub fn user(&self, tenant: Guid, user: Guid) -> Option<&User> {
        self.tenant(tenant)?.users.get(&user)
    }

    /// A user's principal name: made up from the names of the user and the tenant.
    pub fn principal_name(&self, tenant: Guid, user: Guid) -> String {
        let plain = |name: Option<&str>, none: String| {
            let words = name.unwrap_or_default().split(|c: char| !c.is_ascii_alphanumeric());
            let words: Vec<String> =
                words.filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect();
            if words.is_empty() { none } else { words.join(".") }
        };
        let entry = self.tenant(tenant);
        let domain = entry.and_then(|tenant| tenant.display_name.as_deref());
        let name = self.user(tenant, user).map(|user| user.display_name.as_str());
        let domain = plain(domain, format!("{:032x}", tenant.as_u128()));
        format!("{}@{domain}.example", plain(name, user.to_string()))
    }

    /// A resource account in a tenant.
    pub fn instance(&self, tenant: Guid, instance: Guid) -> Option<&ApplicationInstance> {
        self.tenant(tenant)?.instances.get(&instance)
    }

    /// How a telephone is answered.
    pub fn phone(&self, tenant: Guid, number: &str) -> OnCall {
        let known = self.tenant(tenant).and_then(|tenant| tenant.phones.get(number));
        known.copied().unwrap_or(OnCall::Answer { after: Duration::from_secs(1) })
    }

    /// The first tenant that has this user.
    pub fn tenant_of_user(&self, user: Guid) -> Option<Guid> {
        self.tenants().find(|(_, tenant)| tenant.users.contains_key(&user)).map(|(id, _)| id)
    }
}

fn put<K: Ord, T>(map: &mut BTreeMap<K, T>, id: K, entry: T) -> bool {
    if !map.contains_key(&id) && map.len() >= ENTRIES_MAX {
        return false;
    }
    map.insert(id, entry);
    true
}

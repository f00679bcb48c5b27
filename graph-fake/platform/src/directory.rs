//! Who exists: tenants, their applications and their users.

use std::{collections::BTreeMap, time::Duration};

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
}

/// A simulated Teams user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Shown to people.
    pub display_name: String,
    /// How they react.
    pub on_call: OnCall,
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
            | Admin::PutUser { tenant, .. } => *tenant,
        };
        if !self.tenants.contains_key(&id) && self.tenants.len() >= ENTRIES_MAX {
            return false;
        }
        let tenant = self.tenants.entry(id).or_default();
        match admin {
            Admin::PutTenant { display_name, .. } => tenant.display_name = display_name,
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

    /// The first tenant that has this user.
    pub fn tenant_of_user(&self, user: Guid) -> Option<Guid> {
        self.tenants().find(|(_, tenant)| tenant.users.contains_key(&user)).map(|(id, _)| id)
    }
}

fn put<T>(map: &mut BTreeMap<Guid, T>, id: Guid, entry: T) -> bool {
    if !map.contains_key(&id) && map.len() >= ENTRIES_MAX {
        return false;
    }
    map.insert(id, entry);
    true
}

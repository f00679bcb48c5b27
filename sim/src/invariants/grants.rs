//! What administrators have consented to, as far as the wire tells it: an app's roles at each moment.

use std::collections::{BTreeSet, VecDeque};

use graph_api::Timestamp;
use std::time::Duration;

use super::{
    bounded::Bounded,
    events::{Control, Token, worked},
    facts::Facts,
    paths::canonical,
};

/// Versions of one app's roles that are remembered.
const VERSIONS_MAX: usize = 64;
/// How late a change that has its time may take effect.
const SLACK: Duration = Duration::from_secs(1);

/// Tenant and app.
type Key = (String, String);

/// One version, and when it may have been in force; both ends belong to it.
#[derive(Debug)]
struct Version {
    roles: BTreeSet<String>,
    from: Timestamp,
    until: Option<Timestamp>,
    /// The request that made it, while it is not answered.
    asked: Option<u64>,
}

/// The roles of all apps.
#[derive(Debug)]
pub(super) struct Grants {
    apps: Bounded<Key, VecDeque<Version>>,
    /// Withdrawals and consents that have their time: `(from, key, role, granted)`.
    timed: VecDeque<(Timestamp, Key, String, bool)>,
}

impl Grants {
    pub fn new(facts: &Facts) -> Self {
        let mut grants = Self { apps: Bounded::default(), timed: VecDeque::new() };
        let roles = facts.roles.clone();
        let first = Version { roles, from: Timestamp::default(), until: None, asked: None };
        let key = (canonical(&facts.tenant), canonical(&facts.app));
        grants.apps.insert(key, VecDeque::from([first]));
        grants
    }

    /// Whether somebody with this token may have had any of these roles between two times. What the wire does
    /// not tell counts as granted.
    pub fn allow(&mut self, token: &Token, any: &[&str], from: Timestamp, to: Timestamp) -> bool {
        let has = |role: &&&str| token.roles.contains(**role);
        let held: Vec<&str> = any.iter().filter(has).copied().collect();
        !held.is_empty() && self.granted(&token.tenant, &token.app, &held, from, to)
    }

    /// Whether any of these roles may have been granted between two times.
    pub fn granted(
        &mut self,
        tenant: &str,
        app: &str,
        any: &[&str],
        from: Timestamp,
        to: Timestamp,
    ) -> bool {
        self.let_pass(to);
        let Some(versions) = self.apps.get(&(tenant.to_owned(), app.to_owned())) else {
            return true;
        };
        versions.iter().any(|version| {
            let then = version.from <= to && version.until.is_none_or(|until| from <= until);
            then && any.iter().any(|role| version.roles.contains(*role))
        })
    }

    /// What has its time happens.
    fn let_pass(&mut self, now: Timestamp) {
        let (due, later) = self.timed.drain(..).partition(|(at, ..)| *at <= now);
        self.timed = later;
        let due: VecDeque<(Timestamp, Key, String, bool)> = due;
        for (at, key, role, granted) in due {
            let Some(versions) = self.apps.get_mut(&key) else { continue };
            let Some(last) = versions.back_mut() else { continue };
            let mut roles = last.roles.clone();
            if granted {
                roles.insert(role)
            } else {
                roles.remove(&role)
            };
            last.until.get_or_insert(at + SLACK);
            push(versions, Version { roles, from: at, until: None, asked: None });
        }
    }

    /// An administrator wants something: it may be so from now on.
    pub fn asked(&mut self, put: &Control) {
        self.let_pass(put.at);
        if put.path.first().is_some_and(|path| path == "faults") {
            self.timed.clear();
            self.plan(put);
        }
        let Some(key) = key(put) else { return };
        let roles = put.body["roles"].as_array().into_iter().flatten();
        let roles = roles.filter_map(|role| role.as_str()).map(str::to_owned).collect();
        let new = Version { roles, from: put.at, until: None, asked: Some(put.seq) };
        push(self.apps.entry(&key, VecDeque::new), new);
    }

    /// It is so, or it was refused.
    pub fn done(&mut self, put: &Control) {
        let Some(versions) = key(put).and_then(|key| self.apps.get_mut(&key)) else { return };
        let Some(at) = versions.iter().position(|v| v.asked == Some(put.asked_seq)) else {
            return;
        };
        // An answer that broke off leaves open which of the two is in force.
        if !worked(put.status) {
            if put.status.is_some() {
                versions.remove(at);
            }
            return;
        }
        versions[at].asked = None;
        for old in versions.iter_mut().take(at) {
            old.until.get_or_insert(put.at);
        }
    }

    fn plan(&mut self, put: &Control) {
        for fault in put.body.as_array().into_iter().flatten() {
            let fault = &fault["permission"];
            let (Some(app), Some(role)) = (fault["app"].as_str(), fault["role"].as_str()) else {
                continue;
            };
            let after = fault["afterMs"].as_u64().map(|ms| put.at + Duration::from_millis(ms));
            let at =
                fault["atMs"].as_u64().map(|ms| Timestamp::default() + Duration::from_millis(ms));
            let at = after.or(at).unwrap_or_default().max(put.at);
            let tenant = fault["tenant"].as_str().map(canonical);
            let keys: Vec<Key> = self.apps.iter().map(|(key, _)| key.clone()).collect();
            for key in keys {
                if key.1 == canonical(app) && tenant.as_ref().is_none_or(|one| *one == key.0) {
                    let granted = fault["grant"] == true;
                    self.timed.push_back((at, key, role.to_owned(), granted));
                }
            }
        }
        self.timed.make_contiguous().sort();
        self.timed.truncate(1_000);
    }
}

fn push(versions: &mut VecDeque<Version>, new: Version) {
    versions.push_back(new);
    if versions.len() > VERSIONS_MAX {
        versions.pop_front();
    }
}

/// Whose roles `PUT /tenants/{tenant}/apps/{app}` is about.
fn key(put: &Control) -> Option<Key> {
    let path: Vec<&str> = put.path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["tenants", tenant, "apps", app] if put.method == "PUT" => {
            Some((canonical(tenant), canonical(app)))
        }
        _ => None,
    }
}

//! The configuration: who exists when the fake starts, and after every reset.

mod directory;
pub(crate) mod reading;

use std::{collections::BTreeSet, fmt, path::Path};

use graph_api::Guid;
use platform::{Options, Permission};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{body, options::OptionsBody};

pub(crate) use directory::AccessPolicyShape;
pub use directory::{
    AccessPolicyBody, AppBody, AppConfig, Everybody, InstanceBody, InstanceConfig, OnCallKind,
    PhoneBody, PhoneConfig, TenantBody, TenantConfig, UserBody, UserConfig, check_number,
};

/// Bytes of a configuration file.
const FILE_MAX: u64 = 4 << 20;

/// Everything that a configuration file may say. TOML or JSON, by extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Config {
    /// Accept `http` callback URIs.
    #[serde(default)]
    pub allow_http_callbacks: bool,
    /// Switches of the platform, by name; what is absent is as shipped.
    #[serde(default)]
    pub options: OptionsBody,
    /// Tenants; without the key, one tenant with one bot and three users.
    #[serde(default = "default_tenants")]
    pub tenants: Vec<TenantConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            allow_http_callbacks: false,
            options: OptionsBody::default(),
            tenants: default_tenants(),
        }
    }
}

/// The tenant that exists when nobody configures one.
pub const TENANT: Guid = Guid::from_u128(0x7e57d004_2b97_4e7a_b45f_5387367791cd);
/// Its bot.
pub const APP: Guid = Guid::from_u128(0x1a2b3c4d_aaaa_4bbb_8ccc_0123456789ab);
/// The bot's secret. Not one: it opens nothing but this fake.
pub const SECRET: &str = "rehearsal-secret";
/// Its users.
pub const USERS: [(&str, Guid); 3] = [
    ("Alice", Guid::from_u128(0x6f0b1c52_9d4e_4b0a_8a51_2f1f6f3a9b10)),
    ("Bob", Guid::from_u128(0xc0ffee00_1111_4222_8333_444455556666)),
    ("Carol", Guid::from_u128(0x550fae72_7a3c_43ec_868c_373732c2704f)),
];

fn default_tenants() -> Vec<TenantConfig> {
    let app = AppBody {
        roles: Permission::ALL.iter().map(|permission| permission.role().to_owned()).collect(),
        access_policy: AccessPolicyBody::All(Everybody::Everybody),
        ..AppBody::named("Menu bot", SECRET)
    };
    let user = |(name, id)| UserConfig { id, user: UserBody::named(name) };
    vec![TenantConfig {
        id: TENANT,
        display_name: Some("Rehearsal".to_owned()),
        refuses_guests: false,
        apps: vec![AppConfig { id: APP, app }],
        users: USERS.map(user).into(),
        instances: Vec::new(),
        phones: Vec::new(),
    }]
}

/// A configuration that cannot be used; says which file, where and why.
#[derive(Debug, Error)]
pub struct ConfigError {
    file: String,
    why: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.why)
    }
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// Names the file, the line and the key.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let bad = |why: String| ConfigError { file: path.display().to_string(), why };
        let size = std::fs::metadata(path).map_err(|e| bad(e.to_string()))?.len();
        if size > FILE_MAX {
            return Err(bad(format!("larger than {FILE_MAX} bytes")));
        }
        let bytes = std::fs::read(path).map_err(|e| bad(e.to_string()))?;
        let text = String::from_utf8(body::unmarked(&bytes).to_vec()).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
            bad(format!("line {line}: not UTF-8"))
        })?;
        let ending = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
        let config: Self = match ending.as_deref() {
            Some("json") => reading::json(&text).map_err(bad)?,
            Some("toml") => reading::toml(&text).map_err(bad)?,
            _ => return Err(bad("the name must end in .toml or .json".to_owned())),
        };
        config.check().map_err(|mistake| {
            let line = text.lines().position(|line| line.contains(&mistake.near));
            let at = line.map_or_else(String::new, |line| format!(" at line {}", line + 1));
            bad(format!("{}{at}", mistake.why))
        })?;
        Ok(config)
    }

    fn check(&self) -> Result<(), Mistake> {
        self.options.apply(&mut Options::default()).map_err(|why| {
            let near = why.split(':').next().unwrap_or_default().to_owned();
            Mistake { near, why: format!("options: {why}") }
        })?;
        let allow_http = self.allow_http_callbacks || self.options.http_callbacks == Some(true);
        let mut seen = BTreeSet::new();
        for tenant in &self.tenants {
            if !seen.insert(tenant.id) {
                let near = tenant.id.to_string();
                return Err(Mistake { why: format!("tenants: {near} is there twice"), near });
            }
            tenant.check(allow_http)?;
        }
        Ok(())
    }
}

/// A value that can be read and cannot be used.
struct Mistake {
    why: String,
    /// A text of the line that it is in.
    near: String,
}

/// Nothing may be there twice under one name: the second would silently replace the first.
fn once(of: &str, names: impl Iterator<Item = String>) -> Result<(), Mistake> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name.clone()) {
            return Err(Mistake { why: format!("{of}: {name} is there twice"), near: name });
        }
    }
    Ok(())
}

impl TenantConfig {
    fn check(&self, allow_http: bool) -> Result<(), Mistake> {
        let mistake = |near: &str, why| Mistake { near: near.to_owned(), why };
        once("tenants.apps", self.apps.iter().map(|entry| entry.id.to_string()))?;
        once("tenants.users", self.users.iter().map(|entry| entry.id.to_string()))?;
        once("tenants.instances", self.instances.iter().map(|entry| entry.id.to_string()))?;
        once("tenants.phones", self.phones.iter().map(|entry| entry.number.clone()))?;
        for AppConfig { id, app } in &self.apps {
            if let Some(uri) = &app.callback_uri {
                check_callback(uri, allow_http).map_err(|why| {
                    mistake(uri, format!("tenants.apps: {id}: callbackUri: {why}"))
                })?;
            }
        }
        for InstanceConfig { id, instance } in &self.instances {
            instance.to_instance().map_err(|why| {
                let near = instance.number.as_deref().unwrap_or_default();
                mistake(near, format!("tenants.instances: {id}: {why}"))
            })?;
        }
        for PhoneConfig { number, .. } in &self.phones {
            check_number(number)
                .map_err(|why| mistake(number, format!("tenants.phones: number: {why}")))?;
        }
        Ok(())
    }
}

/// R-069: https, or http on a loopback host where that was opted for (clients.md 4).
pub fn check_callback(uri: &str, allow_http: bool) -> Result<(), String> {
    platform::check_callback_uri(uri, allow_http).map_err(|why| {
        let hint = "; http to this machine passes with the flag --allow-http-callbacks, with \
                    allowHttpCallbacks in the configuration, or after PUT /options \
                    {\"httpCallbacks\": true}";
        format!("'{uri}' {why}{}", if allow_http { "" } else { hint })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Result<Config, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        Config::read(&path).map_err(|e| e.to_string())
    }

    #[test]
    fn the_default_survives_both_syntaxes() {
        let config = Config::default();
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(read("c.json", &json), Ok(config.clone()));
        assert_eq!(read("c.json", &format!("\u{feff}{json}")), Ok(config.clone()));
        assert_eq!(read("c.toml", &toml::to_string(&config).unwrap()), Ok(config));
    }

    #[test]
    fn everything_that_can_exist_is_read() {
        let text = r##"
            [options]
            ringMs = 30000
            pstn = false
            [[tenants]]
            id = "7e57d004-2b97-4e7a-b45f-5387367791cd"
            refusesGuests = true
            [[tenants.apps]]
            id = "1a2b3c4d-aaaa-4bbb-8ccc-0123456789ab"
            displayName = "Bot"
            secret = "s"
            mayRemoveParticipants = true
            accessPolicy = ["6f0b1c52-9d4e-4b0a-8a51-2f1f6f3a9b10"]
            legacyFirstNotification = true
            chats = {"19:x@thread.v2" = ["Calls.JoinGroupCalls.Chat"]}
            [[tenants.users]]
            id = "6f0b1c52-9d4e-4b0a-8a51-2f1f6f3a9b10"
            displayName = "Alice"
            onCall = "offline"
            voicemail = false
            recordedBy = "1a2b3c4d-aaaa-4bbb-8ccc-0123456789ab"
            [[tenants.instances]]
            id = "5f5e5d5c-0000-4000-8000-00000000beef"
            app = "1a2b3c4d-aaaa-4bbb-8ccc-0123456789ab"
            displayName = "Front desk"
            number = "+12065550100"
            [[tenants.phones]]
            number = "+442079460123"
            onCall = "answer"
            answerAfterMs = 2000
        "##;
        let config = read("c.toml", text).unwrap();
        let mut options = Options::default();
        config.options.apply(&mut options).unwrap();
        assert_eq!((options.ring.as_secs(), options.pstn), (30, false));
        let tenant = &config.tenants[0];
        let mut directory = platform::Directory::default();
        for admin in tenant.admins() {
            assert!(directory.apply(admin));
        }
        let read = directory.tenant(TENANT).unwrap();
        let user = &read.users[&USERS[0].1];
        assert_eq!((user.on_call, user.voicemail), (platform::OnCall::Offline, false));
        assert_eq!(user.recorded_by, Some(APP));
        let instance = read.instances.values().next().unwrap();
        assert_eq!((instance.app, instance.number.as_deref()), (APP, Some("+12065550100")));
        let after = std::time::Duration::from_secs(2);
        assert_eq!(read.phones["+442079460123"], platform::OnCall::Answer { after });
        assert!(read.refuses_guests);
        let app = tenant.apps[0].app.to_application();
        assert!(app.may_remove_participants && app.legacy_first_notification);
        assert!(app.chats["19:x@thread.v2"].join && !app.chats["19:x@thread.v2"].media);
        let users = std::iter::once(USERS[0].1).collect();
        assert_eq!(app.access_policy, platform::AccessPolicy::Users(users));
        assert_eq!(self::read("d.toml", &toml::to_string(&config).unwrap()), Ok(config));
    }

    #[test]
    fn mistakes_are_named() {
        let unknown = read("c.toml", "[[tenants]]\nid = \"x\"\n").unwrap_err();
        assert!(unknown.contains("c.toml") && unknown.contains("GUID"), "{unknown}");
        let unknown = read("c.json", "{\"tenant\": []}").unwrap_err();
        assert!(unknown.contains("`tenant`") && unknown.contains("line 1"), "{unknown}");
        let app = "[[tenants]]\nid = \"7e57d004-2b97-4e7a-b45f-5387367791cd\"\n\
                   [[tenants.apps]]\nid = \"1a2b3c4d-aaaa-4bbb-8ccc-0123456789ab\"\n\
                   displayName = \"x\"\nsecret = \"y\"\ncallbackURI = \"z\"\n";
        let misspelt = read("c.toml", app).unwrap_err();
        assert!(misspelt.contains("callbackURI") && misspelt.contains("line 7"), "{misspelt}");
        assert!(read("c.yaml", "").unwrap_err().contains(".toml or .json"));
        assert!(Config::read(Path::new("/nowhere/c.toml")).is_err());
    }
}

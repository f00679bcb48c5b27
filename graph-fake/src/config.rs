//! The configuration: who exists when the fake starts, and after every reset.

use std::{collections::BTreeSet, fmt, path::Path, time::Duration};

use graph_api::Guid;
use platform::{AccessPolicy, Admin, Application, OnCall, Permission, User};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error as _},
};
use thiserror::Error;
use utoipa::ToSchema;

/// Bytes of a configuration file.
const FILE_MAX: u64 = 4 << 20;

/// Everything that a configuration file may say. TOML or JSON, by extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Config {
    /// Tenants; without the key, one tenant with one bot and three users.
    #[serde(default = "default_tenants")]
    pub tenants: Vec<TenantConfig>,
    /// Accept `http` callback URIs.
    #[serde(default)]
    pub allow_http_callbacks: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { tenants: default_tenants(), allow_http_callbacks: false }
    }
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TenantConfig {
    /// Its id.
    pub id: Guid,
    /// Its name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Its bots.
    #[serde(default)]
    pub apps: Vec<AppConfig>,
    /// Its users.
    #[serde(default)]
    pub users: Vec<UserConfig>,
}

/// A bot and its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppConfig {
    /// Its app id.
    pub id: Guid,
    /// The rest.
    #[serde(flatten)]
    pub app: AppBody,
}

/// A bot, as `PUT /tenants/{tenantId}/apps/{appId}` takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AppBody {
    /// Its name.
    pub display_name: String,
    /// Its client secret.
    pub secret: String,
    /// The webhook for calling.
    #[serde(default)]
    pub callback_uri: Option<String>,
    /// Roles that the administrator consented to; unknown ones are kept in tokens and grant nothing.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Whether calling is switched on.
    #[serde(default = "yes")]
    pub calling_enabled: bool,
    /// Whether its webhook is told of incoming calls in the older format first.
    #[serde(default)]
    pub legacy_first_notification: bool,
    /// Users for whom an application access policy lets it manage online meetings; everybody if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub access_policy_users: Option<BTreeSet<Guid>>,
}

/// A user and their id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserConfig {
    /// Their object id.
    pub id: Guid,
    /// The rest.
    #[serde(flatten)]
    pub user: UserBody,
}

/// A user, as `PUT /tenants/{tenantId}/users/{userId}` takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct UserBody {
    /// Their name.
    pub display_name: String,
    /// How they react when rung.
    #[serde(default)]
    pub on_call: OnCallKind,
    /// How long picking up takes.
    #[serde(default)]
    pub answer_after_ms: Option<u32>,
    /// Whether they are licensed for Cloud Video Interop.
    #[serde(default = "yes")]
    pub video_interop: bool,
}

/// Reads an entry with an `id` beside the members of its body. `flatten` would do, but lets misspelt
/// members through.
fn with_id<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<(Guid, T), D::Error> {
    let mut members = serde_json::Map::<String, serde_json::Value>::deserialize(from)?;
    let id = members.remove("id").ok_or_else(|| D::Error::missing_field("id"))?;
    let id =
        serde_json::from_value(id).map_err(|error| D::Error::custom(format!("id: {error}")))?;
    let body = serde_json::from_value(members.into()).map_err(D::Error::custom)?;
    Ok((id, body))
}

impl<'de> Deserialize<'de> for AppConfig {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        with_id(from).map(|(id, app)| Self { id, app })
    }
}

impl<'de> Deserialize<'de> for UserConfig {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        with_id(from).map(|(id, user)| Self { id, user })
    }
}

/// How a user reacts when rung.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum OnCallKind {
    /// Picks up.
    #[default]
    Answer,
    /// Declines.
    Decline,
    /// Lets it ring.
    Ignore,
    /// Is in another call.
    Busy,
}

const fn yes() -> bool {
    true
}

/// How long a user takes to pick up, unless told.
const ANSWER_AFTER_MS: u32 = 500;

impl UserBody {
    /// As the platform takes it.
    pub fn to_user(&self) -> User {
        let after = Duration::from_millis(self.answer_after_ms.unwrap_or(ANSWER_AFTER_MS).into());
        let on_call = match self.on_call {
            OnCallKind::Answer => OnCall::Answer { after },
            OnCallKind::Decline => OnCall::Decline,
            OnCallKind::Ignore => OnCall::Ignore,
            OnCallKind::Busy => OnCall::Busy,
        };
        let user = User::new(self.display_name.clone(), on_call);
        User { video_interop: self.video_interop, ..user }
    }
}

impl AppBody {
    /// As the platform takes it: the secret and unknown roles stay behind.
    pub fn to_application(&self) -> Application {
        let grants: BTreeSet<Permission> =
            self.roles.iter().filter_map(|role| Permission::from_role(role)).collect();
        Application {
            display_name: self.display_name.clone(),
            callback_uri: self.callback_uri.clone(),
            grants,
            calling_enabled: self.calling_enabled,
            legacy_first_notification: self.legacy_first_notification,
            access_policy: match &self.access_policy_users {
                None => AccessPolicy::Everybody,
                Some(users) => AccessPolicy::Users(users.clone()),
            },
            ..Application::new(String::new())
        }
    }
}

impl TenantConfig {
    /// The changes that bring this tenant about, without its applications (they carry secrets).
    pub fn admins(&self) -> Vec<Admin> {
        let tenant = self.id;
        let users = self.users.iter().map(|user| Admin::PutUser {
            tenant,
            user: user.id,
            entry: user.user.to_user(),
        });
        let put = Admin::PutTenant {
            tenant,
            display_name: self.display_name.clone(),
            refuses_guests: false,
        };
        std::iter::once(put).chain(users).collect()
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
        display_name: "Menu bot".to_owned(),
        secret: SECRET.to_owned(),
        callback_uri: None,
        roles: Permission::ALL.iter().map(|permission| permission.role().to_owned()).collect(),
        calling_enabled: true,
        legacy_first_notification: false,
        access_policy_users: None,
    };
    let user = |(name, id): (&str, Guid)| UserConfig {
        id,
        user: UserBody {
            display_name: name.to_owned(),
            on_call: OnCallKind::Answer,
            answer_after_ms: None,
            video_interop: true,
        },
    };
    vec![TenantConfig {
        id: TENANT,
        display_name: Some("Rehearsal".to_owned()),
        apps: vec![AppConfig { id: APP, app }],
        users: USERS.map(user).into(),
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
        let text = std::fs::read_to_string(path).map_err(|e| bad(e.to_string()))?;
        let config: Self = match path.extension().and_then(|e| e.to_str()) {
            Some("json") => serde_json::from_str(&text).map_err(|e| bad(e.to_string()))?,
            Some("toml") => toml::from_str(&text).map_err(|e| bad(e.to_string()))?,
            _ => return Err(bad("the name must end in .toml or .json".to_owned())),
        };
        config.check().map_err(bad)?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        for tenant in &self.tenants {
            if !seen.insert(tenant.id) {
                return Err(format!("tenants: {} is there twice", tenant.id));
            }
            for app in
                tenant.apps.iter().filter_map(|app| Some((app.id, app.app.callback_uri.as_ref()?)))
            {
                check_callback(app.1, self.allow_http_callbacks)
                    .map_err(|why| format!("apps: {}: callbackUri: {why}", app.0))?;
            }
        }
        Ok(())
    }
}

/// https, or http on a loopback host where that was opted for (clients.md 4).
pub fn check_callback(uri: &str, allow_http: bool) -> Result<(), String> {
    let url = url::Url::parse(uri).map_err(|e| format!("'{uri}' is not an absolute URI: {e}"))?;
    match url.scheme() {
        "https" => Ok(()),
        "http" if allow_http && is_loopback(&url) => Ok(()),
        "http" if allow_http => Err(format!("'{uri}': http is allowed on loopback hosts only")),
        _ => Err(format!("'{uri}' must be https (or start with --allow-http-callbacks)")),
    }
}

/// Whether the URL's host is this machine.
pub fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
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
        assert_eq!(read("c.toml", &toml::to_string(&config).unwrap()), Ok(config));
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
        assert!(misspelt.contains("callbackURI") && misspelt.contains("line 3"), "{misspelt}");
        assert!(read("c.yaml", "").unwrap_err().contains(".toml or .json"));
        assert!(Config::read(Path::new("/nowhere/c.toml")).is_err());
    }
}

//! Who exists, as configuration files and the control API write it.

use std::{collections::BTreeMap, time::Duration};

use graph_api::Guid;
use platform::{
    AccessPolicy, Admin, Application, ApplicationInstance, ChatGrants, Grants, OnCall, Permission,
    User, is_e164,
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error as _},
};
use utoipa::ToSchema;

use crate::body;

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TenantConfig {
    /// Its id.
    pub id: Guid,
    /// Its name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Whether guests are kept out altogether.
    #[serde(default)]
    pub refuses_guests: bool,
    /// Its bots.
    #[serde(default)]
    pub apps: Vec<AppConfig>,
    /// Its users.
    #[serde(default)]
    pub users: Vec<UserConfig>,
    /// Its resource accounts.
    #[serde(default)]
    pub instances: Vec<InstanceConfig>,
    /// Telephones, as they are answered when somebody of this tenant calls them.
    #[serde(default)]
    pub phones: Vec<PhoneConfig>,
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

/// A resource account and its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceConfig {
    /// Its object id.
    pub id: Guid,
    /// The rest.
    #[serde(flatten)]
    pub instance: InstanceBody,
}

/// A telephone and its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PhoneConfig {
    /// E.164.
    pub number: String,
    /// The rest.
    #[serde(flatten)]
    pub phone: PhoneBody,
}

/// A tenant, as `PUT /tenants/{tenantId}` takes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TenantBody {
    /// Its name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Whether guests are kept out altogether.
    #[serde(default)]
    pub refuses_guests: bool,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_uri: Option<String>,
    /// Roles that the administrator consented to; unknown ones are kept in tokens and grant nothing.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Whether calling is switched on.
    #[serde(default = "yes")]
    pub calling_enabled: bool,
    /// Whether the tenant lets it remove participants.
    #[serde(default)]
    pub may_remove_participants: bool,
    /// For whom it may manage online meetings: `"everybody"`, or the ids of users; nobody if absent.
    #[serde(default)]
    #[schema(value_type = AccessPolicyShape)]
    pub access_policy: AccessPolicyBody,
    /// Whether its webhook gets the older format first.
    #[serde(default)]
    pub legacy_first_notification: bool,
    /// Roles that hold in one chat, by its thread id: `Calls.JoinGroupCalls.Chat`,
    /// `Calls.AccessMedia.Chat`.
    #[serde(default)]
    pub chats: BTreeMap<String, Vec<String>>,
}

/// An application access policy: everybody, or these users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "\"everybody\" or a list of user ids")]
pub enum AccessPolicyBody {
    /// `"everybody"`.
    All(Everybody),
    /// Ids of users.
    Users(Vec<Guid>),
}

/// The same, as the description of the control API has it.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is only described")]
pub enum AccessPolicyShape {
    /// Everybody.
    All(Everybody),
    /// Ids of users.
    Users(Vec<String>),
}

/// The one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Everybody {
    /// `"everybody"`.
    Everybody,
}

impl Default for AccessPolicyBody {
    /// Nobody: an application needs a policy.
    fn default() -> Self {
        Self::Users(Vec::new())
    }
}

impl AccessPolicyBody {
    /// As it is written.
    pub fn of(policy: &AccessPolicy) -> Self {
        match policy {
            AccessPolicy::Everybody => Self::All(Everybody::Everybody),
            AccessPolicy::Users(users) => Self::Users(users.iter().copied().collect()),
        }
    }
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
    /// How long picking up takes, in milliseconds; half a second if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_after_ms: Option<u32>,
    /// Whether calls can be sent to their voicemail.
    #[serde(default = "yes")]
    pub voicemail: bool,
    /// The app id of the bot that must record their calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub recorded_by: Option<Guid>,
    /// Whether they are licensed for Cloud Video Interop.
    #[serde(default = "yes")]
    pub video_interop: bool,
}

/// A resource account, as `PUT /tenants/{tenantId}/instances/{instanceId}` takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct InstanceBody {
    /// The app id of the bot behind it.
    #[schema(value_type = String)]
    pub app: Guid,
    /// Its name.
    pub display_name: String,
    /// Its E.164 number; without one it cannot call telephones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
}

/// A telephone, as `PUT /tenants/{tenantId}/phones/{number}` takes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PhoneBody {
    /// How whoever holds it reacts when rung.
    #[serde(default)]
    pub on_call: OnCallKind,
    /// How long picking up takes, in milliseconds; half a second if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_after_ms: Option<u32>,
}

/// How somebody reacts when rung.
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
    /// Has nothing that could ring.
    Offline,
}

/// Reads an entry with a key beside the members of its body. `flatten` would do, but lets misspelt members
/// through.
fn with_key<'de, D, K, T>(from: D, key: &'static str) -> Result<(K, T), D::Error>
where
    D: Deserializer<'de>,
    K: DeserializeOwned,
    T: DeserializeOwned,
{
    let mut members = serde_json::Map::<String, serde_json::Value>::deserialize(from)?;
    let id = members.remove(key).ok_or_else(|| D::Error::missing_field(key))?;
    let id =
        serde_json::from_value(id).map_err(|error| D::Error::custom(format!("{key}: {error}")))?;
    let members = serde_json::Value::Object(members);
    let body = body::from_value(members).map_err(|(path, inner)| {
        // The key first: whoever reads the file finds the line by it.
        let unknown = inner.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
        match unknown.filter(|_| path.is_empty()) {
            Some(key) => D::Error::custom(format!("{key}: {inner}")),
            None if path.is_empty() => D::Error::custom(inner),
            None => D::Error::custom(format!("{path}: {inner}")),
        }
    })?;
    Ok((id, body))
}

impl<'de> Deserialize<'de> for AppConfig {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        with_key(from, "id").map(|(id, app)| Self { id, app })
    }
}

impl<'de> Deserialize<'de> for UserConfig {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        with_key(from, "id").map(|(id, user)| Self { id, user })
    }
}

impl<'de> Deserialize<'de> for InstanceConfig {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        with_key(from, "id").map(|(id, instance)| Self { id, instance })
    }
}

impl<'de> Deserialize<'de> for PhoneConfig {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        with_key(from, "number").map(|(number, phone)| Self { number, phone })
    }
}

const fn yes() -> bool {
    true
}

/// How long somebody takes to pick up, unless told.
const ANSWER_AFTER_MS: u32 = 500;

impl OnCallKind {
    /// As the platform takes it.
    pub fn on_call(self, answer_after_ms: Option<u32>) -> OnCall {
        let after = Duration::from_millis(answer_after_ms.unwrap_or(ANSWER_AFTER_MS).into());
        match self {
            Self::Answer => OnCall::Answer { after },
            Self::Decline => OnCall::Decline,
            Self::Ignore => OnCall::Ignore,
            Self::Busy => OnCall::Busy,
            Self::Offline => OnCall::Offline,
        }
    }

    /// As it is written, and the milliseconds until somebody picks up.
    pub fn of(on_call: OnCall) -> (Self, Option<u64>) {
        match on_call {
            OnCall::Answer { after } => {
                (Self::Answer, Some(u64::try_from(after.as_millis()).unwrap_or(u64::MAX)))
            }
            OnCall::Decline => (Self::Decline, None),
            OnCall::Ignore => (Self::Ignore, None),
            OnCall::Busy => (Self::Busy, None),
            OnCall::Offline => (Self::Offline, None),
        }
    }
}

impl UserBody {
    /// One who picks up, with voicemail.
    pub fn named(display_name: &str) -> Self {
        Self {
            display_name: display_name.to_owned(),
            on_call: OnCallKind::Answer,
            answer_after_ms: None,
            voicemail: true,
            recorded_by: None,
            video_interop: true,
        }
    }

    /// As the platform takes it.
    pub fn to_user(&self) -> User {
        let on_call = self.on_call.on_call(self.answer_after_ms);
        User {
            voicemail: self.voicemail,
            recorded_by: self.recorded_by,
            video_interop: self.video_interop,
            ..User::new(self.display_name.clone(), on_call)
        }
    }
}

impl InstanceBody {
    /// As the platform takes it.
    ///
    /// # Errors
    /// In words, for a number that is none.
    pub fn to_instance(&self) -> Result<ApplicationInstance, String> {
        if let Some(number) = &self.number {
            check_number(number).map_err(|why| format!("number: {why}"))?;
        }
        Ok(ApplicationInstance {
            app: self.app,
            display_name: self.display_name.clone(),
            number: self.number.clone(),
        })
    }
}

/// E.164.
pub fn check_number(number: &str) -> Result<(), String> {
    if is_e164(number) {
        return Ok(());
    }
    let shown: String = number.chars().take(40).collect();
    Err(format!("'{shown}' is not an E.164 number, like +442079460123"))
}

impl AppBody {
    /// One with a name and a secret, and as little else as possible.
    pub fn named(display_name: &str, secret: &str) -> Self {
        Self {
            display_name: display_name.to_owned(),
            secret: secret.to_owned(),
            callback_uri: None,
            roles: Vec::new(),
            calling_enabled: true,
            may_remove_participants: false,
            access_policy: AccessPolicyBody::default(),
            legacy_first_notification: false,
            chats: BTreeMap::new(),
        }
    }

    /// As the platform takes it: the secret and unknown roles stay behind.
    pub fn to_application(&self) -> Application {
        let grants: Grants =
            self.roles.iter().filter_map(|role| Permission::from_role(role)).collect();
        let has = |roles: &[String], wanted: &str| roles.iter().any(|role| role == wanted);
        let chats = self.chats.iter().map(|(thread, roles)| {
            let join = has(roles, "Calls.JoinGroupCalls.Chat");
            let media = has(roles, "Calls.AccessMedia.Chat");
            (thread.clone(), ChatGrants { join, media })
        });
        Application {
            display_name: self.display_name.clone(),
            callback_uri: self.callback_uri.clone(),
            grants,
            calling_enabled: self.calling_enabled,
            may_remove_participants: self.may_remove_participants,
            access_policy: match &self.access_policy {
                AccessPolicyBody::All(Everybody::Everybody) => AccessPolicy::Everybody,
                AccessPolicyBody::Users(users) => {
                    AccessPolicy::Users(users.iter().copied().collect())
                }
            },
            chats: chats.collect(),
            legacy_first_notification: self.legacy_first_notification,
        }
    }
}

impl TenantConfig {
    /// The changes that bring this tenant about, without its applications (they carry secrets).
    pub fn admins(&self) -> Vec<Admin> {
        let tenant = self.id;
        let mut admins = vec![Admin::PutTenant {
            tenant,
            display_name: self.display_name.clone(),
            refuses_guests: self.refuses_guests,
        }];
        admins.extend(self.users.iter().map(|user| Admin::PutUser {
            tenant,
            user: user.id,
            entry: user.user.to_user(),
        }));
        admins.extend(self.instances.iter().filter_map(|instance| {
            // A number that is none was refused when the file was read.
            let entry = instance.instance.to_instance().ok()?;
            Some(Admin::PutInstance { tenant, instance: instance.id, entry })
        }));
        admins.extend(self.phones.iter().map(|phone| Admin::PutPhone {
            tenant,
            number: phone.number.clone(),
            on_call: phone.phone.on_call.on_call(phone.phone.answer_after_ms),
        }));
        admins
    }
}

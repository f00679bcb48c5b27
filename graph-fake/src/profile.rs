//! The platform's wire variants as JSON and TOML write them: `profile` of the options (R-364).

use platform::render::Profile;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Other ways of writing the same facts; what is absent stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ProfileBody {
    /// Notifications as in 2019 (R-003).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notifications_2019: Option<bool>,
    /// Entries without `resource` (R-313).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_resource: Option<bool>,
    /// Updates of a call carry its `id` (R-314).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids_in_updates: Option<bool>,
    /// `Running` with a capital (R-009).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capital_status: Option<bool>,
    /// Result codes as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_codes: Option<bool>,
    /// `subcode` in a failed transfer too (R-136).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plain_subcode: Option<bool>,
    /// No leading slash in the URLs of hold music's operations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_slash: Option<bool>,
    /// Types mislabelled as some samples do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mislabelled_types: Option<bool>,
}

impl ProfileBody {
    /// All of it, as it is.
    pub fn of(profile: &Profile) -> Self {
        let Profile {
            notifications_2019,
            without_resource,
            ids_in_updates,
            capital_status,
            text_codes,
            plain_subcode,
            missing_slash,
            mislabelled_types,
        } = *profile;
        Self {
            notifications_2019: Some(notifications_2019),
            without_resource: Some(without_resource),
            ids_in_updates: Some(ids_in_updates),
            capital_status: Some(capital_status),
            text_codes: Some(text_codes),
            plain_subcode: Some(plain_subcode),
            missing_slash: Some(missing_slash),
            mislabelled_types: Some(mislabelled_types),
        }
    }

    /// What is there replaces what is.
    pub fn apply(&self, profile: &mut Profile) {
        let changes = [
            (&mut profile.notifications_2019, self.notifications_2019),
            (&mut profile.without_resource, self.without_resource),
            (&mut profile.ids_in_updates, self.ids_in_updates),
            (&mut profile.capital_status, self.capital_status),
            (&mut profile.text_codes, self.text_codes),
            (&mut profile.plain_subcode, self.plain_subcode),
            (&mut profile.missing_slash, self.missing_slash),
            (&mut profile.mislabelled_types, self.mislabelled_types),
        ];
        for (switch, wanted) in changes {
            *switch = wanted.unwrap_or(*switch);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_changed_and_nothing_else() {
        let mut profile = Profile { text_codes: true, ..Profile::default() };
        let body: ProfileBody = serde_json::from_str(r#"{"capitalStatus": true}"#).unwrap();
        body.apply(&mut profile);
        let wanted = Profile { text_codes: true, capital_status: true, ..Profile::default() };
        assert_eq!(profile, wanted);
        let mut again = Profile::default();
        ProfileBody::of(&wanted).apply(&mut again);
        assert_eq!(again, wanted);
        assert!(serde_json::from_str::<ProfileBody>(r#"{"capitalstatus": true}"#).is_err());
    }
}

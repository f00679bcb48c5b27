//! The platform's switches as JSON and TOML: `PUT /options`, and `options` in a configuration.

use std::time::Duration;

use platform::Options;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::profile::ProfileBody;

/// Longest time that a switch may be set to: thirty days.
const DURATION_MAX_MS: u64 = 30 * 24 * 3_600 * 1_000;

/// How a switch is written, and what it may be.
trait Switch<Written>: Sized {
    fn write(&self) -> Written;
    fn read(written: Written, most: u64) -> Result<Self, String>;
}

impl Switch<bool> for bool {
    fn write(&self) -> bool {
        *self
    }

    fn read(written: bool, _: u64) -> Result<Self, String> {
        Ok(written)
    }
}

impl Switch<u64> for Duration {
    fn write(&self) -> u64 {
        u64::try_from(self.as_millis()).unwrap_or(u64::MAX)
    }

    fn read(written: u64, most: u64) -> Result<Self, String> {
        within(written, 0, most).map(Self::from_millis)
    }
}

impl Switch<u64> for usize {
    fn write(&self) -> u64 {
        u64::try_from(*self).unwrap_or(u64::MAX)
    }

    fn read(written: u64, most: u64) -> Result<Self, String> {
        Self::try_from(within(written, 1, most)?).map_err(|error| error.to_string())
    }
}

impl Switch<u64> for u32 {
    fn write(&self) -> u64 {
        (*self).into()
    }

    fn read(written: u64, most: u64) -> Result<Self, String> {
        Self::try_from(within(written, 0, most)?).map_err(|error| error.to_string())
    }
}

fn within(given: u64, least: u64, most: u64) -> Result<u64, String> {
    if (least..=most).contains(&given) {
        Ok(given)
    } else {
        Err(format!("must be {least} to {most}"))
    }
}

/// Declares the switches: the name on the wire, its type there, the field of [`Options`], the largest value.
macro_rules! switches {
    ($($(#[$meta:meta])* $name:ident: $written:ident = $field:ident, $most:expr;)*) => {
        /// Switches of the platform by name; what is absent stays as it is. Durations are milliseconds.
        /// docs/fidelity.md says what each is for.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields, rename_all = "camelCase")]
        pub struct OptionsBody {
            $($(#[$meta])*
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub $name: Option<$written>,)*
            /// Other ways of writing the same facts (R-364).
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub profile: Option<ProfileBody>,
        }

        impl OptionsBody {
            /// All switches as they are.
            pub fn of(options: &Options) -> Self {
                // No `..`: a switch that is added to the platform has to be added here.
                let Options { $($field,)* profile, flaw: _ } = options;
                let profile = Some(ProfileBody::of(profile));
                Self { $($name: Some(Switch::<$written>::write($field)),)* profile }
            }

            /// Changes what is there; all of it, or nothing.
            ///
            /// # Errors
            /// Names the switch whose value is out of range.
            pub fn apply(&self, options: &mut Options) -> Result<(), String> {
                let mut changed = options.clone();
                $(if let Some(written) = self.$name {
                    changed.$field = Switch::read(written, $most)
                        .map_err(|why| format!("{}: {why}", camel(stringify!($name))))?;
                })*
                if let Some(profile) = &self.profile {
                    profile.apply(&mut changed.profile);
                }
                *options = changed;
                Ok(())
            }
        }
    };
}

switches! {
    /// From the answer to `established` (R-093).
    set_up_ms: u64 = set_up, DURATION_MAX_MS;
    /// From `established` to active audio (R-156).
    audio_start_ms: u64 = audio_start, DURATION_MAX_MS;
    /// How long an incoming call waits for its answer (R-102).
    answer_within_ms: u64 = answer_within, DURATION_MAX_MS;
    /// The same under a recording policy (R-102).
    recorder_answers_within_ms: u64 = recorder_answers_within, DURATION_MAX_MS;
    /// How long acknowledging an incoming call may take (R-103, R-293).
    acknowledge_within_ms: u64 = acknowledge_within, DURATION_MAX_MS;
    /// 8586 and 8587 instead of 8544 (R-104).
    newer_timeout_codes: bool = newer_timeout_codes, 1;
    /// How long calls and invitations ring (R-092, R-224).
    ring_ms: u64 = ring, DURATION_MAX_MS;
    /// Longest gap between keepAlives (R-300).
    keep_alive_ms: u64 = keep_alive, DURATION_MAX_MS;
    /// Every request counts as a keepAlive (R-304).
    requests_keep_alive: bool = requests_keep_alive, 1;
    /// How long nothing may come from an app-hosted bot's media; 0: for ever (R-289).
    media_lost_ms: u64 = media_lost, DURATION_MAX_MS;
    /// That end is 500/1005 instead of 410/301005 (R-289).
    media_lost_is_500: bool = media_lost_is_500, 1;
    /// How long media moves at escalation (R-170).
    retarget_ms: u64 = retarget, DURATION_MAX_MS;
    /// invite on a peer-to-peer call escalates it (R-175).
    invite_escalates: bool = invite_escalates, 1;
    /// JoinGroupCallAsGuest survives escalation (R-180).
    guest_survives_escalation: bool = guest_survives_escalation, 1;
    /// From transfer to `transferAccepted`.
    transfer_accept_ms: u64 = transfer_accept, DURATION_MAX_MS;
    /// A completed blind transfer says 0 instead of 200 (R-135).
    transfer_code_zero: bool = transfer_code_zero, 1;
    /// A redirected call shows `redirecting` (R-128).
    shows_redirecting: bool = shows_redirecting, 1;
    /// How long somebody waits in the lobby (R-306).
    lobby_ms: u64 = lobby, DURATION_MAX_MS;
    /// How long recordings outlive their call (R-249).
    recording_kept_ms: u64 = recording_kept, DURATION_MAX_MS;
    /// Telephones can be called (R-084).
    pstn: bool = pstn, 1;
    /// record and subscribeToTone do without AccessMedia (R-037).
    lenient_media_permission: bool = lenient_media_permission, 1;
    /// In-call verbs notice withdrawn permissions (R-035).
    checks_calls_again: bool = checks_calls_again, 1;
    /// Cancelled prompts end as `completed` (R-242).
    cancelled_prompts_complete: bool = cancelled_prompts_complete, 1;
    /// Unusable prompts end as `completed` (R-233).
    bad_prompts_complete: bool = bad_prompts_complete, 1;
    /// Open operations are ended aloud with their call (R-274).
    ends_operations_aloud: bool = ends_operations_aloud, 1;
    /// subscribeToTone on an app-hosted call is 500 (R-230).
    tone_on_app_hosted_is_500: bool = tone_on_app_hosted_is_500, 1;
    /// Removed participants leave the roster without an update (R-198).
    silent_removal: bool = silent_removal, 1;
    /// muteAll mutes the bot too (R-217).
    mute_all_includes_bot: bool = mute_all_includes_bot, 1;
    /// Bytes of metadata (R-205).
    metadata_max: u64 = metadata_max, 1 << 20;
    /// Holding a peer-to-peer call shows `hold` (R-151).
    shows_hold: bool = shows_hold, 1;
    /// Calls of an application at a time (R-350).
    calls_per_app: u64 = calls_per_app, 100_000;
    /// Calls of an application in thirty days; 0 is no limit (R-350).
    calls_per_month: u64 = calls_per_month, u64::from(u32::MAX);
    /// Requests of an application in a second; 0 is no limit (R-351).
    requests_per_second: u64 = requests_per_second, u64::from(u32::MAX);
    /// `http` callback URIs are accepted (clients.md 4).
    http_callbacks: bool = http_callbacks, 1;
    /// Notifications in one envelope (R-315).
    batch: u64 = batch, 1_000;
}

/// `set_up_ms` as `setUpMs`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut text, word| {
        let mut letters = word.chars();
        text.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        text.push_str(letters.as_str());
        text
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn every_switch_is_shown_and_set() {
        let shown = json!(OptionsBody::of(&Options::default()));
        for (name, value) in shown.as_object().unwrap() {
            let turned = |value: &Value| match value.as_bool() {
                Some(on) => json!(!on),
                None => json!(value.as_u64().unwrap() + 1),
            };
            // The profile is a group of switches; all others are one each.
            let other = match value.as_object() {
                Some(group) => {
                    group.iter().map(|(name, value)| (name.clone(), turned(value))).collect()
                }
                None => turned(value),
            };
            let body: OptionsBody = serde_json::from_value(json!({name: other})).unwrap();
            let mut options = Options::default();
            body.apply(&mut options).unwrap();
            assert_ne!(options, Options::default(), "{name}");
            assert_eq!(json!(OptionsBody::of(&options))[name], other, "{name}");
        }
    }

    #[test]
    fn what_is_out_of_range_changes_nothing_and_is_named() {
        for (name, value) in
            [("batch", 0), ("setUpMs", DURATION_MAX_MS + 1), ("requestsPerSecond", 1 << 32)]
        {
            let body = json!({"pstn": false, name: value});
            let body: OptionsBody = serde_json::from_value(body).unwrap();
            let mut options = Options::default();
            assert!(body.apply(&mut options).unwrap_err().starts_with(name));
            assert_eq!(options, Options::default());
        }
        let unknown = serde_json::from_str::<OptionsBody>(r#"{"setupMs": 1}"#).unwrap_err();
        assert!(unknown.to_string().contains("setupMs"));
    }
}

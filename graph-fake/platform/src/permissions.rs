//! What each verb needs; one table.

use std::fmt;

/// An application permission of the calls API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// Call one user, transfer, redirect.
    Initiate,
    /// Call several users, invite.
    InitiateGroupCall,
    /// Join group calls and meetings.
    JoinGroupCall,
    /// Join as a guest.
    JoinGroupCallAsGuest,
    /// Handle media oneself.
    AccessMedia,
    /// Read online meetings, where an access policy allows it.
    ReadMeetings,
    /// Make and change them too.
    WriteMeetings,
    /// Read calendars (clients.md 19).
    ReadCalendars,
}

impl Permission {
    /// Those of the calls API.
    pub const CALLS: [Self; 5] = [
        Self::Initiate,
        Self::InitiateGroupCall,
        Self::JoinGroupCall,
        Self::JoinGroupCallAsGuest,
        Self::AccessMedia,
    ];
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Initiate,
        Self::InitiateGroupCall,
        Self::JoinGroupCall,
        Self::JoinGroupCallAsGuest,
        Self::AccessMedia,
        Self::ReadMeetings,
        Self::WriteMeetings,
        Self::ReadCalendars,
    ];

    /// The value of the token's `roles` claim. The misspellings of some pages are not roles.
    pub const fn role(self) -> &'static str {
        match self {
            Self::Initiate => "Calls.Initiate.All",
            Self::InitiateGroupCall => "Calls.InitiateGroupCall.All",
            Self::JoinGroupCall => "Calls.JoinGroupCall.All",
            Self::JoinGroupCallAsGuest => "Calls.JoinGroupCallAsGuest.All",
            Self::AccessMedia => "Calls.AccessMedia.All",
            Self::ReadMeetings => "OnlineMeetings.Read.All",
            Self::WriteMeetings => "OnlineMeetings.ReadWrite.All",
            Self::ReadCalendars => "Calendars.Read",
        }
    }

    /// What the scope of a delegated token allows. Calls have no delegated permissions.
    pub fn from_scope(scope: &str) -> Option<Self> {
        match scope {
            "OnlineMeetings.Read" => Some(Self::ReadMeetings),
            "OnlineMeetings.ReadWrite" => Some(Self::WriteMeetings),
            "Calendars.Read" | "Calendars.ReadWrite" => Some(Self::ReadCalendars),
            _ => None,
        }
    }

    /// The permission that a role names.
    pub fn from_role(role: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.role() == role)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.role())
    }
}

/// What an application has.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Grants(u16);

impl Grants {
    /// None.
    pub const fn new() -> Self {
        Self(0)
    }

    const fn bit(permission: Permission) -> u16 {
        1 << permission as u16
    }

    /// Whether it is among them.
    pub const fn contains(&self, permission: &Permission) -> bool {
        self.0 & Self::bit(*permission) != 0
    }

    /// One more.
    pub const fn insert(&mut self, permission: Permission) {
        self.0 |= Self::bit(permission);
    }

    /// One less.
    pub const fn remove(&mut self, permission: &Permission) {
        self.0 &= !Self::bit(*permission);
    }

    /// None any more.
    pub const fn clear(&mut self) {
        self.0 = 0;
    }

    /// Those that are in both.
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Permission> {
        let all = *self;
        Permission::ALL.into_iter().filter(move |one| all.contains(one))
    }
}

impl fmt::Debug for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl FromIterator<Permission> for Grants {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        let mut grants = Self::new();
        permissions.into_iter().for_each(|permission| grants.insert(permission));
        grants
    }
}

impl<const N: usize> From<[Permission; N]> for Grants {
    fn from(permissions: [Permission; N]) -> Self {
        permissions.into_iter().collect()
    }
}

/// What a verb asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Answering or rejecting a peer-to-peer call.
    Nothing,
    /// Calling one user, a telephone; redirect and transfer.
    Initiate,
    /// Calling several users, inviting, escalating.
    InitiateGroupCall,
    /// Joining a meeting, answering an invitation to one.
    Join,
    /// Joining a meeting under a guest's name (R-067, endpoints.md 1).
    JoinAsGuest,
    /// Staying when somebody else escalates.
    SurviveEscalation,
    /// Handling media oneself, beside whatever else is needed.
    AppHostedMedia,
    /// recordResponse, subscribeToTone, changeScreenSharingRole, logTeleconferenceDeviceQuality.
    Media,
    /// sendDtmfTones: two sources disagree, either will do.
    SendTones,
    /// updateRecordingStatus.
    RecordingStatus,
    /// Reading, removing or muting a participant, muteAll; the lobby.
    Participants,
    /// configureMixer.
    Mixer,
    /// Audio routing groups.
    RoutingGroups,
    /// Hold music.
    HoldMusic,
    /// addLargeGalleryView and updateMetadata.
    Gallery,
    /// Content sharing sessions.
    ContentSharing,
    /// get, delete, list, mute, playPrompt, cancelMediaProcessing, keepAlive: asked for only where
    /// `checks_calls_again` is on.
    InCall,
    /// Reading online meetings.
    ReadMeetings,
    /// Changing online meetings.
    WriteMeetings,
    /// Reading a calendar (clients.md 19).
    ReadCalendars,
}

impl Need {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Nothing,
        Self::Initiate,
        Self::InitiateGroupCall,
        Self::Join,
        Self::JoinAsGuest,
        Self::SurviveEscalation,
        Self::AppHostedMedia,
        Self::Media,
        Self::SendTones,
        Self::RecordingStatus,
        Self::Participants,
        Self::Mixer,
        Self::RoutingGroups,
        Self::HoldMusic,
        Self::Gallery,
        Self::ContentSharing,
        Self::InCall,
        Self::ReadMeetings,
        Self::WriteMeetings,
        Self::ReadCalendars,
    ];

    /// The table: any one of these will do, the least privileged first. Empty: nothing is needed.
    pub const fn any_of(self) -> &'static [Permission] {
        use Permission::{
            AccessMedia, Initiate, InitiateGroupCall, JoinGroupCall, JoinGroupCallAsGuest,
            ReadCalendars, ReadMeetings, WriteMeetings,
        };
        match self {
            Self::Nothing => &[],
            Self::Initiate => &[Initiate],
            Self::InitiateGroupCall => &[InitiateGroupCall],
            Self::Join | Self::Participants => &[JoinGroupCall, JoinGroupCallAsGuest],
            Self::SurviveEscalation => &[JoinGroupCall],
            Self::AppHostedMedia | Self::Media => &[AccessMedia],
            Self::SendTones | Self::InCall => &[Initiate, AccessMedia],
            Self::RecordingStatus => &[AccessMedia, JoinGroupCall],
            Self::Mixer => &[InitiateGroupCall, JoinGroupCall, JoinGroupCallAsGuest],
            Self::RoutingGroups => &[JoinGroupCall, InitiateGroupCall],
            Self::JoinAsGuest | Self::HoldMusic => &[JoinGroupCallAsGuest, JoinGroupCall],
            Self::Gallery => &[JoinGroupCallAsGuest, JoinGroupCall, InitiateGroupCall],
            Self::ContentSharing => {
                &[JoinGroupCallAsGuest, Initiate, InitiateGroupCall, JoinGroupCall]
            }
            Self::ReadMeetings => &[ReadMeetings, WriteMeetings],
            Self::WriteMeetings => &[WriteMeetings],
            Self::ReadCalendars => &[ReadCalendars],
        }
    }
}

/// What is missing: none of these is there. `None`: nothing is missing.
pub fn missing(need: Need, grants: &Grants) -> Option<&'static [Permission]> {
    let any = need.any_of();
    (!any.is_empty() && !any.iter().any(|one| grants.contains(one))).then_some(any)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R-023; R-030: what some pages misspell is no role.
    #[test]
    fn roles_are_read_back_and_misspellings_are_not() {
        for permission in Permission::ALL {
            assert_eq!(Permission::from_role(permission.role()), Some(permission));
        }
        for misspelt in [
            "Calls.JoinGroupCalls.All",
            "Calls.JoinGroupCallsasGuest.All",
            "Calls.InitiateGroupCalls.All",
        ] {
            assert_eq!(Permission::from_role(misspelt), None);
        }
    }

    /// delegated permissions have names of their own.
    #[test]
    fn scopes_are_not_roles() {
        assert_eq!(Permission::from_scope("OnlineMeetings.Read"), Some(Permission::ReadMeetings));
        assert_eq!(Permission::from_scope("OnlineMeetings.Read.All"), None);
        assert_eq!(Permission::from_role("OnlineMeetings.Read"), None);
        assert_eq!(Permission::from_scope("Calls.Initiate.All"), None);
    }

    /// any of those that are named will do, and none of the others.
    #[test]
    fn the_table() {
        let (none, all) = (Grants::new(), Grants::from(Permission::ALL));
        for need in Need::ALL {
            assert_eq!(missing(need, &none).is_none(), need == Need::Nothing, "{need:?}");
            assert_eq!(missing(need, &all), None);
            for one in need.any_of() {
                assert_eq!(missing(need, &Grants::from([*one])), None, "{need:?} by {one}");
            }
            for other in Permission::ALL {
                if need != Need::Nothing && !need.any_of().contains(&other) {
                    let found = missing(need, &Grants::from([other]));
                    assert_eq!(found, Some(need.any_of()), "{need:?} by {other}");
                }
            }
        }
    }
}

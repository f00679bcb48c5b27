//! What each verb needs; one table.

use std::{collections::BTreeSet, fmt};

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
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Initiate,
        Self::InitiateGroupCall,
        Self::JoinGroupCall,
        Self::JoinGroupCallAsGuest,
        Self::AccessMedia,
    ];

    /// The value of the token's `roles` claim. The misspellings of some pages are not roles.
    pub const fn role(self) -> &'static str {
        match self {
            Self::Initiate => "Calls.Initiate.All",
            Self::InitiateGroupCall => "Calls.InitiateGroupCall.All",
            Self::JoinGroupCall => "Calls.JoinGroupCall.All",
            Self::JoinGroupCallAsGuest => "Calls.JoinGroupCallAsGuest.All",
            Self::AccessMedia => "Calls.AccessMedia.All",
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
pub type Grants = BTreeSet<Permission>;

/// What a verb asks for. In-call verbs of a call that was made lawfully ask for nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Answering or rejecting a peer-to-peer call.
    Nothing,
    /// Calling one user.
    Initiate,
    /// Handling media oneself, beside whatever else is needed.
    AppHostedMedia,
}

/// The table. `None`: nothing is missing.
pub fn missing(need: Need, grants: &Grants) -> Option<Permission> {
    let needed = match need {
        Need::Nothing => return None,
        Need::Initiate => Permission::Initiate,
        Need::AppHostedMedia => Permission::AccessMedia,
    };
    (!grants.contains(&needed)).then_some(needed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_back_and_misspellings_are_not() {
        for permission in Permission::ALL {
            assert_eq!(Permission::from_role(permission.role()), Some(permission));
        }
        assert_eq!(Permission::from_role("Calls.JoinGroupCalls.All"), None);
    }

    #[test]
    fn the_table() {
        let none = Grants::new();
        let all = Grants::from(Permission::ALL);
        assert_eq!(missing(Need::Nothing, &none), None);
        assert_eq!(missing(Need::Initiate, &none), Some(Permission::Initiate));
        assert_eq!(missing(Need::AppHostedMedia, &none), Some(Permission::AccessMedia));
        for need in [Need::Initiate, Need::AppHostedMedia] {
            assert_eq!(missing(need, &all), None);
        }
    }
}

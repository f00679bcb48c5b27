//! Why a bot was refused: the predicate that failed, and what would mend it.

use std::fmt;

use graph_api::Guid;

use crate::permissions::Permission;

/// What a decision hung on, in words that a developer can act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The application.
    pub app: Guid,
    /// The tenant the token was issued for.
    pub tenant: Guid,
    /// What did not hold.
    pub failed: Predicate,
}

/// A condition that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Predicate {
    /// The application has no calling bot in the tenant, or calling is switched off.
    IsRegistered,
    /// The token's tenant is not the call's.
    IsOfTenant(Guid),
    /// The call belongs to another application.
    OwnsCall(Guid),
    /// The administrator never consented to any of these, or took them back.
    IsGranted(Vec<Permission>),
    /// Granted now, but the token was issued before that.
    IsInToken(Vec<Permission>),
    /// The tenant does not let this application remove participants.
    MayRemoveParticipants,
    /// No application access policy covers this user.
    HasAccessPolicyFor(Guid),
    /// The token is a user's, and this API takes applications only.
    IsApplicationToken,
}

impl Explanation {
    /// What would mend it.
    pub fn mend(&self) -> String {
        match &self.failed {
            Predicate::IsRegistered => format!(
                "register application {} with calling enabled in tenant {}",
                self.app, self.tenant
            ),
            Predicate::IsOfTenant(tenant) => format!("ask with a token of tenant {tenant}"),
            Predicate::OwnsCall(owner) => format!("ask with a token of application {owner}"),
            Predicate::IsGranted(any) => format!(
                "grant {} to application {} in tenant {}, then fetch a new token",
                names(any),
                self.app,
                self.tenant
            ),
            Predicate::IsInToken(any) => {
                format!("fetch a new token: {} was granted after this one was issued", names(any))
            }
            Predicate::MayRemoveParticipants => format!(
                "Set-CsApplicationMeetingConfiguration -AllowRemoveParticipantAppIds @{{Add=\"{}\"}}",
                self.app
            ),
            Predicate::HasAccessPolicyFor(user) => format!(
                "Grant-CsApplicationAccessPolicy for application {} and user {user}",
                self.app
            ),
            Predicate::IsApplicationToken => "ask with an application's own token".to_owned(),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { app, tenant, failed } = self;
        match failed {
            Predicate::IsRegistered => {
                write!(f, "application {app} has no calling bot in tenant {tenant}")
            }
            Predicate::IsOfTenant(other) => {
                write!(f, "the token is of tenant {tenant}, the call of tenant {other}")
            }
            Predicate::OwnsCall(owner) => {
                write!(f, "the call belongs to application {owner}, the token to {app}")
            }
            Predicate::IsGranted(any) => {
                write!(f, "application {app} is not granted {} in tenant {tenant}", names(any))
            }
            Predicate::IsInToken(any) => {
                write!(f, "the token does not carry {}, which is granted by now", names(any))
            }
            Predicate::MayRemoveParticipants => {
                write!(f, "tenant {tenant} does not let application {app} remove participants")
            }
            Predicate::HasAccessPolicyFor(user) => {
                write!(f, "no application access policy lets {app} act for user {user}")
            }
            Predicate::IsApplicationToken => f.write_str("the token is a user's"),
        }
    }
}

fn names(any: &[Permission]) -> String {
    let names: Vec<&str> = any.iter().map(|permission| permission.role()).collect();
    names.join(" or ")
}

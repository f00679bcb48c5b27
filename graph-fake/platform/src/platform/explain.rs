//! Why a bot was refused: which predicate failed, and what would mend it.

use super::Platform;
use crate::{
    explanation::{Explanation, Predicate},
    input::{CallId, Caller},
    permissions::{Need, Permission},
    refusal::Refusal,
};

impl Platform {
    /// The explanation of a refusal that hangs on a permission, a registration or a tenant.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "only refusals that hang on rights are explained"
    )]
    pub(super) fn explain(
        &self,
        refusal: &Refusal,
        caller: &Caller,
        call: Option<CallId>,
    ) -> Option<Explanation> {
        let birth = call.and_then(|id| self.calls.get(&id)).map(|call| call.birth());
        let failed = match refusal {
            Refusal::NotRegistered => Predicate::IsRegistered,
            Refusal::TenantMismatch => {
                Predicate::IsOfTenant(birth.map_or(caller.tenant, |birth| birth.tenant))
            }
            Refusal::NotYourCall => {
                Predicate::OwnsCall(birth.map_or(caller.app, |birth| birth.app))
            }
            Refusal::MissingPermission(need) => self.why_missing(*need, caller),
            Refusal::NotAllowedToRemove => Predicate::MayRemoveParticipants,
            Refusal::NoAccessPolicy { user, .. } => Predicate::HasAccessPolicyFor(*user),
            Refusal::DelegatedToken => Predicate::IsApplicationToken,
            _ => return None,
        };
        Some(Explanation { app: caller.app, tenant: caller.tenant, failed })
    }

    /// Either nobody granted it, or the token is older than the grant.
    fn why_missing(&self, need: Need, caller: &Caller) -> Predicate {
        let any = need.any_of();
        let granted = self.directory.application(caller.tenant, caller.app).map(|app| &app.grants);
        let now_granted: Vec<Permission> = any
            .iter()
            .copied()
            .filter(|one| granted.is_some_and(|granted| granted.contains(one)))
            .collect();
        if now_granted.is_empty() {
            Predicate::IsGranted(any.to_vec())
        } else {
            Predicate::IsInToken(now_granted)
        }
    }
}

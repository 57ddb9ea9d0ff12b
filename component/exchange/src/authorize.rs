//! From a verified token and a policy that permits it to a grant, the only thing that mints.

use crate::error::ExchangeError;
use crate::narrowing::Narrowing;
use github::{AccessTokenRequest, Installation, Level, Owner, Permissions, Reach, RepositoryName};
use oidc::VerifiedIdToken;
use policy::{Decision, Repositories, TrustPolicy};

/// What an exchange may mint. Only [`authorize`] makes one, and it takes a verified token and a permit; only
/// [`crate::mint`] spends one.
#[derive(Debug)]
pub(crate) struct Grant {
    asked: AccessTokenRequest,
    owner: Owner,
    account_id: u64,
}

/// Which repository the policy was read in, and for what.
pub(crate) struct Reading<'a> {
    pub(crate) owner: &'a Owner,
    pub(crate) installation: &'a Installation,
    pub(crate) repository_id: u64,
    /// The scope named a repository and not the owner as a whole.
    pub(crate) names_repository: bool,
}

impl Grant {
    /// The same for less. `read` is the repository that the policy was read in.
    ///
    /// # Errors
    /// The first entry that the policy does not grant.
    pub(crate) fn narrowed(
        self,
        narrowing: &Narrowing,
        read: &RepositoryName,
    ) -> Result<Self, ExchangeError> {
        let asked = AccessTokenRequest {
            permissions: narrowing.permissions(self.asked.permissions)?,
            reach: narrowing.reach(self.asked.reach, read)?,
        };
        Ok(Self { asked, ..self })
    }

    /// What GitHub is asked for.
    pub(crate) fn asked(&self) -> &AccessTokenRequest {
        &self.asked
    }

    /// Whose repositories these are.
    pub(crate) fn owner(&self) -> &Owner {
        &self.owner
    }

    /// The numeric id of the owner's account.
    pub(crate) fn account_id(&self) -> u64 {
        self.account_id
    }
}

/// Lets a policy decide about a verified token.
///
/// # Errors
/// The decision, if it is no permit.
pub(crate) fn authorize(
    token: &VerifiedIdToken,
    policy: &TrustPolicy,
    default_audiences: &[&str],
    reading: &Reading<'_>,
) -> Result<(Grant, Decision), Decision> {
    let claims = token.claims();
    let decision = policy.decide(&crate::claims_for_policy(claims), default_audiences);
    if !decision.permits() {
        return Err(decision);
    }
    let permissions = permissions(policy);
    if permissions.is_empty() {
        return Err(decision);
    }
    let asked = AccessTokenRequest {
        permissions,
        reach: reach(policy, reading),
    };
    let grant = Grant {
        asked,
        owner: reading.owner.clone(),
        account_id: reading.installation.account_id,
    };
    Ok((grant, decision))
}

fn permissions(policy: &TrustPolicy) -> Permissions {
    policy
        .permissions()
        .iter()
        .map(|(name, level)| {
            let level = match level {
                policy::Level::Read => Level::Read,
                policy::Level::Write => Level::Write,
                policy::Level::Admin => Level::Admin,
            };
            (name.clone(), level)
        })
        .collect()
}

/// An absent list means every repository for scope `owner`, and only the one that was read for `owner/repository`; an
/// empty list means every repository, which only an organisation policy can say.
fn reach(policy: &TrustPolicy, reading: &Reading<'_>) -> Reach {
    match policy.repositories() {
        Repositories::Absent if reading.names_repository => Reach::Id(reading.repository_id),
        Repositories::Absent | Repositories::All => Reach::All,
        Repositories::Some(names) => Reach::Names(names.clone()),
    }
}

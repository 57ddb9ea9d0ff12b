//! How much of a refusal a caller is told (rules 2 and 3 of docs/SECURITY.md).

use crate::error::{ExchangeError, PolicyStage, Refusal};
use crate::settings::{RefusalDetail, Settings};
use github::Installation;
use oidc::{Claims, Issuer};
use policy::{Decision, PolicyError, Stage};

/// What a caller may see of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sight {
    /// That it said no.
    Nothing,
    /// Which rule said no.
    Rule,
    /// What the rule wanted.
    Everything,
}

/// The facts that a caller's sight depends on.
pub(crate) struct Seen<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) claims: &'a Claims,
    pub(crate) installation: &'a Installation,
    pub(crate) repository_id: u64,
    pub(crate) private: bool,
}

impl Seen<'_> {
    /// A policy in a public repository is no secret. In a private one, the rule is for callers who are provably of the
    /// same owner, and everything for the repository of the policy itself and for whom the operator names.
    pub(crate) fn sight(&self) -> Sight {
        match self.settings.refusal_detail {
            RefusalDetail::All => return Sight::Everything,
            RefusalDetail::None => return Sight::Nothing,
            RefusalDetail::Owner => {}
        }
        let named = self
            .settings
            .detail_for_issuers
            .iter()
            .any(|issuer| issuer.as_str() == self.claims.issuer);
        if !self.private || named {
            return Sight::Everything;
        }
        match self.proven_owner() {
            Some(id)
                if self
                    .settings
                    .detail_for_owners
                    .iter()
                    .any(|named| named == id) =>
            {
                Sight::Everything
            }
            Some(_) if self.is_of_the_repository() => Sight::Everything,
            Some(id) if id == self.installation.account_id.to_string() => Sight::Rule,
            _ => Sight::Nothing,
        }
    }

    /// Whether the token is provably of the repository that the policy was read in.
    pub(crate) fn is_of_the_repository(&self) -> bool {
        let account = self.installation.account_id.to_string();
        let own = self.claim("repository_id") == Some(self.repository_id.to_string().as_str());
        own && self.proven_owner() == Some(account.as_str())
    }

    fn proven_owner(&self) -> Option<&str> {
        named_owner(self.settings, self.claims).map(|(_, id)| id)
    }

    fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(|value| value.as_str())
    }
}

/// The login and the numeric id of the caller's owner. Rule 2: they are believed only from this GitHub's own Actions
/// issuer; any other can write any claim.
pub(crate) fn named_owner<'a>(
    settings: &Settings,
    claims: &'a Claims,
) -> Option<(&'a str, &'a str)> {
    let issuer = Issuer::parse(&claims.issuer).ok()?;
    let claim = |name| claims.get(name).and_then(|value| value.as_str());
    let login = claim("repository_owner").unwrap_or_default();
    let id = claim("repository_owner_id")?;
    settings
        .issuers
        .github
        .is_own(&issuer)
        .then_some((login, id))
}

/// The refusal of a policy that said no.
pub(crate) fn denied(seen: &Seen<'_>, decision: &Decision) -> Refusal {
    let first = decision.mismatches().next();
    let whole = first.as_ref().map_or_else(
        || "trust policy: nothing to grant".to_owned(),
        |mismatch| mismatch.sentence(),
    );
    let neutral = || ExchangeError::Denied("token does not match trust policy".into());
    let shown = match seen.sight() {
        // Told first, to everybody: a relying party that holds somebody's token learns nothing else.
        _ if !decision.audience_accepted() => ExchangeError::AudienceNotAccepted,
        Sight::Nothing => neutral(),
        Sight::Rule => {
            first.map_or_else(neutral, |mismatch| ExchangeError::Denied(mismatch.brief()))
        }
        Sight::Everything => ExchangeError::Denied(whole.clone()),
    };
    Refusal {
        error: shown.clone(),
        shown: Some(Box::new(shown)),
        because: whole,
    }
}

/// The refusal of a policy that cannot decide. `ours`: the token's audience is this server's own, which is all that can
/// be asked where the policy's audience is not known.
pub(crate) fn invalid(
    seen: &Seen<'_>,
    identity: &str,
    stage: PolicyStage,
    because: String,
    ours: bool,
) -> Refusal {
    let refused = |reason| ExchangeError::PolicyInvalid {
        identity: identity.to_owned(),
        stage,
        reason,
    };
    let may_see = ours && seen.sight() == Sight::Everything;
    Refusal {
        error: refused(None),
        shown: Some(Box::new(refused(may_see.then(|| because.clone())))),
        because,
    }
}

/// How far a policy's text came.
pub(crate) fn stage(error: &PolicyError) -> PolicyStage {
    match error.stage() {
        Stage::NotParsed => PolicyStage::Parse,
        Stage::NotCompiled => PolicyStage::Compile,
    }
}

/// With `OCTOSTS_REFUSAL_DETAIL=none` everything about a policy answers as if it were not there.
pub(crate) fn masked(settings: &Settings, identity: &str, refusal: Refusal) -> Refusal {
    let about_policy = matches!(
        refusal.error,
        ExchangeError::PolicyNotFound { .. }
            | ExchangeError::PolicyInvalid { .. }
            | ExchangeError::PolicyForbidden { .. }
            | ExchangeError::AudienceNotAccepted
            | ExchangeError::Denied(_)
    );
    if settings.refusal_detail != RefusalDetail::None || !about_policy {
        return refusal;
    }
    Refusal {
        shown: Some(Box::new(ExchangeError::PolicyNotFound {
            identity: identity.to_owned(),
        })),
        ..refusal
    }
}

#[cfg(test)]
#[path = "detail_tests.rs"]
mod tests;

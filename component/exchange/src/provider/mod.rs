//! From an unverified token to a verified one: which issuer, its metadata and keys (cached), the signature.
//! Rules 12, 17, 18 and 20 of docs/SECURITY.md.

mod fetch;
mod known;

use crate::context::Context;
use crate::error::{ExchangeError, Refusal};
use crate::outside::Outside;
use known::{Documents, Provider};
use oidc::{
    AdmittedIssuer, Issuer, NotAdmitted, NumericDate, UnverifiedIdToken, VerifiedIdToken,
    VerifyError,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Waiting for discovery and keys, fetching and refetching them have this much of the deadline together.
const BUDGET: Duration = Duration::from_secs(10);

/// Why an issuer's documents could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
enum ProviderTrouble {
    /// Wrong, refused, blocked: a retry cures nothing.
    #[error("{0}")]
    Wrong(String),
    /// A valid document names another issuer: what was known of this one is void (rule 17).
    #[error("the document names another issuer")]
    OtherIssuer,
    /// Timeout, connection, name, 5xx.
    #[error("{0}")]
    Unreachable(String),
}

/// A verified token with where its keys came from.
pub(crate) struct Verified {
    pub(crate) token: VerifiedIdToken,
    source: Source,
}

enum Source {
    /// The operator's setting: nobody was asked, and nothing is to be remembered.
    Operator,
    Issuer(AdmittedIssuer, Documents),
}

impl Verified {
    /// Whether the issuer led to a grant before, or needs no proof.
    pub(crate) fn proven(&self) -> bool {
        match &self.source {
            Source::Operator => true,
            Source::Issuer(issuer, documents) => documents.proven || !issuer.is_inventable(),
        }
    }

    /// After a grant the issuer's keys move to the room that strangers can't reach (rule 12).
    pub(crate) fn mark_proven<O: Outside>(&self, context: &Context<'_, O>) {
        if let Source::Issuer(issuer, documents) = &self.source
            && !self.proven()
        {
            let ends = context.outside.elapsed();
            Provider {
                context,
                issuer,
                ends,
            }
            .prove(documents);
        }
    }
}

/// Verifies a token.
pub(crate) async fn verify<O: Outside>(
    context: &Context<'_, O>,
    unverified_token: &str,
) -> Result<Verified, Refusal> {
    let token = UnverifiedIdToken::parse(unverified_token)
        .map_err(|error| Refusal::new(ExchangeError::MalformedToken, error))?;
    let issuer = Issuer::parse(token.unverified_issuer())
        .map_err(|error| Refusal::new(ExchangeError::IssuerFormat, error))?;
    let rules = &context.settings.issuers;
    if let Some(keys) = rules.static_keys.of(&issuer) {
        let now = NumericDate(context.now());
        let verified = oidc::verify(&token, &keys, now, context.outside);
        return Ok(Verified {
            token: verified.map_err(|error| not_verified(&error))?,
            source: Source::Operator,
        });
    }
    let issuer = rules.admit(&issuer);
    let issuer = issuer.map_err(|reason| not_admitted(&reason))?;
    ask(context, &token, issuer).await
}

/// Verifies a token with what its issuer publishes.
async fn ask<O: Outside>(
    context: &Context<'_, O>,
    token: &UnverifiedIdToken,
    issuer: AdmittedIssuer,
) -> Result<Verified, Refusal> {
    let provider = Provider {
        context,
        issuer: &issuer,
        ends: context.outside.elapsed() + BUDGET.min(context.left()),
    };
    let published = provider.published().await?;
    let first = provider.check(token, &published);
    let (verified, published) = match first {
        Err(error) if error.wants_fresh_keys() => {
            provider.check_with_fresh_keys(token, published).await?
        }
        Err(error) => return Err(not_verified(&error)),
        Ok(verified) => (verified, published),
    };
    let documents = published.documents;
    Ok(Verified {
        token: verified,
        source: Source::Issuer(issuer, documents),
    })
}

fn not_admitted(reason: &NotAdmitted) -> Refusal {
    let error = if reason.is_by_operator() {
        ExchangeError::IssuerNotPermitted
    } else {
        ExchangeError::ProviderRefused
    };
    Refusal::new(error, reason)
}

fn not_verified(error: &VerifyError) -> Refusal {
    Refusal::new(ExchangeError::NotVerified, error)
}

/// What it means for the caller that an issuer's documents could not be had.
fn refused(trouble: &ProviderTrouble) -> Refusal {
    let error = match trouble {
        ProviderTrouble::Wrong(_) | ProviderTrouble::OtherIssuer => ExchangeError::ProviderRefused,
        ProviderTrouble::Unreachable(_) => ExchangeError::ProviderUnavailable { retry_after: 5 },
    };
    Refusal::new(error, trouble)
}

#[cfg(test)]
mod tests;

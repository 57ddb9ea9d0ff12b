//! The one door from an unverified token to a verified one (OpenID Connect Core 1.0 section 3.1.3.7, RFC 7519
//! section 7.2). Who the token is for is the policy's to say, so the audience is not looked at here.

use crate::claims::{Claims, ClaimsError};
use crate::issuer_keys::IssuerKeys;
use crate::jose::VerifySignature;
use crate::numeric_date::NumericDate;
use crate::token::UnverifiedIdToken;
use thiserror::Error;

/// How many seconds ahead `nbf` may be: clocks differ.
pub const MAX_NOT_BEFORE: i64 = 300;

/// A token that its issuer signed, and that was valid when it was verified. Only [`verify`] makes one.
#[derive(Debug, Clone)]
pub struct VerifiedIdToken {
    claims: Claims,
}

impl VerifiedIdToken {
    /// What the issuer says.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }
}

/// Why a token is not believed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// Its claims can be read in two ways, or not as what they are.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// A header parameter occurs more than once (RFC 7515 section 4), and readers differ in which one they take.
    #[error("the header {name:?} occurs more than once")]
    DuplicateHeader {
        /// The parameter, cut to 64 characters.
        name: String,
    },
    /// A header parameter that is no string.
    #[error("the header {name:?} is not a string")]
    HeaderType {
        /// The parameter.
        name: &'static str,
    },
    /// The token demands extensions to be understood (RFC 7515 section 4.1.11), and none is.
    #[error("the token has critical headers")]
    CriticalHeader,
    /// The token is of another issuer than the keys.
    #[error("the token is of another issuer")]
    IssuerMismatch,
    /// An algorithm that is not among ours, or that the issuer does not list.
    #[error("the algorithm {unverified_alg:?} is not accepted")]
    AlgorithmNotAccepted {
        /// The `alg` header, cut to 64 characters; empty if absent.
        unverified_alg: String,
    },
    /// There is no `exp`, so that the token would be valid for ever.
    #[error("the token has no expiry")]
    MissingExpiry,
    /// `exp` has passed.
    #[error("the token expired at {at}")]
    Expired {
        /// The `exp` claim.
        at: NumericDate,
    },
    /// `nbf` is more than [`MAX_NOT_BEFORE`] seconds ahead.
    #[error("the token is not valid before {from}")]
    NotYetValid {
        /// The `nbf` claim.
        from: NumericDate,
    },
    /// The issuer has no usable key at all, and says so (rule 17).
    #[error("the issuer has no usable key")]
    NoKeys,
    /// No key has the token's `kid`; or it has none, and no key made the signature.
    #[error("no key of the issuer is the token's: {unverified_kid:?}")]
    UnknownKey {
        /// The `kid` header, cut to 64 characters.
        unverified_kid: Option<String>,
    },
    /// The key of that `kid` does not sign with the token's algorithm.
    #[error("the key of the token is not for its algorithm")]
    KeyDoesNotFit,
    /// The key of that `kid` did not make the signature.
    #[error("the signature is not genuine")]
    BadSignature,
}

impl VerifyError {
    /// Whether newer keys could make the difference (rule 18). A bad signature under a key that is known is just
    /// that: if it asked for keys, everybody who can write a token could make us ask.
    #[must_use]
    pub fn wants_fresh_keys(&self) -> bool {
        matches!(self, Self::UnknownKey { .. })
    }
}

/// Verifies a token with the keys of its issuer: its form, issuer, algorithm and times, then its signature.
///
/// `now` must be before `exp`, without leeway (RFC 7519 4.1.4: not accepted "on or after"). `now` is in whole seconds,
/// rounded down. `nbf` may be [`MAX_NOT_BEFORE`] seconds ahead. `iat` has no limit.
///
/// # Errors
/// [`VerifyError`] is the first rule that the token breaks. The token is left to be tried with other keys.
pub fn verify(
    token: &UnverifiedIdToken,
    issuer: &IssuerKeys<'_>,
    now: NumericDate,
    signatures: &impl VerifySignature,
) -> Result<VerifiedIdToken, VerifyError> {
    let claims = token.claims.as_ref().map_err(Clone::clone)?;
    if claims.issuer != issuer.issuer.as_str() {
        return Err(VerifyError::IssuerMismatch);
    }
    let signer = token.jws.signer(issuer.algorithms)?;
    // Before the signature: an expired token is no reason to look for a key.
    check_times(claims, now)?;
    token
        .jws
        .check_signature(&signer, issuer.keys, signatures)?;
    Ok(VerifiedIdToken {
        claims: claims.clone(),
    })
}

fn check_times(claims: &Claims, now: NumericDate) -> Result<(), VerifyError> {
    let at = claims.expires_at.ok_or(VerifyError::MissingExpiry)?;
    if at <= now {
        return Err(VerifyError::Expired { at });
    }
    match claims.not_before {
        Some(from) if from > now.plus(MAX_NOT_BEFORE) => Err(VerifyError::NotYetValid { from }),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "verify_header_tests.rs"]
mod header_tests;

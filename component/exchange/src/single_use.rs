//! Tokens that serve once: `single_use: true` of a policy (rule 32 of docs/SECURITY.md). Only where the platform can take a name
//! atomically; elsewhere such a policy does not compile.

use crate::context::Context;
use crate::error::{ExchangeError, Refusal};
use crate::memory;
use crate::outside::{CacheName, Outside, Reservation};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc::Claims;
use sha2::{Digest as _, Sha256};
use std::time::Duration;

/// Seconds that a token may still be valid: longer ones would have to be remembered longer.
const LONGEST: i64 = 3600;
/// Seconds that it is remembered after its end: clocks differ.
const LEEWAY: i64 = 300;

/// A token that was taken. It stays taken unless it is given back.
#[must_use]
pub(crate) struct Taken(CacheName);

/// What tells the token from others of its issuer, and how long it must be remembered.
pub(crate) fn usable(claims: &Claims, now: i64) -> Result<(&str, Duration), Refusal> {
    let cannot = |because: &str| Refusal::new(ExchangeError::NotForOnce, because);
    let jti = claims.jti.as_deref().filter(|jti| !jti.is_empty());
    let jti = jti.ok_or_else(|| cannot("the token has no jti"))?;
    let left = claims
        .expires_at
        .map_or(i64::MAX, |at| at.0.saturating_sub(now));
    if left > LONGEST {
        return Err(cannot("exp is more than an hour ahead"));
    }
    let keep = left.saturating_add(LEEWAY).max(1);
    Ok((jti, Duration::from_secs(u64::try_from(keep).unwrap_or(1))))
}

/// Takes the token: nobody else gets anything for it from now on.
///
/// # Errors
/// It was taken before, cannot be used once only, or nobody knows.
pub(crate) fn take<O: Outside>(
    context: &Context<'_, O>,
    claims: &Claims,
) -> Result<Taken, Refusal> {
    let (jti, keep) = usable(claims, context.now())?;
    let name = name(&claims.issuer, jti);
    match context.outside.cache_reserve(&name, keep) {
        Reservation::Reserved => Ok(Taken(name)),
        Reservation::Taken => Err(ExchangeError::AlreadyUsed.into()),
        Reservation::Failed => Err(ExchangeError::UseNotRecorded { retry_after: 5 }.into()),
    }
}

/// A digest, so that a long `jti` takes no more memory than a short one.
fn name(issuer: &str, jti: &str) -> CacheName {
    let mut digest = Sha256::new();
    digest.update((issuer.len() as u64).to_be_bytes());
    digest.update(issuer.as_bytes());
    digest.update(jti.as_bytes());
    let digest = URL_SAFE_NO_PAD.encode(digest.finalize());
    memory::name("used-token", &[&digest])
}

/// Gives it back: certainly nothing was minted for it.
pub(crate) fn give_back<O: Outside>(context: &Context<'_, O>, taken: &Taken) {
    context.outside.cache_release(&taken.0);
}

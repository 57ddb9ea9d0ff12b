//! Whoever is refused again and again costs GitHub no more calls (rule 16 of docs/SECURITY.md). Counted where the platform
//! counts; what memory decides is never stopped, nor is a grant's mint.

use crate::context::Context;
use crate::memory;
use crate::outside::{CacheName, Outside, Room};
use crate::provider::Verified;
use crate::request::TokenExchangeRequest;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
/// For all issuers together that never led to a grant.
const STRANGERS: u32 = 300;

/// Who is counted, and up to which number. Never an issuer or an owner alone: everybody on GitHub Actions shares one issuer,
/// and a stranger could lock an owner out. Issuers that never led to a grant can write any subject, so they are counted as
/// one each, and all together.
fn counters<O: Outside>(
    context: &Context<'_, O>,
    request: &TokenExchangeRequest,
    verified: &Verified,
) -> Vec<(CacheName, Room, u32)> {
    let claims = verified.token.claims();
    let limit = context.settings.refusal_limit;
    if limit == 0 {
        return Vec::new();
    }
    let name = |parts: &[&str]| memory::name("refusals", parts);
    if verified.proven() {
        let scope = request.scope.to_lowercase();
        let caller = [
            &claims.issuer,
            &claims.subject,
            scope.as_str(),
            &request.identity,
        ];
        return vec![(name(&caller), Room::Negative, limit)];
    }
    vec![
        (name(&[&claims.issuer]), Room::Unproven, limit),
        (name(&[]), Room::Negative, STRANGERS),
    ]
}

/// Whether GitHub is not to be asked for this caller now.
pub(crate) fn too_many<O: Outside>(
    context: &Context<'_, O>,
    request: &TokenExchangeRequest,
    verified: &Verified,
) -> bool {
    let counters = counters(context, request, verified);
    counters.iter().any(|(name, room, limit)| {
        let count = context.outside.cache_count(name, *room, 0, MINUTE);
        count.is_some_and(|count| count >= *limit)
    })
}

/// Counts an explanation that says no; one that says yes clears nothing, since nothing was granted.
pub(crate) fn count_explained<O: Outside>(
    context: &Context<'_, O>,
    request: &TokenExchangeRequest,
    verified: &Verified,
    allowed: bool,
) {
    if !allowed {
        count(context, request, verified, false);
    }
}

/// Counts a refusal; a grant clears the caller's count.
pub(crate) fn count<O: Outside>(
    context: &Context<'_, O>,
    request: &TokenExchangeRequest,
    verified: &Verified,
    granted: bool,
) {
    for (name, room, _) in counters(context, request, verified) {
        if granted && verified.proven() {
            context.outside.cache_remove(&name);
        } else if !granted {
            context.outside.cache_count(&name, room, 1, MINUTE);
        }
    }
}

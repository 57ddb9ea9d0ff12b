//! What GitHub said is left of an installation's primary limit. Read with installation tokens alone: they are what the limit
//! is on (<https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api>). Used where the platform counts.

use super::Apps;
use crate::context::Context;
use crate::memory::{self, Keep};
use crate::outside::{CacheName, Outside};
use github::{Installation, Owner};
use http::HeaderMap;

fn name(app: u64, owner: &Owner) -> CacheName {
    memory::name("quota", &[&app.to_string(), &owner.key()])
}

/// Remembers what an answer says; one that says nothing changes nothing.
pub(crate) fn note<O: Outside>(
    context: &Context<'_, O>,
    app: u64,
    owner: &Owner,
    headers: &HeaderMap,
) {
    let number = |name: &str| -> Option<u64> { headers.get(name)?.to_str().ok()?.parse().ok() };
    let limit = number("x-ratelimit-limit").filter(|limit| *limit > 0);
    let (Some(remaining), Some(_)) = (number("x-ratelimit-remaining"), limit) else {
        return;
    };
    let stale = context.settings.quota.stale.as_secs().max(1);
    memory::put(
        context.outside,
        &name(app, owner),
        Keep::kept(stale),
        &remaining,
    );
}

/// The App with the most left in the best tier that has one: at least the soft floor, at least the hard floor, the rest. None
/// unless it is known of each App that is installed; of equal ones it is the first.
pub(super) fn most_left<O: Outside>(apps: &Apps<'_, '_, O>) -> Option<u64> {
    let outside = apps.context.outside;
    apps.turns(0)?;
    let quota = &apps.context.settings.quota;
    let tier = |remaining: u64| match remaining {
        _ if remaining >= quota.soft_floor => 2,
        _ if remaining >= quota.hard_floor => 1,
        _ => 0,
    };
    let mut best: Option<((u8, u64), u64)> = None;
    for app in &apps.pool.apps {
        let installed = crate::installation::known(apps.context, app.id, apps.owner)?;
        if installed.is_none_or(|installed: Installation| installed.suspended) {
            continue;
        }
        let remaining: u64 = memory::get(outside, &name(app.id, apps.owner))?;
        let rank = (tier(remaining), remaining);
        if best.is_none_or(|(most, _)| rank > most) && !apps.is_limited(app.id) {
            best = Some((rank, app.id));
        }
    }
    best.map(|(_, app)| app)
}

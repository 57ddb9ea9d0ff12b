//! What is remembered through the platform's cache, for how long, and under which names. Everything here may be lost at
//! any time, and is read as hostile: what does not parse is a miss.
//!
//! | kind | parts | keeps | what a lie could do |
//! |---|---|---|---|
//! | `provider` | issuer | 6 h (1 h fresh) | nothing in our host's own memory; sealed elsewhere (rule 10) |
//! | `keys-refetch` | issuer | 20 s | delay a rotation |
//! | `installation` | App, owner | 1 h; "none" 5 min | a refusal: GitHub's answers are compared (rule 1) |
//! | `installations` | App | 60 s | a refusal |
//! | `policy` | account id, owner, repository, name | 5 min; "none" 5 min, forbidden 1 min | as `provider` |
//! | `organisation` | account id, owner, policy repository | 5 min | as `provider` |
//! | `organisation-stale` | the same | 1 h | as `provider` |
//! | `policy-stale` | as `policy` | 1 h | as `provider` |
//! | `policy-names` | account id, owner, repository | 60 s | a refusal |
//! | `missing-names` | account id, owner, repository | 5 min (a count) | a listing more or less |
//! | `refusals` | issuer, subject, scope, identity; or fewer | 1 min (a count) | a refusal |
//! | `used-token` | issuer, `jti` | until the token's `exp` and 5 min more (a reservation) | in our host's own memory, nothing |
//! | `turn` | owner of a pool | 24 h (a count) | another App |
//! | `limited` | App, owner | until the limit's end | another App |
//! | `quota` | App, owner | `OCTOSTS_QUOTA_STALE` | another App |
//! | `sink-away` | | 30 s | events less |
//! | `revocations` | | 1 min (a count) | a revocation less |
//! | `log-lines` | what | 1 s (a count) | log lines more or less |

use crate::outside::{CacheName, Led, Outside, Room};
use crate::trouble::Trouble;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a waiter waits for somebody else's look-up.
const WAIT: Duration = Duration::from_secs(10);
/// How long a leader may take before another one leads.
const LEAD: Duration = Duration::from_secs(25);
/// How long a failure is remembered, so that those who waited for it do not all repeat it.
const FAILURE: Duration = Duration::from_secs(1);

/// A name in the cache.
pub(crate) fn name(kind: &'static str, parts: &[&str]) -> CacheName {
    CacheName {
        kind,
        parts: parts.iter().map(ToString::to_string).collect(),
    }
}

/// Where a value is kept and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keep {
    pub(crate) room: Room,
    pub(crate) time: Duration,
}

impl Keep {
    pub(crate) fn kept(seconds: u64) -> Self {
        Self {
            room: Room::Kept,
            time: Duration::from_secs(seconds),
        }
    }

    pub(crate) fn negative(seconds: u64) -> Self {
        Self {
            room: Room::Negative,
            time: Duration::from_secs(seconds),
        }
    }
}

/// A count for what may be off by some. Where the platform has no counters it is a value, read and written again: what is
/// added at the same time may be lost, and the window begins with the last addition. No limit rests on it (rule 16).
pub(crate) fn count_roughly(
    outside: &impl Outside,
    name: &CacheName,
    add: u32,
    window: Duration,
) -> u32 {
    let counted = outside.cache_count(name, Room::Negative, add, window);
    counted.unwrap_or_else(|| {
        let count = get::<u32>(outside, name).unwrap_or(0).saturating_add(add);
        if add > 0 {
            let keep = Keep {
                room: Room::Negative,
                time: window,
            };
            put(outside, name, keep, &count);
        }
        count
    })
}

#[derive(Serialize, Deserialize)]
enum Remembered<T> {
    Value(T),
    Failed(Trouble),
}

/// Reads a value; what does not parse is a miss.
pub(crate) fn get<T: DeserializeOwned>(outside: &impl Outside, name: &CacheName) -> Option<T> {
    serde_json::from_slice(&outside.cache_get(name)?).ok()
}

/// Keeps a value.
pub(crate) fn put<T: Serialize>(outside: &impl Outside, name: &CacheName, keep: Keep, value: &T) {
    if let Ok(bytes) = serde_json::to_vec(value) {
        outside.cache_put(name, keep.room, bytes, keep.time);
    }
}

/// What is remembered now, if it is a value.
pub(crate) fn peek<T: DeserializeOwned>(outside: &impl Outside, name: &CacheName) -> Option<T> {
    match get(outside, name)? {
        Remembered::Value(value) => Some(value),
        Remembered::Failed(_) => None,
    }
}

/// The remembered value, or the result of `fetch`, which is made once for all that ask at the same time where the
/// platform can make them wait. A failure is shared with those who waited and forgotten after a second; a caller's own
/// lack of time is nobody else's failure, and only the leader may speak for the others.
pub(crate) async fn remembered<T, O>(
    outside: &O,
    name: &CacheName,
    patience: Duration,
    fetch: impl AsyncFnOnce() -> Result<(T, Keep), Trouble>,
) -> Result<T, Trouble>
where
    T: Serialize + DeserializeOwned,
    O: Outside,
{
    if patience.is_zero() {
        return Err(Trouble::Deadline);
    }
    match outside.cache_get_or_lead(name, WAIT.min(patience), LEAD) {
        Led::Hit(bytes) => match serde_json::from_slice(&bytes) {
            Ok(Remembered::Value(value)) => return Ok(value),
            Ok(Remembered::Failed(trouble)) => return Err(trouble),
            Err(_) => outside.cache_remove(name),
        },
        Led::Busy => return Err(Trouble::Busy),
        Led::Lead | Led::Alone => {}
    }
    match fetch().await {
        Ok((value, keep)) => {
            let value = Remembered::Value(value);
            put(outside, name, keep, &value);
            match value {
                Remembered::Value(value) => Ok(value),
                Remembered::Failed(trouble) => Err(trouble),
            }
        }
        // Ends the lead, so that a waiter with more time, or who was refused less often, leads.
        Err(own @ (Trouble::Deadline | Trouble::TooManyRefusals)) => {
            outside.cache_remove(name);
            Err(own)
        }
        Err(trouble) => {
            let keep = Keep {
                room: Room::Negative,
                time: FAILURE,
            };
            put(
                outside,
                name,
                keep,
                &Remembered::<T>::Failed(trouble.clone()),
            );
            Err(trouble)
        }
    }
}

#[cfg(test)]
#[path = "memory_tests.rs"]
mod tests;

//! Rate limits: the headers of every answer, and refusals on order.
//!
//! GitHub's page "Rate limits for the REST API". By default nothing is refused, so that a benchmark can run: the
//! remaining number falls to a floor and stays there.

use std::collections::HashMap;

use http::StatusCode;

use super::refusal::Refusal;
use crate::guarded::Guarded;
use crate::server::Reply;

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// Requests with an App's JWT: lookups and mints.
    App(u64),
    /// Requests with an installation's tokens.
    Installation(u64),
    /// Requests without Authorization.
    Anonymous,
}

/// Requests an hour.
const LIMIT: u64 = 5_000;

/// Where the remaining number stops while nothing is limited.
const FLOOR: u64 = 1_000;

/// A window, in seconds.
const WINDOW: i64 = 3_600;

/// The state of one bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quota {
    pub(super) remaining: u64,
    /// Unix seconds.
    pub(super) reset: i64,
    /// Refuse with this status when nothing remains.
    enforced: Option<StatusCode>,
}

#[derive(Clone, Copy, Debug)]
struct Secondary {
    left: usize,
    retry_after: u64,
}

#[derive(Debug, Default)]
struct Buckets {
    quotas: HashMap<Bucket, Quota>,
    secondary: HashMap<Bucket, Secondary>,
}

/// All buckets.
#[derive(Debug, Default)]
pub(super) struct Limits(Guarded<Buckets>);

impl Limits {
    /// `remaining` requests until `reset`, then refusals with `status`.
    pub(super) fn limit(&self, bucket: Bucket, remaining: u64, reset: i64, status: StatusCode) {
        let quota = Quota {
            remaining,
            reset,
            enforced: Some(status),
        };
        self.0.write().quotas.insert(bucket, quota);
    }

    pub(super) fn limit_secondary(&self, bucket: Bucket, left: usize, retry_after: u64) {
        let secondary = Secondary { left, retry_after };
        self.0.write().secondary.insert(bucket, secondary);
    }

    pub(super) fn lift(&self) {
        *self.0.write() = Buckets::default();
    }

    /// Counts one request.
    pub(super) fn charge(&self, bucket: Bucket, now: i64) -> (Quota, Result<(), Refusal>) {
        let mut buckets = self.0.write();
        let quota = buckets
            .quotas
            .entry(bucket)
            .and_modify(|quota| quota.renew(now))
            .or_insert_with(|| Quota::full(now));
        let verdict = quota.spend(bucket);
        let quota = *quota;
        if verdict.is_ok()
            && let Some(secondary) = buckets.secondary.get_mut(&bucket)
            && secondary.left > 0
        {
            secondary.left -= 1;
            return (quota, Err(secondary_refusal(secondary.retry_after)));
        }
        (quota, verdict)
    }

    /// The state without counting.
    pub(super) fn look(&self, bucket: Bucket, now: i64) -> Quota {
        let mut quota = self
            .0
            .read()
            .quotas
            .get(&bucket)
            .copied()
            .unwrap_or_else(|| Quota::full(now));
        quota.renew(now);
        quota
    }
}

impl Quota {
    fn full(now: i64) -> Self {
        Self {
            remaining: LIMIT,
            reset: now.saturating_add(WINDOW),
            enforced: None,
        }
    }

    fn renew(&mut self, now: i64) {
        if now >= self.reset {
            *self = Self::full(now);
        }
    }

    fn spend(&mut self, bucket: Bucket) -> Result<(), Refusal> {
        match (self.enforced, self.remaining) {
            (Some(status), 0) => Err(primary_refusal(bucket, status)),
            (None, remaining) => {
                self.remaining = remaining.saturating_sub(1).max(FLOOR);
                Ok(())
            }
            (Some(_), remaining) => {
                self.remaining = remaining - 1;
                Ok(())
            }
        }
    }

    pub(super) fn to_json(self) -> serde_json::Value {
        serde_json::json!({
            "limit": LIMIT,
            "remaining": self.remaining,
            "reset": self.reset,
            "resource": "core",
            "used": LIMIT.saturating_sub(self.remaining),
        })
    }

    pub(super) fn set_headers(self, reply: &mut Reply) {
        reply.set("x-ratelimit-limit", &LIMIT.to_string());
        reply.set("x-ratelimit-remaining", &self.remaining.to_string());
        reply.set("x-ratelimit-reset", &self.reset.to_string());
        reply.set(
            "x-ratelimit-used",
            &LIMIT.saturating_sub(self.remaining).to_string(),
        );
        reply.set("x-ratelimit-resource", "core");
    }
}

fn primary_refusal(bucket: Bucket, status: StatusCode) -> Refusal {
    let whose = match bucket {
        Bucket::App(id) => format!("app ID {id}"),
        Bucket::Installation(id) => format!("installation ID {id}"),
        Bucket::Anonymous => "127.0.0.1".to_owned(),
    };
    Refusal::new(status, format!("API rate limit exceeded for {whose}."))
        .documented("https://docs.github.com/rest/overview/rate-limits-for-the-rest-api")
}

fn secondary_refusal(retry_after: u64) -> Refusal {
    Refusal::new(
        StatusCode::FORBIDDEN,
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    )
    .documented(
        "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
    )
    .with_header("retry-after", retry_after.to_string())
}

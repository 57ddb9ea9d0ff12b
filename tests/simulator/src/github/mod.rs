//! A GitHub whose answers follow its public REST documentation.

mod app_jwt;
mod building;
mod contents;
mod installations;
mod limits;
mod mint;
mod objects;
mod paging;
mod refusal;
mod routing;
mod site;
mod state;
mod tamper;
mod tokens;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::StatusCode;

pub use limits::Bucket;
pub use tamper::{Tamper, TamperMint};

pub(crate) use site::GitHubSite;
pub(crate) use state::State;

use crate::error::Error;
use crate::faults::Faults;
use crate::server::Listener;

/// The simulated GitHub: what a test tells it. Clones are one GitHub.
#[derive(Clone)]
pub struct GitHub {
    state: Arc<State>,
    listener: Arc<Listener>,
}

impl fmt::Debug for GitHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GitHub({})", self.state.objects.api)
    }
}

impl GitHub {
    pub(crate) fn new(state: Arc<State>, listener: Arc<Listener>) -> Self {
        Self { state, listener }
    }

    /// The REST API in the form of GitHub Enterprise Server: `http://127.0.0.1:PORT/api/v3`. The same endpoints also
    /// answer directly below [`Self::web_url`], as at api.github.com.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.state.objects.api.clone()
    }

    /// Scheme and authority: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn web_url(&self) -> String {
        self.state.objects.web.clone()
    }

    /// The failures on order, of the REST API alone.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.state.faults
    }

    /// Closes the port, and with it every connection and the Actions issuer; returns when both are gone.
    pub async fn stop_listening(&self) {
        self.listener.stop().await;
    }

    /// Opens the same port again. The world and all tokens are as they were.
    pub async fn listen_again(&self) -> Result<(), Error> {
        self.listener.start_again().await
    }

    /// From now on mints the long form of tokens, `ghs_<App>_<JWT>` (about 520 characters), or the short one again.
    pub fn mint_long_tokens(&self, long: bool) {
        self.state.long_tokens.store(long, Ordering::SeqCst);
    }

    /// Every token minted from now on is refused `times` times with `status` (401 or 403) before it works, as happens
    /// at GitHub while a token spreads (rule 14). 0 ends it.
    pub fn refuse_fresh_tokens(&self, times: u32, status: u16) {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::UNAUTHORIZED);
        *self.state.refuse_fresh.write() = (times, status);
    }

    /// Changes answers to mints (rules 1 and 29).
    pub fn tamper_mint(&self, tamper: TamperMint) {
        self.state.tampers.add(tamper);
    }

    /// Mints are answered truly again.
    pub fn clear_tampers(&self) {
        self.state.tampers.clear();
    }

    /// Primary rate limit: `remaining` requests until `reset` (Unix seconds), then 403.
    pub fn limit(&self, bucket: Bucket, remaining: u64, reset: i64) {
        self.limit_with(bucket, remaining, reset, 403);
    }

    /// The same with the status of the refusals (GitHub uses 403 and 429).
    pub fn limit_with(&self, bucket: Bucket, remaining: u64, reset: i64, status: u16) {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
        self.state.limits.limit(bucket, remaining, reset, status);
    }

    /// Secondary rate limit: the next `times` requests get 403 with `Retry-After: retry_after` (seconds).
    pub fn limit_secondary(&self, bucket: Bucket, times: usize, retry_after: u64) {
        self.state
            .limits
            .limit_secondary(bucket, times, retry_after);
    }

    /// Takes all limits back.
    pub fn lift_limits(&self) {
        self.state.limits.lift();
    }

    /// How many minted tokens would still work: neither expired nor revoked.
    #[must_use]
    pub fn live_tokens(&self) -> usize {
        self.state.tokens.live(self.state.clock.now())
    }
}

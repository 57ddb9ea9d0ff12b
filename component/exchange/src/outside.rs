//! The world, as far as an exchange needs it: one trait, implemented over WASI by the component and in memory by tests.
//!
//! It carries plain HTTP requests and answers, and the verbs of `octo-sts:platform` as values.

use github::AppJwt;
use http::{Request, Response};
use oidc::VerifySignature;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::time::Duration;
use thiserror::Error;

/// Bounds of one outbound call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until the connection stands.
    pub connect: Duration,
    /// Until the last byte of the answer.
    pub total: Duration,
    /// Bytes of the answer's body; more is [`SendError::TooLarge`], not a cut.
    pub max_answer: usize,
}

/// Why a call brought no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum SendError {
    /// The platform does not let this address, port or host be reached.
    #[error("the address may not be reached")]
    Denied,
    /// The name has no address.
    #[error("the name could not be resolved")]
    Name,
    /// No connection, or TLS with it was not possible now; nothing was sent.
    #[error("no connection")]
    Connect,
    /// The other side's certificate is not trusted, or TLS failed.
    #[error("TLS failed")]
    Tls,
    /// The time was over.
    #[error("timeout")]
    Timeout {
        /// Whether the request may have arrived.
        sent: bool,
    },
    /// The connection broke after the request may have been sent.
    #[error("the connection was lost")]
    Lost,
    /// The answer is larger than allowed.
    #[error("the answer is too large")]
    TooLarge,
    /// No HTTP, or a request that cannot be sent.
    #[error("not HTTP")]
    Protocol,
}

impl SendError {
    /// Whether the other side may have acted on the request.
    #[must_use]
    pub fn may_have_arrived(&self) -> bool {
        matches!(
            self,
            Self::Timeout { sent: true } | Self::Lost | Self::TooLarge | Self::Protocol
        )
    }
}

/// A call without an answer, and what was read of one: it may have a token that must not stay alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanswered {
    /// Why.
    pub error: SendError,
    /// The beginning of the answer's body. Never stored, never logged.
    pub head: Vec<u8>,
}

impl From<SendError> for Unanswered {
    fn from(error: SendError) -> Self {
        Self {
            error,
            head: Vec::new(),
        }
    }
}

/// Why there is no App JWT.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignerFailure {
    /// No App of this id.
    #[error("the platform has no key for this App")]
    UnknownApp,
    /// The key cannot be used now; the text is for the log.
    #[error("the App's key cannot be used now: {0}")]
    Unavailable(String),
}

/// The name of something in the cache.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CacheName {
    /// One of the kinds that docs/ARCHITECTURE.md lists.
    pub kind: &'static str,
    /// What tells it from others of its kind.
    pub parts: Vec<String>,
}

/// Where in the cache something is kept; no room pushes out what is in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Room {
    /// What proved useful.
    Kept,
    /// "There is none."
    Negative,
    /// Of an issuer that never led to a grant (rule 12).
    Unproven,
    /// Of this GitHub's own issuers and the operator's.
    Reserved,
}

/// What `get-or-lead` found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Led {
    /// The value.
    Hit(Vec<u8>),
    /// The caller fetches it and ends by a put.
    Lead,
    /// Another caller leads and was not done in time.
    Busy,
    /// The platform cannot make others wait.
    Alone,
}

/// What came of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    /// The caller has it.
    Reserved,
    /// Somebody has it.
    Taken,
    /// Nobody knows.
    Failed,
}

/// How loud a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something needs the operator.
    Error,
    /// Something may need the operator.
    Warn,
    /// What happened.
    Info,
    /// How it happened.
    Debug,
}

/// Everything that is not computation.
pub trait Outside: VerifySignature {
    /// Unix time in milliseconds.
    fn now_ms(&self) -> u64;
    /// Time since this request began, from a clock that never goes back.
    fn elapsed(&self) -> Duration;
    /// Sends a request and reads the whole answer within `limits`. Follows no redirect.
    fn send(
        &self,
        request: Request<Vec<u8>>,
        limits: Limits,
    ) -> impl Future<Output = Result<Response<Vec<u8>>, Unanswered>>;
    /// Waits.
    fn sleep(&self, time: Duration) -> impl Future<Output = ()>;

    /// The App JWT of the current step (`signer.app-jwt`).
    ///
    /// # Errors
    /// [`SignerFailure`].
    fn app_jwt(&self, app: u64, refused: bool) -> Result<AppJwt, SignerFailure>;

    /// `cache.get`.
    fn cache_get(&self, name: &CacheName) -> Option<Vec<u8>>;
    /// `cache.get-or-lead`.
    fn cache_get_or_lead(&self, name: &CacheName, wait: Duration, lead: Duration) -> Led;
    /// `cache.put`.
    fn cache_put(&self, name: &CacheName, room: Room, value: Vec<u8>, keep: Duration);
    /// `cache.remove`.
    fn cache_remove(&self, name: &CacheName);
    /// `cache.reserve`: takes a name, atomically, for so long.
    fn cache_reserve(&self, name: &CacheName, keep: Duration) -> Reservation;
    /// `cache.release`.
    fn cache_release(&self, name: &CacheName);
    /// `cache.count`; `None` where the platform cannot count.
    fn cache_count(&self, name: &CacheName, room: Room, add: u32, window: Duration) -> Option<u32>;

    /// `journal.audit`: only after `Ok` may the answer leave.
    ///
    /// # Errors
    /// The platform's reason, for the log.
    fn audit(&self, decision: &str, entry: &str) -> Result<(), String>;
    /// `journal.log`.
    fn log(&self, level: LogLevel, decision: &str, message: &str, fields: &[(&str, String)]);
}

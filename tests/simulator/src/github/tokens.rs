//! Installation access tokens: what they open, until when, and that they can be revoked.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use http::StatusCode;

use super::refusal::Refusal;
use crate::guarded::Guarded;
use crate::jose;
use crate::random;
use crate::world::{Level, Permissions, Reach};

/// A token works for an hour (GitHub's REST page "Create an installation access token for an app").
pub(super) const LIFETIME: i64 = 3_600;

/// So many live tokens are known; the oldest die first. A benchmark mints millions.
const KNOWN: usize = 100_000;

/// What one token opens.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) app: u64,
    pub(crate) installation: u64,
    pub(crate) account: u64,
    pub(crate) permissions: Permissions,
    pub(crate) reach: Reach,
    pub(crate) expires_at: i64,
    pub(super) not_yet: NotYet,
}

/// How often a fresh token is refused although it is good (rule 14 of docs/SECURITY.md).
#[derive(Debug, Default)]
pub(super) struct NotYet {
    pub(super) left: AtomicU32,
    pub(super) status: StatusCode,
}

impl Token {
    /// Whether it may do `level` of `permission`.
    pub(crate) fn may(&self, permission: &str, level: Level) -> bool {
        self.permissions
            .get(permission)
            .is_some_and(|granted| *granted >= level)
    }

    fn ready(&self) -> Result<(), Refusal> {
        let spent = self
            .not_yet
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        match (spent, self.not_yet.status) {
            (Err(_), _) => Ok(()),
            (Ok(_), StatusCode::UNAUTHORIZED) => Err(Refusal::bad_credentials()),
            (Ok(_), status) => Err(Refusal::new(
                status,
                "Resource not accessible by integration",
            )),
        }
    }
}

#[derive(Debug, Default)]
struct Table {
    live: HashMap<String, Arc<Token>>,
    /// In the order of minting; revoked ones stay until they are the oldest.
    order: VecDeque<String>,
}

/// All tokens that were minted.
#[derive(Debug, Default)]
pub(super) struct Tokens(Guarded<Table>);

impl Tokens {
    pub(super) fn add(&self, text: String, token: Token) {
        let mut table = self.0.write();
        while table.order.len() >= KNOWN {
            if let Some(oldest) = table.order.pop_front() {
                table.live.remove(&oldest);
            }
        }
        table.order.push_back(text.clone());
        table.live.insert(text, Arc::new(token));
    }

    /// What `text` opens at `now`; 401 if it never was a token, expired or was revoked.
    pub(super) fn open(&self, text: &str, now: i64) -> Result<Arc<Token>, Refusal> {
        let token = self
            .0
            .read()
            .live
            .get(text)
            .cloned()
            .filter(|token| token.expires_at > now)
            .ok_or_else(Refusal::bad_credentials)?;
        token.ready()?;
        Ok(token)
    }

    pub(super) fn revoke(&self, text: &str) {
        self.0.write().live.remove(text);
    }

    /// How many could still be used at `now`.
    pub(super) fn live(&self, now: i64) -> usize {
        let table = self.0.read();
        let alive = |token: &&Arc<Token>| token.expires_at > now;
        table.live.values().filter(alive).count()
    }
}

/// A new token's text: `ghs_` and 36 letters and digits.
pub(super) fn short_text() -> String {
    format!("ghs_{}", random::alphanumeric36())
}

/// The form that GitHub introduced in April 2026: `ghs_<App>_<JWT>`, about 520 characters with two dots.
pub(super) fn long_text(app: u64, installation: u64, now: i64) -> String {
    let claims = serde_json::json!({
        "exp": now + LIFETIME,
        "iat": now,
        "installation_id": installation,
        "jti": random::id(),
    });
    let input = jose::signing_input(
        br#"{"alg":"RS256","typ":"JWT"}"#,
        claims.to_string().as_bytes(),
    );
    format!(
        "ghs_{app}_{input}.{}",
        jose::base64url(random::bytes::<256>())
    )
}

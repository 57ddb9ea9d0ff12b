//! What a server grants.

use crate::client::{Answer, Failure};
use crate::secret::Secret;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A token, and the answer that brought it.
pub(super) struct Granted {
    pub(super) token: Secret,
    /// Unix seconds, where the server says when.
    pub(super) expiry: Option<i64>,
    pub(super) answer: Map<String, Value>,
}

impl Granted {
    /// Reads the answer to a request with `id_token`.
    pub(super) fn read(
        answer: &Answer,
        id_token: &Secret,
        is_narrowed: bool,
    ) -> Result<Self, Failure> {
        if answer.status != 200 {
            return Err(Failure::answered("the server", answer, Some(id_token)));
        }
        let no_token = || Failure::new("the server answered 200, but no token");
        let body: Map<String, Value> =
            serde_json::from_slice(&answer.body).map_err(|_| no_token())?;
        let text = |member: &str| body.get(member).and_then(Value::as_str);
        let token = Secret::from(text("token").unwrap_or_default().to_owned());
        if !token.is_well_formed() {
            return Err(no_token());
        }
        // Servers from before narrowing ignore it and grant everything. Those give no decision either.
        if is_narrowed && answer.decision.is_none() {
            return Err(Failure::new(
                "the server does not know --permissions and --repositories: its token, which is not shown, may do more",
            ));
        }
        let expiry = text("expiry").and_then(|expiry| OffsetDateTime::parse(expiry, &Rfc3339).ok());
        Ok(Self {
            token,
            expiry: expiry.map(OffsetDateTime::unix_timestamp),
            answer: body,
        })
    }
}

//! The record of a decision: one JSON line, written before the answer leaves (rule 33 of docs/SECURITY.md;
//! docs/LOGGING.md is its page).

use crate::apps::Serving;
use crate::error::Refusal;
use crate::policy_file::PolicyText;
use github::{AccessToken, AccessTokenRequest, Reach};
use oidc::Claims;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The most that is recorded of a text which a caller chose, in characters.
const MAX_TEXT: usize = 1024;

/// What came of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// A token was minted.
    Granted,
    /// A rule said no.
    Refused,
    /// It could not be decided or carried out.
    Failed,
}

#[derive(Debug, Default, Serialize)]
struct Actor {
    iss: String,
    sub: String,
    claims: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
struct PolicyRecord {
    path: String,
    sha: String,
    stale: bool,
}

/// The record, filled as the exchange goes on. What is not known yet is absent.
#[derive(Debug, Serialize)]
pub(crate) struct Record {
    v: u8,
    decision: String,
    time: String,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    actor: Actor,
    scope: String,
    identity: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repositories: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository_ids: Option<Vec<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<github::Permissions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    installation_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_sha256_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    duration_ms: u64,
    github_calls: u32,
    #[serde(skip_serializing_if = "is_zero")]
    uncounted: u32,
    /// For the event alone.
    #[serde(skip)]
    trust_policy: Option<Value>,
    #[serde(skip)]
    issuer_allowlist: Option<Value>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Record {
    pub(crate) fn new(
        decision: &str,
        now_ms: u64,
        claims: &Claims,
        user_agent: Option<String>,
    ) -> Self {
        Self {
            v: 1,
            decision: decision.to_owned(),
            time: rfc3339(now_ms),
            outcome: Outcome::Failed,
            error: None,
            reason: None,
            actor: Actor {
                iss: claims.issuer.clone(),
                sub: cut(&claims.subject),
                claims: BTreeMap::new(),
            },
            scope: String::new(),
            identity: String::new(),
            owner_id: None,
            repositories: None,
            repository_ids: None,
            permissions: None,
            policy: None,
            app_id: None,
            installation_id: None,
            token_sha256: None,
            token_sha256_base64: None,
            user_agent: user_agent.map(|agent| cut(&agent)),
            duration_ms: 0,
            github_calls: 0,
            uncounted: 0,
            trust_policy: None,
            issuer_allowlist: None,
        }
    }

    pub(crate) fn asked(&mut self, scope: &str, identity: &str) {
        self.scope = cut(scope);
        self.identity = cut(identity);
    }

    /// The App that serves, in the end the one that minted.
    pub(crate) fn serving(&mut self, serving: &Serving) {
        self.app_id = Some(serving.app);
        self.installation_id = Some(serving.installation.id);
        self.owner_id = Some(serving.installation.account_id);
    }

    /// The policy that decided, as an event has it.
    pub(crate) fn decided_by(&mut self, policy: Value) {
        self.trust_policy = Some(policy);
    }

    /// The organisation's list has not this issuer.
    pub(crate) fn not_listed(&mut self, enforced: bool) {
        let mode = if enforced { "enforce" } else { "audit" };
        let verdict = json!({"mode": mode, "allowed": !enforced, "iss": self.actor.iss});
        self.issuer_allowlist = Some(verdict);
    }

    pub(crate) fn time(&self) -> &str {
        &self.time
    }

    /// Scope and identity, as asked.
    pub(crate) fn names(&self) -> (&str, &str) {
        (&self.scope, &self.identity)
    }

    /// octo-sts's event about the same.
    pub(crate) fn event(&self, error: Option<&str>) -> Value {
        let claims: Vec<Value> = self
            .actor
            .claims
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        let mut actor = json!({"iss": self.actor.iss, "sub": self.actor.sub});
        let mut event = json!({
            "trust_policy": self.trust_policy,
            "installation_id": self.installation_id.unwrap_or(0),
            "scope": self.scope,
            "identity": self.identity,
            "token_sha256": self.token_sha256.as_deref().filter(|_| error.is_none()).unwrap_or_default(),
            "time": self.time,
        });
        let add = |to: &mut Value, name: &str, value: Option<Value>| {
            if let (Some(members), Some(value)) = (to.as_object_mut(), value) {
                members.insert(name.to_owned(), value);
            }
        };
        let claims = (!claims.is_empty()).then(|| json!(claims));
        add(&mut actor, "claims", claims);
        add(&mut event, "actor", Some(actor));
        let agent = self.user_agent.as_ref().filter(|agent| !agent.is_empty());
        add(&mut event, "user_agent", agent.map(|agent| json!(agent)));
        add(&mut event, "error", error.map(|error| json!(error)));
        add(
            &mut event,
            "issuer_allowlist",
            self.issuer_allowlist.clone(),
        );
        event
    }

    pub(crate) fn policy(&mut self, path: String, text: &PolicyText) {
        self.policy = Some(PolicyRecord {
            path,
            sha: text.sha.clone(),
            stale: text.stale,
        });
    }

    /// The claims that the policy compared, the one that failed included.
    pub(crate) fn compared<'a>(&mut self, claims: &Claims, names: impl Iterator<Item = &'a str>) {
        for name in names {
            if let Some(value) = claims.get(name) {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                self.actor.claims.insert(name.to_owned(), cut(&text));
            }
        }
    }

    pub(crate) fn granted(&mut self, asked: &AccessTokenRequest, token: &AccessToken) {
        self.outcome = Outcome::Granted;
        self.permissions = Some(
            token
                .permissions()
                .cloned()
                .unwrap_or_else(|| asked.permissions.clone()),
        );
        if asked.reach != Reach::All {
            self.repositories = Some(
                token
                    .repositories()
                    .iter()
                    .map(|r| r.full_name.clone())
                    .collect(),
            );
            self.repository_ids = Some(token.repositories().iter().map(|r| r.id).collect());
        }
        let digest = Sha256::digest(token.token.reveal().as_bytes());
        self.token_sha256 = Some(hex(&digest));
        self.token_sha256_base64 = Some(base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            digest,
        ));
    }

    /// What an organisation in audit mode would have refused; a refusal's own reason takes its place.
    pub(crate) fn would_refuse(&mut self, because: &str) {
        let reason = self.reason.take().map_or_else(
            || format!("audit mode: {because}"),
            |before| format!("{before}; {because}"),
        );
        self.reason = Some(cut(&reason));
    }

    pub(crate) fn refused(&mut self, refusal: &Refusal) {
        self.outcome = if refusal.error.is_failure() {
            Outcome::Failed
        } else {
            Outcome::Refused
        };
        self.error = Some(refusal.error.key());
        let reason = if refusal.because.is_empty() {
            refusal.error.to_string()
        } else {
            refusal.because.clone()
        };
        self.reason = Some(cut(&reason));
    }

    pub(crate) fn spent(&mut self, duration_ms: u64, github_calls: u32, uncounted: u32) {
        self.duration_ms = duration_ms;
        self.github_calls = github_calls;
        self.uncounted = uncounted;
    }

    pub(crate) fn line(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Milliseconds since 1970 as RFC 3339 in UTC.
fn rfc3339(now_ms: u64) -> String {
    let nanoseconds = i128::from(now_ms) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}

//! What can come of an exchange but a token. Each variant is a fact; its `Display` is the public sentence, octo-sts's
//! where octo-sts has one. Code and HTTP status are the business of the component's `respond`.

use thiserror::Error;

/// Why there is no token. What a caller may not know is not in here: see [`Refusal`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[allow(
    missing_docs,
    reason = "each variant's sentence says what it is; docs/ERRORS.md is the table"
)]
pub enum ExchangeError {
    #[error("multiple scopes not supported")]
    SeveralScopes,
    #[error("too many values for field \"{0}\"")]
    TooManyValues(&'static str),
    #[error("parameters could not be read")]
    UnreadableParameters,
    #[error("{parameter}: {problem}")]
    Narrowing {
        parameter: &'static str,
        problem: String,
    },
    /// OAuth's own (`POST /token`).
    #[error("{problem}")]
    TokenRequest {
        code: OAuthErrorCode,
        problem: &'static str,
    },
    #[error("too many requests")]
    TooManyRequests { retry_after: u64 },
    #[error("too many refused requests")]
    TooManyRefusals { retry_after: u64 },
    #[error("scope must be provided")]
    NoScope,
    #[error("identity must be provided")]
    NoIdentity,
    #[error("scope must be OWNER or OWNER/REPOSITORY")]
    MalformedScope,
    #[error("identity must be one path segment")]
    MalformedIdentity,
    #[error("expected exactly one authorization header")]
    AuthorizationCount,
    #[error("invalid bearer token")]
    MalformedToken,
    #[error("invalid issuer format")]
    IssuerFormat,
    #[error("invalid {0} in token")]
    ClaimFormat(&'static str),
    #[error("issuer not permitted by this server")]
    IssuerNotPermitted,
    #[error("unable to fetch or create the provider")]
    ProviderRefused,
    #[error("unable to fetch or create the provider")]
    ProviderUnavailable { retry_after: u64 },
    #[error("unable to verify bearer token")]
    NotVerified,
    #[error("unable to verify bearer token")]
    KeysPending { retry_after: u64 },
    #[error("no GitHub App configured for org \"{owner}\"")]
    NoApp { owner: String },
    #[error("no installation found for \"{owner}\"")]
    NotInstalled { owner: String },
    #[error("installation for \"{owner}\" is suspended")]
    Suspended { owner: String },
    #[error("GitHub API rate limit exceeded for \"{what}\"")]
    Limited { what: String, retry_after: u64 },
    #[error("failed to get token")]
    AppRefused,
    #[error("issuer not permitted by organization policy")]
    OrganisationIssuer,
    #[error("organization trusted-issuer configuration is invalid")]
    OrganisationIssuersInvalid,
    #[error("organization trusted-issuer lookup unavailable")]
    OrganisationUnavailable { retry_after: u64 },
    #[error("organization trusted-issuer lookup rate limited")]
    OrganisationLimited { retry_after: u64 },
    #[error("organization configuration is required by this server")]
    OrganisationRequired,
    #[error("not permitted by organization guard-rails")]
    GuardRail,
    #[error("organization guard-rail configuration is invalid")]
    GuardRailsInvalid,
    #[error("unable to find trust policy for \"{identity}\"")]
    PolicyNotFound { identity: String },
    #[error("unable to {stage} trust policy found for \"{identity}\"")]
    PolicyInvalid {
        identity: String,
        stage: PolicyStage,
        reason: Option<String>,
    },
    #[error("not permitted to read trust policy for \"{identity}\"")]
    PolicyForbidden { identity: String },
    #[error("GitHub is unavailable")]
    GitHubUnavailable { retry_after: u64 },
    #[error("token does not match trust policy: audience not accepted")]
    AudienceNotAccepted,
    #[error("{0}")]
    Denied(String),
    #[error("no GitHub App matches the trust policy")]
    NoAppMatches,
    #[error("token was already used")]
    AlreadyUsed,
    #[error("token cannot be used once only")]
    NotForOnce,
    #[error("token use could not be recorded")]
    UseNotRecorded { retry_after: u64 },
    #[error("token exchange failure (StatusUnprocessableEntity)")]
    MintUnprocessable,
    #[error("failed to get token")]
    MintForbidden,
    #[error("failed to get token")]
    MintUnavailable { retry_after: u64 },
    #[error("failed to get token")]
    TokenWider,
    #[error("decision could not be recorded")]
    NotRecorded { retry_after: u64 },
    #[error("deadline exceeded")]
    Deadline,
    #[error("server is not configured")]
    NotConfigured { retry_after: u64 },
    #[error("request too large")]
    RequestTooLarge,
    #[error("Method Not Allowed")]
    WrongMethod { allow: &'static str },
    #[error("Not Found")]
    NoSuchPath,
    #[error("octo-sts does not support refresh tokens")]
    RefreshTokens,
    #[error("internal error")]
    Internal,
}

/// What `error` of a token endpoint says (RFC 6749 5.2, RFC 8693 2.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OAuthErrorCode {
    /// The request, or the subject token.
    InvalidRequest,
    /// Another grant.
    UnsupportedGrantType,
    /// No token for this resource and audience.
    InvalidTarget,
    /// More than the policy grants, or no scope.
    InvalidScope,
    /// Later perhaps.
    TemporarilyUnavailable,
    /// Something is broken.
    ServerError,
}

impl OAuthErrorCode {
    /// As the answer says it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidScope => "invalid_scope",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::ServerError => "server_error",
        }
    }
}

/// How far a policy's text came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyStage {
    /// A directory, a symbolic link, not text, too large.
    Read,
    /// No document of the schema.
    Parse,
    /// A policy that cannot decide.
    Compile,
}

impl std::fmt::Display for PolicyStage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Parse => "parse",
            Self::Compile => "compile",
        })
    }
}

impl ExchangeError {
    /// Seconds after which a retry may help, 1 to 3600, for everything that a retry may cure.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::ProviderUnavailable { retry_after }
            | Self::KeysPending { retry_after }
            | Self::Limited { retry_after, .. }
            | Self::OrganisationUnavailable { retry_after }
            | Self::OrganisationLimited { retry_after }
            | Self::TooManyRequests { retry_after }
            | Self::TooManyRefusals { retry_after }
            | Self::GitHubUnavailable { retry_after }
            | Self::MintUnavailable { retry_after }
            | Self::NotRecorded { retry_after }
            | Self::UseNotRecorded { retry_after }
            | Self::NotConfigured { retry_after } => Some((*retry_after).clamp(1, 3600)),
            _ => None,
        }
    }

    /// The stable key of the answer's `error` and of the audit record.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::SeveralScopes
            | Self::TooManyValues(_)
            | Self::UnreadableParameters
            | Self::Narrowing { .. }
            | Self::TokenRequest { .. }
            | Self::NoScope
            | Self::NoIdentity
            | Self::MalformedScope
            | Self::MalformedIdentity
            | Self::AuthorizationCount
            | Self::RequestTooLarge
            | Self::WrongMethod { .. } => "invalid_request",
            Self::MalformedToken | Self::IssuerFormat | Self::ClaimFormat(_) => "invalid_token",
            Self::IssuerNotPermitted | Self::OrganisationIssuer => "issuer_not_permitted",
            Self::OrganisationIssuersInvalid
            | Self::OrganisationRequired
            | Self::GuardRailsInvalid => "org_configuration_invalid",
            Self::GuardRail => "guard_rail",
            Self::ProviderRefused => "provider_error",
            Self::NotVerified => "token_verification_failed",
            Self::NoApp { .. } | Self::NotInstalled { .. } => "installation_not_found",
            Self::Suspended { .. } => "installation_suspended",
            Self::Limited { .. }
            | Self::OrganisationLimited { .. }
            | Self::TooManyRequests { .. }
            | Self::TooManyRefusals { .. } => "rate_limited",
            Self::AppRefused | Self::TokenWider => "upstream_error",
            Self::PolicyNotFound { .. } => "policy_not_found",
            Self::PolicyInvalid { .. } => "policy_invalid",
            Self::PolicyForbidden { .. } => "policy_forbidden",
            Self::AudienceNotAccepted => "audience_not_accepted",
            Self::Denied(_)
            | Self::NoAppMatches
            | Self::NotForOnce
            | Self::MintUnprocessable
            | Self::MintForbidden => "permission_denied",
            Self::ProviderUnavailable { .. }
            | Self::KeysPending { .. }
            | Self::OrganisationUnavailable { .. }
            | Self::GitHubUnavailable { .. }
            | Self::MintUnavailable { .. }
            | Self::NotRecorded { .. }
            | Self::UseNotRecorded { .. }
            | Self::NotConfigured { .. } => "unavailable",
            Self::AlreadyUsed => "token_already_used",
            Self::Deadline => "upstream_timeout",
            Self::NoSuchPath => "not_found",
            Self::RefreshTokens => "unimplemented",
            Self::Internal => "internal_error",
        }
    }

    /// Whether nothing was decided: somebody was out of reach, or something here is broken.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(
            self.key(),
            "unavailable"
                | "rate_limited"
                | "upstream_error"
                | "upstream_timeout"
                | "internal_error"
        )
    }

    /// `reason` of the answer's body: what is wrong with the policy, for those who may see it.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::PolicyInvalid { reason, .. } => reason.as_deref(),
            _ => None,
        }
    }
}

/// An error in two voices: what happened, what the caller is told of it, and what only the operator's log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What happened, for the audit record.
    pub error: ExchangeError,
    /// What the caller is told, where that is less.
    pub shown: Option<Box<ExchangeError>>,
    /// For the operator: no token, key or assertion is in it.
    pub because: String,
}

impl Refusal {
    /// A refusal with a reason for the log.
    pub(crate) fn new(error: ExchangeError, because: impl ToString) -> Self {
        Self {
            error,
            shown: None,
            because: because.to_string(),
        }
    }

    /// The login belongs to another account than a moment ago (rule 1).
    pub(crate) fn another_account(owner: &impl ToString) -> Self {
        let owner = owner.to_string();
        let because = "the login belongs to another account now";
        Self::new(ExchangeError::NotInstalled { owner }, because)
    }

    /// What the caller is told.
    #[must_use]
    pub fn public(&self) -> &ExchangeError {
        self.shown.as_deref().unwrap_or(&self.error)
    }
}

impl From<ExchangeError> for Refusal {
    fn from(error: ExchangeError) -> Self {
        Self::new(error, "")
    }
}

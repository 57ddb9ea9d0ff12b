//! The only map from what happened to gRPC code, HTTP status and body. docs/ERRORS.md is this table in words; a test
//! compares the two.

use exchange::error::OAuthErrorCode;
use exchange::{ExchangeError, Explanation, Granted};
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

/// octo-sts's numbers (gRPC codes, <https://grpc.github.io/grpc/core/md_doc_statuscodes.html>) and the HTTP status.
#[must_use]
pub fn code_and_status(error: &ExchangeError) -> (u8, u16) {
    match error {
        ExchangeError::SeveralScopes
        | ExchangeError::TooManyValues(_)
        | ExchangeError::UnreadableParameters
        | ExchangeError::Narrowing { .. }
        | ExchangeError::TokenRequest { .. }
        | ExchangeError::NoScope
        | ExchangeError::NoIdentity
        | ExchangeError::MalformedScope
        | ExchangeError::MalformedIdentity
        | ExchangeError::MalformedToken
        | ExchangeError::IssuerFormat
        | ExchangeError::ClaimFormat(_)
        | ExchangeError::ProviderRefused => (3, 400),
        ExchangeError::RequestTooLarge => (3, 413),
        ExchangeError::Deadline => (4, 504),
        ExchangeError::NoApp { .. }
        | ExchangeError::NotInstalled { .. }
        | ExchangeError::PolicyNotFound { .. }
        | ExchangeError::PolicyInvalid { .. }
        | ExchangeError::NoSuchPath => (5, 404),
        ExchangeError::IssuerNotPermitted
        | ExchangeError::OrganisationIssuer
        | ExchangeError::GuardRail
        | ExchangeError::Suspended { .. }
        | ExchangeError::PolicyForbidden { .. }
        | ExchangeError::AudienceNotAccepted
        | ExchangeError::Denied(_)
        | ExchangeError::NoAppMatches
        | ExchangeError::AlreadyUsed
        | ExchangeError::NotForOnce
        | ExchangeError::MintUnprocessable
        | ExchangeError::MintForbidden => (7, 403),
        ExchangeError::Limited { .. }
        | ExchangeError::OrganisationLimited { .. }
        | ExchangeError::TooManyRequests { .. }
        | ExchangeError::TooManyRefusals { .. } => (8, 429),
        ExchangeError::OrganisationIssuersInvalid
        | ExchangeError::OrganisationRequired
        | ExchangeError::GuardRailsInvalid => (9, 400),
        ExchangeError::WrongMethod { .. } => (12, 405),
        ExchangeError::RefreshTokens => (12, 501),
        ExchangeError::AppRefused | ExchangeError::TokenWider | ExchangeError::Internal => {
            (13, 500)
        }
        ExchangeError::ProviderUnavailable { .. }
        | ExchangeError::KeysPending { .. }
        | ExchangeError::OrganisationUnavailable { .. }
        | ExchangeError::GitHubUnavailable { .. }
        | ExchangeError::MintUnavailable { .. }
        | ExchangeError::NotRecorded { .. }
        | ExchangeError::UseNotRecorded { .. }
        | ExchangeError::NotConfigured { .. } => (14, 503),
        ExchangeError::AuthorizationCount | ExchangeError::NotVerified => (16, 401),
    }
}

/// An error as Go's gRPC library prints it, which is what octo-sts's events have.
#[must_use]
pub fn rpc_error(error: &ExchangeError) -> String {
    let name = match code_and_status(error).0 {
        3 => "InvalidArgument",
        4 => "DeadlineExceeded",
        5 => "NotFound",
        7 => "PermissionDenied",
        8 => "ResourceExhausted",
        9 => "FailedPrecondition",
        12 => "Unimplemented",
        14 => "Unavailable",
        16 => "Unauthenticated",
        _ => "Internal",
    };
    format!("rpc error: code = {name} desc = {error}")
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    code: u8,
    message: String,
    details: [u8; 0],
    error: &'a str,
    decision: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

/// The answer to a request that brought no token.
#[must_use]
pub fn refused(error: &ExchangeError, decision: &str) -> Response<Vec<u8>> {
    let (code, status) = code_and_status(error);
    let body = ErrorBody {
        code,
        message: error.to_string(),
        details: [],
        error: error.key(),
        decision,
        reason: error.reason(),
    };
    let mut response = json(status, &body, decision);
    let headers = response.headers_mut();
    if let Some(seconds) = error.retry_after() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let ExchangeError::WrongMethod { allow } = error {
        headers.insert(header::ALLOW, HeaderValue::from_static(allow));
    }
    if status == 401 {
        // RFC 6750 3.1: the error code only where a token was sent.
        let challenge = match error {
            ExchangeError::AuthorizationCount => "Bearer",
            _ => "Bearer error=\"invalid_token\"",
        };
        headers.insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static(challenge),
        );
    }
    response
}

/// The same refusal in RFC 6749's words (5.2) and RFC 8693's (2.2.2): what is wrong with the subject token is wrong with the
/// request. Only what a retry may cure, and what is broken here, keeps its status.
#[must_use]
pub fn refused_by_oauth(error: &ExchangeError, decision: &str) -> Response<Vec<u8>> {
    let code = oauth_code(error);
    let status = match code_and_status(error).1 {
        kept @ (405 | 413 | 429 | 500 | 503 | 504) => kept,
        _ => 400,
    };
    // RFC 6749 5.2 leaves out quotation marks and the backslash.
    let description = error.to_string();
    let description = description.chars().map(|c| match c {
        '"' | '\\' => '\'',
        ' '..='~' => c,
        _ => '?',
    });
    let body = serde_json::json!({
        "error": code.as_str(),
        "error_description": description.collect::<String>(),
        "decision": decision,
    });
    let mut response = refused(error, decision);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    *response.body_mut() = serde_json::to_vec(&body).unwrap_or_default();
    response.headers_mut().remove(header::WWW_AUTHENTICATE);
    no_store(response)
}

fn oauth_code(error: &ExchangeError) -> OAuthErrorCode {
    match error {
        ExchangeError::TokenRequest { code, .. } => *code,
        ExchangeError::Narrowing { .. } => OAuthErrorCode::InvalidScope,
        ExchangeError::MalformedScope
        | ExchangeError::MalformedIdentity
        | ExchangeError::Suspended { .. }
        | ExchangeError::NoAppMatches => OAuthErrorCode::InvalidTarget,
        error => match code_and_status(error).1 {
            404 => OAuthErrorCode::InvalidTarget,
            429 | 503 => OAuthErrorCode::TemporarilyUnavailable,
            500 | 504 => OAuthErrorCode::ServerError,
            _ => OAuthErrorCode::InvalidRequest,
        },
    }
}

/// The answer with a token in RFC 8693's words (2.2.1). `metadata:read`, which GitHub adds to every token, is no scope that
/// anybody asked for.
#[must_use]
pub fn granted_by_oauth(granted: &Granted, decision: &str) -> Response<Vec<u8>> {
    let scope = granted.permissions.iter();
    let scope = scope.filter(|(name, _)| granted.permissions.len() == 1 || *name != "metadata");
    let scope: Vec<String> = scope
        .map(|(name, level)| format!("{name}:{level}"))
        .collect();
    let body = serde_json::json!({
        "access_token": granted.token.reveal(),
        "issued_token_type": exchange::oauth::ACCESS_TOKEN,
        "token_type": "Bearer",
        "expires_in": granted.expires_in,
        "scope": scope.join(" "),
    });
    no_store(json(200, &body, decision))
}

/// The metadata of RFC 8414. There are no clients to authenticate and no authorization endpoint.
#[must_use]
pub fn oauth_metadata(issuer: &str, decision: &str) -> Response<Vec<u8>> {
    let body = serde_json::json!({
        "issuer": issuer,
        "token_endpoint": format!("{issuer}/token"),
        "token_endpoint_auth_methods_supported": ["none"],
        "grant_types_supported": [exchange::oauth::GRANT_TYPE],
        "response_types_supported": [],
    });
    json(200, &body, decision)
}

fn no_store(mut response: Response<Vec<u8>>) -> Response<Vec<u8>> {
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

#[derive(Serialize)]
struct TokenBody<'a> {
    token: &'a str,
    #[serde(rename = "refreshToken")]
    refresh_token: &'a str,
    expiry: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
}

/// The answer with a token: `token` first, since scripts cut it out of the text.
#[must_use]
pub fn granted(granted: &Granted, decision: &str) -> Response<Vec<u8>> {
    let token = granted.token.reveal();
    let oauth = granted.oauth_names;
    let body = TokenBody {
        token,
        refresh_token: "",
        expiry: &granted.expiry,
        access_token: oauth.then_some(token),
        token_type: oauth.then_some("bearer"),
        expires_in: oauth.then_some(granted.expires_in),
    };
    no_store(json(200, &body, decision))
}

/// What an exchange would answer, and why.
#[must_use]
pub fn explained(explanation: &Explanation, decision: &str) -> Response<Vec<u8>> {
    no_store(json(200, explanation, decision))
}

/// The answer to a revocation: done, and nothing to say.
#[must_use]
pub fn revoked(decision: &str) -> Response<Vec<u8>> {
    let mut response = json(204, &(), decision);
    response.body_mut().clear();
    response.headers_mut().remove(header::CONTENT_TYPE);
    response
}

/// octo-sts's answer to `GET /`.
#[must_use]
pub fn welcome(decision: &str) -> Response<Vec<u8>> {
    let body = serde_json::json!({"msg": "please check documentation for usage: https://github.com/octo-sts/app"});
    json(200, &body, decision)
}

/// `GET /healthz`: the problems are names of settings and what is wrong with them, never values.
#[must_use]
pub fn health(problems: &[String], decision: &str) -> Response<Vec<u8>> {
    if problems.is_empty() {
        return json(200, &serde_json::json!({"status": "ok"}), decision);
    }
    json(
        503,
        &serde_json::json!({"status": "not ready", "problems": problems}),
        decision,
    )
}

fn json(status: u16, body: &impl Serialize, decision: &str) -> Response<Vec<u8>> {
    let mut response = Response::new(serde_json::to_vec(body).unwrap_or_default());
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    if let Ok(decision) = HeaderValue::from_str(decision) {
        headers.insert("octo-sts-decision", decision);
    }
    response
}

#[cfg(test)]
#[path = "respond_tests.rs"]
mod tests;

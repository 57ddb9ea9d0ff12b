//! OAuth 2.0 Token Exchange (RFC 8693) at `POST /token`: the same exchange in the standard's words (rule 31 of
//! docs/SECURITY.md).
//!
//! `resource` is a repository's or an owner's address on the web, `audience` the policy's name, `scope` asks for less.

use crate::error::{ExchangeError, OAuthErrorCode};
use crate::narrowing::UnverifiedNarrowing;
use crate::request::{Incoming, MAX_BEARER, TokenExchangeRequest, well_escaped};
use std::collections::BTreeMap;

/// RFC 8693 2.1.
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// RFC 8693 3.
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const SUBJECT_TOKENS: [&str; 2] = [
    "urn:ietf:params:oauth:token-type:id_token",
    "urn:ietf:params:oauth:token-type:jwt",
];

/// Credentials beside the subject token. Whoever sends one means that it counts, and it would not.
const SECOND_CREDENTIALS: [&str; 5] = [
    "actor_token",
    "actor_token_type",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
];

fn refused(code: OAuthErrorCode, problem: &'static str) -> ExchangeError {
    ExchangeError::TokenRequest { code, problem }
}

fn invalid(problem: &'static str) -> ExchangeError {
    refused(OAuthErrorCode::InvalidRequest, problem)
}

/// Reads a request. `web`: where this GitHub's repositories are on the web.
///
/// # Errors
/// [`ExchangeError::TokenRequest`], or a bearer above 16 KiB.
pub(crate) fn read(incoming: &Incoming, web: &str) -> Result<TokenExchangeRequest, ExchangeError> {
    if !incoming.authorization.is_empty() {
        return Err(invalid("an Authorization header beside subject_token"));
    }
    if !incoming.query.is_empty() {
        return Err(invalid("parameters belong into the body"));
    }
    let form = Form::read(incoming)?;
    if SECOND_CREDENTIALS.iter().any(|name| form.has(name)) {
        return Err(invalid("a second credential beside subject_token"));
    }
    match form.required("grant_type", "grant_type is missing")? {
        GRANT_TYPE => {}
        _ => {
            let problem = "grant_type must be token-exchange (RFC 8693)";
            return Err(refused(OAuthErrorCode::UnsupportedGrantType, problem));
        }
    }
    let kind = form.required("subject_token_type", "subject_token_type is missing")?;
    if !SUBJECT_TOKENS.contains(&kind) {
        return Err(invalid("subject_token_type must be id_token or jwt"));
    }
    if form
        .get("requested_token_type")
        .is_some_and(|kind| kind != ACCESS_TOKEN)
    {
        return Err(invalid("requested_token_type must be access_token"));
    }
    let token = form.required("subject_token", "subject_token is missing")?;
    if token.len() > MAX_BEARER {
        return Err(ExchangeError::RequestTooLarge);
    }
    let resource = form.required("resource", "resource is missing")?;
    let scope = target(resource, web).ok_or_else(|| {
        let problem = "resource must be the address of an owner or a repository of this GitHub";
        refused(OAuthErrorCode::InvalidTarget, problem)
    })?;
    let audience = form.required("audience", "audience (the policy's name) is missing")?;
    Ok(TokenExchangeRequest {
        unverified_token: token.to_owned(),
        scope: scope.to_owned(),
        identity: audience.to_owned(),
        narrowing: UnverifiedNarrowing {
            permissions: form.get("scope").map(permissions),
            repositories: None,
        },
        user_agent: incoming.user_agent.clone(),
        oauth_names: true,
    })
}

/// Each parameter at most once (RFC 6749 3.2).
struct Form(BTreeMap<String, String>);

impl Form {
    fn read(incoming: &Incoming) -> Result<Self, ExchangeError> {
        if incoming.media_type() != "application/x-www-form-urlencoded" {
            return Err(invalid("the body must be a form"));
        }
        let form = std::str::from_utf8(&incoming.body).ok();
        let form = form.filter(|form| well_escaped(form));
        let form = form.ok_or_else(|| invalid("the form cannot be read"))?;
        let mut members = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(form.as_bytes()) {
            if members
                .insert(name.into_owned(), value.into_owned())
                .is_some()
            {
                return Err(invalid("a parameter twice"));
            }
        }
        Ok(Self(members))
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A parameter without a value counts as left out (RFC 6749 3.2). `scope` alone is no such one: whoever asks for nothing
    /// must not get everything.
    fn required(&self, name: &str, missing: &'static str) -> Result<&str, ExchangeError> {
        let value = self.get(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| invalid(missing))
    }
}

/// `OWNER` or `OWNER/REPOSITORY` of an address. Scheme and host without case (RFC 3986 6.2.2.1), nothing else is guessed.
fn target<'a>(resource: &'a str, web: &str) -> Option<&'a str> {
    let (start, path) = resource.split_at_checked(web.len())?;
    let path = path.strip_prefix('/')?;
    let plain = !path.is_empty() && !path.contains(['?', '#', '%']);
    (start.eq_ignore_ascii_case(web) && plain).then_some(path)
}

/// `contents:read issues:write` (RFC 6749 3.3: separated by single spaces).
fn permissions(scope: &str) -> Vec<(String, String)> {
    let entry = |entry: &str| match entry.split_once(':') {
        Some((name, level)) => (name.to_owned(), level.to_owned()),
        None => (entry.to_owned(), String::new()),
    };
    if scope.is_empty() {
        return Vec::new();
    }
    scope.split(' ').map(entry).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const WEB: &str = "https://github.com";

    fn usual() -> Vec<(&'static str, &'static str)> {
        vec![
            ("grant_type", GRANT_TYPE),
            ("subject_token", "a.b.c"),
            (
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:id_token",
            ),
            ("resource", "https://github.com/acme/app"),
            ("audience", "ci"),
        ]
    }

    fn incoming(form: &[(&str, &str)]) -> Incoming {
        let mut body = form_urlencoded::Serializer::new(String::new());
        Incoming {
            content_type: Some("application/x-www-form-urlencoded".to_owned()),
            body: body.extend_pairs(form).finish().into_bytes(),
            ..Incoming::default()
        }
    }

    fn code(result: Result<TokenExchangeRequest, ExchangeError>) -> &'static str {
        match result {
            Ok(_) => "ok",
            Err(ExchangeError::TokenRequest { code, .. }) => code.as_str(),
            Err(_) => "other",
        }
    }

    fn with(name: &'static str, value: Option<&'static str>) -> &'static str {
        let mut form = usual();
        form.retain(|(other, _)| *other != name);
        form.extend(value.map(|value| (name, value)));
        code(read(&incoming(&form), WEB))
    }

    #[test]
    fn the_standards_words_are_the_same_request() {
        let mut form = usual();
        form.push(("scope", "contents:read issues:write"));
        form.push(("requested_token_type", ACCESS_TOKEN));
        form.push(("client_id", "anybody"));
        let request = read(&incoming(&form), WEB).unwrap();
        assert_eq!(request.unverified_token, "a.b.c");
        assert_eq!(
            (request.scope.as_str(), request.identity.as_str()),
            ("acme/app", "ci")
        );
        let entry = |name: &str, level: &str| (name.to_owned(), level.to_owned());
        let wanted = vec![entry("contents", "read"), entry("issues", "write")];
        assert_eq!(request.narrowing.permissions, Some(wanted));
        assert_eq!(request.narrowing.repositories, None);
    }

    #[test]
    fn what_is_missing_or_another_is_refused() {
        for name in [
            "grant_type",
            "subject_token",
            "subject_token_type",
            "resource",
            "audience",
        ] {
            assert_eq!(with(name, None), "invalid_request", "{name}");
            assert_eq!(with(name, Some("")), "invalid_request", "{name}");
        }
        for (name, value, wanted) in [
            ("grant_type", "client_credentials", "unsupported_grant_type"),
            ("subject_token_type", ACCESS_TOKEN, "invalid_request"),
            (
                "requested_token_type",
                "urn:ietf:params:oauth:token-type:jwt",
                "invalid_request",
            ),
            ("actor_token", "x", "invalid_request"),
            ("actor_token", "", "invalid_request"),
            ("client_secret", "x", "invalid_request"),
            ("client_assertion", "x", "invalid_request"),
            (
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:jwt",
                "ok",
            ),
        ] {
            assert_eq!(with(name, Some(value)), wanted, "{name}={value}");
        }
    }

    #[test]
    fn a_resource_is_an_address_of_this_github() {
        for (resource, scope) in [
            ("https://github.com/acme", Some("acme")),
            ("HTTPS://GitHub.com/Acme/App", Some("Acme/App")),
            ("https://github.com/", None),
            ("https://github.com", None),
            ("https://github.com.evil.example/acme/app", None),
            ("https://github.com/acme/app?x", None),
            ("https://github.com/acme/app#x", None),
            ("https://github.com/acme%2Fapp", None),
            ("http://github.com/acme/app", None),
            ("acme/app", None),
            ("é", None),
        ] {
            assert_eq!(target(resource, WEB), scope, "{resource}");
        }
        assert_eq!(
            with("resource", Some("https://gitlab.com/acme/app")),
            "invalid_target"
        );
    }

    #[test]
    fn the_form_alone_counts() {
        let mut request = incoming(&usual());
        assert_eq!(code(read(&request, WEB)), "ok");
        request.authorization = vec!["Bearer x".to_owned()];
        assert_eq!(code(read(&request, WEB)), "invalid_request");
        let mut request = incoming(&usual());
        request.query = "scope=contents:read".to_owned();
        assert_eq!(code(read(&request, WEB)), "invalid_request");
        let mut request = incoming(&usual());
        request.content_type = Some("application/json".to_owned());
        assert_eq!(code(read(&request, WEB)), "invalid_request");
        let mut twice = usual();
        twice.push(("audience", "ci"));
        assert_eq!(code(read(&incoming(&twice), WEB)), "invalid_request");
    }
}

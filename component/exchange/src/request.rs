//! Reading a token exchange request: query, form or JSON, in the superset that serves every client of octo-sts.

use crate::error::ExchangeError;
use serde_json::Value;
use std::collections::BTreeSet;

/// The largest bearer token, in bytes.
const MAX_BEARER: usize = 16 * 1024;

/// The parts of an HTTP request that an exchange reads, as they came.
#[derive(Debug, Clone, Default)]
pub struct Incoming {
    /// The query, without `?`.
    pub query: String,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The body.
    pub body: Vec<u8>,
    /// Every `Authorization` header.
    pub authorization: Vec<String>,
    /// The `User-Agent` header, for the audit record.
    pub user_agent: Option<String>,
}

/// What the caller asks for; neither checked nor believed yet.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenExchangeRequest {
    /// The OIDC token, as sent.
    pub unverified_token: String,
    /// octo-sts's scope; empty if absent.
    pub scope: String,
    /// octo-sts's identity; empty if absent.
    pub identity: String,
    /// For the audit record.
    pub user_agent: Option<String>,
    /// Whether the answer also has OAuth's names: only for requests with neither `scopes` nor a form body, since
    /// Chainguard's SDK refuses fields that it does not know.
    pub oauth_names: bool,
}

#[derive(Default)]
struct Parameters {
    scope: BTreeSet<String>,
    scopes: BTreeSet<String>,
    identity: BTreeSet<String>,
    narrowing: Option<&'static str>,
    form_body: bool,
}

impl TokenExchangeRequest {
    /// Reads a request. Several scopes and unreadable parameters come first, then the authorization.
    ///
    /// # Errors
    /// The first of: several scopes, a parameter with several values, narrowing (not served), authorization missing or
    /// twice, a bearer above 16 KiB.
    pub fn read(incoming: &Incoming) -> Result<Self, ExchangeError> {
        let parameters = Parameters::read(incoming)?;
        let scope = parameters.scope()?;
        let identity = single("identity", &parameters.identity)?;
        if let Some(name) = parameters.narrowing {
            return Err(ExchangeError::NarrowingNotServed(name));
        }
        let unverified_token = bearer(&incoming.authorization)?;
        let oauth_names = !parameters.form_body && parameters.scopes.is_empty();
        Ok(Self {
            unverified_token,
            scope,
            identity,
            user_agent: incoming.user_agent.clone(),
            oauth_names,
        })
    }
}

impl Parameters {
    fn read(incoming: &Incoming) -> Result<Self, ExchangeError> {
        let mut all = Self::default();
        all.add_form(&incoming.query)?;
        let media_type = incoming
            .content_type
            .as_deref()
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default();
        let media_type = media_type.trim().to_ascii_lowercase();
        if incoming.body.is_empty() {
            return Ok(all);
        }
        match media_type.as_str() {
            "application/x-www-form-urlencoded" => {
                let form = std::str::from_utf8(&incoming.body)
                    .map_err(|_| ExchangeError::UnreadableParameters)?;
                all.add_form(form)?;
                all.form_body = true;
            }
            "application/json" => all.add_json(&incoming.body)?,
            // A type we don't know is no body: clients send `text/plain` with everything in the query.
            _ => {}
        }
        Ok(all)
    }

    fn add_form(&mut self, form: &str) -> Result<(), ExchangeError> {
        if !well_escaped(form) {
            return Err(ExchangeError::UnreadableParameters);
        }
        for (name, value) in form_urlencoded::parse(form.as_bytes()) {
            self.add(&name, value.into_owned());
        }
        Ok(())
    }

    fn add_json(&mut self, body: &[u8]) -> Result<(), ExchangeError> {
        let value: Value =
            serde_json::from_slice(body).map_err(|_| ExchangeError::UnreadableParameters)?;
        let Value::Object(members) = value else {
            return Err(ExchangeError::UnreadableParameters);
        };
        for (name, value) in members {
            match value {
                Value::String(text) => self.add(&name, text),
                Value::Array(items) if name == "scopes" => {
                    for item in items {
                        let text = item.as_str().ok_or(ExchangeError::UnreadableParameters)?;
                        self.add(&name, text.to_owned());
                    }
                }
                Value::Null => {}
                _ if matches!(name.as_str(), "scope" | "scopes" | "identity") => {
                    return Err(ExchangeError::UnreadableParameters);
                }
                _ => self.add(&name, String::new()),
            }
        }
        Ok(())
    }

    /// octo-sts reads three names and ignores the others. Narrowing is not ignored: whoever asks for less must not get
    /// more.
    fn add(&mut self, name: &str, value: String) {
        match name {
            "scope" => self.scope.insert(value),
            "scopes" => self.scopes.insert(value),
            "identity" => self.identity.insert(value),
            "permissions" => self.narrowing.replace("permissions").is_none(),
            "repositories" => self.narrowing.replace("repositories").is_none(),
            _ => false,
        };
    }

    fn scope(&self) -> Result<String, ExchangeError> {
        if self.scopes.len() > 1 {
            return Err(ExchangeError::SeveralScopes);
        }
        let scope = single("scope", &self.scope)?;
        match self.scopes.first() {
            None => Ok(scope),
            Some(other) if scope.is_empty() || scope == *other => Ok(other.clone()),
            Some(_) => Err(ExchangeError::SeveralScopes),
        }
    }
}

fn single(name: &'static str, values: &BTreeSet<String>) -> Result<String, ExchangeError> {
    if values.len() > 1 {
        return Err(ExchangeError::TooManyValues(name));
    }
    Ok(values.first().cloned().unwrap_or_default())
}

/// Whether every `%` is followed by two hexadecimal digits and the result is UTF-8.
fn well_escaped(form: &str) -> bool {
    let escapes_fit = form.split('%').skip(1).all(|rest| {
        let mut bytes = rest.bytes();
        let mut digit = || bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit());
        digit() && digit()
    });
    // A replacement character that was not sent is what lossy decoding leaves of bad UTF-8.
    let decoded = |(name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
        !name.contains('\u{FFFD}') && !value.contains('\u{FFFD}')
    };
    escapes_fit && form_urlencoded::parse(form.as_bytes()).all(decoded)
}

/// Exactly one `Authorization` header; the prefix `Bearer ` is removed if it is there (RFC 6750 2.1; octo-sts takes the
/// bare JWT too).
fn bearer(headers: &[String]) -> Result<String, ExchangeError> {
    let [header] = headers else {
        return Err(ExchangeError::AuthorizationCount);
    };
    let token = header
        .strip_prefix("Bearer ")
        .unwrap_or(header)
        .trim_matches(' ');
    if token.len() > MAX_BEARER {
        return Err(ExchangeError::RequestTooLarge);
    }
    Ok(token.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn incoming(query: &str, content_type: &str, body: &str) -> Incoming {
        Incoming {
            query: query.into(),
            content_type: Some(content_type.into()),
            body: body.into(),
            authorization: vec!["Bearer a.b.c".into()],
            user_agent: None,
        }
    }

    fn read(
        query: &str,
        content_type: &str,
        body: &str,
    ) -> Result<(String, String), ExchangeError> {
        TokenExchangeRequest::read(&incoming(query, content_type, body))
            .map(|request| (request.scope, request.identity))
    }

    const FORM: &str = "application/x-www-form-urlencoded";
    const JSON: &str = "application/json; charset=utf-8";

    #[test]
    fn every_client_of_octo_sts_is_understood() {
        let wanted = Ok(("o/r".to_owned(), "ci".to_owned()));
        for (query, content_type, body) in [
            ("scope=o/r&scopes=o/r&identity=ci", "", ""),
            ("scope=o%2Fr&identity=ci", "text/plain", "anything"),
            ("", FORM, "scopes=o%2Fr&identity=ci&aud=x&cap=y"),
            ("scope=o/r", FORM, "scope=o/r&identity=ci"),
            (
                "",
                JSON,
                r#"{"scope":"o/r","identity":"ci","aud":["x"],"n":1}"#,
            ),
            ("", JSON, r#"{"scopes":["o/r"],"identity":"ci"}"#),
            ("scope=o/r&identity=ci", JSON, ""),
        ] {
            assert_eq!(
                read(query, content_type, body),
                wanted,
                "{query} {content_type} {body}"
            );
        }
        assert_eq!(read("", "", ""), Ok((String::new(), String::new())));
    }

    #[test]
    fn two_values_are_an_error_and_not_a_choice() {
        for (query, content_type, body, error) in [
            ("scopes=a&scopes=b", "", "", ExchangeError::SeveralScopes),
            ("scope=a&scopes=b", "", "", ExchangeError::SeveralScopes),
            (
                "scope=a&scope=b",
                "",
                "",
                ExchangeError::TooManyValues("scope"),
            ),
            (
                "identity=a",
                FORM,
                "identity=b",
                ExchangeError::TooManyValues("identity"),
            ),
            (
                "",
                JSON,
                r#"{"scopes":["a","b"]}"#,
                ExchangeError::SeveralScopes,
            ),
            ("scope=%zz", "", "", ExchangeError::UnreadableParameters),
            ("scope=%f", "", "", ExchangeError::UnreadableParameters),
            ("scope=%ff", "", "", ExchangeError::UnreadableParameters),
            ("", JSON, "[]", ExchangeError::UnreadableParameters),
            ("", JSON, "{", ExchangeError::UnreadableParameters),
            (
                "",
                JSON,
                r#"{"scope":1}"#,
                ExchangeError::UnreadableParameters,
            ),
            (
                "permissions=contents:read",
                "",
                "",
                ExchangeError::NarrowingNotServed("permissions"),
            ),
            (
                "",
                JSON,
                r#"{"repositories":["a"]}"#,
                ExchangeError::NarrowingNotServed("repositories"),
            ),
        ] {
            assert_eq!(
                read(query, content_type, body),
                Err(error),
                "{query} {body}"
            );
        }
    }

    #[test]
    fn exactly_one_credential() {
        let with = |headers: &[&str]| {
            let authorization = headers.iter().map(ToString::to_string).collect();
            let incoming = Incoming {
                authorization,
                ..incoming("", "", "")
            };
            TokenExchangeRequest::read(&incoming).map(|request| request.unverified_token)
        };
        for header in ["Bearer a.b.c", "a.b.c", "Bearer  a.b.c"] {
            assert_eq!(with(&[header]), Ok("a.b.c".into()));
        }
        assert_eq!(with(&[]), Err(ExchangeError::AuthorizationCount));
        assert_eq!(
            with(&["a.b.c", "a.b.c"]),
            Err(ExchangeError::AuthorizationCount)
        );
        assert_eq!(
            with(&[&"x".repeat(MAX_BEARER + 1)]),
            Err(ExchangeError::RequestTooLarge)
        );
        assert_eq!(with(&["bearer a.b.c"]), Ok("bearer a.b.c".into()));
    }
}

//! Reading a token exchange request: query, form or JSON, in the superset that serves every client of octo-sts.

use crate::error::ExchangeError;
use crate::narrowing::UnverifiedNarrowing;
use crate::oauth;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The largest bearer token, in bytes.
pub(crate) const MAX_BEARER: usize = 16 * 1024;

/// The parameters that name what is asked, and those that ask for less of it.
const READ: [&str; 3] = ["scope", "scopes", "identity"];
const NARROWING: [&str; 2] = ["permissions", "repositories"];

/// In whose words a request is, and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// octo-sts's.
    #[default]
    Sts,
    /// RFC 8693's.
    OAuth,
}

/// The parts of an HTTP request that an exchange reads, as they came.
#[derive(Debug, Clone, Default)]
pub struct Incoming {
    /// In whose words it is.
    pub protocol: Protocol,
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

impl Incoming {
    /// The `Content-Type` without parameters, in lower case.
    pub(crate) fn media_type(&self) -> String {
        let header = self.content_type.as_deref().unwrap_or_default();
        let media_type = header.split(';').next().unwrap_or_default();
        media_type.trim().to_ascii_lowercase()
    }
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
    /// What the caller wants at most.
    pub narrowing: UnverifiedNarrowing,
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
    permissions: BTreeSet<Vec<(String, String)>>,
    repositories: BTreeSet<Vec<String>>,
    form_body: bool,
}

impl TokenExchangeRequest {
    /// Reads a request; `web` is where this GitHub's repositories are on the web. Several scopes and unreadable parameters come first, then the authorization.
    ///
    /// # Errors
    /// The first of: several scopes, a parameter with several values, authorization missing or twice, a bearer above 16 KiB.
    pub fn read(incoming: &Incoming, web: &str) -> Result<Self, ExchangeError> {
        if incoming.protocol == Protocol::OAuth {
            return oauth::read(incoming, web);
        }
        let parameters = Parameters::read(incoming)?;
        let scope = parameters.scope()?;
        let identity = single("identity", &parameters.identity)?;
        let narrowing = UnverifiedNarrowing {
            permissions: at_most_one("permissions", parameters.permissions)?,
            repositories: at_most_one("repositories", parameters.repositories)?,
        };
        let unverified_token = bearer(&incoming.authorization)?;
        let oauth_names = !parameters.form_body && parameters.scopes.is_empty();
        Ok(Self {
            unverified_token,
            scope,
            identity,
            narrowing,
            user_agent: incoming.user_agent.clone(),
            oauth_names,
        })
    }
}

impl Parameters {
    fn read(incoming: &Incoming) -> Result<Self, ExchangeError> {
        let mut all = Self::default();
        all.add_form(&incoming.query)?;
        if incoming.body.is_empty() {
            return Ok(all);
        }
        match incoming.media_type().as_str() {
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
                Value::Object(members) if name == "permissions" => self.add_permissions(members)?,
                Value::Array(items) if name == "repositories" => {
                    let text = |item: Value| item.as_str().map(str::to_owned);
                    let names: Option<Vec<_>> = items.into_iter().map(text).collect();
                    let names = names.ok_or(ExchangeError::UnreadableParameters)?;
                    self.repositories.insert(names);
                }
                Value::Null if !NARROWING.contains(&name.as_str()) => {}
                _ if READ.contains(&name.as_str()) || NARROWING.contains(&name.as_str()) => {
                    return Err(ExchangeError::UnreadableParameters);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn add_permissions(&mut self, members: Map<String, Value>) -> Result<(), ExchangeError> {
        let entry = |(name, level): (String, Value)| Some((name, level.as_str()?.to_owned()));
        let entries: Option<Vec<_>> = members.into_iter().map(entry).collect();
        let entries = entries.ok_or(ExchangeError::UnreadableParameters)?;
        self.permissions.insert(entries);
        Ok(())
    }

    /// octo-sts reads three names and ignores the others. Narrowing is not ignored: whoever asks for less must not get
    /// more.
    fn add(&mut self, name: &str, value: String) {
        match name {
            "scope" => self.scope.insert(value),
            "scopes" => self.scopes.insert(value),
            "identity" => self.identity.insert(value),
            "permissions" => self.permissions.insert(pairs(&value)),
            "repositories" => self.repositories.insert(list(&value)),
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

/// `contents:read,issues:write`; nothing is no entry.
fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |entry: String| match entry.split_once(':') {
        Some((name, level)) => (name.to_owned(), level.to_owned()),
        None => (entry, String::new()),
    };
    list(text).into_iter().map(pair).collect()
}

fn list(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    text.split(',').map(str::to_owned).collect()
}

fn at_most_one<T: Ord>(
    name: &'static str,
    values: BTreeSet<T>,
) -> Result<Option<T>, ExchangeError> {
    if values.len() > 1 {
        return Err(ExchangeError::TooManyValues(name));
    }
    Ok(values.into_iter().next())
}

fn single(name: &'static str, values: &BTreeSet<String>) -> Result<String, ExchangeError> {
    if values.len() > 1 {
        return Err(ExchangeError::TooManyValues(name));
    }
    Ok(values.first().cloned().unwrap_or_default())
}

/// Whether every `%` is followed by two hexadecimal digits and the result is UTF-8.
pub(crate) fn well_escaped(form: &str) -> bool {
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
pub(crate) fn bearer(headers: &[String]) -> Result<String, ExchangeError> {
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
#[path = "request_tests.rs"]
mod tests;

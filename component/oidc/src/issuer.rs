//! Issuer identifiers: which texts are one (OpenID Connect Discovery 1.0 section 2, and octo-sts's rules).

use crate::authority::{Authority, AuthorityError, HostPort};
use std::fmt;
use thiserror::Error;

/// The most code points of an issuer.
pub const MAX_ISSUER: usize = 255;
/// The most bytes of one segment of an issuer's path, unescaped.
const MAX_SEGMENT: usize = 150;
/// Google's tokens name their issuer in two ways; one is used everywhere.
const GOOGLE: (&str, &str) = ("accounts.google.com", "https://accounts.google.com");

/// A well-formed issuer identifier. It is compared byte for byte: two spellings of one URL are two issuers.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Issuer {
    text: String,
    plain_http: bool,
    host: String,
    host_port: Option<HostPort>,
}

/// Why a text is no issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum IssuerError {
    /// Nothing, or more than [`MAX_ISSUER`] code points.
    #[error("the issuer is empty or longer than {MAX_ISSUER} characters")]
    Length,
    /// Neither https nor http to `localhost`, `127.0.0.1` or `[::1]`.
    #[error("the issuer is not an https URL")]
    Scheme,
    /// A `?` or `#`, even with nothing behind it.
    #[error("the issuer has a query or a fragment")]
    QueryOrFragment,
    /// An `@` before the path.
    #[error("the issuer has user information")]
    UserInfo,
    /// No host, or one that is no ASCII host name or address.
    #[error("the issuer has no valid host")]
    Host,
    /// A port that is not made of digits.
    #[error("the issuer's port is not a number")]
    Port,
    /// A path outside of the alphabet, with empty or relative segments, or with one that is too long.
    #[error("the issuer's path is not allowed")]
    Path,
}

impl Issuer {
    /// Reads an issuer. `accounts.google.com` becomes `https://accounts.google.com`; nothing else is changed.
    ///
    /// # Errors
    /// [`IssuerError`] names the rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, IssuerError> {
        let text = normalised(text);
        // Four bytes are the most that a code point takes: a long text is not even counted.
        if text.is_empty() || text.len() > 4 * MAX_ISSUER || text.chars().count() > MAX_ISSUER {
            return Err(IssuerError::Length);
        }
        if text.contains(['?', '#']) {
            return Err(IssuerError::QueryOrFragment);
        }
        let (scheme, rest) = text.split_once("://").ok_or(IssuerError::Scheme)?;
        let plain_http = scheme.eq_ignore_ascii_case("http");
        if !plain_http && !scheme.eq_ignore_ascii_case("https") {
            return Err(IssuerError::Scheme);
        }
        let (authority, path) = rest
            .find('/')
            .and_then(|slash| rest.split_at_checked(slash))
            .unwrap_or((rest, ""));
        let authority = Authority::parse(authority)?;
        if plain_http && !matches!(authority.host.as_str(), "localhost" | "127.0.0.1" | "::1") {
            return Err(IssuerError::Scheme);
        }
        if !path.is_empty() && !is_path(path) {
            return Err(IssuerError::Path);
        }
        let host_port = authority.host_port(if plain_http { 80 } else { 443 });
        Ok(Self {
            text: text.to_owned(),
            plain_http,
            host: authority.host,
            host_port,
        })
    }

    /// The identifier, as tokens and metadata must have it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host as written, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Where it is: the form of host and port that lists compare. `None` if no TCP port has that number.
    #[must_use]
    pub fn host_port(&self) -> Option<&HostPort> {
        self.host_port.as_ref()
    }

    /// The port to connect to, 443 (https) or 80 (http) if none is written. `None` if no TCP port has that number.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.host_port().map(HostPort::port)
    }

    /// Whether it is reached without TLS.
    #[must_use]
    pub fn is_plain_http(&self) -> bool {
        self.plain_http
    }

    /// Whether the host is an address and no name.
    #[must_use]
    pub fn is_ip_literal(&self) -> bool {
        self.host_port().is_none_or(HostPort::is_ip_literal)
    }

    /// Where its metadata is (OpenID Connect Discovery 1.0 section 4).
    #[must_use]
    pub fn discovery_url(&self) -> String {
        let base = self.text.strip_suffix('/').unwrap_or(&self.text);
        format!("{base}/.well-known/openid-configuration")
    }
}

/// How else an issuer may be written in a token or a file: Google's has a form without a scheme.
#[must_use]
pub fn other_spelling(issuer: &str) -> Option<&'static str> {
    (issuer == GOOGLE.1).then_some(GOOGLE.0)
}

/// The one form in which Google's issuer is known.
pub(crate) fn normalised(issuer: &str) -> &str {
    if issuer == GOOGLE.0 { GOOGLE.1 } else { issuer }
}

impl From<AuthorityError> for IssuerError {
    fn from(error: AuthorityError) -> Self {
        match error {
            AuthorityError::UserInfo => Self::UserInfo,
            AuthorityError::Host => Self::Host,
            AuthorityError::Port => Self::Port,
        }
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issuer({:?})", self.text)
    }
}

/// Judges a path after unescaping it, so that an escape hides nothing.
fn is_path(path: &str) -> bool {
    let Some(path) = unescaped(path) else {
        return false;
    };
    let in_alphabet = path
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~/".contains(byte));
    let holds = |pair: &[u8]| path.windows(pair.len()).any(|window| window == pair);
    in_alphabet
        && !(holds(b"..") || holds(b"//") || holds(b"~~") || path.ends_with(b"~"))
        && path
            .split(|byte| *byte == b'/')
            .all(|s| s.len() <= MAX_SEGMENT && s != b"." && s != b"~")
}

fn unescaped(path: &str) -> Option<Vec<u8>> {
    let mut bytes = path.bytes();
    let mut plain = Vec::with_capacity(path.len());
    while let Some(byte) = bytes.next() {
        let byte = if byte == b'%' {
            hex_digit(bytes.next()?)? * 16 + hex_digit(bytes.next()?)?
        } else {
            byte
        };
        plain.push(byte);
    }
    Some(plain)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
#[path = "issuer_tests.rs"]
mod tests;

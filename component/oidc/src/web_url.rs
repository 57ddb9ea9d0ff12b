//! The addresses that an issuer's answers name: its `jwks_uri`, and redirects.

use crate::authority::{Authority, AuthorityError, HostPort};
use thiserror::Error;

/// The most bytes of such an address.
const MAX_URL: usize = 2048;

/// A URL split as far as rule 20 judges it: path and query are free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WebUrl {
    pub(crate) plain_http: bool,
    pub(crate) host_port: HostPort,
}

/// Why a text is no address that keys are fetched from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UrlError {
    /// Empty, longer than 2,048 bytes, or with characters that a URL does not have: a blank, a backslash, a control, or
    /// anything that is not ASCII. Readers of such texts differ in what they take for the host.
    #[error("the address has characters or a length that no URL has")]
    Text,
    /// Neither https nor http.
    #[error("the address is not an https URL")]
    Scheme,
    /// User information before the host.
    #[error("the address has user information")]
    UserInfo,
    /// A fragment, which is never sent.
    #[error("the address has a fragment")]
    Fragment,
    /// No host that can be one.
    #[error("the address has no valid host")]
    Host,
    /// A port that no TCP connection can have.
    #[error("the address has no valid port")]
    Port,
}

impl WebUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, UrlError> {
        let visible = text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if text.is_empty() || text.len() > MAX_URL || !visible {
            return Err(UrlError::Text);
        }
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        let plain_http = scheme.eq_ignore_ascii_case("http");
        if !plain_http && !scheme.eq_ignore_ascii_case("https") {
            return Err(UrlError::Scheme);
        }
        if rest.contains('#') {
            return Err(UrlError::Fragment);
        }
        let authority = rest
            .find(['/', '?'])
            .and_then(|end| rest.get(..end))
            .unwrap_or(rest);
        let authority = Authority::parse(authority).map_err(|error| match error {
            AuthorityError::UserInfo => UrlError::UserInfo,
            AuthorityError::Host => UrlError::Host,
            AuthorityError::Port => UrlError::Port,
        })?;
        let host_port = authority
            .host_port(if plain_http { 80 } else { 443 })
            .ok_or(UrlError::Port)?;
        Ok(Self {
            plain_http,
            host_port,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn path_and_query_are_free() {
        for (text, host_port) in [
            ("https://a.b", "a.b:443"),
            ("https://a.b/c//d/../e?f=g@h&i=://j", "a.b:443"),
            ("https://a.b?p=x/y@z", "a.b:443"),
            ("https://A.B.:8443/k", "a.b:8443"),
            ("https://a.b:/k", "a.b:443"),
            ("http://[::1]/k", "[::1]:80"),
        ] {
            assert_eq!(
                WebUrl::parse(text).unwrap().host_port.to_string(),
                host_port,
                "{text}"
            );
        }
        assert!(WebUrl::parse("HTTP://localhost").unwrap().plain_http);
        assert!(!WebUrl::parse("HTTPS://localhost").unwrap().plain_http);
    }

    #[test]
    fn everything_else_is_judged() {
        let long = format!("https://a.b/{}", "a".repeat(MAX_URL - 11));
        for (text, error) in [
            ("", UrlError::Text),
            (long.as_str(), UrlError::Text),
            (" https://a.b", UrlError::Text),
            ("https://a.b/c d", UrlError::Text),
            ("https://a.b/\n", UrlError::Text),
            ("https://a.b\\@c.d", UrlError::Text),
            ("https://a.b/\u{e4}", UrlError::Text),
            ("/keys", UrlError::Scheme),
            ("//a.b/keys", UrlError::Scheme),
            ("a.b", UrlError::Scheme),
            ("file:///etc/passwd", UrlError::Scheme),
            ("data:x,://a.b", UrlError::Scheme),
            ("https:/a.b", UrlError::Scheme),
            ("https://u@a.b", UrlError::UserInfo),
            ("https://@a.b", UrlError::UserInfo),
            ("https://a.b:443@c.d/", UrlError::UserInfo),
            ("https://a.b#", UrlError::Fragment),
            ("https://a.b/c?d#e", UrlError::Fragment),
            ("https://", UrlError::Host),
            ("https:///a", UrlError::Host),
            ("https://?a", UrlError::Host),
            ("https://a%2eb", UrlError::Host),
            ("https://[::1", UrlError::Host),
            ("https://a.b:x", UrlError::Port),
            ("https://a.b:0", UrlError::Port),
            ("https://a.b:65536", UrlError::Port),
            ("https://a.b:1:2", UrlError::Port),
        ] {
            assert_eq!(WebUrl::parse(text), Err(error), "{text}");
        }
    }
}

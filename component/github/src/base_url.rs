//! Where this GitHub is.

use http::Uri;
use std::net::IpAddr;
use thiserror::Error;

/// GitHub's public REST API, the default of `GITHUB_BASE_URL`.
pub const PUBLIC: &str = "https://api.github.com";

/// The base of every call, without a trailing slash: `https://api.github.com`, `https://api.NAME.ghe.com` or
/// `https://HOST/api/v3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    authority: String,
    web: String,
}

/// Why a text is no base URL.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BaseUrlError {
    /// Not a URL with a host.
    #[error("GITHUB_BASE_URL is not a URL")]
    NotAUrl,
    /// Plain http to a host that is not this machine, or another scheme.
    #[error("GITHUB_BASE_URL must use https scheme, got \"{0}\"")]
    Scheme(String),
    /// User-info, query or fragment, which could not be part of every call.
    #[error("GITHUB_BASE_URL must have no user, query or fragment")]
    Extra,
}

impl BaseUrl {
    /// Reads the setting. It is used verbatim, one trailing `/` cut; plain http is for loopback only.
    ///
    /// # Errors
    /// [`BaseUrlError`] says what is wrong, naming the setting and no value but the scheme.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        if text.contains(['@', '?', '#']) {
            return Err(BaseUrlError::Extra);
        }
        let url: Uri = text.parse().map_err(|_| BaseUrlError::NotAUrl)?;
        let (scheme, host) = url
            .scheme_str()
            .zip(url.host())
            .ok_or(BaseUrlError::NotAUrl)?;
        let host = host.to_ascii_lowercase();
        let (https, http) = (scheme == "https", scheme == "http" && is_loopback(&host));
        if !https && !http {
            return Err(BaseUrlError::Scheme(scheme.to_owned()));
        }
        let authority = url.authority().map_or("", |authority| authority.as_str());
        if url.port().is_none() && authority.len() != host.len() {
            return Err(BaseUrlError::NotAUrl);
        }
        let port = url.port_u16().unwrap_or(if https { 443 } else { 80 });
        Ok(Self {
            text: text.strip_suffix('/').unwrap_or(text).to_owned(),
            authority: format!("{host}:{port}"),
            web: format!("{scheme}://{}", web_authority(&host, authority)),
        })
    }

    /// The base, as configured.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where repositories are on the web, without a trailing slash: `https://github.com`, `https://NAME.ghe.com`, or the
    /// host of a GHES.
    #[must_use]
    pub fn web(&self) -> &str {
        &self.web
    }

    /// `host:port` in lower case, the port always written out.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

/// GitHub's own API has hosts beside those of the web; that of a GHES has a path.
fn web_authority(host: &str, authority: &str) -> String {
    let api = host.strip_prefix("api.");
    let web = api.filter(|rest| *rest == "github.com" || rest.ends_with(".ghe.com"));
    web.map_or_else(|| authority.to_ascii_lowercase(), str::to_owned)
}

/// Whether a host is this machine, by its name or its address.
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn accepts_https_and_loopback_http() {
        for (text, authority) in [
            ("https://api.github.com", "api.github.com:443"),
            ("https://ghes.example/api/v3/", "ghes.example:443"),
            ("http://127.0.0.1:8080/api/v3", "127.0.0.1:8080"),
            ("http://[::1]:8080", "[::1]:8080"),
            ("http://localhost:1", "localhost:1"),
        ] {
            let base = BaseUrl::parse(text).unwrap();
            assert_eq!(base.authority(), authority);
            assert!(!base.web().ends_with('/'));
            assert_eq!(base.as_str(), text.trim_end_matches('/'));
        }
    }

    #[test]
    fn the_web_is_beside_the_api_or_above_it() {
        for (base, web) in [
            ("https://api.github.com", "https://github.com"),
            ("https://api.acme.ghe.com/", "https://acme.ghe.com"),
            (
                "https://GHES.example:8443/api/v3",
                "https://ghes.example:8443",
            ),
            ("http://127.0.0.1:8080/api/v3", "http://127.0.0.1:8080"),
            ("https://api.example/x", "https://api.example"),
        ] {
            assert_eq!(BaseUrl::parse(base).unwrap().web(), web);
        }
    }

    #[test]
    fn refuses_what_cannot_be_the_base_of_every_call() {
        for (text, error) in [
            ("", BaseUrlError::NotAUrl),
            ("https://", BaseUrlError::NotAUrl),
            ("https:///api", BaseUrlError::NotAUrl),
            ("https://ghes.example:port", BaseUrlError::NotAUrl),
            ("https://ghes example", BaseUrlError::NotAUrl),
            ("api.github.com", BaseUrlError::NotAUrl),
            ("http://ghes.example", BaseUrlError::Scheme("http".into())),
            (
                "http://127.0.0.1.evil.example",
                BaseUrlError::Scheme("http".into()),
            ),
            ("ftp://127.0.0.1", BaseUrlError::Scheme("ftp".into())),
            ("https://user@ghes.example", BaseUrlError::Extra),
            ("https://@ghes.example", BaseUrlError::Extra),
            ("https://ghes.example?x", BaseUrlError::Extra),
            ("https://ghes.example#x", BaseUrlError::Extra),
        ] {
            assert_eq!(BaseUrl::parse(text), Err(error), "{text}");
        }
    }
}

//! `host:port`, as settings name it.

use std::net::IpAddr;

use http::Uri;

/// A host (lower case, IPv6 without brackets) with a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// The name or address.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl HostPort {
    /// From the host and port of a URL, where the port may be left to the scheme.
    pub fn of(host: &str, port: u16) -> Self {
        let bare = host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(host);
        // An IPv6 address has many spellings, and one of them is compared.
        let host = match bare.parse::<IpAddr>() {
            Ok(address) => address.to_string(),
            Err(_) => bare.to_ascii_lowercase(),
        };
        Self { host, port }
    }

    /// `host:port`; the port must be there, a scheme or path must not.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let port: u16 = port.parse().ok().filter(|port| *port != 0)?;
        let name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        let bracketed = host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok());
        let named = !host.is_empty() && host.chars().all(name);
        (bracketed || named).then(|| Self::of(host, port))
    }

    /// `localhost`, 127.0.0.0/8 or ::1, as written: nothing is resolved here.
    pub(super) fn is_loopback(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => self.host == "localhost",
        }
    }
}

/// Where an http or https URL is.
pub(super) fn authority(url: &str) -> Option<HostPort> {
    let uri: Uri = url.parse().ok()?;
    let default_port = match uri.scheme_str()? {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let host = uri.host().filter(|host| !host.is_empty())?;
    Some(HostPort::of(host, uri.port_u16().unwrap_or(default_port)))
}

/// Why a base URL is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BadBaseUrl {
    /// No `https:` URL (or plain http to a host that is not loopback).
    Scheme,
    /// No host, or more than scheme, host, port and path.
    Form,
}

/// The authority of GITHUB_BASE_URL: https, or plain http to loopback (for a simulator beside the service).
pub(super) fn base_url(text: &str) -> Result<HostPort, BadBaseUrl> {
    let uri: Uri = text.parse().map_err(|_| BadBaseUrl::Scheme)?;
    let default_port = match uri.scheme_str() {
        Some("https") => 443,
        Some("http") => 80,
        _ => return Err(BadBaseUrl::Scheme),
    };
    let authority = uri.authority().ok_or(BadBaseUrl::Form)?;
    if authority.as_str().contains('@') || uri.query().is_some() || text.contains('#') {
        return Err(BadBaseUrl::Form);
    }
    let host = authority.host();
    if host.is_empty() {
        return Err(BadBaseUrl::Form);
    }
    let address = HostPort::of(host, authority.port_u16().unwrap_or(default_port));
    if default_port == 80 && !address.is_loopback() {
        return Err(BadBaseUrl::Scheme);
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port() {
        for (text, wanted) in [
            ("issuer.corp:8443", Some(("issuer.corp", 8443))),
            ("Issuer.Corp:443", Some(("issuer.corp", 443))),
            ("127.0.0.1:9000", Some(("127.0.0.1", 9000))),
            ("[::1]:9000", Some(("::1", 9000))),
            ("[0:0:0::1]:9000", Some(("::1", 9000))),
            ("issuer.corp", None),
            ("issuer.corp:", None),
            ("issuer.corp:0", None),
            ("issuer.corp:65536", None),
            (":443", None),
            ("https://issuer.corp:443", None),
            ("issuer.corp:443/path", None),
            ("user@issuer.corp:443", None),
            ("::1:9000", None),
            ("[::1:9000", None),
        ] {
            let wanted = wanted.map(|(host, port)| HostPort {
                host: host.to_owned(),
                port,
            });
            assert_eq!(HostPort::parse(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn base_urls() {
        for (text, wanted) in [
            ("https://api.github.com", Ok(("api.github.com", 443))),
            ("https://ghes.corp/api/v3/", Ok(("ghes.corp", 443))),
            ("https://ghes.corp:8443/api/v3", Ok(("ghes.corp", 8443))),
            ("http://127.0.0.1:8081", Ok(("127.0.0.1", 8081))),
            ("http://localhost:8081/api/v3", Ok(("localhost", 8081))),
            ("http://[::1]:8081", Ok(("::1", 8081))),
            ("http://ghes.corp/api/v3", Err(BadBaseUrl::Scheme)),
            ("http://localhost.evil.example", Err(BadBaseUrl::Scheme)),
            ("ftp://ghes.corp", Err(BadBaseUrl::Scheme)),
            ("not a url", Err(BadBaseUrl::Scheme)),
            ("ghes.corp", Err(BadBaseUrl::Scheme)),
            ("https://user@ghes.corp", Err(BadBaseUrl::Form)),
            ("https://ghes.corp?x=1", Err(BadBaseUrl::Form)),
        ] {
            let wanted = wanted.map(|(host, port)| HostPort {
                host: host.to_owned(),
                port,
            });
            assert_eq!(base_url(text), wanted, "{text:?}");
        }
    }
}

//! Lists of hosts that may be called.

use std::sync::Arc;

use portable::HostPort;

/// The hosts that may be called.
#[derive(Debug, Clone)]
pub(super) struct Hosts(Option<Arc<[Entry]>>);

#[derive(Debug)]
struct Entry {
    /// None: http and https.
    scheme: Option<String>,
    /// Lower case; `*`, or begins with `*.`.
    host: String,
    port: Port,
}

#[derive(Debug, PartialEq)]
enum Port {
    Any,
    OfScheme,
    Is(u16),
}

impl Hosts {
    pub(super) fn all() -> Self {
        Self(None)
    }

    pub(super) fn none() -> Self {
        Self(Some(Arc::new([])))
    }

    /// An entry that can't be read allows nothing.
    pub(super) fn only<H: AsRef<str>>(entries: impl IntoIterator<Item = H>) -> Self {
        let entries = entries.into_iter();
        Self(Some(
            entries
                .filter_map(|entry| Entry::read(entry.as_ref()))
                .collect(),
        ))
    }

    /// Whether a request to this absolute URL may leave.
    pub(super) fn allow(&self, uri: &http::Uri) -> bool {
        let Some(entries) = &self.0 else { return true };
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return false;
        };
        let usual = if scheme == "https" { 443 } else { 80 };
        let port = authority.port_u16().unwrap_or(usual);
        let target = HostPort::of(authority.host(), port);
        entries
            .iter()
            .any(|entry| entry.allows(scheme, &target, usual))
    }
}

impl Entry {
    fn read(text: &str) -> Option<Self> {
        let (scheme, rest) = match text.trim().split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_lowercase()), rest),
            None => (None, text.trim()),
        };
        let rest = rest.trim_end_matches('/');
        // The last colon of an IPv6 address in brackets is no port's.
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (rest, None),
        };
        let port = match port {
            None => Port::OfScheme,
            Some("*") => Port::Any,
            Some(port) => Port::Is(port.parse().ok()?),
        };
        (!host.is_empty()).then(|| Self {
            scheme,
            host: HostPort::of(host, 0).host,
            port,
        })
    }

    fn allows(&self, scheme: &str, target: &HostPort, usual: u16) -> bool {
        let schemes = self.scheme.as_deref().is_none_or(|own| own == scheme);
        let hosts = match self.host.strip_prefix('*') {
            Some("") => true,
            Some(suffix) => target.host.ends_with(suffix) && suffix.starts_with('.'),
            None => self.host == target.host,
        };
        let ports = match self.port {
            Port::Any => true,
            Port::OfScheme => target.port == usual,
            Port::Is(port) => target.port == port,
        };
        schemes && hosts && ports
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn entries_allow_what_they_name() {
        for (entry, uri, allowed) in [
            ("https://api.github.com", "https://api.github.com/app", true),
            ("https://api.github.com", "https://API.GitHub.com/", true),
            (
                "https://api.github.com",
                "https://api.github.com:443/",
                true,
            ),
            (
                "https://api.github.com",
                "https://api.github.com:8443/",
                false,
            ),
            ("https://api.github.com", "http://api.github.com/", false),
            (
                "https://api.github.com",
                "https://api.github.com.evil/",
                false,
            ),
            ("https://api.github.com", "https://github.com/", false),
            ("api.github.com", "https://api.github.com/", true),
            ("api.github.com", "http://api.github.com/", true),
            ("api.github.com", "http://api.github.com:8080/", false),
            ("http://127.0.0.1:8081", "http://127.0.0.1:8081/x", true),
            ("http://127.0.0.1:8081", "http://127.0.0.1:8082/x", false),
            ("http://127.0.0.1:*", "http://127.0.0.1:8082/x", true),
            ("http://[::1]:8081", "http://[::1]:8081/x", true),
            ("http://[::1]", "http://[::1]/x", true),
            ("https://*.corp", "https://a.b.corp/", true),
            ("https://*.corp", "https://corp/", false),
            ("https://*.corp", "https://evilcorp/", false),
            ("https://*:443", "https://anything/", true),
            ("https://*:443", "http://anything/", false),
            ("https://a:b", "https://a/", false),
            ("", "https://a/", false),
        ] {
            let uri = uri.parse().unwrap();
            assert_eq!(Hosts::only([entry]).allow(&uri), allowed, "{entry} {uri}");
            assert!(!Hosts::none().allow(&uri));
            assert!(Hosts::all().allow(&uri));
        }
        let uri = "/path".parse().unwrap();
        assert!(!Hosts::only(["*:*"]).allow(&uri));
    }
}

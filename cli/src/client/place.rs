//! Where a token may be sent.

use super::Failure;
use std::net::IpAddr;
use ureq::http::Uri;

/// The beginning of a server's URLs.
pub(crate) struct Place {
    base: String,
    host: String,
}

impl Place {
    /// The server that a flag names, or OCTOSTS_URL.
    pub(crate) fn server(flag: Option<&str>) -> Result<Option<Self>, Failure> {
        if let Some(url) = flag {
            return Self::of("--url", url).map(Some);
        }
        let set = std::env::var("OCTOSTS_URL").unwrap_or_default();
        if set.is_empty() {
            return Ok(None);
        }
        Self::of("OCTOSTS_URL", &set).map(Some)
    }

    /// An https URL that paths can be put behind. `name` is what it was given as.
    pub(crate) fn of(name: &str, url: &str) -> Result<Self, Failure> {
        let uri = secure(name, url)?;
        if url.contains(['?', '#']) {
            return Err(Failure::new(format!("{name}: must end with its path")));
        }
        Ok(Self {
            base: url.trim_end_matches('/').to_owned(),
            host: uri.host().unwrap_or_default().to_owned(),
        })
    }

    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Without its port.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }
}

/// Takes https, and plain http for loopback: anywhere else it shows tokens to whoever is on the way.
pub(crate) fn secure(name: &str, url: &str) -> Result<Uri, Failure> {
    let wrong = |why: &str| Failure::new(format!("{name}: {why}"));
    let must = "must be an https URL (plain http: loopback only)";
    let uri: Uri = url.parse().map_err(|_| wrong(must))?;
    let host = uri.host().unwrap_or_default();
    if host.is_empty() {
        return Err(wrong(must));
    }
    if uri
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'))
    {
        return Err(wrong("must have no user"));
    }
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if is_loopback(host) => Ok(uri),
        _ => Err(wrong(must)),
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let address: Result<IpAddr, _> = bare.unwrap_or(host).parse();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn plain_http_is_for_loopback() {
        for good in [
            "https://sts.example.com",
            "https://sts.example.com:8443/base/",
            "http://localhost:8080",
            "http://127.0.0.1",
            "http://127.1.2.3:1/",
            "http://[::1]:8080",
        ] {
            assert!(Place::of("--url", good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "sts.example.com",
            "/sts",
            "ftp://127.0.0.1",
            "http://sts.example.com",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
            "http://[::ffff:10.0.0.1]",
            "http://127.0.0.1@sts.example.com",
            "https://user:word@sts.example.com",
            "https://sts.example.com/?a=b",
            "https://sts.example.com/#a",
            "https://",
        ] {
            assert!(Place::of("--url", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn paths_go_behind_it() {
        let place = Place::of("--url", "https://sts.example.com:8443/base//").unwrap();
        assert_eq!(
            place.join("/sts/revoke"),
            "https://sts.example.com:8443/base/sts/revoke"
        );
        assert_eq!(place.host(), "sts.example.com");
    }
}

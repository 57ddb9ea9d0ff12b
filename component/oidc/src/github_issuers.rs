//! The issuers of a GitHub's own Actions tokens: the only ones whose claims about owners are GitHub's word (rule 2).

use crate::authority::Authority;
use crate::issuer::Issuer;

/// Which issuers are this GitHub's own, derived from the base URL of its API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitHubActionsIssuers {
    /// github.com: its issuer, and those of enterprises below it, one path segment each.
    GitHubDotCom(Issuer),
    /// Data residency (`NAME.ghe.com`) or GitHub Enterprise Server: exactly one issuer.
    One(Issuer),
    /// The base URL has none of these forms, so that no issuer is GitHub's own.
    None,
}

impl GitHubActionsIssuers {
    /// Derives them: `https://api.github.com` has `https://token.actions.githubusercontent.com`,
    /// `https://api.NAME.ghe.com` has `https://token.actions.NAME.ghe.com`, and any other that ends in `/api/v3` has
    /// `/_services/token` below its scheme and authority. One slash at the end of the base URL does not count.
    #[must_use]
    pub fn of(base_url: &str) -> Self {
        let base_url = base_url.strip_suffix('/').unwrap_or(base_url);
        let Some((https, location)) = split(base_url) else {
            return Self::None;
        };
        if let Some(server) = location.strip_suffix("/api/v3") {
            return one(own_server(https, server));
        }
        let host = location.to_ascii_lowercase();
        let host = host.strip_suffix(":443").unwrap_or(&host);
        if https && host == "api.github.com" {
            return Issuer::parse("https://token.actions.githubusercontent.com")
                .map_or(Self::None, Self::GitHubDotCom);
        }
        let name = host
            .strip_prefix("api.")
            .and_then(|rest| rest.strip_suffix(".ghe.com"))
            .filter(|name| is_label(name));
        one(name
            .filter(|_| https)
            .map(|name| format!("https://token.actions.{name}.ghe.com")))
    }

    /// Whether the issuer is one of this GitHub's own.
    #[must_use]
    pub fn is_own(&self, issuer: &Issuer) -> bool {
        match self {
            Self::GitHubDotCom(base) => issuer == base || self.is_enterprise(issuer),
            Self::One(own) => issuer == own,
            Self::None => false,
        }
    }

    /// Whether the issuer is that of an enterprise, whose name whoever writes a token can invent.
    pub(crate) fn is_enterprise(&self, issuer: &Issuer) -> bool {
        let Self::GitHubDotCom(base) = self else {
            return false;
        };
        let slug = issuer
            .as_str()
            .strip_prefix(base.as_str())
            .and_then(|rest| rest.strip_prefix('/'));
        slug.is_some_and(is_slug)
    }

    /// The issuer itself, without enterprises.
    #[must_use]
    pub fn base(&self) -> Option<&str> {
        match self {
            Self::GitHubDotCom(issuer) | Self::One(issuer) => Some(issuer.as_str()),
            Self::None => None,
        }
    }
}

fn one(issuer: Option<String>) -> GitHubActionsIssuers {
    let issuer = issuer.and_then(|text| Issuer::parse(&text).ok());
    issuer.map_or(GitHubActionsIssuers::None, GitHubActionsIssuers::One)
}

/// Whether it is https, and what follows the scheme.
fn split(url: &str) -> Option<(bool, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let https = scheme.eq_ignore_ascii_case("https");
    (https || scheme.eq_ignore_ascii_case("http")).then_some((https, rest))
}

/// The issuer of a GitHub Enterprise Server, which leaves out the port that its scheme implies.
fn own_server(https: bool, location: &str) -> Option<String> {
    let authority = location
        .split_once('/')
        .map_or(location, |(authority, _)| authority);
    let (scheme, default_port) = if https {
        ("https", ":443")
    } else {
        ("http", ":80")
    };
    Authority::parse(authority).ok()?;
    let authority = authority.to_ascii_lowercase();
    let authority = authority.strip_suffix(default_port).unwrap_or(&authority);
    Some(format!("{scheme}://{authority}/_services/token"))
}

fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_slug(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn follows_the_base_url() {
        for (base, own) in [
            (
                "https://api.github.com",
                Some("https://token.actions.githubusercontent.com"),
            ),
            (
                "HTTPS://API.GitHub.com:443/",
                Some("https://token.actions.githubusercontent.com"),
            ),
            (
                "https://api.octo.ghe.com",
                Some("https://token.actions.octo.ghe.com"),
            ),
            (
                "https://ghes.example/api/v3",
                Some("https://ghes.example/_services/token"),
            ),
            (
                "https://GHES.example:443/api/v3/",
                Some("https://ghes.example/_services/token"),
            ),
            (
                "https://ghes.example:8443/api/v3",
                Some("https://ghes.example:8443/_services/token"),
            ),
            (
                "https://ghes.example/prefix/api/v3",
                Some("https://ghes.example/_services/token"),
            ),
            (
                "http://127.0.0.1:8080/api/v3",
                Some("http://127.0.0.1:8080/_services/token"),
            ),
            (
                "http://[::1]:8080/api/v3",
                Some("http://[::1]:8080/_services/token"),
            ),
            ("http://ghes.example/api/v3", None),
            ("http://api.github.com", None),
            ("http://api.octo.ghe.com", None),
            ("https://api.github.com.evil.example", None),
            ("https://api.github.com/x", None),
            ("https://api.a.b.ghe.com", None),
            ("https://api..ghe.com", None),
            ("https://api.ghe.com", None),
            ("https://api.evil.example/x.ghe.com", None),
            ("https://user@ghes.example/api/v3", None),
            ("https:///api/v3", None),
            ("https://ghes.example", None),
            ("https://ghes.example/api/v3//", None),
            ("ghes.example/api/v3", None),
            ("", None),
        ] {
            assert_eq!(GitHubActionsIssuers::of(base).base(), own, "{base}");
        }
    }

    #[test]
    fn enterprises_belong_to_github_com_only() {
        let is_own = |base: &str, issuer: &str| {
            GitHubActionsIssuers::of(base).is_own(&Issuer::parse(issuer).unwrap())
        };
        let own = "https://token.actions.githubusercontent.com";
        for suffix in ["", "/octo-corp", "/a", "/Octo_1"] {
            assert!(
                is_own("https://api.github.com", &format!("{own}{suffix}")),
                "{suffix}"
            );
        }
        for other in [
            "/",
            "/a/",
            "/a/b",
            ".evil.example",
            ":443",
            ":8443",
            "/a.b",
            "/%61",
            "/_services/token/x",
            "x/a",
        ] {
            assert!(
                !is_own("https://api.github.com", &format!("{own}{other}")),
                "{other}"
            );
        }
        assert!(!is_own(
            "https://api.github.com",
            "https://TOKEN.actions.githubusercontent.com"
        ));
        assert!(!is_own(
            "https://api.github.com",
            "https://token.actions.octo.ghe.com"
        ));
        assert!(is_own(
            "https://api.octo.ghe.com",
            "https://token.actions.octo.ghe.com"
        ));
        assert!(!is_own(
            "https://api.octo.ghe.com",
            "https://token.actions.octo.ghe.com/a"
        ));
        assert!(!is_own("https://api.octo.ghe.com", own));
        assert!(is_own(
            "https://ghes.example/api/v3",
            "https://ghes.example/_services/token"
        ));
        assert!(!is_own(
            "https://ghes.example/api/v3",
            "https://ghes.example/_services/token/a"
        ));
        assert!(!is_own(
            "https://ghes.example/api/v3",
            "https://ghes.example"
        ));
        assert!(!is_own("https://ghes.example", own));
    }
}

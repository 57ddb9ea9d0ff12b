#![allow(clippy::unwrap_used, reason = "tests")]
use super::tests::{rules, server};
use super::*;

fn url(rules: &IssuerRules, issuer: &str, url: &str) -> Result<(), NotAdmitted> {
    rules.admit_url(&rules.admit(&Issuer::parse(issuer).unwrap()).unwrap(), url)
}

fn redirect(rules: &IssuerRules, issuer: &str, url: &str) -> Result<(), NotAdmitted> {
    rules.admit_redirect(&rules.admit(&Issuer::parse(issuer).unwrap()).unwrap(), url)
}

#[test]
fn keys_of_an_issuer_that_nobody_listed() {
    let rules = rules(None, "idp.corp:8443 localhost:9000");
    for (address, verdict) in [
        ("https://gitlab.com/oauth/keys", Ok(())),
        ("https://keys.example/k?tenant=1", Ok(())),
        ("https://keys.example:443/k", Ok(())),
        ("https://keys.example:8443/k", Err(NotAdmitted::Port)),
        ("http://gitlab.com/keys", Err(NotAdmitted::PlainHttp)),
        ("http://localhost/keys", Err(NotAdmitted::PrivateHost)),
        ("http://127.0.0.1/keys", Err(NotAdmitted::PlainHttp)),
        ("http://localhost:9000/keys", Err(NotAdmitted::PrivateHost)),
        ("https://idp.corp:8443/keys", Err(NotAdmitted::PrivateHost)),
        ("https://idp.corp/keys", Err(NotAdmitted::PrivateHost)),
        (
            "https://api.github.com/app",
            Err(NotAdmitted::GitHubAuthority),
        ),
        (
            "https://api.github.com.:443/app",
            Err(NotAdmitted::GitHubAuthority),
        ),
        ("https://events.example?x", Err(NotAdmitted::EventSink)),
        (
            "https://169.254.169.254/latest",
            Err(NotAdmitted::IpLiteral),
        ),
        (
            "https://[fd00:ec2::254]/latest",
            Err(NotAdmitted::IpLiteral),
        ),
        ("https://a'b/k", Err(NotAdmitted::HostName)),
        (
            "https://u@gitlab.com/k",
            Err(NotAdmitted::Url(UrlError::UserInfo)),
        ),
        (
            "https://gitlab.com/k#",
            Err(NotAdmitted::Url(UrlError::Fragment)),
        ),
        ("gitlab.com", Err(NotAdmitted::Url(UrlError::Scheme))),
    ] {
        assert_eq!(
            url(&rules, "https://gitlab.com", address),
            verdict,
            "{address}"
        );
    }
}

#[test]
fn keys_of_a_listed_issuer() {
    let private = rules(None, "idp.corp:8443 10.0.0.5:443 localhost:9000");
    let named = rules(Some("https://idp.example"), "10.0.0.5:443 localhost:9000");
    for (rules, issuer) in [
        (&private, "https://idp.corp:8443"),
        (&named, "https://idp.example"),
    ] {
        for (address, verdict) in [
            ("https://10.0.0.5/keys", Ok(())),
            ("http://localhost:9000/keys", Ok(())),
            ("https://keys.example:9443/keys", Ok(())),
            ("https://10.0.0.5:22/keys", Err(NotAdmitted::PrivateHost)),
            ("https://10.0.0.6/keys", Err(NotAdmitted::IpLiteral)),
            ("http://localhost:9001/keys", Err(NotAdmitted::PrivateHost)),
            ("http://10.0.0.5:443/keys", Err(NotAdmitted::PlainHttp)),
            (
                "https://api.github.com/keys",
                Err(NotAdmitted::GitHubAuthority),
            ),
            ("https://events.example/keys", Err(NotAdmitted::EventSink)),
        ] {
            assert_eq!(url(rules, issuer, address), verdict, "{issuer} {address}");
        }
    }
    let address = rules(Some("https://10.0.0.7:8443"), "");
    assert_eq!(
        url(
            &address,
            "https://10.0.0.7:8443",
            "https://10.0.0.7:8443/keys"
        ),
        Ok(())
    );
    assert_eq!(
        url(
            &address,
            "https://10.0.0.7:8443",
            "http://10.0.0.7:8443/keys"
        ),
        Err(NotAdmitted::PlainHttp)
    );
}

#[test]
fn keys_of_a_servers_own_issuer() {
    let own = "http://127.0.0.1:8080/_services/token";
    let rules = server("127.0.0.1:9000");
    for (address, verdict) in [
        (
            "http://127.0.0.1:8080/_services/token/.well-known/jwks",
            Ok(()),
        ),
        ("http://127.0.0.1:9000/keys", Ok(())),
        ("https://keys.example/k", Ok(())),
        ("http://127.0.0.1:8081/keys", Err(NotAdmitted::PrivateHost)),
        ("http://localhost:8080/keys", Err(NotAdmitted::PlainHttp)),
    ] {
        assert_eq!(url(&rules, own, address), verdict, "{address}");
    }
    // The issuer beside it, listed, has its own place and not GitHub's.
    let beside = "http://127.0.0.1:9000";
    assert_eq!(url(&rules, beside, "http://127.0.0.1:9000/keys"), Ok(()));
    assert_eq!(
        url(&rules, beside, "http://127.0.0.1:8080/api/v3/app"),
        Err(NotAdmitted::GitHubAuthority)
    );
    // Even where GitHub itself is listed as private.
    let both = server("127.0.0.1:8080 127.0.0.1:9000");
    assert_eq!(
        url(&both, beside, "http://127.0.0.1:8080/api/v3/app"),
        Err(NotAdmitted::GitHubAuthority)
    );
    assert_eq!(
        url(
            &server(""),
            "https://gitlab.com",
            "https://127.0.0.1:8080/keys"
        ),
        Err(NotAdmitted::GitHubAuthority)
    );
}

#[test]
fn redirects_are_https() {
    let rules = server("localhost:9000");
    for (issuer, address, verdict) in [
        ("https://gitlab.com", "https://www.gitlab.com/x?y", Ok(())),
        (
            "https://gitlab.com",
            "http://gitlab.com/x",
            Err(NotAdmitted::PlainHttp),
        ),
        (
            "https://gitlab.com",
            "https://localhost:9000/x",
            Err(NotAdmitted::PrivateHost),
        ),
        (
            "https://gitlab.com",
            "https://127.0.0.1/x",
            Err(NotAdmitted::IpLiteral),
        ),
        (
            "https://gitlab.com",
            "/x",
            Err(NotAdmitted::Url(UrlError::Scheme)),
        ),
        ("http://localhost:9000", "https://localhost:9000/x", Ok(())),
        (
            "http://localhost:9000",
            "http://localhost:9000/x",
            Err(NotAdmitted::PlainHttp),
        ),
        (
            "http://127.0.0.1:8080/_services/token",
            "http://127.0.0.1:8080/x",
            Err(NotAdmitted::PlainHttp),
        ),
    ] {
        assert_eq!(
            redirect(&rules, issuer, address),
            verdict,
            "{issuer} {address}"
        );
    }
}

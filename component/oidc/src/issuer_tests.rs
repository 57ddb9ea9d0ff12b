#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;
use serde_json::Value;

#[test]
fn agrees_with_octo_sts() {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../tests/vectors/octo-sts.json")).unwrap();
    let rows = vectors["issuer_format"].as_array().expect("an array");
    assert!(rows.len() > 40);
    for row in rows {
        let text = row["in"].as_str().unwrap();
        assert_eq!(
            Issuer::parse(text).is_ok(),
            row["valid"].as_bool().unwrap(),
            "{text:?}"
        );
    }
}

#[test]
fn each_rule_refuses() {
    let long = format!("https://example.com/{}", "a/".repeat(118));
    let segment = format!("https://example.com/{}", "a".repeat(151));
    for (text, error) in [
        ("", IssuerError::Length),
        (long.as_str(), IssuerError::Length),
        ("example.com", IssuerError::Scheme),
        ("https:example.com", IssuerError::Scheme),
        ("https:/example.com", IssuerError::Scheme),
        (" https://example.com", IssuerError::Scheme),
        ("ws://example.com", IssuerError::Scheme),
        ("http://example.com", IssuerError::Scheme),
        ("http://127.1", IssuerError::Scheme),
        ("http://localhost.", IssuerError::Scheme),
        ("http://[0:0:0:0:0:0:0:1]", IssuerError::Scheme),
        ("Accounts.google.com", IssuerError::Scheme),
        ("https://example.com?", IssuerError::QueryOrFragment),
        ("https://example.com/a#", IssuerError::QueryOrFragment),
        ("https://a:b@example.com", IssuerError::UserInfo),
        ("https://", IssuerError::Host),
        ("https:///a", IssuerError::Host),
        ("https:////a", IssuerError::Host),
        ("https://a b", IssuerError::Host),
        ("https://a\\b", IssuerError::Host),
        ("https://a\u{7f}", IssuerError::Host),
        ("https://ex\u{e4}mple.com", IssuerError::Host),
        ("https://ex%C3%A4mple.com", IssuerError::Host),
        ("https://[::1", IssuerError::Host),
        ("https://[fe80::1%25eth0]", IssuerError::Host),
        ("https://[example.com]", IssuerError::Host),
        ("https://a:1:2", IssuerError::Port),
        ("https://::1", IssuerError::Host),
        ("https://a:+1", IssuerError::Port),
        ("https://[::1]x", IssuerError::Port),
        ("https://example.com/%", IssuerError::Path),
        ("https://example.com/%2", IssuerError::Path),
        ("https://example.com/%zz", IssuerError::Path),
        ("https://example.com/%+1", IssuerError::Path),
        ("https://example.com/a%20b", IssuerError::Path),
        ("https://example.com/%3f", IssuerError::Path),
        ("https://example.com/%00", IssuerError::Path),
        ("https://example.com/a/%2e/b", IssuerError::Path),
        ("https://example.com/a%2f/b", IssuerError::Path),
        ("https://example.com/a/./b", IssuerError::Path),
        ("https://example.com/~", IssuerError::Path),
        ("https://example.com/~/a", IssuerError::Path),
        ("https://example.com/a~~b", IssuerError::Path),
        ("https://example.com/\u{e4}", IssuerError::Path),
        (segment.as_str(), IssuerError::Path),
    ] {
        assert_eq!(Issuer::parse(text), Err(error), "{text:?}");
    }
}

#[test]
fn takes_the_edges() {
    let segment = format!("https://example.com/{}", "a".repeat(150));
    let length = format!("https://example.com/{}{}", "ab/".repeat(78), "c");
    assert_eq!(length.len(), MAX_ISSUER);
    for text in [
        "HTTPS://example.com",
        "https://example.com:",
        "https://example.com/%41",
        "https://example.com/~a/b",
        "https://a.b/",
        "http://localhost",
        "http://[::1]",
        segment.as_str(),
        length.as_str(),
    ] {
        assert_eq!(Issuer::parse(text).unwrap().as_str(), text);
    }
    assert_eq!(
        Issuer::parse(&format!("{length}d")),
        Err(IssuerError::Length)
    );
}

#[test]
fn knows_where_it_is() {
    for (text, host, port, address) in [
        (
            "https://Example.com./a",
            "Example.com.",
            Some(443),
            "example.com:443",
        ),
        (
            "https://example.com:",
            "example.com",
            Some(443),
            "example.com:443",
        ),
        (
            "https://example.com:8443",
            "example.com",
            Some(8443),
            "example.com:8443",
        ),
        ("http://localhost", "localhost", Some(80), "localhost:80"),
        ("https://[FD00::1]:1", "FD00::1", Some(1), "[fd00::1]:1"),
    ] {
        let issuer = Issuer::parse(text).unwrap();
        assert_eq!((issuer.host(), issuer.port()), (host, port), "{text}");
        assert_eq!(issuer.host_port().unwrap().to_string(), address, "{text}");
    }
    for text in [
        "https://example.com:99999",
        "https://example.com:0",
        "https://example.com:18446744073709551617",
    ] {
        assert_eq!(Issuer::parse(text).unwrap().port(), None, "{text}");
    }
    assert!(Issuer::parse("https://10.1").unwrap().is_ip_literal());
    assert!(
        !Issuer::parse("https://10.1.example")
            .unwrap()
            .is_ip_literal()
    );
    assert!(Issuer::parse("http://localhost").unwrap().is_plain_http());
    assert!(!Issuer::parse("HttpS://localhost").unwrap().is_plain_http());
}

#[test]
fn discovery_cuts_one_slash() {
    for (text, url) in [
        (
            "https://a.b",
            "https://a.b/.well-known/openid-configuration",
        ),
        (
            "https://a.b/",
            "https://a.b/.well-known/openid-configuration",
        ),
        (
            "https://a.b/c",
            "https://a.b/c/.well-known/openid-configuration",
        ),
        (
            "accounts.google.com",
            "https://accounts.google.com/.well-known/openid-configuration",
        ),
    ] {
        assert_eq!(Issuer::parse(text).unwrap().discovery_url(), url);
    }
}

#[test]
fn rows_of_octo_stss_own_tests() {
    let segment = format!("https://example.com/{}", "a".repeat(151));
    let long = format!("https://{}.com", "a".repeat(250));
    let rows = [
        (
            true,
            &[
                "https://example.com",
                "https://example.com/path",
                "https://example.com/path/to/issuer",
                "https://example.com:8443",
                "http://localhost",
                "http://localhost:8080",
                "http://127.0.0.1",
                "http://127.0.0.1:8080",
                "http://[::1]",
                "http://[::1]:8080",
                "https://example.com/",
                "https://example.com/path/",
                "https://keycloak.example.com:8443/auth/realms/master",
                "https://example.com/user~name",
            ][..],
        ),
        (
            false,
            &[
                "",
                "example.com",
                long.as_str(),
                "http://example.com",
                "ftp://example.com",
                "https://example.com?query=1",
                "https://example.com#fragment",
                "https://example.com?query=1#fragment",
                "https://example.com#",
                "https://user@example.com",
                "https://user:password@example.com",
                "https://example.com/../admin",
                "https://example.com/path/..",
                "https://exam\nple.com",
                "https://exam\tple.com",
                "https://exam ple.com",
                "https://",
                "https:///path",
                "https://example.com/<script>",
                "https://example.com/%2F..%2Fadmin",
                "https://example.com//path",
                "https://example.com///path",
                "https://example.com/~~path",
                "https://example.com/path~",
                "https://example.com/./path",
                "https://example.com/~/path",
                segment.as_str(),
                "https://ex\u{e4}mple.com",
                "https://\u{24d4}xample.com",
                "https://\u{435}xample.com",
            ][..],
        ),
    ];
    for (valid, texts) in rows {
        for text in texts {
            assert_eq!(Issuer::parse(text).is_ok(), valid, "{text:?}");
        }
    }
}

//! An organisation's list of issuers against the rows of octo-sts's own tests.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use policy::{Pattern, TrustedIssuers};

const EKS: &str = r"https://oidc\.eks\.[a-z0-9-]+\.amazonaws\.com/id/[A-F0-9]{32}";
const MICROSOFT: &str = r"https://login\.microsoftonline\.com/[0-9a-f-]{36}/v2\.0";

fn parse(text: &str) -> Result<TrustedIssuers, String> {
    TrustedIssuers::parse(text.as_bytes()).map_err(|error| error.to_string())
}

fn pattern(text: &str) -> Result<TrustedIssuers, String> {
    parse(&format!("issuer_patterns: ['{text}']\n"))
}

/// What a list of one pattern allows.
fn allows(text: &str, rows: &[(&str, bool)]) {
    let list = pattern(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    for (issuer, wanted) in rows {
        assert_eq!(list.allow(issuer), *wanted, "{text} {issuer}");
    }
}

#[test]
fn patterns_of_clouds_are_taken_and_stand_for_whole_issuers() {
    let cluster = "https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";
    allows(
        EKS,
        &[
            (cluster, true),
            (&format!("{cluster}/"), false),
            (&format!("{cluster}/more"), false),
            (&cluster.replace("eu-west-1", "eu.west"), false),
        ],
    );
    let tenant = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0";
    allows(
        MICROSOFT,
        &[
            (tenant, true),
            (&format!("{tenant}/x"), false),
            (&tenant.replace("v2.0", "v2x0"), false),
        ],
    );
}

#[test]
fn no_pattern_allows_more_than_it_spells() {
    let two = r"https://a\.example\.com|https://b\.example\.com";
    allows(
        two,
        &[
            ("https://a.example.com", true),
            ("https://b.example.com", true),
            ("https://a.example.com.evil.example", false),
            ("https://evil.example/https://b.example.com", false),
        ],
    );
    allows(
        r"https://[a-z0-9-]+\.ci\.example\.com",
        &[
            ("https://team.ci.example.com", true),
            ("https://team.ci.example.com.evil.example", false),
            ("https://evil.example/x.ci.example.com", false),
            ("https://evil.example#.ci.example.com", false),
        ],
    );
    for slash in [r"\x2F", r"\x{2F}", r"\057"] {
        let text = format!(r"https://a\.example{slash}id");
        let wide = [
            ("https://a.example/id", true),
            ("https://a.exampleXid", false),
        ];
        allows(&text, &wide);
    }
    let folded = [("https://A.EXAMPLE", true), ("https://b.example", false)];
    allows(r"(?i)https://a\.example", &folded);
    let bracket = [
        ("https://x]y.example", true),
        ("https://x/y.example", false),
    ];
    allows(r"https://[a-z\]]+\.example", &bracket);
    for text in [
        r"https://a[.]example",
        r"https://a[a-z.]example",
        r"https://a[a-z\].]example",
    ] {
        let dots = [
            ("https://a.example", true),
            ("https://a/example", false),
            ("https://a.example/", false),
        ];
        allows(text, &dots);
    }
}

#[test]
fn what_could_match_a_slash_of_another_host_is_refused() {
    for atom in [
        r"\S",
        r"\D",
        r"[\s\S]",
        r"[^\n]",
        "[[:ascii:]]",
        "[[:graph:]]",
        "[[:punct:]a-z.]",
        "[.-9a-z]",
        r"[\p{P}a-z]",
        r"[\d.-9a-z]",
        r"[\]/a-z.]",
        "[^]]",
        "[]/a-z.]",
        "[[:/a-z.]",
        "[a[:/a-z.]",
    ] {
        let text = format!(r"https://{atom}+\.example\.com");
        let bypass = Pattern::compile(&text).unwrap();
        assert!(bypass.matches("https://evil.io/x.example.com"), "{text}");
        let said = pattern(&text).unwrap_err();
        assert!(
            said.contains(r#"a character class can match "/""#),
            "{said}"
        );
    }
    for text in [
        r"https://ci\.example(/[a-z]+)*",
        r"https://ci\.example(/[a-z]+)+",
        r"https://ci\.example(/[a-z]+)?",
        r"https://ci\.example(/[a-z]+){1,3}",
        r"https://ci\.example/a|https://other\.example",
    ] {
        let said = pattern(text).unwrap_err();
        assert!(said.contains(r#"a literal "/" sits inside"#), "{said}");
    }
    for text in [
        "https://.*",
        "https://ci.example.com",
        r"https://.+\.example",
    ] {
        let said = pattern(text).unwrap_err();
        assert!(said.contains(r#""." can match "/""#), "{said}");
    }
    for class in ["alpha", "lower", "alnum", "word", "digit"] {
        pattern(&format!(r"https://[[:{class}:]]+\.example")).unwrap();
    }
}

#[test]
fn what_is_malformed_is_refused_as_such() {
    for text in [
        "[unclosed",
        r"token\.example\.com)|(",
        r"a\.example)|(",
        r"https://[[:nothing:]]+\.example",
        r"https://.*[",
    ] {
        let said = pattern(text).unwrap_err();
        assert!(said.contains("invalid issuer_pattern"), "{text}: {said}");
        assert!(!said.contains("can match"), "{text}: {said}");
    }
    for text in [
        "mode: Enforce\nissuers: [https://a.example]\n",
        "mode: off\nissuers: [https://a.example]\n",
        "mode: 'off'\nissuers: [https://a.example]\n",
        "issuer_pattern: ['https://a']\n",
        "surprise: 1\nissuers: [https://a.example]\n",
        "issuers: [https://a.example\n",
        "",
    ] {
        assert!(parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn listed_issuers_have_the_form_of_issuers() {
    for issuer in [
        "https://token.actions.githubusercontent.com",
        "https://accounts.google.com",
        "https://gitlab.com",
        "https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF",
        "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0",
        "https://tenant.eu.auth0.com/",
        "http://localhost:8080",
        "http://127.0.0.1:8080",
    ] {
        let list = parse(&format!("issuers: ['{issuer}']\n")).unwrap();
        assert!(list.allow(issuer), "{issuer}");
        assert!(!list.allow(&issuer.to_uppercase()), "{issuer}");
        assert!(!list.allow(&issuer.replacen("http", "HTTP", 1)), "{issuer}");
    }
    for (issuer, said) in [
        ("http://a.example", "invalid issuer"),
        ("https://", "invalid issuer"),
        ("https://a.example?q=1", "invalid issuer"),
        ("https://user@a.example", "invalid issuer"),
        ("https://ex\u{e4}mple.com", "invalid issuer"),
        ("https://A.example", "must be lowercase"),
        ("https://A.example/path", "must be lowercase"),
        ("HTTPS://a.example", "must be lowercase"),
        ("HTTPS://a.example/path", "must be lowercase"),
        ("Https://A.example", "must be lowercase"),
    ] {
        let error = parse(&format!("issuers: ['{issuer}']\n")).unwrap_err();
        assert!(error.contains(said), "{issuer}: {error}");
    }
}

#[test]
fn a_list_has_64_issuers_and_16_patterns_of_256_bytes() {
    let entries = |count: usize, entry: &str| -> String {
        (0..count).map(|n| format!("- '{entry}{n}'\n")).collect()
    };
    for (key, entry, most) in [
        ("issuers", "https://a.example/", 64),
        ("issuer_patterns", r"https://a\.example/", 16),
    ] {
        let list = |count| parse(&format!("{key}:\n{}", entries(count, entry)));
        assert!(list(most).is_ok(), "{key}");
        assert!(list(most + 1).unwrap_err().contains("too many"), "{key}");
    }
    let long = |bytes: usize| pattern(&format!("https://{}", "a".repeat(bytes - 8)));
    assert!(long(256).is_ok());
    assert!(long(257).unwrap_err().contains("too long"));
}

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
use super::{MAX_TRUSTED_ISSUERS, Mode, TrustedIssuers};

fn list(text: &str) -> TrustedIssuers {
    TrustedIssuers::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn refused(text: &str) -> String {
    TrustedIssuers::parse(text.as_bytes())
        .unwrap_err()
        .to_string()
}

#[test]
fn an_issuer_is_listed_or_matches_a_pattern_as_a_whole() {
    let trusted = list(
        "issuers: [https://a.example, 'https://b.example/path']\nissuer_patterns:\n  - 'https://[a-z]+\\.c\\.example'\n",
    );
    assert_eq!(trusted.mode(), Mode::Enforce);
    for (issuer, allowed) in [
        ("https://a.example", true),
        ("https://b.example/path", true),
        ("https://x.c.example", true),
        ("https://a.example/", false),
        ("https://A.example", false),
        ("https://b.example", false),
        ("https://x.y.c.example", false),
        ("https://x.c.example/", false),
        ("https://x.c.example.evil.test", false),
        ("", false),
    ] {
        assert_eq!(trusted.allow(issuer), allowed, "{issuer}");
    }
}

#[test]
fn the_mode_is_enforce_unless_it_is_audit() {
    for (mode, wanted) in [
        ("", Mode::Enforce),
        ("mode:\n", Mode::Enforce),
        ("mode: ''\n", Mode::Enforce),
        ("mode: enforce\n", Mode::Enforce),
        ("mode: audit\n", Mode::Audit),
    ] {
        let text = format!("{mode}issuers: [https://a.example]\n");
        assert_eq!(list(&text).mode(), wanted, "{mode:?}");
    }
}

#[test]
fn what_is_wrong_is_said_in_octo_stss_words() {
    let many = |count: usize| -> String {
        (0..count)
            .map(|n| format!("  - https://h{n}.example\n"))
            .collect()
    };
    for (text, said) in [
        (
            "mode: Audit\nissuers: [https://a.example]\n".to_owned(),
            "line 1: unknown mode \"Audit\" (want \"enforce\" or \"audit\")",
        ),
        (
            String::new(),
            "line 1: must list at least one entry in issuers or issuer_patterns",
        ),
        (
            "issuers: []\n".to_owned(),
            "line 1: must list at least one entry in issuers or issuer_patterns",
        ),
        (
            format!("issuers:\n{}", many(65)),
            "line 1: too many issuers: 65 (max 64)",
        ),
        (
            format!("issuer_patterns:\n{}", many(17)),
            "line 1: too many issuer_patterns: 17 (max 16)",
        ),
        (
            "issuers:\n  - http://a.example\n".to_owned(),
            "line 2: invalid issuer \"http://a.example\"",
        ),
        (
            "issuers: [accounts.google.com]\n".to_owned(),
            "line 1: invalid issuer \"accounts.google.com\"",
        ),
        (
            "issuers: ['https://a.example?']\n".to_owned(),
            "line 1: invalid issuer \"https://a.example?\"",
        ),
        (
            "issuers: [https://A.example]\n".to_owned(),
            "line 1: issuer \"https://A.example\" must be lowercase in scheme and host",
        ),
        (
            "issuers: [HTTPS://a.example/x]\n".to_owned(),
            "line 1: issuer \"HTTPS://a.example/x\" must be lowercase in scheme and host",
        ),
        (
            format!("issuer_patterns: ['https://{}']\n", "a".repeat(249)),
            "line 1: issuer_patterns[0] too long: 257 chars (max 256)",
        ),
        (
            "issuer_patterns: ['a', '[a']\n".to_owned(),
            "line 1: invalid issuer_pattern \"[a\": `[a`: the class is not closed",
        ),
        ("issuers: null\n".to_owned(), "line 1: issuers has no value"),
        (
            "issuers: [null]\n".to_owned(),
            "line 1: an entry of issuers has no value",
        ),
        (
            "issuers: https://a.example\n".to_owned(),
            "line 1: issuers must be a list",
        ),
        (
            "issuer: [https://a.example]\n".to_owned(),
            "line 1: unknown key \"issuer\", did you mean issuers?",
        ),
        (
            "[]\n".to_owned(),
            "line 1: the file must be a mapping of keys to values",
        ),
    ] {
        assert_eq!(refused(&text), said, "{text:?}");
    }
    list(&format!("issuers:\n{}", many(MAX_TRUSTED_ISSUERS)));
    list("issuers: [https://a.example/Path]\n");
    list(&format!(
        "issuer_patterns: ['https://{}']\n",
        "a".repeat(248)
    ));
}

#[test]
fn a_pattern_that_spans_the_host_is_refused_with_the_remedy() {
    for (pattern, how) in [
        ("https://ci.example", "\".\" can match \"/\""),
        (
            "https://[^.]+\\.example",
            "a character class can match \"/\"",
        ),
        (
            "https://a(/b)?",
            "a literal \"/\" sits inside a repetition, optional or alternation",
        ),
    ] {
        let said = refused(&format!(
            "issuer_patterns: ['https://a\\.b', '{pattern}']\n"
        ));
        for part in ["issuer_patterns[1]", how, "\"/\"", "\\.", "[a-z0-9-]+"] {
            assert!(said.contains(part), "{said} lacks {part}");
        }
    }
}

#[test]
fn every_problem_is_found_for_who_wants_them_all() {
    let text = "mode: on\nissuers: [x, https://A.example]\nissuer_patterns: ['.']\n";
    let found = TrustedIssuers::check(text.replace("on", "'on'").as_bytes());
    assert_eq!(found.len(), 4, "{found:?}");
    assert_eq!(TrustedIssuers::check(b"issuers: [https://a.example]"), []);
}

#![allow(clippy::unwrap_used, reason = "tests")]
use serde_json::{Map, Value, json};

use super::{Claims, Decision, Got, Rule, Verdict};
use crate::compile::{PolicyKind, Served, TrustPolicy};

const DOMAIN: &[&str] = &["octo-sts.dev"];

fn policy(text: &str) -> TrustPolicy {
    let text = format!("{text}permissions: {{contents: read}}\n");
    TrustPolicy::parse(
        text.as_bytes(),
        PolicyKind::Repository,
        &Served::everything(&|_| false),
    )
    .unwrap()
}

fn decide(policy_text: &str, token: &Value, domains: &[&str]) -> Decision {
    let empty = Map::new();
    let other = token.as_object().unwrap_or(&empty);
    let text = |name: &str| other.get(name).and_then(Value::as_str).unwrap_or_default();
    let audience: Vec<String> = match other.get("aud") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(many) => serde_json::from_value(many.clone()).unwrap(),
        None => Vec::new(),
    };
    let claims = Claims {
        issuer: text("iss"),
        subject: text("sub"),
        audience: &audience,
        other,
    };
    policy(policy_text).decide(&claims, domains)
}

fn token(extra: Value) -> Value {
    let mut token = json!({"iss": "https://i", "sub": "s", "aud": ["octo-sts.dev"]});
    if let (Some(token), Value::Object(extra)) = (token.as_object_mut(), extra) {
        token.extend(extra);
    }
    token
}

const EXACT: &str = "issuer: https://i\nsubject: s\n";

#[test]
fn permits_what_every_rule_accepts() {
    let rows = [
        (EXACT.to_owned(), json!({})),
        (
            "issuer_pattern: https://.\nsubject_pattern: '[a-z]'\n".to_owned(),
            json!({}),
        ),
        (
            format!("{EXACT}audience: other\n"),
            json!({"aud": ["x", "other"]}),
        ),
        (format!("{EXACT}audience: other\n"), json!({"aud": "other"})),
        (
            format!("{EXACT}audience_pattern: o.*r\n"),
            json!({"aud": ["x", "other"]}),
        ),
        (
            format!("{EXACT}claim_pattern: {{email_verified: true}}\n"),
            json!({"email_verified": true}),
        ),
        (
            format!("{EXACT}claim_pattern: {{a: x.*}}\n"),
            json!({"a": "xy", "b": 1}),
        ),
        (
            format!("{EXACT}claim_pattern: {{a: x, b: (123|456), iss: .*, sub: s}}\n"),
            json!({"a": "x", "b": "456"}),
        ),
        (
            format!("{EXACT}claim_pattern: {{a: ''}}\n"),
            json!({"a": ""}),
        ),
    ];
    for (policy, extra) in rows {
        let decision = decide(&policy, &token(extra), DOMAIN);
        assert!(decision.permits(), "{policy}: {decision:?}");
        assert!(decision.audience_accepted());
        assert_eq!(decision.mismatches().count(), 0);
    }
}

#[test]
fn refuses_with_octo_stss_sentence() {
    let claim = |entry: &str| format!("{EXACT}claim_pattern: {{{entry}}}\n");
    let rows = [
        (
            EXACT.to_owned(),
            json!({"iss": "https://I"}),
            r#"issuer "https://I" did not match "https://i""#,
        ),
        (
            EXACT.to_owned(),
            json!({"sub": "s "}),
            r#"subject "s " did not match "s""#,
        ),
        (
            EXACT.to_owned(),
            json!({"sub": ""}),
            r#"subject "" did not match "s""#,
        ),
        (
            "issuer_pattern: https://j|k\nsubject: s\n".to_owned(),
            json!({}),
            r#"issuer "https://i" did not match pattern "https://j|k""#,
        ),
        (
            "issuer: https://i\nsubject_pattern: \\d+\n".to_owned(),
            json!({}),
            r#"subject "s" did not match pattern "\\d+""#,
        ),
        (
            EXACT.to_owned(),
            json!({"aud": ["a", "b c"]}),
            r#"audience "octo-sts.dev" did not match any of ["a" "b c"]"#,
        ),
        (
            EXACT.to_owned(),
            json!({"aud": []}),
            r#"audience "octo-sts.dev" did not match any of []"#,
        ),
        (
            EXACT.to_owned(),
            json!({"aud": ["https://octo-sts.dev"]}),
            r#"audience "octo-sts.dev" did not match any of ["https://octo-sts.dev"]"#,
        ),
        (
            format!("{EXACT}audience: x\n"),
            json!({}),
            r#"audience "x" did not match any of ["octo-sts.dev"]"#,
        ),
        (
            format!("{EXACT}audience_pattern: x.*\n"),
            json!({}),
            r#"audience_pattern "x.*" did not match any of ["octo-sts.dev"]"#,
        ),
        (
            claim("a: x"),
            json!({}),
            r#"expected claim "a" not found in token"#,
        ),
        (
            claim("a: .*"),
            json!({"a": 1}),
            r#"expected claim "a" not a string"#,
        ),
        (
            claim("a: .*"),
            json!({"a": null}),
            r#"expected claim "a" not a string"#,
        ),
        (
            claim("a: .*"),
            json!({"a": ["x"]}),
            r#"expected claim "a" not a string"#,
        ),
        (
            claim("a: .*"),
            json!({"a": {"b": "c"}}),
            r#"expected claim "a" not a string"#,
        ),
        (
            claim("a.b: .*"),
            json!({"a": {"b": "c"}}),
            r#"expected claim "a.b" not found in token"#,
        ),
        (
            claim("aud: .*"),
            json!({}),
            r#"expected claim "aud" not a string"#,
        ),
        (
            claim("a: true"),
            json!({"a": false}),
            r#"claim "a" did not match "^(?:true)$""#,
        ),
        (
            claim("a: (123|456)"),
            json!({"a": "123999"}),
            r#"claim "a" did not match "^(?:(123|456))$""#,
        ),
        (
            claim("a: 123|456"),
            json!({"a": "123999"}),
            r#"claim "a" did not match "^(?:123|456)$""#,
        ),
        (
            claim("a: x, b: w"),
            json!({"a": "x", "b": "z"}),
            r#"claim "b" did not match "^(?:w)$""#,
        ),
    ];
    for (policy, extra, sentence) in rows {
        let decision = decide(&policy, &token(extra), DOMAIN);
        assert!(!decision.permits());
        let sentences: Vec<_> = decision
            .mismatches()
            .map(|mismatch| mismatch.sentence())
            .collect();
        assert_eq!(sentences, [format!("trust policy: {sentence}")], "{policy}");
    }
}

#[test]
fn every_rule_is_evaluated_in_order() {
    let policy = format!("{EXACT}claim_pattern: {{z: x, b: w, a: x}}\n");
    let decision = decide(
        &policy,
        &json!({"iss": "x", "sub": "y", "aud": "z", "a": "x"}),
        DOMAIN,
    );
    let rules: Vec<_> = decision
        .rules()
        .iter()
        .map(|outcome| (&outcome.rule, outcome.verdict))
        .collect();
    let claim = |name: &str| Rule::Claim(name.to_owned());
    let (a, b, z) = (claim("a"), claim("b"), claim("z"));
    let wanted = [
        (&Rule::Issuer, Verdict::Fail),
        (&Rule::Subject, Verdict::Fail),
        (&Rule::Audience, Verdict::Fail),
        (&a, Verdict::Pass),
        (&b, Verdict::Fail),
        (&z, Verdict::Fail),
    ];
    assert_eq!(rules, wanted);
    let briefs: Vec<_> = decision
        .mismatches()
        .map(|mismatch| mismatch.brief())
        .collect();
    let wanted = [
        "issuer",
        "subject",
        "audience",
        "claim \"b\"",
        "claim \"z\"",
    ];
    assert_eq!(
        briefs,
        wanted.map(|what| format!("trust policy: {what} did not match"))
    );
    assert_eq!(
        decision.mismatches().last().unwrap().outcome().got,
        Got::Absent
    );
}

#[test]
fn an_unset_domain_matches_nothing() {
    for domains in [&[][..], &[""][..]] {
        for audience in [json!([]), json!([""]), json!(["octo-sts.dev"])] {
            let decision = decide(EXACT, &token(json!({"aud": audience})), domains);
            assert!(
                !decision.permits() && !decision.audience_accepted(),
                "{domains:?} {audience}"
            );
            let sentence = decision.mismatches().next().unwrap().sentence();
            assert!(
                sentence.starts_with("trust policy: audience \"\" did not match any of ["),
                "{sentence}"
            );
        }
    }
    // Patterns that match the empty text need an audience too.
    let decision = decide(
        &format!("{EXACT}audience_pattern: .*\n"),
        &token(json!({"aud": []})),
        DOMAIN,
    );
    assert!(!decision.permits());
}

#[test]
fn several_default_audiences() {
    for (audience, wanted) in [("b", true), ("a", true), ("A", false), ("ab", false)] {
        assert_eq!(
            decide(EXACT, &token(json!({"aud": audience})), &["a", "b"]).permits(),
            wanted,
            "{audience}"
        );
    }
}

#[test]
fn an_audience_of_ours_is_accepted_even_if_the_policy_wants_another() {
    let policy = format!("{EXACT}audience: x\n");
    // The token's audience: does the policy permit, is the audience accepted.
    for (audience, permits, accepted) in [
        ("x", true, true),
        ("octo-sts.dev", false, true),
        ("y", false, false),
        ("X", false, false),
    ] {
        let decision = decide(&policy, &token(json!({"aud": audience})), DOMAIN);
        assert_eq!(
            (decision.permits(), decision.audience_accepted()),
            (permits, accepted),
            "{audience}"
        );
    }
    // Accepted says nothing about the other rules.
    let decision = decide(&policy, &token(json!({"aud": "x", "sub": "other"})), DOMAIN);
    assert!(!decision.permits() && decision.audience_accepted());
}

#[test]
fn the_normalised_issuer_is_compared() {
    let text = "issuer: https://accounts.google.com\nsubject: s\n";
    let token = token(json!({"iss": "accounts.google.com"}));
    let other = token.as_object().unwrap();
    let audience = ["octo-sts.dev".to_owned()];
    let claims = Claims {
        issuer: "https://accounts.google.com",
        subject: "s",
        audience: &audience,
        other,
    };
    assert!(policy(text).decide(&claims, DOMAIN).permits());
    assert!(
        !policy(text)
            .decide(
                &Claims {
                    issuer: "accounts.google.com",
                    ..claims
                },
                DOMAIN
            )
            .permits()
    );
}

#[test]
fn google_is_named_with_or_without_its_scheme() {
    let token = token(json!({"iss": "https://accounts.google.com"}));
    for issuer in ["accounts.google.com", "https://accounts.google.com"] {
        let decision = decide(&format!("issuer: {issuer}\nsubject: s\n"), &token, DOMAIN);
        assert!(decision.permits(), "{issuer}");
    }
    let other = decide("issuer: accounts.google.com.\nsubject: s\n", &token, DOMAIN);
    assert!(!other.permits());
}

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
use serde_json::{Value, json};

use super::{Breach, GuardRails};
use crate::compile::{PolicyKind, Served, TrustPolicy};
use crate::decide::Claims;
use crate::trusted_issuers::Mode;

fn rails(text: &str) -> GuardRails {
    GuardRails::parse(text.as_bytes(), &|_| false).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> String {
    GuardRails::parse(text.as_bytes(), &|_| false)
        .unwrap_err()
        .to_string()
}

fn policy(permissions: &str) -> TrustPolicy {
    let text = format!("issuer: i\nsubject: s\npermissions: {permissions}\n");
    TrustPolicy::parse(
        text.as_bytes(),
        PolicyKind::Repository,
        &Served::everything(&|_| false),
    )
    .unwrap()
}

/// What the rails say of a token of this issuer, subject, audience and other claims.
fn denied(rails: &GuardRails, who: [&str; 3], other: Value) -> Option<Breach> {
    let [issuer, subject, audience] = who;
    let Value::Object(other) = other else {
        panic!("{other}");
    };
    let claims = Claims {
        issuer,
        subject,
        audience: &[audience.to_owned()],
        other: &other,
    };
    rails.before_the_policy(&claims, PolicyKind::Repository)
}

#[test]
fn without_a_word_nothing_is_forbidden() {
    let rails = rails("");
    assert_eq!(rails.mode(), Mode::Enforce);
    assert_eq!(denied(&rails, ["https://i", "s", "a"], json!({})), None);
    let policy = policy("{contents: admin, administration: write}");
    assert_eq!(
        rails.of_the_policy(&policy, PolicyKind::Repository, true),
        None
    );
}

#[test]
fn a_ceiling_is_the_most_that_a_policy_of_its_kind_may_grant() {
    use PolicyKind::{Organization, Repository};
    let rails = rails("ceiling: {contents: write, issues: read}\norganization_ceiling: {}\n");
    for (permissions, kind, above) in [
        ("{contents: write}", Repository, None),
        (
            "{contents: read, issues: read, metadata: read}",
            Repository,
            None,
        ),
        ("{contents: admin}", Repository, Some("contents")),
        ("{issues: write}", Repository, Some("issues")),
        ("{checks: read}", Repository, Some("checks")),
        ("{metadata: write}", Repository, Some("metadata")),
        ("{metadata: read}", Organization, None),
        ("{contents: read}", Organization, Some("contents")),
    ] {
        let got = rails.of_the_policy(&policy(permissions), kind, false);
        let wanted = above.map(|name| Breach::Ceiling(name.to_owned()));
        assert_eq!(got, wanted, "{permissions}");
    }
}

#[test]
fn repositories_policies_may_not_count() {
    let rails = rails("repository_policies: deny\n");
    let claims = Claims {
        issuer: "https://i",
        subject: "s",
        audience: &[],
        other: &serde_json::Map::new(),
    };
    assert_eq!(
        rails.before_the_policy(&claims, PolicyKind::Repository),
        Some(Breach::RepositoryPolicy)
    );
    assert_eq!(
        rails.before_the_policy(&claims, PolicyKind::Organization),
        None
    );
}

#[test]
fn no_token_may_write_the_policy_repository() {
    let rails = rails("policy_repository_writes: deny\n");
    for (permissions, reaches, wanted) in [
        ("{contents: write}", true, Some("contents")),
        ("{contents: admin}", true, Some("contents")),
        ("{workflows: write}", true, Some("workflows")),
        ("{administration: write}", true, Some("administration")),
        (
            "{contents: read, administration: read, issues: write}",
            true,
            None,
        ),
        ("{contents: write}", false, None),
    ] {
        let got = rails.of_the_policy(&policy(permissions), PolicyKind::Organization, reaches);
        assert_eq!(
            got,
            wanted.map(Breach::PolicyRepositoryWrite),
            "{permissions}"
        );
    }
}

#[test]
fn a_token_is_denied_where_all_matchers_of_an_entry_match() {
    let rails = rails(
        "deny:\n  - issuer: https://i\n    claim_pattern: {event_name: pull_request.*, fork: 'true'}\n  - subject_pattern: 'evil|bad'\n  - audience: x\n",
    );
    for (who, other, wanted) in [
        (
            ["https://i", "s", "a"],
            json!({"event_name": "pull_request_target", "fork": true}),
            Some(0),
        ),
        (
            ["https://i", "s", "a"],
            json!({"event_name": "pull_request", "fork": "true"}),
            Some(0),
        ),
        (
            ["j", "s", "a"],
            json!({"event_name": "pull_request", "fork": true}),
            None,
        ),
        (
            ["https://i", "s", "a"],
            json!({"event_name": "push", "fork": true}),
            None,
        ),
        (
            ["https://i", "s", "a"],
            json!({"event_name": "pull_request", "fork": false}),
            None,
        ),
        (["https://i", "s", "a"], json!({"fork": true}), None),
        (
            ["https://i", "s", "a"],
            json!({"event_name": ["push"], "fork": 1}),
            Some(0),
        ),
        (["j", "bad", "a"], json!({}), Some(1)),
        (["j", "badly", "a"], json!({}), None),
        (["j", "s", "x"], json!({}), Some(2)),
    ] {
        let text = other.to_string();
        assert_eq!(
            denied(&rails, who, other),
            wanted.map(Breach::Deny),
            "{who:?} {text}"
        );
    }
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let many = format!("deny:\n{}", "  - issuer: https://i\n".repeat(65));
    for (text, said) in [
        (
            "mode: off\n",
            "line 1: quote it: YAML readers disagree on what the unquoted \"off\" is",
        ),
        (
            "mode: Audit\n",
            "line 1: unknown mode \"Audit\" (want \"enforce\" or \"audit\")",
        ),
        (
            "repository_policies: never\n",
            "line 1: unknown repository_policies \"never\" (want \"allow\" or \"deny\")",
        ),
        ("ceiling:\n", "line 1: ceiling has no value"),
        ("ceiling: read\n", "line 1: ceiling must be a mapping"),
        (
            "ceiling: {pull-requests: read}\n",
            "line 1: unknown permission \"pull-requests\", did you mean pull_requests?",
        ),
        (
            "ceiling:\n  contents: none\n",
            "line 2: the level of contents must be read, write or admin, not \"none\" (write includes read; leave out what is not granted)",
        ),
        ("deny: {issuer: https://i}\n", "line 1: deny must be a list"),
        (
            "deny:\n  - {}\n",
            "line 2: an entry of deny must have a matcher",
        ),
        (
            "deny:\n  - claim_pattern: {}\n",
            "line 2: an entry of deny must have a matcher",
        ),
        (
            "deny:\n  - issuer: https://i\n    issuer_pattern: j\n",
            "line 3: only one of issuer or issuer_pattern can be set, got both",
        ),
        (
            "deny:\n  - subject_pattern: '('\n",
            "line 2: subject_pattern: `(`: a group is not closed",
        ),
        (
            "deny:\n  - issue: i\n",
            "line 2: unknown key \"issue\", did you mean issuer?",
        ),
        (
            "deny:\n  - issuer: https://i\n    claim_pattern: {a: }\n",
            "line 3: claim_pattern[\"a\"] has no value",
        ),
        (many.as_str(), "line 1: too many deny: 65 (max 64)"),
        (
            "cieling: {}\n",
            "line 1: unknown key \"cieling\", did you mean ceiling?",
        ),
    ] {
        assert_eq!(refused(text), said, "{text}");
    }
    assert_eq!(rails("mode: audit\n").mode(), Mode::Audit);
}

#[test]
fn an_entry_that_could_match_no_token_is_an_error() {
    for issuer in [
        "i",
        "http://i",
        "' https://i'",
        "accounts.google.com.",
        "https://i#",
    ] {
        let file = format!("deny:\n- issuer: {issuer}\n");
        let message = refused(&file);
        assert!(message.starts_with("line 2: invalid issuer "), "{message}");
    }
}

#[test]
fn google_is_denied_by_either_of_its_names() {
    for matcher in [
        "issuer: accounts.google.com",
        "issuer: https://accounts.google.com",
        r"issuer_pattern: accounts\.google\.com",
        r"issuer_pattern: https://accounts\.google\.com",
    ] {
        let rails = rails(&format!("deny:\n- {matcher}\n"));
        let who = ["https://accounts.google.com", "s", "a"];
        assert_eq!(
            denied(&rails, who, json!({})),
            Some(Breach::Deny(0)),
            "{matcher}"
        );
        let other = ["https://accounts.google.com.evil", "s", "a"];
        assert_eq!(denied(&rails, other, json!({})), None, "{matcher}");
    }
}

#[test]
fn a_switch_without_a_value_is_an_error() {
    for key in ["repository_policies", "policy_repository_writes"] {
        for value in ["", " ~", " ''"] {
            let message = refused(&format!("{key}:{value}\n"));
            assert_eq!(message, format!("line 1: {key} has no value"));
        }
    }
}

#[test]
fn what_would_cost_too_much_to_match_is_denied() {
    let rails = rails("deny:\n- subject_pattern: '(?:a*){1000}x'\n");
    assert_eq!(denied(&rails, ["https://i", "aaa", "a"], json!({})), None);
    let long = "a".repeat(100_000);
    assert_eq!(
        denied(&rails, ["https://i", &long, "a"], json!({})),
        Some(Breach::Deny(0))
    );
}

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
use super::{AudienceMatcher, Matcher, PolicyKind, Served, TrustPolicy};
use crate::permissions::Level;
use crate::problem::{Position, Problem, Stage};
use crate::repositories::Repositories;

mod grants;

const WHO: &str = "issuer: https://i\nsubject: s\n";
const GRANT: &str = "permissions: {contents: read}\n";

fn parse_as(text: &str, kind: PolicyKind) -> Result<TrustPolicy, Problem> {
    TrustPolicy::parse(
        text.as_bytes(),
        kind,
        &Served::everything(&|name| name == "our_own"),
    )
    .map_err(|error| error.problem)
}

fn repository(text: &str) -> Result<TrustPolicy, Problem> {
    parse_as(text, PolicyKind::Repository)
}

fn organization(rest: &str) -> Result<TrustPolicy, Problem> {
    parse_as(&format!("{WHO}{GRANT}{rest}"), PolicyKind::Organization)
}

#[test]
fn compiles_literals_and_patterns() {
    let policy = repository(&format!("{WHO}{GRANT}")).unwrap();
    assert_eq!(policy.issuer(), &Matcher::Exact("https://i".to_owned()));
    assert_eq!(policy.subject(), &Matcher::Exact("s".to_owned()));
    assert_eq!(policy.audience(), &AudienceMatcher::Default);
    assert_eq!(policy.repositories(), &Repositories::Absent);
    assert_eq!(policy.compared_claims().count(), 0);
    let text = "issuer_pattern: https://.*\nsubject_pattern: a|b\naudience_pattern: .*\n\
                claim_pattern: {z: x, email_verified: true, a: 1}\npermissions: {issues: write, our_own: admin}\n";
    let policy = repository(text).unwrap();
    assert!(policy.subject().matches("b") && !policy.subject().matches("bc"));
    assert!(matches!(
        policy.audience(),
        AudienceMatcher::Named(Matcher::Pattern(_))
    ));
    assert_eq!(
        policy.compared_claims().collect::<Vec<_>>(),
        ["a", "email_verified", "z"]
    );
    let granted: Vec<_> = policy
        .permissions()
        .iter()
        .map(|(name, level)| (name.as_str(), *level))
        .collect();
    assert_eq!(
        granted,
        [("issues", Level::Write), ("our_own", Level::Admin)]
    );
}

#[test]
fn empty_and_null_are_absent_for_scalars() {
    let text = format!(
        "{WHO}issuer_pattern: ''\nsubject_pattern:\naudience: ~\naudience_pattern: \"\"\n{GRANT}"
    );
    assert_eq!(
        repository(&text).unwrap().audience(),
        &AudienceMatcher::Default
    );
    for text in [
        "issuer: ''\nsubject: s\n",
        "issuer:\nsubject: s\n",
        "subject: s\n",
    ] {
        assert_eq!(
            repository(&format!("{text}{GRANT}")),
            Err(Problem::Neither("issuer")),
            "{text}"
        );
    }
    // An empty pattern for a claim is a pattern, as in octo-sts: it matches the empty text.
    assert!(repository(&format!("{WHO}{GRANT}claim_pattern: {{a: ''}}\n")).is_ok());
}

#[test]
fn refuses_pairs_as_octo_sts_does() {
    let rows = [
        (
            "issuer: a\nissuer_pattern: b\nsubject: s\n",
            Problem::Both("issuer"),
        ),
        (
            "issuer: a\nsubject: s\nsubject_pattern: s\n",
            Problem::Both("subject"),
        ),
        (
            "issuer: a\nsubject: s\naudience: a\naudience_pattern: b\n",
            Problem::Both("audience"),
        ),
        ("subject: s\n", Problem::Neither("issuer")),
        ("issuer: a\n", Problem::Neither("subject")),
    ];
    for (text, wanted) in rows {
        assert_eq!(wanted.stage(), Stage::NotCompiled);
        assert_eq!(repository(&format!("{text}{GRANT}")), Err(wanted), "{text}");
    }
    let both = Problem::Both("issuer").to_string();
    assert_eq!(
        both,
        "only one of issuer or issuer_pattern can be set, got both"
    );
    for text in ["", "# nothing\n", "~\n", "---\n"] {
        assert_eq!(
            repository(text),
            Err(Problem::Neither("issuer")),
            "{text:?}"
        );
    }
}

#[test]
fn refuses_bad_patterns_and_says_where() {
    for (key, text) in [
        ("issuer_pattern", "issuer_pattern: ')('\nsubject: s\n"),
        ("subject_pattern", "issuer: a\nsubject_pattern: ')('\n"),
        (
            "audience_pattern",
            "issuer: a\nsubject: s\naudience_pattern: ')()'\n",
        ),
        (
            "claim_pattern[\"x\"]",
            "issuer: a\nsubject: s\nclaim_pattern:\n  x: )(\n",
        ),
    ] {
        let Err(Problem::Pattern { key: got, .. }) = repository(&format!("{text}{GRANT}")) else {
            panic!("{text}")
        };
        assert_eq!(got, key);
    }
    let text = format!("{WHO}{GRANT}claim_pattern:\n  a: x\n  ref: a\\Z\n");
    let error = TrustPolicy::parse(
        text.as_bytes(),
        PolicyKind::Repository,
        &Served::everything(&|_| false),
    )
    .unwrap_err();
    assert_eq!(
        (error.position, error.stage()),
        (Position { line: 6, column: 8 }, Stage::NotCompiled)
    );
    assert_eq!(
        error.to_string(),
        "line 6: claim_pattern[\"ref\"]: `\\Z` is not supported"
    );
}

#[test]
fn refuses_unknown_keys_with_a_hint() {
    let rows = [
        (
            "claim_patterns: {a: b}\n",
            "claim_patterns",
            Some("claim_pattern"),
        ),
        ("Issuer: x\n", "Issuer", Some("issuer")),
        ("name: x\n", "name", None),
    ];
    assert_eq!(
        repository(&format!("{WHO}{GRANT}repositories: [a]\n")),
        Err(Problem::OrganizationsKey("repositories"))
    );
    for (text, name, hint) in rows {
        let wanted = Problem::UnknownKey {
            name: name.to_owned(),
            hint: hint.map(str::to_owned),
            known: crate::keys::known_keys(false),
        };
        assert_eq!(wanted.stage(), Stage::NotParsed);
        assert_eq!(
            repository(&format!("{WHO}{GRANT}{text}")),
            Err(wanted),
            "{text}"
        );
    }
}

#[test]
fn a_demand_that_is_not_served_does_not_compile() {
    let none = Served {
        permission: &|_| false,
        apps: false,
        single_use: false,
    };
    for (key, value) in [
        ("app", "x"),
        ("app", ""),
        ("app_pattern", "x"),
        ("single_use", "true"),
        ("single_use", "false"),
    ] {
        let text = format!("{WHO}{GRANT}{key}: {value}\n");
        let got = TrustPolicy::parse(text.as_bytes(), PolicyKind::Repository, &none);
        assert_eq!(
            got.map_err(|e| e.problem),
            Err(Problem::NotServed(key)),
            "{text}"
        );
    }
}

#[test]
fn a_policy_may_name_its_apps_and_serve_a_token_once() {
    let policy = |rest: &str| repository(&format!("{WHO}{GRANT}{rest}"));
    let plain = policy("").unwrap();
    assert_eq!((plain.app(), plain.single_use()), (None, false));
    for (rest, yes, no) in [
        ("app: reader\n", "reader", "Reader"),
        ("app: 123\n", "123", "1234"),
        ("app_pattern: 'a|12'\n", "12", "ab"),
    ] {
        for kind in [PolicyKind::Repository, PolicyKind::Organization] {
            let policy = parse_as(&format!("{WHO}{GRANT}{rest}"), kind).unwrap();
            let app = policy.app().unwrap();
            assert!(app.matches(yes) && !app.matches(no), "{rest}");
        }
    }
    assert!(policy("single_use: true\n").unwrap().single_use());
    assert!(!policy("single_use: false\n").unwrap().single_use());
    assert_eq!(
        policy("app: a\napp_pattern: b\n"),
        Err(Problem::Both("app"))
    );
    assert!(matches!(
        policy("app_pattern: '('\n"),
        Err(Problem::Pattern { .. })
    ));
    for value in ["'true'", "1", "", "[true]", "maybe"] {
        let text = format!("single_use: {value}\n");
        assert_eq!(
            policy(&text),
            Err(Problem::NotAFlag { key: "single_use" }),
            "{text}"
        );
    }
}

#[test]
fn refuses_values_of_another_type() {
    let rows = [
        ("audience: [a, b]\n", Problem::AudienceList),
        (
            "audience_pattern: [a]\n",
            Problem::NotText {
                key: "audience_pattern".to_owned(),
            },
        ),
        (
            "audience: {a: b}\n",
            Problem::NotText {
                key: "audience".to_owned(),
            },
        ),
        (
            "claim_pattern: a\n",
            Problem::NotAMap {
                key: "claim_pattern",
            },
        ),
        (
            "claim_pattern: [a]\n",
            Problem::NotAMap {
                key: "claim_pattern",
            },
        ),
        (
            "claim_pattern: {a: [b]}\n",
            Problem::NotText {
                key: "claim_pattern[\"a\"]".to_owned(),
            },
        ),
        (
            "claim_pattern:\n",
            Problem::NoValue {
                key: "claim_pattern".to_owned(),
            },
        ),
        (
            "claim_pattern: {a: ~}\n",
            Problem::NoValue {
                key: "claim_pattern[\"a\"]".to_owned(),
            },
        ),
    ];
    for (text, wanted) in rows {
        assert_eq!(
            repository(&format!("{WHO}{GRANT}{text}")),
            Err(wanted),
            "{text}"
        );
    }
    for text in ["[a]\n", "just text\n", "- issuer: x\n"] {
        assert_eq!(repository(text), Err(Problem::NotAMapping), "{text}");
    }
}

#[test]
fn check_finds_all_problems_parse_errors_first() {
    let text = "issuer_pattern: '('\nsubject: s\nclaim_pattern: {a: ')'}\npermissions: {contents: writ}\nnmae: x\naudience: [a]\n";
    let problems = TrustPolicy::check(
        text.as_bytes(),
        PolicyKind::Repository,
        &Served::everything(&|_| false),
    );
    let lines: Vec<_> = problems
        .iter()
        .map(|error| (error.position.line, error.stage()))
        .collect();
    use Stage::{NotCompiled, NotParsed};
    assert_eq!(
        lines,
        [
            (5, NotParsed),
            (6, NotParsed),
            (1, NotCompiled),
            (3, NotCompiled),
            (4, NotCompiled)
        ]
    );
    let first = TrustPolicy::parse(
        text.as_bytes(),
        PolicyKind::Repository,
        &Served::everything(&|_| false),
    )
    .unwrap_err();
    assert_eq!(Some(&first), problems.first());
    assert!(
        TrustPolicy::check(
            format!("{WHO}{GRANT}").as_bytes(),
            PolicyKind::Repository,
            &Served::everything(&|_| false)
        )
        .is_empty()
    );
}

#[test]
fn the_number_and_the_size_of_patterns_are_bounded() {
    let claims = |count: usize, pattern: &str| {
        let claims: String = (0..count)
            .map(|i| format!("  c{i}: '{pattern}'\n"))
            .collect();
        repository(&format!("{WHO}{GRANT}claim_pattern:\n{claims}"))
    };
    assert!(claims(64, "[a-z]+").is_ok());
    assert_eq!(
        claims(65, "[a-z]+"),
        Err(Problem::TooManyClaims { limit: 64 })
    );
    assert_eq!(claims(64, ".{500}"), Err(Problem::PatternsTooLarge));
}

#[test]
fn bools_and_numbers_are_text_in_a_repositorys_policy_alone() {
    for line in [
        "issuer: true\nsubject: s\n",
        "issuer: i\nsubject_pattern: 1\n",
        "issuer: i\nsubject: s\naudience: &a false\n",
        "issuer: i\nsubject: s\nclaim_pattern:\n  email_verified: true\n",
        "issuer: i\nsubject: s\nclaim_pattern:\n  run: -7\n",
    ] {
        let text = format!("{line}{GRANT}");
        repository(&text).unwrap();
        let problem = parse_as(&text, PolicyKind::Organization).unwrap_err();
        assert!(
            matches!(problem, Problem::QuoteText(_)),
            "{text}: {problem}"
        );
        let quoted = text.replace("true", "'true'").replace("false", "'false'");
        let quoted = quoted.replace(": 1\n", ": '1'\n").replace("-7", "'-7'");
        parse_as(&quoted, PolicyKind::Organization).unwrap();
    }
    let names = format!("issuer: i\nsubject: s\nrepositories: [1, true]\n{GRANT}");
    parse_as(&names, PolicyKind::Organization).unwrap();
}

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;

const POLICY: &str = "issuer: https://a.example\nsubject_pattern: 'repo:acme/.*'\nclaim_pattern:\n  ref: refs/heads/main\npermissions:\n  contents: read\n";

fn ask(question: &Value) -> Value {
    let options = Decide {
        permission: vec!["brand_new".to_owned()],
    };
    answer(question.to_string().as_bytes(), &options).json()
}

fn about(policy: &str, claims: Value) -> Value {
    ask(&json!({"policy": policy, "org": false, "claims": claims, "domain": "sts.example"}))
}

fn good() -> Value {
    json!({"iss": "https://a.example", "sub": "repo:acme/app", "aud": "sts.example", "ref": "refs/heads/main"})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = good();
    claims[name] = value;
    claims
}

#[test]
fn a_policy_allows_or_says_why_not() {
    assert_eq!(
        about(POLICY, good()),
        json!({"compiles": true, "allows": true})
    );
    for (name, value, reason) in [
        (
            "iss",
            json!("https://b.example"),
            "trust policy: issuer \"https://b.example\" did not match \"https://a.example\"",
        ),
        (
            "sub",
            json!("repo:evil/app"),
            "trust policy: subject \"repo:evil/app\" did not match pattern \"repo:acme/.*\"",
        ),
        (
            "aud",
            json!(["x"]),
            "trust policy: audience \"sts.example\" did not match any of [\"x\"]",
        ),
        (
            "ref",
            json!("refs/heads/main2"),
            "trust policy: claim \"ref\" did not match \"^(?:refs/heads/main)$\"",
        ),
        (
            "ref",
            json!(1),
            "trust policy: expected claim \"ref\" not a string",
        ),
        (
            "iss",
            json!("http://a.example"),
            "invalid issuer in token: the issuer is not an https URL",
        ),
        ("sub", json!(""), "invalid subject in token"),
        ("aud", json!("a b"), "invalid audience in token"),
        ("sub", json!(7), "the claim \"sub\" has the wrong type"),
        (
            "Sub",
            json!("x"),
            "the claim \"Sub\" is a registered one in another letter case",
        ),
    ] {
        let wanted = json!({"compiles": true, "allows": false, "reason": reason});
        assert_eq!(about(POLICY, with(name, value)), wanted);
    }
}

#[test]
fn what_does_not_compile_says_where() {
    let policy = POLICY.replace("read", "reed");
    assert_eq!(
        about(&policy, good()),
        json!({"compiles": false, "allows": false,
            "reason": "line 6: the level of contents must be read, write or admin, not \"reed\" (write includes read; leave out what is not granted)"})
    );
    let policy = POLICY.replace("contents", "brand_new");
    assert_eq!(
        about(&policy, good())["allows"],
        true,
        "an added permission"
    );
    let organisation = format!("{POLICY}repositories: [app]\n");
    assert_eq!(about(&organisation, good())["compiles"], false);
    let question =
        json!({"policy": organisation, "org": true, "claims": good(), "domain": "sts.example"});
    assert_eq!(ask(&question)["allows"], true);
}

#[test]
fn an_organisations_list_allows_or_not() {
    let ask = |list: &str, issuer: &str| ask(&json!({"trusted_issuers": list, "issuer": issuer}));
    let list = "issuers: [https://a.example]\n";
    assert_eq!(
        ask(list, "https://a.example"),
        json!({"compiles": true, "allows": true})
    );
    assert_eq!(
        ask(list, "https://b.example"),
        json!({"compiles": true, "allows": false, "reason": "issuer not permitted by organization policy"})
    );
    assert_eq!(ask("issuers: []\n", "https://a.example")["compiles"], false);
}

#[test]
fn every_line_is_answered_in_order_whatever_it_is() {
    let question =
        json!({"trusted_issuers": "issuers: [https://a.example]", "issuer": "https://a.example"});
    let long = vec![b'x'; usize::try_from(LONGEST_LINE).unwrap() + 10];
    let mut input = Vec::new();
    for line in [
        b"nonsense".as_slice(),
        question.to_string().as_bytes(),
        &long,
        b"\xff",
        b"{}",
    ] {
        input.extend_from_slice(line);
        input.push(b'\n');
    }
    input.extend_from_slice(question.to_string().as_bytes());
    let mut output = Vec::new();
    let options = Decide {
        permission: Vec::new(),
    };
    let all = answer_all(input.as_slice(), &mut output, &options).unwrap();
    assert!(!all);
    let lines: Vec<Value> = String::from_utf8(output)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let allows: Vec<bool> = lines.iter().map(|line| line["allows"] == true).collect();
    assert_eq!(allows, [false, true, false, false, false, true]);
    let errors: Vec<bool> = lines.iter().map(|line| line["error"].is_string()).collect();
    assert_eq!(errors, [true, false, true, true, true, false]);
}

#[test]
fn every_known_difference_still_differs() {
    let known = include_str!("../../../../tests/vectors/known-differences.json");
    let known: Value = serde_json::from_str(known).unwrap();
    let differences = known["differences"].as_array().unwrap();
    assert!(differences.len() >= 20);
    for difference in differences {
        let class = &difference["class"];
        let ours = ask(&difference["question"]);
        let theirs = &difference["octo_sts"];
        let allows = |verdict: &Value| verdict["allows"] == true;
        match difference["stricter"].as_str() {
            Some("we") => assert!(!allows(&ours) && allows(theirs), "{class}: {ours}"),
            Some("octo-sts") => assert!(allows(&ours) && !allows(theirs), "{class}: {ours}"),
            _ => panic!("{class}"),
        }
        assert!(
            difference["reason"]
                .as_str()
                .is_some_and(|reason| !reason.is_empty())
        );
    }
}

/// What octo-sts compiles and we do not, by source, and why.
const NOT_COMPILED: [(&str, &str); 2] = [
    (
        "wolfi-dev/.github:.github/chainguard/project-board-sync.sts.yaml@133a714a",
        "write \"os\", without its owner: \"wolfi-dev/os\"",
    ),
    (
        "liatrio/.github:.github/chainguard/liatrio-get-all-docs.sts.yaml@4ef09ba9",
        "\"*\": repositories are names, not patterns",
    ),
];

#[test]
fn policies_of_public_repositories_compile_where_octo_sts_compiles_them() {
    let Some(file) = std::env::var_os("PUBLIC_POLICIES") else {
        // Past the test harness, which keeps to itself what a test that passes prints.
        let line = b"PUBLIC_POLICIES is not set: policies of public repositories were left out\n";
        std::io::stderr().write_all(line).unwrap();
        return;
    };
    let text = std::fs::read_to_string(file).unwrap();
    let (mut read, mut exceptions) = (0, 0);
    for row in text.lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let question = json!({"policy": row["policy"], "org": row["org"], "claims": {}});
        let ours = ask(&question);
        read += 1;
        let exception = NOT_COMPILED
            .iter()
            .find(|(source, _)| row["source"] == *source);
        match exception {
            Some((source, why)) => {
                exceptions += 1;
                let reason = ours["reason"].as_str().unwrap();
                assert!(reason.contains(why), "{source}: {reason}");
            }
            None => assert_eq!(
                ours["compiles"], row["compiles"],
                "{}: {ours}",
                row["source"]
            ),
        }
    }
    assert!(
        read >= 150 && exceptions == NOT_COMPILED.len(),
        "{read} {exceptions}"
    );
}

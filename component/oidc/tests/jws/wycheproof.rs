//! Wycheproof's JSON Web Signatures and Keys (<https://github.com/C2SP/wycheproof>), read from the folder that
//! `WYCHEPROOF_DIR` names.

use super::check;
use serde::Deserialize;
use serde_json::Value;
use std::io::Write as _;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    number_of_tests: usize,
    test_groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    comment: String,
    public: Option<Value>,
    /// Where the key is symmetric there is no other.
    private: Value,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    tc_id: u32,
    comment: String,
    jws: String,
    result: Verdict,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Valid,
    Invalid,
}

/// Valid there and refused here.
const EXCEPTIONS: [(&str, &str); 7] = [
    ("the algorithm \"HS256\" is not accepted", SHARED_SECRET),
    ("the algorithm \"HS384\" is not accepted", SHARED_SECRET),
    ("the algorithm \"HS512\" is not accepted", SHARED_SECRET),
    (
        "the token's header is not a JSON object",
        "characters that base64url does not have (RFC 7515 section 2)",
    ),
    (
        "the token's payload is not a JSON object",
        "characters that base64url does not have (RFC 7515 section 2)",
    ),
    (
        "the key of the token is not for its algorithm",
        "the key says PS256 and the token PS384",
    ),
    (
        "the issuer has no usable key",
        "the key says ES521, which is no algorithm",
    ),
];
const SHARED_SECRET: &str = "who can check an HMAC can forge it";

#[derive(Debug, Default, PartialEq)]
struct Counts {
    accepted: usize,
    refused: usize,
    /// By the number in [`EXCEPTIONS`].
    exceptions: [usize; EXCEPTIONS.len()],
}

fn folder() -> Option<PathBuf> {
    #[allow(
        clippy::disallowed_methods,
        reason = "a test may ask where its vectors are"
    )]
    let folder = std::env::var_os("WYCHEPROOF_DIR").map(PathBuf::from);
    if folder.is_none() {
        // Past the test harness, which keeps to itself what a test that passes prints.
        let line =
            b"WYCHEPROOF_DIR is not set: Wycheproof's JSON Web Signatures and Keys were left out\n";
        std::io::stderr().write_all(line).unwrap();
    }
    folder
}

fn put(folder: &Path, name: &str) -> Counts {
    #[allow(clippy::disallowed_methods, reason = "a test may read its vectors")]
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    let file: File = serde_json::from_str(&text).unwrap();
    let mut counts = Counts::default();
    for group in &file.test_groups {
        let keys = keys(group.public.as_ref().unwrap_or(&group.private));
        for test in &group.tests {
            count(&mut counts, group, test, &check(&test.jws, &keys));
        }
    }
    assert_eq!(
        file.number_of_tests,
        counts.accepted + counts.refused + counts.exceptions.iter().sum::<usize>()
    );
    counts
}

fn count(counts: &mut Counts, group: &Group, test: &Test, answer: &Result<(), String>) {
    let name = format!("{} {} ({})", test.tc_id, test.comment, group.comment);
    match (&test.result, answer) {
        (Verdict::Invalid, answer) => {
            assert!(answer.is_err(), "{name} is invalid");
            counts.refused += 1;
        }
        (Verdict::Valid, Ok(())) => counts.accepted += 1,
        (Verdict::Valid, Err(reason)) => {
            let exception = EXCEPTIONS.iter().position(|(known, _)| known == reason);
            let exception = exception.unwrap_or_else(|| panic!("{name} is valid: {reason}"));
            counts.exceptions[exception] += 1;
        }
    }
}

fn keys(published: &Value) -> Vec<Value> {
    match published.get("keys") {
        Some(keys) => keys.as_array().unwrap().clone(),
        None => vec![published.clone()],
    }
}

#[test]
fn signatures() {
    let Some(folder) = folder() else { return };
    let counts = put(&folder, "json_web_signature_test.json");
    println!("{counts:?} of {EXCEPTIONS:?}");
    let wanted = Counts {
        accepted: 32,
        refused: 355,
        exceptions: [8, 0, 0, 1, 1, 2, 2],
    };
    assert_eq!(counts, wanted);
}

#[test]
fn keys_of_a_set() {
    let Some(folder) = folder() else { return };
    let counts = put(&folder, "json_web_key_test.json");
    println!("{counts:?} of {EXCEPTIONS:?}");
    let wanted = Counts {
        accepted: 1,
        refused: 21,
        exceptions: [2, 1, 1, 0, 0, 0, 0],
    };
    assert_eq!(counts, wanted);
}

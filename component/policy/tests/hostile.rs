//! What nobody sane would write: every answer is bounded by a limit rather than by luck. Panics and memory are for
//! `tests/fuzz`.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant};

use policy::{Claims, PolicyKind, Served, TrustPolicy};
use serde_json::Map;

#[test]
fn full_files_of_one_thing_are_refused() {
    let pieces = [
        "[", "{", "- ", "? ", "{a: ", "a: ", "&a ", "'", "\"", "|\n", "!", "%", "[a, ", "- - - ",
        ": ", "a\n", "*a ",
    ];
    for piece in pieces {
        let file = piece.repeat(policy::MAX_FILE_BYTES / piece.len());
        assert!(
            TrustPolicy::parse(
                file.as_bytes(),
                PolicyKind::Organization,
                &Served::everything(&|_| true)
            )
            .is_err(),
            "{piece:?}"
        );
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "what is measured is real time")]
fn the_worst_decisions_are_made_in_bounded_time() {
    // Programs as large as they may be, over claims that fill a token: whoever writes a policy and runs an issuer has both.
    let mut file =
        "issuer: i\nsubject: s\npermissions: {contents: read}\nclaim_pattern:\n".to_owned();
    let pattern = format!("{}.*x", "(?:a*){1000}".repeat(12));
    let mut other = Map::new();
    for number in 0..15 {
        file.push_str(&format!("  c{number}: '{pattern}'\n"));
        other.insert(format!("c{number}"), "a".repeat(730).into());
    }
    let served = Served::everything(&|_| false);
    let policy = TrustPolicy::parse(file.as_bytes(), PolicyKind::Repository, &served).unwrap();
    let audience = ["a".to_owned()];
    let claims = Claims {
        issuer: "i",
        subject: "s",
        audience: &audience,
        other: &other,
    };
    let began = Instant::now();
    assert!(!policy.decide(&claims, &["a"]).permits());
    let took = began.elapsed();
    assert!(took < Duration::from_millis(1500), "{took:?}");
}

#[test]
fn a_usual_decision_is_far_from_its_bound() {
    let file = "issuer: i\nsubject_pattern: '[A-Za-z0-9:/_-]{1,1000}'\npermissions: {contents: read}\nclaim_pattern:\n  a: '(?i).{0,200}main.{0,200}'\n";
    let served = Served::everything(&|_| false);
    let policy = TrustPolicy::parse(file.as_bytes(), PolicyKind::Repository, &served).unwrap();
    let audience = ["a".to_owned()];
    let mut other = Map::new();
    other.insert("a".to_owned(), format!("{}main", "x".repeat(190)).into());
    let claims = Claims {
        issuer: "i",
        subject: &"s".repeat(1000),
        audience: &audience,
        other: &other,
    };
    assert!(policy.decide(&claims, &["a"]).permits());
}

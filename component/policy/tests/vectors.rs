//! The pattern dialect against rows that Go's `regexp` was asked: what we accept, it accepts, and it matches the same.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use policy::Pattern;
use serde_json::Value;

const VECTORS: &str = include_str!("../../../tests/vectors/octo-sts.json");

fn rows(name: &str) -> Vec<Value> {
    let vectors: Value = serde_json::from_str(VECTORS).expect("vectors are JSON");
    vectors
        .get(name)
        .and_then(Value::as_array)
        .cloned()
        .expect("the vectors have this list")
}

fn text<'v>(row: &'v Value, name: &str) -> &'v str {
    row.get(name).and_then(Value::as_str).expect("text")
}

#[test]
fn accepts_nothing_that_re2_refuses() {
    let (mut accepted, mut refused) = (0, 0);
    for row in rows("regex_accept") {
        let pattern = text(&row, "p");
        let re2 = row.get("new_ok").and_then(Value::as_bool).unwrap();
        match Pattern::compile(pattern) {
            Ok(_) => {
                assert!(re2, "RE2 refuses {pattern:?}");
                accepted += 1;
            }
            Err(_) => refused += 1,
        }
    }
    // So that the loop cannot pass by refusing everything.
    assert!(
        accepted >= 30 && refused >= 30,
        "{accepted} accepted, {refused} refused"
    );
}

#[test]
fn matches_what_re2_matches() {
    let mut compared = 0;
    for row in rows("regex_match") {
        let (pattern, subject) = (text(&row, "p"), text(&row, "text"));
        if let Ok(compiled) = Pattern::compile(pattern) {
            let wanted = row.get("new_match").and_then(Value::as_bool).unwrap();
            assert_eq!(
                compiled.matches(subject),
                wanted,
                "{pattern:?} against {subject:?}"
            );
            compared += 1;
        }
    }
    assert!(compared >= 18, "{compared}");
}

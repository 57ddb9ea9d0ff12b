//! The pattern dialect against rows that Go's `regexp` was asked.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use policy::{Pattern, PatternProblem, Span};
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
fn accepts_what_re2_accepts_and_nothing_else() {
    let mut compared = 0;
    for row in rows("regex_accept") {
        let pattern = text(&row, "p");
        let re2 = row.get("new_ok").and_then(Value::as_bool).unwrap();
        let ours = Pattern::compile(pattern);
        // A size limit of ours is stricter.
        let small = !matches!(
            ours,
            Err(PatternProblem::TooDeep | PatternProblem::TooLarge | PatternProblem::TooLong)
        );
        assert!(
            ours.is_ok() == re2 || (re2 && !small),
            "{pattern:?}: {ours:?}"
        );
        compared += 1;
    }
    assert!(compared > 100, "{compared}");
}

#[test]
fn matches_what_re2_matches() {
    let mut compared = 0;
    for row in rows("regex_match") {
        let (pattern, subject) = (text(&row, "p"), text(&row, "text"));
        let wanted = row.get("new_match").and_then(Value::as_bool).unwrap();
        let got = Pattern::compile(pattern).is_ok_and(|compiled| compiled.matches(subject));
        assert_eq!(got, wanted, "{pattern:?} against {subject:?}");
        compared += 1;
    }
    assert!(compared > 40, "{compared}");
}

#[test]
fn patterns_for_issuers_are_guarded_as_octo_sts_guards_them() {
    let mut compared = 0;
    for row in rows("issuer_pattern_guard") {
        let pattern = text(&row, "p");
        let got = match Pattern::spans_the_host(pattern) {
            Some(Span::Dot) => "span-dot",
            Some(Span::Class) => "span-class",
            Some(Span::Literal) => "span-literal",
            None if Pattern::compile(pattern).is_ok() => "accepted",
            None => "compile-error",
        };
        assert_eq!(got, text(&row, "verdict"), "{pattern:?}");
        compared += 1;
    }
    assert!(compared > 50, "{compared}");
}

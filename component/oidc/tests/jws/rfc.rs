//! The examples of RFC 7515 (appendices A and E) and RFC 8037 (appendix A.4).

use super::check;
use serde_json::Value;

const EXAMPLES: &str = include_str!("../../../../tests/vectors/rfc-jws.json");

#[test]
fn the_examples_of_the_standards_are_answered() {
    let examples: Vec<Value> = serde_json::from_str(EXAMPLES).unwrap();
    assert_eq!(examples.len(), 9);
    for example in &examples {
        let keys: Vec<Value> = example
            .get("key")
            .filter(|key| !key.is_null())
            .cloned()
            .into_iter()
            .collect();
        let text = |name: &str| example.get(name).and_then(Value::as_str);
        let section = text("section").unwrap();
        let jws = text("jws").unwrap();
        assert_eq!(
            check(jws, &keys).err().as_deref(),
            text("error"),
            "{section}"
        );
    }
}

#[test]
fn an_example_that_was_changed_is_not_genuine() {
    let examples: Vec<Value> = serde_json::from_str(EXAMPLES).unwrap();
    let genuine = examples.iter().filter(|example| example["error"].is_null());
    let mut changed = 0;
    for example in genuine {
        let jws = example["jws"].as_str().unwrap();
        let keys = [example["key"].clone()];
        for (at, old) in jws.char_indices() {
            // The first character of each part, and one inside the signature: all their bits count.
            let start = at == 0 || jws[..at].ends_with('.');
            if !(start || at == jws.len() - 20) {
                continue;
            }
            let new = if old == 'A' { 'B' } else { 'A' };
            let other = format!("{}{new}{}", &jws[..at], &jws[at + 1..]);
            assert!(
                check(&other, &keys).is_err(),
                "{} at {at}",
                example["section"]
            );
            changed += 1;
        }
    }
    assert_eq!(changed, 16);
}

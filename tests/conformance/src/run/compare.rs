//! Whether a value is as a case says.

use serde_json::Value;

/// Members that are named must be as they are named, `null` must be absent, a list must have exactly these items, and a
/// text that ends in `…` must begin so. Says what differs.
pub(crate) fn differs(wanted: &Value, got: &Value) -> Option<String> {
    at("", wanted, got)
}

fn at(path: &str, wanted: &Value, got: &Value) -> Option<String> {
    match (wanted, got) {
        (Value::Object(wanted), Value::Object(got)) => wanted.iter().find_map(|(name, wanted)| {
            at(
                &format!("{path}/{name}"),
                wanted,
                got.get(name).unwrap_or(&Value::Null),
            )
        }),
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            let pairs = wanted.iter().zip(got).enumerate();
            pairs
                .into_iter()
                .find_map(|(number, (wanted, got))| at(&format!("{path}/{number}"), wanted, got))
        }
        (Value::String(wanted), Value::String(got)) if same(wanted, got) => None,
        (wanted, got) if wanted == got => None,
        (wanted, got) => Some(format!("{path} is {got}, not {wanted}")),
    }
}

/// Whether a text is as wanted; `…` at the end stands for anything.
pub(crate) fn same(wanted: &str, got: &str) -> bool {
    match wanted.strip_suffix('…') {
        Some(start) => got.starts_with(start),
        None => got == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_named_must_be_so() {
        let got = json!({"a": 1, "b": {"c": "line 3: x", "d": [1, {"e": 2, "f": 3}]}});
        for wanted in [
            json!({}),
            json!({"a": 1}),
            json!({"b": {"c": "line 3: …"}, "absent": null}),
            json!({"b": {"d": [1, {"e": 2}]}}),
        ] {
            assert_eq!(differs(&wanted, &got), None, "{wanted}");
        }
        for wanted in [
            json!({"a": 2}),
            json!({"a": "1"}),
            json!({"a": null}),
            json!({"absent": 1}),
            json!({"b": {"c": "line 4: …"}}),
            json!({"b": {"c": "line 3: "}}),
            json!({"b": {"d": [1]}}),
            json!({"b": {"d": [1, {"e": 3}]}}),
            json!([]),
        ] {
            assert!(differs(&wanted, &got).is_some(), "{wanted}");
        }
    }
}

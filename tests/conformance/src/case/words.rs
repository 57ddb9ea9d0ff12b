//! Placeholders: `${name}`, `${now+300}`, `${x*1024}`, `${name?}`, `${time:now+300}`, `${text:name}`.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Names and what stands for them.
pub(crate) type Words = Map<String, Value>;

/// Words may have placeholders themselves, so deep.
const DEEPEST: usize = 8;
/// No text is repeated to more bytes.
const LONGEST: usize = 16 * 1024 * 1024;

/// What placeholders mean at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Scope<'a> {
    /// The nearest first.
    pub(crate) layers: Vec<&'a Words>,
    /// Unix seconds.
    pub(crate) now: i64,
}

impl Scope<'_> {
    /// A copy without placeholders.
    pub(crate) fn expand(&self, template: &Value) -> Result<Value, String> {
        Ok(self.value(template, 0)?.unwrap_or(Value::Null))
    }

    /// A text without placeholders.
    pub(crate) fn text(&self, template: &str) -> Result<String, String> {
        self.inside(template, 0)
    }

    /// None: an optional word that is absent.
    fn value(&self, template: &Value, depth: usize) -> Result<Option<Value>, String> {
        Ok(Some(match template {
            Value::String(text) => match whole(text) {
                Some(expression) => return self.evaluate(expression, depth),
                None => Value::String(self.inside(text, depth)?),
            },
            Value::Array(items) => {
                let items = items.iter().map(|item| self.value(item, depth));
                let items: Result<Vec<_>, String> = items.collect();
                Value::Array(items?.into_iter().flatten().collect())
            }
            Value::Object(members) => {
                let mut expanded = Map::new();
                for (name, value) in members {
                    if let Some(value) = self.value(value, depth)? {
                        expanded.insert(self.inside(name, depth)?, value);
                    }
                }
                Value::Object(expanded)
            }
            other => other.clone(),
        }))
    }

    /// Replaces the placeholders inside a text.
    fn inside(&self, text: &str, depth: usize) -> Result<String, String> {
        let mut done = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (expression, after) = after
                .split_once('}')
                .ok_or_else(|| format!("a placeholder without end in {text:?}"))?;
            done.push_str(before);
            match self.evaluate(expression, depth)? {
                Some(Value::String(text)) => done.push_str(&text),
                Some(Value::Number(number)) => done.push_str(&number.to_string()),
                None => {}
                _ => return Err(format!("${{{expression}}} is no text in {text:?}")),
            }
            rest = after;
        }
        done.push_str(rest);
        Ok(done)
    }

    fn evaluate(&self, expression: &str, depth: usize) -> Result<Option<Value>, String> {
        if depth > DEEPEST {
            return Err(format!("${{{expression}}} never ends"));
        }
        if let Some(found) = self.word(expression) {
            return self.value(&found, depth + 1);
        }
        if let Some(inner) = expression.strip_prefix("text:") {
            return Ok(Some(json!(
                self.inside(&format!("${{{inner}}}"), depth + 1)?
            )));
        }
        if let Some(inner) = expression.strip_prefix("time:") {
            let seconds = self.evaluate(inner, depth + 1)?;
            let time = seconds.and_then(|seconds| rfc3339(seconds.as_i64()?));
            return time
                .map(|time| Some(json!(time)))
                .ok_or_else(|| format!("{inner:?} is no time"));
        }
        if let Some(name) = expression.strip_suffix('?') {
            return match self.word(name) {
                Some(found) => self.value(&found, depth + 1),
                None => Ok(None),
            };
        }
        if let Some((text, count)) = expression.rsplit_once('*')
            && let Ok(count) = count.parse::<usize>()
            && text.len().saturating_mul(count) <= LONGEST
        {
            return Ok(Some(json!(text.repeat(count))));
        }
        self.sum(expression)
            .map(|sum| Some(json!(sum)))
            .ok_or_else(|| format!("nothing is called {expression:?}"))
    }

    fn word(&self, name: &str) -> Option<Value> {
        match name {
            "now" => Some(json!(self.now)),
            "none" => Some(Value::Null),
            _ => self
                .layers
                .iter()
                .find_map(|words| words.get(name))
                .cloned(),
        }
    }

    /// `NAME+300`, `NAME-300`
    fn sum(&self, expression: &str) -> Option<i64> {
        let at = expression.rfind(['+', '-'])?;
        let (name, number) = expression.split_at_checked(at)?;
        let number: i64 = number.parse().ok()?;
        self.word(name)?.as_i64()?.checked_add(number)
    }
}

/// Unix seconds as GitHub writes times.
fn rfc3339(seconds: i64) -> Option<String> {
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()?
        .format(&Rfc3339)
        .ok()
}

/// The expression, if a text is one placeholder and nothing else.
fn whole(text: &str) -> Option<&str> {
    let expression = text.strip_prefix("${")?.strip_suffix('}')?;
    (!expression.contains(['{', '}'])).then_some(expression)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn placeholders_are_replaced() {
        let row = json!({"n": 7, "table": {"a": ["${n}", "${absent?}"]}, "ends": "<${name}>"});
        let words = json!({"name": "x${n}", "n": 1, "a-b": "dash", "loop": "${loop}"});
        let (Value::Object(row), Value::Object(words)) = (row, words) else {
            panic!("tables");
        };
        let scope = Scope {
            layers: vec![&row, &words],
            now: 100,
        };
        for (template, wanted) in [
            (json!("${n}"), json!(7)),
            (json!("at ${n}${name}"), json!("at 7x7")),
            (json!("${table}"), json!({"a": [7]})),
            (json!("${ends}"), json!("<x7>")),
            (json!("${now+300}"), json!(400)),
            (json!("t ${now-1} ${a-b}"), json!("t 99 dash")),
            (json!("${ab*3}"), json!("ababab")),
            (json!("<${absent?}>"), json!("<>")),
            (json!("${text:n}"), json!("7")),
            (json!("${time:now+20}"), json!("1970-01-01T00:02:00Z")),
            (
                json!({"k": "${absent?}", "${n}": "${none}"}),
                json!({"7": null}),
            ),
            (json!("$(id) $x {y}"), json!("$(id) $x {y}")),
        ] {
            assert_eq!(scope.expand(&template), Ok(wanted), "{template}");
        }
        for wrong in ["${absent}", "${", "${loop}", "x ${table}", "${name+1}"] {
            assert!(scope.expand(&json!(wrong)).is_err(), "{wrong}");
        }
    }
}

//! Log lines: one line each, as text or JSON, whatever is in them. `docs/LOGGING.md` is their page.

use std::fmt::Write as _;

use crate::settings::{LogFormat, LogLevel};
use crate::time::rfc3339;

/// A message, name or value is cut after so many characters: a line is for reading, and a caller may fill one.
const LONGEST: usize = 4096;
/// So many fields of a line are kept.
const MOST_FIELDS: usize = 64;

/// One line, without its end. `decision` may be empty: not every line belongs to a request.
#[must_use]
pub fn line(
    format: LogFormat,
    now_unix_ms: u64,
    level: LogLevel,
    decision: &str,
    message: &str,
    fields: &[(String, String)],
) -> String {
    let time = rfc3339(now_unix_ms);
    let kept = fields.iter().take(MOST_FIELDS);
    match format {
        LogFormat::Text => text(&time, level, decision, message, kept),
        LogFormat::Json => json(&time, level, decision, message, kept),
    }
}

/// Fields that say what the steps of a request took: name, beginning and length in microseconds.
#[must_use]
pub fn steps(steps: impl IntoIterator<Item = (String, u64, u64)>) -> Vec<(String, String)> {
    let field = |(name, from, took)| (name, format!("{from}us+{took}us"));
    steps.into_iter().map(field).collect()
}

fn cut(value: &str) -> String {
    value.chars().take(LONGEST).collect()
}

fn level_name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
    }
}

/// `TIME LEVEL message decision="…" name="value"`. What is no printable character is escaped, so that nobody can write
/// a second line or paint a terminal.
fn text<'a>(
    time: &str,
    level: LogLevel,
    decision: &str,
    message: &str,
    fields: impl Iterator<Item = &'a (String, String)>,
) -> String {
    let mut line = format!("{time} {} ", level_name(level).to_uppercase());
    line.extend(cut(message).chars().flat_map(escape));
    if !decision.is_empty() {
        let _ = write!(line, " decision={:?}", cut(decision));
    }
    for (name, value) in fields {
        line.push(' ');
        line.extend(cut(name).chars().flat_map(escape));
        let _ = write!(line, "={:?}", cut(value));
    }
    line
}

/// As `Debug` escapes, but quotes stay: a message is not quoted.
fn escape(c: char) -> impl Iterator<Item = char> {
    let plain = matches!(c, '"' | '\'' | '\\');
    plain
        .then_some(c)
        .into_iter()
        .chain((!plain).then(|| c.escape_debug()).into_iter().flatten())
}

/// `{"time":…,"level":…,"msg":…,"decision":…,NAME:…}`; a field that is named like one of these gets `field_` before it.
fn json<'a>(
    time: &str,
    level: LogLevel,
    decision: &str,
    message: &str,
    fields: impl Iterator<Item = &'a (String, String)>,
) -> String {
    let mut line = String::from("{");
    let mut member = |name: &str, value: &str| {
        let comma = if line.len() == 1 { "" } else { "," };
        let _ = write!(line, "{comma}{}:{}", json_text(name), json_text(value));
    };
    member("time", time);
    member("level", level_name(level));
    member("msg", &cut(message));
    if !decision.is_empty() {
        member("decision", &cut(decision));
    }
    for (name, value) in fields {
        let name = cut(name);
        let taken = ["time", "level", "msg", "decision"].contains(&name.as_str());
        let prefix = if taken { "field_" } else { "" };
        member(&format!("{prefix}{name}"), &cut(value));
    }
    line.push('}');
    line
}

/// A JSON string (RFC 8259 7) that also escapes DEL, C1 controls and the line ends of Unicode, which some readers of
/// logs take for line ends.
fn json_text(text: &str) -> String {
    let plain = serde_json::Value::from(text).to_string();
    let mut escaped = String::with_capacity(plain.len());
    for c in plain.chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(escaped, "\\u{:04x}", u32::from(c));
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use serde_json::Value;

    fn line(format: LogFormat, message: &str, fields: &[(&str, &str)]) -> String {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        super::line(format, 0, LogLevel::Warn, "abc", message, &fields)
    }

    #[test]
    fn text_is_one_line_whatever_is_in_it() {
        assert_eq!(
            line(LogFormat::Text, "it's \"so\"", &[("scope", "o/r")]),
            r#"1970-01-01T00:00:00.000Z WARN it's "so" decision="abc" scope="o/r""#
        );
        let nasty = "a\nb\r\u{1b}[31m\u{85}\u{2028}\u{202e}\u{9b}c";
        let written = line(LogFormat::Text, nasty, &[(nasty, nasty)]);
        assert!(
            written
                .chars()
                .all(|c| !c.is_control() && !"\u{2028}\u{202e}".contains(c)),
            "{written}"
        );
    }

    #[test]
    fn json_is_one_object_whatever_is_in_it() {
        let nasty = "a\nb\r\u{1b}\u{85}\u{2028}\u{9b}\"c";
        let written = line(
            LogFormat::Json,
            nasty,
            &[("level", nasty), ("scope", "o/r")],
        );
        assert!(
            written.chars().all(|c| !c.is_control() && c != '\u{2028}'),
            "{written}"
        );
        let value: Value = serde_json::from_str(&written).unwrap();
        assert_eq!(value["level"], "warn");
        assert_eq!(value["msg"], nasty);
        assert_eq!(value["field_level"], nasty);
        assert_eq!(value["decision"], "abc");
        assert_eq!(value["scope"], "o/r");
    }

    #[test]
    fn long_values_are_cut() {
        let long = "x".repeat(100_000);
        assert!(line(LogFormat::Text, &long, &[("a", &long)]).len() < 10_000);
    }
}

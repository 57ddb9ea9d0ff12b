//! What an unquoted scalar means.
//!
//! YAML 1.1 (the types at yaml.org/type) sees bools, numbers, dates and nulls in scalars that YAML 1.2 reads as text.
//! Taken as written are only those that all readers agree on; what 1.1 resolves otherwise must be quoted.

/// The verdict about a plain scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plain {
    /// Nothing was written, `~`, or a word for null.
    Null,
    /// The text as written.
    Text,
    /// `<<`
    Merge,
    /// Readers disagree.
    Ambiguous,
}

/// Words for true and false in YAML 1.1.
const BOOL_WORDS: [&str; 8] = ["y", "n", "yes", "no", "on", "off", "true", "false"];

pub(super) fn resolve(text: &str) -> Plain {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Plain::Null,
        "<<" => Plain::Merge,
        _ if is_typed(text) => Plain::Text,
        "=" => Plain::Ambiguous,
        _ if text.eq_ignore_ascii_case("null") => Plain::Ambiguous,
        _ if BOOL_WORDS
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word)) =>
        {
            Plain::Ambiguous
        }
        _ if is_number(text) || is_timestamp(text) => Plain::Ambiguous,
        _ => Plain::Text,
    }
}

/// Whether every reader takes it for a bool or an integer.
pub(super) fn is_typed(text: &str) -> bool {
    matches!(text, "true" | "false" | "0") || is_plain_integer(text)
}

/// `-?[1-9][0-9]*` within 64 bits: decimal for every reader.
fn is_plain_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.starts_with(|c: char| matches!(c, '1'..='9'))
        && all_digits(digits)
        && text.parse::<i64>().is_ok()
}

/// Everything that YAML 1.1 calls an int or a float, and what octo-sts's parser adds (underscores anywhere, `0o17`, a
/// sign after the radix). Wider is harmless: it only asks for quotes.
fn is_number(text: &str) -> bool {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return false;
    }
    let text: String = text.chars().filter(|c| *c != '_').collect();
    let text = text.strip_prefix(['+', '-']).unwrap_or(&text);
    is_radix(text) || is_sexagesimal(text) || is_decimal(text) || is_special_float(text)
}

fn is_radix(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('0') else {
        return false;
    };
    let Some(rest) = rest.strip_prefix(['x', 'X', 'o', 'O', 'b', 'B']) else {
        return false;
    };
    rest.strip_prefix(['+', '-'])
        .unwrap_or(rest)
        .chars()
        .all(|c| c.is_ascii_hexdigit())
}

/// `12:30`, `12:30:45`, `12:30:45.5`
fn is_sexagesimal(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.split(':');
    whole.contains(':')
        && parts.all(|part| !part.is_empty() && all_digits(part))
        && all_digits(fraction)
}

/// Digits and dots, at least one of them, and perhaps an exponent. A dot too many (`1.2.3`, `.`) is a float by the
/// letter of YAML 1.1's expression `[0-9.]*`.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = text
        .split_once(['e', 'E'])
        .map_or((text, None), |(m, e)| (m, Some(e)));
    let exponent = exponent.is_none_or(|e| {
        let digits = e.strip_prefix(['+', '-']).unwrap_or(e);
        !digits.is_empty() && all_digits(digits)
    });
    !mantissa.is_empty() && mantissa.chars().all(|c| c.is_ascii_digit() || c == '.') && exponent
}

fn is_special_float(text: &str) -> bool {
    text.eq_ignore_ascii_case(".inf") || text.eq_ignore_ascii_case(".nan")
}

/// `2026-01-02`, alone or followed by a time of any form.
fn is_timestamp(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let day = rest.chars().take_while(char::is_ascii_digit).count();
    let mut after = rest.chars().skip(day);
    let followed = match after.next() {
        None => true,
        Some('t' | 'T') => after.next().is_some_and(|c| c.is_ascii_digit()),
        Some(' ' | '\t') => after
            .find(|c| !matches!(c, ' ' | '\t'))
            .is_some_and(|c| c.is_ascii_digit()),
        Some(_) => false,
    };
    let sized = year.len() == 4 && matches!(month.len(), 1 | 2) && matches!(day, 1 | 2);
    sized && all_digits(year) && all_digits(month) && followed
}

fn all_digits(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{Plain, resolve};

    fn all(wanted: Plain, rows: &[&str]) {
        for row in rows {
            assert_eq!(resolve(row), wanted, "{row:?}");
        }
    }

    #[test]
    fn nulls_and_merge() {
        all(Plain::Null, &["", "~", "null", "Null", "NULL"]);
        all(Plain::Merge, &["<<"]);
    }

    #[test]
    fn text_is_taken_as_written() {
        all(
            Plain::Text,
            &[
                "true",
                "false",
                "0",
                "1",
                "-1",
                "42",
                "9223372036854775807",
                "-9223372036854775808",
                "a",
                "yesterday",
            ],
        );
        all(
            Plain::Text,
            &[
                "https://token.actions.githubusercontent.com",
                "repo:o/r:ref:refs/heads/main",
                ".*",
                ".+",
            ],
        );
        all(
            Plain::Text,
            &[
                "v1.2.3", "1a", "_1", "-", "+", "--", "0x1g", "deadbeef", "1e", "e3", "12:", ":30",
                "a:b",
            ],
        );
        all(
            Plain::Text,
            &[
                "2026-01",
                "2026-01-02-x",
                "2026-01-02 release",
                "20260102",
                "<",
                "==",
                "12:3x",
                "-a",
            ],
        );
    }

    #[test]
    fn what_yaml_1_1_resolves_must_be_quoted() {
        all(
            Plain::Ambiguous,
            &[
                "y", "Y", "n", "N", "yes", "Yes", "YES", "yEs", "no", "No", "on", "On", "off",
                "OFF",
            ],
        );
        all(
            Plain::Ambiguous,
            &[
                "True", "TRUE", "tRue", "False", "FALSE", "nULL", "=", "+1", "-0", "+0", "00", "08",
            ],
        );
        all(
            Plain::Ambiguous,
            &[
                "0123", "0o17", "0O17", "0x1F", "0X1f", "0b11", "-0b1", "0b+1", "1_000", "1_",
                "+_1",
            ],
        );
        all(
            Plain::Ambiguous,
            &[
                "9223372036854775808",
                "18446744073709551616",
                "1e3",
                "1E+3",
                "1e-3",
                "1.5",
                "1.",
                ".5",
            ],
        );
        all(
            Plain::Ambiguous,
            &[
                "1_0.0", "-.5e2", ".", "..", "1.2.3", ".inf", ".Inf", "-.INF", "+.inf", ".nan",
                ".NaN",
            ],
        );
        all(
            Plain::Ambiguous,
            &[
                "12:30",
                "12:30:45",
                "-1:30",
                "190:20:30.15",
                "2026-01-02",
                "2026-1-2",
            ],
        );
        all(
            Plain::Ambiguous,
            &[
                "2026-01-02T03:04:05Z",
                "2026-01-02t03:04:05",
                "2026-01-02 03:04:05 -5",
                "2026-01-02   3:04:05",
            ],
        );
    }
}

//! Time as a JWT writes it.

use serde_json::{Number, Value};
use std::fmt;

/// Seconds since 1970-01-01T00:00:00Z, leap seconds ignored (RFC 7519 section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumericDate(pub i64);

/// Beyond this a float no longer tells one second from the next.
const MAX_FLOAT: f64 = 9_007_199_254_740_992.0;

impl NumericDate {
    /// So many seconds later, or earlier if negative; stays at the end of the range where it would leave it.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// How many seconds `later` is after this; negative if it is before.
    #[must_use]
    pub fn seconds_until(self, later: Self) -> i64 {
        later.0.saturating_sub(self.0)
    }

    /// A claim's value: a number, or a string that holds one, fractions cut off.
    pub(crate) fn from_claim(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Self::from_number(number),
            // Issuers that quote their numbers are taken as octo-sts takes them. JSON allows white space around a
            // number, and such a string is not one.
            Value::String(text) if !text.contains(|c: char| c.is_ascii_whitespace()) => {
                Self::from_number(&serde_json::from_str(text).ok()?)
            }
            _ => None,
        }
    }

    fn from_number(number: &Number) -> Option<Self> {
        if let Some(seconds) = number.as_i64() {
            return Some(Self(seconds));
        }
        let seconds = number
            .as_f64()
            .filter(|seconds| number.is_f64() && seconds.abs() <= MAX_FLOAT)?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "within 2^53, and cutting the fraction off is the purpose"
        )]
        let whole = seconds as i64;
        Some(Self(whole))
    }
}

impl fmt::Display for NumericDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn numbers_and_quoted_numbers_are_dates() {
        for (text, seconds) in [
            ("0", 0),
            ("1700000000", 1_700_000_000),
            ("1700000000.9", 1_700_000_000),
            ("-1.5", -1),
            ("1.7e9", 1_700_000_000),
            ("9223372036854775807", i64::MAX),
            (r#""1700000000""#, 1_700_000_000),
            (r#""1700000000.9""#, 1_700_000_000),
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(
                NumericDate::from_claim(&value),
                Some(NumericDate(seconds)),
                "{text}"
            );
        }
    }

    #[test]
    fn anything_else_is_no_date() {
        for text in [
            "null",
            "true",
            "[]",
            "{}",
            r#""""#,
            r#""soon""#,
            r#"" 1""#,
            r#""1 ""#,
            r#""0x10""#,
            r#""\"1\"""#,
            r#""null""#,
            "9223372036854775808",
            "1e300",
            "-1e300",
            r#""1e300""#,
            r#""NaN""#,
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(NumericDate::from_claim(&value), None, "{text}");
        }
    }

    #[test]
    fn arithmetic_stays_in_range() {
        assert_eq!(NumericDate(5).plus(-7), NumericDate(-2));
        assert_eq!(NumericDate(i64::MAX).plus(1), NumericDate(i64::MAX));
        assert_eq!(
            NumericDate(i64::MIN).seconds_until(NumericDate(i64::MAX)),
            i64::MAX
        );
        assert_eq!(NumericDate(5).seconds_until(NumericDate(2)), -3);
    }
}

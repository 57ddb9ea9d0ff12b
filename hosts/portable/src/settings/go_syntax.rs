//! Values as octo-sts's reader takes them: Go's integers, booleans and durations (spec 6.1).

use std::time::Duration;

/// An integer as Go's `strconv.ParseInt(s, 0, 64)` takes it: decimal, or with `0x`, `0o`, `0b` or a leading `0` (octal).
pub(super) fn integer(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let lower = digits.to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(rest) = lower.strip_prefix(prefix) {
            return unsigned(rest, radix);
        }
    }
    match lower.strip_prefix('0') {
        Some(rest) if !rest.is_empty() => unsigned(rest, 8),
        _ => unsigned(&lower, 10),
    }
}

/// Digits alone: the standard library would take a second sign.
fn unsigned(digits: &str, radix: u32) -> Option<u64> {
    let plain = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    plain
        .then(|| u64::from_str_radix(digits, radix).ok())
        .flatten()
}

/// A boolean as Go's `strconv.ParseBool` takes it.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// A duration as Go's `time.ParseDuration` takes it (`25s`, `1h30m`, `1.5s`), not negative, to the nanosecond.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0_u128;
    while !rest.is_empty() {
        let (nanoseconds, after) = term(rest)?;
        total = total.checked_add(nanoseconds)?;
        rest = after;
    }
    u64::try_from(total).ok().map(Duration::from_nanos)
}

/// One number with its unit, and what comes after.
fn term(text: &str) -> Option<(u128, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, tail) = text.split_at_checked(end)?;
    // Longer units first: `ms` begins as `m` does.
    let units: [(&str, u128); 8] = [
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("μs", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    let (scale, after) = units
        .iter()
        .find_map(|(unit, scale)| tail.strip_prefix(unit).map(|after| (*scale, after)))?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || fraction.len() > 18 {
        return None;
    }
    let whole: u128 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let mut nanoseconds = whole.checked_mul(scale)?;
    if !fraction.is_empty() {
        let digits: u128 = fraction.parse().ok()?;
        let shift = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        nanoseconds = nanoseconds.checked_add(digits.checked_mul(scale)? / shift)?;
    }
    Some((nanoseconds, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers() {
        for (text, value) in [
            ("0", Some(0)),
            ("8080", Some(8080)),
            ("+5", Some(5)),
            ("0x1F90", Some(8080)),
            ("0o17", Some(15)),
            ("017", Some(15)),
            ("0b101", Some(5)),
            ("", None),
            ("-1", None),
            ("++1", None),
            ("08", None),
            ("0x", None),
            ("0x+1", None),
            ("1.5", None),
            (" 1", None),
            ("18446744073709551616", None),
        ] {
            assert_eq!(integer(text), value, "{text:?}");
        }
    }

    #[test]
    fn booleans() {
        for text in ["1", "t", "T", "TRUE", "true", "True"] {
            assert_eq!(boolean(text), Some(true));
        }
        for text in ["0", "f", "F", "FALSE", "false", "False"] {
            assert_eq!(boolean(text), Some(false));
        }
        for text in ["", "yes", "no", "tRUE", "2", " true"] {
            assert_eq!(boolean(text), None, "{text:?}");
        }
    }

    #[test]
    fn durations() {
        for (text, ms) in [
            ("25s", Some(25_000)),
            ("1h30m", Some(5_400_000)),
            ("1.5s", Some(1_500)),
            (".5s", Some(500)),
            ("1.s", Some(1_000)),
            ("300ms", Some(300)),
            ("1m1ms", Some(60_001)),
            ("2000us", Some(2)),
            ("2000µs", Some(2)),
            ("0", Some(0)),
            ("", None),
            ("25", None),
            ("s", None),
            (".s", None),
            ("1.2.3s", None),
            ("25 s", None),
            ("-1s", None),
            ("1d", None),
            ("99999999999999999999h", None),
        ] {
            assert_eq!(duration(text), ms.map(Duration::from_millis), "{text:?}");
        }
    }
}

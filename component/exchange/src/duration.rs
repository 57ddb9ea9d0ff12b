//! Durations as octo-sts's settings write them: Go's `time.ParseDuration` without signs (`90s`, `1h30m`, `1.5h`, `0`).

use std::time::Duration;

/// Reads a duration. `None` for anything that Go would refuse, for a sign, and above a year.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let number_ends = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at_checked(number_ends)?;
        let unit_ends = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(unit_ends)?;
        total += number.parse::<f64>().ok()? * seconds(unit)?;
        rest = tail;
    }
    let year = 366.0 * 86_400.0;
    (!text.is_empty() && total <= year)
        .then(|| Duration::try_from_secs_f64(total).ok())
        .flatten()
}

fn seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_go_durations_and_nothing_else() {
        for (text, seconds) in [
            ("25s", 25.0),
            ("1h30m", 5400.0),
            ("500ms", 0.5),
            ("1.5h", 5400.0),
            ("0", 0.0),
            ("0s", 0.0),
        ] {
            assert_eq!(
                parse(text),
                Some(Duration::from_secs_f64(seconds)),
                "{text}"
            );
        }
        for text in [
            "", "5", "s", "-5s", "+5s", "5 s", "5d", "1h30", "..s", "9999999h",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}

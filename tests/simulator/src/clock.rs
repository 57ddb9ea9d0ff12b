//! The simulated time: one clock for GitHub and the issuers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Time as every part of the simulator sees it. Clones share one hand.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Hand>);

#[derive(Debug)]
struct Hand {
    /// Whether the system's time is added.
    runs: AtomicBool,
    /// Unix seconds of a standing clock, or the offset of a running one.
    seconds: AtomicI64,
}

impl Clock {
    /// A clock that stands at `unix` seconds until it is told otherwise.
    #[must_use]
    pub fn fixed(unix: i64) -> Self {
        Self(Arc::new(Hand {
            runs: AtomicBool::new(false),
            seconds: AtomicI64::new(unix),
        }))
    }

    /// A clock that runs with the system's.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(Hand {
            runs: AtomicBool::new(true),
            seconds: AtomicI64::new(0),
        }))
    }

    /// Now, in seconds since the Unix epoch.
    #[must_use]
    pub fn now(&self) -> i64 {
        let seconds = self.0.seconds.load(Ordering::SeqCst);
        if self.0.runs.load(Ordering::SeqCst) {
            system_seconds().saturating_add(seconds)
        } else {
            seconds
        }
    }

    /// Puts the hand on `unix` seconds. A running clock goes on running from there.
    pub fn set(&self, unix: i64) {
        let base = if self.0.runs.load(Ordering::SeqCst) {
            system_seconds()
        } else {
            0
        };
        self.0
            .seconds
            .store(unix.saturating_sub(base), Ordering::SeqCst);
    }

    /// Moves the hand by `seconds`, backwards if negative.
    pub fn advance(&self, seconds: i64) {
        self.0.seconds.fetch_add(seconds, Ordering::SeqCst);
    }
}

fn system_seconds() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0))
}

/// `unix` seconds as GitHub writes times: `2026-07-15T12:00:00Z`.
#[must_use]
pub(crate) fn rfc3339(unix: i64) -> String {
    time::OffsetDateTime::from_unix_timestamp(unix)
        .ok()
        .and_then(|when| {
            when.format(&time::format_description::well_known::Rfc3339)
                .ok()
        })
        .unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_stands_and_is_shared() {
        let clock = Clock::fixed(1_000);
        let other = clock.clone();
        clock.advance(60);
        assert_eq!(other.now(), 1_060);
        other.set(5);
        assert_eq!(clock.now(), 5);
    }

    #[test]
    fn a_system_clock_can_be_moved_and_goes_on() {
        let clock = Clock::system();
        let real = system_seconds();
        assert!((clock.now() - real).abs() <= 1);
        clock.set(1_000);
        assert!((1_000..=1_001).contains(&clock.now()));
    }

    #[test]
    fn times_are_written_as_github_does() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(1_784_073_600), "2026-07-15T00:00:00Z");
    }
}

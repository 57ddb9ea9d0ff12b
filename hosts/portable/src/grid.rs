//! The grid of App JWTs (rule 7). GitHub's documentation, "Generating a JSON Web Token for a GitHub App": `iat` must
//! not be ahead, `exp` at most ten minutes, and 60 seconds of drift are to be expected.

/// Length of a step, in seconds.
pub const STEP: u64 = 240;
/// `iat` is this long before the step: a host whose clock is ahead by less signs nothing from the future.
const BEFORE: u64 = 120;
/// `exp` is this long after the beginning of the step, so even the last request of a step has 180 seconds left, and at
/// its first `exp` is 420 seconds ahead: 180 seconds of clock error stay below GitHub's ten minutes.
const AFTER: u64 = 420;

/// One step, for one App.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Seconds since the epoch.
    pub start: u64,
}

impl Step {
    /// The step of App `id` that holds `now` (seconds). Steps of different Apps begin at different times, so that not
    /// all of them sign at once.
    #[must_use]
    pub fn at(now: u64, id: u64) -> Self {
        let into = (now % STEP + STEP - id % STEP) % STEP;
        Self {
            start: now.saturating_sub(into),
        }
    }

    /// `iat`.
    #[must_use]
    pub fn issued_at(self) -> u64 {
        self.start.saturating_sub(BEFORE)
    }

    /// `exp`.
    #[must_use]
    pub fn expires(self) -> u64 {
        self.start + AFTER
    }

    /// The JWT claims set for App `id`; the same bytes all through a step.
    #[must_use]
    pub fn claims(self, id: u64) -> String {
        format!(
            r#"{{"iat":{},"exp":{},"iss":"{id}"}}"#,
            self.issued_at(),
            self.expires()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_123;

    #[test]
    fn every_moment_is_in_its_step_and_within_what_github_takes() {
        for id in [1, 7, 239, 240, 241, 123_456, u64::MAX] {
            for now in NOW..NOW + 2 * STEP {
                let step = Step::at(now, id);
                assert!(step.start <= now && now < step.start + STEP);
                assert_eq!(step.start % STEP, id % STEP, "offset of the App");
                assert!(now - step.issued_at() >= BEFORE, "iat lies back");
                assert!(step.expires() - now > STEP - BEFORE, "lives on");
                assert!(step.expires() - now <= 420, "never near ten minutes");
                assert_eq!(step.expires() - step.issued_at(), 540);
            }
        }
    }

    #[test]
    fn a_step_lasts_240_seconds() {
        let start = Step::at(NOW, 5).start;
        assert_eq!(Step::at(start, 5).start, start);
        assert_eq!(Step::at(start + 239, 5).start, start);
        assert_eq!(Step::at(start + 240, 5).start, start + 240);
        assert_eq!(Step::at(start - 1, 5).start, start - 240);
    }

    #[test]
    fn claims_name_the_app() {
        let step = Step { start: 1_000 };
        assert_eq!(step.claims(42), r#"{"iat":880,"exp":1420,"iss":"42"}"#);
    }
}

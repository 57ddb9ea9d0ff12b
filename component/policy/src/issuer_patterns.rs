//! Patterns that stand for issuers: an organisation's in its file, the operator's in `OCTOSTS_ALLOWED_ISSUER_PATTERNS`
//! (rule 23). Both go through the same guard, so that none lets through another host than its author thinks of.

use crate::pattern::{Pattern, PatternProblem, Span};
use crate::trusted_issuers::{MAX_TRUSTED_PATTERN_BYTES, MAX_TRUSTED_PATTERNS};

/// Why a text is no pattern for issuers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IssuerPatternProblem {
    TooLong { bytes: usize },
    Spans(Span),
    Invalid(PatternProblem),
}

pub(crate) fn compile(text: &str) -> Result<Pattern, IssuerPatternProblem> {
    if text.len() > MAX_TRUSTED_PATTERN_BYTES {
        return Err(IssuerPatternProblem::TooLong { bytes: text.len() });
    }
    if let Some(span) = Pattern::spans_the_host(text) {
        return Err(IssuerPatternProblem::Spans(span));
    }
    Pattern::compile(text).map_err(IssuerPatternProblem::Invalid)
}

impl oidc::IssuerPattern for Pattern {
    fn matches(&self, issuer: &str) -> bool {
        Pattern::matches(self, issuer)
    }
}

/// What is wrong with `OCTOSTS_ALLOWED_ISSUER_PATTERNS`. Entries are numbered from 1, and what they say stays out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuerPatternsError {
    /// More than [`MAX_TRUSTED_PATTERNS`] entries.
    #[error("more than {MAX_TRUSTED_PATTERNS} entries")]
    TooMany,
    /// Longer than [`MAX_TRUSTED_PATTERN_BYTES`].
    #[error("entry {entry} is longer than {MAX_TRUSTED_PATTERN_BYTES} bytes")]
    TooLong {
        /// Its number.
        entry: usize,
    },
    /// It could match another host.
    #[error("entry {entry} could match another host: {span}")]
    Spans {
        /// Its number.
        entry: usize,
        /// How.
        span: Span,
    },
    /// No pattern at all.
    #[error("entry {entry} is not a pattern in RE2's syntax")]
    Invalid {
        /// Its number.
        entry: usize,
    },
}

/// Reads `OCTOSTS_ALLOWED_ISSUER_PATTERNS`: patterns between white space, each of which stands for whole issuers.
///
/// # Errors
/// The first entry that cannot be used.
pub fn parse_issuer_patterns(text: &str) -> Result<Vec<Pattern>, IssuerPatternsError> {
    let entries: Vec<_> = text.split_whitespace().collect();
    if entries.len() > MAX_TRUSTED_PATTERNS {
        return Err(IssuerPatternsError::TooMany);
    }
    let read = |(entry, text): (usize, &&str)| {
        compile(text).map_err(|problem| match problem {
            IssuerPatternProblem::TooLong { .. } => IssuerPatternsError::TooLong { entry },
            IssuerPatternProblem::Spans(span) => IssuerPatternsError::Spans { entry, span },
            IssuerPatternProblem::Invalid(_) => IssuerPatternsError::Invalid { entry },
        })
    };
    (1..).zip(&entries).map(read).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn patterns_stand_for_whole_issuers() {
        let patterns = parse_issuer_patterns(
            " https://[a-z0-9]+\\.ci\\.example\n\thttps://a\\.b|https://c\\.d  ",
        )
        .unwrap();
        assert_eq!(patterns.len(), 2);
        for (issuer, matches) in [
            ("https://team1.ci.example", [true, false]),
            ("https://a.b", [false, true]),
            ("https://c.d", [false, true]),
            ("https://team1.ci.example.evil.example", [false, false]),
            (
                "https://evil.example/https://team1.ci.example",
                [false, false],
            ),
            ("https://a.b/", [false, false]),
            ("https://c.d\n", [false, false]),
        ] {
            let found: Vec<_> = patterns.iter().map(|p| p.matches(issuer)).collect();
            assert_eq!(found, matches, "{issuer}");
        }
        assert_eq!(parse_issuer_patterns(" \n"), Ok(Vec::new()));
    }

    #[test]
    fn an_entry_that_could_match_another_host_is_named_without_its_text() {
        let long = format!("https://{}", "a".repeat(MAX_TRUSTED_PATTERN_BYTES));
        let many = "https://a\\.b ".repeat(MAX_TRUSTED_PATTERNS + 1);
        for (text, words) in [
            (
                "https://a\\.b https://.*\\.example",
                "entry 2 could match another host: \".\" can match \"/\"",
            ),
            (
                "https://[^.]+\\.example",
                "entry 1 could match another host: a character class can match \"/\"",
            ),
            (
                "https://a\\.b(/c)?",
                "entry 1 could match another host: a literal \"/\" sits inside a repetition, optional or alternation",
            ),
            ("https://(a", "entry 1 is not a pattern in RE2's syntax"),
            ("https://\\Qa", "entry 1 is not a pattern in RE2's syntax"),
            ("https://(?=a)", "entry 1 is not a pattern in RE2's syntax"),
            (&long, "entry 1 is longer than 256 bytes"),
            (&many, "more than 16 entries"),
        ] {
            let error = parse_issuer_patterns(text).unwrap_err().to_string();
            assert_eq!(error, words, "{text}");
        }
    }
}

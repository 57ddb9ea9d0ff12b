//! Which issuers an organisation trusts: `trusted-token-issuers.yaml` in its policy repository (spec 4 of octo-sts).

use oidc::Issuer;

use crate::document::Text;
use crate::fields::Fields;
use crate::issuer_patterns::{self, IssuerPatternProblem};
use crate::pattern::{Budget, Pattern};
use crate::problem::{PolicyError, Position, Problem};
use crate::yaml;

/// The most entries of `issuers`.
pub const MAX_TRUSTED_ISSUERS: usize = 64;
/// The most entries of `issuer_patterns`.
pub const MAX_TRUSTED_PATTERNS: usize = 16;
/// The longest entry of `issuer_patterns`, in bytes.
pub const MAX_TRUSTED_PATTERN_BYTES: usize = 256;

/// The keys of the file.
const KEYS: [&str; 3] = ["mode", "issuers", "issuer_patterns"];

/// What happens to a token of another issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is refused.
    Enforce,
    /// It passes, and the record says that it would not.
    Audit,
}

/// An organisation's list. It can only be made from a file without problems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedIssuers {
    mode: Mode,
    issuers: Vec<Issuer>,
    patterns: Vec<Pattern>,
}

impl TrustedIssuers {
    /// Reads and compiles the file.
    ///
    /// # Errors
    /// The first problem, in octo-sts's order.
    pub fn parse(file: &[u8]) -> Result<Self, PolicyError> {
        let (list, mut problems) = read(file)?;
        if problems.is_empty() {
            Ok(list)
        } else {
            Err(problems.swap_remove(0))
        }
    }

    /// All problems of the file: empty exactly if [`TrustedIssuers::parse`] succeeds.
    #[must_use]
    pub fn check(file: &[u8]) -> Vec<PolicyError> {
        match read(file) {
            Ok((_, problems)) => problems,
            Err(problem) => vec![problem],
        }
    }

    /// What the organisation wants done.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether the list has the issuer, byte for byte or as a whole match of a pattern. `issuer` is normalised, as
    /// [`Issuer::as_str`] gives it.
    #[must_use]
    pub fn allow(&self, issuer: &str) -> bool {
        let listed = self.issuers.iter().any(|listed| listed.as_str() == issuer);
        let budget = Budget::new();
        let mut patterns = self.patterns.iter();
        listed || patterns.any(|pattern| budget.matches(pattern, issuer) == Some(true))
    }
}

fn read(file: &[u8]) -> Result<(TrustedIssuers, Vec<PolicyError>), PolicyError> {
    let root = yaml::load(file)?;
    let mut problems = Vec::new();
    let mut fields = Fields::new(&root, &mut problems);
    fields.only(&KEYS);
    let enforce = fields.choice("mode", ["enforce", "audit"]);
    let issuers = fields.texts("issuers");
    let patterns = fields.texts("issuer_patterns");
    let mut list = TrustedIssuers {
        mode: if enforce { Mode::Enforce } else { Mode::Audit },
        issuers: Vec::new(),
        patterns: Vec::new(),
    };
    if issuers.is_empty() && patterns.is_empty() {
        problems.push(PolicyError::new(Position::START, Problem::NoIssuers));
    }
    for (key, count, limit) in [
        ("issuers", issuers.len(), MAX_TRUSTED_ISSUERS),
        ("issuer_patterns", patterns.len(), MAX_TRUSTED_PATTERNS),
    ] {
        if count > limit {
            let problem = Problem::TooManyEntries { key, count, limit };
            problems.push(PolicyError::new(Position::START, problem));
            return Ok((list, problems));
        }
    }
    for issuer in &issuers {
        match Issuer::parse(&issuer.text) {
            // Google's scheme-less form is one for tokens only.
            Ok(parsed) if parsed.as_str() != issuer.text => invalid(issuer, &mut problems),
            Err(_) => invalid(issuer, &mut problems),
            Ok(_) if !is_lower_case(&issuer.text) => problems.push(PolicyError::new(
                issuer.position,
                Problem::IssuerCase(issuer.text.clone()),
            )),
            Ok(issuer) => list.issuers.push(issuer),
        }
    }
    for (index, pattern) in patterns.iter().enumerate() {
        match compile(index, &pattern.text) {
            Ok(pattern) => list.patterns.push(pattern),
            Err(problem) => problems.push(PolicyError::new(pattern.position, problem)),
        }
    }
    Ok((list, problems))
}

fn invalid(issuer: &Text, problems: &mut Vec<PolicyError>) {
    problems.push(PolicyError::new(
        issuer.position,
        Problem::InvalidIssuer(issuer.text.clone()),
    ));
}

/// Scheme and host, which is what stands before the third slash.
fn is_lower_case(issuer: &str) -> bool {
    let mut head = issuer.split('/').take(3);
    !head.any(|part| part.contains(char::is_uppercase))
}

fn compile(index: usize, text: &str) -> Result<Pattern, Problem> {
    issuer_patterns::compile(text).map_err(|problem| match problem {
        IssuerPatternProblem::TooLong { bytes } => Problem::IssuerPatternTooLong { index, bytes },
        IssuerPatternProblem::Spans(span) => Problem::IssuerPatternSpans { index, span },
        IssuerPatternProblem::Invalid(problem) => Problem::InvalidIssuerPattern {
            text: text.to_owned(),
            problem,
        },
    })
}

#[cfg(test)]
mod tests;

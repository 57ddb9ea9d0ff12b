//! Patterns: Go's RE2 dialect, which octo-sts matches with (rule 26). Everything that is accepted here is accepted there and
//! matches the same strings.
//!
//! - `parse` reads the text into a `tree` as Go's `regexp/syntax` does, construct by construct;
//! - `names` has the classes that have names;
//! - `guard` says whether a pattern for issuers could match another host;
//! - `budget` bounds what all matches of a decision cost;
//! - `lower` builds the program's form from the tree, with the anchors around it.

mod budget;
mod guard;
mod lower;
mod names;
mod parse;
#[cfg(test)]
mod print;
mod tree;

pub(crate) use budget::Budget;
pub use guard::Span;

use std::fmt;

use regex_automata::meta::{BuildError, Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::{Hir, Look};

/// The longest pattern, in bytes of its text.
pub const MAX_PATTERN_BYTES: usize = 4 * 1024;
/// The largest compiled program, in bytes. Counts multiply, so a short text can stand for a huge program.
pub const MAX_PROGRAM_BYTES: usize = 1024 * 1024;

/// Why a pattern does not compile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternProblem {
    /// The text is longer than [`MAX_PATTERN_BYTES`].
    #[error("the pattern is longer than {MAX_PATTERN_BYTES} bytes")]
    TooLong,
    /// The program would be larger than [`MAX_PROGRAM_BYTES`].
    #[error(
        "the pattern is too large: its counts and classes need more than {MAX_PROGRAM_BYTES} bytes"
    )]
    TooLarge,
    /// Groups or classes are nested too deeply.
    #[error("groups are nested deeper than {} levels", parse::MAX_NESTING)]
    TooDeep,
    /// A construct of another dialect than RE2's; it is named as written.
    #[error("`{0}` is not supported{hint}", hint = instead(.0))]
    NotSupported(String),
    /// A repeat of a repeat, as in `a**`.
    #[error("`{0}` repeats a repetition")]
    RepeatedRepetition(String),
    /// A count above 1000, also as the product of nested counts.
    #[error("`{0}` repeats more than 1000 times")]
    CountTooLarge(String),
    /// Not well formed.
    #[error("`{text}`: {problem}")]
    Malformed {
        /// The part that is wrong, as written.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// What to write instead.
fn instead(construct: &str) -> &'static str {
    let lookaround = ["(?=", "(?!", "(?<=", "(?<!"];
    if lookaround.iter().any(|look| construct.starts_with(look)) {
        ": RE2 looks neither ahead nor behind; list what is allowed, as in `first|second`"
    } else {
        ""
    }
}

/// A compiled pattern. It matches whole texts only.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    program: Regex,
}

impl Pattern {
    /// Compiles a pattern. Time and memory are bounded by the limits of this module.
    ///
    /// # Errors
    /// What is wrong, or which construct is not served.
    pub fn compile(text: &str) -> Result<Self, PatternProblem> {
        if text.len() > MAX_PATTERN_BYTES {
            return Err(PatternProblem::TooLong);
        }
        let body = lower::lower(&parse::parse(text)?);
        // The anchors stand around the tree and not around its text, so nothing in the text can get out of them: not
        // an alternation (`main|.*`), not an unclosed group or quotation.
        let whole = Hir::concat(vec![Hir::look(Look::Start), body, Hir::look(Look::End)]);
        let config = Config::new()
            .utf8_empty(true)
            .nfa_size_limit(Some(MAX_PROGRAM_BYTES))
            .which_captures(WhichCaptures::None);
        let program = Regex::builder()
            .configure(config)
            .build_from_hir(&whole)
            .map_err(|e| build_problem(&e))?;
        Ok(Self {
            text: text.to_owned(),
            program,
        })
    }

    /// Whether a pattern for issuers could match another host than its author thinks. None: it can't, or it does not compile.
    #[must_use]
    pub fn spans_the_host(text: &str) -> Option<Span> {
        guard::check(&parse::parse(text).ok()?)
    }

    /// Whether the whole text matches. Linear in the length of the text.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.program
            .is_match(Input::new(text).anchored(Anchored::Yes))
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// About how much memory the program takes, in bytes.
    pub(crate) fn program_bytes(&self) -> usize {
        self.program.memory_usage()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

fn build_problem(error: &BuildError) -> PatternProblem {
    match error.size_limit() {
        Some(_) => PatternProblem::TooLarge,
        None => PatternProblem::Malformed {
            text: String::new(),
            problem: "it cannot be compiled".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests;

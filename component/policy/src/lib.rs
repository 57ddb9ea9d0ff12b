//! The trust-policy language: read a policy file, compile it, decide about the claims of a token.
//!
//! Everything here is a function of its arguments: no clock, no network, no settings. A policy file is hostile input,
//! since whoever may push to a repository may write one; so every reader has a limit and none may panic.
//!
//! - `yaml` reads the strict subset of YAML that means the same to octo-sts's parser and to a YAML 1.2 one.
//! - `document` gives the keys their types.
//! - [`Pattern`] is the part of RE2's dialect that is served, always matched against the whole text.
//! - [`TrustedIssuers`] is an organisation's list of issuers, [`GuardRails`] what it lets no policy do.
//! - [`TrustPolicy`] is the compiled policy, [`Decision`] what it says about [`Claims`].

mod compile;
mod decide;
mod document;
mod fields;
mod guard_rails;
mod immutable_subject;
mod issuer_patterns;
mod keys;
mod lint;
mod pattern;
mod permissions;
mod problem;
mod repositories;
mod sentence;
mod trusted_issuers;
mod yaml;

pub use compile::{AudienceMatcher, Matcher, PolicyKind, Served, TrustPolicy};
pub use decide::{Claims, Decision, Got, Rule, RuleOutcome, Verdict, Wanted};
pub use guard_rails::{Breach, GuardRails, MAX_DENY};
pub use immutable_subject::immutable_subject_hint;
pub use issuer_patterns::{IssuerPatternsError, parse_issuer_patterns};
pub use lint::warnings;
pub use pattern::{MAX_PATTERN_BYTES, MAX_PROGRAM_BYTES, Pattern, PatternProblem, Span};
pub use permissions::{
    Level, MAX_PERMISSIONS, Permissions, is_built_in_permission, is_permission_name,
};
pub use problem::{PolicyError, Position, Problem, Stage};
pub use repositories::{MAX_REPOSITORIES, Repositories};
pub use sentence::Mismatch;
pub use trusted_issuers::{
    MAX_TRUSTED_ISSUERS, MAX_TRUSTED_PATTERN_BYTES, MAX_TRUSTED_PATTERNS, Mode, TrustedIssuers,
};
pub use yaml::MAX_FILE_BYTES;

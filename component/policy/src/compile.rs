//! From a document to a policy that can decide.

use oidc::Issuer;

use crate::document::{self, Document, Text};
use crate::pattern::{Budget, Pattern};
use crate::permissions::Permissions;
use crate::problem::{PolicyError, Position, Problem, Stage};
use crate::repositories::Repositories;
use crate::yaml;

/// All patterns of one policy together, in bytes of program. Each is limited on its own, but a file of 64 KiB has room
/// for dozens of the largest, and the service runs in bounded memory.
const MAX_PROGRAMS_BYTES: usize = 8 * 1024 * 1024;

/// Whose policy a file is. An organisation's stands in its policy repository and may name `repositories`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// In the repository that it is for.
    Repository,
    /// In the policy repository of an organisation.
    Organization,
}

/// What whoever asks can serve. A policy that demands more does not compile: to ignore a demand would grant what the
/// policy's author wanted to deny.
#[derive(Clone, Copy)]
pub struct Served<'a> {
    /// Whether a permission is known beside the built-in ones: the operator's and the installation's own (rule 25).
    pub permission: &'a dyn Fn(&str) -> bool,
    /// `app` and `app_pattern`: the Apps that may mint can be chosen.
    pub apps: bool,
    /// `single_use`: a token's use can be recorded, once for everybody (rule 32).
    pub single_use: bool,
}

impl<'a> Served<'a> {
    /// Everything, for checks without a server.
    #[must_use]
    pub fn everything(permission: &'a dyn Fn(&str) -> bool) -> Self {
        Self {
            permission,
            apps: true,
            single_use: true,
        }
    }
}

/// What one text of the token must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matcher {
    /// Exactly this, byte for byte. Never empty.
    Exact(String),
    /// A match of the whole text.
    Pattern(Pattern),
}

impl Matcher {
    /// Whether the text is what is wanted.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.matches_within(&Budget::new(), text) == Some(true)
    }

    /// The same; `None` where that would cost too much to find out.
    pub(crate) fn matches_within(&self, budget: &Budget, text: &str) -> Option<bool> {
        match self {
            Self::Exact(wanted) => Some(wanted == text),
            Self::Pattern(pattern) => budget.matches(pattern, text),
        }
    }
}

/// Which audience the token must carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AudienceMatcher {
    /// The policy says which.
    Named(Matcher),
    /// The policy says nothing: one of the server's own.
    Default,
}

/// A compiled trust policy. It can only be made from a file without problems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustPolicy {
    pub(crate) issuer: Matcher,
    pub(crate) subject: Matcher,
    pub(crate) audience: AudienceMatcher,
    /// In order of name, each name once.
    pub(crate) claims: Vec<(String, Pattern)>,
    permissions: Permissions,
    repositories: Repositories,
    app: Option<Matcher>,
    single_use: bool,
}

impl TrustPolicy {
    /// Reads and compiles a policy file.
    ///
    /// # Errors
    /// The first problem: one that keeps the file from being parsed comes before one that keeps it from compiling.
    pub fn parse(file: &[u8], kind: PolicyKind, served: &Served<'_>) -> Result<Self, PolicyError> {
        let (policy, mut problems) = compile(file, kind, served);
        match policy {
            Some(policy) if problems.is_empty() => Ok(policy),
            _ if problems.is_empty() => {
                Err(PolicyError::new(Position::START, Problem::NotAMapping))
            }
            _ => Err(problems.swap_remove(0)),
        }
    }

    /// All problems of a policy file, for checks and editors: empty exactly if [`TrustPolicy::parse`] succeeds. What
    /// is no YAML at all has only its first problem.
    #[must_use]
    pub fn check(file: &[u8], kind: PolicyKind, served: &Served<'_>) -> Vec<PolicyError> {
        compile(file, kind, served).1
    }

    /// Who must have issued the token.
    #[must_use]
    pub fn issuer(&self) -> &Matcher {
        &self.issuer
    }

    /// Who the token must be about.
    #[must_use]
    pub fn subject(&self) -> &Matcher {
        &self.subject
    }

    /// Whom the token must be for.
    #[must_use]
    pub fn audience(&self) -> &AudienceMatcher {
        &self.audience
    }

    /// What is granted. Never empty.
    #[must_use]
    pub fn permissions(&self) -> &Permissions {
        &self.permissions
    }

    /// For which repositories. [`Repositories::Absent`] in a repository's policy.
    #[must_use]
    pub fn repositories(&self) -> &Repositories {
        &self.repositories
    }

    /// Which Apps may mint, by name or id. None: any.
    #[must_use]
    pub fn app(&self) -> Option<&Matcher> {
        self.app.as_ref()
    }

    /// Whether a token serves once only.
    #[must_use]
    pub fn single_use(&self) -> bool {
        self.single_use
    }

    /// The claims that are compared, with their patterns as written, in order of name.
    pub fn claim_patterns(&self) -> impl Iterator<Item = (&str, &str)> {
        let claims = self.claims.iter();
        claims.map(|(name, pattern)| (name.as_str(), pattern.as_str()))
    }

    /// The names of the claims that are compared, in order, for the audit record.
    pub fn compared_claims(&self) -> impl Iterator<Item = &str> {
        self.claims.iter().map(|(name, _)| name.as_str())
    }
}

/// Problems are in order: those of parsing, then those of compiling; in each, as they are found.
fn compile(
    file: &[u8],
    kind: PolicyKind,
    served: &Served<'_>,
) -> (Option<TrustPolicy>, Vec<PolicyError>) {
    let root = match yaml::load(file) {
        Ok(root) => root,
        Err(error) => return (None, vec![error]),
    };
    let mut read = Vec::new();
    let document = document::read(&root, kind, served, &mut read);
    let mut compiler = Compiler::default();
    let policy = compiler.policy(document);
    let (mut problems, later): (Vec<_>, Vec<_>) = read
        .into_iter()
        .partition(|error| error.stage() == Stage::NotParsed);
    problems.extend(compiler.problems);
    problems.extend(later);
    (policy, problems)
}

/// Compiles patterns within one limit for a file, and collects what is wrong.
#[derive(Default)]
pub(crate) struct Compiler {
    pub(crate) problems: Vec<PolicyError>,
    /// Bytes of all programs so far.
    programs: usize,
}

impl Compiler {
    /// Compiles in octo-sts's order, and goes on after a problem so that all are found.
    fn policy(&mut self, document: Document) -> Option<TrustPolicy> {
        let issuer = document.issuer.map(known_by_one_name);
        let issuer = self.pair("issuer", issuer, document.issuer_pattern, true);
        let subject = self.pair("subject", document.subject, document.subject_pattern, true);
        let audience = self.pair(
            "audience",
            document.audience,
            document.audience_pattern,
            false,
        );
        let app = self.pair("app", document.app, document.app_pattern, false);
        let claims = self.claims(document.claim_pattern);
        Some(TrustPolicy {
            issuer: issuer?,
            subject: subject?,
            audience: audience.map_or(AudienceMatcher::Default, AudienceMatcher::Named),
            claims,
            permissions: document.permissions,
            repositories: document.repositories,
            app,
            single_use: document.single_use,
        })
    }

    /// The patterns of `claim_pattern` that compile.
    pub(crate) fn claims(&mut self, texts: Vec<(String, Text)>) -> Vec<(String, Pattern)> {
        let mut claims = Vec::new();
        for (name, text) in texts {
            if let Some(pattern) = self.pattern(|| format!("claim_pattern[{name:?}]"), &text) {
                claims.push((name, pattern));
            }
        }
        claims
    }

    /// At most one of a text and a pattern; `wanted`: one of them.
    pub(crate) fn pair(
        &mut self,
        key: &'static str,
        exact: Option<Text>,
        pattern: Option<Text>,
        wanted: bool,
    ) -> Option<Matcher> {
        match (exact, pattern) {
            (Some(_), Some(pattern)) => {
                self.problems
                    .push(PolicyError::new(pattern.position, Problem::Both(key)));
                None
            }
            (Some(exact), None) => Some(Matcher::Exact(exact.text)),
            (None, Some(pattern)) => self
                .pattern(|| format!("{key}_pattern"), &pattern)
                .map(Matcher::Pattern),
            (None, None) if wanted => {
                self.problems
                    .push(PolicyError::new(Position::START, Problem::Neither(key)));
                None
            }
            (None, None) => None,
        }
    }

    fn pattern(&mut self, key: impl Fn() -> String, text: &Text) -> Option<Pattern> {
        let problem = if self.programs > MAX_PROGRAMS_BYTES {
            Problem::PatternsTooLarge
        } else {
            match Pattern::compile(&text.text) {
                Ok(pattern) => {
                    self.programs += pattern.program_bytes();
                    return Some(pattern);
                }
                Err(problem) => Problem::Pattern {
                    key: key(),
                    problem,
                },
            }
        };
        self.problems.push(PolicyError::new(text.position, problem));
        None
    }
}

/// Google's issuer may be written without its scheme.
pub(crate) fn known_by_one_name(issuer: Text) -> Text {
    match Issuer::parse(&issuer.text) {
        Ok(known) => Text {
            text: known.as_str().to_owned(),
            ..issuer
        },
        Err(_) => issuer,
    }
}

#[cfg(test)]
mod tests;

//! What an organisation lets no policy do: `guard-rails.yaml` in its policy repository (rule 27).

use crate::compile::{Compiler, Matcher, PolicyKind, TrustPolicy};
use crate::decide::Claims;
use crate::fields::Fields;
use crate::pattern::{Budget, Pattern};
use crate::permissions::{self, Level, Permissions};
use crate::problem::{PolicyError, Problem};
use crate::trusted_issuers::Mode;
use crate::yaml::{self, Node};

/// The most entries of `deny`.
pub const MAX_DENY: usize = 64;
/// The keys of the file.
const KEYS: [&str; 6] = [
    "mode",
    "repository_policies",
    "ceiling",
    "organization_ceiling",
    "policy_repository_writes",
    "deny",
];
/// The keys of an entry of `deny`.
const MATCHERS: [&str; 7] = [
    "issuer",
    "issuer_pattern",
    "subject",
    "subject_pattern",
    "audience",
    "audience_pattern",
    "claim_pattern",
];
/// With write or admin on one of these a token can change the files of the policy repository, or who may.
const WRITES: [&str; 3] = ["administration", "contents", "workflows"];

/// An organisation's guard-rails. They can only be made from a file without problems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardRails {
    mode: Mode,
    repository_policies: bool,
    ceiling: Option<Permissions>,
    organization_ceiling: Option<Permissions>,
    policy_repository_writes: bool,
    deny: Vec<Deny>,
}

/// Tokens that get nothing: those that every matcher matches. What is not named matches anything.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Deny {
    issuer: Option<Matcher>,
    subject: Option<Matcher>,
    audience: Option<Matcher>,
    claims: Vec<(String, Pattern)>,
}

/// What a guard-rail forbids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Breach {
    /// The entry of `deny` with this index, from 0, matches the token.
    Deny(usize),
    /// A repository's policy, where only the organisation's count.
    RepositoryPolicy,
    /// The policy grants this permission above its ceiling.
    Ceiling(String),
    /// The token could write the policy repository by this permission.
    PolicyRepositoryWrite(&'static str),
}

impl GuardRails {
    /// Reads and compiles the file. `known_permission` is as in [`crate::Served`].
    ///
    /// # Errors
    /// The first problem.
    pub fn parse(
        file: &[u8],
        known_permission: &dyn Fn(&str) -> bool,
    ) -> Result<Self, PolicyError> {
        let (rails, mut problems) = read(file, known_permission)?;
        if problems.is_empty() {
            Ok(rails)
        } else {
            Err(problems.swap_remove(0))
        }
    }

    /// All problems of the file: empty exactly if [`GuardRails::parse`] succeeds.
    #[must_use]
    pub fn check(file: &[u8], known_permission: &dyn Fn(&str) -> bool) -> Vec<PolicyError> {
        match read(file, known_permission) {
            Ok((_, problems)) => problems,
            Err(problem) => vec![problem],
        }
    }

    /// Whether a breach refuses, or is recorded only.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Judges what is known before a policy is read: the token, and whose policy is asked for.
    #[must_use]
    pub fn before_the_policy(&self, claims: &Claims<'_>, kind: PolicyKind) -> Option<Breach> {
        let budget = Budget::new();
        let mut entries = self.deny.iter();
        if let Some(index) = entries.position(|deny| deny.matches(claims, &budget)) {
            return Some(Breach::Deny(index));
        }
        let counts = self.repository_policies || kind == PolicyKind::Organization;
        (!counts).then_some(Breach::RepositoryPolicy)
    }

    /// Judges a policy as it is written, before anything is narrowed. `reaches_policy_repository`: the policy repository is
    /// among its repositories, or every repository is.
    #[must_use]
    pub fn of_the_policy(
        &self,
        policy: &TrustPolicy,
        kind: PolicyKind,
        reaches_policy_repository: bool,
    ) -> Option<Breach> {
        let ceiling = match kind {
            PolicyKind::Repository => &self.ceiling,
            PolicyKind::Organization => &self.organization_ceiling,
        };
        let above = |(name, level): &(&String, &Level)| {
            ceiling
                .as_ref()
                .is_some_and(|ceiling| is_above(name, **level, ceiling))
        };
        if let Some((name, _)) = policy.permissions().iter().find(above) {
            return Some(Breach::Ceiling(name.clone()));
        }
        if self.policy_repository_writes || !reaches_policy_repository {
            return None;
        }
        let writes = |name: &&&str| {
            let granted = policy.permissions().get(**name);
            granted.is_some_and(|level| *level >= Level::Write)
        };
        let name = WRITES.iter().find(writes)?;
        Some(Breach::PolicyRepositoryWrite(name))
    }
}

/// `metadata: read` comes with every token.
fn is_above(name: &str, level: Level, ceiling: &Permissions) -> bool {
    let free = name == "metadata" && level == Level::Read;
    !free && ceiling.get(name).is_none_or(|most| level > *most)
}

impl Deny {
    /// What would cost too much to find out is denied.
    fn matches(&self, claims: &Claims<'_>, budget: &Budget) -> bool {
        let is = |matcher: &Option<Matcher>, texts: &[&str]| {
            matcher.as_ref().is_none_or(|matcher| {
                let mut texts = texts.iter();
                texts.any(|text| matcher.matches_within(budget, text) != Some(false))
            })
        };
        let mut issuers = vec![claims.issuer];
        issuers.extend(oidc::other_spelling(claims.issuer));
        let audience: Vec<&str> = claims.audience.iter().map(String::as_str).collect();
        let mut patterns = self.claims.iter();
        is(&self.issuer, &issuers)
            && is(&self.subject, &[claims.subject])
            && is(&self.audience, &audience)
            && patterns.all(|(name, pattern)| denies(pattern, claims.other.get(name), budget))
    }
}

/// Which text a number or a list would be is open, so it is denied.
fn denies(pattern: &Pattern, claim: Option<&serde_json::Value>, budget: &Budget) -> bool {
    let matches = |text: &str| budget.matches(pattern, text) != Some(false);
    match claim {
        None => false,
        Some(serde_json::Value::String(text)) => matches(text),
        Some(serde_json::Value::Bool(yes)) => matches(&yes.to_string()),
        Some(_) => true,
    }
}

fn read(
    file: &[u8],
    known: &dyn Fn(&str) -> bool,
) -> Result<(GuardRails, Vec<PolicyError>), PolicyError> {
    let root = yaml::load(file)?;
    let mut problems = Vec::new();
    let mut fields = Fields::new(&root, &mut problems);
    fields.only(&KEYS);
    let mode = fields.choice("mode", ["enforce", "audit"]);
    let repository_policies = fields.switch("repository_policies", ["allow", "deny"]);
    let writes = fields.switch("policy_repository_writes", ["allow", "deny"]);
    let ceilings = ["ceiling", "organization_ceiling"].map(|key| fields.map(key));
    let entries = fields.list("deny");
    let [ceiling, organization_ceiling] = ceilings.map(|ceiling| {
        let (at, entries) = ceiling?;
        Some(permissions::read_entries(at, entries, known, &mut problems))
    });
    let deny = if entries.len() > MAX_DENY {
        let problem = Problem::TooManyEntries {
            key: "deny",
            count: entries.len(),
            limit: MAX_DENY,
        };
        problems.push(PolicyError::new(root.position, problem));
        Vec::new()
    } else {
        let mut compiler = Compiler::default();
        let read = |entry| deny(entry, &mut problems, &mut compiler);
        let deny = entries.iter().map(read).collect();
        problems.extend(compiler.problems);
        deny
    };
    let rails = GuardRails {
        mode: if mode { Mode::Enforce } else { Mode::Audit },
        repository_policies,
        ceiling,
        organization_ceiling,
        policy_repository_writes: writes,
        deny,
    };
    Ok((rails, problems))
}

fn deny(entry: &Node, problems: &mut Vec<PolicyError>, compiler: &mut Compiler) -> Deny {
    let mut fields = Fields::new(entry, problems);
    fields.only(&MATCHERS);
    let mut pair = |exact, pattern| (fields.text(exact), fields.text(pattern));
    let issuer = pair("issuer", "issuer_pattern");
    let subject = pair("subject", "subject_pattern");
    let audience = pair("audience", "audience_pattern");
    let texts = fields.claims(true);
    let issuer = (fields.issuer(issuer.0), issuer.1);
    let named = [&issuer, &subject, &audience];
    let named = named
        .iter()
        .any(|(exact, pattern)| exact.is_some() || pattern.is_some());
    if !named && texts.is_empty() {
        problems.push(PolicyError::new(entry.position, Problem::NoMatcher));
    }
    Deny {
        issuer: compiler.pair("issuer", issuer.0, issuer.1, false),
        subject: compiler.pair("subject", subject.0, subject.1, false),
        audience: compiler.pair("audience", audience.0, audience.1, false),
        claims: compiler.claims(texts),
    }
}

#[cfg(test)]
mod tests;

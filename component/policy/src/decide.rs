//! What a policy says about the claims of a token. A decision is data: every rule with what was wanted and got.

use serde_json::{Map, Value};

use crate::compile::{AudienceMatcher, Matcher, TrustPolicy};
use crate::pattern::{Budget, Pattern};
use crate::sentence::Mismatch;

/// The claims that are decided about. Whether anybody signed them is not asked here.
#[derive(Clone, Copy, Debug)]
pub struct Claims<'a> {
    /// `iss`, normalised (Google's scheme-less form has become an URL).
    pub issuer: &'a str,
    /// `sub`
    pub subject: &'a str,
    /// `aud` as a list. An empty list matches nothing.
    pub audience: &'a [String],
    /// All top-level claims, `iss`, `sub` and `aud` included.
    pub other: &'a Map<String, Value>,
}

/// One rule of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// `issuer`, `issuer_pattern`
    Issuer,
    /// `subject`, `subject_pattern`
    Subject,
    /// `audience`, `audience_pattern`, or the server's default
    Audience,
    /// One entry of `claim_pattern`, by name.
    Claim(String),
}

/// What a rule asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Exactly this text.
    Exact(String),
    /// A match of this pattern, as written in the policy.
    Pattern(String),
    /// One of the server's own audiences, in the server's order.
    DefaultAudience(Vec<String>),
}

/// What the token has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Got {
    /// A text, or a bool as its text.
    Text(String),
    /// All audiences.
    List(Vec<String>),
    /// A number, null, list or object. Never compared: texts of numbers differ between encoders.
    NotAString,
    /// No such claim.
    Absent,
}

/// Whether a rule is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Pass,
    /// It is not.
    Fail,
}

/// One rule with its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleOutcome {
    /// Which rule.
    pub rule: Rule,
    /// What it asks for.
    pub wanted: Wanted,
    /// What the token has.
    pub got: Got,
    /// Whether they agree.
    pub verdict: Verdict,
}

/// All rules of a policy with their verdicts: issuer, subject, audience, then claims in order of name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    rules: Vec<RuleOutcome>,
    audience_accepted: bool,
}

impl Decision {
    /// Every rule, in order.
    #[must_use]
    pub fn rules(&self) -> &[RuleOutcome] {
        &self.rules
    }

    /// Whether the policy trusts these claims: every rule is met.
    #[must_use]
    pub fn permits(&self) -> bool {
        self.rules
            .iter()
            .all(|outcome| outcome.verdict == Verdict::Pass)
    }

    /// The rules that are not met, in order. octo-sts reports the first.
    pub fn mismatches(&self) -> impl Iterator<Item = Mismatch<'_>> {
        self.rules.iter().filter_map(Mismatch::new)
    }

    /// Whether the token is meant for us at all: it carries an audience that the policy takes or that is the server's
    /// own. Without one, its bearer may be a stranger's relying party and is told nothing else (rule 3).
    #[must_use]
    pub fn audience_accepted(&self) -> bool {
        self.audience_accepted
    }
}

impl TrustPolicy {
    /// Decides about claims. Every rule is evaluated, also after one that fails; patterns that are too large for texts of
    /// that length do not match.
    ///
    /// `default_audiences` are the server's own, the first being the one that sentences name; empty ones match nothing.
    #[must_use]
    pub fn decide(&self, claims: &Claims<'_>, default_audiences: &[&str]) -> Decision {
        let budget = Budget::new();
        let audience = self.audience_outcome(claims, default_audiences, &budget);
        let ours = has_default(claims, default_audiences);
        let audience_accepted = ours || audience.verdict == Verdict::Pass;
        let mut rules = vec![
            outcome(Rule::Issuer, &self.issuer, claims.issuer, &budget),
            outcome(Rule::Subject, &self.subject, claims.subject, &budget),
            audience,
        ];
        rules.extend(
            self.claims.iter().map(|(name, pattern)| {
                claim_outcome(name, pattern, claims.other.get(name), &budget)
            }),
        );
        Decision {
            rules,
            audience_accepted,
        }
    }

    fn audience_outcome(
        &self,
        claims: &Claims<'_>,
        default_audiences: &[&str],
        budget: &Budget,
    ) -> RuleOutcome {
        let (wanted, pass) = match &self.audience {
            AudienceMatcher::Named(matcher) => (
                wanted(matcher),
                claims
                    .audience
                    .iter()
                    .any(|audience| matcher.matches_within(budget, audience) == Some(true)),
            ),
            AudienceMatcher::Default => (
                Wanted::DefaultAudience(
                    default_audiences
                        .iter()
                        .map(|&audience| audience.to_owned())
                        .collect(),
                ),
                has_default(claims, default_audiences),
            ),
        };
        RuleOutcome {
            rule: Rule::Audience,
            wanted,
            got: Got::List(claims.audience.to_vec()),
            verdict: verdict(pass),
        }
    }
}

/// An unset domain is an empty text, and a token could carry an empty audience: that must not match.
fn has_default(claims: &Claims<'_>, default_audiences: &[&str]) -> bool {
    claims
        .audience
        .iter()
        .any(|audience| !audience.is_empty() && default_audiences.contains(&audience.as_str()))
}

fn outcome(rule: Rule, matcher: &Matcher, got: &str, budget: &Budget) -> RuleOutcome {
    RuleOutcome {
        rule,
        wanted: wanted(matcher),
        got: Got::Text(got.to_owned()),
        verdict: verdict(matcher.matches_within(budget, got) == Some(true)),
    }
}

fn claim_outcome(
    name: &str,
    pattern: &Pattern,
    claim: Option<&Value>,
    budget: &Budget,
) -> RuleOutcome {
    let got = match claim {
        None => Got::Absent,
        Some(Value::String(text)) => Got::Text(text.clone()),
        Some(Value::Bool(yes)) => Got::Text(yes.to_string()),
        Some(Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Got::NotAString
        }
    };
    let pass = matches!(&got, Got::Text(text) if budget.matches(pattern, text) == Some(true));
    RuleOutcome {
        rule: Rule::Claim(name.to_owned()),
        wanted: Wanted::Pattern(pattern.as_str().to_owned()),
        got,
        verdict: verdict(pass),
    }
}

fn wanted(matcher: &Matcher) -> Wanted {
    match matcher {
        Matcher::Exact(text) => Wanted::Exact(text.clone()),
        Matcher::Pattern(pattern) => Wanted::Pattern(pattern.as_str().to_owned()),
    }
}

fn verdict(pass: bool) -> Verdict {
    if pass { Verdict::Pass } else { Verdict::Fail }
}

#[cfg(test)]
mod tests;

//! `POST /sts/explain`: the same exchange without its mint, rule by rule. It tells nobody more than a refusal would: what a
//! policy wants is for those who may see it (rule 3 of docs/SECURITY.md).

use crate::context::Context;
use crate::detail::Sight;
use crate::error::{ExchangeError, Refusal};
use crate::outside::{LogLevel, Outside};
use crate::provider::Verified;
use crate::recording;
use crate::refusals;
use crate::request::TokenExchangeRequest;
use crate::settings::RefusalDetail;
use crate::story::Decided;
use crate::trace::{PolicyVerdict, Step};
use github::{Permissions, Reach};
use policy::{Got, Rule, RuleOutcome, Verdict, Wanted};
use serde::Serialize;

/// One rule with its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ExplainedRule {
    /// Which one.
    rule: String,
    /// `pass`, `fail` or `skipped`.
    verdict: &'static str,
    /// What it asks for, for those who may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    wanted: Option<String>,
    /// What the token has.
    #[serde(skip_serializing_if = "Option::is_none")]
    got: Option<String>,
    /// What it means, or what to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// The token, as it was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ExplainedToken {
    iss: String,
    sub: String,
    aud: Vec<String>,
    expires_in: i64,
}

/// What an exchange would answer, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    decision: String,
    verdict: &'static str,
    scope: String,
    identity: String,
    token: ExplainedToken,
    rules: Vec<ExplainedRule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Permissions>,
    /// Absent where all of the installation are meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    repositories: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_sha: Option<String>,
}

/// Explains what was decided. It counts as an exchange (rule 16), and it is no decision: nothing is recorded, and no token
/// counts as used.
///
/// # Errors
/// What is no decision either: somebody who could not be asked, a request that is malformed, and what is told to those who
/// may not see a policy.
pub(crate) fn explanation<O: Outside>(
    context: &Context<'_, O>,
    request: &TokenExchangeRequest,
    verified: &Verified,
    decided: Result<Decided, Refusal>,
) -> Result<Explanation, Refusal> {
    let failed = |refusal: &Refusal| refusal.error.is_failure();
    if !decided.as_ref().is_err_and(failed) {
        refusals::count_explained(context, request, verified, decided.is_ok());
    }
    let verdict = if decided.is_ok() { "allow" } else { "deny" };
    if recording::may_log(context, verified) {
        let fields = [("verdict", verdict.to_owned())];
        context.log(LogLevel::Info, "an exchange was explained", &fields);
    }
    let refusal = match &decided {
        Ok(_) => None,
        Err(refusal) if explains_itself(context, refusal) => return Err(refusal.clone()),
        Err(refusal) => Some(refusal),
    };
    let claims = verified.token.claims();
    let ends = claims.expires_at.map_or(0, |at| at.0);
    let seen = context.trace.seen();
    let everything = |seen: &PolicyVerdict| seen.sight == Sight::Everything;
    Ok(Explanation {
        decision: context.decision.to_owned(),
        verdict,
        scope: request.scope.clone(),
        identity: request.identity.clone(),
        token: ExplainedToken {
            iss: claims.issuer.clone(),
            sub: claims.subject.clone(),
            aud: claims.audience.clone(),
            expires_in: ends.saturating_sub(context.now()),
        },
        rules: rules(context, refusal, seen.as_ref()),
        permissions: decided
            .as_ref()
            .ok()
            .map(|decided| decided.grant.asked().permissions.clone()),
        repositories: decided.as_ref().ok().and_then(|decided| {
            match &decided.grant.asked().reach {
                Reach::All => None,
                Reach::Id(_) => Some(vec![decided.read.clone()]),
                Reach::Names(names) => Some(names.clone()),
            }
        }),
        policy_sha: seen.filter(everything).map(|seen| seen.policy_sha),
    })
}

/// What is answered as an exchange answers it. Whose token is for neither us nor the policy is told just that (rule 3).
fn explains_itself<O: Outside>(context: &Context<'_, O>, refusal: &Refusal) -> bool {
    let public = refusal.public();
    let malformed = public.key() == "invalid_request" && context.trace.seen().is_none();
    // With detail `none`, a policy that refuses and one that is not there answer alike.
    let masked = context.settings.refusal_detail == RefusalDetail::None
        && matches!(public, ExchangeError::PolicyNotFound { .. });
    refusal.error.is_failure()
        || malformed
        || masked
        || matches!(
            public,
            ExchangeError::ClaimFormat(_) | ExchangeError::AudienceNotAccepted
        )
}

/// The step at which an exchange was refused.
fn step_of(error: &ExchangeError) -> Option<Step> {
    Some(match error {
        ExchangeError::NoApp { .. }
        | ExchangeError::NotInstalled { .. }
        | ExchangeError::Suspended { .. } => Step::Installation,
        ExchangeError::OrganisationIssuer
        | ExchangeError::OrganisationIssuersInvalid
        | ExchangeError::OrganisationRequired => Step::OrganizationIssuers,
        ExchangeError::GuardRail | ExchangeError::GuardRailsInvalid => Step::GuardRails,
        ExchangeError::PolicyNotFound { .. }
        | ExchangeError::PolicyInvalid { .. }
        | ExchangeError::PolicyForbidden { .. } => Step::Policy,
        ExchangeError::Narrowing { .. } => Step::Narrowing,
        ExchangeError::NoAppMatches => Step::App,
        ExchangeError::NotForOnce => Step::SingleUse,
        _ => return None,
    })
}

fn rules<O: Outside>(
    context: &Context<'_, O>,
    refusal: Option<&Refusal>,
    seen: Option<&PolicyVerdict>,
) -> Vec<ExplainedRule> {
    let failed = refusal.and_then(|refusal| step_of(&refusal.error));
    let rule = |(step, name): (Step, &str)| {
        let verdict = if failed == Some(step) {
            "fail"
        } else if context.trace.has_passed(step) {
            "pass"
        } else {
            "skipped"
        };
        let hint = refusal.filter(|_| verdict == "fail").map(|refusal| {
            let public = refusal.public();
            public
                .reason()
                .map_or_else(|| public.to_string(), str::to_owned)
        });
        ExplainedRule {
            rule: name.to_owned(),
            verdict,
            wanted: None,
            got: None,
            hint,
        }
    };
    let before = [
        (Step::Signature, "signature"),
        (Step::OperatorIssuers, "operator_issuers"),
        (Step::Installation, "installation"),
        (Step::OrganizationIssuers, "organization_issuers"),
        (Step::GuardRails, "guard_rails"),
        (Step::Policy, "policy"),
    ];
    let after = [
        (Step::Narrowing, "narrowing"),
        (Step::App, "app"),
        (Step::SingleUse, "single_use"),
    ];
    let mut rules: Vec<ExplainedRule> = before.into_iter().map(rule).collect();
    match seen {
        // Which rule it was is not for everybody: then the policy as a whole said no.
        Some(seen) if seen.sight == Sight::Nothing => {
            if let Some(whole) = rules.last_mut().filter(|_| !seen.permits()) {
                whole.verdict = "fail";
                whole.hint = refusal.map(|refusal| refusal.public().to_string());
            }
        }
        Some(seen) => rules.extend(
            seen.decision
                .rules()
                .iter()
                .map(|outcome| compared(outcome, seen)),
        ),
        None => {}
    }
    rules.extend(after.into_iter().map(rule));
    rules
}

fn compared(outcome: &RuleOutcome, seen: &PolicyVerdict) -> ExplainedRule {
    let everything = seen.sight == Sight::Everything;
    let failed = outcome.verdict == Verdict::Fail;
    let hint = seen
        .subject_hint
        .clone()
        .filter(|_| everything && failed && outcome.rule == Rule::Subject);
    ExplainedRule {
        rule: match &outcome.rule {
            Rule::Issuer => "issuer".to_owned(),
            Rule::Subject => "subject".to_owned(),
            Rule::Audience => "audience".to_owned(),
            Rule::Claim(name) => format!("claim:{name}"),
        },
        verdict: if failed { "fail" } else { "pass" },
        wanted: everything.then(|| match &outcome.wanted {
            Wanted::Exact(text) | Wanted::Pattern(text) => text.clone(),
            Wanted::DefaultAudience(texts) => texts.join(", "),
        }),
        got: match &outcome.got {
            Got::Text(text) => Some(text.clone()),
            Got::List(texts) => Some(texts.join(", ")),
            Got::NotAString => Some("not a string".to_owned()),
            Got::Absent => None,
        },
        hint,
    }
}

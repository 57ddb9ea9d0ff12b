//! Whether an answer is as a step says, and has the form that every answer has.

use std::time::Duration;

use serde_json::{Value, json};

use super::compare::{differs, same};
use crate::answer::Answer;
use crate::case::{AnswerRules, Reason, Refusal};

/// Judges answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Check {
    /// What only we have is demanded too.
    pub(crate) ours: bool,
}

/// The members that a refusal of ours has; `reason` only where the caller may see one.
const MEMBERS: [&str; 6] = ["code", "message", "details", "error", "decision", "reason"];

fn demand(is: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if is { Ok(()) } else { Err(problem()) }
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}

impl Check {
    /// Demands a token, and says which.
    pub(crate) fn granted(self, answer: &Answer) -> Result<String, String> {
        demand(answer.status == 200, || shown(answer))?;
        let body = answer.json();
        let token = text(&body, "token").to_owned();
        demand(token.starts_with("ghs_"), || {
            format!("no installation token: {body}")
        })?;
        if !self.ours {
            return Ok(token);
        }
        for (name, wanted) in [
            ("cache-control", "no-store"),
            ("content-type", "application/json"),
            ("retry-after", ""),
        ] {
            header(answer, name, wanted)?;
        }
        decision(answer)?;
        // Scripts cut the token out of the text.
        let start = format!("{{\"token\":\"{token}\",\"refreshToken\":\"\",\"expiry\":\"");
        demand(answer.text().starts_with(&start), || {
            format!("the body begins otherwise: {body}")
        })?;
        demand(!answer.text().contains(": "), || "not compact".to_owned())?;
        // OAuth's names come together, and name the same token.
        if body.get("access_token").is_some() {
            let wanted = json!({"access_token": token, "token_type": "bearer"});
            let difference = differs(&wanted, &body);
            demand(difference.is_none(), || {
                difference.clone().unwrap_or_default()
            })?;
        }
        Ok(token)
    }

    /// Demands a refusal.
    pub(crate) fn refused(self, answer: &Answer, wanted: &Refusal) -> Result<(), String> {
        let body = answer.json();
        let code = body.get("code").and_then(Value::as_u64);
        let said = answer.status == wanted.status
            && code == Some(wanted.code.into())
            && same(&wanted.message, text(&body, "message"));
        let key = !self.ours || text(&body, "error") == wanted.error;
        demand(said && key, || {
            let Refusal {
                status,
                code,
                error,
                message,
            } = wanted;
            format!("{}, not {status} {code} {error}: {message}", shown(answer))
        })?;
        if self.ours {
            form(answer, &body)
        } else {
            Ok(())
        }
    }

    /// Demands what else a step says.
    pub(crate) fn rules(
        self,
        answer: &Answer,
        rules: &AnswerRules,
        took: Duration,
    ) -> Result<(), String> {
        let is_status = rules.status.is_empty() || rules.status.contains(&answer.status);
        demand(is_status, || {
            format!("{}, not {:?}", shown(answer), rules.status)
        })?;
        let body = answer.json();
        if let Some(difference) = rules
            .body
            .as_ref()
            .and_then(|wanted| differs(wanted, &body))
        {
            return Err(format!("in the body, {difference}"));
        }
        for said in &rules.says {
            demand(answer.text().contains(said), || {
                format!("the body lacks {said:?}: {}", answer.text())
            })?;
        }
        for hidden in &rules.hides {
            demand(!answer.text().contains(hidden), || {
                format!("the body has {hidden:?}: {}", answer.text())
            })?;
        }
        if let Some((least, most)) = rules.seconds {
            let took = took.as_secs_f64();
            demand((least..=most).contains(&took), || {
                format!("it took {took:.1} s, not {least} to {most}")
            })?;
        }
        if self.ours {
            our_rules(answer, &body, rules)
        } else {
            Ok(())
        }
    }
}

fn our_rules(answer: &Answer, body: &Value, rules: &AnswerRules) -> Result<(), String> {
    for (name, wanted) in &rules.headers {
        header(answer, name, wanted)?;
    }
    if let Some(wanted) = &rules.members {
        let mut got: Vec<&String> = body
            .as_object()
            .map(|body| body.keys().collect())
            .unwrap_or_default();
        let mut wanted: Vec<&String> = wanted.iter().collect();
        got.sort();
        wanted.sort();
        demand(got == wanted, || {
            format!("the members are {got:?}, not {wanted:?}")
        })?;
    }
    let reason = body.get("reason").and_then(Value::as_str);
    let is_reason = match &rules.reason {
        None => true,
        Some(Reason::Is(there)) => reason.is_some() == *there,
        Some(Reason::Text(wanted)) => reason.is_some_and(|reason| same(wanted, reason)),
    };
    demand(is_reason, || {
        format!("the reason is {reason:?}, not {:?}", rules.reason)
    })?;
    if let Some((least, most)) = rules.retry_after {
        let seconds = answer.retry_after();
        let within = seconds.is_some_and(|seconds| (least..=most).contains(&seconds));
        demand(within, || {
            format!("Retry-After is {seconds:?}, not {least} to {most}")
        })?;
    }
    Ok(())
}

/// The form of every refusal of ours: docs/ERRORS.md.
fn form(answer: &Answer, body: &Value) -> Result<(), String> {
    let decision = decision(answer)?;
    let wanted = json!({"details": [], "decision": decision});
    if let Some(difference) = differs(&wanted, body) {
        return Err(format!("in the body, {difference}"));
    }
    header(answer, "content-type", "application/json")?;
    let known = |name: &String| MEMBERS.contains(&name.as_str());
    demand(
        body.as_object().is_some_and(|body| body.keys().all(known)),
        || format!("unknown members: {body}"),
    )?;
    // What a retry may cure says when, and nothing else does.
    let cured = matches!(answer.status, 429 | 503);
    let seconds = answer.retry_after();
    let within = seconds.is_some_and(|seconds| (1..=3600).contains(&seconds));
    let absent = answer.header("retry-after").is_empty();
    demand(if cured { within } else { absent }, || {
        format!("Retry-After is {:?}", answer.header("retry-after"))
    })?;
    // RFC 6750 3: a challenge with 401, and with nothing else; an error code only where a token was sent.
    let challenge = match (answer.status, text(body, "error")) {
        (401, "invalid_request") => "Bearer",
        (401, _) => "Bearer error=\"invalid_token\"",
        _ => "",
    };
    header(answer, "www-authenticate", challenge)
}

/// 128 bits in lower-case base32.
fn decision(answer: &Answer) -> Result<String, String> {
    let decision = answer.decision();
    let in_base32 = |c: char| matches!(c, 'a'..='z' | '2'..='7');
    demand(
        decision.len() == 26 && decision.chars().all(in_base32),
        || format!("octo-sts-decision is {decision:?}"),
    )?;
    Ok(decision)
}

/// Empty: absent.
fn header(answer: &Answer, name: &str, wanted: &str) -> Result<(), String> {
    let got = answer.header(name);
    demand(got == wanted, || {
        format!("{name} is {got:?}, not {wanted:?}")
    })
}

fn shown(answer: &Answer) -> String {
    format!(
        "the answer is {} {}",
        answer.status,
        answer.text().trim_end()
    )
}

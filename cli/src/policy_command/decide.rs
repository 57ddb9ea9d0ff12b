//! `octo-sts policy decide`: JSON Lines in, JSON Lines out, in the same order.

use crate::arguments::Decide;
use oidc::Claims;
use policy::{PolicyKind, Served, TrustPolicy, TrustedIssuers};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::io::{BufRead, BufWriter, Write};
use std::process::ExitCode;

/// The longest line, in bytes: a policy of 64 KiB in JSON's escapes, and claims.
const LONGEST_LINE: u64 = 1024 * 1024;

/// A question.
#[derive(Deserialize)]
#[serde(untagged)]
enum Question {
    Policy(AboutPolicy),
    Issuers(AboutIssuers),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AboutPolicy {
    policy: String,
    #[serde(default)]
    org: bool,
    claims: Map<String, Value>,
    #[serde(default)]
    domain: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AboutIssuers {
    trusted_issuers: String,
    issuer: String,
}

/// What is said about a question.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// The line is no question.
    Error(String),
    DoesNotCompile(String),
    Denies(String),
    Allows,
}

impl Verdict {
    fn json(&self) -> Value {
        match self {
            Self::Error(error) => json!({"compiles": false, "allows": false, "error": error}),
            Self::DoesNotCompile(reason) => {
                json!({"compiles": false, "allows": false, "reason": reason})
            }
            Self::Denies(reason) => json!({"compiles": true, "allows": false, "reason": reason}),
            Self::Allows => json!({"compiles": true, "allows": true}),
        }
    }
}

/// Answers every line of standard input.
pub(crate) fn run(options: &Decide) -> ExitCode {
    let input = std::io::stdin().lock();
    let output = BufWriter::new(std::io::stdout().lock());
    match answer_all(input, output, options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("octo-sts: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether every line was a question.
fn answer_all(
    mut input: impl BufRead,
    mut output: impl Write,
    options: &Decide,
) -> std::io::Result<bool> {
    let mut all = true;
    let mut line = Vec::new();
    loop {
        line.clear();
        if std::io::Read::take(&mut input, LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let whole = line.ends_with(b"\n") || (line.len() as u64) < LONGEST_LINE;
        let verdict = if whole {
            answer(&line, options)
        } else {
            input.skip_until(b'\n')?;
            Verdict::Error(format!("the line is longer than {LONGEST_LINE} bytes"))
        };
        all &= !matches!(verdict, Verdict::Error(_));
        writeln!(output, "{}", verdict.json())?;
    }
    output.flush()?;
    Ok(all)
}

fn answer(line: &[u8], options: &Decide) -> Verdict {
    match serde_json::from_slice(line) {
        Ok(Question::Policy(question)) => decide(question, options),
        Ok(Question::Issuers(question)) => allow(&question),
        Err(_) => Verdict::Error(
            "the line is no object of policy, org, claims and domain, nor of trusted_issuers and issuer"
                .to_owned(),
        ),
    }
}

/// As the server does with a verified token of these claims: signature, `exp` and `nbf` are not looked at, forms are.
fn decide(question: AboutPolicy, options: &Decide) -> Verdict {
    let kind = if question.org {
        PolicyKind::Organization
    } else {
        PolicyKind::Repository
    };
    let known = |name: &str| options.permission.iter().any(|known| known == name);
    let served = Served::everything(&known);
    let policy = match TrustPolicy::parse(question.policy.as_bytes(), kind, &served) {
        Ok(policy) => policy,
        Err(error) => return Verdict::DoesNotCompile(error.to_string()),
    };
    let claims = match Claims::from_json(question.claims) {
        Ok(claims) => claims,
        Err(error) => return Verdict::Denies(error.to_string()),
    };
    if let Err(error) = claims.check_formats() {
        return Verdict::Denies(error.to_string());
    }
    let asked = policy::Claims {
        issuer: &claims.issuer,
        subject: &claims.subject,
        audience: &claims.audience,
        other: &claims.other,
    };
    let decision = policy.decide(&asked, &[&question.domain]);
    match decision.mismatches().next() {
        None => Verdict::Allows,
        Some(mismatch) => Verdict::Denies(mismatch.sentence()),
    }
}

fn allow(question: &AboutIssuers) -> Verdict {
    let trusted = match TrustedIssuers::parse(question.trusted_issuers.as_bytes()) {
        Ok(trusted) => trusted,
        Err(error) => return Verdict::DoesNotCompile(error.to_string()),
    };
    // In audit mode other issuers pass too; what is asked here is the list.
    if trusted.allow(&question.issuer) {
        Verdict::Allows
    } else {
        Verdict::Denies("issuer not permitted by organization policy".to_owned())
    }
}

#[cfg(test)]
mod tests;

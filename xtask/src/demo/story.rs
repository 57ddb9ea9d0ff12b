//! The steps. Each one says what must come out, and is judged by what did.

use super::Step;
use super::client::{Answer, Call};
use super::servers::{DOMAIN, Servers};
use crate::Failure;
use serde_json::{Value, json};

/// The policy of the demo, with the immutable subject that GitHub gives to repositories since July 2026.
const POLICY: &str = "\
issuer: ISSUER
subject: repo:acme@7001/app@8001:ref:refs/heads/main
claim_pattern:
  job_workflow_ref: acme/app/\\.github/workflows/[a-z-]+\\.ya?ml@refs/heads/main
permissions:
  contents: read
";

/// Walks to the end, whatever comes out on the way.
pub(super) fn walk(servers: &Servers, aloud: bool) -> Vec<Step> {
    let mut walk = Walk {
        servers,
        aloud,
        steps: Vec::new(),
        token: String::new(),
    };
    walk.all();
    walk.steps
}

/// How to get an OIDC token from the simulator by hand.
pub(super) fn token_curl(servers: &Servers) -> String {
    let call = Call {
        method: "POST",
        url: format!("{}/token", servers.control),
        bearer: None,
        body: Some(workload(json!({}))),
    };
    into_variable("OIDC", &call.curl(""))
}

/// How to exchange it.
pub(super) fn exchange_curl(servers: &Servers) -> String {
    let call = Call {
        method: "GET",
        url: exchange_url(servers),
        bearer: Some(""),
        body: None,
    };
    into_variable("TOKEN", &call.curl("OIDC"))
}

fn exchange_url(servers: &Servers) -> String {
    format!("{}/sts/exchange?scope=acme/app&identity=ci", servers.server)
}

/// A shell variable with the `token` of an answer.
fn into_variable(name: &str, curl: &str) -> String {
    format!("{name}=$({curl} | sed 's/.*\"token\":\"//;s/\".*//')")
}

/// Claims as GitHub Actions sends them for a run on `main`, and what is different.
fn workload(different: Value) -> Value {
    let mut run = json!({
        "owner": "acme", "repository": "app", "ref": "refs/heads/main", "audience": DOMAIN, "immutable_subject": true,
    });
    if let (Some(run), Value::Object(different)) = (run.as_object_mut(), different) {
        run.extend(different);
    }
    json!({"workload": run})
}

struct Walk<'a> {
    servers: &'a Servers,
    aloud: bool,
    steps: Vec<Step>,
    /// The GitHub token of the first step.
    token: String,
}

/// What must come out of a step.
struct Wanted {
    name: &'static str,
    words: &'static str,
    holds: fn(&Answer) -> bool,
}

impl Walk<'_> {
    fn all(&mut self) {
        let policy = self.policy();
        self.record(policy);
        let exchange = Wanted {
            name: "exchange",
            words: "a workload on main gets a GitHub token: 200 with token and expiry",
            holds: |answer| {
                answer.status == 200
                    && answer.text("token").starts_with("ghs_")
                    && !answer.text("expiry").is_empty()
            },
        };
        self.exchange(exchange, workload(json!({})));
        self.use_token();
        let pull_request = Wanted {
            name: "pull-request",
            words: "a pull request's token is refused with the reason: 403 permission_denied, the subject did not match",
            holds: |answer| {
                refused(answer, 403, "permission_denied")
                    && answer.text("message").contains("subject")
            },
        };
        self.exchange(pull_request, workload(json!({"pull_request": 7})));
        let mut forged = workload(json!({}));
        if let Some(forged) = forged.as_object_mut() {
            forged.insert("forge".into(), "other_key".into());
        }
        let other_key = Wanted {
            name: "other-key",
            words: "a token signed by another key is refused: 401 token_verification_failed",
            holds: |answer| refused(answer, 401, "token_verification_failed"),
        };
        self.exchange(other_key, forged);
    }

    /// The repository's owner writes the policy.
    fn policy(&self) -> Step {
        let path = "acme/app/.github/chainguard/ci.sts.yaml";
        let issuer = self.issuer();
        let written =
            issuer.and_then(|issuer| self.servers.write(path, &POLICY.replace("ISSUER", &issuer)));
        Step {
            name: "policy",
            wanted: "acme/app gets a trust policy that lets its main branch read contents".into(),
            ok: written.is_ok(),
            got: written.map_or_else(|why| why, |()| "written".into()),
            curl: format!(
                "curl -s -X PUT --data-binary @ci.sts.yaml '{}/files/{path}'",
                self.servers.control
            ),
        }
    }

    fn issuer(&self) -> Result<String, Failure> {
        let answer = Call {
            method: "GET",
            url: format!("{}/", self.servers.control),
            bearer: None,
            body: None,
        }
        .send()?;
        Ok(answer.text("actions_issuer").to_owned())
    }

    fn exchange(&mut self, wanted: Wanted, token_request: Value) {
        let url = exchange_url(self.servers);
        let step = match self.servers.ask("token", token_request, "token") {
            Ok(oidc) => {
                let call = Call {
                    method: "GET",
                    url,
                    bearer: Some(&oidc),
                    body: None,
                };
                let answer = call.send();
                if let Ok(answer) = &answer
                    && answer.status == 200
                {
                    answer.text("token").clone_into(&mut self.token);
                }
                judge(wanted, &call, "OIDC", answer)
            }
            Err(why) => judge(
                wanted,
                &Call {
                    method: "GET",
                    url,
                    bearer: None,
                    body: None,
                },
                "OIDC",
                Err(why),
            ),
        };
        self.record(step);
    }

    /// The token reads what the policy grants, and writes nothing.
    fn use_token(&mut self) {
        let token = self.token.clone();
        let url = format!("{}/repos/acme/app/contents/README.md", self.servers.github);
        let read = Wanted {
            name: "read",
            words: "the token reads a file of acme/app: 200",
            holds: |answer| answer.status == 200 && answer.text("name") == "README.md",
        };
        let call = Call {
            method: "GET",
            url: url.clone(),
            bearer: Some(&token),
            body: None,
        };
        self.record(judge(read, &call, "TOKEN", call.send()));
        let write = Wanted {
            name: "write",
            words: "the same token is refused a write: 403",
            holds: |answer| answer.status == 403,
        };
        let body = json!({"message": "no", "content": "bm8K"});
        let call = Call {
            method: "PUT",
            url,
            bearer: Some(&token),
            body: Some(body),
        };
        self.record(judge(write, &call, "TOKEN", call.send()));
    }

    fn record(&mut self, step: Step) {
        if self.aloud {
            let verdict = if step.ok { "ok    " } else { "FAILED" };
            println!("\n{verdict} {}", step.wanted);
            println!("       {}", step.curl);
            println!("       -> {}", step.got);
        }
        self.steps.push(step);
    }
}

fn judge(wanted: Wanted, call: &Call<'_>, variable: &str, answer: Result<Answer, Failure>) -> Step {
    let ok = answer.as_ref().is_ok_and(wanted.holds);
    let got = match answer {
        Ok(answer) if answer.status < 300 => shown(&answer),
        Ok(answer) => answer.said(),
        Err(why) => why,
    };
    Step {
        name: wanted.name,
        wanted: wanted.words.into(),
        got,
        ok,
        curl: call.curl(variable),
    }
}

/// A success in words; of a token its beginning only.
fn shown(answer: &Answer) -> String {
    let token: String = answer.text("token").chars().take(8).collect();
    match (token.as_str(), answer.text("name")) {
        ("", name) => format!("{} {name}", answer.status),
        (token, _) => format!(
            "{}: token {token}…, expiry {}",
            answer.status,
            answer.text("expiry")
        ),
    }
}

fn refused(answer: &Answer, status: u16, error: &str) -> bool {
    answer.status == status && answer.text("error") == error
}

//! What a step expects: of its answers, of GitHub, of log and audit records.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::calls::{Counts, PATIENCE};
use super::play::Play;
use crate::answer::Answer;
use crate::case::{Count, Step};
use crate::client::Ask;

impl Play<'_> {
    /// Demands of one answer what the step says.
    pub(super) async fn judge(
        &mut self,
        step: &Step,
        answer: &Answer,
        took: Duration,
    ) -> Result<(), String> {
        if answer.token().is_some() {
            self.calls.granted += 1;
        }
        if let Some(rules) = &step.answer {
            self.check.rules(answer, rules, took)?;
        }
        if let Some(wanted) = &step.refused {
            self.check.refused(answer, wanted)?;
        }
        if step.granted {
            self.check.granted(answer)?;
        }
        for line in &step.log {
            let decision = answer.decision();
            let said = || {
                let lines = self.log();
                lines
                    .iter()
                    .any(|seen| is(seen, "msg", line) && is(seen, "decision", &decision))
            };
            if !in_time(said).await {
                return Err(format!("the log does not say {line:?} about {decision}"));
            }
        }
        Ok(())
    }

    /// Uses a token at GitHub, as its holder does. Those calls are not the service's.
    pub(super) async fn all_opens(
        &mut self,
        answer: &Answer,
        wanted: &BTreeMap<String, u16>,
    ) -> Result<(), String> {
        self.calls.end_step()?;
        let token = self.check.granted(answer)?;
        for (asked, wanted) in wanted {
            self.opens(&token, asked, *wanted).await?;
        }
        Ok(())
    }

    async fn opens(&self, token: &str, asked: &str, wanted: u16) -> Result<(), String> {
        let (method, path) = asked
            .split_once(' ')
            .ok_or_else(|| format!("{asked:?} is not `METHOD /path`"))?;
        let web = self.stage.ground.sim.github().web_url();
        let authority = web
            .strip_prefix("http://")
            .ok_or("GitHub speaks TLS here")?;
        let target = format!("/api/v3{path}");
        let ask = Ask::new(authority, self.secrets.clone(), method, target)
            .header("user-agent", "a caller")
            .bearer(token);
        let ask = match method {
            "PUT" => ask.json(&json!({"message": "m", "content": "eA==", "sha": "x"})),
            _ => ask,
        };
        let status = ask.try_send().await?.status;
        if status == wanted {
            return Ok(());
        }
        Err(format!("the token gets {status} for {asked}, not {wanted}"))
    }

    /// What is to be seen elsewhere than in the answer.
    pub(super) async fn look_around(&mut self, step: &Step, at: &str) -> Result<(), String> {
        let some = &step.some_calls;
        if let Some(counts) = &step.calls {
            self.calls.expect(at, counts.clone(), false).await?;
        } else if !some.is_empty() {
            self.calls.expect(at, Counts::clone(some), true).await?;
        }
        if let Some(wanted) = &step.mints {
            let got = self.calls.mints();
            if got != *wanted {
                return Err(format!(
                    "the mints are {}, not {}",
                    json!(got),
                    json!(wanted)
                ));
            }
        }
        if let Some(wanted) = step.live {
            let live = || self.stage.ground.sim.github().live_tokens();
            if !in_time(|| live() == wanted).await {
                return Err(format!("{} tokens are alive, not {wanted}", live()));
            }
        }
        if let Some(wanted) = step.records {
            let records = || self.running.audit().len();
            if !in_time(|| records() >= wanted).await || records() != wanted {
                return Err(format!("there are {} records, not {wanted}", records()));
            }
        }
        self.count_log_lines(&step.logged).await
    }

    async fn count_log_lines(&self, wanted: &BTreeMap<String, Count>) -> Result<(), String> {
        for (text, wanted) in wanted {
            let count = || {
                self.log()
                    .iter()
                    .filter(|line| is(line, "msg", text))
                    .count()
            };
            if !in_time(|| count() >= wanted.least()).await || !wanted.has(count()) {
                return Err(format!(
                    "the log says {text:?} {} times, not {wanted}",
                    count()
                ));
            }
        }
        Ok(())
    }

    fn log(&self) -> Vec<Value> {
        let lines = self.running.log().into_iter();
        lines
            .filter_map(|line| serde_json::from_str(&line).ok())
            .collect()
    }

    /// The one record of a decision.
    pub(super) async fn record(&self, decision: &str) -> Result<Value, String> {
        let records = || -> Vec<Value> {
            let lines = self.running.audit().into_iter();
            let records = lines.filter_map(|line| serde_json::from_str(&line).ok());
            records
                .filter(|record| is(record, "decision", decision))
                .collect()
        };
        if !in_time(|| !records().is_empty()).await {
            return Err(format!("no audit record of {decision:?}"));
        }
        let mut all = records();
        match all.pop() {
            Some(record) if all.is_empty() => Ok(record),
            _ => Err(format!("several audit records of {decision:?}")),
        }
    }
}

fn is(value: &Value, member: &str, text: &str) -> bool {
    value.get(member).and_then(Value::as_str) == Some(text)
}

/// Waits until something is so; says whether it is.
async fn in_time(so: impl Fn() -> bool) -> bool {
    let until = Instant::now() + PATIENCE;
    while !so() {
        if Instant::now() > until {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    true
}

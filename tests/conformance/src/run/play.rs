//! The steps of a case, one after the other.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use super::calls::Calls;
use super::check::Check;
use super::compare::differs;
use super::stage::Stage;
use super::token;
use crate::answer::Answer;
use crate::case::{Ask as AskRules, Case, Need, Needs, Scope, Step, Unfolded, Words};
use crate::client::Ask;
use crate::hosts::Running;
use crate::secrets::Secrets;

/// A case on its way through its steps.
pub(crate) struct Play<'a> {
    case: &'a Case,
    pub(super) stage: &'a Stage,
    pub(super) running: &'a dyn Running,
    pub(super) check: Check,
    has_clock: bool,
    pub(super) secrets: Secrets,
    pub(super) calls: Calls<'a>,
    kept: Words,
    /// The answer to the simulator's last command.
    obeyed: Value,
}

impl<'a> Play<'a> {
    pub(crate) fn new(
        case: &'a Case,
        stage: &'a Stage,
        running: &'a dyn Running,
        offers: &Needs,
        secrets: Secrets,
    ) -> Self {
        Self {
            case,
            stage,
            running,
            check: Check {
                ours: offers.contains(&Need::Ours),
            },
            has_clock: offers.contains(&Need::Clock),
            secrets,
            calls: Calls::new(&stage.ground.sim, case.needs.contains(&Need::Fresh)),
            kept: Words::new(),
            obeyed: Value::Null,
        }
    }

    /// Plays all of them, up to the first that is not as expected.
    pub(crate) async fn all_steps(&mut self) -> Result<(), String> {
        for unfolded in &self.case.steps {
            self.calls.begin_step().await?;
            if let Err(problem) = self.one_step(unfolded).await {
                return Err(format!(
                    "{}{}: {problem}",
                    unfolded.at,
                    self.row_of(unfolded)
                ));
            }
        }
        Ok(())
    }

    /// What is to be seen only when the service has stopped.
    pub(crate) fn at_the_end(&self) -> Result<(), String> {
        self.calls.nothing_came_late()?;
        self.calls.issuers_saw_no_credentials()
    }

    /// What tells a row from its neighbours.
    fn row_of(&self, unfolded: &Unfolded) -> String {
        if unfolded.row.is_empty() {
            return String::new();
        }
        let row = Value::Object(unfolded.row.clone());
        let row = self.scope(unfolded).expand(&row).unwrap_or(row).to_string();
        let shown: String = row.chars().take(300).collect();
        format!(" {shown}")
    }

    fn scope<'b>(&'b self, unfolded: &'b Unfolded) -> Scope<'b> {
        self.stage.scope(self.case, &[&unfolded.row, &self.kept])
    }

    fn expanded(&self, unfolded: &Unfolded) -> Result<Step, String> {
        let step = self.scope(unfolded).expand(&unfolded.template)?;
        serde_json::from_value(step).map_err(|error| error.to_string())
    }

    async fn one_step(&mut self, unfolded: &Unfolded) -> Result<(), String> {
        // Time passes first, so that `now` in the rest of the step is the time at which it is done.
        let step = self.expanded(unfolded)?;
        self.pass_time(&step).await;
        let step = self.expanded(unfolded)?;
        let done = self.done(&step, &unfolded.at).await;
        match (done, step.about.as_str()) {
            (Err(problem), about) if !about.is_empty() => Err(format!("{about}: {problem}")),
            (done, _) => done,
        }
    }

    async fn done(&mut self, step: &Step, at: &str) -> Result<(), String> {
        self.prepare(step).await?;
        let mut answer = None;
        if let Some(ask) = &step.ask {
            for (answered, took) in self.ask(ask).await? {
                self.judge(step, &answered, took).await?;
                answer = Some(answered);
            }
        }
        let live = self.stage.ground.sim.github().live_tokens();
        if step.live_now.is_some_and(|wanted| wanted != live) {
            return Err(format!("{live} tokens are alive when the answer is there"));
        }
        self.look_around(step, at).await?;
        if let Some(answer) = answer.as_ref().filter(|_| !step.opens.is_empty()) {
            self.all_opens(answer, &step.opens).await?;
        }
        if let Some(wanted) = &step.record {
            let decision = answer.as_ref().map(Answer::decision).unwrap_or_default();
            let record = self.record(&decision).await?;
            if let Some(difference) = differs(wanted, &record) {
                return Err(format!("in the audit record, {difference}"));
            }
        }
        self.keep(step, answer.as_ref()).await
    }

    async fn pass_time(&self, step: &Step) {
        let seconds = step.advance.unwrap_or_default();
        let wait = step.wait.unwrap_or_default();
        if self.has_clock {
            self.move_clocks(seconds.saturating_add(wait));
        } else {
            tokio::time::sleep(Duration::from_secs(wait)).await;
        }
    }

    fn move_clocks(&self, seconds: u64) {
        self.running.advance(Duration::from_secs(seconds));
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        self.stage.ground.sim.clock().advance(seconds);
    }

    async fn prepare(&mut self, step: &Step) -> Result<(), String> {
        if let Some(store) = step.store {
            self.running.store(store)?;
        }
        self.stage.write(self.case, &step.files, &step.policies)?;
        for (command, body) in step.simulator.iter().flatten() {
            self.obeyed = self.stage.command(command, body).await?;
        }
        for (name, request) in &step.tokens {
            let token = token::make(self.case, self.stage, None, request.clone()).await?;
            self.secrets.add(&token);
            self.kept.insert(name.clone(), json!(token));
        }
        Ok(())
    }

    /// Asks, and says each answer and how long it took.
    async fn ask(&self, rules: &AskRules) -> Result<Vec<(Answer, Duration)>, String> {
        let request = self.request(rules).await?;
        let mut asking = JoinSet::new();
        for _ in 0..rules.at_once {
            let request = request.clone();
            asking.spawn(async move {
                let began = Instant::now();
                (request.try_send().await, began.elapsed())
            });
        }
        let mut answers = Vec::new();
        for (answer, took) in asking.join_all().await {
            let answer = answer.map_err(|error| format!("no answer: {error}"))?;
            answers.push((answer, took));
        }
        Ok(answers)
    }

    async fn request(&self, rules: &AskRules) -> Result<Ask, String> {
        let usual = &self.case.usual.ask;
        let scope = rules.scope.as_deref().unwrap_or(&usual.scope);
        let identity = rules.identity.as_deref().unwrap_or(&usual.identity);
        // The slash as it is, as octo-sts/action sends it.
        let target = rules
            .target
            .clone()
            .unwrap_or_else(|| format!("/sts/exchange?scope={scope}&identity={identity}"));
        let mut ask = Ask::new(
            self.running.authority(),
            self.secrets.clone(),
            rules.method.as_str(),
            target,
        );
        let run = rules.run.as_deref();
        match (&rules.authorization, &rules.token) {
            (Some(values), _) => {
                for value in values {
                    ask = ask.header("authorization", value);
                }
            }
            (None, Some(Value::String(token))) => ask = ask.bearer(token),
            (None, token) => {
                let request = match token {
                    Some(Value::Object(request)) => request.clone(),
                    None => Map::new(),
                    Some(other) => return Err(format!("{other} is no token")),
                };
                let token = token::make(self.case, self.stage, run, request).await?;
                ask = ask.bearer(&token);
            }
        }
        for (name, value) in &rules.headers {
            ask = ask.header(name, value);
        }
        Ok(ask.body(&rules.media_type, rules.body.clone()))
    }

    /// Gives names to what later steps use.
    async fn keep(&mut self, step: &Step, answer: Option<&Answer>) -> Result<(), String> {
        for (name, place) in &step.keep {
            let (source, member) = place.split_once('/').unwrap_or_default();
            let from = match source {
                "answer" => answer.map(Answer::json).unwrap_or_default(),
                "simulator" => self.obeyed.clone(),
                "record" => {
                    let decision = answer.map(Answer::decision).unwrap_or_default();
                    self.record(&decision).await?
                }
                _ => {
                    return Err(format!(
                        "{place:?} is not answer/…, record/… or simulator/…"
                    ));
                }
            };
            let found = from.pointer(&format!("/{member}")).cloned();
            let found = found.ok_or_else(|| format!("no {member:?} in {from}"))?;
            self.kept.insert(name.clone(), found);
        }
        Ok(())
    }
}

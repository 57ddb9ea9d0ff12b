//! Cases by host.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::case::Case;
use crate::hosts::Host;
use crate::run::{Elsewhere, Outcome, run};

/// Cases at the same time: they wait more than they work.
const TOGETHER: usize = 4;

/// What became of each case on each host.
#[derive(Clone, Debug, Default)]
pub struct Table {
    cases: Vec<(String, String)>,
    /// A host's name, and its outcomes in the order of the cases.
    hosts: Vec<(String, Vec<Outcome>)>,
    /// The SHA-256 of what they all ran.
    artifact: Option<String>,
}

impl Table {
    /// A table without hosts.
    #[must_use]
    pub fn new(cases: &[Case]) -> Self {
        let case = |case: &Case| (case.name.clone(), case.about.clone());
        Self {
            cases: cases.iter().map(case).collect(),
            hosts: Vec::new(),
            artifact: None,
        }
    }

    /// Says what all hosts ran.
    pub fn ran(&mut self, artifact_sha256: String) {
        self.artifact = Some(artifact_sha256);
    }

    /// Runs all cases on a host; `progress` hears of each one that ended.
    pub async fn add(&mut self, cases: &[Case], host: Arc<dyn Host>, progress: impl Fn(&str)) {
        let places = Arc::new(Semaphore::new(TOGETHER));
        let mut running = JoinSet::new();
        for (number, case) in cases.iter().cloned().enumerate() {
            let (host, places) = (Arc::clone(&host), Arc::clone(&places));
            running.spawn(async move {
                let _place = places.acquire().await;
                (number, run(&case, &*host).await)
            });
        }
        let unknown = || Outcome::Failed("the kit itself failed".to_owned());
        let mut outcomes: Vec<Outcome> = cases.iter().map(|_| unknown()).collect();
        while let Some(ended) = running.join_next().await {
            let Ok((number, outcome)) = ended else {
                continue;
            };
            if let (Some(case), Some(place)) = (cases.get(number), outcomes.get_mut(number)) {
                progress(&format!(
                    "{}: {}: {}",
                    host.name(),
                    case.name,
                    cell(&outcome)
                ));
                *place = outcome;
            }
        }
        self.hosts.push((host.name().to_owned(), outcomes));
    }

    /// Runs all cases, one after the other, on a service that somebody else started.
    pub async fn add_elsewhere(
        &mut self,
        cases: &[Case],
        service: &Elsewhere,
        progress: impl Fn(&str),
    ) {
        let mut outcomes = Vec::new();
        for case in cases {
            let outcome = service.run(case).await;
            progress(&format!("{}: {}", case.name, cell(&outcome)));
            outcomes.push(outcome);
        }
        self.hosts.push(("url".to_owned(), outcomes));
    }

    /// Whether any case failed anywhere.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.all()
            .any(|outcome| matches!(outcome, Outcome::Failed(_)))
    }

    /// How many cases passed anywhere.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.all()
            .filter(|outcome| **outcome == Outcome::Passed)
            .count()
    }

    fn all(&self) -> impl Iterator<Item = &Outcome> {
        self.hosts.iter().flat_map(|(_, outcomes)| outcomes)
    }

    /// As text, for people: the table, what failed and why, and a line for each host.
    #[must_use]
    pub fn text(&self, coloured: bool) -> String {
        let first = self.cases.iter().map(|(name, _)| name.len()).max();
        let first = first.unwrap_or_default().max("case".len());
        let mut text = format!("{:first$}", "case");
        let width = |(name, outcomes): &(String, Vec<Outcome>)| {
            let cells = outcomes.iter().map(|outcome| cell(outcome).len());
            cells.max().unwrap_or_default().max(name.len())
        };
        for host in &self.hosts {
            text.push_str(&format!("  {:1$}", host.0, width(host)));
        }
        for (number, (name, _)) in self.cases.iter().enumerate() {
            text.push_str(&format!("\n{name:first$}"));
            for host in &self.hosts {
                let Some(outcome) = host.1.get(number) else {
                    continue;
                };
                let padded = format!("{:1$}", cell(outcome), width(host));
                text.push_str(&format!("  {}", colour(outcome, &padded, coloured)));
            }
        }
        text = text
            .lines()
            .map(|line| format!("{}\n", line.trim_end()))
            .collect();
        text.push('\n');
        for (name, outcomes) in &self.hosts {
            for ((case, about), outcome) in self.cases.iter().zip(outcomes) {
                if let Outcome::Failed(problem) = outcome {
                    text.push_str(&format!(
                        "FAILED {case} on {name}\n  {about}\n  {problem}\n"
                    ));
                }
            }
        }
        for (name, outcomes) in &self.hosts {
            let [passed, failed, not_run] = counts(outcomes);
            text.push_str(&format!(
                "{name}: {passed} passed, {failed} failed, {not_run} not run\n"
            ));
        }
        if let Some(artifact) = &self.artifact {
            text.push_str(&format!("all of them ran sha256 {artifact}\n"));
        }
        text
    }

    /// The same for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let case = |(number, (name, about)): (usize, &(String, String))| {
            let hosts: serde_json::Map<String, Value> = self
                .hosts
                .iter()
                .filter_map(|(host, outcomes)| Some((host.clone(), as_json(outcomes.get(number)?))))
                .collect();
            json!({"case": name, "about": about, "hosts": hosts})
        };
        let hosts: serde_json::Map<String, Value> = self
            .hosts
            .iter()
            .map(|(host, outcomes)| {
                let [passed, failed, not_run] = counts(outcomes);
                let counts = json!({"passed": passed, "failed": failed, "not_run": not_run});
                (host.clone(), counts)
            })
            .collect();
        json!({
            "ok": !self.failed(),
            "artifact_sha256": self.artifact,
            "hosts": hosts,
            "cases": self.cases.iter().enumerate().map(case).collect::<Vec<_>>(),
        })
    }
}

fn as_json(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Passed => json!({"outcome": "passed"}),
        Outcome::Failed(problem) => json!({"outcome": "failed", "why": problem}),
        Outcome::NotRun(reason) => json!({"outcome": "not run", "why": reason}),
    }
}

fn cell(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Passed => "passed".to_owned(),
        Outcome::Failed(_) => "FAILED".to_owned(),
        Outcome::NotRun(reason) => format!("not run: {reason}"),
    }
}

fn colour(outcome: &Outcome, text: &str, coloured: bool) -> String {
    let code = match outcome {
        Outcome::Passed => "32",
        Outcome::Failed(_) => "31",
        Outcome::NotRun(_) => "33",
    };
    if coloured {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

/// Passed, failed, not run.
fn counts(outcomes: &[Outcome]) -> [usize; 3] {
    let mut counts = [0; 3];
    let [passed, failed, not_run] = &mut counts;
    for outcome in outcomes {
        *match outcome {
            Outcome::Passed => &mut *passed,
            Outcome::Failed(_) => &mut *failed,
            Outcome::NotRun(_) => &mut *not_run,
        } += 1;
    }
    counts
}

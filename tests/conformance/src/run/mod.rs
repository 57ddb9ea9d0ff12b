//! One case on one host.

mod calls;
mod check;
mod compare;
mod elsewhere;
mod look;
mod play;
mod stage;
mod token;

use serde_json::{Value, json};

pub use elsewhere::Elsewhere;

use crate::captured::check_chain;
use crate::case::{Case, Need, Needs, Words};
use crate::hosts::{Host, NoStart, Running};
use crate::secrets::Secrets;
use play::Play;
use stage::Stage;

/// The words that the kit adds, beside `issuer.NAME` and `id.LOGIN` or `id.OWNER/REPOSITORY`.
pub(crate) const WORDS: [&str; 9] = [
    "actions",
    "issuer",
    "issuer_host",
    "issuer_keys",
    "github",
    "web",
    "domain",
    "app_key",
    "another_app_key",
];

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was as expected.
    Passed,
    /// Something was not: where and what.
    Failed(String),
    /// It says nothing about the host: why it was not run.
    NotRun(String),
}

/// Runs a case in a world of its own.
pub async fn run(case: &Case, host: &dyn Host) -> Outcome {
    if let Some(reason) = case.not_for(host.offers()) {
        return Outcome::NotRun(reason);
    }
    let has_clock = host.offers().contains(&Need::Clock);
    let stage = match Stage::alone(case, has_clock).await {
        Ok(stage) => stage,
        Err(problem) => return Outcome::Failed(format!("before the first step: {problem}")),
    };
    let settings = match stage.settings(case) {
        Ok(settings) => settings,
        Err(problem) => return Outcome::Failed(format!("settings: {problem}")),
    };
    let running = match host.start(settings).await {
        Ok(running) => running,
        Err(NoStart::Absent(reason)) => return Outcome::NotRun(reason),
        Err(NoStart::Broken(problem)) => {
            return Outcome::Failed(format!("did not start: {problem}"));
        }
    };
    match perform(case, &stage, &*running, host.offers()).await {
        Ok(()) => Outcome::Passed,
        Err(problem) => Outcome::Failed(problem),
    }
}

/// Plays the steps, stops the service, and searches what it left behind.
async fn perform(
    case: &Case,
    stage: &Stage,
    running: &dyn Running,
    offers: &Needs,
) -> Result<(), String> {
    let secrets = Secrets::default();
    secrets.add(&crate::keys::app_key().pem());
    let mut play = Play::new(case, stage, running, offers, secrets.clone());
    let mut played = play.all_steps().await;
    running.stop().await;
    if played.is_ok() {
        played = play.at_the_end();
    }
    played?;
    let audit = running.audit();
    if audit.first().is_some_and(|line| is_chained(line)) {
        check_chain(&audit).map_err(|problem| format!("the audit chain: {problem}"))?;
    }
    match secrets.leaked(audit.into_iter().chain(running.log())) {
        Some(line) => Err(format!("a secret leaked: {line}")),
        None => Ok(()),
    }
}

/// Whether a record carries a chain; a platform without one says `none`.
fn is_chained(line: &str) -> bool {
    let record: Value = serde_json::from_str(line).unwrap_or_default();
    record.get("chain").is_some_and(Value::is_object)
}

/// The ids of a world, as `id.LOGIN` and `id.OWNER/REPOSITORY`, all of them so much larger.
pub(crate) fn ids(world: Option<&Value>, larger: u64) -> Words {
    let list = |name: &str| {
        let list = world.and_then(|world| world.get(name)?.as_array());
        list.into_iter().flatten()
    };
    let text = |entry: &Value, name: &str| Some(entry.get(name)?.as_str()?.to_owned());
    let id = |entry: &Value| Some(json!(entry.get("id")?.as_u64()? + larger));
    let accounts = list("accounts")
        .filter_map(|entry| Some((format!("id.{}", text(entry, "login")?), id(entry)?)));
    let repositories = list("repositories").filter_map(|entry| {
        let (owner, name) = (text(entry, "owner")?, text(entry, "name")?);
        Some((format!("id.{owner}/{name}"), id(entry)?))
    });
    accounts.chain(repositories).collect()
}

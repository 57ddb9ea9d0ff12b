//! For tests in Rust: one test's world of a GitHub, its issuers, our host and a client.

mod answer;
mod building;
mod policies;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use host_wasmtime::{Host, ManualClock};
use serde_json::Value;
use simulator::{ActionsWorkload, GitHub, Route, Simulator};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::answer::Answer;
use crate::captured::{FailingAudit, Lines, check_chain, sha256_hex};
use crate::client::Ask;
use crate::secrets::Secrets;

pub use answer::Granted;
pub use building::Building;
pub(crate) use building::usual_settings;
pub use policies::Policy;

/// The audience of this server.
pub const DOMAIN: &str = "sts.example.test";
/// When every world begins, in Unix seconds: the middle of a day in 2026.
pub const NOW: i64 = 1_790_000_000;
/// The App's id.
pub const APP: u64 = 1001;

/// What is waited for comes within this time or never.
const PATIENCE: Duration = Duration::from_secs(20);

/// A world. When it is dropped, everything that was written and said is searched for secrets, and the audit chain is
/// checked.
pub struct World {
    /// GitHub and the issuers.
    pub sim: Simulator,
    /// The service, without its socket.
    pub host: Host,
    /// The host's log, at level debug, as JSON.
    pub log: Lines,
    /// The audit records.
    pub audit: FailingAudit,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) address: SocketAddr,
    pub(crate) serving: Serving,
    pub(crate) secrets: Secrets,
}

/// The host at its socket.
pub(crate) struct Serving {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Serving {
    pub(crate) fn start(host: Host, listener: TcpListener) -> Self {
        let (stop, mut stopped) = watch::channel(false);
        let task = tokio::spawn(async move {
            let shutdown = async move {
                let _ = stopped.wait_for(|stop| *stop).await;
            };
            host.serve(listener, shutdown).await.expect("serving");
        });
        Self { stop, task }
    }

    /// Serves no more, and returns when nothing is under way, or after a minute.
    pub(crate) async fn stop(&mut self) {
        let _ = self.stop.send(true);
        let _ = tokio::time::timeout(PATIENCE * 3, &mut self.task).await;
    }
}

impl World {
    /// The usual world.
    pub async fn new() -> Self {
        Building::default().start().await
    }

    /// GitHub.
    #[must_use]
    pub fn github(&self) -> &GitHub {
        self.sim.github()
    }

    /// A request.
    pub fn ask(&self, method: &'static str, target: impl Into<String>) -> Ask {
        Ask::new(
            self.address.to_string(),
            self.secrets.clone(),
            method,
            target.into(),
        )
    }

    /// `GET /sts/exchange`, as octo-sts/action sends it.
    pub async fn exchange(&self, token: &str, scope: &str, identity: &str) -> Answer {
        let target = format!("/sts/exchange?scope={scope}&identity={identity}");
        self.ask("GET", target).bearer(token).send().await
    }

    /// The usual exchange: a push to `acme/app` asks for `acme/app`'s policy `ci`.
    pub async fn usual(&self) -> Answer {
        let token = self.token(&self.run("acme", "app"));
        self.exchange(&token, "acme/app", "ci").await
    }

    /// A workflow run in a repository, with this server's audience.
    #[must_use]
    pub fn run(&self, owner: &str, repository: &str) -> ActionsWorkload {
        let run = self.github().workload(owner, repository).unwrap();
        run.audience(DOMAIN)
    }

    /// The run's ID token.
    #[must_use]
    pub fn token(&self, run: &ActionsWorkload) -> String {
        self.sim.actions_issuer().token(run.claims()).unwrap()
    }

    /// Writes a policy into a repository (`acme/app`).
    pub fn put_policy(&self, repository: &str, name: &str, text: impl AsRef<[u8]>) {
        let (owner, repository) = repository.split_once('/').expect("owner/repository");
        let path = format!(".github/chainguard/{name}.sts.yaml");
        self.github()
            .put_file(owner, repository, &path, text)
            .unwrap();
    }

    /// Moves the clock of all parts.
    pub fn advance(&self, seconds: u32) {
        self.sim.clock().advance(seconds.into());
        self.clock.advance(Duration::from_secs(seconds.into()));
    }

    /// How many calls of each route GitHub and the issuers got since [`Self::forget_calls`].
    #[must_use]
    pub fn calls(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for call in self.sim.calls() {
            *counts.entry(call.route.name()).or_default() += 1;
        }
        counts
    }

    /// How many calls GitHub's API got.
    #[must_use]
    pub fn github_calls(&self) -> usize {
        let issuers = [Route::Discovery, Route::Jwks];
        let calls = self.sim.calls();
        calls
            .iter()
            .filter(|call| !issuers.contains(&call.route))
            .count()
    }

    /// Counts calls from here.
    pub fn forget_calls(&self) {
        self.sim.clear_calls();
    }

    /// The lines of the audit trail so far, as written.
    #[must_use]
    pub fn audit_lines(&self) -> Vec<String> {
        self.audit.lines.all()
    }

    /// The audit records so far.
    #[must_use]
    pub fn records(&self) -> Vec<Value> {
        self.audit.lines.json()
    }

    /// The record of a decision.
    ///
    /// # Panics
    /// There is none, or more than one.
    #[must_use]
    #[track_caller]
    pub fn record(&self, decision: &str) -> Value {
        let mut records = self.records();
        records.retain(|record| record["decision"] == decision);
        assert_eq!(records.len(), 1, "one record of a decision");
        records.remove(0)
    }

    /// Whether the log has this line about a decision.
    #[must_use]
    pub fn logged(&self, decision: &str, message: &str) -> bool {
        let lines = self.log.json();
        lines
            .iter()
            .any(|line| line["decision"] == decision && line["msg"] == message)
    }

    /// Waits until something is so that happens by itself, after an answer for example.
    ///
    /// # Panics
    /// It is not so within 20 seconds.
    pub async fn until(&self, what: &str, so: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !so(self) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(
            waited.is_ok(),
            "not within {PATIENCE:?}: {what}; calls: {:?}",
            self.calls()
        );
    }

    /// Waits until this many tokens of GitHub's are alive: those that callers have, when the others are revoked.
    pub async fn until_live(&self, tokens: usize) {
        self.until(&format!("{tokens} live tokens"), |world| {
            world.github().live_tokens() == tokens
        })
        .await;
    }

    /// Serves no more, and returns when nothing is under way: what did not happen until then never will.
    ///
    /// # Panics
    /// The host does not come to rest.
    pub async fn close(&mut self) {
        let _ = self.serving.stop.send(true);
        let stopped = tokio::time::timeout(PATIENCE * 3, &mut self.serving.task).await;
        stopped.expect("an end within its time").expect("an end");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let written = self.audit.lines.all();
        assert_eq!(check_chain(&written), Ok(()));
        let lines = written.into_iter().chain(self.log.all());
        if let Some(line) = self.secrets.leaked(lines) {
            panic!("a secret leaked: {line}");
        }
    }
}

/// The SHA-256 of a token, in hex, as audit records have it.
#[must_use]
pub fn token_sha256(token: &str) -> String {
    sha256_hex(token.as_bytes())
}

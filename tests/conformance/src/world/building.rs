//! Making a [`World`].

use std::collections::BTreeMap;
use std::sync::Arc;

use host_wasmtime::cache::Cache;
use host_wasmtime::{Host, Limits, ManualClock, Settings};
use simulator::{AccountKind, Algorithm, AppKey, Clock, RepositorySelection, Simulator};
use tokio::net::TcpListener;

use crate::built;
use crate::captured::{FailingAudit, Lines};
use crate::keys::{app_key, signing_key};
use crate::secrets::Secrets;
use crate::world::{APP, DOMAIN, NOW, Policy, Serving, World};

/// What the App may do where it is installed.
const INSTALLED: [(&str, &str); 5] = [
    ("contents", "write"),
    ("issues", "write"),
    ("pull_requests", "write"),
    ("checks", "write"),
    ("administration", "read"),
];

/// A world that is not there yet.
#[derive(Default)]
#[must_use]
pub struct Building {
    settings: BTreeMap<String, Option<String>>,
    limits: Limits,
    cache: Option<Arc<dyn Cache>>,
}

impl Building {
    /// Sets a variable, or another value for one of the usual ones.
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.settings.insert(name.to_owned(), Some(value.into()));
        self
    }

    /// Leaves out one of the usual variables.
    pub fn unset(mut self, name: &str) -> Self {
        self.settings.insert(name.to_owned(), None);
        self
    }

    /// How much the host takes on.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Where the component remembers, instead of the host's memory.
    pub fn cache(mut self, cache: Arc<dyn Cache>) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Starts everything.
    ///
    /// # Panics
    /// The component was not built, or a part does not start.
    pub async fn start(mut self) -> World {
        let sim = Simulator::builder()
            .clock(Clock::fixed(NOW))
            .issuer_key(signing_key(Algorithm::Rs256, "foreign"))
            .actions_key(signing_key(Algorithm::Rs256, "actions"))
            .start()
            .await
            .expect("a simulator");
        furnish(&sim);
        let clock = ManualClock::at(u64::try_from(NOW).unwrap() * 1000);
        let (log, audit, secrets) = (
            Lines::default(),
            FailingAudit::default(),
            Secrets::default(),
        );
        secrets.add(&app_key().pem());
        let mut builder = Host::of(&built::compiled(built::ARTIFACT).unwrap());
        if let Some(cache) = self.cache.take() {
            builder = builder.cache(cache);
        }
        let host = builder
            .settings(Settings::from_vars(self.variables(&sim)))
            .clock(clock.clone())
            .limits(self.limits)
            .audit(Box::new(audit.clone()))
            .log(Box::new(log.clone()))
            .build()
            .await
            .expect("a host");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        World {
            sim,
            clock,
            address,
            serving: Serving::start(host.clone(), listener),
            host,
            log,
            audit,
            secrets,
        }
    }

    fn variables(&self, sim: &Simulator) -> Vec<(String, String)> {
        let usual = usual_settings(sim, &app_key()).into_iter();
        let mut all: BTreeMap<String, Option<String>> =
            usual.map(|(name, value)| (name, Some(value))).collect();
        all.extend(self.settings.clone());
        let set = |(name, value): (String, Option<String>)| Some((name, value?));
        all.into_iter().filter_map(set).collect()
    }
}

/// The settings that every service here has.
pub(crate) fn usual_settings(sim: &Simulator, key: &AppKey) -> BTreeMap<String, String> {
    let issuer = sim.issuer().url();
    [
        ("GITHUB_APP_IDS", APP.to_string()),
        ("APP_SECRET_CERTIFICATE_ENV_VAR", key.pem()),
        ("STS_DOMAIN", DOMAIN.to_owned()),
        ("GITHUB_BASE_URL", sim.github().base_url()),
        (
            "OCTOSTS_PRIVATE_ISSUERS",
            issuer.split_once("://").unwrap().1.to_owned(),
        ),
        ("LOG_FORMAT", "json".to_owned()),
        ("LOG_LEVEL", "debug".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// `acme` and `globex` with the App, `jane` without; a policy `ci` in `acme/app`.
fn furnish(sim: &Simulator) {
    let github = sim.github();
    github.add_app_with_key(APP, "octo", app_key()).unwrap();
    for (login, id, kind) in [
        ("acme", 7001, AccountKind::Organization),
        ("globex", 7002, AccountKind::Organization),
        ("jane", 7003, AccountKind::User),
    ] {
        github.add_account(login, id, kind).unwrap();
    }
    for (owner, name, id, private) in [
        ("acme", "app", 8001, true),
        ("acme", "web", 8002, false),
        ("acme", "lib", 8003, true),
        ("acme", ".github", 8004, true),
        ("globex", "tool", 8101, true),
        ("jane", "notes", 8201, true),
    ] {
        github.add_repository(owner, name, id, private).unwrap();
        github
            .put_file(owner, name, "README.md", format!("{owner}/{name}"))
            .unwrap();
    }
    for owner in ["acme", "globex"] {
        let all = RepositorySelection::All;
        github.install(APP, owner, INSTALLED, all).unwrap();
    }
    let policy = Policy::new(
        &sim.actions_issuer().url(),
        "repo:acme/app:ref:refs/heads/main",
    );
    let path = ".github/chainguard/ci.sts.yaml";
    github.put_file("acme", "app", path, policy.text()).unwrap();
}

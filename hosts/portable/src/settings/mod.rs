//! The settings of a deployment, read once from names and values (the environment, or flags under the same names).
//!
//! Nothing is refused half-way: every problem is collected, each as `SETTING: what` and never with a value, so that an
//! operator fixes a deployment in one go. Secrets stay in this process and never reach the guest.

mod address;
mod apps;
mod go_syntax;
mod names;
mod read;

pub use names::ask;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use address::HostPort;

/// A secret text. `Debug` shows that there is one, nothing more.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where the private key of an App comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A PEM file, read at start and again when GitHub refuses a JWT (rule 8).
    File(PathBuf),
    /// The PEM text itself.
    Text(Secret),
}

/// A configured GitHub App.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSettings {
    /// Its id.
    pub id: u64,
    /// What policies may call it.
    pub name: Option<String>,
    /// Its private key.
    pub key: KeySource,
    /// The setting to blame for the key.
    pub setting: String,
}

/// The Apps that serve an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolSettings {
    /// In lower case, or `*`: everybody who has no pool.
    pub owner: String,
    /// The ids of its Apps, in order.
    pub apps: Vec<u64>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One readable line.
    Text,
    /// One JSON object on a line.
    Json,
}

/// How much is logged. The order is that of severity: a level includes all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something failed that an operator must look at.
    Error,
    /// Something is not as it should be.
    Warn,
    /// What a running service does.
    Info,
    /// What helps to find a fault.
    Debug,
}

/// OCTOSTS_DEADLINE where it is not set.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(25);

/// All settings of a deployment. See [`Settings::from_vars`].
#[derive(Debug, Clone)]
pub struct Settings {
    /// What the guest may read, by lower-case name.
    values: BTreeMap<&'static str, String>,
    problems: Vec<String>,
    notices: Vec<String>,
    port: Option<u16>,
    deadline: Duration,
    /// The configured Apps.
    pub apps: Vec<AppSettings>,
    /// Which of them serve whom.
    pub pools: Vec<PoolSettings>,
    /// GITHUB_WEBHOOK_SECRET.
    pub webhook_secrets: Vec<Secret>,
    /// OCTOSTS_CACHE_SECRET: what values in a store outside the process are sealed with (rule 10).
    pub cache_secret: Option<Secret>,
    /// OCTOSTS_PRIVATE_ISSUERS.
    pub private_issuers: Vec<HostPort>,
    /// The authority of GITHUB_BASE_URL, where it is set.
    pub github: Option<HostPort>,
    /// The authority of EVENT_INGRESS_URI, where it is set.
    pub events: Option<HostPort>,
    /// SSL_CERT_FILE.
    pub ssl_cert_file: Option<PathBuf>,
    /// LOG_FORMAT.
    pub log_format: Option<LogFormat>,
    /// LOG_LEVEL; info where it is not set.
    pub log_level: LogLevel,
    /// OCTOSTS_AUDIT_FILE.
    pub audit_file: Option<PathBuf>,
    /// OCTOSTS_AUDIT_SYNC.
    pub audit_sync: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self::from_vars([])
    }
}

impl Settings {
    /// Reads settings by octo-sts's rules: a variable that is not set and one that is empty are two things, lists are
    /// split at commas, durations are Go's. Variables of other names are ignored, but a name that begins with `OCTOSTS_`
    /// and is not known is listed in [`notices`](Self::notices). Of a name given twice the last value counts. No file is
    /// read: APP_CONFIG_FILE is a problem.
    #[must_use]
    pub fn from_vars(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        Self::with_files(vars, &|_| None)
    }

    /// The same where there are files: `file` reads a whole one, or says no.
    #[must_use]
    pub fn with_files(
        vars: impl IntoIterator<Item = (String, String)>,
        file: &dyn Fn(&Path) -> Option<Vec<u8>>,
    ) -> Self {
        read::read(vars, file)
    }

    /// Everything that is wrong, as `SETTING: what`. Values never appear.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// What is set but has no effect yet, as `SETTING: what`: to be logged at start.
    #[must_use]
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// PORT, if it is set and well formed.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Makes an absent PORT a problem: a program must know where to listen, an embedder brings its own listener.
    pub fn require_port(&mut self) {
        let named = self.problems.iter().any(|text| text.starts_with("PORT:"));
        if self.port.is_none() && !named {
            self.problems.push("PORT: is required".to_owned());
        }
    }

    /// A setting by its name in lower case, as the guest reads it. Secrets read as none.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// OCTOSTS_DEADLINE: how long one request may take.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// The ids of the configured Apps, in order.
    pub fn app_ids(&self) -> impl Iterator<Item = u64> + '_ {
        self.apps.iter().map(|app| app.id)
    }

    /// The pools, each App with its name.
    pub fn pools(&self) -> impl Iterator<Item = (&str, Vec<&AppSettings>)> {
        self.pools.iter().map(|pool| {
            let apps = self.apps.iter().filter(|app| pool.apps.contains(&app.id));
            (pool.owner.as_str(), apps.collect())
        })
    }

    /// Adds what only the platform could see, as `SETTING: what`.
    pub fn add_problem(&mut self, problem: String) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

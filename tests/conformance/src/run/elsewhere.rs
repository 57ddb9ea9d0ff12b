//! A service that somebody else started: one GitHub for all cases, and every case with names of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use simulator::Clock;
use tokio::net::TcpStream;

use super::stage::{Ground, Stage};
use super::{Outcome, perform};
use crate::case::{Case, Need, Needs};
use crate::hosts::Running;
use crate::keys::app_key;

/// The service answers within this time after it was told what it must have, or never.
const START: Duration = Duration::from_secs(300);
/// Ids of a case are this much larger than those of the case before it.
const STRIDE: u64 = 100_000;
/// The logins of `usual.toml`, in place of which each case has its own.
const LOGINS: [&str; 3] = ["acme", "globex", "jane"];

/// A service at a URL, and the GitHub that it must be told to use.
pub struct Elsewhere {
    ground: Arc<Ground>,
    service: There,
    offers: Needs,
    key: KeyFile,
    stages: BTreeMap<String, Stage>,
}

struct There {
    authority: String,
}

impl Running for There {
    fn authority(&self) -> String {
        self.authority.clone()
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {})
    }
}

/// The App's key on disk, as long as the kit runs.
struct KeyFile(PathBuf);

impl KeyFile {
    fn write() -> Result<Self, String> {
        let name = format!("conformance-app-{}.pem", std::process::id());
        let path = std::env::temp_dir().join(name);
        let text = |error: std::io::Error| format!("{}: {error}", path.display());
        let mut options = std::fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(text)?;
        file.write_all(app_key().pem().as_bytes()).map_err(text)?;
        Ok(Self(path))
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Elsewhere {
    /// Gives the case of this number names of its own.
    #[must_use]
    pub fn rename(number: usize, text: &str) -> String {
        let renamed =
            |text: String, login: &&str| text.replace(*login, &format!("{login}-c{number}"));
        LOGINS.iter().fold(text.to_owned(), renamed)
    }

    /// Opens GitHub and the issuers at these addresses, with the worlds of all cases. `ours`: the service is ours, and not
    /// octo-sts itself.
    ///
    /// # Errors
    /// The URL is not `http://HOST[:PORT]`, an address is taken, or a world is wrong.
    pub async fn open(
        url: &str,
        at: (SocketAddr, SocketAddr),
        cases: &[Case],
        ours: bool,
    ) -> Result<Self, String> {
        let authority = url
            .strip_prefix("http://")
            .map(|rest| rest.trim_end_matches('/'))
            .filter(|rest| !rest.is_empty() && !rest.contains('/'))
            .ok_or_else(|| format!("{url:?} is not http://HOST:PORT"))?;
        let port = if authority.contains(':') { "" } else { ":80" };
        let ground = Ground::open(Clock::system(), false, Some(at)).await?;
        let mut all = Self {
            ground: Arc::new(ground),
            service: There {
                authority: format!("{authority}{port}"),
            },
            offers: ours.then_some(Need::Ours).into_iter().collect(),
            key: KeyFile::write()?,
            stages: BTreeMap::new(),
        };
        for (number, case) in (1_u64..).zip(cases) {
            if case.not_for(&all.offers).is_some() {
                continue;
            }
            let prefix = format!("c{number}-");
            let ground = Arc::clone(&all.ground);
            let stage = Stage::furnish(case, ground, STRIDE * number, &prefix).await;
            let stage = stage.map_err(|problem| format!("{}: {problem}", case.name))?;
            all.stages.insert(case.name.clone(), stage);
        }
        Ok(all)
    }

    /// What the service must be told, as `NAME=value`.
    #[must_use]
    pub fn demands(&self) -> Vec<String> {
        let mut settings = crate::world::usual_settings(&self.ground.sim, &app_key());
        settings.remove("APP_SECRET_CERTIFICATE_ENV_VAR");
        settings.retain(|name, _| !name.starts_with("LOG_"));
        let issuers = self.stages.values().flat_map(Stage::issuers);
        let issuers: BTreeSet<String> = issuers.collect();
        let issuers: Vec<String> = issuers.into_iter().collect();
        settings.insert("OCTOSTS_ALLOWED_ISSUERS".to_owned(), issuers.join(","));
        let file = self.key.0.display().to_string();
        settings.insert("APP_SECRET_CERTIFICATE_FILE".to_owned(), file);
        let line = |(name, value): (String, String)| format!("{name}={value}");
        settings.into_iter().map(line).collect()
    }

    /// Returns when somebody listens at the URL.
    ///
    /// # Errors
    /// Nobody does within five minutes.
    pub async fn until_there(&self) -> Result<(), String> {
        let authority = &self.service.authority;
        let waiting = async {
            while TcpStream::connect(authority).await.is_err() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        let waited = tokio::time::timeout(START, waiting).await;
        waited.map_err(|_| format!("nobody listens at {authority}"))
    }

    /// Runs a case there.
    pub async fn run(&self, case: &Case) -> Outcome {
        if let Some(reason) = case.not_for(&self.offers) {
            return Outcome::NotRun(reason);
        }
        let Some(stage) = self.stages.get(&case.name) else {
            return Outcome::Failed("its world was not furnished".to_owned());
        };
        match perform(case, stage, &self.service, &self.offers).await {
            Ok(()) => Outcome::Passed,
            Err(problem) => Outcome::Failed(problem),
        }
    }
}

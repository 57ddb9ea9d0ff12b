//! App JWTs: the one thing this host signs (rules 6 to 8).
//!
//! The guest names an App and nothing else. Times come from the host's clock, on a grid, so that one signature serves
//! all requests of a step and a subverted guest gets no assertion that is valid later than the step allows.

mod key;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::journal::Log;
use key::AppKey;
use portable::grid::Step;
use portable::{AppSettings, KeySource, LogLevel};

/// Reading a key and signing together take at most this.
const LIMIT: Duration = Duration::from_secs(10);

/// Why there is no JWT.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoJwt {
    /// No such App is configured.
    UnknownApp,
    /// The key cannot be used now; for the log.
    Unavailable(String),
}

/// Signs for the configured Apps.
pub(crate) struct Signer {
    apps: HashMap<u64, App>,
    clock: Arc<dyn Clock>,
    log: Arc<Log>,
}

struct App {
    source: KeySource,
    state: Mutex<AppState>,
}

struct AppState {
    key: Option<AppKey>,
    current: Option<Current>,
}

/// The JWT of a step.
struct Current {
    step: Step,
    jwt: String,
    /// GitHub refused it or its predecessor in this step already: the keys were read anew, and are not again.
    refused: bool,
}

impl Signer {
    /// Reads the keys of `apps`. Those that can't be used are named in the second value, as `SETTING: what`.
    pub(crate) fn new(
        apps: &[AppSettings],
        clock: Arc<dyn Clock>,
        log: Arc<Log>,
    ) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let mut made = HashMap::new();
        for app in apps {
            let key = AppKey::read(&app.key).map_err(|what| {
                problems.push(format!("{}: {what}", app.key.setting()));
            });
            let state = AppState {
                key: key.ok(),
                current: None,
            };
            let app_ = App {
                source: app.key.clone(),
                state: Mutex::new(state),
            };
            made.insert(app.id, app_);
        }
        let signer = Self {
            apps: made,
            clock,
            log,
        };
        (signer, problems)
    }

    /// The JWT of the current step for App `id`. With `refused` (GitHub answered 401) keys are read anew and signing is
    /// done again, at most once for each App and step; the same JWT coming back says that repeating the call is useless.
    ///
    /// # Errors
    /// [`NoJwt`]; after 10 seconds the key counts as unavailable.
    pub(crate) async fn app_jwt(&self, id: u64, refused: bool) -> Result<String, NoJwt> {
        let app = self.apps.get(&id).ok_or(NoJwt::UnknownApp)?;
        let work = async {
            let mut state = app.state.lock().await;
            let step = Step::at(self.clock.now_unix_ms() / 1000, id);
            if let Some(current) = &state.current
                && current.step == step
                && (current.refused || !refused)
            {
                return Ok(current.jwt.clone());
            }
            if refused || state.key.is_none() {
                self.read_anew(id, app, &mut state).await;
            }
            self.sign(id, &mut state, step, refused)
        };
        tokio::time::timeout(LIMIT, work)
            .await
            .unwrap_or_else(|_| Err(NoJwt::Unavailable("the key took too long".to_owned())))
    }

    /// Replaces the key if there is a readable one: a file that is being replaced right now must not stop the service.
    async fn read_anew(&self, id: u64, app: &App, state: &mut AppState) {
        let source = app.source.clone();
        let read = tokio::task::spawn_blocking(move || AppKey::read(&source)).await;
        match read {
            Ok(Ok(key)) => state.key = Some(key),
            Ok(Err(what)) => self.warn(id, &format!("{}: {what}", app.source.setting())),
            Err(_) => self.warn(id, "reading the key failed"),
        }
    }

    fn sign(
        &self,
        id: u64,
        state: &mut AppState,
        step: Step,
        refused: bool,
    ) -> Result<String, NoJwt> {
        let unavailable = |what: &str| NoJwt::Unavailable(what.to_owned());
        let key = state
            .key
            .as_ref()
            .ok_or_else(|| unavailable("no usable key"))?;
        let jwt = key
            .sign(&step.claims(id))
            .ok_or_else(|| unavailable("signing failed"))?;
        let cause = if refused { "refused" } else { "step" };
        let fields = [
            ("app".to_owned(), id.to_string()),
            ("step".to_owned(), step.start.to_string()),
            ("cause".to_owned(), cause.to_owned()),
            ("key".to_owned(), key.fingerprint().to_owned()),
        ];
        self.log
            .write(LogLevel::Info, "", "signed an App JWT", &fields);
        let same = state.current.as_ref().is_some_and(|old| old.jwt == jwt);
        if refused && same {
            self.warn(id, "GitHub refuses this key or the clock is wrong");
        }
        state.current = Some(Current {
            step,
            jwt: jwt.clone(),
            refused,
        });
        Ok(jwt)
    }

    fn warn(&self, id: u64, message: &str) {
        let fields = [("app".to_owned(), id.to_string())];
        self.log.write(LogLevel::Warn, "", message, &fields);
    }
}

#[cfg(test)]
mod tests;

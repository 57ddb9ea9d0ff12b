//! A whole platform: what `octo-sts:platform` asks, answered with a clock, randomness, a store, variables and two places
//! to write to. The components in `hosts/` give these and nothing else.
//!
//! Instances live for one request on most platforms, so nothing here is worked out before it is needed.

use std::cell::{Cell, OnceCell, RefCell};

use crate::app_key::AppKey;
use crate::grid::{STEP, Step};
use crate::settings::{AppSettings, KeySource, LogFormat, LogLevel, Secret, Settings};
use crate::table::{NONCE, Name, Table};
use crate::{log_line, settings};

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// `GITHUB_BASE_URL` where it is not set.
const GITHUB: &str = "https://api.github.com";
/// `ORG_POLICY_REPO` where it is not set.
const POLICY_REPOSITORY: &str = ".github";

/// A store that took so long, in milliseconds, is asked nothing for a while: its calls can't be given up, and their waits
/// add up.
const STORE_PATIENCE_MS: u64 = 1000;
const STORE_REST_MS: u64 = 10_000;

/// What a component stands on. Verbs on the store never fail: a store that is away, refuses or answers garbage has
/// forgotten everything.
pub trait Outside {
    /// The platform's name, for `settings.about`.
    const PLATFORM: &'static str;
    /// Whether work goes on after the answer has left.
    const OUTLIVES: bool;

    /// All settings by their names in upper case, read anew.
    fn variables(&self) -> Vec<(String, String)>;
    /// Milliseconds since the Unix epoch.
    fn now_unix_ms(&self) -> u64;
    /// Fills `bytes` from a source fit for keys.
    fn random(&self, bytes: &mut [u8]);
    /// What the store has under a key.
    fn load(&self, key: &str) -> Option<Vec<u8>>;
    /// Keeps a value.
    fn keep(&self, key: &str, value: &[u8]);
    /// Drops a value.
    fn forget(&self, key: &str);
    /// Writes an audit record as one line.
    ///
    /// # Errors
    /// What went wrong, for the log: the decision then is not answered.
    fn record(&self, line: &str) -> Result<(), String>;
    /// Writes a log line. One that can't be written is lost.
    fn log(&self, line: &str);
}

/// Why there is no App JWT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoJwt {
    /// No such App is configured.
    UnknownApp,
    /// The key cannot be used; for the log.
    Unavailable(&'static str),
}

/// The Apps that serve an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// In lower case, or `*`.
    pub owner: String,
    /// Ids and names.
    pub apps: Vec<(u64, Option<String>)>,
}

/// Where a value belongs; `octo-sts:platform/cache` says what the rooms mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "wit/platform.wit defines the names")]
pub enum Room {
    Kept,
    Negative,
    Unproven,
    Reserved,
}

/// The App JWT of a step, in an instance's memory.
struct Signed {
    app: u64,
    step: Step,
    fingerprint: String,
    jwt: String,
}

/// A platform, for the life of one instance.
pub struct Platform<O> {
    outside: O,
    settings: RefCell<Option<Settings>>,
    table: OnceCell<Option<Table>>,
    signed: RefCell<Vec<Signed>>,
    told_notices: Cell<bool>,
    /// Unix milliseconds until which the store is not asked.
    store_rests_until: Cell<u64>,
}

impl<O: Outside> Platform<O> {
    /// A platform that has read nothing yet.
    pub const fn new(outside: O) -> Self {
        Self {
            outside,
            settings: RefCell::new(None),
            table: OnceCell::new(),
            signed: RefCell::new(Vec::new()),
            told_notices: Cell::new(false),
            store_rests_until: Cell::new(0),
        }
    }

    /// Does something with the settings, which an instance reads once.
    fn settings<T>(&self, with: impl FnOnce(&Settings) -> T) -> T {
        let mut settings = self.settings.borrow_mut();
        with(settings.get_or_insert_with(|| Settings::from_vars(self.outside.variables())))
    }

    /// A setting by its name in lower case. Secrets read as none.
    pub fn setting(&self, name: &str) -> Option<String> {
        self.settings(|settings| settings.get(name).map(str::to_owned))
    }

    /// The pools.
    pub fn pools(&self) -> Vec<Pool> {
        self.settings(|settings| {
            let pools = settings.pools();
            pools
                .map(|(owner, apps)| {
                    let apps = apps.into_iter().map(|app| (app.id, app.name.clone()));
                    Pool {
                        owner: owner.to_owned(),
                        apps: apps.collect(),
                    }
                })
                .collect()
        })
    }

    /// Everything that is wrong with settings and keys, as `SETTING: what`.
    pub fn problems(&self) -> Vec<String> {
        self.settings(|settings| {
            let mut problems = settings.problems().to_vec();
            for app in &settings.apps {
                if let Err(what) = read_key(app) {
                    problems.push(format!("{}: {what}", app.setting));
                }
            }
            problems.dedup();
            problems
        })
    }

    /// The App JWT of the current step (rules 6 to 8): this instance's, the store's, or a new one. With `refused` (GitHub
    /// answered 401) the keys are read anew. A key that was changed signs again; one that was not would sign the same, and
    /// the same comes back.
    ///
    /// # Errors
    /// [`NoJwt`].
    pub fn app_jwt(&self, id: u64, refused: bool) -> Result<String, NoJwt> {
        if refused {
            *self.settings.borrow_mut() = None;
        }
        let app = self.settings(|settings| settings.apps.iter().find(|app| app.id == id).cloned());
        let key = read_key(&app.ok_or(NoJwt::UnknownApp)?).map_err(NoJwt::Unavailable)?;
        let now = self.outside.now_unix_ms();
        let step = Step::at(now / 1000, id);
        let name = Name {
            kind: "app-jwt".to_owned(),
            parts: vec![
                id.to_string(),
                key.fingerprint().to_owned(),
                step.start.to_string(),
            ],
        };
        let known = self
            .remembered(id, step, key.fingerprint())
            .or_else(|| String::from_utf8(self.get(&name)?).ok());
        if let Some(jwt) = known {
            if refused {
                self.warn(id, "GitHub refuses this key or the clock is wrong");
            }
            return Ok(jwt);
        }
        let jwt = key
            .app_jwt(step, id, &|bytes| self.outside.random(bytes))
            .ok_or(NoJwt::Unavailable("the key contradicts itself"))?;
        let cause = if refused { "refused" } else { "step" };
        self.tell_signature(id, step, cause, key.fingerprint());
        let left = ((step.start + STEP) * 1000).saturating_sub(now);
        self.put(&name, Room::Kept, jwt.as_bytes(), left);
        self.signed.borrow_mut().push(Signed {
            app: id,
            step,
            fingerprint: key.fingerprint().to_owned(),
            jwt: jwt.clone(),
        });
        Ok(jwt)
    }

    fn remembered(&self, app: u64, step: Step, fingerprint: &str) -> Option<String> {
        let mut signed = self.signed.borrow_mut();
        signed.retain(|signed| signed.app != app || signed.step == step);
        signed
            .iter()
            .find(|signed| signed.app == app && signed.fingerprint == fingerprint)
            .map(|signed| signed.jwt.clone())
    }

    /// A line for each signature, and with the first one what is set and has no effect: there is no better moment where
    /// an instance lives for one request.
    fn tell_signature(&self, app: u64, step: Step, cause: &str, fingerprint: &str) {
        let fields = [
            ("app", app.to_string()),
            ("step", step.start.to_string()),
            ("cause", cause.to_owned()),
            ("key", fingerprint.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        self.log(LogLevel::Info, "", "signed an App JWT", &fields);
        if !self.told_notices.replace(true) {
            for notice in self.settings(|settings| settings.notices().to_vec()) {
                let fields = [("setting".to_owned(), notice)];
                self.log(LogLevel::Warn, "", "a setting has no effect", &fields);
            }
        }
    }

    fn warn(&self, app: u64, message: &str) {
        let fields = [("app".to_owned(), app.to_string())];
        self.log(LogLevel::Warn, "", message, &fields);
    }

    /// Asks the store, unless it was slow a moment ago: then it has forgotten everything.
    fn ask_store<T>(&self, ask: impl FnOnce(&O) -> T) -> Option<T> {
        let began = self.outside.now_unix_ms();
        if began < self.store_rests_until.get() {
            return None;
        }
        let told = ask(&self.outside);
        let now = self.outside.now_unix_ms();
        let took = now.saturating_sub(began);
        if took >= STORE_PATIENCE_MS {
            self.store_rests_until
                .set(now.saturating_add(STORE_REST_MS));
            let fields = [("took_ms".to_owned(), took.to_string())];
            self.log(LogLevel::Warn, "", "the store is slow", &fields);
        }
        Some(told)
    }

    /// What is kept under a name.
    pub fn get(&self, name: &Name) -> Option<Vec<u8>> {
        let table = self.table()?;
        let slot = table.slot(name);
        let stored = self.ask_store(|outside| outside.load(&slot.key))??;
        table.open(&slot, self.outside.now_unix_ms(), &stored)
    }

    /// Keeps a value. What belongs to strangers (`unproven`) is never written (rule 11).
    pub fn put(&self, name: &Name, room: Room, value: &[u8], keep_ms: u64) {
        if room == Room::Unproven {
            return;
        }
        let Some(table) = self.table() else { return };
        let slot = table.slot(name);
        let mut nonce = [0; NONCE];
        self.outside.random(&mut nonce);
        let expires = self.outside.now_unix_ms().saturating_add(keep_ms);
        if let Some(sealed) = table.seal(&slot, expires, value, nonce) {
            self.ask_store(|outside| outside.keep(&slot.key, &sealed));
        }
    }

    /// Forgets a name, and what shares its slot.
    pub fn remove(&self, name: &Name) {
        if let Some(table) = self.table() {
            self.ask_store(|outside| outside.forget(&table.slot(name).key));
        }
    }

    /// None where there is no secret: no key is usable, so nothing is served either.
    fn table(&self) -> Option<&Table> {
        self.table
            .get_or_init(|| {
                self.settings(|settings| {
                    let secret = store_secret(settings)?;
                    let github = settings.get("github_base_url").unwrap_or_default();
                    let github = if github.is_empty() { GITHUB } else { github };
                    let repository = settings.get("org_policy_repo");
                    let repository = repository.unwrap_or(POLICY_REPOSITORY).to_lowercase();
                    Table::new(
                        &secret,
                        github.strip_suffix('/').unwrap_or(github),
                        &repository,
                    )
                })
            })
            .as_ref()
    }

    /// The webhook secrets, for [`crate::delivery`].
    pub fn webhook_secrets(&self) -> Vec<Secret> {
        self.settings(|settings| settings.webhook_secrets.clone())
    }

    /// Writes one audit record. Nothing here outlives a request, so records are not chained (rule 33).
    ///
    /// # Errors
    /// It was not written.
    pub fn audit(&self, entry: &str) -> Result<(), String> {
        let unended = entry.strip_suffix('}').ok_or("the record is no object")?;
        self.outside
            .record(&format!("{unended},\"chain\":\"none\"}}"))
    }

    /// Writes a log line, if its level is wanted. JSON where nothing else is said: nobody reads a terminal here.
    pub fn log(&self, level: LogLevel, decision: &str, message: &str, fields: &[(String, String)]) {
        let (wanted, format) = self.settings(|settings| (settings.log_level, settings.log_format));
        if level > wanted {
            return;
        }
        let format = format.unwrap_or(LogFormat::Json);
        let now = self.outside.now_unix_ms();
        let line = log_line::line(format, now, level, decision, message, fields);
        self.outside.log(&line);
    }

    /// What the steps of a request took, at level debug.
    pub fn report(&self, decision: &str, steps: impl IntoIterator<Item = (String, u64, u64)>) {
        let fields = log_line::steps(steps);
        self.log(LogLevel::Debug, decision, "steps", &fields);
    }
}

/// There are no files here.
fn read_key(app: &AppSettings) -> Result<AppKey, &'static str> {
    match &app.key {
        KeySource::Text(pem) => AppKey::from_pem(pem.expose().as_bytes()),
        KeySource::File(_) => {
            Err("there are no files on this platform; use APP_SECRET_CERTIFICATE_ENV_VAR")
        }
    }
}

/// OCTOSTS_CACHE_SECRET, else a digest over all keys in order of App id (rule 10).
fn store_secret(settings: &settings::Settings) -> Option<Zeroizing<Vec<u8>>> {
    if let Some(secret) = &settings.cache_secret {
        return Some(Zeroizing::new(secret.expose().as_bytes().to_vec()));
    }
    let mut apps: Vec<&AppSettings> = settings.apps.iter().collect();
    apps.sort_by_key(|app| app.id);
    let mut digest = Sha256::new();
    for app in &apps {
        digest.update(read_key(app).ok()?.der());
    }
    (!apps.is_empty()).then(|| Zeroizing::new(digest.finalize().to_vec()))
}

#[cfg(test)]
mod tests;

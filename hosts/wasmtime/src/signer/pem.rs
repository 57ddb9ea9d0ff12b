//! The host's own signer: keys in PEM, from files or settings.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::key::AppKey;
use super::{Signature, Signer};
use crate::boxed::{BoxFuture, Unavailable};
use crate::journal::Log;
use portable::{AppSettings, KeySource, LogLevel};

/// The keys of the configured Apps.
pub(crate) struct PemKeys {
    apps: HashMap<u64, App>,
    log: Arc<Log>,
}

struct App {
    source: KeySource,
    /// To blame for it.
    setting: String,
    /// None: it could not be read yet.
    key: Mutex<Option<Arc<AppKey>>>,
}

impl PemKeys {
    /// Reads the keys of `apps`. Those that can't be used are named in the second value, as `SETTING: what`.
    pub(crate) fn read(apps: &[AppSettings], log: Arc<Log>) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let mut read = HashMap::new();
        for app in apps {
            let key = AppKey::read(&app.key).map_err(|what| {
                problems.push(format!("{}: {what}", app.setting));
            });
            let read_app = App {
                source: app.key.clone(),
                setting: app.setting.clone(),
                key: Mutex::new(key.ok().map(Arc::new)),
            };
            read.insert(app.id, read_app);
        }
        (Self { apps: read, log }, problems)
    }

    async fn key(&self, id: u64, anew: bool) -> Result<Arc<AppKey>, Unavailable> {
        let app = self.apps.get(&id);
        let app = app.ok_or_else(|| Unavailable::because("no key of this App"))?;
        let known = app.known();
        let read = match known.clone() {
            Some(key) if !anew => return Ok(key),
            _ => self.read_anew(id, app).await,
        };
        read.or(known)
            .ok_or_else(|| Unavailable::because("no usable key"))
    }

    /// Replaces the key if there is a readable one: a file that is being replaced right now must not stop the service.
    async fn read_anew(&self, id: u64, app: &App) -> Option<Arc<AppKey>> {
        let source = app.source.clone();
        let read = tokio::task::spawn_blocking(move || AppKey::read(&source)).await;
        let what = match read {
            Ok(Ok(key)) => {
                let key = Arc::new(key);
                *app.key.lock().unwrap_or_else(PoisonError::into_inner) = Some(key.clone());
                return Some(key);
            }
            Ok(Err(what)) => format!("{}: {what}", app.setting),
            Err(_) => "reading the key failed".to_owned(),
        };
        let fields = [("app".to_owned(), id.to_string())];
        self.log.write(LogLevel::Warn, "", &what, &fields);
        None
    }

    /// The modulus and exponent, for tests that verify.
    #[cfg(test)]
    pub(super) fn public(&self, id: u64) -> Option<(Vec<u8>, Vec<u8>)> {
        Some(self.apps.get(&id)?.known()?.public())
    }
}

impl App {
    fn known(&self) -> Option<Arc<AppKey>> {
        let key = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        key.clone()
    }
}

impl Signer for PemKeys {
    fn sign<'a>(
        &'a self,
        app: u64,
        message: &'a [u8],
        refused: bool,
    ) -> BoxFuture<'a, Result<Signature, Unavailable>> {
        Box::pin(async move {
            let key = self.key(app, refused).await?;
            let bytes = key.sign(message);
            Ok(Signature {
                bytes: bytes.ok_or_else(|| Unavailable::because("signing failed"))?,
                key: key.fingerprint().to_owned(),
            })
        })
    }
}

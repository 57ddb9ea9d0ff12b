//! App JWTs: the one thing this host signs (rules 6 to 8).
//!
//! The guest names an App and nothing else. Times come from the host's clock, on a grid, so that one signature serves
//! all requests of a step and a subverted guest gets no assertion that is valid later than the step allows.

mod key;
mod pem;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::Mutex;

use crate::boxed::{BoxFuture, Unavailable};
use crate::clock::Clock;
use crate::journal::Log;
pub(crate) use pem::PemKeys;
use portable::LogLevel;
use portable::app_key::signing_input;
use portable::grid::Step;

/// Reading a key and signing together take at most this.
const LIMIT: Duration = Duration::from_secs(10);
/// RSA signatures of keys of 2048 bits, the least that GitHub has, to 8192.
const SIGNATURE_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// Signs with the keys of the configured Apps, wherever they are: in a KMS, an HSM, another process.
///
/// The host makes the App JWT: it takes the times from its own clock, checks that the App is configured, asks for one
/// signature in 240 seconds and keeps it meanwhile, and logs each. A signer that takes longer than 10 seconds is
/// unavailable, and the exchange is answered 503.
pub trait Signer: Send + Sync + 'static {
    /// The signature (RSASSA-PKCS1-v1_5 with SHA-256: `RS256` of RFC 7518) of `app`'s key over `message`. `refused`: GitHub
    /// answered 401 to the last one, so the key may have been replaced; look for the newest. Asked so at most once for each
    /// App and step.
    ///
    /// # Errors
    /// The key can't be used now.
    fn sign<'a>(
        &'a self,
        app: u64,
        message: &'a [u8],
        refused: bool,
    ) -> BoxFuture<'a, Result<Signature, Unavailable>>;
}

/// What a [`Signer`] made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The signature.
    pub bytes: Vec<u8>,
    /// Which key made it, for the log: a fingerprint, or the name and version that a KMS has for it.
    pub key: String,
}

/// Why there is no JWT.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoJwt {
    /// No such App is configured.
    UnknownApp,
    /// The key cannot be used now; for the log.
    Unavailable(String),
}

impl From<Unavailable> for NoJwt {
    fn from(why: Unavailable) -> Self {
        Self::Unavailable(why.to_string())
    }
}

/// The App JWTs of a host.
pub(crate) struct AppJwts {
    /// Those of the current steps, for each configured App.
    apps: HashMap<u64, Mutex<Option<Current>>>,
    signer: Arc<dyn Signer>,
    clock: Arc<dyn Clock>,
    log: Arc<Log>,
}

/// The JWT of a step.
struct Current {
    step: Step,
    jwt: String,
    /// GitHub refused it or its predecessor in this step already: the keys were read anew, and are not again.
    refused: bool,
}

impl AppJwts {
    /// For these Apps and no others.
    pub(crate) fn new(
        apps: impl Iterator<Item = u64>,
        signer: Arc<dyn Signer>,
        clock: Arc<dyn Clock>,
        log: Arc<Log>,
    ) -> Self {
        Self {
            apps: apps.map(|id| (id, Mutex::new(None))).collect(),
            signer,
            clock,
            log,
        }
    }

    /// The JWT of the current step for App `id`. With `refused` (GitHub answered 401) keys are read anew and signing is
    /// done again, at most once for each App and step; the same JWT coming back says that repeating the call is useless.
    ///
    /// # Errors
    /// [`NoJwt`]; after 10 seconds the key counts as unavailable.
    pub(crate) async fn app_jwt(&self, id: u64, refused: bool) -> Result<String, NoJwt> {
        let app = self.apps.get(&id).ok_or(NoJwt::UnknownApp)?;
        let work = async {
            let mut current = app.lock().await;
            let step = Step::at(self.clock.now_unix_ms() / 1000, id);
            if let Some(current) = current.as_ref()
                && current.step == step
                && (current.refused || !refused)
            {
                return Ok(current.jwt.clone());
            }
            self.sign(id, &mut current, step, refused).await
        };
        tokio::time::timeout(LIMIT, work)
            .await
            .unwrap_or_else(|_| Err(NoJwt::Unavailable("the key took too long".to_owned())))
    }

    async fn sign(
        &self,
        id: u64,
        current: &mut Option<Current>,
        step: Step,
        refused: bool,
    ) -> Result<String, NoJwt> {
        let mut jwt = signing_input(step, id);
        let signed = self.signer.sign(id, jwt.as_bytes(), refused).await?;
        if !SIGNATURE_BYTES.contains(&signed.bytes.len()) {
            let what = "what the signer made is no RSA signature of at least 2048 bits";
            return Err(NoJwt::Unavailable(what.to_owned()));
        }
        jwt.push('.');
        URL_SAFE_NO_PAD.encode_string(&signed.bytes, &mut jwt);
        let cause = if refused { "refused" } else { "step" };
        let fields = [
            ("app".to_owned(), id.to_string()),
            ("step".to_owned(), step.start.to_string()),
            ("cause".to_owned(), cause.to_owned()),
            ("key".to_owned(), signed.key),
        ];
        self.log
            .write(LogLevel::Info, "", "signed an App JWT", &fields);
        let same = current.as_ref().is_some_and(|old| old.jwt == jwt);
        if refused && same {
            let fields = [("app".to_owned(), id.to_string())];
            let message = "GitHub refuses this key or the clock is wrong";
            self.log.write(LogLevel::Warn, "", message, &fields);
        }
        *current = Some(Current {
            step,
            jwt: jwt.clone(),
            refused,
        });
        Ok(jwt)
    }
}

#[cfg(test)]
mod tests;

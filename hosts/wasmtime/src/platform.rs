//! `octo-sts:platform` answered natively: the generated traits, glued to the rooms that do the work. Each verb that
//! waits is bounded there, whoever answers it, since an instance can't be looked at while one of its verbs waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wasmtime::component::{HasSelf, Linker};
use wasmtime_wasi::WasiCtxBuilder;

use crate::bindings::Service;
use crate::bindings::octo_sts::platform::{cache, journal, settings, signer, verifier};
use crate::cache::{Bounded, LeaderId};
use crate::guest_output::{GuestLines, GuestOutput};
use crate::instance::{Guest, Offer};
use crate::journal::{Audit, Log};
use crate::signer::{AppJwts, NoJwt};
use portable::delivery::{Verdict, verify_delivery};
use portable::signature::{Algorithm, PublicKey};
use portable::{AppSettings, LogLevel, Settings};

/// What every instance shares.
pub(crate) struct Platform {
    pub(crate) settings: Settings,
    pub(crate) app_jwts: AppJwts,
    pub(crate) cache: Bounded,
    pub(crate) audit: Arc<Audit>,
    pub(crate) log: Arc<Log>,
    pub(crate) vets_addresses: bool,
}

/// The platform as instances are offered it: an empty environment; what they write to standard error goes to the log.
pub(crate) struct Native {
    platform: Arc<Platform>,
    output: Arc<GuestOutput>,
    next_leader: AtomicU64,
}

impl Native {
    pub(crate) fn new(platform: Platform) -> Self {
        Self {
            output: GuestOutput::new(platform.log.clone()),
            platform: Arc::new(platform),
            next_leader: AtomicU64::new(0),
        }
    }
}

impl Offer for Native {
    type Held = Tenure;

    fn hold(&self) -> Tenure {
        Tenure {
            platform: self.platform.clone(),
            leader: self.next_leader.fetch_add(1, Ordering::Relaxed),
        }
    }

    fn wasi(&self, wasi: &mut WasiCtxBuilder) {
        wasi.stderr(GuestLines::to(self.output.clone()));
    }

    fn link(&self, linker: &mut Linker<Guest<Self>>) -> wasmtime::Result<()> {
        Service::add_to_linker::<_, HasSelf<Tenure>>(linker, |guest| &mut guest.held)
    }

    fn request_begins(held: &mut Tenure) {
        held.end_leads();
    }
}

/// What one instance holds in the shared cache. Its leads end with it, also when it trapped.
pub(crate) struct Tenure {
    platform: Arc<Platform>,
    leader: LeaderId,
}

impl Tenure {
    fn end_leads(&self) {
        self.platform.cache.end_leads_of(self.leader);
    }
}

impl Drop for Tenure {
    fn drop(&mut self) {
        self.end_leads();
    }
}

impl signer::Host for Tenure {
    async fn app_jwt(&mut self, app: u64, refused: bool) -> Result<String, signer::Failure> {
        let made = self.platform.app_jwts.app_jwt(app, refused).await;
        made.map_err(|no| match no {
            NoJwt::UnknownApp => signer::Failure::UnknownApp,
            NoJwt::Unavailable(why) => signer::Failure::Unavailable(why),
        })
    }
}

impl verifier::Host for Tenure {
    fn verify(
        &mut self,
        algorithm: verifier::Algorithm,
        key: verifier::PublicKey,
        message: Vec<u8>,
        signature: Vec<u8>,
    ) -> bool {
        let (algorithm, key) = (algorithm_of(algorithm), key_of(key));
        crate::verifier::verify(algorithm, &key, &message, &signature)
    }

    fn verify_delivery(&mut self, body: Vec<u8>, signature: String) -> verifier::Verdict {
        let secrets = &self.platform.settings.webhook_secrets;
        match verify_delivery(secrets, &body, &signature) {
            Verdict::Genuine => verifier::Verdict::Genuine,
            Verdict::Forged => verifier::Verdict::Forged,
            Verdict::NoSecret => verifier::Verdict::NoSecret,
        }
    }
}

fn algorithm_of(algorithm: verifier::Algorithm) -> Algorithm {
    match algorithm {
        verifier::Algorithm::Rs256 => Algorithm::Rs256,
        verifier::Algorithm::Rs384 => Algorithm::Rs384,
        verifier::Algorithm::Rs512 => Algorithm::Rs512,
        verifier::Algorithm::Ps256 => Algorithm::Ps256,
        verifier::Algorithm::Ps384 => Algorithm::Ps384,
        verifier::Algorithm::Ps512 => Algorithm::Ps512,
        verifier::Algorithm::Es256 => Algorithm::Es256,
        verifier::Algorithm::Es384 => Algorithm::Es384,
        verifier::Algorithm::Es512 => Algorithm::Es512,
        verifier::Algorithm::Eddsa => Algorithm::Eddsa,
    }
}

fn key_of(key: verifier::PublicKey) -> PublicKey {
    match key {
        verifier::PublicKey::Rsa(pair) => PublicKey::Rsa {
            modulus: pair.first,
            exponent: pair.second,
        },
        verifier::PublicKey::Ec(pair) => PublicKey::Ec {
            x: pair.first,
            y: pair.second,
        },
        verifier::PublicKey::Ed25519(bytes) => PublicKey::Ed25519(bytes),
    }
}

impl cache::Host for Tenure {
    async fn get(&mut self, name: cache::Name) -> Option<Vec<u8>> {
        self.platform.cache.get(&name).await
    }

    async fn get_or_lead(
        &mut self,
        name: cache::Name,
        wait_ms: u32,
        lead_ms: u32,
    ) -> cache::Answer {
        let wait = Duration::from_millis(wait_ms.into());
        let lead = Duration::from_millis(lead_ms.into());
        let cache = &self.platform.cache;
        cache.get_or_lead(&name, wait, lead, self.leader).await
    }

    async fn put(&mut self, name: cache::Name, room: cache::Room, value: Vec<u8>, keep_ms: u64) {
        self.platform.cache.put(name, room, value, keep_ms).await;
    }

    async fn remove(&mut self, name: cache::Name) {
        self.platform.cache.remove(&name).await;
    }

    async fn reserve(&mut self, name: cache::Name, keep_ms: u64) -> cache::Reservation {
        self.platform.cache.reserve(name, keep_ms).await
    }

    async fn release(&mut self, name: cache::Name) {
        self.platform.cache.release(&name).await;
    }

    async fn count(
        &mut self,
        name: cache::Name,
        room: cache::Room,
        add: u32,
        window_ms: u32,
    ) -> Option<u32> {
        let cache = &self.platform.cache;
        cache.count(name, room, add, window_ms).await
    }
}

impl settings::Host for Tenure {
    fn get(&mut self, name: String) -> Option<String> {
        self.platform.settings.get(&name).map(str::to_owned)
    }

    fn pools(&mut self) -> Vec<settings::Pool> {
        let app = |app: &AppSettings| settings::App {
            id: app.id,
            name: app.name.clone(),
        };
        let pools = self.platform.settings.pools();
        let pools = pools.map(|(owner, apps)| settings::Pool {
            owner: owner.to_owned(),
            apps: apps.into_iter().map(app).collect(),
        });
        pools.collect()
    }

    fn about(&mut self) -> settings::Traits {
        settings::Traits {
            platform: "wasmtime".to_owned(),
            vets_addresses: self.platform.vets_addresses,
            makes_wait: self.platform.cache.makes_wait(),
            atomic: self.platform.cache.is_atomic(),
            chains: true,
            outlives: true,
        }
    }

    fn problems(&mut self) -> Vec<String> {
        self.platform.settings.problems().to_vec()
    }
}

impl journal::Host for Tenure {
    async fn audit(&mut self, _decision: String, entry: String) -> Result<(), String> {
        // The decision is in the record as well.
        self.platform.audit.record(entry).await
    }

    fn log(
        &mut self,
        level: journal::Level,
        decision: String,
        message: String,
        fields: Vec<(String, String)>,
    ) {
        let level = match level {
            journal::Level::Error => LogLevel::Error,
            journal::Level::Warn => LogLevel::Warn,
            journal::Level::Info => LogLevel::Info,
            journal::Level::Debug => LogLevel::Debug,
        };
        let log = &self.platform.log;
        log.write(level, &decision, &message, &fields);
    }

    /// Metrics and traces are not served yet; at debug level the steps are a log line.
    fn report(
        &mut self,
        decision: String,
        steps: Vec<journal::Step>,
        _measures: Vec<journal::Measure>,
    ) {
        let log = &self.platform.log;
        if log.takes(LogLevel::Debug) {
            let fields: Vec<_> = steps
                .into_iter()
                .map(|step| (step.name, format!("{}us+{}us", step.from_us, step.took_us)))
                .collect();
            log.write(LogLevel::Debug, &decision, "steps", &fields);
        }
    }
}

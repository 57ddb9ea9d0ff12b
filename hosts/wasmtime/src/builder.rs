//! Makes a host: a component, compiled, with everything that it may ask for.

use std::io::{self, IsTerminal as _, Read as _};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use wasmtime_wasi_http::handler::ProxyHandler;

use crate::cache::{self, Cache};
use crate::clock::{Clock, SystemClock};
use crate::compiled::Compiled;
use crate::door::Door;
#[cfg(feature = "drafts")]
use crate::drafts::{Interfaces, Offered};
use crate::engine::Limits;
use crate::error::Error;
use crate::fixed::random_128;
use crate::host::{Handler, Host, Inner};
use crate::instance::{Instances, Offer, link};
use crate::journal::{
    Audit, AuditSink, Broken, FileAudit, Log, LogSink, StderrLog, StdoutAudit, continues,
};
use crate::outbound::{Calls, Direct, Egress, Guard, client_config};
use crate::platform::{Native, Platform};
use crate::signer::{AppJwts, PemKeys, Signer};
use crate::verifier;
use portable::{LogFormat, LogLevel, Settings};

/// What the host adds to OCTOSTS_DEADLINE, so that the component can answer by itself first.
const BEYOND_DEADLINE: Duration = Duration::from_secs(10);

/// Settings that name the App's key: nobody reads them where the signer is replaced.
const KEY_SETTINGS: [&str; 3] = [
    "APP_SECRET_CERTIFICATE_FILE",
    "APP_SECRET_CERTIFICATE_ENV_VAR",
    "GITHUB_APP_PRIVATE_KEY",
];

/// A larger APP_CONFIG_FILE is cut, and a problem.
const LARGEST_CONFIG: u64 = 5 * 1024 * 1024;

/// Where the component comes from.
pub(crate) enum Source {
    Bytes(Vec<u8>),
    Compiled(Compiled),
}

/// Settings, or what they will be read from.
enum Given {
    Settings(Box<Settings>),
    Variables(Vec<(String, String)>),
}

/// Makes a [`Host`]. See [`Host::builder`] and [`Host::of`].
pub struct HostBuilder {
    source: Source,
    settings: Given,
    clock: Arc<dyn Clock>,
    limits: Limits,
    audit: Option<Box<dyn AuditSink>>,
    log: Option<Box<dyn LogSink>>,
    signer: Option<Arc<dyn Signer>>,
    cache: Option<Arc<dyn Cache>>,
    egress: Option<Arc<dyn Egress>>,
    #[cfg(feature = "drafts")]
    interfaces: Option<Interfaces>,
    /// [`BEYOND_DEADLINE`], but in tests.
    pub(crate) beyond_deadline: Duration,
}

impl HostBuilder {
    pub(crate) fn begin(source: Source) -> Self {
        Self {
            source,
            settings: Given::Variables(Vec::new()),
            clock: Arc::new(SystemClock),
            limits: Limits::default(),
            audit: None,
            log: None,
            signer: None,
            cache: None,
            egress: None,
            #[cfg(feature = "drafts")]
            interfaces: None,
            beyond_deadline: BEYOND_DEADLINE,
        }
    }

    /// The settings from names and values, such as `std::env::vars()`; without them none is set, and [`Host::ready`] names
    /// what is missing. Where the signer is replaced, settings about keys are neither read nor missed.
    #[must_use]
    pub fn variables(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.settings = Given::Variables(variables.into_iter().collect());
        self
    }

    /// The settings, where they were read before.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = Given::Settings(Box::new(settings));
        self
    }

    /// The clock of guest, signer, cache and log; without it the system's. Deadlines and TLS use real time.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// How much the host takes on. Of a component that was compiled before, the number of instances and their memory are
    /// limited by what it was compiled with as well.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Where audit records go, instead of OCTOSTS_AUDIT_FILE or standard output.
    #[must_use]
    pub fn audit(mut self, sink: Box<dyn AuditSink>) -> Self {
        self.audit = Some(sink);
        self
    }

    /// Where log lines go, instead of standard error.
    #[must_use]
    pub fn log(mut self, sink: Box<dyn LogSink>) -> Self {
        self.log = Some(sink);
        self
    }

    /// Who signs for the Apps of GITHUB_APP_IDS, instead of keys in PEM. Give settings by [`variables`](Self::variables).
    #[must_use]
    pub fn signer(mut self, signer: Arc<dyn Signer>) -> Self {
        self.signer = Some(signer);
        self
    }

    /// Where the component remembers, instead of this process's memory.
    #[must_use]
    pub fn cache(mut self, cache: Arc<dyn Cache>) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Who sends the component's requests, instead of the host's own guarded client. SSL_CERT_FILE is then not read.
    #[must_use]
    pub fn egress(mut self, egress: Arc<dyn Egress>) -> Self {
        self.egress = Some(egress);
        self
    }

    /// Offers another platform's interfaces instead of `octo-sts:platform`. What the component writes to standard output
    /// goes to the audit sink as it is, and what it writes to standard error to the log's, line by line. Signer and cache
    /// have no part in it; settings are the host's own here (deadline, log, SSL_CERT_FILE).
    #[cfg(feature = "drafts")]
    #[must_use]
    pub fn interfaces(mut self, interfaces: Interfaces) -> Self {
        self.interfaces = Some(interfaces);
        self
    }

    /// Proves the verifier, compiles the component and links it. Must be called inside a tokio runtime with time and
    /// I/O.
    ///
    /// # Errors
    /// [`Error`]. Wrong settings are none: ask [`Host::ready`].
    pub async fn build(mut self) -> Result<Host, Error> {
        portable::proof::prove(verifier::verify).map_err(Error::VerifierNotProven)?;
        let mut settings = self.read_settings();
        let sink = self.log.take().unwrap_or_else(|| Box::new(StderrLog));
        let sink: Arc<dyn LogSink> = sink.into();
        let log = start_log(&settings, sink.clone(), self.clock.clone());
        let source = std::mem::replace(&mut self.source, Source::Bytes(Vec::new()));
        let compiled = compile(source, self.limits).await?;
        #[cfg(feature = "drafts")]
        if let Some(interfaces) = self.interfaces.take() {
            return self.build_drafts(interfaces, settings, sink, log, compiled);
        }
        let audit = Arc::new(self.start_audit(&mut settings, &log)?);
        let signer = self.start_signer(&mut settings, &log);
        let egress = self.start_egress(&mut settings, Guard::new)?;
        let cache = self.start_cache(&settings, &log)?;
        let deadline = settings.deadline() + self.beyond_deadline;
        let inner = Parts {
            log: log.clone(),
            audit: Some(audit.clone()),
            notices: settings.notices().to_vec(),
            problems: settings.problems().to_vec(),
            compiled,
        };
        let app_jwts = AppJwts::new(settings.app_ids(), signer, self.clock.clone(), log.clone());
        let native = Native::new(Platform {
            settings,
            app_jwts,
            cache,
            audit,
            log,
            vets_addresses: egress.vets_addresses(),
        });
        self.assemble(native, egress, deadline, inner, Handler::Native)
    }

    /// A host that offers other interfaces. Its component has settings, keys and an audit trail of its own.
    #[cfg(feature = "drafts")]
    fn build_drafts(
        mut self,
        interfaces: Interfaces,
        mut settings: Settings,
        log_sink: Arc<dyn LogSink>,
        log: Arc<Log>,
        compiled: Compiled,
    ) -> Result<Host, Error> {
        let audit_sink = self.audit.take().unwrap_or_else(|| Box::new(StdoutAudit));
        let egress = self.start_egress(&mut settings, |_| Guard::open())?;
        let egress = interfaces.guard(egress);
        let deadline = settings.deadline() + self.beyond_deadline;
        let inner = Parts {
            log,
            audit: None,
            notices: Vec::new(),
            problems: Vec::new(),
            compiled,
        };
        let offered = Offered::new(interfaces, audit_sink, log_sink);
        self.assemble(offered, egress, deadline, inner, Handler::Drafts)
    }

    fn assemble<O: Offer>(
        self,
        offer: O,
        egress: Arc<dyn Egress>,
        deadline: Duration,
        parts: Parts,
        handler: impl FnOnce(ProxyHandler<Instances<O>>) -> Handler,
    ) -> Result<Host, Error> {
        let engine = parts.compiled.engine().clone();
        let (alive, gone) = watch::channel(());
        let pre = link(&engine, parts.compiled.component(), &offer)?;
        let instances = Instances {
            engine,
            pre,
            offer,
            calls: Arc::new(Calls::new(egress)),
            log: parts.log.clone(),
            clock: self.clock,
            limits: self.limits,
            deadline,
            gone,
        };
        Ok(Host(Arc::new(Inner {
            handler: handler(ProxyHandler::new(instances)),
            door: Door::new(&self.limits),
            limits: self.limits,
            deadline,
            parts,
            alive,
        })))
    }

    fn read_settings(&mut self) -> Settings {
        let given = std::mem::replace(&mut self.settings, Given::Variables(Vec::new()));
        let mut variables = match given {
            Given::Settings(settings) => return *settings,
            Given::Variables(variables) => variables,
        };
        if self.signer.is_some() {
            variables.retain(|(name, _)| !KEY_SETTINGS.contains(&name.as_str()));
            // Settings have no Apps without a key; this one is never read.
            let nowhere = "the signer's".to_owned();
            variables.push(("APP_SECRET_CERTIFICATE_ENV_VAR".to_owned(), nowhere));
        }
        read_settings(variables)
    }

    fn start_audit(&mut self, settings: &mut Settings, log: &Arc<Log>) -> Result<Audit, Error> {
        let mut previous = None;
        let sink: Box<dyn AuditSink> = match (self.audit.take(), &settings.audit_file) {
            (Some(sink), _) => sink,
            (None, None) => Box::new(StdoutAudit),
            (None, Some(path)) => {
                let opened = FileAudit::open(path, settings.audit_sync)
                    .and_then(|sink| Ok((sink, continues(path)?)));
                match opened {
                    Ok((sink, last)) => {
                        previous = last;
                        Box::new(sink)
                    }
                    Err(_) => {
                        let problem = "OCTOSTS_AUDIT_FILE: cannot be opened".to_owned();
                        settings.add_problem(problem);
                        Box::new(Broken)
                    }
                }
            }
        };
        let random = random_128().ok_or_else(no_randomness)?;
        let boot = format!("{random:032x}");
        Ok(Audit::start(sink, previous, boot, log.clone())?)
    }

    fn start_signer(&mut self, settings: &mut Settings, log: &Arc<Log>) -> Arc<dyn Signer> {
        if let Some(signer) = self.signer.take() {
            return signer;
        }
        let (keys, problems) = PemKeys::read(&settings.apps, log.clone());
        for problem in problems {
            settings.add_problem(problem);
        }
        Arc::new(keys)
    }

    fn start_cache(
        &mut self,
        settings: &Settings,
        log: &Arc<Log>,
    ) -> Result<cache::Bounded, Error> {
        let Some(cache) = self.cache.take() else {
            let memory = Arc::new(cache::Memory::new(self.clock.clone()));
            return Ok(cache::Bounded::new(memory, None, log.clone()));
        };
        if cache.is_of_this_process() {
            return Ok(cache::Bounded::new(cache, None, log.clone()));
        }
        if settings.cache_secret.is_none() {
            let message = "the cache is shared with nobody: OCTOSTS_CACHE_SECRET is not set";
            log.write(LogLevel::Warn, "", message, &[]);
        }
        let seal = cache::Seal::new(settings, self.clock.clone()).ok_or_else(no_randomness)?;
        Ok(cache::Bounded::new(cache, Some(seal), log.clone()))
    }

    fn start_egress(
        &mut self,
        settings: &mut Settings,
        guard: impl FnOnce(&Settings) -> Guard,
    ) -> Result<Arc<dyn Egress>, Error> {
        if let Some(egress) = self.egress.take() {
            return Ok(egress);
        }
        let (tls, problem) = client_config(settings.ssl_cert_file.as_deref())?;
        if let Some(problem) = problem {
            settings.add_problem(problem.to_owned());
        }
        Ok(Arc::new(Direct::new(guard(settings), tls)))
    }
}

/// Settings from names and values, by octo-sts's rules ([`Settings::from_vars`]), with the file that APP_CONFIG_FILE names.
#[must_use]
pub fn read_settings(variables: impl IntoIterator<Item = (String, String)>) -> Settings {
    Settings::with_files(variables, &|path| {
        let file = std::fs::File::open(path).ok()?;
        let mut bytes = Vec::new();
        file.take(LARGEST_CONFIG).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    })
}

/// What a host knows beside its instances.
pub(crate) struct Parts {
    pub(crate) log: Arc<Log>,
    /// None: the component writes records itself.
    pub(crate) audit: Option<Arc<Audit>>,
    pub(crate) notices: Vec<String>,
    pub(crate) problems: Vec<String>,
    pub(crate) compiled: Compiled,
}

fn start_log(settings: &Settings, sink: Arc<dyn LogSink>, clock: Arc<dyn Clock>) -> Arc<Log> {
    let format = settings.log_format.unwrap_or_else(|| {
        if io::stderr().is_terminal() {
            LogFormat::Text
        } else {
            LogFormat::Json
        }
    });
    Arc::new(Log::new(sink, format, settings.log_level, clock))
}

fn no_randomness() -> io::Error {
    io::Error::other("no randomness")
}

/// Compiles, in a thread where that may take a while.
async fn compile(source: Source, limits: Limits) -> Result<Compiled, Error> {
    let bytes = match source {
        Source::Compiled(compiled) => return Ok(compiled),
        Source::Bytes(bytes) => bytes,
    };
    let work = tokio::task::spawn_blocking(move || Compiled::new(&bytes, &limits));
    work.await
        .unwrap_or_else(|_| Err(Error::Engine("compiling failed".to_owned())))
}

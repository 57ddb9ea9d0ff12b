//! A host: a component, compiled, with everything that it may ask for.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Body;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio::time::Instant;
use wasmtime::component::Component;
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::handler::{ExpirationError, InstantiationError, ProxyHandler};

use crate::cache::Cache;
use crate::clock::{Clock, SystemClock};
use crate::door::{BadRequest, Door, look_over};
use crate::engine::{self, Limits};
use crate::error::Error;
use crate::fixed::{Fixed, decision_id, random_128};
use crate::guest_output::GuestOutput;
use crate::instance::{Instances, Ticket, link};
use crate::journal::{
    Audit, AuditSink, Broken, FileAudit, Log, LogSink, StderrLog, StdoutAudit, continues,
};
use crate::outbound::{Outbound, client_config};
use crate::platform::Platform;
use crate::serve;
use crate::signer::Signer;
use crate::verifier;
use portable::{LogFormat, LogLevel, Settings};

/// What the host adds to OCTOSTS_DEADLINE, so that the component can answer by itself first.
const BEYOND_DEADLINE: Duration = Duration::from_secs(10);

/// Makes a [`Host`]. See [`Host::builder`].
pub struct HostBuilder {
    component: Vec<u8>,
    settings: Settings,
    clock: Arc<dyn Clock>,
    limits: Limits,
    audit: Option<Box<dyn AuditSink>>,
    log: Option<Box<dyn LogSink>>,
    /// [`BEYOND_DEADLINE`], but in tests.
    pub(crate) beyond_deadline: Duration,
}

impl HostBuilder {
    /// The settings; without them none is set, and [`Host::ready`] names what is missing.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// The clock of guest, signer, cache and log; without it the system's. Deadlines and TLS use real time.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// How much the host takes on.
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

    /// Proves the verifier, compiles the component and links it. Must be called inside a tokio runtime with time and
    /// I/O.
    ///
    /// # Errors
    /// [`Error`]. Wrong settings are none: ask [`Host::ready`].
    pub async fn build(mut self) -> Result<Host, Error> {
        portable::proof::prove(verifier::verify).map_err(Error::VerifierNotProven)?;
        let log = self.start_log();
        let audit = self.start_audit(&log)?;
        let (signer, problems) = Signer::new(&self.settings.apps, self.clock.clone(), log.clone());
        let (tls, problem) = client_config(self.settings.ssl_cert_file.as_deref())?;
        for problem in problems.into_iter().chain(problem.map(str::to_owned)) {
            self.settings.add_problem(problem);
        }
        let outbound = Arc::new(Outbound::new(&self.settings, tls));
        let sha256 = hex(&Sha256::digest(&self.component));
        let (engine, pre) = self.compile().await?;
        engine::start_ticker(&engine)?;
        let deadline = self.settings.deadline() + self.beyond_deadline;
        let platform = Arc::new(Platform {
            settings: self.settings,
            signer,
            cache: Cache::new(self.clock.clone()),
            audit,
            log: log.clone(),
        });
        let instances = Instances {
            engine,
            pre,
            platform: platform.clone(),
            outbound,
            output: GuestOutput::new(log),
            clock: self.clock,
            limits: self.limits,
            deadline,
            next_leader: AtomicU64::new(0),
        };
        Ok(Host(Arc::new(Inner {
            handler: ProxyHandler::new(instances),
            door: Door::new(&self.limits),
            platform,
            limits: self.limits,
            deadline,
            sha256,
        })))
    }

    fn start_log(&mut self) -> Arc<Log> {
        let sink = self.log.take().unwrap_or_else(|| Box::new(StderrLog));
        let format = self.settings.log_format.unwrap_or_else(|| {
            if io::stderr().is_terminal() {
                LogFormat::Text
            } else {
                LogFormat::Json
            }
        });
        let level = self.settings.log_level;
        Arc::new(Log::new(sink, format, level, self.clock.clone()))
    }

    fn start_audit(&mut self, log: &Arc<Log>) -> Result<Audit, Error> {
        let mut previous = None;
        let sink: Box<dyn AuditSink> = match (self.audit.take(), &self.settings.audit_file) {
            (Some(sink), _) => sink,
            (None, None) => Box::new(StdoutAudit),
            (None, Some(path)) => {
                let opened = FileAudit::open(path, self.settings.audit_sync)
                    .and_then(|sink| Ok((sink, continues(path)?)));
                match opened {
                    Ok((sink, last)) => {
                        previous = last;
                        Box::new(sink)
                    }
                    Err(_) => {
                        let problem = "OCTOSTS_AUDIT_FILE: cannot be opened".to_owned();
                        self.settings.add_problem(problem);
                        Box::new(Broken)
                    }
                }
            }
        };
        let random = random_128().ok_or_else(|| io::Error::other("no randomness"))?;
        let boot = format!("{random:032x}");
        Ok(Audit::start(sink, previous, boot, log.clone())?)
    }

    /// Compiles and links, in a thread where that may take a while.
    async fn compile(
        &mut self,
    ) -> Result<
        (
            wasmtime::Engine,
            wasmtime_wasi_http::handler::ProxyPre<crate::instance::Guest>,
        ),
        Error,
    > {
        let bytes = std::mem::take(&mut self.component);
        let limits = self.limits;
        let work = tokio::task::spawn_blocking(move || {
            let engine = engine::engine(&limits)?;
            let component = Component::from_binary(&engine, &bytes)
                .map_err(|error| Error::Component(format!("{error:#}")))?;
            let pre = link(&engine, &component)?;
            Ok((engine, pre))
        });
        work.await
            .unwrap_or_else(|_| Err(Error::Engine("compiling failed".to_owned())))
    }
}

/// A running service without a socket. Clones share everything.
#[derive(Clone)]
pub struct Host(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    handler: ProxyHandler<Instances>,
    pub(crate) door: Door,
    pub(crate) platform: Arc<Platform>,
    pub(crate) limits: Limits,
    pub(crate) deadline: Duration,
    sha256: String,
}

/// The answer of `GET /healthz`.
#[derive(Deserialize)]
struct Health {
    #[serde(default)]
    problems: Vec<String>,
}

impl Host {
    /// Begins a host for a component in the binary format.
    #[must_use]
    pub fn builder(component: impl Into<Vec<u8>>) -> HostBuilder {
        HostBuilder {
            component: component.into(),
            settings: Settings::default(),
            clock: Arc::new(SystemClock),
            limits: Limits::default(),
            audit: None,
            log: None,
            beyond_deadline: BEYOND_DEADLINE,
        }
    }

    /// The SHA-256 of the component's bytes, in hex.
    #[must_use]
    pub fn component_sha256(&self) -> &str {
        &self.0.sha256
    }

    /// What is set but has no effect yet.
    #[must_use]
    pub fn notices(&self) -> &[String] {
        self.0.platform.settings.notices()
    }

    /// Writes a line to the host's log, beside what the host itself has to say.
    pub fn log(&self, level: LogLevel, message: &str, fields: &[(&str, &str)]) {
        let fields: Vec<(String, String)> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        self.0.platform.log.write(level, "", message, &fields);
    }

    /// Asks the component whether it can serve, settings included.
    ///
    /// # Errors
    /// Every problem, as `SETTING: what`.
    pub async fn ready(&self) -> Result<(), Vec<String>> {
        let request = Request::get("http://localhost/healthz")
            .body(Empty::<Bytes>::new())
            .map_err(|error| vec![format!("component: {error}")])?;
        let response = self.handle(request).await;
        let status = response.status();
        let body = Limited::new(response.into_body(), 256 * 1024)
            .collect()
            .await;
        if status == StatusCode::OK && body.is_ok() {
            return self.own_problems();
        }
        let health = body
            .ok()
            .and_then(|body| serde_json::from_slice::<Health>(&body.to_bytes()).ok());
        let mut problems: Vec<String> = Vec::new();
        for problem in health.map(|health| health.problems).unwrap_or_default() {
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        if problems.is_empty() {
            problems.push(format!(
                "component: answers {} at /healthz",
                status.as_u16()
            ));
        }
        Err(problems)
    }

    /// The component lists the host's problems; one that forgets them must not make the host ready.
    fn own_problems(&self) -> Result<(), Vec<String>> {
        let own = self.0.platform.settings.problems();
        if own.is_empty() {
            Ok(())
        } else {
            Err(own.to_vec())
        }
    }

    /// Serves HTTP/1.1 and HTTP/2 without TLS (prior knowledge) until `shutdown` completes; requests under way are then
    /// finished, at most for the deadline.
    ///
    /// # Errors
    /// The listener's address can't be read. Errors of single connections are not errors of the service.
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let address = listener.local_addr()?;
        let fields = [("address".to_owned(), address.to_string())];
        let log = &self.0.platform.log;
        log.write(LogLevel::Info, "", "listening", &fields);
        serve::serve(self, listener, shutdown).await;
        self.0.platform.audit.log_head().await;
        Ok(())
    }

    /// Answers one request. What the component can't answer is answered by one of [`Fixed`]; a request that HTTP refuses, by
    /// 400 without a body.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<WasiBody>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
    {
        let Some(_waiting) = self.0.door.queue() else {
            return self.refuse(Fixed::Busy, None);
        };
        let request = match look_over(request).await {
            Ok(request) => request,
            Err(BadRequest::Host | BadRequest::Body) => return refused(StatusCode::BAD_REQUEST),
            Err(BadRequest::Head) => return self.refuse(Fixed::TooLarge, None),
        };
        let Some(place) = self.0.door.enter().await else {
            return self.refuse(Fixed::Busy, None);
        };
        let deadline = Instant::now() + self.0.deadline;
        let ticket = Ticket { deadline, place };
        let handled = self.0.handler.handle(ticket, request);
        match tokio::time::timeout_at(deadline, handled).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) if error.is::<ExpirationError>() => self.refuse(Fixed::Deadline, None),
            Ok(Err(error)) if error.is::<InstantiationError<Ticket>>() => {
                self.refuse(Fixed::Busy, Some(&error))
            }
            Ok(Err(error)) => self.refuse(Fixed::Trap, Some(&error)),
            Err(_) => self.refuse(Fixed::Deadline, None),
        }
    }

    fn refuse(&self, fixed: Fixed, error: Option<&wasmtime::Error>) -> Response<WasiBody> {
        let decision = decision_id();
        let mut fields = vec![("error".to_owned(), fixed.answer().error.to_owned())];
        if let Some(error) = error {
            fields.push(("cause".to_owned(), format!("{error:#}")));
        }
        let level = match fixed {
            Fixed::TooLarge => LogLevel::Info,
            Fixed::Busy => LogLevel::Warn,
            Fixed::Deadline | Fixed::Trap => LogLevel::Error,
        };
        let message = fixed.answer().message;
        let log = &self.0.platform.log;
        log.write(level, &decision, message, &fields);
        fixed.response(&decision)
    }
}

/// A request that HTTP itself refuses has no decision.
fn refused(status: StatusCode) -> Response<WasiBody> {
    let empty = Empty::<Bytes>::new()
        .map_err(|never| match never {})
        .boxed_unsync();
    let mut response = Response::new(empty);
    *response.status_mut() = status;
    response
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

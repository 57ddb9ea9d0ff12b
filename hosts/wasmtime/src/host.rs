//! A host: one request from door to answer.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Body;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::Instant;
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::handler::{ExpirationError, InstantiationError, ProxyHandler};

use crate::builder::{HostBuilder, Parts, Source};
use crate::compiled::Compiled;
use crate::door::{BadRequest, Door, look_over};
#[cfg(feature = "drafts")]
use crate::drafts::Offered;
use crate::engine::Limits;
use crate::fixed::{Fixed, decision_id};
use crate::instance::{Instances, Ticket};
use crate::platform::Native;
use crate::serve;
use portable::LogLevel;

/// A running service without a socket. Clones share everything.
#[derive(Clone)]
pub struct Host(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) handler: Handler,
    pub(crate) door: Door,
    pub(crate) limits: Limits,
    pub(crate) deadline: Duration,
    pub(crate) parts: Parts,
    /// Idle instances end with it.
    pub(crate) alive: watch::Sender<()>,
}

/// The component's instances, by what they are offered.
pub(crate) enum Handler {
    Native(ProxyHandler<Instances<Native>>),
    #[cfg(feature = "drafts")]
    Drafts(ProxyHandler<Instances<Offered>>),
}

impl Handler {
    async fn handle(
        &self,
        ticket: Ticket,
        request: Request<WasiBody>,
    ) -> Result<Response<WasiBody>, wasmtime::Error> {
        match self {
            Self::Native(handler) => handler.handle(ticket, request).await,
            #[cfg(feature = "drafts")]
            Self::Drafts(handler) => handler.handle(ticket, request).await,
        }
    }
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
        HostBuilder::begin(Source::Bytes(component.into()))
    }

    /// Begins a host for a component that was compiled before.
    #[must_use]
    pub fn of(compiled: &Compiled) -> HostBuilder {
        HostBuilder::begin(Source::Compiled(compiled.clone()))
    }

    /// The SHA-256 of the component's bytes, in hex.
    #[must_use]
    pub fn component_sha256(&self) -> &str {
        self.0.parts.compiled.sha256()
    }

    /// What is set but has no effect yet.
    #[must_use]
    pub fn notices(&self) -> &[String] {
        &self.0.parts.notices
    }

    /// Writes a line to the host's log, beside what the host itself has to say.
    pub fn log(&self, level: LogLevel, message: &str, fields: &[(&str, &str)]) {
        let fields: Vec<(String, String)> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        self.0.parts.log.write(level, "", message, &fields);
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
        let own = &self.0.parts.problems;
        if own.is_empty() {
            Ok(())
        } else {
            Err(own.clone())
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
        let log = &self.0.parts.log;
        log.write(LogLevel::Info, "", "listening", &fields);
        let until = serve::serve(self, listener, shutdown).await;
        self.finish_until(until).await;
        Ok(())
    }

    /// Waits for work that goes on after answers, such as the revocation of read tokens, at most for the deadline, and logs
    /// the head of the audit trail. For programs that call [`handle`](Self::handle) and take no more requests;
    /// [`serve`](Self::serve) does it by itself.
    pub async fn finish(&self) {
        self.finish_until(Instant::now() + self.0.deadline).await;
    }

    async fn finish_until(&self, until: Instant) {
        let _ = tokio::time::timeout_at(until, self.0.door.empty()).await;
        self.0.alive.send_replace(());
        if let Some(audit) = &self.0.parts.audit {
            audit.log_head().await;
        }
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
        let log = &self.0.parts.log;
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

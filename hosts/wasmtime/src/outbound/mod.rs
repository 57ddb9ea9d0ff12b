//! Outbound HTTP for the guest: vetted addresses, pooled HTTP/1.1 connections, rustls, limits.
//!
//! HTTP/1.1 keep-alive and nothing newer: HTTP/2 from components of WASI 0.2 lost calls, and GitHub answers both alike.

mod body;
mod connect;
mod egress;
mod hooks;
mod pool;
mod ranges;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http1::SendRequest;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use body::Bounded;
use connect::Connector;
pub(crate) use egress::Egress;
pub(crate) use hooks::Hooks;
use pool::Pool;
use portable::{HostPort, Settings};
pub(crate) use tls::client_config;

/// Where the guest gives no time, and the most that it may give.
const CONNECT: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(30));
const FIRST_BYTE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(60));
const BETWEEN_BYTES: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(60));

/// Calls under way at one time, of all instances together.
const MOST_CALLS: usize = 512;
/// Idle connections that turned out to be closed are replaced so often before a call fails.
const STALE_TRIES: usize = 3;

/// The client of a host, shared by all its instances.
pub(crate) struct Outbound {
    egress: Egress,
    connector: Connector,
    pool: Arc<Pool>,
    calls: Arc<Semaphore>,
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Target {
    tls: bool,
    address: HostPort,
}

impl Target {
    fn of(uri: &http::Uri) -> Result<Self, Error> {
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(Error::HttpRequestUriInvalid),
        };
        let authority = uri.authority().ok_or(Error::HttpRequestUriInvalid)?;
        // User-info would go out in no header, but a URL that has it was not meant as it reads.
        if authority.host().is_empty() || authority.as_str().contains('@') {
            return Err(Error::HttpRequestUriInvalid);
        }
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        Ok(Self {
            tls,
            address: HostPort::of(authority.host(), port),
        })
    }
}

fn limit(asked: Option<Duration>, (default, most): (Duration, Duration)) -> Duration {
    asked.unwrap_or(default).min(most)
}

impl Outbound {
    pub(crate) fn new(settings: &Settings, tls: Arc<rustls::ClientConfig>) -> Self {
        Self {
            egress: Egress::new(settings),
            connector: Connector::new(tls),
            pool: Arc::new(Pool::default()),
            calls: Arc::new(Semaphore::new(MOST_CALLS)),
        }
    }

    /// Sends a request and gives the head of its answer with a body that is bounded in size and time.
    ///
    /// # Errors
    /// Those of `wasi:http/types.error-code`: `destination-IP-prohibited` for what the egress guard refuses,
    /// `DNS-error` and `DNS-timeout` for names, `connection-*` and `TLS-*` for connections.
    async fn send(
        &self,
        request: http::Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<http::Response<WasiBody>, Error> {
        let call = self
            .calls
            .clone()
            .try_acquire_owned()
            .map_err(|_| Error::ConnectionLimitReached)?;
        let target = Target::of(request.uri())?;
        let connected = Instant::now() + limit(options.connect_timeout, CONNECT);
        let answer = self
            .send_on_some(&target, origin_form(request)?, connected, &options)
            .await?;
        let between = limit(options.between_bytes_timeout, BETWEEN_BYTES);
        Ok(answer.map(|incoming| Bounded::new(incoming, between, call).boxed()))
    }

    /// Uses an idle connection, or a new one. A request that went back unsent, because the other side had closed an
    /// idle connection, goes to the next; one that may have been seen is never repeated.
    async fn send_on_some(
        &self,
        target: &Target,
        mut request: http::Request<WasiBody>,
        connected: Instant,
        options: &RequestOptions,
    ) -> Result<http::Response<hyper::body::Incoming>, Error> {
        let mut tries = 0;
        loop {
            let idle = if tries < STALE_TRIES {
                self.pool.take(target)
            } else {
                None
            };
            let fresh = idle.is_none();
            let mut connection = match idle {
                Some(connection) => connection,
                None => self.connect(target, connected).await?,
            };
            let first_byte = Instant::now() + limit(options.first_byte_timeout, FIRST_BYTE);
            match timeout_at(first_byte, connection.try_send_request(request)).await {
                Err(_) => return Err(Error::ConnectionReadTimeout),
                Ok(Ok(answer)) => {
                    self.pool.give_back_when_ready(target.clone(), connection);
                    return Ok(answer);
                }
                Ok(Err(mut failed)) => match failed.take_message() {
                    Some(unsent) if !fresh => request = unsent,
                    _ => return Err(answer_error(failed.into_error())),
                },
            }
            tries += 1;
        }
    }

    /// A new connection to a vetted address.
    async fn connect(
        &self,
        target: &Target,
        connected: Instant,
    ) -> Result<SendRequest<WasiBody>, Error> {
        let reach = self.egress.reach(target.tls, &target.address);
        self.connector.connect(target, reach, connected).await
    }
}

/// Scheme and authority are not part of a request to an origin (RFC 9112 3.2.1); the authority is in `Host`.
fn origin_form(mut request: http::Request<WasiBody>) -> Result<http::Request<WasiBody>, Error> {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let path: http::Uri = path.parse().map_err(|_| Error::HttpRequestUriInvalid)?;
    *request.uri_mut() = path;
    Ok(request)
}

/// What went wrong after the request was handed to a connection.
fn answer_error(error: hyper::Error) -> Error {
    if error.is_parse_too_large() {
        Error::HttpResponseHeaderSectionSize(None)
    } else if error.is_parse() {
        Error::HttpProtocolError
    } else if error.is_timeout() {
        Error::HttpResponseTimeout
    } else {
        Error::ConnectionTerminated
    }
}

#[cfg(test)]
mod tests;

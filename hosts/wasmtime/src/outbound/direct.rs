//! The host's own egress: vetted addresses, pooled HTTP/1.1 connections, rustls.
//!
//! HTTP/1.1 keep-alive and nothing newer: HTTP/2 from components of WASI 0.2 lost calls, and GitHub answers both alike.

use std::sync::Arc;

use http_body_util::BodyExt as _;
use hyper::client::conn::http1::SendRequest;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::{Error, WasiBody};

use super::connect::Connector;
use super::egress::Guard;
use super::pool::Pool;
use super::{Egress, Timeouts};
use crate::boxed::BoxFuture;
use portable::HostPort;

/// Idle connections that turned out to be closed are replaced so often before a call fails.
const STALE_TRIES: usize = 3;

/// The client of a host.
pub(crate) struct Direct {
    guard: Guard,
    connector: Connector,
    pub(super) pool: Arc<Pool>,
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Target {
    pub(super) tls: bool,
    pub(super) address: HostPort,
}

impl Target {
    pub(super) fn of(uri: &http::Uri) -> Result<Self, Error> {
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

impl Direct {
    pub(crate) fn new(guard: Guard, tls: Arc<rustls::ClientConfig>) -> Self {
        Self {
            guard,
            connector: Connector::new(tls),
            pool: Arc::new(Pool::default()),
        }
    }

    /// Uses an idle connection, or a new one. A request that went back unsent, because the other side had closed an
    /// idle connection, goes to the next; one that may have been seen is never repeated.
    async fn send_on_some(
        &self,
        target: &Target,
        mut request: http::Request<WasiBody>,
        timeouts: Timeouts,
    ) -> Result<http::Response<hyper::body::Incoming>, Error> {
        let connected = Instant::now() + timeouts.connect;
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
            let first_byte = Instant::now() + timeouts.first_byte;
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
        let reach = self.guard.reach(target.tls, &target.address);
        self.connector.connect(target, reach, connected).await
    }
}

impl Egress for Direct {
    /// `destination-IP-prohibited` for what the guard refuses, `DNS-error` and `DNS-timeout` for names, `connection-*` and
    /// `TLS-*` for connections.
    fn send(
        &self,
        request: http::Request<WasiBody>,
        timeouts: Timeouts,
    ) -> BoxFuture<'_, Result<http::Response<WasiBody>, Error>> {
        Box::pin(async move {
            let target = Target::of(request.uri())?;
            let request = origin_form(request)?;
            let answer = self.send_on_some(&target, request, timeouts).await?;
            Ok(answer.map(|incoming| {
                let body = incoming.map_err(|_| Error::HttpResponseIncomplete);
                body.boxed_unsync()
            }))
        })
    }

    fn vets_addresses(&self) -> bool {
        self.guard.vets()
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

//! New connections: resolve, vet, connect to what was vetted, TLS, HTTP/1.1.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use wasmtime_wasi_http::{Error, WasiBody};

use super::direct::Target;
use super::egress::Reach;
use portable::HostPort;

/// The largest head of an answer.
const LARGEST_HEAD: usize = 64 * 1024;
/// So many vetted addresses of a name are tried.
const MOST_ADDRESSES: usize = 4;

pub(super) struct Connector {
    tls: TlsConnector,
}

impl Connector {
    pub(super) fn new(tls: Arc<rustls::ClientConfig>) -> Self {
        Self {
            tls: TlsConnector::from(tls),
        }
    }

    /// Connects to `target` as far as `reach` goes, all before `until`.
    pub(super) async fn connect(
        &self,
        target: &Target,
        reach: Reach,
        until: Instant,
    ) -> Result<SendRequest<WasiBody>, Error> {
        let vetted = resolve(&target.address, reach, until).await?;
        let stream = connect_to(&vetted, until).await?;
        if !target.tls {
            return handshake(stream, until).await;
        }
        let name = match target.address.host.parse::<IpAddr>() {
            Ok(address) => ServerName::from(address),
            Err(_) => ServerName::try_from(target.address.host.clone())
                .map_err(|_| Error::HttpRequestUriInvalid)?,
        };
        let stream = timeout_at(until, self.tls.connect(name, stream))
            .await
            .map_err(|_| Error::ConnectionTimeout)?
            .map_err(|error| tls_error(&error))?;
        handshake(stream, until).await
    }
}

/// The vetted addresses of a name. A name none of whose addresses is within reach is prohibited, which the guest can
/// tell from one that has none.
async fn resolve(name: &HostPort, reach: Reach, until: Instant) -> Result<Vec<SocketAddr>, Error> {
    if reach == Reach::Nowhere {
        return Err(Error::DestinationIpProhibited);
    }
    let resolved: Vec<SocketAddr> = match name.host.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, name.port)],
        Err(_) => {
            let lookup = tokio::net::lookup_host((name.host.as_str(), name.port));
            timeout_at(until, lookup)
                .await
                .map_err(|_| Error::DnsTimeout)?
                .map_err(|_| no_address())?
                .collect()
        }
    };
    if resolved.is_empty() {
        return Err(no_address());
    }
    let vetted = reach.vetted(resolved.into_iter());
    if vetted.is_empty() {
        return Err(Error::DestinationIpProhibited);
    }
    Ok(vetted)
}

fn no_address() -> Error {
    Error::DnsError {
        rcode: Some("no address".to_owned()),
        info_code: None,
    }
}

/// Connects to the first address that answers; each gets its share of the time that is left.
async fn connect_to(vetted: &[SocketAddr], until: Instant) -> Result<TcpStream, Error> {
    let mut failed = Error::ConnectionTimeout;
    let tried = vetted.len().min(MOST_ADDRESSES);
    for (index, address) in vetted.iter().take(tried).enumerate() {
        let others = u32::try_from(tried - index).unwrap_or(1);
        let share = until.saturating_duration_since(Instant::now()) / others;
        let attempt = timeout_at(Instant::now() + share, TcpStream::connect(address));
        match attempt.await {
            Ok(Ok(stream)) => {
                // Requests are small and go out whole.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => failed = connect_error(&error),
            Err(_) => failed = Error::ConnectionTimeout,
        }
    }
    Err(failed)
}

fn connect_error(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::TimedOut => Error::ConnectionTimeout,
        io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::NetworkDown => Error::DestinationUnavailable,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
            Error::ConnectionTerminated
        }
        _ => Error::ConnectionRefused,
    }
}

fn tls_error(error: &io::Error) -> Error {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(_)) => Error::TlsCertificateError,
        Some(_) => Error::TlsProtocolError,
        None => Error::ConnectionTerminated,
    }
}

/// Begins HTTP/1.1; a task of its own moves the bytes until the connection is done.
async fn handshake<S>(stream: S, until: Instant) -> Result<SendRequest<WasiBody>, Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = http1::Builder::new();
    builder
        .max_header_size(LARGEST_HEAD)
        .max_buf_size(2 * LARGEST_HEAD);
    let (sender, connection) = timeout_at(until, builder.handshake(TokioIo::new(stream)))
        .await
        .map_err(|_| Error::ConnectionTimeout)?
        .map_err(|_| Error::ConnectionTerminated)?;
    tokio::spawn(async move {
        // Whoever waits for an answer is told by its own call.
        let _ = connection.await;
    });
    Ok(sender)
}

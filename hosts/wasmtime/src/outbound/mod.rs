//! Outbound HTTP for the guest: who sends its requests, and how long and how much that may take.

mod body;
mod connect;
mod direct;
mod egress;
mod hooks;
mod pool;
mod ranges;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use wasmtime_wasi_http::RequestOptions;

pub use wasmtime_wasi_http::Error as HttpError;
/// A body: of what the guest sends, of what it is answered, and of what the host answers.
pub use wasmtime_wasi_http::WasiBody as Body;

use crate::boxed::BoxFuture;
use body::Bounded;
pub(crate) use direct::Direct;
use direct::Target;
pub(crate) use egress::Guard;
pub(crate) use hooks::Hooks;
pub(crate) use tls::client_config;

/// Where the guest gives no time, and the most that it may give.
const CONNECT: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(30));
const FIRST_BYTE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(60));
const BETWEEN_BYTES: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(60));

/// What an [`Egress`] gets beyond its times before it is given up: it knows better what went wrong.
const BEYOND: Duration = Duration::from_secs(1);

/// Calls under way at one time, of all instances together.
const MOST_CALLS: usize = 512;

/// Sends the component's outbound requests: to GitHub and to issuers.
///
/// The host's own sends only to public addresses, looked at after resolution, and to what the operator listed; it keeps
/// HTTP/1.1 connections and trusts SSL_CERT_FILE or the system's roots. One that replaces it answers for all of this: for
/// which addresses it connects to, and for TLS. Issuers are chosen by whoever sends a request, so **an address inside the
/// operator's network must be refused** with [`HttpError::DestinationIpProhibited`]; who can't tell leaves
/// [`vets_addresses`](Self::vets_addresses) as it is.
///
/// Bounds stay the host's: 512 calls at one time, [`Timeouts`] and a second, 16 MiB of an answer, and the time between two
/// pieces of it.
pub trait Egress: Send + Sync + 'static {
    /// Sends a request, whose target is an absolute URL, to where it says, and gives the head of the answer. Redirects are
    /// not followed, and no request is sent twice: a mint must not happen twice.
    ///
    /// # Errors
    /// Those of `wasi:http/types.error-code`. The component tells `DestinationIpProhibited` (the caller's fault), names
    /// that do not resolve, connections that are refused or break, and times that are over.
    fn send(
        &self,
        request: http::Request<Body>,
        timeouts: Timeouts,
    ) -> BoxFuture<'_, Result<http::Response<Body>, HttpError>>;

    /// Whether connections to private and special addresses are refused after resolution (rule 21 of docs/SECURITY.md).
    /// Where they are not, the component contacts only issuers that the operator named (rule 22).
    fn vets_addresses(&self) -> bool {
        false
    }
}

/// The times of a call: what the component asked for, within the host's bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For resolving, connecting and TLS together.
    pub connect: Duration,
    /// From then on until the head of the answer is there.
    pub first_byte: Duration,
    /// Between two pieces of the answer. The host keeps this one itself.
    pub between_bytes: Duration,
}

impl Timeouts {
    fn of(options: &RequestOptions) -> Self {
        let within =
            |asked: Option<Duration>, (usual, most)| asked.map_or(usual, |asked| asked.min(most));
        Self {
            connect: within(options.connect_timeout, CONNECT),
            first_byte: within(options.first_byte_timeout, FIRST_BYTE),
            between_bytes: within(options.between_bytes_timeout, BETWEEN_BYTES),
        }
    }
}

/// The calls of a host, shared by all its instances: bounded, whoever sends them.
pub(crate) struct Calls {
    egress: Arc<dyn Egress>,
    places: Arc<Semaphore>,
}

impl Calls {
    pub(crate) fn new(egress: Arc<dyn Egress>) -> Self {
        Self {
            egress,
            places: Arc::new(Semaphore::new(MOST_CALLS)),
        }
    }

    /// Sends a request and gives the head of its answer with a body that is bounded in size and time.
    ///
    /// # Errors
    /// Those of `wasi:http/types.error-code`.
    async fn send(
        &self,
        request: http::Request<Body>,
        options: RequestOptions,
    ) -> Result<http::Response<Body>, HttpError> {
        let place = self.places.clone().try_acquire_owned();
        let place = place.map_err(|_| HttpError::ConnectionLimitReached)?;
        // What is no target is nobody's to interpret.
        Target::of(request.uri())?;
        let timeouts = Timeouts::of(&options);
        let most = timeouts.connect + timeouts.first_byte + BEYOND;
        let answer = timeout(most, self.egress.send(request, timeouts))
            .await
            .map_err(|_| HttpError::ConnectionReadTimeout)??;
        let between = timeouts.between_bytes;
        Ok(answer.map(|body| Bounded::new(body, between, place).boxed_unsync()))
    }
}

#[cfg(test)]
mod replaced_tests;
#[cfg(test)]
mod tests;

//! `wasi:http/outgoing-handler` as wasmCloud answers it: a host that is not allowed is refused by the call, and there is no
//! future to wait for.

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi_http::p2::HttpResult;
use wasmtime_wasi_http::p2::bindings::http::outgoing_handler::Host as _;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Host as _, Scheme};
use wasmtime_wasi_http::p2::types::{HostFutureIncomingResponse, HostOutgoingRequest};
use wasmtime_wasi_http::{RequestOptions, WasiHttpView as _};

use super::Offered;
use crate::instance::Guest;

/// As the usual one is named, whose place it takes: of two versions that match, a guest could get either.
const INTERFACE: &str = "wasi:http/outgoing-handler@0.2.12";

type Asked = (
    Resource<HostOutgoingRequest>,
    Option<Resource<RequestOptions>>,
);
type Answered = (Result<Resource<HostFutureIncomingResponse>, ErrorCode>,);

/// Puts it in the place of the usual one.
pub(super) fn link(linker: &mut Linker<Guest<Offered>>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut interface = linker.instance(INTERFACE)?;
    interface.func_wrap(
        "handle",
        |mut store: StoreContextMut<'_, Guest<Offered>>, asked: Asked| {
            let guest = store.data_mut();
            let answer: Answered = match handle(guest, asked) {
                Ok(future) => (Ok(future),),
                Err(error) => (Err(guest.http().convert_error_code(error)?),),
            };
            Ok(answer)
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

fn handle(
    guest: &mut Guest<Offered>,
    (request, options): Asked,
) -> HttpResult<Resource<HostFutureIncomingResponse>> {
    let target = target(guest.table.get(&request)?);
    if !target.is_some_and(|target| guest.held.hosts.allow(&target)) {
        guest.table.delete(request)?;
        return Err(ErrorCode::HttpRequestDenied.into());
    }
    guest.http().handle(request, options)
}

/// Where a request goes; none: to nowhere that could be allowed.
fn target(request: &HostOutgoingRequest) -> Option<http::Uri> {
    let scheme = match &request.scheme {
        Some(Scheme::Http) => "http",
        Some(Scheme::Https) | None => "https",
        Some(Scheme::Other(_)) => return None,
    };
    http::Uri::builder()
        .scheme(scheme)
        .authority(request.authority.as_deref()?)
        .path_and_query("/")
        .build()
        .ok()
}

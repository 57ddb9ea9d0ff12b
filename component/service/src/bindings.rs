//! The bindings that are generated from `wit/`, and the export of `wasi:http/incoming-handler`. The only place where
//! unsafe code is let in: the macros need it.
#![allow(unsafe_code, missing_docs, unreachable_pub, reason = "generated code")]
#![allow(
    clippy::all,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "generated code"
)]
#![allow(
    clippy::indexing_slicing,
    clippy::allow_attributes_without_reason,
    reason = "generated code"
)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "octo-sts:platform/service",
});

struct Service;

impl wasip2::exports::http::incoming_handler::Guest for Service {
    fn handle(
        request: wasip2::http::types::IncomingRequest,
        response_out: wasip2::http::types::ResponseOutparam,
    ) {
        crate::routes::handle(request, response_out);
    }
}

wasip2::http::proxy::export!(Service with_types_in wasip2);

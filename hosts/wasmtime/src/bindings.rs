//! What `wit/platform.wit` says, as Rust traits and types. Verbs that wait are async; an async verb holds the instance
//! while it waits, so each of them is bounded by the room that answers it.
#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    reason = "generated code: lifting and lowering values is unsafe inside the macro, and names come from the WIT file"
)]
#![allow(
    clippy::all,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "generated code"
)]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "service",
    imports: {
        "octo-sts:platform/signer.app-jwt": async,
        "octo-sts:platform/cache.get": async,
        "octo-sts:platform/cache.get-or-lead": async,
        "octo-sts:platform/cache.put": async,
        "octo-sts:platform/cache.remove": async,
        "octo-sts:platform/cache.reserve": async,
        "octo-sts:platform/cache.release": async,
        "octo-sts:platform/cache.count": async,
        "octo-sts:platform/journal.audit": async,
    },
    additional_derives: [PartialEq, Eq, Hash],
});

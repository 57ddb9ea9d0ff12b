//! The drafts, from the files that the platform components are made of (`wit/deps`). Pre-release versions match exactly, so
//! each has bindings of its own.
#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    reason = "generated code: lifting and lowering values is unsafe inside the macro, and names come from the WIT files"
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
    path: [
        "../../wit/deps/keyvalue-draft2",
        "../../wit/deps/config-draft",
        "../../wit/deps/keyvalue-draft",
        "../../wit/deps/config-rc.1",
    ],
    inline: "
        package octo-sts:drafts;

        world drafts {
            import wasi:keyvalue/store@0.2.0-draft2;
            import wasi:config/store@0.2.0-draft-2024-09-27;
            import wasi:keyvalue/store@0.2.0-draft;
            import wasi:config/store@0.2.0-rc.1;
        }
    ",
    with: {
        "wasi:keyvalue/store@0.2.0-draft2.bucket": super::interfaces::Bucket,
        "wasi:keyvalue/store@0.2.0-draft.bucket": super::interfaces::Bucket,
    },
});

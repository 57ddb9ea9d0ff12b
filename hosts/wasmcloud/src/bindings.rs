//! What is generated from `wit/`. The only place where unsafe code is allowed: lifting and lowering values.
#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    unused_imports,
    reason = "generated code: lifting and lowering values is unsafe inside the macro"
)]
#![allow(
    clippy::all,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::allow_attributes_without_reason,
    reason = "generated code"
)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "wasmcloud",
    generate_all,
});

use crate::WasmCloud;

export!(WasmCloud with_types_in self);

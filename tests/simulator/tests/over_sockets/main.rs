//! The simulator over real sockets: what it permits and what it refuses.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "tests"
)]

mod apps;
mod client;
mod control;
mod faults;
mod files;
mod issuers;
mod limits;
mod tokens;
mod world;

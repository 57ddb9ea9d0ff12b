//! The rules of the exchange, asked over HTTP through the built component in our host.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod audit;
mod detail;
mod egress;
mod exchange;
mod github_down;
mod installations;
mod issuers;
mod matching;
mod minting;
mod owners;
mod policies;
mod redirects;
mod routes;
mod together;
mod tokens;

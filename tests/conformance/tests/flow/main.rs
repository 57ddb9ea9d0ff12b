//! What is about our own host alone, or needs a hand inside it; everything else is a case.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod audit;
mod busy;
mod egress;
mod events;
mod fixed;
mod keys;
mod once;

//! The flow over HTTP: the built component in our host, against the simulated GitHub and its issuers, all on real
//! sockets and one clock that stands until a test moves it.
//!
//! | room | duty |
//! |---|---|
//! | `world` | [`World`]: simulator, host and client of one test |
//! | `building` | [`Building`]: what differs from the usual world |
//! | `client` | [`Ask`]: one request over one connection |
//! | `answer` | [`Answer`]: what came back, and the form that every refusal and every token has |
//! | `captured` | [`Lines`]: audit records and log lines; the chain |
//! | `secrets` | no token, assertion or key is in a log line, an audit record or a refusal |
//! | `keys` | key pairs, made once for all tests |
//! | `policies` | texts of trust policies |
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a harness for tests: what fails here must fail its test"
)]

mod answer;
mod building;
mod captured;
mod client;
mod keys;
mod policies;
mod secrets;
mod world;

pub use answer::{Answer, Granted};
pub use building::Building;
pub use captured::{FailingAudit, Lines, check_chain};
pub use client::Ask;
pub use keys::{another_app_key, app_key, signing_key};
pub use policies::Policy;
pub use world::{APP, DOMAIN, NOW, World, token_sha256};

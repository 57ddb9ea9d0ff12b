//! What the service does, said over HTTP: data cases for every host, and a harness for tests of our own host.
//!
//! | room | duty |
//! |---|---|
//! | `case` | [`Case`]: what a file of `cases/` says |
//! | `hosts` | [`Host`]: what a case runs on |
//! | `run` | one case on one host |
//! | `table` | cases by host |
//! | `world` | [`World`]: the harness of `tests/flow` |
//! | `built` | what `cargo xtask build` left |
//! | `answer` | [`Answer`]: what came back |
//! | `client` | [`Ask`]: one request over one connection |
//! | `captured` | [`Lines`]: audit records and log lines; the chain |
//! | `secrets` | no token, assertion or key is in a log line, an audit record or a refusal |
//! | `keys` | key pairs, made once for all |

mod answer;
mod built;
mod captured;
mod case;
mod client;
mod hosts;
#[allow(clippy::unwrap_used, reason = "without keys nothing can be tested")]
mod keys;
mod run;
mod secrets;
mod table;
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a harness for tests: what fails here must fail its test"
)]
mod world;

pub use answer::Answer;
pub use built::artifact_sha256;
pub use captured::{FailingAudit, Lines, check_chain};
pub use case::{Case, LoadError, Need, Needs, Store, load_all};
pub use client::Ask;
pub use hosts::{
    Configured, Host, InProcess, NoStart, Program, Running, Starting, in_process, programs,
};
pub use keys::{another_app_key, app_key, signing_key};
pub use run::{Elsewhere, Outcome, run};
pub use table::Table;
pub use world::{APP, Building, DOMAIN, Granted, NOW, Policy, World, token_sha256};
